package lockstep

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/step"
)

func deathValues(t testing.TB, config string) catalogue.Values {
	t.Helper()
	v, _, err := explore.Death().Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every transition of the code under a server that dies is one of the specification,
// and every transition of the specification one of the code, searched and driven.
func TestEveryTransitionOfDeath(t *testing.T) {
	for _, c := range []struct {
		config              string
		states, transitions int // of the specification
		code                uint64
	}{
		{"server", 4331, 8950, 4243},
		{"server-calls", 10454, 21612, 10403},
	} {
		v := deathValues(t, c.config)
		g, err := NewGraphOf(t.Context(), explore.Death(), v, MostStates)
		if err != nil || g.States() != c.states || g.Transitions() != c.transitions {
			t.Fatalf("%s: %d states, %d transitions: %v", c.config, g.States(), g.Transitions(), err)
		}
		searched, err := RunTarget(t.Context(), explore.Death(), v, schedule.Stateful(), Options{Graph: g, Schedule: schedule.Options{Plain: true}})
		if err != nil || searched.Report.States != c.code {
			t.Errorf("%s: %d states of the code, want %d: %v", c.config, searched.Report.States, c.code, err)
		}
		driven, err := Drive(t.Context(), v, g, 0)
		if err != nil || len(driven.Refused) != 0 {
			t.Errorf("%s: %v, refused %v", c.config, err, driven.Refused)
		}
		for what, rep := range map[string]Report{"searched": searched, "driven": driven} {
			if rep.Verdict != verdict.Holds || !rep.Complete {
				t.Fatalf("%s, %s: %v, complete %v: %s %+v", c.config, what, rep.Verdict, rep.Complete, rep.Reason, rep.Failure)
			}
			if s, all := rep.Coverage.States(), rep.Coverage.Transitions(); s.Taken != s.All || all.Taken != all.All {
				t.Errorf("%s, %s: states %v, transitions %v; left out %v", c.config, what, s, all, rep.Coverage.ByLabel())
			}
		}
	}
}

// Samples refine it, also where there are more threads and positions wrap; where the
// client dies, and where there is another binding, there is no specification.
func TestDeathRefinesInSamples(t *testing.T) {
	var left []string
	configs := []string{"clients=2,calls=2", "servers=2,calls=2,start=2^32-1", "clients=3,slots=2"}
	for _, c := range explore.Death().Configurations {
		configs = append(configs, c.Name)
	}
	for _, config := range configs {
		rep, err := RunTarget(t.Context(), explore.Death(), deathValues(t, config), schedule.Random(1991, 300), Options{})
		if errors.Is(err, ErrTooLarge) {
			left = append(left, config)
			continue
		}
		if err != nil || rep.Failure != nil || rep.Matched < rep.Steps {
			t.Errorf("%s: %v, %+v, %d of %d steps were judged", config, err, rep.Failure, rep.Matched, rep.Steps)
		}
	}
	if want := []string{"client", "client-2", "client-restarts", "client-other", "server-other", "server-restarts"}; !slices.Equal(left, want) {
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
		{"what the dead held", step.Notice, func(m *meddler, _ *thread) { flip(m, int(replySegment), offRecvLock, 1) }, "Side[1].RecvLock"},
		{"who holds the memory", step.HoldRegion, func(_ *meddler, th *thread) { th.saw += 2 }, "Holders"},
		{"that it is closed", step.CloseRegion, func(_ *meddler, th *thread) { th.saw ^= 1 }, "Closed"},
		{"the poison that was read", step.LookPoison, func(_ *meddler, th *thread) { th.touched.Location.Offset += 4 }, "load"},
		{"how it was written", step.Poison, func(_ *meddler, th *thread) { th.touched.Kind = schedule.Store }, "cas"},
		{"who died", step.Die, func(_ *meddler, th *thread) { th.taken = step.UnmapMemory }, "at Die"},
		{"a step that is none", step.Notice, func(_ *meddler, th *thread) { th.taken = step.NoticeExit }, "at Notice"},
	} {
		m := &meddler{when: func(m *meddler, thread int) bool { return m.threads[thread].taken == c.after }}
		m.do = func(m *meddler, thread int) { c.do(m, &m.threads[thread]) }
		f := meddledIn(t, explore.Death(), deathValues(t, "server"), m)
		if f == nil || !strings.Contains(f.Message, c.field) || f.Steps[len(f.Steps)-1].Event.Name != c.after.String() {
			t.Errorf("%s is changed: %+v", c.what, f)
		}
	}
}
