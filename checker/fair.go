package checker

// fair finds where a graph has cycles that keep assumptions of fairness, by refinement of
// components (Emerson, Lei, Science of Computer Programming 8, 1987; for strong fairness,
// that is for Streett's conditions, Henzinger and Telle, SWAT 1996, without their data
// structure for the removal of edges).
//
// A cycle keeps a weak assumption if it takes one of the steps, or has a state in which
// none is enabled; a strong one if it takes one of them, or none is enabled in any of its
// states. A cycle lies in one strongly connected component. Where that has no edge of the
// steps,
//
//	weak:   and one is enabled in each of its states, no cycle in it is fair;
//	strong: no fair cycle has a state in which one is enabled: these are left out, and
//	        what remains is cut into components again.
//
// What remains is fair: a walk through all of it keeps all assumptions.
type fair struct {
	graph *graph
	words int   // of a set of conditions
	of    []set // by transition number: the conditions whose steps it is of
	weak  set

	inside []bool // by node: in the part that is looked at
	tarjan tarjan
}

// set is a set of conditions.
type set []uint64

func (s set) add(t set) {
	for i, w := range t {
		s[i] |= w
	}
}

func (s set) keep(t set) {
	for i, w := range t {
		s[i] &= w
	}
}

func (s set) any() bool {
	for _, w := range s {
		if w != 0 {
			return true
		}
	}
	return false
}

func newFair(g *graph, transitions int, all []condition) *fair {
	f := &fair{graph: g, words: (len(all) + 63) / 64, inside: make([]bool, g.nodes())}
	f.tarjan = newTarjan(g, func(at uint64) bool { return f.inside[g.edges[at].to] })
	f.weak = make(set, f.words)
	f.of = make([]set, transitions)
	for number := range f.of {
		f.of[number] = make(set, f.words)
		for i, c := range all {
			if c.steps[number] {
				f.of[number][i/64] |= 1 << (i % 64)
			}
		}
	}
	for i, c := range all {
		if !c.strong {
			f.weak[i/64] |= 1 << (i % 64)
		}
	}
	return f
}

// enabled gives the conditions one of whose steps is enabled in a state.
func (f *fair) enabled(v uint32, to set) {
	clear(to)
	for _, e := range f.graph.edges[f.graph.first[v]:f.graph.first[v+1]] {
		to.add(f.of[e.transition])
	}
}

// components gives the largest fair parts among the nodes: strongly connected, with an
// edge, and such that who walks through all of one is fair.
func (f *fair) components(nodes []uint32) (parts [][]uint32) {
	work := [][]uint32{nodes}
	for len(work) > 0 && !f.isCancelled() {
		part := work[len(work)-1]
		work = work[:len(work)-1]
		for _, c := range f.strong(part) {
			switch rest, ok := f.judge(c); {
			case !ok:
			case rest == nil:
				parts = append(parts, c)
			case len(rest) > 0:
				work = append(work, rest)
			}
		}
	}
	return parts
}

// isCancelled says that the search for parts is over, and what was found means nothing.
func (f *fair) isCancelled() bool { return f.tarjan.cancelled != nil && f.tarjan.cancelled.Load() }

// judge looks at a component: it is fair (nil, true), no cycle in it is (false), or none is
// that leaves the rest.
func (f *fair) judge(c []uint32) (rest []uint32, ok bool) {
	taken, always, ever, here := make(set, f.words), make(set, f.words), make(set, f.words), make(set, f.words)
	for i := range always {
		always[i] = ^uint64(0)
	}
	f.mark(c, true)
	edge := false
	for _, v := range c {
		f.enabled(v, here)
		always.keep(here)
		ever.add(here)
		for _, e := range f.graph.edges[f.graph.first[v]:f.graph.first[v+1]] {
			if f.inside[e.to] {
				edge = true
				taken.add(f.of[e.transition])
			}
		}
	}
	f.mark(c, false)
	if !edge {
		return nil, false
	}
	out := make(set, f.words) // strong conditions that are broken
	for i := range out {
		if f.weak[i]&always[i]&^taken[i] != 0 {
			return nil, false
		}
		out[i] = ever[i] &^ taken[i] &^ f.weak[i]
	}
	if !out.any() {
		return nil, true
	}
	rest = []uint32{}
	for _, v := range c {
		f.enabled(v, here)
		here.keep(out)
		if !here.any() {
			rest = append(rest, v)
		}
	}
	return rest, true
}

func (f *fair) mark(nodes []uint32, inside bool) {
	for _, v := range nodes {
		f.inside[v] = inside
	}
}

// strong gives the strongly connected components of the part of the graph that has the
// nodes.
func (f *fair) strong(nodes []uint32) (parts [][]uint32) {
	t := &f.tarjan
	t.clock, t.count = 0, 0 // of this part: it is searched again and again
	f.mark(nodes, true)
	for _, v := range nodes {
		t.forget(v)
	}
	for _, v := range nodes {
		if f.isCancelled() {
			break
		}
		if t.low[v] == unseen {
			t.search(v)
		}
	}
	f.mark(nodes, false)
	if f.isCancelled() {
		return nil
	}
	return f.cut(nodes)
}

// cut gives the nodes component by component, all in one array.
func (f *fair) cut(nodes []uint32) (parts [][]uint32) {
	sizes := make([]int, f.tarjan.count)
	for _, v := range nodes {
		sizes[f.tarjan.of[v]]++
	}
	parts = make([][]uint32, len(sizes))
	all := make([]uint32, len(nodes))
	for i, n := range sizes {
		parts[i], all = all[:0:n], all[n:]
	}
	for _, v := range nodes {
		i := f.tarjan.of[v]
		parts[i] = append(parts[i], v)
	}
	return parts
}
