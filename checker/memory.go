package checker

import "sync"

// memory gives the shards room for what has no pointers: pages of tables, states, where they
// came from. A small search takes it from the heap. A large one takes it from one mapping
// that the system is asked to back with huge pages (reserve): a processor keeps the addresses
// of enough of these, where with small ones nearly every look at a random state waited for
// the address of its page as well; and there are fewer faults.
//
// Nothing is given back before the search ends, and then all of it at once (release): nobody
// may look at a state after that.
type memory struct {
	mutex    sync.Mutex
	free     []uint64 // of the last block, or of the mapping
	heap     uint64   // bytes of blocks
	mappings [][]byte
}

const (
	// Blocks on the heap: an eighth of what there is, within these bounds, in bytes.
	leastBlock, mostBlock = 1 << 15, 1 << 20
	// mostHeap is how many bytes come from the heap before there is a mapping.
	mostHeap = 1 << 23
)

// words gives room for so many words, all 0.
func (m *memory) words(n int) []uint64 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if len(m.free) < n {
		m.grow(n)
	}
	given := m.free[:n:n]
	m.free = m.free[n:]
	return given
}

// grow makes free new, of at least n words.
func (m *memory) grow(n int) {
	if m.heap >= mostHeap {
		if mapping := reserve(); len(mapping) >= 8*n {
			m.mappings = append(m.mappings, mapping)
			m.free = wordsOf(mapping)
			return
		}
	}
	size := max(n, int(min(max(m.heap/8, leastBlock), mostBlock))/8)
	m.free = make([]uint64, size)
	m.heap += uint64(size) * 8
}

// unused is the number of bytes of the last block that nobody has. Of a mapping nothing is
// there before somebody has it.
func (m *memory) unused() uint64 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if len(m.mappings) > 0 {
		return 0
	}
	return uint64(len(m.free)) * 8
}

// release gives the mappings back.
func (m *memory) release() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, mapping := range m.mappings {
		unmap(mapping)
	}
	m.free, m.mappings = nil, nil
}

// take gives room for n values of a type without pointers, all zero.
func take[T any](m *memory, n int) []T {
	return valuesOf[T](m.words((n*sizeOf[T]()+7)/8), n)
}
