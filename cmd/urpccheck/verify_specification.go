package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// largestConfiguration is the most states that verify gives to one
// configuration; what has more is named as left out.
const largestConfiguration = 2_500_000

// growingConfigurations are the most states of what is explored first, however
// long it takes, then, …: small ones are done before there is no time for large
// ones.
var growingConfigurations = []uint64{10_000, 200_000, largestConfiguration}

// answer is what is known of a configuration from other tools.
type answer struct {
	states, transitions uint64
	depth               int
	deadlocks           uint64
	// violated is the property that does not hold there; "" if all do.
	violated string
}

// answers are the counts on which independent tools agree, by model and
// configuration. The exploration that does not give them is wrong.
var answers = map[string]answer{
	"philosophers 5":       {242, 805, 12, 1, "deadlock"},
	"philosophers 5-right": {243, 810, 13, 0, ""},
	"philosophers 10":      {59048, 393650, 27, 1, "deadlock"},
	"peterson 2":           {20, 46, 6, 0, ""},
	"twophase 3":           {288, 1145, 10, 0, ""},
	"twophase 5":           {8832, 58145, 16, 0, ""},
	"ring 1-1-1-1":         {115, 196, 52, 0, ""},
	"ring 2-1-1-2":         {4177, 8305, 117, 0, ""},
	"lock default":         {states: 20, transitions: 48},
}

// differs says what a report has otherwise than it is known; "" if nothing.
func (w *answer) differs(r *checker.Report) string {
	var parts []string
	if r.States != w.states || r.Transitions != w.transitions || r.Deadlocks != w.deadlocks || w.depth > 0 && r.Depth != w.depth {
		parts = append(parts, fmt.Sprintf("%s, %s, depth %d, %s; known are %d, %d, %d, %d",
			console.Plural(r.States, "state"), console.Plural(r.Transitions, "transition"), r.Depth, console.Plural(r.Deadlocks, "deadlock"), w.states, w.transitions, w.depth, w.deadlocks))
	}
	return strings.Join(parts, "; ")
}

// specification explores the named configurations of every model, as far as there
// is time.
func (v *verification) specification(ctx context.Context) error {
	var all []*familyRun
	for _, f := range families() {
		all = append(all, &familyRun{v: v, family: f, left: f.Configurations, row: row{
			Part: "specification", Subject: f.Name, Verdict: verdict.Holds,
			Bound: "every reachable state of the configurations counted; what must be violated is, and known counts are met",
		}})
	}
	for i, most := range growingConfigurations {
		within := ctx
		if i == 0 {
			within = v.Ctx
		}
		for _, f := range all {
			if err := f.explore(within, most); err != nil {
				return err
			}
		}
	}
	for _, f := range all {
		v.add(f.conclude())
	}
	return nil
}

// familyRun is the exploration of one model's configurations.
type familyRun struct {
	v           *verification
	family      catalogue.Family
	left        []catalogue.Configuration // not explored whole yet
	transitions uint64
	row         row
}

// explore explores what is left, as far as a configuration has at most so many
// states.
func (f *familyRun) explore(ctx context.Context, most uint64) error {
	started := time.Now()
	defer func() { f.row.Seconds += time.Since(started).Seconds() }()
	left := f.left
	f.left = nil
	for _, c := range left {
		if ctx.Err() != nil {
			f.left = append(f.left, c)
			continue
		}
		f.v.status("%s %s, every state", f.family.Name, c.Name)
		choice, report, err := f.v.explore(ctx, f.family.Name, c.Name, "", most)
		if err != nil {
			return err
		}
		if !report.Complete && report.Verdict != verdict.Violated {
			f.left = append(f.left, c)
			continue
		}
		f.row.States += report.States
		f.transitions += report.Transitions
		if wrong := unexpected(f.family.Name+" "+c.Name, &report); wrong != "" {
			f.row.Verdict = verdict.Violated
			f.v.addViolation(&f.row, choice, report, wrong)
		}
	}
	return nil
}

// conclude gives the row. A model of which nothing was explored is not covered.
func (f *familyRun) conclude() row {
	done := len(f.family.Configurations) - len(f.left)
	if done == 0 {
		f.row.Verdict, f.row.NotCovered = verdict.Unknown, true
	}
	if len(f.left) > 0 {
		var names []string
		for _, c := range f.left {
			names = append(names, c.Name)
		}
		why := "left out as too large for the budget: "
		if f.v.Interrupted() {
			why = "interrupted before: "
		}
		f.row.Note = why + strings.Join(names, ", ")
	}
	f.row.Configuration = fmt.Sprintf("%d of %d", done, len(f.family.Configurations))
	f.row.Covered = fmt.Sprintf("%s, %s", console.Plural(f.row.States, "state"), console.Plural(f.transitions, "transition"))
	return f.row
}

