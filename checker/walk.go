package checker

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// walker takes walks, one at a time. The functions of the model see copies of its states.
type walker[S comparable] struct {
	worker[S]
	generator *rand.PCG
	random    *rand.Rand
	next      []successor[S] // of source
	seen      sample
	open      []int  // properties that nothing decided yet, as indices in Model.Properties
	deadlock  bool   // and that one
	walking   uint64 // the number of the walk
}

// successor is what a transition leads to.
type successor[S comparable] struct {
	number uint32
	state  S
}

func (w *walker[S]) init(p *program[S]) {
	w.program, w.judges = p, judges(p.model)
	w.coverage = make([]uint64, p.steps, p.steps+16)
	w.generator = rand.NewPCG(0, 0)
	w.random = rand.New(w.generator)
}

// outcome is what one walk came to.
type outcome struct {
	start    int      // in Model.Init
	numbers  []uint32 // all its steps, those along a trace included
	steps    int      // without those
	end      walkEnd
	found    []walkFinding
	violates bool // something of found is no reachable
	failed   error
}

// walkFinding is a property that is decided after so many steps.
type walkFinding struct {
	index int // 0: deadlock; else 1 more than the index of the property
	after int
}

// walkEnd is why a walk ended.
type walkEnd uint8

const (
	endBound    walkEnd = iota // it was long enough, or had violated something
	endStuck                   // in a deadlock
	endTerminal                // in an intended end
	endOutside                 // outside the constraint
)

// walk takes the walk of a number.
func (w *walker[S]) walk(s *simulation[S], number uint64) (o outcome) {
	w.walking = number
	w.generator.Seed(s.options.Seed, number)
	o.failed = answered(func() error {
		if s.along.states == nil {
			o.start = w.random.IntN(len(s.model.Init))
			w.source = s.model.Init[o.start]
			w.look(&o)
			w.lookInitial(&o)
		} else {
			at := w.random.IntN(len(s.along.states))
			o.start, w.source = s.along.start, s.along.states[at]
			o.numbers = append(o.numbers, s.along.numbers[:at]...)
			w.seen.add(w.hash())
		}
		for o.steps < s.options.MaxSteps && !(o.violates && !s.options.KeepGoing) && !s.cancelled.Load() {
			if !w.step(&o) {
				break
			}
		}
		return nil
	}, w.at)
	return o
}

// step takes a random step; where none is enabled the walk ends.
func (w *walker[S]) step(o *outcome) bool {
	if w.sampledHere(o) {
		kept := w.source
		w.checks = w.transitionChecks()
		w.verify(&kept)
	}
	if !w.withinConstraint() {
		o.end = endOutside
		return false
	}
	w.list()
	if len(w.next) == 0 {
		w.endHere(o)
		return false
	}
	chosen := &w.next[w.random.IntN(len(w.next))]
	before := w.source
	w.number = chosen.number
	o.numbers = append(o.numbers, chosen.number)
	o.steps++
	w.coverage[w.program.coverageOf(chosen.number)]++
	taken := w.program.taken(chosen.number)
	for _, i := range w.transitionChecks() {
		w.doing, w.property, w.scratch = callProperty, i, chosen.state
		if !w.allows(i, taken) {
			w.find(o, 1+i)
		}
		w.demand(w.source == before && w.scratch == chosen.state, "changes the state that it may only read")
	}
	w.source = chosen.state
	w.look(o)
	return true
}

// sampledHere says whether the contract of the model is verified in source: in the first
// 64 steps of the first 64 walks, and in one of 256 states otherwise.
func (w *walker[S]) sampledHere(o *outcome) bool {
	return w.walking < 64 && o.steps < 64 || w.hash()&255 == 0
}

// hash is that of source.
func (w *walker[S]) hash() uint64 { return w.program.hash.of(bytesOf(&w.source)) }

// withinConstraint says whether source is within the constraint, which sees a copy.
func (w *walker[S]) withinConstraint() bool {
	kept := w.source
	within := w.within()
	w.demand(w.source == kept, "changes the state that it may only read")
	return within
}

// transitionChecks are the open transition properties and refinements.
func (w *walker[S]) transitionChecks() []int {
	checks := w.checks[:0]
	for _, i := range w.open {
		if kind := w.program.model.Properties[i].kind; kind == KindTransition || kind == KindRefinement {
			checks = append(checks, i)
		}
	}
	w.checks = checks
	return checks
}

// look shows source to the open properties of states.
func (w *walker[S]) look(o *outcome) {
	w.seen.add(w.hash())
	for _, i := range w.open {
		p := &w.program.model.Properties[i]
		if p.kind != KindInvariant && p.kind != KindReachable {
			continue
		}
		w.doing, w.property, w.scratch = callProperty, i, w.source
		if p.state(&w.scratch) == (p.kind == KindReachable) {
			w.find(o, 1+i)
		}
		w.demand(w.scratch == w.source, "changes the state that it may only read")
	}
}

