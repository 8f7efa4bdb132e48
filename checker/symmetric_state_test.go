package checker

import "math/rand/v2"

// alike is a state with each kind of declaration. The scalarset a has 1 to 3 members,
// and so has b; there is room for three of each, and what is beyond stays as it is.
type alike struct {
	Links  [3]uint16  `checker:"per=a,set=b"`
	Each   [3]each    `checker:"per=a"`
	V      [2]uint8   // nobody's
	PC     [3]uint8   `checker:"per=a"`
	Own    [2]uint8   `checker:"is=a+1"`
	At     [3]int8    `checker:"per=b,is=a"` // -1: nowhere
	Friend [3]uint8   `checker:"per=a,is=a+1"`
	Pair   [3][3]bool `checker:"per=a,per=a"`
	Match  [3][3]bool `checker:"per=b,per=a"`
	Row    [2][3]bool `checker:"per=-,per=b"`
	Mail   [2]mail
	Set    uint8 `checker:"set=a"`
}

type each struct {
	Wide uint16
	Low  uint8
	To   uint8 `checker:"is=b+1"`
}

type mail struct {
	From uint8 `checker:"is=a+1"`
	To   uint8 `checker:"is=b+1"`
	N    uint8
}

// renameAlike renames the members of an alike by hand, without a look at its tags.
func renameAlike(s alike, a, b []int) alike {
	out := s
	as := func(v uint8) uint8 { return renameNumber(v, a) }
	bs := func(v uint8) uint8 { return renameNumber(v, b) }
	for i, at := range a {
		out.Links[at] = uint16(renameBits(uint64(s.Links[i]), b))
		out.Each[at] = each{s.Each[i].Wide, s.Each[i].Low, bs(s.Each[i].To)}
		out.PC[at], out.Friend[at] = s.PC[i], as(s.Friend[i])
		for j, too := range a {
			out.Pair[at][too] = s.Pair[i][j]
		}
	}
	for i, at := range b {
		out.At[at] = int8(as(uint8(s.At[i]+1))) - 1
		out.Row[0][at], out.Row[1][at] = s.Row[0][i], s.Row[1][i]
		for j, too := range a {
			out.Match[at][too] = s.Match[i][j]
		}
	}
	for i := range 2 {
		out.Own[i] = as(s.Own[i])
		out.Mail[i] = mail{as(s.Mail[i].From), bs(s.Mail[i].To), s.Mail[i].N}
	}
	out.Set = uint8(renameBits(uint64(s.Set), a))
	return out
}

// renameNumber renames a number that stands for nobody, 0, or for a member, plus 1.
func renameNumber(v uint8, to []int) uint8 {
	if v < 1 || int(v) > len(to) {
		return v
	}
	return uint8(to[v-1]) + 1
}

func renameBits(v uint64, to []int) uint64 {
	out := v >> len(to) << len(to)
	for i, at := range to {
		if v>>i&1 == 1 {
			out |= 1 << at
		}
	}
	return out
}

// orderings gives all orders of n things.
func orderings(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, order := range orderings(n - 1) {
		for at := range n {
			next := append([]int{}, order[:at]...)
			all = append(all, append(append(next, n-1), order[at:]...))
		}
	}
	return all
}

// orbitOf gives all states that renaming makes of s.
func orbitOf(s alike, a, b int) map[alike]bool { return orbitBy(s, a, b, renameAlike) }

func orbitBy[S comparable](s S, a, b int, rename func(s S, a, b []int) S) map[S]bool {
	orbit := map[S]bool{}
	for _, pa := range orderings(a) {
		for _, pb := range orderings(b) {
			orbit[rename(s, pa, pb)] = true
		}
	}
	return orbit
}

// randomAlike is a state in which many members are tied and some are not; the fewer
// fields say anything, the more are.
func randomAlike(r *rand.Rand) alike {
	s := alike{At: [3]int8{-1, -1, -1}}
	some := func() bool { return r.IntN(3) == 0 }
	fill := func(p *uint8, n int) {
		if some() {
			*p = uint8(r.IntN(n))
		}
	}
	busy := [12]bool{}
	for i := range busy {
		busy[i] = some()
	}
	for i := range 3 {
		if busy[0] {
			s.Links[i] = uint16(r.IntN(16))
		}
		if busy[1] {
			s.Each[i].Wide = uint16(r.IntN(2) << 9)
			fill(&s.Each[i].Low, 2)
			fill(&s.Each[i].To, 5)
		}
		if busy[2] {
			fill(&s.PC[i], 3)
		}
		if busy[3] {
			s.At[i] = int8(r.IntN(5)) - 1
		}
		if busy[4] {
			s.Friend[i] = uint8(r.IntN(5))
		}
		for j := range 3 {
			s.Pair[i][j] = busy[5] && some()
			s.Match[i][j] = busy[6] && some()
			s.Row[i%2][j] = busy[7] && some()
		}
		if i < 2 && busy[8] {
			fill(&s.Own[i], 5)
		}
		if i < 2 && busy[9] {
			fill(&s.Mail[i].From, 5)
			fill(&s.Mail[i].To, 5)
			fill(&s.Mail[i].N, 2)
		}
	}
	if busy[10] {
		s.Set = uint8(r.IntN(16))
	}
	fill(&s.V[0], 2)
	if r.IntN(5) == 0 { // in a circle, and in couples: tied, and no twins
		s = alike{At: s.At, Friend: [3]uint8{2, 3, 1}, V: s.V, Row: s.Row}
		for i := range 3 {
			s.Each[i].To = uint8(i + 1)
		}
	}
	return s
}
