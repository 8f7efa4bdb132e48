package checker

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// A random model for partial order reduction is data as well (see random_model_test.go), of
// which footprints and locks are known, since they are read off it.

const (
	pVars  = 4
	pLocks = 2
)

// pstate is the state: P[f][i] is instance i of family f.
type pstate struct {
	V [pVars]uint8
	L [pLocks]uint8
	P [3][2]plocal
}

type plocal struct{ At, T uint8 }

// pstep is one step: at label At, if the guard is true, an assignment, and go to Next. A
// place is 0 to 3: V, 4: the instance's own T, 5: V[self].
type pstep struct {
	At, Next             uint8
	Guard                int // a place; -1: none
	Limit                uint8
	Above                bool
	Set, From            int // places; Set -1: none
	Mul, Add, Mod        uint8
	Choices              int
	Acquire, Free, Holds int // locks; -1: none
}

const (
	placeT    = 4
	placeSelf = 5
)

type pfamily struct {
	Count int
	PC    bool
	Steps []pstep
}

type pmodel struct {
	Families []pfamily
	Terminal uint8
	// Good: not both V[BadAt[k]] == Bad[k]; Goal: both V[GoalAt[k]] == Goal[k].
	BadAt, GoalAt [2]int
	Bad, Goal     [2]uint8
	// What is declared of them besides their reads: nothing, or all.
	Names bool
}

func randomPartial(seed uint64) pmodel {
	r := rand.New(rand.NewPCG(seed, 77))
	m := pmodel{Terminal: uint8(r.IntN(4)), BadAt: [2]int{r.IntN(pVars), r.IntN(pVars)}, GoalAt: [2]int{r.IntN(pVars), r.IntN(pVars)},
		Bad: [2]uint8{uint8(r.IntN(3)), uint8(r.IntN(4))}, Goal: [2]uint8{uint8(r.IntN(3)), uint8(r.IntN(4))}, Names: r.IntN(2) == 0}
	for range 2 + r.IntN(2) {
		f := pfamily{Count: 1 + r.IntN(2), PC: r.IntN(4) > 0}
		if f.PC {
			f.Steps = randomProgram(r, func() pstep { return randomPartialStep(r, -1) })
		} else {
			for range 1 + r.IntN(3) {
				s := randomPartialStep(r, len(m.Families))
				s.At, s.Next = uint8(r.IntN(2)), uint8(r.IntN(3))
				f.Steps = append(f.Steps, s)
			}
		}
		m.Families = append(m.Families, f)
	}
	return m
}

// randomProgram is a sequence of steps, some of them between taking a lock and freeing it,
// that may go round, but not into what a lock guards or out of it. What else a step does is
// drawn.
func randomProgram(r *rand.Rand, draw func() pstep) []pstep {
	var steps []pstep
	start := 0 // of the steps that hold what the last one holds
	add := func(s pstep) {
		s.At, s.Next = uint8(len(steps)), uint8(len(steps)+1)
		if s.Acquire < 0 && s.Free < 0 && r.IntN(6) == 0 {
			s.Next = uint8(start + r.IntN(len(steps)-start+1))
		}
		steps = append(steps, s)
	}
	for range 1 + r.IntN(2) {
		start = len(steps)
		for range r.IntN(3) {
			add(draw())
		}
		if r.IntN(3) == 0 {
			continue
		}
		lock := r.IntN(pLocks)
		add(pstep{Guard: -1, Set: -1, Choices: 1, Acquire: lock, Free: -1, Holds: -1})
		start = len(steps)
		for range r.IntN(3) {
			s := draw()
			s.Holds = lock
			add(s)
		}
		s := draw()
		s.Holds, s.Free = lock, lock
		add(s)
	}
	start = 0
	if len(steps) == 0 {
		add(draw())
	}
	if last := &steps[len(steps)-1]; r.IntN(2) == 0 && (last.Holds < 0 || last.Free >= 0) {
		last.Next = 0
	}
	return steps
}

func randomPartialStep(r *rand.Rand, family int) pstep {
	place := func() int { return []int{0, 1, 2, 3, placeT, placeT, placeSelf}[r.IntN(7)] }
	s := pstep{Guard: place(), Limit: uint8(r.IntN(3)), Above: r.IntN(2) == 0, Set: place(), From: place(), Mul: uint8(r.IntN(3)),
		Add: uint8(r.IntN(3)), Mod: uint8(2 + r.IntN(2)), Choices: 1, Acquire: -1, Free: -1, Holds: -1}
	if r.IntN(2) == 0 {
		s.Guard = -1
	}
	if r.IntN(4) == 0 {
		s.Set = -1
	}
	if r.IntN(6) == 0 {
		s.Choices = 2
	}
	return s
}

// place gives what a place of an instance is in a state.
func (s *pstate) place(at, family, self int) *uint8 {
	switch at {
	case placeT:
		return &s.P[family][self].T
	case placeSelf:
		return &s.V[self]
	default:
		return &s.V[at]
	}
}

