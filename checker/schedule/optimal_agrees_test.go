package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// outcomes gives what a program told at its ends, and "deadlock" if some execution has one.
func outcomes(t *testing.T, program func(*schedule.T, func(string)), s schedule.Strategy) (map[string]bool, schedule.Report) {
	t.Helper()
	return outcomesBy(t, program, s, schedule.Options{KeepGoing: true})
}

func outcomesBy(t *testing.T, program func(*schedule.T, func(string)), s schedule.Strategy, o schedule.Options) (map[string]bool, schedule.Report) {
	t.Helper()
	schedule.WithoutWalks(t)
	told, mu := map[string]bool{}, sync.Mutex{}
	rep := explore(t, func(s *schedule.T) {
		program(s, func(o string) {
			mu.Lock()
			defer mu.Unlock()
			told[o] = true
		})
	}, s, o)
	if rep.Bad > 0 {
		told["a failure"] = true
	}
	if !rep.Complete || rep.Redundant != 0 {
		t.Fatalf("incomplete or redundant: %+v", rep)
	}
	return told, rep
}

// variety are programs with what random toys lack.
var variety = map[string]func(*schedule.T, func(string)){
	"a kill among stores": func(t *schedule.T, told func(string)) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Go("victim", func() { x.Store(1); x.Store(2); y.Store(1) })
		t.Go("killer", func() { y.Load(); t.Kill("kill", "victim") })
		t.Go("witness", func() { x.Load() })
		t.AtEnd(func() { told(fmt.Sprint(x, y)) })
	},
	"a kill of who is dead": func(t *schedule.T, told func(string)) {
		x := t.Word("x", 0)
		t.Go("killer", func() { t.Kill("kill", "victim"); t.Kill("kill again", "victim") })
		t.Go("victim", func() { x.Store(1) })
		t.AtEnd(func() { told(fmt.Sprint(x)) })
	},
	"two killers of one": func(t *schedule.T, told func(string)) {
		x := t.Word("x", 0)
		t.Go("killer", func() { t.Kill("kill", "victim") })
		t.Go("another", func() { t.Kill("kill", "victim") })
		t.Go("victim", func() { x.Store(1); x.Store(2) })
		t.AtEnd(func() { told(fmt.Sprint(x)) })
	},
	"kills whose victims are not the same": func(t *schedule.T, told func(string)) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Go("killer", func() { t.Kill("kill", "a", "b"); t.Kill("kill again", "a", "c") })
		t.Go("a", func() { x.Store(1) })
		t.Go("b", func() { x.Load(); y.Store(1) })
		t.Go("c", func() { y.Store(2) })
		t.AtEnd(func() { told(fmt.Sprint(x, y)) })
	},
	"a kill of a holder": func(t *schedule.T, told func(string)) {
		m, x := t.Mutex("m"), t.Word("x", 0)
		t.Daemon("victim", func() { m.Lock(); defer m.Unlock(); x.Add(1); x.Add(1) })
		t.Daemon("waiter", func() { m.Lock(); x.Add(10); m.Unlock() })
		t.Go("killer", func() { t.Kill("kill", "victim") })
		t.AtEnd(func() { told(fmt.Sprint(x, m.Held())) })
	},
	"a kill of one that waits": func(t *schedule.T, told func(string)) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Go("victim", func() { x.Await(func(v uint64) bool { return v == 1 }); y.Store(1) })
		t.Go("setter", func() { x.Store(1); x.Store(2) })
		t.Go("killer", func() { t.Kill("kill", "victim") })
		t.AtEnd(func() { told(fmt.Sprint(x, y)) })
	},
	"a thread that ends itself": func(t *schedule.T, told func(string)) {
		x := t.Word("x", 0)
		t.Go("a", func() { defer x.Store(7); x.Add(1); t.Kill("die", "a"); x.Add(1) })
		t.Go("b", func() { x.CompareAndSwap(0, 2) })
		t.AtEnd(func() { told(fmt.Sprint(x)) })
	},
	"mutual kill": func(t *schedule.T, told func(string)) {
		x := t.Word("x", 0)
		t.Go("a", func() { t.Kill("kill", "b"); x.Add(1) })
		t.Go("b", func() { t.Kill("kill", "a"); x.Add(2) })
		t.AtEnd(func() { told(fmt.Sprint(x)) })
	},
	"a value that comes and goes": func(t *schedule.T, told func(string)) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Daemon("waiter", func() { y.Store(x.Await(func(v uint64) bool { return v%2 == 1 })) })
		t.Go("a", func() { x.Store(1); x.Store(2) })
		t.Go("b", func() { x.Store(3) })
		t.AtEnd(func() { told(fmt.Sprint(x, y)) })
	},
	"a value that has gone before who waits for it comes": func(t *schedule.T, told func(string)) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Go("passer", func() { x.Store(1); x.Store(2) })
		t.Daemon("late", func() { y.Add(1); x.Await(func(v uint64) bool { return v == 1 }); y.Add(1) })
		t.AtEnd(func() { told(fmt.Sprint(x, y)) })
	},
	"the same by predicates that cannot be asked elsewhere": func(t *schedule.T, told func(string)) {
		m := newWords(t)
		t.Daemon("waiter", func() {
			m.add("busy", 2, 1)
			t.Await("odd", func() bool { return m.w[0]%2 == 1 }, at(0))
			m.store("seen", 1, m.w[0])
		})
		t.Go("a", func() { m.store("a1", 0, 1); m.store("a2", 0, 2) })
		t.Go("b", func() { m.add("busy", 2, 1); m.store("b3", 0, 3) })
		t.AtEnd(func() { told(fmt.Sprint(m.w)) })
	},
	"an await on two places": func(t *schedule.T, told func(string)) {
		m := newWords(t)
		t.Daemon("waiter", func() {
			t.Await("both", func() bool { return m.w[0] == 1 && m.w[1] == 1 }, at(0), at(1))
			m.store("seen", 2, 1)
		})
		t.Go("a", func() { m.store("a1", 0, 1); m.store("a0", 0, 0) })
		t.Go("b", func() { m.store("b1", 1, 1) })
		t.AtEnd(func() { told(fmt.Sprint(m.w)) })
	},
	"an await on what it does not say": func(t *schedule.T, told func(string)) {
		m := newWords(t)
		t.Daemon("waiter", func() {
			t.Await("both", func() bool { return m.w[0] == 1 && m.w[1] == 0 })
			m.store("seen", 2, 1)
		})
		t.Go("a", func() { m.store("a1", 0, 1) })
		t.Go("b", func() { m.store("b1", 1, 1) })
		t.AtEnd(func() { told(fmt.Sprint(m.w)) })
	},
	"accesses that overlap": func(t *schedule.T, told func(string)) {
		b := make([]byte, 16)
		t.Shared(func(d *schedule.Digest) { d.Bytes(b) })
		access := func(k schedule.Kind, off, size int) {
			t.Step(schedule.Event{Name: "copy", Kind: k, Location: schedule.Location{Segment: 3, Offset: uint32(off)}, Size: uint32(size)})
		}
		t.Go("a", func() { access(schedule.Store, 0, 4); b[0] = 1; access(schedule.Store, 8, 4); b[8] = 1 })
		t.Go("b", func() { access(schedule.Write, 0, 16); copy(b, make([]byte, 16)) })
		t.AtEnd(func() { told(fmt.Sprint(b)) })
	},
	"a condition": func(t *schedule.T, told func(string)) {
		m := t.Mutex("m")
		c := t.Cond("c", m)
		x := t.Word("x", 0)
		for i := range 2 {
			t.Daemon(fmt.Sprint("waiter", i), func() {
				m.Lock()
				for x.Load() == 0 {
					c.Wait()
				}
				x.Add(uint64(10 + i))
				m.Unlock()
			})
		}
		t.Go("signaller", func() { m.Lock(); x.Store(1); m.Unlock(); c.Signal() })
		t.AtEnd(func() { told(fmt.Sprint(x, m.Held())) })
	},
	"threads of a thread": func(t *schedule.T, told func(string)) {
		x := t.Word("x", 0)
		var log []string
		t.Go("main", func() {
			x.Add(1)
			for i := range 2 {
				t.Go(fmt.Sprint("child", i), func() { log = append(log, fmt.Sprint(i, x.Add(10))) })
			}
			x.Add(1)
		})
		t.AtEnd(func() { slices.Sort(log); told(fmt.Sprint(x, log)) })
	},
	"answers everywhere": func(t *schedule.T, told func(string)) {
		x := t.Word("x", uint64(t.Choose("initial", 2)))
		y := t.Word("y", 0)
		t.Go("a", func() {
			d := t.Choose("early", 2)
			if x.Add(uint64(t.Choose("how much", 3) + d)); t.Choose("twice", 2) == 1 {
				y.Add(uint64(1 + t.Choose("again", 2)))
			}
		})
		t.Go("b", func() { x.CompareAndSwap(1, 9); y.Load(); t.Choose("after", 2) })
		t.AtEnd(func() { told(fmt.Sprint(x, y, t.Choose("late", 2))) })
	},
	"a failure in the middle": func(t *schedule.T, told func(string)) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Go("a", func() { t.Check("zero", x.Load() == 0, "x is 1"); y.Store(1) })
		t.Go("b", func() { x.Store(1); y.Load() })
		t.AtEnd(func() { told(fmt.Sprint(x, y)) })
	},
}

