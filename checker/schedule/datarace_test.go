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
				if again, err := schedule.Replay(context.Background(), c.program, rep.Failure.Token, o); err != nil || again.Verdict != verdict.Violated {
					t.Errorf("%s, %s: replayed %v, %v", c.name, name, again.Verdict, err)
				}
			}
			if rep := explore(t, c.program, s, schedule.Options{}); rep.Verdict != verdict.Holds {
				t.Errorf("%s, %s: %v although races do not matter", c.name, name, rep.Verdict)
			}
		}
	}
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
	var races, byTries int
	for n := range 700 {
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
