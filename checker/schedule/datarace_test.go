package schedule_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// raceStrategies are those that see every interleaving of a small program.
var raceStrategies = map[string]schedule.Strategy{
	"bounded": schedule.Bounded(-1), "optimal": schedule.Optimal(), "stateful": schedule.Stateful(),
}

// Programs with and without a data race between plain accesses.
func TestDataRaces(t *testing.T) {
	for _, c := range []struct {
		name    string
		race    bool
		program func(*schedule.T)
	}{
		{"two plain writes", true, func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("a", func() { x.Write(1) })
			t.Go("b", func() { x.Write(2) })
		}},
		{"two plain reads", false, func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("a", func() { x.Read() })
			t.Go("b", func() { x.Read() })
		}},
		{"a plain read and an atomic store", true, func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("a", func() { x.Read() })
			t.Go("b", func() { x.Store(1) })
		}},
		{"atomic accesses alone", false, func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("a", func() { x.Store(2) })
			t.Go("b", func() { x.Add(1) })
		}},
		{"publication", false, func(t *schedule.T) {
			x, flag := t.Word("x", 0), t.Word("flag", 0)
			t.Go("a", func() { x.Write(1); flag.Store(1) })
			t.Go("b", func() {
				if flag.Load() == 1 {
					x.Read()
				}
			})
		}},
		{"publication before the write", true, func(t *schedule.T) {
			x, flag := t.Word("x", 0), t.Word("flag", 0)
			t.Go("a", func() { flag.Store(1); x.Write(1) })
			t.Go("b", func() {
				if flag.Load() == 1 {
					x.Read()
				}
			})
		}},
		{"a store in between that says nothing", true, func(t *schedule.T) {
			x, flag := t.Word("x", 0), t.Word("flag", 0)
			t.Go("a", func() { x.Write(1); flag.Store(1) })
			t.Go("b", func() { flag.Store(1) })
			t.Go("c", func() {
				if flag.Load() == 1 {
					x.Read()
				}
			})
		}},
		{"a lock", false, func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			for _, name := range []string{"a", "b"} {
				t.Go(name, func() { m.Lock(); x.Write(x.Read() + 1); m.Unlock() })
			}
		}},
		{"a lock of one alone", true, func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			t.Go("a", func() { m.Lock(); x.Write(x.Read() + 1); m.Unlock() })
			t.Go("b", func() { x.Read() })
		}},
		{"an await", false, func(t *schedule.T) {
			x, flag := t.Word("x", 0), t.Word("flag", 0)
			t.Go("a", func() { x.Write(1); flag.Add(1) })
			t.Go("b", func() { flag.Await(func(v uint64) bool { return v == 1 }); x.Read() })
		}},
		{"a thread that is declared after the write", false, func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("a", func() {
				x.Write(1)
				t.Go("child", func() { x.Read() })
			})
		}},
		{"a thread that is declared before the write", true, func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("a", func() {
				t.Go("child", func() { x.Read() })
				x.Write(1)
			})
		}},
		{"a try of the lock that fails", true, func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			t.Go("a", func() { x.Write(1); m.Lock() })
			t.Go("b", func() {
				if m.TryLock() {
					m.Unlock()
				} else {
					x.Write(2)
				}
			})
		}},
		{"a compare-and-swap that fails", false, func(t *schedule.T) {
			x, lock := t.Word("x", 0), t.Word("lock", 0)
			t.Go("a", func() { x.Write(1); lock.Store(1) })
			t.Go("b", func() {
				if !lock.CompareAndSwap(0, 2) {
					x.Write(2)
				}
			})
		}},
		{"a try of the lock that takes it", false, func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			t.Go("a", func() { m.Lock(); x.Write(1); m.Unlock() })
			t.Go("b", func() {
				for range 2 {
					if m.TryLock() {
						x.Write(2)
						m.Unlock()
					}
				}
			})
		}},
		{"a condition", false, func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			c := t.Cond("c", m)
			t.Go("a", func() {
				m.Lock()
				for x.Read() == 0 {
					c.Wait()
				}
				m.Unlock()
			})
			t.Go("b", func() { m.Lock(); x.Write(1); m.Unlock(); c.Broadcast() })
		}},
		{"a condition that another one begins to wait for", false, func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			c := t.Cond("c", m)
			for _, name := range []string{"first", "second"} {
				t.Daemon(name, func() { m.Lock(); c.Wait(); m.Unlock(); x.Read() })
			}
			t.Go("a", func() { x.Write(1); c.Signal() })
		}},
		{"a condition that was signalled before the write", true, func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			c := t.Cond("c", m)
			t.Daemon("waits", func() { m.Lock(); c.Wait(); m.Unlock(); x.Read() })
			t.Go("a", func() { c.Signal(); x.Write(1) })
		}},
		{"two wakes, which one sleeper waits for", false, func(t *schedule.T) {
			x, y := t.Word("x", 0), t.Word("y", 0)
			woken, at := uint64(0), schedule.Location{Segment: 1}
			t.SharedAt("woken", func(d *schedule.Digest) { d.Word(woken) }, schedule.Span{Location: at, Size: 4})
			for i, w := range []*schedule.Word{x, y} {
				t.Go(string(rune('a'+i)), func() {
					w.Write(1)
					t.Step(schedule.Event{Name: "wake", Kind: schedule.Wake, Location: at, Size: 4})
					t.SawValue(woken)
					woken++
				})
			}
			t.Go("c", func() {
				t.Await("both", func() bool { return woken == 2 }, at)
				x.Read()
				y.Read()
			})
		}},
		{"a lock that is taken by a store that waits", false, func(t *schedule.T) {
			x, lock := t.Word("x", 0), t.Word("lock", 0)
			held := false
			t.SharedAt("held", func(d *schedule.Digest) { d.Word(truth(held)) }, schedule.Span{Location: lock.Location(), Size: 8})
			for _, name := range []string{"a", "b"} {
				t.Go(name, func() {
					t.AwaitStep(on(lock, "take", schedule.Store), func() bool { return !held })
					held = true
					x.Write(1)
					t.Step(on(lock, "free", schedule.Store))
					held = false
				})
			}
		}},
		{"copies that overlap", true, func(t *schedule.T) {
			b := make([]byte, 64)
			t.Shared(func(d *schedule.Digest) { d.Bytes(b) })
			copying := func(k schedule.Kind, off, size int) {
				t.Step(schedule.Event{Name: "copy", Kind: k, Location: schedule.Location{Offset: uint32(off)}, Size: uint32(size)})
			}
			t.Go("a", func() { copying(schedule.Write, 0, 33); b[32] = 1 })
			t.Go("b", func() { copying(schedule.Read, 32, 8) })
		}},
		{"a swap that always fails, and a plain read", false, func(t *schedule.T) {
			x, y := t.Word("x", 0), t.Word("y", 0)
			t.Go("a", func() { x.CompareAndSwap(7, 8) })
			t.Go("b", func() { x.Read() })
			t.Go("c", func() { y.Store(1) })
			t.Go("d", func() { y.Load() })
		}},
		{"a plain write that takes the lock away from who waits", true, func(t *schedule.T) {
			lock, y := t.Word("lock", 0), t.Word("y", 0)
			t.Go("a", func() { lock.Write(1); y.Load(); lock.Store(0) })
			t.Go("b", func() {
				lock.AwaitSwap(func(v uint64) bool { return v == 0 }, 1)
				if y.Load() == 0 {
					y.Store(2)
				}
				lock.Store(0)
			})
			t.Go("c", func() { y.Load() })
		}},
		{"a write at the second place of a step", true, func(t *schedule.T) {
			var x [2]int
			t.Shared(func(d *schedule.Digest) { d.Word(uint64(x[0])<<32 | uint64(x[1])) })
			at := func(i int) schedule.Location { return schedule.Location{Segment: 1, Offset: uint32(64 * i)} }
			t.Go("a", func() {
				t.Step(schedule.Event{Name: "both", Kind: schedule.Write, Location: at(0), Size: 8}, at(1))
				x = [2]int{1, 1}
			})
			t.Go("b", func() {
				t.Step(schedule.Event{Name: "one", Kind: schedule.Write, Location: at(1), Size: 8})
				x[1] = 2
			})
		}},
		{"a plain read that waits for a word", false, func(t *schedule.T) {
			x, y, flag := t.Word("x", 0), t.Word("y", 0), t.Word("flag", 0)
			t.Go("a", func() { x.Write(1); flag.Store(1) })
			t.Go("b", func() {
				t.AwaitStep(on(y, "read y", schedule.Read), func() bool { return flag.Peek() == 1 })
				t.SawValue(y.Peek())
				x.Read()
			})
		}},
		{"a plain write, of what was written, that waits for a word", false, func(t *schedule.T) {
			x, flag := t.Word("x", 0), t.Word("flag", 0)
			t.Go("a", func() { x.Write(1); flag.Store(1) })
			t.Go("b", func() {
				t.AwaitStep(on(x, "write x", schedule.Write), func() bool { return flag.Peek() == 1 }, flag.Location())
			})
		}},
		{"a plain write that is made if a word says so", false, func(t *schedule.T) {
			x, y, flag := t.Word("x", 0), t.Word("y", 0), t.Word("flag", 0)
			t.Go("a", func() { x.Write(1); flag.Store(1) })
			t.Go("b", func() {
				if t.StepIf(on(y, "write y", schedule.Write), func() bool { return flag.Peek() == 1 }) {
					x.Read()
				}
			})
		}},
		{"a plain read that waits for a word which is stored later", false, func(t *schedule.T) {
			y, flag := t.Word("y", 0), t.Word("flag", 0)
			t.Daemon("a", func() { flag.Store(1) })
			t.Daemon("b", func() {
				t.AwaitStep(on(y, "read y", schedule.Read), func() bool { return flag.Peek() == 0 })
				t.SawValue(y.Peek())
			})
		}},
		{"a plain read that waits for a word, and a plain write of that", true, func(t *schedule.T) {
			y, flag := t.Word("y", 0), t.Word("flag", 0)
			t.Daemon("a", func() { flag.Write(1) })
			t.Daemon("b", func() {
				t.AwaitStep(on(y, "read y", schedule.Read), func() bool { return flag.Peek() == 1 })
				t.SawValue(y.Peek())
			})
		}},
		{"a plain read that waits for what is stored there", true, func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Daemon("a", func() { x.Store(1) })
			t.Daemon("b", func() {
				t.AwaitStep(on(x, "read x", schedule.Read), func() bool { return x.Peek() == 1 })
				t.SawValue(x.Peek())
			})
		}},
		{"a plain write that waits for a word leaves nothing there", true, func(t *schedule.T) {
			x, y, flag := t.Word("x", 0), t.Word("y", 0), t.Word("flag", 0)
			t.Daemon("a", func() {
				x.Write(1)
				t.AwaitStep(on(y, "write y", schedule.Write), func() bool { return flag.Peek() == 0 })
				y.Write(1)
			})
			t.Daemon("b", func() { flag.Add(1); x.Read() })
		}},
		{"a write at the second place of an await", true, func(t *schedule.T) {
			x, y := t.Word("x", 0), t.Word("y", 0)
			t.Go("a", func() { x.Write(1) })
			t.Go("b", func() { t.Await("either", func() bool { return x.Peek()+y.Peek() > 0 }, y.Location(), x.Location()) })
		}},
		{"copies side by side", false, func(t *schedule.T) {
			b := make([]byte, 64)
			t.Shared(func(d *schedule.Digest) { d.Bytes(b) })
			copying := func(k schedule.Kind, off, size int) {
				t.Step(schedule.Event{Name: "copy", Kind: k, Location: schedule.Location{Offset: uint32(off)}, Size: uint32(size)})
			}
			t.Go("a", func() { copying(schedule.Write, 0, 32); b[0] = 1 })
			t.Go("b", func() { copying(schedule.Read, 32, 8) })
		}},
	} {
		for name, s := range raceStrategies {
			o := schedule.Options{DataRaces: true}
			rep := explore(t, c.program, s, o)
			switch {
			case !c.race && (rep.Verdict != verdict.Holds || !rep.Complete):
				t.Errorf("%s, %s: %v %+v", c.name, name, rep.Verdict, rep.Failure)
			case c.race && (rep.Failure == nil || rep.Failure.Property != "data race"):
				t.Errorf("%s, %s: %v %+v", c.name, name, rep.Verdict, rep.Failure)
			case c.race:
				contains(t, rep.Failure.Message, " by a (step ", "datarace_test.go:", "nothing orders them")
				for _, o := range []schedule.Options{o, {}} {
					again, err := schedule.Replay(context.Background(), c.program, rep.Failure.Token, o)
					if err != nil || again.Failure == nil || again.Failure.Property != "data race" || again.Failure.Token != rep.Failure.Token {
						t.Errorf("%s, %s: replayed with %+v %v, %v", c.name, name, o, again.Verdict, err)
					}
				}
			}
			if rep := explore(t, c.program, s, schedule.Options{}); rep.Verdict != verdict.Holds {
				t.Errorf("%s, %s: %v although races do not matter", c.name, name, rep.Verdict)
			}
		}
	}
}

