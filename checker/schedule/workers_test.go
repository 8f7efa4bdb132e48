package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// gathered explores and gives what executions tell, from whichever worker.
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
	return told, rep
}

// Any number of workers visits the states that one visits, and the ends that the
// optimal search and the plain one come to.
func TestWorkersVisitTheSameStates(t *testing.T) {
	r := rand.New(rand.NewPCG(45, 46))
	var states, handed uint64
	for n := range 300 {
		program := historied(r, 4, acts)
		some, reduced := outcomes(t, program, schedule.Optimal())
		plain, every := gathered(t, program, schedule.Options{Plain: true, Workers: 1 + n%3})
		one, alone := gathered(t, program, schedule.Options{Workers: 1})
		if !maps.Equal(some, one) || !maps.Equal(plain, one) {
			t.Fatalf("program %d: %q by the optimal search, %q by the plain one, %q", n,
				slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(plain)), slices.Sorted(maps.Keys(one)))
		}
		for workers := 2; workers <= 3; workers++ {
			more, rep := gathered(t, program, schedule.Options{Workers: workers})
			if rep.States != alone.States || rep.Complete != alone.Complete || rep.Verdict != alone.Verdict || !maps.Equal(one, more) {
				t.Fatalf("program %d: %d workers visit %d states of %d, %v, and come to %d ends of %d", n, workers, rep.States, alone.States, rep.Verdict, len(more), len(one))
			}
			if rep.Executions != alone.Executions {
				handed++
			}
		}
		states += alone.States
		_, _ = every, reduced
	}
	t.Logf("%d states; the executions differ in %d searches", states, handed)
}

// The same of loops with marks and locks, and of the failure where there is one.
func TestWorkersOfARing(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		one := explore(t, ring(2, 3, whole, guarded, false), schedule.Stateful(), schedule.Options{})
		for workers := 2; workers <= 4; workers++ {
			rep := explore(t, ring(2, 3, whole, guarded, false), schedule.Stateful(), schedule.Options{Workers: workers})
			if rep.States != one.States || rep.Verdict != verdict.Holds || rep.Verified == 0 {
				t.Errorf("%d workers: %v, %d states, want %d; %d verified", workers, rep.Verdict, rep.States, one.States, rep.Verified)
			}
			bad := explore(t, ring(2, 2, whole, guarded, true), schedule.Stateful(), schedule.Options{Workers: workers})
			if bad.Verdict != verdict.Violated {
				t.Errorf("%d workers: the fault is not found: %v", workers, bad.Verdict)
			}
			_, err := schedule.Explore(context.Background(), ring(2, 2, withoutSum, guarded, false), schedule.Stateful(), schedule.Options{Workers: workers})
			if !errors.Is(err, schedule.ErrState) {
				t.Errorf("%d workers: a mark leaves out a live value: %v", workers, err)
			}
		}
	}
}

var _ = fmt.Sprint
