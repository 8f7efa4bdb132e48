package checker

import (
	"bytes"
	"math/bits"
)

// The canonical form of a state is the same for all states that renaming makes of it:
//
//  1. Each member has a signature: a hash of what belongs to it and of what names it, in
//     which other members are not told apart. Renaming the state renames the members
//     with their signatures, and changes none of these.
//  2. So the renamings that put the members of each scalarset in the order of their
//     signatures lead, from any of these states, to the same states: to one where all
//     signatures differ, else to as many as there are ways to order those that are tied.
//  3. The canonical form is the one of them whose bytes are the least.
//
// Two hashes that collide only make one more tie. Of members that are tied, twins are those
// whose exchange leaves the state as it is; the order among twins makes no difference, and
// only one is tried. Where some that are tied are no twins, signatures are refined first: by
// those of the members that they share a field with, until this tells no more of them apart.
//
// A renaming that leaves the state as it is changes no signature. So it takes each renaming
// that leads to the canonical form to another one that was tried, or to one that differs by
// the order among twins; and as many renamings as there are of these lead there: the order
// of the stabilizer. A state stands for as many states as there are renamings, divided by it.

// canonicalizer brings states into canonical form. It belongs to one worker.
type canonicalizer[S comparable] struct {
	layout *layout
	ordering
	best, next S
	orders     uint64 // renamings that were tried and lead to best, but for twins
}

// ordering is what is known of the members of one state.
type ordering struct {
	renaming  renaming // that leads to the canonical form
	signature [allMembers]uint64
	colour    [allMembers]uint64 // signatures of the round before
	sorted    [allMembers]uint8  // members by signature, within their scalarset
	tied      [allMembers]bool   // by place in sorted: it has the signature of the one before
	twin      [allMembers]uint8  // by member: the first one of its twins; only within ties
	twins     uint64             // renamings among twins
	try, same renaming           // same renames nobody
	used      [allMembers]bool
}

func newCanonicalizer[S comparable](l *layout) *canonicalizer[S] {
	return &canonicalizer[S]{layout: l, ordering: ordering{same: l.group.identity()}}
}

// of gives the canonical form of a state. It is valid until the next call; renaming is
// then what leads from s to it.
func (c *canonicalizer[S]) of(s *S) *S {
	c.find(s)
	return &c.best
}

// orbit is the number of states that renaming makes of s.
func (c *canonicalizer[S]) orbit(s *S) uint64 {
	return c.layout.group.order / c.find(s)
}

// find finds the canonical form, and gives the order of the stabilizer of s.
func (c *canonicalizer[S]) find(s *S) uint64 {
	state := bytesOf(s)
	c.sign(state)
	if !c.sort() {
		c.renameTo(s, state)
		return 1
	}
	for !c.allTwins(s) {
		if !c.refine(state) {
			return c.least(s, state)
		}
	}
	c.renameTo(s, state)
	return c.twins
}

// renameTo renames s in the one way there is.
func (c *canonicalizer[S]) renameTo(s *S, state []byte) {
	g, same := c.layout.group, true
	for k := range g.sets {
		first := g.first[k]
		for place := range g.sets[k].Size {
			member := int(c.sorted[first+place])
			c.renaming[member] = uint8(place)
			same = same && member == first+place
		}
	}
	if same {
		c.best = *s
		return
	}
	c.layout.rename(&c.renaming, state, bytesOf(&c.best))
}

// sign gives each member its first signature.
func (c *canonicalizer[S]) sign(state []byte) {
	clear(c.colour[:c.layout.group.members])
	c.signAgain(state, false)
}

// signAgain gives each member its signature. Colours tell members apart when signatures
// are refined; else they are all 0.
func (c *canonicalizer[S]) signAgain(state []byte, coloured bool) {
	clear(c.signature[:c.layout.group.members])
	for i := range c.layout.cells {
		cell := &c.layout.cells[i]
		v := cell.load(state)
		if cell.kind == holdsPlain && cell.axes == 1 {
			c.signature[cell.members[0]] += mix(cell.salt ^ mix(v+1))
			continue
		}
		salt := cell.salt
		if coloured {
			for a := range cell.axes {
				salt += mix(c.colour[cell.members[a]] + uint64(a))
			}
		}
		switch cell.kind {
		case holdsPlain:
			c.signOwners(cell, mix(salt^mix(v+1)), 0)
		case holdsMember:
			c.signNumber(cell, salt, v)
		case holdsSet:
			c.signSet(cell, salt, v)
		}
	}
}

// Roles of a member in a cell, after those of its axes.
const roleNamed = mostAxes + 1

// signOwners adds to the signatures of the members that a cell belongs to. Bit a of own
// says that the owner by axis a is also among those that the cell names.
func (c *canonicalizer[S]) signOwners(cell *cell, h, own uint64) {
	for a := range cell.axes {
		c.signature[cell.members[a]] += mix(h + uint64(a) + own>>a&1<<32)
	}
}

func (c *canonicalizer[S]) signNumber(cell *cell, salt, v uint64) {
	i := v - cell.offset
	if i >= uint64(cell.size) {
		c.signOwners(cell, mix(salt^mix(v+1)), 0)
		return
	}
	named := cell.first + uint8(i)
	own := uint64(0)
	for a := range cell.axes {
		if cell.members[a] == named {
			own |= 1 << a
		}
	}
	h := mix(salt + c.colour[named])
	c.signature[named] += mix(h + roleNamed + own<<32)
	c.signOwners(cell, h, own)
}