// What an atomic access orders are the bytes that it touches, and not those beside them.
func TestAtomicAccessesOrderTheirBytes(t *testing.T) {
	for _, c := range []struct {
		left, right schedule.Span // what the two threads swap
		race        bool
	}{
		{bytesAt(0, 4), bytesAt(0, 4), false},
		{bytesAt(0, 1), bytesAt(0, 1), false},
		{bytesAt(0, 1), bytesAt(1, 1), true},
		{bytesAt(0, 2), bytesAt(2, 2), true},
		{bytesAt(3, 1), bytesAt(0, 3), true},
		{bytesAt(0, 4), bytesAt(4, 4), true},
		{bytesAt(0, 8), bytesAt(8, 8), true},
		{bytesAt(0, 8), bytesAt(7, 1), false},
		{bytesAt(6, 4), bytesAt(8, 1), false},
		{bytesAt(6, 4), bytesAt(10, 6), true},
		{bytesAt(2, 1), bytesAt(0, 16), false},
	} {
		program := func(t *schedule.T) {
			x, sum := t.Word("x", 0), uint64(0)
			t.Shared(func(d *schedule.Digest) { d.Word(sum) })
			swap := func(at schedule.Span) {
				t.Step(schedule.Event{Name: "swap", Kind: schedule.Swap, Location: at.Location, Size: at.Size})
				t.SawValue(0)
			}
			t.Go("a", func() { x.Write(1); swap(c.left) })
			t.Go("b", func() { swap(c.right); x.Write(2) })
		}
		// Without a preemption a is before b, and all that is between the two writes are the swaps.
		rep := explore(t, program, schedule.Bounded(0), schedule.Options{DataRaces: true, KeepGoing: true})
		wanted := uint64(1) // b before a
		if c.race {
			wanted = 2
		}
		if rep.Executions != 2 || rep.Bad != wanted {
			t.Errorf("%v and %v: %d of %d executions race, want %d", c.left, c.right, rep.Bad, rep.Executions, wanted)
		}
	}
}

