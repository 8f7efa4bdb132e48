package checker

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// Replay executes a trace again, step by step, by nothing but the model's step tables: it
// shares no code with the search. It demands that every step be enabled where it is taken
// and change what the trace says it changes, and that the end be what the trace is about: a
// state that breaks the invariant, has the reachable, or is stuck; a last step that breaks
// the transition property, the refinement, or, from where it is given, the invariant; a fair
// cycle without the answer that a liveness property asks for; of a walk, nothing violated on
// the way. What the trace leaves out (Initial, Columns, Clause, Abstract, and a step's Event
// and Changes, where they are empty or nil) is filled in. The error says what is wrong.
func Replay[S comparable](m Model[S], t Trace) (Trace, error) {
	m, err := Assuming(m, t.Assumed)
	if err = cmp.Or(err, validate(&m)); err != nil {
		return Trace{}, err
	}
	t.Steps = slices.Clone(t.Steps)
	r := &replayer[S]{model: &m, trace: &t, where: "the model"}
	if err := answered(r.run, func() (string, S) { return r.where, r.asked }); err != nil {
		return Trace{}, fmt.Errorf("replay of a trace of model %s: %w", m.Name, err)
	}
	return t, nil
}

// replayer walks a trace, and fills in what it leaves out.
type replayer[S comparable] struct {
	model    *Model[S]
	trace    *Trace
	property *Property[S]       // what the trace is about; nil for deadlock, and for a walk
	states   []S                // so far, the first one first
	could    [][]enabledStep[S] // by step: those that were enabled where it was taken
	where    string             // the function of the model that was called last
	asked    S                  // and in which state
}

func (r *replayer[S]) run() error {
	if err := r.open(); err != nil {
		return err
	}
	for i := range r.trace.Steps {
		s := &r.trace.Steps[i]
		if err := r.step(s); err != nil {
			return fmt.Errorf("step %d (%s of %s): %w", i+1, s.Label, s.Process, err)
		}
	}
	return r.end()
}

// demand is an error unless ok.
func demand(ok bool, otherwise string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(otherwise, args...)
}

// settle fills in what a trace leaves out, and refuses what it says that is not so.
func settle[T any](said *T, is T, what string) error {
	if reflect.ValueOf(said).Elem().IsZero() {
		*said = is
	}
	return demand(reflect.DeepEqual(*said, is), "%s is (%+v), and the trace says (%+v)", what, is, *said)
}

// open finds what the trace is about, and goes to its first state.
func (r *replayer[S]) open() error {
	t, m := r.trace, r.model
	is := func(kind Kind) bool { return kind == t.Kind || kind == KindInvariant && t.Kind == KindInduction }
	i := slices.IndexFunc(m.Properties, func(p Property[S]) bool { return p.name == t.Property && is(p.kind) })
	switch {
	case t.Model != m.Name:
		return fmt.Errorf("the trace is of model %q", t.Model)
	case t.Start < 0 || t.Start >= len(m.Init):
		return fmt.Errorf("start is %d, the model has initial states 0 to %d", t.Start, len(m.Init)-1)
	case t.Cycle < 0 || t.Cycle > len(t.Steps) || t.Cycle > 0 && t.Kind != KindLiveness:
		return fmt.Errorf("a %s of %d steps does not go round a cycle of %d", t.Kind, len(t.Steps), t.Cycle)
	case t.Kind != KindInduction && len(t.From)+len(t.Given) > 0:
		return fmt.Errorf("a %s does not begin in a state of its own (From, Given)", t.Kind)
	case i >= 0:
		r.property = &m.Properties[i]
	case t.Kind == KindDeadlock && t.Property == deadlockName, t.Kind == KindWalk && t.Property == "":
	default:
		return fmt.Errorf("the model has no %s %q", t.Kind, t.Property)
	}
	first, err := m.Init[t.Start], error(nil)
	if t.Kind == KindInduction {
		first, err = stateOf[S](t.From)
	}
	r.states = append(r.states, first)
	return cmp.Or(err, settle(&t.Initial, fieldsOf(first), "initial state"), settle(&t.Columns, columns(m), "columns"))
}

// enabledStep is a step that is enabled, and what it leads to.
type enabledStep[S comparable] struct {
	Taken
	column int
	after  S
}

