// Package peterson is a model with a liveness property: mutual exclusion of two
// processes by reads and writes alone, in which who asks gets in (Peterson, "Myths about
// the mutual exclusion problem", Information Processing Letters 12(3), 1981).
//
//	variables wants[0..1] := false, turn := 0
//
//	process p, q being the other one:
//	  think:    either goto think, or
//	            wants[p] := true
//	  give way: turn := q
//	  wait:     await wants[q] = false or turn = p
//	  leave:    wants[p] := false; goto think
//
// Each label is one atomic step. A process may think for ever: that is a step, since a
// behaviour goes on as long as a step is enabled. Of the other steps weak fairness is
// assumed: a process that can take one, and goes on being able to, takes it.
package peterson

import (
	"fmt"
	"slices"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// state is everything that a step may read or write.
type state struct {
	At    [2]label
	Wants [2]bool
	Turn  uint8
}

// label is the step at which a process stands.
type label uint8

const (
	think label = iota
	giveWay
	wait
	leave
)

func (l label) String() string { return [...]string{"think", "give way", "wait", "leave"}[l] }

// model is two processes; the mutant "" is none.
func model(mutant string) checker.Model[state] {
	return checker.Model[state]{
		Name: "peterson",
		Init: []state{{}},
		Processes: []checker.Process[state]{{
			Name:  "process",
			Count: 2,
			PC:    func(s *state, p int) int { return int(s.At[p]) },
			Steps: []checker.Step[state]{
				{Label: think.String(), Choices: 2, Choose: func(s *state, p, asks int) bool {
					if asks == 1 {
						s.Wants[p], s.At[p] = true, giveWay
					}
					return true
				}},
				{Label: giveWay.String(), Do: func(s *state, p int) bool {
					s.Turn, s.At[p] = uint8(1-p), wait
					if mutant == keepsTurn {
						s.Turn = uint8(p)
					}
					return true
				}},
				{Label: wait.String(), Do: func(s *state, p int) bool {
					if s.Wants[1-p] && (int(s.Turn) != p || mutant == noTurn) {
						return false
					}
					s.At[p] = leave
					return true
				}},
				{Label: leave.String(), Do: func(s *state, p int) bool {
					s.Wants[p], s.At[p] = mutant == stillWants, think
					return true
				}},
			},
		}},
		Fairness: []checker.Fairness{checker.Weak("process", giveWay.String(), wait.String(), leave.String())},
		Properties: slices.Concat([]checker.Property[state]{
			checker.Invariant(exclusion, func(s *state) bool { return s.At != [2]label{leave, leave} }),
		}, checker.ForEach(2, func(p int) checker.Property[state] {
			return checker.LeadsTo(getsIn(p), asks(p), inside(p))
		}), []checker.Property[state]{
			// All of these hold also if nobody ever asks, or gets in.
			checker.Reachable("process 0 is in, and process 1 waits", func(s *state) bool { return s.At == [2]label{leave, wait} }),
		}),
	}
}

func asks(p int) func(s *state) bool {
	return func(s *state) bool { return s.At[p] == giveWay || s.At[p] == wait }
}

func inside(p int) func(s *state) bool { return func(s *state) bool { return s.At[p] == leave } }

// Names of properties and mutants.
const (
	exclusion = "mutual exclusion"

	keepsTurn  = "keeps-turn"
	noTurn     = "no-turn"
	stillWants = "still-wants"
)

func getsIn(p int) string { return fmt.Sprintf("process %d gets in", p) }

// Family is the model, for a command.
var Family = catalogue.Family{
	Name:           "peterson",
	Doc:            "Peterson's mutual exclusion of two processes, and that who asks gets in",
	Configurations: []catalogue.Configuration{{Name: "2", Doc: "two processes"}},
	Mutants: []catalogue.Mutant{
		{Name: keepsTurn, Doc: "a process gives the turn to itself", Configuration: "2", KilledBy: exclusion},
		{Name: noTurn, Doc: "a process waits until the other one does not want to get in, whose turn it ever is", Configuration: "2", KilledBy: "deadlock"},
		{Name: stillWants, Doc: "a process goes on saying that it wants to get in, when it has left", Configuration: "2", KilledBy: getsIn(0)},
	},
	Build: func(_ catalogue.Values, mutant string) (checker.AnyModel, error) {
		return checker.Any(model(mutant)), nil
	},
}
