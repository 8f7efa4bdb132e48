package command

import (
	"time"

	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// ReplayCommand executes a trace of a model again.
func (m *Models) ReplayCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "replay TOKEN|TRACEFILE",
		Short: "execute a failure again, step by step",
		Long: `replay executes a trace of a model again, from its file or its token; a mutant
that it names is planted again. The exit code is 1 if the same property is
violated again.`,
		Args: console.One("TOKEN or TRACEFILE", nil),
		RunE: func(_ *cobra.Command, args []string) error { return m.replay(args[0], asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line, the verdict last")
	return c
}

// replay executes a trace of a model again.
func (m *Models) replay(from string, asJSON bool) error {
	started := time.Now()
	r, err := m.readTrace(from)
	if err != nil {
		return err
	}
	v := verdict.Violated
	if r.isWitness() {
		v = verdict.Holds
	}
	if asJSON {
		m.Out.JSON(r.record(v, time.Since(started)))
	} else {
		r.trace.WriteText(m.Out, m.Out.Width())
		m.Out.Line("")
		what := m.Out.Paint(v, "violated") + " again"
		if r.trace.Kind == checker.KindWalk {
			m.Out.Line("walked again: nothing is violated on the way, in %s, configuration %s", r.chosen.Title(), r.chosen.Configuration())
			m.Judged(v, false)
			return nil
		}
		if r.isWitness() {
			what = m.Out.Paint(v, "reached") + " again"
		}
		m.Out.Line("%s: %s %q of %s, configuration %s", what, r.trace.Kind, r.trace.Property, r.chosen.Title(), r.chosen.Configuration())
	}
	m.Judged(v, false)
	return nil
}

func (r *recorded) record(v verdict.Verdict, took time.Duration) VerdictRecord {
	record := VerdictRecord{
		Record: "verdict", Verb: "replay", Model: r.chosen.Family.Name, Configuration: r.chosen.Name,
		Values: r.chosen.Values.String(), Mutant: r.chosen.Mutant, Verdict: v, Complete: true,
		Bound: "this one trace", Property: r.trace.Property, TraceLength: new(len(r.trace.Steps)), Seconds: took.Seconds(),
	}
	if v == verdict.Violated {
		record.Violated = []string{r.trace.Property}
	}
	return record
}
