package checker

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// within is counting with a constraint on the sum.
func withinSum(most uint8, properties ...Property[counters]) Model[counters] {
	m := counting(properties...)
	m.Constraint = func(s *counters) bool { return s.A+s.B <= most }
	return m
}

// States outside the constraint are seen, counted and shown to properties, and not
// expanded; and nothing holds but within it.
func TestConstraint(t *testing.T) {
	m := withinSum(3,
		Invariant("sum is at most 4", func(s *counters) bool { return s.A+s.B <= 4 }),
		Invariant("sum is at most 3", func(s *counters) bool { return s.A+s.B <= 3 }),
		Transition("a stays below 4", func(_, after *counters, _ Taken) bool { return after.A < 4 }),
		Reachable("a is 4", func(s *counters) bool { return s.A == 4 }),
		Reachable("sum is 5", func(s *counters) bool { return s.A+s.B == 5 }),
		Count[counters]("raised", "raise"),
		Eventually("a is raised", func(s *counters) bool { return s.A > 0 }),
		Refines("sums", summing(4), added))
	r := check(t, m, Options{AfterViolation: -1})
	if r.States != 15 || r.Pruned != 5 || r.Transitions != 20 || r.Depth != 4 || r.Deadlocks+r.Ends != 0 || !r.Complete {
		t.Errorf("%+v; want 15 states, 5 of them pruned, 20 transitions, depth 4, no end", r)
	}
	if want := "5 states outside the constraint were not expanded: every other state that was reached within it"; r.Bound != want {
		t.Errorf("bound %q, want %q", r.Bound, want)
	}
	const outside = "5 states outside the constraint were not expanded"
	for name, want := range map[string]struct {
		verdict Verdict
		note    string
		steps   int
	}{
		"deadlock":         {Holds, "within the constraint: " + outside, -1},
		"sum is at most 4": {Holds, "within the constraint: " + outside, -1},
		"sums":             {Holds, "within the constraint: " + outside, -1},
		"sum is at most 3": {Violated, "", 4},
		"a stays below 4":  {Violated, "", 4},
		"a is 4":           {Holds, "", 4},
		"sum is 5":         {Unknown, "no state that was reached within the constraint has it: " + outside, -1},
		"raised":           {Unknown, "paths that leave the constraint were not followed to their ends: " + outside, -1},
		"a is raised":      {Unknown, "no behaviour that stays within the constraint violates it; those that leave it were not followed: " + outside, -1},
	} {
		p, steps := result(t, r, name), -1
		if p.Trace != nil {
			steps = len(p.Trace.Steps)
		}
		if p.Verdict != want.verdict || p.Note != want.note || steps != want.steps {
			t.Errorf("%s: %v, %q, %d steps; want %+v", name, p.Verdict, p.Note, steps, want)
		}
	}
	m.Properties = m.Properties[:1]
	if r := check(t, m, Options{}); r.Verdict != Holds || r.Pruned != 5 {
		t.Errorf("%v, %d pruned", r.Verdict, r.Pruned)
	}
}

// A cycle within the constraint violates what it violates.
func TestLivenessWithinAConstraint(t *testing.T) {
	m := withinSum(2, Eventually("b is raised", func(s *counters) bool { return s.B > 0 }))
	m.Processes[0].Steps = append(m.Processes[0].Steps, Step[counters]{Label: "stay", Do: func(s *counters, _ int) bool { return s.A == 1 }})
	if p := check(t, m, Options{}).Properties[1]; p.Verdict != Violated || p.Trace.Cycle != 1 || len(p.Trace.Steps) != 2 {
		t.Errorf("%v, %+v; want a cycle of one step after one", p.Verdict, p.Trace)
	}
}

