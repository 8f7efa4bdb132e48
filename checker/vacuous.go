package checker

import (
	"errors"
	"fmt"
)

// demandSome ends the search if the constraint keeps every initial state out.
func (s *search[S]) demandSome() {
	if s.failed == nil && s.reason == "" && s.transitions == 0 && s.pruned == s.states() {
		s.failed = errors.New("the constraint (Constraint) is false in every initial state, so that no step is ever taken; it must be true in one")
	}
}

// bound says what a complete search covers.
func (s *search[S]) bound() string {
	switch {
	case s.pruned == 0 && s.partly > 0:
		return "every state that partial order reduction leaves"
	case s.pruned == 0:
		return "every reachable state"
	}
	return s.outside() + ": every other state that was reached within it"
}

// outside tells how many states the constraint kept out.
func (s *search[S]) outside() string {
	if s.pruned == 1 {
		return "1 state outside the constraint was not expanded"
	}
	return fmt.Sprintf("%d states outside the constraint were not expanded", s.pruned)
}

// alwaysStutters says whether a refinement that holds does so by stutters alone.
func (s *search[S]) alwaysStutters(property int) string {
	if s.moved(property) {
		return ""
	}
	return "every transition is a stutter: the mapping gives no two states of a transition different images"
}

// moved says whether a refinement saw two images that differ, in this run or in one that
// it goes on from.
func (s *search[S]) moved(property int) bool {
	if s.movedBefore != nil && s.movedBefore[property] {
		return true
	}
	for i := range s.workers {
		if j := s.workers[i].judges[property]; j != nil && j.moved() {
			return true
		}
	}
	return false
}

// vacuous lists what may hold because nothing happens.
func (s *search[S]) vacuous(r *Report) (all []string) {
	if !s.complete {
		return nil
	}
	within := ""
	if s.pruned > 0 {
		within = " within the constraint"
	}
	for _, c := range r.Coverage {
		if c.Transitions == 0 {
			all = append(all, fmt.Sprintf("step %s of %s is never enabled%s", c.Label, c.Process, within))
		}
	}
	for i := range r.Properties {
		p := &r.Properties[i]
		if p.Vacuous != "" {
			all = append(all, fmt.Sprintf("%s %q: %s", p.Kind, p.Name, p.Vacuous))
		}
		for _, f := range p.Idle {
			all = append(all, fmt.Sprintf("%s %q holds as well without %v", p.Kind, p.Name, f))
		}
	}
	return all
}
