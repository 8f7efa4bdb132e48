package explore

import (
	"bytes"
	"encoding/binary"
	"slices"

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
//	donated, returned     as they are
//	parked, blocked       as a thread reads them: whether anybody is
//	ready                 as a thread reads it: whether another one is
//	private words         as they are, and what the caller keeps beside them
//	simulated machine     who sleeps and whether it is woken, permits, wakes for nothing
//	ghost and target      all that a check looks at
//
// That this is enough is verified by the search itself (schedule.Stateful).

// Each part of it stands at the places of the steps that change it, or whose checks
// look at it: what a step does is then known from the parts at its places
// (schedule.T.Recall).

// declareState declares the state of the region's channel.
func (g *ghost) declareState(t *schedule.T, r *Region) {
	words := &g.words
	for s := range uint8(2) {
		g.declareSide(t, s)
	}
	lead := append([]schedule.Span{r.span(call.Private, call.Lead), r.span(channel.Calls, words.RecvLock), r.span(channel.Calls, words.Head)},
		g.slotSpans(channel.Replies)...)
	for i := range g.calls {
		lead = append(lead, r.span(call.Private, call.State(i)))
	}
	g.part(t, "who leads", func(d *schedule.Digest) { d.Word(uint64(g.leader)) }, lead...)
	g.part(t, "who blocks", func(d *schedule.Digest) { d.Word(uint64(g.blocking)) }, r.span(call.Private, call.Blocked))
	sleep := []schedule.Span{r.span(channel.Calls, words.Doorbell), r.span(channel.Replies, words.Doorbell)}
	for _, at := range append(r.nudged[:], r.m.clockAt()) {
		sleep = append(sleep, schedule.Span{Location: at, Size: 4})
	}
	t.SharedAt("who sleeps", func(d *schedule.Digest) { g.m.sleepers(d, int(r.number)) }, sleep...)
	t.Shared(g.m.rest)
	g.m.quotient(r.number, func(at schedule.Location, v uint64) uint64 {
		segment, off := uint8(at.Segment), shm.Offset(at.Offset)
		switch {
		case segment == nudges || segment == besides|call.Private && off == 4*shm.Offset(shm.FreeRecords):
			return 0
		case segment == call.Private && off == call.Blocked:
			return min(v, 1)
		case segment == call.Private && off == call.Ready:
			return min(v, 2) // whether this thread was the last one
		case segment > 1:
			return v
		case off == words.Doorbell:
			return 0
		case off == words.Parked:
			return min(v, 1)
		}
		return v
	})
}

// part declares a part of the state that nobody looks at once the channel is over.
func (g *ghost) part(t *schedule.T, name string, f func(*schedule.Digest), on ...schedule.Span) {
	t.SharedAt(name, func(d *schedule.Digest) {
		if !g.over {
			f(d)
		}
	}, on...)
}

// declareSide declares the words of one side, and what the ghost knows of them.
func (g *ghost) declareSide(t *schedule.T, s uint8) {
	r, w, own := g.region, &g.words, g.region.segments[s]
	word := func(name string, off shm.Offset) {
		g.part(t, name, func(d *schedule.Digest) { d.Word(uint64(own.Peek(off))) }, r.span(s, off))
	}
	word("tail", w.Tail)
	word("room", w.Room)
	word("head", w.Head)
	word("donated", w.Donated)
	word("returned", w.Returned)
	g.part(t, "who parks", func(d *schedule.Digest) { d.Word(uint64(own.Peek(w.Parked))<<32 | uint64(uint32(g.parking[s]))) }, r.span(s, w.Parked))
	bell := []schedule.Span{r.span(s, w.Doorbell)}
	for _, at := range w.Sequence {
		bell = append(bell, r.span(s, at)) // who finds a message there will not sleep, and forgets the doorbell
	}
	g.part(t, "doorbell", func(d *schedule.Digest) { d.Word(g.region.rung(s, own.Peek(w.Doorbell))) }, bell...)
	sending := append([]schedule.Span{r.span(s, w.SendLock), r.span(s, w.Tail), r.span(s, w.Room)}, g.slotSpans(s)...)
	g.part(t, "sending end", func(d *schedule.Digest) { d.Word(uint64(own.Peek(w.SendLock))<<32 | uint64(g.sender[s]+1)) }, sending...)
	receiving := append([]schedule.Span{r.span(s, w.RecvLock), r.span(s, w.Head)}, g.slotSpans(1-s)...)
	g.part(t, "receiving end", func(d *schedule.Digest) {
		take := &g.taking[s]
		d.Word(uint64(own.Peek(w.RecvLock))<<32 | uint64(g.receiver[s]+1))
		d.Word(uint64(take.slot)<<2 | bit(take.copied)<<1 | bit(take.stored))
	}, receiving...)
	message := make([]byte, g.message)
	for i, at := range w.Sequence {
		word("sequence", at)
		// A slot is free again when the peer has stored its head.
		g.part(t, "slot", func(d *schedule.Digest) {
			d.Word(uint64(g.slots[s][i]))
			if g.slots[s][i] != slotFree {
				own.PeekBytes(w.Header[i], message)
				d.Bytes(message)
			}
		}, r.span(s, at), schedule.Span{Location: locate(r.number, s, w.Header[i]), Size: g.message},
			r.span(1-s, w.Head))
	}
}

// slotSpans are the places of the slots of a segment.
func (r *Region) slotSpans(s uint8, w channel.Words, message uint32) (spans []schedule.Span) {
	for i, at := range w.Header {
		spans = append(spans, r.span(s, w.Sequence[i]), schedule.Span{Location: locate(r.number, s, at), Size: message})
	}
	return spans
}

func (g *ghost) slotSpans(s uint8) []schedule.Span { return g.region.slotSpans(s, g.words, g.message) }

// span is the place of a word.
func (r *Region) span(segment uint8, off shm.Offset) schedule.Span {
	return schedule.Span{Location: locate(r.number, segment, off), Size: 4}
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

// roused says of each thread for how many reasons it has gone on from a rest that ends for
// good.
func (m *Machine) roused() (set uint64) {
	for i, w := range m.waiters {
		if w != nil {
			set |= w.roused << (2 * i)
		}
	}
	return set
}

// pairOf is one of two values for thread i, in a word that has 0 for a thread of
// which there is nothing to say, whether it has waited before or not.
func pairOf(i int, b bool) uint64 { return (2 | bit(b)) << (2 * i) }

// state adds what the machine shares between threads.
func (m *Machine) state(d *schedule.Digest) {
	m.sleepers(d, everyRegion)
	m.rest(d)
}

// everyRegion is the number of none.
const everyRegion = -1

// sleepers adds who sleeps on words of a region, and whether it is woken.
func (m *Machine) sleepers(d *schedule.Digest, region int) {
	asleep := uint64(0)
	for i, w := range m.waiters {
		for _, other := range m.asleep {
			if w == other && (region == everyRegion || int(w.at.Segment>>8) == region) {
				asleep |= pairOf(i, w.wakes() && !m.unwoken)
			}
		}
	}
	d.Word(asleep)
}

// rest adds what any step may change: a thread that will not sleep forgets what it saw
// of a nudge, and one that rests goes on for the end of all calls.
func (m *Machine) rest(d *schedule.Digest) {
	d.Word(m.nudged())
	d.Word(m.roused())
	d.Word(uint64(m.spurious))
	d.Word(uint64(m.clock))
}

// remembers tells what a thread remembers where it forgets all else (forgotten):
// which record is that of its call, whether it leads, whether it was told that its
// call ends, whether it has that watched, and how it has ended the call. These follow from
// the state as a whole, but not from what stands at the place of its step.
func (c *calling) remembers(thread int) []uint64 {
	if i := thread - len(c.own); i >= 0 {
		if l := c.leaving; l != nil && i < len(l.faulty) {
			return l.faulty[i].remembers()
		}
		return nil
	}
	c.live[0] = uint64(c.own[thread]+1)<<4 | bit(c.machine.waiter().last)<<63 | bit(c.region.ghost.leader == thread)
	if l := c.leaving; l != nil {
		context := c.machine.waiter().context
		c.live[0] |= uint64(l.left[thread])<<2 | bit(context != nil && context.told)<<1 | bit(context != nil && context.watched)<<62
	}
	return c.live[:]
}

// follow follows which record is whose.
func (c *calling) follow(a shm.Access) {
	if a.Segment == call.Private {
		c.written()
	}
	for i := range c.ended {
		if c.leaving == nil && c.region.ghost != nil && a.Segment == call.Private && a.Offset == call.State(i) && kinds[a.Kind] != schedule.Load {
			w := c.writer(i)
			c.check(memory.OneLeader, w == c.t.Self(), "thread %d writes the word of call %d, which is thread %d's to write", c.t.Self()+1, i+1, w+1)
		}
	}
	switch {
	case a.Segment != call.Private:
	case a.Step == step.OpenCall:
		j := call.RecordAt(a.Offset)
		c.own[c.t.Self()] = j
		generation, _, _ := c.caller.Record(j)
		c.check(RecordFirst, generation != c.opened[j], "call %d of record %d is opened by the name of the last one", generation, j)
		c.opened[j] = generation
	case a.Step == step.CloseCall: // who reads the reply has done so
		j := call.RecordAt(a.Offset)
		c.caller.Spoil(j)
		c.holds[j] = c.held(j)
	case a.Step == step.Deliver && c.caller.Private().Peek(a.Offset) == call.Pending:
		j := call.RecordAt(a.Offset)
		_, reply, payload := c.caller.Record(j)
		copied := c.machine.waiter().copied
		c.check(RecordFirst, reply.Status == binary.LittleEndian.Uint32(copied[statusAt:]) && bytes.Equal(payload, copied[channel.HeaderSize:]),
			"the reply to call %d of record %d is handed over as status %d and %x, and was received as %x", c.opened[j], j, reply.Status, payload, copied)
	}
	if c.leaving != nil {
		c.leaving.follow(a)
	}
}

// declareState declares the state of the calls, beside that of the channel. executes are
// further places after whose steps calls are executed.
func (c *calling) declareState(executes ...schedule.Span) {
	c.machine.forgets = true
	g, r := c.region.ghost, c.region
	c.machine.live = c.remembers
	if c.leaving != nil {
		c.machine.drains = func(thread int) bool { return thread < len(c.own) && c.own[thread] == none && g.leader == thread }
	}
	private := c.caller.Private()
	var states []schedule.Span
	for i := range g.calls {
		states = append(states, r.span(call.Private, call.State(i)))
	}
	if c.machine.donates { // what CloseCall is followed by comes after RetractReady, then
		states = append(states, r.span(call.Private, call.Ready))
		c.t.SharedAt("who is ready", func(d *schedule.Digest) { d.Word(uint64(private.Peek(call.Ready))) }, r.span(call.Private, call.Ready))
	}
	for off := shm.Offset(0); off < shm.Offset(private.Size()); off += 64 {
		c.t.SharedAt("private word", func(d *schedule.Digest) { d.Word(uint64(private.Peek(off))) }, r.span(call.Private, off))
	}
	for i := range c.threads.permits {
		c.t.SharedAt("permit", func(d *schedule.Digest) { d.Word(bit(c.threads.permits[i].given)) },
			schedule.Span{Location: c.threads.at(i), Size: 4})
	}
	free := append(states[:len(states):len(states)], schedule.Span{Location: r.beside(call.Private, shm.FreeRecords), Size: 4})
	c.t.SharedAt("free records", func(d *schedule.Digest) { c.machine.lookFree(c.caller, d) }, free...)
	named := free
	if c.machine.besides.has(shm.Names) { // that is a step of its own, then
		named = append(free[:len(free):len(free)], schedule.Span{Location: r.beside(call.Private, shm.Names), Size: 4})
	}
	for i := range g.calls {
		c.t.SharedAt("record", func(d *schedule.Digest) { c.caller.LookRecord(i, d.Word) }, named...)
	}
	ended := func(d *schedule.Digest) {
		for _, n := range c.ended {
			d.Word(uint64(n))
		}
	}
	if c.leaving == nil {
		c.t.SharedAt("calls that have ended", ended, states...)
	} else {
		c.t.Shared(ended) // one that is left ends at any of many steps
	}
	executed := slices.Concat(g.slotSpans(channel.Calls), []schedule.Span{r.span(channel.Replies, g.words.RecvLock)}, free, executes)
	for i := range c.executed {
		c.t.SharedAt("executions of a call", func(d *schedule.Digest) { d.Word(uint64(c.executed[i])) }, executed...)
	}
	if c.leaving != nil {
		c.t.Shared(c.leaving.state)
	}
	if c.leaving != nil {
		return // who leaves writes the word of its call while it is pending
	}
	for i := range c.ended {
		c.t.GuardsStores("", func() int { return c.writer(i) }, r.span(call.Private, call.State(i)))
	}
}

// lookFree adds the free records of a caller. Their order counts where taking and giving
// back are steps. Where they are none, a thread that calls again takes the record that it
// has just given back, since nothing comes in between: whose is put on top of whose says
// nothing of what comes, and two threads that end their calls need not announce that they
// touch one list.
func (m *Machine) lookFree(caller *call.Caller, d *schedule.Digest) {
	if m.besides.has(shm.FreeRecords) {
		caller.LookFree(d.Word)
		return
	}
	records := slices.Clone(caller.Free())
	slices.Sort(records)
	for _, i := range records {
		d.Word(uint64(i))
	}
	d.Word(uint64(len(records)))
	caller.LookPoison(d.Word)
}

// writer gives the thread that may write the word of a call: its own, but while the call
// is pending the one that leads.
func (c *calling) writer(i int) int {
	if c.caller.Private().Peek(call.State(i)) == call.Pending {
		return c.region.ghost.leader
	}
	return i
}

// forgotten are the steps before which a thread of these targets remembers
// nothing on which its next steps depend, beside what shared state tells: who it
// is, whether it leads, what stands in the words. Each is a mark.
var forgotten = func() (set [256]bool) {
	for _, n := range []step.Name{
		// A message is in its slot, or has been sent.
		step.Publish, step.StoreTail, step.LookParked, step.Ring, step.Wake,
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
