package shm

import "urpc/spec/step"

// Kind says what an access does.
type Kind uint8

// The kinds of access.
const (
	KindLoad Kind = iota + 1
	KindStore
	KindTestAndSet
	KindAdd
	KindCompareAndSwap
	KindCopyIn
	KindCopyOut
)

// Offset is the position of a word in its segment, in bytes, a multiple of 4.
type Offset uint32

// Access is one access that is about to be made.
type Access struct {
	Step    step.Name
	Kind    Kind
	Segment uint8  // the segment's number in its region
	Offset  Offset // of the first byte
	Size    uint32 // bytes
}

// Beside is what a space keeps beside its segments, and more than one of its
// threads reaches: no word of a segment, but shared all the same.
type Beside uint8

// What is kept beside the segments.
const (
	Poisoned    Beside = iota // why every call of the binding ends (call.Caller)
	Unblocks                  // the channel whose closing lets every blocked caller go on
	Nudged                    // the state of a nudge (kernel.Nudge)
	FreeRecords               // the list of records that no call uses (call.Caller)
	Names                     // the names of calls (call.Caller)
	Sending                   // why calls that were not sent are not sent any more (call.Caller)
)

// Hook is told of every access before it is made, on the goroutine that makes
// it, and may hold it back. In production there is none.
type Hook interface {
	// Before is called before the access.
	Before(a Access)
	// Saw is called after it, with the value that it read (Load, TestAndSet, Add:
	// the value before) or wrote (Store).
	Saw(value uint32)
	// More is Before of a CopyMore, which is no step of its own.
	More(a Access)
	// Copied is Saw of bytes that were copied out: of one CopyOut, and of the
	// CopyMore that goes on with it.
	Copied(bytes []byte)
	// Beside is Before of an access to what stands in no segment, but beside one of
	// the space's own.
	Beside(name step.Name, kind Kind, segment uint8, what Beside)
	// Bypassed is told of an access that is no step (Peek, PeekBytes, Address), before
	// it is made: what runs makes none, and what watches makes it on a view of its own
	// (View.Unhooked).
	Bypassed(a Access)
	// Mark announces the head of a loop: together with the shared words, where
	// says where the thread stands and live what its local variables hold.
	Mark(where step.Name, live ...uint64)
	// Await returns once the word differs from old. It takes the place of a
	// polling loop's next turn.
	Await(where step.Name, segment uint8, off Offset, old uint32)
}

// SetHook installs the hook of a segment, nil for none, before it is shared
// with another goroutine.
func (v *View) SetHook(h Hook) { v.hook = h }

// Unhooked is the segment without its hook: for what watches a run, never for what runs.
// A test lists who calls it.
func (v *View) Unhooked() *View { return &View{base: v.base, size: v.size, number: v.number} }

// Hooked says whether the accesses of the segment are watched. Whoever asks may do
// otherwise under a hook than in production in these ways only (a test lists who asks,
// and for what), and what production does is explored all the same:
//
//   - A loop head is marked: that changes nothing.
//   - Who finds an end busy or full, or a queue empty, awaits that it is otherwise, where
//     production tries again at once. A try in vain leaves every word as it was, and who
//     finds the end busy because of it tries again.
//   - Other goroutines are not given a turn (runtime.Gosched): the scheduler gives it.
//   - Who polls looks at the clock, and a caller at its context, each time, and not once
//     in so many. To poll in vain changes no word that another thread goes by: who does
//     it without a look is slower to poll again, and so slow it may be in any execution.
func (v *View) Hooked() bool { return v.hook != nil }

// Mark passes a mark on to the hook, which must be there.
func (v *View) Mark(where step.Name, live ...uint64) { v.hook.Mark(where, live...) }

// Beside tells the hook, if there is one, of an access to what stands beside the
// segment. It is called by what makes the access, right before it, and by nobody
// else: so that the two are one step wherever the access is moved to.
func (v *View) Beside(name step.Name, kind Kind, what Beside) {
	if v.hook != nil {
		v.hook.Beside(name, kind, v.number, what)
	}
}

// Await says that the caller can do nothing until the word differs from old.
// Without a hook it returns at once: the caller polls.
func (v *View) Await(where step.Name, off Offset, old uint32) {
	if v.hook != nil {
		v.hook.Await(where, v.number, off, old)
	}
}

// bypassed tells the hook, if there is one, of an access that is no step.
func (v *View) bypassed(kind Kind, off Offset, size uint32) {
	if v.hook != nil {
		v.hook.Bypassed(Access{Kind: kind, Segment: v.number, Offset: off, Size: size})
	}
}

func (v *View) before(name step.Name, kind Kind, off Offset, size uint32) {
	v.hook.Before(Access{Step: name, Kind: kind, Segment: v.number, Offset: off, Size: size})
}
