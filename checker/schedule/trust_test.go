package schedule_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// locking is how a program of the tests takes and frees its own lock.
type locking int

const (
	rightly     locking = iota
	withoutSwap         // it looks and takes in two steps
	once                // it tries, and goes on although it did not get the lock
	freesEarly          // before its last access
	freesTwice
	never     // one thread does not lock at all
	handsOver // it gives the lock to the next thread, and goes on for a step
	lockings
)

// believing is what the program tells of who holds the lock.
type believing int

const (
	theLast  believing = iota // who took it last, until anybody frees it
	theFirst                  // who took it when nobody had it, until it frees it
	theOnly                   // nobody while several are inside
	believings
)

// sectioned is a random program whose threads touch two words under a lock of the
// program's own, which may be faulty, and other words without. guarded: it declares the
// lock, by a property if named, and that others may read if stores.
type sectioned struct {
	locks                                  locking
	tells                                  believing
	guarded, named, stores, recalls, marks bool
	seed                                   uint64
}

func (c sectioned) program(t *schedule.T, told func(string)) {
	r := rand.New(rand.NewPCG(c.seed, 7))
	l, x, y, z := t.Word("lock", 0), t.Word("x", 0), t.Word("y", 0), t.Word("z", 0)
	inside, holder := map[int]bool{}, -1
	held := func() int {
		if c.tells == theOnly && len(inside) > 1 {
			return -1
		}
		return holder
	}
	on := []schedule.Span{{Location: x.Location(), Size: 8}, {Location: y.Location(), Size: 8}}
	at := spanOf(l)
	t.SharedAt("who is inside", func(d *schedule.Digest) {
		d.Word(uint64(holder + 1))
		for i := range 3 {
			d.Word(truth(inside[i]))
		}
	}, at)
	if c.recalls {
		t.Recall()
	}
	property := map[bool]string{true: "guarded by"}[c.named]
	switch {
	case c.guarded && c.stores:
		t.GuardsStores(property, held, on...).HeldAt(at)
	case c.guarded:
		t.Guards(property, held, on...).HeldAt(at)
	}
	enter := func(self int) {
		switch c.locks {
		case rightly, freesEarly, freesTwice:
			l.AwaitSwap(func(v uint64) bool { return v == 0 }, 1)
		case withoutSwap:
			l.Await(func(v uint64) bool { return v == 0 })
			l.Store(1)
		case once:
			l.CompareAndSwap(0, 1)
		case handsOver:
			l.Await(func(v uint64) bool { return v%3 == uint64(self) || self == 2 && v > 1 })
		case never:
			if self == 0 {
				return
			}
			l.AwaitSwap(func(v uint64) bool { return v == 0 }, 1)
		}
		inside[self] = true
		if holder < 0 || c.tells != theFirst {
			holder = self
		}
	}
	leave := func(self int) {
		switch {
		case c.locks == never && self == 0:
			return
		case c.locks == handsOver:
			l.Add(1)
		default:
			l.Store(0)
		}
		if delete(inside, self); c.tells != theFirst || holder == self {
			holder = -1
		}
		if len(inside) == 1 && c.tells == theOnly {
			for other := range inside {
				holder = other
			}
		}
	}
	regs := make([]uint64, 2+r.IntN(2))
	for i := range regs {
		plan := make([]int, 1+r.IntN(4-len(regs)))
		for j := range plan {
			plan[j] = r.IntN(6)
		}
		t.Daemon(fmt.Sprint("t", i), func() {
			for n, p := range plan {
				if c.marks {
					t.Mark("goes on", uint64(n), regs[i])
				}
				switch p {
				case 0:
					regs[i] = regs[i]*3 + z.Load()
				case 1:
					z.Store(regs[i] + 1)
				default:
					enter(i)
					if p != 5 || c.locks != freesEarly {
						x.Store(x.Load()*2 + uint64(i))
					}
					if p > 3 {
						regs[i] += z.Add(1)
						y.Add(1)
					}
					if c.locks == freesEarly {
						leave(i)
					}
					regs[i] = regs[i]*5 + x.Load()
					if c.locks != freesEarly {
						leave(i)
					}
					if c.locks == freesTwice {
						leave(i)
					}
					if c.locks == handsOver && p == 3 {
						y.Store(uint64(i) + 7)
					}
				}
			}
			if c.stores && i == 1 {
				regs[i] += x.Load()
			}
		})
	}
	t.AtEnd(func() { told(fmt.Sprint(x, y, z, regs)) })
}

