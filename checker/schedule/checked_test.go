package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// A lock's property fails where it does in a search that takes no step at once and leaves
// no order out, although the steps that decide it touch nothing that the others touch.
func TestWhatAGuardFailsIsFound(t *testing.T) {
	type words struct{ l, x, y, z *schedule.Word }
	for _, c := range []struct {
		name    string
		declare func(*schedule.T, words)
		a, b    func(words)
		runs    bool // it cannot be recalled
	}{
		{
			name: "a word that only one thread touches takes the lock away, and gives it back",
			declare: func(t *schedule.T, w words) {
				t.Guards("guarded by", func() int {
					if w.y.Peek() == 1 {
						return -1
					}
					return int(w.l.Peek()) - 1
				}, spanOf(w.x)).HeldAt(spanOf(w.l), spanOf(w.y))
			},
			a: func(w words) { w.y.Add(1); w.y.Add(1) },
			b: func(w words) { w.l.Swap(2); w.x.Add(1) },
		},
		{
			name: "the same, and it is not said where that stands",
			declare: func(t *schedule.T, w words) {
				t.Guards("guarded by", func() int {
					if w.y.Peek() == 1 {
						return -1
					}
					return int(w.l.Peek()) - 1
				}, spanOf(w.x))
			},
			a:    func(w words) { w.y.Add(1); w.y.Add(1) },
			b:    func(w words) { w.l.Swap(2); w.x.Add(1) },
			runs: true,
		},
		{
			name: "what is guarded tells the holder, too, once it is written",
			declare: func(t *schedule.T, w words) {
				t.Guards("guarded by", func() int {
					if w.x.Peek() == 1 {
						return 0
					}
					return int(w.l.Peek()) - 1
				}, spanOf(w.x)).HeldAt(spanOf(w.l), spanOf(w.x))
			},
			a: func(w words) { w.l.AwaitSwap(free, 1); w.x.Store(1) },
			b: func(w words) { w.l.Store(2); w.l.Store(0) },
		},
		{
			name: "another thread takes the lock away from one that has what is guarded to itself",
			declare: func(t *schedule.T, w words) {
				t.Guards("guarded by", func() int { return int(w.l.Peek()) - 1 }, spanOf(w.x)).HeldAt(spanOf(w.l))
			},
			a: func(w words) { w.l.Store(1); w.x.Store(1); w.x.Store(2) },
			b: func(w words) { w.l.Store(0) },
		},
		{
			name: "a lock that is taken in two steps, of which nothing is written",
			declare: func(t *schedule.T, w words) {
				t.Guards("guarded by", func() int { return int(w.l.Peek()) - 1 }, spanOf(w.x)).HeldAt(spanOf(w.l))
			},
			a: func(w words) { w.l.Await(free); w.l.Store(1); w.x.Load(); w.l.Store(0) },
			b: func(w words) { w.l.Await(free); w.l.Store(2); w.x.Load(); w.l.Store(0) },
		},
		{
			name: "another thread takes one of two locks away",
			declare: func(t *schedule.T, w words) {
				t.Guards("", func() int { return int(w.l.Peek()) - 1 }, spanOf(w.x)).HeldAt(spanOf(w.l))
				t.Guards("guarded by", func() int { return int(w.y.Peek()) - 1 }, spanOf(w.x)).HeldAt(spanOf(w.y))
			},
			a: func(w words) { w.l.Store(1); w.y.Store(1); w.x.Store(1); w.x.Store(2) },
			b: func(w words) { w.y.Store(0) },
		},
		{
			name: "a step under one lock gives another one to a thread that comes too early",
			declare: func(t *schedule.T, w words) {
				t.Guards("", func() int { return int(w.l.Peek()) - 1 }, spanOf(w.y)).HeldAt(spanOf(w.l))
				t.Guards("guarded by", func() int { return int(w.y.Peek()) - 1 }, spanOf(w.x)).HeldAt(spanOf(w.y))
			},
			a: func(w words) { w.l.Store(1); w.y.Store(2); w.l.Store(0) },
			b: func(w words) { w.x.Add(1) },
		},
	} {
		for _, recalls := range []bool{false, true} {
			program := func(t *schedule.T) {
				w := words{t.Word("l", 0), t.Word("x", 0), t.Word("y", 0), t.Word("z", 0)}
				if recalls && !c.runs {
					t.Recall()
				}
				c.declare(t, w)
				t.Go("a", func() { c.a(w) })
				t.Go("b", func() { c.b(w) })
			}
			for _, o := range []schedule.Options{{}, {Workers: 2}, {Plain: true}, {RunAll: true}} {
				rep := explore(t, program, schedule.Stateful(), o)
				if rep.Verdict != verdict.Violated || rep.Failure.Property != "guarded by" {
					t.Errorf("%s, %+v: %v, %d states, distrusted: %q", c.name, o, rep.Verdict, rep.States, rep.Distrusted)
				}
			}
			for _, o := range []schedule.Options{{}, {StoreBuffers: true}} {
				if rep := explore(t, program, schedule.Optimal(), o); rep.Verdict != verdict.Violated || rep.Failure.Property != "guarded by" {
					t.Errorf("%s, optimal, %+v: %v, %d executions", c.name, o, rep.Verdict, rep.Executions)
				}
			}
		}
	}
}

