// Package schedule runs real Go code under one chosen interleaving after
// another: its threads are coroutines that stop before each shared access, and a
// strategy decides which of them goes on. A failing schedule is a short token
// that replays.
package schedule

import "urpc/checker/verdict"

// Location is a place that threads share: an offset in a segment.
type Location struct {
	Segment uint16
	Offset  uint32
}

// Kind says what an event does to its location.
type Kind uint8

const (
	Load  Kind = iota + 1
	Store      // a plain or atomic store
	Add        // fetch-and-add
	Swap       // exchange, test-and-set
	CAS        // compare-and-swap
	Read       // a copy out of Size bytes
	Write      // a copy in of Size bytes
	Sleep      // compare and sleep, as futex wait
	Wake       // wake all sleepers of the location
	Await      // enabled only while its predicate is true
)

// Event is one shared access that a thread is about to make.
type Event struct {
	Name     string // of the step, as in the specification
	Kind     Kind
	Location Location
	Size     uint32 // bytes
}

// Strategy chooses the executions that Explore visits. Made by Bounded or Random.
type Strategy struct {
	kind        strategyKind
	preemptions int
	seed        uint64
	executions  uint64
}

type strategyKind uint8

const (
	bounded strategyKind = iota
	random
)

// Bounded visits, depth first, every execution with at most n preemptions
// (switches away from a thread that is still enabled); n < 0: every execution.
// Smaller bounds come first, so that the first failure has the fewest
// preemptions (iterative context bounding: Musuvathi, Qadeer, PLDI 2007).
func Bounded(n int) Strategy { return Strategy{kind: bounded, preemptions: n} }

// Random visits n executions, each step of each by a uniform choice among the
// enabled threads, from a seed.
func Random(seed uint64, n uint64) Strategy {
	return Strategy{kind: random, seed: seed, executions: n}
}

// Options bound an exploration; the zero value is right for small programs.
type Options struct {
	// Target and Configuration name the program in tokens.
	Target, Configuration string
	// MaxSteps bounds one execution (0: 10,000 steps): an execution that is
	// longer has a loop that is not annotated by an await, and the verdict is unknown.
	MaxSteps int
	// MaxExecutions bounds the search (0: no bound).
	MaxExecutions uint64
	// KeepGoing counts all failing executions instead of ending at the first.
	KeepGoing bool
	// Progress, if set, is called about once a second.
	Progress func(Progress)
}

// Progress is a look at a running exploration.
type Progress struct {
	Executions, Steps uint64
	Bound             string
	Rate              float64 // executions a second
}

// Report is the outcome of an exploration.
type Report struct {
	Verdict    verdict.Verdict
	Complete   bool   // every execution within the bound was visited
	Bound      string // the bound in force, in words
	Reason     string // why it is not complete
	Executions uint64 // within the bound, each counted once
	Steps      uint64 // of all executions together
	Depth      int    // steps of the longest execution
	Bad        uint64 // executions that fail
	Failure    *Failure
	Seed       uint64
	// Taken counts, by event name, how often a step was taken.
	Taken map[string]uint64
}

// Failure is one failing execution.
type Failure struct {
	Property    string // the property that was violated; "deadlock", "panic"
	Message     string
	Token       Token
	Threads     []string // names, in order of declaration
	Steps       []TakenStep
	Preemptions int
}

// TakenStep is one step of an execution.
type TakenStep struct {
	Thread int
	Event  Event
	Value  string // what the access read or wrote, if the program tells (T.Saw)
	Source string // file:line of the access, when the failure is rendered
}

// Token is a schedule as text: it names its format's version, target,
// configuration and choices, and carries a checksum of itself and of the steps
// that it led to, so that a token that is damaged or of other code is refused.
type Token string
