package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command/console"
	"urpc/checker/export"
)

// format is a form in which a trace is written.
type format struct {
	name, ending string
	write        func(w io.Writer, f checker.TraceFile) error
}

const (
	formatJSON = "json"
	formatDOT  = "dot"
)

var formats = []format{
	{formatJSON, ".trace.json", checker.WriteTraceFile},
	{"itf", ".itf.json", func(w io.Writer, f checker.TraceFile) error { return export.ITF(w, f.Trace) }},
	{formatDOT, ".dot", func(w io.Writer, f checker.TraceFile) error { return export.DOT(w, f.Trace) }},
	{"mermaid", ".mmd", func(w io.Writer, f checker.TraceFile) error { return export.Mermaid(w, f.Trace) }},
}

// exportFlags are the flags of export.
type exportFlags struct {
	wanted
	format *string
	states *int
	out    string
}

// ExportCommand writes a trace of a model in a format of another tool.
func (m *Models) ExportCommand() *cobra.Command {
	var f exportFlags
	c := &cobra.Command{
		Use:   "export MODEL|TRACEFILE|TOKEN",
		Short: "write a trace for another tool: JSON, ITF, DOT or Mermaid",
		Long: `export writes a counterexample or a witness, which it takes or finds as show does:

  json     the trace file that replay and show take
  itf      the Informal Trace Format of Apalache and Quint (ADR-015)
  dot      a graph for Graphviz; with --states N every state of the model, N at
           most, with the trace, deadlocks and initial states marked
  mermaid  a sequence diagram for Mermaid, one participant a process`,
		Args: m.oneSubject,
		RunE: func(_ *cobra.Command, args []string) error { return m.export(m.model(args), &f) },
	}
	f.declare(c.Flags())
	var names []string
	for _, known := range formats {
		names = append(names, known.name)
	}
	f.format = console.WordFlag(c.Flags(), "format", formatJSON, names, "which format")
	f.states = console.NumberFlag(c.Flags(), "states", 0, 0, 100_000, "of --format dot: draw all states, so many at most; 0: those of the trace")
	c.Flags().StringVar(&f.out, "out", "", "the `file` to write (standard output)")
	return c
}

func (m *Models) export(what string, f *exportFlags) error {
	if *f.states > 0 && *f.format != formatDOT {
		return console.Usage("export: --states is for --format dot, which alone draws states; not for %s", *f.format)
	}
	r, err := m.find("export", what, &f.wanted)
	if errors.Is(err, errNoTrace) && *f.states > 0 {
		err = nil // the model is drawn without one
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if *f.states > 0 {
		err = m.drawStates(&b, what, r, f)
	} else {
		for _, known := range formats {
			if known.name == *f.format {
				err = known.write(&b, r.file())
			}
		}
	}
	if err != nil {
		return err
	}
	if f.out == "" {
		_, err = m.Out.Write(b.Bytes())
	} else if err = os.WriteFile(f.out, b.Bytes(), 0o666); err != nil {
		err = fmt.Errorf("writing the export: %w", err)
	}
	if err == nil && r.partial {
		return errPartial
	}
	return err
}

// drawStates writes the states of the model, and marks the trace in it if there is one.
func (m *Models) drawStates(w io.Writer, what string, r recorded, f *exportFlags) error {
	var along *checker.Trace
	if r.chosen.Model != nil {
		along = &r.trace
	} else {
		if _, err := catalogue.Find(m.Families, what); err != nil {
			return console.UsageOf(err)
		}
		c, err := m.Choose(what, f.config, f.mutant)
		if err != nil {
			return err
		}
		r.chosen = c
	}
	g, err := r.chosen.Model.Graph(m.Ctx, *f.states, along)
	if err != nil {
		return err
	}
	if !g.Complete {
		fmt.Fprintf(m.Errors, "%s: not all states are drawn: %s\n", m.Program.Name, g.Reason)
	}
	return export.GraphDOT(w, g)
}
