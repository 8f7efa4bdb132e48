package checker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// fairOracle looks for the shortest violation of a liveness property in the plainest way:
// from each pair of a state and whether a call is open, every way back to it, by what was
// taken, enabled and not enabled on the way. It knows no components.
type fairOracle struct {
	o          *oracle
	conditions []oracleCondition
	from, to   func(s *rstate) bool
	begins     bool // from is the initial state
}

type oracleCondition struct {
	strong bool
	pc     int // of the instance
	steps  map[int]bool
}

// onWay is a state and, by condition, bits of what was seen on the way to it.
type onWay struct {
	v                       int
	taken, enabled, without uint32
}

func (f *fairOracle) look(w onWay) onWay {
	for i, c := range f.conditions {
		able := false
		for _, e := range f.o.edges[w.v] {
			able = able || e.pc == c.pc && c.steps[e.step]
		}
		if able {
			w.enabled |= 1 << i
		} else {
			w.without |= 1 << i
		}
	}
	return w
}

func (f *fairOracle) fair(w onWay) bool {
	for i, c := range f.conditions {
		ok := w.taken>>i&1 == 1 || !c.strong && w.without>>i&1 == 1 || c.strong && w.enabled>>i&1 == 0
		if !ok {
			return false
		}
	}
	return true
}

// shortest gives the steps of the shortest violation, stem and cycle; -1: there is none.
func (f *fairOracle) shortest() int {
	type pair struct {
		v    int
		open bool
	}
	opens := func(v int, open bool) bool {
		s := f.o.states[v]
		return !f.to(&s) && (open || f.from != nil && f.from(&s))
	}
	dist := map[pair]int{}
	var queue []pair
	visit := func(p pair, d int) {
		if _, seen := dist[p]; !seen {
			dist[p] = d
			queue = append(queue, p)
		}
	}
	for _, s := range f.o.model.Init {
		v := f.o.number[s]
		visit(pair{v, opens(v, f.begins)}, 0)
	}
	best := -1
	for i := 0; i < len(queue); i++ {
		p := queue[i]
		for _, e := range f.o.edges[p.v] {
			visit(pair{e.to, opens(e.to, p.open)}, dist[p]+1)
		}
		if !p.open {
			continue
		}
		n := 0
		if len(f.o.edges[p.v]) > 0 {
			if n = f.round(p.v); n < 0 {
				continue
			}
		}
		if best < 0 || dist[p]+n < best {
			best = dist[p] + n
		}
	}
	return best
}

// round gives the length of the shortest fair way from v back to it among states that
// answer no call; -1: there is none.
func (f *fairOracle) round(v int) int {
	start := f.look(onWay{v: v})
	dist := map[onWay]int{start: 0}
	for queue := []onWay{start}; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		for _, e := range f.o.edges[w.v] {
			if s := f.o.states[e.to]; f.to(&s) {
				continue
			}
			next := w
			next.v = e.to
			for i, c := range f.conditions {
				if e.pc == c.pc && c.steps[e.step] {
					next.taken |= 1 << i
				}
			}
			next = f.look(next)
			if next.v == v && f.fair(next) {
				return dist[w] + 1
			}
			if _, seen := dist[next]; !seen {
				dist[next] = dist[w] + 1
				queue = append(queue, next)
			}
		}
	}
	return -1
}

// forged offers the replayer what is no counterexample.
func forged(m Model[rstate], t Trace, f *fairOracle, tally map[string]int) error {
	begin := len(t.Steps) - t.Cycle
	// The same behaviour, said to violate the property that has assumptions.
	if t.Property == "without" {
		other := t
		other.Property = "eventually"
		_, err := Replay(m, other)
		if fair := f.goesFairly(t); fair != (err == nil) {
			return fmt.Errorf("a cycle is fair: %v, and the replayer says: %v", fair, err)
		} else if !fair {
			tally["unfair"]++
		}
		// And one that asks for something else, which may come on the way round.
		other.Property = "another"
		all := f.states(t)
		comes := slices.ContainsFunc(all[begin:], func(s rstate) bool { return f.o.model.another(&s) })
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
		if _, err := Replay(m, wrong); err == nil && !(wrong.Cycle > 0 && f.returns(wrong)) {
			return fmt.Errorf("%s is accepted", what)
		}
		tally["forged"]++
	}
	return nil
}

// states are those of a trace.
func (f *fairOracle) states(t Trace) (all []rstate) {
	s := f.o.model.Init[t.Start]
	all = append(all, s)
	for _, step := range t.Steps {
		p := &f.o.model.Processes[step.Process[1]-'0']
		p.Steps[step.Label[0]-'0'].apply(&s, p.First+step.Self, step.Choice)
		all = append(all, s)
	}
	return all
}

func (f *fairOracle) returns(t Trace) bool {
	all := f.states(t)
	return all[len(all)-1-t.Cycle] == all[len(all)-1]
}

// goesFairly says whether the cycle of a trace keeps the conditions.
func (f *fairOracle) goesFairly(t Trace) bool {
	all := f.states(t)
	var w onWay
	for i := len(t.Steps) - t.Cycle; i < len(t.Steps); i++ {
		w.v = f.o.number[all[i]]
		w = f.look(w)
		p := &f.o.model.Processes[t.Steps[i].Process[1]-'0']
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
		for i, f := range []fairOracle{
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
				if err := forged(model, *p.Trace, &fairOracle{o, conditions, nil, to, true}, tally); err != nil {
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
