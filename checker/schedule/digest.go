package schedule

import (
	"encoding/binary"
	"math/bits"
)

// Digest is a hash of 128 bits of part of a state. The zero value is that of
// nothing. It is the same in every process.
type Digest struct{ a, b uint64 }

// Odd constants without a pattern, from wyhash.
const (
	digestA = 0xa0761d6478bd642f
	digestB = 0xe7037ed1a0b428db
)

// Word adds a value.
func (d *Digest) Word(v uint64) {
	hi, lo := bits.Mul64(d.a^v^digestB, digestA)
	d.a = hi ^ lo
	hi, lo = bits.Mul64(bits.RotateLeft64(d.b, 29)+v, digestB)
	d.b = hi ^ lo ^ v
}

// Bytes adds bytes, and how many they are.
func (d *Digest) Bytes(b []byte) {
	d.Word(uint64(len(b)))
	for len(b) >= 8 {
		d.Word(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	if len(b) > 0 {
		var last [8]byte
		copy(last[:], b)
		d.Word(binary.LittleEndian.Uint64(last[:]))
	}
}

func (d *Digest) digest(other Digest) {
	d.Word(other.a)
	d.Word(other.b)
}

// seen is the set of states, each with the threads that sleep there: a table with
// open addressing that doubles.
type seen struct {
	slots []slot
	n     int
}

// slot is empty if its key is zero, which no state has.
type slot struct {
	key   Digest
	sleep uint64
}

func newSeen() *seen { return &seen{slots: make([]slot, 1<<10)} }

// find gives the slot of a key, which is filled in if the state is new.
func (s *seen) find(key Digest) (at *slot, known bool) {
	if key == (Digest{}) {
		key.a = 1
	}
	if s.n >= len(s.slots)/4*3 {
		s.double()
	}
	at = s.probe(key)
	if at.key == key {
		return at, true
	}
	at.key = key
	s.n++
	return at, false
}

func (s *seen) probe(key Digest) *slot {
	mask := uint64(len(s.slots) - 1)
	for i := (key.a ^ key.b>>32) & mask; ; i = (i + 1) & mask {
		if at := &s.slots[i]; at.key == key || at.key == (Digest{}) {
			return at
		}
	}
}

func (s *seen) double() {
	old := s.slots
	s.slots = make([]slot, 2*len(old))
	for i := range old {
		if old[i].key != (Digest{}) {
			*s.probe(old[i].key) = old[i]
		}
	}
}
