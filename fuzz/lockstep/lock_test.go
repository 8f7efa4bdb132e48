package lockstep

import (
	"strings"
	"testing"

	"urpc/checker"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/lock"
	"urpc/spec/step"
)

// Every transition of the code of target lock is one of spec/lock, and every transition
// of spec/lock one of the code.
func TestEveryTransitionOfLocks(t *testing.T) {
	for _, c := range []struct {
		config              string
		states, transitions int // of the specification
		code                uint64
	}{
		{"default", 8, 14, 77},
		{"three", 20, 48, 549},
		{"n=1,rounds=1", 3, 3, 5},
	} {
		rep, err := RunTarget(t.Context(), explore.Lock(), valuesOf(t, explore.Lock(), c.config), schedule.Stateful(), Options{Schedule: schedule.Options{Plain: true}})
		if err != nil || rep.Verdict != verdict.Holds || !rep.Complete || rep.Verified == 0 && c.code > 100 {
			t.Errorf("%s: %v, complete %v, %d verified: %s: %v, %+v", c.config, rep.Verdict, rep.Complete, rep.Verified, rep.Reason, err, rep.Failure)
			continue
		}
		if want := (Taken{Share{c.states, c.states}, Share{c.transitions, c.transitions}}); *rep.Specification != want || rep.Report.States != c.code {
			lines, _ := rep.leftOut(20)
			t.Errorf("%s: %v, %d states of the code; want %v, %d; left out: %v", c.config, *rep.Specification, rep.Report.States, want, c.code, lines)
		}
		spec, err := checker.Check(t.Context(), lock.Model(valuesOf(t, explore.Lock(), c.config).Int("n")), checker.Options{})
		if err != nil || spec.States != uint64(c.states) || spec.Transitions != uint64(c.transitions) {
			t.Errorf("%s: the checker has %d states, %d transitions (%v)", c.config, spec.States, spec.Transitions, err)
		}
	}
}

// Samples refine it, and with the watch the executions are those of the explorer; a
// token replays in lock-step.
func TestLocksRefineInSamples(t *testing.T) {
	for _, c := range explore.Lock().Configurations {
		v, s := valuesOf(t, explore.Lock(), c.Name), schedule.Random(1991, 300)
		rep, err := RunTarget(t.Context(), explore.Lock(), v, s, Options{Schedule: schedule.Options{Passing: true}})
		if err != nil || rep.Failure != nil || rep.Matched < rep.Steps {
			t.Errorf("%s: %v, %+v, %d of %d steps were judged", c.Name, err, rep.Failure, rep.Matched, rep.Steps)
			continue
		}
		plain, err := explore.Run(t.Context(), explore.Lock(), v, s, schedule.Options{})
		if err != nil || plain.Executions != rep.Executions || plain.Steps != rep.Steps || plain.Depth != rep.Depth {
			t.Errorf("%s: %d executions of %d steps, without lock-step %d of %d (%v)", c.Name, rep.Executions, rep.Steps, plain.Executions, plain.Steps, err)
		}
		again, err := ReplayTarget(t.Context(), rep.Passing.Token, Options{})
		if err != nil || again.Matched == 0 || again.Failure != nil {
			t.Errorf("%s: replayed: %v, %d steps, %+v", c.Name, err, again.Matched, again.Failure)
		}
	}
}

// lockMeddler does something to a refinement before it judges its n-th step.
type lockMeddler struct {
	*lockRefinement
	n  uint64
	do func(r *lockRefinement, thread int)
}

func (m *lockMeddler) Stand(thread int, name step.Name, e schedule.Event) {
	if m.pending == thread && m.judged == m.n {
		m.do(m.lockRefinement, thread)
	}
	m.lockRefinement.Stand(thread, name, e)
}

// A wrong word, access, position or end is found.
func TestWrongLocksAreSeen(t *testing.T) {
	for what, do := range map[string]func(r *lockRefinement, thread int){
		"the word":           func(r *lockRefinement, _ int) { *r.watched.Segments[0].Address(offLock) ^= 1 },
		"a high bit of it":   func(r *lockRefinement, _ int) { *r.watched.Segments[0].Address(offLock) ^= 1 << 31 },
		"another word":       func(r *lockRefinement, th int) { r.threads[th].touched.Location.Offset += 4 },
		"more than the word": func(r *lockRefinement, th int) { r.threads[th].touched.Size = 8 },
		"another access":     func(r *lockRefinement, th int) { r.threads[th].touched.Kind = schedule.Add },
		"another step":       func(r *lockRefinement, th int) { r.threads[th].taken = step.Test },
		"a try that failed":  func(r *lockRefinement, th int) { r.threads[th].taken, r.threads[th].saw = step.TestSet, 1 },
		"another's position": func(r *lockRefinement, th int) { r.threads[1-th].at = step.CS },
	} {
		r, err := newLockRefinement(t.Context(), valuesOf(t, explore.Lock(), "default"))
		if err != nil {
			t.Fatal(err)
		}
		m := &lockMeddler{r, 0, do}
		rep, err := explore.RunWatchedTarget(t.Context(), explore.Lock(), valuesOf(t, explore.Lock(), "default"), explore.Watch{Observer: m, Alone: true}, schedule.Random(1, 1), schedule.Options{})
		if err != nil || rep.Failure == nil || rep.Failure.Property != Property || !strings.HasPrefix(rep.Failure.Message, "step 1: ") {
			t.Errorf("%s: %v, %+v", what, err, rep.Failure)
		}
	}
	r, err := newLockRefinement(t.Context(), valuesOf(t, explore.Lock(), "default"))
	if err != nil {
		t.Fatal(err)
	}
	early := explore.Watch{Observer: r, Alone: true, Gate: func(int) bool { return r.judged < 5 }}
	rep, err := explore.RunWatchedTarget(t.Context(), explore.Lock(), valuesOf(t, explore.Lock(), "default"), early, schedule.Random(1, 1), schedule.Options{})
	if err != nil || rep.Failure == nil || !strings.Contains(rep.Failure.Message, "nobody can go on") {
		t.Errorf("%v, %+v", err, rep.Failure)
	}
}
