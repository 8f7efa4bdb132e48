package checker

import (
	"context"
	"fmt"
)

// StateGraph is the reachable states of a small model and the transitions between them, in
// a form that does not depend on the model's state type: to be drawn.
type StateGraph struct {
	Model  string
	States []GraphState // the initial ones first, then those of the trace
	Edges  []GraphEdge  // in the order in which the steps are tried, state by state
	// Cut are the states, by index, from which a transition leads to a state that is not
	// there, or that were not looked at.
	Cut []int
	// Complete says that every reachable state is there; else Reason says why not.
	Complete bool
	Reason   string
}

// GraphState is a state to be drawn.
type GraphState struct {
	Fields   []Field
	Initial  bool
	Deadlock bool // it is stuck, and no intended end
	End      bool // it is an intended end
	OnTrace  bool
}

// GraphEdge is a transition to be drawn, from and to a state by its index.
type GraphEdge struct {
	From, To int
	Taken    Taken
	By       string // who takes it, as in Trace.Columns
	OnTrace  bool
}

// Graph gives the states that a model reaches, breadth first, and the transitions between
// them: at most so many states (0 stands for 500), and those of the trace, if one is given,
// in any case; its steps are marked. Errors are those of Check and Replay.
func Graph[S comparable](ctx context.Context, m Model[S], most int, along *Trace) (StateGraph, error) {
	if err := validate(&m); err != nil {
		return StateGraph{}, err
	}
	if most <= 0 {
		most = 500
	}
	d := &drawing[S]{graph: StateGraph{Model: m.Name}, known: map[S]int{}, most: most, onTrace: map[traceEdge]bool{}}
	d.walker.init(compile(&m))
	err := answered(func() error { return d.draw(ctx, along) }, d.walker.at)
	if err != nil {
		return StateGraph{}, fmt.Errorf("model %s: %w", m.Name, err)
	}
	return d.graph, nil
}

func (d *drawing[S]) draw(ctx context.Context, along *Trace) error {
	for _, state := range d.walker.program.model.Init {
		at := d.add(state)
		d.graph.States[at].Initial = true
	}
	if along != nil {
		p, err := d.walker.follow(*along)
		if err != nil {
			return err
		}
		d.mark(p)
	}
	d.run(ctx)
	return nil
}

// drawing is a graph that is being made.
type drawing[S comparable] struct {
	graph   StateGraph
	walker  walker[S]
	states  []S
	known   map[S]int
	most    int
	onTrace map[traceEdge]bool
}

// traceEdge is a step of the trace: from a state, by a transition number.
type traceEdge struct {
	from   int
	number uint32
}

// add gives the index of a state, which it adds if it is not there.
func (d *drawing[S]) add(state S) int {
	i, ok := d.known[state]
	if !ok {
		i = len(d.states)
		d.known[state] = i
		d.states = append(d.states, state)
		d.graph.States = append(d.graph.States, GraphState{Fields: fieldsOf(state)})
	}
	return i
}

// mark adds the states of a trace and marks its steps.
func (d *drawing[S]) mark(p path[S]) {
	for i, state := range p.states {
		at := d.add(state)
		d.graph.States[at].OnTrace = true
		if i < len(p.numbers) {
			d.onTrace[traceEdge{at, p.numbers[i]}] = true
		}
	}
}

// run expands one state after the other.
func (d *drawing[S]) run(ctx context.Context) {
	d.graph.Complete = true
	for from := 0; from < len(d.states); from++ {
		if ctx.Err() != nil {
			d.graph.Complete, d.graph.Reason = false, "interrupted"
			for ; from < len(d.states); from++ {
				d.graph.Cut = append(d.graph.Cut, from)
			}
			return
		}
		d.expand(from)
	}
}

func (d *drawing[S]) expand(from int) {
	w := &d.walker
	w.source = d.states[from]
	if !w.withinConstraint() {
		d.graph.Complete, d.graph.Reason = false, "states outside the constraint were not expanded"
		d.graph.Cut = append(d.graph.Cut, from)
		return
	}
	w.list()
	if len(w.next) == 0 {
		w.doing, w.scratch = callTerminal, w.source
		terminal := w.program.model.Terminal
		d.graph.States[from].End = terminal != nil && terminal(&w.scratch)
		d.graph.States[from].Deadlock = !d.graph.States[from].End
	}
	cut := false
	for _, n := range w.next {
		to, known := d.known[n.state]
		if !known {
			if len(d.states) >= d.most {
				d.graph.Complete, d.graph.Reason = false, fmt.Sprintf("the limit of %d states was met", d.most)
				cut = true
				continue
			}
			to = d.add(n.state)
		}
		by := &w.program.transitions[n.number]
		d.graph.Edges = append(d.graph.Edges, GraphEdge{From: from, To: to, Taken: w.program.taken(n.number),
			By: instanceName(&w.program.model.Processes[by.process], by.self), OnTrace: d.onTrace[traceEdge{from, n.number}]})
	}
	if cut {
		d.graph.Cut = append(d.graph.Cut, from)
	}
}
