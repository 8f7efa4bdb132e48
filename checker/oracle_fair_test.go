package checker

// fairOracle looks for the shortest violation of a liveness property in the plainest way:
// from each pair of a state and whether a call is open, every way back to it, by what was
// taken, enabled and not enabled on the way. It knows no components.
type fairOracle[S comparable] struct {
	o          *oracle[S]
	conditions []oracleCondition
	from, to   func(s *S) bool
	begins     bool // from is the initial state
}

type oracleCondition struct {
	strong bool
	pc     int // of the instance
	steps  map[int]bool
}

// onWay is a state and, by condition, bits of what was seen on the way to it.
type onWay struct {
	v                       int
	taken, enabled, without uint64
}

func (f *fairOracle[S]) look(w onWay) onWay {
	for i, c := range f.conditions {
		able := false
		for _, e := range f.o.edges[w.v] {
			able = able || e.pc == c.pc && c.steps[e.step]
		}
		if able {
			w.enabled |= 1 << i
		} else {
			w.without |= 1 << i
		}
	}
	return w
}

func (f *fairOracle[S]) fair(w onWay) bool {
	for i, c := range f.conditions {
		ok := w.taken>>i&1 == 1 || !c.strong && w.without>>i&1 == 1 || c.strong && w.enabled>>i&1 == 0
		if !ok {
			return false
		}
	}
	return true
}

// shortest gives the steps of the shortest violation, stem and cycle; -1: there is none.
func (f *fairOracle[S]) shortest() int {
	type pair struct {
		v    int
		open bool
	}
	opens := func(v int, open bool) bool {
		s := f.o.states[v]
		return !f.to(&s) && (open || f.from != nil && f.from(&s))
	}
	dist := map[pair]int{}
	var queue []pair
	visit := func(p pair, d int) {
		if _, seen := dist[p]; !seen {
			dist[p] = d
			queue = append(queue, p)
		}
	}
	for _, s := range f.o.model.starts() {
		v := f.o.number[s]
		visit(pair{v, opens(v, f.begins)}, 0)
	}
	best := -1
	for i := 0; i < len(queue); i++ {
		p := queue[i]
		for _, e := range f.o.edges[p.v] {
			visit(pair{e.to, opens(e.to, p.open)}, dist[p]+1)
		}
		if !p.open {
			continue
		}
		n := 0
		if len(f.o.edges[p.v]) > 0 {
			if n = f.round(p.v); n < 0 {
				continue
			}
		}
		if best < 0 || dist[p]+n < best {
			best = dist[p] + n
		}
	}
	return best
}

// round gives the length of the shortest fair way from v back to it among states that
// answer no call; -1: there is none.
func (f *fairOracle[S]) round(v int) int {
	start := f.look(onWay{v: v})
	dist := map[onWay]int{start: 0}
	for queue := []onWay{start}; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		for _, e := range f.o.edges[w.v] {
			if s := f.o.states[e.to]; f.to(&s) {
				continue
			}
			next := w
			next.v = e.to
			for i, c := range f.conditions {
				if e.pc == c.pc && c.steps[e.step] {
					next.taken |= 1 << i
				}
			}
			next = f.look(next)
			if next.v == v && f.fair(next) {
				return dist[w] + 1
			}
			if _, seen := dist[next]; !seen {
				dist[next] = dist[w] + 1
				queue = append(queue, next)
			}
		}
	}
	return -1
}
