package export

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"urpc/checker"
)

// Mermaid writes a trace as a sequence diagram of Mermaid: one participant a process, each
// step a message of it to itself, which names the step, with a note beside it of what it
// changes. A cycle is a loop.
func Mermaid(w io.Writer, t checker.Trace) error {
	for i := range t.Steps {
		if c := t.Steps[i].Column; c < 0 || c >= len(t.Columns) {
			return fmt.Errorf("writing a trace for Mermaid: step %d is in column %d, and there are %d", i+1, c, len(t.Columns))
		}
	}
	var out bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("sequenceDiagram")
	for i, name := range t.Columns {
		line("  participant p%d as %s", i, mermaidText(name))
	}
	if len(t.Columns) > 0 {
		over := "p0"
		if last := len(t.Columns) - 1; last > 0 {
			over = fmt.Sprintf("p0,p%d", last)
		}
		line("  Note over %s: %s", over, mermaidText(about(&t)))
		line("  Note over %s: %s", over, mermaidText("initially\n"+fieldsText(t.Initial)))
	}
	indent := "  "
	for i := range t.Steps {
		s := &t.Steps[i]
		if t.Cycle > 0 && i == len(t.Steps)-t.Cycle {
			line("  loop for ever")
			indent = "    "
		}
		line("%sp%d->>p%d: %s", indent, s.Column, s.Column, mermaidText(fmt.Sprintf("%d. %s", i+1, stepName(s))))
		line("%sNote right of p%d: %s", indent, s.Column, mermaidText(changesText(s.Changes)))
	}
	if t.Cycle > 0 {
		line("  end")
	}
	_, err := w.Write(out.Bytes())
	return err
}

// mermaidText writes a text so that Mermaid shows it and obeys none of it: everything but
// letters, digits and a few signs is written as an entity, "#59;", with its number, and a
// new line as "<br/>". The word "end" would end a loop, and so its first letter is an
// entity, too.
func mermaidText(text string) string {
	var b strings.Builder
	letters := []rune(printable(text))
	for i := 0; i < len(letters); i++ {
		r := letters[i]
		switch {
		case r == '\n':
			b.WriteString("<br/>")
		case strings.EqualFold(string(letters[i:min(i+3, len(letters))]), "end"):
			fmt.Fprintf(&b, "#%d;", r)
		case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,=()[]_/?!*", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	if strings.TrimSpace(b.String()) == "" {
		return "#160;" // a message is not empty
	}
	return b.String()
}