// A lock that is none costs no outcome: the search that is to rely on it comes to as
// many as those which do not, whatever the program tells of who holds it, and to a
// failure where there is one.
func TestGuardsAreNotTrusted(t *testing.T) {
	const programs = 210
	var relied, broken, failed int
	r := rand.New(rand.NewPCG(61, 62))
	for n := range programs {
		c := sectioned{
			locks: locking(n % int(lockings)), tells: believing(r.IntN(int(believings))),
			named: r.IntN(4) == 0, stores: r.IntN(3) == 0, recalls: r.IntN(2) == 0, marks: r.IntN(8) > 0, seed: uint64(n / int(lockings)),
		}
		c.guarded = true
		all, _ := outcomesBy(t, c.program, schedule.Stateful(), schedule.Options{KeepGoing: true, Plain: true})
		some, rep := outcomesBy(t, c.program, schedule.Stateful(), schedule.Options{KeepGoing: true, Workers: 1 + n%2})
		if c.named && all["a failure"] { // others end earlier, there
			all, some = map[string]bool{"a failure": true}, map[string]bool{"a failure": some["a failure"]}
			failed++
		}
		if !maps.Equal(all, some) {
			t.Fatalf("program %d, %+v: it comes to %q, by states to %q; distrusted: %q", n, c,
				slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(some)), rep.Distrusted)
		}
		if c.locks == rightly && rep.Distrusted != nil {
			t.Errorf("program %d, %+v: a lock that is one is distrusted: %q", n, c, rep.Distrusted)
		}
		if c.guarded = false; rep.Distrusted == nil {
			if _, without := outcomes(t, c.program, schedule.Stateful()); rep.States < without.States {
				relied++
			}
		} else {
			broken++
		}
	}
	t.Logf("of %d programs, %d locks are distrusted, %d save states; %d programs fail", programs, broken, relied, failed)
	if relied < programs/6 || broken < programs/6 || failed < programs/12 {
		t.Errorf("of %d programs, %d locks are distrusted, %d save states, %d programs fail: too few to tell", programs, broken, relied, failed)
	}
}

// Each of the ways in which a lock can turn out to be none is seen, and the outcome is
// found that only an order of steps inside has which relying on the lock leaves out.
func TestEachBreakOfAGuardIsSeen(t *testing.T) {
	type threads struct {
		l, x   *schedule.Word
		holder int
	}
	rightly := func(o *threads) uint64 {
		o.l.Store(1)
		o.holder = 0
		o.x.Store(1)
		o.x.Store(2)
		o.l.Store(0)
		o.holder = -1
		return 0
	}
	for _, c := range []struct {
		name, property string
		a, b           func(o *threads) uint64
		only, why      string
	}{
		{
			name: "it is taken while somebody has it",
			a:    rightly,
			b: func(o *threads) uint64 {
				o.l.Store(2)
				o.holder = 1
				return o.x.Load()
			},
			only: "1", why: "a step of b makes b the holder of the lock in place of a",
		},
		{
			name: "somebody comes without it",
			a:    rightly,
			b:    func(o *threads) uint64 { return o.x.Load() },
			only: "1", why: "b stands before load x (load 65535:8) while a holds the lock",
		},
		{
			name: "an access gives it away",
			a: func(o *threads) uint64 {
				o.l.Store(1)
				o.holder = 0
				o.x.Store(2)
				o.holder = -1
				return 0
			},
			b: func(o *threads) uint64 {
				was := o.l.Swap(3)
				o.holder = 1
				return was*10 + o.x.Load()
			},
			only: "10", why: "a step of a makes nobody the holder of the lock in place of a",
		},
		{
			name: "somebody else frees it, and its holder does what is checked", property: "guarded by",
			a: func(o *threads) uint64 {
				o.l.Store(1)
				o.holder = 0
				o.x.Store(1)
				o.x.Store(2)
				return 0
			},
			b: func(o *threads) uint64 {
				o.l.Add(8)
				o.holder = -1
				return 0
			},
			only: "a failure", why: "a step of b makes nobody the holder of the lock in place of a",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := func(recalls bool) func(*schedule.T, func(string)) {
				return func(t *schedule.T, told func(string)) {
					o := &threads{l: t.Word("lock", 0), x: t.Word("x", 0), holder: -1}
					at := []schedule.Span{{Location: o.l.Location(), Size: 8}, {Location: o.x.Location(), Size: 8}}
					t.SharedAt("holder", func(d *schedule.Digest) { d.Word(uint64(o.holder + 1)) }, at...)
					if recalls {
						t.Recall()
					}
					t.Guards(c.property, func() int { return o.holder }, at[1]).HeldAt(at...)
					t.Go("a", func() { c.a(o) })
					seen := uint64(0)
					t.Go("b", func() { seen = c.b(o) })
					t.AtEnd(func() { told(fmt.Sprint(seen)) })
				}
			}
			for _, o := range []schedule.Options{{}, {Workers: 2}, {Plain: true}} {
				for _, recalls := range []bool{false, true} {
					o.KeepGoing = true
					told, rep := outcomesBy(t, program(recalls), schedule.Stateful(), o)
					if !told[c.only] {
						t.Errorf("%+v: it comes to %q, and not to %q", o, slices.Sorted(maps.Keys(told)), c.only)
					}
					if !o.Plain && !slices.Contains(rep.Distrusted, c.why) {
						t.Errorf("%+v: distrusted: %q, and not: %q", o, rep.Distrusted, c.why)
					}
				}
			}
		})
	}
}

