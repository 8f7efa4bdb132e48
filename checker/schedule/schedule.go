package schedule

import (
	"fmt"
	"time"

	"urpc/checker/verdict"
)

// Location is a place that threads share: an offset, in bytes, in a segment, which is any
// number that the program gives to a range of memory. Segment 65535 is that of Words, whose
// steps are printed by the word's name alone.
type Location struct {
	Segment uint16
	Offset  uint32
}

// String gives the place as segment:offset, both decimal.
func (l Location) String() string { return fmt.Sprintf("%d:%d", l.Segment, l.Offset) }

// Kind says what an event does to its location.
type Kind uint8

const (
	Load   Kind = iota + 1
	Store       // a plain or atomic store
	Add         // fetch-and-add
	Swap        // exchange, test-and-set
	CAS         // compare-and-swap
	Read        // a copy out of Size bytes
	Write       // a copy in of Size bytes
	Sleep       // compare and sleep, as futex wait
	Wake        // wake all sleepers of the location
	Await       // enabled only while its predicate is true
	Choice      // an answer of T.Choose: it touches no location
	Kill        // the end of other threads: see T.Kill
	Buffer      // a plain store on its way: see Options.StoreBuffers
	Flush       // a buffered store that comes to memory
	Drain       // enabled only while the thread's buffer is empty
)

var kindNames = [...]string{"none", "load", "store", "add", "swap", "cas", "read", "write", "sleep", "wake", "await", "choice", "kill",
	"buffer", "flush", "drain"}

// String gives the kind as it is printed.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// writes says whether an event of the kind may change its location. A wake
// counts as a change, also of nobody: it never commutes with a sleep.
func (k Kind) writes() bool {
	switch k {
	case Load, Read, Sleep, Await, Buffer, Drain:
		return false
	}
	return true
}

// Event is one shared access that a thread is about to make.
type Event struct {
	Name     string // of the step, as in the specification
	Kind     Kind
	Location Location
	Size     uint32 // bytes from Location on; 0 counts as one
}

// Strategy chooses the executions that Explore visits. Made by Bounded, Optimal,
// Stateful, Random, Uniform, Selective, PCT or POS. The n of a sample is 1 or more; a seed is
// any number, and the same one gives the same sample.
type Strategy struct {
	kind        strategyKind
	preemptions int
	depth       int
	seed        uint64
	executions  uint64
}

type strategyKind uint8

const (
	unsaid strategyKind = iota // of a token that does not name one; nothing is explored by it
	bounded
	random
	optimally
	byStates
	byPriorities
	byOrder
	uniformly
	selectively
)

// samples says whether the strategy visits a number of executions by chance.
func (k strategyKind) samples() bool {
	switch k {
	case random, byPriorities, byOrder, uniformly, selectively:
		return true
	}
	return false
}

// Bounded visits, depth first, every execution with at most n preemptions
// (switches away from a thread that is still enabled); n < 0: every execution.
// Smaller bounds come first, so that the first failure has the fewest
// preemptions (iterative context bounding: Musuvathi, Qadeer, PLDI 2007); with
// n < 0 there are no rounds, and a failure is brought to few preemptions
// afterwards. Each execution is counted once, in the round of its own number of
// preemptions, although later rounds run it again on their way. A search that is
// complete and left out no preemption says so in Report.Bound.
func Bounded(n int) Strategy { return Strategy{kind: bounded, preemptions: n} }

// Random visits n executions, each step of each by a uniform choice among the
// enabled threads, from a seed.
func Random(seed uint64, n uint64) Strategy {
	return Strategy{kind: random, seed: seed, executions: n}
}

// Optimal visits exactly one execution of each Mazurkiewicz trace: executions that
// differ only in the order of steps that do not depend on each other are one.
// Steps of different threads depend on each other if they touch one place and at
// least one writes. Threads that wait for ever are a deadlock as everywhere.
//
// What a check or a predicate looks at must be ordered by announced steps: two
// executions of one trace are taken to be equally good. That this is so is verified on a
// sample: of pairs of steps, and, once nothing was found, of random walks from the beginning,
// which must pass all checks and end as executions of the search did. A difference is an
// error (ErrState) and no verdict. With Options.KeepGoing a
// thread that fails stops at its failure, and the others go on. Threads may be
// declared by the set-up and by one thread.
func Optimal() Strategy { return Strategy{kind: optimally} }

