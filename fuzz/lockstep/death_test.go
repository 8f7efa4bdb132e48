package lockstep

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/step"
)

// Samples refine it, also where there are more threads and positions wrap; where the
// client dies, and where there is another binding, there is no specification.
func TestDeathRefinesInSamples(t *testing.T) {
	var left []string
	configs := []string{"clients=2,calls=2", "servers=2,calls=2,start=2^32-1", "clients=3,slots=2", "dies=client,clients=2,servers=2,calls=2"}
	for _, c := range explore.Death().Configurations {
		configs = append(configs, c.Name)
	}
	for _, config := range configs {
		v := valuesOf(t, explore.Death(), config)
		rep, err := RunTarget(t.Context(), explore.Death(), v, schedule.Random(1991, 300), Options{})
		if errors.Is(err, ErrNotTied) {
			left = append(left, config)
			continue
		}
		least := rep.Steps
		if pooled(explore.Death(), v) {
			least /= 3 // its other steps are of threads that the specification has not
		}
		if err != nil || rep.Failure != nil || rep.Matched < least {
			t.Errorf("%s: %v, %+v, %d of %d steps were judged", config, err, rep.Failure, rep.Matched, rep.Steps)
		}
	}
	if want := []string{"client-restarts", "client-other", "server-other", "server-closed", "server-restarts"}; !slices.Equal(left, want) {
		t.Errorf("not run in lock-step: %v", left)
	}
}

// What stands for the state where the server dies is compared, each of it.
func TestWhatDeathLeavesIsSeen(t *testing.T) {
	for _, c := range []struct {
		what  string
		after step.Name
		do    func(m *meddler, th *thread)
		field string
	}{
		{"that calls are sent, as it was read", step.LookSending, func(_ *meddler, th *thread) { th.touched.Location.Offset += 4 }, "load"},
		{"how it was written that they are not", step.StopSending, func(_ *meddler, th *thread) { th.touched.Kind = schedule.CAS }, "store"},
		{"what the dead held", step.Notice, func(m *meddler, _ *thread) { flip(m, int(replySegment), offRecvLock, 1) }, "Side[1].RecvLock"},
		{"who holds the memory", step.HoldRegion, func(_ *meddler, th *thread) { th.saw += 2 }, "Holders"},
		{"that it is closed", step.CloseRegion, func(_ *meddler, th *thread) { th.saw ^= 1 }, "Closed"},
		{"the poison that was read", step.LookPoison, func(_ *meddler, th *thread) { th.touched.Location.Offset += 4 }, "load"},
		{"how it was written", step.Poison, func(_ *meddler, th *thread) { th.touched.Kind = schedule.Store }, "cas"},
		{"who died", step.Die, func(_ *meddler, th *thread) { th.taken = step.UnmapMemory }, "at Die"},
		{"a step that is none", step.Notice, func(_ *meddler, th *thread) { th.taken = step.NoticeExit }, "at Notice"},
	} {
		config := "server"
		switch c.after {
		case step.StopSending, step.LookSending:
			config = "server-stops"
		}
		m := &meddler{when: func(m *meddler, thread int) bool { return m.threads[thread].taken == c.after }}
		m.do = func(m *meddler, thread int) { c.do(m, &m.threads[thread]) }
		f := meddledIn(t, explore.Death(), valuesOf(t, explore.Death(), config), m)
		if f == nil || !strings.Contains(f.Message, c.field) || f.Steps[len(f.Steps)-1].Event.Name != c.after.String() {
			t.Errorf("%s is changed: %+v", c.what, f)
		}
	}
}

// Where the client dies every transition of the code is one of the specification, and the
// code takes all of them.
func TestEveryTransitionOfClientsDeath(t *testing.T) {
	v := valuesOf(t, explore.Death(), "client")
	rep, err := RunTarget(t.Context(), explore.Death(), v, schedule.Stateful(), Options{Schedule: schedule.Options{Plain: true}})
	if err != nil || rep.Verdict != verdict.Holds || !rep.Complete {
		t.Fatalf("%v, complete %v: %s: %v, %+v", rep.Verdict, rep.Complete, rep.Reason, err, rep.Failure)
	}
	if got, want := *rep.Specification, (Taken{Share{3953, 3953}, Share{8397, 8397}}); got != want || rep.Report.States != 20146 {
		t.Errorf("%d states, of the specification %v, want 20146, %v", rep.Report.States, got, want)
	}
	if _, err := NewGraphOf(t.Context(), explore.Death(), v, MostStates); !errors.Is(err, ErrNotTied) {
		t.Errorf("it may be driven: %v", err)
	}
}

// What stands for the state where the client dies is compared, each of it.
func TestWhatClientsDeathLeavesIsSeen(t *testing.T) {
	for what, c := range map[string]struct {
		after step.Name
		do    func(m *poolMeddler, th *thread)
		field string
	}{
		"what the dead held":    {step.Notice, func(m *poolMeddler, _ *thread) { m.flip(callSegment, offRecvLock) }, "Side[0].RecvLock"},
		"that they are stopped": {step.Stop, func(m *poolMeddler, _ *thread) { *m.watched.Pool.Address(offStopping) ^= 1 }, "took Stop"},
		"how they are":          {step.Stop, func(_ *poolMeddler, th *thread) { th.touched.Kind = schedule.Store }, "took Stop"},
		"who died":              {step.Notice, func(_ *poolMeddler, th *thread) { th.taken = step.NoticeExit }, "took NoticeExit"},
	} {
		v := valuesOf(t, explore.Death(), "client")
		r, err := newPoolRefinement(t.Context(), explore.Death(), v)
		if err != nil {
			t.Fatal(err)
		}
		m := &poolMeddler{poolRefinement: r, when: func(_ *poolMeddler, th *thread) bool { return th.taken == c.after }, do: c.do}
		rep, err := explore.RunWatchedTarget(t.Context(), explore.Death(), v, explore.Watch{Observer: m}, schedule.Bounded(1), schedule.Options{})
		if err != nil || rep.Failure == nil || rep.Failure.Property != Property || !strings.Contains(rep.Failure.Message, c.field) {
			t.Errorf("%s is changed: %v, %+v", what, err, rep.Failure)
		}
	}
}
