package checker

import "math/bits"

// partial is a state of which only the steps of some instances were taken so far.
type partial struct {
	id     uint64
	rest   instances // of which steps are enabled, too
	places int       // of the chunk's places, the end of its own; see proviso
}

// place is a candidate among a chunk's successors.
type place struct{ shard, at int }

// expandPartly takes the steps of as few instances as it may, and hands the successors over.
func (w *worker[S]) expandPartly() {
	enabled := w.survey()
	chosen := smallest(enabled, w.at)
	rest := enabled &^ chosen
	if rest == 0 || w.rises&chosen == 0 && w.unranked&enabled&chosen == 0 {
		w.expand()
		return
	}
	noted := w.unranked
	if w.rises&chosen != 0 {
		noted = 0 // it leads on
	}
	before := len(w.out.places)
	w.expandThese(enabled&chosen, noted)
	if noted != 0 {
		w.out.partial = append(w.out.partial, partial{id: w.id, rest: rest, places: len(w.out.places)})
	} else {
		w.out.places = w.out.places[:before]
		w.out.partly++
	}
}

// survey looks at all current steps in source: who can take one, what has to be chosen with
// each instance, and who leads on. It demands the rules of locks of all of them, taken or
// not, and that they write what they may: a reduced search relies on it.
func (w *worker[S]) survey() (enabled instances) {
	w.rises = 0
	for i := range w.program.instances {
		in, r := &w.program.instances[i], &w.reduction.instances[i]
		if in.pc == nil {
			w.at[i] = r.all
			for k := range in.steps {
				enabled |= w.surveyStep(i, k)
			}
			continue
		}
		w.doing, w.instance = callPC, i
		k := in.pc(&w.source, in.self)
		if uint(k) >= uint(len(in.steps)) {
			w.at[i] = r.ended
			continue
		}
		w.at[i] = r.steps[k]
		enabled |= w.surveyStep(i, k)
	}
	return enabled
}

// surveyStep gives the instance, alone, if it can take step k.
func (w *worker[S]) surveyStep(i, k int) (enabled instances) {
	in := &w.program.instances[i]
	step, f := &in.steps[k], &w.declared.instances[i].steps[k]
	for choice := range step.choices {
		w.doing, w.number = callStep, step.first+uint32(choice)
		_, able := w.perform(step, in.self, choice)
		if able {
			enabled = 1 << i
			w.demandWrites(f, &w.source, &w.scratch)
			if w.reduction.instances[i].rises(k, w.standing(i)) {
				w.rises |= 1 << i
			}
		} else {
			w.demandUntouched()
		}
		if w.declared.instances[i].locks {
			after := w.scratch
			w.demandLocks(i, k, choice, able, &after)
		}
	}
	return enabled
}

// standing gives the step at which an instance stands in scratch; -1: at none, or it is not
// asked for.
func (w *worker[S]) standing(i int) int {
	if w.reduction.instances[i].ranks == nil {
		return -1
	}
	in := &w.program.instances[i]
	doing := w.doing
	w.doing, w.instance = callPC, i
	k := in.pc(&w.scratch, in.self)
	w.doing = doing
	if uint(k) < uint(len(in.steps)) {
		return k
	}
	return -1
}

// rises says whether going from a step to another one, or to none, leads on in rank.
func (r *reducedInstance) rises(from, to int) bool {
	return r.ranks != nil && (to < 0 || r.ranks[to] > r.ranks[from])
}

// expandThese takes the steps of some instances, and notes the places of the successors of
// those that are to be noted.
func (w *worker[S]) expandThese(set, noted instances) {
	w.scratch = w.source
	for left := set; left != 0; left &= left - 1 {
		i := bits.TrailingZeros64(uint64(left))
		in := &w.program.instances[i]
		w.noting = noted.has(i)
		if in.pc == nil {
			for k := range in.steps {
				w.try(&in.steps[k], in.self)
			}
			continue
		}
		w.doing, w.instance = callPC, i
		if k := in.pc(&w.source, in.self); uint(k) < uint(len(in.steps)) {
			w.try(&in.steps[k], in.self)
		}
	}
	w.noting = false
}

// The proviso: of each state of which not all steps are taken, some chosen step leads on.
// Either it is of an instance with ranks, and leads to a higher one; or it is of one without,
// and leads to a state of the next level (Bošnački and Holzmann, "Improving SPIN's partial
// order reduction for breadth-first search", SPIN 2005). The sum of the ranks, and where that
// stays the level, cannot go up for ever: whoever follows such steps comes to a state of
// which all steps are taken, or to a chosen step that he was looking for.
//
// What level a state is of is known when the block was inserted. complete then takes the
// other steps of those that did not lead on. It is not cut short: half a block would be
// neither done nor undone.
func (s *search[S]) completeBlock(chunks int, inline, single bool) bool {
	s.parallel(chunks, inline, false, func(w *worker[S], i int) { s.completeChunk(w, &s.chunks[i]) })
	for i := range s.chunks[:chunks] {
		if s.failed = s.chunks[i].failed; s.failed != nil {
			return false
		}
	}
	if single && !s.fits(chunks) {
		s.reason = s.stateLimit()
		s.checkpoint.close() // the one before stays
		s.checkpoint = nil
		return false
	}
	s.bookExpanded(chunks)
	s.insertAll(chunks, inline)
	return s.failed == nil
}

// completeChunk takes the other steps of the states of a chunk that did not lead on.
func (s *search[S]) completeChunk(w *worker[S], c *chunk[S]) {
	again, begin, partly := c.partial[:0], 0, uint64(0)
	for _, p := range c.partial {
		if s.leadsOn(c, c.places[begin:p.places]) {
			partly++
		} else {
			again = append(again, p)
		}
		begin = p.places
	}
	c.reset(len(s.model.Properties))
	c.partly = partly
	w.out = c
	finished := false
	defer func() {
		if !finished {
			c.failed = recovered(recover(), w.where(), w.source)
		}
	}()
	for _, p := range again {
		w.source, w.id = *s.shards[p.id&(shards-1)].state(int(p.id >> shardBits)), p.id
		w.expandThese(p.rest, 0)
	}
	finished = true
}

// leadsOn says whether a successor is of the next level.
func (s *search[S]) leadsOn(c *chunk[S], places []place) bool {
	for _, p := range places {
		to := &c.successors[p.shard][p.at]
		if s.shards[p.shard].find(&to.state, to.hash) >= s.to[p.shard] {
			return true
		}
	}
	return false
}
