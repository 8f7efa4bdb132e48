package peterson

import (
	"testing"

	"urpc/checker"
)

// Without an assumption a process that can go on may not; with the weak one, and so with
// the strong one, who asks gets in.
func TestFairnessIsNeeded(t *testing.T) {
	m := model("")
	steps := []string{giveWay.String(), wait.String(), leave.String()}
	m.Properties = []checker.Property[state]{
		checker.LeadsTo("without", asks(0), inside(0)).Under(),
		checker.LeadsTo("weak", asks(0), inside(0)),
		checker.LeadsTo("strong", asks(0), inside(0)).Under(checker.Strong("process", steps...)),
		checker.AlwaysEventually("thinks", func(s *state) bool { return s.At[0] == think }),
		checker.AlwaysEventually("gets in", inside(0)),
		checker.Eventually("asks", asks(0)),
	}
	r, err := checker.Check(t.Context(), m, checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		verdict      checker.Verdict
		steps, cycle int
	}{
		1: {checker.Violated, 2, 1}, // it asks, and the other one thinks
		2: {checker.Holds, 0, 0}, 3: {checker.Holds, 0, 0}, 4: {checker.Holds, 0, 0},
		5: {checker.Violated, 1, 1}, 6: {checker.Violated, 1, 1}, // it thinks for ever
	} {
		p := r.Properties[i]
		if i > 0 && (p.Verdict != want.verdict || p.Trace != nil && (len(p.Trace.Steps) != want.steps || p.Trace.Cycle != want.cycle)) {
			t.Errorf("%s: %v, %+v; want %+v", p.Name, p.Verdict, p.Trace, want)
		}
	}
}