// A constraint is not trusted: it must be pure, answer, and leave something.
func TestConstraintsThatAreRefused(t *testing.T) {
	calls := 0
	for want, constraint := range map[string]func(s *counters) bool{
		"(Constraint) is false in every initial state":                     func(*counters) bool { return false },
		"Constraint panicked: no, in state {A=1 B=0}":                      func(s *counters) bool { return s.A == 0 || panics() },
		"Constraint changes the state that it may only read, in state {A=": func(s *counters) bool { s.B = 9; return true },
		"Constraint gives two answers in one state":                        func(*counters) bool { calls++; return calls%2 == 0 },
	} {
		m := counting()
		m.Constraint = constraint
		if _, err := Check(context.Background(), m, Options{Workers: 1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

func panics() bool { panic("no") }

// A constraint that keeps nothing out changes nothing, and one that does is as if no step
// were enabled outside it, and all there an end.
func TestConstraintsOfRandomModels(t *testing.T) {
	tally := map[string]int{}
	for seed := uint64(0); tally["models"] < 150; seed++ {
		data := randomModel(seed)
		if o, ok := explore(&data, 2000); !ok || len(o.states) < 3 {
			continue
		}
		tally["models"]++
		constraint := func(s *rstate) bool { return s.V[3] < 2 && s.V[1] < 3 }
		bounded, disabled, plain := data.model(), data.model(), data.model()
		kept := func(p Property[rstate]) bool { return p.kind == KindCount || p.kind == KindOrders }
		for _, m := range []*Model[rstate]{&bounded, &disabled, &plain} {
			m.Properties = slices.DeleteFunc(m.Properties, kept)
		}
		bounded.Constraint = constraint
		disabled.Terminal = func(s *rstate) bool { return data.ends(s) || !constraint(s) }
		for i := range disabled.Processes {
			steps := disabled.Processes[i].Steps
			for k, step := range steps {
				steps[k].Choices = max(1, step.Choices)
				steps[k].Do, steps[k].Choose = nil, func(s *rstate, self, choice int) bool {
					switch {
					case !constraint(s):
						return false
					case step.Do != nil:
						return step.Do(s, self)
					}
					return step.Choose(s, self, choice)
				}
			}
		}
		all := Options{Workers: 2, AfterViolation: -1}
		got, want := checkCut(t, bounded, all, fineCut), checkCut(t, disabled, all, fineCut)
		counts := func(r Report) [5]uint64 {
			return [5]uint64{r.States, r.Transitions, uint64(r.Depth), r.Deadlocks, r.Ends + r.Pruned}
		}
		if counts(got) != counts(want) {
			t.Fatalf("seed %d: states, transitions, depth, deadlocks, ends and pruned are %v, want %v", seed, counts(got), counts(want))
		}
		for i := range got.Properties {
			p, q := got.Properties[i], want.Properties[i]
			if q.Kind == KindReachable && q.Verdict == Violated && got.Pruned > 0 {
				q.Verdict = Unknown
			}
			if p.Verdict != q.Verdict || (p.Trace == nil) != (q.Trace == nil) || p.Trace != nil && len(p.Trace.Steps) != len(q.Trace.Steps) {
				t.Fatalf("seed %d: %s is %v, want %v", seed, p.Name, p.Verdict, q.Verdict)
			}
			tally[string(p.Kind)+" "+p.Verdict.String()]++
		}
		if got.Pruned == 0 {
			tally["nothing pruned"]++
		}
		bounded.Constraint = func(*rstate) bool { return true }
		if got, want := checkCut(t, bounded, all, fineCut), checkCut(t, plain, all, fineCut); !reflect.DeepEqual(timeless(got), timeless(want)) {
			t.Fatalf("seed %d: with a constraint that is true\n%+v\nwithout\n%+v", seed, got, want)
		}
	}
	t.Log(tally)
	for _, key := range []string{"reachable unknown", "reachable holds", "invariant holds", "invariant violated", "nothing pruned"} {
		if tally[key] < 15 {
			t.Errorf("only %d for %q", tally[key], key)
		}
	}
}

// What may hold because nothing happens is told, and only that.
func TestVacuity(t *testing.T) {
	m := counting(
		LeadsTo("never called", func(s *counters) bool { return s.A == 9 }, func(s *counters) bool { return s.A == 0 }),
		LeadsTo("called", func(s *counters) bool { return s.A == 1 }, func(s *counters) bool { return s.A == 1 }),
		Refines("stutters", summing(8), func(*counters) sum { return sum{} }),
		Refines("moves", summing(8), added),
		Eventually("needless", func(*counters) bool { return true }).Under(Weak("a")))
	m.Processes[0].Steps = append(m.Processes[0].Steps, Step[counters]{Label: "never", Do: func(*counters, int) bool { return false }})
	want := []string{
		"step never of a is never enabled",
		`liveness "never called": nothing calls for it: what it leads from is true in no reachable state`,
		`refinement "stutters": every transition is a stutter: the mapping gives no two states of a transition different images`,
		`liveness "needless" holds as well without weak fairness of a`,
	}
	r := check(t, m, Options{Workers: 2})
	if r.Verdict != Holds || !slices.Equal(r.Vacuous, want) {
		t.Errorf("%v, vacuous: %q", r.Verdict, r.Vacuous)
	}
	if r := check(t, m, Options{MaxStates: 5}); r.Vacuous != nil {
		t.Errorf("vacuous of a search that is not complete: %q", r.Vacuous)
	}
	m.Constraint, m.Properties = func(s *counters) bool { return s.A == 0 }, nil
	if r := check(t, m, Options{}); !slices.Equal(r.Vacuous, []string{"step never of a is never enabled within the constraint"}) {
		t.Errorf("vacuous: %q", r.Vacuous)
	}
}
