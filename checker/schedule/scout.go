package schedule

import (
	"fmt"
	"math/rand/v2"
)

// scout walks at random and looks who touches which place, so that the search does
// not learn late what makes it begin again: a search goes deep first, and comes to
// some steps when it is half done. It decides nothing: what it has missed the search
// still finds out, and what it has seen the search would have.
//
// A walk that fails where the search comes to no failure shows that the search was told too
// little (missed). It looks, too, whether the locks' holders change where they are said to stand: a search
// that takes steps at once may not come to where they do elsewhere.
type scout struct {
	s       *stateful
	draw    *rand.Rand
	holders []int16 // of the locks of all guards, before the last step
	spare   []int16
}

// scouting is done in parts, when the search has come so far that it is worth it.
var scouting = []struct{ executions, walks uint64 }{{32, 16}, {256, 64}, {2048, 512}, {16384, 2048}}

// lockWalks are the walks that look at the locks' holders, after the first execution of
// a program whose guards have properties.
const lockWalks = 256

// scoutAhead sends out the scouts that are due; false: the search must begin again. One
// that takes no step at once has nothing to learn from them.
func (s *stateful) scoutAhead(executions uint64) bool {
	if s.plain {
		return true
	}
	walks := uint64(0)
	if s.r.guardsCheck && !s.scoutedLocks {
		walks, s.scoutedLocks = lockWalks, true
	}
	if s.scouted < len(scouting) && executions >= scouting[s.scouted].executions {
		walks = max(walks, scouting[s.scouted].walks)
		s.scouted++
	}
	w := &scout{s: s, draw: rand.New(rand.NewPCG(uint64(s.scouted), 0))}
	for range walks {
		if s.r.stopping.Load() {
			return true
		}
		s.r.aside(w, s.r.maxSteps, func() {
			if s.r.outcome == failed && s.walked == nil {
				s.walked = s.r.found()
			}
		})
	}
	return walks == 0 || !s.c.usage.broken()
}

func (w *scout) begin() (int, bool) { return 0, true }

func (w *scout) pick(enabled uint64, _ int) int {
	w.s.c.usage.looked(w.s.r)
	w.s.c.usage.note(w.s.r.threads, enabled, w.s.r.waiting, nil)
	w.over()
	return oneOf(w.draw, enabled)
}

func (w *scout) choose(n int) int { return w.draw.IntN(n) }

// over looks at who holds the locks after a step, the last one too.
func (w *scout) over() {
	r := w.s.r
	if !r.guardsCheck {
		return
	}
	now := r.holders(w.spare)
	if r.last >= 0 && len(w.holders) == len(now) {
		for i := range now {
			if now[i] != w.holders[i] && !r.tells(r.made, i) {
				w.s.astray(i, r.last, w.holders[i], now[i], r.threads[:r.declared])
			}
		}
	}
	w.holders, w.spare = now, w.holders
}

// missed says that a walk has failed, if one has, where the search has come to no failure.
func (s *stateful) missed() error {
	if s.walked == nil {
		return nil
	}
	return fmt.Errorf("%w: every state that it leads to was visited without a failure, and a random walk of %s fails by property %q: does a mark leave out a live value, is there shared state that T.Shared does not tell, or is it not said where a lock's holder stands (Guard.HeldAt)?",
		ErrState, plural(len(s.walked.decisions), "decision"), s.walked.property)
}
