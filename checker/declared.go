package checker

import (
	"fmt"
	"slices"
	"strings"
)

// Samples are kept while the search runs, and verified when it has ended: by then there are
// other states of all kinds from which to take what a step says that it does not read.
const (
	mostSamples = 3 << 11 // more than are offered of a small model: see sampledRarely
	donors      = 3       // other states that each sample is mixed with
	sampleBatch = 64
)

// samples is a sample of the states that were expanded, which depends on the order of the
// search alone. Where it grows too large every second one is dropped, and of the later
// ones as many.
type samples[S comparable] struct {
	states []S
	every  int // of so many states that are offered one is kept
	turn   int
}

func (s *samples[S]) offer(state S) {
	s.every = max(s.every, 1)
	if s.turn++; s.turn%s.every != 0 {
		return
	}
	if s.states = append(s.states, state); len(s.states) < mostSamples {
		return
	}
	half := s.states[:0]
	for i := 1; i < len(s.states); i += 2 {
		half = append(half, s.states[i])
	}
	s.states, s.every = half, 2*s.every
}

// conclude verifies what the model declares. A search that is cut short before that is not
// complete.
func (s *search[S]) conclude() {
	if s.declared == nil || s.failed != nil {
		return
	}
	if s.verifyDeclared(); s.failed == nil && s.complete && s.cancelled.Load() {
		s.complete, s.reason = false, s.cancellation()+" before what the model declares was verified"
	}
}

// verifyDeclared verifies in the samples what the model declares.
func (s *search[S]) verifyDeclared() {
	all := s.samples.states
	if len(all) == 0 || s.cancelled.Load() {
		return
	}
	batches := (len(all) + sampleBatch - 1) / sampleBatch
	s.unverified = make([]error, batches)
	s.parallel(batches, batches == 1, true, func(w *worker[S], i int) {
		finished := false
		defer func() {
			if !finished {
				s.unverified[i] = recovered(recover(), w.where(), w.source)
			}
		}()
		for k := i * sampleBatch; k < min((i+1)*sampleBatch, len(all)); k++ {
			w.verifySample(all, k)
		}
		finished = true
	})
	s.failed = firstOf(s.unverified)
}

