package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// adding is a thread that counts over n rounds how often it has seen a 1, and another
// that stores one and takes it back. Its mark tells the count or does not; what it does
// once it has counted enough is a failure or a step.
func adding(n, enough int, told, fails bool) func(*schedule.T) {
	return func(t *schedule.T) {
		w, late := t.Word("w", 0), t.Word("late", 0)
		t.Recall()
		t.Go("counts", func() {
			hits := 0
			for i := range n {
				if told {
					t.Mark("round", uint64(i), uint64(hits))
				} else {
					t.Mark("round", uint64(i))
				}
				if w.Load() == 1 {
					hits++
				}
			}
			t.Check("fewer", !fails || hits < enough, "%d hits", hits)
			if hits >= enough {
				late.Store(1)
			}
		})
		t.Go("sets", func() { w.Store(1); t.Mark("set"); w.Store(0); t.Mark("taken back"); late.Load() })
	}
}

// A mark that leaves out a value which adds up is found, by what first shows of it many
// rounds later: executions that the search drives on from one state differ in one round.
func TestWalksFindWhatAddsUp(t *testing.T) {
	t.Parallel()
	for n := 3; n <= 8; n++ {
		for enough := 3; enough <= n+1; enough++ {
			for _, fails := range []bool{false, true} {
				for _, o := range []schedule.Options{{}, {Plain: true}, {RunAll: true}, {Workers: 2}} {
					rep, err := schedule.Explore(context.Background(), adding(n, enough, false, fails), schedule.Stateful(), o)
					switch {
					case enough > n: // the count never matters
						if err != nil || rep.Verdict != verdict.Holds || rep.Walks != 128 {
							t.Errorf("%d of %d rounds, %+v: %v, %d walks, %v", enough, n, o, rep.Verdict, rep.Walks, err)
						}
					case !errors.Is(err, schedule.ErrState) || rep.Verdict != verdict.Unknown:
						t.Errorf("%d of %d rounds, fails %t, %+v: %v, %v", enough, n, fails, o, rep.Verdict, err)
					}
					rep, err = schedule.Explore(context.Background(), adding(n, enough, true, fails), schedule.Stateful(), o)
					want := verdict.Holds
					if fails && enough <= n {
						want = verdict.Violated
					}
					if err != nil || rep.Verdict != want {
						t.Errorf("%d of %d rounds, fails %t, told, %+v: %v, %v", enough, n, fails, o, rep.Verdict, err)
					}
				}
			}
		}
	}
}

// The error says where the walk came to a state that was not visited, or which property
// it failed.
func TestWalksTell(t *testing.T) {
	_, err := schedule.Explore(context.Background(), adding(5, 5, false, false), schedule.Stateful(), schedule.Options{})
	contains(t, err.Error(), "a random walk comes by step 6, load w (load 65535:0) by counts, to a state",
		`the last mark of thread "counts", "round", leave out a live value`)
	_, err = schedule.Explore(context.Background(), adding(5, 5, false, true), schedule.Stateful(), schedule.Options{})
	contains(t, err.Error(), "a random walk of 6 decisions", `fails by property "fewer"`, "does a mark leave out a live value")
}

// mortals are what threads share beside objects, and who was killed before its end.
type mortals struct {
	*objects
	k        *schedule.Clock
	learned  [][]uint64
	over     []bool
	declared bool
}

// end is what a thread comes to: of one that was killed nothing that it has read.
func (o *mortals) end(t *schedule.T, name string, i int, f func(learn func(uint64))) {
	t.Daemon(name, func() {
		f(func(v uint64) {
			if !o.over[i] {
				o.learned[i] = append(o.learned[i], v)
			}
		})
		o.over[i] = true
	})
}

func (o *mortals) kill(i int) {
	if !o.over[i] {
		o.over[i], o.learned[i] = true, []uint64{99}
	}
}

// answering and beginning are those among acts and perils that may be no step.
const answering, beginning = 12, 4

// perils are acts of threads that kill, wait for an instant, and declare a thread.
var perils = []func(t *schedule.T, o *mortals, self int) uint64{
	func(t *schedule.T, o *mortals, self int) uint64 {
		victim := (self + 1) % (len(o.learned) - 1)
		t.Kill("kill", fmt.Sprint("t", victim))
		o.kill(victim)
		return 9
	},
	func(_ *schedule.T, o *mortals, _ int) uint64 { return uint64(o.k.Now()) },
	func(_ *schedule.T, o *mortals, self int) uint64 {
		o.k.Sleep(time.Duration(1 + self))
		return uint64(o.k.Now())
	},
	func(_ *schedule.T, o *mortals, _ int) uint64 {
		return truth(o.k.AwaitUntil(1, "until", func() bool { return o.x.Peek() > 0 }, o.x.Location()))
	},
	func(t *schedule.T, o *mortals, self int) uint64 {
		if self != 0 || o.declared {
			return 0
		}
		o.declared = true
		n := len(o.learned) - 1
		o.end(t, fmt.Sprint("t", n), n, func(learn func(uint64)) { learn(o.x.Add(1)); learn(o.y.Load()) })
		return 7
	},
}

