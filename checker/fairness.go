package checker

import (
	"fmt"
	"slices"
)

// Fairness is an assumption under which a property of infinite behaviours is judged:
// that some steps are not put off for ever. It is made by Weak or Strong.
//
// A step is taken where a behaviour goes along a transition of it, and not where it
// comes to a state to which the step would have led, too.
type Fairness struct {
	strong  bool
	process string
	labels  []string
}

// Weak assumes of each instance of the process: if from some state on it could always
// take one of the steps, it takes one of them again and again. Without labels the steps
// are all of the process. It is written WF in TLA.
func Weak(process string, labels ...string) Fairness {
	return Fairness{process: process, labels: labels}
}

// Strong assumes of each instance of the process: if again and again it could take one of
// the steps, it takes one of them again and again. It is written SF in TLA.
func Strong(process string, labels ...string) Fairness {
	return Fairness{strong: true, process: process, labels: labels}
}

// String tells the assumption, as in "strong fairness of client (c0, c6)".
func (f Fairness) String() string {
	text := "weak fairness of " + f.process
	if f.strong {
		text = "strong fairness of " + f.process
	}
	for i, label := range f.labels {
		text += []string{" (", ", "}[min(i, 1)] + label
	}
	if len(f.labels) > 0 {
		text += ")"
	}
	return text
}

// has says whether a step of a label is one of the steps.
func (f Fairness) has(label string) bool {
	return len(f.labels) == 0 || slices.Contains(f.labels, label)
}

// Assumption is what is assumed of every process alike.
type Assumption string

const (
	AssumeDeclared Assumption = ""       // what the model declares (Model.Fairness)
	AssumeNone     Assumption = "none"   // nothing: every behaviour counts
	AssumeWeak     Assumption = "weak"   // Weak of every process
	AssumeStrong   Assumption = "strong" // Strong of every process
)

// Assuming gives a model other assumptions of fairness in place of its own: of each process
// that each instance, as a whole, is not put off for ever, which is what "fair process"
// (weak) and "fair+ process" (strong) say in PlusCal. Properties that have assumptions of
// their own (Property.Under) keep them: they are part of what such a property says.
func Assuming[S comparable](m Model[S], a Assumption) (Model[S], error) {
	of := map[Assumption]func(process string, labels ...string) Fairness{AssumeWeak: Weak, AssumeStrong: Strong}[a]
	switch {
	case a == AssumeDeclared:
		return m, nil
	case a != AssumeNone && of == nil:
		return m, fmt.Errorf("model %s: unknown assumption of fairness %q: want none, weak or strong", m.Name, a)
	}
	m.Fairness = nil
	for i := range m.Processes {
		if of != nil {
			m.Fairness = append(m.Fairness, of(m.Processes[i].Name))
		}
	}
	return m, nil
}

// assumed are the assumptions under which a liveness property is judged.
func (m *Model[S]) assumed(p *Property[S]) []Fairness {
	if p.assumes {
		return p.fairness
	}
	return m.Fairness
}

// condition is an assumption of one instance, laid out for the search.
type condition struct {
	strong bool
	steps  []bool // by transition number: it is one of the steps
}

// conditions lays the assumptions out, instance by instance.
func (p *program[S]) conditions(all []Fairness) []condition {
	var out []condition
	for _, f := range all {
		for i := range p.instances {
			in := &p.instances[i]
			process := &p.model.Processes[in.process]
			if process.Name != f.process {
				continue
			}
			c := condition{strong: f.strong, steps: make([]bool, len(p.transitions))}
			for number := range c.steps {
				t := &p.transitions[number]
				c.steps[number] = t.instance == i && (len(f.labels) == 0 || slices.Contains(f.labels, process.Steps[t.step].Label))
			}
			out = append(out, c)
		}
	}
	return out
}

// validateFairness refuses an assumption about what there is not.
func validateFairness[S comparable](m *Model[S], all []Fairness) error {
	for _, f := range all {
		i := slices.IndexFunc(m.Processes, func(p Process[S]) bool { return p.Name == f.process })
		if i < 0 {
			return fmt.Errorf("%v: there is no such process", f)
		}
		for _, label := range f.labels {
			if !slices.ContainsFunc(m.Processes[i].Steps, func(s Step[S]) bool { return s.Label == label }) {
				return fmt.Errorf("%v: the process has no step %q", f, label)
			}
		}
	}
	return nil
}
