package checker

import "slices"

// A liveness property asks that something happens in the end: in every behaviour, after
// each state that calls for it (from) a state comes that answers (to), that one included.
//
//	LeadsTo          from is given
//	AlwaysEventually from is every state
//	Eventually       from is the initial state
//
// Along a behaviour a call is open in a state if from was true in it or before, and to
// neither in it nor since. So whether one is open in a state depends on the behaviour up to
// it; the search goes through pairs of a state and that. Once open, a call stays so until to
// is true, and the part of the graph in which to is false says the rest: the property is
// violated by a behaviour that comes to a state with an open call, and ends there, since no
// step is enabled in it, or goes on for ever among states where to is false, fairly.
//
// A behaviour ends only where no step is enabled. It may be thought of as repeating its
// last state for ever.
type liveness[S comparable] struct {
	search *search[S]
	graph  *graph
	to     []bool // by node
	from   []bool // by node; nil: from is every state if always, else the initial one
	always bool

	seen   []bool   // by pair
	dist   []uint32 // by pair: steps from an initial state
	before []uint64 // by pair: the pair that it was come to from; itself: it is initial
	by     []uint64 // by pair: the edge
	queue  []uint64
}

// livenessResult judges a liveness property.
func (s *search[S]) livenessResult(g *graph, p *Property[S], r *Result) error {
	l := &liveness[S]{search: s, graph: g, always: p.always}
	if err := l.evaluate(p); err != nil || s.cancelled.Load() {
		r.Note = "the search for cycles was cut short: " + s.cancellation()
		return err
	}
	assumed := s.model.assumed(p)
	r.Fairness = assumed
	l.reach()
	found, is := l.under(assumed)
	if s.cancelled.Load() {
		r.Note = "the search for cycles was cut short: " + s.cancellation()
		return nil
	}
	if !is && s.pruned > 0 {
		r.Note = "no behaviour that stays within the constraint violates it; those that leave it were not followed: " + s.outside()
		return nil
	}
	if !is {
		r.Verdict = Holds
		if l.from != nil && !slices.Contains(l.from, true) {
			r.Vacuous = "nothing calls for it: what it leads from is true in no reachable state"
		}
		for i := range assumed {
			_, is := l.under(slices.Delete(slices.Clone(assumed), i, i+1))
			if s.cancelled.Load() {
				r.Note = "which assumptions it needs was not looked at to the end: " + s.cancellation()
				break
			}
			if !is {
				r.Idle = append(r.Idle, assumed[i])
			}
		}
		return nil
	}
	t, err := s.replayed(l.trace(p, found))
	if err != nil {
		return err
	}
	r.Verdict, r.Trace = Violated, &t
	if !found.shortest {
		r.Note = "there may be a shorter counterexample: a shortest cycle was looked for as long as was reasonable"
		if l.room() < mostLooked {
			r.Note = "there may be a shorter counterexample: the search for a shortest cycle does not fit in the memory limit"
		}
	}
	return nil
}

// under gives a shortest violation by a behaviour that is fair.
func (l *liveness[S]) under(assumed []Fairness) (lasso, bool) {
	p := l.search.program
	f := newFair(l.graph, len(p.transitions), p.conditions(assumed))
	f.tarjan.cancelled = l.graph.cancelled
	return l.violation(f)
}

// evaluate asks the property of every state.
func (l *liveness[S]) evaluate(p *Property[S]) (err error) {
	n := l.graph.nodes()
	l.to = make([]bool, 0, n)
	if p.from != nil {
		l.from = make([]bool, 0, n)
	}
	var at S
	finished := false
	defer func() {
		if !finished {
			err = recovered(recover(), whereProperty(p), at)
			l.search.failed = err // where the goroutine ends, nobody is given err
		}
	}()
	for i := range l.search.shards {
		for local := range l.search.shards[i].count {
			stored := l.search.shards[i].state(local)
			if local&0xffff == 0 && l.search.cancelled.Load() {
				finished = true
				return nil
			}
			at = *stored
			l.to = append(l.to, p.state(&at))
			if p.from != nil {
				l.from = append(l.from, p.from(&at))
			}
			if sampled(local) && at != *stored {
				panic(impure{"changes the state that it may only read"})
			}
		}
	}
	finished = true
	return nil
}

// trace tells a counterexample.
func (l *liveness[S]) trace(p *Property[S], found lasso) Trace {
	v, start := found.start, 0
	state := l.state(v)
	for i := range l.search.model.Init {
		if l.search.model.Init[i] == state {
			start = i
			break
		}
	}
	path := []S{state}
	var numbers []uint32
	for _, at := range slices.Concat(found.stem, found.cycle) {
		e := l.graph.edges[at]
		numbers, path = append(numbers, e.transition), append(path, l.state(e.to))
	}
	t := l.search.traceOf(p.name, p.kind, start, path, numbers)
	t.Cycle, t.Assumed = len(found.cycle), l.search.options.Assume
	return t
}

func (l *liveness[S]) state(v uint32) S {
	i, _ := slices.BinarySearchFunc(l.graph.base[:], v, func(base, v uint32) int {
		if base <= v {
			return -1
		}
		return 1
	})
	return *l.search.shards[i-1].state(int(v - l.graph.base[i-1]))
}

// pair is node v with an open call (1) or without (0).
func pair(v uint32, open bool) uint64 {
	if open {
		return uint64(v)<<1 | 1
	}
	return uint64(v) << 1
}

// opens says whether a call is open in node v, which the behaviour comes to with one open,
// or not.
func (l *liveness[S]) opens(v uint32, open bool) bool {
	return !l.to[v] && (open || l.always || l.from != nil && l.from[v])
}

// reach visits every pair that some behaviour comes to, breadth first.
func (l *liveness[S]) reach() {
	n := l.graph.nodes()
	l.seen, l.dist, l.before, l.by = make([]bool, 2*n), make([]uint32, 2*n), make([]uint64, 2*n), make([]uint64, 2*n)
	for _, v := range l.graph.initial {
		p := pair(v, l.opens(v, l.from == nil))
		l.visit(p, 0, p, 0)
	}
	for i := 0; i < len(l.queue); i++ {
		if i&0xffff == 0 && l.search.cancelled.Load() {
			return
		}
		p := l.queue[i]
		v, open := uint32(p>>1), p&1 == 1
		for at := l.graph.first[v]; at < l.graph.first[v+1]; at++ {
			to := l.graph.edges[at].to
			l.visit(pair(to, l.opens(to, open)), l.dist[p]+1, p, at)
		}
	}
}

func (l *liveness[S]) visit(p uint64, dist uint32, before, by uint64) {
	if l.seen[p] {
		return
	}
	l.seen[p], l.dist[p], l.before[p], l.by[p] = true, dist, before, by
	l.queue = append(l.queue, p)
}

// path gives the edges of a shortest way to a pair, and where it starts.
func (l *liveness[S]) path(p uint64) (start uint32, edges []uint64) {
	for ; l.before[p] != p; p = l.before[p] {
		edges = append(edges, l.by[p])
	}
	slices.Reverse(edges)
	return uint32(p >> 1), edges
}
