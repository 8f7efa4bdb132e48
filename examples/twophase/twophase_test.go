package twophase

import (
	"context"
	"testing"

	"urpc/checker"
)

func TestCountsOfTheKnownAnswers(t *testing.T) {
	for _, test := range []struct {
		n                   int
		states, transitions uint64
		depth               int
	}{
		{3, 288, 1145, 10},
		{5, 8832, 58145, 16},
	} {
		r, err := checker.Check(context.Background(), model(test.n, ""), checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.States != test.states || r.Transitions != test.transitions || r.Depth != test.depth || r.Deadlocks != 0 {
			t.Errorf("n=%d: %d states, %d transitions, depth %d, %d deadlocks; want %d, %d, %d, 0",
				test.n, r.States, r.Transitions, r.Depth, r.Deadlocks, test.states, test.transitions, test.depth)
		}
		if r.Verdict != checker.Holds {
			t.Errorf("n=%d: %v, want holds: %+v", test.n, r.Verdict, r.Properties)
		}
	}
}
