package schedule

import (
	"math"
	"sync"
	"sync/atomic"
)

// seen is the set of states, each with the threads that sleep there. Any number of
// workers may visit at once: it consists of parts with a lock each, tables with open
// addressing that double.
type seen struct {
	parts  [64]seenPart
	states atomic.Uint64
	held   atomic.Uint64 // bytes of all tables
	most   uint64        // bytes; 0: no bound
}

type seenPart struct {
	mu    sync.Mutex
	slots []seenSlot
	n     int
	_     [24]byte // two parts do not share a line of cache
}

// seenSlot is empty if its key is zero, which no state has.
type seenSlot struct {
	key   Digest
	sleep uint64
}

const (
	slotSize   = 24 // bytes of a seenSlot
	firstSlots = 16 // of a part that is used
)

// visit says whether the state was visited before, and which threads slept there
// up to now. From now on those sleep there that slept so far and are in sleep. Both
// is one step to other workers: of two that come at once one is the first, and what
// has to be made up for is made up for once. Without room, the state is not kept.
func (s *seen) visit(key Digest, sleep uint64) (slept uint64, known, room bool) {
	key = key.asKey()
	p := s.locked(key)
	defer p.mu.Unlock()
	at := p.place(key, s)
	if at == nil {
		return 0, false, false
	}
	if at.key == key {
		slept = at.sleep
		at.sleep &= sleep
		return slept, true, true
	}
	at.key, at.sleep = key, sleep
	p.n++
	s.states.Add(1)
	return 0, false, true
}

// number is visit of a search that puts no thread to sleep, and takes down transitions: the
// slot has the state's number, from 0 in the order in which states come, in the place of
// threads.
func (s *seen) number(key Digest) (n uint32, known, room bool) {
	key = key.asKey()
	p := s.locked(key)
	defer p.mu.Unlock()
	at := p.place(key, s)
	if at == nil {
		return 0, false, false
	}
	if at.key == key {
		return uint32(at.sleep), true, true
	}
	next := s.states.Load()
	for !s.states.CompareAndSwap(next, next+1) {
		next = s.states.Load()
	}
	if next > math.MaxUint32-1 {
		return 0, false, false
	}
	at.key, at.sleep = key, next
	p.n++
	return uint32(next), false, true
}

// keys gives the digests of states by their numbers.
func (s *seen) keys(numbers []uint32) []Digest {
	of := make(map[uint32]Digest, len(numbers))
	for _, n := range numbers {
		of[n] = Digest{}
	}
	for i := range s.parts {
		for _, at := range s.parts[i].slots {
			if _, is := of[uint32(at.sleep)]; is && at.key != (Digest{}) {
				of[uint32(at.sleep)] = at.key
			}
		}
	}
	keys := make([]Digest, len(numbers))
	for i, n := range numbers {
		keys[i] = of[n]
	}
	return keys
}

// asKey is the digest as it stands in a slot: none is zero.
func (d Digest) asKey() Digest {
	if d == (Digest{}) {
		d.a = 1
	}
	return d
}

// locked is the part that a key is in, locked.
func (s *seen) locked(key Digest) *seenPart {
	p := &s.parts[key.b>>58]
	p.mu.Lock()
	return p
}

// has says whether the state was visited.
func (s *seen) has(key Digest) bool {
	key = key.asKey()
	p := s.locked(key)
	defer p.mu.Unlock()
	return len(p.slots) > 0 && p.probe(key).key == key
}

// hold takes memory of other tables into account; false: there may be no more.
func (s *seen) hold(bytes uint64) bool {
	if held := s.held.Add(bytes); s.most > 0 && held > s.most {
		s.held.Add(-bytes)
		return false
	}
	return true
}

// place is where a key stands, or is to stand; nil: there is no room.
func (p *seenPart) place(key Digest, s *seen) *seenSlot {
	if p.n >= len(p.slots)/4*3 && !p.double(s) {
		return nil
	}
	return p.probe(key)
}

func (p *seenPart) probe(key Digest) *seenSlot {
	mask := uint64(len(p.slots) - 1)
	for i := (key.a ^ key.b>>32) & mask; ; i = (i + 1) & mask {
		if at := &p.slots[i]; at.key == key || at.key == (Digest{}) {
			return at
		}
	}
}

// double makes room; false: there may be no more. While the table is copied, the
// old one counts too.
func (p *seenPart) double(s *seen) bool {
	old := p.slots
	size := max(firstSlots, 2*len(old))
	if !s.hold(uint64(size) * slotSize) {
		return false
	}
	p.slots = make([]seenSlot, size)
	for i := range old {
		if old[i].key != (Digest{}) {
			*p.probe(old[i].key) = old[i]
		}
	}
	s.held.Add(-uint64(len(old)) * slotSize)
	return true
}
