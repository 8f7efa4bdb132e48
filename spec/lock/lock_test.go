package lock

import (
	"context"
	"slices"
	"testing"

	"urpc/checker"
	"urpc/spec/step"
)

func check(t *testing.T, config, mutant string) checker.Report {
	t.Helper()
	v, _, err := Family.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	model, err := Family.Build(v, mutant)
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Check(context.Background(), checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Of n processes, all are at ncs or at the test-and-set, or one of them is
// inside: 2^n + n 2^(n-1) states.
func TestCounts(t *testing.T) {
	for _, c := range []struct {
		config              string
		states, transitions uint64
	}{{"one", 3, 3}, {"default", 20, 48}, {"eight", 1280, 6656}} {
		r := check(t, c.config, "")
		if r.Verdict != checker.Holds || r.States != c.states || r.Transitions != c.transitions || r.Deadlocks != 0 {
			t.Errorf("%s: %v, states %d, transitions %d, deadlocks %d; want %v", c.config, r.Verdict, r.States, r.Transitions, r.Deadlocks, c)
		}
	}
}

// Who tries gets in under strong fairness of the test-and-set, and not under weak: the lock is
// free again and again, and never for good.
func TestWhoTriesGetsInUnderStrongFairnessAlone(t *testing.T) {
	m := Model(3)
	tries := func(s *State) bool { return s.At[0] == step.TestSet }
	in := func(s *State) bool { return s.At[0] == step.CS }
	m.Properties = []checker.Property[State]{
		checker.LeadsTo("weak", tries, in).Under(checker.Weak("process")),
		checker.LeadsTo("strong", tries, in).Under(checker.Weak("process"), checker.Strong("process", step.TestSet.String())),
	}
	r, err := checker.Check(t.Context(), m, checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if weak, strong := r.Properties[1].Verdict, r.Properties[2].Verdict; weak != checker.Violated || strong != checker.Holds {
		t.Errorf("weak %v, strong %v; want violated, holds", weak, strong)
	}
}

func TestMutants(t *testing.T) {
	shortest := map[string]int{"lock-not-atomic": 6, "not-taken": 2, "not-freed": 3, "never-left": 4}
	caught := map[string]bool{}
	for _, m := range Family.Mutants {
		caught[m.KilledBy] = true
		r := check(t, m.Configuration, m.Name)
		for _, p := range r.Properties {
			if p.Name != m.KilledBy {
				continue
			}
			if p.Verdict != checker.Violated || len(p.Trace.Steps) != shortest[m.Name] {
				t.Errorf("%s: %s: %v, counterexample %v; want %d steps", m.Name, p.Name, p.Verdict, p.Trace, shortest[m.Name])
			}
		}
	}
	for _, p := range check(t, "", "").Properties {
		if p.Kind != checker.KindReachable && !caught[p.Name] {
			t.Errorf("no mutant is caught by %q", p.Name)
		}
	}
}

// Where processes take turns from the start, so that nobody tries while another is
// inside, the twin says that mutual exclusion is not put to the test.
func TestTwin(t *testing.T) {
	turns := slices.Clone(steps)
	turns[0].do = func(s *State, self int) bool {
		for _, at := range s.At {
			if at == step.TestSet || at == step.CS {
				return false
			}
		}
		return ncs(s, self)
	}
	r, err := checker.Check(context.Background(), model(3, turns), checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Properties {
		if want := p.Name != Busy; (p.Verdict == checker.Holds) != want {
			t.Errorf("%s: %v, want that it holds: %v", p.Name, p.Verdict, want)
		}
	}
}

func TestDeclaration(t *testing.T) {
	if err := Family.Validate(); err != nil {
		t.Error(err)
	}
}
