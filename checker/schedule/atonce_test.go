package schedule_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// polling is a reader that polls what a writer stores, round after round, and is declared
// before it, so that nobody is known to write yet; or after it.
func polling(first bool, rounds uint64) func(*schedule.T) {
	return func(t *schedule.T) {
		slot, tail := t.Word("slot", 0), t.Word("tail", 0)
		reader := func() {
			t.Go("reader", func() {
				for i := range rounds {
					for t.Mark("empty", i); tail.Load() == i; t.Mark("empty", i) {
					}
					v := slot.Read()
					t.Check("in order", v >= 10+i, "%d is read in round %d", v, i)
				}
			})
		}
		if first {
			reader()
		}
		t.Go("writer", func() {
			for i := range rounds {
				slot.Write(10 + i)
				tail.Store(i + 1)
			}
		})
		if !first {
			reader()
		}
	}
}

// A loop of steps that are taken at once, since nobody else touches what they do, comes
// round: others go on, whoever was declared first. One that polls for ever is as finite as
// its states.
func TestLoopsOfStepsTakenAtOnce(t *testing.T) {
	alone := func(t *schedule.T) {
		w, x := t.Word("w", 0), t.Word("x", 0)
		t.Daemon("polls", func() {
			for t.Mark("poll"); w.Load() == 0; t.Mark("poll") {
				w.Load()
				w.Load()
			}
		})
		for _, name := range []string{"a", "b"} {
			t.Go(name, func() { x.Add(1) })
		}
	}
	for name, program := range map[string]func(*schedule.T){
		"first": polling(true, 2), "second": polling(false, 2), "first, once": polling(true, 1), "for ever": alone,
	} {
		plain := explore(t, program, schedule.Stateful(), schedule.Options{Plain: true})
		for _, o := range []schedule.Options{{}, {RunAll: true}, {Workers: 2}, {MaxSteps: 300}} {
			rep := explore(t, program, schedule.Stateful(), o)
			if rep.Verdict != verdict.Holds || !rep.Complete || plain.Verdict != verdict.Holds || rep.States > plain.States {
				t.Errorf("%s, %+v: %v in %d states (plain %v in %d): %s", name, o, rep.Verdict, rep.States, plain.Verdict, plain.States, rep.Reason)
			}
		}
	}
}

// fallible is a random program whose threads fail, each by a property of its own, at steps
// on words that others touch or not, as what they have read has it.
func fallible(r *rand.Rand) func(*schedule.T) {
	type act struct{ word, kind, fails int }
	var threads [3][]act
	for i := range threads {
		for range 1 + r.IntN(3) {
			threads[i] = append(threads[i], act{r.IntN(4), r.IntN(3), r.IntN(4)})
		}
	}
	return func(t *schedule.T) {
		t.Recall()
		var words [4]*schedule.Word
		for i := range words {
			words[i] = t.Word(fmt.Sprint("w", i), 0)
		}
		for i, acts := range threads {
			t.Go(fmt.Sprint("t", i), func() {
				for n, a := range acts {
					v := uint64(0)
					switch a.kind {
					case 0:
						v = words[a.word].Load()
					case 1:
						v = words[a.word].Add(1)
					default:
						words[a.word].Store(uint64(i + 1))
					}
					if v == uint64(a.fails) && a.fails > 0 {
						name := fmt.Sprintf("fails %d at %d", i, n)
						t.Step(schedule.Event{Name: name, Kind: schedule.Store, Location: schedule.Location{Segment: 9, Offset: uint32(i)}})
						t.Fail(name, "as it must")
					}
				}
			})
		}
	}
}

// With KeepGoing every failure is found that there is, also where the step that fails is
// one that is taken at once.
func TestKeepGoingFindsEveryFailure(t *testing.T) {
	schedule.VerifyLittle(t)
	schedule.WithoutSwaps(t)
	schedule.WithoutWalks(t)
	r := rand.New(rand.NewPCG(71, 72))
	several := 0
	for n := range 400 {
		program := fallible(r)
		found := func(s schedule.Strategy, o schedule.Options) []string {
			o.KeepGoing = true
			rep := explore(t, program, s, o)
			names := slices.DeleteFunc(slices.Sorted(maps.Keys(rep.Taken)), func(s string) bool { return !strings.HasPrefix(s, "fails") })
			if !rep.Complete || (len(names) > 0) != (rep.Verdict == verdict.Violated) {
				t.Fatalf("program %d: %v, complete %t, fails %q", n, rep.Verdict, rep.Complete, names)
			}
			return names
		}
		want := found(schedule.Bounded(-1), schedule.Options{})
		if len(want) > 1 {
			several++
		}
		for _, o := range []schedule.Options{{}, {Plain: true}, {RunAll: true}, {Workers: 2}} {
			if got := found(schedule.Stateful(), o); !slices.Equal(got, want) {
				t.Fatalf("program %d, %+v: %q fail, want %q", n, o, got, want)
			}
		}
	}
	if several < 100 {
		t.Errorf("only %d programs have several failures", several)
	}
}

// Two failures that have nothing to do with each other are two failures, in whichever
// order their steps come.
func TestSwapsOfTwoFailures(t *testing.T) {
	for _, o := range []schedule.Options{{}, {Workers: 2}, {KeepGoing: true}, {RunAll: true}} {
		rep := explore(t, func(t *schedule.T) {
			x, y, z := t.Word("x", 0), t.Word("y", 0), t.Word("z", 0)
			t.Daemon("polls", func() {
				for t.Mark("poll"); z.Load() != 9; t.Mark("poll") {
				}
			})
			t.Go("a", func() { t.Check("pa", x.Add(1) != 1, "") })
			t.Go("b", func() { t.Check("pb", y.Add(1) != 1, "") })
			t.Go("c", func() { z.Store(1); y.Load(); x.Load() })
			t.Go("d", func() { x.Load(); y.Load() })
		}, schedule.Stateful(), o)
		if rep.Verdict != verdict.Violated {
			t.Errorf("%+v: %v, %s", o, rep.Verdict, rep.Reason)
		}
	}
}
