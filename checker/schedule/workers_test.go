package schedule_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// gathered explores by states and gives what executions tell, from whichever
// worker.
func gathered(t *testing.T, program func(*schedule.T, func(string)), o schedule.Options) (map[string]bool, schedule.Report) {
	t.Helper()
	var mu sync.Mutex
	told := map[string]bool{}
	o.KeepGoing = true
	rep := explore(t, func(s *schedule.T) {
		program(s, func(o string) {
			mu.Lock()
			defer mu.Unlock()
			told[o] = true
		})
	}, schedule.Stateful(), o)
	if rep.Bad > 0 {
		told["a failure"] = true
	}
	if !rep.Complete {
		t.Fatalf("incomplete: %+v", rep)
	}
	return told, rep
}

// Any number of workers visits the states that one visits, and comes to the ends
// that the optimal search and the plain one come to.
func TestWorkersVisitTheSameStates(t *testing.T) {
	r := rand.New(rand.NewPCG(45, 46))
	var states, handed uint64
	for n := 0; n < 60; n++ {
		program := historied(r, 4, acts)
		one, alone := gathered(t, program, schedule.Options{})
		if alone.States < 40 {
			n--
			continue // there is nothing to share
		}
		some, _ := outcomes(t, program, schedule.Optimal())
		if !maps.Equal(some, one) {
			t.Fatalf("program %d: %q by the optimal search, %q", n, slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(one)))
		}
		plain := uint64(0)
		for workers := 1; workers <= 3; workers++ {
			more, rep := gathered(t, program, schedule.Options{Workers: workers})
			every, all := gathered(t, program, schedule.Options{Workers: workers, Plain: true})
			if rep.States != alone.States || rep.Verdict != alone.Verdict || !maps.Equal(one, more) || !maps.Equal(one, every) {
				t.Fatalf("program %d: %d workers visit %d states of %d, %v, and come to %d ends and %d of %d",
					n, workers, rep.States, alone.States, rep.Verdict, len(more), len(every), len(one))
			}
			if workers > 1 && all.States != plain {
				t.Fatalf("program %d: without reduction %d workers visit %d states, fewer %d", n, workers, all.States, plain)
			}
			plain = all.States
			handed += rep.Handed + all.Handed
		}
		states += alone.States
	}
	t.Logf("%d states; %d parts were handed over", states, handed)
	if handed < 100 {
		t.Errorf("%d parts of searches were handed over: too few to tell", handed)
	}
}

// Threads that were handed to another worker sleep for who comes after, as those that were
// tried do: else each worker takes again what commutes with theirs.
func TestWhoIsHandedOverSleeps(t *testing.T) {
	const tried, next, given, slept = 1 << 0, 1 << 2, 1 << 3, 1 << 5
	if got := schedule.SleepsAfterBacktracking(slept, tried|next, given); got != tried|given|slept {
		t.Errorf("the threads %b sleep, want %b", got, tried|given|slept)
	}
}

// The same of loops with marks and locks, run and recalled. What one worker refuses many
// do, and a failure that there is is found by any number.
func TestWorkersOfARing(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		for _, recalls := range []bool{false, true} {
			loops := func(m marking, faulty bool) func(*schedule.T) {
				program := ring(2, 2, m, guarded, faulty)
				return func(s *schedule.T) {
					if recalls {
						s.Recall()
					}
					program(s)
				}
			}
			one := explore(t, loops(whole, false), schedule.Stateful(), schedule.Options{})
			for workers := 2; workers <= 3; workers++ {
				o := schedule.Options{Workers: workers}
				rep := explore(t, loops(whole, false), schedule.Stateful(), o)
				if rep.States != one.States || rep.Verdict != verdict.Holds || rep.Verified == 0 || rep.Handed == 0 || rep.Recalled > 0 != recalls {
					t.Errorf("%d workers: %v, %d states, want %d; %d verified, %d handed over, %d recalled",
						workers, rep.Verdict, rep.States, one.States, rep.Verified, rep.Handed, rep.Recalled)
				}
				if bad := explore(t, loops(whole, true), schedule.Stateful(), o); bad.Verdict != verdict.Violated {
					t.Errorf("%d workers: the fault is not found: %v", workers, bad.Verdict)
				}
				_, err := schedule.Explore(context.Background(), loops(withoutSum, false), schedule.Stateful(), o)
				if !errors.Is(err, schedule.ErrState) {
					t.Errorf("%d workers: a mark leaves out a live value: %v", workers, err)
				}
			}
		}
	}
}

