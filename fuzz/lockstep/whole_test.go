package lockstep

import (
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
)

// whole is a configuration of which every transition is visited.
type whole struct {
	config              string
	states, transitions int // of the specification
	code                uint64
	candidates          int
}

// everyTransition demands that every transition of the code be one of the
// specification, and every transition of the specification one of the code: where it is
// searched by states, and, if that is asked for, where it is driven.
func everyTransition(t *testing.T, target explore.Target, driven bool, all []whole) {
	for _, c := range all {
		t.Run(c.config, func(t *testing.T) {
			t.Parallel()
			v := valuesOf(t, target, c.config)
			g, err := NewGraphOf(t.Context(), target, v, MostStates)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := RunTarget(t.Context(), target, v, schedule.Stateful(), Options{Graph: g, Schedule: schedule.Options{Plain: true}})
			c.takes(t, rep, err)
			if rep.Verified == 0 || rep.Candidates != c.candidates {
				t.Errorf("%d verified, %d candidates, want %d", rep.Verified, rep.Candidates, c.candidates)
			}
			if rep.Report.States != c.code || g.States() != c.states || g.Transitions() != c.transitions {
				t.Errorf("%d states of the code, %d and %d of the specification; want %d, %d and %d",
					rep.Report.States, g.States(), g.Transitions(), c.code, c.states, c.transitions)
			}
			if driven {
				rep, err := Drive(t.Context(), v, g, 0, 0)
				c.takes(t, rep, err)
			}
		})
	}
}

// takes demands that all of the specification was taken, and nothing refused.
func (c whole) takes(t *testing.T, rep Report, err error) {
	t.Helper()
	if err != nil || rep.Verdict != verdict.Holds || !rep.Complete || len(rep.Refused) != 0 {
		t.Fatalf("%v, complete %v, refused %v: %s: %v %+v", rep.Verdict, rep.Complete, rep.Refused, rep.Reason, err, rep.Failure)
	}
	if s, all := rep.Coverage.States(), rep.Coverage.Transitions(); s.Taken != s.All || all.Taken != all.All {
		t.Errorf("states %v, transitions %v; left out %v", s, all, rep.Coverage.ByLabel())
	}
}

func TestEveryTransition(t *testing.T) {
	everyTransition(t, explore.Channel(), false, []whole{ // drive_test.go has more of them driven
		{"1-1-1-1", 938, 1788, 959, 2},
		{"1-1-2-1", 2201, 4235, 2268, 2},
		{"1-2-1-1", 19003, 53754, 22149, 2},
		{"2-1-1-1", 80748, 225270, 85324, 2},
		{"1-1-1-1,donate=yes", 2132, 4083, 2172, 2},
		{"1-1-1-1,donate=yes,start=2^16-1", 2132, 4083, 2172, 2}, // counts of donated processors, too
		{"1-1-1-1,donate=yes,start=2^32-1", 2132, 4083, 2172, 2},
	})
}

func TestEveryTransitionOfQueues(t *testing.T) {
	everyTransition(t, explore.Queue(), true, []whole{
		{"2-1-1-1", 399, 722, 517, 1},
		{"1-1-3-1", 346, 631, 346, 1},
		{"1-1-3-2", 467, 858, 467, 1},
		{"1-2-2-1", 830, 1902, 1302, 1},
		{"2-1-2-2", 5037, 10400, 7113, 1},
		{"wrap", 5037, 10400, 7113, 1},
		{"2-2-2-2", 20582, 53524, 57588, 1},
	})
}

func TestEveryTransitionOfCalls(t *testing.T) {
	everyTransition(t, explore.Call(), false, []whole{ // TestDriveTakesEveryCall drives
		{"1-0-1-1", 99, 148, 108, 1},
		{"1-1-1-1", 4522, 11368, 4967, 2},
		{"clock", 91, 119, 96, 1},
		{"deadline", 9481, 25274, 11753, 2},
		{"spurious", 117, 187, 186, 1},
		{"full", 9679, 27429, 15175, 1},
		{"stuck", 8018, 19081, 9661, 1},
		{"refuse", 29869, 85069, 63608, 2},
		{"panics", 2347, 4521, 2417, 2},
		{"1-1-1-1,donate=yes", 10038, 25353, 10953, 2},
		{"stuck,donate=yes", 9398, 22483, 11293, 1},
	})
}

func TestEveryTransitionOfDeath(t *testing.T) {
	everyTransition(t, explore.Death(), true, []whole{
		{"server", 4331, 8950, 4243, 2},
		{"server-calls", 10454, 21612, 10403, 2},
		{"server,stops=yes", 4662, 9609, 4560, 2},
	})
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