// Stateful visits every reachable state once: the shared words and what each
// thread has read since its last mark (state.go says what a state is). It finds
// what Optimal finds, in a number of executions that grows with the states and not
// with the traces. The program must tell what is shared, by T.Word or T.Shared,
// the property's own variables included; marks are what makes states meet. What a check
// or a predicate looks at must be ordered by announced steps, as for Optimal. That
// the announced state determines what follows is verified on a sample: of states that are
// met again, and, once nothing was found, of random walks from the beginning, which must
// pass all checks and come through visited states alone. A difference is an error
// (ErrState). A sample proves nothing: a value that no mark tells, and that shows only
// after what chance hardly ever does, is not found.
//
// What a thread that T.Kill ended had read is no part of a state, so that of two ends which
// differ in nothing else one is visited: a check that looks at it must tell it, by T.Shared.
//
// States are kept as digests of 128 bits: among a billion states, two are
// confounded with a probability of less than 1e-20.
func Stateful() Strategy { return Strategy{kind: byStates} }

// ByStates says whether the strategy is Stateful.
func (s Strategy) ByStates() bool { return s.kind == byStates }

// PCT visits n executions by random priorities of threads, with depth-1 points at
// which the running thread's falls: it is likely to find bugs that need so many
// ordering constraints, of 1 to Options.MaxSteps.
func PCT(depth int, seed uint64, n uint64) Strategy {
	return Strategy{kind: byPriorities, depth: depth, seed: seed, executions: n}
}

// POS visits n executions by random priorities of steps, drawn again when a step
// is taken that they depend on: it spreads over traces more evenly than Random.
func POS(seed uint64, n uint64) Strategy {
	return Strategy{kind: byOrder, seed: seed, executions: n}
}

// Uniform visits n executions such that every interleaving is about equally likely
// (URW, urw.go): each thread is drawn in proportion to the steps that it has still
// to make, as earlier executions tell. Random, in contrast, nearly always lets
// short threads end before long ones are half done.
func Uniform(seed uint64, n uint64) Strategy {
	return Strategy{kind: uniformly, seed: seed, executions: n}
}

// Selective visits n executions such that of the steps on one shared place, another
// one in each execution, every interleaving is about equally likely (SURW, surw.go):
// steps elsewhere do not dilute the sample.
func Selective(seed uint64, n uint64) Strategy {
	return Strategy{kind: selectively, seed: seed, executions: n}
}

