package catalogue

import (
	"fmt"
	"strings"
)

// UnknownError says that there is nothing of a name, what is nearest, and what
// there is.
type UnknownError struct {
	What    string   // "model", "configuration", "mutant", "parameter"
	Of      string   // the family; "" for families themselves
	Name    string   // as it was given
	Nearest string   // "" if nothing is near
	Known   []string // in order of declaration
}

func (e *UnknownError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "unknown %s %q", e.What, e.Name)
	if e.Of != "" {
		fmt.Fprintf(&b, " of %s", e.Of)
	}
	if e.Nearest != "" {
		fmt.Fprintf(&b, "; did you mean %q?", e.Nearest)
	}
	if len(e.Known) == 0 {
		fmt.Fprintf(&b, "; there is none")
	} else {
		fmt.Fprintf(&b, "; known: %s", strings.Join(e.Known, ", "))
	}
	return b.String()
}

func unknown(what, of, name string, known []string) error {
	return &UnknownError{What: what, Of: of, Name: name, Nearest: Nearest(name, known), Known: known}
}
