package checker

import (
	"math"

	"github.com/zeebo/xxh3"
)

// hasher hashes states. The hash is the same in every process and on every machine of one
// byte order, so that counts and traces are.
type hasher struct {
	seed uint64
	// bits, if not 0, cuts the hash to so many before anything sees it: for tests of what
	// follows from equal hashes.
	bits uint
}

// of is the hash of the bytes of a state.
func (h hasher) of(state []byte) uint64 {
	if h.seed == 0 && h.bits == 0 {
		return xxh3.Hash(state)
	}
	hash := xxh3.HashSeed(state, h.seed)
	if h.bits > 0 {
		hash = spread(hash >> (64 - h.bits))
	}
	return hash
}

// width is how many bits of a hash differ from state to state.
func (h hasher) width() uint {
	if h.bits > 0 {
		return h.bits
	}
	return 64
}

// spread makes a few bits 64, one to one: shards and tables look at all parts of a hash
// (the finalizer of MurmurHash3, in which each step has an inverse).
func spread(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// omission is the probability that of n states some two have one fingerprint, of so many
// bits, so that one may have been taken for the other: 1 - exp(-n(n-1) / 2^(bits+1)), for a
// hash as good as a random function (Stern and Dill, "Improved probabilistic verification
// by hash compaction", CHARME 1995, section 3, bounds it in the same way).
func omission(n uint64, bits uint) float64 {
	states := float64(n)
	return -math.Expm1(-states * (states - 1) / math.Exp2(float64(bits)+1))
}
