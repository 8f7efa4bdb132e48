package checker

import (
	"errors"
	"fmt"
	"slices"
)

// Replay executes a trace again, step by step, by nothing but the model's step tables: it
// shares no code with the search. It demands that every step be enabled where it is taken
// and change what the trace says it changes, and that the end be what the trace is about: a
// state that breaks the invariant, has the reachable, or is stuck; a last step that breaks
// the transition property; a fair cycle without the answer that a liveness property asks
// for; for a walk, nothing that is violated on the way. What the trace leaves out (Initial,
// Columns, and a step's Event and Changes when they are empty or nil) is filled in. The
// error says what is wrong, and where.
func Replay[S comparable](m Model[S], t Trace) (out Trace, err error) {
	if m, err = Assuming(m, t.Assumed); err == nil {
		err = validate(&m)
	}
	if err != nil {
		return Trace{}, err
	}
	r := &replayer[S]{model: &m, where: "the model"}
	if err = answered(func() (err error) { out, err = r.run(t); return err }, func() (string, S) { return r.where, r.now }); err != nil {
		return Trace{}, fmt.Errorf("replay of a trace of model %s: %w", m.Name, err)
	}
	return out, nil
}

// replayer walks a trace.
type replayer[S comparable] struct {
	model  *Model[S]
	now    S
	states []S    // all, the initial one first
	where  string // the function of the model that was called last
}

func (r *replayer[S]) run(t Trace) (Trace, error) {
	property, err := r.open(&t)
	if err != nil {
		return Trace{}, err
	}
	t.Steps = slices.Clone(t.Steps)
	r.states = append(r.states, r.now)
	for i := range t.Steps {
		if err := r.step(&t.Steps[i]); err != nil {
			return Trace{}, fmt.Errorf("step %d (%s of %s): %w", i+1, t.Steps[i].Label, t.Steps[i].Process, err)
		}
		r.states = append(r.states, r.now)
	}
	if err := r.end(&t, property); err != nil {
		return Trace{}, fmt.Errorf("after %d steps: %w", len(t.Steps), err)
	}
	return t, nil
}

// open checks the head of a trace, goes to its initial state, and gives what the trace is
// about; nil stands for deadlock, and for a walk.
func (r *replayer[S]) open(t *Trace) (*Property[S], error) {
	switch {
	case t.Model != r.model.Name:
		return nil, fmt.Errorf("the trace is of model %q", t.Model)
	case t.Start < 0 || t.Start >= len(r.model.Init):
		return nil, fmt.Errorf("start is %d, the model has initial states 0 to %d", t.Start, len(r.model.Init)-1)
	}
	r.now = r.model.Init[t.Start]
	initial, names := fieldsOf(r.now), columns(r.model)
	named := slices.IndexFunc(r.model.Properties, func(p Property[S]) bool { return p.name == t.Property })
	switch {
	case t.Initial != nil && !slices.Equal(t.Initial, initial):
		return nil, fmt.Errorf("initial state: the trace has %s, the model %s", describe(t.Initial), describe(initial))
	case t.Columns != nil && !slices.Equal(t.Columns, names):
		return nil, fmt.Errorf("columns: the trace has %q, the model %q", t.Columns, names)
	case t.Property == "deadlock" && t.Kind != KindDeadlock:
		return nil, fmt.Errorf("property deadlock is given the kind %q", t.Kind)
	}
	t.Initial, t.Columns = initial, names
	if t.Property == "deadlock" || t.Property == "" && t.Kind == KindWalk {
		return nil, nil
	}
	if named < 0 {
		return nil, fmt.Errorf("the model has no property %q", t.Property)
	}
	switch p := &r.model.Properties[named]; {
	case p.kind != t.Kind:
		return nil, fmt.Errorf("property %q is a %s, the trace says %q", p.name, p.kind, t.Kind)
	case p.state == nil && p.transition == nil && p.refines == nil:
		return nil, fmt.Errorf("property %q is a %s, which one path cannot show", p.name, p.kind)
	default:
		return p, nil
	}
}

