package lockstep

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/memory"
	"urpc/spec/step"
)

func callValues(t testing.TB, config string) catalogue.Values {
	t.Helper()
	v, _, err := explore.Call().Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func callGraph(t *testing.T, config string) *Graph {
	t.Helper()
	g, err := NewGraphOf(t.Context(), explore.Call(), callValues(t, config), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Every transition of the code of target call is one of the specification, and every
// transition of the specification is one of the code.
func TestEveryTransitionOfCalls(t *testing.T) {
	for _, c := range []struct {
		config              string
		states, transitions int // of the specification
		code                uint64
		candidates          int
	}{
		{"1-0-1-1", 83, 119, 93, 1},
		{"1-1-1-1", 3725, 9094, 4129, 2},
		{"clock", 90, 117, 94, 1},
		{"deadline", 7737, 20166, 9497, 2},
		{"spurious", 95, 145, 148, 1},
		{"full", 7858, 21694, 12745, 1},
		{"stuck", 6166, 14068, 8184, 1},
		{"refuse", 21843, 57728, 43871, 2},
	} {
		t.Run(c.config, func(t *testing.T) {
			t.Parallel()
			g := callGraph(t, c.config)
			rep, err := RunTarget(t.Context(), explore.Call(), callValues(t, c.config), schedule.Stateful(), Options{Graph: g, Schedule: schedule.Options{Plain: true}})
			if err != nil || rep.Verdict != verdict.Holds || !rep.Complete || rep.Verified == 0 {
				t.Fatalf("%v, complete %v, %d verified: %s: %v", rep.Verdict, rep.Complete, rep.Verified, rep.Reason, err)
			}
			if rep.Report.States != c.code || g.States() != c.states || g.Transitions() != c.transitions || rep.Candidates != c.candidates {
				t.Errorf("%d states of the code, %d and %d of the specification, %d candidates; want %d, %d, %d and %d",
					rep.Report.States, g.States(), g.Transitions(), rep.Candidates, c.code, c.states, c.transitions, c.candidates)
			}
			if s, all := rep.Coverage.States(), rep.Coverage.Transitions(); s.Taken != s.All || all.Taken != all.All {
				t.Errorf("taken: states %v, transitions %v; left out %v", s, all, rep.Coverage.ByLabel())
			}
		})
	}
}

// The code takes every transition of the specification that it is offered, positions
// and names that wrap included.
func TestDriveTakesEveryCall(t *testing.T) {
	for _, config := range []string{"1-0-1-1", "1-1-1-1", "clock", "spurious", "full", "calls=1,start=2^32-1,generation=2^48-2"} {
		rep, err := Drive(t.Context(), callValues(t, config), callGraph(t, config), 0)
		if err != nil || rep.Failure != nil {
			t.Fatalf("%s: %v, %+v", config, err, rep.Failure)
		}
		states, transitions := rep.Coverage.States(), rep.Coverage.Transitions()
		if rep.Verdict != verdict.Holds || !rep.Complete || len(rep.Refused) != 0 || states.Taken != states.All || transitions.Taken != transitions.All {
			t.Errorf("%s: %v, complete %v, refused %v, left out %v", config, rep.Verdict, rep.Complete, rep.Refused, rep.Coverage.ByLabel())
		}
		if rep.Candidates != 1 {
			t.Errorf("%s: %d candidates, and the procedure is a step", config, rep.Candidates)
		}
	}
}

// The graph is the one that the checker explores.
func TestGraphOfCallsIsTheCheckers(t *testing.T) {
	for _, config := range []string{"1-1-2-1", "deadline", "stuck", "shared-record"} {
		g := callGraph(t, config)
		rep, err := checker.Check(t.Context(), memory.CallModel(g.config), checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if uint64(g.States()) != rep.States || uint64(g.Transitions()) != rep.Transitions {
			t.Errorf("%s: %d states and %d transitions, the checker has %d and %d", config, g.States(), g.Transitions(), rep.States, rep.Transitions)
		}
	}
}

// Samples of every configuration that a state of the specification can hold refine it.
func TestCallsRefineInSamples(t *testing.T) {
	var left []string
	for _, c := range explore.Call().Configurations {
		rep, err := RunTarget(t.Context(), explore.Call(), callValues(t, c.Name), schedule.Random(1991, 300), Options{})
		if errors.Is(err, ErrTooLarge) {
			left = append(left, c.Name)
			continue
		}
		if err != nil || rep.Failure != nil || rep.Matched < rep.Steps-rep.Taken["wake for nothing"] {
			t.Errorf("%s: %v, %+v, %d of %d steps were judged", c.Name, err, rep.Failure, rep.Matched, rep.Steps)
		}
	}
	if !slices.Equal(left, []string{"twice"}) { // its server is none of ours
		t.Errorf("not run in lock-step: %v", left)
	}
}

// What a state of the specification cannot hold is refused.
func TestCallsThatAreTooLarge(t *testing.T) {
	for _, config := range []string{"clients=4,slots=4", "records=4", "slots=4", "clients=4,calls=4", "twice=1"} {
		if _, err := RunTarget(t.Context(), explore.Call(), callValues(t, config), schedule.Random(1, 1), Options{}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", config, err)
		}
	}
}

// meddledCall is meddled in a configuration of target call.
func meddledCall(t *testing.T, config string, m *meddler) *schedule.Failure {
	t.Helper()
	return meddledIn(t, explore.Call(), callValues(t, config), m)
}

// What stands for the state where calls are left is compared, each of it: changed at
// one step it is found at that step.
func TestWhatIsLeftIsSeen(t *testing.T) {
	for _, c := range []struct {
		what, config string
		after        step.Name
		do           func(m *meddler, th *thread)
		field        string
	}{
		{"the word of a record", "two-records", step.LoadRoom, func(m *meddler, _ *thread) { flip(m, privateSegment, stateOf(1), 3) }, "Caller[1].Call idle, the code abandoned"},
		{"the generation in a slot", "1-1-2-1", step.Publish, func(m *meddler, _ *thread) { flip(m, int(callSegment), offSlots+slotHeader, 1<<16) }, "the word "},
		{"the record in a slot", "1-1-2-1", step.Publish, func(m *meddler, _ *thread) { flip(m, int(callSegment), offSlots+slotHeader, 1) }, "the word "},
		{"the call that opened a record", "1-1-2-1", step.WriteSlot, func(m *meddler, _ *thread) { m.calls[0][1]++ }, "the word "},
		{"the nudge that was read", "stuck", step.LookDoorbell, func(_ *meddler, th *thread) { th.nudge++ }, "Nudged"},
		{"the clock that was passed", "clock", step.Expire, func(_ *meddler, th *thread) { th.position++ }, "Done"},
		{"the context that was looked at", "1-1-2-1", step.LookContext, func(_ *meddler, th *thread) { th.touched.Location.Offset += 4 }, "load"},
		{"how a record was taken", "1-1-1-1", step.TakeRecord, func(_ *meddler, th *thread) { th.touched.Kind = schedule.Load }, "add"},
		{"how a call was left", "1-0-1-1", step.Abandon, func(_ *meddler, th *thread) { th.touched.Kind = schedule.Store }, "cas"},
		{"whose call was left", "1-0-1-1", step.Abandon, func(_ *meddler, th *thread) { th.touched.Location.Offset += 64 }, "cas"},
		{"the step's name", "1-1-1-1", step.Cancel, func(_ *meddler, th *thread) { th.taken = step.Expire }, "at Cancel"},
		{"a step that is none", "1-1-1-1", step.LookContext, func(_ *meddler, th *thread) { th.taken = step.LookPoison }, "at LookContext"},
	} {
		m := &meddler{when: func(m *meddler, thread int) bool { return m.threads[thread].taken == c.after }}
		m.do = func(m *meddler, thread int) { c.do(m, &m.threads[thread]) }
		f := meddledCall(t, c.config, m)
		if f == nil || !strings.Contains(f.Message, c.field) || f.Steps[len(f.Steps)-1].Event.Name != c.after.String() {
			t.Errorf("%s is changed: %+v", c.what, f)
		}
	}
}

// A mapping that is wrong is found at the first step that shows it.
func TestWrongMappingsOfCalls(t *testing.T) {
	for what, wrong := range map[string]func(r *Refinement){
		"generations start one later": func(r *Refinement) { r.generation++ },
		"contexts never end":          func(r *Refinement) { r.config.Leave.Leavers = 0 },
		"deadlines count for ends":    func(r *Refinement) { r.config.Leave.End = memory.Passed },
	} {
		v := callValues(t, "deadline")
		r, err := newRefinement(explore.Call(), v, nil)
		if err != nil {
			t.Fatal(err)
		}
		wrong(r)
		rep, err := explore.RunWatchedTarget(t.Context(), explore.Call(), v, explore.Watch{Observer: r, Alone: true}, schedule.Random(3, 50), schedule.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if rep.Failure == nil || rep.Failure.Property != Property {
			t.Errorf("%s, and nothing is found: %v", what, rep.Failure)
		}
	}
}