// A lock that is one only while stores are seen at once: with store buffers both
// threads enter, and the search does not rely on it.
func TestGuardsWithStoreBuffers(t *testing.T) {
	program := func(t *schedule.T, told func(string)) {
		x, turn, inside := t.Word("x", 0), t.Word("turn", 0), -1
		wants := []*schedule.Word{t.Word("a wants", 0), t.Word("b wants", 0)}
		t.Shared(func(d *schedule.Digest) { d.Word(uint64(inside + 1)) })
		t.Guards("", func() int { return inside }, schedule.Span{Location: x.Location(), Size: 8})
		seen := make([]uint64, 2)
		for i, name := range []string{"a", "b"} {
			t.Daemon(name, func() {
				wants[i].Write(1)
				turn.Write(uint64(1 - i))
				if wants[1-i].Read() == 1 && turn.Read() != uint64(i) {
					return // it does not wait
				}
				inside = i
				x.Write(x.Read()*2 + uint64(i) + 1)
				seen[i] = x.Read()
				wants[i].Write(0)
				inside = -1
			})
		}
		t.AtEnd(func() { told(fmt.Sprint(x, seen)) })
	}
	for _, tso := range []bool{false, true} {
		o := schedule.Options{KeepGoing: true, StoreBuffers: tso}
		all, _ := outcomesBy(t, program, schedule.Optimal(), o)
		some, rep := outcomesBy(t, program, schedule.Stateful(), o)
		if !maps.Equal(all, some) || (rep.Distrusted == nil) == tso {
			t.Errorf("store buffers %t: it comes to %q, by states to %q; distrusted: %q", tso,
				slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(some)), rep.Distrusted)
		}
	}
}

// Two locks are no lock, and one that only some take is none: even where nobody else
// touches the lock's word, so that to take it and to free it could not be told from steps of
// no consequence.
func TestTwoLocksAreNone(t *testing.T) {
	for name, two := range map[string]bool{"two locks": true, "one, that another does not take": false} {
		for _, property := range []string{"", "guarded"} {
			program := func(t *schedule.T) {
				x, y, a, b := t.Word("x", 0), t.Word("y", 0), t.Mutex("a"), t.Mutex("b")
				holder := -1
				at := func(l schedule.Location) schedule.Span { return schedule.Span{Location: l, Size: 8} }
				t.SharedAt("holder", func(d *schedule.Digest) { d.Word(uint64(holder + 1)) }, at(a.Location()), at(b.Location()))
				t.Guards(property, func() int { return holder }, at(x.Location()))
				use := func(m *schedule.Mutex) {
					m.Lock()
					holder = t.Self()
					x.Store(x.Load() + 1)
					m.Unlock()
					holder = -1
				}
				t.Go("left", func() { use(a) })
				t.Go("right", func() {
					if two {
						use(b)
						return
					}
					y.AwaitSwap(func(v uint64) bool { return v == 0 }, 1)
					x.Add(1)
				})
				t.AtEnd(func() { t.Check("sum", x.Peek() == 2, "x is %d", x.Peek()) })
			}
			for _, o := range []schedule.Options{{}, {RunAll: true}, {Workers: 2}, {Plain: true}} {
				if rep := explore(t, program, schedule.Stateful(), o); rep.Verdict != verdict.Violated {
					t.Errorf("%s, property %q, %+v: %v, %d states, distrusted: %q", name, property, o, rep.Verdict, rep.States, rep.Distrusted)
				}
			}
		}
	}
}
