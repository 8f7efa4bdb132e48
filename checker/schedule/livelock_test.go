package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// polite are two threads that give way to each other: each announces that it wants to go in,
// looks whether the other one wants to, too, and then takes that back and begins again. A
// stubborn one does not take it back.
func polite(stubborn bool) func(*schedule.T) {
	return func(t *schedule.T) {
		words := [2]*schedule.Word{t.Word("left wants", 0), t.Word("right wants", 0)}
		for i, name := range []string{"left", "right"} {
			t.Go(name, func() {
				words[i].Store(1)
				for {
					t.Mark("tries")
					if words[1-i].Load() == 0 {
						words[i].Store(0)
						return
					}
					if !stubborn {
						words[i].Store(0)
						words[i].Store(1)
					}
				}
			})
		}
	}
}

// endReachable are the options of a search that looks for livelocks.
var endReachable = schedule.Options{EndReachable: true}

// A livelock, out of which no schedule leads, is found, and its token finds it again. The
// twin, which goes round as well, and can be left, holds. Without the option both do.
func TestLivelock(t *testing.T) {
	without := must(schedule.Explore(t.Context(), polite(true), schedule.Stateful(), schedule.Options{}))
	if without.Verdict != verdict.Holds || without.Rounds == 0 || without.EndReachable {
		t.Errorf("without the option: %+v", without)
	}
	rep := must(schedule.Explore(t.Context(), polite(true), schedule.Stateful(), endReachable))
	if rep.Verdict != verdict.Violated || rep.Failure == nil || rep.Failure.Property != "livelock" || rep.EndReachable || rep.Livelocked != 1 {
		t.Fatalf("stubborn: %+v, %+v", rep, rep.Failure)
	}
	contains(t, rep.Failure.Message, "since step 2, store right wants by right, no end of the execution can be reached any more, whoever goes on")
	if n := len(rep.Failure.Steps); n != 3 {
		t.Errorf("stubborn: %d steps", n)
	}
	info, err := schedule.ParseToken(rep.Failure.Token)
	if err != nil || !info.Endless {
		t.Errorf("stubborn: token %+v, %v", info, err)
	}
	again := must(schedule.Replay(t.Context(), polite(true), rep.Failure.Token, schedule.Options{}))
	if again.Verdict != verdict.Violated || again.Failure.Property != "livelock" || again.Failure.Token != rep.Failure.Token || again.Agrees == "" {
		t.Errorf("replayed: %v, %+v", again.Verdict, again.Failure)
	}
	twin := must(schedule.Explore(t.Context(), polite(false), schedule.Stateful(), endReachable))
	if twin.Verdict != verdict.Holds || twin.Rounds == 0 || !twin.EndReachable || twin.Livelocked != 0 || twin.Bound != "every reachable state, and from each an end" {
		t.Errorf("polite: %+v", twin)
	}
}

// Of a program that makes the same steps and has been given an exit since, the token passes;
// of one that ends now it is refused.
func TestReplayOfALivelock(t *testing.T) {
	var way string
	program := func(t *schedule.T) {
		x, stop := t.Word("x", 0), t.Word("stop", 0)
		t.Go("spins", func() {
			for n := 0; stop.Load() == 0; n++ {
				t.Mark("round")
				if way == "ends" && n == 1 {
					return
				}
			}
		})
		t.Go("sets", func() {
			x.Store(1)
			if way == "exit" {
				stop.Store(1)
			}
		})
	}
	token := must(schedule.Explore(t.Context(), program, schedule.Stateful(), endReachable)).Failure.Token
	way = "exit"
	if rep := must(schedule.Replay(t.Context(), program, token, schedule.Options{})); rep.Verdict != verdict.Holds || rep.Passing == nil {
		t.Errorf("with an exit: %+v", rep)
	}
	if rep := must(schedule.Explore(t.Context(), program, schedule.Stateful(), endReachable)); rep.Verdict != verdict.Holds || !rep.EndReachable {
		t.Errorf("with an exit: %+v", rep)
	}
	way = ""
	if rep := must(schedule.Replay(t.Context(), program, token, schedule.Options{MaxMemory: 1})); rep.Verdict != verdict.Unknown || rep.Complete || !strings.Contains(rep.Reason, "out of memory") {
		t.Errorf("without memory: %+v", rep)
	}
}

