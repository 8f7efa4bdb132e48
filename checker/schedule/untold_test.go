package schedule_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"urpc/checker/schedule"
)

// loadsAndStores makes a random program of three threads that store and load two words,
// and declares its threads in the order that is asked for. If muffled, the loads tell
// nothing of what they read.
func loadsAndStores(r *rand.Rand) func(order []int, muffled bool) func(*schedule.T) {
	type access struct{ word, value int }
	threads := make([][]access, 3)
	for i := range threads {
		for range 1 + r.IntN(3) {
			threads[i] = append(threads[i], access{r.IntN(2), r.IntN(3) - 1}) // -1: a load
		}
	}
	return func(order []int, muffled bool) func(*schedule.T) {
		return func(t *schedule.T) {
			m := newWords(t)
			for _, i := range order {
				t.Go(string(rune('a'+i)), func() {
					for _, a := range threads[i] {
						switch {
						case a.value >= 0:
							m.store("store", a.word, uint64(a.value))
						case muffled:
							m.step("load", schedule.Load, a.word)
						default:
							m.load("load", a.word)
						}
					}
				})
			}
		}
	}
}

// Which thread comes first is no matter to the number of states; but it is where a
// step reads and tells nothing, and then the report says so.
func TestUntoldIsReported(t *testing.T) {
	orders := [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}}
	r := rand.New(rand.NewPCG(71, 72))
	said, differ := 0, 0
	for n := range 100 {
		program := loadsAndStores(r)
		var told, untold []uint64
		for _, order := range orders {
			rep := explore(t, program(order, false), schedule.Stateful(), schedule.Options{})
			if rep.Untold != nil {
				t.Fatalf("program %d: %q told nothing", n, rep.Untold)
			}
			told = append(told, rep.States)
			for workers := 1; workers <= 2; workers++ {
				rep := explore(t, program(order, true), schedule.Stateful(), schedule.Options{Workers: workers})
				if loads := rep.Taken["load"] > 0; loads != slices.Equal(rep.Untold, []string{"load"}) {
					t.Fatalf("program %d, %d workers: it loads: %t, and the report names %q", n, workers, loads, rep.Untold)
				}
				said += len(rep.Untold)
				if workers == 1 {
					untold = append(untold, rep.States)
				}
			}
		}
		if slices.Min(told) != slices.Max(told) {
			t.Errorf("program %d: by the order of its threads %d states", n, told)
		}
		if slices.Min(untold) != slices.Max(untold) {
			differ++
		}
	}
	t.Logf("%d reports name the load; the states of %d programs differ", said, differ)
	if said == 0 || differ == 0 {
		t.Errorf("%d reports name the load, and the states of %d programs differ", said, differ)
	}
}

// What a step read before a mark is part of no state.
func TestMarksEndWhatIsUntold(t *testing.T) {
	for _, marked := range []bool{false, true} {
		rep := explore(t, func(t *schedule.T) {
			m := newWords(t)
			t.Go("a", func() {
				m.step("load", schedule.Load, 0)
				if marked {
					t.Mark("loaded")
				}
				m.store("store", 1, 1)
			})
			t.Go("b", func() { m.store("store", 0, 1); m.store("store", 1, 2) })
		}, schedule.Stateful(), schedule.Options{})
		if named := len(rep.Untold) == 1; named == marked {
			t.Errorf("marked %t: the report names %q", marked, rep.Untold)
		}
	}
}
