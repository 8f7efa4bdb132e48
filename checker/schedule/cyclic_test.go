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

// Programs whose threads go round for ever: each makes the steps of its plan on two
// words, marks, forgets, and begins again. Paths to one state are then mostly no orders
// of the same steps, so that states are met again with other sleep sets than before:
// in programs that keep all they have read that is hardly ever so. Values are modulo
// three, so that the states are few: they are enumerated here by plain recursion over
// copied states, with no path, no sleep set and no digest.

const (
	wheelThreads = 3
	wheelWords   = 2
	wheelValues  = 3
	wheelOps     = 3 // in a plan, at most
)

// wheel is what each thread does in a round, and what it must not have seen by the end
// of one.
type wheel struct {
	plans  [wheelThreads][]op
	forbid [wheelThreads][wheelOps]uint8
}

// wheelState is a state of it: what each thread has seen is that of this round, by step.
type wheelState struct {
	words [wheelWords]uint8
	at    [wheelThreads]int
	seen  [wheelThreads][wheelOps]uint8
}

// randomWheel begins each round with a step on the first word, which two of the threads
// at least may write: so no round consists of nothing but steps that are taken at once.
func randomWheel(r *rand.Rand) (w wheel) {
	writes := []opKind{opStore, opSwap, opCAS, opTake}
	kinds := slices.Concat(writes, []opKind{opStore, opLoad, opLoad, opAwait})
	for i := range w.plans {
		first := kinds
		if i < 2 {
			first = writes
		}
		w.plans[i] = []op{{first[r.IntN(len(first))], 0, uint64(r.IntN(wheelValues))}}
		for range 1 + r.IntN(wheelOps-1) {
			w.plans[i] = append(w.plans[i], op{kinds[r.IntN(len(kinds))], r.IntN(wheelWords), uint64(r.IntN(wheelValues))})
		}
		for j := range w.plans[i] {
			w.forbid[i][j] = uint8(r.IntN(wheelValues + 1)) // or no value
		}
	}
	return w
}

// gives is what the step writes, if it does, when its thread has seen that.
func (o op) gives(seen [wheelOps]uint8) uint8 {
	v := uint8(o.v)
	for _, s := range seen {
		v += s
	}
	return v % wheelValues
}

func (w *wheel) enabled(s *wheelState, t int) bool {
	o := w.plans[t][s.at[t]]
	return o.kind != opAwait && o.kind != opTake || uint64(s.words[o.word]) == o.v
}

// step has the thread take its step; false: it ends with what it must not have seen.
func (w *wheel) step(s *wheelState, t int) bool {
	k := s.at[t]
	o := w.plans[t][k]
	word, v := &s.words[o.word], o.gives(s.seen[t])
	s.seen[t][k] = *word
	switch o.kind {
	case opStore:
		*word, s.seen[t][k] = v, v
	case opSwap, opTake:
		*word = v
	case opCAS:
		if *word == uint8(o.v) {
			*word = (v + 1) % wheelValues
		}
	}
	s.at[t]++
	if s.at[t] < len(w.plans[t]) {
		return true
	}
	if s.seen[t] == w.forbid[t] {
		return false
	}
	s.at[t], s.seen[t] = 0, [wheelOps]uint8{}
	return true
}

// told is how a state is told in which nobody can go on.
func (s *wheelState) told() string { return fmt.Sprint(s.words, s.at, s.seen) }

// enumeration is what there is.
type enumeration struct {
	states map[wheelState]bool // of them, those whose successors are being visited
	rounds bool                // some state comes after itself
	told   map[string]bool
	writes [wheelWords]uint64 // the threads that come to stand before a step which may change it
}

func (w *wheel) enumerate() *enumeration {
	e := &enumeration{states: map[wheelState]bool{}, told: map[string]bool{}}
	w.visit(wheelState{}, e)
	return e
}