// What is an end, and what leads to one.
func TestEndsOfExecutions(t *testing.T) {
	forever := func(t *schedule.T, x *schedule.Word) {
		for {
			t.Mark("round")
			x.Load()
		}
	}
	for name, c := range map[string]struct {
		program  func(*schedule.T, *schedule.Word)
		violates string
	}{
		"a daemon goes on for ever": {func(t *schedule.T, x *schedule.Word) {
			t.Daemon("polls", func() { forever(t, x) })
			t.Go("ends", func() { x.Store(1) })
		}, ""},
		"a thread goes on for ever": {func(t *schedule.T, x *schedule.Word) {
			t.Go("polls", func() { forever(t, x) })
			t.Go("ends", func() { x.Store(1) })
		}, "livelock"},
		"an answer leads out": {func(t *schedule.T, x *schedule.Word) {
			t.Go("asks", func() {
				for t.Mark("round"); x.Load() == 0 && t.Choose("again", 2) == 1; t.Mark("round") {
				}
			})
		}, ""},
		"an answer leads in": {func(t *schedule.T, x *schedule.Word) {
			t.Go("asks", func() {
				x.Load()
				if t.Choose("stay", 3) == 2 {
					forever(t, x)
				}
			})
		}, "livelock"},
		"an answer of the set-up leads in": {func(t *schedule.T, x *schedule.Word) {
			stays := t.Choose("stay", 2) == 1
			t.Go("loads", func() {
				if x.Load(); stays {
					forever(t, x)
				}
			})
		}, "livelock"},
		"a death leads out": {func(t *schedule.T, x *schedule.Word) {
			t.Go("polls", func() { forever(t, x) })
			t.Go("kills", func() { t.Kill("kill", "polls") })
		}, ""},
		"a deadlock is one": {func(t *schedule.T, x *schedule.Word) {
			t.Go("waits", func() { x.Await(func(v uint64) bool { return v == 1 }) })
		}, "deadlock"},
		"a thread that is declared late": {func(t *schedule.T, x *schedule.Word) {
			t.Go("declares", func() {
				x.Store(1)
				t.Go("polls", func() { forever(t, x) })
			})
		}, "livelock"},
		"a daemon declares it": {func(t *schedule.T, x *schedule.Word) {
			t.Daemon("declares", func() {
				x.Store(1)
				t.Go("ends", func() { x.Store(2) })
			})
		}, ""},
		"no thread has to end yet": {func(t *schedule.T, x *schedule.Word) {
			t.Daemon("declares at times", func() {
				if x.Load(); t.Choose("which", 2) == 1 {
					t.Go("ends", func() { x.Store(1) })
					return
				}
				forever(t, x)
			})
		}, "livelock"},
		"nobody has to end": {func(t *schedule.T, x *schedule.Word) {
			t.Daemon("stores", func() { x.Store(1) })
		}, ""},
		"nobody has to end, and nobody does": {func(t *schedule.T, x *schedule.Word) {
			t.Daemon("polls", func() { forever(t, x) })
		}, "livelock"},
		"a plain store is late": {func(t *schedule.T, x *schedule.Word) {
			t.Go("polls", func() {
				for t.Mark("round"); x.Load() == 0; t.Mark("round") {
				}
			})
			t.Go("writes", func() { x.Write(1) })
		}, ""},
	} {
		program := func(t *schedule.T) { c.program(t, t.Word("x", 0)) }
		for _, o := range []schedule.Options{{}, {Workers: 2}, {StoreBuffers: true}} {
			o.EndReachable = true
			rep := must(schedule.Explore(t.Context(), program, schedule.Stateful(), o))
			violates := ""
			if rep.Failure != nil {
				violates = rep.Failure.Property
				again := must(schedule.Replay(t.Context(), program, rep.Failure.Token, schedule.Options{}))
				if again.Verdict != verdict.Violated || again.Failure.Property != violates || again.Failure.Token != rep.Failure.Token {
					t.Errorf("%s, %+v: replayed %+v", name, o, again)
				}
			}
			if violates != c.violates || rep.EndReachable != (violates == "") || (rep.Verdict == verdict.Holds) != (violates == "") {
				t.Errorf("%s, %+v: %v, %+v", name, o, rep.Verdict, rep.Failure)
			}
		}
	}
}

