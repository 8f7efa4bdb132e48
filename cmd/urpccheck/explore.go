package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"urpc/checker/catalogue"
	"urpc/checker/command/console"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/fuzz/lockstep"
	"urpc/fuzz/mutant"
)

func (a *app) exploreCommand() *cobra.Command {
	var f exploreFlags
	c := &cobra.Command{
		Use:   "explore TARGET | --all [TARGET...]",
		Short: "run the runtime's own code under one interleaving after another",
		Long: `explore runs the runtime's own code under one interleaving after another:

  stateful  every reachable state, each once: the workhorse
  optimal   one execution of every class of those that differ only in the order
            of independent steps; for small programs, and to check stateful by
  bounded   every execution with at most so many --preemptions
  random    a sample: each step by a uniform choice among the threads
  pct       a sample by random priorities of threads, with --depth
  pos       a sample by random priorities of steps
  urw       a sample in which every interleaving is about equally likely
  surw      the same for the steps on one place, another one in each execution
  drive     paths through the specification's state graph decide who goes on, until
            the code has taken, or refused, each of its transitions; in lock-step

With --lockstep each step of the code must be a step of the specification, and
how much of the specification the code takes is told; with --plain as well,
every transition is visited.

What holds in every state holds of executions that go round for ever, too, and says
nothing about whether they can end. With --end-reachable that is checked: where no end
can be reached from a state, whoever goes on, property livelock is violated.

A search by states recalls steps that it knows instead of running them. With
--run-all it runs them all, and visits the same states.

--time bounds all of it, with --all every configuration together: what there was
no time for is told. With --all a large configuration, as list TARGET tells, is
sampled. A search of everything within a bound is unknown (exit code 3)
when --time or --executions cuts it short. A sample is used up by either: if nothing
was found its exit code is 0, although a sample proves nothing. An execution that is
longer than --max-steps makes any search unknown; whether it goes round in a loop or
is only longer is told, as far as that is known.`,
		Example: `  urpccheck explore channel
  urpccheck explore channel --lockstep --plain
  urpccheck explore channel --strategy drive --config 1-2-1-1
  urpccheck explore channel --strategy pct --executions 100000 --seed 7
  urpccheck explore channel --mutant no-recheck
  urpccheck explore --all`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.all {
				return nil
			}
			return console.One("TARGET", targetNames)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.settle(cmd.Flags().Changed); err != nil {
				return err
			}
			if f.all {
				return a.exploreAll(args, &f)
			}
			return a.explore(args[0], &f)
		},
	}
	f.declare(c.Flags())
	return c
}

// explore runs real code under chosen interleavings and tells what it found.
func (a *app) explore(name string, f *exploreFlags) error {
	target, err := explore.Find(name)
	if err != nil {
		return console.UsageOf(err)
	}
	config, err := f.configurationOf(target)
	if err != nil {
		return console.UsageOf(err)
	}
	values, named, err := target.Parse(config)
	if err != nil {
		return console.Usage("target %s: %w", name, err)
	}
	if f.mutant != mutant.Running() {
		return a.asMutant(f.mutant, append(os.Args[1:], "--seed", fmt.Sprint(*f.seed)))
	}
	ctx, cancel := f.deadline(a.Ctx)
	defer cancel()
	started := time.Now()
	report, tied, err := a.exploreOne(ctx, target, values, f)
	a.Progress.Clear()
	switch {
	case outOf(ctx, err): // before the code was run: the specification is explored first
		report = schedule.Report{Bound: "nothing: the specification was not explored whole", Reason: "interrupted"}
	case errors.Is(err, lockstep.ErrNotTied), errors.Is(err, lockstep.ErrGraph):
		return console.UsageOf(err)
	case err != nil:
		a.tellStuck(report.Stuck, f.json)
		return err
	}
	f.settleBudget(ctx, &report)
	e := &explored{app: a, verb: "explore", target: target.Name, configuration: console.OrElse(named, values.String()), values: values.String(),
		mutant: f.mutant, seed: *f.seed, maxSteps: *f.maxSteps, samples: f.samples(), out: f.out, leftOut: *f.leftOut, json: f.json, report: report, tied: tied, took: time.Since(started)}
	e.tell()
	return nil
}

// configurationOf is the configuration that is asked for; of a mutant, without one,
// where it is found. It refuses a mutant that is found elsewhere: that it is not
// found here would say nothing.
func (f *exploreFlags) configurationOf(target explore.Target) (string, error) {
	if f.mutant == "" {
		return f.config, nil
	}
	if m, err := mutant.Find(f.mutant); err == nil && f.lockstep && target.Name == m.TiedTarget() && m.LockStep.Configuration != "" {
		return console.OrElse(f.config, m.LockStep.Configuration), nil
	}
	m, err := familyOfTarget(target).Mutant(f.mutant)
	return console.OrElse(f.config, m.Configuration), err
}

// exploreOne explores one configuration, in lock-step if that is asked for: then
// tied is what that has to say.
func (a *app) exploreOne(ctx context.Context, t explore.Target, v catalogue.Values, f *exploreFlags) (r schedule.Report, tied *lockstep.Report, err error) {
	if !f.lockstep {
		r, err = explore.Run(ctx, t, v, f.chosenStrategy(), a.exploreOptions(f))
		return r, nil, err
	}
	if *f.strategy == drive && !lockstep.Driven(t.Name) {
		return r, nil, console.Usage("explore: --strategy %s is for targets %s; not for %s", drive, enumerated(targetsThat(lockstep.Driven)), t.Name)
	}
	if !lockstep.Tied(t.Name) {
		return r, nil, console.Usage("explore: --lockstep is for targets %s; not for %s", enumerated(targetsThat(lockstep.Tied)), t.Name)
	}
	if *f.strategy != drive && !lockstep.DrivenAt(t, v) {
		l, err := lockstep.RunTarget(ctx, t, v, f.chosenStrategy(), lockstep.Options{Schedule: a.exploreOptions(f)})
		return l.Report, &l, err
	}
	graph, err := lockstep.NewGraphOf(ctx, t, v, lockstep.MostStates)
	if err != nil {
		return r, nil, err
	}
	var l lockstep.Report
	if *f.strategy == drive {
		l, err = lockstep.Drive(ctx, v, graph, *f.executions, *f.maxSteps)
	} else {
		l, err = lockstep.RunTarget(ctx, t, v, f.chosenStrategy(), lockstep.Options{Graph: graph, Schedule: a.exploreOptions(f)})
	}
	return l.Report, &l, err
}

// outOf says that an error is the end of a context.
func outOf(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, ctx.Err())
}

func (f *exploreFlags) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if *f.time == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, *f.time)
}

// settleBudget says what it means that a limit was met: it uses up a sample, and
// cuts short what was to be searched whole.
func (f *exploreFlags) settleBudget(ctx context.Context, r *schedule.Report) {
	outOfTime := errors.Is(ctx.Err(), context.DeadlineExceeded) && !r.Complete && !r.BudgetUsed && r.Failure == nil
	if outOfTime {
		r.Reason = fmt.Sprintf("the time limit of %v was met", *f.time)
	}
	r.BudgetUsed = f.samples() && (r.BudgetUsed || outOfTime)
}

func (a *app) showExploration(p schedule.Progress) {
	a.Progress.Show("%s, %s, %s, %s/s", console.Plural(p.Executions, "execution"), console.Plural(p.Steps, "step"), p.Bound, console.Grouped(int64(p.Rate)))
}
