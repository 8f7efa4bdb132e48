package checker

import (
	"errors"
	"fmt"
)

// Clause is a named part of an invariant (Clauses).
type Clause[S comparable] struct {
	Name  string
	Holds func(s *S) bool
}

// Clauses is an invariant in parts: it demands that each clause hold in every reachable
// state. Where it is violated, Result.Clause and Trace.Clause name the first of its
// clauses, in this order, that is false in the state to which the trace leads: what a
// clause says needs to make sense only where those before it hold.
func Clauses[S comparable](name string, clauses ...Clause[S]) Property[S] {
	clauses = append([]Clause[S]{}, clauses...) // which is not nil, and nobody else's
	p := Property[S]{name: name, kind: KindInvariant, clauses: clauses}
	p.state = func(s *S) bool {
		for i := range clauses {
			if !clauses[i].Holds(s) {
				return false
			}
		}
		return true
	}
	return p
}

// validateClauses refuses an invariant in parts that has none, or nameless or equal ones.
func validateClauses[S comparable](p *Property[S]) error {
	names := map[string]bool{}
	for i, c := range p.clauses {
		switch {
		case c.Name == "":
			return fmt.Errorf("clause %d: has no name", i)
		case names[c.Name]:
			return fmt.Errorf("clause %q: there are two of this name", c.Name)
		case c.Holds == nil:
			return fmt.Errorf("clause %q: has no predicate (Holds)", c.Name)
		}
		names[c.Name] = true
	}
	if p.clauses != nil && len(p.clauses) == 0 {
		return errors.New("has no clause")
	}
	return nil
}

// whereClause names the property, and its clause that does not answer in a state.
func whereClause[S comparable](p *Property[S], s S) string {
	for i := range p.clauses {
		answered := false
		apart(func() {
			defer func() { _ = recover() }()
			at := s
			p.clauses[i].Holds(&at)
			answered = true
		})
		if !answered {
			return fmt.Sprintf("clause %q of %s", p.clauses[i].Name, whereProperty(p))
		}
	}
	return whereProperty(p)
}
