package checker

import (
	"cmp"
	"slices"
)

// lasso is a behaviour that a program can tell: edges to a node, then edges round a cycle
// from there back to it, for ever. Without a cycle no step is enabled at the end.
type lasso struct {
	start       uint32 // an initial node
	stem, cycle []uint64
	shortest    bool // no other one that violates the property has fewer steps, both counted
}

// mostLooked bounds the search for a shortest cycle, in pairs of a node and what was
// achieved on the way to it. (In general that search is as hard as the travelling
// salesman's: the smallest number of steps through one state of each of many sets.)
// Beyond it a cycle is told that need not be the shortest. Tests set it.
var mostLooked = 1 << 22

const (
	// stageBytes bounds what such a pair takes: in the map (32 bytes in tables that are at
	// least 7/16 full), and in two slices that grow by a quarter, beside the ones before.
	stageBytes = 74 + 9*(24+16)/4
	// wayBytes bounds what a node takes on the way to the nearest place (rounds.nearest).
	wayBytes = 55 + 9*4/4
)

// room is how many such pairs the memory limit allows, and no more than mostLooked.
func (l *liveness[S]) room() int {
	limit, held := l.search.options.MaxMemory, l.search.held()+l.graph.bytes
	if limit == 0 {
		return mostLooked
	}
	return int(min(uint64(mostLooked), (max(limit, held)-held)/stageBytes))
}

// violation gives a shortest behaviour that violates the property and is fair, if there is
// one. reach has run.
func (l *liveness[S]) violation(f *fair) (best lasso, found bool) {
	var open []uint32
	most := ^uint64(0) // steps that are too many
	for _, p := range l.queue {
		if p&1 == 0 {
			continue
		}
		v := uint32(p >> 1)
		open = append(open, v)
		if l.graph.stuck(v) && !found {
			best.start, best.stem = l.path(p)
			found, most = true, uint64(l.dist[p])
		}
	}
	best.shortest = true
	r := rounds{fair: f, room: l.room()}
	defer func() {
		l.search.memory = max(l.search.memory, l.search.held()+l.graph.bytes+uint64(r.most)*stageBytes)
	}()
	for _, part := range f.components(open) {
		slices.SortFunc(part, func(a, b uint32) int { return cmp.Compare(l.dist[pair(a, true)], l.dist[pair(b, true)]) })
		f.mark(part, true)
		for _, v := range part {
			stem := uint64(l.dist[pair(v, true)])
			if stem+1 >= most {
				break
			}
			cycle, shortest := r.through(v, most-stem)
			if cycle == nil && !shortest && !found {
				cycle = r.walk(v)
			}
			if best.shortest = best.shortest && shortest; cycle != nil && stem+uint64(len(cycle)) < most {
				best.start, best.stem = l.path(pair(v, true))
				best.cycle, found, most = cycle, true, stem+uint64(len(cycle))
			}
		}
		f.mark(part, false)
	}
	return best, found
}

// rounds finds cycles in a part of a graph that is marked as fair.inside.
type rounds struct {
	fair   *fair
	looked int // pairs that were looked at, in all searches for a cycle
	room   int // how many may be held at once
	most   int // were held at once
}

// stage is a node, and what a way to it has achieved: the conditions whose steps were
// taken, or that are weak and were not enabled somewhere, and the strong ones that were
// enabled somewhere.
type stage struct {
	node       uint32
	done, ever uint64
}

// at adds to a stage what its node shows.
func (r *rounds) at(s stage) stage {
	here := make(set, r.fair.words)
	r.fair.enabled(s.node, here)
	if len(here) > 0 {
		s.done |= r.fair.weak[0] &^ here[0]
		s.ever |= here[0] &^ r.fair.weak[0]
	}
	return s
}

// isFair says whether the way to a stage keeps all conditions.
func (r *rounds) isFair(s stage) bool {
	return r.fair.words == 0 || (r.fair.weak[0]|s.ever)&^s.done == 0
}