// The optimal search reaches the outcomes of every interleaving, and takes fewer
// executions.
func TestOptimalReachesAllOutcomes(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(variety)) {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			all, every := outcomes(t, variety[name], schedule.Bounded(-1))
			some, optimal := outcomes(t, variety[name], schedule.Optimal())
			if !maps.Equal(all, some) {
				t.Errorf("by the optimal search %v, of all %v", slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(all)))
			}
			if len(all) < 2 || optimal.Executions > every.Executions {
				t.Errorf("%d outcomes, %d executions of %d", len(all), optimal.Executions, every.Executions)
			}
		})
	}
}

// A failure of the optimal search is minimised, shown and replayed as any other.
func TestOptimalFailureReplays(t *testing.T) {
	for _, keepGoing := range []bool{false, true} {
		o := schedule.Options{KeepGoing: keepGoing}
		program := func(s *schedule.T) { variety["a failure in the middle"](s, func(string) {}) }
		rep := explore(t, program, schedule.Optimal(), o)
		if rep.Verdict != verdict.Violated || rep.Failure.Property != "zero" || rep.Failure.Message != "x is 1" || len(rep.Failure.Steps) != 3 {
			t.Fatalf("keep going %t: %v %+v", keepGoing, rep.Verdict, rep.Failure)
		}
		again, err := schedule.Replay(context.Background(), program, rep.Failure.Token, o)
		if err != nil || again.Verdict != verdict.Violated {
			t.Errorf("replayed: %v, %v", again.Verdict, err)
		}
	}
}

