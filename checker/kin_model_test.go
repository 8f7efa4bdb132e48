package checker

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
)

// A random model of kin is data as well. Its processes are alike, and of each step is known
// what it reads and writes, so that reductions by symmetry and by partial order both apply,
// and are applied together. There are, as far as they are drawn, a main process and a helper
// for each member of a, who share what is the member's; a server for each member of b; and
// another process, which is no member. They take a lock that all of them know, or that of
// their member; they go round, some of them for ever; and some have no PC.

const (
	kinMain = iota
	kinHelper
	kinServer
	kinOther
	kinFamilies
)

// kin is the state. Who and Owner are members of a, plus 1.
type kin struct {
	Main   [3]kinLocal `checker:"per=a"`
	Helper [3]kinLocal `checker:"per=a"`
	Server [2]kinLocal `checker:"per=b"`
	Other  kinLocal
	Slot   [3]uint8 `checker:"per=a"`
	Gate   [3]uint8 `checker:"per=a"` // words of locks
	Box    [2]uint8 `checker:"per=b"`
	V      [2]uint8 // nobody's
	L      uint8    // the word of a lock
	Owner  uint8    `checker:"is=a+1"`
	Set    uint8    `checker:"set=a"`
}

type kinLocal struct {
	At, T uint8
	Who   uint8 `checker:"is=a+1"`
}

// renameKin renames members by hand, without a look at tags.
func renameKin(s kin, a, b []int) kin {
	out := s
	local := func(l kinLocal) kinLocal {
		l.Who = renameNumber(l.Who, a)
		return l
	}
	for i, at := range a {
		out.Main[at], out.Helper[at] = local(s.Main[i]), local(s.Helper[i])
		out.Slot[at], out.Gate[at] = s.Slot[i], s.Gate[i]
	}
	for i, at := range b {
		out.Server[at], out.Box[at] = local(s.Server[i]), s.Box[i]
	}
	out.Other, out.Owner, out.Set = local(s.Other), renameNumber(s.Owner, a), uint8(renameBits(uint64(s.Set), a))
	return out
}

// kinModel is the model.
type kinModel struct {
	A, B     int // members
	Families [kinFamilies]kinFamily
	Init     []kin
	Terminal uint8
	Bad      kinClaim
	Goal     kinClaim
	Names    bool // which steps break and mend properties is declared
}

type kinFamily struct {
	PC    bool
	Steps []kinStep
}

// kinStep is a step: pstep has its labels and locks, of which 0 is that of all and 1 the
// member's.
type kinStep struct {
	pstep
	Guards, Effects []kinSaying
	Over            string // "", "a", "b"
}

// kinSaying is a guard, or an effect.
type kinSaying struct {
	kind    int
	x, n, m uint8
}

// kinClaim is what a property says.
type kinClaim struct {
	kind int
	n, m uint8
}

func randomKin(seed uint64) kinModel {
	r := rand.New(rand.NewPCG(seed, 78))
	claim := func() kinClaim {
		return kinClaim{[]int{0, 0, 0, 1, 2, 3, 4}[r.IntN(7)], uint8(r.IntN(3)), uint8(1 + r.IntN(2))}
	}
	m := kinModel{A: 2 + r.IntN(2), B: 1 + r.IntN(2), Terminal: uint8(r.IntN(4)), Bad: claim(), Goal: claim(), Names: r.IntN(2) == 0}
	for family := range m.Families {
		if family != kinMain && r.IntN(3) > 0 {
			continue
		}
		m.Families[family] = randomKinFamily(r, family)
	}
	m.Init = []kin{{}}
	if r.IntN(4) == 0 {
		for i := range m.A {
			s := m.Init[0]
			s.Slot[i] = 1
			m.Init = append(m.Init, s)
		}
	}
	return m
}

func randomKinFamily(r *rand.Rand, family int) kinFamily {
	f := kinFamily{PC: r.IntN(5) > 0}
	plain := func() pstep { return pstep{Choices: 1, Acquire: -1, Free: -1, Holds: -1} }
	var program []pstep
	if f.PC {
		program = randomProgram(r, plain)
	} else {
		for range 1 + r.IntN(2) {
			s := plain()
			s.At, s.Next = uint8(r.IntN(2)), uint8(r.IntN(3))
			program = append(program, s)
		}
	}
	for _, s := range program {
		f.Steps = append(f.Steps, randomKinStep(r, s))
	}
	return f
}

