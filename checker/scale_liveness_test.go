package checker

import "fmt"

// scaleLiveness judges liveness under no, weak and strong fairness of all processes, with both
// reductions asked for, which must not be applied, and compares verdicts and lengths with
// those of an oracle. It does so where nothing gets stuck, which would violate nearly all.
func scaleLiveness[S comparable](s *scale[S]) error {
	instances := 0
	for _, p := range s.model.Processes {
		instances += p.Count
	}
	if s.oracle.deadlocks+s.oracle.ends > 0 || s.oracle.visited > 150 || instances > 5 {
		return nil
	}
	data := s.oracle.model
	bad := func(state *S) bool { return !data.good(state) }
	always := func(*S) bool { return true }
	m := s.model
	m.Properties = []Property[S]{Eventually("eventually", data.goal), AlwaysEventually("always", data.goal), LeadsTo("leads", bad, data.goal)}
	asked := []fairOracle[S]{{to: data.goal, begins: true}, {to: data.goal, from: always}, {to: data.goal, from: bad}}
	var without [3]int
	for i, assume := range []Assumption{AssumeNone, AssumeWeak, AssumeStrong} {
		o := Options{Assume: assume, Symmetry: true, PartialOrder: true, AfterViolation: -1, Workers: 1 + s.number%2}
		r, err := Check(s.t.Context(), m, o)
		if err != nil {
			return err
		}
		if r.Symmetry.Applied || r.Unreduced == "" || int(r.States) != s.oracle.visited || int(r.Transitions) != s.oracle.transitions {
			return fmt.Errorf("%+v, %+v; want the whole graph, with %+v", r, r.Symmetry, s.oracle.counts)
		}
		for k := range asked {
			asked[k].o, asked[k].conditions = s.oracle, assumedOf(s.model, assume)
			want, got, p := asked[k].shortest(), -1, r.Properties[1+k]
			if p.Trace != nil {
				got = len(p.Trace.Steps)
			}
			if got != want || p.Note != "" || p.Verdict != []Verdict{Holds, Violated}[btoi(want >= 0)] || want >= 0 && p.Trace.Cycle == 0 {
				return fmt.Errorf("%s, assuming %s: %v, %d steps (%s); the oracle has %d", p.Name, assume, p.Verdict, got, p.Note, want)
			}
			if i == 0 {
				without[k] = want
				continue
			}
			s.shares.note("liveness: holds", want < 0)
			s.shares.note("liveness: goes round for ever", want >= 0)
			s.shares.note("liveness: fairness decides", want != without[k])
		}
	}
	return nil
}

// assumedOf are the conditions of fairness of all processes.
func assumedOf[S comparable](m Model[S], assume Assumption) (all []oracleCondition) {
	if assume == AssumeNone {
		return nil
	}
	pc := 0
	for _, p := range m.Processes {
		steps := map[int]bool{}
		for k := range p.Steps {
			steps[k] = true
		}
		for range p.Count {
			all = append(all, oracleCondition{assume == AssumeStrong, pc, steps})
			pc++
		}
	}
	return all
}
