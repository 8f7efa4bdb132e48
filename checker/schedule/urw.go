package schedule

import "math/rand/v2"

// uniformWalk is the uniform random walk by counts (URW: Zhao, Wolff, Mathur,
// Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025,
// algorithm 1): the next thread is drawn with a probability in proportion to the
// steps that it has still to make, those of threads that it will declare included.
// Where threads make a number of steps that does not depend on the schedule, and none
// waits, every interleaving is then equally likely: of k threads with n1..nk
// steps left there are (n1+..+nk)!/(n1!..nk!), and the share of them that thread i
// begins is ni/(n1+..+nk).
//
// It deviates in this: there is no run for profiling beforehand. The counts are
// means over the earlier executions that came to an end, so that the first
// execution is a random walk, and later ones follow as the counts settle.
type uniformWalk struct {
	r      *runner
	sample sample
	counts counts
	left   []float64 // by thread: steps to make yet, as far as is known
}

// sample is what strategies have in common that draw: each execution has a
// generator of its own, from the seed and its number.
type sample struct {
	seed, executions uint64
	begun            uint64
	source           rand.PCG
	draw             *rand.Rand
}

// next prepares the generator of the next execution; false: there is none.
func (s *sample) next() bool {
	if s.begun == s.executions {
		return false
	}
	if s.draw == nil {
		s.draw = rand.New(&s.source)
	}
	s.source.Seed(s.seed, s.begun)
	s.begun++
	return true
}

// counts are sums over executions of the steps that each thread made.
type counts struct {
	runs    float64
	steps   []float64 // by thread
	parents []int     // by thread: the one that declared it, -1: the set-up
}

func newUniformWalk(r *runner, seed, executions uint64) *uniformWalk {
	return &uniformWalk{r: r, sample: sample{seed: seed, executions: executions}}
}

func (w *uniformWalk) begin() (settled int, more bool) {
	w.left = w.counts.means(w.left[:0])
	return 0, w.sample.next()
}

func (w *uniformWalk) pick(enabled uint64, _ int) int {
	t := weighted(w.sample.draw, enabled, func(t int) float64 {
		return max(1, at(w.left, t)) + w.counts.unborn(w.left, t, w.r.declared)
	})
	if t < len(w.left) {
		w.left[t]--
	}
	return t
}

func (w *uniformWalk) choose(n int) int { return w.sample.draw.IntN(n) }

// over learns from an execution that came to its end: one that was cut short says
// nothing about what its threads had still to do.
func (w *uniformWalk) over() {
	if w.r.outcome != underWay || w.r.failedAt >= 0 {
		return
	}
	w.counts.run(w.r)
	for _, rec := range w.r.steps {
		if rec.choice < 0 {
			w.counts.steps[rec.thread]++
		}
	}
}

// run counts one more execution, the one that was just made.
func (c *counts) run(r *runner) {
	c.runs++
	for i := len(c.steps); i < r.declared; i++ {
		c.steps = append(c.steps, 0)
		c.parents = append(c.parents, r.threads[i].parent)
	}
}

// means gives the steps of each thread in an execution, on average.
func (c *counts) means(into []float64) []float64 {
	for _, n := range c.steps {
		into = append(into, n/c.runs)
	}
	return into
}

// unborn gives the steps of threads beyond those declared that the thread will
// declare, or that these will.
func (c *counts) unborn(left []float64, t, declared int) (sum float64) {
	for u := declared; u < len(c.parents); u++ {
		p := c.parents[u]
		for p >= declared {
			p = c.parents[p]
		}
		if p == t {
			sum += left[u]
		}
	}
	return sum
}

func at(list []float64, i int) float64 {
	if i < len(list) {
		return list[i]
	}
	return 0
}

// weighted draws one of a set of threads, which is not empty, each in proportion
// to its weight.
func weighted(draw *rand.Rand, set uint64, weight func(t int) float64) int {
	var total float64
	for e := set; e != 0; e &= e - 1 {
		total += weight(lowest(e))
	}
	x := draw.Float64() * total
	last := -1
	for e := set; e != 0; e &= e - 1 {
		t := lowest(e)
		if w := weight(t); w > 0 {
			last = t
			if x -= w; x < 0 {
				break
			}
		}
	}
	return last
}
