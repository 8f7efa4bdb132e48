package philosophers

import (
	"context"
	"errors"
	"strings"
	"testing"

	"urpc/checker"
)

func TestCountsOfTheKnownAnswers(t *testing.T) {
	for _, test := range []struct {
		table               table
		states, transitions uint64
		depth               int
		deadlocks           uint64
	}{
		{table{n: 3}, 26, 0, 0, 1},
		{table{n: 5}, 242, 805, 12, 1},
		{table{n: 10}, 59_048, 393_650, 27, 1},
		{table{n: 3, last: right}, 27, 0, 0, 0},
		{table{n: 5, last: right}, 243, 810, 13, 0},
		{table{n: 10, last: right}, 59_049, 393_660, 28, 0},
	} {
		r, err := checker.Check(context.Background(), model(test.table), checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !r.Complete || r.States != test.states || r.Deadlocks != test.deadlocks {
			t.Errorf("%+v: complete %v, %d states, %d deadlocks; want %d, %d",
				test.table, r.Complete, r.States, r.Deadlocks, test.states, test.deadlocks)
		}
		if test.transitions != 0 && (r.Transitions != test.transitions || r.Depth != test.depth) {
			t.Errorf("%+v: %d transitions, depth %d; want %d, %d",
				test.table, r.Transitions, r.Depth, test.transitions, test.depth)
		}
		checkDeadlock(t, test.table, r.Properties[0])
	}
}

// checkDeadlock demands the deadlock where everybody holds one fork, after as
// many steps as there are philosophers.
func checkDeadlock(t *testing.T, table table, r checker.Result) {
	t.Helper()
	if table.last == right {
		if r.Verdict != checker.Holds || r.Trace != nil {
			t.Errorf("%+v: deadlock %v, want holds", table, r.Verdict)
		}
		return
	}
	if r.Verdict != checker.Violated || r.Trace == nil || len(r.Trace.Steps) != table.n {
		t.Fatalf("%+v: deadlock %+v, want a trace of %d steps", table, r, table.n)
	}
	for _, step := range r.Trace.Steps {
		if step.Label != "take left" {
			t.Errorf("%+v: step %s on the way to the deadlock, want take left", table, step.Label)
		}
	}
}

// Philosophers are alike and yet not a scalarset: they sit in a circle, so that to exchange
// two of them gives one other neighbours. A declaration that they are is refused.
func TestPhilosophersAreNoScalarset(t *testing.T) {
	type alike struct {
		At   [maxN]label `checker:"per=philosopher"`
		Fork [maxN]fork  `checker:"per=philosopher"`
	}
	round := model(table{n: 4})
	process := round.Processes[0]
	var steps []checker.Step[alike]
	for _, s := range process.Steps {
		steps = append(steps, checker.Step[alike]{Label: s.Label, Do: func(a *alike, p int) bool { return s.Do((*state)(a), p) }})
	}
	m := checker.Model[alike]{
		Name: "philosophers", Init: []alike{{}}, Symmetry: []checker.Scalarset{{Name: "philosopher", Size: 4}},
		Processes: []checker.Process[alike]{{
			Name: "philosopher", Count: 4, Index: "philosopher", Steps: steps,
			PC: func(a *alike, p int) int { return int(a.At[p]) },
		}},
	}
	_, err := checker.Check(t.Context(), m, checker.Options{Symmetry: true})
	var lie *checker.SymmetryError
	if !errors.As(err, &lie) || !strings.HasPrefix(lie.Where, "step ") || len(lie.State) == 0 {
		t.Errorf("error %v, want one of a step that is not symmetric", err)
	} else {
		t.Log(lie)
	}
}
