package checker

import (
	"math/rand/v2"
	"strconv"
)

// A random model is data: processes whose steps are guards and assignments on
// small integers. The checker runs it through the functions of a Model, the
// oracle reads the data itself.

const (
	randomVars      = 4
	randomProcesses = 3
)

// rstate is the state of a random model.
type rstate struct {
	V  [randomVars]uint8
	PC [randomProcesses]uint8
}

// rstep is one step: at label At, if V[Guard] compares, V[Set] := V[From]*Mul +
// Add + choice modulo Mod, go to Next.
type rstep struct {
	At, Next       uint8
	Guard, Limit   uint8
	Above          bool // V[Guard] >= Limit, else V[Guard] < Limit
	Set, From      uint8
	Mul, Add, Mod  uint8
	Choices        int
	Event, Counted bool
}

// rprocess is a process: one instance for each of Count, each with its own PC.
type rprocess struct {
	Count, First int // instances stand at PC[First], ...
	Counter      bool
	Steps        []rstep
}

// rmodel is a random model.
type rmodel struct {
	Processes []rprocess
	Init      []rstate
	Terminal  uint8 // a stuck state with V[0] >= Terminal is an end
	Bad       [2]uint8
	Goal      [2]uint8
}

func randomModel(seed uint64) rmodel {
	r := rand.New(rand.NewPCG(seed, 7))
	m := rmodel{Terminal: uint8(r.IntN(4)), Init: []rstate{{}},
		Bad: [2]uint8{uint8(r.IntN(4)), uint8(r.IntN(4))}, Goal: [2]uint8{uint8(r.IntN(4)), uint8(r.IntN(4))}}
	forward := r.IntN(2) == 0 // no loops
	for first := 0; first < randomProcesses && (first == 0 || r.IntN(4) > 0); {
		p := rprocess{Count: min(1+r.IntN(2), randomProcesses-first), First: first, Counter: r.IntN(2) == 0}
		labels := 2 + r.IntN(3)
		for k := range labels + r.IntN(3) {
			p.Steps = append(p.Steps, randomStep(r, p.Counter, forward, k, labels))
			if p.Counter && k == labels-1 {
				break // one step for each value of the counter
			}
		}
		m.Processes = append(m.Processes, p)
		first += p.Count
	}
	if r.IntN(3) == 0 {
		m.Init = append(m.Init, rstate{V: [randomVars]uint8{1}}, rstate{})
	}
	return m
}

func randomStep(r *rand.Rand, counter, forward bool, k, labels int) rstep {
	s := rstep{
		At: uint8(r.IntN(labels)), Guard: uint8(r.IntN(randomVars)), Limit: uint8(r.IntN(3)), Above: r.IntN(3) > 0,
		Set: uint8(r.IntN(randomVars)), From: uint8(r.IntN(randomVars)), Mul: uint8(r.IntN(3)), Add: uint8(r.IntN(3)),
		Mod: uint8(2 + r.IntN(3)), Choices: 1, Event: r.IntN(3) == 0, Counted: r.IntN(3) == 0,
	}
	if counter {
		s.At = uint8(k)
	}
	s.Next = uint8(r.IntN(labels + 1)) // labels itself is the end
	if forward {
		s.Next = s.At + 1 + uint8(r.IntN(2))
	}
	if r.IntN(4) == 0 {
		s.Choices = 1 + r.IntN(3)
	}
	return s
}

// apply is what a step does.
func (s *rstep) apply(state *rstate, pc, choice int) bool {
	if state.PC[pc] != s.At || state.V[s.Guard] >= s.Limit != s.Above {
		return false
	}
	state.V[s.Set] = (state.V[s.From]*s.Mul + s.Add + uint8(choice)) % s.Mod
	state.PC[pc] = s.Next
	return true
}

func (s *rstep) label(k int) string {
	name := strconv.Itoa(k)
	if s.Counted {
		name += " counted"
	}
	if s.Event {
		name += " event"
	}
	return name
}

// event names what a labelled step did.
func (s *rstep) event(after *rstate) string { return "set " + strconv.Itoa(int(after.V[s.Set])) }

func (m *rmodel) starts() []rstate { return m.Init }

func (m *rmodel) moves(before rstate, take func(after rstate, e oedge)) {
	for i := range m.Processes {
		p := &m.Processes[i]
		for self := range p.Count {
			for k := range p.Steps {
				s := &p.Steps[k]
				for choice := range s.Choices {
					after := before
					if !s.apply(&after, p.First+self, choice) {
						continue
					}
					e := oedge{process: i, step: k, pc: p.First + self, counted: s.Counted, wrong: !m.step(&before, &after)}
					if s.Event {
						e.event = s.event(&after)
					}
					take(after, e)
				}
			}
		}
	}
}

func (m *rmodel) good(s *rstate) bool { return !(s.V[0] == m.Bad[0] && s.V[1] == m.Bad[1]) }
func (m *rmodel) goal(s *rstate) bool { return s.V[2] == m.Goal[0] && s.V[3] == m.Goal[1] }
func (m *rmodel) step(a, b *rstate) bool {
	return !(a.V[1] == m.Bad[0] && b.V[2] == m.Goal[1] && b.V[1] > a.V[1])
}
func (m *rmodel) ends(s *rstate) bool { return s.V[0] >= m.Terminal }

// model gives the random model to the checker.
func (m *rmodel) model() Model[rstate] {
	out := Model[rstate]{
		Name: "random", Init: m.Init, Terminal: m.ends,
		Event: func(_, after *rstate, taken Taken) string {
			p := m.Processes[taken.Process[1]-'0']
			k := taken.Label[0] - '0'
			if !p.Steps[k].Event {
				return ""
			}
			return p.Steps[k].event(after)
		},
		Properties: []Property[rstate]{
			Invariant("good", m.good),
			Reachable("goal", m.goal),
			Transition("step", func(a, b *rstate, _ Taken) bool { return m.step(a, b) }),
			Orders[rstate]("orders"),
		},
	}
	var counted []string
	for i := range m.Processes {
		p := &m.Processes[i]
		process := Process[rstate]{Name: "p" + strconv.Itoa(i), Count: p.Count}
		if p.Counter {
			process.PC = func(s *rstate, self int) int { return int(s.PC[p.First+self]) }
		}
		for k := range p.Steps {
			s := &p.Steps[k]
			step := Step[rstate]{Label: s.label(k)}
			if s.Choices == 1 {
				step.Do = func(state *rstate, self int) bool { return s.apply(state, p.First+self, 0) }
			} else {
				step.Choices = s.Choices
				step.Choose = func(state *rstate, self, choice int) bool { return s.apply(state, p.First+self, choice) }
			}
			if s.Counted {
				counted = append(counted, step.Label)
			}
			process.Steps = append(process.Steps, step)
		}
		out.Processes = append(out.Processes, process)
	}
	if counted != nil {
		out.Properties = append(out.Properties, Count[rstate]("count", counted...))
	}
	return out
}
