package checker

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Options bound and steer a check. The zero value explores everything with as
// many workers as there are processors.
type Options struct {
	// Workers is the number of goroutines that search; 0 stands for
	// runtime.GOMAXPROCS(0). Counts, depths, verdicts and traces do not depend on it.
	Workers int
	// Symmetry leaves out states that differ from a visited one in nothing but the names of
	// members of scalarsets (Model.Symmetry). Verdicts and the lengths of shortest traces
	// are the same without. Where a property needs the whole state graph, liveness and
	// orders, it is not applied, and the report says why.
	Symmetry bool
	// MaxStates, MaxMemory (bytes), MaxDepth (steps from an initial state) and MaxTime
	// end the search early; the verdict is then unknown unless something was already
	// violated. 0: no limit. MaxMemory bounds what becomes resident by the search: what it
	// holds, and an estimate of the garbage and of what the runtime of Go takes beside
	// that, where GOGC is 100; so that Report.Memory, which is what it held, stays below.
	// One of less than 64 MiB bounds what it holds.
	MaxStates uint64
	MaxMemory uint64
	MaxDepth  int
	MaxTime   time.Duration
	// AfterViolation is how many further states are visited once something is
	// violated, so that the counts of a small model stay complete:
	// 0 stands for 1<<20, a negative number for no bound.
	AfterViolation int64
	// Search is the order in which states are expanded.
	Search Search
	// Checkpoint, if set, is a folder into which the search is written every CheckpointEvery
	// (0: a minute; less often where writing takes more than a tenth of the time), and when
	// it ends, so that another search with Resume goes on from there, to the same counts and
	// traces. It must be of the same model, Subject (what else tells it from others, as the
	// values of its parameters), Store and Reseed; what is not as it was written is refused.
	// A search may be killed at any moment. Search must be BreadthFirst.
	Checkpoint      string
	CheckpointEvery time.Duration
	Resume          bool
	Subject         string
	// Store is how the states that were visited are known again.
	Store Store
	// Reseed, if not 0, has states hashed in another way, of which it is the seed: what Exact
	// finds does not depend on it; to look whether Fingerprint omits something, compare two.
	Reseed uint64
	// MaxOrders bounds the number of orders that an Orders property lists; 0
	// stands for 10,000. Beyond it the property is unknown.
	MaxOrders int
	// PartialOrder has the search leave out steps of which the footprints that the model
	// declares (Step.Reads, Step.Acquires) say that it does not matter when they are taken.
	// Deadlocks, verdicts, and which steps are ever enabled are those of the full search;
	// other counts are smaller, and a counterexample need not be a shortest one. The search
	// is not reduced where a property forbids it: Report.Unreduced says so.
	PartialOrder bool
	// Assume, if set, is what is assumed of all processes in place of Model.Fairness; see
	// Assuming.
	Assume Assumption
	// Progress, if set, is called every ProgressEvery (0: a second) from one
	// goroutine, which is not that of the caller of Check; Check waits for it.
	Progress      func(Progress)
	ProgressEvery time.Duration
}

// validate refuses options that mean nothing.
func (o Options) validate() error {
	if o.Search > DepthFirst {
		return fmt.Errorf("Options.Search is %d: want BreadthFirst or DepthFirst", o.Search)
	}
	if o.Checkpoint != "" && o.Search != BreadthFirst {
		return fmt.Errorf("Options.Checkpoint is for a search breadth first, and not %v", o.Search)
	}
	if o.Resume && o.Checkpoint == "" {
		return errors.New("Options.Resume needs a Checkpoint to go on from")
	}
	if o.Store > Fingerprint {
		return fmt.Errorf("Options.Store is %d: want Exact or Fingerprint", o.Store)
	}
	return nil
}

// Search is an order in which states are expanded.
type Search uint8

const (
	// BreadthFirst goes level by level on all workers: counterexamples are shortest.
	BreadthFirst Search = iota
	// DepthFirst goes on from the state found last, on one worker. Counterexamples are not
	// shortest, and Report.Depth is the length of the longest path that was followed.
	DepthFirst
)

