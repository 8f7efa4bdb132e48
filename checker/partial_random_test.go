package checker

import (
	"fmt"
	"reflect"
	"testing"
)

// A reduced search has the verdicts, deadlocks, ends and never enabled steps of an oracle
// that knows no reduction, and the search that is not reduced has its counts, too.
func TestRandomReductions(t *testing.T) {
	const wanted = 2000
	tally := map[string]int{}
	for seed := uint64(0); tally["models"] < wanted; seed++ {
		m := randomPartial(seed)
		o, ok := explore(&m, 1500)
		if !ok || o.visited < 4 {
			continue
		}
		tally["models"]++
		if err := compareReduced(t, &m, o, seed, tally); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	t.Log(tally)
	for _, key := range []string{"deadlock", "no deadlock", "bad", "good", "goal", "no goal", "reduced", "reduced, bad", "reduced, good", "reduced, deadlock", "reduced, goal", "reduced, no goal", "halved"} {
		if tally[key] < wanted/20 {
			t.Errorf("only %d models for %q", tally[key], key)
		}
	}
	if tally["reduced"] < wanted/10 {
		t.Errorf("only %d of %d models are reduced", tally["reduced"], wanted)
	}
}

func compareReduced(t *testing.T, m *pmodel, o *oracle[pstate], seed uint64, tally map[string]int) error {
	options := Options{Workers: 1, AfterViolation: -1, PartialOrder: true}
	r := checkCut(t, m.model(), options, defaultCut)
	if seed%8 == 0 {
		options.Workers = 3
		fine := checkCut(t, m.model(), options, fineCut)
		options.Workers = 1
		if one := checkCut(t, m.model(), options, fineCut); !reflect.DeepEqual(timeless(one), timeless(fine)) {
			return fmt.Errorf("3 workers report\n%+v\none\n%+v", fine, one)
		}
		if err := agrees(o, fine, tally); err != nil {
			return fmt.Errorf("cut fine: %w", err)
		}
		full := checkCut(t, m.model(), Options{Workers: 1, AfterViolation: -1}, defaultCut)
		if int(full.States) != o.visited || full.Partly != 0 {
			return fmt.Errorf("%d states without reduction, the oracle has %d", full.States, o.visited)
		}
		if err := agrees(o, full, map[string]int{}); err != nil {
			return fmt.Errorf("without reduction: %w", err)
		}
	}
	return agrees(o, r, tally)
}

func agrees(o *oracle[pstate], r Report, tally map[string]int) error {
	if int(r.Deadlocks) != o.deadlocks || int(r.Ends) != o.ends || !r.Complete || int(r.States) > o.visited {
		return fmt.Errorf("%d deadlocks, %d ends, complete %v, %d states; the oracle has %d, %d, %d", r.Deadlocks, r.Ends, r.Complete, r.States, o.deadlocks, o.ends, o.visited)
	}
	wrong, goal := o.shortest[1] >= 0, o.shortest[2] >= 0
	if bad := r.Properties[1].Verdict == Violated; bad != wrong || (r.Properties[1].Trace != nil) != bad {
		return fmt.Errorf("good is %v, the oracle found it broken: %v", r.Properties[1].Verdict, wrong)
	}
	if is := r.Properties[2].Verdict == Holds; is != goal {
		return fmt.Errorf("goal is %v, the oracle came to it: %v", r.Properties[2].Verdict, goal)
	}
	if err := covered(o, r, false); err != nil {
		return err
	}
	kinds := []string{[]string{"good", "bad"}[btoi(wrong)], []string{"no goal", "goal"}[btoi(goal)], []string{"no deadlock", "deadlock"}[btoi(o.deadlocks > 0)]}
	for _, kind := range kinds {
		tally[kind]++
		if int(r.States) < o.visited {
			tally["reduced, "+kind]++
		}
	}
	if int(r.States) < o.visited {
		tally["reduced"]++
	}
	if 2*int(r.States) <= o.visited {
		tally["halved"]++
	}
	return nil
}
