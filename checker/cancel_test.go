package checker

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// longGraph is a chain of so many nodes, each with a second edge to the next node but one.
func longGraph(n int) *graph {
	g := &graph{first: []uint64{0}, initial: []uint32{0}, names: []string{"", "a"}, cancelled: new(atomic.Bool)}
	for v := range n {
		for _, to := range []int{v + 1, v + 2} {
			if to < n {
				g.edges, g.events = append(g.edges, edge{to: uint32(to)}), append(g.events, 0)
			}
		}
		g.first = append(g.first, uint64(len(g.edges)))
	}
	return g
}

// What is searched in a graph ends soon after it was cancelled, wherever that is; and
// where it is not, it goes on to its end.
func TestSearchesOfPathsAreCutShort(t *testing.T) {
	const nodes = 400_000
	for name, search := range map[string]func(g *graph, looks func() bool) (whole bool){
		"most": func(g *graph, looks func() bool) bool {
			most, _ := g.mostCount(func(uint64) bool { return looks() })
			return most == nodes-1
		},
		"least": func(g *graph, looks func() bool) bool {
			least, some := g.leastCount(func(uint64) bool { return looks() })
			return some && least == nodes/2
		},
		"orders": func(g *graph, looks func() bool) bool {
			o := &orders{graph: g, limit: 1, budget: nodes, lettered: func(uint64) bool { return !looks() }, known: map[string]int{}}
			return o.run() == "" && len(o.words) == 1
		},
	} {
		g, all := longGraph(nodes), 0
		if !search(g, func() bool { all++; return true }) {
			t.Fatalf("%s: does not come to its end", name)
		}
		for part := range 10 {
			g.cancelled.Store(false)
			at, looked := part*all/10, 0
			whole := search(g, func() bool {
				if looked++; looked > at {
					g.cancelled.Store(true)
				}
				return true
			})
			const soon = 5 * 0x10000 // nodes of two edges are looked at in two searches, at most
			if over := looked - at; over > soon || whole && all-at > soon {
				t.Errorf("%s: cancelled at %d of %d looks, went on for %d more, whole %v", name, at, all, over, whole)
			}
		}
	}
}

// What was cut short in a graph that was whole is unknown, with the reason and no numbers.
func TestCutShortIsUnknown(t *testing.T) {
	for _, o := range []Options{{}, {MaxTime: time.Hour}} {
		ctx, cancel := context.WithCancel(context.Background())
		m := counter()
		m.Event = func(_, _ *small, step Taken) string { return step.Label }
		m.Properties = []Property[small]{Count[small]("ups", "up"), Orders[small]("orders")}
		s := newSearch(ctx, &m, o, time.Now())
		s.run()
		g, err := s.buildGraph()
		if err != nil || g.note != "" {
			t.Fatal(err, g.note)
		}
		want := "cut short: the time limit of 1h0m0s was met"
		if o.MaxTime == 0 {
			cancel()
			want = "cut short: interrupted"
		}
		s.cancelled.Store(true)
		for i := range m.Properties {
			r, err := s.pathResult(g, &m.Properties[i])
			if err != nil || r.Verdict != Unknown || !strings.HasSuffix(r.Note, want) || r.Least+r.Most+len(r.Orders) > 0 {
				t.Errorf("%+v, %v; want unknown: %s", r, err, want)
			}
		}
		cancel()
		s.release()
	}
}

// The search for a shortest cycle keeps to the limit on memory: beyond it there is a
// counterexample still, and it is told that it may be longer than it need be.
func TestShortestCycleKeepsToTheMemoryLimit(t *testing.T) {
	// The cycle must take each of the six steps twice, in any order.
	m := Model[small]{Name: "bits", Init: []small{{}}}
	for i := range 6 {
		m.Processes = append(m.Processes, Process[small]{Name: string(rune('a' + i)), Count: 1, Steps: []Step[small]{
			{Label: "flip", Do: func(s *small, _ int) bool { s.N ^= 1 << i; return true }}}})
		m.Fairness = append(m.Fairness, Strong(m.Processes[i].Name))
	}
	m.Properties = []Property[small]{Eventually("never", func(*small) bool { return false })}
	plain := check(t, m, Options{Workers: 1}).Properties[1]
	whole := check(t, m, Options{Workers: 1})
	if plain.Verdict != Violated || plain.Note != "" {
		t.Fatalf("%+v", plain)
	}
	base := whole.Memory - 1
	for _, limit := range []uint64{base, whole.Memory, base - base/8} {
		r := check(t, m, Options{Workers: 1, MaxMemory: limit})
		p := r.Properties[1]
		if r.Memory > limit {
			t.Errorf("limit %d: it says that it held %d", limit, r.Memory)
		}
		if p.Verdict == Unknown {
			t.Errorf("limit %d: %s", limit, p.Note)
			continue
		}
		short := len(p.Trace.Steps) == len(plain.Trace.Steps) && p.Note == ""
		if p.Verdict != Violated || short != (limit == whole.Memory) || !short && !strings.Contains(p.Note, "does not fit in the memory limit") {
			t.Errorf("limit %d: %v, %d steps (%s); without a limit %d", limit, p.Verdict, len(p.Trace.Steps), p.Note, len(plain.Trace.Steps))
		}
	}
}
