package channel

import (
	"errors"
	"fmt"

	"urpc/runtime/shm"
)

// A binding has two segments of the same layout. Segment Calls is written by the
// client alone, segment Replies by the server alone; each side maps the other's
// read-only. A segment holds all that its side writes:
//
//	offset  word      who reads it          what it is
//	     0  sendLock  own side              guards the sending end of the own queue
//	     4  tail      holder of sendLock    messages sent, modulo 2^32
//	     8  room      holder of sendLock    the peer's head when last looked at
//	   128  recvLock  own side              guards the receiving end of the peer's queue
//	   256  head      own side; peer        messages received, modulo 2^32
//	   384  parked    own side; peer        processors that announced themselves as parked
//	   512  doorbell  own side; peer        changes before a wake: the peer sleeps on it
//	   516  donated   own side; peer        processors donated to the peer so far, modulo 2^32
//	   520  returned  own side; peer        how many of those that the peer donated have gone back
//	   640  slots     peer                  Slots of slotSize bytes each:
//	          +0  sequence   position + 1 of the message that the slot holds
//	          +8  header     24 bytes, see Message
//	         +32  payload    up to Payload bytes
//
// Words that the peer reads stand on lines of their own, away from those that
// the own side alone touches.
const (
	offSendLock shm.Offset = 0
	offTail     shm.Offset = 4
	offRoom     shm.Offset = 8
	offRecvLock shm.Offset = 1 * shm.Line
	offHead     shm.Offset = 2 * shm.Line
	offParked   shm.Offset = 3 * shm.Line
	offDoorbell shm.Offset = 4 * shm.Line
	offDonated  shm.Offset = 4*shm.Line + 4
	offReturned shm.Offset = 4*shm.Line + 8
	offSlots    shm.Offset = 5 * shm.Line

	slotSequence = 0
	slotHeader   = 8
	slotPayload  = slotHeader + headerSize
	headerSize   = 24
)

// Compile-time checks: a negative constant does not convert to uint.
const (
	_ = uint(offSlots - offReturned - 4)       // the words end before the slots
	_ = uint(headerSize - 24)                  // the header has room for its fields
	_ = uint(shm.Line - slotPayload)           // an empty message moves one line
	_ = -uint(offHead % shm.Line)              // words that the peer reads
	_ = -uint((offParked | offDoorbell) % 128) // stand on lines of their own
)

// Numbers of the segments of a binding.
const (
	Calls   uint8 = 0 // written by the client
	Replies uint8 = 1 // written by the server
)

// Bounds of a Size.
const (
	MaxSlots   = 1 << 15
	MaxPayload = 1 << 20
	// MaxBytes is the longest segment: its length in whole pages, of at most 64
	// KiB, fits in an int of 32 bits, and so does every offset.
	MaxBytes = 1<<31 - 1<<16
)

// ErrSize is wrapped by every error of a Size that no channel can have.
var ErrSize = errors.New("impossible size of a channel")

// Size is what both sides agree on when they bind. It is never read back from
// shared memory.
type Size struct {
	// Slots is the capacity of each of the two queues, in messages: a power of
	// two (so that positions wrap at 2^32 without a jump), at most MaxSlots.
	Slots uint32
	// Payload is the largest payload of a message in bytes, at most MaxPayload.
	Payload uint32
	// Start is the position of the first message, and how many processors have been
	// donated and have gone back by then, and how often each doorbell was rung: 0, except
	// where a test wants to see the counts wrap.
	Start uint32
}

// Check says what is wrong with a size.
func (z Size) Check() error {
	switch {
	case z.Slots == 0 || z.Slots > MaxSlots || z.Slots&(z.Slots-1) != 0:
		return fmt.Errorf("%w: %d slots: want a power of two from 1 to %d", ErrSize, z.Slots, MaxSlots)
	case z.Payload > MaxPayload:
		return fmt.Errorf("%w: payloads of %d bytes: want at most %d", ErrSize, z.Payload, MaxPayload)
	}
	if bytes := uint64(offSlots) + uint64(z.Slots)*uint64(z.slotSize()); bytes > MaxBytes {
		return fmt.Errorf("%w: %d slots with payloads of %d bytes take %d bytes: want at most %d",
			ErrSize, z.Slots, z.Payload, bytes, MaxBytes)
	}
	return nil
}

// Bytes is the length of a segment of this size, which must be one that Check
// finds nothing wrong with.
func (z Size) Bytes() int { return int(offSlots) + int(z.Slots)*int(z.slotSize()) }

// slotSize is the distance of two slots: whole lines, so that no two messages share one.
func (z Size) slotSize() uint32 {
	return (slotPayload + z.Payload + shm.Line - 1) / shm.Line * shm.Line
}

// slot is where the slot of the message at a position stands.
func (z Size) slot(position uint32) shm.Offset {
	return offSlots + shm.Offset((position&(z.Slots-1))*z.slotSize())
}

// Format writes the words of a fresh segment, before it is shared: both queues
// empty at position Start, its doorbell rung so often, and no processor donated that has
// not gone back. A slot looks as if it had been used one lap before.
func (z Size) Format(s *shm.Segment) {
	for _, word := range []shm.Offset{offSendLock, offRecvLock, offParked} {
		s.Store(0, word, 0)
	}
	for _, word := range []shm.Offset{offTail, offRoom, offHead, offDonated, offReturned, offDoorbell} {
		s.Store(0, word, z.Start)
	}
	for position := z.Start; position != z.Start+z.Slots; position++ {
		s.Store(0, z.slot(position)+slotSequence, position+1-z.Slots)
	}
}
