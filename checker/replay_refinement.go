package checker

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// mostShown bounds the abstract steps that a counterexample of a refinement shows.
const mostShown = 64

// endRefinement demands that the last step, or, where there is none, the initial state, be
// none that the abstract model has.
func (r *replayer[S]) endRefinement(t *Trace, p *Property[S]) error {
	var before *S
	if n := len(r.states); n > 1 {
		before = &r.states[n-2]
	}
	abstract, err := p.refines.refute(&r.where, before, &r.now)
	if err != nil {
		return err
	}
	if t.Abstract != nil && !reflect.DeepEqual(t.Abstract, abstract) {
		return fmt.Errorf("the trace tells of the abstract model %+v, it is %+v", *t.Abstract, *abstract)
	}
	t.Abstract = abstract
	return nil
}

func (r *refinement[S, A]) refute(where *string, before, after *S) (*Abstract, error) {
	*where = fmt.Sprintf("mapping of property %q", r.name)
	now := *after
	to := r.mapping(&now)
	if before == nil {
		return r.refuteStart(to)
	}
	now = *before
	from := r.mapping(&now)
	if from == to {
		return nil, fmt.Errorf("the last step is a stutter of %s: the image stays %s", r.abstract.Name, describe(fieldsOf(to)))
	}
	a := &Abstract{Model: r.abstract.Name, Before: fieldsOf(from), After: fieldsOf(to), Enabled: []AbstractStep{}}
	replay := replayer[A]{model: &r.abstract}
	for i := range r.abstract.Processes {
		p := &r.abstract.Processes[i]
		for n := range p.Count * len(p.Steps) {
			self, step := n/len(p.Steps), &p.Steps[n%len(p.Steps)]
			for choice := range max(1, step.Choices) {
				*where = fmt.Sprintf("%s of abstract model %s (property %q)", whereStep(p, step, self, choice), r.abstract.Name, r.name)
				replay.now = from
				enabled, err := replay.take(p, n%len(p.Steps), self, choice)
				switch {
				case err != nil:
					return nil, fmt.Errorf("abstract model %s: %w", r.abstract.Name, err)
				case !enabled:
				case replay.now == to:
					return nil, fmt.Errorf("the last step is step %s of %s of %s", step.Label, instanceName(p, self), r.abstract.Name)
				default:
					a.Enabled = append(a.Enabled, AbstractStep{Taken: Taken{p.Name, self, step.Label, choice},
						Changes: changesOf(from, replay.now), Differs: changesOf(replay.now, to)})
				}
			}
		}
	}
	a.nearest()
	return a, nil
}

// refuteStart is refute of an initial state with an image.
func (r *refinement[S, A]) refuteStart(image A) (*Abstract, error) {
	a := &Abstract{Model: r.abstract.Name, After: fieldsOf(image), Enabled: []AbstractStep{}}
	for _, start := range r.abstract.Init {
		if start == image {
			return nil, fmt.Errorf("the image is an initial state of %s: %s", r.abstract.Name, describe(a.After))
		}
		a.Enabled = append(a.Enabled, AbstractStep{Changes: []Change{}, Differs: changesOf(start, image)})
	}
	a.nearest()
	return a, nil
}

// nearest sorts what the abstract model could do by how much it differs from what happened,
// and keeps so much of it as can be shown.
func (a *Abstract) nearest() {
	slices.SortStableFunc(a.Enabled, func(x, y AbstractStep) int { return cmp.Compare(len(x.Differs), len(y.Differs)) })
	if n := len(a.Enabled); n > mostShown {
		a.Enabled, a.More = a.Enabled[:mostShown], n-mostShown
	}
}
