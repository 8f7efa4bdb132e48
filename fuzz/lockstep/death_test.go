package lockstep

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/spec/step"
)

// Samples refine it, also where there are more threads and positions wrap; where the
// client dies, and where there is another binding, there is no specification.
func TestDeathRefinesInSamples(t *testing.T) {
	var left []string
	configs := []string{"clients=2,calls=2", "servers=2,calls=2,start=2^32-1", "clients=3,slots=2"}
	for _, c := range explore.Death().Configurations {
		configs = append(configs, c.Name)
	}
	for _, config := range configs {
		rep, err := RunTarget(t.Context(), explore.Death(), valuesOf(t, explore.Death(), config), schedule.Random(1991, 300), Options{})
		if errors.Is(err, ErrNotTied) {
			left = append(left, config)
			continue
		}
		if err != nil || rep.Failure != nil || rep.Matched < rep.Steps {
			t.Errorf("%s: %v, %+v, %d of %d steps were judged", config, err, rep.Failure, rep.Matched, rep.Steps)
		}
	}
	if want := []string{"client", "client-idle", "client-2", "client-restarts", "client-other", "server-other", "server-restarts"}; !slices.Equal(left, want) {
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
		f := meddledIn(t, explore.Death(), valuesOf(t, explore.Death(), "server"), m)
		if f == nil || !strings.Contains(f.Message, c.field) || f.Steps[len(f.Steps)-1].Event.Name != c.after.String() {
			t.Errorf("%s is changed: %+v", c.what, f)
		}
	}
}
