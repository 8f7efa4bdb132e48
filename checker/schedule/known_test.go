package schedule_test

import (
	"fmt"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// increments is k threads with n increments each; racy ones load and store.
func increments(k, n int, racy bool) func(*schedule.T) {
	return func(t *schedule.T) {
		m := &words{t: t}
		for i := range k {
			t.Go(fmt.Sprint("t", i), func() {
				for range n {
					if racy {
						m.store("store", 0, m.load("load", 0)+1)
					} else {
						m.add("add", 0, 1)
					}
				}
			})
		}
		t.AtEnd(func() { t.Check("sum", m.w[0] == uint64(k*n), "the sum is %d", m.w[0]) })
	}
}

func factorial(n int) uint64 {
	if n < 2 {
		return 1
	}
	return uint64(n) * factorial(n-1)
}

// All pairs of additions on one word conflict, so that there are as many
// executions as traces: (kn)!/(n!)^k.
func TestCountOfAdditions(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want uint64
	}{{2, 1, 2}, {2, 4, 70}, {3, 2, 90}, {3, 3, 1680}, {4, 2, 2520}} {
		rep := explore(t, increments(c.k, c.n, false), schedule.Bounded(-1), schedule.Options{})
		if rep.Executions != c.want || rep.Verdict != verdict.Holds || rep.Depth != c.k*c.n {
			t.Errorf("faa(%d,%d): %d executions of depth %d, %v; want %d", c.k, c.n, rep.Executions, rep.Depth, rep.Verdict, c.want)
		}
		if rep.Steps != c.want*uint64(c.k*c.n) || rep.Taken["add"] != rep.Steps {
			t.Errorf("faa(%d,%d): %d steps, taken %v", c.k, c.n, rep.Steps, rep.Taken)
		}
	}
}

// Racy increments: of the (2k)!/2^k interleavings the k! serial ones are right.
func TestRacyIncrement(t *testing.T) {
	for k := 2; k <= 4; k++ {
		rep := explore(t, increments(k, 1, true), schedule.Bounded(-1), schedule.Options{KeepGoing: true})
		all := factorial(2*k) >> k
		if rep.Executions != all || rep.Bad != all-factorial(k) || rep.Verdict != verdict.Violated || !rep.Complete {
			t.Errorf("k=%d: %d bad of %d, %v; want %d of %d", k, rep.Bad, rep.Executions, rep.Verdict, all-factorial(k), all)
		}
	}
	if rep := explore(t, increments(3, 1, true), schedule.Bounded(0), schedule.Options{}); rep.Verdict != verdict.Holds || rep.Executions != 6 {
		t.Errorf("without preemptions: %v after %d", rep.Verdict, rep.Executions)
	}
	rep := explore(t, increments(3, 1, true), schedule.Bounded(3), schedule.Options{})
	if rep.Failure == nil || rep.Failure.Property != "sum" || rep.Failure.Preemptions != 1 || rep.Complete {
		t.Errorf("with preemptions: %+v", rep.Failure)
	}
}

// The clean twin of the racy increment: it stores only what it has not missed.
func TestCompareAndSwapIncrement(t *testing.T) {
	rep := explore(t, func(t *schedule.T) {
		m := &words{t: t}
		for i := range 3 {
			t.Go(fmt.Sprint("t", i), func() {
				for {
					if v := m.load("load", 0); m.cas("cas", 0, v, v+1) {
						return
					}
				}
			})
		}
		t.AtEnd(func() { t.Check("sum", m.w[0] == 3, "the sum is %d", m.w[0]) })
	}, schedule.Bounded(-1), schedule.Options{})
	if rep.Verdict != verdict.Holds || rep.Taken["cas"] <= 3*rep.Executions {
		t.Errorf("%v, taken %v in %d executions", rep.Verdict, rep.Taken, rep.Executions)
	}
}

