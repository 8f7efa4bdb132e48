package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// A program that is not a function of its schedule is found out although most
// settled steps are only repeated: by the steps themselves, or where only what they
// read differs by one of the executions that look at all of it.
func TestRepeatedStepsAreChecked(t *testing.T) {
	for name, change := range map[string]struct {
		initial, step uint64
		text          string
	}{
		"other values": {initial: 1, text: "other values"},
		"other steps":  {step: 1, text: "is now"},
	} {
		executions := uint64(0)
		_, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			executions++
			late := uint64(0)
			if executions > 3000 {
				late = 1
			}
			x, y := s.Word("x", late*change.initial), s.Word("y", 0)
			for _, name := range []string{"a", "b", "c"} {
				s.Go(name, func() {
					for range 4 {
						if late*change.step == 0 {
							x.Load()
						} else {
							y.Load()
						}
						y.Add(1)
					}
				})
			}
			s.Go("d", func() { x.Store(7) })
		}, schedule.Stateful(), schedule.Options{Plain: true})
		if !errors.Is(err, schedule.ErrNondeterministic) {
			t.Errorf("%s: %v after %d executions", name, err, executions)
			continue
		}
		contains(t, err.Error(), change.text)
	}
}

// awaitsOfAFlag are the ways to wait for a flag that a predicate looks at without announcing
// it. They say whether the flag came.
var awaitsOfAFlag = map[string]func(t *schedule.T, c *schedule.Clock, other *schedule.Word, up func() bool) bool{
	"an await of no place": func(t *schedule.T, _ *schedule.Clock, _ *schedule.Word, up func() bool) bool {
		t.Await("flag is up", up)
		return true
	},
	"an await of another place": func(t *schedule.T, _ *schedule.Clock, other *schedule.Word, up func() bool) bool {
		t.Await("flag is up", up, other.Location())
		return true
	},
	"a step that waits": func(t *schedule.T, _ *schedule.Clock, other *schedule.Word, up func() bool) bool {
		t.AwaitStep(on(other, "take", schedule.Load), up)
		t.SawValue(other.Peek())
		return true
	},
	"an await of another word": func(_ *schedule.T, _ *schedule.Clock, other *schedule.Word, up func() bool) bool {
		other.Await(func(uint64) bool { return up() })
		return true
	},
	"a wait with a time-out": func(_ *schedule.T, c *schedule.Clock, _ *schedule.Word, up func() bool) bool {
		return c.AwaitUntil(1, "flag is up", up)
	},
}

// What a predicate looked at when its step was taken orders that step where it is repeated,
// too: who has seen the flag reads what was written before it.
func TestRepeatedAwaitsOrder(t *testing.T) {
	schedule.RepeatOften(t)(true)
	for name, await := range awaitsOfAFlag {
		for _, late := range []bool{false, true} {
			program := func(t *schedule.T) {
				d, flag, other, noise := t.Word("d", 0), t.Word("flag", 0), t.Word("other", 0), t.Word("noise", 0)
				c := t.Clock("clock")
				t.Go("writer", func() {
					if late {
						flag.Store(1)
					}
					d.Write(1)
					flag.Store(1)
				})
				t.Go("reader", func() {
					if await(t, c, other, func() bool { return flag.Peek() == 1 }) {
						noise.Swap(7)
						d.Read()
					}
				})
				for i := range uint64(2) {
					t.Go(fmt.Sprint("noise ", i), func() { noise.Swap(i); noise.Swap(i + 2) })
				}
			}
			rep := explore(t, program, schedule.Stateful(), schedule.Options{DataRaces: true})
			switch {
			case late && (rep.Failure == nil || rep.Failure.Property != "data race"):
				t.Errorf("%s, flag before data: %v %+v", name, rep.Verdict, rep.Failure)
			case !late && rep.Verdict != verdict.Holds:
				t.Errorf("%s: %v %+v", name, rep.Verdict, rep.Failure)
			case !late && rep.Executions < 50:
				t.Errorf("%s: %d executions are too few to repeat any", name, rep.Executions)
			}
		}
	}
}
