package shm

import (
	"sync/atomic"

	"urpc/spec/step"
)

// Region is the memory of one binding as this side sees it: the segment that it
// writes and the one that it only reads.
//
// A mapping must not go while somebody may still touch it: the access would be a
// fault that no program survives. Whoever is about to touch the region therefore
// holds it, and Close only announces the end: the memory goes when the last
// holder has released it. Close does not make holders leave; that is the duty of
// whoever closes (a call that is blocked is poisoned first).
type Region struct {
	Own  *Segment
	Peer *View

	unmap    func() error
	unmapped atomic.Bool // by the one who goes on to unmap it
	err      error
	gone     chan struct{}
	closed   atomic.Bool
	hook     Holding // nil in production
	// holders counts those who hold the region, plus closing once it is closed.
	holders atomic.Int64
}

// closing is more than there can be holders.
const closing = 1 << 62

// NewRegion makes a region of two segments; unmap, which may be nil, is called
// once, when the region is closed and nobody holds it any more.
func NewRegion(own *Segment, peer *View, unmap func() error) *Region {
	return &Region{Own: own, Peer: peer, unmap: unmap, gone: make(chan struct{})}
}

// SetHook installs the hook of the region's holders, before the region is shared
// with another goroutine.
func (r *Region) SetHook(h Holding) { r.hook = h }

// Hold keeps the memory until Release, and says whether it could: not once the
// region is closed. Then the caller must not touch the memory, and not release it.
func (r *Region) Hold() bool {
	// Atomic operations have one order: either Close comes after this Add, and the
	// memory waits for Release; or before, and the sum shows it.
	if r.add(step.HoldRegion, 1) >= closing {
		r.Release()
		return false
	}
	return true
}

// Release gives up a Hold.
func (r *Region) Release() {
	// The sum may be closing more than once, by a Hold that was refused meanwhile;
	// such a Hold touches nothing, so the first time is late enough.
	switch n := r.add(step.ReleaseRegion, -1); {
	case n == closing:
		r.release()
	case n < 0:
		panic("shm: a region released more often than held")
	}
}

// Close ends the region: nobody can hold it from now on, and it is unmapped when
// the last holder has released it. It does not wait for that and may be called
// more than once.
func (r *Region) Close() {
	if r.closed.CompareAndSwap(false, true) && r.add(step.CloseRegion, closing) == closing {
		r.release()
	}
}

// add changes the sum of holders in one step and gives it.
func (r *Region) add(name step.Name, delta int64) int64 {
	if r.hook != nil {
		r.hook.Before(name)
	}
	n := r.holders.Add(delta)
	if r.hook != nil {
		r.hook.Counted(n%closing, n >= closing)
	}
	return n
}

// Gone is closed when the memory has been unmapped.
func (r *Region) Gone() <-chan struct{} { return r.gone }

// Err says what went wrong when the memory was unmapped. It is called after Gone
// is closed.
func (r *Region) Err() error { return r.err }

func (r *Region) release() {
	if !r.unmapped.CompareAndSwap(false, true) {
		return
	}
	if r.unmap != nil {
		r.err = r.unmap()
	}
	close(r.gone)
}
