// Package verdict is the one answer that every part of this project gives:
// holds, violated or unknown.
package verdict

import "fmt"

// Verdict is the answer of a check. Its zero value is Unknown.
type Verdict int

const (
	// Unknown: a limit or an interrupt cut the check short before it could decide.
	Unknown Verdict = iota
	// Holds: everything within the stated bound was visited, nothing was omitted.
	Holds
	// Violated: there is a counterexample, and it was re-executed.
	Violated
)

// String gives the verdict as it is printed: "unknown", "holds", "violated".
func (v Verdict) String() string {
	switch v {
	case Unknown:
		return "unknown"
	case Holds:
		return "holds"
	case Violated:
		return "violated"
	default:
		return fmt.Sprintf("Verdict(%d)", int(v))
	}
}

// MarshalText gives the verdict as it is printed.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// And joins the verdicts of two parts: violated if one is, else unknown if one is.
func (v Verdict) And(w Verdict) Verdict {
	switch {
	case v == Violated || w == Violated:
		return Violated
	case v == Unknown || w == Unknown:
		return Unknown
	default:
		return Holds
	}
}
