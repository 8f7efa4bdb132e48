package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// The stateful search reaches the final states of every interleaving of random
// programs, and a deadlock where there is one.
func TestStatefulAgreesWithBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	var hits, verified, deadlocks uint64
	for n := range 1500 {
		p := randomToy(r)
		want, finals := p.traces()
		bad := slices.Contains(slices.Collect(maps.Values(want)), true)
		for _, byWords := range []bool{false, true} {
			got := map[toyState]bool{}
			rep := explore(t, p.declared(byWords, func(s toyState) { got[s] = true }), schedule.Stateful(), schedule.Options{KeepGoing: true})
			if rep.Bad > 0 != bad || !rep.Complete || rep.Verdict == verdict.Holds == bad {
				t.Fatalf("program %d %v, by words %t: %d bad, complete %t, %v; there is a deadlock: %t",
					n, p, byWords, rep.Bad, rep.Complete, rep.Verdict, bad)
			}
			if !maps.Equal(got, finals) {
				t.Fatalf("program %d %v, by words %t: final states %v, there are %v", n, p, byWords, got, finals)
			}
			hits += rep.Hits
			verified += rep.Verified
			deadlocks += rep.Bad
		}
	}
	if hits < 1000 || verified < 1000 || deadlocks < 1000 {
		t.Errorf("the programs are too small to tell: %d hits, %d verified, %d deadlocks", hits, verified, deadlocks)
	}
	t.Logf("%d hits, %d verified", hits, verified)
}

func TestStatefulReachesAllOutcomes(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(variety)) {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			all, _ := outcomes(t, variety[name], schedule.Bounded(-1))
			some, _ := outcomes(t, variety[name], schedule.Stateful())
			if !maps.Equal(all, some) {
				t.Errorf("by the stateful search %v, of all %v", slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(all)))
			}
		})
	}
}

func TestStatefulReachesAllOutcomesOfDeaths(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	repeatOften := schedule.RepeatOften(t)
	for n := range 300 {
		repeatOften(n%2 == 0)
		p := randomToy(r)[:2]
		for _, byWords := range []bool{false, true} {
			program := p.withKiller(byWords, p[0][0])
			all, _ := outcomes(t, program, schedule.Bounded(-1))
			some, _ := outcomes(t, program, schedule.Stateful())
			if !maps.Equal(all, some) {
				t.Fatalf("program %d %v by words %t: by the stateful search %v, of all %v",
					n, p, byWords, slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(all)))
			}
		}
	}
}

// marking says what of the marks of ring is left out.
type marking int

const (
	whole marking = iota
	withoutRound
	withoutSum
	withoutMarks
)

// ring is a bounded queue of two slots under a lock with its producers and one
// consumer. Marks stand at the heads of the loops, indices count for ever. The
// faulty one looks at the index before it has the lock.
func ring(producers, rounds int, m marking, guarded, faulty bool) func(*schedule.T) {
	const size = 2
	return func(t *schedule.T) {
		lock, head, tail, total := t.Mutex("lock"), t.Word("head", 0), t.Word("tail", 0), t.Word("total", 0)
		slots := []*schedule.Word{t.Word("slot0", 0), t.Word("slot1", 0)}
		t.Quotient(func(at schedule.Location, v uint64) uint64 {
			if at == head.Location() || at == tail.Location() {
				return v % (4 * size) // a producer may wait while twice the size is consumed
			}
			return v
		})
		if guarded {
			lock.Guards(slots...)
		}
		mark := func(label string, live ...uint64) {
			if m != withoutMarks {
				t.Mark(label, live...)
			}
		}
		for p := range producers {
			t.Go(fmt.Sprint("producer", p), func() {
				for i := 0; i < rounds; i++ {
					if m == withoutRound {
						mark("produce")
					} else {
						mark("produce", uint64(i))
					}
					at := uint64(0)
					if faulty {
						at = tail.Load()
					}
					lock.Lock()
					if !faulty {
						at = tail.Load()
					}
					if h := head.Load(); at-h == size {
						lock.Unlock()
						head.Await(func(v uint64) bool { return v != h })
						i--
						continue
					}
					if m == withoutRound {
						// Else what was consumed tells who has produced how often.
						slots[at%size].Store(1)
					} else {
						slots[at%size].Store(uint64(p + 1))
					}
					tail.Store(at + 1)
					lock.Unlock()
				}
			})
		}
		t.Go("consumer", func() {
			sum := uint64(0)
			for i := 0; i < producers*rounds; i++ {
				if m == withoutSum {
					mark("consume", uint64(i))
				} else {
					mark("consume", uint64(i), sum)
				}
				h := head.Peek()
				tail.Await(func(v uint64) bool { return v != h })
				lock.Lock()
				v := slots[h%size].Load()
				slots[h%size].Store(0)
				head.Store(h + 1)
				lock.Unlock()
				t.Check("no slot is empty", v != 0, "slot %d is", h%size)
				sum = sum*4 + v
			}
			// What was consumed decides what is done at last.
			total.Store(sum)
		})
	}
}

