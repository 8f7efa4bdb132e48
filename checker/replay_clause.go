package checker

import "fmt"

// endClause demands that the clause which a trace says is false be the first of its
// invariant that is; where the trace names none, it is filled in.
func (r *replayer[S]) endClause(t *Trace, p *Property[S]) error {
	for _, c := range p.clauses {
		r.where = fmt.Sprintf("clause %q of property %q", c.Name, p.name)
		now := r.now
		if c.Holds(&now) {
			continue
		}
		if t.Clause != "" && t.Clause != c.Name {
			return fmt.Errorf("the trace says that clause %q is false; the first that is false is %q", t.Clause, c.Name)
		}
		t.Clause = c.Name
		return nil
	}
	return fmt.Errorf("every clause of invariant %q is true in %s", p.name, describe(fieldsOf(r.now)))
}
