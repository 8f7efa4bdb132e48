package checker

import "math/bits"

// The seen set is cut into a fixed number of shards by hash. A shard is private
// to the one worker that inserts into it during a block, so it needs no lock and
// no atomics; and since the number of shards does not depend on the number of
// workers, neither does any state's number.
//
//	hash   63 ......... 32 | 31 ......... 6 | 5 .. 0
//	       tag             | (unused)       | shard
//	word   63 ......... 32 | 31 ..................0
//	       tag             | number in the shard, plus 1; word 0 is an empty place
//	id     63 ......................... 6 | 5 .. 0      (38 bits are used)
//	       number in the shard            | shard
//	from   63 ......... 38 | 37 ..................0
//	       transition      | id of the predecessor
const (
	shardBits  = 6
	shards     = 1 << shardBits
	idBits     = 38
	idMask     = 1<<idBits - 1
	maxInShard = 1<<(idBits-shardBits) - 2

	// noTransition marks the from word of an initial state; the id beside it is
	// the index in Model.Init.
	noTransition = 1<<(64-idBits) - 1

	// probeBatch is how many candidates are looked up together: their table words
	// and then their states are touched before the first is compared, so that the
	// cache misses of a batch overlap.
	probeBatch = 32
)

// candidate is a successor on its way to its shard.
type candidate[S comparable] struct {
	hash, from uint64
	state      S
}

// watch is a state predicate that still has to be seen with the value fires.
type watch[S comparable] struct {
	property int // index in Model.Properties
	is       func(s *S) bool
	fires    bool
}

// shard is a part of the seen set: a table of tags and numbers, and the slab of
// states, which is the queue of the search as well: a level is a range of numbers.
//
// By fingerprint a state is kept only until it was expanded. What tells it from others
// after that is its hash: the tag, and the lower half, in which its shard is.
type shard[S comparable] struct {
	table   table
	count   int
	orbits  uint64 // states that its states stand for, where symmetry is applied
	states  [][]S  // chunks of 1<<shift; the first grows to that size; nil: forgotten
	from    [][]uint64
	prints  [][]uint32 // lower halves of hashes; nil where states are kept
	shift   uint
	byPrint bool
	kept    int  // the first chunk of states that is not forgotten
	drops   bool // no state is kept

	hits   []int // by property: the first state of the block that fired; -1
	place  int   // property being evaluated, for a panic
	at     S     // and the state that it is evaluated in
	failed error // what ended this block early
	sink   byte  // keeps touch from being optimised away

	_ [64]byte // shards of two workers share no cache line
}

// slabBytes is about the size of a chunk of states, and of one that is dropped when its
// states were expanded, of which a level may fill little.
const (
	slabBytes  = 1 << 17
	queueBytes = 1 << 14
)

func (sh *shard[S]) init(properties int, store Store) {
	sh.byPrint = store == Fingerprint
	chunk := slabBytes
	if sh.byPrint {
		chunk = queueBytes
	}
	sh.shift = uint(max(4, bits.Len(uint(chunk/sizeOf[S]()))-1))
	sh.table.init()
	sh.hits = make([]int, properties)
	sh.clearHits()
}

func (sh *shard[S]) clearHits() {
	for i := range sh.hits {
		sh.hits[i] = -1
	}
}

func (sh *shard[S]) state(local int) *S {
	return &sh.states[local>>sh.shift][local&(1<<sh.shift-1)]
}

func (sh *shard[S]) origin(local int) uint64 {
	return sh.from[local>>sh.shift][local&(1<<sh.shift-1)]
}

func (sh *shard[S]) print(local int) uint32 {
	return sh.prints[local>>sh.shift][local&(1<<sh.shift-1)]
}

// is says whether a state, of the tag of this number, is the one that has it.
func (sh *shard[S]) is(local int, s *S, hash uint64) bool {
	if sh.byPrint {
		return sh.print(local) == uint32(hash)
	}
	return *sh.state(local) == *s
}

// forget drops the states below a number, if they are told by their hashes.
func (sh *shard[S]) forget(below int) {
	if !sh.byPrint {
		return
	}
	for ; sh.kept < below>>sh.shift; sh.kept++ {
		sh.states[sh.kept] = nil
	}
}

