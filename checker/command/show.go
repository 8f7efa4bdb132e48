package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command/console"
)

// ShowCommand prints a trace of a model.
func (m *Models) ShowCommand() *cobra.Command {
	var w wanted
	asJSON, full := false, false
	c := &cobra.Command{
		Use:   "show MODEL|TRACEFILE|TOKEN",
		Short: "print one sequence of steps, one column per process",
		Long: `show prints a counterexample or a witness: one column per process, only
what changed. Of a model it finds one: the counterexample of a violated
property, else the longest witness of a reachable, or the one of --property.`,
		Args: m.oneSubject,
		RunE: func(_ *cobra.Command, args []string) error { return m.show(m.model(args), &w, asJSON, full) },
	}
	w.declare(c.Flags())
	c.Flags().BoolVar(&full, "full", false, "show whole states, not only what changes")
	c.Flags().BoolVar(&asJSON, "json", false, "print the trace as a trace file, on one line")
	return c
}

// show prints a trace. It is no verdict: the exit code is 0.
func (m *Models) show(what string, w *wanted, asJSON, full bool) error {
	r, err := m.find("show", what, w)
	if err != nil {
		return err
	}
	if asJSON {
		err = m.printTraceFile(r.file())
	} else {
		err = m.printTrace(r, full)
	}
	if err == nil && r.partial {
		return errPartial
	}
	return err
}

// errPartial says, behind what was printed, that a longer search may have found better.
var errPartial = errors.New("partial: the search was cut, and this is the best trace so far")

// errNoTrace says that a model shows nothing.
var errNoTrace = errors.New("no trace to show: nothing is violated and nothing reachable was reached")

func (m *Models) printTrace(r recorded, full bool) error {
	var events []string
	for _, s := range r.trace.Steps {
		if s.Event != "" {
			events = append(events, s.Event)
		}
	}
	m.printSteps(&r.trace, full)
	if len(events) > 0 {
		m.Out.Line("")
		m.Out.Line("%s", console.Folded("events: "+strings.Join(events, " "), m.Out.Width(), ""))
	}
	if token := Token(r.file()); token != "" {
		m.Out.Line("")
		m.Out.Line("replay: %s", m.Program.CommandLine("replay", token))
	}
	return nil
}

// printTraceFile prints a trace file on one line.
func (m *Models) printTraceFile(file checker.TraceFile) error {
	var text, line bytes.Buffer
	if err := checker.WriteTraceFile(&text, file); err != nil {
		return err
	}
	if err := json.Compact(&line, text.Bytes()); err != nil {
		return err
	}
	m.Out.Line("%s", line.Bytes())
	return nil
}

// worthShowing picks the property of that name, else the shortest
// counterexample, else the longest witness.
func worthShowing(report checker.Report, name string) (*checker.Result, error) {
	var best *checker.Result
	var known []string
	for i := range report.Properties {
		p := &report.Properties[i]
		if p.Trace != nil {
			known = append(known, p.Name)
		}
		if name != "" && p.Name == name && p.Trace == nil {
			return nil, console.Usage("property %q of %s has neither counterexample nor witness: %s", name, report.Model, console.OrElse(p.Note, p.Verdict.String()))
		}
		if p.Trace == nil || name != "" && p.Name != name {
			continue
		}
		if best == nil || better(p, best) {
			best = p
		}
	}
	switch {
	case best != nil:
		return best, nil
	case name != "":
		return nil, console.UsageOf(&catalogue.UnknownError{What: "property", Of: report.Model, Name: name, Nearest: catalogue.Nearest(name, known), Known: known})
	default:
		return nil, fmt.Errorf("model %s: %w %s", report.Model, errNoTrace, report.Reason)
	}
}

// better orders what is worth showing.
func better(p, q *checker.Result) bool {
	witness, other := p.Kind == checker.KindReachable, q.Kind == checker.KindReachable
	switch {
	case witness != other:
		return other
	case witness:
		return len(p.Trace.Steps) > len(q.Trace.Steps)
	default:
		return len(p.Trace.Steps) < len(q.Trace.Steps)
	}
}