// perilous is a random program of acts and perils, which tells what each thread has
// learned that was not killed.
func perilous(r *rand.Rand) func(*schedule.T, func(string)) {
	plans := make([][]int, 2+r.IntN(2))
	clock, steps := false, false
	for i := range plans {
		for range 1 + r.IntN(5-len(plans)) {
			a := r.IntN(len(acts) + 2*len(perils))
			if a >= len(acts) {
				a = len(acts) + (a-len(acts))%len(perils)
			}
			clock = clock || a > len(acts) && a < len(acts)+4
			plans[i] = append(plans[i], a)
			steps = steps || a != answering && (a != len(acts)+beginning || i == 0)
		}
	}
	if !steps { // it would be refused
		plans[0][0] = 0
	}
	return func(t *schedule.T, told func(string)) {
		o := &mortals{objects: &objects{x: t.Word("x", 0), y: t.Word("y", 0), m: t.Mutex("m")}}
		o.c = t.Cond("c", o.m)
		if clock {
			o.k = t.Clock("clock")
		}
		o.learned, o.over = make([][]uint64, len(plans)+1), make([]bool, len(plans)+1)
		for i, plan := range plans {
			o.end(t, fmt.Sprint("t", i), i, func(learn func(uint64)) {
				for _, a := range plan {
					if a < len(acts) {
						learn(acts[a](t, o.objects))
					} else {
						learn(perils[a-len(acts)](t, o, i))
					}
				}
			})
		}
		t.AtEnd(func() { told(fmt.Sprint(o.learned, o.x, o.y, o.m.Held())) })
	}
}

// Programs that kill, wait for instants and declare threads: by states the search comes
// to the terminal histories of the optimal one, but for what killed threads have read,
// which is no part of a state.
func TestSearchesReachTheSameTerminalHistoriesOfDeaths(t *testing.T) {
	r := rand.New(rand.NewPCG(61, 62))
	histories := 0
	for n := range 600 {
		program := perilous(r)
		o := schedule.Options{KeepGoing: true, StoreBuffers: n%4 == 0}
		all, _ := outcomesBy(t, program, schedule.Optimal(), o)
		met, _ := outcomesBy(t, program, schedule.Stateful(), o)
		if !maps.Equal(all, met) {
			t.Fatalf("program %d: of %q by the stateful search %q", n, slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(met)))
		}
		histories += len(all)
	}
	if histories < 1500 {
		t.Errorf("%d histories are too few to tell", histories)
	}
	t.Logf("%d histories", histories)
}

// No walk of a program that tells all comes to a state that was not visited, whatever
// the search left out.
func TestWalksMeetNothingNewInPrograms(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(63, 64))
	walks := uint64(0)
	for n := range 500 {
		program := historied(r, 3, acts)
		switch n % 3 {
		case 0:
			program = perilous(r)
		case 1:
			program = fickle(r.Uint64(), true, n%2 == 0, n%4 < 2)
		}
		o := schedule.Options{KeepGoing: true, StoreBuffers: n%4 < 2, Workers: n % 3, Plain: n%5 == 0}
		rep := explore(t, func(t *schedule.T) { program(t, func(string) {}) }, schedule.Stateful(), o)
		if (rep.Walks > 0) != (rep.Verdict == verdict.Holds) || rep.Untold != nil {
			t.Fatalf("program %d: %v, %d walks, untold %q", n, rep.Verdict, rep.Walks, rep.Untold)
		}
		walks += rep.Walks
	}
	if walks < 40_000 {
		t.Errorf("%d walks are too few to tell", walks)
	}
}

// A search that is interrupted when it has visited all makes no walks, and does not hold:
// it has not verified what it was told. So it is where that happens within a run that
// verifies, as the last ones of these are.
func TestInterruptedBeforeItsWalks(t *testing.T) {
	for _, recalls := range []bool{false, true} {
		calls, stopAt := 0, -1
		var cancel func()
		program := func(t *schedule.T) {
			calls++
			last := calls == stopAt
			x := t.Word("x", 0)
			if recalls {
				t.Recall()
			}
			for i := range 3 {
				t.Go(fmt.Sprint(i), func() { x.Add(1); t.Mark("half"); x.Add(1) })
			}
			t.AtEnd(func() {
				if last {
					cancel()
					for !schedule.Stopping(t) {
						runtime.Gosched()
					}
				}
			})
		}
		t.Run(fmt.Sprint("recalls_", recalls), func(t *testing.T) {
			schedule.WithoutWalks(t)
			if rep := explore(t, program, schedule.Stateful(), schedule.Options{}); rep.Verdict != verdict.Holds {
				t.Fatalf("%+v", rep)
			}
		})
		stopAt, calls = calls-2, 0 // two executions are run again at the end, after the walks
		ctx, stop := context.WithCancel(context.Background())
		cancel = stop
		rep, err := schedule.Explore(ctx, program, schedule.Stateful(), schedule.Options{})
		if err != nil || rep.Verdict != verdict.Unknown || rep.Reason != "interrupted" || rep.Walks != 0 || calls != stopAt {
			t.Errorf("recalls %t: %v, %s, %d walks, %d runs of %d, %v", recalls, rep.Verdict, rep.Reason, rep.Walks, calls, stopAt, err)
		}
	}
}
