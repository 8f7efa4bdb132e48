package checker

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// SimulateOptions bound and steer a simulation. The zero value takes 1,000 walks of at
// most 1,000 steps each.
type SimulateOptions struct {
	// Walks is how many walks are taken, and MaxSteps how long one may be; 0 stands for
	// 1,000. A walk ends before that where no step is enabled, and where it violates a
	// property unless KeepGoing is set.
	Walks    uint64
	MaxSteps int
	// Seed determines every walk: walk n of a seed is the same at any number of workers,
	// and however many walks there are.
	Seed uint64
	// Workers is the number of goroutines; 0 stands for runtime.GOMAXPROCS(0).
	Workers int
	// MaxTime ends the simulation early; 0: no limit. Then, and only then, does the
	// number of walks depend on the machine.
	MaxTime time.Duration
	// Along, if set, is a trace of the model. Each walk follows it for a random number of
	// its steps, from none to all, and goes on from there at random, so that what lies
	// near the trace is visited often. What the trace itself shows is not found again.
	Along *Trace
	// KeepGoing takes all walks also after a violation.
	KeepGoing bool
	// Passing is how many of the first walks that violate nothing are given as traces,
	// before anything was violated. It does not go with Along.
	Passing int
	// Progress, if set, is called about every second with the walks and steps so far, from
	// one goroutine, which is not that of the caller; Simulate waits for it.
	Progress func(walks, steps uint64)
}

// Simulation is the outcome of a simulation. Of the report that it is, Verdict is never
// Holds, and Complete is false: walks are a sample. States is how many different states
// were seen, Transitions the steps taken, Depth the length of the longest walk, Deadlocks
// and Ends the walks that ended so; Coverage counts the steps that were taken.
type Simulation struct {
	Report
	Walks uint64
	// Estimated says that there were too many different states to count: States is then
	// an estimate, within a percent or two.
	Estimated bool
	Seed      uint64
	// Passing are walks that violate nothing, as many as were asked for and found.
	Passing []Trace
}

// The defaults of SimulateOptions, and how many walks are taken between two looks at what
// they found: all of these are taken whatever any of them finds, so that the outcome does
// not depend on which worker is the faster one.
const (
	defaultWalks     = 1000
	defaultWalkSteps = 1000
	walkBatch        = 64
)

// Simulate takes random walks through a model: from a random initial state again and again
// a random one of the steps that are enabled, each as likely as another. It looks at
// invariants and reachables in every state, at transition properties and refinements at every
// step that it takes, and at deadlock. A walk ends in a state outside the constraint, from
// which Check does not go on either. What it finds violated is, and comes with a trace, which
// is no shortest one; what it does not find it says nothing of. Errors are those of Check.
func Simulate[S comparable](ctx context.Context, m Model[S], o SimulateOptions) (out Simulation, err error) {
	started := time.Now()
	out = Simulation{Report: Report{Model: m.Name}, Seed: o.Seed}
	if err := validate(&m); err != nil {
		out.Reason = err.Error()
		return out, err
	}
	if o.Passing > 0 && o.Along != nil {
		err := fmt.Errorf("model %s: simulation: passing walks (Passing) are not given along a trace (Along), which may violate something itself", m.Name)
		out.Reason = err.Error()
		return out, err
	}
	s, err := newSimulation(ctx, &m, o)
	if err != nil {
		out.Reason = err.Error()
		return out, err
	}
	defer s.release()
	finished := false
	apart(func() {
		s.run()
		out, err = s.report()
		finished = true
	})
	if !finished { // only Options.Progress is called from there
		err = &PanicError{Where: "SimulateOptions.Progress", Value: ErrGoexit}
		out.Reason = err.Error()
	}
	out.Elapsed = time.Since(started)
	return out, err
}

// simulation is one run of Simulate.
type simulation[S comparable] struct {
	ctx     context.Context
	model   *Model[S]
	options SimulateOptions
	program *program[S]
	along   path[S]

	walkers   []walker[S]
	outcomes  []outcome // of a batch
	cancelled atomic.Bool
	release   func()

	walks, steps    uint64
	longest         int
	deadlocks, ends uint64
	coverage        []uint64
	traces          []*Trace // by finding: deadlock, then the model's properties
	passing         []Trace
	violated        bool
	reason          string
	failed          error
	told            time.Time
}

func newSimulation[S comparable](ctx context.Context, m *Model[S], o SimulateOptions) (*simulation[S], error) {
	s := &simulation[S]{ctx: ctx, model: m, options: o, program: compile(m), traces: make([]*Trace, 1+len(m.Properties)), told: time.Now()}
	if s.options.Walks == 0 {
		s.options.Walks = defaultWalks
	}
	if s.options.MaxSteps <= 0 {
		s.options.MaxSteps = defaultWalkSteps
	}
	if s.options.Workers < 1 {
		s.options.Workers = runtime.GOMAXPROCS(0)
	}
	s.coverage = make([]uint64, s.program.steps)
	s.walkers = make([]walker[S], min(s.options.Workers, walkBatch))
	for i := range s.walkers {
		s.walkers[i].init(s.program)
	}
	s.outcomes = make([]outcome, walkBatch)
	if o.Along != nil {
		var err error
		if s.along, err = s.walkers[0].follow(*o.Along); err != nil {
			return nil, fmt.Errorf("the trace to walk along: %w", err)
		}
	}
	s.release = arm(ctx, o.MaxTime, &s.cancelled)
	return s, nil
}