// Who is woken comes after what was done before the wake, and not after what its thread does
// later.
func TestWakesOrderWhatWasBefore(t *testing.T) {
	for _, late := range []bool{false, true} {
		program := func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			c := t.Cond("c", m)
			t.Daemon("waits", func() { m.Lock(); c.Wait(); m.Unlock(); x.Read() })
			t.Go("signals", func() {
				if late {
					c.Signal()
				}
				x.Write(1)
				if !late {
					c.Signal()
				}
			})
		}
		// Without a preemption all that wakes is done when the one that waits goes on.
		rep := explore(t, program, schedule.Bounded(0), schedule.Options{DataRaces: true})
		if race := rep.Failure != nil; race != late {
			t.Errorf("written after the signal %t: a race %t", late, race)
		}
	}
}

// As with sync.Cond, a Signal comes after no Wait: here a is woken in each execution in which
// b reads, and nothing orders its write before that, since a TryLock that fails orders nothing.
func TestASignalComesAfterNoWait(t *testing.T) {
	program := func(wakes func(*schedule.Cond)) func(*schedule.T) {
		return func(t *schedule.T) {
			x, m, told := t.Word("x", 0), t.Mutex("m"), t.Mutex("told")
			c, waits := t.Cond("c", m), false
			t.SharedAt("waits", func(d *schedule.Digest) { d.Word(truth(waits)) }, schedule.Span{Location: m.Location(), Size: 8})
			t.Daemon("a", func() { x.Write(1); m.Lock(); waits = true; c.Wait(); m.Unlock() })
			t.Daemon("tells", func() {
				m.Lock()
				if waits {
					told.Lock()
				}
				m.Unlock()
			})
			t.Daemon("b", func() {
				if !told.TryLock() {
					wakes(c)
					x.Read()
				}
			})
		}
	}
	for wake, wakes := range map[string]func(*schedule.Cond){"signal": (*schedule.Cond).Signal, "broadcast": (*schedule.Cond).Broadcast} {
		for name, s := range raceStrategies {
			rep := explore(t, program(wakes), s, schedule.Options{DataRaces: true})
			if rep.Failure == nil || rep.Failure.Property != "data race" {
				t.Errorf("%s, %s: %v %+v", wake, name, rep.Verdict, rep.Failure)
			}
		}
	}
}

