package schedule

import (
	"math/bits"
	"math/rand/v2"
)

// randomWalk draws every decision uniformly. Each execution has a generator of
// its own, from the seed and its number.
type randomWalk struct {
	seed, executions uint64
	begun            uint64
	source           rand.PCG
	draw             *rand.Rand
}

func newRandomWalk(seed, executions uint64) *randomWalk {
	w := &randomWalk{seed: seed, executions: executions}
	w.draw = rand.New(&w.source)
	return w
}

func (w *randomWalk) begin() (settled int, more bool) {
	if w.begun == w.executions {
		return 0, false
	}
	w.source.Seed(w.seed, w.begun)
	w.begun++
	return 0, true
}

func (w *randomWalk) pick(enabled uint64, _ int) int { return oneOf(w.draw, enabled) }

func (w *randomWalk) choose(n int) int { return w.draw.IntN(n) }

// oneOf gives one thread of a set, each as likely. Of one alone it draws nothing.
func oneOf(draw *rand.Rand, set uint64) int {
	if n := bits.OnesCount64(set); n > 1 {
		for range draw.IntN(n) {
			set &= set - 1
		}
	}
	return lowest(set)
}
