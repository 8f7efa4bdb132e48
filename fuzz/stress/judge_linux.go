package stress

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"urpc/checker/verdict"
	"urpc/fuzz/history"
)

// judge counts what the ledgers say, judges the history, and gives the verdict.
func (r *run) judge(ctx context.Context) error {
	res := &r.result
	res.Seed, res.Failures, res.Hung = r.options.Seed, map[Ending]uint64{}, r.hung
	res.Corrupted = uint64(r.executions.Peek(offCorrupted))
	res.Duplicated = uint64(r.executions.Peek(offDuplicates))
	res.Stray = uint64(r.executions.Peek(offStrays))
	var events []history.Event
	for _, c := range r.clients {
		events = r.count(c, events)
	}
	res.Rate = float64(res.Completed) / max(res.Elapsed.Seconds(), 1e-9)
	var err error
	if res.History, err = history.Judge(context.WithoutCancel(ctx), events, r.options.Judge); err != nil {
		return err
	}
	if err := r.writeArtifacts(events); err != nil {
		return err
	}
	r.conclude()
	return nil
}

// count counts one client's calls and adds them to the history.
func (r *run) count(c *caller, events []history.Event) []history.Event {
	res, o := &r.result, &r.options
	informed, finished := make([]bool, o.Threads), make([]bool, o.Threads)
	for n := range o.Calls {
		rec, begun := c.ledger.read(n)
		executed := r.executions.noted(c.number, n)
		if !begun || rec.ending != 0 && !rec.ending.executed() {
			if executed {
				res.Stray++
			}
			if !begun {
				continue
			}
		}
		res.Calls++
		finished[rec.thread] = finished[rec.thread] || n+o.Threads >= o.Calls && rec.ending != 0
		switch rec.ending {
		case 0:
			if !c.killed {
				res.Lost++
			}
		case Completed:
			res.Completed++
			if !executed {
				res.Lost++
			}
		default:
			res.Failures[rec.ending]++
			if rec.ending == Corrupt {
				res.Corrupted++
			}
			informed[rec.thread] = informed[rec.thread] || rec.ending == PeerDied
		}
		if rec.ending != 0 && o.Deadline > 0 && time.Duration(rec.end-rec.begun) > o.Deadline+grace {
			res.Late++
		}
		if rec.ending != 0 && !rec.ending.executed() {
			continue // it never took effect, and if it did it was counted as stray
		}
		rec.event.Client = c.number*o.Threads + rec.thread
		if rec.event.Outcome == history.Unknown {
			res.Unknown++
		}
		events = append(events, rec.event)
	}
	if !c.killed {
		for thread := range min(o.Threads, o.Calls) {
			res.survivor(informed[thread], finished[thread])
		}
	}
	return events
}

func (res *Result) survivor(informed, finished bool) {
	res.Survivors++
	switch {
	case informed:
		res.Informed++
	case finished:
		res.Finished++
	default:
		res.Silent++
	}
}

// expected says whether a call may end so in this run.
func (r *run) expected(e Ending) bool {
	switch e {
	case DeadlineExceeded:
		return r.options.Deadline > 0
	case PeerDied:
		return r.result.Victim == roleServer
	default:
		return false
	}
}

// conclude gives the verdict and its reasons.
func (r *run) conclude() {
	res := &r.result
	res.Verdict = verdict.Holds
	violated := func(count uint64, what string) {
		if count > 0 {
			res.Verdict = verdict.Violated
			res.Reasons = append(res.Reasons, fmt.Sprintf("%d %s", count, what))
		}
	}
	violated(res.Lost, "calls lost")
	violated(res.Duplicated, "executions duplicated")
	violated(res.Corrupted, "messages corrupted")
	violated(res.Stray, "executions that nobody asked for")
	violated(res.Late, "calls that ended late")
	for e := Completed + 1; e < endings; e++ {
		if !r.expected(e) {
			violated(res.Failures[e], "calls that ended unexpectedly: "+e.String())
		}
	}
	if r.cut == "" {
		violated(uint64(res.Silent), "threads that neither made all their calls nor learned why not")
	}
	violated(uint64(len(res.Leftovers)), "leftovers")
	for _, v := range res.History.Violations {
		res.Verdict = verdict.Violated
		res.Reasons = append(res.Reasons, v.String())
	}
	inTheMiddle := res.Victim != "" && res.Moment > 0
	res.Complete = r.cut == "" && res.Completed > 0 && (r.options.Kill == Nobody || inTheMiddle)
	unknown := func(why string) {
		if why != "" {
			res.Verdict = res.Verdict.And(verdict.Unknown)
			res.Reasons = append(res.Reasons, why)
		}
	}
	unknown(r.cut)
	if res.History.Verdict == verdict.Unknown || res.History.Undecided > 0 {
		unknown("the history was not judged: " + res.History.Note)
	}
	if r.options.Kill != Nobody && !inTheMiddle && r.cut == "" {
		unknown("the victim was not killed in the middle of its calls: make more calls")
	}
	if res.Completed == 0 && r.cut == "" {
		unknown("no call completed")
	}
}

// writeArtifacts writes a history that does not linearize, and a page for each
// part that does not.
func (r *run) writeArtifacts(events []history.Event) error {
	folder := r.options.Artifacts
	if folder == "" || len(r.result.History.Violations) == 0 {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("write a history: %w", err)
	}
	comment := fmt.Sprintf("stress, seed %d", r.options.Seed)
	err := r.writeFile("history.jsonl", func(f *os.File) error { return history.Write(f, comment, events) })
	if err != nil {
		return err
	}
	for i, v := range r.result.History.Violations[:min(len(r.result.History.Violations), maxPictures)] {
		name := fmt.Sprintf("history-%d-key-%d.html", i+1, v.Key)
		if err := r.writeFile(name, func(f *os.File) error { return history.WritePicture(f, v) }); err != nil {
			return err
		}
	}
	return nil
}

const maxPictures = 8

func (r *run) writeFile(name string, write func(*os.File) error) (err error) {
	path := filepath.Join(r.options.Artifacts, name)
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write a history: %w", err)
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	r.result.Artifacts = append(r.result.Artifacts, path)
	return write(f)
}