// lostWakeUp is the program of COUNTS.md; the clean receiver looks again after
// it has announced itself.
func lostWakeUp(recheck bool) func(*schedule.T) {
	const message, announced, woken = 0, 1, 2
	return func(t *schedule.T) {
		m := &words{t: t}
		t.Go("receiver", func() {
			if m.load("check", message) == 1 {
				return
			}
			m.store("announce", announced, 1)
			if recheck && m.load("re-check", message) == 1 {
				return
			}
			t.Await("park", func() bool { return m.w[woken] == 1 }, at(woken))
		})
		t.Go("sender", func() {
			m.store("publish", message, 1)
			if m.load("look", announced) == 1 {
				m.store("wake", woken, 1)
			}
		})
	}
}

func TestLostWakeUp(t *testing.T) {
	rep := explore(t, lostWakeUp(false), schedule.Bounded(-1), schedule.Options{KeepGoing: true})
	// By hand: check, publish, look in that order around announce. The receiver
	// finds nothing and sleeps for ever exactly if look comes before announce:
	// check < publish < look < announce is the one such order.
	if rep.Bad != 1 || rep.Failure.Property != "deadlock" {
		t.Errorf("%d of %d deadlock: %+v", rep.Bad, rep.Executions, rep.Failure)
	}
	contains(t, rep.Failure.Message, "receiver waits at park on 1:16")
	if rep := explore(t, lostWakeUp(true), schedule.Bounded(-1), schedule.Options{}); rep.Verdict != verdict.Holds || !rep.Complete {
		t.Errorf("with the second look: %v, %+v", rep.Verdict, rep.Failure)
	}
}

// critical is two threads with a lock around a critical section; the lock of the
// broken one tests and sets in two steps.
func critical(split bool) func(*schedule.T) {
	return func(t *schedule.T) {
		m := &words{t: t}
		inside := 0
		for i := range 2 {
			t.Go(fmt.Sprint("t", i), func() {
				if split {
					t.Await("test", func() bool { return m.w[0] == 0 }, at(0))
					m.store("set", 0, 1)
				} else {
					m.lock("test-and-set", 0)
				}
				inside++
				t.Check("mutual exclusion", inside == 1, "%d threads are inside", inside)
				m.add("work", 1, 1)
				inside--
				m.unlock("unlock", 0)
			})
		}
	}
}

func TestSplitTestAndSet(t *testing.T) {
	rep := explore(t, critical(true), schedule.Bounded(2), schedule.Options{})
	if rep.Verdict != verdict.Violated || rep.Failure.Property != "mutual exclusion" || rep.Failure.Preemptions != 2 {
		t.Errorf("%v %+v", rep.Verdict, rep.Failure)
	}
	if rep := explore(t, critical(true), schedule.Bounded(1), schedule.Options{}); rep.Verdict != verdict.Holds {
		t.Errorf("with one preemption: %v, but the bug needs two", rep.Verdict)
	}
	if rep := explore(t, critical(false), schedule.Bounded(-1), schedule.Options{}); rep.Verdict != verdict.Holds {
		t.Errorf("one step: %v %+v", rep.Verdict, rep.Failure)
	}
}

// philosophers take left, then right; the last of the clean ones the other way
// round.
func philosophers(k int, turned bool) func(*schedule.T) {
	return func(t *schedule.T) {
		m := &words{t: t}
		for i := range k {
			t.Go(fmt.Sprint("p", i), func() {
				left, right := i, (i+1)%k
				if turned && i == k-1 {
					left, right = right, left
				}
				m.lock("left", left)
				m.lock("right", right)
				m.unlock("put left", left)
				m.unlock("put right", right)
			})
		}
	}
}

func TestPhilosophers(t *testing.T) {
	for k := 2; k <= 3; k++ {
		rep := explore(t, philosophers(k, false), schedule.Bounded(-1), schedule.Options{KeepGoing: true})
		// Each has its left fork: k! orders in which they took them.
		if rep.Bad != factorial(k) {
			t.Errorf("%d philosophers: %d deadlocked executions of %d", k, rep.Bad, rep.Executions)
		}
		if rep := explore(t, philosophers(k, true), schedule.Bounded(-1), schedule.Options{}); rep.Verdict != verdict.Holds {
			t.Errorf("%d philosophers, one turned: %v", k, rep.Verdict)
		}
	}
}