// Nor is a Signal that wakes another thread before the return of Wait: here that of c, which is
// made before that of b in each execution in which b wakes anybody.
func TestAWaitReturnsAfterItsOwnSignal(t *testing.T) {
	program := func(t *schedule.T) {
		x, m, told := t.Word("x", 0), t.Mutex("m"), t.Mutex("told")
		cond, waiting := t.Cond("cond", m), 0
		t.SharedAt("waiting", func(d *schedule.Digest) { d.Word(uint64(waiting)) }, schedule.Span{Location: m.Location(), Size: 8})
		wait := func() { m.Lock(); waiting++; cond.Wait(); m.Unlock() }
		t.Daemon("other", wait)
		t.Daemon("a", func() { wait(); x.Read() })
		t.Daemon("c", func() {
			m.Lock()
			both := waiting == 2
			m.Unlock()
			if both {
				x.Write(1)
				cond.Signal()
				told.Lock()
			}
		})
		t.Daemon("b", func() {
			if !told.TryLock() {
				cond.Signal()
			}
		})
	}
	for name, s := range raceStrategies {
		rep := explore(t, program, s, schedule.Options{DataRaces: true})
		if rep.Failure == nil || rep.Failure.Property != "data race" {
			t.Errorf("%s: %v %+v", name, rep.Verdict, rep.Failure)
		}
	}
}

