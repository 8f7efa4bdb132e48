package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// on is an event on a word that a program announces by itself.
func on(w *schedule.Word, name string, k schedule.Kind) schedule.Event {
	return schedule.Event{Name: name, Kind: k, Location: w.Location(), Size: 8}
}

// farsighted are programs whose predicates look at more than one place: at words that
// nobody announces, by whatever reads them, and at memory that is announced.
var farsighted = map[string]func(*schedule.T, func(string)){
	"a writer's lock": func(t *schedule.T, told func(string)) {
		writer, readers := t.Word("writer", 0), t.Word("readers", 0)
		t.Go("writer", func() {
			t.AwaitStep(on(writer, "lock", schedule.Swap), func() bool { return writer.Peek() == 0 && readers.Peek() == 0 })
			t.SawValue(0)
		})
		t.Go("reader", func() { readers.Add(1) })
		t.AtEnd(func() { told(fmt.Sprint(readers)) })
	},
	"a writer's lock by a word's own await": func(t *schedule.T, told func(string)) {
		writer, readers := t.Word("writer", 0), t.Word("readers", 0)
		t.Go("writer", func() { writer.AwaitSwap(func(v uint64) bool { return v == 0 && readers.Peek() == 0 }, 1) })
		t.Go("reader", func() { readers.Add(1) })
		t.AtEnd(func() { told(fmt.Sprint(readers)) })
	},
	"a writer's lock whose readers are announced": func(t *schedule.T, told func(string)) {
		m := newWords(t)
		t.Go("writer", func() {
			t.AwaitStep(schedule.Event{Name: "lock", Kind: schedule.Swap, Location: at(0), Size: 8},
				func() bool { return m.w[0] == 0 && m.w[1] == 0 }, at(1))
			t.SawValue(0)
			m.w[0] = 1
		})
		t.Go("reader", func() { m.add("enter", 1, 1) })
		t.AtEnd(func() { told(fmt.Sprint(m.w)) })
	},
	"a lock that is looked at": func(t *schedule.T, told func(string)) {
		x, m := t.Word("x", 0), t.Mutex("m")
		t.Go("waits", func() { x.Await(func(v uint64) bool { return v == 1 || !m.Held() }) })
		t.Go("holds", func() { m.Lock(); x.Store(2) })
		t.AtEnd(func() { told(fmt.Sprint(x)) })
	},
	"a load in a predicate": func(t *schedule.T, told func(string)) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Go("waits", func() { x.Await(func(v uint64) bool { return v+y.Load() == 1 }) })
		t.Go("x", func() { x.Store(1) })
		t.Go("y", func() { y.Store(1) })
		t.AtEnd(func() { told(fmt.Sprint(x, y)) })
	},
	"a predicate that looks further later": func(t *schedule.T, told func(string)) {
		x, y, z := t.Word("x", 1), t.Word("y", 0), t.Word("z", 0)
		t.Go("waits", func() {
			z.Add(1)
			x.Await(func(v uint64) bool { return v == 1 || y.Peek() == 0 })
		})
		t.Go("x", func() { x.Store(0) })
		t.Go("y", func() { y.Store(1); z.Load() })
		t.AtEnd(func() { told(fmt.Sprint(x, y, z)) })
	},
	"a step that writes if another word says so": func(t *schedule.T, told func(string)) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		wrote := false
		t.Go("may write", func() {
			wrote = t.StepIf(on(x, "try", schedule.CAS), func() bool { return y.Peek() == 0 })
			t.SawValue(truth(wrote))
		})
		t.Go("y", func() { y.Store(1) })
		t.Go("looks", func() { x.Load() })
		t.AtEnd(func() { told(fmt.Sprint(wrote, y)) })
	},
	"a step that writes if memory says so, which is named": func(t *schedule.T, told func(string)) {
		m := newWords(t)
		var wrote [2]bool
		for i, name := range []string{"may write", "may write, too"} {
			t.Go(name, func() {
				e := schedule.Event{Name: "try", Kind: schedule.CAS, Location: at(0), Size: 8}
				wrote[i] = t.StepIf(e, func() bool { return m.w[0] == 0 && m.w[1] == 0 && m.w[2] == 0 }, at(1), at(2))
				if wrote[i] {
					m.w[0] = 1
				}
				t.SawValue(truth(wrote[i]))
			})
		}
		t.Go("sets", func() {
			m.store("store 1", 1, 1)
			m.store("store 2", 2, 1)
			m.store("store 1", 1, 0)
			m.store("store 2", 2, 0)
		})
		t.AtEnd(func() { told(fmt.Sprint(wrote, m.w)) })
	},
	"a wait until an instant, and for a word": func(t *schedule.T, told func(string)) {
		x, clock := t.Word("x", 0), t.Clock("clock")
		came := false
		t.Go("waits", func() {
			came = clock.AwaitUntil(time.Second, "wait", func() bool { return x.Peek() == 1 })
		})
		t.Go("x", func() { x.Store(1); x.Store(0) })
		t.AtEnd(func() { told(fmt.Sprint(came)) })
	},
	"a time that is looked at": func(t *schedule.T, told func(string)) {
		x, clock := t.Word("x", 0), t.Clock("clock", time.Second)
		t.Go("waits", func() { x.Await(func(v uint64) bool { return v == 0 && clock.Peek() == 0 }) })
		t.Go("x", func() { x.Load() })
		t.AtEnd(func() { told(fmt.Sprint(x)) })
	},
}

