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

// Part adds the digest of a part, which a program may keep as long as the part does
// not change.
func (d *Digest) Part(part Digest) { d.digest(part) }

func (d *Digest) digest(other Digest) {
	d.Word(other.a)
	d.Word(other.b)
}
