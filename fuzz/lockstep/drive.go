package lockstep

import (
	"context"
	"fmt"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
)

// Drive offers the code every transition of the specification: paths through the
// graph decide which thread goes on, until each transition was taken or refused.
// A procedure is a step of its own, so that others move before it is executed. A
// step of the code that the specification does not take fails by Property, as in
// Run; what the specification allows and the code does not do is in
// Report.Refused. most bounds the executions; 0: no bound. longest bounds the steps of one
// (schedule.Options.MaxSteps); what is longer makes the verdict unknown.
//
// A token does not hold what drives. So a failure is looked for again by a search with
// few preemptions, and what that finds is told in its place; if it finds nothing among
// some thousand executions, the failure has no token: its steps are its schedule.
func Drive(ctx context.Context, v catalogue.Values, g *Graph, most uint64, longest int) (Report, error) {
	r, err := newRefinement(g.target, v, g)
	if err != nil {
		return Report{}, err
	}
	rep, err := drive(ctx, v, r, most, longest)
	if rep.Failure != nil && err == nil {
		rep.Failure, err = withToken(ctx, v, g, rep.Failure)
	}
	return rep, err
}

// Bounds of the search for a driven failure that has a token.
const (
	mostPreemptions = 2
	mostLookedAt    = 5_000 // executions, with so many preemptions
)

// withToken gives a failure by Property that has a token, or the one that it is given.
func withToken(ctx context.Context, v catalogue.Values, g *Graph, driven *schedule.Failure) (*schedule.Failure, error) {
	for preemptions := range mostPreemptions + 1 {
		r, err := runTarget(ctx, g.target, v, schedule.Bounded(preemptions), Options{Graph: g, Alone: true, Schedule: schedule.Options{MaxExecutions: mostLookedAt}})
		if err != nil && ctx.Err() == nil {
			return driven, err
		}
		if f := r.Failure; f != nil && f.Property == Property {
			return f, nil
		}
	}
	return driven, nil
}

func drive(ctx context.Context, v catalogue.Values, r *Refinement, most uint64, longest int) (Report, error) {
	r.gated = true
	d := newDriver(r)
	sum := schedule.Report{Bound: "every transition of the specification"}
	for !d.done && (most == 0 || sum.Executions < most) {
		n := uint64(batch)
		if most > 0 {
			n = min(n, most-sum.Executions)
		}
		rep, err := explore.RunWatchedTarget(ctx, r.target, v, explore.Watch{Observer: d, Gate: d.gate, Alone: true},
			schedule.Random(1, 1<<62), schedule.Options{MaxExecutions: n, MaxSteps: longest, Steered: true})
		sum.Executions += rep.Executions
		sum.Steps += rep.Steps
		sum.Depth = max(sum.Depth, rep.Depth)
		sum.Verdict, sum.Reason, sum.Failure, sum.Bad = rep.Verdict, rep.Reason, rep.Failure, rep.Bad
		sum.TooLong = rep.TooLong
		if err != nil || rep.Failure != nil || rep.TooLong > 0 || ctx.Err() != nil {
			return d.report(sum), err
		}
	}
	if d.done {
		sum.Complete, sum.Verdict, sum.Reason = true, verdict.Holds, ""
	} else {
		sum.BudgetUsed = true
		sum.Reason = fmt.Sprintf("ended after %d executions, as asked: not every transition was offered", sum.Executions)
	}
	return d.report(sum), nil
}

// report is that of the refinement, with the refusals. The code refines the
// specification even where it refuses something: a refusal is no failure.
func (d *driver) report(rep schedule.Report) Report {
	if f := rep.Failure; f != nil {
		f.Token = "" // a token does not hold the gate: its steps say who went on
	}
	out := d.Refinement.report(rep)
	out.Refused = d.refusals
	return out
}

// batch is how many executions go between two looks at whether there is more to do.
const batch = 64

// Refusal is a transition of the specification that the code did not take when
// it was the only one that it might take.
type Refusal struct {
	Left
	Process string // the thread's name
	Where   string // where all threads stand
	Why     string
}

// String tells the refusal.
func (f Refusal) String() string {
	return fmt.Sprintf("%v of %s (%s), in state %d: %s", f.Label, f.Process, f.Why, f.State, f.Where)
}

// driver decides, at each point of an execution, which thread goes on: the one
// whose transition is next on the way to one that was not taken yet.
type driver struct {
	*Refinement
	graph *Graph

	turn     int    // the thread that goes on; none: nobody
	planned  uint64 // steps that had been judged when turn was chosen
	patience int    // steps in a row that took the specification nowhere
	at       uint32 // the specification's state then
	path     []int  // threads on the way, the next one last

	turns  []int // of this execution, for executing it again
	again  bool  // the execution failed: it is executed again, turn by turn
	nth    int
	begun  bool
	done   bool
	closed []bool // transitions that were refused
	target int    // all transitions after this one were taken or refused, see aim

	refusals []Refusal
	// Of the search for the nearest transition that was not taken.
	stamp []uint32 // the round that came to a state last
	from  []int32  // the transition by which it did; -1: none
	queue []uint32
	round uint32
}