// What a predicate looks at is known to every search: they come to the same ends, and
// there are two or more.
func TestWhatPredicatesLookAtIsKnown(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(farsighted)) {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			agree(t, farsighted[name], schedule.Options{KeepGoing: true}, 2)
		})
	}
}

// agree compares the ends of the program by each exhaustive search, and gives how many
// there are.
func agree(t *testing.T, program func(*schedule.T, func(string)), o schedule.Options, least int) int {
	t.Helper()
	all, every := outcomesBy(t, program, schedule.Bounded(-1), o)
	recalling := func(t *schedule.T, told func(string)) {
		t.Recall()
		program(t, told)
	}
	for name, search := range map[string]func() (map[string]bool, schedule.Report){
		"optimal":  func() (map[string]bool, schedule.Report) { return outcomesBy(t, program, schedule.Optimal(), o) },
		"stateful": func() (map[string]bool, schedule.Report) { return outcomesBy(t, program, schedule.Stateful(), o) },
		"recalled": func() (map[string]bool, schedule.Report) { return outcomesBy(t, recalling, schedule.Stateful(), o) },
	} {
		if some, rep := search(); !maps.Equal(all, some) || rep.Executions > every.Executions {
			t.Fatalf("%s: %q in %d executions, of all %q in %d", name,
				slices.Sorted(maps.Keys(some)), rep.Executions, slices.Sorted(maps.Keys(all)), every.Executions)
		}
	}
	if len(all) < least {
		t.Fatalf("the ends are %q: too few to tell", slices.Sorted(maps.Keys(all)))
	}
	return len(all)
}

// peekingRing is a ring of so many slots between a sender and a receiver, each of which waits at its
// own index and peeks at the other's. The faulty sender takes the ring for one larger.
func peekingRing(slots, messages, more uint64) func(*schedule.T) {
	return func(t *schedule.T) {
		head, tail := t.Word("head", 0), t.Word("tail", 0)
		ring := make([]*schedule.Word, slots)
		for i := range ring {
			ring[i] = t.Word("slot", 0)
		}
		t.Go("sender", func() {
			for i := range messages {
				tail.Await(func(v uint64) bool { return v-head.Peek() < slots+more })
				ring[i%slots].Write(i + 10)
				tail.Store(i + 1)
			}
		})
		t.Go("receiver", func() {
			for i := range messages {
				head.Await(func(v uint64) bool { return tail.Peek() > v })
				v := ring[i%slots].Read()
				t.Check("order", v == i+10, "message %d is %d", i, v)
				head.Store(i + 1)
			}
		})
	}
}

func TestARingWhoseEndsPeek(t *testing.T) {
	for _, c := range []struct {
		slots, messages, more uint64
		want                  verdict.Verdict
	}{
		{1, 2, 0, verdict.Holds},
		{2, 4, 0, verdict.Holds},
		{1, 2, 1, verdict.Violated},
		{2, 4, 1, verdict.Violated},
	} {
		for _, s := range []schedule.Strategy{schedule.Optimal(), schedule.Stateful(), schedule.Bounded(-1)} {
			rep := explore(t, peekingRing(c.slots, c.messages, c.more), s, schedule.Options{})
			if rep.Verdict != c.want || c.want == verdict.Violated && rep.Failure.Property != "order" {
				t.Errorf("%+v: %v, %+v", c, rep.Verdict, rep.Failure)
			}
		}
	}
}

