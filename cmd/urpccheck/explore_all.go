package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/fuzz/lockstep"
)

const (
	// eachTime is how long a configuration may be searched whole, if --time does
	// not say, before a sample must do.
	eachTime = 30 * time.Second
	// eachSample is how many executions that sample has.
	eachSample = 2_000
	// largestTied is the largest graph of the specification, in states, whose
	// configuration is searched in lock-step, transition by transition.
	largestTied = 100_000
)

// targetRow is what came of one configuration of one target.
type targetRow struct {
	Record        string          `json:"record"` // "configuration"
	Target        string          `json:"target"`
	Configuration string          `json:"configuration"`
	Verdict       verdict.Verdict `json:"verdict"`
	Complete      bool            `json:"complete"`
	BudgetUsed    bool            `json:"budgetUsed,omitempty"`
	Bound         string          `json:"bound"`
	Executions    uint64          `json:"executions"`
	States        uint64          `json:"states,omitempty"`
	Steps         uint64          `json:"steps"`
	// Specification is how much of it the code took, where the two were in lock-step.
	Specification *specificationRecord `json:"specification,omitempty"`
	Property      string               `json:"property,omitempty"`
	Token         string               `json:"token,omitempty"`
	Seconds       float64              `json:"seconds"`

	tied bool
}

// exploreAll explores every configuration of every target: every state if there
// is time, else a sample.
func (a *app) exploreAll(f *exploreFlags) error {
	started := time.Now()
	var mu sync.Mutex
	var rows []*targetRow
	var jobs []func() error
	for _, t := range explore.Targets {
		for _, c := range t.Configurations {
			row := &targetRow{Record: "configuration", Target: t.Name, Configuration: c.Name}
			rows = append(rows, row)
			jobs = append(jobs, func() error {
				err := a.exploreRow(t, c, f, row)
				mu.Lock()
				defer mu.Unlock()
				a.progress.show("%s %s: %v", row.Target, row.Configuration, row.Verdict)
				return err
			})
		}
	}
	err := inParallel(jobs)
	a.progress.clear()
	if err != nil {
		return err
	}
	a.tellAll(rows, f, time.Since(started))
	return nil
}

func (a *app) exploreRow(t explore.Target, c catalogue.Configuration, f *exploreFlags, row *targetRow) error {
	started := time.Now()
	defer func() { row.Seconds = time.Since(started).Seconds() }()
	if a.ctx.Err() != nil {
		row.Bound = "not explored: interrupted"
		return nil
	}
	v, _, err := t.Parse(c.Name)
	if err != nil {
		return err
	}
	limit := time.Duration(f.time)
	if limit == 0 {
		limit = eachTime
	}
	ctx, cancel := context.WithTimeout(a.ctx, limit)
	defer cancel()
	if err := a.searchWhole(ctx, t, v, f, row); err != nil {
		return err
	}
	if row.Complete || row.Property != "" || a.ctx.Err() != nil {
		return nil
	}
	r, err := explore.Run(a.ctx, t, v, schedule.Random(*f.seed, eachSample), schedule.Options{})
	row.book(&r)
	row.Specification = nil
	return err
}

// searchWhole visits every state, and every transition in lock-step where the
// specification is small enough.
func (a *app) searchWhole(ctx context.Context, t explore.Target, v catalogue.Values, f *exploreFlags, row *targetRow) error {
	if t.Name == explore.Channel().Name {
		g, err := lockstep.NewGraph(ctx, v, largestTied)
		switch {
		case err == nil:
			r, err := lockstep.Run(ctx, v, schedule.Stateful(), lockstep.Options{Graph: g, Schedule: schedule.Options{Plain: true, MaxMemory: uint64(f.maxMemory)}})
			row.book(&r.Report)
			row.tied, row.Specification = true, specificationOf(r.Coverage)
			return err
		case ctx.Err() == nil && !errors.Is(err, lockstep.ErrGraph) && !errors.Is(err, lockstep.ErrTooLarge):
			return err
		}
	}
	r, err := explore.Run(ctx, t, v, schedule.Stateful(), schedule.Options{MaxMemory: uint64(f.maxMemory)})
	row.book(&r)
	return err
}

// book takes a report down.
func (row *targetRow) book(r *schedule.Report) {
	row.Verdict, row.Complete, row.BudgetUsed, row.Bound = r.Verdict, r.Complete, r.BudgetUsed, r.Bound
	row.Executions, row.States, row.Steps = r.Executions, r.States, r.Steps
	if r.Failure != nil {
		row.Property, row.Token = r.Failure.Property, string(r.Failure.Token)
	}
}

// tellAll prints the table, or the objects, and the verdict over all of it.
func (a *app) tellAll(rows []*targetRow, f *exploreFlags, took time.Duration) {
	last := verdictRecord{Record: "verdict", Verb: "explore", Verdict: verdict.Holds, Complete: true, Seed: *f.seed, Interrupted: a.interrupted(), Seconds: took.Seconds()}
	page := table{head: []string{"target", "configuration", "visited", "executions", "states", "specification", "verdict"}}
	var executions uint64
	sampled := false
	for _, row := range rows {
		executions += row.Executions
		switch {
		case row.Verdict == verdict.Violated:
			last.Verdict = verdict.Violated
			last.Violated = append(last.Violated, row.Property)
			last.Replay = commandLine("replay", row.Token)
		case row.Verdict == verdict.Unknown && last.Verdict == verdict.Holds:
			last.Verdict = verdict.Unknown
		}
		last.Complete = last.Complete && row.Complete
		sampled = sampled || row.BudgetUsed
		if f.json {
			a.out.json(row)
			continue
		}
		page.row(func(s string) string { return a.out.paint(row.Verdict, s) }, 6, row.cells()...)
	}
	last.BudgetUsed = sampled && last.Verdict == verdict.Unknown && !last.Interrupted
	last.Executions = new(executions)
	if f.json {
		a.out.json(last)
	} else {
		page.write(a.out, a.out.width())
		a.out.line("")
		a.out.line("explore --all: %s, %s in %s, seed %d", a.out.paint(last.Verdict, outcomeOf(last)), plural(executions, "execution"), seconds(took), *f.seed)
		if last.Replay != "" {
			a.out.line("replay: %s", last.Replay)
		}
	}
	a.judged(last.Verdict, last.BudgetUsed)
}

func outcomeOf(r verdictRecord) string {
	if r.Verdict == verdict.Unknown && r.BudgetUsed {
		return "holds where every state was visited; of the others a sample, which proves nothing, found nothing"
	}
	return r.Verdict.String()
}

func (row *targetRow) cells() []string {
	visited, states, specified := "a sample", "", ""
	switch {
	case row.tied && row.Complete:
		visited = "every transition, in lock-step"
	case row.Complete:
		visited = "every state"
	case row.Executions == 0:
		visited = row.Bound
	}
	if row.States > 0 {
		states = grouped(row.States)
	}
	if s := row.Specification; s != nil {
		specified = grouped(s.TransitionsTaken) + " of " + grouped(s.Transitions) + " transitions"
	}
	outcome := row.Verdict.String()
	if row.BudgetUsed {
		outcome = "nothing found"
	}
	if row.Property != "" {
		outcome += ": " + row.Property
	}
	return []string{row.Target, row.Configuration, visited, grouped(row.Executions), states, specified, outcome}
}
