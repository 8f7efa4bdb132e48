package checker

import (
	"maps"
	"slices"
)

// The oracle answers for a random model in the plainest way: a map, a queue, and every way
// round by itself. It shares no code with the checker, of which it sees nothing
// (TestOracleSharesNoCode): it knows no blocks, hashes, reductions or components.

// naive is a random model that is data, as the oracle reads it.
type naive[S comparable] interface {
	starts() []S
	// moves calls take for each step that is enabled.
	moves(before S, take func(after S, e oedge))
	good(s *S) bool
	goal(s *S) bool
	ends(s *S) bool // stuck there is no deadlock
}

// oedge is a step that was taken.
type oedge struct {
	to      int // a state, which the oracle fills in
	process int
	step    int // of its process
	pc      int // the instance, among those of all processes
	counted bool
	wrong   bool // it breaks the transition property
	event   string
}

// oracle is the state graph of a model, and what is to be known of it.
type oracle[S comparable] struct {
	model  naive[S]
	number map[S]int
	states []S
	depths []int
	edges  [][]oedge

	counts
	depth int
	// shortest are the lengths of shortest paths to a deadlock, a state that is not good, the
	// goal, and by a wrong step; -1: there is none.
	shortest [4]int
	taken    map[[2]int]int // transitions, by process and step
}

// counts are those of some states.
type counts struct{ visited, transitions, deadlocks, ends int }

// explore visits every state, or gives up beyond a number of them.
func explore[S comparable](m naive[S], most int) (*oracle[S], bool) {
	o := &oracle[S]{model: m, number: map[S]int{}, shortest: [4]int{-1, -1, -1, -1}, taken: map[[2]int]int{}}
	for _, s := range m.starts() {
		o.add(s, 0)
	}
	for v := 0; v < len(o.states); v++ {
		if len(o.states) > most {
			return nil, false
		}
		o.expand(v)
	}
	return o, true
}

func (o *oracle[S]) add(s S, depth int) int {
	if v, ok := o.number[s]; ok {
		return v
	}
	v := len(o.states)
	o.number[s] = v
	o.states, o.depths, o.edges = append(o.states, s), append(o.depths, depth), append(o.edges, nil)
	o.depth = max(o.depth, depth)
	if !o.model.good(&s) {
		first(&o.shortest[1], depth)
	}
	if o.model.goal(&s) {
		first(&o.shortest[2], depth)
	}
	return v
}

func first(at *int, depth int) {
	if *at < 0 || depth < *at {
		*at = depth
	}
}

func (o *oracle[S]) expand(v int) {
	o.model.moves(o.states[v], func(after S, e oedge) {
		e.to = o.add(after, o.depths[v]+1)
		o.edges[v] = append(o.edges[v], e)
		o.taken[[2]int{e.process, e.step}]++
		if e.wrong {
			first(&o.shortest[3], o.depths[v]+1)
		}
	})
	before := o.deadlocks
	o.count(v, &o.counts)
	if o.deadlocks > before {
		first(&o.shortest[0], o.depths[v])
	}
}

// count adds a state, which was expanded, to counts.
func (o *oracle[S]) count(v int, c *counts) {
	c.visited++
	c.transitions += len(o.edges[v])
	switch s := o.states[v]; {
	case len(o.edges[v]) > 0:
	case o.model.ends(&s):
		c.ends++
	default:
		c.deadlocks++
	}
}

// quotient counts one state of each orbit: what renaming makes of a state.
func (o *oracle[S]) quotient(orbit func(s S) map[S]bool) (c counts) {
	known := map[S]bool{}
	for v, s := range o.states {
		if !known[s] {
			o.count(v, &c)
			maps.Copy(known, orbit(s))
		}
	}
	return c
}

// cyclic says whether some way leads round through two states or more: they are left when
// those that lead to no other state that is left are taken away, again and again.
func (o *oracle[S]) cyclic() bool {
	gone := make([]bool, len(o.states))
	for left, before := len(o.states), 0; left != before; {
		before = left
		for v := range o.states {
			on := func(e oedge) bool { return e.to != v && !gone[e.to] }
			if !gone[v] && !slices.ContainsFunc(o.edges[v], on) {
				gone[v] = true
				left--
			}
		}
	}
	return slices.Contains(gone, false)
}
