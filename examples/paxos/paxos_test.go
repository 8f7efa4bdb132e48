package paxos

import (
	"testing"

	"urpc/checker"
)

// With symmetry there are fewer states, which stand for exactly those without; and the
// verdicts and the lengths of the shortest traces are the same.
func TestCounts(t *testing.T) {
	for _, test := range []struct {
		b            bounds
		whole, alike uint64
		depth        int
	}{
		{bounds{acceptors: 3, values: 2, ballots: 2}, 3921, 443, 16},
		{bounds{acceptors: 3, values: 3, ballots: 2}, 6801, 443, 16},
		{bounds{acceptors: 2, values: 2, ballots: 3}, 1501, 482, 18},
		{bounds{acceptors: 4, values: 2, ballots: 2}, 20_609, 834, 20},
	} {
		whole, err := checker.Check(t.Context(), model(test.b), checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		alike, err := checker.Check(t.Context(), model(test.b), checker.Options{Symmetry: true})
		if err != nil {
			t.Fatal(err)
		}
		if whole.States != test.whole || alike.States != test.alike || alike.Symmetry.States != test.whole || whole.Depth != test.depth || alike.Depth != test.depth {
			t.Errorf("%+v: %d states, depth %d; under symmetry %d for %d, depth %d; want %d, depth %d, by %d",
				test.b, whole.States, whole.Depth, alike.States, alike.Symmetry.States, alike.Depth, test.whole, test.depth, test.alike)
		}
		if whole.Verdict != checker.Holds || alike.Verdict != checker.Holds {
			t.Errorf("%+v: %v, and %v under symmetry; want holds: %+v", test.b, whole.Verdict, alike.Verdict, alike.Properties)
		}
		for i, p := range whole.Properties {
			if q := alike.Properties[i]; p.Trace != nil && len(p.Trace.Steps) != len(q.Trace.Steps) {
				t.Errorf("%+v: %s is reached after %d steps, and %d under symmetry", test.b, p.Name, len(p.Trace.Steps), len(q.Trace.Steps))
			}
		}
	}
}
