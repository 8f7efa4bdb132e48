package main

import (
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"urpc/checker/command/console"
	"urpc/checker/schedule"
	"urpc/fuzz/lockstep"
)

// The strategies, by name.
const (
	stateful = "stateful"
	optimal  = "optimal"
	bounded  = "bounded"
	random   = "random"
	pct      = "pct"
	pos      = "pos"
	urw      = "urw"
	surw     = "surw"
	drive    = "drive"

	// defaultDepth is the number of ordering constraints for which PCT looks.
	defaultDepth = 3
	// defaultPreemptions is the bound that most bugs need at most (Musuvathi and
	// Qadeer, PLDI 2007).
	defaultPreemptions = 2
	// defaultSample is how many executions a random exploration visits.
	defaultSample = 10_000
	// defaultLeftOut is how many of the specification's transitions that the code left
	// out are listed.
	defaultLeftOut = 10
)

// exploreFlags are the flags of explore.
type exploreFlags struct {
	config, mutant, out string
	strategy            *string
	json, keepGoing     bool
	passing             bool
	all, lockstep       bool
	plain, runAll       bool
	endReachable        bool
	preemptions, depth  *int
	leftOut             *int
	workers, maxSteps   *int
	maxMemory           console.Size
	executions, seed    *uint64
	time                *time.Duration
}

func (f *exploreFlags) declare(flags *pflag.FlagSet) {
	flags.StringVar(&f.config, "config", "", "a `configuration`: NAME or key=value,... or NAME,key=value,...")
	flags.StringVar(&f.mutant, "mutant", "", "`NAME` of a fault to plant in the runtime's source; needs Go and the source")
	flags.StringVar(&f.out, "out", "", "`folder` for what a failure leaves (a fresh one under urpc-out/)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "count all failing executions instead of ending at the first")
	flags.BoolVar(&f.passing, "passing", false, "show the longest execution that passes, too")
	flags.BoolVar(&f.all, "all", false, "explore every configuration of every target, or of those named, and print one table")
	flags.BoolVar(&f.lockstep, "lockstep", false, "demand of each step that it be one of the specification; targets "+enumerated(targetsThat(lockstep.Tied)))
	f.leftOut = console.NumberFlag(flags, "left-out", defaultLeftOut, -1, math.MaxInt32, "with --lockstep: list so many of the specification's transitions that the code left out; -1: all")
	flags.BoolVar(&f.plain, "plain", false, "strategy stateful: visit every transition, without any reduction")
	flags.BoolVar(&f.endReachable, "end-reachable", false, "strategy stateful: an end of the execution must be reachable from every state; as large as --plain")
	flags.BoolVar(&f.runAll, "run-all", false, "strategy stateful: run every execution, also those whose steps are all known")
	f.strategy = console.WordFlag(flags, "strategy", stateful, strategies, "which executions to visit")
	f.preemptions = console.NumberFlag(flags, "preemptions", defaultPreemptions, -1, 1000, "strategy bounded, which it implies; -1: every execution")
	f.depth = console.NumberFlag(flags, "depth", defaultDepth, 1, 100, "ordering constraints of the bugs that strategy pct looks for")
	f.executions = console.NumberFlag[uint64](flags, "executions", 0, 0, console.MostCount, fmt.Sprintf("end after so many; 0: no limit, of a sample %d", defaultSample))
	f.maxSteps = console.NumberFlag(flags, "max-steps", schedule.DefaultMaxSteps, 1, 1_000_000_000, "steps of one execution; what is longer makes the verdict unknown")
	f.time = console.SpanFlag(flags, "time", console.ShortestLimit, fmt.Sprintf("end after so long, all of it; 0: no limit, with --all %v to search a configuration", eachTime))
	f.workers = console.NumberFlag(flags, "workers", 0, 0, 1024, "goroutines of strategy stateful; 0: as many as processors, with --lockstep one")
	flags.Var(&f.maxMemory, "max-memory", "strategy stateful: end with unknown when its tables hold so much; 0: no limit")
	f.seed = console.SeedFlag(flags)
}

var strategies = []string{stateful, optimal, bounded, random, pct, pos, urw, surw, drive}

// settle refuses flags that have no meaning together; set says of a flag whether
// it was given.
func (f *exploreFlags) settle(set func(flag string) bool) error {
	if set("preemptions") && !set("strategy") {
		*f.strategy = bounded
	}
	for _, x := range []struct{ flag, strategy string }{
		{"preemptions", bounded}, {"depth", pct}, {"plain", stateful}, {"end-reachable", stateful}, {"run-all", stateful}, {"workers", stateful}, {"max-memory", stateful},
	} {
		if set(x.flag) && *f.strategy != x.strategy {
			return console.Usage("explore: --%s is for --strategy %s", x.flag, x.strategy)
		}
	}
	if *f.strategy == drive {
		f.lockstep = true
		for _, flag := range []string{"keep-going", "passing"} {
			if set(flag) {
				return console.Usage("explore: --%s is for strategies that visit executions for their own sake, not for %s", flag, drive)
			}
		}
	}
	if set("left-out") && !f.lockstep {
		return console.Usage("explore: --left-out is for --lockstep")
	}
	if f.lockstep && *f.workers > 1 {
		return console.Usage("explore: --lockstep has one worker, since one observer follows all executions")
	}
	if f.all {
		for _, flag := range []string{"workers", "config", "mutant", "strategy", "preemptions", "plain", "end-reachable", "run-all", "lockstep", "executions", "max-steps", "keep-going", "passing", "out"} {
			if set(flag) {
				return console.Usage("explore: --%s is for one target, not for --all", flag)
			}
		}
	}
	return nil
}

// samples says whether the strategy visits a sample.
func (f *exploreFlags) samples() bool {
	return *f.strategy != drive && f.chosenStrategy().Samples()
}

func (f *exploreFlags) chosenStrategy() schedule.Strategy {
	sample := *f.executions
	if sample == 0 {
		sample = defaultSample
	}
	switch *f.strategy {
	case stateful:
		return schedule.Stateful()
	case optimal:
		return schedule.Optimal()
	case bounded:
		return schedule.Bounded(*f.preemptions)
	case random:
		return schedule.Random(*f.seed, sample)
	case pct:
		return schedule.PCT(*f.depth, *f.seed, sample)
	case pos:
		return schedule.POS(*f.seed, sample)
	case urw:
		return schedule.Uniform(*f.seed, sample)
	case surw:
		return schedule.Selective(*f.seed, sample)
	default:
		panic("explore: a strategy that the flag does not know: " + *f.strategy)
	}
}

func (a *app) exploreOptions(f *exploreFlags) schedule.Options {
	o := schedule.Options{
		KeepGoing: f.keepGoing, Passing: f.passing, MaxExecutions: *f.executions, MaxSteps: *f.maxSteps, Plain: f.plain, RunAll: f.runAll,
		EndReachable: f.endReachable,
		Workers:      *f.workers, MaxMemory: uint64(f.maxMemory),
	}
	switch {
	case f.lockstep:
		o.Workers = 1 // one observer follows all executions
	case o.Workers == 0:
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if a.Progress.On {
		o.Progress = a.showExploration
	}
	return o
}