// enabledSteps gives all steps that are enabled in a state. where says what is called, of whose.
func enabledSteps[S comparable](m *Model[S], state S, where *string, of string) (all []enabledStep[S]) {
	column := -1
	for p, self := range m.instances {
		column++
		now, at := state, 0
		if p.PC != nil {
			*where = "PC of " + instanceName(p, self) + of
			at = p.PC(&now, self)
			demandPure(now == state, "changes the state that it may only read")
		}
		for k := range p.Steps {
			for choice := 0; choice < p.Steps[k].choices() && (p.PC == nil || at == k); choice++ {
				*where = whereStep(p, &p.Steps[k], self, choice) + of
				after, enabled := p.Steps[k].perform(state, self, choice)
				again, same := p.Steps[k].perform(state, self, choice)
				demandPure(after == again && enabled == same, "has two outcomes in one state")
				demandPure(enabled || after == state, "says that it is not enabled and changes the state")
				if enabled {
					all = append(all, enabledStep[S]{Taken{p.Name, self, p.Steps[k].Label, choice}, column, after})
				}
			}
		}
	}
	return all
}

// step takes a step, which has to be enabled, and compares what it does.
func (r *replayer[S]) step(s *TraceStep) error {
	r.asked = r.states[len(r.states)-1]
	before, could := r.asked, enabledSteps(r.model, r.asked, &r.where, "")
	i := slices.IndexFunc(could, func(o enabledStep[S]) bool { return o.Taken == s.Taken })
	if i < 0 {
		return fmt.Errorf("no such step (instance %d, choice %d) is enabled in state %s", s.Self, s.Choice, describe(fieldsOf(before)))
	}
	after, event := could[i].after, ""
	r.states, r.could, s.Column = append(r.states, after), append(r.could, could), could[i].column
	if r.model.Event != nil {
		r.where = "Event"
		from, to := before, after
		event = r.model.Event(&from, &to, s.Taken)
	}
	return cmp.Or(settle(&s.Changes, changesOf(before, after), "changes"), settle(&s.Event, event, "event"))
}

// end demands that the trace end in what it is about.
func (r *replayer[S]) end() (err error) {
	t, clause, abstract := r.trace, "", (*Abstract)(nil)
	switch t.Kind {
	case KindInvariant, KindTransition, KindReachable, KindInduction:
		clause, err = r.endProperty()
	case KindDeadlock:
		err = r.endStuck()
	case KindWalk:
		err = r.endWalk()
	case KindRefinement:
		abstract, err = r.property.refines.refute(&r.where, r.states)
	case KindLiveness:
		err = r.endLiveness()
	default:
		err = fmt.Errorf("property %q is a %s, which one path cannot show", t.Property, t.Kind)
	}
	return cmp.Or(err, r.given(), settle(&t.Clause, clause, "clause"), settle(&t.Abstract, abstract, "abstract model"))
}

// ask asks a property of the state after so many steps, or of the last of these steps.
func (r *replayer[S]) ask(p *Property[S], after int) bool {
	state := r.states[after]
	r.where, r.asked = whereProperty(p), state
	switch {
	case p.kind != KindTransition:
		return p.state(&state)
	case after == 0:
		return true // there is no step yet
	}
	before := r.states[after-1]
	return p.transition(&before, &state, r.trace.Steps[after-1].Taken)
}

// endProperty demands that the last state, or step, decide the property. It gives the first
// clause that is false.
func (r *replayer[S]) endProperty() (clause string, err error) {
	p, last := r.property, len(r.states)-1
	if ok := r.ask(p, last); ok != (p.kind == KindReachable) {
		return "", fmt.Errorf("%s %q is %v at the end, in %s", p.kind, p.name, ok, describe(fieldsOf(r.states[last])))
	}
	for _, c := range p.clauses {
		r.where = fmt.Sprintf("clause %q of property %q", c.Name, p.name)
		if now := r.states[last]; !c.Holds(&now) {
			return c.Name, nil
		}
	}
	return "", demand(p.clauses == nil, "every clause of invariant %q is true in %s", p.name, describe(fieldsOf(r.states[last])))
}

// given demands of a counterexample to induction that it be one step, from a state in which
// the invariants are true that are given, its own among them.
func (r *replayer[S]) given() error {
	for _, name := range r.trace.Given {
		i := slices.IndexFunc(r.model.Properties, func(p Property[S]) bool { return p.name == name && p.kind == KindInvariant })
		if i < 0 || !r.ask(&r.model.Properties[i], 0) {
			return fmt.Errorf("%q is given, and is no invariant that holds in %s", name, describe(fieldsOf(r.states[0])))
		}
	}
	return demand(r.trace.Kind != KindInduction || len(r.states) == 2 && slices.Contains(r.trace.Given, r.trace.Property),
		"a counterexample to induction is one step, and %q is given", r.trace.Property)
}