func TestStatefulLoops(t *testing.T) {
	plain := explore(t, ring(1, 3, withoutMarks, false, false), schedule.Stateful(), schedule.Options{})
	one := explore(t, ring(1, 3, whole, false, false), schedule.Stateful(), schedule.Options{})
	marked := explore(t, ring(2, 3, whole, false, false), schedule.Stateful(), schedule.Options{})
	guarded := explore(t, ring(2, 3, whole, true, false), schedule.Stateful(), schedule.Options{})
	for name, rep := range map[string]schedule.Report{"one without marks": plain, "one with marks": one, "with marks": marked, "with movers": guarded} {
		t.Logf("%s: %d states, %d executions, %d steps, %d hits, %d verified", name, rep.States, rep.Executions, rep.Steps, rep.Hits, rep.Verified)
		if rep.Verdict != verdict.Holds || !rep.Complete || rep.Hits > 0 && rep.Verified == 0 {
			t.Errorf("%s: %v %s %+v", name, rep.Verdict, rep.Reason, rep.Failure)
		}
	}
	if one.States >= plain.States || guarded.States >= marked.States {
		t.Errorf("%d states without marks, %d with, %d with movers", plain.States, one.States, guarded.States)
	}
	for _, guard := range []bool{false, true} {
		rep := explore(t, ring(2, 2, whole, guard, true), schedule.Stateful(), schedule.Options{})
		if rep.Verdict != verdict.Violated {
			t.Errorf("guarded %t: the fault is not found: %v", guard, rep.Verdict)
		}
	}
}

// A mark that leaves out a live value is an error that names it.
func TestStatefulVerifiesMarks(t *testing.T) {
	for m, label := range map[marking]string{withoutRound: `"produce"`, withoutSum: `"consume"`} {
		_, err := schedule.Explore(context.Background(), ring(2, 2, m, false, false), schedule.Stateful(), schedule.Options{})
		if !errors.Is(err, schedule.ErrState) {
			t.Errorf("mark %s leaves out a live value: %v", label, err)
			continue
		}
		t.Log(err)
		contains(t, err.Error(), label)
	}
}

// declaring is a program of two threads whose word comes to 2 at last.
func declaring(how func(*schedule.T, *schedule.Word)) func(*schedule.T) {
	return func(t *schedule.T) {
		x := t.Word("x", 0)
		how(t, x)
		for range 2 {
			t.Go("adds", func() { x.Add(1) })
		}
	}
}

func panicIf(b bool) {
	if b {
		panic("boom")
	}
}

func TestStatefulRefuses(t *testing.T) {
	hidden := 0
	for _, c := range []struct {
		name    string
		program func(*schedule.T)
		want    error
		text    string
	}{
		{"nothing shared", increments(2, 1, false), schedule.ErrOptions, "T.Shared"},
		{"a shared variable that is not announced", func(t *schedule.T) {
			x := t.Word("x", 0)
			hidden = 0
			t.Go("a", func() { x.Add(1); hidden++; x.Add(1) })
			t.Go("b", func() { x.Store(0); x.Load(); x.Store(5); x.Store(uint64(hidden)) })
			t.Go("c", func() { x.Store(0); x.Store(0) })
		}, schedule.ErrState, ""},
		{"a quotient that is too coarse", func(t *schedule.T) {
			x, y, z := t.Word("x", 0), t.Word("y", 0), t.Word("z", 0)
			t.Quotient(func(_ schedule.Location, v uint64) uint64 { return v % 2 })
			t.Go("a", func() { x.Store(2) })
			t.Go("b", func() {
				v := x.Load()
				z.Add(1)
				if v == 2 {
					y.Store(1)
				}
			})
			t.Go("c", func() { z.Load() })
		}, schedule.ErrState, "store y"},
		{"a function of T.Shared that panics", declaring(func(t *schedule.T, x *schedule.Word) {
			t.Shared(func(*schedule.Digest) { panicIf(x.Peek() == 2) })
		}), schedule.ErrDeclared, "a function given to T.Shared panics: boom"},
		{"a function of T.SharedAt that fails a check", declaring(func(t *schedule.T, x *schedule.Word) {
			t.SharedAt("x", func(*schedule.Digest) { t.Check("small", x.Peek() < 2, "it is 2") }, schedule.Span{Location: x.Location(), Size: 8})
		}), schedule.ErrDeclared, "a function given to T.SharedAt fails a check"},
		{"a quotient that panics", declaring(func(t *schedule.T, _ *schedule.Word) {
			t.Quotient(func(_ schedule.Location, v uint64) uint64 { panicIf(v == 2); return v })
		}), schedule.ErrDeclared, "a function given to T.Quotient panics: boom"},
		{"a holder of a lock that panics", declaring(func(t *schedule.T, x *schedule.Word) {
			y := t.Word("y", 0)
			t.Guards("", func() int { panicIf(x.Peek() == 2); return -1 }, schedule.Span{Location: y.Location(), Size: 8})
		}), schedule.ErrDeclared, "a function given to T.Guards panics: boom"},
		{"a function of T.Shared that ends its goroutine", declaring(func(t *schedule.T, x *schedule.Word) {
			t.Shared(func(*schedule.Digest) { exitIf(x.Peek() == 2) })
		}), schedule.ErrDeclared, "a function given to T.Shared ends its goroutine, by runtime.Goexit"},
		{"a function of T.Shared that does so in the beginning", declaring(func(t *schedule.T, x *schedule.Word) {
			t.Shared(func(*schedule.Digest) { exitIf(x.Peek() == 0) })
		}), schedule.ErrDeclared, "a function given to T.Shared ends its goroutine, by runtime.Goexit"},
		{"a quotient that ends its goroutine", declaring(func(t *schedule.T, _ *schedule.Word) {
			t.Quotient(func(_ schedule.Location, v uint64) uint64 { exitIf(v == 2); return v })
		}), schedule.ErrDeclared, "a function given to T.Quotient ends its goroutine"},
		{"a holder of a lock that ends its goroutine", declaring(func(t *schedule.T, x *schedule.Word) {
			y := t.Word("y", 0)
			t.Guards("", func() int { exitIf(x.Peek() == 2); return -1 }, schedule.Span{Location: y.Location(), Size: 8})
		}), schedule.ErrDeclared, "a function given to T.Guards ends its goroutine"},
	} {
		_, err := schedule.Explore(context.Background(), c.program, schedule.Stateful(), schedule.Options{KeepGoing: true})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		contains(t, err.Error(), c.text)
	}
}