// step takes one step and compares it with what the trace says of it.
func (r *replayer[S]) step(s *TraceStep) error {
	at := slices.IndexFunc(r.model.Processes, func(p Process[S]) bool { return p.Name == s.Process })
	if at < 0 {
		return fmt.Errorf("the model has no process %q", s.Process)
	}
	p := &r.model.Processes[at]
	index := slices.IndexFunc(p.Steps, func(known Step[S]) bool { return known.Label == s.Label })
	switch {
	case s.Self < 0 || s.Self >= p.Count:
		return fmt.Errorf("instance %d is out of range: process %s has instances 0 to %d", s.Self, p.Name, p.Count-1)
	case index < 0:
		return fmt.Errorf("process %s has no step %q", p.Name, s.Label)
	case s.Choice < 0 || s.Choice >= p.Steps[index].choices():
		return fmt.Errorf("choice %d is out of range: the step has choices 0 to %d", s.Choice, p.Steps[index].choices()-1)
	}
	before := r.now
	if enabled, err := r.take(p, index, s.Self, s.Choice); err != nil {
		return err
	} else if !enabled {
		return fmt.Errorf("is not enabled in state %s", describe(fieldsOf(r.now)))
	}
	s.Column = r.model.column(at, s.Self)
	return r.compare(s, before)
}

// take performs a step where it is enabled; otherwise the state stays.
func (r *replayer[S]) take(p *Process[S], index, self, choice int) (bool, error) {
	if p.PC != nil {
		r.where = "PC of " + instanceName(p, self)
		at := r.now
		pc := p.PC(&at, self)
		switch {
		case at != r.now:
			return false, fmt.Errorf("%s changes the state that it may only read", r.where)
		case pc != index:
			return false, nil
		}
	}
	r.where = whereStep(p, &p.Steps[index], self, choice)
	first, enabled := p.Steps[index].perform(r.now, self, choice)
	second, again := p.Steps[index].perform(r.now, self, choice)
	switch {
	case enabled != again || first != second:
		return false, fmt.Errorf("has two outcomes in one state, %s", describe(fieldsOf(r.now)))
	case !enabled && first != r.now:
		return false, fmt.Errorf("says that it is not enabled and changes the state %s", describe(fieldsOf(r.now)))
	}
	r.now = first
	return enabled, nil
}

// able finds a step that is enabled, of those that an assumption is about; or nil.
func (r *replayer[S]) able(state S, p *Process[S], self int, of Fairness) (*Step[S], error) {
	for k := range p.Steps {
		for choice := 0; choice < p.Steps[k].choices() && of.has(p.Steps[k].Label); choice++ {
			r.now = state
			if enabled, err := r.take(p, k, self, choice); enabled || err != nil {
				return &p.Steps[k], err
			}
		}
	}
	return nil, nil
}

// compare fills in what the trace leaves out of a step and refuses what differs.
func (r *replayer[S]) compare(s *TraceStep, before S) error {
	changes, event := changesOf(before, r.now), ""
	if s.Changes != nil && !slices.Equal(s.Changes, changes) {
		return fmt.Errorf("the trace says that it changes %v, it changes %v", s.Changes, changes)
	}
	if r.model.Event != nil {
		r.where = "Event"
		after := r.now
		event = r.model.Event(&before, &after, s.Taken)
	}
	if s.Event != "" && s.Event != event {
		return fmt.Errorf("the trace calls it event %q, the model %q", s.Event, event)
	}
	s.Changes, s.Event = changes, event
	return nil
}

// end demands that the trace end in what it is about.
func (r *replayer[S]) end(t *Trace, p *Property[S]) error {
	switch {
	case t.Clause != "" && (p == nil || p.clauses == nil):
		return fmt.Errorf("the trace names clause %q, and is of no invariant with clauses", t.Clause)
	case t.Abstract != nil && (p == nil || p.refines == nil):
		return errors.New("the trace tells of an abstract model, and is of no refinement")
	case t.Kind == KindLiveness:
		return r.endLiveness(t, p)
	case t.Cycle != 0:
		return fmt.Errorf("the trace goes round a cycle of %d steps, and is of no liveness property", t.Cycle)
	case t.Kind == KindDeadlock:
		return r.endStuck()
	case t.Kind == KindWalk:
		return r.endWalk(t)
	case t.Kind == KindRefinement:
		return r.endRefinement(t, p)
	case t.Kind == KindTransition && len(t.Steps) == 0:
		return fmt.Errorf("the trace has no step that could break %q", p.name)
	}
	if ok := r.ask(p, t, len(t.Steps)); ok == (p.kind != KindReachable) {
		return fmt.Errorf("%s %q is %v%s, in %s", p.kind, p.name, ok, map[Kind]string{KindTransition: " of the last step"}[p.kind], describe(fieldsOf(r.now)))
	}
	if p.clauses != nil {
		return r.endClause(t, p)
	}
	return nil
}

