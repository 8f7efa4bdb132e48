package checker

import (
	"context"
	"errors"
	"fmt"
)

// Comparison is the outcome of Compare.
type Comparison struct {
	// Full is the search without reductions, Reduced the one with them.
	Full, Reduced Report
	// Differences say in what the two disagree that have to agree; none may be there. What
	// one of them could not decide is not compared, and is in NotCompared.
	Differences, NotCompared []string
}

// Compare checks a model twice, without and with the reductions of o, and compares the
// verdicts of all properties, and the numbers of deadlocks and ends where both searches are
// complete; where states that are alike are one, whether there are some. It is for those who
// distrust a reduction, or what they have declared. The error is that of a check, or that o
// asks for no reduction.
func Compare[S comparable](ctx context.Context, m Model[S], o Options) (Comparison, error) {
	if !o.PartialOrder && !o.Symmetry {
		return Comparison{}, errors.New("nothing to compare: no reduction is asked for (Options.PartialOrder, Options.Symmetry)")
	}
	o.AfterViolation = -1 // both are to be complete
	var c Comparison
	var err error
	plain := o
	plain.PartialOrder, plain.Symmetry = false, false
	if c.Full, err = Check(ctx, m, plain); err != nil {
		return c, err
	}
	if c.Reduced, err = Check(ctx, m, o); err != nil {
		return c, err
	}
	c.compare()
	return c, nil
}

func (c *Comparison) compare() {
	for i, p := range c.Full.Properties {
		switch q := c.Reduced.Properties[i]; {
		case p.Verdict == Unknown || q.Verdict == Unknown:
			c.NotCompared = append(c.NotCompared, fmt.Sprintf("%s %q is %v, and reduced %v", p.Kind, p.Name, p.Verdict, q.Verdict))
		case p.Verdict != q.Verdict:
			c.Differences = append(c.Differences, fmt.Sprintf("%s %q is %v, and reduced %v", p.Kind, p.Name, p.Verdict, q.Verdict))
		}
	}
	if !c.Full.Complete || !c.Reduced.Complete {
		c.NotCompared = append(c.NotCompared, "how many deadlocks there are: not both searches are complete")
		return
	}
	for _, n := range []struct {
		of            string
		full, reduced uint64
	}{{"deadlocks", c.Full.Deadlocks, c.Reduced.Deadlocks}, {"ends", c.Full.Ends, c.Reduced.Ends}} {
		alike := c.Reduced.Symmetry != nil && c.Reduced.Symmetry.Applied
		if n.full != n.reduced && (!alike || n.full == 0 || n.reduced == 0) {
			c.Differences = append(c.Differences, fmt.Sprintf("there are %d %s, and reduced %d", n.full, n.of, n.reduced))
		}
	}
}
