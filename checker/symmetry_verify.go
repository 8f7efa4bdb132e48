package checker

import "fmt"

// asymmetry is what a lie about symmetry panics with on the way to its SymmetryError; the
// recovery adds where and in which state.
type asymmetry struct{ what, field string }

// verifyInitial demands that renaming members of an initial state make an initial state.
func (s *search[S]) verifyInitial() error {
	if s.symmetry == nil {
		return nil
	}
	l := s.symmetry.layout
	initial := map[S]bool{}
	for _, state := range s.model.Init {
		initial[state] = true
	}
	for _, r := range l.group.neighbours() {
		for i := range s.model.Init {
			var image S
			l.rename(&r, bytesOf(&s.model.Init[i]), bytesOf(&image))
			if initial[image] {
				continue
			}
			change := changesOf(s.model.Init[i], image)[0]
			return &SymmetryError{
				Where: fmt.Sprintf("initial state %d", i),
				What: fmt.Sprintf("is no initial state %s, where field %s is %s, not %s",
					l.group.describe(&r), change.Path, change.After, change.Before),
				Field: change.Path, State: fieldsOf(s.model.Init[i]),
			}
		}
	}
	return nil
}

// verifySymmetry demands in source, of which stored is a copy, that the functions of the
// model do the same once members have new names.
func (w *worker[S]) verifySymmetry(stored *S) {
	if w.symmetry == nil {
		return
	}
	for i := range w.symmetry.renamings {
		w.verifyRenaming(stored, &w.symmetry.renamings[i])
	}
	if w.symmetry.draw {
		r := w.symmetry.layout.group.drawn(hasher{}.of(bytesOf(stored)))
		w.verifyRenaming(stored, &r)
	}
	w.source = *stored
}

// renamingCheck compares a state with what a renaming makes of it.
type renamingCheck[S comparable] struct {
	*worker[S]
	state, image S
	r            *renaming
}

func (w *worker[S]) verifyRenaming(stored *S, r *renaming) {
	v := &renamingCheck[S]{worker: w, state: *stored, image: w.rename(stored, r), r: r}
	for i := range w.program.instances {
		v.instance(i)
	}
	if terminal := w.program.model.Terminal; terminal != nil {
		w.doing = callTerminal
		v.answers(terminal)
	}
	if constraint := w.program.model.Constraint; constraint != nil {
		w.doing = callConstraint
		v.answers(constraint)
	}
	for i := range w.program.model.Properties {
		// Liveness is judged without reduction, and need not be symmetric.
		if p := &w.program.model.Properties[i]; p.kind == KindInvariant || p.kind == KindReachable {
			w.doing, w.property = callProperty, i
			v.answers(p.state)
		}
	}
}

func (w *worker[S]) rename(s *S, r *renaming) (image S) {
	w.symmetry.layout.rename(r, bytesOf(s), bytesOf(&image))
	return image
}

// refuse ends the chunk with a SymmetryError.
func (v *renamingCheck[S]) refuse(field, format string, arguments ...any) {
	v.source = v.state
	panic(asymmetry{what: fmt.Sprintf(format, arguments...), field: field})
}

func (v *renamingCheck[S]) who() string { return v.symmetry.layout.group.describe(v.r) }

// answers demands one answer of a predicate in both states.
func (v *renamingCheck[S]) answers(is func(s *S) bool) {
	v.source = v.state
	first := is(&v.source)
	v.source = v.image
	if second := is(&v.source); first != second {
		v.refuse(v.firstDifference(), "is %t, and %t %s", first, second, v.who())
	}
	v.source = v.state
}

// firstDifference is the first field that the renaming changes.
func (v *renamingCheck[S]) firstDifference() string {
	if changes := changesOf(v.state, v.image); len(changes) > 0 {
		return changes[0].Path
	}
	return ""
}

// instance compares the steps of an instance with those of its namesake.
func (v *renamingCheck[S]) instance(i int) {
	in := &v.program.instances[i]
	if in.pc == nil {
		for k := range in.steps {
			v.step(&in.steps[k], in.self)
		}
		return
	}
	v.doing, v.worker.instance, v.source = callPC, i, v.state
	k := in.pc(&v.source, in.self)
	other := v.symmetry.namesake(i, v.r)
	v.worker.instance, v.source = other, v.image
	second := in.pc(&v.source, v.program.instances[other].self)
	if k != second {
		name := v.where()
		v.worker.instance = i
		v.refuse(v.firstDifference(), "is %d, and %s is %d %s", k, name, second, v.who())
	}
	if v.source = v.state; uint(k) < uint(len(in.steps)) {
		v.step(&in.steps[k], in.self)
	}
}

// namesake is the instance that has the name of instance i once members have new names.
func (y *symmetry[S]) namesake(i int, r *renaming) int {
	in := &y.program.instances[i]
	if first := y.index[in.process]; first >= 0 {
		return i + int(r[first+in.self]) - in.self
	}
	return i
}

// step compares a step with that of its namesake, for each choice.
func (v *renamingCheck[S]) step(step *compiled[S], self int) {
	for choice := range step.choices {
		number := step.first + uint32(choice)
		v.doing, v.number, v.source = callStep, number, v.state
		after, enabled := v.perform(step, self, choice)

		renamed := v.symmetry.renamed(number, v.r)
		t := v.program.transitions[renamed]
		v.number, v.source = renamed, v.image
		other, too := v.perform(&v.program.instances[t.instance].steps[t.step], t.self, t.choice)
		v.number, v.source = number, v.state
		if enabled != too {
			v.refuse(v.firstDifference(), "is%s enabled, and %s is%s %s", not(enabled), v.nameOf(renamed), not(too), v.who())
		}
		if !enabled {
			continue
		}
		if want := v.rename(&after, v.r); want != other {
			change := changesOf(want, other)[0]
			v.refuse(change.Path, "and %s do not do the same: %s, the latter makes field %s %s, not %s",
				v.nameOf(renamed), v.who(), change.Path, change.After, change.Before)
		}
		v.transition(number, renamed, after, other)
	}
}

// nameOf names a step instance by its transition number.
func (v *renamingCheck[S]) nameOf(number uint32) string {
	t := v.program.transitions[number]
	p := &v.program.model.Processes[t.process]
	return whereStep(p, &p.Steps[t.step], t.self, t.choice)
}

func not(is bool) string {
	if is {
		return ""
	}
	return " not"
}

// transition demands one answer of each transition property for a step and its namesake.
func (v *renamingCheck[S]) transition(number, renamed uint32, after, other S) {
	for i := range v.program.model.Properties {
		p := &v.program.model.Properties[i]
		if p.kind != KindTransition {
			continue
		}
		v.doing, v.property, v.source, v.scratch = callProperty, i, v.state, after
		first := p.transition(&v.source, &v.scratch, v.program.taken(number))
		v.source, v.scratch = v.image, other
		second := p.transition(&v.source, &v.scratch, v.program.taken(renamed))
		if first != second {
			v.refuse(v.firstDifference(), "is %t of step %s, and %t %s", first, v.program.taken(number).Label, second, v.who())
		}
	}
	v.doing, v.number, v.source = callStep, number, v.state
}
