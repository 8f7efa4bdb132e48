package checker

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// court judges traces of a random model by its data alone: it shares no code with the
// replayer, nor with the search.
type court struct {
	m, high    rmodel // high is what m may refine, by the identity
	fair       []Fairness
	conditions []oracleCondition // of fair
	abstract   *Abstract         // what the genuine trace says of the abstract model,
	end        []rstate          // and its last two states, or its only one
}

func newCourt(seed uint64) *court {
	r := rand.New(rand.NewPCG(seed, 23))
	c := &court{m: randomModel(seed)}
	c.high = spoilt(c.m, r)
	c.fair, c.conditions = randomFairness(r, &c.m)
	return c
}

// Predicates, and which property asks what.
func (c *court) first(s *rstate) bool  { return s.V[0] != c.m.Bad[0] || s.V[2] > 0 }
func (c *court) second(s *rstate) bool { return s.V[3] != c.m.Bad[1] }
func (c *court) from(s *rstate) bool   { return s.V[0] == c.m.Bad[0] }
func (c *court) to(s *rstate) bool     { return s.V[1] == c.m.Bad[1] }
func (c *court) step(a, b *rstate) bool {
	return a.V[1] == b.V[1] || b.V[1] != c.m.Goal[1]
}

var courtKinds = map[string]Kind{"good": KindInvariant, "parts": KindInvariant, "goal": KindReachable, "step": KindTransition,
	"refines": KindRefinement, "declared": KindLiveness, "without": KindLiveness, "leads": KindLiveness, "always": KindLiveness,
	deadlockName: KindDeadlock, "": KindWalk}

func (c *court) model() Model[rstate] {
	m := c.m.model()
	m.Fairness = c.fair
	m.Properties = append(m.Properties[:2],
		Transition("step", func(a, b *rstate, _ Taken) bool { return c.step(a, b) }),
		Clauses("parts", Clause[rstate]{"first", c.first}, Clause[rstate]{"second", c.second}),
		Refines("refines", c.high.model(), func(s *rstate) rstate { return *s }),
		Eventually("declared", c.to), Eventually("without", c.to).Under(),
		LeadsTo("leads", c.from, c.to), AlwaysEventually("always", c.to))
	return m
}

func (c *court) fields(s rstate) (all []Field) {
	for i, v := range s.V {
		all = append(all, Field{fmt.Sprintf("V[%d]", i), fmt.Sprint(v)})
	}
	for i, v := range s.PC {
		all = append(all, Field{fmt.Sprintf("PC[%d]", i), fmt.Sprint(v)})
	}
	return all
}

func (c *court) columns() (all []string) {
	for i, p := range c.m.Processes {
		for self := range p.Count {
			if p.Count == 1 {
				all = append(all, fmt.Sprintf("p%d", i))
			} else {
				all = append(all, fmt.Sprintf("p%d %d", i, self))
			}
		}
	}
	return all
}

// find gives the process and the step of a transition; no step if there is none.
func (c *court) find(t Taken) (*rprocess, *rstep) {
	for i := range c.m.Processes {
		p := &c.m.Processes[i]
		for k := range p.Steps {
			if t.Process == fmt.Sprintf("p%d", i) && t.Label == p.Steps[k].label(k) &&
				t.Self >= 0 && t.Self < p.Count && t.Choice >= 0 && t.Choice < p.Steps[k].Choices {
				return p, &p.Steps[k]
			}
		}
	}
	return nil, nil
}

