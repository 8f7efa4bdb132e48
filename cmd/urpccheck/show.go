package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// showFlags are the flags of show.
type showFlags struct {
	config, mutant, property string
	json, lockstep           bool
}

func (a *app) showCommand() *cobra.Command {
	var f showFlags
	c := &cobra.Command{
		Use:   "show MODEL|TRACEFILE|TOKEN",
		Short: "print one sequence of steps, one column per process or processor",
		Long: `show prints a counterexample or a witness: one column per process or processor,
only what changed. Of a model it finds one: the counterexample of a violated
property, else the longest witness of a reachable, or the one of --property.`,
		Example: `  urpccheck show editor
  urpccheck show philosophers
  urpccheck show urpc-out/check-channel-no-recheck/deadlock.trace.json`,
		Args: one("MODEL, TRACEFILE or TOKEN", nil),
		RunE: func(_ *cobra.Command, args []string) error { return a.show(args[0], &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.config, "config", "", "a `configuration` of the model: NAME or key=value,...")
	flags.StringVar(&f.mutant, "mutant", "", "`NAME` of a fault to plant in the model")
	flags.StringVar(&f.property, "property", "", "`NAME` of the property whose witness or counterexample is shown")
	lockstepFlag(flags, &f.lockstep)
	flags.BoolVar(&f.json, "json", false, "print the trace as a trace file, on one line")
	return c
}

func (a *app) show(what string, f *showFlags) error {
	if _, err := catalogue.Find(families(), what); err == nil {
		return a.showModel(what, f)
	}
	if f.config != "" || f.mutant != "" || f.property != "" {
		if isScheduleToken(what) || isTraceToken(what) {
			return usage("show: --config, --mutant and --property are for a model, and do not go with a token: it says them")
		}
		return usage("show: --config, --mutant and --property are for a model: %w", unknownSubject(what))
	}
	if isScheduleToken(what) {
		return a.showSchedule(what, f)
	}
	if _, err := os.Stat(what); err != nil && !isTraceToken(what) && !strings.ContainsAny(what, `/\.`) {
		return usageOf(unknownSubject(what))
	}
	r, err := readTrace(what)
	if err != nil {
		return err
	}
	return a.showTrace(r.file.Model, r.file.Configuration, r.file.Mutant, &r.trace, f)
}

// unknownSubject says that something is the name of no model.
func unknownSubject(name string) error {
	_, err := catalogue.Find(families(), name)
	if err == nil {
		return fmt.Errorf("%s is a model", name)
	}
	return fmt.Errorf("%w; or the path of a trace file, or a token", err)
}

// showModel looks for a trace of the model that is worth showing.
func (a *app) showModel(name string, f *showFlags) error {
	c, err := choose(name, f.config, f.mutant)
	if err != nil {
		return err
	}
	var o checker.Options
	if a.progress.on {
		o.Progress = a.showSearch
	}
	report, err := c.model.Check(a.ctx, o)
	a.progress.clear()
	if err != nil {
		return err
	}
	result, err := worthShowing(report, f.property)
	if err != nil {
		return err
	}
	if err := a.showTrace(c.family.Name, c.values.String(), c.mutant, result.Trace, f); err != nil {
		return err
	}
	if a.interrupted() && !report.Complete {
		return errors.New("partial: the search was cut, and this is the best trace so far")
	}
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
			return nil, usage("property %q of %s has neither counterexample nor witness: %s", name, report.Model, orElse(p.Note, p.Verdict.String()))
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
		return nil, usageOf(&catalogue.UnknownError{What: "property", Of: report.Model, Name: name, Nearest: catalogue.Nearest(name, known), Known: known})
	default:
		return nil, fmt.Errorf("model %s: no trace to show: nothing is violated and nothing reachable was reached %s", report.Model, report.Reason)
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

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// printTraceFile prints a trace file on one line.
func (a *app) printTraceFile(file checker.TraceFile) error {
	var text, line bytes.Buffer
	if err := checker.WriteTraceFile(&text, file); err != nil {
		return err
	}
	if err := json.Compact(&line, text.Bytes()); err != nil {
		return err
	}
	a.out.line("%s", line.Bytes())
	return nil
}

// showTrace prints a trace. It is no verdict: the exit code is 0.
func (a *app) showTrace(model, configuration, mutant string, t *checker.Trace, f *showFlags) error {
	file := checker.TraceFile{Model: model, Configuration: configuration, Mutant: mutant, Trace: *t}
	if f.json {
		return a.printTraceFile(file)
	}
	var events []string
	for _, s := range t.Steps {
		if s.Event != "" {
			events = append(events, s.Event)
		}
	}
	if err := t.WriteText(a.out, a.out.width()); err != nil {
		return err
	}
	if len(events) > 0 {
		a.out.line("")
		a.out.line("%s", folded("events: "+strings.Join(events, " "), a.out.width(), ""))
	}
	if token := traceToken(file); token != "" {
		a.out.line("")
		a.out.line("replay: %s", commandLine("replay", token))
	}
	return nil
}
