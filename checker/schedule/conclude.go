package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"urpc/checker/verdict"
)

// What is said of a search: at its end, and while it runs.

// conclude fills in the report: verdict, bound, reason.
func (e *exploration) conclude(ctx context.Context, why ending) {
	rep := &e.report
	rep.Taken = named(e.r.names.list, e.taken)
	rep.Marks = named(e.r.names.list, e.marks)
	rep.Untold = e.r.untold.named(e.r.names.list)
	rep.Bound = e.bound(why)
	switch {
	case why == atInterrupt && errors.Is(ctx.Err(), context.DeadlineExceeded):
		rep.Reason = "interrupted: out of time"
	case why == atInterrupt:
		rep.Reason = "interrupted"
	case why == atFailure:
		rep.Reason = FirstFailure
	case why == atMemory:
		rep.Reason = fmt.Sprintf("out of memory: the tables of the search would take more than %s; %s", plural(e.o.MaxMemory, "byte"), plural(rep.States, "state"))
	case rep.TooLong > 1:
		rep.Reason = fmt.Sprintf("%d executions are too long; %s", rep.TooLong, e.cutText)
	case rep.TooLong > 0:
		rep.Reason = e.cutText
	case e.s.kind.samples():
		rep.BudgetUsed = true
		rep.Reason = fmt.Sprintf("sampled: %s found %s", plural(rep.Executions, "random execution"), outOf(rep.Bad))
	case why == atBudget:
		rep.BudgetUsed = true
		rep.Reason = fmt.Sprintf("ended after %s, as asked; found %s", plural(rep.Executions, "execution"), outOf(rep.Bad))
	default:
		rep.Complete = true
		rep.Verdict = verdict.Holds
	}
	if rep.Bad > 0 || e.first != nil {
		rep.Verdict = verdict.Unknown // violated once the failure was executed again
	}
}

func outOf(bad uint64) string {
	switch bad {
	case 0:
		return "nothing"
	case 1:
		return "1 that fails"
	}
	return fmt.Sprintf("%d that fail", bad)
}

func named(list []string, counts []uint64) map[string]uint64 {
	m := make(map[string]uint64)
	for i, n := range counts {
		if n > 0 {
			m[list[i]] = n
		}
	}
	return m
}

// bound says in words what was to be visited.
func (e *exploration) bound(why ending) string {
	switch {
	case e.s.kind == byPriorities:
		return fmt.Sprintf("%s by random priorities (PCT of depth %d), seed %d", plural(e.s.executions, "execution"), e.s.depth, e.s.seed)
	case e.s.kind == byOrder:
		return fmt.Sprintf("%s by random priorities of steps (POS), seed %d", plural(e.s.executions, "execution"), e.s.seed)
	case e.s.kind == uniformly:
		return fmt.Sprintf("%s, interleavings about equally likely (URW), seed %d", plural(e.s.executions, "execution"), e.s.seed)
	case e.s.kind == selectively:
		return fmt.Sprintf("%s, interleavings at one place about equally likely (SURW), seed %d", plural(e.s.executions, "execution"), e.s.seed)
	case e.s.kind == random:
		return fmt.Sprintf("%s, seed %d", plural(e.s.executions, "random execution"), e.s.seed)
	case e.s.kind == byStates && e.o.EndReachable:
		return "every reachable state, and from each an end"
	case e.s.kind == byStates:
		return "every reachable state"
	case e.s.kind == optimally:
		return "every execution, up to the order of independent steps"
	case e.s.preemptions < 0:
		return "every execution"
	}
	words := "at most " + plural(e.s.preemptions, "preemption")
	if why == exhausted && !e.rounds.skipped {
		words += fmt.Sprintf(" (every execution: none has more than %d)", e.rounds.bound)
	}
	return words
}

// plural is a number of things: "1 step", "2 steps".
func plural[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// progress calls Options.Progress if a second has passed since the last call.
func (e *exploration) progress() {
	if e.o.Progress == nil {
		return
	}
	now := time.Now()
	if now.Sub(e.shown) < time.Second {
		return
	}
	e.shown = now
	p := Progress{Executions: e.report.Executions, Steps: e.report.Steps, Bound: e.bound(atBudget)}
	if e.states != nil {
		p.Executions, p.Steps = e.states.c.counted.Load(), e.states.c.steps.Load()
	}
	if e.rounds != nil && e.rounds.bound >= 0 {
		p.Bound = "at most " + plural(e.rounds.bound, "preemption")
	}
	p.Rate = float64(p.Executions) / now.Sub(e.start).Seconds()
	e.o.Progress(p)
}
