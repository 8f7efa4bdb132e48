package checker

import (
	"fmt"
	"reflect"
	"testing"
)

// scale is one random model, what an oracle knows of it, and which reductions apply to it.
type scale[S comparable] struct {
	t          *testing.T
	number     int
	model      Model[S]
	oracle     *oracle[S]
	shares     tally
	footprints bool                 // partial order applies
	orbit      func(s S) map[S]bool // symmetry applies; nil: it does not
	alike      counts               // of one state of each orbit
}

// check compares the model in every mode, and notes what kind of a model it is.
func (s *scale[S]) check() error {
	s.alike = s.oracle.counts
	if s.orbit != nil {
		s.alike = s.oracle.quotient(s.orbit)
	}
	if _, err := s.everyMode(Options{}); err != nil {
		return err
	}
	alike, err := s.everyMode(Options{Symmetry: true})
	if err != nil {
		return fmt.Errorf("symmetry: %w", err)
	}
	partly, err := s.everyMode(Options{PartialOrder: true})
	if err != nil {
		return fmt.Errorf("partial order: %w", err)
	}
	both, err := s.everyMode(Options{Symmetry: true, PartialOrder: true})
	if err != nil {
		return fmt.Errorf("symmetry and partial order: %w", err)
	}
	s.note(alike, partly, both)
	if err := s.walk(); err != nil {
		return fmt.Errorf("walks: %w", err)
	}
	if err := scaleLiveness(s); err != nil {
		return fmt.Errorf("liveness: %w", err)
	}
	return nil
}

// note notes what kind of a model it is.
func (s *scale[S]) note(alike, partly, both Report) {
	whole := uint64(s.oracle.visited)
	reduced := map[string]bool{
		"all":                      true,
		"reduced by symmetry":      alike.States < whole,
		"reduced by partial order": partly.States < whole,
		"reduced by both at once":  alike.States < whole && both.States < alike.States,
	}
	for kind, is := range reduced {
		if kind != "all" {
			s.shares.note("all: "+kind, is)
		}
		if is {
			s.shares.note(kind+": violated", s.oracle.shortest[1] >= 0)
			s.shares.note(kind+": not violated", s.oracle.shortest[1] < 0)
			s.shares.note(kind+": goal not reached", s.oracle.shortest[2] < 0)
			s.shares.note(kind+": deadlocked", s.oracle.deadlocks > 0)
			s.shares.note(kind+": not deadlocked", s.oracle.deadlocks == 0)
			s.shares.note(kind+": cyclic", s.oracle.cyclic())
			s.shares.note(kind+": not cyclic", !s.oracle.cyclic())
		}
	}
	if s.orbit != nil {
		s.shares.note("symmetric: reduced by symmetry", reduced["reduced by symmetry"])
	}
	if s.footprints {
		s.shares.note("with footprints: reduced by partial order", reduced["reduced by partial order"])
	}
	if s.orbit != nil && s.footprints {
		s.shares.note("both: reduced by both at once", reduced["reduced by both at once"])
	}
}

// everyMode searches with the reductions of o, or without any: with 1, 2 and 8 workers, cut
// fine and as usual, keeping states and fingerprints, from checkpoint to checkpoint, and depth
// first. It gives the report of the plainest of these searches.
func (s *scale[S]) everyMode(o Options) (one Report, err error) {
	o.AfterViolation, o.Workers = -1, 1
	one = checkCut(s.t, s.model, o, fineCut)
	if err := s.agrees(o, one); err != nil {
		return one, err
	}
	if o.Symmetry && s.orbit == nil && !(o.PartialOrder && s.footprints) || o.PartialOrder && !s.footprints && !(o.Symmetry && s.orbit != nil) {
		return one, nil // what was asked for does not apply, which was seen
	}
	for _, workers := range []int{2, 8} {
		o.Workers = workers
		if r := checkCut(s.t, s.model, o, fineCut); !reflect.DeepEqual(timeless(r), timeless(one)) {
			return one, fmt.Errorf("%d workers report\n%+v\none\n%+v", workers, r, one)
		}
	}
	o.Workers = 1 + s.number%2
	if err := s.agrees(o, checkCut(s.t, s.model, o, defaultCut)); err != nil {
		return one, fmt.Errorf("cut as usual: %w", err)
	}
	if err := s.inPieces(o, one); err != nil {
		return one, err
	}
	o.Store = Fingerprint
	print := checkCut(s.t, s.model, o, fineCut)
	if err := s.agrees(o, print); err != nil {
		return one, fmt.Errorf("by fingerprint: %w", err)
	}
	if print.States != one.States || print.Transitions != one.Transitions || print.Partly != one.Partly || !reflect.DeepEqual(print.Coverage, one.Coverage) {
		return one, fmt.Errorf("by fingerprint %+v, exact %+v", print, one)
	}
	if err := s.inPieces(o, print); err != nil {
		return one, fmt.Errorf("by fingerprint: %w", err)
	}
	o.Search = DepthFirst
	for _, o.Store = range []Store{Exact, Fingerprint} {
		if err := s.agrees(o, checkCut(s.t, s.model, o, defaultCut)); err != nil {
			return one, fmt.Errorf("depth first, %v: %w", o.Store, err)
		}
	}
	return one, nil
}

// inPieces demands that searches which go on from each other's checkpoints report what one
// reports that is not interrupted.
func (s *scale[S]) inPieces(o Options, want Report) error {
	r, pieces := inPieces(s.t, s.model, o, fineCut, 2+int(want.States)/8/(1+s.number%3))
	s.shares.note("interrupted: gone on from a checkpoint", pieces > 1)
	if !reflect.DeepEqual(resumable(r), resumable(want)) {
		return fmt.Errorf("in %d pieces:\n%+v\nat once\n%+v", pieces, r, want)
	}
	return nil
}

