package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"urpc/checker/catalogue"
	"urpc/checker/command/console"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/fuzz/lockstep"
)

const (
	// eachTime is how long a search of every state may take, if there is no --time, before
	// a sample must do; of a large configuration a sample must do at once.
	eachTime = 10 * time.Minute
	// eachSample is how many executions that sample has.
	eachSample = 10_000
	// eachTied is how many executions a search in lock-step may have, transition by
	// transition, where the specification has no graph that tells beforehand how large
	// it will be.
	eachTied = 300_000
	// largestTied is the largest graph of the specification, in states, whose
	// configuration is searched in lock-step, transition by transition. Up to
	// largestDriven the code is driven through the graph instead.
	largestTied   = 40_000
	largestDriven = 1_250_000
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
	Untold        []string        `json:"untold,omitempty"` // as in the verdict of one configuration
	// Specification is how much of it the code took, where the two were in lock-step.
	Specification *specificationRecord `json:"specification,omitempty"`
	// Cut: time ended what was to be visited, a sample or a search of everything.
	Cut      bool    `json:"cut,omitempty"`
	Property string  `json:"property,omitempty"`
	Token    string  `json:"token,omitempty"`
	Error    string  `json:"error,omitempty"` // why it could not be explored to its end
	Seconds  float64 `json:"seconds"`

	tied, driven, driveCut bool
	why                    string // it was cut short; "" if it was not
}

// exploreAll explores every configuration of every target, or of those that are
// named: every state if there is time, else a sample.
func (a *app) exploreAll(names []string, f *exploreFlags) error {
	targets, err := targetsOf(names)
	if err != nil {
		return err
	}
	started := time.Now()
	ctx, cancel := f.deadline(a.Ctx)
	defer cancel()
	shares := &shares{whole: *f.time, started: started}
	var mu sync.Mutex
	var failed error
	var rows []*targetRow
	done := 0
	var jobs []func() error
	for _, t := range targets {
		for _, c := range t.Configurations {
			row := &targetRow{Record: "configuration", Target: t.Name, Configuration: c.Name}
			rows = append(rows, row)
			jobs = append(jobs, func() error {
				err := a.exploreRow(ctx, shares.next(), t, c, f, row)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					row.fails(err)
					if failed == nil {
						failed = fmt.Errorf("target %s, configuration %s: %w", t.Name, c.Name, err)
					}
				}
				done++
				a.Progress.Say("%d of %d, %s: %s %s: %s", done, len(rows), console.Seconds(time.Since(started)), row.Target, row.Configuration, row.outcome())
				if f.json {
					a.Out.JSON(row)
				}
				return nil
			})
		}
	}
	shares.left = len(jobs)
	err = inParallel(processors(), jobs)
	a.Progress.Clear()
	if err != nil {
		return err
	}
	a.tellAll(rows, f, time.Since(started))
	return failed
}

// fails notes that the configuration cannot be explored: of what was seen of it no verdict
// follows, and the others have theirs.
func (row *targetRow) fails(err error) {
	row.Error, row.Verdict, row.Complete, row.BudgetUsed, row.Cut = err.Error(), verdict.Unknown, false, false, false
}

// shares deals out the time of --time: to each configuration that is begun as much as it
// would have if all that are left got the same. Half of it is for a search of everything,
// a quarter before that for the specification's graph; in the rest a sample must do, or,
// if the search was complete, a drive is made.
type shares struct {
	whole   time.Duration // 0: no limit
	started time.Time
	mu      sync.Mutex
	left    int // configurations that are not begun
}

// next is the time of the next configuration; 0: no limit.
func (s *shares) next() time.Duration {
	if s.whole == 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.whole - time.Since(s.started)
	share := most
	if at := processors(); at < s.left {
		share = most * time.Duration(at) / time.Duration(s.left)
	}
	s.left--
	return max(share, 1)
}

