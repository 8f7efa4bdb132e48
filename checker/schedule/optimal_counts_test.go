package schedule_test

import (
	"fmt"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// memory makes n words.
func memory(t *schedule.T, n int) []*schedule.Word {
	w := make([]*schedule.Word, n)
	for i := range w {
		w[i] = t.Word(fmt.Sprint("x", i), 0)
	}
	return w
}

// threads declares one thread for each function.
func threads(t *schedule.T, bodies ...func()) {
	for i, f := range bodies {
		t.Go(fmt.Sprint("t", i), f)
	}
}

// optimally explores all traces, failing ones included.
func optimally(t *testing.T, name string, program func(*schedule.T), executions, bad uint64) schedule.Report {
	t.Helper()
	rep := explore(t, program, schedule.Optimal(), schedule.Options{KeepGoing: true})
	if rep.Executions != executions || rep.Bad != bad || rep.Redundant != 0 || !rep.Complete {
		t.Errorf("%s: %d executions, %d bad, %d redundant, complete %t; want %d, %d",
			name, rep.Executions, rep.Bad, rep.Redundant, rep.Complete, executions, bad)
	}
	if holds := rep.Verdict == verdict.Holds; holds != (bad == 0) {
		t.Errorf("%s: %v with %d bad", name, rep.Verdict, bad)
	}
	return rep
}

func TestOptimalCountsLitmusTests(t *testing.T) {
	for name, body := range map[string]func(x, y *schedule.Word) (func(), func()){
		"store buffering": func(x, y *schedule.Word) (func(), func()) {
			return func() { x.Store(1); y.Load() }, func() { y.Store(1); x.Load() }
		},
		"message passing": func(x, y *schedule.Word) (func(), func()) {
			return func() { x.Store(1); y.Store(1) }, func() { y.Load(); x.Load() }
		},
		"load buffering": func(x, y *schedule.Word) (func(), func()) {
			return func() { x.Load(); y.Store(1) }, func() { y.Load(); x.Store(1) }
		},
		"2+2W": func(x, y *schedule.Word) (func(), func()) {
			return func() { x.Store(1); y.Store(2) }, func() { y.Store(1); x.Store(2) }
		},
	} {
		optimally(t, name, func(t *schedule.T) {
			w := memory(t, 2)
			a, b := body(w[0], w[1])
			threads(t, a, b)
		}, 3, 0)
	}
}

// arrangements is (kn)!/(n!)^k.
func arrangements(k, n int) uint64 {
	count := uint64(1)
	for i := range k {
		for j := 1; j <= n; j++ {
			count = count * uint64(i*n+j) / uint64(j)
		}
	}
	return count
}

func fetchAndAdds(k, n int) func(*schedule.T) {
	return func(t *schedule.T) {
		w := t.Word("x", 0)
		for i := range k {
			t.Go(fmt.Sprint("t", i), func() {
				for range n {
					w.Add(1)
				}
			})
		}
		t.AtEnd(func() { t.Check("sum", w.Peek() == uint64(k*n), "%v", w) })
	}
}

func lockedIncrements(k, n int) func(*schedule.T) {
	return func(t *schedule.T) {
		w, m := t.Word("x", 0), t.Mutex("m")
		for i := range k {
			t.Go(fmt.Sprint("t", i), func() {
				for range n {
					m.Lock()
					w.Store(w.Load() + 1)
					m.Unlock()
				}
			})
		}
		t.AtEnd(func() { t.Check("sum", w.Peek() == uint64(k*n), "%v", w) })
	}
}

// byAccesses is lockedIncrements with accesses of its own, whose predicates are
// no functions of a word of the package: what they would say elsewhere must be
// tried.
func byAccesses(k, n int) func(*schedule.T) {
	return func(t *schedule.T) {
		m := &words{t: t}
		for i := range k {
			t.Go(fmt.Sprint("t", i), func() {
				for range n {
					t.AwaitStep(schedule.Event{Name: "lock", Kind: schedule.Swap, Location: at(0), Size: 8}, func() bool { return m.w[0] == 0 })
					m.w[0] = 1
					m.store("store", 1, m.load("load", 1)+1)
					m.unlock("unlock", 0)
				}
			})
		}
		t.AtEnd(func() { t.Check("sum", m.w[1] == uint64(k*n), "the sum is %d", m.w[1]) })
	}
}

func TestOptimalCountsIncrements(t *testing.T) {
	for _, c := range [][2]int{{1, 3}, {2, 1}, {2, 2}, {2, 4}, {3, 2}, {3, 3}, {4, 2}} {
		k, n := c[0], c[1]
		optimally(t, fmt.Sprintf("faa(%d,%d)", k, n), fetchAndAdds(k, n), arrangements(k, n), 0)
		optimally(t, fmt.Sprintf("lock-inc(%d,%d)", k, n), lockedIncrements(k, n), arrangements(k, n), 0)
	}
	for _, c := range [][2]int{{2, 2}, {3, 1}, {3, 2}} {
		optimally(t, fmt.Sprintf("lock-inc(%d,%d) by accesses", c[0], c[1]), byAccesses(c[0], c[1]), arrangements(c[0], c[1]), 0)
	}
	for k := 2; k <= 4; k++ {
		f := factorial(k)
		optimally(t, fmt.Sprintf("racy-inc(%d,1)", k), increments(k, 1, true), f*f, f*f-f)
	}
}

func TestOptimalCountsReaders(t *testing.T) {
	for _, n := range []int{1, 2, 5, 10} {
		optimally(t, fmt.Sprintf("readers(%d)", n), func(t *schedule.T) {
			w := t.Word("x", 0)
			t.Go("writer", func() { w.Store(1) })
			for i := range n {
				t.Go(fmt.Sprint("reader", i), func() { w.Load() })
			}
		}, 1<<n, 0)
	}
}

func TestOptimalCountsLastZero(t *testing.T) {
	for _, n := range []int{2, 3, 5, 8} {
		optimally(t, fmt.Sprintf("lastzero(%d)", n), func(t *schedule.T) {
			a := memory(t, n+1)
			t.Go("t0", func() {
				for k := n; a[k].Load() != 0; k-- {
				}
			})
			for j := 1; j <= n; j++ {
				t.Go(fmt.Sprint("t", j), func() { a[j].Store(a[j-1].Load() + 1) })
			}
		}, uint64(n+3)<<(n-2), 0)
	}
}

func TestOptimalCountsPhilosophers(t *testing.T) {
	for _, k := range []int{2, 3, 4, 7} {
		optimally(t, fmt.Sprintf("philosophers(%d)", k), func(t *schedule.T) {
			forks := make([]*schedule.Mutex, k)
			for i := range forks {
				forks[i] = t.Mutex(fmt.Sprint("fork", i))
			}
			for i := range k {
				t.Go(fmt.Sprint("p", i), func() {
					left, right := forks[i], forks[(i+1)%k]
					left.Lock()
					right.Lock()
					left.Unlock()
					right.Unlock()
				})
			}
		}, 1<<k-1, 1)
	}
}

func TestOptimalCountsStoreBufferingRing(t *testing.T) {
	for _, k := range []int{2, 3, 5, 8} {
		optimally(t, fmt.Sprintf("ring(%d)", k), func(t *schedule.T) {
			x := memory(t, k)
			for i := range k {
				t.Go(fmt.Sprint("t", i), func() { x[i].Store(1); x[(i+1)%k].Load() })
			}
		}, 1<<k-1, 0)
	}
}

func TestOptimalCountsLostWakeUp(t *testing.T) {
	rep := optimally(t, "lost wake-up", lostWakeUp(false), 3, 1)
	if rep.Failure == nil || rep.Failure.Property != "deadlock" {
		t.Errorf("%+v", rep.Failure)
	}
}

func TestOptimalCountsDisjointThreads(t *testing.T) {
	for _, c := range [][2]int{{2, 1}, {3, 4}, {6, 10}} {
		optimally(t, fmt.Sprintf("disjoint(%d,%d)", c[0], c[1]), func(t *schedule.T) {
			x := memory(t, c[0])
			for i := range x {
				t.Go(fmt.Sprint("t", i), func() {
					for range c[1] {
						x[i].Add(1)
					}
				})
			}
		}, 1, 0)
	}
}
