package explore

import (
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// What a stateful search takes for the state of a channel, beside where each
// thread stands:
//
//	words of both sides   as they are; a slot's bytes only from when they are
//	                      written until they are read, since nobody looks at them else
//	doorbell              only, for each thread that read it and is about to sleep,
//	                      whether it has changed since: it is compared for equality
//	                      with that value and with no other
//	donated               as it is, but not at all where no thread reads it
//	parked, blocked       as a thread reads them: whether anybody is
//	private words         as they are, and what the caller keeps beside them
//	simulated machine     who sleeps and whether it is woken, permits, wakes for nothing
//	ghost and target      all that a check looks at
//
// That this is enough is verified by the search itself (schedule.Stateful).

// declareState declares the state of the region's channel.
func (g *ghost) declareState(t *schedule.T, r *Region) {
	words := &g.words
	t.Shared(func(d *schedule.Digest) {
		if !g.over {
			for s := range uint8(2) {
				g.segment(d, r.segments[s], s)
			}
			g.state(d)
		}
		g.m.state(d)
	})
	g.m.quotient(r.number, func(at schedule.Location, v uint64) uint64 {
		segment, off := uint8(at.Segment), shm.Offset(at.Offset)
		switch {
		case segment == nudges || segment == besides|call.Private && off == 4*shm.Offset(shm.FreeRecords):
			return 0
		case segment == call.Private && off == call.Blocked:
			return min(v, 1)
		case segment > 1:
			return v
		case off == words.Doorbell || off == words.Donated && !g.donations:
			return 0
		case off == words.Parked:
			return min(v, 1)
		}
		return v
	})
}

// quotient declares what of a value that is read in a region matters to its reader.
func (m *Machine) quotient(region uint8, f func(at schedule.Location, v uint64) uint64) {
	if len(m.quotients) == 0 {
		m.t.Quotient(func(at schedule.Location, v uint64) uint64 {
			if i := int(at.Segment >> 8); i < len(m.quotients) && m.quotients[i] != nil {
				return m.quotients[i](at, v)
			}
			return v
		})
	}
	for len(m.quotients) <= int(region) {
		m.quotients = append(m.quotients, nil)
	}
	m.quotients[region] = f
}

// segment adds the words of one side.
func (g *ghost) segment(d *schedule.Digest, own *shm.View, s uint8) {
	w := &g.words
	d.Word(uint64(own.Peek(w.SendLock))<<32 | uint64(own.Peek(w.RecvLock)))
	d.Word(uint64(own.Peek(w.Tail))<<32 | uint64(own.Peek(w.Room)))
	d.Word(uint64(own.Peek(w.Head))<<32 | uint64(own.Peek(w.Parked)))
	var message [channel.HeaderSize + payload]byte
	for i, at := range w.Sequence {
		d.Word(uint64(own.Peek(at)))
		if g.slots[s][i] != slotFree {
			own.PeekBytes(w.Header[i], message[:])
			d.Bytes(message[:])
		}
	}
	d.Word(g.region.rung(s, own.Peek(w.Doorbell)))
	if g.donations {
		d.Word(uint64(own.Peek(w.Donated)))
	}
}

// bell is what a thread has read of a doorbell, until it was compared.
type bell struct {
	read    bool
	value   uint32
	segment uint8
	of      *Region
}

// nudgeSeen is what a thread has seen of a nudge, until it was compared.
type nudgeSeen struct {
	read  bool
	value uint32
	now   *uint32
}

// rung says of each thread whether it keeps a value of the doorbell, and whether
// it would find another one now.
func (r *Region) rung(segment uint8, now uint32) (set uint64) {
	for i, w := range r.m.waiters {
		if w != nil && !r.m.unrung && w.bell.read && w.bell.of == r && w.bell.segment == segment {
			set |= pairOf(i, w.bell.value != now)
		}
	}
	return set
}

// nudged says of each thread whether it keeps what it saw of a nudge, and whether
// that has changed since.
func (m *Machine) nudged() (set uint64) {
	for i, w := range m.waiters {
		if w != nil && w.seen.read && !m.unnudged {
			set |= pairOf(i, w.seen.value != *w.seen.now)
		}
	}
	return set
}

// pairOf is one of two values for thread i, in a word that has 0 for a thread of
// which there is nothing to say, whether it has waited before or not.
func pairOf(i int, b bool) uint64 { return (2 | bit(b)) << (2 * i) }

// state adds who sleeps and whether it is woken.
func (m *Machine) state(d *schedule.Digest) {
	asleep := uint64(0)
	for i, w := range m.waiters {
		for _, other := range m.asleep {
			if w == other {
				asleep |= pairOf(i, w.wakes() && !m.unwoken)
			}
		}
	}
	d.Word(asleep)
	d.Word(m.nudged())
	for i, w := range m.waiters {
		if w != nil && w.passed != 0 {
			d.Word(uint64(w.passed) | uint64(i))
		}
	}
	d.Word(uint64(m.spurious))
	d.Word(uint64(m.clock))
}

// state adds what the calling threads are given.
func (t *Threads) state(d *schedule.Digest) {
	given := uint64(1)
	for i := range t.permits {
		given <<= 1
		if t.permits[i].given {
			given |= 1
		}
	}
	d.Word(given)
}

// declareState declares the state of the calls, beside that of the channel.
func (c *calling) declareState() {
	c.machine.forgets = true
	g := c.region.ghost
	private := c.caller.Private()
	c.t.Shared(func(d *schedule.Digest) {
		for off := shm.Offset(0); off < shm.Offset(private.Size()); off += 64 {
			d.Word(uint64(private.Peek(off)))
		}
		c.caller.Look(d.Word)
		c.threads.state(d)
		for _, n := range c.ended {
			d.Word(uint64(n))
		}
		for _, n := range c.executed {
			d.Word(uint64(n))
		}
		if c.leaving != nil {
			c.leaving.state(d)
		}
	})
	if c.leaving != nil {
		return // who leaves writes the word of its call while it is pending
	}
	// A call's word is written by its own thread, but while the call is pending by
	// the thread that leads.
	for i := range c.ended {
		c.t.GuardsStores(memory.OneLeader, func() int {
			if private.Peek(call.State(i)) == call.Pending {
				return g.leader
			}
			return i
		}, schedule.Span{Location: locate(c.region.number, call.Private, call.State(i)), Size: 4})
	}
}

// forgotten are the steps before which a thread of these targets remembers
// nothing on which its next steps depend, beside what shared state tells: who it
// is, whether it leads, what stands in the words. Each is a mark.
var forgotten = func() (set [256]bool) {
	for _, n := range []step.Name{
		// A message is in its slot, or has been sent.
		step.Publish, step.StoreTail, step.LookParked, step.Donate, step.Ring, step.Wake,
		// A processor parks. What it read of the doorbell is part of the state.
		step.LookDoorbell, step.Announce, step.RecheckHead, step.Sleep, step.Asleep, step.Retract,
		// A caller waits: what it waits for is its own call.
		step.Lead, step.AnnounceBlock, step.LeadAgain, step.Block, step.RetractBlock,
		// It leaves the lead; whose call it looks at is the place of the step.
		step.Resign, step.LookBlocked, step.LookPending, step.Ready,
		step.OpenCall, step.CloseCall, step.FreeRecord, step.Abandon,
		// A caller that found no record rests.
		step.AwaitRecord,
	} {
		set[n] = true
	}
	return set
}()
