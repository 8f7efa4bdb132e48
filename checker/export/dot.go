package export

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"urpc/checker"
)

// DOT writes a trace as a directed graph in the language of Graphviz: a node for each
// state, which tells what the step before it changed, and an edge for each step, in order.
// The last edge of a cycle leads back to where it begins.
func DOT(w io.Writer, t checker.Trace) error {
	d := newDot(about(&t))
	states := t.States()
	for i, fields := range states {
		if t.Cycle > 0 && i == len(states)-1 {
			break // it is where the cycle begins
		}
		label, attributes := fieldsText(fields), []string{}
		if i == 0 {
			attributes = append(attributes, "peripheries=2")
		} else {
			label = changesText(t.Steps[i-1].Changes)
		}
		if i == len(states)-1 && t.Kind != checker.KindWalk && t.Kind != checker.KindReachable {
			attributes = append(attributes, `color="red"`)
		}
		d.node(i, fmt.Sprintf("%d\n%s", i, label), attributes...)
	}
	for i := range t.Steps {
		s, to := &t.Steps[i], i+1
		if t.Cycle > 0 && to == len(t.Steps) {
			to -= t.Cycle
		}
		d.edge(i, to, column(&t, s)+": "+stepName(s))
	}
	return d.write(w)
}

// GraphDOT writes a state graph in the language of Graphviz. Initial states have two lines
// around them; deadlocks are filled red, and intended ends grey; states whose transitions
// are not all there are dashed. The trace, if there is one in it, is red and bold.
func GraphDOT(w io.Writer, g checker.StateGraph) error {
	title := fmt.Sprintf("%s: %d states, %d transitions", g.Model, len(g.States), len(g.Edges))
	if !g.Complete {
		title += ", not all: " + g.Reason
	}
	d := newDot(title)
	partial := make([]bool, len(g.States))
	for _, i := range g.Cut {
		partial[i] = true
	}
	for i := range g.States {
		s := &g.States[i]
		var attributes, styles []string
		if s.Initial {
			attributes = append(attributes, "peripheries=2")
		}
		switch {
		case s.Deadlock:
			styles, attributes = append(styles, "filled"), append(attributes, `fillcolor="#ffb0b0"`)
		case s.End:
			styles, attributes = append(styles, "filled"), append(attributes, `fillcolor="#d8d8d8"`)
		}
		if partial[i] {
			styles = append(styles, "dashed")
		}
		if s.OnTrace {
			styles, attributes = append(styles, "bold"), append(attributes, `color="red"`)
		}
		if len(styles) > 0 {
			attributes = append(attributes, `style="`+strings.Join(styles, ",")+`"`)
		}
		d.node(i, fieldsText(s.Fields), attributes...)
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		label := e.By + ": " + e.Taken.Label
		if e.Taken.Choice != 0 {
			label += fmt.Sprintf(" (choice %d)", e.Taken.Choice)
		}
		if e.OnTrace {
			d.edge(e.From, e.To, label, `color="red"`, "penwidth=2")
		} else {
			d.edge(e.From, e.To, label)
		}
	}
	return d.write(w)
}

// dot is a graph that is being written.
type dot struct{ out bytes.Buffer }

func newDot(title string) *dot {
	d := &dot{}
	fmt.Fprintf(&d.out, "digraph {\n  label=%s;\n  labelloc=\"t\";\n  node [shape=\"box\"];\n", dotString(title))
	return d
}

func (d *dot) node(i int, label string, attributes ...string) {
	fmt.Fprintf(&d.out, "  s%d [%s];\n", i, strings.Join(append([]string{"label=" + dotString(label)}, attributes...), ", "))
}

func (d *dot) edge(from, to int, label string, attributes ...string) {
	fmt.Fprintf(&d.out, "  s%d -> s%d [%s];\n", from, to, strings.Join(append([]string{"label=" + dotString(label)}, attributes...), ", "))
}

func (d *dot) write(w io.Writer) error {
	d.out.WriteString("}\n")
	_, err := w.Write(d.out.Bytes())
	return err
}

// dotString writes a text as a quoted string of DOT, whose one escape is \" — and as a
// label, in which \\ stands for a backslash and \n for a new line. What looks like an
// entity of HTML would be taken for one: the & is written as such.
func dotString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "&", "&amp;").Replace(printable(text)) + `"`
}

// fieldsText tells a state, a few fields a line.
func fieldsText(fields []checker.Field) string {
	var b strings.Builder
	width := 0
	for i, f := range fields {
		text := f.Path + "=" + f.Value
		switch {
		case i == 0:
		case width+len(text) > 40:
			b.WriteString("\n")
			width = 0
		default:
			b.WriteString("  ")
			width += 2
		}
		b.WriteString(text)
		width += len(text)
	}
	return b.String()
}

func changesText(changes []checker.Change) string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.Path+": "+c.Before+" -> "+c.After)
	}
	if len(lines) == 0 {
		return "nothing changes"
	}
	return strings.Join(lines, "\n")
}
