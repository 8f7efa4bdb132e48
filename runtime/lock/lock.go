// Package lock is the test-and-set lock that guards one end of a queue. It is
// tried, never waited for: who finds it held goes on to something else and polls
// again later (rule R0). It promises nothing to users of urpc.
package lock

import (
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// TryLock is a lock word in a segment: 0 free, 1 held. Only the side that writes
// the segment can hold it, so the peer can neither take it nor keep it.
type TryLock struct {
	Segment *shm.Segment
	Word    shm.Offset
	// TestSet and Unlock name the two steps.
	TestSet, Unlock step.Name
}

// Try takes the lock if it is free and says whether it did. A Try that takes
// the lock is synchronized after the Free before it, so what the lock guards is
// seen as the last holder left it.
func (l *TryLock) Try() bool { return l.Segment.TestAndSet(l.TestSet, l.Word) }

// Free frees the lock. Only its holder calls it.
func (l *TryLock) Free() { l.Segment.Store(l.Unlock, l.Word, 0) }

// AwaitFree says that the caller can do nothing until the lock was seen free.
// Without a hook it returns at once: the caller polls.
func (l *TryLock) AwaitFree() { l.Segment.Await(l.TestSet, l.Word, 1) }