// states gives those of a trace; none if it is not possible as it is told.
func (c *court) states(t *Trace) (all []rstate) {
	if t.Start < 0 || t.Start >= len(c.m.Init) {
		return nil
	}
	now := c.m.Init[t.Start]
	if t.Initial != nil && !slices.Equal(t.Initial, c.fields(now)) || t.Columns != nil && !slices.Equal(t.Columns, c.columns()) {
		return nil
	}
	all = append(all, now)
	for _, s := range t.Steps {
		p, step := c.find(s.Taken)
		if step == nil {
			return nil
		}
		before := c.fields(now)
		if !step.apply(&now, p.First+s.Self, s.Choice) {
			return nil
		}
		changes, event := []Change{}, ""
		for i, f := range c.fields(now) {
			if f != before[i] {
				changes = append(changes, Change{f.Path, before[i].Value, f.Value})
			}
		}
		if step.Event {
			event = step.event(&now)
		}
		if s.Changes != nil && !slices.Equal(s.Changes, changes) || s.Event != "" && s.Event != event {
			return nil
		}
		all = append(all, now)
	}
	return all
}

// can says whether some step that is among these is enabled.
func (c *court) can(m *rmodel, s rstate, among func(pc, k int) bool) bool {
	for _, p := range m.Processes {
		for self := range p.Count {
			for k := range p.Steps {
				for choice := range p.Steps[k].Choices {
					if after := s; among(p.First+self, k) && p.Steps[k].apply(&after, p.First+self, choice) {
						return true
					}
				}
			}
		}
	}
	return false
}

func (c *court) stuck(s rstate) bool {
	return !c.can(&c.m, s, func(int, int) bool { return true })
}

// leads says whether the abstract model has a step from a state to another.
func (c *court) leads(from, to rstate) bool {
	for _, p := range c.high.Processes {
		for self := range p.Count {
			for k := range p.Steps {
				for choice := range p.Steps[k].Choices {
					if after := from; p.Steps[k].apply(&after, p.First+self, choice) && after == to {
						return true
					}
				}
			}
		}
	}
	return false
}

// genuine says whether a trace is what it says that it is.
func (c *court) genuine(t *Trace) bool {
	all := c.states(t)
	if kind, known := courtKinds[t.Property]; t.Model != "random" || all == nil || !known || kind != t.Kind || !slices.Contains([]Assumption{"", "none", "weak", "strong"}, t.Assumed) {
		return false
	}
	last := all[len(all)-1]
	clause := ""
	if t.Property == "parts" && !c.second(&last) {
		clause = "second"
	}
	if t.Property == "parts" && !c.first(&last) {
		clause = "first"
	}
	end := all[max(0, len(all)-2):]
	told := t.Property == "refines" && slices.Equal(end, c.end) && reflect.DeepEqual(t.Abstract, c.abstract)
	if t.Clause != "" && t.Clause != clause || t.Abstract != nil && !told || t.Cycle != 0 && t.Kind != KindLiveness {
		return false
	}
	switch t.Property {
	case "good":
		return !c.m.good(&last)
	case "parts":
		return clause != ""
	case "goal":
		return c.m.goal(&last)
	case "step":
		return len(end) == 2 && !c.step(&end[0], &end[1])
	case deadlockName:
		return c.stuck(last) && !c.m.ends(&last)
	case "refines":
		return len(end) == 1 && !slices.Contains(c.high.Init, end[0]) ||
			len(end) == 2 && end[0] != end[1] && !c.leads(end[0], end[1])
	case "":
		for i := range all {
			if s := all[i]; !c.m.good(&s) || !c.first(&s) || !c.second(&s) || i > 0 && !c.step(&all[i-1], &s) {
				return false
			}
		}
		return true
	default:
		return c.goesUnanswered(t, all)
	}
}

// goesUnanswered says whether the trace comes from a call to no answer, and ends there, or
// goes round fairly.
func (c *court) goesUnanswered(t *Trace, all []rstate) bool {
	begin := len(t.Steps) - t.Cycle
	if t.Cycle < 0 || begin < 0 {
		return false
	}
	called := false
	for i := begin; i >= 0 && !slices.ContainsFunc(all[i:], func(s rstate) bool { return c.to(&s) }); i-- {
		switch t.Property {
		case "always":
			called = true
		case "leads":
			called = called || c.from(&all[i])
		default:
			called = called || i == 0
		}
	}
	if !called || t.Cycle == 0 {
		return called && c.stuck(all[len(all)-1])
	}
	return all[begin] == all[len(all)-1] && c.goesFairly(t, all, begin)
}