func (s Search) String() string {
	if s == DepthFirst {
		return "depth first"
	}
	return "breadth first"
}

// Store is how a search knows the states again that it has visited.
type Store uint8

const (
	// Exact keeps each state whole: none is taken for another one.
	Exact Store = iota
	// Fingerprint keeps 64 bits of each state, and of the current level the states. Two
	// states with one fingerprint are taken for one, and what only the second leads to is
	// not visited: Report.Omission says how probable that is. Properties of whole paths
	// (Count, Orders and those of liveness) need the states and are unknown.
	Fingerprint
)

func (s Store) String() string {
	if s == Fingerprint {
		return "fingerprint"
	}
	return "exact"
}

// Progress is a look at a running search.
type Progress struct {
	States, Transitions uint64
	Depth               int
	Frontier            uint64 // states of the current level
	Memory              uint64 // bytes held by the seen set and the search
	Elapsed             time.Duration
	Rate                float64 // states a second since the last call
}

// Report is the outcome of a check.
type Report struct {
	Model    string
	Verdict  Verdict
	Complete bool   // every reachable state was visited and expanded, but for Pruned
	Reason   string // why it is not complete; "" when it is
	// States are the unique reachable states, the initial ones included;
	// Transitions the sum over expanded states of enabled step instances,
	// self-loops included; Depth the longest shortest path from an initial
	// state, in steps (but see DepthFirst); Deadlocks the stuck states that are not terminal,
	// Ends those that are.
	States, Transitions uint64
	Depth               int
	Deadlocks, Ends     uint64
	// Symmetry tells what Options.Symmetry came to; nil without that option. Where it was
	// applied, the counts above, and Coverage, are of the canonical states alone.
	Symmetry *SymmetryReport
	// Partly is the number of states of which not all enabled steps were taken
	// (Options.PartialOrder): States, Transitions and Depth are those of a part of the state
	// graph then. Unreduced says why the search was not reduced though it was asked for.
	Partly    uint64
	Unreduced string
	// Search is the order of the search. Store is how states were known again. Omission, of
	// Fingerprint, is the probability that some two of so many states have one fingerprint,
	// if fingerprints are as good as random, so that one may have been left out; 0 for Exact.
	Search   Search
	Store    Store
	Omission float64
	// Pruned is how many of the states are outside Model.Constraint and were not expanded.
	// Where it is not 0 nothing holds but within the constraint, a reachable that was not
	// met and what depends on whole paths are unknown, and each result says so in its Note.
	Pruned uint64
	// Bound says of what the verdict is, in words: what was covered if the search was
	// complete.
	Bound string
	// Vacuous says, in words, what may hold because nothing happens: steps that no state
	// enables, properties that nothing calls for, assumptions that are not needed. It is
	// no failure, and empty unless the search was complete.
	Vacuous []string
	// Properties has one result per property, deadlock first, then in the
	// model's order.
	Properties []Result
	// Coverage tells, for each step of each process in the model's order, how
	// many transitions took it. A step that none took is reported as never enabled.
	Coverage []Coverage
	Elapsed  time.Duration // with that of the searches that this one goes on from
	Memory   uint64        // most bytes held by the seen set and the search
	Resumed  uint64        // states that were read from a checkpoint
	Workers  int
}

// SymmetryReport tells what became of a search for one of all states that are alike.
type SymmetryReport struct {
	Applied bool
	Reason  string // why it was not applied; "" when it was
	// Renamings is in how many ways the members of all scalarsets can be given each
	// other's names: a state stands for at most so many.
	Renamings uint64
	// States is how many states the visited ones stand for: exactly those that a search
	// without symmetry visits, if both are complete and neither is reduced by partial order.
	States uint64
}

