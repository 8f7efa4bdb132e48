package schedule

import "math/bits"

// selectiveWalk is the selectively uniform random walk (SURW: Zhao, Wolff,
// Mathur, Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS
// 2025): of each execution some steps are of interest, and their
// interleavings are equally likely, however many others stand between. The thread
// that is to make the next step of interest is drawn in proportion to those that
// it has still to make; until it has made it, the others stop before theirs, and
// who goes on is drawn evenly. Of interest are the steps on one place that
// several threads touch, drawn anew for each execution.
//
// As with uniformWalk, what is known comes from the earlier executions. Where the
// thread that was drawn cannot go on, and those that stop are all there is, one of
// them is drawn instead.
type selectiveWalk struct {
	r      *runner
	sample sample
	shared []sharedPlace
	ids    map[uint64]int // by place: its index in shared
	runs   float64        // executions that came to their end

	of   *sharedPlace // of interest in this execution; nil: nothing is known yet
	left []float64    // by thread: steps of interest to make yet
	next int          // the thread that makes the next one; -1: not drawn
}

// sharedPlace is a place and the steps on it.
type sharedPlace struct {
	place  uint64 // segment and offset
	counts counts
	users  uint64 // threads
	writes bool
}

// placeBits are those of a record's place that say where, not what.
const placeBits = 1<<48 - 1

func newSelectiveWalk(r *runner, seed, executions uint64) *selectiveWalk {
	return &selectiveWalk{r: r, sample: sample{seed: seed, executions: executions}, ids: make(map[uint64]int)}
}

func (w *selectiveWalk) begin() (settled int, more bool) {
	more = w.sample.next()
	w.of, w.next = nil, -1
	if !more {
		return 0, false
	}
	var candidates []*sharedPlace
	for i := range w.shared {
		if s := &w.shared[i]; s.writes && bits.OnesCount64(s.users) > 1 {
			candidates = append(candidates, s)
		}
	}
	if len(candidates) > 0 {
		w.of = candidates[w.sample.draw.IntN(len(candidates))]
		w.left = w.of.counts.means(w.left[:0])
	}
	return 0, true
}

func (w *selectiveWalk) pick(enabled uint64, _ int) int {
	evenly := func(int) float64 { return 1 }
	if w.of == nil {
		return weighted(w.sample.draw, enabled, evenly)
	}
	standing := w.standing(enabled)
	if w.next < 0 || w.r.threads[w.next].done || w.r.threads[w.next].dead {
		w.next = w.drawn()
	}
	free := enabled &^ standing
	if w.next >= 0 {
		free |= enabled & (1 << uint(w.next))
	}
	var t int
	if free != 0 {
		t = weighted(w.sample.draw, free, evenly)
	} else {
		t = weighted(w.sample.draw, standing, func(t int) float64 { return max(1, at(w.left, t)) })
	}
	if standing>>uint(t)&1 == 1 {
		if t < len(w.left) {
			w.left[t] = max(0, w.left[t]-1)
		}
		w.next = -1
	}
	return t
}

// standing gives the enabled threads that stand before a step of interest.
func (w *selectiveWalk) standing(enabled uint64) (set uint64) {
	for e := enabled; e != 0; e &= e - 1 {
		th := w.r.threads[lowest(e)]
		if place(&th.event)&placeBits == w.of.place && th.event.Kind != Kill {
			set |= th.bit
		}
	}
	return set
}

// drawn draws the thread that makes the next step of interest, among those that
// have not ended; -1: none is known to make one.
func (w *selectiveWalk) drawn() int {
	var live uint64
	for _, th := range w.r.threads[:w.r.declared] {
		if !th.done && !th.dead {
			live |= th.bit
		}
	}
	if live == 0 {
		return -1
	}
	return weighted(w.sample.draw, live, func(t int) float64 {
		return at(w.left, t) + w.of.counts.unborn(w.left, t, w.r.declared)
	})
}

func (w *selectiveWalk) choose(n int) int { return w.sample.draw.IntN(n) }

// over learns which places are shared, and how often each thread touches them.
func (w *selectiveWalk) over() {
	if w.r.outcome != underWay || w.r.failedAt >= 0 {
		return
	}
	w.runs++
	for i := range w.shared {
		w.shared[i].counts.run(w.r)
	}
	for _, rec := range w.r.steps {
		if k := Kind(rec.place >> 48); rec.choice < 0 && k != Kill {
			s := w.at(rec.place & placeBits)
			s.counts.steps[rec.thread]++
			s.users |= 1 << uint(rec.thread)
			s.writes = s.writes || k.writes()
		}
	}
}

func (w *selectiveWalk) at(place uint64) *sharedPlace {
	i, known := w.ids[place]
	if !known {
		i = len(w.shared)
		w.ids[place] = i
		w.shared = append(w.shared, sharedPlace{place: place})
		w.shared[i].counts.run(w.r)
		w.shared[i].counts.runs = w.runs
	}
	return &w.shared[i]
}
