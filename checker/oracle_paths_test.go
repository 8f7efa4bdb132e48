package checker

import (
	"math"
	"slices"
	"sort"
	"strings"
)

// pathBounds finds the least and most counted edges over all maximal paths by letting
// them grow a step at a time. In n states, a bounded count is at most n, and n*n+n
// steps are enough to exceed it where it is not.
func pathBounds[S comparable](o *oracle[S]) (least, most int, endless, unbounded bool) {
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
	for _, s := range o.model.starts() {
		least, most = min(least, low[o.number[s]]), max(most, high[o.number[s]])
	}
	return least, most, least > n, most > n
}

// pathWords walks every maximal path, leaving the silent ones where they come to a
// state again, and collects the sequences of events. It is false when an event
// lies on a cycle, or when there are too many paths to walk.
func pathWords[S comparable](o *oracle[S], budget int) (words [][]string, ok bool) {
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
	for _, s := range o.model.starts() {
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
