package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"urpc/checker/command/console"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/lockstep"
)

// explored is an exploration, or a replay, that has ended, to be told.
type explored struct {
	*app
	verb, target, configuration, values, mutant string
	seed                                        uint64
	maxSteps                                    int // 0: the default
	out                                         string
	leftOut                                     int // of the specification's transitions that the code left out, how many are listed; -1: all
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
		e.app.Out.JSON(e.record())
	} else {
		e.print()
	}
	e.Judged(e.report.Verdict, e.report.BudgetUsed)
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
	folder := program.Artifacts(e.out, e.verb, e.target, e.mutant)
	files := []artifact{{"failure.txt", func(w io.Writer) error { return failure.WriteText(w, console.DefaultWidth) }}}
	if failure.Token != "" {
		files = append(files, artifact{"token", func(w io.Writer) error {
			_, err := fmt.Fprintln(w, failure.Token)
			return err
		}})
	}
	for _, file := range files {
		path, err := folder.Write(file.name, file.fill)
		if err != nil {
			fmt.Fprintf(e.Errors, "urpccheck: %v; the failure stands\n", err)
			return
		}
		e.artifacts = append(e.artifacts, path)
	}
}

// artifact is a file that a failure leaves.
type artifact struct {
	name string
	fill func(io.Writer) error
}

// replayOf gives the command that replays the execution of a token. Where a drive
// has none, it is made again as a whole: the specification's graph determines it.
func (e *explored) replayOf(token schedule.Token) string {
	if token == "" {
		words := []string{"explore", e.target, "--config", e.configuration, "--strategy", drive}
		if e.mutant != "" {
			words = append(words, "--mutant", e.mutant)
		}
		return program.CommandLine(words...)
	}
	if e.tied != nil {
		return program.CommandLine("replay", "--lockstep", string(token))
	}
	return program.CommandLine("replay", string(token))
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
	if e.maxSteps > 0 && e.maxSteps != schedule.DefaultMaxSteps {
		words = append(words, "--max-steps", fmt.Sprint(e.maxSteps))
	}
	return program.CommandLine(append(words, "--seed", fmt.Sprint(s.Seed()), "--executions", fmt.Sprint(s.Executions()))...)
}

// tellStuck prints the steps of an execution that is stuck, if there is one.
func (a *app) tellStuck(x *schedule.Execution, asJSON bool) {
	switch {
	case x == nil:
	case asJSON:
		r := executionOf(x)
		r.Stuck = true
		a.Out.JSON(r)
	default:
		x.WriteText(a.Out, a.Out.Width())
	}
}

func (e *explored) title() string {
	if e.mutant != "" {
		return e.target + " with mutant " + e.mutant
	}
	return e.target
}

func (e *explored) print() {
	r := &e.report
	width := e.app.Out.Width()
	outcome := r.Verdict.String()
	if r.Verdict == verdict.Unknown && r.BudgetUsed {
		outcome = "nothing found; a sample proves nothing"
	}
	e.app.Out.Line("%s, the runtime's code: %s", e.title(), e.app.Out.Paint(r.Verdict, outcome))
	configuration := e.configuration
	if e.values != e.configuration {
		configuration += " (" + e.values + ")"
	}
	e.app.Out.Line("%s", console.Folded("configuration "+configuration, width, "  "))
	e.app.Out.Line("%s", console.Folded(e.covered(), width, "  "))
	if e.samples {
		e.app.Out.Line("  %s, seed %d", console.Seconds(e.took), e.seed)
	} else {
		e.app.Out.Line("  %s, no random choices", console.Seconds(e.took))
	}
	if e.tied != nil {
		e.tied.WriteText(e.app.Out, e.leftOut)
	}
	if r.Passing != nil && e.verb != "replay" {
		e.app.Out.Line("")
		r.Passing.WriteText(e.app.Out, width)
		e.app.Out.Line("")
		e.app.Out.Line("replay the one that passes: %s", e.replayOf(r.Passing.Token))
	}
	if r.Failure != nil {
		e.app.Out.Line("")
		r.Failure.WriteText(e.app.Out, width)
		e.app.Out.Line("")
		if found := e.foundBy(r.Failure.Token); found != "" {
			e.app.Out.Line("found by: %s", found)
		}
		e.app.Out.Line("replay: %s", e.replay)
	}
}

