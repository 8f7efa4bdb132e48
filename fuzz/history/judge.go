package history

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"urpc/checker/verdict"
)

// Options bound a judgement. The zero value is right for most.
type Options struct {
	// Timeout is how long to judge; what is not decided then is unknown. 0: no limit.
	Timeout time.Duration
	// Longest is the most events of a part that is handed to Porcupine, whose
	// memory grows with the square; longer ones are unknown. 0 stands for 20,000.
	Longest int
	// Workers is how many parts are judged at once; 0 stands for GOMAXPROCS.
	Workers int
}

const defaultLongest = 20_000

// Judgement is what became of a history.
type Judgement struct {
	// Verdict is Holds if the history linearizes, Violated if it does not, Unknown
	// if that was not decided: Porcupine's own Unknown stays one.
	Verdict  verdict.Verdict
	Events   int
	Unknowns int // events of unknown outcome
	Keys     int
	Segments int // parts that were judged one by one
	Longest  int // events of the longest part
	// Overlapping is how many events overlap another one of the same key: without
	// any, a history says little.
	Overlapping int
	// Violations are the parts that do not linearize, by key and time.
	Violations []Violation
	Undecided  int    // parts whose verdict is unknown
	Note       string // why a verdict is unknown
	Elapsed    time.Duration
}

// Violation is a part of the history of one key that does not linearize.
type Violation struct {
	Key     int
	Initial int64 // value of the register before
	Events  []Event
}

// String tells a violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("key %d: %d calls from value %d on do not linearize", v.Key, len(v.Events), v.Initial)
}

// Judge says whether a history linearizes. It fails on events that cannot be.
func Judge(ctx context.Context, events []Event, o Options) (Judgement, error) {
	started := time.Now()
	for i := range events {
		if err := events[i].Validate(); err != nil {
			return Judgement{}, fmt.Errorf("history: event %d: %w", i, err)
		}
	}
	if o.Longest == 0 {
		o.Longest = defaultLongest
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	parts := segments(events)
	j := describe(events, parts)
	judgeAll(ctx, parts, o, &j)
	j.Elapsed = time.Since(started)
	return j, nil
}

// describe counts what there is to judge.
func describe(events []Event, parts []segment) Judgement {
	j := Judgement{Verdict: verdict.Holds, Events: len(events), Segments: len(parts)}
	for i := range events {
		if events[i].Outcome == Unknown {
			j.Unknowns++
		}
	}
	last := -1
	for _, p := range parts {
		if p.key != last {
			j.Keys++
			last = p.key
		}
		j.Longest = max(j.Longest, len(p.events))
		j.Overlapping += overlapping(p.events)
	}
	return j
}

// overlapping counts the events that overlap another one; they are sorted by call.
func overlapping(events []*Event) int {
	count, widest := 0, 0 // widest: of those before, the event that ends last
	marked := make([]bool, len(events))
	for i := 1; i < len(events); i++ {
		if events[i].Call <= end(events[widest]) {
			marked[i], marked[widest] = true, true
		}
		if end(events[i]) > end(events[widest]) {
			widest = i
		}
	}
	for _, m := range marked {
		if m {
			count++
		}
	}
	return count
}

// judgeAll judges the parts on several workers and adds to the judgement.
func judgeAll(ctx context.Context, parts []segment, o Options, j *Judgement) {
	var next atomic.Int64
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(o.Workers, len(parts)) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(parts) {
					return
				}
				v, note := judge(ctx, parts[i], o.Longest)
				mu.Lock()
				j.add(parts[i], v, note)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	slices.SortFunc(j.Violations, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Events[0].Call, b.Events[0].Call))
	})
}

func (j *Judgement) add(p segment, v verdict.Verdict, note string) {
	j.Verdict = j.Verdict.And(v)
	switch v {
	case verdict.Violated:
		violation := Violation{Key: p.key, Initial: p.initial, Events: make([]Event, len(p.events))}
		for i, e := range p.events {
			violation.Events[i] = *e
		}
		j.Violations = append(j.Violations, violation)
	case verdict.Unknown:
		j.Undecided++
		if !strings.Contains(j.Note, note) {
			j.Note = strings.TrimPrefix(j.Note+"; "+note, "; ")
		}
	}
}

// judge judges one part.
func judge(ctx context.Context, p segment, longest int) (verdict.Verdict, string) {
	if len(p.events) > longest {
		return verdict.Unknown, fmt.Sprintf("key %d has %d calls that cannot be judged in parts, more than %d: use more keys",
			p.key, len(p.events), longest)
	}
	var stopped atomic.Bool
	defer context.AfterFunc(ctx, func() { stopped.Store(true) })()
	if ctx.Err() != nil {
		return verdict.Unknown, "interrupted"
	}
	// Once stopped the model refuses every step, and Porcupine gives up soon; then
	// its answer is not believed. An answer from before is.
	var gaveUp atomic.Bool
	m := model(p.initial, func() bool {
		if stopped.Load() {
			gaveUp.Store(true)
			return true
		}
		return false
	})
	answer := porcupine.CheckOperationsTimeout(m, operationsOf(p.events), 0)
	switch {
	case gaveUp.Load():
		return verdict.Unknown, fmt.Sprintf("not decided in time: key %d", p.key)
	case answer == porcupine.Ok:
		return verdict.Holds, ""
	case answer == porcupine.Illegal:
		return verdict.Violated, ""
	default:
		return verdict.Unknown, fmt.Sprintf("Porcupine's answer for key %d is %s", p.key, answer)
	}
}