// Result is the answer for one property.
type Result struct {
	Name    string
	Kind    Kind
	Verdict Verdict
	// Trace is the shortest counterexample of an invariant, a transition property, a
	// refinement or deadlock; the shortest witness of a reachable. Of a liveness property it
	// is a shortest one, stem and cycle together, unless Note says otherwise.
	Trace *Trace
	// Clause is the first clause of an invariant in parts (Clauses) that is false where
	// the trace ends; "" where there is none.
	Clause string
	// Least and Most are the bounds of a Count; Unbounded says that some path
	// takes the steps for ever, and Most is then meaningless.
	Least, Most int
	Unbounded   bool
	// Orders are the sequences of events of an Orders property, sorted.
	Orders [][]string
	// Fairness are the assumptions under which a liveness property was judged. Idle are
	// those, of a property that holds, without any one of which it holds as well.
	Fairness, Idle []Fairness
	// Vacuous says why a property that holds says little, in words; "" if nothing is known
	// that makes it so.
	Vacuous string
	// Note says why a verdict is unknown, or what else there is to know, in words.
	Note string
}

// Coverage is how often a step was taken.
type Coverage struct {
	Process, Label string
	Transitions    uint64
}

// Trace is a path from an initial state, in a form that does not depend on the
// model's state type: it can be stored, shown and replayed.
type Trace struct {
	Model    string `json:"model"`
	Property string `json:"property"`
	Kind     Kind   `json:"kind"`
	// Clause is the first clause of the invariant that is false where the trace ends; ""
	// where the property has no clauses.
	Clause string `json:"clause,omitempty"`
	// Initial is the value of every field in the initial state, in order of declaration.
	Initial []Field `json:"initial"`
	// From, of a counterexample to induction, is the state in which it begins, which is no
	// initial one: the number of every field, or true or false, in order of declaration.
	// Given are the names of the invariants that are true there.
	From  []string    `json:"from,omitempty"`
	Given []string    `json:"given,omitempty"`
	Start int         `json:"start"` // index in Model.Init
	Steps []TraceStep `json:"steps"`
	// Cycle is how many steps, the last ones, go round for ever: they end in the state in
	// which they begin. 0: the trace ends, and where it is of a liveness property, in a
	// state without an enabled step.
	Cycle int `json:"cycle,omitempty"`
	// Abstract is the other side of a counterexample of a refinement; else nil.
	Abstract *Abstract `json:"abstract,omitempty"`
	// Assumed is what was assumed of all processes in place of the model's Fairness.
	Assumed Assumption `json:"assumed,omitempty"`
	// Columns are the instances of all processes, in order, as they are shown.
	Columns []string `json:"columns"`
}

// States are the values of all fields in each state of the trace, the initial one first.
func (t *Trace) States() [][]Field {
	now := slices.Clone(t.Initial)
	at := map[string]int{}
	for i, f := range now {
		at[f.Path] = i
	}
	states := [][]Field{now}
	for _, s := range t.Steps {
		now = slices.Clone(now)
		for _, c := range s.Changes {
			if i, ok := at[c.Path]; ok {
				now[i].Value = c.After
			}
		}
		states = append(states, now)
	}
	return states
}

// TraceStep is one transition of a trace and what it changed.
type TraceStep struct {
	Taken
	Column  int      `json:"column"` // index in Trace.Columns
	Event   string   `json:"event,omitempty"`
	Changes []Change `json:"changes"`
}

// Abstract is what a mapping (Refines) makes of the end of a trace, and what the abstract
// model could do there.
type Abstract struct {
	Model string `json:"model"` // the abstract model
	// Before and After are the images of the states before and after the last step. Where
	// the trace has no step there is no Before: After is none of the initial states.
	Before []Field `json:"before,omitempty"`
	After  []Field `json:"after"`
	// Enabled are the abstract model's steps that are enabled in Before, or, where there is
	// none, its initial states; first those whose outcome differs from After in the fewest
	// fields, and no more than 64. More is how many were left out.
	Enabled []AbstractStep `json:"enabled"`
	More    int            `json:"more,omitempty"`
}

// AbstractStep is what the abstract model could do: a step, or, with no label, an initial
// state.
type AbstractStep struct {
	Taken
	Changes []Change `json:"changes"` // of Before
	Differs []Change `json:"differs"` // from its outcome to After
}

// Field is one scalar of a state, by its path ("client[2].pc"), as text: by its
// type's String method if it has one.
type Field struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// Change is one scalar that a step changed.
type Change struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}
