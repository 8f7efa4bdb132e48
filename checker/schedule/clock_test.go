package schedule_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

func TestLeaseUnderEachStrategy(t *testing.T) {
	for _, s := range []schedule.Strategy{schedule.Optimal(), schedule.Stateful(), schedule.Bounded(1), schedule.Bounded(-1)} {
		if rep := explore(t, leased(true), s, schedule.Options{}); rep.Verdict != verdict.Holds {
			t.Errorf("fenced: %v: %v %+v", s, rep.Verdict, rep.Failure)
		}
		if rep := explore(t, leased(false), s, schedule.Options{}); rep.Verdict != verdict.Violated || rep.Failure.Preemptions != 1 {
			t.Errorf("not fenced: %v: %v %+v", s, rep.Verdict, rep.Failure)
		}
	}
	for _, s := range samplers(1, 1000) {
		if rep := explore(t, leased(false), s, schedule.Options{}); rep.Verdict != verdict.Violated {
			t.Errorf("not fenced: %v: %v", s, rep.Verdict)
		}
	}
}

// timed are programs with clocks, each with the outcomes that it has.
var timed = map[string]struct {
	program func(*schedule.T, func(string))
	want    []string
}{
	"time stands still where nobody waits": {func(t *schedule.T, told func(string)) {
		c := t.Clock("c")
		for _, name := range []string{"a", "b"} {
			t.Go(name, func() { told(fmt.Sprint(name, c.Now(), c.Now())) })
		}
	}, []string{"a0s 0s", "b0s 0s"}},
	"named instants come at any time": {func(t *schedule.T, told func(string)) {
		c := t.Clock("c", 2, 1, 1)
		t.Go("a", func() { told(fmt.Sprint(c.Now(), c.Now())) })
	}, []string{"0s 0s", "0s 1ns", "0s 2ns", "1ns 1ns", "1ns 2ns", "2ns 2ns"}},
	"who sleeps longer wakes later": {func(t *schedule.T, told func(string)) {
		c := t.Clock("c")
		woken := ""
		for i, name := range []string{"b", "a", "c"} {
			t.Go(name, func() {
				c.SleepUntil(time.Duration(10 * (i/2 + 1)))
				woken += name
			})
		}
		t.AtEnd(func() { told(fmt.Sprint(woken, c.Peek())) })
	}, []string{"abc20ns", "acb20ns", "bac20ns", "bca20ns", "cab20ns", "cba20ns"}},
	"sleeps add up": {func(t *schedule.T, told func(string)) {
		c := t.Clock("c")
		t.Go("a", func() { c.Sleep(3); c.Sleep(0); c.Sleep(-1); c.Sleep(2); told(fmt.Sprint(c.Now())) })
	}, []string{"5ns"}},
	"a reply and its time-out": {func(t *schedule.T, told func(string)) {
		c, x := t.Clock("c"), t.Word("x", 0)
		t.Go("client", func() {
			came := c.AwaitUntil(5, "reply", func() bool { return x.Peek() == 1 }, x.Location())
			told(fmt.Sprint(came, x.Peek(), c.Peek()))
		})
		t.Go("server", func() { x.Store(1) })
	}, []string{"false 0 5ns", "false 1 5ns", "true 1 0s", "true 1 5ns"}},
	"a reply that does not come": {func(t *schedule.T, told func(string)) {
		c := t.Clock("c")
		t.Go("client", func() { told(fmt.Sprint(c.AwaitUntil(5, "reply", func() bool { return false }), c.Now())) })
	}, []string{"false 5ns"}},
	"a time-out that has passed, or is taken back": {func(t *schedule.T, told func(string)) {
		c := t.Clock("c")
		t.Go("client", func() {
			late := c.AwaitUntil(0, "late", func() bool { return false })
			soon := c.AwaitUntil(5, "soon", func() bool { return true })
			told(fmt.Sprint(late, soon, c.Now()))
		})
	}, []string{"false false 5ns", "false true 0s", "false true 5ns"}},
	"a time-out that was taken back does not come": {func(t *schedule.T, told func(string)) {
		c := t.Clock("c")
		t.Go("client", func() { c.AwaitUntil(5, "soon", func() bool { return true }) })
		t.AtEnd(func() { told(fmt.Sprint(c.Peek())) })
	}, []string{"0s", "5ns"}},
	"no clock makes up for a lost wake-up": {func(t *schedule.T, told func(string)) {
		c, x := t.Clock("c", 1), t.Word("x", 0)
		t.Go("a", func() { x.Await(func(v uint64) bool { return v == 1 }) })
		t.Go("b", func() { c.Sleep(1); told("b") })
	}, []string{"a failure", "b"}},
}

