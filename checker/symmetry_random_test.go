package checker

import (
	"fmt"
	"reflect"
	"testing"
)

// TestRandomSymmetricModels compares a search under symmetry with a map and a queue that
// visit every state, and with the search without, on models that are data.
func TestRandomSymmetricModels(t *testing.T) {
	const wanted = 1000
	tally := map[string]int{}
	for seed := uint64(0); tally["models"] < wanted; seed++ {
		m := randomSymmetricModel(seed)
		o, ok := explore(&m, 400)
		if !ok || o.visited < 3 {
			continue
		}
		tally["models"]++
		model := m.model()
		whole := checkCut(t, model, Options{Workers: 1, AfterViolation: -1}, defaultCut)
		alike := checkCut(t, model, Options{Workers: 1, AfterViolation: -1, Symmetry: true}, fineCut)
		if r := checkCut(t, model, Options{Workers: 8, AfterViolation: -1, Symmetry: true}, fineCut); !reflect.DeepEqual(timeless(r), timeless(alike)) {
			t.Fatalf("seed %d: 8 workers report\n%+v\none\n%+v", seed, r, alike)
		}
		if err := compareSymmetric(o, o.quotient(m.orbit), whole, alike, tally); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	t.Log(tally)
	for _, key := range []string{"reduced", "reduced by half", "deadlock", "no deadlock", "good violated", "good holds",
		"goal reached", "goal not reached", "step violated", "step holds", "counted"} {
		if tally[key] < wanted/10 {
			t.Errorf("only %d models of %d for %q", tally[key], wanted, key)
		}
	}
}

func compareSymmetric(o *oracle[alike], quotient counts, whole, alike Report, tally map[string]int) error {
	if err := compareNumbers("without symmetry", whole, o.counts, o.depth); err != nil {
		return err
	}
	if err := compareNumbers("under symmetry", alike, quotient, o.depth); err != nil {
		return err
	}
	if y := alike.Symmetry; !y.Applied || y.States != whole.States {
		return fmt.Errorf("%+v under symmetry, and there are %d states", *y, whole.States)
	}
	if alike.States < whole.States {
		tally["reduced"]++
	}
	if 2*alike.States < whole.States {
		tally["reduced by half"]++
	}
	for i, shortest := range o.shortest {
		p, q := &whole.Properties[i], &alike.Properties[i]
		if p.Verdict != q.Verdict {
			return fmt.Errorf("%s is %v, and %v under symmetry", p.Name, p.Verdict, q.Verdict)
		}
		for _, found := range []*Trace{p.Trace, q.Trace} {
			if (found != nil) != (shortest >= 0) || found != nil && len(found.Steps) != shortest {
				return fmt.Errorf("%s has the trace %+v; the shortest has %d steps", p.Name, found, shortest)
			}
		}
		tally[[]string{"no deadlock", "good holds", "goal not reached", "step holds",
			"deadlock", "good violated", "goal reached", "step violated"}[i+4*btoi(shortest >= 0)]]++
	}
	if len(whole.Properties) == len(o.shortest) {
		return nil
	}
	tally["counted"]++
	p, q := whole.Properties[len(o.shortest)], alike.Properties[len(o.shortest)]
	if !reflect.DeepEqual(p, q) {
		return fmt.Errorf("count is %+v, and %+v under symmetry", p, q)
	}
	return nil
}

func compareNumbers(what string, r Report, c counts, depth int) error {
	got := [5]int{int(r.States), int(r.Transitions), int(r.Deadlocks), int(r.Ends), r.Depth}
	if want := [5]int{c.visited, c.transitions, c.deadlocks, c.ends, depth}; got != want || !r.Complete {
		return fmt.Errorf("%s: states, transitions, deadlocks, ends, depth are %v, complete %v; want %v", what, got, r.Complete, want)
	}
	return nil
}
