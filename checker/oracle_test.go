package checker

import (
	"math"
	"slices"
	"sort"
	"strings"
)

// oracle answers for a random model in the plainest way: a map, a queue, and
// every path by itself. It shares no code with the checker.
type oracle struct {
	model  *rmodel
	number map[rstate]int
	states []rstate
	depths []int
	edges  [][]oedge

	depth, deadlocks, ends, transitions int
	// Shortest lengths, -1 for none.
	deadlock, bad, goal, step int
}

type oedge struct {
	to      int
	counted bool
	event   string
	pc      int // of the instance
	step    int // of its process
}

// explore visits every state, or gives up beyond a number of them.
func explore(m *rmodel, most int) (*oracle, bool) {
	o := &oracle{model: m, number: map[rstate]int{}, deadlock: -1, bad: -1, goal: -1, step: -1}
	for _, s := range m.Init {
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

func (o *oracle) add(s rstate, depth int) int {
	if v, ok := o.number[s]; ok {
		return v
	}
	v := len(o.states)
	o.number[s] = v
	o.states, o.depths, o.edges = append(o.states, s), append(o.depths, depth), append(o.edges, nil)
	o.depth = max(o.depth, depth)
	if !o.model.good(&s) {
		first(&o.bad, depth)
	}
	if o.model.goal(&s) {
		first(&o.goal, depth)
	}
	return v
}

func first(at *int, depth int) {
	if *at < 0 || depth < *at {
		*at = depth
	}
}

func (o *oracle) expand(v int) {
	depth := o.depths[v]
	for _, p := range o.model.Processes {
		for self := range p.Count {
			for k := range p.Steps {
				for choice := range p.Steps[k].Choices {
					o.try(v, &p.Steps[k], k, p.First+self, choice)
				}
			}
		}
	}
	if len(o.edges[v]) > 0 {
		return
	}
	if o.model.ends(&o.states[v]) {
		o.ends++
		return
	}
	o.deadlocks++
	first(&o.deadlock, depth)
}

func (o *oracle) try(v int, s *rstep, k, pc, choice int) {
	before := o.states[v]
	after := before
	if !s.apply(&after, pc, choice) {
		return
	}
	o.transitions++
	if !o.model.step(&before, &after) {
		first(&o.step, o.depths[v]+1)
	}
	e := oedge{to: o.add(after, o.depths[v]+1), counted: s.Counted, pc: pc, step: k}
	if s.Event {
		e.event = s.event(&after)
	}
	o.edges[v] = append(o.edges[v], e)
}

// bounds finds the least and most counted edges over all maximal paths by letting
// them grow a step at a time. In n states, a bounded count is at most n, and n*n+n
// steps are enough to exceed it where it is not.
func (o *oracle) bounds() (least, most int, endless, unbounded bool) {
	n := len(o.states)
	low, high := make([]int, n), make([]int, n)
	for range n*n + n + 1 {
		nextLow, nextHigh := make([]int, n), make([]int, n)
		for v, edges := range o.edges {
			for i, e := range edges {
				w := 0
				if e.counted {
					w = 1
				}
				if i == 0 || low[e.to]+w < nextLow[v] {
					nextLow[v] = low[e.to] + w
				}
				nextHigh[v] = max(nextHigh[v], high[e.to]+w)
			}
		}
		if slices.Equal(low, nextLow) && slices.Equal(high, nextHigh) {
			break
		}
		low, high = nextLow, nextHigh
	}
	least = math.MaxInt
	for _, s := range o.model.Init {
		least, most = min(least, low[o.number[s]]), max(most, high[o.number[s]])
	}
	return least, most, least > n, most > n
}

// words walks every maximal path, leaving the silent ones where they come to a
// state again, and collects the sequences of events. It is false when an event
// lies on a cycle, or when there are too many paths to walk.
func (o *oracle) words(budget int) (words [][]string, ok bool) {
	found := map[string][]string{}
	var word []string
	silent := map[int]bool{}   // states since the last event
	path := map[int][]string{} // states of the path, with the word at the last visit
	var walk func(v int) bool
	walk = func(v int) bool {
		if budget--; budget < 0 {
			return false
		}
		if silent[v] || len(o.edges[v]) == 0 {
			found[strings.Join(word, "\x00")+"\x00"+string(rune(len(word)))] = slices.Clone(word)
			return true
		}
		if at, on := path[v]; on && len(at) < len(word) {
			return false // an event on a cycle
		}
		path[v] = slices.Clone(word)
		defer delete(path, v)
		for _, e := range o.edges[v] {
			kept := silent
			if e.event == "" {
				silent = with(silent, v)
			} else {
				silent = map[int]bool{}
				word = append(word, e.event)
			}
			ok := walk(e.to)
			silent = kept
			if e.event != "" {
				word = word[:len(word)-1]
			}
			if !ok {
				return false
			}
		}
		return true
	}
	for _, s := range o.model.Init {
		if !walk(o.number[s]) {
			return nil, false
		}
	}
	for _, w := range found {
		words = append(words, w)
	}
	sort.Slice(words, func(i, j int) bool { return slices.Compare(words[i], words[j]) < 0 })
	return words, true
}

func with(set map[int]bool, v int) map[int]bool {
	out := map[int]bool{v: true}
	for u := range set {
		out[u] = true
	}
	return out
}