// covered says what was visited, and within which bound.
func (e *explored) covered() string {
	r := &e.report
	text := fmt.Sprintf("%s, %s, the longest of %s; bound: %s", console.Plural(r.Executions, "execution"), console.Plural(r.Steps, "step"), console.Plural(r.Depth, "step"), r.Bound)
	if r.States > 0 {
		text = fmt.Sprintf("%s, %s met again of which %s verified, in ", console.Plural(r.States, "state"), console.Grouped(r.Hits), console.Grouped(r.Verified)) + text
	}
	if r.Rounds > 0 {
		text += fmt.Sprintf("; may go round for ever: %s came back to a state of its own, in the first one %s", console.Plural(r.Rounds, "execution"), r.Round)
		if !r.EndReachable && r.Livelocked == 0 {
			text += ", and whether that can be left was not checked (flag --end-reachable)"
		}
	}
	if r.EndReachable {
		text += "; no livelock: an end can be reached from every state"
	}
	if r.Livelocked > 0 {
		text += fmt.Sprintf("; livelock: from %s no end can be reached", console.Plural(r.Livelocked, "state"))
	}
	if r.Untold != nil {
		text += fmt.Sprintf("; some states count as several, how many depends on the order: %s read and told nothing", strings.Join(r.Untold, ", "))
	}
	if r.Distrusted != nil {
		text += "; not relied on, a lock: " + strings.Join(r.Distrusted, "; ")
	}
	if r.Recalled > 0 {
		text += fmt.Sprintf("; of the executions, recalled and not run: %s", console.Grouped(r.Recalled))
	}
	if r.Swapped > 0 {
		text += fmt.Sprintf("; verified in either order: %s of steps", console.Plural(r.Swapped, "pair"))
	}
	if r.Walks > 0 {
		text += fmt.Sprintf("; verified by %s from the beginning", console.Plural(r.Walks, "random walk"))
	}
	if r.Redundant > 0 {
		text += fmt.Sprintf("; %s redundant", console.Grouped(r.Redundant))
	}
	if r.Bad > 0 && e.verb != "replay" {
		text += fmt.Sprintf("; bad: %s of %s", console.Grouped(r.Bad), console.Grouped(r.Executions))
		if r.Reason == schedule.FirstFailure {
			text += ", the last"
		}
	}
	if r.Differs != "" {
		text += "; " + r.Differs
	}
	if r.Agrees != "" {
		text += "; " + r.Agrees + ", by whichever build that was made"
	}
	if !r.Complete && r.Verdict != verdict.Violated && r.Reason != "" {
		text += "; not complete: " + r.Reason
		if r.TooLong > 0 {
			text += " (flag --max-steps)"
		}
	}
	return text
}

func (e *explored) record() verdictRecord {
	r := &e.report
	record := verdictRecord{
		Record: "verdict", Verb: e.verb, Target: e.target, Configuration: e.configuration, Values: e.values, Mutant: e.mutant,
		Verdict: r.Verdict, Complete: r.Complete, Interrupted: e.Interrupted() && !r.Complete, BudgetUsed: r.BudgetUsed,
		Bound: r.Bound, Reason: r.Reason, Differs: r.Differs, Agrees: r.Agrees, Seed: e.seed,
		Executions: new(r.Executions), Steps: new(r.Steps), Depth: new(r.Depth), Bad: new(r.Bad),
		Artifacts: e.artifacts, Replay: e.replay,
		Seconds: e.took.Seconds(), Rate: float64(r.Executions) / max(e.took.Seconds(), 1e-9),
	}
	if r.States > 0 {
		record.States, record.Verified, record.Recalled, record.Untold = new(r.States), new(r.Verified), new(r.Recalled), r.Untold
		record.Distrusted, record.Rounds = r.Distrusted, r.Rounds
		record.EndReachable, record.Livelocked = r.EndReachable, r.Livelocked
		if r.Swapped > 0 {
			record.Swapped = new(r.Swapped)
		}
	}
	if r.Walks > 0 {
		record.Walks = new(r.Walks)
	}
	if l := e.tied; l != nil {
		record.Matched, record.Candidates = new(l.Matched), new(l.Candidates)
		record.LeftOut = l.LeftOut(e.leftOut)
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
