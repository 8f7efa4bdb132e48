package schedule_test

import (
	"context"
	"errors"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// returning is threads that each give a thing back into one list, after a step on a word
// of their own, which the list is said to stand at. also has the steps announce the list.
func returning(threads int, guarded, also, sorted bool) func(*schedule.T) {
	return func(t *schedule.T) {
		var list [8]int
		n := 0
		list[7] = 0
		at := func(i int) schedule.Location { return schedule.Location{Segment: 1, Offset: uint32(8 * i)} }
		var on []schedule.Span
		for i := range threads {
			on = append(on, schedule.Span{Location: at(i), Size: 8})
		}
		t.SharedAt("the list", func(d *schedule.Digest) {
			sum := 0
			for _, i := range list[:n] {
				sum += 1 << i
				if !sorted {
					d.Word(uint64(i))
				}
			}
			d.Word(uint64(sum))
		}, on...)
		if guarded {
			m := t.Mutex("m")
			m.Guards(t.Word("guarded", 0))
		}
		for i := range threads {
			t.Go(string(rune('a'+i)), func() {
				e := schedule.Event{Name: "give back", Kind: schedule.Store, Location: at(i), Size: 8}
				if also {
					t.Step(e, schedule.Location{Segment: 2})
				} else {
					t.Step(e)
				}
				list[n], n = i, n+1
				t.Step(schedule.Event{Name: "look", Kind: schedule.Load, Location: at(i), Size: 8})
				t.SawValue(0)
			})
		}
		// Others look at the places, so that no step is taken at once.
		t.Go("looks", func() {
			for i := range threads {
				t.Step(schedule.Event{Name: "glance", Kind: schedule.Load, Location: at(i), Size: 8})
				t.SawValue(0)
			}
		})
	}
}

// Two steps that touch one thing and announce a place each are found, whatever the
// search, and where each announces the thing or its order is nobody's business nothing is.
func TestSwapsFindWhatIsNotAnnounced(t *testing.T) {
	schedule.WithoutWalks(t) // they find it too
	for _, threads := range []int{2, 3} {
		for _, guarded := range []bool{false, true} {
			for _, o := range []schedule.Options{{}, {RunAll: true}, {Workers: 2}, {KeepGoing: true}} {
				rep, err := schedule.Explore(context.Background(), returning(threads, guarded, false, false), schedule.Stateful(), o)
				if !errors.Is(err, schedule.ErrState) || rep.Verdict != verdict.Unknown {
					t.Fatalf("%d threads, guarded %t, %+v: %v, %v", threads, guarded, o, rep.Verdict, err)
				}
				contains(t, err.Error(), "the state that give back (store 1:", "differs from that after the other order in the list,")
				for _, sound := range []func(*schedule.T){returning(threads, guarded, true, false), returning(threads, guarded, false, true)} {
					rep, err := schedule.Explore(context.Background(), sound, schedule.Stateful(), o)
					if err != nil || rep.Verdict != verdict.Holds || rep.Swapped == 0 {
						t.Fatalf("%d threads, guarded %t, %+v, sound: %v, %d swaps, %v", threads, guarded, o, rep.Verdict, rep.Swapped, err)
					}
				}
			}
		}
	}
	// A search that tries every order relies on none.
	rep, err := schedule.Explore(context.Background(), returning(2, false, false, false), schedule.Stateful(), schedule.Options{Plain: true})
	if err != nil || rep.Verdict != verdict.Holds || rep.Swapped != 0 {
		t.Errorf("the plain search: %v, %d swaps, %v", rep.Verdict, rep.Swapped, err)
	}
}

// So it is where the steps touch it with some answers of T.Choose alone, and which these are
// differs; a failure of this kind is shown by an execution that has the answers.
func TestSwapsWithAnswers(t *testing.T) {
	schedule.WithoutWalks(t)
	program := func(announces bool) func(*schedule.T) {
		return func(t *schedule.T) {
			list := uint64(0)
			x, y, l := t.Word("x", 0), t.Word("y", 0), t.Word("l", 0)
			t.SharedAt("the list", func(d *schedule.Digest) { d.Word(list) },
				schedule.Span{Location: x.Location(), Size: 8}, schedule.Span{Location: y.Location(), Size: 8})
			for i, w := range []*schedule.Word{x, y} {
				t.Go([]string{"a", "b"}[i], func() {
					e := schedule.Event{Name: "give back", Kind: schedule.Store, Location: w.Location(), Size: 8}
					if announces {
						t.Step(e, l.Location())
					} else {
						t.Step(e)
					}
					if t.Choose("whether", 2) == i {
						list = list<<2 | uint64(1+i)
					}
					w.Load()
				})
			}
			t.Go("looks", func() { x.Load(); y.Load() })
		}
	}
	for _, o := range []schedule.Options{{}, {RunAll: true}, {Workers: 2}} {
		rep, err := schedule.Explore(context.Background(), program(false), schedule.Stateful(), o)
		if !errors.Is(err, schedule.ErrState) || rep.Verdict != verdict.Unknown {
			t.Fatalf("%+v: %v, %v", o, rep.Verdict, err)
		}
		contains(t, err.Error(), "the state that give back (store", "differs from that after the other order in the list,")
		if rep, err = schedule.Explore(context.Background(), program(true), schedule.Stateful(), o); err != nil || rep.Verdict != verdict.Holds || rep.Swapped == 0 {
			t.Fatalf("%+v, sound: %v, %d swaps, %v", o, rep.Verdict, rep.Swapped, err)
		}
	}
}

// Two steps may ask for one thing, of which there is enough for one: with the same answers
// they lead to two states, and with all to the same ones; but only if a thread that may
// not ask knows what one knows that declines.
func TestSwapsWithAnswersForOneThing(t *testing.T) {
	schedule.WithoutWalks(t)
	program := func(among func(left int) int) func(*schedule.T) {
		return func(t *schedule.T) {
			left := 1
			x, y := t.Word("x", 0), t.Word("y", 0)
			t.Shared(func(d *schedule.Digest) { d.Word(uint64(left)) })
			for i, w := range []*schedule.Word{x, y} {
				t.Go([]string{"a", "b"}[i], func() {
					w.Store(1)
					if n := among(left); n > 0 && t.Choose("takes it", n) == 1 {
						left--
						w.Store(2)
					}
					w.Load()
				})
			}
			t.Go("looks", func() { x.Load(); y.Load() })
		}
	}
	alike := program(func(left int) int { return 1 + left })
	if rep, err := schedule.Explore(context.Background(), alike, schedule.Stateful(), schedule.Options{}); err != nil || rep.Verdict != verdict.Holds || rep.Swapped == 0 {
		t.Fatalf("%v, %d swaps, %v", rep.Verdict, rep.Swapped, err)
	}
	knows := program(func(left int) int { return 2 * left })
	if rep, err := schedule.Explore(context.Background(), knows, schedule.Stateful(), schedule.Options{}); !errors.Is(err, schedule.ErrState) {
		t.Fatalf("%v, %v", rep.Verdict, err)
	}
}

// A check that fails with some answers, after one order alone.
func TestSwapsWithAnswersThatFail(t *testing.T) {
	schedule.WithoutWalks(t)
	rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Go("a", func() { x.Store(1); x.Load() })
		t.Go("b", func() {
			y.Store(1)
			t.Check("one", t.Choose("looks", 3) < 2 || x.Peek() == 0, "x is %d", x.Peek())
			y.Load()
		})
		t.Go("looks", func() { x.Load(); y.Load() })
	}, schedule.Stateful(), schedule.Options{KeepGoing: true})
	if !errors.Is(err, schedule.ErrState) || rep.Verdict != verdict.Unknown {
		t.Fatalf("%v, %v", rep.Verdict, err)
	}
	contains(t, err.Error(), `fail by property "one", and do not in the other order`)
}

