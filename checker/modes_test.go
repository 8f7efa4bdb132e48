package checker

import (
	"reflect"
	"testing"
)

// Symmetry goes with each store and order of search, and with checkpoints.
func TestSymmetryInEveryMode(t *testing.T) {
	const wanted = 60
	models := 0
	for seed := uint64(5 << 20); models < wanted; seed++ {
		m := randomSymmetricModel(seed)
		o, ok := exploreSymmetric(&m, 400)
		if !ok || o.quotient.states < 10 {
			continue
		}
		models++
		model := m.model()
		options := Options{Workers: 1 + int(seed%2), AfterViolation: -1, Symmetry: true}
		want := checkCut(t, model, options, fineCut)
		if !want.Symmetry.Applied {
			t.Fatalf("seed %d: %+v", seed, want.Symmetry)
		}
		same := func(what string, r Report) {
			t.Helper()
			if r.States != want.States || r.Transitions != want.Transitions || r.Deadlocks != want.Deadlocks || r.Ends != want.Ends || *r.Symmetry != *want.Symmetry {
				t.Fatalf("seed %d, %s: %+v, %+v\nwant %+v, %+v", seed, what, r, r.Symmetry, want, want.Symmetry)
			}
			for i := range want.Properties {
				if p := r.Properties[i]; p.Verdict != want.Properties[i].Verdict && p.Kind != KindCount && p.Kind != KindOrders {
					t.Fatalf("seed %d, %s: %s is %v, want %v", seed, what, p.Name, p.Verdict, want.Properties[i].Verdict)
				}
			}
		}
		r, _ := inPieces(t, model, options, fineCut, 3)
		if !reflect.DeepEqual(resumable(r), resumable(want)) {
			t.Fatalf("seed %d: in pieces %+v, at once %+v", seed, r, want)
		}
		options.Store = Fingerprint
		same("by fingerprint", checkCut(t, model, options, fineCut))
		r, _ = inPieces(t, model, options, fineCut, 3)
		same("by fingerprint, in pieces", r)
		options.Search = DepthFirst
		same("by fingerprint, depth first", check(t, model, options))
		options.Store = Exact
		same("depth first", check(t, model, options))
	}
}

// So does the reduction by partial order, but for a search depth first, which says so.
func TestReductionInEveryMode(t *testing.T) {
	const wanted = 100
	models, partly := 0, 0
	for seed := uint64(6 << 20); models < wanted; seed++ {
		m := randomPartial(seed)
		o, ok := m.explore(1500)
		if !ok || o.states < 20 {
			continue
		}
		models++
		options := Options{Workers: 1 + int(seed%2), AfterViolation: -1, PartialOrder: true}
		want := checkCut(t, m.model(), options, fineCut)
		partly += btoi(want.Partly > 0)
		r, _ := inPieces(t, m.model(), options, fineCut, 3)
		if !reflect.DeepEqual(resumable(r), resumable(want)) {
			t.Fatalf("seed %d: in pieces %+v, at once %+v", seed, r, want)
		}
		options.Store = Fingerprint
		if r = checkCut(t, m.model(), options, fineCut); r.States != want.States || r.Transitions != want.Transitions || r.Partly != want.Partly {
			t.Fatalf("seed %d: by fingerprint %+v, exact %+v", seed, r, want)
		}
		if err := agrees(o, r, map[string]int{}); err != nil {
			t.Fatalf("seed %d, by fingerprint: %v", seed, err)
		}
		options.Search = DepthFirst
		if r = check(t, m.model(), options); int(r.States) != o.states || r.Partly != 0 || r.Unreduced == "" {
			t.Fatalf("seed %d: depth first %+v, the oracle has %d states", seed, r, o.states)
		}
	}
	if partly < wanted/10 {
		t.Errorf("only %d of %d are reduced", partly, wanted)
	}
}
