package explore

import (
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// How many states there are does not depend on which is met first: not on the order
// of the server's threads, by which a worker takes now one state first and now the
// other, and not on which worker comes where before the other one does.
func TestStatesDoNotDependOnTheOrder(t *testing.T) {
	for _, c := range []struct {
		config  string
		states  uint64
		repeats int // of the search with two workers, which is another one each time
	}{
		{"alone", 509, 3},
		{"two-callers", 3037, 1},
	} {
		v, _, err := donationTarget.Parse(c.config)
		if err != nil {
			t.Fatal(err)
		}
		for name, order := range map[string]func([]declared){
			"as declared": nil,
			"backwards":   slices.Reverse[[]declared],
		} {
			for n := range 1 + c.repeats {
				workers := min(1+n, 2)
				rep, err := schedule.Explore(t.Context(), donationProgramWith(v, func(d *donating) { d.order = order }), schedule.Stateful(), schedule.Options{Workers: workers})
				if err != nil || rep.Verdict != verdict.Holds || rep.Untold != nil {
					t.Fatalf("%s, %s: %v, %q told nothing, %v", c.config, name, rep.Verdict, rep.Untold, err)
				}
				if rep.States != c.states {
					t.Errorf("%s, %s, %d workers: %d states, want %d", c.config, name, workers, rep.States, c.states)
				}
			}
		}
	}
}
