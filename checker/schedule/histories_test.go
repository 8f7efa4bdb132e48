package schedule_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"urpc/checker/schedule"
)

// act is an operation of a thread on the objects of a world; it gives what the
// thread learns.
type act func(t *schedule.T, o *objects) uint64

// objects are what the threads of a random program share.
type objects struct {
	x, y *schedule.Word
	m    *schedule.Mutex
	c    *schedule.Cond
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func positive(v uint64) bool { return v > 0 }

// acts are all that words, locks and conditions can do, and answers.
var acts = []act{
	func(_ *schedule.T, o *objects) uint64 { return o.x.Load() },
	func(_ *schedule.T, o *objects) uint64 { return o.y.Load() },
	func(_ *schedule.T, o *objects) uint64 { o.x.Store(2); return 0 },
	func(_ *schedule.T, o *objects) uint64 { o.y.Store(0); return 0 },
	func(_ *schedule.T, o *objects) uint64 { return o.x.Add(1) },
	func(_ *schedule.T, o *objects) uint64 { return o.y.Swap(3) },
	func(_ *schedule.T, o *objects) uint64 { return truth(o.x.CompareAndSwap(0, 5)) },
	func(_ *schedule.T, o *objects) uint64 { return truth(o.y.CompareAndSwap(3, 1)) },
	func(_ *schedule.T, o *objects) uint64 { return o.x.Await(positive) },
	func(_ *schedule.T, o *objects) uint64 { return o.y.AwaitSwap(positive, 0) },
	func(_ *schedule.T, o *objects) uint64 { return o.x.Read() },
	func(_ *schedule.T, o *objects) uint64 { o.y.Write(4); return 0 },
	func(t *schedule.T, _ *objects) uint64 { return uint64(t.Choose("answer", 2)) },
	func(_ *schedule.T, o *objects) uint64 {
		o.m.Lock()
		defer o.m.Unlock()
		return o.x.Add(1)
	},
	func(_ *schedule.T, o *objects) uint64 {
		if !o.m.TryLock() {
			return 0
		}
		defer o.m.Unlock()
		return 1 + o.y.Load()
	},
	func(_ *schedule.T, o *objects) uint64 {
		o.m.Lock()
		defer o.m.Unlock()
		o.c.Wait()
		return 1
	},
	func(_ *schedule.T, o *objects) uint64 { o.c.Signal(); return 0 },
	func(_ *schedule.T, o *objects) uint64 { o.c.Broadcast(); return 0 },
}

// stores are plain ones and loads of the other word.
var stores = []act{
	func(_ *schedule.T, o *objects) uint64 { o.x.Write(1); return 0 },
	func(_ *schedule.T, o *objects) uint64 { o.y.Write(1); return 0 },
	func(_ *schedule.T, o *objects) uint64 { return o.x.Load() },
	func(_ *schedule.T, o *objects) uint64 { return o.y.Read() },
}

// historied is a random program of such acts, of at most so many threads, whose threads tell, wherever it ends, what each of
// them has learned: threads that wait for ever are daemons, so that deadlocks are
// ends as others.
func historied(r *rand.Rand, most int, acts []act) func(*schedule.T, func(string)) {
	plans := make([][]act, 2+r.IntN(most-1))
	for i := range plans {
		for range 1 + r.IntN(6-len(plans)) {
			plans[i] = append(plans[i], acts[r.IntN(len(acts))])
		}
	}
	return func(t *schedule.T, told func(string)) {
		o := &objects{x: t.Word("x", 0), y: t.Word("y", 0), m: t.Mutex("m")}
		o.c = t.Cond("c", o.m)
		learned := make([][]uint64, len(plans))
		for i, plan := range plans {
			t.Daemon(fmt.Sprint("t", i), func() {
				for _, a := range plan {
					learned[i] = append(learned[i], a(t, o))
				}
			})
		}
		t.AtEnd(func() { told(fmt.Sprint(learned, o.x, o.y, o.m.Held())) })
	}
}

// On programs of all that threads can do, every search that is exhaustive reaches
// the same terminal histories: what each thread has learned by the end, also where
// threads wait for ever. The optimal one visits none in vain, and the bounded ones
// reach more and more of them.
func TestSearchesReachTheSameTerminalHistories(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	repeatOften := schedule.RepeatOften(t)
	var histories, executions, optimal, states uint64
	for n := range 600 {
		repeatOften(n%2 == 0)
		program := historied(r, 3, acts)
		all, every := outcomes(t, program, schedule.Bounded(-1))
		some, reduced := outcomes(t, program, schedule.Optimal()) // redundant ones fail there
		met, stateful := outcomes(t, program, schedule.Stateful())
		if !maps.Equal(all, some) || !maps.Equal(all, met) {
			t.Fatalf("program %d: of %q by the optimal search %q, by the stateful one %q", n,
				slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(met)))
		}
		last := 0
		for bound := range 3 {
			within, rep := outcomes(t, program, schedule.Bounded(bound))
			for h := range within {
				if !all[h] {
					t.Fatalf("program %d: %s within %d preemptions is not among all", n, h, bound)
				}
			}
			if len(within) < last || rep.Executions > every.Executions {
				t.Fatalf("program %d: %d histories within %d preemptions, %d within fewer", n, len(within), bound, last)
			}
			last = len(within)
		}
		histories += uint64(len(all))
		executions += every.Executions
		optimal += reduced.Executions
		states += stateful.States
	}
	if histories < 2000 || executions < 100_000 || optimal >= executions/2 {
		t.Errorf("%d histories, %d executions, %d by the optimal search: too few to tell", histories, executions, optimal)
	}
	t.Logf("%d histories of %d executions; optimal: %d executions, stateful: %d states", histories, executions, optimal, states)
}

// The same with store buffers, of which plain stores come late: what waits for a
// lock or a condition has drained them.
func TestSearchesReachTheSameTerminalHistoriesWithStoreBuffers(t *testing.T) {
	r := rand.New(rand.NewPCG(43, 44))
	mostly := slices.Concat(acts, slices.Repeat(stores, 4))
	repeatOften := schedule.RepeatOften(t)
	var with, without int
	for n := range 400 {
		repeatOften(n%2 == 0)
		program := historied(r, 2, mostly)
		plain, _ := outcomes(t, program, schedule.Optimal())
		all, _ := outcomesBy(t, program, schedule.Bounded(-1), buffered)
		some, _ := outcomesBy(t, program, schedule.Optimal(), buffered)
		met, _ := outcomesBy(t, program, schedule.Stateful(), buffered)
		if !maps.Equal(all, some) || !maps.Equal(all, met) {
			t.Fatalf("program %d: of %q by the optimal search %q, by the stateful one %q", n,
				slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(met)))
		}
		for h := range plain {
			if !all[h] {
				t.Fatalf("program %d: %s is an interleaving, and with buffers it is not reached", n, h)
			}
		}
		with, without = with+len(all), without+len(plain)
	}
	if with <= without {
		t.Errorf("%d histories with buffers, %d without", with, without)
	}
	t.Logf("%d histories with buffers, %d without", with, without)
}