// explore checks one configuration, with a mutant if one is named.
func (v *verification) explore(ctx context.Context, model, configuration, mutant string, most uint64) (command.Chosen, checker.Report, error) {
	c, err := v.models.Choose(model, configuration, mutant)
	if err != nil {
		return c, checker.Report{}, fmt.Errorf("a declared configuration is refused: %w", err)
	}
	report, err := c.Model.Check(ctx, checker.Options{MaxStates: most})
	return c, report, err
}

// unexpected says what is wrong with a report; "" if it is as it should be.
func unexpected(name string, report *checker.Report) string {
	known, isKnown := answers[name]
	violated := violatedOf(report)
	switch {
	case isKnown && known.differs(report) != "":
		return known.differs(report)
	case known.violated != "" && !slices.Contains(violated, known.violated):
		return fmt.Sprintf("%q should be violated and is not: the check cannot fail", known.violated)
	case known.violated != "":
		return ""
	case len(violated) > 0:
		return fmt.Sprintf("%q is violated", violated[0])
	}
	return ""
}

func violatedOf(report *checker.Report) []string {
	var names []string
	for _, p := range report.Properties {
		if p.Verdict == verdict.Violated {
			names = append(names, p.Name)
		}
	}
	return names
}

// addViolation keeps what a violated configuration leaves, for after the table.
func (v *verification) addViolation(r *row, c command.Chosen, report checker.Report, wrong string) {
	found := v.models.Leave("check", &c, &report, v.flags.out)
	if r.print != nil {
		r.Note = strings.TrimSpace(r.Note + "; " + c.Title() + " " + c.Name + ": " + wrong)
		return
	}
	r.Replay = console.OrElse(found.Replay, c.Command("check"))
	r.print = func(w io.Writer) {
		fmt.Fprintf(w, "%s, configuration %s: %s\n", c.Title(), c.Configuration(), wrong)
		if len(found.Violated) > 0 && found.Violated[0].Trace != nil {
			found.Violated[0].Trace.WriteText(w, v.Out.Width())
		}
	}
}

// specificationMutants demands that each mutant be caught by its named property: of all
// of them, as far as there is time, those first whose configurations are small.
func (v *verification) specificationMutants(ctx context.Context) error {
	var all []*faultsRun
	for _, f := range families() {
		if len(f.Mutants) > 0 {
			all = append(all, &faultsRun{v: v, family: f, left: f.Mutants, row: row{
				Part: "mutants", Subject: f.Name, Configuration: "each one's own", Verdict: verdict.Holds,
				Bound: "each fault planted in the specification, in a configuration that shows it; caught by the property that is named for it",
			}})
		}
	}
	for i, most := range growingConfigurations {
		within := ctx
		if i == 0 {
			within = v.Ctx
		}
		for _, f := range all {
			if err := f.explore(within, most); err != nil {
				return err
			}
		}
	}
	for _, f := range all {
		v.add(f.conclude(ctx))
	}
	return nil
}

// faultsRun is the exploration of one model's mutants.
type faultsRun struct {
	v      *verification
	family catalogue.Family
	left   []catalogue.Mutant // not decided yet
	caught int
	row    row
}

// explore explores what is left, as far as a mutant shows within so many states.
func (f *faultsRun) explore(ctx context.Context, most uint64) error {
	started := time.Now()
	defer func() { f.row.Seconds += time.Since(started).Seconds() }()
	left := f.left
	f.left = nil
	for _, m := range left {
		if ctx.Err() != nil {
			f.left = append(f.left, m)
			continue
		}
		f.v.status("%s with mutant %s", f.family.Name, m.Name)
		choice, report, err := f.v.explore(ctx, f.family.Name, m.Configuration, m.Name, most)
		if err != nil {
			return err
		}
		f.row.States += report.States
		switch {
		case slices.Contains(violatedOf(&report), m.KilledBy):
			f.caught++
		case !report.Complete:
			f.left = append(f.left, m)
		default:
			f.row.Verdict = verdict.Violated
			f.v.addViolation(&f.row, choice, report, fmt.Sprintf("%q does not catch it", m.KilledBy))
		}
	}
	return nil
}

// conclude gives the row. What there was no time for is named; what was undecided in
// spite of time, or a model none of whose mutants was caught, leaves the whole unknown.
func (f *faultsRun) conclude(ctx context.Context) row {
	f.row.Covered = fmt.Sprintf("%d of %d caught", f.caught, len(f.family.Mutants))
	if len(f.left) == 0 {
		return f.row
	}
	var names []string
	for _, m := range f.left {
		names = append(names, m.Name)
	}
	why := "no time for "
	if ctx.Err() == nil {
		why = fmt.Sprintf("not decided within %s: ", console.Plural(uint64(largestConfiguration), "state"))
	}
	f.row.Note = strings.TrimPrefix(f.row.Note+"; "+why+strings.Join(names, ", "), "; ")
	if f.caught == 0 || ctx.Err() == nil {
		f.row.Verdict = f.row.Verdict.And(verdict.Unknown)
	}
	return f.row
}
