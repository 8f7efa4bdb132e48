package checker

import "sync/atomic"

// components numbers the strongly connected components of the part of a graph
// whose edges keep allows: a component comes after all that it leads to (Tarjan,
// SIAM J. Computing 1(2), 1972, with a path of its own instead of recursion). It is false
// if it was cancelled.
func (g *graph) components(keep func(at uint64) bool) (of []uint32, count int, ok bool) {
	t := newTarjan(g, keep)
	t.cancelled = g.cancelled
	for v := range uint32(g.nodes()) {
		t.forget(v)
	}
	for v := range uint32(g.nodes()) {
		if t.low[v] != unseen {
			continue
		}
		if t.search(v); g.isCancelled() {
			return nil, 0, false
		}
	}
	return t.of, t.count, true
}

func newTarjan(g *graph, keep func(at uint64) bool) tarjan {
	n := g.nodes()
	return tarjan{graph: g, keep: keep, of: make([]uint32, n), low: make([]uint32, n), entered: make([]uint32, n), next: make([]uint64, n)}
}

// forget makes a node one that was not entered.
func (t *tarjan) forget(v uint32) { t.of[v], t.low[v] = unseen, unseen }

// unseen stands for a node that was not entered, or is in no component yet.
const unseen = 1<<32 - 1

// tarjan is the state of the search for components; slices are by node.
type tarjan struct {
	graph   *graph
	keep    func(at uint64) bool
	of      []uint32 // component
	low     []uint32 // the earliest entered node that is known to be reached
	entered []uint32 // when the node was entered
	next    []uint64 // the edge to look at next
	path    []uint32 // from the root to the node being looked at
	stack   []uint32 // entered, and in no component yet
	clock   uint32
	count   int
	// cancelled, if set, ends the search early once it is true: what was found means
	// nothing then.
	cancelled *atomic.Bool
}

func (t *tarjan) search(root uint32) {
	t.enter(root)
	for len(t.path) > 0 {
		if t.clock&0xffff == 0 && t.cancelled != nil && t.cancelled.Load() {
			t.path, t.stack = t.path[:0], t.stack[:0]
			return
		}
		v := t.path[len(t.path)-1]
		if t.next[v] == t.graph.first[v+1] {
			t.leave(v)
			continue
		}
		at := t.next[v]
		t.next[v]++
		if !t.keep(at) {
			continue
		}
		switch to := t.graph.edges[at].to; {
		case t.low[to] == unseen:
			t.enter(to)
		case t.of[to] == unseen:
			t.low[v] = min(t.low[v], t.entered[to])
		}
	}
}

func (t *tarjan) enter(v uint32) {
	t.entered[v], t.low[v], t.next[v] = t.clock, t.clock, t.graph.first[v]
	t.clock++
	t.path, t.stack = append(t.path, v), append(t.stack, v)
}

// leave ends the look at a node; the first entered of its component closes it.
func (t *tarjan) leave(v uint32) {
	t.path = t.path[:len(t.path)-1]
	if len(t.path) > 0 {
		u := t.path[len(t.path)-1]
		t.low[u] = min(t.low[u], t.low[v])
	}
	if t.low[v] != t.entered[v] {
		return
	}
	for {
		u := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		t.of[u] = uint32(t.count)
		if u == v {
			break
		}
	}
	t.count++
}