// ask asks a property of the state after so many steps, or of the last of these steps.
func (r *replayer[S]) ask(p *Property[S], t *Trace, after int) bool {
	r.where = whereProperty(p)
	state := r.states[after]
	if p.kind != KindTransition {
		return p.state(&state)
	}
	before := r.states[after-1]
	return p.transition(&before, &state, t.Steps[after-1].Taken)
}

// endWalk demands that the trace violate neither invariants nor transition properties.
func (r *replayer[S]) endWalk(t *Trace) error {
	for _, p := range r.model.Properties {
		for after := range r.states {
			if (p.kind == KindInvariant || p.kind == KindTransition && after > 0) && !r.ask(&p, t, after) {
				return fmt.Errorf("the walk violates %q after %d of them", p.name, after)
			}
		}
	}
	return nil
}

// endStuck demands that nothing be enabled and that this be no intended end.
func (r *replayer[S]) endStuck() error {
	if err := r.nothingEnabled(); err != nil || r.model.Terminal == nil {
		return err
	}
	r.where = "Terminal"
	if now := r.now; r.model.Terminal(&now) {
		return fmt.Errorf("the state is an intended end (Terminal): %s", describe(fieldsOf(r.now)))
	}
	return nil
}

func (r *replayer[S]) nothingEnabled() error {
	for p, self := range r.model.instances {
		if step, err := r.able(r.now, p, self, Fairness{}); err != nil {
			return err
		} else if step != nil {
			return fmt.Errorf("the state is not stuck: step %s of %s is enabled", step.Label, instanceName(p, self))
		}
	}
	return nil
}

// endLiveness demands that a call (liveness) be open when the end begins, and not answered
// from there on: no step is enabled, or the cycle comes back, twice, and is fair.
func (r *replayer[S]) endLiveness(t *Trace, p *Property[S]) error {
	begin, open := len(t.Steps)-t.Cycle, false
	if t.Cycle < 0 || begin < 0 {
		return fmt.Errorf("the cycle has %d steps, the trace %d", t.Cycle, len(t.Steps))
	}
	for i, state := range r.states {
		answered := r.ask(p, t, i)
		open = !answered && (open || p.always || p.from != nil && p.from(&state) || p.from == nil && i == 0)
		if answered && i >= begin {
			return fmt.Errorf("property %q has its answer after %d steps, in %s", p.name, i, describe(fieldsOf(r.states[i])))
		} else if i == begin && !open {
			return fmt.Errorf("property %q asks for nothing when the end begins, after %d steps", p.name, begin)
		}
	}
	if t.Cycle == 0 {
		return r.nothingEnabled()
	}
	for range 2 {
		if r.now != r.states[begin] {
			return fmt.Errorf("the cycle ends in %s, and began in %s", describe(fieldsOf(r.now)), describe(fieldsOf(r.states[begin])))
		}
		for i, step := range t.Steps[begin:] {
			if err := r.step(&step); err != nil {
				return fmt.Errorf("round the cycle again: step %d (%s of %s): %w", begin+i+1, step.Label, step.Process, err)
			}
		}
	}
	for _, f := range r.model.assumed(p) {
		for p, self := range r.model.instances {
			if err := r.fair(f, p, self, t.Steps[begin:], r.states[begin:len(t.Steps)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// fair demands that the cycle keep an assumption of one instance.
func (r *replayer[S]) fair(f Fairness, p *Process[S], self int, cycle []TraceStep, states []S) error {
	taken := func(s TraceStep) bool { return s.Process == p.Name && s.Self == self && f.has(s.Label) }
	if p.Name != f.process || slices.ContainsFunc(cycle, taken) {
		return nil
	}
	able := 0
	for _, state := range states {
		if step, err := r.able(state, p, self, f); err != nil {
			return err
		} else if step != nil {
			able++
		}
	}
	if able == len(states) || f.strong && able > 0 {
		return fmt.Errorf("the cycle is not fair: %v: %s can take one in %d of its %d states, and takes none", f, instanceName(p, self), able, len(states))
	}
	return nil
}