// append stores a new state and gives its number.
func (sh *shard[S]) append(s *S, hash, from uint64) int {
	local := sh.count
	chunk, size := local>>sh.shift, 1<<sh.shift
	if chunk == len(sh.states) {
		var states []S
		var origins []uint64
		if chunk > 0 {
			origins = make([]uint64, 0, size)
		}
		if chunk > 0 && !sh.drops {
			states = make([]S, 0, size)
		}
		sh.states, sh.from = append(sh.states, states), append(sh.from, origins)
		if sh.byPrint {
			sh.prints = append(sh.prints, make([]uint32, 0, cap(origins)))
		}
	}
	if !sh.drops {
		sh.states[chunk] = append(sh.states[chunk], *s)
	}
	sh.from[chunk] = append(sh.from[chunk], from)
	if sh.byPrint {
		sh.prints[chunk] = append(sh.prints[chunk], uint32(hash))
	}
	sh.count++
	return local
}

// find gives the number of a state that is in the shard, or -1.
func (sh *shard[S]) find(s *S, hash uint64) int {
	tag := hash >> 32
	p := sh.table.page(tag)
	for i := slot(tag); p.words[i] != 0; i = after(i) {
		word := p.words[i]
		if word>>32 == tag {
			if local := int(uint32(word) - 1); sh.is(local, s, hash) {
				return local
			}
		}
	}
	return -1
}

// insert adds the candidates that are not in the shard yet, in order, and shows
// each new state to the watches.
func (sh *shard[S]) insert(candidates []candidate[S], watches []watch[S]) {
	for len(candidates) > 0 {
		n := min(len(candidates), probeBatch)
		sh.touchBatch(candidates[:n])
		for k := range candidates[:n] {
			sh.insertOne(&candidates[k], watches)
		}
		candidates = candidates[n:]
	}
}

func (sh *shard[S]) insertOne(c *candidate[S], watches []watch[S]) {
	tag := c.hash >> 32
	p := sh.table.page(tag)
	for i := slot(tag); ; i = after(i) {
		word := p.words[i]
		if word == 0 {
			p.words[i] = tag<<32 | uint64(sh.count+1)
			if p.used++; p.used == pageRoom {
				sh.table.split(tag)
			}
			sh.admit(c, watches)
			return
		}
		if word>>32 == tag && sh.is(int(uint32(word)-1), &c.state, c.hash) {
			return
		}
	}
}

// touchBatch brings the words, and then the states, that a batch will be
// compared with into the cache.
func (sh *shard[S]) touchBatch(batch []candidate[S]) {
	var words [probeBatch]uint64
	for k := range batch {
		tag := batch[k].hash >> 32
		words[k%probeBatch] = sh.table.page(tag).words[slot(tag)]
	}
	sink := byte(0)
	for k := range batch {
		if word := words[k%probeBatch]; word != 0 && word>>32 == batch[k].hash>>32 {
			if local := int(uint32(word) - 1); sh.byPrint {
				sink ^= byte(sh.print(local))
			} else {
				sink ^= touch(sh.state(local))
			}
		}
	}
	sh.sink = sink
}

// admit stores a new state and shows it to the watches.
func (sh *shard[S]) admit(c *candidate[S], watches []watch[S]) {
	local := sh.append(&c.state, c.hash, c.from)
	if len(watches) == 0 {
		return
	}
	sh.at = c.state
	for k := range watches {
		w := &watches[k]
		if sh.hits[w.property] >= 0 {
			continue
		}
		sh.place = w.property
		if w.is(&sh.at) == w.fires {
			sh.hits[w.property] = local
		}
		if sampled(local) && sh.at != c.state {
			panic(impure{"changes the state that it may only read"})
		}
	}
}

// sampled says whether the contract of a model is verified in the state of this
// number in its shard: in the first 64 of each shard, so that small models are
// verified whole, and in one of 256 of the others.
func sampled(local int) bool { return local < 64 || local&255 == 0 }

// memory is the number of bytes that the shard holds.
func (sh *shard[S]) memory() uint64 {
	bytes := sh.table.memory()
	if chunks := len(sh.states); chunks > 0 {
		kept := uint64(8)
		if sh.byPrint {
			kept += 4
		}
		bytes += (uint64(cap(sh.from[0])) + uint64(chunks-1)<<sh.shift) * kept
		for _, states := range sh.states[sh.kept:] {
			bytes += uint64(cap(states)) * uint64(sizeOf[S]())
		}
	}
	return bytes
}
