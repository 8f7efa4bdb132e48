package checker

// Verdict is the answer of a check. Its zero value is Unknown.
type Verdict int

const (
	// Unknown: the search was cut short by a limit or an interrupt before it
	// could decide.
	Unknown Verdict = iota
	// Holds: every reachable state within the configuration was visited and
	// nothing was omitted.
	Holds
	// Violated: there is a counterexample, and it was re-executed.
	Violated
)

// String gives the verdict as it is printed: "unknown", "holds", "violated".
func (v Verdict) String() string {
	switch v {
	case Holds:
		return "holds"
	case Violated:
		return "violated"
	default:
		return "unknown"
	}
}

// MarshalText gives the verdict as it is printed.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }
