package main

import (
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/lockstep"
)

// Records of models are those of package checker/command.
//
// With --json every line is one object. It has the field "record", which says what
// it is, except that what show prints has "format" instead. Of a verb that judges
// the last one is the verdict. Fields that do not apply are left out.

// verdictRecord is the last line of a verb that judges.
type verdictRecord struct {
	Record        string          `json:"record"` // "verdict"
	Verb          string          `json:"verb"`
	Model         string          `json:"model,omitempty"`
	Target        string          `json:"target,omitempty"`
	Configuration string          `json:"configuration,omitempty"`
	Values        string          `json:"values,omitempty"`
	Mutant        string          `json:"mutant,omitempty"`
	Verdict       verdict.Verdict `json:"verdict"`
	// Complete: everything within the bound was visited.
	Complete    bool   `json:"complete"`
	Interrupted bool   `json:"interrupted,omitempty"`
	BudgetUsed  bool   `json:"budgetUsed,omitempty"`
	Bound       string `json:"bound,omitempty"`
	Reason      string `json:"reason,omitempty"` // why it is not complete
	Seed        uint64 `json:"seed"`

	// Of an exploration of a model.
	States      *uint64 `json:"states,omitempty"`
	Transitions *uint64 `json:"transitions,omitempty"`
	Depth       *int    `json:"depth,omitempty"`
	Deadlocks   *uint64 `json:"deadlocks,omitempty"`
	Ends        *uint64 `json:"ends,omitempty"`
	// Of a violation.
	Property    string   `json:"property,omitempty"`
	Violated    []string `json:"violated,omitempty"` // every violated property
	TraceLength *int     `json:"traceLength,omitempty"`
	Preemptions *int     `json:"preemptions,omitempty"`
	Message     string   `json:"message,omitempty"`
	Token       string   `json:"token,omitempty"`
	Artifacts   []string `json:"artifacts,omitempty"`
	Replay      string   `json:"replay,omitempty"` // the command

	// Of an exploration of real code.
	Executions *uint64 `json:"executions,omitempty"`
	Steps      *uint64 `json:"steps,omitempty"`
	Bad        *uint64 `json:"bad,omitempty"`
	Redundant  *uint64 `json:"redundant,omitempty"` // begun, and found to be of a class that was visited
	Passing    string  `json:"passing,omitempty"`   // token of one that passes, if --passing asks for it

	Verified *uint64 `json:"verified,omitempty"` // states met again that were verified to be one
	// Differs says where a replay reads or writes other values than when the token was made.
	Differs string `json:"differs,omitempty"`
	// Agrees says, of a replay, what is as it was when the token was made.
	Agrees string `json:"agrees,omitempty"`

	Swapped  *uint64 `json:"swapped,omitempty"`  // pairs of steps that were taken in either order and led to one state
	Walks    *uint64 `json:"walks,omitempty"`    // random walks that then passed, and came to what was visited
	Recalled *uint64 `json:"recalled,omitempty"` // executions that were not run, since what their steps do was known
	// Untold are steps that read and told nothing: states may be more than there are,
	// and another number in another run.
	Untold []string `json:"untold,omitempty"`
	// Distrusted says of locks that the search did not rely on what was seen of them.
	Distrusted []string `json:"distrusted,omitempty"`
	// Rounds counts executions that came back to a state of their own: they may go round for
	// ever, and whether that can be left is known only with endReachable or livelocked.
	Rounds uint64 `json:"rounds,omitempty"`
	// EndReachable: an end can be reached from every state (--end-reachable). Livelocked counts
	// the states from which none can.
	EndReachable bool   `json:"endReachable,omitempty"`
	Livelocked   uint64 `json:"livelocked,omitempty"`
	// In lock-step: steps that were judged, those of the executions that verify a search
	// by states included, which steps does not count; the most states in which the
	// specification may have been; and how much of it the code took.
	Matched       *uint64              `json:"matched,omitempty"`
	Candidates    *int                 `json:"candidates,omitempty"`
	Specification *specificationRecord `json:"specification,omitempty"`
	LeftOut       []string             `json:"leftOut,omitempty"` // as many as --left-out says

	// Of real processes.
	Calls      *uint64 `json:"calls,omitempty"`
	Lost       *uint64 `json:"lost,omitempty"`
	Duplicated *uint64 `json:"duplicated,omitempty"`

	Workers int     `json:"workers,omitempty"`
	Memory  uint64  `json:"memory,omitempty"` // bytes
	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"rate,omitempty"` // states, executions or completed calls a second
}

// specificationRecord is how much of a specification the code has taken.
type specificationRecord struct {
	States           int `json:"states"`
	StatesTaken      int `json:"statesTaken"`
	Transitions      int `json:"transitions"`
	TransitionsTaken int `json:"transitionsTaken"`
}

func specificationOf(taken *lockstep.Taken) *specificationRecord {
	if taken == nil {
		return nil
	}
	s, t := taken.States, taken.Transitions
	return &specificationRecord{States: s.All, StatesTaken: s.Taken, Transitions: t.All, TransitionsTaken: t.Taken}
}

// failureRecord is an execution of real code, as show prints it. One that passes
// has neither property nor message, nor has one that is stuck.
type failureRecord struct {
	Format      string         `json:"format"` // "urpc-schedule"
	Version     int            `json:"version"`
	Property    string         `json:"property,omitempty"`
	Message     string         `json:"message,omitempty"`
	Stuck       bool           `json:"stuck,omitempty"` // its last thread did not come to its next step
	Token       schedule.Token `json:"token"`
	Preemptions int            `json:"preemptions"`
	Threads     []string       `json:"threads"`
	Steps       []stepRecord   `json:"steps"`
	Log         []logRecord    `json:"log,omitempty"` // what the program logged (T.TB)
}

// stepRecord is one step of an execution.
type stepRecord struct {
	Thread   int    `json:"thread"` // index in threads; -1: the set-up
	Name     string `json:"name"`
	Kind     string `json:"kind"`     // "load", "store", "cas", …
	Location string `json:"location"` // segment:offset
	Size     uint32 `json:"size"`     // bytes
	Preempts bool   `json:"preempts,omitempty"`
	Value    string `json:"value,omitempty"` // what was read or written
	// Effect is what a step that tells the value before it made of that: "to 2" or "unchanged".
	Effect string `json:"effect,omitempty"`
	Source string `json:"source,omitempty"` // file:line
}

// logRecord is what the program logged at one time.
type logRecord struct {
	By    string `json:"by"`    // the thread's name, "set-up" or "the end"
	After int    `json:"after"` // how many steps had been taken
	Text  string `json:"text"`
}

func failureOf(f *schedule.Failure) failureRecord {
	r := executionOf(&f.Execution)
	r.Property, r.Message = f.Property, f.Message
	return r
}

func executionOf(x *schedule.Execution) failureRecord {
	r := failureRecord{Format: "urpc-schedule", Version: 1, Token: x.Token,
		Preemptions: x.Preemptions, Threads: x.Threads, Steps: []stepRecord{}}
	for _, s := range x.Steps {
		r.Steps = append(r.Steps, stepRecord{s.Thread, s.Event.Name, s.Event.Kind.String(), s.Event.Location.String(), s.Event.Size,
			s.Preempts, s.Value, s.Effect, s.Source})
	}
	for _, l := range x.Log {
		r.Log = append(r.Log, logRecord(l))
	}
	return r
}
