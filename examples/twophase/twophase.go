// Package twophase is two-phase commit, where a transaction manager and n
// resource managers agree to commit or to abort (Gray and Lamport, "Consensus on
// transaction commit", TODS 31(1), 2006, section 3). A message, once sent, stays
// in a set: it may be received again and again, or never.
//
//	variables sent := {}
//
//	transaction manager:
//	  receive prepared(r): await init and prepared(r) in sent; heard := heard + {r}
//	  commit:              await init and heard = all;  committed; send commit
//	  abort:               await init;                  aborted;   send abort
//
//	resource manager r:
//	  prepare:             await working; prepared; send prepared(r)
//	  choose to abort:     await working; aborted
//	  receive commit:      await commit in sent; committed
//	  receive abort:       await abort in sent;  aborted
//
// A process has several steps enabled at once here, so it has no program counter:
// every step is tried in every state. And one step is nondeterministic beyond
// that: the transaction manager chooses whose message it receives.
package twophase

import (
	"urpc/checker"
	"urpc/checker/catalogue"
)

// managers is the name of the processes, and of the scalarset that they are.
const managers = "resource manager"

// maxManagers is the most resource managers that a set has room for.
const maxManagers = 8

// set is a set of resource managers, one bit for each.
type set uint8

func (s set) has(r int) bool { return s&(1<<r) != 0 }
func (s set) with(r int) set { return s | 1<<r }
func all(n int) set          { return 1<<n - 1 }

// state is everything that a step may read or write. The resource managers are alike:
// the tags say which parts of it are theirs, so that the checker can exchange them.
type state struct {
	Transaction phase              // of the transaction manager: working stands for init
	Heard       set                `checker:"set=resource manager"` // whose prepared it received
	Resource    [maxManagers]phase `checker:"per=resource manager"`
	Prepared    set                `checker:"set=resource manager"` // the messages prepared(r) that were sent
	Commit      bool               // commit was sent
	Abort       bool               // abort was sent
}

// phase is how far a manager is.
type phase uint8

const (
	working phase = iota
	prepared
	committed
	aborted
)

func (p phase) String() string {
	return [...]string{"working", "prepared", "committed", "aborted"}[p]
}

// model puts the parts together, for n resource managers; the mutant "" is none.
// There is no intended end to declare: a message that was sent can always be
// received once more, and so no state is stuck.
func model(n int, mutant string) checker.Model[state] {
	return checker.Model[state]{
		Name:     "twophase",
		Init:     []state{{}},
		Symmetry: []checker.Scalarset{{Name: managers, Size: n}},
		Processes: []checker.Process[state]{
			{Name: "transaction manager", Count: 1, Steps: transactionSteps(n, mutant)},
			{Name: managers, Count: n, Index: managers, Steps: resourceSteps()},
		},
		Properties: []checker.Property[state]{
			checker.Invariant(consistent, func(s *state) bool { return !(some(s, n, committed) && some(s, n, aborted)) }),
			// What a transition property says holds of every step, not of every
			// state: here, that a decision is final.
			checker.Transition(final, func(before, after *state, _ checker.Taken) bool {
				return before.Transaction == working || after.Transaction == before.Transaction
			}),
			// Each of the two ends can come about.
			checker.Reachable(allCommit, func(s *state) bool { return every(s, n, committed) }),
			checker.Reachable(allAbort, func(s *state) bool { return every(s, n, aborted) }),
			// A count is of steps along a whole behaviour, the least and the most of all:
			// each resource manager prepares at most once, and what it sent may be received
			// again and again.
			checker.Count[state](preparations, "prepare").Between(0, n),
			checker.Count[state](receptions, "receive prepared"),
		},
	}
}

func transactionSteps(n int, mutant string) []checker.Step[state] {
	return []checker.Step[state]{
		{Label: "receive prepared", Choices: n, Over: managers, Choose: func(s *state, _, r int) bool {
			if s.Transaction != working || !s.Prepared.has(r) {
				return false
			}
			s.Heard = s.Heard.with(r)
			return true
		}},
		{Label: "commit", Do: func(s *state, _ int) bool {
			heard := s.Heard == all(n) || mutant == commitEarly && s.Heard != 0
			if s.Transaction != working && mutant != changeMind || !heard {
				return false
			}
			s.Transaction, s.Commit = committed, true
			return true
		}},
		{Label: "abort", Do: func(s *state, _ int) bool {
			if s.Transaction != working {
				return false
			}
			s.Transaction, s.Abort = aborted, true
			return true
		}},
	}
}

func resourceSteps() []checker.Step[state] {
	return []checker.Step[state]{
		{Label: "prepare", Do: func(s *state, r int) bool {
			if s.Resource[r] != working {
				return false
			}
			s.Resource[r], s.Prepared = prepared, s.Prepared.with(r)
			return true
		}},
		{Label: "choose to abort", Do: func(s *state, r int) bool {
			if s.Resource[r] != working {
				return false
			}
			s.Resource[r] = aborted
			return true
		}},
		{Label: "receive commit", Do: func(s *state, r int) bool {
			if !s.Commit {
				return false
			}
			s.Resource[r] = committed
			return true
		}},
		{Label: "receive abort", Do: func(s *state, r int) bool {
			if !s.Abort {
				return false
			}
			s.Resource[r] = aborted
			return true
		}},
	}
}

func some(s *state, n int, p phase) bool {
	for r := range n {
		if s.Resource[r] == p {
			return true
		}
	}
	return false
}

func every(s *state, n int, p phase) bool {
	for r := range n {
		if s.Resource[r] != p {
			return false
		}
	}
	return true
}

// Names of properties and mutants.
const (
	consistent   = "none commits where another aborts"
	final        = "a decision is final"
	allCommit    = "all commit"
	allAbort     = "all abort"
	preparations = "resource managers that prepare"
	receptions   = "times that a preparation is received"
	commitEarly  = "commit-early"
	changeMind   = "change-mind"
)

// Family is the model with its parameters, for a command.
var Family = catalogue.Family{
	Name: "twophase",
	Doc:  "two-phase commit: a transaction manager and its resource managers agree, messages are a set",
	Parameters: []catalogue.Parameter{
		{Name: "n", Doc: "resource managers", Default: 3, Min: 1, Max: maxManagers},
	},
	Configurations: []catalogue.Configuration{
		{Name: "3", Doc: "three resource managers: 288 states"},
		{Name: "5", Doc: "five resource managers: 8,832 states", Set: map[string]int{"n": 5}},
	},
	Mutants: []catalogue.Mutant{
		{Name: commitEarly, Doc: "the transaction manager commits when one resource manager is prepared",
			Configuration: "3", KilledBy: consistent},
		{Name: changeMind, Doc: "the transaction manager commits although it decided to abort",
			Configuration: "3", KilledBy: final},
	},
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		return checker.Any(model(v.Int("n"), mutant)), nil
	},
}
