package checker

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

// checkCut is Check with a level cut as a test wants it.
func checkCut[S comparable](t *testing.T, m Model[S], o Options, c cut) Report {
	t.Helper()
	if err := validate(&m); err != nil {
		t.Fatal(err)
	}
	s := newSearch(context.Background(), &m, o, time.Now())
	defer s.release()
	s.cut = c
	s.run()
	r, err := s.report()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fineCut makes many blocks and chunks of small levels, all of them shared out
// among the workers.
var fineCut = cut{block: 8, chunks: 5, chunk: 1, inline: 0}

// timeless is a report without what may differ from run to run.
func timeless(r Report) Report {
	r.Elapsed, r.Workers = 0, 0
	return r
}

// TestRandomModels compares the checker with an oracle that shares no code with
// it, on models that are data, cut fine and cut as usual, with 1, 2 and 8 workers.
func TestRandomModels(t *testing.T) {
	const wanted = 400
	tally := map[string]int{}
	for seed := uint64(0); tally["models"] < wanted; seed++ {
		m := randomModel(seed)
		o, ok := explore(&m, 3000)
		if !ok || len(o.states) < 3 {
			continue
		}
		tally["models"]++
		model := m.model()
		fine := checkCut(t, model, Options{Workers: 1, AfterViolation: -1}, fineCut)
		for _, workers := range []int{2, 8} {
			if r := checkCut(t, model, Options{Workers: workers, AfterViolation: -1}, fineCut); !reflect.DeepEqual(timeless(r), timeless(fine)) {
				t.Fatalf("seed %d: %d workers report\n%+v\none\n%+v", seed, workers, r, fine)
			}
		}
		r := checkCut(t, model, Options{Workers: 2, AfterViolation: -1}, defaultCut)
		for _, r := range []Report{fine, r} {
			if err := compareCounts(o, r); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if err := compareTraces(o, fine, tally); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := comparePaths(o, fine, tally); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	t.Log(tally)
	// The models must be such that each comparison was made, both ways.
	for _, key := range []string{"deadlock", "no deadlock", "good violated", "good holds", "goal reached", "goal not reached",
		"step violated", "step holds", "bounded", "unbounded", "endless", "words", "silent cycle"} {
		if tally[key] < 10 {
			t.Errorf("only %d models for %q", tally[key], key)
		}
	}
}

func compareCounts(o *oracle[rstate], r Report) error {
	got := [5]int{int(r.States), int(r.Transitions), r.Depth, int(r.Deadlocks), int(r.Ends)}
	want := [5]int{len(o.states), o.transitions, o.depth, o.deadlocks, o.ends}
	if got != want || !r.Complete {
		return fmt.Errorf("states, transitions, depth, deadlocks, ends are %v, complete %v; the oracle has %v", got, r.Complete, want)
	}
	covered := 0
	for _, c := range r.Coverage {
		covered += int(c.Transitions)
	}
	if covered != o.transitions {
		return fmt.Errorf("coverage adds up to %d transitions; the oracle has %d", covered, o.transitions)
	}
	return nil
}

// compareTraces compares verdicts and the lengths of the shortest traces.
func compareTraces(o *oracle[rstate], r Report, tally map[string]int) error {
	for i, shortest := range o.shortest {
		p := r.Properties[i]
		found := shortest >= 0
		want := Holds
		if found != (p.Kind == KindReachable) {
			want = Violated
		}
		if p.Verdict != want || (p.Trace != nil) != found {
			return fmt.Errorf("%s is %v with trace %v; the oracle's shortest is %d", p.Name, p.Verdict, p.Trace, shortest)
		}
		if found && len(p.Trace.Steps) != shortest {
			return fmt.Errorf("%s has a trace of %d steps; the oracle's shortest is %d", p.Name, len(p.Trace.Steps), shortest)
		}
		tally[[]string{"no deadlock", "good holds", "goal not reached", "step holds",
			"deadlock", "good violated", "goal reached", "step violated"}[i+4*btoi(found)]]++
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// comparePaths compares Count and Orders where the oracle can afford to.
func comparePaths(o *oracle[rstate], r Report, tally map[string]int) error {
	if len(o.states) > 150 {
		return nil
	}
	orders := r.Properties[4]
	if words, ok := pathWords(o, 100_000); ok {
		tally["words"]++
		if orders.Verdict != Holds || !slices.EqualFunc(orders.Orders, words, slices.Equal) {
			return fmt.Errorf("orders are %v %q (%s); the oracle has %q", orders.Verdict, orders.Orders, orders.Note, words)
		}
		if o.deadlocks+o.ends == 0 {
			tally["silent cycle"]++
		}
	}
	if len(r.Properties) == 5 {
		return nil
	}
	count := r.Properties[5]
	least, most, endless, unbounded := pathBounds(o)
	switch {
	case count.Unbounded != unbounded || !unbounded && count.Most != most || !endless && count.Least != least:
		return fmt.Errorf("count is %d to %d, unbounded %v; the oracle has %d to %d, unbounded %v",
			count.Least, count.Most, count.Unbounded, least, most, unbounded)
	case endless && count.Note == "":
		return fmt.Errorf("count has least %d; in the oracle every path counts for ever", count.Least)
	case endless:
		tally["endless"]++
	case unbounded:
		tally["unbounded"]++
	default:
		tally["bounded"]++
	}
	return nil
}
