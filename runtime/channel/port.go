// Package channel is the bidirectional pair of queues between two address
// spaces, with a test-and-set lock at each end of each queue (rule R0), and the
// protocol by which a processor parks when it finds nothing and is woken when
// something comes. It promises nothing to users of urpc.
//
// Every access to shared memory is one step of package step, in the order of the
// outlines that stand above the methods; the specification's memory level
// (spec/memory) has the same steps in the same order.
package channel

import (
	"fmt"

	"urpc/runtime/lock"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Port is one side's view of a channel. Any number of goroutines may use it at
// once. Its fields never change.
type Port struct {
	own     *shm.Segment // all that this side writes
	peer    *shm.View    // all that the other side writes
	size    Size
	sending lock.TryLock
	receive lock.TryLock
}

// NewPort makes the port of the side that writes own. It panics when the
// segments are too small for the size: whoever mapped them checks that first.
func NewPort(own *shm.Segment, peer *shm.View, size Size) *Port {
	if err := size.Check(); err != nil {
		panic(err)
	}
	if int(own.Size()) < size.Bytes() || int(peer.Size()) < size.Bytes() {
		panic(fmt.Sprintf("channel: segments of %d and %d bytes for a size of %d", own.Size(), peer.Size(), size.Bytes()))
	}
	return &Port{
		own: own, peer: peer, size: size,
		sending: lock.TryLock{Segment: own, Word: offSendLock, TestSet: step.TestSetSend, Unlock: step.UnlockSend},
		receive: lock.TryLock{Segment: own, Word: offRecvLock, TestSet: step.TestSetReceive, Unlock: step.UnlockReceive},
	}
}

// Size is the size of the channel.
func (p *Port) Size() Size { return p.size }

// Hooked says whether the accesses of the channel are watched.
func (p *Port) Hooked() bool { return p.own.Hooked() }

// Mark announces the head of a loop to the hook, which must be there.
func (p *Port) Mark(where step.Name, live ...uint64) { p.own.Mark(where, live...) }

// Result says what came of a try to send or to receive.
type Result uint8

const (
	// Done: the message was sent or received.
	Done Result = iota + 1
	// Busy: another thread of this space is at this end. It is not the same as
	// empty: who reads it so, and parks, sleeps for ever (H1).
	Busy
	// Full: the peer has not received enough of what was sent.
	Full
	// Empty: there is nothing to receive.
	Empty
	// Corrupt: the peer wrote what no peer of ours writes. The channel is of no
	// more use.
	Corrupt
)
