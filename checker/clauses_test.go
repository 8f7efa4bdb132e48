package checker

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// pair of counters that two processes raise.
type counters struct{ A, B uint8 }

func counting(properties ...Property[counters]) Model[counters] {
	return Model[counters]{
		Name: "counters", Init: []counters{{}},
		Processes: []Process[counters]{
			{Name: "a", Count: 1, Steps: []Step[counters]{{Label: "raise", Do: func(s *counters, _ int) bool {
				if s.A == 4 {
					return false
				}
				s.A++
				return true
			}}}},
			{Name: "b", Count: 1, Steps: []Step[counters]{{Label: "raise", Do: func(s *counters, _ int) bool {
				if s.B == 4 {
					return false
				}
				s.B++
				return true
			}}}},
		},
		Terminal: func(*counters) bool { return true }, Properties: properties,
	}
}

func atMost(a, b, sum uint8) Property[counters] {
	return Clauses("small",
		Clause[counters]{"sum is small", func(s *counters) bool { return s.A+s.B <= sum }},
		Clause[counters]{"a is small", func(s *counters) bool { return s.A <= a }},
		Clause[counters]{"b is small", func(s *counters) bool { return s.B <= b }})
}

// The report and the trace name the first clause that is false in the nearest state that
// breaks one, and all of them must hold.
func TestTheFirstFalseClauseIsNamed(t *testing.T) {
	for _, c := range []struct {
		a, b, sum uint8
		clause    string
		steps     int
	}{
		{4, 4, 8, "", 0}, {4, 2, 8, "b is small", 3}, {1, 3, 8, "a is small", 2}, {2, 3, 2, "sum is small", 3}, {0, 4, 8, "a is small", 1},
	} {
		r, err := Check(context.Background(), counting(atMost(c.a, c.b, c.sum)), Options{AfterViolation: -1})
		if err != nil {
			t.Fatal(err)
		}
		p := r.Properties[1]
		if c.clause == "" {
			if p.Verdict != Holds || p.Trace != nil || p.Clause != "" {
				t.Errorf("%+v: %+v, want that it holds", c, p)
			}
			continue
		}
		if p.Verdict != Violated || p.Clause != c.clause || p.Trace.Clause != c.clause || len(p.Trace.Steps) != c.steps {
			t.Errorf("%+v: %v, clause %q, %+v", c, p.Verdict, p.Clause, p.Trace)
		}
		var text bytes.Buffer
		if err := p.Trace.WriteText(&text, 0); err != nil || !strings.HasPrefix(text.String(), `clause "`+c.clause+`" of invariant "small" of counters, after `) {
			t.Errorf("%v, the text begins:\n%s", err, text.String())
		}
	}
}

// The replayer looks for itself which clause is false.
func TestForgedClausesAreRefused(t *testing.T) {
	plain := Invariant("plain", func(s *counters) bool { return s.A < 3 })
	m := counting(atMost(2, 4, 8), plain)
	r, err := Check(context.Background(), m, Options{AfterViolation: -1})
	if err != nil {
		t.Fatal(err)
	}
	good := *r.Properties[1].Trace
	bare := good
	bare.Clause = ""
	if again, err := Replay(m, bare); err != nil || again.Clause != "a is small" {
		t.Errorf("clause %q, %v; want it filled in", again.Clause, err)
	}
	later := good
	later.Clause = "b is small"
	unknown := good
	unknown.Clause = "c is small"
	other := *r.Properties[2].Trace
	other.Clause = "a is small"
	for want, forged := range map[string]Trace{
		"clause is (a is small), and the trace says (b is small)": later,
		"clause is (a is small), and the trace says (c is small)": unknown,
		"clause is (), and the trace says (a is small)":           other,
	} {
		if _, err := Replay(m, forged); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %s", err, want)
		}
	}
	// A property whose conjunction is not that of its clauses is the checker's own fault.
	m.Properties[0].clauses = m.Properties[0].clauses[:1]
	if _, err := Replay(m, bare); err == nil || !strings.Contains(err.Error(), "every clause") {
		t.Errorf("error %v", err)
	}
}

// A clause that panics, or changes the state, is named.
func TestWrongClausesAreNamed(t *testing.T) {
	panics := Clauses("p", Clause[counters]{"fine", func(*counters) bool { return true }},
		Clause[counters]{"wrong", func(s *counters) bool {
			if s.A == 2 {
				panic("no")
			}
			return true
		}})
	_, err := Check(context.Background(), counting(panics), Options{})
	var panicked *PanicError
	if !errors.As(err, &panicked) || panicked.Where != `clause "wrong" of property "p"` {
		t.Errorf("error %v", err)
	}
	changes := Clauses("p", Clause[counters]{"wrong", func(s *counters) bool { s.A = 9; return true }})
	_, err = Check(context.Background(), counting(changes), Options{})
	var impure *ImpureError
	if !errors.As(err, &impure) || !strings.Contains(err.Error(), `property "p" changes the state`) {
		t.Errorf("error %v", err)
	}
}

func TestClausesAreValidated(t *testing.T) {
	yes := func(*counters) bool { return true }
	for want, p := range map[string]Property[counters]{
		"has no clause":                        Clauses[counters]("p"),
		"clause 1: has no name":                Clauses("p", Clause[counters]{"a", yes}, Clause[counters]{"", yes}),
		`clause "a": there are two`:            Clauses("p", Clause[counters]{"a", yes}, Clause[counters]{"a", yes}),
		`clause "a": has no predicate (Holds)`: Clauses("p", Clause[counters]{"a", nil}),
	} {
		if _, err := Check(context.Background(), counting(p), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}
