package schedule

import "math/rand/v2"

// scout walks at random and looks who touches which place, so that the search does
// not learn late what makes it begin again: a search goes deep first, and comes to
// some steps when it is half done. It decides nothing: what it has missed the search
// still finds out, and what it has seen the search would have.
type scout struct {
	s    *stateful
	draw *rand.Rand
}

// scouting is done in parts, when the search has come so far that it is worth it.
var scouting = []struct{ executions, walks uint64 }{{32, 16}, {256, 64}, {2048, 512}, {16384, 2048}}

// scoutAhead sends out the scouts that are due; false: the search must begin again. One
// that takes no step at once has nothing to learn from them.
func (s *stateful) scoutAhead(executions uint64) bool {
	if s.plain || s.scouted == len(scouting) || executions < scouting[s.scouted].executions {
		return true
	}
	w := &scout{s: s, draw: rand.New(rand.NewPCG(uint64(s.scouted), 0))}
	for range scouting[s.scouted].walks {
		if s.r.stopping.Load() {
			return true
		}
		s.r.aside(w, s.r.maxSteps)
	}
	s.scouted++
	return !s.c.usage.broken()
}

func (w *scout) begin() (int, bool) { return 0, true }

func (w *scout) pick(enabled uint64, _ int) int {
	w.s.c.usage.note(w.s.r.threads, enabled, w.s.r.waiting, nil)
	n := w.draw.IntN(64)
	for e := enabled; ; e &= e - 1 {
		if e == 0 {
			e = enabled
		}
		if n == 0 {
			return lowest(e)
		}
		n--
	}
}

func (w *scout) choose(n int) int { return w.draw.IntN(n) }
