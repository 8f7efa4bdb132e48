package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"urpc/checker/command/console"
)

// replay and show take a trace of a model, as any command of models does, and an
// interleaving of real code.

func (a *app) replayCommand() *cobra.Command {
	c := a.models.ReplayCommand()
	c.Long = `replay executes a counterexample again: a trace of a model, from its file or its
token, or an interleaving of real code, from its token; a mutant that it names
is planted again. The exit code is 1 if the same property is violated again. The
token of an execution that passes (explore --passing) is replayed, too.

A token does not name the build that made it. One that leads to other steps now is
refused; where the steps are the same it is told whether their values are.`
	c.Example = `  urpccheck replay urpc-out/check-channel-no-recheck/deadlock.trace.json
  urpccheck replay s3.channel.…`
	onSchedules(c, a.replaySchedule)
	return c
}

func (a *app) showCommand() *cobra.Command {
	c := a.models.ShowCommand()
	c.Short = "print one sequence of steps, one column per process or processor"
	c.Long = `show prints a counterexample or a witness: one column per process or processor,
only what changed. Of a model it finds one: the counterexample of a violated
property, else the longest witness of a reachable, or the one of --property.`
	c.Example = `  urpccheck show editor
  urpccheck show philosophers
  urpccheck show urpc-out/check-channel-no-recheck/deadlock.trace.json`
	onSchedules(c, a.showSchedule)
	return c
}

// scheduleFlags say how the token of a schedule is executed, and told.
type scheduleFlags struct{ json, lockstep bool }

// onSchedules lets a verb take the token of a schedule, too.
func onSchedules(c *cobra.Command, do func(token string, f scheduleFlags) error) {
	lockstep := false
	lockstepFlag(c.Flags(), &lockstep)
	others := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 || !isScheduleToken(args[0]) {
			return others(cmd, args)
		}
		for _, name := range []string{"config", "mutant", "property"} {
			if cmd.Flags().Changed(name) {
				return console.Usage("%s: --config, --mutant and --property are for a model, and do not go with a token: it says them", cmd.Name())
			}
		}
		asJSON, err := cmd.Flags().GetBool("json")
		if err != nil {
			return err
		}
		return do(args[0], scheduleFlags{asJSON, lockstep})
	}
}

// lockstepFlag declares the flag by which a token of a search in lock-step is run.
func lockstepFlag(flags *pflag.FlagSet, to *bool) {
	flags.BoolVar(to, "lockstep", false, "of a token: in lock-step with the specification")
}

// isScheduleToken tells a schedule's token from a file name.
func isScheduleToken(text string) bool {
	head, _, dotted := strings.Cut(text, ".")
	version, ok := strings.CutPrefix(head, "s")
	return dotted && ok && version != "" && strings.Trim(version, "0123456789") == "" && !strings.ContainsAny(text, "/\\")
}
