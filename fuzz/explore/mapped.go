package explore

import (
	"runtime"
	"sync"

	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// mapped is the shared memory of one binding: two segments, each mapped twice,
// at different addresses. The writer's mapping is written, the reader's is only
// read: where the operating system can (mapped_linux.go), a write there is a
// fault.
type mapped struct{ calls, replies twice }

// twice is one segment's memory as the two spaces see it.
type twice struct{ writable, readable []byte }

// lending lends mapped memory to executions, so that it is mapped once for many
// of them. Any number of them may borrow at once.
type lending struct {
	size  channel.Size
	bytes int    // of each segment
	zeros []byte // as many
	mu    sync.Mutex
	idle  []*mapped
}

// newLending lends memory of channels of a size. The memory goes when nothing
// refers to it any more.
func newLending(z channel.Size) *lending {
	bytes := shm.RoundUp(z.Bytes())
	return &lending{size: z, bytes: bytes, zeros: make([]byte, bytes)}
}

// fresh makes a segment of the writer's mapping, as if nobody had used it yet.
func (l *lending) fresh(number uint8, memory twice) *shm.Segment {
	own := shm.Of(number, memory.writable)
	own.CopyIn(0, 0, l.zeros, nil)
	l.size.Format(own)
	return own
}

// borrow gives memory that nobody uses, with what it held last.
func (l *lending) borrow() *mapped {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.idle); n > 0 {
		m := l.idle[n-1]
		l.idle = l.idle[:n-1]
		return m
	}
	m := new(mapped)
	for _, to := range []*twice{&m.calls, &m.replies} {
		memory, unmap := mapTwice(l.bytes)
		*to = memory
		runtime.AddCleanup(m, func(unmap func()) { unmap() }, unmap)
	}
	return m
}

func (l *lending) giveBack(m *mapped) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, m)
}
