package checker

import (
	"bytes"
	"maps"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
)

// A random symmetric model is data on the state alike: the steps of members of a, of members
// of b, and of a process that is no member, some with a choice of a member. A guard and the
// effects of a step speak of its actors: a member of a, another one of a, a member of b; what
// speaks of an actor that the step has not, says nothing.
type symmetricModel struct {
	A, B  int // members
	PC    bool
	Steps [3][]symmetricStep // of a, of b, of nobody
	Init  []alike
	Bad   [3]uint8
	Goal  [3]uint8
	Wrong [2]uint8
	End   uint8
}

type symmetricStep struct {
	At, Next uint8 // PC of a member of a that takes it
	Guards   []saying
	Effects  []saying
	Over     string // "", "a", "b"
	Counted  bool
}

// saying is a guard, or an effect.
type saying struct {
	kind    int
	x, n, m uint8
}

// actors are the members that a step speaks of; -1 for none.
type actors struct{ a, other, b int }

func randomSymmetricModel(seed uint64) symmetricModel {
	r := rand.New(rand.NewPCG(seed, 11))
	m := symmetricModel{
		A: 1 + r.IntN(3), B: 1 + r.IntN(3), PC: r.IntN(2) == 0,
		Bad:   [3]uint8{uint8(r.IntN(3)), uint8(r.IntN(3)), uint8(1 + r.IntN(3))},
		Goal:  [3]uint8{uint8(r.IntN(3)), uint8(r.IntN(2)), uint8(r.IntN(3))},
		Wrong: [2]uint8{uint8(r.IntN(2)), uint8(r.IntN(3))}, End: uint8(r.IntN(3)),
	}
	kinds := []int{0, r.IntN(effectKinds), r.IntN(effectKinds), r.IntN(effectKinds)}
	labels, forward := 2+r.IntN(2), r.IntN(2) == 0 // no loops of members of a
	for family := range m.Steps {
		n := r.IntN(3)
		switch {
		case family == 0:
			n = labels
		case forward && r.IntN(4) > 0:
			n = 0
		}
		for k := range n {
			m.Steps[family] = append(m.Steps[family], randomSymmetricStep(r, k, labels, kinds, forward))
		}
	}
	m.Init = []alike{{At: [3]int8{-1, -1, -1}}}
	if r.IntN(3) == 0 {
		s := m.Init[0]
		s.Own[0], s.Each[0].To, s.PC[m.A-1] = uint8(r.IntN(m.A+1)), uint8(r.IntN(m.B+1)), uint8(r.IntN(2))
		m.Init = append(m.Init, slices.SortedFunc(maps.Keys(orbitOf(s, m.A, m.B)), compareAlike)...)
	}
	return m
}

func randomSymmetricStep(r *rand.Rand, k, labels int, kinds []int, forward bool) symmetricStep {
	s := symmetricStep{At: uint8(k), Next: uint8(r.IntN(labels + 1)), Counted: r.IntN(3) == 0,
		Over: []string{"", "a", "b"}[r.IntN(3)]}
	if forward {
		s.Next = s.At + 1
	}
	say := func(kind int) saying {
		return saying{kind: kind, x: uint8(r.IntN(2)), n: uint8(r.IntN(3)), m: uint8(2 + r.IntN(2))}
	}
	for range r.IntN(3) {
		s.Guards = append(s.Guards, say(r.IntN(guardKinds)))
	}
	for range 1 + r.IntN(2) {
		s.Effects = append(s.Effects, say(kinds[r.IntN(len(kinds))]))
	}
	return s
}

const guardKinds = 9

// allows evaluates a guard.
func (g *saying) allows(s *alike, by actors) bool {
	switch {
	case g.kind == 0:
		return s.V[g.x] <= g.n
	case g.kind == 1 && by.a >= 0:
		return s.Own[g.x] == 0 || int(s.Own[g.x]) == by.a+1
	case g.kind == 2 && by.a >= 0:
		return s.Set>>by.a&1 == g.x
	case g.kind == 3 && by.a >= 0 && s.Friend[by.a] > 0:
		return s.PC[s.Friend[by.a]-1] <= g.n
	case g.kind == 4 && by.b >= 0:
		return s.Row[g.x][by.b] == (g.n > 1)
	case g.kind == 5 && by.a >= 0 && by.b >= 0:
		return s.Links[by.a]>>by.b&1 == 0
	case g.kind == 6 && by.a >= 0 && by.b >= 0:
		return int(s.At[by.b]) != by.a
	case g.kind == 7 && by.a >= 0 && by.other >= 0:
		return !s.Pair[by.a][by.other]
	case g.kind == 8 && by.b >= 0:
		return int(s.Mail[g.x].To) != by.b+1
	}
	return true
}

const effectKinds = 12

