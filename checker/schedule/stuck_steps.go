package schedule

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// The steps of an execution that is stuck, and where its other threads stand.
//
// A search keeps of its steps what a token needs. Their values and sources are those of the
// same execution made once more, as they are of a failure; but it may be stuck again, so that
// what was taken down of it is copied while it stands. Whoever replays it has them.

// shownExecution is what the runner has shown as an execution: of one that is not
// recorded without values, sources and preemptions.
func (r *runner) shownExecution() *Execution {
	c := newRecording(len(r.shown.steps), "", nil)
	x := &Execution{stuck: true}
	for _, th := range r.shown.threads {
		x.Threads = append(x.Threads, th.name)
	}
	names := r.names.lexicon.all()
	var ds []Decision
	for _, rec := range r.shown.steps {
		who, name := "", names[rec.name]
		if rec.thread >= 0 {
			who = x.Threads[rec.thread]
		}
		s := TakenStep{Thread: int(rec.thread), Event: Event{Name: name, Kind: Kind(rec.place >> 48), Location: locationOf(rec.place)}}
		d := Decision{Thread: s.Thread}
		if rec.choice < 0 {
			c.add(who, name, rec.place)
		} else {
			c.add(who, name, rec.place, uint64(rec.choice))
			s.Event.Location, s.Value = Location{}, fmt.Sprintf("%d of %d", rec.choice, uint32(rec.place))
			d = Decision{Thread: -1, Answer: int(rec.choice)}
		}
		c.append(s)
		c.check(r)
		ds = append(ds, d)
	}
	info := r.lookout.of.of(c, ds, r.number)
	x.Steps, x.Token = c.steps, info.text()
	if r.shown.recording != nil {
		x.fill(r.shown.recording)
	}
	return x
}

// fill takes the steps that are the same over from a recording, in full.
func (x *Execution) fill(c *recording) {
	steps, logged := c.soFar()
	n := 0
	for n < min(len(x.Steps), len(steps)) && steps[n].is(x.Steps[n]) {
		x.Preemptions += oneIf(steps[n].Preempts)
		x.Steps[n] = steps[n]
		n++
	}
	for _, l := range logged {
		if l.After <= n {
			x.Log = append(x.Log, l)
		}
	}
}

// is says whether two steps are one, whatever they told.
func (s *TakenStep) is(other TakenStep) bool {
	a, b := s.Event, other.Event
	return s.Thread == other.Thread && a.Name == b.Name && a.Kind == b.Kind && a.Location == b.Location && (a.Kind != Choice || s.Value == other.Value)
}

// bare is the step as every search knows it.
func (s TakenStep) bare() TakenStep {
	if s.Event.Kind != Choice {
		s.Value = ""
	}
	s.Event.Size, s.Effect, s.Source = 0, "", ""
	return s
}

// mostForSteps is how long at most code that is stuck may take when it is run for its steps
// alone.
const mostForSteps = time.Second

// retell makes the execution that is stuck once more, and fills in what its steps read,
// wrote, and where in the source they are, as far as it goes the same way. A goroutine of the
// program that waits may then stay behind once more. One that runs, in a loop that announces
// nothing, would take another processor: what it does after the last step is not run, so that
// this has no value, and where it is not the last step's thread nothing is.
func (l *lookout) retell(program func(*T), x *Execution, o Options) {
	info, err := ParseToken(x.Token)
	if err != nil {
		return
	}
	c, n := newRecording(len(info.Decisions), "", o.Skip), len(info.Decisions)
	if l.runs {
		if n == 0 || info.Decisions[n-1] != (Decision{Thread: l.thread}) {
			return
		}
		c.until = n
	}
	if o.StuckAfter == 0 || o.StuckAfter > mostForSteps {
		o.StuckAfter = mostForSteps
	}
	again := func() {
		l := newLookout("replay", o, info)
		l.alone(func() (Report, error) {
			r := newRunner(program, n+1, l, newLexicon())
			defer l.join(ofSearch(r))()
			defer r.close()
			r.number, r.tso, r.recording = info.Strategy.executions, info.StoreBuffers, c
			r.strategy = &script{r: r, decisions: info.Decisions}
			r.run(0)
			return Report{}, nil
		})
	}
	var wait sync.WaitGroup
	wait.Go(func() { // a panic or Goexit in it is not what was found
		isolated(func() end { again(); return end{} }, new(end))
	})
	wait.Wait()
	x.fill(c)
}

// others says where the threads of the execution stand that wait for their turn meanwhile.
func (l *lookout) others(stuck member, all []goroutine) string {
	var b strings.Builder
	for _, th := range stuck.r.shown.threads {
		for _, g := range all {
			if m := l.member(g.number); m.r != stuck.r || m.thread != th.index || th.index == stuck.thread || g.state != "coroutine" || th.dead {
				continue
			}
			if at := g.ahead(l.skip); at != "" {
				fmt.Fprintf(&b, "\nmeanwhile %s stands before %s (%s)", th.name, th.event.Name, at)
			}
		}
	}
	return b.String()
}

// ahead gives the place in the program's code from which a thread that waits for its turn
// has called T, as runner.source does; "": none.
func (g *goroutine) ahead(skip []string) (at string) {
	c := recording{skip: skip}
	for call, place := range g.calls() {
		switch {
		case ofPackage(call, home) && at != "":
			return at // the bottom of the coroutine
		case ofPackage(call, home), ofPackage(call, "runtime"), ofPackage(call, "iter"):
			continue
		}
		if at = place; !c.skips(call) {
			return at
		}
	}
	return at
}
