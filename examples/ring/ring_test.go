package ring

import (
	"context"
	"testing"

	"urpc/checker"
)

// The first two are known from other tools; the others agree with a map and a queue.
func TestCountsOfTheKnownAnswers(t *testing.T) {
	for _, test := range []struct {
		b                   bounds
		states, transitions uint64
		depth               int
	}{
		{bounds{clients: 1, servers: 1, requests: 1, replies: 1}, 115, 196, 52},
		{bounds{clients: 2, servers: 1, requests: 1, replies: 2}, 4177, 8305, 117},
		{bounds{clients: 3, servers: 1, requests: 1, replies: 2}, 30_141, 65_592, 119},
		{bounds{clients: 3, servers: 2, requests: 2, replies: 3}, 2_391_344, 5_447_592, 307},
	} {
		r, err := checker.Check(context.Background(), model(test.b), checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.States != test.states || r.Transitions != test.transitions || r.Depth != test.depth || r.Deadlocks != 0 {
			t.Errorf("%+v: %d states, %d transitions, depth %d, %d deadlocks; want %d, %d, %d, 0",
				test.b, r.States, r.Transitions, r.Depth, r.Deadlocks, test.states, test.transitions, test.depth)
		}
		if r.Verdict != checker.Holds || !r.Complete {
			t.Errorf("%+v: %v, complete %v; want holds, complete: %+v", test.b, r.Verdict, r.Complete, r.Properties)
		}
	}
}

// Clients are alike, and so are servers. The states that stand for others stand for exactly
// those that there are.
func TestCountsUnderSymmetry(t *testing.T) {
	for _, test := range []struct {
		b                          bounds
		states, transitions, whole uint64
		depth                      int
	}{
		{bounds{clients: 2, servers: 1, requests: 1, replies: 2}, 2090, 4155, 4177, 117},
		{bounds{clients: 3, servers: 1, requests: 1, replies: 2}, 5148, 11_235, 30_141, 119},
		{bounds{clients: 3, servers: 2, requests: 2, replies: 3}, 215_468, 495_340, 2_391_344, 307},
	} {
		r, err := checker.Check(context.Background(), model(test.b), checker.Options{Symmetry: true})
		if err != nil {
			t.Fatal(err)
		}
		if r.States != test.states || r.Transitions != test.transitions || r.Depth != test.depth || r.Symmetry.States != test.whole {
			t.Errorf("%+v: %d states, %d transitions, depth %d, for %d states; want %d, %d, %d, %d",
				test.b, r.States, r.Transitions, r.Depth, r.Symmetry.States, test.states, test.transitions, test.depth, test.whole)
		}
		if r.Verdict != checker.Holds || !r.Complete {
			t.Errorf("%+v: %v, complete %v; want holds, complete: %+v", test.b, r.Verdict, r.Complete, r.Properties)
		}
	}
}

// BenchmarkSearch measures the search on the ring of 3 clients, 2 servers, 2
// request and 3 reply slots, with both invariants, on two workers: 2,391,344 states.
func BenchmarkSearch(b *testing.B) {
	for b.Loop() {
		r, err := checker.Check(context.Background(), model(bounds{clients: 3, servers: 2, requests: 2, replies: 3}),
			checker.Options{Workers: 2})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.States)/r.Elapsed.Seconds()/1e6, "Mstates/s")
		b.ReportMetric(float64(r.States), "states")
		b.ReportMetric(float64(r.Memory)/float64(r.States), "B/state")
	}
}

// A client that polls for its reply may starve under weak fairness: the lock is free again
// and again, and never when the server tries. Under strong fairness it gets it.
func TestPollingIsFairUnderStrongFairnessAlone(t *testing.T) {
	for _, b := range []bounds{
		{clients: 1, servers: 1, requests: 1, replies: 1}, {clients: 2, servers: 1, requests: 1, replies: 2}, {clients: 2, servers: 2, requests: 1, replies: 2},
	} {
		m := model(b)
		waits := func(s *state) bool { return s.Client[0].At == c6 }
		has := func(s *state) bool { return s.Client[0].At == c0 }
		m.Properties = []checker.Property[state]{
			checker.LeadsTo("without", waits, has),
			checker.LeadsTo("weak", waits, has).Under(checker.Weak("client"), checker.Weak("server")),
			checker.LeadsTo("strong", waits, has).Under(checker.Strong("client"), checker.Strong("server")),
		}
		r, err := checker.Check(t.Context(), m, checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Properties[1].Verdict != checker.Violated || r.Properties[2].Verdict != checker.Violated || r.Properties[3].Verdict != checker.Holds {
			t.Errorf("%+v: without %v, weak %v, strong %v; want violated, violated, holds", b, r.Properties[1].Verdict, r.Properties[2].Verdict, r.Properties[3].Verdict)
		}
		if cycle := r.Properties[1].Trace.Cycle; cycle != 3 {
			t.Errorf("%+v: a cycle of %d steps, want 3: the client polls", b, cycle)
		}
	}
}
