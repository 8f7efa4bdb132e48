// Package kernel is what the runtime asks of the operating system: to sleep on a
// word of shared memory, to wake who sleeps there, and the time. It is an
// interface, so that the same code runs on the real kernel and on a simulated
// one whose every answer is a choice. It promises nothing to users of urpc.
package kernel

import (
	"sync/atomic"
	"time"

	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Outcome says why a Sleep returned.
type Outcome uint8

const (
	// Woken: by a Wake, or for no reason at all (the kernel allows itself that).
	Woken Outcome = iota + 1
	// Changed: the word or the nudge had another value than expected.
	Changed
	// TimedOut: the deadline has passed.
	TimedOut
)

// Kernel is the operating system as the runtime sees it. Its methods may be
// called by any number of processors at once.
type Kernel interface {
	// Sleep puts the calling processor to sleep if the word has the expected
	// value and the nudge is as seen; comparing and falling asleep are one step,
	// so a Wake after a change of the word is never lost. It returns when woken,
	// nudged or, unless deadline is 0, at the deadline (of Now).
	Sleep(word *shm.View, off shm.Offset, expected uint32, nudge *Nudge, seen uint32, deadline int64) Outcome
	// Wake wakes all who sleep on the word, in every address space: waking one
	// could be swallowed by a hostile sleeper.
	Wake(word *shm.Segment, off shm.Offset)
	// Nudge gets all who sleep with the nudge out of their sleep, also one that is
	// just about to fall asleep.
	Nudge(n *Nudge)
	// Now is the time in nanoseconds of a clock that never goes back.
	Now() int64
	// Moment is the time of Now at which the wall clock says t; 0 if it is further
	// off than the clock can say.
	Moment(t time.Time) int64
	// Pause lets a polling processor rest for a moment without giving it up.
	Pause()
}

// Never is a time that no process sees the end of: 146 years. Twice that is more
// than a clock of 64 bits can say.
const Never = 1 << 62 * time.Nanosecond

// Nudge gets processors of the own space out of their sleep for a reason that
// the peer's words do not show: a cancelled call, a dead peer, a close. It is
// private to the space.
type Nudge struct{ word atomic.Uint32 }

// Seen is the state of the nudge. A processor reads it, then checks the reasons,
// then sleeps: a Nudge in between changes it and the sleep returns at once. The
// nudge is kept beside the private words of the processor's space, whose hook is
// told of the look.
func (n *Nudge) Seen(private *shm.View) uint32 {
	private.Beside(step.LookNudge, shm.KindLoad, shm.Nudged)
	return n.word.Load()
}

// Peek is Seen without a step: for whoever implements Kernel, and for what watches a
// run, never for what runs.
func (n *Nudge) Peek() uint32 { return n.word.Load() }

// StartAt sets how often who sleeps was nudged before, as long as nobody else has the
// nudge: only whether it changes counts, so that a test can have it wrap.
func (n *Nudge) StartAt(times uint32) { n.word.Store(times) }

// Change changes the nudge without waking anybody: the first half of a Nudge,
// for whoever implements Kernel.
func (n *Nudge) Change() { n.word.Add(1) }