// A write ends what others left at its own bytes alone.
func TestAWriteOfSomeBytes(t *testing.T) {
	for _, c := range []struct {
		over, seen schedule.Span // what is written in between, and what is read then
		race       bool
	}{
		{bytesAt(0, 8), bytesAt(0, 8), true},
		{bytesAt(0, 4), bytesAt(0, 8), false},
		{bytesAt(0, 4), bytesAt(0, 4), true},
		{bytesAt(0, 4), bytesAt(4, 1), false},
		{bytesAt(3, 1), bytesAt(3, 1), true},
		{bytesAt(3, 1), bytesAt(2, 1), false},
	} {
		program := func(t *schedule.T) {
			x := t.Word("x", 0)
			step := func(k schedule.Kind, at schedule.Span) {
				t.Step(schedule.Event{Name: "step", Kind: k, Location: at.Location, Size: at.Size})
			}
			t.Go("a", func() { x.Write(1); step(schedule.Store, bytesAt(0, 8)) })
			t.Go("b", func() { step(schedule.Store, c.over) })
			t.Go("c", func() { step(schedule.Load, c.seen); x.Read() })
		}
		s := schedule.Bounded(0) // the first execution is a, b, c
		rep := explore(t, program, s, schedule.Options{DataRaces: true, MaxExecutions: 1})
		if race := rep.Failure != nil; race != c.race {
			t.Errorf("%v is written and %v read: a race: %t", c.over, c.seen, race)
		}
	}
}

