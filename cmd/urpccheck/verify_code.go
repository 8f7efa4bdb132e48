package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"urpc/checker/catalogue"
	"urpc/checker/command/console"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
)

// sampleExecutions is how many random executions verify gives to each configuration.
const sampleExecutions = 500

// leastExecutions is how many executions each configuration is given by each strategy
// first, however long that takes.
const leastExecutions = 25

// growing is how many executions of a search verify gives to each configuration after
// that; to what has more it comes back with the next number, so that small ones are done
// before large ones are begun.
var growing = []uint64{2_000, 20_000, 100_000, 1_000_000}

// code explores the runtime's own code: every state, and every execution with few
// preemptions, of what is small enough, and a random sample of everything.
func (v *verification) code(ctx context.Context) error {
	sampled := v.targets("random", fmt.Sprintf("a sample, which proves nothing: %s of each configuration counted", console.Plural(uint64(sampleExecutions), "execution")))
	states := v.targets("states", "every reachable state, of the configurations counted")
	two := v.targets("bound 2", "every execution with at most 2 preemptions, of the configurations counted")
	type pass struct {
		ctx  context.Context
		runs []*targetRun
		of   schedule.Strategy
		most uint64
	}
	passes := []pass{
		{v.Ctx, states, schedule.Stateful(), leastExecutions},
		{v.Ctx, two, schedule.Bounded(2), leastExecutions},
		{v.Ctx, sampled, schedule.Random(*v.flags.seed, leastExecutions), 0},
		{ctx, sampled, schedule.Random(*v.flags.seed, sampleExecutions), 0},
	}
	for i, most := range growing {
		passes = append(passes, pass{ctx, states, schedule.Stateful(), most})
		if i < 2 { // more than that is better spent on states
			passes = append(passes, pass{ctx, two, schedule.Bounded(2), most})
		}
	}
	for _, p := range passes {
		if err := exploreAll(p.ctx, p.runs, p.of, p.most); err != nil {
			return err
		}
	}
	for i := range explore.Targets {
		for _, runs := range [][]*targetRun{states, two, sampled} {
			v.add(runs[i].conclude())
		}
	}
	return nil
}

// targetRun is the exploration of one target's configurations by one strategy.
type targetRun struct {
	v        *verification
	target   explore.Target
	strategy string

	mu   sync.Mutex
	left []catalogue.Configuration // not explored whole yet
	seen int                       // configurations of which something was explored
	part map[string]uint64         // executions of those in left, by name
	row  row
}

func (v *verification) targets(strategy, bound string) []*targetRun {
	var all []*targetRun
	for _, t := range explore.Targets {
		all = append(all, &targetRun{v: v, target: t, strategy: strategy, left: t.Configurations, part: map[string]uint64{}, row: row{
			Part: "code, " + strategy, Subject: t.Name, Bound: bound, Verdict: verdict.Unknown,
		}})
	}
	return all
}

// exploreAll gives what is left of each target so many executions of a strategy,
// as many at once as there are processors: an exploration uses one.
func exploreAll(ctx context.Context, runs []*targetRun, s schedule.Strategy, most uint64) error {
	// Each target's first configuration comes first, then each one's second, …
	var jobs []func() error
	for i := range mostLeft(runs) {
		for _, r := range runs {
			if i < len(r.left) {
				c := r.left[i]
				jobs = append(jobs, func() error { return r.explore(ctx, c, s, most) })
			}
		}
	}
	for _, r := range runs {
		r.left = nil
	}
	return inParallel(processors(), jobs)
}

// mostLeft is the most configurations that are left of one target.
func mostLeft(runs []*targetRun) int {
	most := 0
	for _, r := range runs {
		most = max(most, len(r.left))
	}
	return most
}

// processors is how many the command may use.
func processors() int { return runtime.GOMAXPROCS(0) }

// inParallel runs jobs, in order, so many at once. It gives the first error.
func inParallel(most int, jobs []func() error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(jobs))
	next := make(chan int)
	for range most {
		wg.Go(func() {
			for i := range next {
				errs[i] = jobs[i]()
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// explore explores one configuration and books what came of it.
func (t *targetRun) explore(ctx context.Context, c catalogue.Configuration, s schedule.Strategy, most uint64) error {
	values, _, err := t.target.Parse(c.Name)
	if err != nil {
		return fmt.Errorf("a declared configuration is refused: %w", err)
	}
	if ctx.Err() != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.left = append(t.left, c)
		return nil
	}
	t.v.status("%s %s, the runtime's code, %s", t.target.Name, c.Name, t.strategy)
	started := time.Now()
	report, err := explore.Run(ctx, t.target, values, s, schedule.Options{MaxExecutions: most})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.row.Seconds += time.Since(started).Seconds()
	if err != nil {
		return err
	}
	switch {
	case report.Verdict == verdict.Violated:
		t.row.Executions += report.Executions
		t.violated(c, values, report)
	case report.Verdict == verdict.Holds || t.strategy == "random" && report.BudgetUsed && report.Executions >= sampleExecutions:
		t.seen++
		t.row.Executions += report.Executions
	default:
		t.left = append(t.left, c)
		t.part[c.Name] = max(t.part[c.Name], report.Executions)
	}
	return nil
}

// violated keeps what the failure leaves, for after the table.
func (t *targetRun) violated(c catalogue.Configuration, values catalogue.Values, report schedule.Report) {
	t.row.Verdict = verdict.Violated
	if t.row.print != nil {
		return
	}
	found := &explored{app: t.v.app, verb: "explore", target: t.target.Name, configuration: c.Name, values: values.String(),
		seed: *t.v.flags.seed, out: t.v.flags.out, report: report}
	found.settle()
	t.row.Replay = found.replay
	t.row.print = func(w io.Writer) { report.Failure.WriteText(w, t.v.Out.Width()) }
}

// conclude gives the row.
func (t *targetRun) conclude() row {
	r := t.row
	r.Configuration = fmt.Sprintf("%d of %d", t.seen, len(t.target.Configurations))
	r.Covered = console.Plural(r.Executions, "execution")
	inPart := uint64(0)
	for _, c := range t.left {
		inPart += t.part[c.Name]
	}
	if inPart > 0 {
		r.Covered += fmt.Sprintf(", and %s in part", console.Grouped(inPart))
	}
	r.Executions += inPart
	if r.Verdict == verdict.Violated {
		return r
	}
	switch {
	case t.seen == 0 && inPart == 0:
		r.NotCovered, r.Note = true, "no configuration was explored in time"
	case t.strategy == "random" || t.seen == 0:
		r.BudgetUsed = true
	default:
		r.Verdict = verdict.Holds
	}
	if len(t.left) > 0 && t.seen+int(inPart) > 0 {
		var names []string
		for _, c := range t.target.Configurations { // in their order, and not as they ended
			if slices.ContainsFunc(t.left, func(l catalogue.Configuration) bool { return l.Name == c.Name }) {
				names = append(names, c.Name)
			}
		}
		r.Note = "only in part: " + strings.Join(names, ", ")
	}
	return r
}
