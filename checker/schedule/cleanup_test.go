package schedule_test

import (
	"slices"
	"testing"

	"urpc/checker/schedule"
)

// What is declared to be given back is given back once by every execution: one
// that ends, that fails, that is cut short or is met again; after deferred
// functions of its threads, in the opposite order.
func TestCleanup(t *testing.T) {
	for name, s := range map[string]schedule.Strategy{
		"bounded": schedule.Bounded(-1), "optimal": schedule.Optimal(), "stateful": schedule.Stateful(), "random": schedule.Random(1, 50),
	} {
		var order []string
		set, fails := 0, 0
		explore(t, func(t *schedule.T) {
			order = order[:0]
			set++
			t.Cleanup(func() {
				set--
				if order = append(order, "first"); !slices.Equal(order[len(order)-2:], []string{"second", "first"}) {
					fails++
				}
			})
			t.Cleanup(func() { order = append(order, "second") })
			x := t.Word("x", 0)
			for _, who := range []string{"a", "b"} {
				t.Go(who, func() {
					defer func() {
						if slices.Contains(order, "second") {
							fails++
						}
					}()
					x.Add(1)
					t.Check("one", x.Load() != 2, "two")
					x.Await(func(v uint64) bool { return v > 1 })
				})
			}
		}, s, schedule.Options{KeepGoing: true})
		if set != 0 || fails != 0 {
			t.Errorf("%s: %d executions gave nothing back, %d not in order", name, set, fails)
		}
	}
}
