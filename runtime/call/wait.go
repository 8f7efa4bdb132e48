package call

import (
	"context"
	"errors"
	"runtime"

	"urpc/runtime/channel"
	"urpc/spec/step"
)

// waiter is one call on its way, on its own thread's stack.
type waiter struct {
	caller   *Caller
	ctx      context.Context
	done     <-chan struct{} // ctx.Done(), nil if ctx never ends
	deadline int64           // in the kernel's time, 0 for none
	i        int             // the call's record
	watched  func() bool     // stops the watch on ctx, nil while there is none
}

// over says why the call should be left before its reply: a poisoned caller or a
// context that has ended.
func (w *waiter) over() error {
	if err := w.caller.Err(); err != nil {
		return err
	}
	if w.done == nil {
		return nil
	}
	if err := w.ctx.Err(); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return ErrDeadline
		}
		return ErrCancelled
	}
	// The context's own timer needs a processor, and polling may keep them all.
	if w.deadline != 0 && w.caller.kernel.Now() >= w.deadline {
		return ErrDeadline
	}
	return nil
}

// open finds a record that no call uses and says that its call is pending. If
// there is none, it waits for one.
//
//	TakeRecord: if free is empty then wait, see awaitRecord;  i := pop(free)
//	            the thread is ready: see donate.go
//	NameCall:   generation[i] := generation[i] + 1
//	OpenCall:   state[i] := pending
func (w *waiter) open() (err error) {
	c := w.caller
	i, ok := c.free.take(c.private)
	if !ok {
		c.counters.overloads.Add(1)
		if i, err = w.awaitRecord(); err != nil {
			return err
		}
	}
	w.i = i
	c.nameCall(i)
	c.announceReady()
	c.private.Store(step.OpenCall, stateOf(i), pending)
	return nil
}

// awaitRecord waits for a record as long as the context allows, and calls are sent; or
// refuses.
//
//	(look)       over := whether the context has ended, or all calls: see over
//	LookSending: if unsent ≠ nil then return that;  if over then return why;  drain
//	TakeRecord:  if free is empty then rest, or refuse;  goto look
//	             i := pop(free)
//	LookSending: if unsent ≠ nil then FreeRecord, return that
//
// Why the second look is enough stands above StopSending. The first one comes after the
// look whether all calls have ended, since they do so after StopSending: who sees that
// end, which is that of a call that was sent, sees why it was not. The record that the
// second look gives back wakes nobody: whoever waits for one looks, too, and ends.
func (w *waiter) awaitRecord() (int, error) {
	c := w.caller
	for {
		if c.private.Hooked() {
			c.private.Mark(step.TakeRecord)
		}
		over := w.over()
		if err := c.poison.lookSending(c.private); err != nil {
			return 0, err
		}
		if over != nil {
			return 0, over
		}
		c.drain()
		if i, ok := c.free.take(c.private); ok {
			if err := c.poison.lookSending(c.private); err != nil {
				c.free.put(c.private, i)
				return 0, err
			}
			return i, nil
		}
		if c.overload == Refuse {
			return 0, ErrOverloaded
		}
		c.threads.Rest(c.mayFind)
	}
}

// mayFind says whether a thread that found no record would find one now, or a
// reply that may free one: for what watches a run, never for what runs.
func (c *Caller) mayFind() bool {
	return !c.free.empty() || c.private.Unhooked().Peek(offLead) == 0 && c.port.Queued()
}

// drain receives what has come, for a thread that has no call yet: late replies
// free the records of calls that were left, but only when somebody receives
// them. It does so for a while only, since a peer may never stop replying.
func (c *Caller) drain() {
	if !c.lead.Try() {
		return
	}
	for n := range pollsPerLook {
		if c.private.Hooked() {
			c.private.Mark(step.TestSetReceive, uint64(len(c.records)), uint64(n))
		}
		if c.receiveOne(-1) != channel.Done {
			break
		}
	}
	c.resign(-1)
}