func firstOf(all []error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// verifySample verifies in one sample all that is declared. Nothing panics in it unless it
// does in the search as well.
func (w *worker[S]) verifySample(all []S, k int) {
	w.source, w.singly = all[k], k%8 == 0 || len(all) < 512
	var others []S
	for n := range donors {
		if other := all[(k+1+n*(len(all)/donors+1))%len(all)]; other != w.source && !slices.Contains(others, other) {
			others = append(others, other)
		}
	}
	for i := range w.program.instances {
		in := &w.program.instances[i]
		if len(w.declared.instances) == 0 {
			break
		}
		if in.pc == nil {
			for k := range in.steps {
				w.verifyFootprint(i, k, others)
			}
			continue
		}
		w.doing, w.instance = callPC, i
		at := in.pc(&w.source, in.self)
		w.verifyPC(i, at, others)
		if uint(at) < uint(len(in.steps)) {
			w.verifyFootprint(i, at, others)
		}
	}
	for k := range w.declared.observed {
		w.verifyReads(&w.declared.observed[k], others)
	}
}

// mixed calls look with states that are like source in all that is read: with what is not as
// it is in another state, all of it, and in some samples each field by itself, lest two make up
// for one another. look says what is wrong, if something is; the field that makes it so is
// then looked for.
func (w *worker[S]) mixed(m *mixture, others []S, look func(state *S) (wrong string)) {
	for i := range others {
		state := others[i]
		for _, s := range m.read {
			copy(bytesOf(&state)[s.offset:s.offset+s.size], bytesOf(&w.source)[s.offset:])
		}
		if state == w.source {
			continue
		}
		wrong := look(&state)
		if wrong == "" && !w.singly {
			continue
		}
		names := w.mixedSingly(m, &others[i], look)
		if wrong != "" {
			panic(untrue{wrong + " where only these are as in another state: " + strings.Join(names, ", ")})
		}
	}
}

// mixedSingly does so with single fields, and gives their names.
func (w *worker[S]) mixedSingly(m *mixture, other *S, look func(state *S) string) (names []string) {
	for _, f := range m.unread {
		value := f.word(bytesOf(other))
		if value == f.word(bytesOf(&w.source)) {
			continue
		}
		state := w.source
		f.setWord(bytesOf(&state), value)
		if wrong := look(&state); wrong != "" {
			panic(untrue{fmt.Sprintf("%s where only %s is as in another state", wrong, f.path)})
		}
		names = append(names, f.path)
	}
	return names
}

// verifyPC demands that an instance stand where it stands whatever is not its own.
func (w *worker[S]) verifyPC(i, at int, others []S) {
	in := &w.program.instances[i]
	w.mixed(&w.declared.instances[i].mix, others, func(state *S) string {
		w.doing, w.instance = callPC, i
		switch now, panicked := w.attemptPC(in, state); {
		case panicked != nil:
			return fmt.Sprintf("reads what is not in Own of the process: it panics (%v)", panicked)
		case now != at:
			return fmt.Sprintf("reads what is not in Own of the process: it gives %d, and not %d,", now, at)
		}
		return ""
	})
}

func (w *worker[S]) attemptPC(in *instance[S], s *S) (at int, panicked any) {
	finished := false
	defer func() {
		if !finished {
			panicked = recover()
		}
	}()
	at = in.pc(s, in.self)
	finished = true
	return at, nil
}

// verifyFootprint demands that a step write and read only what it declares, that it keep the
// rules of locks, and that it break and mend only properties that say so.
func (w *worker[S]) verifyFootprint(i, k int, others []S) {
	step, f := &w.program.instances[i].steps[k], &w.declared.instances[i].steps[k]
	for choice := range step.choices {
		w.doing, w.number = callStep, step.first+uint32(choice)
		led, enabled := w.perform(step, w.program.instances[i].self, choice)
		if enabled {
			w.demandWrites(f, &w.source, &led)
			w.verifyBreaks(i, k, &w.source, &led)
		}
		w.demandLocks(i, k, choice, enabled, &led)
		w.mixed(&f.mix, others, func(state *S) string {
			w.doing, w.number = callStep, step.first+uint32(choice)
			now, able, panicked := w.attempt(i, k, choice, *state)
			switch {
			case panicked != nil:
				return fmt.Sprintf("reads more than its footprint: it panics (%v)", panicked)
			case able != enabled:
				return "reads more than its footprint: it is " + map[bool]string{true: "enabled", false: "not enabled"}[able]
			case !able:
				return ""
			}
			w.demandWrites(f, state, &now)
			w.verifyBreaks(i, k, state, &now)
			return w.differs(f, &led, state, &now)
		})
	}
}

// differs says in what a step, which led from source to led, wrote something else from a
// state in which what it does not read is another. Each byte that it may write it has to make
// what it made it before, or to leave alone, as it may have done before.
func (w *worker[S]) differs(f *footprint, led, from, now *S) string {
	source, led1, from1, now1 := bytesOf(&w.source), bytesOf(led), bytesOf(from), bytesOf(now)
	for _, s := range f.written {
		for i := s.offset; i < s.offset+s.size; i++ {
			left := now1[i] == from1[i] && led1[i] == source[i] && !f.reads.has(i)
			if now1[i] != led1[i] && !left {
				return "reads more than its footprint: it makes " + w.declared.at(i) + " another value"
			}
		}
	}
	return ""
}

// verifyBreaks demands that the step from before to after break and mend only properties
// that say so.
func (w *worker[S]) verifyBreaks(i, k int, before, after *S) {
	label := w.program.model.Processes[w.program.instances[i].process].Steps[k].Label
	for n := range w.declared.observed {
		o := &w.declared.observed[n]
		if o.broken == nil && o.mended == nil {
			continue
		}
		was, ok := w.attemptObserved(o, before)
		is, ok2 := w.attemptObserved(o, after)
		switch {
		case !ok || !ok2 || was == is:
		case is == o.fires && o.broken != nil && !slices.Contains(o.broken, label):
			w.source = *before
			panic(untrue{fmt.Sprintf("makes %s %v, and is none of its BrokenBy", w.nameObserved(o), is)})
		case is != o.fires && o.mended != nil && !slices.Contains(o.mended, label):
			w.source = *before
			panic(untrue{fmt.Sprintf("makes %s %v again, and is none of its MendedBy", w.nameObserved(o), is)})
		}
	}
}

func (w *worker[S]) nameObserved(o *observed) string {
	return whereProperty(&w.program.model.Properties[o.property])
}

// predicate is what o is about.
func (w *worker[S]) predicate(o *observed) func(s *S) bool {
	return w.program.model.Properties[o.property].state
}

// attemptObserved evaluates a predicate in a state that need not be reachable; it need not
// have a value there.
func (w *worker[S]) attemptObserved(o *observed, s *S) (value, ok bool) {
	finished := false
	defer func() {
		if !finished {
			recover()
		}
	}()
	at := *s
	value = w.predicate(o)(&at)
	finished = true
	return value, true
}

// verifyReads demands that a predicate have one value whatever it does not read.
func (w *worker[S]) verifyReads(o *observed, others []S) {
	if o.all {
		return
	}
	w.doing, w.property = callProperty, o.property
	at := w.source
	was := w.predicate(o)(&at)
	w.mixed(&o.mix, others, func(state *S) string {
		if is, ok := w.attemptObserved(o, state); !ok || is != was {
			return fmt.Sprintf("reads more than its Reads: it is not %v", was)
		}
		return ""
	})
}
