package command

import (
	"bytes"
	"encoding/json"

	"urpc/checker/verdict"
)

// With --json every line is one object. It has the field "record", which says what it
// is, except that what show and export print has "format" or a format of its own. Of a
// verb that judges the last one is the verdict. Fields that do not apply are left out.

// VerdictRecord is the last line of a verb that judges.
type VerdictRecord struct {
	Record        string          `json:"record"` // "verdict"
	Verb          string          `json:"verb"`
	Model         string          `json:"model,omitempty"`
	Configuration string          `json:"configuration,omitempty"`
	Values        string          `json:"values,omitempty"`
	Mutant        string          `json:"mutant,omitempty"`
	Verdict       verdict.Verdict `json:"verdict"`
	// Complete: everything within the bound was visited.
	Complete    bool   `json:"complete"`
	Interrupted bool   `json:"interrupted,omitempty"`
	Bound       string `json:"bound,omitempty"`
	Pruned      uint64 `json:"pruned,omitempty"` // states outside the model's constraint, which were not expanded
	Reason      string `json:"reason,omitempty"` // why it is not complete
	Seed        uint64 `json:"seed"`

	States      *uint64 `json:"states,omitempty"`
	Transitions *uint64 `json:"transitions,omitempty"`
	Depth       *int    `json:"depth,omitempty"`
	Deadlocks   *uint64 `json:"deadlocks,omitempty"`
	Ends        *uint64 `json:"ends,omitempty"`
	// Store is how states were known again if not whole (--store), and Omission the
	// probability that some two of them were taken for one. Search is the order of the
	// search, if not breadth first. Resumed is how many states a checkpoint had.
	Store    string   `json:"store,omitempty"`
	Omission *float64 `json:"omission,omitempty"`
	Search   string   `json:"search,omitempty"`
	Resumed  uint64   `json:"resumed,omitempty"`
	// StandFor is how many states those visited stand for under symmetry (--symmetry);
	// SymmetryOff says why it was not applied.
	StandFor    *uint64 `json:"standFor,omitempty"`
	SymmetryOff string  `json:"symmetryOff,omitempty"`
	// Partly is in how many states not all steps were taken (--por); PorOff says why the
	// search was not reduced.
	Partly *uint64 `json:"partly,omitempty"`
	PorOff string  `json:"porOff,omitempty"`
	// Compared says how the search agrees with one that is not reduced (--compare), and the
	// others in what it does not, and what one of them could not decide.
	Compared    string   `json:"compared,omitempty"`
	Differences []string `json:"differences,omitempty"`
	NotCompared []string `json:"notCompared,omitempty"`
	// NeverEnabled are the steps that no state enables: what they do was not checked.
	NeverEnabled []string `json:"neverEnabled,omitempty"`

	// Of a violation.
	Property    string   `json:"property,omitempty"`
	Violated    []string `json:"violated,omitempty"` // every violated property
	TraceLength *int     `json:"traceLength,omitempty"`
	Cycle       int      `json:"cycle,omitempty"` // so many steps of the trace, the last ones, go round for ever
	Message     string   `json:"message,omitempty"`
	Token       string   `json:"token,omitempty"`
	Artifacts   []string `json:"artifacts,omitempty"`
	Replay      string   `json:"replay,omitempty"` // the command

	// Of random walks.
	BudgetUsed bool    `json:"budgetUsed,omitempty"` // all walks were taken
	Walks      *uint64 `json:"walks,omitempty"`
	Steps      *uint64 `json:"steps,omitempty"`
	// Estimated: states is an estimate.
	Estimated bool `json:"estimated,omitempty"`

	Assumed string `json:"assumed,omitempty"` // of all processes, in place of the model's fairness

	Workers int     `json:"workers,omitempty"`
	Memory  uint64  `json:"memory,omitempty"` // bytes
	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"rate,omitempty"` // states a second
}

// PropertyRecord is the answer for one property.
type PropertyRecord struct {
	Record      string          `json:"record"` // "property"
	Property    string          `json:"property"`
	Kind        string          `json:"kind"`
	Verdict     verdict.Verdict `json:"verdict"`
	Clause      string          `json:"clause,omitempty"` // the first of the invariant that is false
	TraceLength *int            `json:"traceLength,omitempty"`
	Cycle       int             `json:"cycle,omitempty"`    // so many steps of it, the last ones, go round for ever
	Fairness    []string        `json:"fairness,omitempty"` // assumed
	Idle        []string        `json:"idle,omitempty"`     // of these, those without any one of which it holds as well
	Least       *int            `json:"least,omitempty"`
	Most        *int            `json:"most,omitempty"`
	Unbounded   bool            `json:"unbounded,omitempty"`
	Orders      *int            `json:"orders,omitempty"`
	Vacuous     string          `json:"vacuous,omitempty"` // why it says little that it holds
	Note        string          `json:"note,omitempty"`
}

// coverageRecord is how often a step was taken.
type coverageRecord struct {
	Record      string `json:"record"` // "coverage"
	Process     string `json:"process"`
	Step        string `json:"step"`
	Transitions uint64 `json:"transitions"`
}

// joined is a record with further fields behind its own.
type joined struct{ record, further any }

func (j joined) MarshalJSON() ([]byte, error) {
	record, err := marshal(j.record)
	if err != nil || j.further == nil {
		return record, err
	}
	further, err := marshal(j.further)
	if err != nil || len(further) <= len("{}") {
		return record, err
	}
	return append(append(record[:len(record)-1], ','), further[1:]...), nil
}

// marshal leaves characters of HTML alone: events are named "T1>W".
func marshal(record any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(record)
	return bytes.TrimSpace(b.Bytes()), err
}