// Options bound an exploration; the zero value is right for small programs.
type Options struct {
	// Target and Configuration name the program in tokens; Mutant names the
	// fault planted in it, if any.
	Target, Configuration, Mutant string
	// Skip names packages by import path ("example.com/shm") whose frames are
	// passed over when the source of an access is looked for.
	Skip []string
	// MaxSteps bounds one execution, in steps and answers (0: DefaultMaxSteps). One that is longer has a loop that
	// is not annotated by an await, or is a longer program: Report.Reason says which, as
	// far as is known, and the verdict is unknown.
	MaxSteps int
	// MaxExecutions bounds the search (0: no bound); those that are too long count.
	MaxExecutions uint64
	// KeepGoing counts all failing executions, and passes over those longer than
	// MaxSteps, instead of ending at the first.
	KeepGoing bool
	// Passing asks for an execution that passes, to be shown: Report.Passing.
	Passing bool
	// DataRaces makes two accesses a failure of property "data race" that share
	// bytes, one of which writes and one of which is plain (kinds Read and Write),
	// and that nothing orders. Once a Mutex.TryLock fails, what is ordered before what is a
	// part of the states of Stateful, which are then more. A token keeps it: Replay looks for
	// them where either says so.
	DataRaces bool
	// StoreBuffers lets the plain stores of Words (Word.Write) come to memory later
	// than they are made, in their order, as on x86 (storebuffer.go). Accesses that a
	// program announces by T.Step are not buffered. It does not model weaker memory
	// (loads that overtake each other, stores that do, as on ARM), nor what a compiler
	// reorders. A flush is a step of a thread of its own, to a bound on preemptions
	// too. T.Self counts these threads behind all that the set-up declares.
	StoreBuffers bool
	// Stricter: the program of Replay may check more than that of which the token is, and
	// fail before the token's end.
	Stricter bool
	// Steered: the program itself steers a sample by what its earlier executions did,
	// and is no function of its schedule. That it is one is then not tried.
	Steered bool
	// Plain has Stateful visit every transition of every state: it takes no step at
	// once and puts no thread to sleep. It is the plain version of itself, for
	// comparison, and for who counts transitions.
	Plain bool
	// EndReachable has Stateful look whether an end of the execution can be reached from every
	// state: one in which all threads of T.Go have ended, or in which no thread can go on.
	// Where none can be, whoever goes on and whatever T.Choose gives, property "livelock"
	// fails; Failure is then a shortest way there, and goes on until a state comes twice. That
	// a scheduler may keep an execution going round for ever where the round can be left is
	// not told. The search is that of Plain, and takes up to 28 bytes more for each transition.
	EndReachable bool
	// RunAll has Stateful run every execution of a program that declares T.Recall. It
	// is the plain version of that, for comparison.
	RunAll bool
	// Workers is how many goroutines a Stateful search has (0: one; at most 4096). With more than
	// one, executions of the program run at once: its function must touch nothing but
	// what it makes itself, or guard it. States, verdict and bound are those of any
	// number of workers; how many executions they take and how many states they meet
	// again is not, nor which failure comes first if there are several, nor how many
	// executions fail (Report.Bad).
	Workers int
	// MaxMemory bounds the tables of a Stateful search, in bytes (0: no bound): what
	// would take more ends it, and the verdict is unknown.
	MaxMemory uint64
	// StuckAfter is how long the program's code may wait for something real (a sync.Mutex, a
	// channel, the kernel) between one step and the next; a computation may take three times
	// as long. What takes longer ends the search with ErrStuck. 0: DefaultStuckAfter;
	// negative: for ever.
	StuckAfter time.Duration
	// Progress, if set, is called about once a second.
	Progress func(Progress)

	// told says whether the test was told by the program, and not by T, that it failed.
	told func() bool
}

// Progress is a look at a running exploration.
type Progress struct {
	Executions, Steps uint64
	Bound             string
	Rate              float64 // executions a second
}

// FirstFailure is the Report.Reason of a search that ended because an execution failed.
const FirstFailure = "ended at the first failure"