// What gives something back and ends its goroutine ends the search, whichever worker it was.
func TestWorkersPassOnWhatEndsThem(t *testing.T) {
	for _, workers := range []int{1, 3} {
		rep, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			x := s.Word("x", 0)
			s.Go("a", func() { x.Add(1) })
			s.Go("b", func() { x.Store(2) })
			s.Cleanup(func() {
				if x.Peek() == 2 {
					runtime.Goexit()
				}
			})
		}, schedule.Stateful(), schedule.Options{Workers: workers})
		if !errors.Is(err, schedule.ErrUsage) || rep.Verdict != verdict.Unknown {
			t.Errorf("%d workers: %v, %v", workers, rep.Verdict, err)
		}
	}
}

// A search whose tables may not grow ends, and says so.
func TestMaxMemory(t *testing.T) {
	program := ring(2, 3, whole, false, false)
	all := explore(t, program, schedule.Stateful(), schedule.Options{})
	for workers := 1; workers <= 2; workers++ {
		rep := explore(t, program, schedule.Stateful(), schedule.Options{Workers: workers, MaxMemory: 24 * all.States / 2})
		if rep.Verdict != verdict.Unknown || rep.Complete || rep.BudgetUsed || rep.States == 0 || rep.States >= all.States {
			t.Errorf("%d workers: %v, complete %t, %d states of %d", workers, rep.Verdict, rep.Complete, rep.States, all.States)
		}
		contains(t, rep.Reason, "out of memory", "bytes")
		// A table is at least three eighths full, and the paths that are kept may go without.
		rep = explore(t, program, schedule.Stateful(), schedule.Options{Workers: workers, MaxMemory: 1 << 24})
		if rep.Verdict != verdict.Holds || rep.States != all.States {
			t.Errorf("%d workers with room: %v, %d states of %d: %s", workers, rep.Verdict, rep.States, all.States, rep.Reason)
		}
	}
}

// Many locks, of which each worker comes to rely on some that no other has met yet, while
// others look which ones are relied on: what the race detector is to see of it. Half of
// them are none, since others touch what they guard.
func TestWorkersRelyOnManyLocks(t *testing.T) {
	const locks = 24
	program := func(t *schedule.T) {
		l, x := t.Word("lock", 0), make([]*schedule.Word, locks)
		for k := range x {
			x[k] = t.Word("guarded", 0)
			t.Guards("", func() int { return int(l.Peek()) - 1 }, spanOf(x[k])).HeldAt(spanOf(l))
		}
		for i := range 2 {
			t.Go("user", func() {
				t.Mark("takes the lock")
				l.AwaitSwap(free, uint64(i)+1)
				k := t.Choose("which", locks)
				x[k].Store(1)
				x[k].Store(0)
				l.Store(0)
				t.Mark("is through", uint64(k%2))
				if k%2 == 1 {
					x[k^1].Load()
				}
			})
		}
	}
	one := explore(t, program, schedule.Stateful(), schedule.Options{})
	rep := explore(t, program, schedule.Stateful(), schedule.Options{Workers: 3})
	if rep.Verdict != verdict.Holds || rep.States != one.States || len(rep.Distrusted) != locks/2 || rep.Handed == 0 {
		t.Errorf("%v, %d states, want %d, %d locks of %d are distrusted, %d parts were handed over",
			rep.Verdict, rep.States, one.States, len(rep.Distrusted), locks, rep.Handed)
	}
}
