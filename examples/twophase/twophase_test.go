package twophase

import (
	"context"
	"testing"

	"urpc/checker"
)

// Resource managers are alike: their number is what counts, not which they are.
func TestCountsUnderSymmetry(t *testing.T) {
	for _, test := range []struct {
		n                   int
		states, transitions uint64
		depth               int
		whole               uint64
	}{
		{3, 80, 317, 10, 288},
		{5, 314, 2047, 16, 8832},
		{8, 1461, 15_286, 25, 1_745_408},
	} {
		r, err := checker.Check(context.Background(), model(test.n, ""), checker.Options{Symmetry: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.States != test.states || r.Transitions != test.transitions || r.Depth != test.depth || r.Symmetry.States != test.whole {
			t.Errorf("n=%d: %d states, %d transitions, depth %d, for %d states; want %d, %d, %d, %d",
				test.n, r.States, r.Transitions, r.Depth, r.Symmetry.States, test.states, test.transitions, test.depth, test.whole)
		}
		if r.Verdict != checker.Holds {
			t.Errorf("n=%d: %v, want holds: %+v", test.n, r.Verdict, r.Properties)
		}
	}
}

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
