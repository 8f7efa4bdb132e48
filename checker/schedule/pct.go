package schedule

import (
	"math/rand/v2"
	"slices"
)

// priorities is PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized
// Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010): threads
// have random priorities, the highest that is enabled runs, and at depth - 1
// random steps the running thread falls below all others. An execution of k steps
// of n threads shows a bug of that depth with probability at least 1/(n k^(depth-1)).
//
// It deviates in this: k is the length of the longest execution so far, so that
// the first one has no change; and threads draw their priority when they are
// first seen.
type priorities struct {
	seed, executions uint64
	depth            int
	begun            uint64
	source           rand.PCG
	draw             *rand.Rand
	longest, step    int
	changes          []int // steps, ascending
	next             int
	priority         []uint64 // by thread; 0: not drawn yet
}

func newPriorities(depth int, seed, executions uint64) *priorities {
	p := &priorities{seed: seed, executions: executions, depth: depth}
	p.draw = rand.New(&p.source)
	return p
}

func (p *priorities) begin() (settled int, more bool) {
	p.longest = max(p.longest, p.step)
	if p.begun == p.executions {
		return 0, false
	}
	p.source.Seed(p.seed, p.begun)
	p.begun++
	p.step, p.next = 0, 0
	p.priority = p.priority[:0]
	p.changes = p.changes[:0]
	for i := 1; i < p.depth && p.longest > 0; i++ {
		p.changes = append(p.changes, 1+p.draw.IntN(p.longest))
	}
	slices.Sort(p.changes)
	return 0, true
}

// pick lowers the running thread's priority where a change is due, and gives the
// highest.
func (p *priorities) pick(enabled uint64, last int) int {
	for p.next < len(p.changes) && p.changes[p.next] <= p.step {
		if last >= 0 {
			p.priority[last] = uint64(len(p.changes) - p.next) // later changes fall lower
		}
		p.next++
	}
	p.step++
	best := -1
	for e := enabled; e != 0; e &= e - 1 {
		t := lowest(e)
		for len(p.priority) <= t {
			p.priority = append(p.priority, 0)
		}
		if p.priority[t] == 0 {
			p.priority[t] = p.draw.Uint64() | 1<<63
		}
		if best < 0 || p.priority[t] > p.priority[best] {
			best = t
		}
	}
	return best
}

func (p *priorities) choose(n int) int { return p.draw.IntN(n) }
