package checker

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// validate refuses a model that cannot be explored, saying what is wrong.
func validate[S comparable](m *Model[S]) error {
	if m.Name == "" {
		return errors.New("model: has no name")
	}
	if err := validateBody(m); err != nil {
		return fmt.Errorf("model %s: %w", m.Name, err)
	}
	return nil
}

func validateBody[S comparable](m *Model[S]) error {
	if err := checkStateType(reflect.TypeFor[S]()); err != nil {
		return err
	}
	if len(m.Init) == 0 {
		return errors.New("has no initial state (Init is empty)")
	}
	if len(m.Processes) == 0 {
		return errors.New("has no process")
	}
	names := map[string]bool{}
	for i := range m.Processes {
		p := &m.Processes[i]
		switch {
		case p.Name == "":
			return fmt.Errorf("process %d: has no name", i)
		case names[p.Name]:
			return fmt.Errorf("process %s: there are two of this name", p.Name)
		}
		names[p.Name] = true
		if err := validateProcess(p); err != nil {
			return fmt.Errorf("process %s: %w", p.Name, err)
		}
	}
	if !numerable(m) {
		return fmt.Errorf("has more than %d step instances (processes times steps times choices)", noTransition-1)
	}
	if err := validateSymmetry(m); err != nil {
		return err
	}
	if err := validateFairness(m, m.Fairness); err != nil {
		return err
	}
	if err := validateProperties(m); err != nil {
		return err
	}
	if err := validateDomain(&m.Domain); err != nil {
		return err
	}
	_, err := declare(m)
	return err
}

func validateProcess[S comparable](p *Process[S]) error {
	if p.Count < 1 {
		return fmt.Errorf("Count is %d, must be at least 1", p.Count)
	}
	if p.Instances != nil && len(p.Instances) != p.Count {
		return fmt.Errorf("has %d names in Instances for %d instances", len(p.Instances), p.Count)
	}
	if len(p.Steps) == 0 {
		return errors.New("has no steps")
	}
	labels := map[string]bool{}
	for i := range p.Steps {
		s := &p.Steps[i]
		switch {
		case s.Label == "":
			return fmt.Errorf("step %d: has no label", i)
		case labels[s.Label]:
			return fmt.Errorf("step %s: there are two of this label", s.Label)
		case s.Do == nil && s.Choose == nil:
			return fmt.Errorf("step %s: has neither Do nor Choose", s.Label)
		case s.Do != nil && s.Choose != nil:
			return fmt.Errorf("step %s: has both Do and Choose", s.Label)
		case s.Choose != nil && s.Choices < 1:
			return fmt.Errorf("step %s: Choices is %d, must be at least 1 beside Choose", s.Label, s.Choices)
		case s.Do != nil && s.Choices != 0:
			return fmt.Errorf("step %s: Choices is %d beside Do, which has no choice; use Choose", s.Label, s.Choices)
		}
		labels[s.Label] = true
	}
	return nil
}

func validateProperties[S comparable](m *Model[S]) error {
	names := map[string]bool{deadlockName: true}
	for i := range m.Properties {
		p := &m.Properties[i]
		switch {
		case p.name == "":
			return fmt.Errorf("property %d: has no name (properties are made by Invariant, Clauses, Transition, Reachable, Refines, Eventually, AlwaysEventually, LeadsTo, Count or Orders)", i)
		case p.name == deadlockName:
			return fmt.Errorf("property %q: the name is taken by the check for stuck states, which every model has", p.name)
		case names[p.name]:
			return fmt.Errorf("property %q: there are two of this name", p.name)
		}
		names[p.name] = true
		if err := validateProperty(m, p); err != nil {
			return fmt.Errorf("property %q: %w", p.name, err)
		}
	}
	return nil
}

func validateProperty[S comparable](m *Model[S], p *Property[S]) error {
	if err := validateClauses(p); err != nil {
		return err
	}
	switch p.kind {
	case KindInvariant, KindReachable, KindLiveness:
		if p.state == nil || p.leads && p.from == nil {
			return errors.New("has no predicate")
		}
	case KindTransition:
		if p.transition == nil {
			return errors.New("has no predicate")
		}
	case KindRefinement:
		if err := p.refines.validate(); err != nil {
			return err
		}
	case KindCount:
		if len(p.labels) == 0 {
			return errors.New("counts no steps: give at least one label")
		}
		if p.bounded && (p.least < 0 || p.most < p.least) {
			return fmt.Errorf("Between(%d, %d) is empty: bounds are at least 0 and in order", p.least, p.most)
		}
	case KindOrders:
		if m.Event == nil {
			return errors.New("orders events, and the model has no Event")
		}
	default:
		return fmt.Errorf("has unknown kind %q", p.kind)
	}
	if p.assumes && p.kind != KindLiveness {
		return errors.New("has assumptions of fairness (Under), which only a liveness property has")
	}
	if err := validateFairness(m, p.fairness); err != nil {
		return err
	}
	if p.bounded && p.kind != KindCount {
		return fmt.Errorf("has bounds (Between), which only a count has")
	}
	for _, label := range p.labels {
		if !hasLabel(m, label) {
			return fmt.Errorf("names step %q, which no process has", label)
		}
	}
	return nil
}

func hasLabel[S comparable](m *Model[S], label string) bool {
	return slices.ContainsFunc(m.Processes, func(p Process[S]) bool {
		return slices.ContainsFunc(p.Steps, func(s Step[S]) bool { return s.Label == label })
	})
}

// numerable says whether there is a number for each step instance of a model:
// processes times steps times choices. No factor is taken for more than
// noTransition, which is too many, so that no product overflows.
func numerable[S comparable](m *Model[S]) bool {
	var n uint64
	for _, p := range m.Processes {
		var steps uint64
		for _, s := range p.Steps {
			steps = min(steps+uint64(max(1, s.Choices)), noTransition)
		}
		n += min(uint64(p.Count), noTransition) * steps
		if n >= noTransition {
			return false
		}
	}
	return true
}
