package checker

import (
	"fmt"
	"strings"
	"testing"
)

// Depth first visits the same states, by another way: verdicts and counts are those of the
// oracle, and traces, which are replayed, are no shorter than the shortest.
func TestDepthFirstFindsWhatBreadthFirstDoes(t *testing.T) {
	const wanted = 300
	tally, models, longer := map[string]int{}, 0, 0
	for seed := uint64(2 << 20); models < wanted; seed++ {
		m := randomModel(seed)
		o, ok := explore(&m, 3000)
		if !ok || len(o.states) < 3 {
			continue
		}
		models++
		for _, store := range []Store{Exact, Fingerprint} {
			r := check(t, m.model(), Options{Search: DepthFirst, Store: store, AfterViolation: -1, Workers: 3})
			if r.Search != DepthFirst || r.Workers != 1 || r.Depth < o.depth {
				t.Fatalf("seed %d: %+v; the oracle has depth %d", seed, r, o.depth)
			}
			r.Depth = o.depth
			if err := compareCounts(o, r); err != nil {
				t.Fatalf("seed %d, %v: %v", seed, store, err)
			}
			for i, shortest := range o.shortest {
				if p := r.Properties[i]; p.Trace != nil && shortest >= 0 && len(p.Trace.Steps) >= shortest {
					longer += btoi(len(p.Trace.Steps) > shortest)
					p.Trace.Steps = p.Trace.Steps[:shortest]
				}
			}
			if err := compareTraces(o, r, tally); err != nil {
				t.Fatalf("seed %d, %v: %v", seed, store, err)
			}
			if store == Exact {
				if err := comparePaths(o, r, tally); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
	}
	if longer < wanted/10 {
		t.Errorf("only %d traces are longer than the shortest: is that depth first?", longer)
	}
	for _, key := range []string{"deadlock", "no deadlock", "good violated", "good holds", "goal reached", "goal not reached", "step violated", "step holds", "words"} {
		if tally[key] < 10 {
			t.Errorf("only %d models for %q", tally[key], key)
		}
	}
}

// It comes to the end of a long path before it has visited what lies beside it.
func TestDepthFirstGoesDeep(t *testing.T) {
	m := grid(5)
	m.Properties = []Property[gridState]{Invariant("not there", func(s *gridState) bool { return s.N[0]+s.N[1]+s.N[2]+s.N[3]+s.N[4] < 40 })}
	deep := check(t, m, Options{Search: DepthFirst, AfterViolation: 1})
	broad := check(t, m, Options{AfterViolation: 1})
	if result(t, deep, "not there").Verdict != Violated || result(t, broad, "not there").Verdict != Violated {
		t.Fatalf("%v and %v", deep.Properties, broad.Properties)
	}
	if 10*deep.States > broad.States {
		t.Errorf("%d states depth first, %d breadth first", deep.States, broad.States)
	}
}

func TestLimitsOfDepthFirst(t *testing.T) {
	m := grid(3)
	all := check(t, m, Options{})
	for _, test := range []struct {
		o      Options
		reason string
		states uint64
	}{
		{Options{MaxStates: all.States}, "", all.States},
		{Options{MaxStates: all.States - 1}, "limit of", 0},
		{Options{MaxStates: 1}, "limit of 1 states", 1},
		{Options{MaxDepth: 2}, "depth limit of 2 steps", 0},
		{Options{MaxMemory: 1}, "memory limit", 0},
	} {
		test.o.Search = DepthFirst
		r := check(t, m, test.o)
		if r.Complete != (test.reason == "") || !strings.Contains(r.Reason, test.reason) || r.Complete != (r.Verdict == Holds) || test.states > 0 && r.States != test.states {
			t.Errorf("%s: %+v", fmt.Sprintf("%+v", test.o), r)
		}
		if test.o.MaxStates > 0 && r.States > test.o.MaxStates {
			t.Errorf("%d states, at most %d", r.States, test.o.MaxStates)
		}
	}
	if _, err := Check(t.Context(), m, Options{Search: 9}); err == nil || !strings.Contains(err.Error(), "Search is 9") {
		t.Errorf("%v", err)
	}
}
