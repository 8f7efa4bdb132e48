package checker

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// twoLetters is a graph whose only word is "a b".
func twoLetters() *orders {
	g := &graph{first: []uint64{0, 1, 2, 2}, edges: []edge{{to: 1}, {to: 2}}, initial: []uint32{0},
		names: []string{"", "a", "b"}, events: []uint32{1, 2}}
	return &orders{graph: g, limit: 1, budget: 3, lettered: func(uint64) bool { return true }, known: map[string]int{}}
}

// Orders that were not all found are never told as all.
func TestOrdersThatAreCutShort(t *testing.T) {
	if o := twoLetters(); o.run() != "" || len(o.words) != 1 || strings.Join(o.words[0], " ") != "a b" {
		t.Errorf("words %v, want a b", o.words)
	}
	o := twoLetters()
	if o.budget = 2; !strings.Contains(o.run(), "do not fit in memory") {
		t.Error("three subsets of a node each fit in memory for two nodes")
	}
	o = twoLetters()
	o.graph.cancelled = new(atomic.Bool)
	if o.graph.cancelled.Store(true); o.run() == "" {
		t.Error("goes on although it was cancelled")
	}
}

// A complete search that is interrupted in its paths knows its states, and nothing
// of its paths.
func TestInterruptInThePaths(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	m := counter()
	m.Event = func(_, _ *small, step Taken) string { return step.Label }
	m.Properties = []Property[small]{Count[small]("ups", "up"), Orders[small]("orders")}
	s := newSearch(ctx, &m, Options{}, time.Now())
	defer s.release()
	s.run()
	cancel()
	s.cancelled.Store(true)
	r, err := s.report()
	if err != nil || !r.Complete || r.Verdict != Unknown {
		t.Errorf("%+v, %v; want complete and unknown", r, err)
	}
	for _, name := range []string{"ups", "orders"} {
		if p := result(t, r, name); p.Verdict != Unknown || !strings.Contains(p.Note, "cut short: interrupted") {
			t.Errorf("%s: %v with note %q, want unknown and why", name, p.Verdict, p.Note)
		}
	}
}