// endStuck demands that nothing be enabled, and of a deadlock that it be no intended end.
func (r *replayer[S]) endStuck() error {
	r.asked = r.states[len(r.states)-1]
	now, could := r.asked, enabledSteps(r.model, r.asked, &r.where, "")
	if len(could) > 0 {
		return fmt.Errorf("the state is not stuck: step %s of %s is enabled", could[0].Label, r.trace.Columns[could[0].column])
	}
	r.where = "Terminal"
	end := r.trace.Kind == KindDeadlock && r.model.Terminal != nil && r.model.Terminal(&now)
	return demand(!end, "the state is an intended end (Terminal): %s", describe(fieldsOf(r.asked)))
}

// endWalk demands that the trace violate neither invariants nor transition properties.
func (r *replayer[S]) endWalk() error {
	for i := range r.model.Properties {
		p := &r.model.Properties[i]
		for after := range r.states {
			if (p.kind == KindInvariant || p.kind == KindTransition) && !r.ask(p, after) {
				return fmt.Errorf("the walk violates %q after %d of them", p.name, after)
			}
		}
	}
	return nil
}

// endLiveness demands that a call (liveness) be open when the end begins, and not answered
// from there on: no step is enabled, or the cycle comes back and is fair.
func (r *replayer[S]) endLiveness() (err error) {
	p, last, open := r.property, len(r.states)-1, false
	begin := last - r.trace.Cycle
	for i, state := range r.states {
		answer := r.ask(p, i)
		open = !answer && (open || p.always || p.from != nil && p.from(&state) || p.from == nil && i == 0)
		if i >= begin && !open {
			return fmt.Errorf("property %q asks for nothing, or has its answer, after %d steps, in %s", p.name, i, describe(fieldsOf(r.asked)))
		}
	}
	switch from, to := r.states[begin], r.states[last]; {
	case r.trace.Cycle == 0:
		return r.endStuck()
	case from != to:
		return fmt.Errorf("the cycle begins in %s and ends in %s", describe(fieldsOf(from)), describe(fieldsOf(to)))
	}
	for _, f := range r.model.assumed(p) {
		for column := range r.trace.Columns {
			err = cmp.Or(err, r.fair(f, column, begin))
		}
	}
	return err
}

// fair demands that the cycle, from begin on, keep an assumption of the instance in a column.
func (r *replayer[S]) fair(f Fairness, column, begin int) error {
	is := func(t Taken, by int) bool { return by == column && t.Process == f.process && f.has(t.Label) }
	cycle, able := r.trace.Steps[begin:], 0
	for _, could := range r.could[begin:] {
		if slices.ContainsFunc(could, func(o enabledStep[S]) bool { return is(o.Taken, o.column) }) {
			able++
		}
	}
	takes := slices.ContainsFunc(cycle, func(s TraceStep) bool { return is(s.Taken, s.Column) })
	return demand(takes || able == 0 || able < len(cycle) && !f.strong,
		"the cycle is not fair: %v: %s can take one in %d of its %d states, and takes none", f, r.trace.Columns[column], able, len(cycle))
}

// refute demands that the last step of a way, or its initial state where there is no step,
// be none that the abstract model has. It gives what that could have done.
func (r *refinement[S, A]) refute(where *string, way []S) (*Abstract, error) {
	*where = fmt.Sprintf("mapping of property %q", r.name)
	image := func(s S) A { return r.mapping(&s) }
	to := image(way[len(way)-1])
	if len(way) == 1 {
		begins := slices.Contains(r.abstract.Init, to)
		return r.otherStart(to), demand(!begins, "the image is an initial state of %s: %s", r.abstract.Name, describe(fieldsOf(to)))
	}
	from := image(way[len(way)-2])
	of := fmt.Sprintf(" of abstract model %s (property %q), in its state %s, which is the image,", r.abstract.Name, r.name, describe(fieldsOf(from)))
	could := enabledSteps(&r.abstract, from, where, of)
	i := slices.IndexFunc(could, func(o enabledStep[A]) bool { return o.after == to })
	switch {
	case from == to:
		return nil, fmt.Errorf("the last step is a stutter of %s: the image stays %s", r.abstract.Name, describe(fieldsOf(to)))
	case i >= 0:
		return nil, fmt.Errorf("the last step is step %s of %s of %s", could[i].Label, columns(&r.abstract)[could[i].column], r.abstract.Name)
	}
	return r.otherSteps(from, to, could), nil
}