func randomKinStep(r *rand.Rand, s pstep) kinStep {
	out := kinStep{pstep: s, Over: []string{"", "", "", "", "a", "b"}[r.IntN(6)]}
	say := func(kinds ...int) kinSaying {
		return kinSaying{kinds[r.IntN(len(kinds))], uint8(r.IntN(2)), uint8(r.IntN(3)), uint8(2 + r.IntN(2))}
	}
	if acquires := s.Acquire >= 0; acquires && r.IntN(6) > 0 {
		out.Over = ""
		return out
	}
	for range r.IntN(3) / 2 {
		out.Guards = append(out.Guards, say(0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8))
	}
	for range r.IntN(3) {
		out.Effects = append(out.Effects, say(0, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9))
	}
	return out
}

// kinActor is who takes a step, with which choice.
type kinActor struct {
	family, self, choice int
	over                 string
}

// member gives the number of the member of a that acts, plus 1, or 0.
func (by *kinActor) member() uint8 {
	if by.family == kinMain || by.family == kinHelper {
		return uint8(by.self + 1)
	}
	return 0
}

func (s *kin) local(by *kinActor) *kinLocal {
	switch by.family {
	case kinMain:
		return &s.Main[by.self]
	case kinHelper:
		return &s.Helper[by.self]
	case kinServer:
		return &s.Server[by.self]
	default:
		return &s.Other
	}
}

// mine is what is the actor's, and his helper's.
func (s *kin) mine(by *kinActor) *uint8 {
	switch by.family {
	case kinMain, kinHelper:
		return &s.Slot[by.self]
	case kinServer:
		return &s.Box[by.self]
	default:
		return &s.V[1]
	}
}

func minePath(family int) string {
	return [kinFamilies]string{"Slot[self]", "Slot[self]", "Box[self]", "V[1]"}[family]
}

// word is the word of a lock.
func (s *kin) word(lock int, by *kinActor) *uint8 {
	if lock == 1 && by.member() > 0 {
		return &s.Gate[by.self]
	}
	return &s.L
}

func wordPath(lock, family int) string {
	if lock == 1 && (family == kinMain || family == kinHelper) {
		return "Gate[self]"
	}
	return "L"
}

// chosen is what a choice is about, or nil.
func (s *kin) chosen(by *kinActor) *uint8 {
	switch by.over {
	case "a":
		return &s.Slot[by.choice]
	case "b":
		return &s.Box[by.choice]
	}
	return nil
}

func chosenPath(over string) []string {
	return map[string][]string{"a": {"Slot[*]"}, "b": {"Box[*]"}}[over]
}

// allows evaluates a guard.
func (g *kinSaying) allows(s *kin, by *kinActor) bool {
	local, member := s.local(by), by.member()
	switch g.kind {
	case 0:
		return s.V[g.x] <= g.n
	case 1:
		return local.T <= g.n
	case 2:
		return *s.mine(by) >= g.x
	case 3:
		return s.Owner == 0 || s.Owner == member
	case 4:
		if member > 0 {
			return s.Set>>(member-1)&1 == g.x
		}
		return bits.OnesCount8(s.Set) <= int(g.n)
	case 5:
		return local.Who == 0 || s.Slot[local.Who-1] <= g.n
	case 6:
		return s.Slot[0]+s.Slot[1]+s.Slot[2] <= g.n+1
	case 7:
		chosen := s.chosen(by)
		return chosen == nil || *chosen <= g.x
	default:
		return by.family != kinHelper || s.Main[by.self].At >= g.n
	}
}

// reads are the paths of what a guard looks at.
func (g *kinSaying) reads(family int, over string) []string {
	switch g.kind {
	case 0:
		return []string{fmt.Sprintf("V[%d]", g.x)}
	case 2:
		return []string{minePath(family)}
	case 3:
		return []string{"Owner"}
	case 4:
		return []string{"Set"}
	case 5, 6:
		return []string{"Slot[*]"}
	case 7:
		return chosenPath(over)
	case 8:
		if family == kinHelper {
			return []string{"Main[self].At"}
		}
	}
	return nil
}