// agrees compares a report with the oracle, as far as the reductions that were asked for, and
// the order of the search, let them be the same.
func (s *scale[S]) agrees(o Options, r Report) error {
	want := s.oracle.counts
	alike := r.Symmetry != nil && r.Symmetry.Applied
	if applies := o.Symmetry && s.orbit != nil && !s.lists(); alike != applies {
		return fmt.Errorf("symmetry is applied: %v, want %v: %+v", alike, applies, r.Symmetry)
	}
	if alike {
		want = s.alike
	}
	partly := o.PartialOrder && r.Unreduced == ""
	if applies := o.PartialOrder && s.footprints && o.Search == BreadthFirst; partly != applies || !partly && r.Partly > 0 {
		return fmt.Errorf("reduced by partial order: %v (%s), want %v", partly, r.Unreduced, applies)
	}
	if alike && (!partly && r.Symmetry.States != uint64(s.oracle.visited) || r.Symmetry.States > uint64(s.oracle.visited) || r.Symmetry.States < r.States) {
		return fmt.Errorf("the states stand for %d; the oracle has %d", r.Symmetry.States, s.oracle.visited)
	}
	got := counts{int(r.States), int(r.Transitions), int(r.Deadlocks), int(r.Ends)}
	if partly && got.visited <= want.visited && got.transitions <= want.transitions {
		got.visited, got.transitions = want.visited, want.transitions
	}
	if got != want || !r.Complete || r.Pruned > 0 {
		return fmt.Errorf("states, transitions, deadlocks, ends are %d, %d, %d, %d, complete %v; the oracle has %+v",
			r.States, r.Transitions, r.Deadlocks, r.Ends, r.Complete, want)
	}
	if depth := r.Depth; !partly && (depth < s.oracle.depth || depth > s.oracle.depth && o.Search == BreadthFirst) {
		return fmt.Errorf("depth is %d; the oracle has %d", depth, s.oracle.depth)
	}
	if err := s.judges(r, o.Search == BreadthFirst && !partly); err != nil {
		return err
	}
	return covered(s.oracle, r, !partly && !alike)
}

// lists says whether a property of the model lists orders, so that symmetry is not applied.
func (s *scale[S]) lists() bool {
	for _, p := range s.model.Properties {
		if p.kind == KindOrders {
			return true
		}
	}
	return false
}

// judges compares verdicts, and the lengths of traces, which the checker has replayed.
func (s *scale[S]) judges(r Report, shortest bool) error {
	violated := false
	for i, want := range s.oracle.shortest {
		if i == len(r.Properties) || r.Properties[i].Kind == KindCount {
			break
		}
		p := &r.Properties[i]
		found, verdict := want >= 0, Holds
		if found != (p.Kind == KindReachable) {
			verdict, violated = Violated, true
		}
		if p.Verdict != verdict || (p.Trace != nil) != found {
			return fmt.Errorf("%s is %v with the trace %v; the oracle's shortest has %d steps", p.Name, p.Verdict, p.Trace, want)
		}
		if found && (len(p.Trace.Steps) < want || shortest && len(p.Trace.Steps) > want) {
			return fmt.Errorf("%s has a trace of %d steps; the oracle's shortest has %d", p.Name, len(p.Trace.Steps), want)
		}
	}
	if (r.Verdict == Violated) != violated {
		return fmt.Errorf("the verdict is %v; in the oracle something is violated: %v", r.Verdict, violated)
	}
	return nil
}

// covered compares which steps were taken, and how often.
func covered[S comparable](o *oracle[S], r Report, exactly bool) error {
	at, model := 0, map[string]int{}
	for _, c := range r.Coverage {
		if _, known := model[c.Process]; !known {
			model[c.Process], at = len(model), 0
		}
		want, got := o.taken[[2]int{model[c.Process], at}], int(c.Transitions)
		if got > want || (got == 0) != (want == 0) || exactly && got != want {
			return fmt.Errorf("step %s of %s was taken %d times, by the oracle %d times", c.Label, c.Process, got, want)
		}
		at++
	}
	return nil
}

// walk demands that random walks say nothing that is not so.
func (s *scale[S]) walk() error {
	r, err := Simulate(s.t.Context(), s.model, SimulateOptions{Walks: 20, MaxSteps: 40, Seed: uint64(s.number), Workers: 1 + s.number%3, KeepGoing: true})
	if err != nil {
		return err
	}
	o := s.oracle
	if r.Verdict == Holds || r.Complete || r.States > uint64(o.visited) || r.Deadlocks > 0 && o.deadlocks == 0 || r.Ends > 0 && o.ends == 0 {
		return fmt.Errorf("%+v; the oracle has %+v", r, o.counts)
	}
	for i, shortest := range o.shortest {
		if i == len(r.Properties) || r.Properties[i].Kind == KindCount {
			break
		}
		p := &r.Properties[i]
		if p.Trace != nil && (shortest < 0 || len(p.Trace.Steps) < shortest) || p.Verdict == Violated && p.Trace == nil || p.Verdict == Holds && p.Kind != KindReachable {
			return fmt.Errorf("%s is %v with the trace %v; the oracle's shortest has %d steps", p.Name, p.Verdict, p.Trace, shortest)
		}
		if i == 1 && shortest >= 0 {
			s.shares.note("violated: found by walks", p.Verdict == Violated)
		}
	}
	return nil
}
