package checker

import (
	"math/rand/v2"
	"testing"
)

// randomGraph has edges between random nodes.
func randomGraph(r *rand.Rand) *graph {
	n := 1 + r.IntN(12)
	g := &graph{first: []uint64{0}}
	for range n {
		for range r.IntN(4) {
			g.edges = append(g.edges, edge{to: uint32(r.IntN(n)), transition: uint32(r.IntN(4))})
		}
		g.first = append(g.first, uint64(len(g.edges)))
	}
	return g
}

// reach is which nodes lead to which by one edge or more that keep allows
// (Warshall's closure).
func reach(g *graph, keep func(at uint64) bool) [][]bool {
	n := g.nodes()
	to := make([][]bool, n)
	for v := range n {
		to[v] = make([]bool, n)
		for at := g.first[v]; at < g.first[v+1]; at++ {
			if keep(at) {
				to[v][g.edges[at].to] = true
			}
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				to[i][j] = to[i][j] || to[i][k] && to[k][j]
			}
		}
	}
	return to
}

func TestComponentsOfRandomGraphs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	cyclic := 0
	for range 2000 {
		g := randomGraph(r)
		keep := func(at uint64) bool { return g.edges[at].transition != 0 }
		to := reach(g, keep)
		of, count, _ := g.components(keep)
		marks := g.onCycle(of, count, keep)
		for i := range to {
			if marks[i] != to[i][i] {
				t.Fatalf("node %d of %+v: on a cycle %v", i, g, marks[i])
			}
			if marks[i] {
				cyclic++
			}
			for j := range to {
				if (of[i] == of[j]) != (i == j || to[i][j] && to[j][i]) {
					t.Fatalf("nodes %d and %d of %+v are in components %d and %d", i, j, g, of[i], of[j])
				}
				if to[i][j] && of[j] > of[i] {
					t.Fatalf("nodes %d leads to %d of %+v, and its component %d comes before %d", i, j, g, of[i], of[j])
				}
			}
		}
	}
	if cyclic < 1000 {
		t.Errorf("only %d nodes on cycles", cyclic)
	}
}
