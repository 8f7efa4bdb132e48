package checker

// chunk is a piece of a block of a level: the states that one worker expands in
// one go, and what came of it. Its size depends on the level alone.
type chunk[S comparable] struct {
	successors [shards][]candidate[S]

	transitions     uint64
	deadlocks, ends uint64
	pruned          uint64       // states outside the constraint
	stuck           int64        // id of the first deadlock, or -1
	broken          []brokenEdge // by property: the first transition that breaks it
	failed          error        // what ended the chunk early
	samples         []S          // of the states, for what is declared
	partial         []partial    // states of which it is not known yet whether all steps are to be taken
	places          []place      // of their successors
	partly          uint64       // states of which not all steps are taken

	_ [64]byte // chunks of two workers share no cache line
}

// brokenEdge is a transition that breaks a transition property.
type brokenEdge struct {
	found      bool
	id         uint64
	transition uint32
}

func (c *chunk[S]) reset(properties int) {
	for i := range c.successors {
		c.successors[i] = c.successors[i][:0]
	}
	c.transitions, c.deadlocks, c.ends, c.pruned, c.stuck, c.failed = 0, 0, 0, 0, -1, nil
	if len(c.broken) != properties {
		c.broken = make([]brokenEdge, properties)
	}
	clear(c.broken)
	c.samples, c.partial, c.places, c.partly = c.samples[:0], c.partial[:0], c.places[:0], 0
}

// worker is what one goroutine needs to expand states. The functions of the
// model see source and scratch, never the seen set, so that a model which breaks
// its contract cannot damage it.
type worker[S comparable] struct {
	program  *program[S]
	declared *declarations
	checks   []int      // indices in Model.Properties of the open transition properties and refinements
	judges   []judge[S] // by property; nil: it is no refinement
	source   S
	scratch  S
	id       uint64 // of source
	out      *chunk[S]
	coverage []uint64

	symmetry      *symmetry[S]      // nil: none is declared
	canonicalizer *canonicalizer[S] // nil: it is not applied

	// Of a reduced search; see partial.go.
	reduction *reduction
	unranked  instances   // those whose process has no ranks
	at        []instances // by instance: which have to be chosen with it
	rises     instances   // those of which a step leads to a higher rank
	noting    bool        // the places of successors
	singly    bool        // fields of a sample are looked at by themselves, too

	// What is being called, for a panic.
	doing    call
	number   uint32 // transition, where doing is a step
	instance int
	property int

	_ [64]byte // workers share no cache line
}

// call is a kind of function of a model.
type call uint8

const (
	callStep call = iota
	callPC
	callTerminal
	callConstraint
	callProperty
	callEvent
)