// Report is the outcome of an exploration.
type Report struct {
	Verdict  verdict.Verdict
	Complete bool // every execution within the bound was visited
	// BudgetUsed: the search ended because all executions that were asked for
	// (Random's n, Options.MaxExecutions) were visited. Without a failure the
	// verdict is then unknown, as of every sample, but nothing went wrong.
	BudgetUsed bool
	Bound      string // the bound in force, in words
	Reason     string // why it is not complete; with an error, which one of errors.go that is
	Executions uint64 // within the bound, each counted once
	// Redundant counts executions that a reduction began and that turned out to
	// be of a trace visited already: of Optimal none.
	Redundant uint64
	// Of Stateful: different states, executions that ended in a state that was
	// visited, and how many of those were verified to go on alike from there.
	States, Hits, Verified uint64
	// Rounds counts how often an execution of Stateful came back to a state that it had
	// been in itself, and Round says where the first one did: by the same steps, again and
	// again, it would never end. The verdict holds says of such executions that no state in
	// them is bad, and not that the round can be left: that is what Options.EndReachable looks
	// for. Whether a scheduler that lets every thread go on some time leaves it is never told.
	// There may be rounds that are not counted, where steps that commute were left out, or
	// another worker was first.
	Rounds uint64
	Round  string
	// EndReachable: an end can be reached from every state. It is told only where
	// Options.EndReachable asks for it and everything was visited; else Livelocked is the
	// number of states from which none can be.
	EndReachable bool
	Livelocked   uint64
	// Walks counts the random walks from the beginning that Stateful and Optimal make once
	// they have found nothing: each passed all checks. Of Stateful each came through visited
	// states alone; of Optimal, where the program declares no lock and the search came to at
	// most 65,536 ends, each ended as an execution of the search did, as far as that is told.
	Walks uint64
	// Swapped counts the pairs of steps, taken to commute by Stateful or by Optimal, that
	// were taken in either order and led to one state, as far as the program tells it.
	Swapped uint64
	// Untold are the steps of Stateful, by event name, that read and told nothing, so
	// that their threads were taken to have read all shared words (T.SawValue). If
	// there are any, all states are visited still, but States counts some for
	// several, and how many depends on the order in which they were met.
	Untold []string
	// Distrusted says of each guard (T.Guards) that Stateful did not rely on what was
	// seen of it: the search is as complete, and takes longer.
	Distrusted []string
	// Handed counts how often one of its workers took over a part of another's search.
	Handed uint64
	// Recalled counts the executions of Stateful that were not run, since all that
	// their steps do was known (T.Recall).
	Recalled uint64
	Steps    uint64 // of all executions together: accesses, awaits and choices
	Depth    int    // steps of the longest execution
	TooLong  uint64 // executions longer than Options.MaxSteps, which are not counted else
	Bad      uint64 // executions that fail, of Executions
	Failure  *Failure
	// Stuck is the execution whose last thread did not come to its next step (ErrStuck), up
	// to there. Nothing else is then in the report but Reason. Its token leads there again.
	// Values, sources and preemptions are those of the same execution made once more, as far
	// as it went the same way. A thread that is in a loop is not let go there again: its last
	// step has no value.
	Stuck *Execution
	// Passing is the longest execution that passes all checks, if Options.Passing
	// asks for one and there is any; of Replay the execution of a token that passes.
	Passing *Execution
	// Differs says, of Replay, where the steps read or wrote other values than when the
	// token was made: it is of another build, or of one that began otherwise. "": nowhere,
	// or the steps do not tell their values (T.Saw), or the token is older than values.
	Differs string
	// Agrees says, of Replay, what was compared and is as it was when the token was made,
	// by whichever build; "" if something differs.
	Agrees string
	Seed   uint64
	// Taken counts, by event name, how often a step was taken.
	Taken map[string]uint64
	// Marks counts, by label, the marks that the executions passed.
	Marks map[string]uint64
}

// Failure is one failing execution.
type Failure struct {
	// Property is the one that was violated: that of a T.Check, T.Fail or T.Guards, or one of
	// this package's own, "deadlock", "livelock" (Options.EndReachable), "data race"
	// (Options.DataRaces), "mutex" (Mutex.Unlock), "panic", "exit" (of a goroutine) and
	// "assertion" (T.TB).
	Property string
	Message  string // how it was
	Execution
}

// Execution is one execution in full.
type Execution struct {
	Token       Token
	Threads     []string // names, in order of declaration
	Steps       []TakenStep
	Preemptions int
	Log         []Logged // what the program told T.TB

	stuck bool // it is Report.Stuck, and has not ended
}

// TakenStep is one step of an execution.
type TakenStep struct {
	Thread int // index in Execution.Threads; -1: a choice made by the program's set-up
	Event  Event
	// Preempts: the thread of the step before was still enabled.
	Preempts bool
	Value    string // what the access read or wrote, if the program tells (T.Saw)
	Effect   string // "to 2" or "unchanged", where a Word tells that beside the value that it had
	Source   string // file:line of the access, when the failure is rendered
}

// Token is a schedule as text, the same for all strategies: it names its format's
// version, target, configuration, mutant, the strategy that found the execution
// (of a sample with its seed and the execution's number) and the choices that make
// it, and carries a checksum of itself, of the steps that it led to and of what these
// told, so that a token that is damaged or of other steps is refused, and one of other
// values is known (Report.Differs).
//
// It does not name the build. Builds that make the same steps of the same values make one
// execution, and of that there is one token; what else has changed between them is no part
// of it, and programs that go test or go run has built know no version of themselves. Nor
// does it say whether the execution failed: a replay says how it ends now.
type Token string