// run takes walks, a batch at a time, until all are taken or something ends it early.
func (s *simulation[S]) run() {
	for s.walks < s.options.Walks && !(s.violated && !s.options.KeepGoing) && s.failed == nil {
		if now := time.Now(); s.options.Progress != nil && now.Sub(s.told) > time.Second {
			s.told = now
			s.progress()
			if s.failed != nil {
				return
			}
		}
		n := int(min(walkBatch, s.options.Walks-s.walks))
		s.batch(n)
		if s.cancelled.Load() {
			s.reason = cancellation(s.ctx, s.options.MaxTime)
			return // the walks of this batch count for nothing: which of them ended is chance
		}
		s.book(n)
	}
}

func (s *simulation[S]) progress() {
	defer func() {
		if value := recover(); value != nil {
			s.failed = &PanicError{Where: "SimulateOptions.Progress", Value: value}
		}
	}()
	s.options.Progress(s.walks, s.steps)
}

// batch takes n walks.
func (s *simulation[S]) batch(n int) {
	var open []int
	for i := range s.model.Properties {
		if s.traces[1+i] == nil {
			open = append(open, i)
		}
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for k := range s.walkers[:min(len(s.walkers), n)] {
		group.Go(func() {
			for !s.cancelled.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				w := &s.walkers[k]
				w.open, w.deadlock = open, s.traces[0] == nil
				s.outcomes[i] = w.walk(s, s.walks+uint64(i))
			}
		})
	}
	group.Wait()
}

// book adds what the first n outcomes tell, in the order of the walks.
func (s *simulation[S]) book(n int) {
	for i := range s.walkers {
		for k, count := range s.walkers[i].coverage {
			s.coverage[k] += count
		}
		clear(s.walkers[i].coverage)
	}
	judgedByAll := !s.violated // walks are not judged by what was violated before
	for i := range s.outcomes[:n] {
		o := &s.outcomes[i]
		if s.failed == nil {
			s.failed = o.failed
		}
		s.walks++
		s.steps += uint64(o.steps)
		s.longest = max(s.longest, o.steps)
		switch o.end {
		case endStuck:
			s.deadlocks++
		case endTerminal:
			s.ends++
		}
		for _, f := range o.found {
			s.bookFinding(o, f)
		}
		if !o.violates && judgedByAll && len(s.passing) < s.options.Passing && s.failed == nil {
			s.tell(o, len(o.numbers), "", KindWalk, &s.passing)
		}
	}
}

func (s *simulation[S]) bookFinding(o *outcome, f walkFinding) {
	if s.traces[f.index] != nil || s.failed != nil {
		return
	}
	name, kind := deadlockName, KindDeadlock
	if f.index > 0 {
		name, kind = s.model.Properties[f.index-1].name, s.model.Properties[f.index-1].kind
	}
	var told []Trace
	if s.tell(o, f.after, name, kind, &told); s.failed == nil {
		s.traces[f.index] = &told[0]
		s.violated = s.violated || kind != KindReachable
	}
}

// tell adds the first steps of a walk as a trace that was replayed.
func (s *simulation[S]) tell(o *outcome, steps int, name string, kind Kind, to *[]Trace) {
	t := Trace{Model: s.model.Name, Property: name, Kind: kind, Start: o.start, Steps: []TraceStep{}}
	for _, number := range o.numbers[:steps] {
		t.Steps = append(t.Steps, TraceStep{Taken: s.program.taken(number)})
	}
	replayed, err := demandReplay(s.model, t)
	if err != nil {
		s.failed = err
		return
	}
	*to = append(*to, replayed)
}

// report tells what the walks found.
func (s *simulation[S]) report() (Simulation, error) {
	seen := &s.walkers[0].seen
	for i := range s.walkers[1:] {
		seen.merge(&s.walkers[1+i].seen)
	}
	out := Simulation{Walks: s.walks, Seed: s.options.Seed, Estimated: seen.level > 0, Passing: s.passing, Report: Report{
		Model: s.model.Name, States: seen.count(), Transitions: s.steps, Depth: s.longest, Deadlocks: s.deadlocks, Ends: s.ends,
		Reason: s.reason, Coverage: coverageOf(s.model, s.coverage), Workers: len(s.walkers),
	}}
	if s.failed != nil {
		out.Reason = s.failed.Error()
		return out, fmt.Errorf("model %s: %w", s.model.Name, s.failed)
	}
	if out.Reason == "" {
		out.Reason = "walks are a sample"
	}
	out.Properties = append(out.Properties, s.result(0, deadlockName, KindDeadlock))
	for i := range s.model.Properties {
		out.Properties = append(out.Properties, s.result(1+i, s.model.Properties[i].name, s.model.Properties[i].kind))
	}
	if s.violated {
		out.Verdict = Violated
	}
	return out, nil
}

// result answers for a property: it is violated, reached, or unknown.
func (s *simulation[S]) result(index int, name string, kind Kind) Result {
	r := Result{Name: name, Kind: kind, Trace: s.traces[index]}
	switch {
	case r.Trace != nil && kind == KindReachable:
		r.Verdict = Holds
	case r.Trace != nil:
		r.Verdict, r.Note = Violated, "by a walk, and there may be a shorter way"
	case kind == KindCount || kind == KindOrders || kind == KindLiveness:
		r.Note = "walks do not tell: it depends on all paths, to their ends"
	case kind == KindReachable:
		r.Note = "no walk reached it"
	default:
		r.Note = "no walk violated it"
	}
	return r
}
