// Package paxos is consensus on one value by Paxos (Lamport, "Paxos made simple", ACM
// SIGACT News 32(4), 2001, section 2): each ballot has a leader, who asks the acceptors what
// they voted for before and proposes a value; a value is chosen when a majority votes for it
// in one ballot. A message, once sent, may be received at any time, or never.
//
//	variables prepared := {}; promise[ballot][acceptor], proposal[ballot], votes[ballot] := none
//
//	leader of ballot b:
//	  prepare:    await b not in prepared; add b to prepared
//	  propose v:  await proposal[b] = none, and there is a majority of acceptors with
//	              promises in b such that none of them has voted, or v is what was voted
//	              for in the latest ballot that their promises tell of
//	              proposal[b] := v
//
//	acceptor a, with promised, voted, value := none:
//	  promise b:  await b in prepared and promised < b
//	              promised := b; promise[b][a] := (voted, value)
//	  vote b:     await proposal[b] and promised <= b, and no vote in b
//	              promised := b; voted := b; value := proposal[b]; votes[b] += a
//
// Acceptors are alike, and so are values: which of them does what makes no difference. That
// is what symmetry is for (checker.Scalarset): the tags of the state say what belongs to an
// acceptor, what is a set of them, and what is a value, and of states that differ in names
// alone the checker visits one. Ballots are not alike: they have an order.
package paxos

