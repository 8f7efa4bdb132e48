package checker

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// defaultMaxOrders is what Options.MaxOrders stands for when it is 0.
const defaultMaxOrders = 10_000

// subsetBudget bounds the nodes held in all subsets together: 256 MiB.
const subsetBudget = 1 << 26

// ordersResult finds the sequences of events over all maximal paths: the words of
// the graph taken as an automaton whose letters are the events. It is made
// deterministic by the subset construction, so that each word is found once.
func (s *search[S]) ordersResult(g *graph, p *Property[S], r *Result) {
	marks := s.labelled(p)
	o := &orders{graph: g, limit: s.options.MaxOrders, budget: subsetBudget,
		lettered: func(at uint64) bool { return g.events[at] != 0 && marks[g.edges[at].transition] },
		known:    map[string]int{}}
	if o.limit <= 0 {
		o.limit = defaultMaxOrders
	}
	if r.Note = o.run(); g.isCancelled() {
		r.Note = "the search for orders was cut short: " + s.cancellation()
	}
	r.Orders = o.words
	if r.Note == "" {
		r.Verdict = Holds
	}
}

// orders enumerates words.
type orders struct {
	graph    *graph
	limit    int
	budget   int                  // of held
	lettered func(at uint64) bool // the edge gives a letter

	rests   []bool // by node: a maximal path can end here, or go on for ever without a letter
	subsets []subset
	known   map[string]int // subsets by their nodes
	held    int            // nodes in all subsets together
	marks   []uint32       // by node: the last closure that reached it
	mark    uint32

	word  []string
	words [][]string
}

// subset is a state of the deterministic automaton: all nodes that one word leads
// to, with what they lead to without a letter.
type subset struct {
	nodes []uint32
	ends  bool   // a word may end here
	moves []move // sorted by name; made when first needed
	made  bool
}

type move struct {
	name string
	to   int
}

// run lists the words, sorted; the note says why they cannot be listed. If the search was
// cancelled there is a note, and not all words.
func (o *orders) run() (note string) {
	if o.endless() {
		return "some path gives events for ever, so that its order has no end"
	}
	silent := func(at uint64) bool { return !o.lettered(at) }
	of, count, ok := o.graph.components(silent)
	if !ok {
		return "cancelled"
	}
	o.rests = o.graph.onCycle(of, count, silent)
	o.marks = make([]uint32, o.graph.nodes())
	if note = o.list(o.enter(o.graph.initial)); o.graph.isCancelled() {
		note = "cancelled"
	}
	slices.SortFunc(o.words, slices.Compare)
	return note
}

// endless says whether a letter lies on a cycle.
func (o *orders) endless() bool {
	of, _, ok := o.graph.components(func(uint64) bool { return true })
	if !ok {
		return false
	}
	for v := range uint32(o.graph.nodes()) {
		if o.graph.isCancelledAt(int(v)) {
			return false
		}
		for at := o.graph.first[v]; at < o.graph.first[v+1]; at++ {
			if of[o.graph.edges[at].to] == of[v] && o.lettered(at) {
				return true
			}
		}
	}
	return false
}

// list lists the words that begin with o.word and go on from a subset. It ends,
// since no letter lies on a cycle.
func (o *orders) list(at int) (note string) {
	if o.graph.isCancelled() {
		return "cancelled"
	}
	if o.subsets[at].ends {
		if len(o.words) == o.limit {
			return fmt.Sprintf("there are more than %d orders", o.limit)
		}
		o.words = append(o.words, slices.Clone(o.word))
	}
	o.makeMoves(at)
	if o.held > o.budget {
		return "the sets of states behind the orders do not fit in memory"
	}
	for _, m := range o.subsets[at].moves {
		o.word = append(o.word, m.name)
		if note := o.list(m.to); note != "" {
			return note
		}
		o.word = o.word[:len(o.word)-1]
	}
	return ""
}

// makeMoves finds where the letters lead from a subset.
func (o *orders) makeMoves(at int) {
	if o.subsets[at].made {
		return
	}
	targets := map[uint32][]uint32{}
	for i, v := range o.subsets[at].nodes {
		if o.graph.isCancelledAt(i) {
			break
		}
		for e := o.graph.first[v]; e < o.graph.first[v+1]; e++ {
			if o.lettered(e) {
				event := o.graph.events[e]
				targets[event] = append(targets[event], o.graph.edges[e].to)
			}
		}
	}
	var moves []move
	for event, nodes := range targets {
		moves = append(moves, move{name: o.graph.names[event], to: o.enter(nodes)})
	}
	slices.SortFunc(moves, func(a, b move) int { return cmp.Compare(a.name, b.name) })
	o.subsets[at].moves, o.subsets[at].made = moves, true
}

// enter gives the subset of some nodes and all that they lead to without a letter.
func (o *orders) enter(from []uint32) int {
	nodes, ends := o.closure(from)
	key := make([]byte, 0, 4*len(nodes))
	for _, v := range nodes {
		key = binary.LittleEndian.AppendUint32(key, v)
	}
	if at, ok := o.known[string(key)]; ok {
		return at
	}
	o.known[string(key)] = len(o.subsets)
	o.held += len(nodes)
	o.subsets = append(o.subsets, subset{nodes: nodes, ends: ends})
	return len(o.subsets) - 1
}

func (o *orders) closure(from []uint32) (nodes []uint32, ends bool) {
	o.mark++
	add := func(v uint32) {
		if o.marks[v] != o.mark {
			o.marks[v] = o.mark
			nodes = append(nodes, v)
		}
	}
	for _, v := range from {
		add(v)
	}
	for i := 0; i < len(nodes) && !o.graph.isCancelledAt(i); i++ {
		v := nodes[i]
		ends = ends || o.rests[v] || o.graph.stuck(v)
		for at := o.graph.first[v]; at < o.graph.first[v+1]; at++ {
			if !o.lettered(at) {
				add(o.graph.edges[at].to)
			}
		}
	}
	slices.Sort(nodes)
	return nodes, ends
}