// expand takes every enabled step in source and hands the successors over.
func (w *worker[S]) expand() {
	if !w.within() {
		w.out.pruned++
		return
	}
	before := w.out.transitions
	w.scratch = w.source
	for i := range w.program.instances {
		in := &w.program.instances[i]
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
	if w.out.transitions == before {
		w.stuck()
	}
}

// within says whether source is within the constraint.
func (w *worker[S]) within() bool {
	constraint := w.program.model.Constraint
	if constraint == nil {
		return true
	}
	w.doing = callConstraint
	return constraint(&w.source)
}

// try takes one step with each of its choices.
func (w *worker[S]) try(step *compiled[S], self int) {
	w.doing, w.number = callStep, step.first
	if step.do != nil {
		if step.do(&w.scratch, self) {
			w.emit(step)
		} else {
			w.demandUntouched()
		}
		return
	}
	for choice := range step.choices {
		w.doing, w.number = callStep, step.first+uint32(choice)
		if step.choose(&w.scratch, self, choice) {
			w.emit(step)
		} else {
			w.demandUntouched()
		}
	}
}

// demandUntouched is looked at in every state, not on a sample: the next step
// starts from what a step that was not enabled left in scratch.
func (w *worker[S]) demandUntouched() {
	if !same(&w.scratch, &w.source) {
		panic(impure{"says that it is not enabled and changes the state"})
	}
}

// emit hands the successor in scratch over and makes scratch the source again.
func (w *worker[S]) emit(step *compiled[S]) {
	successor := w.canonical(&w.scratch)
	hash := w.program.hash.of(bytesOf(successor))
	to := &w.out.successors[hash&(shards-1)]
	*to = append(*to, candidate[S]{hash: hash, from: uint64(w.number)<<idBits | w.id, state: *successor})
	if w.noting {
		w.out.places = append(w.out.places, place{int(hash & (shards - 1)), len(*to) - 1})
	}
	w.out.transitions++
	w.coverage[step.coverage]++
	if len(w.checks) > 0 {
		w.checkTransition()
	}
	w.scratch = w.source
}

// checkTransition shows the transition from source to scratch to the open
// transition properties.
func (w *worker[S]) checkTransition() {
	taken := w.program.taken(w.number)
	for _, i := range w.checks {
		if w.out.broken[i].found {
			continue
		}
		w.doing, w.property = callProperty, i
		if !w.allows(i, taken) {
			w.out.broken[i] = brokenEdge{found: true, id: w.id, transition: w.number}
		}
	}
}

// allows asks a transition property or a refinement.
func (w *worker[S]) allows(property int, taken Taken) bool {
	if j := w.judge(property); j != nil {
		return j.allows(&w.source, &w.scratch)
	}
	return w.program.model.Properties[property].transition(&w.source, &w.scratch, taken)
}

// stuck books a state without enabled steps.
func (w *worker[S]) stuck() {
	w.doing = callTerminal
	if terminal := w.program.model.Terminal; terminal != nil && terminal(&w.source) {
		w.out.ends++
		return
	}
	w.out.deadlocks++
	if w.out.stuck < 0 {
		w.out.stuck = int64(w.id)
	}
}

// verify demands in source what a model promises of its functions: a step taken
// twice has one outcome, and what may only read only reads. stored is the state
// in the seen set.
func (w *worker[S]) verify(stored *S) {
	w.verifySteps(stored)
	if terminal := w.program.model.Terminal; terminal != nil {
		w.doing = callTerminal
		first := terminal(&w.source)
		w.demand(w.source == *stored, "changes the state that it may only read")
		w.demand(first == terminal(&w.source), "gives two answers in one state")
	}
	first := w.within()
	w.demand(w.source == *stored, "changes the state that it may only read")
	w.demand(first == w.within(), "gives two answers in one state")
	w.source = *stored
}

// verifySteps demands it of steps and program counters.
func (w *worker[S]) verifySteps(stored *S) {
	for i := range w.program.instances {
		in := &w.program.instances[i]
		if in.pc == nil {
			for k := range in.steps {
				w.verifyStep(&in.steps[k], in.self)
			}
			continue
		}
		w.doing, w.instance = callPC, i
		k := in.pc(&w.source, in.self)
		w.demand(w.source == *stored, "changes the state that it may only read")
		w.demand(k == in.pc(&w.source, in.self), "gives two answers in one state")
		if uint(k) < uint(len(in.steps)) {
			w.verifyStep(&in.steps[k], in.self)
		}
	}
}

func (w *worker[S]) verifyStep(step *compiled[S], self int) {
	for choice := range step.choices {
		w.doing, w.number = callStep, step.first+uint32(choice)
		first, enabled := w.perform(step, self, choice)
		second, again := w.perform(step, self, choice)
		w.demand(enabled == again && first == second, "has two outcomes in one state")
		if enabled {
			w.verifyTransition(first)
		}
	}
}

// perform takes a step on a copy of source.
func (w *worker[S]) perform(step *compiled[S], self, choice int) (S, bool) {
	w.scratch = w.source
	var enabled bool
	if step.do != nil {
		enabled = step.do(&w.scratch, self)
	} else {
		enabled = step.choose(&w.scratch, self, choice)
	}
	return w.scratch, enabled
}

// verifyTransition demands that the transition properties and mappings only read.
func (w *worker[S]) verifyTransition(after S) {
	if len(w.checks) == 0 {
		return
	}
	number, taken := w.number, w.program.taken(w.number)
	before := w.source
	for _, i := range w.checks {
		w.doing, w.property, w.scratch = callProperty, i, after
		if j := w.judge(i); j != nil {
			j.verify(&w.source, &w.scratch)
			continue
		}
		w.program.model.Properties[i].transition(&w.source, &w.scratch, taken)
		w.demand(w.source == before && w.scratch == after, "changes the state that it may only read")
	}
	w.doing, w.number = callStep, number
}

// demand ends the chunk with an ImpureError unless ok.
func (w *worker[S]) demand(ok bool, otherwise string) { demandPure(ok, otherwise) }

// close makes an error of a function of the model that has not returned. It is deferred.
func (w *worker[S]) close(c *chunk[S], finished *bool) {
	if !*finished {
		c.failed = recovered(recover(), w.where(), w.source)
	}
}

// where names the function that is being called.
func (w *worker[S]) where() string {
	m := w.program.model
	switch w.doing {
	case callStep:
		t := w.program.transitions[w.number]
		p := &m.Processes[t.process]
		return whereStep(p, &p.Steps[t.step], t.self, t.choice)
	case callPC:
		in := &w.program.instances[w.instance]
		return "PC of " + instanceName(&m.Processes[in.process], in.self)
	case callTerminal:
		return "Terminal"
	case callConstraint:
		return "Constraint"
	case callEvent:
		return "Event"
	case callProperty:
		if j := w.judge(w.property); j != nil {
			return j.where()
		}
		return whereProperty(&m.Properties[w.property])
	default:
		panic("checker: a call of no kind")
	}
}
