package schedule_test

import (
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// The lock of a holder that was killed stays held, and nothing that its deferred
// functions store is seen: neither steps nor bare stores.
func TestKilledThreadRunsNothingMore(t *testing.T) {
	for name, s := range map[string]schedule.Strategy{
		"bounded": schedule.Bounded(-1), "optimal": schedule.Optimal(), "stateful": schedule.Stateful(), "random": schedule.Random(1, 50),
	} {
		held, ran := 0, 0
		rep := explore(t, func(t *schedule.T) {
			m, x := t.Mutex("m"), t.Word("x", 0)
			bare := false
			t.Go("victim", func() {
				defer func() { bare = true }()
				m.Lock()
				defer m.Unlock()
				x.Store(1)
				x.Store(2)
			})
			t.Go("killer", func() {
				x.Await(func(v uint64) bool { return v == 1 })
				t.Kill("kill", "victim")
			})
			t.Go("witness", func() {
				x.Await(func(v uint64) bool { return v > 0 })
			})
			t.AtEnd(func() {
				if m.Held() {
					held++
					t.Check("discarded", !bare, "a deferred function of the dead ran")
				} else {
					ran++
				}
			})
		}, s, schedule.Options{KeepGoing: true})
		// The killer may come too late, and wait for ever.
		if held == 0 || rep.Failure != nil && rep.Failure.Property != "deadlock" {
			t.Errorf("%s: %d ends with the lock held, %d without: %+v", name, held, ran, rep.Failure)
		}
	}
}

// Who waits for the lock of the dead waits for ever: a deadlock.
func TestLockOfTheDeadIsNotFreed(t *testing.T) {
	for _, s := range []schedule.Strategy{schedule.Bounded(-1), schedule.Optimal(), schedule.Stateful()} {
		rep := explore(t, func(t *schedule.T) {
			m, x := t.Mutex("m"), t.Word("x", 0)
			t.Go("victim", func() { m.Lock(); defer m.Unlock(); x.Add(1) })
			t.Go("killer", func() { t.Kill("kill", "victim") })
			t.Go("waiter", func() { m.Lock(); x.Add(1); m.Unlock() })
		}, s, schedule.Options{})
		if rep.Verdict != verdict.Violated || rep.Failure.Property != "deadlock" {
			t.Errorf("%v: %+v", rep.Verdict, rep.Failure)
			continue
		}
		contains(t, rep.Failure.Message, "waiter waits at lock m")
	}
}

// Locks fail who frees what it does not hold.
func TestMutexIsChecked(t *testing.T) {
	for name, body := range map[string]func(*schedule.Mutex){
		"free":         func(m *schedule.Mutex) { m.Unlock() },
		"twice":        func(m *schedule.Mutex) { m.Lock(); m.Held(); m.Unlock(); m.Unlock() },
		"try and free": func(m *schedule.Mutex) { m.TryLock(); m.Unlock() },
	} {
		rep := explore(t, func(t *schedule.T) {
			m := t.Mutex("m")
			t.Go("a", func() { m.Lock(); m.Held(); m.Unlock() })
			t.Go("b", func() { body(m) })
		}, schedule.Optimal(), schedule.Options{})
		if rep.Failure == nil || rep.Failure.Property != "mutex" {
			t.Errorf("%s: %v %+v", name, rep.Verdict, rep.Failure)
		}
	}
}

// A step that kills nobody is one all the same.
func TestKillNobody(t *testing.T) {
	rep := explore(t, func(t *schedule.T) {
		x := t.Word("x", 0)
		t.Go("a", func() { x.Add(1) })
		t.Go("b", func() { t.Kill("kill nobody") })
	}, schedule.Optimal(), schedule.Options{})
	if rep.Verdict != verdict.Holds || rep.Executions != 2 || rep.Taken["kill nobody"] != 2 {
		t.Errorf("%+v", rep)
	}
}
