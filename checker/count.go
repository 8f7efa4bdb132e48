package checker

import (
	"fmt"
	"math"
)

// countResult finds the least and the most labelled steps over all maximal paths.
func (s *search[S]) countResult(g *graph, p *Property[S], r *Result) {
	marks := s.labelled(p)
	counted := func(at uint64) bool { return marks[g.edges[at].transition] }
	least, some := g.leastCount(counted)
	most, unbounded := g.mostCount(counted)
	if g.isCancelled() {
		r.Note = "the search for paths was cut short: " + s.cancellation()
		return
	}
	r.Least, r.Most, r.Unbounded = least, most, unbounded
	if !some {
		r.Least = math.MaxInt
		r.Note = "every path takes the steps for ever"
	}
	r.Verdict = Holds
	if !p.bounded {
		return
	}
	switch {
	case unbounded:
		r.Verdict, r.Note = Violated, fmt.Sprintf("some path takes the steps for ever, not at most %d times", p.most)
	case least < p.least || most > p.most:
		r.Verdict = Violated
		r.Note = fmt.Sprintf("least %d and most %d are not between %d and %d", least, most, p.least, p.most)
	}
}

// mostCount is the longest path by counted edges. Every path is the beginning of
// a maximal one, so that no end needs to be looked for; and in a component
// without a counted edge all nodes are worth the same, so that components, each
// after those that it leads to, are gone through once. It means nothing if the search was
// cancelled.
func (g *graph) mostCount(counted func(at uint64) bool) (most int, unbounded bool) {
	of, count, ok := g.components(func(uint64) bool { return true })
	if !ok {
		return 0, false
	}
	best := make([]int, count)
	for i, v := range byComponent(of, count) {
		if g.isCancelledAt(i) {
			return 0, false
		}
		for at := g.first[v]; at < g.first[v+1]; at++ {
			to := g.edges[at].to
			worth := best[of[to]]
			if counted(at) {
				if of[to] == of[v] {
					return 0, true
				}
				worth++
			}
			best[of[v]] = max(best[of[v]], worth)
		}
	}
	for _, v := range g.initial {
		most = max(most, best[of[v]])
	}
	return most, false
}

// byComponent lists the nodes in the order of their components (counting sort).
func byComponent(of []uint32, count int) []uint32 {
	begin := make([]uint32, count+1)
	for _, c := range of {
		begin[c+1]++
	}
	for c := range count {
		begin[c+1] += begin[c]
	}
	nodes := make([]uint32, len(of))
	for v, c := range of {
		nodes[begin[c]] = uint32(v)
		begin[c]++
	}
	return nodes
}

// leastCount is the fewest counted edges on a path to where a maximal path can
// end without any more: a stuck state, or a cycle without counted edges. It is
// false when there is no such place. The search is breadth first with uncounted
// edges followed at once (0-1 search). It means nothing if the search was cancelled.
func (g *graph) leastCount(counted func(at uint64) bool) (int, bool) {
	free := func(at uint64) bool { return !counted(at) }
	of, count, ok := g.components(free)
	if !ok {
		return 0, false
	}
	resting := g.onCycle(of, count, free)
	seen := make([]bool, g.nodes())
	looked := 0
	now := append([]uint32(nil), g.initial...)
	for least := 0; len(now) > 0; least++ {
		var later []uint32
		for len(now) > 0 {
			v := now[len(now)-1]
			now = now[:len(now)-1]
			if seen[v] {
				continue
			}
			seen[v] = true
			if looked++; g.isCancelledAt(looked) {
				return 0, false
			}
			if resting[v] || g.stuck(v) {
				return least, true
			}
			for at := g.first[v]; at < g.first[v+1]; at++ {
				switch to := g.edges[at].to; {
				case seen[to]:
				case counted(at):
					later = append(later, to)
				default:
					now = append(now, to)
				}
			}
		}
		now = later
	}
	return 0, false
}