func (c *court) goesFairly(t *Trace, all []rstate, begin int) bool {
	conditions := c.conditions
	if t.Assumed != AssumeDeclared {
		conditions = nil
		for i := range c.m.Processes {
			steps := map[int]bool{}
			for k := range c.m.Processes[i].Steps {
				steps[k] = true
			}
			for self := range c.m.Processes[i].Count {
				conditions = append(conditions, oracleCondition{t.Assumed == AssumeStrong, c.m.Processes[i].First + self, steps})
			}
		}
	}
	if t.Property == "without" || t.Assumed == AssumeNone {
		return true
	}
	for _, f := range conditions {
		taken, able := false, 0
		for i := begin; i < len(t.Steps); i++ {
			p, step := c.find(t.Steps[i].Taken)
			for k := range p.Steps {
				taken = taken || &p.Steps[k] == step && f.steps[k] && f.pc == p.First+t.Steps[i].Self
			}
			able += btoi(c.can(&c.m, all[i], func(pc, k int) bool { return pc == f.pc && f.steps[k] }))
		}
		if !taken && (f.strong && able > 0 || able == t.Cycle) {
			return false
		}
	}
	return true
}

// forger makes another trace of one; it says whether it could.
type forger func(r *rand.Rand, c *court, t *Trace) bool

// altering makes a forger of what alters one step of a trace.
func altering(alter func(r *rand.Rand, c *court, s *TraceStep)) forger {
	return func(r *rand.Rand, c *court, t *Trace) bool {
		if len(t.Steps) == 0 {
			return false
		}
		s := &t.Steps[r.IntN(len(t.Steps))]
		was := *s
		s.Changes = slices.Clone(s.Changes)
		alter(r, c, s)
		return !reflect.DeepEqual(*s, was)
	}
}

