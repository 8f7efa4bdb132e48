package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/fuzz/lockstep"
	"urpc/fuzz/mutant"
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
)

// exploreFlags are the flags of explore.
type exploreFlags struct {
	config, mutant, out  string
	strategy             *string
	json, keepGoing      bool
	passing              bool
	all, lockstep, plain bool
	preemptions, depth   *int
	workers              *int
	maxMemory            size
	executions, seed     *uint64
	time                 span
}

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

A search of everything within a bound is unknown (exit code 3) when --time or
--executions cuts it short. A sample is used up by either: if nothing was found
its exit code is 0, although a sample proves nothing.`,
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
			return one("TARGET", targetNames)(cmd, args)
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
	flags := c.Flags()
	flags.StringVar(&f.config, "config", "", "a `configuration`: NAME or key=value,... or NAME,key=value,...")
	flags.StringVar(&f.mutant, "mutant", "", "`NAME` of a fault to plant in the runtime's source; needs Go and the source")
	flags.StringVar(&f.out, "out", "", "`folder` for what a failure leaves (a fresh one under urpc-out/)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "count all failing executions instead of ending at the first")
	flags.BoolVar(&f.passing, "passing", false, "show the longest execution that passes, too")
	flags.BoolVar(&f.all, "all", false, "explore every configuration of every target, or of those named, and print one table")
	flags.BoolVar(&f.lockstep, "lockstep", false, "demand of each step that it be one of the specification; targets channel and bind")
	flags.BoolVar(&f.plain, "plain", false, "strategy stateful: visit every transition, without any reduction")
	f.strategy = wordFlag(flags, "strategy", stateful, strategies, "which executions to visit")
	f.preemptions = numberFlag(flags, "preemptions", defaultPreemptions, -1, 1000, "strategy bounded, which it implies; -1: every execution")
	f.depth = numberFlag(flags, "depth", defaultDepth, 1, 100, "ordering constraints of the bugs that strategy pct looks for")
	f.executions = numberFlag[uint64](flags, "executions", 0, 0, 1<<63, fmt.Sprintf("end after so many; 0: no limit, of a sample %d", defaultSample))
	flags.Var(&f.time, "time", "end after so long; 0: no limit")
	f.workers = numberFlag(flags, "workers", 0, 0, 1024, "goroutines of strategy stateful; 0: as many as processors, with --lockstep one")
	flags.Var(&f.maxMemory, "max-memory", "strategy stateful: end with unknown when its tables hold so much; 0: no limit")
	f.seed = seedFlag(flags)
	return c
}

func targetNames() []string {
	var names []string
	for _, t := range explore.Targets {
		names = append(names, t.Name)
	}
	return names
}

// targetFamilies are the targets as list shows them, with the mutants that each finds.
func targetFamilies() []catalogue.Family {
	var all []catalogue.Family
	for _, t := range explore.Targets {
		all = append(all, familyOfTarget(t))
	}
	return all
}

func familyOfTarget(t explore.Target) catalogue.Family {
	f := catalogue.Family{Name: t.Name, Doc: t.Doc, Parameters: t.Parameters, Configurations: t.Configurations}
	for _, m := range mutant.All() {
		if m.Target == t.Name {
			f.Mutants = append(f.Mutants, catalogue.Mutant{Name: m.Name, Doc: m.Doc, Configuration: m.Configuration, KilledBy: m.KilledBy})
		}
	}
	return f
}

// explore runs real code under chosen interleavings and tells what it found.
func (a *app) explore(name string, f *exploreFlags) error {
	target, err := explore.Find(name)
	if err != nil {
		return usageOf(err)
	}
	config, err := f.configurationOf(target)
	if err != nil {
		return usageOf(err)
	}
	values, named, err := target.Parse(config)
	if err != nil {
		return usage("target %s: %w", name, err)
	}
	if f.mutant != mutant.Running() {
		return a.asMutant(f.mutant, append(os.Args[1:], "--seed", fmt.Sprint(*f.seed)))
	}
	ctx, cancel := f.deadline(a.ctx)
	defer cancel()
	started := time.Now()
	report, tied, err := a.exploreOne(ctx, target, values, f)
	a.progress.clear()
	if err != nil {
		return err
	}
	f.settleBudget(ctx, &report)
	e := &explored{app: a, verb: "explore", target: target.Name, configuration: orElse(named, values.String()), values: values.String(),
		mutant: f.mutant, seed: *f.seed, samples: f.samples(), out: f.out, json: f.json, report: report, tied: tied, took: time.Since(started)}
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
	if m, err := mutant.Find(f.mutant); err == nil && f.lockstep && target.Name == explore.Channel().Name && m.LockStep.Configuration != "" {
		return orElse(f.config, m.LockStep.Configuration), nil
	}
	m, err := familyOfTarget(target).Mutant(f.mutant)
	return orElse(f.config, m.Configuration), err
}

// exploreOne explores one configuration, in lock-step if that is asked for: then
// tied is what that has to say.
func (a *app) exploreOne(ctx context.Context, t explore.Target, v catalogue.Values, f *exploreFlags) (r schedule.Report, tied *lockstep.Report, err error) {
	if !f.lockstep {
		r, err = explore.Run(ctx, t, v, f.chosenStrategy(), a.exploreOptions(f))
		return r, nil, err
	}
	if !lockstep.Tied(t.Name) || *f.strategy == drive && t.Name != explore.Channel().Name {
		return r, nil, usage("explore: --lockstep is for targets %s and %s, and --strategy %s for the first; not for %s", explore.Channel().Name, explore.Bind().Name, drive, t.Name)
	}
	if t.Name == explore.Bind().Name {
		l, err := lockstep.RunBinding(ctx, v, f.chosenStrategy(), lockstep.Options{Schedule: a.exploreOptions(f)})
		return l.Report, &l, err
	}
	graph, err := lockstep.NewGraph(ctx, v, lockstep.MostStates)
	if err != nil {
		return r, nil, err
	}
	var l lockstep.Report
	if *f.strategy == drive {
		l, err = lockstep.Drive(ctx, v, graph, *f.executions)
	} else {
		l, err = lockstep.Run(ctx, v, f.chosenStrategy(), lockstep.Options{Graph: graph, Schedule: a.exploreOptions(f)})
	}
	return l.Report, &l, err
}

func (f *exploreFlags) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.time == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(f.time))
}

// settleBudget says what it means that a limit was met: it uses up a sample, and
// cuts short what was to be searched whole.
func (f *exploreFlags) settleBudget(ctx context.Context, r *schedule.Report) {
	outOfTime := errors.Is(ctx.Err(), context.DeadlineExceeded) && !r.Complete && !r.BudgetUsed && r.Failure == nil
	if outOfTime {
		r.Reason = fmt.Sprintf("the time limit of %v was met", time.Duration(f.time))
	}
	r.BudgetUsed = f.samples() && (r.BudgetUsed || outOfTime)
}

var strategies = []string{stateful, optimal, bounded, random, pct, pos, urw, surw, drive}

// settle refuses flags that have no meaning together; set says of a flag whether
// it was given.
func (f *exploreFlags) settle(set func(flag string) bool) error {
	if set("preemptions") && !set("strategy") {
		*f.strategy = bounded
	}
	for _, x := range []struct{ flag, strategy string }{
		{"preemptions", bounded}, {"depth", pct}, {"plain", stateful}, {"workers", stateful}, {"max-memory", stateful},
	} {
		if set(x.flag) && *f.strategy != x.strategy {
			return usage("explore: --%s is for --strategy %s", x.flag, x.strategy)
		}
	}
	if *f.strategy == drive {
		f.lockstep = true
		for _, flag := range []string{"keep-going", "passing"} {
			if set(flag) {
				return usage("explore: --%s is for strategies that visit executions for their own sake, not for %s", flag, drive)
			}
		}
	}
	if f.lockstep && *f.workers > 1 {
		return usage("explore: --lockstep has one worker, since one observer follows all executions")
	}
	if f.all {
		for _, flag := range []string{"workers", "config", "mutant", "strategy", "preemptions", "plain", "lockstep", "executions", "keep-going", "passing", "out"} {
			if set(flag) {
				return usage("explore: --%s is for one target, not for --all", flag)
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
		KeepGoing: f.keepGoing, Passing: f.passing, MaxExecutions: *f.executions, Plain: f.plain,
		Workers: *f.workers, MaxMemory: uint64(f.maxMemory),
	}
	switch {
	case f.lockstep:
		o.Workers = 1 // one observer follows all executions
	case o.Workers == 0:
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if a.progress.on {
		o.Progress = a.showExploration
	}
	return o
}

func (a *app) showExploration(p schedule.Progress) {
	a.progress.show("%s, %s, %s, %s/s", plural(p.Executions, "execution"), plural(p.Steps, "step"), p.Bound, grouped(int64(p.Rate)))
}

// mostLeftOut is how many transitions of the specification that the code left out
// are told.
const mostLeftOut = 10

// explored is an exploration, or a replay, that has ended, to be told.
type explored struct {
	*app
	verb, target, configuration, values, mutant string
	seed                                        uint64
	out                                         string
	json, samples                               bool
	report                                      schedule.Report
	tied                                        *lockstep.Report // nil: not in lock-step
	took                                        time.Duration

	artifacts []string
	replay    string
}

// tell prints the outcome and sets the exit code.
func (e *explored) tell() {
	e.settle()
	if e.json {
		e.app.out.json(e.record())
	} else {
		e.print()
	}
	e.judged(e.report.Verdict, e.report.BudgetUsed)
}

// settle writes what a failure leaves.
func (e *explored) settle() {
	failure := e.report.Failure
	if failure == nil {
		return
	}
	e.replay = e.replayOf(failure.Token)
	if e.verb == "replay" {
		return
	}
	folder := newArtifacts(e.out, e.verb, e.target, e.mutant)
	for _, file := range []struct {
		name string
		fill func(io.Writer) error
	}{
		{"token", func(w io.Writer) error {
			_, err := fmt.Fprintln(w, orElse(string(failure.Token), e.replay))
			return err
		}},
		{"failure.txt", func(w io.Writer) error { return failure.WriteText(w, defaultWidth) }},
	} {
		path, err := folder.write(file.name, file.fill)
		if err != nil {
			fmt.Fprintf(e.errors, "urpccheck: %v; the failure stands\n", err)
			return
		}
		e.artifacts = append(e.artifacts, path)
	}
}

// replayOf gives the command that replays the execution of a token. A drive has
// none: what it does is determined by the specification's graph, and it is made
// again as a whole.
func (e *explored) replayOf(token schedule.Token) string {
	if token == "" {
		words := []string{"explore", e.target, "--config", e.configuration, "--strategy", drive}
		if e.mutant != "" {
			words = append(words, "--mutant", e.mutant)
		}
		return commandLine(words...)
	}
	if e.tied != nil {
		return commandLine("replay", "--lockstep", string(token))
	}
	return commandLine("replay", string(token))
}

// foundBy gives the command of the sample whose last execution the failure was, as
// its token names it; "" if no sample found it.
func (e *explored) foundBy(token schedule.Token) string {
	info, err := schedule.ParseToken(token)
	s := info.Strategy
	if err != nil || !s.Samples() {
		return ""
	}
	words := []string{"explore", info.Target, "--config", info.Configuration}
	if info.Mutant != "" {
		words = append(words, "--mutant", info.Mutant)
	}
	if e.tied != nil {
		words = append(words, "--lockstep")
	}
	words = append(words, "--strategy", s.Name())
	if s.Depth() > 0 {
		words = append(words, "--depth", fmt.Sprint(s.Depth()))
	}
	return commandLine(append(words, "--seed", fmt.Sprint(s.Seed()), "--executions", fmt.Sprint(s.Executions()))...)
}

func (e *explored) title() string {
	if e.mutant != "" {
		return e.target + " with mutant " + e.mutant
	}
	return e.target
}

func (e *explored) print() {
	r := &e.report
	width := e.app.out.width()
	outcome := r.Verdict.String()
	if r.Verdict == verdict.Unknown && r.BudgetUsed {
		outcome = "nothing found; a sample proves nothing"
	}
	e.app.out.line("%s, the runtime's code: %s", e.title(), e.app.out.paint(r.Verdict, outcome))
	configuration := e.configuration
	if e.values != e.configuration {
		configuration += " (" + e.values + ")"
	}
	e.app.out.line("%s", folded("configuration "+configuration, width, "  "))
	e.app.out.line("%s", folded(e.covered(), width, "  "))
	if e.samples {
		e.app.out.line("  %s, seed %d", seconds(e.took), e.seed)
	} else {
		e.app.out.line("  %s, no random choices", seconds(e.took))
	}
	if e.tied != nil {
		e.tied.WriteText(e.app.out, mostLeftOut)
	}
	if r.Passing != nil && e.verb != "replay" {
		e.app.out.line("")
		r.Passing.WriteText(e.app.out, width)
		e.app.out.line("")
		e.app.out.line("replay the one that passes: %s", e.replayOf(r.Passing.Token))
	}
	if r.Failure != nil {
		e.app.out.line("")
		r.Failure.WriteText(e.app.out, width)
		e.app.out.line("")
		if found := e.foundBy(r.Failure.Token); found != "" {
			e.app.out.line("found by: %s", found)
		}
		e.app.out.line("replay: %s", e.replay)
	}
}

// covered says what was visited, and within which bound.
func (e *explored) covered() string {
	r := &e.report
	text := fmt.Sprintf("%s, %s, the longest of %s; bound: %s", plural(r.Executions, "execution"), plural(r.Steps, "step"), plural(r.Depth, "step"), r.Bound)
	if r.States > 0 {
		text = fmt.Sprintf("%s, %s met again of which %s verified, in ", plural(r.States, "state"), grouped(r.Hits), grouped(r.Verified)) + text
	}
	if r.Untold != nil {
		text += fmt.Sprintf("; some states count as several, how many depends on the order: %s read and told nothing", strings.Join(r.Untold, ", "))
	}
	if r.Redundant > 0 {
		text += fmt.Sprintf("; %s redundant", grouped(r.Redundant))
	}
	if r.Bad > 0 && e.verb != "replay" {
		text += fmt.Sprintf("; bad: %s of %s", grouped(r.Bad), grouped(r.Executions))
		if r.Reason == schedule.FirstFailure {
			text += ", the last"
		}
	}
	if !r.Complete && r.Verdict != verdict.Violated && r.Reason != "" {
		text += "; not complete: " + r.Reason
	}
	return text
}

func (e *explored) record() verdictRecord {
	r := &e.report
	record := verdictRecord{
		Record: "verdict", Verb: e.verb, Target: e.target, Configuration: e.configuration, Values: e.values, Mutant: e.mutant,
		Verdict: r.Verdict, Complete: r.Complete, Interrupted: e.interrupted() && !r.Complete, BudgetUsed: r.BudgetUsed,
		Bound: r.Bound, Reason: r.Reason, Seed: e.seed,
		Executions: new(r.Executions), Steps: new(r.Steps), Depth: new(r.Depth), Bad: new(r.Bad),
		Artifacts: e.artifacts, Replay: e.replay,
		Seconds: e.took.Seconds(), Rate: float64(r.Executions) / max(e.took.Seconds(), 1e-9),
	}
	if r.States > 0 {
		record.States, record.Verified, record.Untold = new(r.States), new(r.Verified), r.Untold
	}
	if l := e.tied; l != nil {
		record.Matched, record.Candidates = new(l.Matched), new(l.Candidates)
		if l.Specification != nil {
			record.Specification = specificationOf(l.Specification)
		}
	}
	if r.Redundant > 0 {
		record.Redundant = new(r.Redundant)
	}
	if r.Passing != nil && e.verb != "replay" {
		record.Passing = string(r.Passing.Token)
	}
	if f := r.Failure; f != nil {
		record.Property, record.Violated, record.Message = f.Property, []string{f.Property}, f.Message
		record.TraceLength, record.Preemptions, record.Token = new(len(f.Steps)), new(f.Preemptions), string(f.Token)
	}
	return record
}

// replaySchedule runs the execution of a token again, in its mutant if it names
// one.
func (a *app) replaySchedule(token string, f *replayFlags) error {
	started := time.Now()
	info, report, err := a.runToken(token, f.lockstep)
	if err != nil || report == nil {
		return err
	}
	values, err := valuesOf(info)
	if err != nil {
		return err
	}
	e := &explored{app: a, verb: "replay", target: info.Target, configuration: info.Configuration, values: values,
		mutant: info.Mutant, json: f.json, report: *report, took: time.Since(started)}
	e.tell()
	return nil
}

// valuesOf gives the values of a token's configuration in full.
func valuesOf(info schedule.TokenInfo) (string, error) {
	target, err := explore.Find(info.Target)
	if err != nil {
		return "", err
	}
	values, _, err := target.Parse(info.Configuration)
	return values.String(), err
}

// showSchedule prints the execution of a token. It is no verdict.
func (a *app) showSchedule(token string, f *showFlags) error {
	_, report, err := a.runToken(token, f.lockstep)
	switch {
	case err != nil:
		return err
	case report == nil: // shown by the mutant
		return nil
	case report.Failure == nil && report.Passing == nil:
		return errors.New("interrupted before there was anything to show")
	case report.Failure == nil && f.json:
		a.out.json(executionOf(report.Passing))
		return nil
	case report.Failure == nil:
		return report.Passing.WriteText(a.out, a.out.width())
	case f.json:
		a.out.json(failureOf(report.Failure))
		return nil
	}
	return report.Failure.WriteText(a.out, a.out.width())
}

// runToken replays a token, in lock-step if it is tied; the report is nil if a program with the token's
// mutant did.
func (a *app) runToken(token string, tied bool) (schedule.TokenInfo, *schedule.Report, error) {
	info, err := schedule.ParseToken(schedule.Token(token))
	if err != nil {
		return info, nil, usage("%s: %w", shortened(token), err)
	}
	if info.Mutant != mutant.Running() {
		if _, err := mutant.Find(info.Mutant); err != nil {
			return info, nil, usage("%s: %w", shortened(token), err)
		}
		return info, nil, a.asMutant(info.Mutant, os.Args[1:])
	}
	var report schedule.Report
	if tied {
		var l lockstep.Report
		l, err = lockstep.ReplayTarget(a.ctx, schedule.Token(token), lockstep.Options{})
		report = l.Report
	} else {
		report, err = explore.Replay(a.ctx, schedule.Token(token), schedule.Options{})
	}
	if err != nil {
		return info, nil, usage("%s: %w", shortened(token), err)
	}
	return info, &report, nil
}
