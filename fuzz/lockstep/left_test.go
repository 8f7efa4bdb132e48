package lockstep

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"urpc/checker"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// The code takes every transition of the specification that it is offered, positions
// and names that wrap included.
func TestDriveTakesEveryCall(t *testing.T) {
	for _, config := range []string{"1-0-1-1", "1-1-1-1", "clock", "spurious", "full", "1-1-1-1,donate=yes", "stuck,donate=yes,start=2^32-1", "calls=1,start=2^32-1,generation=2^48-2"} {
		rep, err := Drive(t.Context(), valuesOf(t, explore.Call(), config), graphOf(t, explore.Call(), config), 0, 0)
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
		g := graphOf(t, explore.Call(), config)
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
		rep, err := RunTarget(t.Context(), explore.Call(), valuesOf(t, explore.Call(), c.Name), schedule.Random(1991, 300), Options{})
		if errors.Is(err, ErrNotTied) {
			left = append(left, c.Name)
			continue
		}
		if err != nil || rep.Failure != nil || rep.Matched < rep.Steps-rep.Taken["wake for nothing"] {
			t.Errorf("%s: %v, %+v, %d of %d steps were judged", c.Name, err, rep.Failure, rep.Matched, rep.Steps)
		}
	}
	if !slices.Equal(left, []string{"twice", "twice-left", "twice-2", "twice-freed", "names", "flood", "flood-drain", "polls", "polls-2", "polls-deadline", "polls-clock"}) { // its server is none of ours, or it polls
		t.Errorf("not run in lock-step: %v", left)
	}
}

// What a state of the specification cannot hold is refused.
func TestCallsThatAreTooLarge(t *testing.T) {
	for _, config := range []string{"clients=4,slots=4", "records=4", "slots=4", "clients=4,calls=4", "twice=1", "names=yes", "poll=yes", "clients=2,stayers=1"} {
		if _, err := RunTarget(t.Context(), explore.Call(), valuesOf(t, explore.Call(), config), schedule.Random(1, 1), Options{}); !errors.Is(err, ErrNotTied) {
			t.Errorf("%s: %v", config, err)
		}
	}
}

// meddledCall is meddled in a configuration of target call.
func meddledCall(t *testing.T, config string, m *meddler) *schedule.Failure {
	t.Helper()
	return meddledIn(t, explore.Call(), valuesOf(t, explore.Call(), config), m)
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

// So are the steps of a watch. A walk by even choices ends a context before it is watched.
func TestWatchesAreSeen(t *testing.T) {
	for _, c := range []struct {
		what  string
		after step.Name
		do    func(th *thread)
	}{
		{"how a watch was stopped", step.Unwatch, func(th *thread) { th.touched.Kind = schedule.Store }},
		{"whose watch was stopped", step.Unwatch, func(th *thread) { th.touched.Location.Offset += 4 }},
		{"to whose watch the end came", step.TakeWatch, func(th *thread) { th.touched.Location.Offset += 4 }},
		{"what nudges", step.Nudge, func(th *thread) { th.touched.Location.Offset += 4 }},
	} {
		m := &meddler{when: func(m *meddler, thread int) bool { return m.threads[thread].taken == c.after }}
		m.do = func(m *meddler, thread int) { c.do(&m.threads[thread]) }
		f := meddledBy(t, explore.Call(), valuesOf(t, explore.Call(), "1-0-1-1"), m, schedule.Bounded(0))
		if f == nil || f.Steps[len(f.Steps)-1].Event.Name != c.after.String() {
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
		v := valuesOf(t, explore.Call(), "deadline")
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