// act performs an effect.
func (e *kinSaying) act(s *kin, by *kinActor) {
	local, member := s.local(by), by.member()
	switch e.kind {
	case 0:
		s.V[e.x] = e.n
	case 1:
		s.V[e.x] = (s.V[e.x] + e.n) % e.m
	case 2:
		local.T = (local.T + e.n) % e.m
	case 3:
		*s.mine(by) = (*s.mine(by) + e.n) % e.m
	case 4:
		if s.Owner = local.Who; member > 0 {
			s.Owner = member * min(e.n, 1)
		}
	case 5:
		if member > 0 {
			s.Set ^= 1 << (member - 1)
		} else {
			s.Set = 0
		}
	case 6:
		switch {
		case by.over == "a":
			local.Who = uint8(by.choice + 1)
		case member > 0:
			local.Who = member
		default:
			local.Who = s.Owner
		}
	case 7:
		if chosen := s.chosen(by); chosen != nil {
			*chosen = e.x
		}
	case 8:
		local.T = *s.mine(by)
	default:
		s.V[e.x] = local.T % e.m
	}
}

// touches are the paths of what an effect reads and writes.
func (e *kinSaying) touches(family int, over string) (reads, writes []string) {
	v := []string{fmt.Sprintf("V[%d]", e.x)}
	mine := []string{minePath(family)}
	switch e.kind {
	case 0, 9:
		return nil, v
	case 1:
		return v, v
	case 3:
		return mine, mine
	case 4:
		return nil, []string{"Owner"}
	case 5:
		return []string{"Set"}, []string{"Set"}
	case 6:
		if over != "a" && (family == kinServer || family == kinOther) {
			return []string{"Owner"}, nil
		}
	case 7:
		return nil, chosenPath(over)
	case 8:
		return mine, nil
	}
	return nil, nil
}