// deaf is a thread that awaits what stands at x and says that it awaits y, while another
// one takes it back; loose one that checks x at a step on y while another one changes it.
func deaf(t *schedule.T) {
	x, y := t.Word("x", 1), t.Word("y", 0)
	open := true
	t.Go("waits", func() { t.Await("wait", func() bool { return open }, y.Location()); y.Store(1) })
	t.Go("takes", func() { x.Store(0); open = false; x.Store(1); open = true })
	t.Go("looks", func() { x.Load(); y.Load() })
}

func loose(t *schedule.T) {
	x, y := t.Word("x", 1), t.Word("y", 0)
	t.Go("checks", func() { y.Store(1); t.Check("one", x.Peek() == 1, "x is %d", x.Peek()) })
	t.Go("takes", func() { y.Load(); x.Store(0) })
	t.Go("looks", func() { x.Load(); y.Load() })
}

// A step that another one keeps from being taken, or from passing its checks, by what it
// does elsewhere is found.
func TestSwapsFindWhatWaitsAndChecksElsewhere(t *testing.T) {
	schedule.WithoutWalks(t)
	_, err := schedule.Explore(context.Background(), deaf, schedule.Stateful(), schedule.Options{})
	if !errors.Is(err, schedule.ErrState) {
		t.Fatalf("%v", err)
	}
	contains(t, err.Error(), `store x (store 65535:0) by takes keeps wait (await 65535:8) by waits from being taken`)
	rep, err := schedule.Explore(context.Background(), loose, schedule.Stateful(), schedule.Options{})
	if !errors.Is(err, schedule.ErrState) && rep.Verdict != verdict.Violated {
		t.Fatalf("%v, %v", rep.Verdict, err)
	}
	if err != nil {
		contains(t, err.Error(), `fail by property "one", and do not in the other order`)
	}
}

// The steps of a program that tells all that it shares commute where they are said to, and
// those that tell nothing of what they read may lead to another state: their threads may have read all.
func TestSwapsOfWhatTellsNothing(t *testing.T) {
	program := func(tells bool) func(*schedule.T) {
		return func(t *schedule.T) {
			x, y := t.Word("x", 0), t.Word("y", 0)
			t.Go("reads", func() {
				for range 2 {
					t.Step(schedule.Event{Name: "read", Kind: schedule.Load, Location: x.Location(), Size: 8})
					if tells {
						t.SawValue(x.Peek())
					}
				}
			})
			t.Go("writes", func() { y.Store(1); x.Store(1); y.Store(2) })
			t.Go("reads y", func() { y.Load() })
		}
	}
	for _, tells := range []bool{true, false} {
		rep := explore(t, program(tells), schedule.Stateful(), schedule.Options{})
		if rep.Verdict != verdict.Holds || rep.Swapped == 0 || tells != (len(rep.Untold) == 0) {
			t.Errorf("tells %t: %v, %d swaps, untold %q", tells, rep.Verdict, rep.Swapped, rep.Untold)
		}
	}
}
