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

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

func spanOf(w *schedule.Word) schedule.Span { return schedule.Span{Location: w.Location(), Size: 8} }

// Who holds a lock must follow from what stands at the spans that it guards, or where
// the program says that it stands.
func TestWhereAHolderStands(t *testing.T) {
	nowhere := schedule.Span{Location: schedule.Location{Segment: 7, Offset: 40}, Size: 4}
	for _, c := range []struct {
		name    string
		part    func(lock, x, y *schedule.Word) []schedule.Span // of the holder
		said    func(lock, x, y *schedule.Word) []schedule.Span
		slow    string   // why it is not relied on
		refusal []string // none: it is right
	}{
		{
			name: "at what is guarded",
			part: func(lock, x, _ *schedule.Word) []schedule.Span { return []schedule.Span{spanOf(lock), spanOf(x)} },
			slow: "a step of user makes user the holder of the lock in place of nobody, and it does not stand there who is: say where it does (Guard.HeldAt)",
		},
		{
			name: "at the lock",
			part: func(lock, _, _ *schedule.Word) []schedule.Span { return []schedule.Span{spanOf(lock)} },
			said: func(lock, _, _ *schedule.Word) []schedule.Span { return []schedule.Span{spanOf(lock)} },
		},
		{
			name:    "it is not said",
			part:    func(lock, _, _ *schedule.Word) []schedule.Span { return []schedule.Span{spanOf(lock)} },
			refusal: []string{"in another state that agrees there: what else does the lock's holder depend on?", "Guard.HeldAt", "T.SharedAt"},
		},
		{
			name:    "elsewhere",
			part:    func(lock, _, _ *schedule.Word) []schedule.Span { return []schedule.Span{spanOf(lock)} },
			said:    func(_, _, y *schedule.Word) []schedule.Span { return []schedule.Span{spanOf(y)} },
			refusal: []string{"in another state that agrees there and at 65535:16: what else does the lock's holder depend on?"},
		},
		{
			name:    "where nothing stands",
			part:    func(lock, _, _ *schedule.Word) []schedule.Span { return []schedule.Span{spanOf(lock)} },
			said:    func(lock, _, _ *schedule.Word) []schedule.Span { return []schedule.Span{spanOf(lock), nowhere} },
			refusal: []string{"it is said to stand at 7:40 who holds the lock that guards 65535:8", "nothing stands there"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := func(t *schedule.T) {
				lock, x, y := t.Word("lock", 0), t.Word("x", 0), t.Word("y", 0)
				holder := -1
				t.SharedAt("holder", func(d *schedule.Digest) { d.Word(uint64(holder + 1)) }, c.part(lock, x, y)...)
				t.Recall()
				g := t.Guards("guarded by", func() int { return holder }, spanOf(x))
				if c.said != nil {
					g.HeldAt(c.said(lock, x, y)...)
				}
				for i := range 2 {
					t.Go("user", func() {
						lock.AwaitSwap(func(v uint64) bool { return v == 0 }, 1)
						holder = i
						x.Add(1)
						x.Add(1)
						y.Add(1)
						lock.Store(0)
						holder = -1
					})
				}
			}
			rep, err := schedule.Explore(context.Background(), program, schedule.Stateful(), schedule.Options{})
			if len(c.refusal) > 0 {
				if !errors.Is(err, schedule.ErrState) {
					t.Fatalf("it is not found out: %v", err)
				}
				contains(t, err.Error(), c.refusal...)
				return
			}
			if err != nil || rep.Verdict != verdict.Holds || strings.Join(rep.Distrusted, ";") != c.slow {
				t.Errorf("%v, %+v", err, rep)
			}
		})
	}
}

