package lock

import (
	"context"
	"testing"

	"urpc/checker"
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

func TestMutants(t *testing.T) {
	shortest := map[string]int{"lock-not-atomic": 6, "not-freed": 3}
	for _, m := range Family.Mutants {
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
}

func TestDeclaration(t *testing.T) {
	if err := Family.Validate(); err != nil {
		t.Error(err)
	}
}
