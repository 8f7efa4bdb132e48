// Package philosophers is the first model to read: n philosophers sit around a
// table, one fork lies between each two of them, and each needs both forks beside
// him to eat (Dijkstra, "Hierarchical ordering of sequential processes", 1971).
//
//	variables fork[0..n-1] := free
//
//	philosopher p, with first and second his two forks:
//	  take left:   await fork[first] = free;  fork[first] := taken
//	  take right:  await fork[second] = free; fork[second] := taken
//	  put left:    fork[first] := free
//	  put right:   fork[second] := free; goto take left
//
// Each label is one atomic step. When all take their left fork, nobody can take
// his right one: a deadlock. If the last one takes his right fork first, there is
// none.
package philosophers

import (
	"urpc/checker"
	"urpc/checker/catalogue"
)

// maxN is the most philosophers that a state has room for.
const maxN = 14

// state is everything that a step may read or write. It is compared as bytes, so
// it has numbers and arrays of them, and no gaps.
type state struct {
	At   [maxN]label // where each philosopher stands
	Fork [maxN]fork  // fork p lies to the left of philosopher p
}

// label is the step at which a philosopher stands: its place in the table of steps.
type label uint8

const (
	takeLeft label = iota
	takeRight
	putLeft
	putRight
)

func (l label) String() string {
	return [...]string{"take left", "take right", "put left", "put right"}[l]
}

// fork is free or taken.
type fork uint8

const (
	free fork = iota
	taken
)

func (f fork) String() string { return [...]string{"free", "taken"}[f] }

// side is the fork that the last philosopher takes first.
type side int

const (
	left side = iota
	right
)

// table is n philosophers; the mutant "" is none.
type table struct {
	n      int
	last   side
	mutant string
}

// first is the fork that philosopher p calls his left one, and takes first.
func (t table) first(p int) int {
	if t.last == right && p == t.n-1 {
		return (p + 1) % t.n
	}
	return p
}

// second is the other one.
func (t table) second(p int) int { return p + (p+1)%t.n - t.first(p) }

// model puts the parts together: one family of processes, its steps, and what is
// to be checked. That no philosopher is stuck for ever need not be asked: every
// check looks for deadlocks.
func model(t table) checker.Model[state] {
	return checker.Model[state]{
		Name: "philosophers",
		Init: []state{{}}, // all at take left, all forks free
		Processes: []checker.Process[state]{{
			Name:  "philosopher",
			Count: t.n,
			PC:    func(s *state, p int) int { return int(s.At[p]) },
			Own:   []string{"At[self]"},
			Steps: t.footprints([]checker.Step[state]{
				{Label: takeLeft.String(), Do: func(s *state, p int) bool { return t.take(s, p, t.first(p), takeRight) }},
				{Label: takeRight.String(), Do: func(s *state, p int) bool { return t.take(s, p, t.second(p), putLeft) }},
				{Label: putLeft.String(), Do: func(s *state, p int) bool { return t.put(s, p, t.first(p), putRight) }},
				{Label: putRight.String(), Do: func(s *state, p int) bool { return t.put(s, p, t.second(p), takeLeft) }},
			}),
		}},
		Properties: []checker.Property[state]{
			checker.Invariant(neighbours, t.neighboursDoNotEatTogether).
				Reads("At").BrokenBy(takeRight.String()).MendedBy(putLeft.String()),
			// An invariant also holds if nothing ever happens. So ask, beside
			// it, that what it speaks of can happen at all.
			checker.Reachable(someoneEats, func(s *state) bool { return eats(s, 0) }).Reads("At[0]"),
		},
	}
}

// footprints says what steps touch besides where the philosopher stands, for the reduction of
// the search. Where all are alike a fork is a lock. Where the last one takes his right fork first,
// which fork is his first depends on who he is, and where one snatches his second one it
// excludes nobody: then all that is said is that both forks may be looked at and changed.
func (t table) footprints(steps []checker.Step[state]) []checker.Step[state] {
	const mine, next = "Fork[self]", "Fork[self+1]"
	if t.last == right || t.mutant != "" {
		for k := range steps {
			steps[k].Reads, steps[k].Writes = []string{mine, next}, []string{mine, next}
		}
		return steps
	}
	steps[takeLeft].Acquires = mine
	steps[takeRight].Acquires, steps[takeRight].Holds = next, []string{mine}
	steps[putLeft].Writes, steps[putLeft].Holds = []string{mine}, []string{mine, next}
	steps[putRight].Writes, steps[putRight].Holds = []string{next}, []string{next}
	return steps
}

// take is enabled while the fork is free. Where a step is not enabled it says
// false and leaves the state as it was.
func (t table) take(s *state, p, f int, next label) bool {
	if s.Fork[f] == taken && !(t.mutant == snatch && next == putLeft) {
		return false
	}
	s.Fork[f] = taken
	s.At[p] = next
	return true
}

func (t table) put(s *state, p, f int, next label) bool {
	s.Fork[f] = free
	s.At[p] = next
	return true
}

// eats: a philosopher who has taken both forks and put back none.
func eats(s *state, p int) bool { return s.At[p] == putLeft }

func (t table) neighboursDoNotEatTogether(s *state) bool {
	for p := range t.n {
		if eats(s, p) && eats(s, (p+1)%t.n) {
			return false
		}
	}
	return true
}

// Names of properties and mutants.
const (
	neighbours  = "neighbours do not eat together"
	someoneEats = "philosopher 0 eats"
	snatch      = "snatch"
)

// Family is the model with its parameters, for a command.
var Family = catalogue.Family{
	Name: "philosophers",
	Doc:  "dining philosophers: each takes the forks beside him, one after the other",
	Parameters: []catalogue.Parameter{
		{Name: "n", Doc: "philosophers", Default: 5, Min: 2, Max: maxN},
		{Name: "last", Doc: "the fork that the last philosopher takes first", Default: int(left),
			Min: int(left), Max: int(right), Words: []string{"left", "right"}},
	},
	Configurations: []catalogue.Configuration{
		{Name: "5", Doc: "five, all alike: deadlock after 5 steps"},
		{Name: "5-right", Doc: "five, the last takes right first: no deadlock", Set: map[string]int{"last": int(right)}},
		{Name: "10", Doc: "ten, all alike: 59,048 states", Set: map[string]int{"n": 10}},
	},
	Mutants: []catalogue.Mutant{
		{Name: snatch, Doc: "a philosopher takes his second fork without looking whether it is free",
			Configuration: "5-right", KilledBy: neighbours},
	},
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		return checker.Any(model(table{n: v.Int("n"), last: side(v.Int("last")), mutant: mutant})), nil
	},
}
