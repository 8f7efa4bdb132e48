package call

import (
	"urpc/runtime/channel"
	"urpc/spec/step"
)

// Polls between two looks at the clock and the context, and between two chances
// for the other goroutines of this space (rule R2).
const (
	pollsPerLook  = 32
	pollsPerYield = 128
)

// leadOn receives for every waiting thread until its own reply is there. It
// polls at first, since the peer may be answering on another processor, and
// parks when that has taken as long as parking costs.
func (w *waiter) leadOn() error {
	c := w.caller
	polls, since := 0, int64(0)
	for received := 0; ; {
		if c.private.Hooked() {
			c.private.Mark(step.TestSetReceive, uint64(w.i), uint64(since))
		}
		if w.delivered() {
			return nil
		}
		switch c.receiveOne(w.i) {
		case channel.Done:
			polls, since = 0, 0
			// A peer that never stops replying, to calls that nobody made, must not keep
			// this one past its deadline.
			if received++; received%pollsPerLook == 0 {
				if err := w.over(); err != nil {
					return err
				}
			}
			continue
		case channel.Corrupt:
			return c.Err()
		case channel.Busy: // not by our doing: only who leads receives
			c.port.AwaitReceive()
		}
		polls++
		if c.poll > 0 && !c.out() {
			if polls%pollsPerLook != 0 && !c.private.Hooked() {
				continue
			}
			now := c.kernel.Now()
			if since == 0 {
				since = now
			}
			if now-since < c.poll {
				if err := w.over(); err != nil {
					return err
				}
				c.kernel.Pause()
				if polls%pollsPerYield == 0 {
					w.yield()
				}
				continue
			}
		}
		if err := w.park(); err != nil {
			return err
		}
		polls, since = 0, 0
	}
}

// park parks the processor until the peer rings or there is a reason to leave.
func (w *waiter) park() error {
	c := w.caller
	w.watch()
	seen := c.nudge.Seen(&c.private.View)
	if err := w.over(); err != nil {
		return err
	}
	if c.port.Park(c.kernel, &c.nudge, seen, w.deadline) != channel.Found {
		c.counters.parks.Add(1)
	}
	return nil
}

// receiveOne receives one reply, if there is one, for whichever call it is. The
// caller leads; self is its own call, which need not be made ready. A corrupt
// channel ends every call, whoever comes across it.
func (c *Caller) receiveOne(self int) channel.Result {
	var m channel.Message
	payload, r := c.port.Receive(&m, c.spare)
	switch r {
	case channel.Done:
		c.deliver(&m, payload, self)
	case channel.Corrupt:
		c.Poison(ErrCorrupt)
	}
	return r
}

// deliver hands a reply to its caller.
//
//	LoadCall:  s := state[j]
//	LookName:  if the name of record j is another one then drop the reply
//	           if s is neither pending nor abandoned then drop the reply
//	           if s = abandoned then goto DropReply
//	Deliver:   if compare-and-swap(state[j], pending, delivered) fails then goto DropReply
//	Ready:     permit[j] := true;  return
//	DropReply: if compare-and-swap(state[j], abandoned, idle) succeeds then free record j
//
// While the call is pending its thread leaves reply, payload and buffer alone:
// they are written here, before the swap that hands them over. The id is the
// peer's word: an id that names no pending call, or that was used already, is
// dropped and harms no other call. For that the record's generation is looked at
// after its state: a state of the next call comes after that call's generation.
// And what was found idle or delivered is left alone: a reply that comes for the
// second time must not free the record of the next call, which may have been left
// since, and awaits a reply of its own.
func (c *Caller) deliver(m *channel.Message, payload []byte, self int) {
	j := indexOf(m.ID)
	if j >= len(c.records) {
		c.counters.dropped.Add(1)
		return
	}
	state := c.private.Load(step.LoadCall, stateOf(j))
	if c.lookName(j) != m.ID || state != pending && state != abandoned {
		c.counters.dropped.Add(1)
		return
	}
	if state == pending {
		r := &c.records[j]
		r.reply, r.payload = *m, payload
		r.buffer, c.spare = c.spare, r.buffer
		c.announceReady() // for thread j, before it can go on
		if c.private.CompareAndSwap(step.Deliver, stateOf(j), pending, delivered) {
			if j != self {
				c.threads.Ready(j)
			}
			return
		}
		c.retractReady() // it has just left
	}
	c.counters.dropped.Add(1)
	// The late reply of a call that was left: now its record may be used again.
	if c.private.CompareAndSwap(step.DropReply, stateOf(j), abandoned, idle) {
		c.free.put(c.private, j)
	}
}

// resign frees the lead and passes it on.
func (c *Caller) resign(self int) {
	c.lead.Free()
	c.passOn(self)
}

// passOn makes one blocked thread ready to lead.
//
//	LookBlocked: if blocked = 0 then return
//	LookPending: for some j ≠ i: if state[j] = pending then ready j, return
func (c *Caller) passOn(self int) {
	if c.private.Load(step.LookBlocked, offBlocked) == 0 {
		return
	}
	for j := range c.records {
		if j != self && c.private.Load(step.LookPending, stateOf(j)) == pending {
			c.threads.Ready(j)
			return
		}
	}
}
