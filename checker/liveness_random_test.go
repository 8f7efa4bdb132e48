package checker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// forged offers the replayer what is no counterexample.
func forged(data *rmodel, m Model[rstate], t Trace, f *fairOracle[rstate], tally map[string]int) error {
	begin := len(t.Steps) - t.Cycle
	// The same behaviour, said to violate the property that has assumptions.
	if t.Property == "without" {
		other := t
		other.Property = "eventually"
		_, err := Replay(m, other)
		if fair := goesFairly(data, f, t); fair != (err == nil) {
			return fmt.Errorf("a cycle is fair: %v, and the replayer says: %v", fair, err)
		} else if !fair {
			tally["unfair"]++
		}
		// And one that asks for something else, which may come on the way round.
		other.Property = "another"
		all := data.walked(t)
		comes := slices.ContainsFunc(all[begin:], func(s rstate) bool { return data.another(&s) })
		if _, err := Replay(m, other); comes != (err != nil) {
			return fmt.Errorf("a cycle has an answer: %v, and the replayer says: %v", comes, err)
		} else if comes {
			tally["answered"]++
		}
	}
	for what, change := range map[string]func(t *Trace){
		"a cycle that is too long":    func(t *Trace) { t.Cycle = len(t.Steps) + 1 },
		"a cycle of less than none":   func(t *Trace) { t.Cycle = -1 },
		"no cycle":                    func(t *Trace) { t.Cycle = 0 },
		"a cycle without its end":     func(t *Trace) { t.Steps, t.Cycle = t.Steps[:len(t.Steps)-1], t.Cycle-1 },
		"a cycle that was not begun":  func(t *Trace) { t.Steps = t.Steps[:begin] },
		"another instance in a cycle": func(t *Trace) { t.Steps[begin].Self += 7 },
	} {
		wrong := t
		wrong.Steps = slices.Clone(t.Steps)
		change(&wrong)
		// A part of it may be one by itself: it must come back, or end.
		if _, err := Replay(m, wrong); err == nil && !(wrong.Cycle > 0 && data.returns(wrong)) {
			return fmt.Errorf("%s is accepted", what)
		}
		tally["forged"]++
	}
	return nil
}

// walked are the states of a trace.
func (m *rmodel) walked(t Trace) (all []rstate) {
	s := m.Init[t.Start]
	all = append(all, s)
	for _, step := range t.Steps {
		p := &m.Processes[step.Process[1]-'0']
		p.Steps[step.Label[0]-'0'].apply(&s, p.First+step.Self, step.Choice)
		all = append(all, s)
	}
	return all
}

func (m *rmodel) returns(t Trace) bool {
	all := m.walked(t)
	return all[len(all)-1-t.Cycle] == all[len(all)-1]
}

// goesFairly says whether the cycle of a trace keeps the conditions.
func goesFairly(data *rmodel, f *fairOracle[rstate], t Trace) bool {
	all := data.walked(t)
	var w onWay
	for i := len(t.Steps) - t.Cycle; i < len(t.Steps); i++ {
		w.v = f.o.number[all[i]]
		w = f.look(w)
		p := &data.Processes[t.Steps[i].Process[1]-'0']
		for k, c := range f.conditions {
			if p.First+t.Steps[i].Self == c.pc && c.steps[int(t.Steps[i].Label[0]-'0')] {
				w.taken |= 1 << k
			}
		}
	}
	return f.fair(w)
}

// randomFairness gives assumptions about a random model, and the oracle's of them.
func randomFairness(r *rand.Rand, m *rmodel) (all []Fairness, conditions []oracleCondition) {
	for range r.IntN(5) {
		i := r.IntN(len(m.Processes))
		p := &m.Processes[i]
		var labels []string
		steps := map[int]bool{}
		for k := range p.Steps {
			if r.IntN(2) == 0 {
				labels = append(labels, p.Steps[k].label(k))
				steps[k] = true
			}
		}
		if len(labels) == 0 {
			for k := range p.Steps {
				steps[k] = true
			}
		}
		strong := r.IntN(2) == 0
		f := Weak("p"+strconv.Itoa(i), labels...)
		if strong {
			f = Strong("p"+strconv.Itoa(i), labels...)
		}
		all = append(all, f)
		for self := range p.Count {
			conditions = append(conditions, oracleCondition{strong, p.First + self, steps})
		}
	}
	return all, conditions
}

