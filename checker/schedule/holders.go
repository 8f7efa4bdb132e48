package schedule

import (
	"fmt"
	"slices"
)

// Who holds a lock, recalled. It follows from the parts that stand at what the guard is
// on and where the lock's holder is said to stand (Guard.HeldAt): so that a step which
// changes none of these changes no holder, and one that does leads to a holder that is
// known once such parts were met. What a step at a guarded place does, in contrast, need
// not follow from who holds the lock; one that fails the guard's property is run, since
// of that the holder decides (stateful.knows).

// guardPlaces is what is known of who holds the lock of a guard.
type guardPlaces struct {
	at      []int    // the parts that it follows from
	set     []uint64 // the same as a set
	holders map[Digest]int16
}

// locks learns who holds the locks of the guards while the parts are such.
func (s *stateful) locks(p *fork) {
	r, m := s.r, s.memory
	if len(m.guards) != len(p.holders) {
		m.guards = m.guards[:0]
		for k := range p.holders {
			m.guards = append(m.guards, s.guardPlaces(&r.guards[k]))
		}
	}
	for k, now := range p.holders {
		g := &m.guards[k]
		at := sumOf(g.at, p.picture.parts)
		switch was, known := g.holders[at]; {
		case !known:
			g.holders[at] = now
			m.hold(holderSize)
		case was != now:
			m.err("%s holds the lock that guards %v, and %s does in another state that agrees %s: what else does the lock's holder depend on? Say where that stands (Guard.HeldAt), and what stands there (T.SharedAt)",
				s.nameOf(r.threads, now), r.guards[k].on[0].Location, s.nameOf(r.threads, was), r.guards[k].tellPlaces())
		}
	}
}

func (s *stateful) guardPlaces(g *guard) guardPlaces {
	r := s.r
	places := guardPlaces{set: make([]uint64, (r.parts()+63)/64), holders: make(map[Digest]int16)}
	stood := make([]bool, len(g.lock))
	for i := range r.parts() {
		stands := r.standsAt(i, func(at Span) bool { return slices.ContainsFunc(g.on, at.overlaps) })
		for l, lock := range g.lock {
			if r.standsAt(i, lock.overlaps) {
				stands, stood[l] = true, true
			}
		}
		if stands {
			places.at = append(places.at, i)
			places.set[i/64] |= 1 << (i % 64)
		}
	}
	if l := slices.Index(stood, false); l >= 0 {
		s.memory.err("it is said to stand at %v who holds the lock that guards %v (Guard.HeldAt), and nothing stands there by T.Word or T.SharedAt",
			g.lock[l].Location, g.on[0].Location)
	}
	return places
}

// tellPlaces says where the parts stand from which it is to follow who holds the lock.
func (g *guard) tellPlaces() string {
	if len(g.lock) == 0 {
		return "there"
	}
	return fmt.Sprintf("there and at %v", g.lock[0].Location)
}