func (w *wheel) visit(s wheelState, e *enumeration) {
	if under, visited := e.states[s]; visited {
		e.rounds = e.rounds || under
		return
	}
	e.states[s] = true
	defer func() { e.states[s] = false }()
	stuck := true
	for t, plan := range w.plans {
		if o := plan[s.at[t]]; o.kind != opLoad && o.kind != opAwait {
			e.writes[o.word] |= 1 << t
		}
		if !w.enabled(&s, t) {
			continue
		}
		stuck = false
		next := s
		if w.step(&next, t) {
			w.visit(next, e)
		} else {
			e.told[forbidden(t, next.seen[t])] = true
			e.told["a failure"] = true
		}
	}
	if stuck {
		e.told[s.told()] = true
	}
}

func forbidden(t int, seen [wheelOps]uint8) string {
	return fmt.Sprint("thread ", t, " has seen ", seen)
}

// moves says whether some step may be taken at once, because no other thread touches its
// place, or none writes there: then not every state is visited.
func (e *enumeration) moves() bool {
	return slices.ContainsFunc(e.writes[:], func(by uint64) bool { return by&(by-1) == 0 })
}

// turn makes the step on the word.
func (o op) turn(w *schedule.Word, v uint64) uint64 {
	is := func(now uint64) bool { return now == o.v }
	switch o.kind {
	case opStore:
		w.Store(v)
		return v
	case opSwap:
		return w.Swap(v)
	case opTake:
		return w.AwaitSwap(is, v)
	case opAwait:
		return w.Await(is)
	case opCAS:
		if w.CompareAndSwap(o.v, (v+1)%wheelValues) {
			return o.v
		}
		return w.Peek()
	}
	return w.Load()
}

// program is the same as controlled threads.
func (w *wheel) program(t *schedule.T, told func(string)) {
	t.Recall()
	var s wheelState
	words := [wheelWords]*schedule.Word{t.Word("x", 0), t.Word("y", 0)}
	for i, plan := range w.plans {
		t.Daemon(fmt.Sprint("t", i), func() {
			for {
				t.Mark("round")
				s.at[i], s.seen[i] = 0, [wheelOps]uint8{}
				for k, o := range plan {
					s.seen[i][k] = uint8(o.turn(words[o.word], uint64(o.gives(s.seen[i]))))
					s.at[i]++
				}
				if s.seen[i] == w.forbid[i] {
					told(forbidden(i, s.seen[i]))
					t.Fail("forbidden", "it is")
				}
			}
		})
	}
	t.AtEnd(func() {
		for i := range words {
			s.words[i] = uint8(words[i].Peek())
		}
		told(s.told())
	})
}

// kept are wheels, one in a thousand of random ones, on which a search leaves states out
// that takes a state met again with a smaller sleep set for visited.
var kept = []wheel{
	{plans: [wheelThreads][]op{
		{{opTake, 0, 1}, {opSwap, 1, 0}},
		{{opSwap, 0, 1}, {opLoad, 1, 0}, {opLoad, 0, 1}},
		{{opLoad, 0, 0}, {opStore, 1, 1}},
	}, forbid: [wheelThreads][wheelOps]uint8{{0, 0, 0}, {4, 4, 0}, {4, 0, 0}}},
	{plans: [wheelThreads][]op{
		{{opSwap, 0, 1}, {opCAS, 0, 2}},
		{{opStore, 0, 0}, {opStore, 1, 2}, {opCAS, 0, 2}},
		{{opStore, 0, 1}, {opStore, 1, 1}, {opLoad, 0, 0}},
	}, forbid: [wheelThreads][wheelOps]uint8{{3, 4, 0}, {1, 5, 1}, {2, 4, 3}}},
	{plans: [wheelThreads][]op{
		{{opSwap, 0, 2}, {opStore, 1, 2}, {opCAS, 1, 0}},
		{{opCAS, 0, 2}, {opAwait, 1, 1}},
		{{opStore, 0, 2}, {opSwap, 1, 1}},
	}, forbid: [wheelThreads][wheelOps]uint8{{4, 0, 4}, {4, 2, 0}, {1, 4, 0}}},
	{plans: [wheelThreads][]op{
		{{opCAS, 0, 0}, {opStore, 0, 1}, {opCAS, 1, 0}},
		{{opTake, 0, 2}, {opStore, 1, 2}},
		{{opLoad, 0, 0}, {opLoad, 1, 2}},
	}, forbid: [wheelThreads][wheelOps]uint8{{4, 0, 0}, {5, 5, 0}, {3, 3, 0}}},
}

