// Package export writes traces and state graphs in formats of other tools: ITF, the
// Informal Trace Format that Apalache and Quint read; DOT, which Graphviz draws; and
// Mermaid's sequence diagrams. Whatever names a model has, what is written is well-formed.
//
// Where to look: a file per format.
package export

import (
	"strconv"
	"strings"
	"unicode"

	"urpc/checker"
)

// about says what a trace is of, on one line.
func about(t *checker.Trace) string {
	switch t.Kind {
	case checker.KindDeadlock:
		return "deadlock of " + t.Model + ", " + t.Length()
	case checker.KindWalk:
		return "walk of " + t.Model + ", " + t.Length()
	case checker.KindInduction:
		return "counterexample to induction of " + strconv.Quote(t.Property) + " of " + t.Model + ", " + t.Length()
	default:
		return string(t.Kind) + " " + strconv.Quote(t.Property) + " of " + t.Model + ", " + t.Length()
	}
}

// stepName is a step in a reader's words: its label, with its event or else its choice.
func stepName(s *checker.TraceStep) string {
	switch {
	case s.Event != "":
		return s.Label + " [" + s.Event + "]"
	case s.Choice != 0:
		return s.Label + " (choice " + strconv.Itoa(s.Choice) + ")"
	default:
		return s.Label
	}
}

// column names who takes a step.
func column(t *checker.Trace, s *checker.TraceStep) string {
	if s.Column >= 0 && s.Column < len(t.Columns) {
		return t.Columns[s.Column]
	}
	return s.Process + " " + strconv.Itoa(s.Self)
}

// printable replaces what no format shows: control characters other than a newline, and
// what is no letter of Unicode.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