func bytesAt(offset, size uint32) schedule.Span {
	return schedule.Span{Location: schedule.Location{Segment: 1, Offset: offset}, Size: size}
}

// Of two accesses that race only the one that nothing can keep from being made is made
// second: the other one may wait then.
func TestWhoWaitsDoesNotRaceSecond(t *testing.T) {
	for _, o := range []schedule.Options{{DataRaces: true}, {DataRaces: true, KeepGoing: true}, {DataRaces: true, Workers: 2}} {
		rep := explore(t, func(t *schedule.T) {
			lock, y := t.Word("lock", 0), t.Word("y", 0)
			t.Go("a", func() { lock.Write(1) })
			t.Go("b", func() {
				lock.AwaitSwap(func(v uint64) bool { return v == 0 }, 1)
				if y.Load() == 0 {
					y.Store(2)
				}
			})
			t.Go("c", func() { y.Load() })
		}, schedule.Stateful(), o)
		if rep.Failure == nil || rep.Failure.Property != "data race" && rep.Failure.Property != "deadlock" {
			t.Errorf("%+v: %v %+v", o, rep.Verdict, rep.Failure)
		}
	}
}

// accesses are a lock as a program may have it, with an attempt that fails, beside plain and
// atomic words.
type accesses struct {
	x, y, flag *schedule.Word
	take, free func()
	attempt    func() bool
}

var raceActs = []func(*accesses){
	func(o *accesses) { o.x.Write(1) },
	func(o *accesses) { o.y.Write(1) },
	func(o *accesses) { o.x.Read() },
	func(o *accesses) { o.flag.Load() },
	func(o *accesses) { o.flag.Store(1) },
	func(o *accesses) { o.flag.Add(1) },
	func(o *accesses) { o.take() },
	func(o *accesses) { o.take(); o.x.Write(2); o.free() },
	func(o *accesses) {
		if o.attempt() {
			o.free()
		} else {
			o.x.Write(3)
		}
	},
	func(o *accesses) {
		if !o.attempt() {
			o.y.Write(3)
		}
	},
}

// racing is a random program of such acts, after each of which its thread forgets all; with a
// Mutex, or with a word in its place, of which an attempt that fails is a read.
func racing(plans [][]func(*accesses), mutex bool) func(*schedule.T) {
	return func(t *schedule.T) {
		o := &accesses{x: t.Word("x", 0), y: t.Word("y", 0), flag: t.Word("flag", 0)}
		if mutex {
			m := t.Mutex("m")
			o.take, o.free, o.attempt = m.Lock, func() {
				if m.Held() {
					m.Unlock()
				}
			}, m.TryLock
		} else {
			w := t.Word("m", 0)
			o.take = func() { w.AwaitSwap(func(v uint64) bool { return v == 0 }, 1) }
			o.free = func() { w.Store(0) }
			o.attempt = func() bool { return w.CompareAndSwap(0, 1) }
		}
		for i, plan := range plans {
			t.Daemon(fmt.Sprint("t", i), func() {
				for n, act := range plan {
					act(o)
					t.Mark(fmt.Sprint(n))
				}
			})
		}
	}
}