// Each way in which time can pass is visited, and no other, whatever the search.
func TestClockPassesInEveryWay(t *testing.T) {
	for name, c := range timed {
		for _, s := range []schedule.Strategy{schedule.Bounded(-1), schedule.Optimal(), schedule.Stateful()} {
			got, _ := outcomes(t, c.program, s)
			if all := slices.Sorted(maps.Keys(got)); !slices.Equal(all, c.want) {
				t.Errorf("%s, %v: %q, want %q", name, s, all, c.want)
			}
		}
	}
}

// Time comes once to an instant for which several wait.
func TestClockMovesOnceToAnInstant(t *testing.T) {
	rep := explore(t, func(t *schedule.T) {
		c := t.Clock("c", 10)
		t.Go("a", func() { c.SleepUntil(10) })
		t.Go("b", func() { c.SleepUntil(10) })
	}, schedule.Bounded(-1), schedule.Options{})
	if moves := rep.Taken["c moves"]; moves != rep.Executions || moves == 0 {
		t.Errorf("%d moves in %d executions", moves, rep.Executions)
	}
}

// clocked is a random program of sleeps, time-outs, looks at the clock and
// accesses to words.
func clocked(r *rand.Rand) func(*schedule.T, func(string)) {
	plans := make([][]int, 2)
	for i := range plans {
		for range 1 + r.IntN(3) {
			plans[i] = append(plans[i], r.IntN(6))
		}
	}
	return func(t *schedule.T, told func(string)) {
		c, x := t.Clock("c", 1), t.Word("x", 0)
		regs := make([]uint64, len(plans))
		for i, plan := range plans {
			t.Go(fmt.Sprint("t", i), func() {
				reg := &regs[i]
				for _, op := range plan {
					switch op {
					case 0:
						*reg = *reg*7 + uint64(c.Now())
					case 1:
						c.Sleep(time.Duration(1 + i))
					case 2:
						c.SleepUntil(3)
					case 3:
						*reg = *reg*7 + x.Add(uint64(i)+1)
					case 4:
						*reg = *reg*7 + x.Load()
					case 5:
						if c.AwaitUntil(2, "x", func() bool { return x.Peek() > 1 }, x.Location()) {
							*reg += 3
						}
					}
				}
			})
		}
		t.AtEnd(func() { told(fmt.Sprint(regs, x, c.Peek())) })
	}
}

// Reductions lose nothing of what time can do.
func TestClockUnderReduction(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	repeatOften := schedule.RepeatOften(t)
	var many, saved uint64
	for n := range 250 {
		repeatOften(n%2 == 0)
		program := clocked(r)
		all, every := outcomes(t, program, schedule.Bounded(-1))
		for _, s := range []schedule.Strategy{schedule.Optimal(), schedule.Stateful()} {
			if some, _ := outcomes(t, program, s); !maps.Equal(all, some) {
				t.Fatalf("program %d: by %v %v, of all %v", n, s, slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(all)))
			}
		}
		_, optimal := outcomes(t, program, schedule.Optimal())
		saved += every.Executions - optimal.Executions
		many += uint64(len(all))
	}
	if many < 1000 || saved == 0 {
		t.Errorf("%d outcomes, %d executions saved: too few to tell", many, saved)
	}
}

// A token of an execution in which time passes replays.
func TestClockReplays(t *testing.T) {
	f := explore(t, leased(false), schedule.Optimal(), schedule.Options{}).Failure
	again, err := schedule.Replay(t.Context(), leased(false), f.Token, schedule.Options{})
	if err != nil || again.Verdict != verdict.Violated || again.Failure.Token != f.Token {
		t.Errorf("%+v, %v", again, err)
	}
}

// Who sleeps for longer than there is time sleeps till its end, and does not wake at once.
func TestSleepsAsLongAsTimeLasts(t *testing.T) {
	rep := explore(t, func(s *schedule.T) {
		c, x := s.Clock("clock"), s.Word("x", 0)
		s.Go("a", func() {
			c.Sleep(1)
			c.Sleep(math.MaxInt64)
			x.Add(1)
			s.Check("slept", c.Peek() == math.MaxInt64, "it wakes at %v", c.Peek())
		})
	}, schedule.Optimal(), schedule.Options{})
	if rep.Verdict != verdict.Holds {
		t.Errorf("%+v", rep.Failure)
	}
}
