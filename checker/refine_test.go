package checker

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
)

// sum is what counters refine: their sum, raised by one.
type sum struct{ N uint16 }

// summing is the abstract model, of a sum of at most so much.
func summing(most uint16) Model[sum] {
	return Model[sum]{Name: "sum", Init: []sum{{}}, Processes: []Process[sum]{{
		Name: "someone", Count: 1, Steps: []Step[sum]{
			{Label: "raise", Do: func(s *sum, _ int) bool {
				if s.N == most {
					return false
				}
				s.N++
				return true
			}},
			{Label: "lower", Choices: 2, Choose: func(s *sum, _, choice int) bool {
				if int(s.N) <= choice {
					return false
				}
				s.N -= uint16(choice) + 1
				return true
			}},
		},
	}}}
}

func added(s *counters) sum { return sum{uint16(s.A) + uint16(s.B)} }

func refined(t *testing.T, m Model[counters]) Result {
	t.Helper()
	r, err := Check(context.Background(), m, Options{AfterViolation: -1})
	if err != nil {
		t.Fatal(err)
	}
	return r.Properties[1]
}

func TestRefinement(t *testing.T) {
	if r := refined(t, counting(Refines("sums", summing(8), added))); r.Verdict != Holds || r.Trace != nil || r.Kind != KindRefinement {
		t.Errorf("%+v, want that it holds", r)
	}
	// All images equal: stutters only.
	if r := refined(t, counting(Refines("one", summing(8), func(*counters) sum { return sum{} }))); r.Verdict != Holds {
		t.Errorf("%+v, want that it holds", r)
	}
}

// Both sides of a failure are shown: the path, the images, and what the abstract model
// could have done.
func TestRefinementFails(t *testing.T) {
	for _, c := range []struct {
		name    string
		most    uint16
		mapping func(s *counters) sum
		steps   int
		text    string
	}{
		{"no step is enabled that does it", 5, added, 6, `the mapping makes of the last step the following, which is no step of sum:
  N: 5 -> 6
in the state of sum before it:
  N=5
steps that are enabled there, nearest first:
  someone: lower, N: 5 -> 4; which gives N=4 in place of 6
  someone: lower (choice 1), N: 5 -> 3; which gives N=3 in place of 6
`},
		{"two at once", 8, func(s *counters) sum { return sum{uint16(s.A)*2 + uint16(s.B)} }, 1, `  N: 0 -> 2
in the state of sum before it:
  N=0
steps that are enabled there, nearest first:
  someone: raise, N: 0 -> 1; which gives N=1 in place of 2
`},
		{"it begins elsewhere", 8, func(s *counters) sum { return sum{added(s).N + 1} }, 0, `the mapping makes of it the following, which is no initial state of sum:
  N=1
initial states of sum, nearest first:
  one with N=0 in place of 1
`},
		{"nothing is enabled", 0, added, 1, "in the state of sum before it:\n  N=0\nno step is enabled there\n"},
	} {
		m := counting(Refines("sums", summing(c.most), c.mapping))
		r := refined(t, m)
		if r.Verdict != Violated || len(r.Trace.Steps) != c.steps {
			t.Errorf("%s: %v, %+v; want %d steps", c.name, r.Verdict, r.Trace, c.steps)
			continue
		}
		var text bytes.Buffer
		if err := r.Trace.WriteText(&text, 100); err != nil || !strings.HasSuffix(text.String(), c.text) {
			t.Errorf("%s: %v, the text is\n%s", c.name, err, text.String())
		}
		if _, err := Replay(counting(Refines("sums", summing(8), added)), *r.Trace); err == nil {
			t.Errorf("%s: the trace replays where the refinement holds", c.name)
		}
	}
}