func exitIf(is bool) {
	if is {
		runtime.Goexit()
	}
}

// An access by who does not hold the lock is a failure under every strategy.
func TestGuardsAreChecked(t *testing.T) {
	program := func(t *schedule.T) {
		lock, x := t.Mutex("lock"), t.Word("x", 0)
		lock.Guards(x)
		t.Go("good", func() { lock.Lock(); x.Add(1); x.Add(1); lock.Unlock() })
		t.Go("bad", func() { x.Load() })
	}
	for _, s := range []schedule.Strategy{schedule.Bounded(1), schedule.Random(1, 10), schedule.Optimal(), schedule.Stateful()} {
		rep := explore(t, program, s, schedule.Options{})
		if rep.Failure == nil || rep.Failure.Property != "guarded by" {
			t.Errorf("%v: %+v", s, rep.Failure)
			continue
		}
		contains(t, rep.Failure.Message, "bad touches 65535:8 at load x")
	}
}

// sections is a random program whose threads touch a guarded word under a lock,
// and others without.
func sections(seed uint64, guarded bool) func(*schedule.T, func(string)) {
	return func(t *schedule.T, told func(string)) {
		r := rand.New(rand.NewPCG(seed, 1))
		lock, x, y := t.Mutex("lock"), t.Word("x", 0), t.Word("y", 0)
		if guarded {
			lock.Guards(x)
		}
		regs := make([]uint64, 2+r.IntN(2))
		for i := range regs {
			plan := make([]int, 1+r.IntN(2))
			for j := range plan {
				plan[j] = r.IntN(6)
			}
			t.Go(fmt.Sprint("t", i), func() {
				for _, p := range plan {
					switch p {
					case 0:
						regs[i] = regs[i]*3 + y.Load()
					case 1:
						y.Store(regs[i] + 1)
					default:
						lock.Lock()
						x.Store(x.Load()*2 + uint64(i))
						if p > 3 {
							regs[i] += y.Add(1)
							x.Add(1)
						}
						regs[i] += x.Load()
						lock.Unlock()
					}
				}
			})
		}
		t.AtEnd(func() { told(fmt.Sprint(x, y, regs)) })
	}
}

// To let the holder of a lock go on changes no outcome, and saves states.
func TestMoversReachAllOutcomes(t *testing.T) {
	var with, without uint64
	for seed := range uint64(150) {
		all, _ := outcomes(t, sections(seed, false), schedule.Optimal())
		some, plain := outcomes(t, sections(seed, false), schedule.Stateful())
		moved, movers := outcomes(t, sections(seed, true), schedule.Stateful())
		if !maps.Equal(all, some) || !maps.Equal(all, moved) {
			t.Fatalf("program %d: %d outcomes, %d by states, %d with movers", seed, len(all), len(some), len(moved))
		}
		with += movers.States
		without += plain.States
	}
	if with >= without {
		t.Errorf("%d states with movers, %d without", with, without)
	}
	t.Logf("%d states with movers, %d without", with, without)
}