// lent is a random program whose threads try to take a lock, and touch what it guards
// whether they got it or not, so that where a thread stands does not tell whether it
// holds the lock. heldAt is where the program says that the holder stands: at the lock, at
// another word, or it does not say.
func lent(seed uint64, heldAt int, property string, recalls bool) func(*schedule.T, func(string)) {
	return func(t *schedule.T, told func(string)) {
		r := rand.New(rand.NewPCG(seed, 8))
		words := []*schedule.Word{t.Word("lock", 0), t.Word("other", 0)}
		lock, y, x := words[0], words[1], t.Word("x", 0)
		g := t.Guards(property, func() int { return int(lock.Peek()) - 1 }, spanOf(x))
		if heldAt < len(words) {
			g.HeldAt(spanOf(words[heldAt]))
		}
		if recalls {
			t.Recall()
		}
		for i := range 3 {
			plan := make([]int, 1+r.IntN(5))
			for j := range plan {
				plan[j] = r.IntN(7)
			}
			t.Daemon(fmt.Sprint("t", i), func() {
				me := uint64(i + 1)
				for n, p := range plan {
					t.Mark("goes on", uint64(n))
					switch p {
					case 0:
						lock.CompareAndSwap(0, me)
					case 1:
						lock.AwaitSwap(func(v uint64) bool { return v == 0 }, me)
					case 2:
						lock.CompareAndSwap(me, 0)
					case 3:
						x.Store(me)
					case 4:
						x.Add(1)
					case 5:
						y.Add(1)
					case 6:
						y.Await(func(v uint64) bool { return v > 0 })
					}
				}
			})
		}
		t.AtEnd(func() { told(fmt.Sprint(x, y, lock)) })
	}
}

// A search that recalls who holds a lock comes to the ends and the failures of one that
// runs every step; one that is told the wrong place of the holder does, or is refused.
func TestHoldersAreRecalled(t *testing.T) {
	t.Parallel()
	const seeds = 150
	for heldAt, name := range []string{"at the lock", "elsewhere", "not said"} {
		var refused, failed, distrusted, recalled int
		for seed := range uint64(seeds) {
			for n, property := range []string{"", "guarded by"} {
				all, _ := gathered(t, lent(seed, heldAt, property, false), schedule.Options{Plain: true})
				some := map[string]bool{}
				rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
					lent(seed, heldAt, property, true)(t, func(end string) { some[end] = true })
				}, schedule.Stateful(), schedule.Options{KeepGoing: true, Plain: seed%4 == uint64(n)})
				if errors.Is(err, schedule.ErrState) && heldAt > 0 {
					refused++
					continue
				}
				if err != nil {
					t.Fatalf("%s, seed %d: %v", name, seed, err)
				}
				some["a failure"] = rep.Bad > 0
				if some["a failure"] != all["a failure"] || rep.Bad == 0 && len(some) != len(all)+1 {
					t.Errorf("%s, property %q, seed %d: it comes to %q, recalled to %q; distrusted: %q",
						name, property, seed, slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(some)), rep.Distrusted)
				}
				failed += int(min(rep.Bad, 1))
				distrusted += len(rep.Distrusted)
				recalled += int(min(rep.Recalled, 1))
			}
		}
		t.Logf("%s: of %d programs %d are refused, %d fail, %d are recalled, %d locks are distrusted", name, 2*seeds, refused, failed, recalled, distrusted)
		switch {
		case heldAt == 0 && (failed < seeds/3 || distrusted < seeds/3 || recalled < seeds):
			t.Errorf("%s: %d fail, %d are recalled, %d locks are distrusted: too few to tell", name, failed, recalled, distrusted)
		case heldAt > 0 && refused < seeds:
			t.Errorf("%s: %d are refused: too few", name, refused)
		}
	}
}

// A lock that guards nothing does not matter.
func TestGuardOfNothing(t *testing.T) {
	program := func(t *schedule.T) {
		x, m := t.Word("x", 0), t.Mutex("m")
		t.Recall()
		m.Guards()
		t.Guards("guarded by", func() int { return int(x.Peek()) })
		t.Go("a", func() { x.Add(1) })
		t.Go("b", func() { x.Add(1) })
	}
	if rep := explore(t, program, schedule.Stateful(), schedule.Options{}); rep.Verdict != verdict.Holds {
		t.Errorf("%v, %+v", rep.Verdict, rep.Failure)
	}
}