func newDriver(r *Refinement) *driver {
	n := len(r.graph.states)
	return &driver{
		Refinement: r, graph: r.graph, closed: make([]bool, len(r.graph.edges)), target: len(r.graph.edges) - 1,
		stamp: make([]uint32, n), from: make([]int32, n),
	}
}

// stutterPatience is how many stutters a thread may take before its step.
const stutterPatience = 4

// Begin implements explore.Observer.
func (d *driver) Begin(w explore.Watched) {
	d.again = d.again || d.Refinement.failed
	d.Refinement.Begin(w)
	d.turn, d.begun, d.patience, d.path, d.nth = none, false, 0, d.path[:0], 0
	if !d.again {
		d.turns = d.turns[:0]
	}
}

// gate is explore.Watch.Gate.
func (d *driver) gate(thread int) bool {
	if d.standing < len(d.threads) {
		return false // some are still on their way to their first step
	}
	if !d.begun || d.planned != d.judged {
		d.plan()
	}
	return d.turn == thread
}

// plan chooses the next turn.
func (d *driver) plan() {
	if d.again {
		d.turn = none
		if d.nth < len(d.turns) {
			d.turn = d.turns[d.nth]
		}
		d.nth++
		d.begun, d.planned = true, d.judged
		return
	}
	now := d.candidates[0].id
	switch {
	case d.begun && now == d.at && d.turn != none && d.patience < stutterPatience:
		d.patience++ // a stutter, or not yet taken
	case d.begun && now == d.at && d.turn != none:
		d.refuse("it only stutters")
		d.turn = none
	default:
		d.at, d.patience = now, 0
		d.turn = d.choose(now)
	}
	d.begun, d.planned = true, d.judged
	d.turns = append(d.turns, d.turn)
}

// choose gives the thread whose transition from a state leads to one not taken.
func (d *driver) choose(now uint32) int {
	if len(d.path) == 0 {
		switch {
		case now != d.graph.initial:
			d.search(now, near)
		case !d.aim():
			d.search(now, len(d.graph.states))
			d.done = len(d.path) == 0
		}
	}
	if len(d.path) == 0 {
		return none
	}
	last := len(d.path) - 1
	next := d.path[last]
	d.path = d.path[:last]
	return next
}

// near is how many states are looked at, from the middle of an execution, for a
// transition that was not taken. A new execution is cheaper than to look further.
const near = 256

// aim takes the path along the graph's breadth-first tree to the last transition
// that was not taken: the last are the deepest, with most others on the way. It
// is false when there is none, or a transition on the way was refused.
func (d *driver) aim() bool {
	for d.target >= 0 && (d.graph.edges[d.target] == nowhereTo || d.coverage.edge[d.target] || d.closed[d.target]) {
		d.target--
	}
	if d.target < 0 {
		return false
	}
	d.path = d.path[:0]
	for at := int32(d.target); at >= 0; at = d.graph.parent[int(at)/d.graph.threads] {
		if d.closed[at] {
			d.path = d.path[:0]
			return false
		}
		d.path = append(d.path, int(at)%d.graph.threads)
	}
	return true
}

// search finds the shortest path from a state to, and with, a transition that
// was not taken, among so many states.
func (d *driver) search(now uint32, most int) {
	d.round++
	d.queue = append(d.queue[:0], now)
	d.stamp[now], d.from[now] = d.round, -1
	for head := 0; head < min(len(d.queue), most); head++ {
		s := d.queue[head]
		for t := range d.graph.threads {
			at := int(s)*d.graph.threads + t
			to := d.graph.edges[at]
			switch {
			case to == nowhereTo || d.closed[at]:
			case !d.coverage.edge[at]:
				d.trail(s, t)
				return
			case d.stamp[to] != d.round:
				d.stamp[to], d.from[to] = d.round, int32(at)
				d.queue = append(d.queue, to)
			}
		}
	}
}

// trail writes down the path to a state, and the thread's transition from it.
func (d *driver) trail(s uint32, thread int) {
	d.path = append(d.path[:0], thread)
	for d.from[s] >= 0 {
		at := int(d.from[s])
		d.path = append(d.path, at%d.graph.threads)
		s = uint32(at / d.graph.threads)
	}
}

// refuse notes that the code did not take the transition of this turn.
func (d *driver) refuse(why string) {
	at := int(d.at)*d.graph.threads + d.turn
	if d.closed[at] {
		return
	}
	d.closed[at] = true
	l := Left{d.at, d.turn, d.graph.label(d.at, d.turn)}
	d.refusals = append(d.refusals, Refusal{Left: l, Process: d.graph.threadName(d.turn), Where: d.graph.describe(d.at), Why: why})
}

// End implements explore.Observer: nobody went on, although it was somebody's turn, who
// has not taken a step since.
func (d *driver) End() {
	if d.turn != none && !d.again && d.planned == d.judged {
		d.refuse("it waits at " + standing(d.threads[d.turn].at))
	}
}