// targetsOf gives the targets of these names; all if there is none.
func targetsOf(names []string) ([]explore.Target, error) {
	if len(names) == 0 {
		return explore.Targets, nil
	}
	var targets []explore.Target
	for _, name := range names {
		t, err := explore.Find(name)
		if err != nil {
			return nil, console.UsageOf(err)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// exploreRow explores one configuration, within share if that is not 0.
func (a *app) exploreRow(ctx context.Context, share time.Duration, t explore.Target, c catalogue.Configuration, f *exploreFlags, row *targetRow) error {
	started := time.Now()
	defer func() { row.Seconds = time.Since(started).Seconds() }()
	search, drive, graph := eachTime, eachTime, console.Longest
	if share > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
		search, drive, graph = share/2, share, share/4
	}
	defer row.settle(ctx)
	if ctx.Err() != nil {
		return nil
	}
	v, _, err := t.Parse(c.Name)
	if err != nil {
		return err
	}
	g, err := graphOf(ctx, graph, t, v)
	if err != nil {
		return err
	}
	if !c.Large {
		if err := forSoLong(ctx, search/3, func(ctx context.Context) error { return searchTied(ctx, t, v, g, f, row) }); err != nil {
			return err
		}
	}
	if !c.Large && row.Property == "" && !row.Complete && ctx.Err() == nil {
		if err := forSoLong(ctx, search-search/3, func(ctx context.Context) error { return searchWhole(ctx, t, v, f, row) }); err != nil {
			return err
		}
	}
	if !row.Complete && row.Property == "" && ctx.Err() == nil {
		if err := sample(ctx, t, v, f, row); err != nil && !outOf(ctx, err) {
			return err
		}
	}
	if g == nil || row.tied && row.Complete || row.Property != "" || ctx.Err() != nil {
		return nil
	}
	return forSoLong(ctx, drive, func(ctx context.Context) error { return driveRow(ctx, v, g, row) })
}

// forSoLong visits for so long: that the time was up is no error.
func forSoLong(ctx context.Context, limit time.Duration, visit func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := visit(ctx)
	if outOf(ctx, err) { // the row tells that
		return nil
	}
	return err
}

// Why a configuration was cut short.
const (
	noTime           = "no time"
	interruptedEarly = "interrupted"
)

// settle says of a configuration what it means that it was cut short: a sample, which
// counts no states, is used up; what nothing was seen of is not explored.
func (row *targetRow) settle(ctx context.Context) {
	if row.Complete || row.Property != "" || ctx.Err() == nil {
		return
	}
	row.Cut, row.why = row.Executions > 0, noTime
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		row.why = interruptedEarly
	}
	row.BudgetUsed = row.Cut && row.States == 0 && row.why == noTime
	if !row.Cut {
		row.Bound = "not explored: " + row.why
	}
}

// graphOf gives the specification's graph of a configuration; nil where there is
// none, or it is too large to be looked at for a table, or there is no time for it.
func graphOf(ctx context.Context, limit time.Duration, t explore.Target, v catalogue.Values) (*lockstep.Graph, error) {
	if !lockstep.DrivenAt(t, v) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	g, err := lockstep.NewGraphOf(ctx, t, v, largestDriven)
	if ctx.Err() != nil || errors.Is(err, lockstep.ErrGraph) || errors.Is(err, lockstep.ErrNotTied) {
		return nil, nil
	}
	return g, err
}

// searchTied visits every transition in lock-step, where the specification is small
// enough.
func searchTied(ctx context.Context, t explore.Target, v catalogue.Values, g *lockstep.Graph, f *exploreFlags, row *targetRow) error {
	o := schedule.Options{MaxMemory: uint64(f.maxMemory), Plain: true}
	switch {
	case !lockstep.Tied(t.Name), lockstep.DrivenAt(t, v) && (g == nil || g.States() > largestTied):
		return nil
	case g == nil:
		o.MaxExecutions = eachTied
	}
	r, err := lockstep.RunTarget(ctx, t, v, schedule.Stateful(), lockstep.Options{Graph: g, Schedule: o})
	if errors.Is(err, lockstep.ErrNotTied) {
		return nil
	}
	row.book(&r.Report)
	row.tied, row.Specification = err == nil, specificationOf(r.Specification)
	return err
}

// searchWhole visits every state.
func searchWhole(ctx context.Context, t explore.Target, v catalogue.Values, f *exploreFlags, row *targetRow) error {
	r, err := explore.Run(ctx, t, v, schedule.Stateful(), schedule.Options{MaxMemory: uint64(f.maxMemory)})
	row.book(&r)
	row.tied, row.Specification = false, nil
	return err
}

// sample visits some executions, in lock-step where the target is tied.
func sample(ctx context.Context, t explore.Target, v catalogue.Values, f *exploreFlags, row *targetRow) error {
	s := schedule.Random(*f.seed, eachSample)
	if lockstep.Tied(t.Name) {
		r, err := lockstep.RunTarget(ctx, t, v, s, lockstep.Options{})
		if outOf(ctx, err) {
			return err // what was seen before stands
		}
		if !errors.Is(err, lockstep.ErrNotTied) {
			row.book(&r.Report)
			row.tied, row.Specification = true, nil
			return err
		}
	}
	row.tied, row.Specification = false, nil
	r, err := explore.Run(ctx, t, v, s, schedule.Options{})
	row.book(&r)
	return err
}

// driveRow offers every transition of the specification to the code. A refusal, or
// a drive that time cuts short, leaves transitions out, which the table shows.
func driveRow(ctx context.Context, v catalogue.Values, g *lockstep.Graph, row *targetRow) error {
	r, err := lockstep.Drive(ctx, v, g, 0, 0)
	row.driven, row.Specification = true, specificationOf(r.Specification)
	row.Executions += r.Executions
	row.Steps += r.Steps
	row.driveCut = ctx.Err() != nil
	if r.Failure != nil {
		row.Verdict, row.Property = r.Verdict, r.Failure.Property
	}
	return err
}

// book takes a report down.
func (row *targetRow) book(r *schedule.Report) {
	row.Verdict, row.Complete, row.BudgetUsed, row.Bound = r.Verdict, r.Complete, r.BudgetUsed, r.Bound
	row.Executions, row.States, row.Steps, row.Untold = r.Executions, r.States, r.Steps, r.Untold
	if r.Failure != nil {
		row.Property, row.Token = r.Failure.Property, string(r.Failure.Token)
	}
}

// tellAll prints the table, or the objects, and the verdict over all of it.
func (a *app) tellAll(rows []*targetRow, f *exploreFlags, took time.Duration) {
	last := verdictRecord{Record: "verdict", Verb: "explore", Verdict: verdict.Holds, Complete: true, Seed: *f.seed, Interrupted: a.Interrupted(), Seconds: took.Seconds()}
	page := console.Table{Head: []string{"target", "configuration", "visited", "executions", "states", "specification", "verdict"}}
	var executions uint64
	sampled, left := false, false
	for _, row := range rows {
		executions += row.Executions
		switch {
		case row.Verdict == verdict.Violated:
			last.Verdict = verdict.Violated
			last.Violated = append(last.Violated, row.Property)
			last.Replay = row.replay()
		case row.Verdict == verdict.Unknown && last.Verdict == verdict.Holds:
			last.Verdict = verdict.Unknown
		}
		last.Complete = last.Complete && row.Complete
		sampled = sampled || row.BudgetUsed
		left = left || row.Verdict == verdict.Unknown && !row.BudgetUsed
		if f.json {
			continue // it was printed when it was done
		}
		page.Row(func(s string) string { return a.Out.Paint(row.Verdict, s) }, 6, row.cells()...)
	}
	last.BudgetUsed = sampled && !left && last.Verdict == verdict.Unknown && !last.Interrupted
	last.Executions = new(executions)
	if f.json {
		a.Out.JSON(last)
	} else {
		page.Write(a.Out, a.Out.Width())
		a.Out.Line("")
		a.Out.Line("specification: how many of its transitions the code took, in lock-step; driven: along paths through its graph")
		a.Out.Line("explore --all: %s, %s in %s, seed %d", a.Out.Paint(last.Verdict, outcomeOf(last)), console.Plural(executions, "execution"), console.Seconds(took), *f.seed)
		if last.Replay != "" {
			a.Out.Line("replay: %s", last.Replay)
		}
	}
	a.Judged(last.Verdict, last.BudgetUsed)
}

func outcomeOf(r verdictRecord) string {
	if r.Verdict == verdict.Unknown && r.BudgetUsed {
		return "holds where every state was visited; of the others a sample, which proves nothing, found nothing"
	}
	return r.Verdict.String()
}

// replay is the command that shows the failure of a row again; a drive has no token.
func (row *targetRow) replay() string {
	if row.Token == "" {
		return program.CommandLine("explore", row.Target, "--config", row.Configuration, "--strategy", drive)
	}
	return program.CommandLine("replay", row.Token)
}

func (row *targetRow) cells() []string {
	visited, states, specified := "a sample", "", ""
	switch {
	case row.Error != "":
		visited = "in part"
	case row.tied && row.Complete:
		visited = "every transition, in lock-step"
	case row.Complete:
		visited = "every state"
	case row.Executions == 0:
		visited = row.Bound
	case row.Cut:
		visited = "in part: " + console.OrElse(row.why, noTime)
		if row.BudgetUsed {
			visited = "a sample, cut short"
		}
	case row.tied:
		visited = "a sample, in lock-step"
	}
	if row.States > 0 {
		states = console.Grouped(row.States)
	}
	if row.Untold != nil {
		states = "at most " + states // some count as several: a step read and told nothing
	}
	if s := row.Specification; s != nil {
		specified = console.Grouped(s.TransitionsTaken) + " of " + console.Grouped(s.Transitions)
		if row.driven {
			specified += ", driven"
		}
		if row.driveCut {
			specified += " in part: " + console.OrElse(row.why, noTime)
		}
	}
	return []string{row.Target, row.Configuration, visited, console.Grouped(row.Executions), states, specified, row.outcome()}
}

// outcome says in a few words what came of it.
func (row *targetRow) outcome() string {
	switch {
	case row.Error != "":
		return "error"
	case row.Property != "":
		return row.Verdict.String() + ": " + row.Property
	case row.BudgetUsed:
		return "nothing found"
	}
	return row.Verdict.String()
}