// send puts the call into the queue and wakes the peer if it is parked. An end
// that is busy or full is tried again later; nobody waits for a lock.
func (w *waiter) send(procedure uint32, request []byte) error {
	c := w.caller
	m := channel.Message{ID: c.name(w.i), Procedure: procedure, Length: uint32(len(request))}
	for {
		if c.private.Hooked() {
			c.private.Mark(step.TestSetSend, uint64(w.i), m.ID)
		}
		switch r := c.port.Send(&m, request); r {
		case channel.Done:
			w.wake()
			return nil
		case channel.Corrupt:
			c.Poison(ErrCorrupt)
			return c.Err()
		default:
			if err := w.over(); err != nil {
				return err
			}
			c.port.AwaitSend(r)
			w.yield()
		}
	}
}

// wake wakes the peer if it is parked, and donates this processor to it if no other
// thread of this space is ready.
func (w *waiter) wake() {
	c := w.caller
	waking := c.port.Wake(c.kernel, c.retractReady())
	if waking != channel.Awake {
		c.counters.wakes.Add(1)
	}
	if waking == channel.Donated {
		c.counters.donations.Add(1)
	}
}

// wait waits until the reply has been delivered, leading or blocked.
//
//	CheckReply:    if state[i] = delivered then Unwatch, return
//	Lead:          if test-and-set(lead) = free then lead, goto Resign
//	AnnounceBlock: blocked := blocked + 1
//	LeadAgain:     if test-and-set(lead) = free then RetractBlock, lead, goto Resign
//	Block:         await permit[i];  permit[i] := false
//	RetractBlock:  blocked := blocked - 1;  goto CheckReply
//
// The lead is never left alone while a thread blocks: it announces itself before
// its second try. Either that try comes after Resign and succeeds, or the
// LookBlocked after Resign sees the announcement and the lead is passed on.
func (w *waiter) wait() error {
	c := w.caller
	defer w.unwatch()
	for {
		if c.private.Hooked() {
			c.private.Mark(step.CheckReply, uint64(w.i))
		}
		if w.delivered() {
			return nil
		}
		if err := w.over(); err != nil {
			return w.leave(err)
		}
		if c.lead.Try() || w.block() {
			err := w.leadOn()
			c.resign(w.i)
			if err != nil {
				return w.leave(err)
			}
			return nil
		}
	}
}

// delivered says whether the reply is there. The load that sees it is
// synchronized after the leading thread's writes to the record.
func (w *waiter) delivered() bool {
	return w.caller.private.Load(step.CheckReply, stateOf(w.i)) == delivered
}

// block blocks until the reply may be there or the lead may be free; true if the
// thread leads after all.
func (w *waiter) block() bool {
	c := w.caller
	c.private.Add(step.AnnounceBlock, offBlocked, 1)
	leads := c.again.Try()
	if !leads {
		c.counters.blocks.Add(1)
		c.threads.Block(w.i, w.done, c.poison.stopped)
	}
	c.private.Add(step.RetractBlock, offBlocked, ^uint32(0))
	return leads
}

// leave abandons a call, unless its reply has just been delivered. A thread that
// leaves may have been given the lead and passes it on.
//
//	Abandon: if compare-and-swap(state[i], pending, abandoned) fails then return the reply
func (w *waiter) leave(err error) error {
	c := w.caller
	if !c.private.CompareAndSwap(step.Abandon, stateOf(w.i), pending, abandoned) {
		return nil
	}
	c.passOn(w.i)
	return err
}

// watch gets this thread out of its sleep when the context ends, until unwatch.
func (w *waiter) watch() {
	if w.done != nil && w.watched == nil {
		c := w.caller
		w.watched = c.threads.Watch(w.ctx, func() { c.kernel.Nudge(&c.nudge) })
	}
}

func (w *waiter) unwatch() {
	if w.watched != nil {
		w.watched()
	}
}

// yield lets another thread of this space run. Under a hook the scheduler does.
func (w *waiter) yield() {
	if !w.caller.private.Hooked() {
		runtime.Gosched()
	}
}
