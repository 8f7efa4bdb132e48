package checker

import (
	"fmt"
	"slices"
)

// Replay executes a trace again, step by step, by nothing but the model's step
// tables: it shares no code with the search. It demands that every step be
// enabled where it is taken and change what the trace says it changes, and that
// the end be what the trace is about: a state that breaks the invariant, has the
// reachable, or is stuck; a last step that breaks the transition property. What
// the trace leaves out (Initial, Columns, and a step's Event and Changes when
// they are empty or nil) is filled in. The error says what is wrong, and where.
func Replay[S comparable](m Model[S], t Trace) (out Trace, err error) {
	if err := validate(&m); err != nil {
		return Trace{}, err
	}
	r := &replayer[S]{model: &m, where: "the model"}
	apart(func() {
		finished := false
		defer func() {
			if !finished {
				err = recovered(recover(), r.where, r.now)
			}
		}()
		out, err = r.run(t)
		finished = true
	})
	if err != nil {
		return Trace{}, fmt.Errorf("replay of a trace of model %s: %w", m.Name, err)
	}
	return out, nil
}

// replayer walks a trace.
type replayer[S comparable] struct {
	model  *Model[S]
	now    S
	last   S   // the state before the last step
	states []S // all, the initial one first
	where  string
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

// open checks the head of a trace and goes to its initial state.
func (r *replayer[S]) open(t *Trace) (*Property[S], error) {
	if t.Model != r.model.Name {
		return nil, fmt.Errorf("the trace is of model %q", t.Model)
	}
	property, err := r.property(t)
	if err != nil {
		return nil, err
	}
	if t.Start < 0 || t.Start >= len(r.model.Init) {
		return nil, fmt.Errorf("start is %d, the model has initial states 0 to %d", t.Start, len(r.model.Init)-1)
	}
	r.now = r.model.Init[t.Start]
	initial := fieldsOf(r.now)
	if t.Initial != nil && !slices.Equal(t.Initial, initial) {
		return nil, fmt.Errorf("initial state: the trace has %s, the model %s", describe(t.Initial), describe(initial))
	}
	names := columns(r.model)
	if t.Columns != nil && !slices.Equal(t.Columns, names) {
		return nil, fmt.Errorf("columns: the trace has %q, the model %q", t.Columns, names)
	}
	t.Initial, t.Columns = initial, names
	return property, nil
}

// property finds what the trace is about; nil stands for deadlock.
func (r *replayer[S]) property(t *Trace) (*Property[S], error) {
	if t.Property == "deadlock" {
		if t.Kind != KindDeadlock {
			return nil, fmt.Errorf("property deadlock is given the kind %q", t.Kind)
		}
		return nil, nil
	}
	for i := range r.model.Properties {
		p := &r.model.Properties[i]
		if p.name != t.Property {
			continue
		}
		if p.kind != t.Kind {
			return nil, fmt.Errorf("property %q is a %s, the trace says %q", p.name, p.kind, t.Kind)
		}
		if p.state == nil && p.transition == nil && p.refines == nil {
			return nil, fmt.Errorf("property %q is a %s, which one path cannot show", p.name, p.kind)
		}
		return p, nil
	}
	return nil, fmt.Errorf("the model has no property %q", t.Property)
}

// step takes one step and compares it with what the trace says of it.
func (r *replayer[S]) step(s *TraceStep) error {
	process, column, err := r.process(s)
	if err != nil {
		return err
	}
	index := slices.IndexFunc(process.Steps, func(known Step[S]) bool { return known.Label == s.Label })
	if index < 0 {
		return fmt.Errorf("process %s has no step %q", process.Name, s.Label)
	}
	step := &process.Steps[index]
	if s.Choice < 0 || s.Choice >= max(1, step.Choices) {
		return fmt.Errorf("choice %d is out of range: the step has choices 0 to %d", s.Choice, max(1, step.Choices)-1)
	}
	before := r.now
	enabled, err := r.take(process, index, s.Self, s.Choice)
	if err != nil {
		return err
	}
	if !enabled {
		return fmt.Errorf("is not enabled in state %s", describe(fieldsOf(before)))
	}
	r.last = before
	return r.compare(s, column)
}

func (r *replayer[S]) process(s *TraceStep) (*Process[S], int, error) {
	column := 0
	for i := range r.model.Processes {
		p := &r.model.Processes[i]
		if p.Name != s.Process {
			column += p.Count
			continue
		}
		if s.Self < 0 || s.Self >= p.Count {
			return nil, 0, fmt.Errorf("instance %d is out of range: process %s has instances 0 to %d", s.Self, p.Name, p.Count-1)
		}
		return p, column + s.Self, nil
	}
	return nil, 0, fmt.Errorf("the model has no process %q", s.Process)
}

// take performs a step where it is enabled; otherwise the state stays.
func (r *replayer[S]) take(p *Process[S], index, self, choice int) (bool, error) {
	if p.PC != nil {
		r.where = "PC of " + instanceName(p, self)
		at := r.now
		pc := p.PC(&at, self)
		if at != r.now {
			return false, fmt.Errorf("%s changes the state that it may only read", r.where)
		}
		if pc != index {
			return false, nil
		}
	}
	step := &p.Steps[index]
	r.where = whereStep(p, step, self, choice)
	first, enabled := perform(step, r.now, self, choice)
	second, again := perform(step, r.now, self, choice)
	switch {
	case enabled != again || first != second:
		return false, fmt.Errorf("has two outcomes in one state, %s", describe(fieldsOf(r.now)))
	case !enabled && first != r.now:
		return false, fmt.Errorf("says that it is not enabled and changes the state %s", describe(fieldsOf(r.now)))
	}
	r.now = first
	return enabled, nil
}

// perform takes a step on a copy.
func perform[S comparable](step *Step[S], s S, self, choice int) (S, bool) {
	if step.Do != nil {
		enabled := step.Do(&s, self)
		return s, enabled
	}
	enabled := step.Choose(&s, self, choice)
	return s, enabled
}

// compare fills in what the trace leaves out of a step and refuses what differs.
func (r *replayer[S]) compare(s *TraceStep, column int) error {
	changes := changesOf(r.last, r.now)
	if s.Changes != nil && !slices.Equal(s.Changes, changes) {
		return fmt.Errorf("the trace says that it changes %v, it changes %v", s.Changes, changes)
	}
	event := ""
	if r.model.Event != nil {
		r.where = "Event"
		before, after := r.last, r.now
		event = r.model.Event(&before, &after, s.Taken)
	}
	if s.Event != "" && s.Event != event {
		return fmt.Errorf("the trace calls it event %q, the model %q", s.Event, event)
	}
	s.Changes, s.Event, s.Column = changes, event, column
	return nil
}

// end demands that the trace end in what it is about.
func (r *replayer[S]) end(t *Trace, p *Property[S]) error {
	if p != nil && p.kind == KindLiveness {
		return r.endLiveness(t, p)
	}
	if t.Clause != "" && (p == nil || p.clauses == nil) {
		return fmt.Errorf("the trace names clause %q, and is of no invariant with clauses", t.Clause)
	}
	if t.Abstract != nil && (p == nil || p.refines == nil) {
		return fmt.Errorf("the trace tells of an abstract model, and is of no refinement")
	}
	if t.Cycle != 0 {
		return fmt.Errorf("the trace goes round a cycle of %d steps, and is of no liveness property", t.Cycle)
	}
	if p == nil {
		return r.endStuck()
	}
	r.where = whereProperty(p)
	before, now := r.last, r.now
	switch p.kind {
	case KindInvariant:
		if p.state(&now) {
			return fmt.Errorf("invariant %q is true in %s", p.name, describe(fieldsOf(r.now)))
		}
		if p.clauses != nil {
			return r.endClause(t, p)
		}
	case KindReachable:
		if !p.state(&now) {
			return fmt.Errorf("reachable %q is false in %s", p.name, describe(fieldsOf(r.now)))
		}
	case KindRefinement:
		return r.endRefinement(t, p)
	case KindTransition:
		if len(t.Steps) == 0 {
			return fmt.Errorf("the trace has no step that could break %q", p.name)
		}
		if p.transition(&before, &now, t.Steps[len(t.Steps)-1].Taken) {
			return fmt.Errorf("transition property %q is true of the last step", p.name)
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
	for i := range r.model.Processes {
		p := &r.model.Processes[i]
		for self := range p.Count {
			for k := range p.Steps {
				if err := r.refuses(p, k, self); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (r *replayer[S]) refuses(p *Process[S], index, self int) error {
	for choice := range max(1, p.Steps[index].Choices) {
		enabled, err := r.take(p, index, self, choice)
		if err != nil {
			return err
		}
		if enabled {
			return fmt.Errorf("the state is not stuck: step %s of %s is enabled", p.Steps[index].Label, instanceName(p, self))
		}
	}
	return nil
}