// act performs an effect.
func (e *saying) act(s *alike, by actors) {
	switch {
	case e.kind == 0:
		s.V[e.x] = (s.V[e.x] + e.n) % e.m
	case e.kind == 1 && by.a >= 0:
		s.Own[e.x] = uint8(by.a+1) * min(e.n, 1)
	case e.kind == 2 && by.a >= 0:
		s.Set ^= 1 << by.a
	case e.kind == 3 && by.a >= 0:
		s.Friend[by.a] = uint8(by.other + 1)
	case e.kind == 4 && by.b >= 0:
		s.Row[e.x][by.b] = e.n > 0
	case e.kind == 5 && by.a >= 0 && by.b >= 0:
		s.Links[by.a] ^= 1 << by.b
	case e.kind == 6 && by.b >= 0:
		s.At[by.b] = int8(by.a)
	case e.kind == 7 && by.a >= 0 && by.other >= 0:
		s.Pair[by.a][by.other] = e.n > 0
	case e.kind == 8 && by.a >= 0 && by.b >= 0:
		s.Match[by.b][by.a] = !s.Match[by.b][by.a]
	case e.kind == 9 && by.a >= 0:
		s.Each[by.a].To = uint8(by.b + 1)
	case e.kind == 10 && by.a >= 0:
		s.Each[by.a].Wide = uint16(e.n) << 8
		s.Each[by.a].Low = (s.Each[by.a].Low + 1) % e.m
	case e.kind == 11:
		s.Mail[1] = s.Mail[0]
		s.Mail[0] = mail{uint8(by.a + 1), uint8(by.b + 1), e.x}
	}
}

// actors says of whom a step of a family speaks.
func (t *symmetricStep) actors(family, self, choice int) actors {
	by := actors{-1, -1, -1}
	switch family {
	case 0:
		by.a = self
	case 1:
		by.b = self
	}
	switch t.Over {
	case "a":
		if by.a >= 0 {
			by.other = choice
		} else {
			by.a = choice
		}
	case "b":
		by.b = choice
	}
	return by
}

// apply takes a step.
func (t *symmetricStep) apply(s *alike, family, self, choice int) bool {
	by := t.actors(family, self, choice)
	if family == 0 && s.PC[self] != t.At {
		return false
	}
	for i := range t.Guards {
		if !t.Guards[i].allows(s, by) {
			return false
		}
	}
	for i := range t.Effects {
		t.Effects[i].act(s, by)
	}
	if family == 0 {
		s.PC[self] = t.Next
	}
	return true
}

func (m *symmetricModel) choices(t *symmetricStep) int {
	return map[string]int{"": 1, "a": m.A, "b": m.B}[t.Over]
}

func (m *symmetricModel) count(family int) int { return [...]int{m.A, m.B, 1}[family] }

func (m *symmetricModel) good(s *alike) bool {
	at := 0
	for i := range m.A {
		if s.PC[i] == m.Bad[1] {
			at++
		}
	}
	return s.V[0] != m.Bad[0] || at < int(m.Bad[2])
}

func (m *symmetricModel) goal(s *alike) bool {
	named := min(s.Own[0], 1)
	return s.V[0] == m.Goal[0] && (named == m.Goal[1] || bits.OnesCount8(s.Set) == int(m.Goal[2]))
}

func (m *symmetricModel) step(before, after *alike, family, self int) bool {
	owns := family == 0 && (before.Own[0] == uint8(self+1) || before.Set>>self&1 == 1)
	return !owns || after.V[m.Wrong[0]] != m.Wrong[1]
}

func (m *symmetricModel) ends(s *alike) bool { return s.V[1] == m.End }

// model gives the random model to the checker.
func (m *symmetricModel) model() Model[alike] {
	out := Model[alike]{
		Name: "symmetric", Init: m.Init, Terminal: m.ends,
		Symmetry: []Scalarset{{"a", m.A}, {"b", m.B}},
		Properties: []Property[alike]{
			Invariant("good", m.good),
			Reachable("goal", m.goal),
			Transition("step", func(a, b *alike, by Taken) bool { return m.step(a, b, int(by.Process[0]-'0'), by.Self) }),
		},
	}
	var counted []string
	for family, steps := range m.Steps {
		if len(steps) == 0 {
			continue
		}
		p := Process[alike]{Name: strconv.Itoa(family), Count: m.count(family), Index: []string{"a", "b", ""}[family]}
		if family == 0 && m.PC {
			p.PC = func(s *alike, self int) int { return int(s.PC[self]) }
		}
		for k := range steps {
			t := &steps[k]
			step := Step[alike]{Label: strconv.Itoa(k), Over: t.Over}
			if t.Over == "" {
				step.Do = func(s *alike, self int) bool { return t.apply(s, family, self, 0) }
			} else {
				step.Choices = m.choices(t)
				step.Choose = func(s *alike, self, choice int) bool { return t.apply(s, family, self, choice) }
			}
			if t.Counted {
				counted = append(counted, step.Label)
			}
			p.Steps = append(p.Steps, step)
		}
		out.Processes = append(out.Processes, p)
	}
	if counted != nil {
		out.Properties = append(out.Properties, Count[alike]("count", counted...))
	}
	return out
}

func (m *symmetricModel) starts() []alike { return m.Init }

func (m *symmetricModel) moves(before alike, take func(after alike, e oedge)) {
	process, pc := 0, 0
	for family, steps := range m.Steps {
		if len(steps) == 0 {
			continue // which is no process
		}
		for self := range m.count(family) {
			for k := range steps {
				for choice := range m.choices(&steps[k]) {
					after := before
					if steps[k].apply(&after, family, self, choice) {
						take(after, oedge{process: process, step: k, pc: pc, wrong: !m.step(&before, &after, family, self)})
					}
				}
			}
			pc++
		}
		process++
	}
}

func (m *symmetricModel) orbit(s alike) map[alike]bool { return orbitOf(s, m.A, m.B) }

func compareAlike(s, t alike) int { return bytes.Compare(bytesOf(&s), bytesOf(&t)) }