// apply takes a step.
func (t *kinStep) apply(s *kin, family, self, choice int) bool {
	by := &kinActor{family, self, choice, t.Over}
	if s.local(by).At != t.At || t.Acquire >= 0 && *s.word(t.Acquire, by) != 0 {
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
	if t.Acquire >= 0 {
		*s.word(t.Acquire, by) = 1
	}
	if t.Free >= 0 {
		*s.word(t.Free, by) = 0
	}
	s.local(by).At = t.Next
	return true
}

func (m *kinModel) choices(t *kinStep) int { return map[string]int{"": 1, "a": m.A, "b": m.B}[t.Over] }

func (m *kinModel) count(family int) int { return [kinFamilies]int{m.A, m.A, m.B, 1}[family] }

// holds says whether a claim is true.
func (m *kinModel) holds(c *kinClaim, s *kin) bool {
	n := uint8(0)
	switch c.kind {
	case 0:
		return s.V[0] == c.n && s.V[1] == c.m-1
	case 1:
		for _, v := range s.Slot[:m.A] {
			n += uint8(btoi(v == c.n))
		}
		return n >= c.m
	case 2:
		return bits.OnesCount8(s.Set) == int(c.m)
	case 3:
		return s.V[0] == c.n && s.Owner != 0
	default:
		for _, l := range s.Main[:m.A] {
			n += uint8(btoi(l.At == c.n+1))
		}
		return n >= c.m
	}
}

// reads are the paths of what a claim looks at.
func (c *kinClaim) reads() []string {
	return [][]string{{"V"}, {"Slot[*]"}, {"Set"}, {"V[0]", "Owner"}, {"Main[*].At"}}[c.kind]
}

// may says whether a step of a family may make a claim true, or false.
func (c *kinClaim) may(t *kinStep, family int, become bool) bool {
	if c.kind == 4 && family == kinMain {
		return true
	}
	for i := range t.Effects {
		e := &t.Effects[i]
		if c.kind == 0 && e.kind == 0 {
			if (e.n == [2]uint8{c.n, c.m - 1}[e.x]) == become {
				return true
			}
			continue
		}
		_, writes := e.touches(family, t.Over)
		for _, path := range writes {
			field, _, _ := strings.Cut(path, "[")
			if slices.ContainsFunc(c.reads(), func(read string) bool { return strings.HasPrefix(read, field) }) {
				return true
			}
		}
	}
	return false
}

func (m *kinModel) good(s *kin) bool { return !m.holds(&m.Bad, s) }
func (m *kinModel) goal(s *kin) bool { return m.holds(&m.Goal, s) }
func (m *kinModel) ends(s *kin) bool { return s.V[0] >= m.Terminal }

func (m *kinModel) orbit(s kin) map[kin]bool { return orbitBy(s, m.A, m.B, renameKin) }

func (m *kinModel) starts() []kin { return m.Init }

func (m *kinModel) moves(before kin, take func(after kin, e oedge)) {
	process, pc := 0, 0
	for family := range m.Families {
		steps := m.Families[family].Steps
		if len(steps) == 0 {
			continue // which is no process
		}
		for self := range m.count(family) {
			for k := range steps {
				for choice := range m.choices(&steps[k]) {
					after := before
					if steps[k].apply(&after, family, self, choice) {
						take(after, oedge{process: process, step: k, pc: pc})
					}
				}
			}
			pc++
		}
		process++
	}
}

// model gives the random model to the checker.
func (m *kinModel) model() Model[kin] {
	out := Model[kin]{Name: "kin", Init: m.Init, Terminal: m.ends, Symmetry: []Scalarset{{"a", m.A}, {"b", m.B}}}
	for family := range m.Families {
		f := &m.Families[family]
		if len(f.Steps) == 0 {
			continue
		}
		p := Process[kin]{
			Name:  []string{"main", "helper", "server", "other"}[family],
			Count: m.count(family), Index: []string{"a", "a", "b", ""}[family],
			Own: []string{[]string{"Main[self]", "Helper[self]", "Server[self]", "Other"}[family]},
		}
		if f.PC {
			p.PC = func(s *kin, self int) int { return int(s.local(&kinActor{family: family, self: self}).At) }
		}
		for k := range f.Steps {
			p.Steps = append(p.Steps, f.Steps[k].step(m, family, k))
		}
		out.Processes = append(out.Processes, p)
	}
	good, goal := Invariant("good", m.good).Reads(m.Bad.reads()...), Reachable("goal", m.goal).Reads(m.Goal.reads()...)
	if m.Names {
		good = good.BrokenBy(m.changers(&m.Bad, true)...).MendedBy(m.changers(&m.Bad, false)...)
		goal = goal.BrokenBy(m.changers(&m.Goal, true)...).MendedBy(m.changers(&m.Goal, false)...)
	}
	out.Properties = []Property[kin]{good, goal}
	return out
}

func kinLabel(family, k int) string { return fmt.Sprintf("%d.%d", family, k) }

func (t *kinStep) step(m *kinModel, family, k int) Step[kin] {
	out := Step[kin]{Label: kinLabel(family, k), Over: t.Over}
	for i := range t.Guards {
		out.Reads = append(out.Reads, t.Guards[i].reads(family, t.Over)...)
	}
	for i := range t.Effects {
		reads, writes := t.Effects[i].touches(family, t.Over)
		out.Reads, out.Writes = append(out.Reads, reads...), append(out.Writes, writes...)
	}
	if t.Acquire >= 0 {
		out.Acquires = wordPath(t.Acquire, family)
	}
	if t.Holds >= 0 {
		out.Holds = []string{wordPath(t.Holds, family)}
	}
	if t.Free >= 0 {
		out.Writes = append(out.Writes, wordPath(t.Free, family))
	}
	if t.Over == "" {
		out.Do = func(s *kin, self int) bool { return t.apply(s, family, self, 0) }
	} else {
		out.Choices = m.choices(t)
		out.Choose = func(s *kin, self, choice int) bool { return t.apply(s, family, self, choice) }
	}
	return out
}

// changers are the labels of the steps that may make a claim true, or false.
func (m *kinModel) changers(c *kinClaim, become bool) []string {
	labels := []string{}
	for family := range m.Families {
		for k := range m.Families[family].Steps {
			if c.may(&m.Families[family].Steps[k], family, become) {
				labels = append(labels, kinLabel(family, k))
			}
		}
	}
	return labels
}