func (c *canonicalizer[S]) signSet(cell *cell, salt, v uint64) {
	within := v & (1<<cell.size - 1)
	h := mix(salt ^ mix(v&^within+1))
	own := uint64(0)
	for a := range cell.axes {
		if i := cell.members[a] - cell.first; i < cell.size {
			own |= within >> i & 1 << a
		}
	}
	all := h + uint64(bits.OnesCount64(within))
	for rest := within; rest != 0; rest &= rest - 1 {
		member := cell.first + uint8(bits.TrailingZeros64(rest))
		mine := uint64(0)
		for a := range cell.axes {
			if cell.members[a] == member {
				mine |= 1 << a
			}
		}
		c.signature[member] += mix(h + roleNamed + mine<<32)
		all += mix(c.colour[member])
	}
	c.signOwners(cell, all, own)
}

// mix is a hash of a word (folded multiplication).
func mix(x uint64) uint64 {
	high, low := bits.Mul64(x^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return high ^ low
}

// sort puts the members of each scalarset in the order of their signatures, and says
// whether some are tied.
func (c *canonicalizer[S]) sort() (ties bool) {
	g := c.layout.group
	for k := range g.sets {
		first, last := g.first[k], g.first[k]+g.sets[k].Size
		for at := first; at < last; at++ {
			member := uint8(at)
			i := at
			for i > first && c.signature[c.sorted[i-1]] > c.signature[member] {
				c.sorted[i] = c.sorted[i-1]
				i--
			}
			c.sorted[i] = member
		}
		c.tied[first] = false
		for at := first + 1; at < last; at++ {
			c.tied[at] = c.signature[c.sorted[at]] == c.signature[c.sorted[at-1]]
			ties = ties || c.tied[at]
		}
	}
	return ties
}

// refine makes signatures finer by those of others, and says whether some members that
// were tied are so no more.
func (c *canonicalizer[S]) refine(state []byte) bool {
	before := c.ties()
	c.colour = c.signature
	c.signAgain(state, true)
	for member := range c.layout.group.members {
		// What was told apart stays so.
		c.signature[member] = mix(c.signature[member] ^ mix(c.colour[member]))
	}
	c.sort()
	return c.ties() < before
}

func (c *canonicalizer[S]) ties() (n int) {
	for at := range c.layout.group.members {
		if c.tied[at] {
			n++
		}
	}
	return n
}

// allTwins finds which of the members that are tied are twins, and says whether all are.
func (c *canonicalizer[S]) allTwins(s *S) bool {
	all := true
	c.twins = 1
	for at, group := 0, 0; at < c.layout.group.members; at++ {
		member := c.sorted[at]
		c.twin[member] = member
		if !c.tied[at] {
			group = at
			continue
		}
		classes, size := 0, uint64(1)
		for earlier := at - 1; earlier >= group; earlier-- {
			other := c.sorted[earlier]
			if c.twin[other] != other {
				continue // no first one
			}
			classes++
			if c.exchanged(s, member, other) {
				c.twin[member] = other
				break
			}
		}
		if c.twin[member] == member {
			all = false
			continue
		}
		for earlier := group; earlier < at; earlier++ {
			if c.twin[c.sorted[earlier]] == c.twin[member] {
				size++
			}
		}
		c.twins *= size
	}
	return all
}

// exchanged says whether s stays as it is when two members are exchanged.
func (c *canonicalizer[S]) exchanged(s *S, a, b uint8) bool {
	same := &c.same
	same[a], same[b] = same[b], same[a]
	c.layout.rename(same, bytesOf(s), bytesOf(&c.next))
	same[a], same[b] = same[b], same[a]
	return c.next == *s
}

// least tries each order of the members that are tied and no twins.
func (c *canonicalizer[S]) least(s *S, state []byte) uint64 {
	c.allTwins(s) // again, since the members were sorted again
	c.orders = 0
	c.arrange(0, state)
	return c.orders * c.twins
}

// arrange gives the place at to each member of its tie in turn, and so on.
func (c *canonicalizer[S]) arrange(at int, state []byte) {
	g := c.layout.group
	if at == g.members {
		c.weigh(state)
		return
	}
	first := at
	for c.tied[first] {
		first--
	}
	last := at + 1
	for last < g.members && c.tied[last] {
		last++
	}
	for i := first; i < last; i++ {
		member := c.sorted[i]
		if c.used[member] || c.twinWaits(member, first, i) {
			continue
		}
		c.used[member] = true
		c.try[member] = uint8(at - c.start(member))
		c.arrange(at+1, state)
		c.used[member] = false
	}
}

// twinWaits says whether a twin that comes before member in sorted has no place yet.
func (c *canonicalizer[S]) twinWaits(member uint8, first, place int) bool {
	for i := first; i < place; i++ {
		if other := c.sorted[i]; c.twin[other] == c.twin[member] && !c.used[other] {
			return true
		}
	}
	return false
}

// start is the number of member 0 of a member's scalarset.
func (c *canonicalizer[S]) start(member uint8) int {
	start := 0
	for _, first := range c.layout.group.first {
		if first > int(member) {
			break
		}
		start = first
	}
	return start
}

// weigh compares what the order that is tried makes of the state with the least so far.
func (c *canonicalizer[S]) weigh(state []byte) {
	c.layout.rename(&c.try, state, bytesOf(&c.next))
	order := -1
	if c.orders > 0 {
		order = bytes.Compare(bytesOf(&c.next), bytesOf(&c.best))
	}
	switch {
	case order < 0:
		c.best, c.renaming, c.orders = c.next, c.try, 1
	case order == 0:
		c.orders++
	}
}
