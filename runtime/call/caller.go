// Package call is the client's end of a binding: it gives each call a name, sends
// it, blocks its thread, and hands every reply to the thread that waits for it.
// It promises nothing to users of urpc.
//
// One thread at a time leads: it receives for all that wait, polls, and parks the
// processor when there is nothing; the others are blocked, not polling. Whoever
// leaves the lead passes it on.
package call

import (
	"context"
	"fmt"
	"time"

	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/lock"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Config is what a caller is made of.
type Config struct {
	Port   *channel.Port
	Kernel kernel.Kernel
	// Calls is the most calls pending at once; 0 stands for the channel's slots.
	// With no more calls than slots neither queue of an honest pair is ever full,
	// which a server insists on (processor.Worker.Execute). There may be more, up to
	// MostCalls, where the server awaits room (processor.Config.AwaitRoom).
	Calls int
	// Poll is how long to poll for a reply before parking; negative: not at all.
	Poll time.Duration
	// Donate hands this processor to the peer when it is parked: the caller wakes
	// it and parks at once, instead of polling.
	Donate channel.Donation
	// Overload says what a call does while Calls calls are pending, or were left
	// and their replies have not come yet.
	Overload Overload
	// Threads blocks and readies the callers; nil stands for goroutines.
	Threads Threads
	// Generation is the generation of the records before their first call: 0,
	// except where a test wants to see names wrap.
	Generation uint64
	// Nudges is how often who sleeps was nudged before: 0, except where a test wants to
	// see that wrap.
	Nudges uint32
	// Hook watches the private words; nil in production.
	Hook shm.Hook
}

// Overload says what a call does that finds every record in use.
type Overload bool

const (
	// Wait waits for a record as long as the context allows.
	Wait Overload = false
	// Refuse ends the call with ErrOverloaded.
	Refuse Overload = true
)

// Caller is the client's end of a binding. Any number of goroutines may call.
type Caller struct {
	port     *channel.Port
	kernel   kernel.Kernel
	poll     int64 // nanoseconds
	donate   channel.Donation
	overload Overload
	threads  Threads
	private  *shm.Segment
	lead     lock.TryLock
	again    lock.TryLock // the same lock under the name of its second try
	records  []record
	free     freeList
	spare    []byte // the leader's buffer: guarded by lead
	nudge    kernel.Nudge
	poison   poison

	generation uint64 // of all records at first
	counters   counters
}

// MostCalls is the most calls that may be pending in a channel with so many slots
// in each queue. A lead that is passed on may go to a thread that waits for room
// in the queue of calls. Were there enough other threads to fill both queues, the
// hands of a server, and to block, all would wait for each other: the
// specification's channel family shows it with 2·slots + servers + 2 callers. Calls
// that were left fill queues and hands without a thread that blocks: where some callers
// may leave and others may not, there must be no more than 2·slots + servers. And no
// more than there are records to be named: of two more, one would be taken for the
// next call of the other.
func MostCalls(slots uint32) int { return min(2*int(slots)+2, mostRecords) }

// New makes a caller. It panics when c asks for more calls than MostCalls.
func New(c Config) *Caller {
	calls := c.Calls
	if calls == 0 {
		calls = int(c.Port.Size().Slots)
	}
	if calls < 1 || calls > MostCalls(c.Port.Size().Slots) {
		panic(fmt.Sprintf("call: %d calls in a channel of %d slots: want 1 to %d", calls, c.Port.Size().Slots, MostCalls(c.Port.Size().Slots)))
	}
	if c.Threads == nil {
		c.Threads = Goroutines(calls)
	}
	private := shm.Heap(Private, int(stateOf(calls)))
	private.SetHook(c.Hook)
	caller := &Caller{
		port: c.Port, kernel: c.Kernel, poll: int64(c.Poll), donate: c.Donate, overload: c.Overload, threads: c.Threads,
		private: private,
		lead:    lock.TryLock{Segment: private, Word: offLead, TestSet: step.Lead, Unlock: step.Resign},
		again:   lock.TryLock{Segment: private, Word: offLead, TestSet: step.LeadAgain, Unlock: step.Resign},
		records: make([]record, calls),
		spare:   make([]byte, c.Port.Size().Payload),
		poison:  poison{stopped: make(chan struct{})}, generation: c.Generation,
	}
	for i := range caller.records {
		caller.records[i].buffer = make([]byte, c.Port.Size().Payload)
		caller.records[i].generation.Store(c.Generation)
	}
	caller.free.fill(calls)
	caller.nudge.StartAt(c.Nudges)
	return caller
}

// Private gives the words that the caller's threads share: for what watches a
// run, never for what runs.
func (c *Caller) Private() *shm.View { return c.private.Unhooked() }

// Do sends one call and waits for its end: its reply, which take is given (the
// payload is a private copy that is valid during take), or an error. Where ctx
// has a deadline or can be cancelled, Do leaves then, and the late reply is
// dropped.
func (c *Caller) Do(ctx context.Context, procedure uint32, request []byte, take func(status uint32, payload []byte) error) error {
	w := waiter{caller: c, ctx: ctx, done: ctx.Done()}
	if at, ok := ctx.Deadline(); ok {
		w.deadline = c.kernel.Moment(at)
	}
	// The deadline, too, is looked at before anything is sent: that it has passed
	// the context may not know yet.
	if err := w.over(); err != nil {
		return err
	}
	if err := w.open(); err != nil {
		return err
	}
	if err := w.send(procedure, request); err != nil {
		c.close(w.i) // nothing was sent, so no reply will come
		c.passOn(w.i)
		return err
	}
	if err := w.wait(); err != nil {
		return err
	}
	defer c.close(w.i) // also where take ends the goroutine or panics
	r := &c.records[w.i]
	return take(r.reply.Status, r.payload)
}

// close gives the record of a call that is over back.
func (c *Caller) close(i int) {
	c.private.Store(step.CloseCall, stateOf(i), idle)
	c.retractReady()
	c.free.put(c.private, i)
}

// Poison ends every pending and every later call with err. Only the first
// counts.
//
//	Poison:  if poison ≠ nil then return;  poison := err
//	Unblock: whoever blocks, or is about to, goes on
//	Nudge:   nudge := nudge + 1; wake all who sleep with it
//
// Nobody misses it. A thread that leads reads the nudge, then the poison, then
// sleeps while the nudge is what it read: either it sees the poison, or the nudge
// comes after its look and its sleep is refused or ended. A thread that blocks
// does not wait for a permit alone.
func (c *Caller) Poison(err error) {
	if c.poison.set(c.private, &err) {
		c.poison.unblock(c.private)
		c.kernel.Nudge(&c.nudge)
	}
}

// StopSending ends every call that waits for a record with *err, and not those that have
// one: they may have been sent. It is called once, by who has learned that the server
// stops, and lets no call begin from then on.
//
//	StopSending: unsent := err
//
// Who waits looks before it goes on waiting, and once more when it has a record. Atomic
// operations have one order. A call that ends after StopSending gives its record back
// after it, and who takes that record is synchronized after who gave it back (freeList):
// its second look comes after StopSending, and sees it. Who does not see it has looked
// before StopSending, and counts as pending then; so does a call that was let in before,
// and finds a record at its first try: it looks not at all, and may be sent after
// StopSending. A look would make that rarer and not impossible: between a look and
// Publish the server may stop.
func (c *Caller) StopSending(err *error) { c.poison.stopSending(c.private, err) }

// PoisonedBy is Err without a step: for what watches a run, never for what runs.
func (c *Caller) PoisonedBy() error { return c.poison.why() }

// Err is the error that the caller was poisoned with, nil if it was not.
func (c *Caller) Err() error { return c.poison.look(c.private) }