// Where it is not known whether an end can be reached, or the question has no meaning, that
// is said.
func TestEndReachableUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		s      schedule.Strategy
		o      schedule.Options
		reason string
	}{
		"out of memory":    {schedule.Stateful(), schedule.Options{MaxMemory: 20_000}, "out of memory"},
		"too long":         {schedule.Stateful(), schedule.Options{MaxSteps: 3}, "longer than 3 steps"},
		"so many asked":    {schedule.Stateful(), schedule.Options{MaxExecutions: 2}, "as asked"},
		"all but too long": {schedule.Stateful(), schedule.Options{MaxSteps: 3, KeepGoing: true}, "too long"},
	} {
		c.o.EndReachable = true
		rep, err := schedule.Explore(t.Context(), polite(false), c.s, c.o)
		if err != nil || rep.Verdict != verdict.Unknown || rep.EndReachable || rep.Livelocked != 0 || !strings.Contains(rep.Reason, c.reason) {
			t.Errorf("%s: %v, %+v, %v", name, rep.Verdict, rep, err)
		}
	}
	for by, s := range everyStrategy() {
		_, err := schedule.Explore(t.Context(), polite(false), s, endReachable)
		if want := by != "stateful"; errors.Is(err, schedule.ErrOptions) != want {
			t.Errorf("%s: %v", by, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rep := must(schedule.Explore(ctx, polite(true), schedule.Stateful(), endReachable)); rep.Verdict != verdict.Unknown {
		t.Errorf("interrupted: %+v", rep)
	}
}

// whirl are threads that go round as those of a wheel do, until what one has seen at one of
// its steps lets it leave.
type whirl struct {
	wheel
	leaveAt [wheelThreads]int
	leaveBy [wheelThreads]uint8
}

type whirlState struct {
	wheelState
	left [wheelThreads]bool
}

func randomWhirl(r *rand.Rand) (w whirl) {
	kinds := []opKind{opStore, opSwap, opCAS, opLoad, opLoad}
	for i := range w.plans {
		for range 1 + r.IntN(wheelOps) {
			w.plans[i] = append(w.plans[i], op{kinds[r.IntN(len(kinds))], r.IntN(wheelWords), uint64(r.IntN(wheelValues))})
		}
		w.forbid[i] = [wheelOps]uint8{wheelValues} // which nobody sees
		w.leaveAt[i], w.leaveBy[i] = r.IntN(len(w.plans[i])), uint8(r.IntN(wheelValues))
	}
	return w
}

func (w *whirl) leaves(s *wheelState, t int) bool { return s.seen[t][w.leaveAt[t]] == w.leaveBy[t] }

// next gives the states that come after s.
func (w *whirl) next(s whirlState) (all []whirlState) {
	for t := range w.plans {
		if s.left[t] {
			continue
		}
		next := s
		seen := next.seen[t]
		if next.at[t] == len(w.plans[t])-1 { // the wheel forgets at the end of a round
			o := w.plans[t][next.at[t]]
			before, after := next.words[o.word], next
			w.step(&after.wheelState, t)
			next = after
			seen[len(w.plans[t])-1] = before
			if o.kind == opStore {
				seen[len(w.plans[t])-1] = o.gives(s.seen[t])
			}
			if seen[w.leaveAt[t]] == w.leaveBy[t] {
				next.left[t], next.at[t], next.seen[t] = true, len(w.plans[t]), seen
			}
		} else {
			w.step(&next.wheelState, t)
		}
		all = append(all, next)
	}
	return all
}

func (w *whirl) program(t *schedule.T) {
	t.Recall()
	words := [wheelWords]*schedule.Word{t.Word("x", 0), t.Word("y", 0)}
	for i, plan := range w.plans {
		t.Go(fmt.Sprint("t", i), func() {
			for {
				t.Mark("round")
				var s wheelState
				for k, o := range plan {
					s.seen[i][k] = uint8(o.turn(words[o.word], uint64(o.gives(s.seen[i]))))
				}
				if w.leaves(&s, i) {
					return
				}
			}
		})
	}
}

// livelocked enumerates the states: how many there are, from how many no end can be reached,
// and after how many steps one of those comes first; -1: there is none.
func (w *whirl) livelocked() (states, locked, lost int) {
	level := []whirlState{{}}
	distance := map[whirlState]int{level[0]: 0}
	before := map[whirlState][]whirlState{}
	var ends []whirlState
	for n := 1; len(level) > 0; n++ {
		var coming []whirlState
		for _, s := range level {
			after := w.next(s)
			if len(after) == 0 {
				ends = append(ends, s)
			}
			for _, next := range after {
				before[next] = append(before[next], s)
				if _, met := distance[next]; !met {
					distance[next] = n
					coming = append(coming, next)
				}
			}
		}
		level = coming
	}
	good := map[whirlState]bool{}
	for len(ends) > 0 {
		s := ends[0]
		if ends = ends[1:]; !good[s] {
			good[s] = true
			ends = append(ends, before[s]...)
		}
	}
	lost = -1
	for s, n := range distance {
		if !good[s] && (lost < 0 || n < lost) {
			lost = n
		}
	}
	return len(distance), len(distance) - len(good), lost
}

// Of random programs whose threads go round until they see a value, those have a livelock of
// which enumeration, without paths or digests, says so; as many states are lost, and the first
// of them comes after as many steps.
func TestLivelocksAreThoseOfRandomPrograms(t *testing.T) {
	schedule.VerifyLittle(t)
	r := rand.New(rand.NewPCG(61, 62))
	var violated, held, round int
	for n := 0; n < 60; {
		w := randomWhirl(r)
		states, locked, lost := w.livelocked()
		if states < 20 || states > 800 || locked == 0 && held == 30 || locked > 0 && violated == 30 {
			continue
		}
		n++
		for _, o := range []schedule.Options{{}, {Workers: 2}, {RunAll: true}} {
			o.EndReachable, o.MaxSteps = true, 4000
			rep := must(schedule.Explore(t.Context(), w.program, schedule.Stateful(), o))
			if rep.States != uint64(states) || rep.Livelocked != uint64(locked) || rep.EndReachable != (locked == 0) {
				t.Fatalf("program %d %v, %+v: %d states, %d lost, %+v; there are %d, %d", n, w, o, rep.States, rep.Livelocked, rep, states, locked)
			}
			if locked == 0 {
				if rep.Verdict != verdict.Holds {
					t.Errorf("program %d, %+v: %v", n, o, rep.Verdict)
				}
				continue
			}
			since := "from the beginning no end"
			if lost > 0 {
				since = fmt.Sprintf("since step %d, ", lost)
			}
			if rep.Verdict != verdict.Violated || rep.Failure.Property != "livelock" || !strings.HasPrefix(rep.Failure.Message, since) {
				t.Errorf("program %d, %+v: %v, %+v; want %q", n, o, rep.Verdict, rep.Failure, since)
				continue
			}
			if again := must(schedule.Replay(t.Context(), w.program, rep.Failure.Token, schedule.Options{})); again.Verdict != verdict.Violated || again.Failure.Property != "livelock" {
				t.Errorf("program %d, %+v: replayed %+v", n, o, again)
			}
		}
		if locked > 0 {
			violated++
		} else {
			held++
		}
		rep := must(schedule.Explore(t.Context(), w.program, schedule.Stateful(), schedule.Options{MaxSteps: 4000}))
		if rep.Verdict != verdict.Holds {
			t.Errorf("program %d: %v without the option", n, rep.Verdict)
		}
		round += btoi(locked == 0 && rep.Rounds > 0)
	}
	t.Logf("%d programs with a livelock, %d without, of which %d go round", violated, held, round)
	if violated < 20 || held < 20 || round < 10 {
		t.Errorf("they are too few to tell")
	}
}