// A check that looks at what is not declared fails in a walk, and in no state that the
// search comes to: that is an error, and no verdict.
func TestAWalkThatFailsTellsWhatIsMissed(t *testing.T) {
	for _, declared := range []bool{false, true} {
		program := func(t *schedule.T) {
			hidden := 0
			x, y := t.Word("x", 0), t.Word("y", 0)
			for _, name := range []string{"left", "middle", "right"} {
				t.Go(name, func() { x.Store(x.Load()*2 + uint64(t.Self())) })
			}
			t.Go("owner", func() {
				y.Add(1)
				hidden = 1
				y.Add(1)
				hidden = 0
				y.Add(1)
			})
			t.Go("user", func() {
				if declared {
					y.Load()
				} else {
					x.Load()
				}
				t.Check("unset", hidden == 0, "it is set")
			})
			if declared {
				t.SharedAt("hidden", func(d *schedule.Digest) { d.Word(uint64(hidden)) }, spanOf(y))
			}
		}
		for workers := 1; workers <= 2; workers++ {
			rep, err := schedule.Explore(context.Background(), program, schedule.Stateful(), schedule.Options{Workers: workers})
			if declared {
				if err != nil || rep.Verdict != verdict.Violated {
					t.Errorf("%v, %v", rep.Verdict, err)
				}
				continue
			}
			if !errors.Is(err, schedule.ErrState) || rep.Verdict != verdict.Unknown {
				t.Fatalf("it is not found out: %v, %v, %d executions", rep.Verdict, err, rep.Executions)
			}
			contains(t, err.Error(), "a random walk of ", `fails by property "unset"`, "T.Shared", "Guard.HeldAt")
		}
	}
}

