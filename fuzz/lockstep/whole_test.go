package lockstep

import (
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// Every transition of the code is one of the specification, and every transition
// of the specification is one of the code.
func TestEveryTransition(t *testing.T) {
	for _, c := range []struct {
		config              string
		states, transitions int // of the specification
		code                uint64
	}{
		{"1-1-1-1", 938, 1788, 959},
		{"1-1-2-1", 2201, 4235, 2268},
		{"1-2-1-1", 19003, 53754, 22149},
		{"2-1-1-1", 80748, 225270, 85450},
		{"1-1-1-1,donate=yes", 2132, 4083, 2172},
		{"1-1-1-1,donate=yes,start=2^16-1", 2132, 4083, 2172}, // counts of donated processors, too
		{"1-1-1-1,donate=yes,start=2^32-1", 2132, 4083, 2172},
	} {
		t.Run(c.config, func(t *testing.T) {
			t.Parallel()
			v := values(t, c.config)
			g, err := NewGraph(t.Context(), v, MostStates)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := Run(t.Context(), v, schedule.Stateful(), Options{Graph: g, Schedule: schedule.Options{Plain: true}})
			if err != nil || rep.Verdict != verdict.Holds || !rep.Complete || rep.Verified == 0 {
				t.Fatalf("%v, complete %v, %d verified: %s: %v", rep.Verdict, rep.Complete, rep.Verified, rep.Reason, err)
			}
			if rep.States != c.code || g.States() != c.states || g.Transitions() != c.transitions {
				t.Errorf("%d states of the code, %d and %d of the specification; want %d, %d and %d",
					rep.States, g.States(), g.Transitions(), c.code, c.states, c.transitions)
			}
			if s, all := rep.Coverage.States(), rep.Coverage.Transitions(); s.Taken != s.All || all.Taken != all.All {
				t.Errorf("taken: states %v, transitions %v", s, all)
			}
		})
	}
}

// A reduced search is in lock-step too, and says that it left out states of the
// specification.
func TestReducedSearchHolds(t *testing.T) {
	rep, err := Run(t.Context(), values(t, "1-2-1-1"), schedule.Stateful(), Options{})
	if err != nil || rep.Verdict != verdict.Holds || !rep.Complete || rep.Coverage == nil {
		t.Fatalf("%v: %s: %v", rep.Verdict, rep.Reason, err)
	}
	if s := rep.Coverage.States(); s.Taken == 0 || s.Taken == s.All {
		t.Errorf("states taken: %v; a reduced search leaves some out", s)
	}
}
