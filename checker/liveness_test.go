package checker

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// What is asked of a state and does not answer is an error, and no verdict.
func TestLivenessPredicatesThatDoNotAnswer(t *testing.T) {
	never := func(*rstate) bool { return false }
	for what, c := range map[string]struct {
		ask func(s *rstate) bool
		is  func(err error) bool
	}{
		"panics":         {func(*rstate) bool { panic("no") }, func(err error) bool { e, ok := errors.AsType[*PanicError](err); return ok && e.Value == "no" }},
		"ends":           {func(*rstate) bool { runtime.Goexit(); return true }, func(err error) bool { e, ok := errors.AsType[*PanicError](err); return ok && e.Value == ErrGoexit }},
		"changes it all": {func(s *rstate) bool { s.V[0]++; return true }, func(err error) bool { _, ok := errors.AsType[*ImpureError](err); return ok }},
	} {
		m := randomModel(1)
		for i, p := range []Property[rstate]{Eventually("asked", c.ask), LeadsTo("asked", c.ask, never), LeadsTo("asked", never, c.ask)} {
			model := m.model()
			model.Properties = []Property[rstate]{p}
			r, err := Check(t.Context(), model, Options{})
			if !c.is(err) || !strings.Contains(err.Error(), `property "asked"`) || r.Verdict == Holds {
				t.Errorf("%s, %d: %v, %v", what, i, r.Verdict, err)
			}
		}
	}
}

// An assumption without which the property holds as well is told, one that it needs is not.
func TestIdleAssumptions(t *testing.T) {
	type turns struct{ First, Second uint8 }
	count := func(n *uint8) bool { *n = (*n + 1) % 2; return true }
	m := Model[turns]{
		Name: "turns", Init: []turns{{}},
		Processes: []Process[turns]{
			{Name: "first", Count: 1, Steps: []Step[turns]{{Label: "step", Do: func(s *turns, _ int) bool { return count(&s.First) }}}},
			{Name: "second", Count: 1, Steps: []Step[turns]{{Label: "step", Do: func(s *turns, _ int) bool { return count(&s.Second) }}}},
		},
		Fairness:   []Fairness{Weak("first"), Strong("second", "step")},
		Properties: []Property[turns]{AlwaysEventually("goes on", func(s *turns) bool { return s.First == 1 })},
	}
	r, err := Check(t.Context(), m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Properties[1]
	if p.Verdict != Holds || len(p.Fairness) != 2 || len(p.Idle) != 1 || p.Idle[0].String() != "strong fairness of second (step)" {
		t.Errorf("%v under %v, idle %v", p.Verdict, p.Fairness, p.Idle)
	}
}