// another asks for what may come on the way round.
func (m *rmodel) another(s *rstate) bool { return s.V[2] == m.Goal[0] }

// Liveness under fairness is judged as an oracle judges it that knows no components, and
// the counterexamples are as short.
func TestRandomLiveness(t *testing.T) { randomLiveness(t, 500) }

// So it is where no shortest cycle is looked for, but for the length.
func TestLivenessWithoutShortestCycles(t *testing.T) {
	was := mostLooked
	mostLooked = 0
	defer func() { mostLooked = was }()
	randomLiveness(t, 200)
}

func randomLiveness(t *testing.T, wanted int) {
	exact := mostLooked > 0
	tally := map[string]int{}
	for seed := uint64(0); tally["models"] < wanted; seed++ {
		m := randomModel(seed)
		o, ok := explore(&m, 300)
		if !ok || len(o.states) < 3 || o.deadlocks+o.ends > 0 && seed%8 > 0 {
			continue // what can end violates nearly all
		}
		tally["models"]++
		r := rand.New(rand.NewPCG(seed, 11))
		all, conditions := randomFairness(r, &m)
		from := func(s *rstate) bool { return s.V[0] == m.Bad[0] }
		to := func(s *rstate) bool { return s.V[1] == m.Bad[1] }
		model := m.model()
		always := func(*rstate) bool { return true }
		model.Properties = []Property[rstate]{
			Eventually("eventually", to).Under(all...), AlwaysEventually("always", to).Under(all...), LeadsTo("leads", from, to).Under(all...),
			Eventually("without", to), AlwaysEventually("another", m.another),
		}
		rep := checkCut(t, model, Options{Workers: 2, AfterViolation: -1}, defaultCut)
		without := 0
		for i, f := range []fairOracle[rstate]{
			{o, conditions, nil, to, true}, {o, conditions, always, to, false}, {o, conditions, from, to, false}, {o, nil, nil, to, true},
		} {
			want, p := f.shortest(), rep.Properties[1+i]
			got := -1
			if p.Verdict == Violated {
				got = len(p.Trace.Steps)
			}
			if exact && (got != want || p.Note != "") || got < want || got >= 0 != (want >= 0) || got > want && p.Note == "" || p.Verdict == Unknown {
				t.Fatalf("seed %d: %s under %v: %v, %d steps (%s); the oracle has %d", seed, p.Name, all, p.Verdict, got, p.Note, want)
			}
			if got > want {
				tally["longer"]++
			}
			switch {
			case want < 0:
				tally["holds"]++
			case p.Trace.Cycle > 0:
				tally["goes round"]++
			default:
				tally["ends"]++
			}
			if i == 0 {
				without = want
			} else if i == 3 && without != want {
				tally["differs by fairness"]++
			}
			if p.Trace != nil && p.Trace.Cycle > 0 {
				if err := forged(&m, model, *p.Trace, &fairOracle[rstate]{o, conditions, nil, to, true}, tally); err != nil {
					t.Fatalf("seed %d: %s under %v: %v", seed, p.Name, all, err)
				}
			}
		}
	}
	t.Log(tally)
	if tally["longer"] > 0 == exact {
		t.Errorf("%d counterexamples are longer than they need be", tally["longer"])
	}
	for _, key := range []string{"holds", "goes round", "ends", "differs by fairness", "unfair", "answered", "forged"} {
		if tally[key] < wanted/20 {
			t.Errorf("only %d for %q", tally[key], key)
		}
	}
}
