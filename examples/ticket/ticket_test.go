package ticket

import (
	"testing"

	"urpc/checker"
)

func inductive(t *testing.T, l lock, o checker.InductiveOptions) checker.InductiveReport {
	t.Helper()
	r, err := checker.Inductive(t.Context(), l.model(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Mutual exclusion is true and not inductive; with what keeps the line it is.
func TestExclusionIsInductiveOnceStrengthened(t *testing.T) {
	l := lock{n: 2, numbers: 4}
	alone := inductive(t, l, checker.InductiveOptions{Invariants: []string{exclusion}})
	trace := alone.Properties[0].Trace
	if alone.Verdict != checker.Violated || trace == nil || trace.Kind != checker.KindInduction || len(trace.Steps) != 1 || trace.Steps[0].Label != "wait" {
		t.Fatalf("alone: %v, %+v", alone.Verdict, trace)
	}
	if _, err := checker.Replay(l.model(), *trace); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		l               lock
		domain, holding uint64
	}{
		{l, 2304, 144}, {lock{n: 3, numbers: 4}, 27_648, 880}, {lock{n: 3, numbers: 8}, 884_736, 8032},
	} {
		r := inductive(t, c.l, checker.InductiveOptions{})
		if r.Verdict != checker.Holds || r.Domain != c.domain || r.States != c.domain || r.Holding != c.holding || len(r.Vacuous) > 0 {
			t.Errorf("%+v: %v, domain %d, %d looked at, %d holding, vacuous %q; want that it holds, %d and %d",
				c.l, r.Verdict, r.Domain, r.States, r.Holding, r.Vacuous, c.domain, c.holding)
		}
	}
}

// Each clause is needed: without one of them the others are not inductive together with
// mutual exclusion, or do not imply it.
func TestEachClauseIsNeeded(t *testing.T) {
	l := lock{n: 2, numbers: 4}
	m := l.model()
	clauses := []checker.Clause[state]{{Name: "served", Holds: l.insideIsServed}, {Name: "differ", Holds: l.ticketsDiffer}, {Name: "out", Holds: l.outAsHeld}, {Name: "held", Holds: l.heldIsOut}}
	for without := range clauses {
		m.Properties = m.Properties[:1]
		for i, c := range clauses {
			if i != without {
				m.Properties = append(m.Properties, checker.Invariant(c.Name, c.Holds))
			}
		}
		r, err := checker.Inductive(t.Context(), m, checker.InductiveOptions{})
		if err != nil || r.Verdict != checker.Violated {
			t.Errorf("without %q: %v, %v", clauses[without].Name, r.Verdict, err)
		}
	}
}

// Each mutant breaks the induction, too.
func TestMutantsAreNotInductive(t *testing.T) {
	for _, mutant := range Family.Mutants {
		if r := inductive(t, lock{2, 4, mutant.Name}, checker.InductiveOptions{}); r.Verdict != checker.Violated {
			t.Errorf("%s: %v", mutant.Name, r.Verdict)
		}
	}
}
