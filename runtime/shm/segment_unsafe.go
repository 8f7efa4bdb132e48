package shm

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"urpc/spec/step"
)

// View is a segment that this side may read.
//
// The fields never change once the segment is shared. base and size are
// trusted: they come from this side's own mapping, never from shared memory.
type View struct {
	hook   Hook
	base   unsafe.Pointer
	size   uint32
	number uint8
}

// Segment is a segment that this side alone writes.
type Segment struct{ View }

// Of makes a segment of memory that is mapped or allocated: its length is a
// multiple of the line and its start is aligned to 8 bytes. The memory must
// outlive the segment.
func Of(number uint8, memory []byte) *Segment {
	if len(memory) == 0 || len(memory)%Line != 0 || uint64(len(memory)) > 1<<31 {
		panic(fmt.Sprintf("shm: a segment of %d bytes: want a multiple of %d, at most 2 GiB", len(memory), Line))
	}
	base := unsafe.Pointer(unsafe.SliceData(memory))
	if uintptr(base)%8 != 0 {
		panic("shm: a segment that is not aligned to 8 bytes")
	}
	return &Segment{View{base: base, size: uint32(len(memory)), number: number}}
}

// ViewOf is Of for memory that this side only reads.
func ViewOf(number uint8, memory []byte) *View { return &Of(number, memory).View }

// Heap makes a segment in this process's own memory, for words that are private
// to a space and for runs within one process.
func Heap(number uint8, size int) *Segment {
	words := make([]uint64, (size+Line-1)/Line*Line/8)
	return Of(number, unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8))
}

// Size is the length of the segment in bytes.
func (v *View) Size() uint32 { return v.size }

// Number is the segment's number in its region.
func (v *View) Number() uint8 { return v.number }

// Address is where the word stands in this process, for the kernel.
func (v *View) Address(off Offset) *uint32 {
	v.bypassed(KindLoad, off, 4)
	return v.word(off)
}

// word checks the offset, although no offset ever comes from shared memory: a
// wrong one is our own fault and must not become an access out of bounds.
func (v *View) word(off Offset) *uint32 {
	if uint32(off) >= v.size || off&3 != 0 {
		outside(off)
	}
	return (*uint32)(unsafe.Add(v.base, off))
}

func outside(off Offset) { panic(fmt.Sprintf("shm: offset %d is not of a word of the segment", off)) }

// Load reads a word atomically.
func (v *View) Load(name step.Name, off Offset) uint32 {
	if v.hook != nil {
		return v.hookedLoad(name, off)
	}
	return atomic.LoadUint32(v.word(off))
}

func (v *View) hookedLoad(name step.Name, off Offset) uint32 {
	v.before(name, KindLoad, off, 4)
	value := atomic.LoadUint32(v.word(off))
	v.hook.Saw(value)
	return value
}

// CompareAndSwap changes a word from old to value atomically and says whether it did.
func (s *Segment) CompareAndSwap(name step.Name, off Offset, old, value uint32) bool {
	if s.hook != nil {
		s.before(name, KindCompareAndSwap, off, 4)
		s.hook.Saw(atomic.LoadUint32(s.word(off)))
	}
	return atomic.CompareAndSwapUint32(s.word(off), old, value)
}

// Peek reads a word without a step: for what watches a run, never for what runs.
func (v *View) Peek(off Offset) uint32 {
	v.bypassed(KindLoad, off, 4)
	return atomic.LoadUint32(v.word(off))
}

// Store writes a word atomically.
func (s *Segment) Store(name step.Name, off Offset, value uint32) {
	if s.hook != nil {
		s.before(name, KindStore, off, 4)
		s.hook.Saw(value)
	}
	atomic.StoreUint32(s.word(off), value)
}

// TestAndSet sets a word to 1 atomically and says whether it was 0.
func (s *Segment) TestAndSet(name step.Name, off Offset) bool {
	if s.hook != nil {
		s.before(name, KindTestAndSet, off, 4)
	}
	old := atomic.SwapUint32(s.word(off), 1)
	if s.hook != nil {
		s.hook.Saw(old)
	}
	return old == 0
}

// Add adds delta to a word atomically, modulo 2^32, and gives the sum.
func (s *Segment) Add(name step.Name, off Offset, delta uint32) uint32 {
	if s.hook != nil {
		s.before(name, KindAdd, off, 4)
	}
	sum := atomic.AddUint32(s.word(off), delta)
	if s.hook != nil {
		s.hook.Saw(sum - delta)
	}
	return sum
}

// CopyIn copies the two parts, one behind the other, into the segment by plain stores.
func (s *Segment) CopyIn(name step.Name, off Offset, head, body []byte) {
	size := uint32(len(head) + len(body))
	if s.hook != nil {
		s.before(name, KindCopyIn, off, size)
	}
	to := s.bytes(off, size)
	copy(to[copy(to, head):], body)
}

// CopyOut copies out of the segment by plain loads.
func (v *View) CopyOut(name step.Name, off Offset, to []byte) {
	if v.hook != nil {
		v.before(name, KindCopyOut, off, uint32(len(to)))
	}
	from := v.bytes(off, uint32(len(to)))
	copy(to, from)
	if v.hook != nil {
		v.hook.Copied(from) // and not to, which would have to be allocated then
	}
}

// CopyMore goes on with the CopyOut before it, of the same message, once the
// part that was copied has told how much there is. It is no step of its own:
// who wrote the message leaves it alone until it is received.
func (v *View) CopyMore(off Offset, to []byte) {
	if v.hook != nil {
		v.hook.More(Access{Kind: KindCopyOut, Segment: v.number, Offset: off, Size: uint32(len(to))})
	}
	from := v.bytes(off, uint32(len(to)))
	copy(to, from)
	if v.hook != nil {
		v.hook.Copied(from) // and not to, which would have to be allocated then
	}
}

// PeekBytes is Peek of bytes.
func (v *View) PeekBytes(off Offset, to []byte) {
	v.bypassed(KindCopyOut, off, uint32(len(to)))
	copy(to, v.bytes(off, uint32(len(to))))
}

// bytes is the part of the segment from off on.
func (v *View) bytes(off Offset, size uint32) []byte {
	if uint64(off)+uint64(size) > uint64(v.size) {
		outside(off)
	}
	return unsafe.Slice((*byte)(unsafe.Add(v.base, off)), size)
}