// lookInitial shows source, which is initial, to the open refinements.
func (w *walker[S]) lookInitial(o *outcome) {
	for _, i := range w.open {
		if j := w.judge(i); j != nil {
			w.doing, w.property, w.scratch = callProperty, i, w.source
			if !j.begins(&w.scratch) {
				w.find(o, 1+i)
			}
		}
	}
}

// find books what the steps so far decide, once.
func (w *walker[S]) find(o *outcome, index int) {
	for _, f := range o.found {
		if f.index == index {
			return
		}
	}
	o.found = append(o.found, walkFinding{index, len(o.numbers)})
	if index == 0 || w.program.model.Properties[index-1].kind != KindReachable {
		o.violates = true
	}
}

// endHere books the end of a walk in a state without enabled steps.
func (w *walker[S]) endHere(o *outcome) {
	w.doing, w.scratch = callTerminal, w.source
	if terminal := w.program.model.Terminal; terminal != nil && terminal(&w.scratch) {
		o.end = endTerminal
		return
	}
	o.end = endStuck
	if w.deadlock {
		w.find(o, 0)
	}
	o.violates = true
}

// list fills next with what the enabled steps of source lead to, in the order of the
// model.
func (w *walker[S]) list() {
	w.next = w.next[:0]
	for i := range w.program.instances {
		in := &w.program.instances[i]
		if in.pc == nil {
			for k := range in.steps {
				w.listStep(&in.steps[k], in.self)
			}
			continue
		}
		w.doing, w.instance, w.scratch = callPC, i, w.source
		if k := in.pc(&w.scratch, in.self); uint(k) < uint(len(in.steps)) {
			w.listStep(&in.steps[k], in.self)
		}
	}
}

func (w *walker[S]) listStep(step *compiled[S], self int) {
	for choice := range step.choices {
		w.doing, w.number = callStep, step.first+uint32(choice)
		after, enabled := w.perform(step, self, choice)
		if !enabled {
			w.demandUntouched()
			continue
		}
		w.next = append(w.next, successor[S]{w.number, after})
	}
}

// path is a way through the model: states around transitions, from an initial state.
type path[S comparable] struct {
	start   int // in Model.Init
	states  []S
	numbers []uint32
}

// follow gives the path of a trace, which the replayer has to accept.
func (w *walker[S]) follow(t Trace) (path[S], error) {
	m := w.program.model
	t, err := Replay(*m, t)
	if err != nil {
		return path[S]{}, err
	}
	p := path[S]{start: t.Start, states: []S{m.Init[t.Start]}}
	err = answered(func() error {
		for _, step := range t.Steps {
			w.source = p.states[len(p.states)-1]
			w.list()
			i := slices.IndexFunc(w.next, func(n successor[S]) bool { return w.program.taken(n.number) == step.Taken })
			if i < 0 {
				return fmt.Errorf("step %s of %s is enabled for the replayer, and not again", step.Label, step.Process)
			}
			p.states, p.numbers = append(p.states, w.next[i].state), append(p.numbers, w.next[i].number)
		}
		return nil
	}, w.at)
	return p, err
}

// at says which function of the model is called, and in which state.
func (w *walker[S]) at() (string, S) { return w.where(), w.source }

// sample counts different hashes: exactly up to mostSampled, and then by keeping those
// alone that begin with so many zero bits (adaptive sampling: Flajolet, Computing 43,
// 1990, after an idea of Wegman). What it comes to depends on what was added, and not on
// the order.
type sample struct {
	kept  map[uint64]struct{}
	level uint // zero bits that a kept hash begins with
}

// mostSampled bounds the memory of a sample. Tests set it.
var mostSampled = 1 << 16

func (s *sample) add(hash uint64) {
	if hash>>(64-s.level) != 0 {
		return
	}
	if s.kept == nil {
		s.kept = map[uint64]struct{}{}
	}
	s.kept[hash] = struct{}{}
	for len(s.kept) > mostSampled {
		s.level++
		for h := range s.kept {
			if h>>(64-s.level) != 0 {
				delete(s.kept, h)
			}
		}
	}
}

func (s *sample) merge(t *sample) {
	if t.level > s.level {
		s.level = t.level
		for h := range s.kept {
			if h>>(64-s.level) != 0 {
				delete(s.kept, h)
			}
		}
	}
	for h := range t.kept {
		s.add(h)
	}
}

func (s *sample) count() uint64 { return uint64(len(s.kept)) << s.level }