// apply is what a step does.
func (s *pstep) apply(state *pstate, family, self, choice int) bool {
	local := &state.P[family][self]
	if local.At != s.At || s.Guard >= 0 && *state.place(s.Guard, family, self) >= s.Limit != s.Above {
		return false
	}
	if s.Acquire >= 0 {
		if state.L[s.Acquire] != 0 {
			return false
		}
		state.L[s.Acquire] = 1
	}
	if s.Set >= 0 {
		*state.place(s.Set, family, self) = (*state.place(s.From, family, self)*s.Mul + s.Add + uint8(choice)) % s.Mod
	}
	if s.Free >= 0 {
		state.L[s.Free] = 0
	}
	local.At = s.Next
	return true
}

func (m *pmodel) good(s *pstate) bool {
	return !(s.V[m.BadAt[0]] == m.Bad[0] && s.V[m.BadAt[1]] == m.Bad[1])
}
func (m *pmodel) goal(s *pstate) bool {
	return s.V[m.GoalAt[0]] == m.Goal[0] && s.V[m.GoalAt[1]] == m.Goal[1]
}
func (m *pmodel) ends(s *pstate) bool { return s.V[0] >= m.Terminal }

// paths are those of places.
func paths(places ...int) (out []string) {
	for _, at := range places {
		switch {
		case at == placeSelf:
			out = append(out, "V[self]")
		case at >= 0 && at != placeT:
			out = append(out, fmt.Sprintf("V[%d]", at))
		}
	}
	return out
}

func lockPath(lock int) string { return fmt.Sprintf("L[%d]", lock) }

// model gives the random model to the checker.
func (m *pmodel) model() Model[pstate] {
	out := Model[pstate]{Name: "random", Init: []pstate{{}}, Terminal: m.ends}
	for i := range m.Families {
		f := &m.Families[i]
		p := Process[pstate]{Name: "f" + strconv.Itoa(i), Count: f.Count, Own: []string{fmt.Sprintf("P[%d][self]", i)}}
		if f.PC {
			p.PC = func(s *pstate, self int) int { return int(s.P[i][self].At) }
		}
		for k := range f.Steps {
			p.Steps = append(p.Steps, f.Steps[k].step(i, k))
		}
		out.Processes = append(out.Processes, p)
	}
	good := Invariant("good", m.good).Reads(paths(m.BadAt[:]...)...)
	goal := Reachable("goal", m.goal).Reads(paths(m.GoalAt[:]...)...)
	if m.Names {
		good = good.BrokenBy(m.changers(m.BadAt, m.Bad, true)...).MendedBy(m.changers(m.BadAt, m.Bad, false)...)
		goal = goal.BrokenBy(m.changers(m.GoalAt, m.Goal, true)...).MendedBy(m.changers(m.GoalAt, m.Goal, false)...)
	}
	out.Properties = []Property[pstate]{good, goal}
	return out
}

func (s *pstep) step(family, k int) Step[pstate] {
	out := Step[pstate]{Label: fmt.Sprintf("f%d.%d", family, k), Writes: paths(s.Set)}
	if out.Reads = paths(s.Guard); s.Set >= 0 {
		out.Reads = append(out.Reads, paths(s.From)...)
	}
	if s.Acquire >= 0 {
		out.Acquires = lockPath(s.Acquire)
	}
	if s.Holds >= 0 {
		out.Holds = []string{lockPath(s.Holds)}
	}
	if s.Free >= 0 {
		out.Writes = append(out.Writes, lockPath(s.Free))
	}
	if s.Choices == 1 {
		out.Do = func(state *pstate, self int) bool { return s.apply(state, family, self, 0) }
	} else {
		out.Choices = s.Choices
		out.Choose = func(state *pstate, self, choice int) bool { return s.apply(state, family, self, choice) }
	}
	return out
}

// changers are the labels of the steps that may make V[at[k]] == values[k] true of a k, or false.
func (m *pmodel) changers(at [2]int, values [2]uint8, true_ bool) []string {
	labels := []string{}
	for i, f := range m.Families {
		for k := range f.Steps {
			for n := range at {
				if f.Steps[k].may(at[n], values[n], f.Count, true_) {
					labels = append(labels, fmt.Sprintf("f%d.%d", i, k))
					break
				}
			}
		}
	}
	return labels
}

// may says whether a step may make V[at] the value, or another one.
func (s *pstep) may(at int, value uint8, count int, become bool) bool {
	if s.Set != at && !(s.Set == placeSelf && at < count) {
		return false
	}
	if s.Mul > 0 {
		return true
	}
	for choice := range s.Choices {
		if ((s.Add+uint8(choice))%s.Mod == value) == become {
			return true
		}
	}
	return false
}

func (m *pmodel) starts() []pstate { return []pstate{{}} }

func (m *pmodel) moves(before pstate, take func(after pstate, e oedge)) {
	pc := 0
	for i := range m.Families {
		f := &m.Families[i]
		for self := range f.Count {
			for k := range f.Steps {
				for choice := range f.Steps[k].Choices {
					after := before
					if f.Steps[k].apply(&after, i, self, choice) {
						take(after, oedge{process: i, step: k, pc: pc})
					}
				}
			}
			pc++
		}
	}
}