// twoPlaces are acts that wait, or write, by what more than one place says.
var twoPlaces = []act{
	func(_ *schedule.T, o *objects) uint64 {
		return o.x.Await(func(v uint64) bool { return v > 0 && o.y.Peek() != 3 })
	},
	func(_ *schedule.T, o *objects) uint64 {
		return o.y.Await(func(v uint64) bool { return v == 0 || o.x.Peek() == 2 })
	},
	func(_ *schedule.T, o *objects) uint64 {
		return o.x.AwaitSwap(func(v uint64) bool { return v < 2 && !o.m.Held() }, 7)
	},
	func(_ *schedule.T, o *objects) uint64 {
		return o.y.AwaitSwap(func(v uint64) bool { return v <= o.x.Load() }, 0)
	},
	func(t *schedule.T, o *objects) uint64 {
		t.AwaitStep(on(o.x, "take", schedule.Load), func() bool { return o.y.Peek() == 0 || o.x.Peek() == 0 })
		t.SawValue(o.x.Peek())
		return o.x.Peek()
	},
	func(t *schedule.T, o *objects) uint64 {
		wrote := t.StepIf(on(o.y, "try", schedule.CAS), func() bool { return o.x.Peek() > 0 && o.y.Peek() == 0 })
		t.SawValue(truth(wrote))
		return truth(wrote)
	},
	func(t *schedule.T, o *objects) uint64 {
		t.Await("wait", func() bool { return o.x.Peek() != o.y.Peek() }, o.x.Location())
		t.SawValue(0)
		return 0
	},
}

// Random programs with such acts come to the same ends by every search, with store buffers
// too.
func TestSearchesAgreeOnPredicatesOverTwoPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(45, 46))
	mostly := slices.Concat(acts, twoPlaces, twoPlaces, twoPlaces)
	repeatOften := schedule.RepeatOften(t)
	ends := 0
	for n := range 350 {
		repeatOften(n%2 == 0)
		ends += agree(t, historied(r, 3, mostly), schedule.Options{KeepGoing: true}, 1)
	}
	for n := range 70 {
		repeatOften(n%2 == 0)
		ends += agree(t, historied(r, 2, slices.Concat(mostly, stores, stores)), schedule.Options{KeepGoing: true, StoreBuffers: true}, 1)
	}
	if ends < 800 {
		t.Errorf("%d ends are too few to tell", ends)
	}
	t.Logf("%d ends", ends)
}

// secretive are programs whose predicates look at memory that they do not announce, and
// what is said of them.
var secretive = []struct {
	name    string
	fails   bool // the first execution is one that fails
	sampled bool // only the other order of two steps shows it, and that is tried on a sample
	program func(*schedule.T)
	text    []string
}{
	{"a step keeps another from being taken", false, true, func(t *schedule.T) {
		writer, readers, inside := t.Word("writer", 0), t.Word("readers", 0), 0
		t.Go("writer", func() {
			t.AwaitStep(on(writer, "lock", schedule.Swap), func() bool { return inside == 0 })
			t.SawValue(0)
		})
		t.Go("reader", func() { readers.Add(1); inside = 1 })
	}, []string{"add readers", "by reader keeps lock (swap 65535:0) by writer from being taken", "T.AwaitStep"}},
	{"a step keeps another from being taken, the other order coming first", true, false, func(t *schedule.T) {
		writer, readers, inside := t.Word("writer", 0), t.Word("readers", 0), 0
		t.Go("reader", func() { readers.Add(1); inside = 1 })
		t.Go("writer", func() {
			t.AwaitStep(on(writer, "lock", schedule.Swap), func() bool { return inside == 0 })
			t.SawValue(0)
		})
	}, []string{"add readers", "by reader keeps lock (swap 65535:0) by writer from being taken", "T.AwaitStep"}},
	{"a step lets another be taken", false, false, func(t *schedule.T) {
		tail, head, sent := t.Word("tail", 0), t.Word("head", 0), 0
		t.Go("sender", func() { tail.Store(1); sent = 1; tail.Load() })
		t.Go("receiver", func() { head.Await(func(uint64) bool { return sent > 0 }) })
	}, []string{"store tail", "by sender lets await head (await 65535:8) by receiver be taken", "T.AwaitStep"}},
	{"a step keeps another from changing its place", false, true, func(t *schedule.T) {
		x, y, shut := t.Word("x", 0), t.Word("y", 0), false
		t.Go("may write", func() {
			t.SawValue(truth(t.StepIf(on(x, "try", schedule.CAS), func() bool { return !shut })))
		})
		t.Go("shuts", func() { y.Store(1); shut = true; y.Load() })
	}, []string{"store y", "by shuts keeps try (cas 65535:0) by may write from changing its place", "T.StepIf"}},
	{"a step keeps another from changing its place, the other order coming first", false, false, func(t *schedule.T) {
		x, y, shut := t.Word("x", 0), t.Word("y", 0), false
		t.Go("shuts", func() { y.Store(1); shut = true; y.Load() })
		t.Go("may write", func() {
			t.SawValue(truth(t.StepIf(on(x, "try", schedule.CAS), func() bool { return !shut })))
		})
	}, []string{"store y", "by shuts keeps try (cas 65535:0) by may write from changing its place", "T.StepIf"}},
	{"a step lets another change its place, late", false, false, func(t *schedule.T) {
		x, y, opened := t.Word("x", 0), t.Word("y", 0), 0
		t.Go("opens", func() {
			for range 3 {
				y.Add(1)
				opened++
			}
		})
		t.Go("may write", func() {
			t.SawValue(truth(t.StepIf(on(x, "try", schedule.CAS), func() bool { return opened == 3 })))
		})
	}, []string{"add y", "by opens lets try (cas 65535:0) by may write change its place", "T.StepIf"}},
}

