package explore

import (
	"context"
	"errors"
	"slices"

	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// space is a simulated address space: a process with threads of its own, which
// reaches shared memory by its own mapping only. Offsets cross from one space to
// another, pointers do not.
type space struct {
	m       *Machine
	names   []string // of its threads
	members uint64   // their indexes
	dead    bool
}

// thread declares a thread of the space. That it does not come to its end is
// judged at the end of the execution, where it can be said what it waits for.
func (s *space) thread(name string, f func()) {
	s.names = append(s.names, name)
	s.m.t.Daemon(name, func() {
		s.members |= 1 << s.m.t.Self()
		f()
	})
}

// runs says whether the thread that runs is one of the space.
func (s *space) runs() bool { return s.members>>s.m.t.Self()&1 == 1 }

// mortal declares the thread of nobody that ends the space, once and at any time:
// its threads take no further step, and what they hold stays held.
func (s *space) mortal(died func()) {
	s.m.t.Daemon("reaper", func() {
		s.m.kill(step.Die, s.names...)
		s.dead = true
		s.m.forgetDead(s.members)
		died()
		s.m.over()
	})
}

// forgetDead has the kernel forget threads of a space that has died: who is dead
// does not sleep.
func (m *Machine) forgetDead(threads uint64) {
	for i, w := range m.waiters {
		if w != nil && threads>>i&1 == 1 {
			w.bell.read, w.seen.read = false, false
			m.asleep = slices.DeleteFunc(m.asleep, func(other *waiter) bool { return other == w })
		}
	}
}

// deaths is the segment of what the simulated kernel knows of spaces: it has no bytes.
const deaths uint8 = 0xf4

// awaitDeath is the death notice of the simulated kernel: it returns when the
// space has died, at any time after that.
func (m *Machine) awaitDeath(of *space, at *Region) {
	m.await(step.Notice, func() bool { return of.dead }, locate(at.number, deaths, 0))
	m.t.SawValue(1)
}

// held is what the hook of a region's holders was told: how many there are, whether it
// is closed, and whether the last one has left it.
type held struct {
	holders      int64
	closed, over bool
}

// holding makes a step of each change of who holds the memory of a region.
type holding struct{ r *Region }

// holders is the segment of how many hold a region: it has no bytes.
const holders uint8 = 0xf5

// Before implements shm.Holding.
func (h holding) Before(name step.Name) {
	h.r.m.step(name, schedule.Event{Name: name.String(), Kind: schedule.Add, Location: locate(h.r.number, holders, 0), Size: 4})
}

// Counted implements shm.Holding.
func (h holding) Counted(holders int64, closed bool) {
	h.r.held = held{holders, closed, h.r.held.over || closed && holders == 0}
	h.r.m.saw(uint32(holders)<<1 | uint32(bit(closed)))
}

// binding is one binding between two spaces, with the runtime's own code at both
// ends of it.
type binding struct {
	t    *schedule.T
	m    *Machine
	size channel.Size
	near *space // the client's
	far  *space // the server's

	region   *Region
	segments [2]*shm.Segment // as their writers map them, for who watches: without a hook
	memory   [2][]byte       // the same
	// shadow is what one side reads in place of the other's segment; nil: nothing is.
	shadow  []byte
	replies *shm.View // as the client maps them
	client  *channel.Port
	server  *channel.Port
	kernel  *Kernel
	threads *Threads
	caller  *call.Caller
	// held is the client's memory, which those hold who are in a call.
	held     *shm.Region
	released bool // it has been unmapped
	unmapped bool // and so has the server's

	clients  []string // names of the calling threads
	calls    int      // of each
	records  int      // calls that may be pending at once
	ended    []int    // calls of each thread that have ended
	outcomes []outcome
	executed []int // how often each call was
	alone    bool  // whoever watches judges, not the target
	donates  bool  // its callers count who of them is ready
}

// callerOf is what a calling thread knows of its call: which record it has, whether it
// leads, and whether the call is over.
type callerOf struct {
	record      int // its number and one; 0: it has none yet
	leads, left bool
	// vain: it has found no record; late: and took one when calls were not sent any more.
	vain, late bool
}

// outcome is how a call ended.
type outcome uint8

const (
	pendingStill outcome = iota
	replied
	peerDied
	closedMeanwhile
	stoppedBefore
	corruptPeer
	unexplained
)

// errPeerDied ends the calls of a client whose server has died, errClosed those of one
// that ends them itself, and errStopped those that were not sent when the server stopped.
var errPeerDied, errClosed, errStopped = errors.New("peer died"), errors.New("closed"), errors.New("stopped")

// nothing is shadowed.
const nothing = -1

// bind makes the binding of a number between two spaces, in memory that is lent.
// What is shadowed, the segment of that number, its reader sees in memory of its
// own, which somebody else has to fill. There may be fewer records than clients.
func bind(m *Machine, number uint8, l *lending, near, far *space, clients []string, records, calls int, shadowed int, donate channel.Donation) *binding {
	b := &binding{
		t: m.t, m: m, size: l.size, near: near, far: far, region: NewRegion(m, number), clients: clients, records: records, calls: calls, donates: bool(donate),
		ended: make([]int, len(clients)), outcomes: make([]outcome, len(clients)*calls), executed: make([]int, len(clients)*calls),
	}
	if len(clients) > 1 {
		// Between the look whether the binding is over, which several do at once, and the
		// record that they take next comes nothing else that tells whose it is.
		m.besides |= besidesOf(shm.FreeRecords)
	}
	var own [2]*shm.Segment
	var views [2]*shm.View
	mem := l.borrow()
	m.t.Cleanup(func() { l.giveBack(mem) })
	for s, memory := range []twice{mem.calls, mem.replies} {
		own[s], b.segments[s], b.memory[s] = l.fresh(uint8(s), memory), shm.Of(uint8(s), memory.writable), memory.writable
		b.region.Hook(own[s])
		if s == shadowed {
			b.shadow = slices.Clone(memory.writable)
			memory.readable = b.shadow
		}
		views[s] = shm.ViewOf(uint8(s), memory.readable)
		views[s].SetHook(b.region)
	}
	b.replies = views[channel.Replies]
	b.client, b.server = channel.NewPort(own[channel.Calls], b.replies, l.size), channel.NewPort(own[channel.Replies], views[channel.Calls], l.size)
	b.kernel, b.threads = m.Kernel(b.region), m.Threads(b.region, records)
	b.caller = call.New(call.Config{Port: b.client, Kernel: b.kernel, Calls: records, Poll: -1, Donate: donate, Threads: b.threads, Nudges: b.size.Start, Hook: b.region})
	b.held = shm.NewRegion(own[channel.Calls], b.replies, func() error { b.unmap(&b.released); return nil })
	b.held.SetHook(holding{b.region})
	b.region.mapped, b.region.follow, b.region.takes = b.touches, b.follow, b.takes
	if records < len(clients) {
		b.waits()
	}
	return b
}

// waits has the machine know that a caller may wait for a record.
func (b *binding) waits() {
	b.m.finds = b.region.finds(b.size.Words())
	b.m.drains = func(thread int) bool {
		c := &b.m.waiters[thread].call
		return c.leads && c.record == 0
	}
}

// another makes the binding of number 1: of one of the two spaces, at the same side of it,
// to a third one that is honest.
func (b *binding) another(l *lending, of *space, clients []string) *binding {
	near, far := of, &space{m: b.m}
	if of == b.far {
		near, far = far, near
	}
	o := bind(b.m, 1, l, near, far, clients, len(clients), 1, nothing, channel.Keep)
	o.region.watch(l.size, len(clients))
	return o
}

// follow follows what calling threads know, before each access.
func (b *binding) follow(a shm.Access) {
	if a.Segment != call.Private {
		return
	}
	c := &b.m.waiter().call
	switch now := b.caller.Private().Peek(a.Offset); a.Step {
	case step.OpenCall:
		b.check(Unsent, !c.late, "a call that has waited is sent, and the server has stopped")
		c.record, c.left = call.RecordAt(a.Offset)+1, false
	case step.Lead, step.LeadAgain:
		c.leads = now == 0
	case step.Resign:
		c.leads = false
	case step.Abandon:
		c.left = now == call.Pending
	case step.CloseCall:
		c.left = true
	}
}

// takes follows whether a calling thread that waits for a record finds one when it is too
// late.
func (b *binding) takes() (late bool) {
	c := &b.m.waiter().call
	free := len(b.caller.Free()) > 0
	c.late = free && c.vain && *b.region.keptAt(call.Private, shm.Sending) > 0
	c.vain = c.vain || !free
	return c.late
}

// remembers gives what the thread remembers where it forgets all else (forgotten):
// what it knows of its call, whether it was told that the call is to end without a
// reply, and whether it is the last that is ready. These follow from the state as a
// whole, but not from what stands at the place of its step.
func (m *Machine) remembers(int) []uint64 {
	w := m.waiter()
	c := &w.call
	m.remembered[0] = uint64(c.record)<<7 | uint64(w.cause)<<4 | bit(w.over) | bit(w.last)<<1 | bit(c.leads)<<2 | bit(c.left)<<3 | bit(c.late)<<63
	return m.remembered[:]
}

// unmap takes the memory of one side away. Every access of its threads depends on
// that, so the step is of the kind on which every other one does.
func (b *binding) unmap(gone *bool) {
	b.m.kill(step.UnmapMemory)
	*gone = true
}

// touches checks that a space still has the memory that its thread touches.
func (b *binding) touches(segment uint8) {
	if segment > channel.Replies {
		return
	}
	if client := b.near.runs(); !b.alone && (client && b.released || !client && b.unmapped) {
		b.t.Fail(Reclaimed, "a thread touches segment %d, whose memory its space has no more", segment)
	}
}

// run makes the calls of a thread, each while it holds the memory, as package
// urpc does.
func (b *binding) run(self int) {
	for n := range b.calls {
		i := self*b.calls + n
		how := peerDied
		if b.held.Hold() {
			how = b.do(i)
			b.held.Release()
		}
		b.outcomes[i] = how
		b.ended[self]++
	}
	b.t.Mark("end")
	b.m.over()
}

// check is schedule.T.Check of the target itself.
func (b *binding) check(property string, ok bool, format string, args ...any) {
	if !ok && !b.alone {
		b.t.Fail(property, format, args...)
	}
}

// do makes call i of the binding.
func (b *binding) do(i int) outcome {
	var bytes [payload]byte
	took := 0
	w := b.m.waiter()
	w.over, w.cause, w.call = false, goesOn, callerOf{}
	err := b.caller.Do(context.Background(), procedure, put(bytes[:0], argument(i)), func(status uint32, reply []byte) error {
		took++
		if o := b.m.observer; o != nil {
			o.Return(b.t.Self(), reply)
		}
		number, whole := get(reply)
		b.check(memory.OwnResult, whole && number == result(argument(i)) && status == procedure,
			"call %d got status %d and %x for a result", i+1, status, reply)
		b.check(AtMostOnce, b.executed[i] == 1, "call %d was executed %d times when its reply came", i+1, b.executed[i])
		return nil
	})
	switch {
	case err == nil && took == 1:
		return replied
	case err == errPeerDied && took == 0:
		b.check(OneCause, w.cause != closedHere, "what came first is %v, and call %d ends with: %v", w.cause, i+1, err)
		b.check(OneCause, *b.region.keptAt(call.Private, shm.Sending) == 0 || !w.call.vain || w.call.record != 0, "the server has stopped, and call %d, which was not sent, ends with: %v", i+1, err)
		return peerDied
	case err == errStopped && took == 0:
		b.check(OneCause, w.call.record == 0, "call %d was sent, and ends as if it was not", i+1)
		return stoppedBefore
	case err == errClosed && took == 0:
		b.check(OneCause, w.cause == closedHere, "what came first is %v, and call %d ends with: %v", w.cause, i+1, err)
		return closedMeanwhile
	}
	b.check(EndsOnce, false, "call %d took %d replies and ended with: %v", i+1, took, err)
	return unexplained
}

// execute is the procedure.
func (b *binding) execute(called uint32, request, reply []byte) (uint32, []byte) {
	if b.m.observer != nil {
		b.m.execute(request)
	}
	number, whole := get(request)
	i := int(number>>8) - 1
	ok := called == procedure && whole && i >= 0 && i < len(b.executed) && number == argument(i)
	b.check(memory.InOrder, ok, "a call of procedure %d came with argument %x", called, request)
	if ok {
		b.executed[i]++
		b.check(AtMostOnce, b.executed[i] == 1, "call %d is executed %d times", i+1, b.executed[i])
	}
	return called, put(reply, result(number))
}

// declareState declares what the client's threads share beside the segments, and how
// the calls stand, each where it changes or is looked at. gone says that nobody looks
// at any of it any more; calls end after steps at the places of ends, executes are
// further places after whose steps calls are executed.
func (b *binding) declareState(gone func() bool, ends []schedule.Span, executes ...schedule.Span) {
	r, private := b.region, b.caller.Private()
	part := func(name string, f func(*schedule.Digest), on ...schedule.Span) {
		b.t.SharedAt(name, func(d *schedule.Digest) {
			if !gone() {
				f(d)
			}
		}, on...)
	}
	word := func(off shm.Offset) {
		part("private word", func(d *schedule.Digest) { d.Word(uint64(private.Peek(off))) }, r.span(call.Private, off))
	}
	for off := shm.Offset(0); off < shm.Offset(private.Size()); off += 64 {
		word(off)
	}
	if b.donates {
		word(call.Ready)
	}
	var states []schedule.Span
	for i := range b.records {
		states = append(states, r.span(call.Private, call.State(i)))
		part("permit", func(d *schedule.Digest) { d.Word(bit(b.threads.permits[i].given)) }, schedule.Span{Location: b.threads.at(i), Size: 4})
	}
	var kept []schedule.Span
	for _, what := range []shm.Beside{shm.Poisoned, shm.Unblocks, shm.Nudged, shm.Sending} {
		at := schedule.Span{Location: r.beside(call.Private, what), Size: 4}
		kept = append(kept, at)
		part("what is kept beside", func(d *schedule.Digest) { d.Word(uint64(*r.keptAt(call.Private, what))) }, at)
	}
	// A thread takes a record after it has looked whether the binding is over, and gives it
	// back after the step on its call's word, where these are no steps of their own; it names
	// its call after it has looked whether calls are sent.
	free := append(states[:len(states):len(states)], kept[0], kept[3], schedule.Span{Location: r.beside(call.Private, shm.FreeRecords), Size: 4})
	if b.donates {
		free = append(free, r.span(call.Private, call.Ready)) // or after the one that follows
	}
	part("free records", func(d *schedule.Digest) { b.m.lookFree(b.caller, d) }, free...)
	for i := range b.records {
		part("record", func(d *schedule.Digest) { b.caller.LookRecord(i, d.Word) }, free...)
	}
	part("calls that have ended, and who holds the memory", func(d *schedule.Digest) {
		if !b.near.dead {
			d.Word(uint64(r.held.holders)<<2 | bit(r.held.closed)<<1 | bit(r.held.over))
		}
		for _, n := range b.ended {
			d.Word(uint64(n))
		}
		for _, how := range b.outcomes {
			d.Word(uint64(how))
		}
	}, ends...)
	words := b.size.Words()
	executed := slices.Concat([]schedule.Span{r.span(channel.Replies, words.RecvLock)}, r.slotSpans(channel.Calls, words, channel.HeaderSize+payload), free, executes)
	for i := range b.executed {
		part("executions of a call", func(d *schedule.Digest) { d.Word(uint64(b.executed[i])) }, executed...)
	}
	// Whoever touches a word must still have its memory.
	b.t.Shared(func(d *schedule.Digest) { d.Word(bit(b.released)<<1 | bit(b.unmapped)) })
}

// releases is the place at which a call ends that has held the memory.
func (b *binding) releases() []schedule.Span {
	return []schedule.Span{{Location: locate(b.region.number, holders, 0), Size: 4}}
}

// endings are the places at which one may end that has not: its word, where it finds
// that the binding is over, where it gives its record back, and where it passes the lead on.
func (b *binding) endings() []schedule.Span {
	r := b.region
	all := []schedule.Span{
		r.span(call.Private, call.Blocked), r.span(call.Private, call.Ready), {Location: r.beside(call.Private, shm.Poisoned), Size: 4},
		{Location: r.beside(call.Private, shm.FreeRecords), Size: 4},
	}
	for i := range b.records {
		all = append(all, r.span(call.Private, call.State(i)), schedule.Span{Location: b.threads.at(i), Size: 4})
	}
	return all
}

// finished says whether every call has ended.
func (b *binding) finished() bool {
	for _, n := range b.ended {
		if n < b.calls {
			return false
		}
	}
	return true
}