// Every search that is exhaustive says alike of random programs whether two accesses race,
// also where no more than a TryLock that has failed is between the two.
func TestSearchesAgreeOnDataRaces(t *testing.T) {
	r := rand.New(rand.NewPCG(53, 54))
	repeatOften := schedule.RepeatOften(t)
	var races, byTries int
	for n := range 700 {
		repeatOften(n%2 == 0)
		plans := make([][]func(*accesses), 2+r.IntN(2))
		for i := range plans {
			for range 1 + r.IntN(6-len(plans)) {
				plans[i] = append(plans[i], raceActs[r.IntN(len(raceActs))])
			}
		}
		var verdicts [2]bool
		for i, mutex := range []bool{true, false} {
			for _, c := range []struct {
				name string
				s    schedule.Strategy
				o    schedule.Options
			}{
				{"bounded", schedule.Bounded(-1), schedule.Options{}},
				{"optimal", schedule.Optimal(), schedule.Options{}},
				{"stateful", schedule.Stateful(), schedule.Options{}},
				{"stateful, two workers", schedule.Stateful(), schedule.Options{Workers: 2}},
				{"stateful, plain", schedule.Stateful(), schedule.Options{Plain: true}},
			} {
				c.o.DataRaces = true
				rep := explore(t, racing(plans, mutex), c.s, c.o)
				race := rep.Failure != nil && rep.Failure.Property == "data race"
				switch {
				case c.name == "bounded":
					verdicts[i] = race
				case race != verdicts[i]:
					t.Fatalf("program %d, mutex %t: a data race by the bounded search is %t, by %s %t (%v)", n, mutex, verdicts[i], c.name, race, rep.Verdict)
				}
			}
		}
		races += map[bool]int{true: 1}[verdicts[0]]
		byTries += map[bool]int{true: 1}[verdicts[0] && !verdicts[1]]
	}
	if races < 250 || races > 600 || byTries < 5 {
		t.Errorf("%d of the programs race, %d of them since a TryLock orders nothing: too few to tell", races, byTries)
	}
	t.Logf("%d of the programs race, %d of them since a TryLock orders nothing", races, byTries)
}

// waits are what threads wait by, beside plain accesses.
type waits struct {
	x, y, flag, other *schedule.Word
	clock             *schedule.Clock
	m                 *schedule.Mutex
	c                 *schedule.Cond
}

func (o *waits) up() bool { return o.flag.Peek() > 0 }

var waitingActs = []func(*schedule.T, *waits){
	func(_ *schedule.T, o *waits) { o.x.Write(1); o.flag.Add(1) },
	func(_ *schedule.T, o *waits) { o.y.Write(1); o.flag.Store(1) },
	func(_ *schedule.T, o *waits) { o.flag.Store(0) },
	func(t *schedule.T, o *waits) { t.Await("up", o.up); o.x.Read() },
	func(t *schedule.T, o *waits) { t.Await("up", o.up, o.other.Location()); o.x.Write(2) },
	func(_ *schedule.T, o *waits) {
		o.other.AwaitSwap(func(v uint64) bool { return v == 0 && o.up() }, 1)
		o.y.Write(o.x.Read())
	},
	func(_ *schedule.T, o *waits) {
		if o.clock.AwaitUntil(1, "up in time", o.up) {
			o.y.Read()
		}
	},
	func(_ *schedule.T, o *waits) { o.other.Swap(0) },
	func(_ *schedule.T, o *waits) { o.m.Lock(); o.x.Write(3); o.m.Unlock() },
	func(_ *schedule.T, o *waits) { o.m.Lock(); o.c.Wait(); o.y.Read(); o.m.Unlock() },
	func(_ *schedule.T, o *waits) { o.y.Write(4); o.c.Signal() },
	func(_ *schedule.T, o *waits) {
		if o.m.TryLock() {
			o.x.Read()
			o.m.Unlock()
		}
	},
}