import (
	"math/bits"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// Limits of the state: they fix the size of its arrays.
const (
	maxAcceptors = 5
	maxBallots   = 3
)

// Names of the scalarsets.
const (
	acceptors = "acceptor"
	values    = "value"
)

// state is everything that a step may read or write. A ballot is told by its number plus 1
// and a value by its own plus 1: 0 is none.
type state struct {
	Prepared uint8                  // a bit for each ballot
	Acceptor [maxAcceptors]acceptor `checker:"per=acceptor"`
	// Promise, Proposal and Votes are the messages of each ballot.
	Promise  [maxBallots][maxAcceptors]promise `checker:"per=-,per=acceptor"`
	Proposal [maxBallots]uint8                 `checker:"is=value+1"`
	Votes    [maxBallots]set                   `checker:"set=acceptor"`
}

// acceptor is the local state of an acceptor.
type acceptor struct {
	Promised uint8 // the last ballot that it takes part in
	Vote     vote  // its last one
}

// promise is a message of an acceptor: it takes part in no earlier ballot, and tells its
// last vote.
type promise struct {
	Sent bool
	Vote vote
}

type vote struct {
	Ballot uint8
	Value  uint8 `checker:"is=value+1"`
}

// set is a set of acceptors.
type set uint8

// bounds are the parameters of the model.
type bounds struct {
	acceptors, values, ballots int
	mutant                     string
}

func (b bounds) majority(s set) bool {
	n := bits.OnesCount8(uint8(s))
	if b.mutant == minorityIsEnough {
		return n >= b.acceptors/2
	}
	return 2*n > b.acceptors
}

// model puts the parts together.
func model(b bounds) checker.Model[state] {
	return checker.Model[state]{
		Name:     "paxos",
		Init:     []state{{}},
		Symmetry: []checker.Scalarset{{Name: acceptors, Size: b.acceptors}, {Name: values, Size: b.values}},
		Processes: []checker.Process[state]{
			{Name: "leader", Count: b.ballots, Steps: b.leaderSteps()},
			{Name: "acceptor", Count: b.acceptors, Index: acceptors, Steps: b.acceptorSteps()},
		},
		// Nothing is left to do when every ballot was tried: chosen or not, that is an end.
		Terminal:   func(s *state) bool { return s.Prepared == 1<<b.ballots-1 },
		Properties: b.properties(),
	}
}

func (b bounds) leaderSteps() []checker.Step[state] {
	return []checker.Step[state]{
		{Label: "prepare", Do: func(s *state, ballot int) bool {
			if s.Prepared>>ballot&1 == 1 {
				return false
			}
			s.Prepared |= 1 << ballot
			return true
		}},
		// The choice is the value.
		{Label: "propose", Choices: b.values, Over: values, Choose: func(s *state, ballot, value int) bool {
			if s.Proposal[ballot] != 0 || !b.safe(&s.Promise[ballot], uint8(value+1)) {
				return false
			}
			s.Proposal[ballot] = uint8(value + 1)
			return true
		}},
	}
}

// safe says whether promises of some majority allow value: those of which the latest vote
// is for it, or that tell of no vote.
func (b bounds) safe(promises *[maxAcceptors]promise, value uint8) bool {
	for latest := range uint8(maxBallots + 1) {
		// Who has not voted after latest; and of them, was one at latest for value?
		var within set
		allows := latest == 0 || b.mutant == votesForgotten
		for a, p := range promises {
			if p.Sent && p.Vote.Ballot <= latest {
				within |= 1 << a
				allows = allows || p.Vote == vote{latest, value}
			}
		}
		if allows && b.majority(within) {
			return true
		}
	}
	return false
}

// The choice of an acceptor is the ballot.
func (b bounds) acceptorSteps() []checker.Step[state] {
	return []checker.Step[state]{
		{Label: "promise", Choices: b.ballots, Choose: func(s *state, self, ballot int) bool {
			a := &s.Acceptor[self]
			if s.Prepared>>ballot&1 == 0 || int(a.Promised) > ballot {
				return false
			}
			a.Promised = uint8(ballot + 1)
			s.Promise[ballot][self] = promise{Sent: true, Vote: a.Vote}
			return true
		}},
		{Label: "vote", Choices: b.ballots, Choose: func(s *state, self, ballot int) bool {
			a := &s.Acceptor[self]
			promised := int(a.Promised) > ballot+1 && b.mutant != promiseBroken
			if s.Proposal[ballot] == 0 || promised || s.Votes[ballot]>>self&1 == 1 {
				return false
			}
			a.Promised, a.Vote = uint8(ballot+1), vote{uint8(ballot + 1), s.Proposal[ballot]}
			s.Votes[ballot] |= 1 << self
			return true
		}},
	}
}

// chosen gives the value that a ballot has chosen, or 0.
func (b bounds) chosen(s *state, ballot int) uint8 {
	if 2*bits.OnesCount8(uint8(s.Votes[ballot])) <= b.acceptors {
		return 0
	}
	return s.Proposal[ballot]
}

// properties of the model are symmetric as well: they name no acceptor and no value.
func (b bounds) properties() []checker.Property[state] {
	return []checker.Property[state]{
		checker.Invariant(agreement, func(s *state) bool {
			var value uint8
			for ballot := range b.ballots {
				switch v := b.chosen(s, ballot); {
				case value == 0:
					value = v
				case v != 0 && v != value:
					return false
				}
			}
			return true
		}),
		checker.Transition(promisesKept, func(before, after *state, by checker.Taken) bool {
			return by.Process != acceptors || after.Acceptor[by.Self].Promised >= before.Acceptor[by.Self].Promised
		}),
		checker.Reachable(oneChooses, func(s *state) bool { return b.chosen(s, 0) != 0 }),
		checker.Reachable(lastChooses, func(s *state) bool {
			return b.chosen(s, b.ballots-1) != 0 && s.Votes[0] != 0 && b.chosen(s, 0) == 0
		}),
	}
}

// Names of properties and mutants.
const (
	agreement        = "at most one value is chosen"
	promisesKept     = "an acceptor keeps its promises"
	oneChooses       = "the first ballot chooses"
	lastChooses      = "the last ballot chooses where the first failed"
	votesForgotten   = "votes-forgotten"
	minorityIsEnough = "minority-is-enough"
	promiseBroken    = "promise-broken"
)

// Family is the model with its parameters, for a command.
var Family = catalogue.Family{
	Name: "paxos",
	Doc:  "consensus on one value by Paxos: acceptors are alike, and so are values",
	Parameters: []catalogue.Parameter{
		{Name: "acceptors", Doc: "acceptors", Default: 3, Min: 1, Max: maxAcceptors},
		{Name: "values", Doc: "values that may be proposed", Default: 2, Min: 1, Max: 4},
		{Name: "ballots", Doc: "ballots", Default: 2, Min: 2, Max: maxBallots},
	},
	Configurations: []catalogue.Configuration{
		{Name: "3-2-2", Doc: "three acceptors, two values, two ballots: 3,921 states, and 443 under symmetry"},
		{Name: "4-2-2", Doc: "four acceptors: 20,609 states, and 834 under symmetry", Set: map[string]int{"acceptors": 4}},
	},
	Mutants: []catalogue.Mutant{
		{Name: votesForgotten, Doc: "a leader proposes any value, whatever the promises tell",
			Configuration: "3-2-2", KilledBy: agreement},
		{Name: minorityIsEnough, Doc: "a leader goes by the promises of less than a majority",
			Configuration: "3-2-2", KilledBy: agreement},
		{Name: promiseBroken, Doc: "an acceptor votes in a ballot earlier than it promised",
			Configuration: "3-2-2", KilledBy: promisesKept},
	},
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		return checker.Any(model(bounds{
			acceptors: v.Int("acceptors"), values: v.Int("values"), ballots: v.Int("ballots"), mutant: mutant,
		})), nil
	},
}
