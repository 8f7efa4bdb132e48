package main

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"urpc/checker/verdict"
)

// replayFlags are the flags of replay.
type replayFlags struct{ json, lockstep bool }

func (a *app) replayCommand() *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:   "replay TOKEN|TRACEFILE",
		Short: "execute a failure again, step by step",
		Long: `replay executes a counterexample again: a trace of a model, from its file or its
token, or an interleaving of real code, from its token; a mutant that it names
is planted again. The exit code is 1 if the same property is violated again. The
token of an execution that passes (explore --passing) is replayed, too.

A token does not name the build that made it. One that leads to other steps now is
refused; where the steps are the same it is told whether their values are.`,
		Example: `  urpccheck replay urpc-out/check-channel-no-recheck/deadlock.trace.json
  urpccheck replay s3.channel.…`,
		Args: one("TOKEN or TRACEFILE", nil),
		RunE: func(_ *cobra.Command, args []string) error {
			if isScheduleToken(args[0]) {
				return a.replaySchedule(args[0], &f)
			}
			return a.replayTrace(args[0], &f)
		},
	}
	lockstepFlag(c.Flags(), &f.lockstep)
	c.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	return c
}

// lockstepFlag declares the flag by which a token of a search in lock-step is run.
func lockstepFlag(flags *pflag.FlagSet, to *bool) {
	flags.BoolVar(to, "lockstep", false, "of a token: in lock-step with the specification")
}

// replayTrace executes a trace of a model again.
func (a *app) replayTrace(from string, f *replayFlags) error {
	started := time.Now()
	r, err := readTrace(from)
	if err != nil {
		return err
	}
	v := verdict.Violated
	if r.isReachable() {
		v = verdict.Holds
	}
	if f.json {
		a.out.json(r.record(v, time.Since(started)))
	} else {
		r.trace.WriteText(a.out, a.out.width())
		a.out.line("")
		what := a.out.paint(v, "violated") + " again"
		if r.isReachable() {
			what = a.out.paint(v, "reached") + " again"
		}
		a.out.line("%s: %s %q of %s, configuration %s", what, r.trace.Kind, r.trace.Property, r.chosen.title(), r.chosen.configuration())
	}
	a.judged(v, false)
	return nil
}

func (r *recorded) record(v verdict.Verdict, took time.Duration) verdictRecord {
	record := verdictRecord{
		Record: "verdict", Verb: "replay", Model: r.chosen.family.Name, Configuration: r.chosen.name,
		Values: r.chosen.values.String(), Mutant: r.chosen.mutant, Verdict: v, Complete: true,
		Bound: "this one trace", Property: r.trace.Property, TraceLength: new(len(r.trace.Steps)), Seconds: took.Seconds(),
	}
	if v == verdict.Violated {
		record.Violated = []string{r.trace.Property}
	}
	return record
}