func TestOptimalRefuses(t *testing.T) {
	runs := 0
	for _, c := range []struct {
		name    string
		program func(*schedule.T)
		want    error
		text    string
	}{
		{"two threads that declare threads", func(t *schedule.T) {
			x := t.Word("x", 0)
			for _, name := range []string{"a", "b"} {
				t.Go(name, func() { x.Add(1); t.Go("child", func() { x.Add(1) }) })
			}
		}, schedule.ErrOptions, `"a" and "b"`},
		{"another step", func(t *schedule.T) {
			runs++
			x := t.Word("x", 0)
			t.Go("a", func() {
				t.Step(schedule.Event{Name: fmt.Sprint("step", runs), Kind: schedule.Load})
				x.Add(1)
			})
			t.Go("b", func() { x.Add(1) })
		}, schedule.ErrNondeterministic, "step 1 was step1"},
		{"another end", func(t *schedule.T) {
			runs++
			x := t.Word("x", 0)
			t.Go("a", func() {
				x.Add(1)
				if runs <= 33 { // the first execution is run again 32 times
					x.Add(1)
					x.Add(1)
				}
			})
			t.Go("b", func() { x.Add(1) })
		}, schedule.ErrNondeterministic, "other threads are enabled before step 2"},
	} {
		runs = 0
		_, err := schedule.Explore(context.Background(), c.program, schedule.Optimal(), schedule.Options{KeepGoing: true})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		contains(t, err.Error(), c.text)
	}
}

// A loop without an await is cut, and the verdict says so.
func TestOptimalCutsLoops(t *testing.T) {
	rep := explore(t, func(t *schedule.T) {
		x := t.Word("x", 0)
		t.Go("poller", func() {
			for x.Load() == 0 {
			}
		})
		t.Go("setter", func() { x.Store(1) })
	}, schedule.Optimal(), schedule.Options{MaxSteps: 30, KeepGoing: true})
	if rep.Verdict != verdict.Unknown || rep.Complete || rep.Executions < 20 {
		t.Errorf("%+v", rep)
	}
	contains(t, rep.Reason, "longer than 30 steps")
}

// withKiller runs a toy of two threads beside one that ends the first of them.
func (p toy) withKiller(byWords bool, first op) func(*schedule.T, func(string)) {
	return func(t *schedule.T, told func(string)) {
		x := t.Word("killer's", 0)
		p.declared(byWords, func(s toyState) { told(fmt.Sprint(s, x)) })(t)
		t.Go("killer", func() {
			if first.v > 0 {
				x.Add(1)
			}
			t.Kill("kill", "t0")
			x.Add(1)
		})
	}
}

func TestOptimalReachesAllOutcomesOfDeaths(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	many := 0
	for n := range 400 {
		p := randomToy(r)[:2]
		for _, byWords := range []bool{false, true} {
			program := p.withKiller(byWords, p[0][0])
			all, _ := outcomes(t, program, schedule.Bounded(-1))
			some, _ := outcomes(t, program, schedule.Optimal())
			if !maps.Equal(all, some) {
				t.Fatalf("program %d %v by words %t: by the optimal search %v, of all %v",
					n, p, byWords, slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(all)))
			}
			many += len(all)
		}
	}
	if many < 2000 {
		t.Errorf("%d outcomes are too few to tell", many)
	}
}