// Of programs that go round for ever, the search comes to every state: to all in which
// nobody can go on and to every failure, and to all others where no step is taken at
// once. So do several workers, and the search without reduction, recalled and run. One
// that does not keep what the sleep sets of all visits have in common comes to no end.
func TestStatefulAgreesOnProgramsThatGoRound(t *testing.T) {
	schedule.VerifyLittle(t)
	r := rand.New(rand.NewPCG(51, 52))
	wheels := slices.Clone(kept)
	for len(wheels) < 80 {
		w := randomWheel(r)
		if n := len(w.enumerate().states); n > 20 && n < 1000 {
			wheels = append(wheels, w)
		}
	}
	repeatOften := schedule.RepeatOften(t)
	var states, whole, ends, round int
	for n := range wheels {
		repeatOften(n%2 == 0)
		w := &wheels[n]
		all := w.enumerate()
		for _, o := range []schedule.Options{{}, {Workers: 2}, {Plain: true}, {Plain: true, RunAll: true}} {
			o.MaxSteps = 2000 // a scout walks as far
			met, rep := gathered(t, w.program, o)
			if !maps.Equal(all.told, met) {
				t.Errorf("program %d %v, %+v: it comes to %q, there are %q", n, w, o,
					slices.Sorted(maps.Keys(met)), slices.Sorted(maps.Keys(all.told)))
			}
			if (o.Plain || !all.moves()) && rep.States != uint64(len(all.states)) {
				t.Errorf("program %d %v, %+v: %d states, there are %d", n, w, o, rep.States, len(all.states))
			}
			// One worker alone, without reduction, comes round exactly where there is a cycle.
			if found := rep.Rounds > 0; found && !all.rounds || o.Plain && found != all.rounds {
				t.Errorf("program %d %v, %+v: it comes round %d times, there is a cycle: %v", n, w, o, rep.Rounds, all.rounds)
			}
		}
		round += btoi(all.rounds)
		states += len(all.states)
		ends += len(all.told)
		if !all.moves() {
			whole++
		}
	}
	t.Logf("%d states; %d ends and failures; of %d programs %d have no step that is taken at once, and %d go round", states, ends, len(wheels), whole, round)
	if states < 10_000 || ends < 50 || whole < 25 || round < 10 || round == len(wheels) {
		t.Errorf("they are too few to tell")
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Two threads that give way to each other, and begin again, may do so for ever: what holds
// of all states holds, and that an execution need not end is told.
func TestRoundsAreTold(t *testing.T) {
	polite := func(t *schedule.T) {
		words := [2]*schedule.Word{t.Word("left", 0), t.Word("right", 0)}
		for i, name := range []string{"left", "right"} {
			t.Go(name, func() {
				for {
					t.Mark("begins")
					words[i].Store(1)
					if words[1-i].Load() == 0 {
						return
					}
					words[i].Store(0)
				}
			})
		}
	}
	rep := must(schedule.Explore(t.Context(), polite, schedule.Stateful(), schedule.Options{}))
	if rep.Verdict != verdict.Holds || rep.Rounds == 0 || !strings.HasPrefix(rep.Round, "the state before step ") {
		t.Errorf("%v, %d rounds: %q", rep.Verdict, rep.Rounds, rep.Round)
	}
}
