package checker

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// graph is the state graph of a complete search, for what depends on whole paths.
// Nodes are numbered shard by shard; the edges of node v are
// edges[first[v]:first[v+1]], in the order in which its steps are tried.
type graph struct {
	first   []uint64
	edges   []edge
	initial []uint32
	names   []string       // of events, from 1; name 0 is "no event"
	events  []uint32       // by edge: index in names; nil if no property orders events
	note    string         // why there is no graph; "" when there is one
	outside []bool         // by node: outside the constraint; nil if none is
	base    [shards]uint32 // the first node of each shard
	bytes   uint64         // that it takes (graphBytes)
	// cancelled, if set, ends what is searched in the graph early once it is true: what was
	// found means nothing then.
	cancelled *atomic.Bool
}

// edge is one transition.
type edge struct {
	to         uint32
	transition uint32
}

func (g *graph) nodes() int { return len(g.first) - 1 }

// stuck says whether no step is enabled in a node. Of one outside the constraint that is
// not known.
func (g *graph) stuck(v uint32) bool {
	return g.first[v] == g.first[v+1] && (g.outside == nil || !g.outside[v])
}

func (g *graph) isCancelled() bool { return g.cancelled != nil && g.cancelled.Load() }

// isCancelledAt is isCancelled, asked at one in 65,536 of what a long loop goes through.
func (g *graph) isCancelledAt(i int) bool { return i&0xffff == 0 && g.isCancelled() }

// graphBytes is what a graph of this size takes, with the scratch space of the
// searches in it: of components, and for liveness of the pairs of a node and whether a call
// is open (liveness).
func graphBytes(nodes, edges uint64, events, liveness bool) uint64 {
	bytes := nodes*(1+8+5*8) + edges*8
	if liveness {
		bytes += nodes * 2 * (1 + 1 + 4 + 8 + 8 + 2*8)
		bytes += nodes * wayBytes
	}
	if events {
		bytes += edges * 4
	}
	return bytes
}

// buildGraph takes every step of every state again and looks the successors up.
// The graph says in its note why it is none, when it would break a limit.
func (s *search[S]) buildGraph() (g *graph, err error) {
	g = &graph{cancelled: &s.cancelled}
	nodes, events := s.states(), s.has(KindOrders)
	if nodes >= 1<<32-1 {
		g.note = "the state graph has too many states for its paths to be searched"
		return g, nil
	}
	bytes := graphBytes(nodes, s.transitions, events, s.has(KindLiveness))
	if s.options.MaxMemory > 0 && s.held()+bytes > s.options.MaxMemory {
		g.note = fmt.Sprintf("the state graph does not fit in the memory limit of %d bytes", s.options.MaxMemory)
		return g, nil
	}
	s.memory = max(s.memory, s.held()+bytes)
	g.bytes = bytes
	b := &graphBuilder[S]{search: s, graph: g, withEvents: events, known: map[string]uint32{"": 0}}
	g.names = []string{""}
	b.build(nodes)
	return g, s.failed
}

// has says whether some property is of the kind.
func (s *search[S]) has(kind Kind) bool {
	return slices.ContainsFunc(s.model.Properties, func(p Property[S]) bool { return p.kind == kind })
}

// graphBuilder fills a graph.
type graphBuilder[S comparable] struct {
	search     *search[S]
	graph      *graph
	withEvents bool
	known      map[string]uint32 // numbers of event names
	worker     worker[S]
}

func (b *graphBuilder[S]) build(nodes uint64) {
	s, g := b.search, b.graph
	b.worker = worker[S]{program: s.program, canonicalizer: s.canonicalizer()}
	finished := false
	defer func() {
		if !finished {
			s.failed = recovered(recover(), b.worker.where(), b.worker.source)
		}
	}()
	var base uint32
	for i := range s.shards {
		g.base[i] = base
		base += uint32(s.shards[i].count)
	}
	g.first = append(make([]uint64, 0, nodes+1), 0)
	g.edges = make([]edge, 0, s.transitions)
	for i := range s.shards {
		for local := range s.shards[i].count {
			if local&1023 == 0 && s.cancelled.Load() {
				*g = graph{note: "the search for paths was cut short: " + s.cancellation()}
				finished = true
				return
			}
			b.addNode(s.shards[i].state(local))
		}
	}
	for i := range s.model.Init {
		if v := b.node(&s.model.Init[i]); !slices.Contains(g.initial, v) {
			g.initial = append(g.initial, v)
		}
	}
	finished = true
}

// node looks the number of a state up.
func (b *graphBuilder[S]) node(state *S) uint32 {
	state = b.worker.canonical(state)
	hash := b.search.program.hash.of(bytesOf(state))
	number := hash & (shards - 1)
	local := b.search.shards[number].find(state, hash)
	if local < 0 {
		panic(impure{"gives a successor that it did not give before"})
	}
	return b.graph.base[number] + uint32(local)
}

// addNode adds the edges of the next state.
func (b *graphBuilder[S]) addNode(state *S) {
	w := &b.worker
	w.source = *state
	if b.search.pruned > 0 {
		within := w.within()
		b.graph.outside = append(b.graph.outside, !within)
		if !within {
			b.graph.first = append(b.graph.first, uint64(len(b.graph.edges)))
			return
		}
	}
	for i := range w.program.instances {
		in := &w.program.instances[i]
		if in.pc == nil {
			for k := range in.steps {
				b.addStep(&in.steps[k], in.self)
			}
			continue
		}
		w.doing, w.instance = callPC, i
		if k := in.pc(&w.source, in.self); uint(k) < uint(len(in.steps)) {
			b.addStep(&in.steps[k], in.self)
		}
	}
	b.graph.first = append(b.graph.first, uint64(len(b.graph.edges)))
}

func (b *graphBuilder[S]) addStep(step *compiled[S], self int) {
	w := &b.worker
	for choice := range step.choices {
		w.doing, w.number = callStep, step.first+uint32(choice)
		if _, enabled := w.perform(step, self, choice); enabled {
			b.graph.edges = append(b.graph.edges, edge{to: b.node(&w.scratch), transition: w.number})
			if b.withEvents {
				b.graph.events = append(b.graph.events, b.eventOf())
			}
		}
	}
}

// eventOf gives the number of the event of the transition from source to scratch.
func (b *graphBuilder[S]) eventOf() uint32 {
	w := &b.worker
	w.doing = callEvent
	before, after := w.source, w.scratch
	name := w.program.model.Event(&before, &after, w.program.taken(w.number))
	number, ok := b.known[name]
	if !ok {
		number = uint32(len(b.graph.names))
		b.known[name] = number
		b.graph.names = append(b.graph.names, name)
	}
	return number
}

// onCycle marks the nodes from which a cycle of edges that keep allows can be
// reached by such edges within their component (of, count: see components, which was not
// cancelled).
func (g *graph) onCycle(of []uint32, count int, keep func(at uint64) bool) []bool {
	cyclic := make([]bool, count)
	for v := range uint32(g.nodes()) {
		if g.isCancelledAt(int(v)) {
			break
		}
		for at := g.first[v]; at < g.first[v+1]; at++ {
			if keep(at) && of[g.edges[at].to] == of[v] {
				cyclic[of[v]] = true
			}
		}
	}
	marks := make([]bool, g.nodes())
	for v := range marks {
		marks[v] = cyclic[of[v]]
	}
	return marks
}
