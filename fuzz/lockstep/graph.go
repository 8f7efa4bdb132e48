package lockstep

import (
	"context"
	"fmt"
	"strings"

	"urpc/checker/catalogue"
	"urpc/fuzz/explore"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// Graph is the state graph of a configuration of the specification: every
// reachable state, and for each thread at most one transition from it (no step
// has choices).
type Graph struct {
	target  explore.Target // which refines it
	config  memory.Config
	states  []memory.CallState // in the order of a breadth-first search
	edges   []uint32           // of state s and thread t, at s*threads+t; nowhereTo: not enabled
	parent  []int32            // the edge by which the search came to a state first; -1: none
	threads int
	initial uint32
	count   int // of transitions
}

// nowhereTo stands for a step that is not enabled.
const nowhereTo = ^uint32(0)

// NewGraph explores the specification of a configuration of target channel. It
// holds all states in memory, about 400 bytes each: beyond most states it gives
// ErrGraph.
func NewGraph(ctx context.Context, v catalogue.Values, most int) (*Graph, error) {
	return NewGraphOf(ctx, explore.Channel(), v, most)
}

// NewGraphOf is NewGraph of target queue, channel, call or death.
func NewGraphOf(ctx context.Context, t explore.Target, v catalogue.Values, most int) (*Graph, error) {
	c, err := specified(t, v)
	switch {
	case err != nil:
		return nil, err
	case pooled(t, v):
		return nil, fmt.Errorf("lock-step: %w: a pool is run along, and not driven", ErrNotTied)
	}
	g := &Graph{target: t, config: c, threads: threadsOf(c)}
	sides := memory.Processes(c)
	known := map[memory.CallState]uint32{}
	add := func(s *memory.CallState, parent int) uint32 {
		id, ok := known[*s]
		if !ok {
			id = uint32(len(g.states))
			known[*s] = id
			g.states = append(g.states, *s)
			g.parent = append(g.parent, int32(parent))
		}
		return id
	}
	first := memory.Initial(c)
	g.initial = add(&first, -1)
	for id := 0; id < len(g.states); id++ {
		if len(g.states) > most {
			return nil, fmt.Errorf("lock-step: %w: more than %d states", ErrGraph, most)
		}
		if id&0xfff == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("lock-step: explore the specification: %w", ctx.Err())
		}
		for t := range g.threads {
			side, self := sideOf(c, t)
			after, to := g.states[id], nowhereTo
			p := &sides[side]
			if at := p.PC(&after, self); at >= 0 && p.Steps[at].Do(&after, self) {
				to = add(&after, len(g.edges))
				g.count++
			}
			g.edges = append(g.edges, to)
		}
	}
	return g, nil
}

// States and Transitions are how many there are.
func (g *Graph) States() int      { return len(g.states) }
func (g *Graph) Transitions() int { return g.count }

// next is where a thread's step leads from a state.
func (g *Graph) next(state uint32, thread int) uint32 { return g.edges[int(state)*g.threads+thread] }

// label names the step at which a thread stands in a state.
func (g *Graph) label(state uint32, thread int) step.Name {
	side, self := sideOf(g.config, thread)
	return standsAt(&g.states[state], side, self)
}

// sideOf is what a thread, by its number in the execution, is in the specification.
func sideOf(c memory.Config, thread int) (side, self int) {
	switch servers := c.Clients + c.Servers; {
	case thread < c.Clients:
		return memory.ClientSide, thread
	case thread < servers:
		return memory.ServerSide, thread - c.Clients
	case thread < servers+c.Leave.Leavers:
		return memory.CancellerSide, thread - servers
	case thread < servers+c.Leave.Leavers+c.Leave.Nudgers():
		return memory.NudgerSide, 0
	case c.Stops && !c.Leave.Death:
		return memory.StopperSide, 0
	case thread == servers+c.Leave.Leavers:
		return memory.ReaperSide, 0
	default:
		return memory.WatcherSide, 0
	}
}

// threadsOf is how many threads an execution of a configuration has.
func threadsOf(c memory.Config) int {
	n := c.Clients + c.Servers + c.Leave.Leavers + c.Leave.Nudgers()
	if c.Leave.Death {
		n += 2
	}
	if c.Stops && !c.Leave.Death {
		n++
	}
	return n
}

// Coverage is what of a state graph the code has taken.
type Coverage struct {
	graph *Graph
	// Which were taken; edge is numbered as Graph.edges.
	state, edge []bool
	// How many were.
	states, transitions int
}

func newCoverage(g *Graph) *Coverage {
	return &Coverage{graph: g, state: make([]bool, len(g.states)), edge: make([]bool, len(g.edges))}
}

func (c *Coverage) stateTaken(id uint32) {
	if !c.state[id] {
		c.state[id] = true
		c.states++
	}
}

func (c *Coverage) taken(from uint32, thread int, to uint32) {
	if at := int(from)*c.graph.threads + thread; !c.edge[at] {
		c.edge[at] = true
		c.transitions++
	}
	c.stateTaken(to)
}

// Share is how many of all there are were taken.
type Share struct{ Taken, All int }

// String gives the share in numbers and rounded down to a tenth of a percent:
// 100 % is all.
func (s Share) String() string {
	thousandth := 0
	if s.All > 0 {
		thousandth = s.Taken * 1000 / s.All
	}
	return fmt.Sprintf("%d of %d (%d.%d %%)", s.Taken, s.All, thousandth/10, thousandth%10)
}

// States and Transitions are the shares that were taken.
func (c *Coverage) States() Share      { return Share{c.states, c.graph.States()} }
func (c *Coverage) Transitions() Share { return Share{c.transitions, c.graph.Transitions()} }

// Left is a reachable transition of the specification that the code has not taken.
type Left struct {
	State  uint32 // its number in the graph
	Thread int
	Label  step.Name
}

// Left lists what was left out, in the order of the graph.
func (c *Coverage) Left() []Left {
	var left []Left
	for at, to := range c.graph.edges {
		if to != nowhereTo && !c.edge[at] {
			state, thread := uint32(at/c.graph.threads), at%c.graph.threads
			left = append(left, Left{state, thread, c.graph.label(state, thread)})
		}
	}
	return left
}

// leftOut tells so many of them, and how many there are.
func (c *Coverage) leftOut(most int) (lines []string, all int) {
	left := c.Left()
	for _, l := range left[:min(most, len(left))] {
		lines = append(lines, fmt.Sprintf("%s of %s in state %d: %s", l.Label, c.graph.threadName(l.Thread), l.State, c.graph.describe(l.State)))
	}
	return lines, len(left)
}

// ByLabel counts what was left out by the step's name.
func (c *Coverage) ByLabel() map[step.Name]int {
	counts := map[step.Name]int{}
	for _, l := range c.Left() {
		counts[l.Label]++
	}
	return counts
}

// threadName names a thread as the explorer does.
func (g *Graph) threadName(thread int) string {
	side, self := sideOf(g.config, thread)
	return nameOf(g.config, side, self)
}

// nameOf names a thread as traces of the specification do, numbered from 1 as those of
// the explorer.
func nameOf(c memory.Config, side, self int) string {
	if side == memory.NudgerSide || side == memory.ReaperSide || side == memory.WatcherSide {
		return c.ProcessName(side) // there is one
	}
	return fmt.Sprintf("%s %d", c.ProcessName(side), self+1)
}

// describe tells where the threads of a state stand.
func (g *Graph) describe(state uint32) string {
	all := make([]string, g.threads)
	for t := range g.threads {
		all[t] = g.threadName(t) + " at " + standing(g.label(state, t))
	}
	return strings.Join(all, ", ")
}
