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

	cacheLine = 64 // bytes

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

	batch     [probeBatch]*candidate[S] // the first so many that were collected wait
	collected int

	_ [64]byte // shards of two workers share no cache line
}

// slabBytes is about the size of a chunk of states, and of one that is dropped when its
// states were expanded, of which a level may fill little.
const (
	slabBytes  = 1 << 17
	queueBytes = 1 << 14
)

func (sh *shard[S]) init(properties int, store Store, m *memory) {
	sh.byPrint = store == Fingerprint
	chunk := slabBytes
	if sh.byPrint {
		chunk = queueBytes
	}
	sh.shift = uint(max(4, bits.Len(uint(chunk/sizeOf[S]()))-1))
	sh.table.init(m)
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
	return same(sh.state(local), s)
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
	chunk, at := local>>sh.shift, local&(1<<sh.shift-1)
	if chunk == len(sh.from) || at == len(sh.from[chunk]) {
		sh.grow(chunk)
	}
	if !sh.drops {
		sh.states[chunk][at] = *s
	}
	sh.from[chunk][at] = from
	if sh.byPrint {
		sh.prints[chunk][at] = uint32(hash)
	}
	sh.count++
	return local
}

// grow adds a chunk, or makes the first one larger: of a small model it is most of what
// there is.
func (sh *shard[S]) grow(chunk int) {
	size := 1 << sh.shift
	if chunk == 0 {
		had := 0
		if len(sh.from) > 0 {
			had = len(sh.from[0])
		}
		size = min(max(16, 2*had), size)
	}
	if chunk == len(sh.from) {
		sh.states, sh.from = append(sh.states, nil), append(sh.from, nil)
		if sh.byPrint {
			sh.prints = append(sh.prints, nil)
		}
	}
	room := sh.table.room
	if chunk == 0 { // to be left again
		room = nil
	}
	sh.from[chunk] = larger(room, sh.from[chunk], size)
	if sh.byPrint {
		sh.prints[chunk] = larger(room, sh.prints[chunk], size)
		room = nil // states are forgotten one chunk by one
	}
	if !sh.drops {
		sh.states[chunk] = larger(room, sh.states[chunk], size)
	}
}

// larger gives room for n values, of which the first are those that there were.
func larger[T any](room *memory, had []T, n int) []T {
	if room != nil {
		return take[T](room, n)
	}
	all := make([]T, n)
	copy(all, had)
	return all
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
	sh.collect(candidates, watches)
	sh.flush(watches)
}

// collect is insert, but for the last candidates, which wait until more come or flush is
// called: a batch is made of several lists, which may be short.
func (sh *shard[S]) collect(candidates []candidate[S], watches []watch[S]) {
	for k := range candidates {
		sh.batch[sh.collected%probeBatch] = &candidates[k]
		if sh.collected++; sh.collected == probeBatch {
			sh.flush(watches)
		}
	}
}

// flush inserts what was collected.
func (sh *shard[S]) flush(watches []watch[S]) {
	batch := sh.batch[:sh.collected]
	sh.collected = 0
	var places [probeBatch]uint
	sh.touchBatch(batch, &places)
	pages := sh.table.pages
	for k, c := range batch {
		i := places[k%probeBatch]
		if sh.table.pages != pages { // words have moved
			i = slot(c.hash >> 32)
		}
		sh.insertOne(c, i, watches)
	}
}

// insertOne inserts a candidate: before place i of its page is no word of its tag, and no
// empty place.
func (sh *shard[S]) insertOne(c *candidate[S], i uint, watches []watch[S]) {
	tag := c.hash >> 32
	p := sh.table.page(tag)
	for ; ; i = after(i) {
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

// touchBatch brings what a batch is about to look at into the cache, so that one look does
// not wait for another: the words, then the states that these name; and where new states are
// going to be stored. It gives the first place of each candidate that is empty, or has a word
// of its tag.
func (sh *shard[S]) touchBatch(batch []*candidate[S], places *[probeBatch]uint) {
	sink := sh.touchNext(len(batch) / 2) // about so many are new
	for _, c := range batch {
		tag := c.hash >> 32
		sink ^= byte(sh.table.page(tag).words[slot(tag)])
	}
	for k, c := range batch {
		tag := c.hash >> 32
		words := sh.table.page(tag).words
		i := slot(tag)
		for words[i] != 0 && words[i]>>32 != tag {
			i = after(i)
		}
		places[k%probeBatch] = i
		if words[i] == 0 {
			continue
		}
		if local := int(uint32(words[i]) - 1); sh.byPrint {
			sink ^= byte(sh.print(local))
		} else {
			sink ^= touchBoth(sh.state(local))
		}
	}
	sh.sink = sink
}

// touchNext brings the room for the next n states into the cache.
func (sh *shard[S]) touchNext(n int) (sink byte) {
	chunk, at := sh.count>>sh.shift, sh.count&(1<<sh.shift-1)
	if chunk == len(sh.from) {
		return 0
	}
	from := sh.from[chunk]
	for i := at; i < min(at+n, len(from)); i += cacheLine / 8 {
		sink ^= byte(from[i])
	}
	states := sh.states[chunk] // none, if states are dropped
	for i := at; i < min(at+n, len(states)); i += max(1, cacheLine/sizeOf[S]()) {
		sink ^= touch(&states[i])
	}
	return sink
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

// sampledRarely says whether what a model declares is verified in the state of this number:
// in the same first states, and in one of 1,024 of the others, since it takes as long as
// hundreds of transitions.
func sampledRarely(local int) bool { return local < 64 || local&1023 == 0 }

// growth is the number of bytes that n more states may add, at most half a chunk.
func (sh *shard[S]) growth(n int) uint64 {
	bytes := sh.table.growth(n)
	last, room := len(sh.from)-1, 0
	if last >= 0 {
		room = last<<sh.shift + len(sh.from[last])
	}
	if sh.count+2*n < room {
		return bytes
	}
	each := uint64(8)
	if !sh.drops {
		each += uint64(sizeOf[S]())
	}
	if sh.byPrint {
		each += 4
	}
	more := 1 << sh.shift
	if last <= 0 {
		more = min(max(16, room), more) // a first chunk is doubled
	}
	return bytes + uint64(more)*each
}

// queued is the number of bytes of states that are forgotten once they were expanded: they
// are in the heap.
func (sh *shard[S]) queued() uint64 {
	if !sh.byPrint {
		return 0
	}
	return sh.slabs()
}

// slabs is the number of bytes of the states that are kept.
func (sh *shard[S]) slabs() (bytes uint64) {
	for _, states := range sh.states[min(sh.kept, len(sh.states)):] {
		bytes += uint64(cap(states)) * uint64(sizeOf[S]())
	}
	return bytes
}

// memory is the number of bytes that the shard holds.
func (sh *shard[S]) memory() uint64 {
	bytes := sh.table.memory()
	if chunks := len(sh.states); chunks > 0 {
		kept := uint64(8)
		if sh.byPrint {
			kept += 4
		}
		bytes += (uint64(cap(sh.from[0])) + uint64(chunks-1)<<sh.shift) * kept
	}
	return bytes + sh.slabs()
}
