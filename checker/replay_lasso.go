package checker

import (
	"fmt"
	"slices"
)

// endLiveness demands that a trace violate a liveness property: that after its last steps a
// call is open (liveness), that no step is enabled then, or that the cycle comes back to
// where it began, twice, answers no call and is fair.
func (r *replayer[S]) endLiveness(t *Trace, p *Property[S]) error {
	if t.Cycle < 0 || t.Cycle > len(t.Steps) {
		return fmt.Errorf("the cycle has %d steps, the trace %d", t.Cycle, len(t.Steps))
	}
	begin := len(t.Steps) - t.Cycle
	open := false
	for i, state := range r.states {
		r.where = whereProperty(p)
		calls := p.always || p.from != nil && p.from(&state) || p.from == nil && i == 0
		if answered := p.state(&state); answered && i >= begin {
			return fmt.Errorf("property %q has its answer after %d steps, in %s", p.name, i, describe(fieldsOf(r.states[i])))
		} else if open = !answered && (open || calls); i == begin && !open {
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
		for i := begin; i < len(t.Steps); i++ {
			step := t.Steps[i]
			if err := r.step(&step); err != nil {
				return fmt.Errorf("round the cycle again: step %d (%s of %s): %w", i+1, step.Label, step.Process, err)
			}
		}
	}
	assumed := r.model.Fairness
	if p.assumes {
		assumed = p.fairness
	}
	for _, f := range assumed {
		for i := range r.model.Processes {
			for self := range r.model.Processes[i].Count {
				if err := r.keeps(f, &r.model.Processes[i], self, t.Steps[begin:], r.states[begin:len(t.Steps)]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// keeps demands that the cycle keep an assumption of one instance.
func (r *replayer[S]) keeps(f Fairness, p *Process[S], self int, cycle []TraceStep, states []S) error {
	if p.Name != f.process {
		return nil
	}
	of := func(label string) bool { return len(f.labels) == 0 || slices.Contains(f.labels, label) }
	for _, s := range cycle {
		if s.Process == p.Name && s.Self == self && of(s.Label) {
			return nil
		}
	}
	able := 0
	for _, state := range states {
		enabled := false
		for k := range p.Steps {
			for choice := 0; choice < max(1, p.Steps[k].Choices) && of(p.Steps[k].Label) && !enabled; choice++ {
				r.now = state
				var err error
				if enabled, err = r.take(p, k, self, choice); err != nil {
					return err
				}
			}
		}
		if enabled {
			able++
		}
	}
	if able == len(states) || f.strong && able > 0 {
		return fmt.Errorf("the cycle is not fair: %v: %s can take one in %d of its %d states, and takes none", f, instanceName(p, self), able, len(states))
	}
	return nil
}