var forgers = map[string]forger{
	"step dropped": func(r *rand.Rand, _ *court, t *Trace) bool {
		if len(t.Steps) == 0 {
			return false
		}
		i := r.IntN(len(t.Steps))
		t.Steps = slices.Delete(t.Steps, i, i+1)
		return true
	},
	"step doubled": func(r *rand.Rand, _ *court, t *Trace) bool {
		if len(t.Steps) == 0 {
			return false
		}
		i := r.IntN(len(t.Steps))
		t.Steps = slices.Insert(t.Steps, i, t.Steps[i])
		return true
	},
	"steps swapped": func(r *rand.Rand, _ *court, t *Trace) bool {
		if len(t.Steps) < 2 {
			return false
		}
		i := 1 + r.IntN(len(t.Steps)-1)
		t.Steps[i-1], t.Steps[i] = t.Steps[i], t.Steps[i-1]
		return t.Steps[i].Taken != t.Steps[i-1].Taken
	},
	"step of another process": altering(func(r *rand.Rand, _ *court, s *TraceStep) { s.Process = fmt.Sprintf("p%d", r.IntN(4)) }),
	"another instance":        altering(func(r *rand.Rand, _ *court, s *TraceStep) { s.Self = r.IntN(4) - 1 }),
	"another choice":          altering(func(r *rand.Rand, _ *court, s *TraceStep) { s.Choice = r.IntN(5) - 1 }),
	"another label": altering(func(r *rand.Rand, c *court, s *TraceStep) {
		p := c.m.Processes[r.IntN(len(c.m.Processes))]
		k := r.IntN(len(p.Steps))
		s.Label = p.Steps[k].label(k)
	}),
	"changes altered": altering(func(r *rand.Rand, _ *court, s *TraceStep) {
		if len(s.Changes) == 0 || r.IntN(4) == 0 {
			s.Changes = append(s.Changes, Change{"V[0]", "0", "1"})
			return
		}
		i := r.IntN(len(s.Changes))
		switch r.IntN(3) {
		case 0:
			s.Changes = slices.Delete(s.Changes, i, i+1)
		case 1:
			s.Changes[i].After += "1"
		default:
			s.Changes[i].Path = "V[7]"
		}
	}),
	"event altered": altering(func(r *rand.Rand, _ *court, s *TraceStep) { s.Event = fmt.Sprintf("set %d", r.IntN(4)) }),
	"another start": func(r *rand.Rand, c *court, t *Trace) bool {
		was := t.Start
		t.Start = r.IntN(len(c.m.Init)+2) - 1
		return t.Start != was
	},
	"initial state altered": func(r *rand.Rand, c *court, t *Trace) bool {
		t.Initial = c.fields(c.m.Init[t.Start])
		t.Initial[r.IntN(len(t.Initial))].Value += "0"
		return true
	},
	"columns altered": func(r *rand.Rand, c *court, t *Trace) bool {
		t.Columns = c.columns()
		t.Columns[r.IntN(len(t.Columns))] += "'"
		return true
	},
	"another property": func(r *rand.Rand, _ *court, t *Trace) bool {
		names := []string{"good", "parts", "goal", "step", "refines", "declared", "without", "leads", "always", deadlockName, "", "none"}
		was := t.Property
		t.Property = names[r.IntN(len(names))]
		t.Kind, t.Clause, t.Abstract = courtKinds[t.Property], "", nil
		if t.Kind != KindLiveness && r.IntN(4) > 0 {
			t.Cycle = 0
		}
		return t.Property != was
	},
	"another kind": func(r *rand.Rand, _ *court, t *Trace) bool {
		kinds := []Kind{KindInvariant, KindTransition, KindReachable, KindDeadlock, KindRefinement, KindLiveness, KindWalk, KindCount, KindOrders, "odd"}
		was := t.Kind
		t.Kind = kinds[r.IntN(len(kinds))]
		return t.Kind != was
	},
	"another model": func(_ *rand.Rand, _ *court, t *Trace) bool { t.Model += "s"; return true },
	"cut short": func(r *rand.Rand, _ *court, t *Trace) bool {
		if len(t.Steps) == 0 {
			return false
		}
		t.Steps = t.Steps[:r.IntN(len(t.Steps))]
		return true
	},
	"gone on with": func(r *rand.Rand, c *court, t *Trace) bool {
		all := c.states(t)
		for range 30 {
			i := r.IntN(len(c.m.Processes))
			p := &c.m.Processes[i]
			k := r.IntN(len(p.Steps))
			s := TraceStep{Taken: Taken{fmt.Sprintf("p%d", i), r.IntN(p.Count), p.Steps[k].label(k), r.IntN(p.Steps[k].Choices)}}
			if now := all[len(all)-1]; p.Steps[k].apply(&now, p.First+s.Self, s.Choice) {
				t.Steps = append(t.Steps, s)
				return true
			}
		}
		return false
	},
	"another cycle": func(r *rand.Rand, _ *court, t *Trace) bool {
		was := t.Cycle
		t.Cycle = r.IntN(len(t.Steps)+3) - 1
		return t.Cycle != was
	},
	"another clause": func(r *rand.Rand, _ *court, t *Trace) bool {
		was := t.Clause
		t.Clause = []string{"first", "second", "third"}[r.IntN(3)]
		return t.Clause != was
	},
	"abstract model altered": func(r *rand.Rand, c *court, t *Trace) bool {
		if c.abstract == nil {
			t.Abstract = &Abstract{Model: "random"}
			return true
		}
		a := *c.abstract
		t.Abstract = &a
		switch n := len(a.Enabled); {
		case n > 0 && r.IntN(2) == 0:
			a.Enabled = a.Enabled[1:]
		case r.IntN(2) == 0:
			a.More++
		default:
			a.After = slices.Clone(a.After)
			a.After[0].Value += "0"
		}
		return true
	},
	"another assumption": func(r *rand.Rand, _ *court, t *Trace) bool {
		was := t.Assumed
		t.Assumed = []Assumption{"", "none", "weak", "strong", "odd"}[r.IntN(5)]
		return t.Assumed != was
	},
	"fairness faked": func(r *rand.Rand, _ *court, t *Trace) bool {
		if t.Property != "without" || t.Cycle == 0 {
			return false
		}
		t.Property = "declared"
		t.Assumed = []Assumption{"", "weak", "strong"}[r.IntN(3)]
		return true
	},
}

