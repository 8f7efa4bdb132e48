// Package ticket is a model whose invariant is shown by induction: a lock that lets in who
// asks in the order of their tickets, of which the numbers wrap around (Mellor-Crummey and
// Scott, "Algorithms for scalable synchronization", ACM TOCS 9(1), 1991, section 2.2).
//
//	variables next := 0, serving := 0, ticket[0..n-1] := 0
//
//	process p:
//	  draw:  ticket[p] := next; next := next + 1 modulo numbers
//	  wait:  await ticket[p] = serving
//	  leave: serving := serving + 1 modulo numbers; goto draw
//
// Each label is one atomic step.
//
// That at most one process is inside is true in every state that can be reached, as check
// says. It is not inductive: inductive, asked for this invariant alone, shows a state in
// which one is inside and another one has the same ticket, and goes in. Such a state cannot
// be reached, and the invariant does not say so. What keeps it from being reached is said by
// the clauses of the second invariant, each of which was written down because a
// counterexample to induction was without it. Together they are inductive: whoever believes
// that needs no search, and knows why the lock is right.
package ticket

import (
	"errors"
	"fmt"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// most is the greatest number of processes.
const most = 4

// state is everything that a step may read or write.
type state struct {
	At            [most]label
	Ticket        [most]uint8
	Next, Serving uint8
}

// label is the step at which a process stands.
type label uint8

const (
	draw label = iota
	wait
	leave
)

func (l label) String() string { return [...]string{"draw", "wait", "leave"}[l] }

// lock is one of n processes with tickets of so many numbers.
type lock struct {
	n, numbers uint8
	mutant     string // "": none
}

func (l lock) model() checker.Model[state] {
	return checker.Model[state]{
		Name: "ticket",
		Init: []state{{}},
		Processes: []checker.Process[state]{{
			Name:  "process",
			Count: int(l.n),
			PC:    func(s *state, p int) int { return int(s.At[p]) },
			Steps: []checker.Step[state]{
				{Label: draw.String(), Do: func(s *state, p int) bool {
					s.Ticket[p], s.At[p] = s.Next, wait
					s.Next = (s.Next + 1) % l.numbers
					return true
				}},
				{Label: wait.String(), Do: func(s *state, p int) bool {
					if ahead := l.after(s.Ticket[p], s.Serving); ahead > 1 || ahead == 1 && l.mutant != jumpsTheLine {
						return false
					}
					s.At[p] = leave
					return true
				}},
				{Label: leave.String(), Do: func(s *state, p int) bool {
					s.At[p] = draw
					if l.mutant != servesNobody {
						s.Serving = (s.Serving + 1) % l.numbers
					}
					return true
				}},
			},
		}},
		Properties: []checker.Property[state]{
			checker.Invariant(exclusion, func(s *state) bool { return l.inside(s) <= 1 }),
			checker.Clauses(line,
				checker.Clause[state]{Name: "who is inside is being served", Holds: l.insideIsServed},
				checker.Clause[state]{Name: "no two have one ticket", Holds: l.ticketsDiffer},
				checker.Clause[state]{Name: "as many tickets are out as have one", Holds: l.outAsHeld},
				checker.Clause[state]{Name: "a ticket that is held is out", Holds: l.heldIsOut}),
			checker.Reachable("one is inside and all others wait", func(s *state) bool {
				return l.inside(s) == 1 && l.held(s) == l.n
			}),
		},
		Domain: l.domain(),
	}
}

// domain is every state there is of so many processes and numbers, reachable or not.
func (l lock) domain() checker.Domain[state] {
	fields := []checker.FieldDomain{checker.Range("Next", 0, l.numbers-1), checker.Range("Serving", 0, l.numbers-1)}
	for p := range uint8(most) {
		at, ticket := fmt.Sprintf("At[%d]", p), fmt.Sprintf("Ticket[%d]", p)
		if p < l.n {
			fields = append(fields, checker.Range(at, draw, leave), checker.Range(ticket, 0, l.numbers-1))
		} else { // there is no such process
			fields = append(fields, checker.OneOf(at, draw), checker.OneOf(ticket, uint8(0)))
		}
	}
	return checker.Domain[state]{Fields: fields}
}

// after is how far one number comes after another.
func (l lock) after(number, other uint8) uint8 { return (number + l.numbers - other) % l.numbers }

func (l lock) inside(s *state) (n uint8) {
	for p := range l.n {
		if s.At[p] == leave {
			n++
		}
	}
	return n
}

// held is how many processes have a ticket.
func (l lock) held(s *state) (n uint8) {
	for p := range l.n {
		if s.At[p] != draw {
			n++
		}
	}
	return n
}

func (l lock) insideIsServed(s *state) bool {
	for p := range l.n {
		if s.At[p] == leave && s.Ticket[p] != s.Serving {
			return false
		}
	}
	return true
}

func (l lock) ticketsDiffer(s *state) bool {
	for p := range l.n {
		for q := range p {
			if s.At[p] != draw && s.At[q] != draw && s.Ticket[p] == s.Ticket[q] {
				return false
			}
		}
	}
	return true
}

func (l lock) outAsHeld(s *state) bool { return l.after(s.Next, s.Serving) == l.held(s) }

func (l lock) heldIsOut(s *state) bool {
	for p := range l.n {
		if s.At[p] != draw && l.after(s.Ticket[p], s.Serving) >= l.after(s.Next, s.Serving) {
			return false
		}
	}
	return true
}

// Names of properties and mutants.
const (
	exclusion = "mutual exclusion"
	line      = "those who have a ticket are in line"

	jumpsTheLine = "jumps-the-line"
	servesNobody = "serves-nobody"
)

// Family is the model, for a command.
var Family = catalogue.Family{
	Name: "ticket",
	Doc:  "a lock with tickets whose numbers wrap around; its invariants are inductive together",
	Parameters: []catalogue.Parameter{
		{Name: "n", Doc: "processes", Default: 2, Min: 1, Max: most},
		{Name: "numbers", Doc: "numbers of tickets, more than processes", Default: 4, Min: 2, Max: 16},
	},
	Configurations: []catalogue.Configuration{
		{Name: "2-4", Doc: "two processes, four numbers"},
		{Name: "3-4", Doc: "three processes, four numbers", Set: map[string]int{"n": 3}},
	},
	Mutants: []catalogue.Mutant{
		{Name: jumpsTheLine, Doc: "who is next in line goes in as well", Configuration: "2-4", KilledBy: exclusion},
		{Name: servesNobody, Doc: "who leaves does not serve the next in line", Configuration: "2-4", KilledBy: "deadlock"},
	},
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		l := lock{uint8(v.Int("n")), uint8(v.Int("numbers")), mutant}
		if l.numbers <= l.n {
			return nil, errors.New("numbers must be more than n: those who have a ticket could not be told from none")
		}
		return checker.Any(l.model()), nil
	},
}
