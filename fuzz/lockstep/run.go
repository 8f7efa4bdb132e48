package lockstep

import (
	"context"
	"fmt"
	"io"
	"math"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
)

// Options say how a run in lock-step is done; the zero value is right.
type Options struct {
	Schedule schedule.Options
	// Graph of the configuration; with it the coverage of the specification is
	// counted, and steps are looked up instead of taken.
	Graph *Graph
	// Alone: nothing but lock-step is checked.
	Alone bool
}

// Report is the outcome of a run in lock-step.
type Report struct {
	schedule.Report
	// Matched counts the steps that were judged: of the specification, and
	// stutters. Repeated executions (of a search with rounds, of a failure that is
	// made smaller) count again, and so do those by which a search by states verifies
	// what it has recalled and met, which Steps does not count.
	Matched  uint64
	Stutters map[Stutter]uint64
	// Candidates is the most states in which the specification may have been at once.
	Candidates int
	// Specification is how much of it was taken; nil: not counted.
	Specification *Taken
	Coverage      *Coverage // of target channel with a graph, what was left out
	Refused       []Refusal // of Drive: what the specification allows and the code refuses

	// leftOut tells so many of the transitions that the code has not taken, and how
	// many there are; nil: they are not counted.
	leftOut func(most int) (lines []string, all int)
}

// Taken is how much of a specification the code has taken.
type Taken struct{ States, Transitions Share }

// MostStates is the largest graph of the specification that Run makes by itself.
const MostStates = 8 << 20

// Tied says whether a target can be run in lock-step: there is a specification that
// it refines.
func Tied(target string) bool {
	return Driven(target) || target == explore.Bind().Name || target == explore.Lock().Name || target == explore.Donation().Name
}

// Driven says whether it is spec/memory that a target refines: then it has a Graph, and
// can be driven by it.
func Driven(target string) bool {
	for _, t := range []explore.Target{explore.Queue(), explore.Channel(), explore.Call(), explore.Death()} {
		if t.Name == target {
			return true
		}
	}
	return false
}

// DrivenAt says the same of a configuration: where a server has a pool, and threads that
// the specification has not, it is run along and not driven.
func DrivenAt(t explore.Target, v catalogue.Values) bool { return Driven(t.Name) && !pooled(t, v) }

// tokenPooled says whether a token is of a configuration that has a pool.
func tokenPooled(info schedule.TokenInfo) bool {
	t, err := explore.Find(info.Target)
	if err != nil {
		return false
	}
	v, _, err := t.Parse(info.Configuration)
	return err == nil && pooled(t, v)
}

// RunTarget is Run of a target that is tied.
func RunTarget(ctx context.Context, t explore.Target, v catalogue.Values, s schedule.Strategy, o Options) (Report, error) {
	switch {
	case t.Name == explore.Bind().Name:
		return RunBinding(ctx, v, s, o)
	case t.Name == explore.Lock().Name:
		return runLock(ctx, v, s, o)
	case pooled(t, v):
		return runPool(ctx, t, v, s, o)
	default:
		return runTarget(ctx, t, v, s, o)
	}
}

// ReplayTarget is Replay of a token of a target that is tied. The token may be that of a
// search which was not in lock-step: then it may fail before its end.
func ReplayTarget(ctx context.Context, token schedule.Token, o Options) (Report, error) {
	o.Schedule.Stricter = true // each step is held to be one of the specification, too
	info, err := schedule.ParseToken(token)
	switch {
	case err == nil && info.Target == explore.Bind().Name:
		return ReplayBinding(ctx, token, o)
	case err == nil && info.Target == explore.Lock().Name:
		return replayLock(ctx, token, o)
	case err == nil && tokenPooled(info):
		return replayPool(ctx, token, o)
	default:
		return Replay(ctx, token, o)
	}
}

// Run explores a configuration of target channel as explore.Run does, with any
// strategy, and demands of every step of every execution that it be one of the
// specification. An execution that does not fails by Property. A search by states
// takes the state of the specification for part of the state; it needs a graph,
// and makes one of at most MostStates if there is none.
func Run(ctx context.Context, v catalogue.Values, s schedule.Strategy, o Options) (Report, error) {
	return runTarget(ctx, explore.Channel(), v, s, o)
}

// runTarget is Run of a target that is driven.
func runTarget(ctx context.Context, t explore.Target, v catalogue.Values, s schedule.Strategy, o Options) (Report, error) {
	if s.ByStates() && o.Graph == nil {
		var err error
		if o.Graph, err = NewGraphOf(ctx, t, v, MostStates); err != nil {
			return Report{}, err
		}
	}
	r, err := newRefinement(t, v, o.Graph)
	if err != nil {
		return Report{}, err
	}
	rep, err := explore.RunWatchedTarget(ctx, t, v, explore.Watch{Observer: r, Alone: o.Alone}, s, o.Schedule)
	return r.report(rep), err
}

// Replay runs the execution of a token that Run gave, in lock-step again. The
// same token replays without it, by explore.Replay, as far as that fails, too.
func Replay(ctx context.Context, token schedule.Token, o Options) (Report, error) {
	var r *Refinement
	rep, err := explore.ReplayWatched(ctx, token, func(t explore.Target, v catalogue.Values) (w explore.Watch, err error) {
		r, err = newRefinement(t, v, o.Graph)
		return explore.Watch{Observer: r, Alone: o.Alone}, err
	}, o.Schedule)
	if r == nil {
		return Report{Report: rep}, err
	}
	return r.report(rep), err
}

// report adds what the refinement knows to a report of the explorer.
func (r *Refinement) report(rep schedule.Report) Report {
	out := Report{Report: rep, Matched: r.steps, Stutters: map[Stutter]uint64{}, Candidates: r.largest, Coverage: r.coverage}
	for _, s := range Stutters() {
		if r.stutter[s] > 0 {
			out.Stutters[s] = r.stutter[s]
		}
	}
	if c := r.coverage; c != nil {
		out.Specification, out.leftOut = &Taken{c.States(), c.Transitions()}, c.leftOut
	}
	return out
}

// LeftOut lists at most so many of the specification's transitions that the code has not
// taken, -1: all of them; none where they are not counted, or an execution failed: nobody
// went to the end then.
func (r Report) LeftOut(most int) []string {
	lines, _ := r.left(most)
	return lines
}

func (r Report) left(most int) (lines []string, all int) {
	if r.Failure != nil || r.leftOut == nil {
		return nil, 0
	}
	if most < 0 {
		most = math.MaxInt
	}
	return r.leftOut(most)
}

// WriteText prints what lock-step has to say beside the explorer's report: at
// most so many of the transitions that were left out, -1: all.
func (r Report) WriteText(w io.Writer, left int) error {
	p := &printer{w: w}
	verified := ""
	if r.Verified > 0 || r.Swapped > 0 || r.Walks > 0 {
		verified = ", those of verification included"
	}
	p.line("lock-step: %d steps matched%s, at most %d candidate states", r.Matched, verified, r.Candidates)
	for _, s := range Stutters() {
		if n := r.Stutters[s]; n > 0 {
			p.line("  stutter %s: %d times (%s)", s, n, s.Reason())
		}
	}
	if t := r.Specification; t != nil {
		p.line("specification: states %v, transitions %v", t.States, t.Transitions)
	}
	lines, all := r.left(left)
	for i, l := range lines {
		p.line("  left out %d: %s", i+1, l)
	}
	if more := all - len(lines); more > 0 {
		p.line("  left out: %d more", more)
	}
	for _, f := range r.Refused {
		p.line("refused: %v", f)
	}
	return p.err
}

// printer keeps the first error of many lines.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