func TestForgedRefinementsAreRefused(t *testing.T) {
	plain := Invariant("plain", func(s *counters) bool { return s.A < 2 })
	m := counting(Refines("sums", summing(3), added), plain,
		Refines("twice", summing(3), func(s *counters) sum { return sum{uint16(s.A)} }))
	r, err := Check(context.Background(), m, Options{AfterViolation: -1})
	if err != nil {
		t.Fatal(err)
	}
	good := *r.Properties[1].Trace
	if again, err := Replay(m, clone(t, good)); err != nil || again.Abstract == nil {
		t.Errorf("%v, %+v", err, again.Abstract)
	}
	bare := clone(t, good)
	bare.Abstract = nil
	if again, err := Replay(m, bare); err != nil || again.Abstract.After[0].Value != "4" {
		t.Errorf("%v, %+v; want it filled in", err, again.Abstract)
	}
	for want, change := range map[string]func(tr *Trace){
		"and the trace says (":        func(tr *Trace) { tr.Abstract.After[0].Value = "9" },
		"abstract model is (":         func(tr *Trace) { tr.Abstract.Enabled = tr.Abstract.Enabled[1:] },
		"is step raise of someone of": func(tr *Trace) { tr.Steps = tr.Steps[:3] },
		"is an initial state of sum":  func(tr *Trace) { tr.Steps = nil },
		"abstract model is (<nil>)":   func(tr *Trace) { tr.Property, tr.Kind = "plain", KindInvariant },
		"is a stutter of sum: the image stays {N=0}": func(tr *Trace) {
			tr.Property, tr.Steps, tr.Abstract = "twice", []TraceStep{{Taken: Taken{Process: "b", Label: "raise"}}}, nil
		},
	} {
		forged := clone(t, good)
		change(&forged)
		if _, err := Replay(m, forged); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// A function that does not answer, or breaks the contract of a model, is named, be it the
// mapping or one of the abstract model.
func TestWrongRefinementsAreNamed(t *testing.T) {
	step := func(do func(s *sum, self int) bool) Model[sum] {
		m := summing(8)
		m.Processes[0].Steps[0].Do = do
		return m
	}
	calls := 0
	counter := summing(8)
	counter.Processes[0].PC = func(s *sum, _ int) int {
		if s.N == 1 {
			panic("no")
		}
		return 0
	}
	for want, p := range map[string]Property[counters]{
		`mapping of property "p", asked of what a step leads to, panicked: no, in state {A=1 B=0}`: Refines("p", summing(8), func(s *counters) sum {
			if s.A == 2 {
				panic("no")
			}
			return added(s)
		}),
		`mapping of property "p" changes the state`: Refines("p", summing(8), func(s *counters) sum { s.B ^= 1; return added(s) }),
		`mapping of property "p" has two images`:    Refines("p", summing(8), func(s *counters) sum { calls++; return sum{uint16(calls)} }),
		`step raise of someone of abstract model sum (property "p"), in its state {N=1}, which is the image, panicked: no`: Refines("p", step(func(s *sum, _ int) bool {
			if s.N == 1 {
				panic("no")
			}
			s.N++
			return true
		}), added),
		`step raise of someone of abstract model sum (property "p"), in its state {N=0}, which is the image, says that it is not`: Refines("p", step(func(s *sum, _ int) bool {
			s.N++
			return false
		}), added),
		`step raise of someone of abstract model sum (property "p"), in its state {N=0}, which is the image, has two outcomes`: Refines("p", step(func(s *sum, _ int) bool {
			calls++
			s.N += uint16(calls)
			return true
		}), added),
		`PC of someone of abstract model sum (property "p"), in its state {N=1}, which is the image, panicked`: Refines("p", counter, added),
	} {
		_, err := Check(context.Background(), counting(p), Options{})
		var panicked *PanicError
		var impure *ImpureError
		if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &panicked) && !errors.As(err, &impure) {
			t.Errorf("error %v, want one that says\n%s", err, want)
		}
	}
	// What ends its goroutine is an error as well; and a mapping may be wrong at the start.
	ends := Refines("p", summing(8), func(*counters) sum { runtime.Goexit(); return sum{} })
	if _, err := Check(context.Background(), counting(ends), Options{}); !errors.Is(err, ErrGoexit) {
		t.Errorf("error %v", err)
	}
}

func TestRefinementsAreValidated(t *testing.T) {
	nameless, open := summing(8), summing(8)
	nameless.Name, open.Init = "", nil
	for want, p := range map[string]Property[counters]{
		`property "p": has no mapping`:                                    Refines("p", summing(8), (func(*counters) sum)(nil)),
		`property "p": abstract model: has no name`:                       Refines("p", nameless, added),
		`property "p": abstract model sum: has no initial state`:          Refines("p", open, added),
		`has assumptions of fairness (Under), which only a liveness prop`: Refines("p", summing(8), added).Under(Weak("a")),
	} {
		if _, err := Check(context.Background(), counting(p), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}