// through gives the shortest fair cycle through v of fewer than so many steps. It is nil if
// there is none, or, shortest being false, if there was too much to look at.
func (r *rounds) through(v uint32, most uint64) (cycle []uint64, shortest bool) {
	if r.fair.words > 1 || r.room == 0 {
		return nil, false
	}
	type step struct {
		before int
		by     uint64
	}
	start := r.at(stage{node: v})
	queue, steps := []stage{start}, []step{{before: -1}}
	seen := map[stage]bool{start: true}
	defer func() { r.most = max(r.most, len(queue)) }()
	depth, level := uint64(0), 1 // of the stage that is looked at; where the next depth begins
	for i := 0; i < len(queue); i++ {
		if i == level {
			depth, level = depth+1, len(queue)
		}
		if depth+1 >= most {
			return nil, true
		}
		if r.looked++; r.looked > mostLooked {
			return nil, false
		}
		s := queue[i]
		for at := r.fair.graph.first[s.node]; at < r.fair.graph.first[s.node+1]; at++ {
			e := r.fair.graph.edges[at]
			if !r.fair.inside[e.to] {
				continue
			}
			next := stage{node: e.to, done: s.done, ever: s.ever}
			if r.fair.words > 0 {
				next.done |= r.fair.of[e.transition][0]
			}
			next = r.at(next)
			if e.to == v && r.isFair(next) {
				cycle = []uint64{at}
				for k := i; steps[k].before >= 0; k = steps[k].before {
					cycle = append(cycle, steps[k].by)
				}
				slices.Reverse(cycle)
				return cycle, true
			}
			if !seen[next] {
				if len(queue) == r.room {
					return nil, false
				}
				seen[next] = true
				queue, steps = append(queue, next), append(steps, step{i, at})
			}
		}
	}
	return nil, true
}

// walk gives a fair cycle through v, not a shortest one: the way to the nearest place that
// keeps one more condition, again and again, and back.
func (r *rounds) walk(v uint32) (cycle []uint64) {
	f := r.fair
	done, here := make(set, f.words), make(set, f.words)
	note := func(u uint32) {
		f.enabled(u, here)
		for i := range done {
			done[i] |= f.weak[i] &^ here[i]
		}
	}
	note(v)
	at := v
	for {
		way := r.nearest(at, func(e edge) bool {
			f.enabled(e.to, here)
			for i := range done {
				if (f.of[e.transition][i]|f.weak[i]&^here[i])&^done[i] != 0 {
					return true
				}
			}
			return false
		})
		if way == nil {
			break
		}
		for _, k := range way {
			e := f.graph.edges[k]
			done.add(f.of[e.transition])
			note(e.to)
			at = e.to
		}
		cycle = append(cycle, way...)
	}
	if at != v || len(cycle) == 0 {
		cycle = append(cycle, r.nearest(at, func(e edge) bool { return e.to == v })...)
	}
	return cycle
}

// nearest gives the edges of a shortest way, inside, from a node to an edge that is wanted,
// that one included; nil: there is none.
func (r *rounds) nearest(from uint32, wanted func(e edge) bool) []uint64 {
	type come struct {
		before uint32
		by     uint64
	}
	g := r.fair.graph
	came := map[uint32]come{from: {}}
	for queue := []uint32{from}; len(queue) > 0; queue = queue[1:] {
		u := queue[0]
		for at := g.first[u]; at < g.first[u+1]; at++ {
			e := g.edges[at]
			if !r.fair.inside[e.to] {
				continue
			}
			if wanted(e) {
				way := []uint64{at}
				for ; u != from; u = came[u].before {
					way = append(way, came[u].by)
				}
				slices.Reverse(way)
				return way
			}
			if _, seen := came[e.to]; !seen {
				came[e.to] = come{u, at}
				queue = append(queue, e.to)
			}
		}
	}
	return nil
}