// fickle is a random program with a guard whose holder is told by up to three words, one of
// them guarded, and maybe another guard over those. whole: it says where all of that stands.
func fickle(seed uint64, whole, named, recalls bool) func(*schedule.T, func(string)) {
	return func(t *schedule.T, told func(string)) {
		r := rand.New(rand.NewPCG(seed, 9))
		l, x, y, z := t.Word("l", 0), t.Word("x", 0), t.Word("y", 0), t.Word("z", 0)
		property := map[bool]string{true: "guarded by"}[named]
		owner := func() int { return int(l.Peek()) - 1 }
		kind := r.IntN(5)
		g := t.Guards(property, func() int {
			switch {
			case kind == 1 && y.Peek()%3 == 1, kind == 2 && x.Peek() == 1:
				return -1
			case kind == 3 && x.Peek() == 1:
				return 0
			case kind == 4 && x.Peek() == 1:
				return int(y.Peek()%4) - 1
			}
			return owner()
		}, spanOf(x), spanOf(z))
		if g.HeldAt(spanOf(l)); whole {
			g.HeldAt(spanOf(x), spanOf(y))
		}
		switch r.IntN(4) {
		case 0:
			t.Guards("another", func() int { return int(y.Peek()%4) - 1 }, spanOf(z)).HeldAt(spanOf(y))
		case 1:
			t.Guards("", owner, spanOf(l), spanOf(z)).HeldAt(spanOf(l))
		}
		if recalls {
			t.Recall()
		}
		threads := 2 + r.IntN(2)
		for i := range threads {
			plan := make([]int, 1+r.IntN(7-threads))
			for j := range plan {
				plan[j] = r.IntN(9)
			}
			t.Daemon(fmt.Sprint("t", i), func() {
				me := uint64(i + 1)
				for n, p := range plan {
					t.Mark("goes on", uint64(n))
					switch p {
					case 0:
						l.CompareAndSwap(0, me)
					case 1:
						l.AwaitSwap(free, me)
					case 2:
						l.CompareAndSwap(me, 0)
					case 3:
						l.Store(me)
					case 4:
						x.Store(me)
					case 5:
						x.Add(1)
					case 6:
						y.Add(1)
					case 7:
						y.Await(func(v uint64) bool { return v > 0 })
					case 8:
						z.Add(1)
					}
				}
			})
		}
		t.AtEnd(func() { told(fmt.Sprint(l, x, y, z)) })
	}
}

// On random programs a guard's property fails if and only if it does in a search that
// takes no step at once. Of programs that leave out where a holder stands many are refused.
func TestGuardsFailAsInThePlainSearch(t *testing.T) {
	t.Parallel()
	const programs = 250
	var failed, held, relied, refused int
	for seed := range uint64(programs) {
		for n := range 8 {
			whole, named, recalls := n&1 == 0, n&2 == 0, n&4 == 0
			all, plain := gathered(t, fickle(seed, whole, named, false), schedule.Options{Plain: true})
			some := map[string]bool{}
			rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
				fickle(seed, whole, named, recalls)(t, func(end string) { some[end] = true })
			}, schedule.Stateful(), schedule.Options{KeepGoing: true})
			if errors.Is(err, schedule.ErrState) && !whole && (recalls || named) {
				refused++
				continue
			}
			if err != nil {
				t.Fatalf("program %d, whole %t, named %t, recalls %t: %v", seed, whole, named, recalls, err)
			}
			if rep.Bad > 0 != (plain.Bad > 0) || plain.Bad == 0 && len(some) != len(all) {
				t.Errorf("program %d, whole %t, named %t, recalls %t: %d bad, %d in the plain search; %d ends of %d; distrusted: %q",
					seed, whole, named, recalls, rep.Bad, plain.Bad, len(some), len(all), rep.Distrusted)
			}
			if recalls && whole && named {
				best, err := schedule.Explore(context.Background(), func(t *schedule.T) {
					fickle(seed, whole, named, false)(t, func(string) {})
				}, schedule.Optimal(), schedule.Options{})
				if err != nil || best.Bad > 0 != (plain.Bad > 0) {
					t.Errorf("program %d: %d bad in the optimal search, %d in the plain one, %v", seed, best.Bad, plain.Bad, err)
				}
			}
			switch {
			case rep.Bad > 0:
				failed++
			case rep.States < plain.States && rep.Distrusted == nil:
				relied++
			default:
				held++
			}
		}
	}
	t.Logf("%d fail, %d hold and %d in fewer states, %d are refused", failed, held, relied, refused)
	if failed < 3*programs || relied < programs/2 || refused < programs/5 {
		t.Errorf("%d fail, %d hold in fewer states, %d are refused: too few to tell", failed, relied, refused)
	}
}