// What predicates hide is no matter of a sample where a search comes to it: the step is seen
// to change what another thread is about to do, with nothing that is tested on a sample.
func TestWhatPredicatesHideIsNoMatterOfASample(t *testing.T) {
	schedule.WithoutSwaps(t)
	schedule.WithoutWalks(t)
	schedule.VerifyLittle(t)
	for _, c := range secretive {
		if c.sampled {
			continue
		}
		lets := strings.Contains(c.text[1], "lets") && strings.Contains(c.text[1], "be taken")
		for by, s := range map[string]schedule.Strategy{"optimal": schedule.Optimal(), "stateful": schedule.Stateful()} {
			if lets && by == "stateful" {
				continue // every thread that can go on is tried in every state
			}
			for _, recalls := range []bool{false, true} {
				rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
					if recalls {
						t.Recall()
					}
					c.program(t)
				}, s, schedule.Options{KeepGoing: true})
				if !errors.Is(err, schedule.ErrState) || rep.Verdict != verdict.Unknown {
					t.Errorf("%s, %s: %v, %v", c.name, by, rep.Verdict, err)
				} else if !recalls { // who recalls may say it otherwise
					contains(t, err.Error(), c.text...)
				}
			}
		}
	}
}

// A predicate that looks at what is not announced is an error of the optimal search, or what
// fails is found, but never a panic or a verdict that it holds.
func TestWhatPredicatesHideIsAnError(t *testing.T) {
	for _, c := range secretive {
		for _, keepGoing := range []bool{false, true} {
			rep, err := schedule.Explore(context.Background(), c.program, schedule.Optimal(), schedule.Options{KeepGoing: keepGoing})
			if c.fails && !keepGoing {
				if err != nil || rep.Verdict != verdict.Violated {
					t.Errorf("%s: %v, %v", c.name, rep.Verdict, err)
				}
				continue
			}
			if !errors.Is(err, schedule.ErrState) || rep.Verdict != verdict.Unknown {
				t.Errorf("%s: %v, %v", c.name, rep.Verdict, err)
				continue
			}
			contains(t, err.Error(), c.text...)
		}
	}
}

// The swaps of the optimal search find what those of the search by states do.
func TestOptimalSwaps(t *testing.T) {
	_, err := schedule.Explore(context.Background(), returning(2, false, false, false), schedule.Optimal(), schedule.Options{})
	if !errors.Is(err, schedule.ErrState) {
		t.Fatalf("%v", err)
	}
	contains(t, err.Error(), "the state that give back (store 1:", "differs from that after the other order in the list,")
	for _, sound := range []func(*schedule.T){returning(2, false, true, false), returning(2, true, false, true)} {
		rep, err := schedule.Explore(context.Background(), sound, schedule.Optimal(), schedule.Options{})
		if err != nil || rep.Verdict != verdict.Holds || rep.Swapped == 0 || rep.Untold != nil {
			t.Errorf("%v, %d swaps, untold %q, %v", rep.Verdict, rep.Swapped, rep.Untold, err)
		}
	}
	rep, err := schedule.Explore(context.Background(), loose, schedule.Optimal(), schedule.Options{})
	if rep.Verdict != verdict.Violated && !errors.Is(err, schedule.ErrState) {
		t.Errorf("a check that looks elsewhere: %v, %v", rep.Verdict, err)
	}
}

// An await that looks at a word sees what was done before the write that it finds there; of
// one that it did not look at, the last time, it has seen nothing.
func TestPeeksOrder(t *testing.T) {
	program := func(both bool) func(*schedule.T) {
		return func(t *schedule.T) {
			x, y, data := t.Word("x", 0), t.Word("y", 0), t.Word("data", 0)
			t.Go("writer", func() { data.Write(1); y.Store(1) })
			t.Go("other", func() { x.Store(1) })
			t.Go("reader", func() {
				x.Await(func(v uint64) bool { return y.Peek() == 1 || v == 1 && !both })
				data.Read()
			})
		}
	}
	for _, s := range []schedule.Strategy{schedule.Optimal(), schedule.Stateful(), schedule.Bounded(-1)} {
		o := schedule.Options{DataRaces: true}
		if rep := explore(t, program(true), s, o); rep.Verdict != verdict.Holds {
			t.Errorf("it sees the store: %v, %+v", rep.Verdict, rep.Failure)
		}
		if rep := explore(t, program(false), s, o); rep.Verdict != verdict.Violated || rep.Failure.Property != "data race" {
			t.Errorf("it may not look: %v, %+v", rep.Verdict, rep.Failure)
		}
	}
}
