package checker

import "urpc/checker/verdict"

// Verdict is the answer of a check; see package verdict.
type Verdict = verdict.Verdict

// The three verdicts.
const (
	Unknown  = verdict.Unknown
	Holds    = verdict.Holds
	Violated = verdict.Violated
)