// signallingActs are about who is woken and who wakes, with no TryLock that makes the search keep
// the order (common.orders).
var signallingActs = []func(*schedule.T, *waits){
	func(_ *schedule.T, o *waits) { o.x.Write(1); o.flag.Add(1) },
	func(t *schedule.T, o *waits) { t.Await("up", o.up); o.x.Read() },
	func(t *schedule.T, o *waits) {
		t.AwaitStep(on(o.y, "read y", schedule.Read), o.up)
		t.SawValue(o.y.Peek())
	},
	func(_ *schedule.T, o *waits) { o.m.Lock(); o.x.Write(3); o.m.Unlock() },
	func(_ *schedule.T, o *waits) { o.m.Lock(); o.c.Wait(); o.y.Read(); o.m.Unlock() },
	func(_ *schedule.T, o *waits) { o.m.Lock(); o.x.Write(5); o.c.Wait(); o.m.Unlock() },
	func(_ *schedule.T, o *waits) { o.y.Write(4); o.c.Signal() },
	func(_ *schedule.T, o *waits) { o.c.Signal(); o.x.Read() },
	func(_ *schedule.T, o *waits) { o.c.Broadcast(); o.y.Read() },
}

// The same of programs whose threads wait: for what a predicate looks at without announcing
// it, for an instant, and to be woken.
func TestSearchesAgreeOnDataRacesOfWhoWaits(t *testing.T) {
	agreeOnDataRaces(t, 200, waitingActs, rand.New(rand.NewPCG(55, 56)), 100)
}

// And of programs whose threads mostly wake each other.
func TestSearchesAgreeOnDataRacesOfWhoSignals(t *testing.T) {
	agreeOnDataRaces(t, 300, signallingActs, rand.New(rand.NewPCG(57, 58)), 100)
}

// agreeOnDataRaces tries so many programs of the acts; of the searches by states at least so
// many are to repeat steps.
func agreeOnDataRaces(t *testing.T, programs int, acts []func(*schedule.T, *waits), r *rand.Rand, repeat int) {
	schedule.RepeatOften(t)(true)
	races, repeated := 0, 0
	for n := range programs {
		plans := make([][]func(*schedule.T, *waits), 2+r.IntN(2))
		for i := range plans {
			for range 1 + r.IntN(6-len(plans)) {
				plans[i] = append(plans[i], acts[r.IntN(len(acts))])
			}
		}
		program := func(t *schedule.T) {
			o := &waits{
				x: t.Word("x", 0), y: t.Word("y", 0), flag: t.Word("flag", 0), other: t.Word("other", 0),
				clock: t.Clock("clock"), m: t.Mutex("m"),
			}
			o.c = t.Cond("c", o.m)
			for i, plan := range plans {
				t.Daemon(fmt.Sprint("t", i), func() {
					for k, act := range plan {
						act(t, o)
						t.Mark(fmt.Sprint(k))
					}
				})
			}
		}
		race := func(s schedule.Strategy, o schedule.Options) bool {
			o.DataRaces = true
			rep := explore(t, program, s, o)
			if s.ByStates() && rep.Executions > 10 {
				repeated++
			}
			return rep.Failure != nil && rep.Failure.Property == "data race"
		}
		want := race(schedule.Optimal(), schedule.Options{})
		for name, got := range map[string]bool{
			"stateful":              race(schedule.Stateful(), schedule.Options{}),
			"stateful, two workers": race(schedule.Stateful(), schedule.Options{Workers: 2}),
			"stateful, plain":       race(schedule.Stateful(), schedule.Options{Plain: true}),
		} {
			if got != want {
				t.Fatalf("program %d: a data race by the optimal search is %t, by %s %t", n, want, name, got)
			}
		}
		if want {
			races++
		}
	}
	if races < programs/4 || races > 3*programs/4 || repeated < repeat {
		t.Errorf("%d of %d programs race, %d searches repeat: too few to tell", races, programs, repeated)
	}
	t.Logf("%d of %d programs race, %d searches repeat", races, programs, repeated)
}
