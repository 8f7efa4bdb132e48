package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/verdict"
)

// checkFlags are the flags of check.
type checkFlags struct {
	config, mutant, out string
	json, keepGoing     bool
	workers, maxDepth   *int
	maxStates, seed     *uint64
	maxMemory           size
	time                *time.Duration
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check MODEL",
		Short: "explore every state of a model of the specification or of the examples",
		Example: `  urpccheck check editor
  urpccheck check ring --config clients=2,replies=2 --json
  urpccheck check channel --mutant no-recheck`,
		Args: one("MODEL", modelNames),
		RunE: func(_ *cobra.Command, args []string) error { return a.check(args[0], &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.config, "config", "", "a `configuration`: NAME or key=value,... or NAME,key=value,...")
	flags.StringVar(&f.mutant, "mutant", "", "`NAME` of a fault to plant; see list MODEL")
	flags.StringVar(&f.out, "out", "", "`folder` for what a failure leaves (a fresh one under urpc-out/)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "visit every state also after a violation")
	f.workers = numberFlag(flags, "workers", 0, 0, 1024, "goroutines that search; 0: as many as processors")
	f.maxStates = numberFlag[uint64](flags, "max-states", 0, 0, mostCount, "end with unknown after so many states; 0: no limit")
	f.maxDepth = numberFlag(flags, "max-depth", 0, 0, 1<<31-1, "end with unknown after so many steps from the start; 0: no limit")
	flags.Var(&f.maxMemory, "max-memory", "end with unknown when the search holds so much; 0: no limit")
	f.time = spanFlag(flags, "time", shortestLimit, "end with unknown after so long; 0: no limit")
	f.seed = seedFlag(flags)
	return c
}

// check explores a model and tells what it found.
func (a *app) check(name string, f *checkFlags) error {
	c, err := choose(name, f.config, f.mutant)
	if err != nil {
		return err
	}
	report, err := c.model.Check(a.ctx, a.checkOptions(f))
	a.progress.clear()
	if err != nil {
		return a.failedCheck(&c, f, report, err)
	}
	v := &checked{app: a, chosen: &c, flags: f, report: report}
	v.settle()
	if f.json {
		v.printJSON()
	} else {
		v.printText()
	}
	a.judged(report.Verdict, false)
	return nil
}

func (a *app) checkOptions(f *checkFlags) checker.Options {
	o := checker.Options{
		Workers: *f.workers, MaxStates: *f.maxStates, MaxMemory: uint64(f.maxMemory),
		MaxDepth: *f.maxDepth, MaxTime: *f.time,
	}
	if f.keepGoing {
		o.AfterViolation = -1
	}
	if a.progress.on {
		o.Progress, o.ProgressEvery = a.showSearch, time.Second/4
	}
	return o
}

func (a *app) showSearch(p checker.Progress) {
	a.progress.show("%s, %s, depth %d, frontier %s, %s, %s/s, %s",
		plural(p.States, "state"), plural(p.Transitions, "transition"), p.Depth, grouped(p.Frontier),
		bytesText(p.Memory), grouped(int64(p.Rate)), seconds(p.Elapsed))
}

// failedCheck ends a check whose model could not be explored: the model's own
// fault, and never a verdict.
func (a *app) failedCheck(c *chosen, f *checkFlags, report checker.Report, err error) error {
	if f.json {
		a.out.json(verdictRecord{Record: "verdict", Verb: "check", Model: c.family.Name, Configuration: c.name,
			Values: c.values.String(), Mutant: c.mutant, Verdict: verdict.Unknown, Reason: err.Error(), Seed: *f.seed,
			Seconds: report.Elapsed.Seconds()})
	}
	var panicked *checker.PanicError
	if errors.As(err, &panicked) {
		fmt.Fprintln(a.errors, panicked.Stack)
	}
	return err
}
