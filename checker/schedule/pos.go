package schedule

import "math/rand/v2"

// orderSampling is POS (Yuan, Yang, Gu, "Partial Order Aware Concurrency
// Sampling", CAV 2018): each step that a thread stands before has a random
// priority, the highest that is enabled is taken, and then those that depend on
// it draw again. Where threads do not depend on each other, their interleaving
// costs no chance.
type orderSampling struct {
	r                *runner
	places           *places
	seed, executions uint64
	begun            uint64
	source           rand.PCG
	draw             *rand.Rand
	priority         []uint64 // by thread, of what it stands before; 0: not drawn yet
}

func newOrderSampling(r *runner, seed, executions uint64) *orderSampling {
	p := &orderSampling{r: r, places: newPlaces(), seed: seed, executions: executions}
	p.draw = rand.New(&p.source)
	return p
}

func (p *orderSampling) begin() (settled int, more bool) {
	if p.begun == p.executions {
		return 0, false
	}
	p.source.Seed(p.seed, p.begun)
	p.begun++
	p.priority = p.priority[:0]
	return 0, true
}

func (p *orderSampling) pick(enabled uint64, _ int) int {
	best := -1
	for e := enabled; e != 0; e &= e - 1 {
		t := lowest(e)
		for len(p.priority) <= t {
			p.priority = append(p.priority, 0)
		}
		if p.priority[t] == 0 {
			p.priority[t] = p.draw.Uint64() | 1
		}
		if best < 0 || p.priority[t] > p.priority[best] {
			best = t
		}
	}
	p.priority[best] = 0
	taken := p.stands(best)
	for e := (p.r.ready | p.r.waiting) &^ (1 << uint(best)); e != 0; e &= e - 1 {
		if t := lowest(e); t < len(p.priority) {
			if a := p.stands(t); a.depends(&taken) {
				p.priority[t] = 0
			}
		}
	}
	return best
}

// stands gives what a thread stands before.
func (p *orderSampling) stands(t int) access {
	th := p.r.threads[t]
	return access{thread: int16(t), class: p.places.of(th), writes: th.event.Kind.writes(), kill: th.event.Kind == Kill}
}

func (p *orderSampling) choose(n int) int { return p.draw.IntN(n) }
