package explore

import (
	"urpc/checker/schedule"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Machine is what one execution runs on, in place of hardware and operating
// system. It is made anew for each execution.
type Machine struct {
	t       *schedule.T
	waiters []*waiter // of each thread, by its index
	asleep  []*waiter // in the simulated kernel
	clock   int64     // nanoseconds
	// spurious is how many sleepers the kernel may still wake for nothing.
	spurious int

	// besides: accesses to such of what stands in no segment are steps. Targets in
	// which nobody writes there do without.
	besides besideSet
	// ticks: the clock passes by steps of the target's threads (pass), and to look at
	// it is a step. Else it stands still but for sleepers.
	ticks     bool
	quotients []func(at schedule.Location, v uint64) uint64 // by region
	forgets   bool                                          // the steps of forgotten are marks
	donates   bool                                          // a caller that looks for who is parked remembers whether it is the last that is ready
	// live gives what a thread remembers all the same before such a step; nil: nothing.
	live       func(thread int) []uint64
	remembered [1]uint64
	// drains says whether the thread receives before it has a call, and so counts how
	// often; nil: none does.
	drains func(thread int) bool
	copies bool // what threads copy out is kept (waiter.copied)
	// polling: who finds nothing polls for a while (Kernel.Pause).
	polling bool
	// called is what watches of contexts call that have ended, until it runs (callWatches).
	called []func()
	// taken is the step that the thread which runs has taken before what makes it (takeWhen).
	taken step.Name
	// finds are the places where a thread that awaits a record may find one.
	finds []schedule.Location
	// overslept, if set, is told of a thread that goes to sleep past its deadline.
	overslept func(thread int)
	// sleeps, if set, is told of a thread that falls asleep.
	sleeps func(w *waiter)
	// rests, if set, is told of a thread that found no record and is to rest, and of one that
	// has rested.
	rests func(thread int, rested bool)
	// together: every step is on one place, and writes it. What a thread does
	// between two steps may then touch anything that it shares.
	together bool
	// What tests plant: a mark that leaves live values out, one where there is
	// something to remember, states that leave out doorbells or who is woken.
	omits           func(where step.Name, live []uint64) []uint64
	amnesia         step.Name
	unrung, unwoken bool
	unnudged        bool // and whether a nudge has changed

	processors *Processors // nil: every thread has one of its own
	onPause    func()      // called when a thread rests from polling; nil: by nobody
	stopped    func() bool // why polling is of no more use; nil: never

	observer Observer              // nil: nobody watches
	alone    bool                  // whoever watches judges, not the target
	gate     func(thread int) bool // nil: every thread may go on
}

// NewMachine makes the machine of an execution. Its kernel may wake up to
// spurious sleepers for nothing.
func NewMachine(t *schedule.T, spurious int) *Machine {
	return &Machine{t: t, clock: 1, spurious: spurious}
}

// waiter is what one thread waits for. There is one for each thread, so that
// waiting allocates nothing.
type waiter struct {
	m *Machine
	// An await of a word.
	view *shm.View
	off  shm.Offset
	old  uint32
	also *uint32 // another reason to go on, if it is not 0; nil: there is none
	// A sleep in the kernel.
	bell            bell
	seen            nudgeSeen
	over            bool   // it has seen that the binding of its call is over
	cause           cause  // and why, where there are several reasons
	roused          uint64 // how many reasons there were to end a rest for good, when it last went on from one
	last            bool   // it has sent, and found that no other caller was ready
	sending         bool   // it has a call to send, or has not looked yet whom to wake
	head            uint32 // of the peer, when it last looked for room
	copied          []byte // the message that it copied out last, header and payload
	tail            uint32 // that it has read, until it has stored the next one
	call            callerOf
	at              schedule.Location
	nudge           *kernel.Nudge
	woken, spurious bool
	deadline        int64
	// The context of the thread's call; nil: none that ends.
	context *endingContext
	// Polling: what it looked at last, and how much time has passed by itself.
	polled polled
	passed int64

	// A step, or an await, with a gate before it.
	behind func() bool

	changed, up, mayGo func() bool // the methods differs, wakes, goes
	pollEnds           func() bool // there is something, or the processor is wanted
}

// readies follows whether the thread is the last one that is ready when it has sent. It
// counts one less also when its call is over, or the call to which it has received a reply
// was left: then it wakes nobody.
func (w *waiter) readies(name step.Name, value uint32) {
	switch name {
	case step.OpenCall:
		w.sending = true
	case step.CloseCall:
		w.sending = false
	case step.RetractReady:
		w.last = value == 1 && w.sending
	case step.LookParked:
		w.last, w.sending = false, false
	}
}

// differs says whether the word that is awaited has another value. The context of
// who polls may have ended meanwhile, or the binding: it looks at that in every
// turn.
func (w *waiter) differs() bool {
	return w.view.Peek(w.off) != w.old || w.context != nil && w.context.rouses() || w.also != nil && *w.also != 0
}

// wakes says whether the kernel may let the sleeper go on. A deadline may pass
// at any time where the clock does not pass by steps.
func (w *waiter) wakes() bool {
	return w.woken || w.spurious || w.deadline != 0 && (!w.m.ticks || w.deadline <= w.m.clock)
}

// waiter gives that of the thread that calls.
func (m *Machine) waiter() *waiter {
	self := m.t.Self()
	for len(m.waiters) <= self {
		m.waiters = append(m.waiters, nil)
	}
	if m.waiters[self] == nil {
		w := &waiter{m: m}
		w.changed, w.up = w.differs, w.wakes
		w.pollEnds = func() bool {
			return w.polled.changed() || w.context != nil && w.context.rouses() || m.processors != nil && m.processors.wanted() ||
				m.stopped != nil && m.stopped()
		}
		w.mayGo = func() bool { return m.gate(self) && (w.behind == nil || w.behind()) }
		m.waiters[self] = w
	}
	return m.waiters[self]
}

// Segments of a region that have no bytes: what else threads share.
const (
	permits uint8 = 0xf0 // permit i at offset 4i
	nudges  uint8 = 0xf1
	crews   uint8 = 0xf4 // what the threads of a pool share beside its words
	works   uint8 = 0xf5 // what handlers share
	besides uint8 = 0xe0 // and the number of the segment, of what is kept beside it

	contexts uint8 = 0xf2 // context i at offset 4i
	clocks   uint8 = 0xf3
)

// besideSet is a set of what is kept beside segments.
type besideSet uint32

func besidesOf(all ...shm.Beside) (set besideSet) {
	for _, what := range all {
		set |= 1 << what
	}
	return set
}

func (set besideSet) has(what shm.Beside) bool { return set>>what&1 == 1 }

// locate gives the place of a word: several regions of one machine do not mix.
func locate(region, segment uint8, off shm.Offset) schedule.Location {
	return schedule.Location{Segment: uint16(region)<<8 | uint16(segment), Offset: uint32(off)}
}