// bare leaves nothing of a trace but what names its steps, so that a forged one has to be
// found out by what it does.
func bare(t *Trace) {
	t.Initial, t.Columns, t.Clause, t.Abstract = nil, nil, "", nil
	for i := range t.Steps {
		t.Steps[i] = TraceStep{Taken: t.Steps[i].Taken}
	}
}

// Every counterexample is accepted, and what forgers make of it exactly if the court, too,
// finds that it is one. At least 1,000 forgeries are refused, and some of each kind.
func TestForgersAreFoundOut(t *testing.T) {
	refused, genuine, shown := map[string]int{}, map[string]int{}, map[Kind]int{}
	for seed, models := uint64(9<<20), 0; models < 120; seed++ {
		c := newCourt(seed)
		o, ok := explore(&c.m, 300)
		if !ok || len(o.states) < 3 || o.deadlocks+o.ends > 0 && seed%4 > 0 {
			continue
		}
		models++
		m, r := c.model(), rand.New(rand.NewPCG(seed, 29))
		report := check(t, m, Options{AfterViolation: -1})
		var all []Trace
		for i := range report.Properties {
			if p := report.Properties[i].Trace; p != nil {
				all = append(all, *p)
			}
		}
		s, err := Simulate(t.Context(), m, SimulateOptions{Walks: 8, MaxSteps: 9, Passing: 1, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for _, trace := range append(all, s.Passing...) {
			states := c.states(&trace)
			c.abstract, c.end = trace.Abstract, states[max(0, len(states)-2):]
			if _, err := Replay(m, trace); err != nil || !c.genuine(&trace) {
				t.Fatalf("seed %d: %+v is genuine: the court says %v, the replayer %v", seed, trace, c.genuine(&trace), err)
			}
			shown[trace.Kind]++
			for kind, forge := range forgers {
				for n := range 4 {
					forged := trace
					forged.Steps = slices.Clone(trace.Steps)
					if n > 0 {
						bare(&forged)
					}
					if !forge(r, c, &forged) {
						continue
					}
					is := c.genuine(&forged)
					_, err := Replay(m, forged)
					if is != (err == nil) {
						t.Fatalf("seed %d: %s: %+v is genuine: %v, and the replayer says %v", seed, kind, forged, is, err)
					}
					if is {
						genuine[kind]++
					} else {
						refused[kind]++
					}
				}
			}
		}
	}
	total := 0
	for kind := range forgers {
		t.Logf("%-24s refused %5d, genuine all the same %4d", kind, refused[kind], genuine[kind])
		if total += refused[kind]; refused[kind] < 40 {
			t.Errorf("only %d forgeries of the kind %q are refused", refused[kind], kind)
		}
	}
	t.Logf("%d are refused, made of %v", total, shown)
	if total < 1000 {
		t.Errorf("only %d forgeries are refused", total)
	}
	for _, kind := range []Kind{KindInvariant, KindTransition, KindReachable, KindDeadlock, KindRefinement, KindLiveness, KindWalk} {
		if shown[kind] < 10 {
			t.Errorf("only %d traces are of the kind %s", shown[kind], kind)
		}
	}
}
