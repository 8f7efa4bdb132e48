package checker

import (
	"runtime"
	"testing"
)

// Nothing is allocated for a transition, nor for a state but the room that it is kept in: a
// search of 5,400,000 transitions allocates hardly more often than one of 450,000.
func TestNothingIsAllocatedForATransition(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
	}{
		{"exact", Options{Workers: 2}},
		{"fingerprints", Options{Workers: 2, Store: Fingerprint}},
		{"depth first", Options{Search: DepthFirst}},
	} {
		few, fewSteps := allocations(t, 5, test.options)
		many, manySteps := allocations(t, 6, test.options)
		per := (float64(many) - float64(few)) / float64(manySteps-fewSteps)
		t.Logf("%s: %d allocations for %d transitions, %d for %d", test.name, few, fewSteps, many, manySteps)
		if per > 0.01 {
			t.Errorf("%s: %.3f allocations for each further transition", test.name, per)
		}
	}
}

// allocations are those of a search of a grid, and how many transitions it has.
func allocations(t *testing.T, n int, o Options) (count, transitions uint64) {
	t.Helper()
	m := grid(n)
	m.Properties = m.Properties[:2] // a count is found in a graph, which is allocated
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := check(t, m, o)
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs, r.Transitions
}
