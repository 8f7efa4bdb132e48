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
	segments [2]*shm.Segment // as their writers map them
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
	ended    []int    // calls of each thread that have ended
	outcomes []outcome
	executed []int // how often each call was
	alone    bool  // whoever watches judges, not the target
	donates  bool  // its callers count who of them is ready
}

// outcome is how a call ended.
type outcome uint8

const (
	pendingStill outcome = iota
	replied
	peerDied
	corruptPeer
	unexplained
)

// errPeerDied ends the calls of a client whose server has died.
var errPeerDied = errors.New("peer died")

// nothing is shadowed.
const nothing = -1

// bind makes the binding of a number between two spaces, in memory that is lent.
// What is shadowed, the segment of that number, its reader sees in memory of its
// own, which somebody else has to fill.
func bind(m *Machine, number uint8, l *lending, near, far *space, clients []string, calls int, shadowed int, donate channel.Donation) *binding {
	b := &binding{
		t: m.t, m: m, size: l.size, near: near, far: far, region: NewRegion(m, number), clients: clients, calls: calls, donates: bool(donate),
		ended: make([]int, len(clients)), outcomes: make([]outcome, len(clients)*calls), executed: make([]int, len(clients)*calls),
	}
	var views [2]*shm.View
	mem := l.borrow()
	m.t.Cleanup(func() { l.giveBack(mem) })
	for s, memory := range []twice{mem.calls, mem.replies} {
		b.segments[s], b.memory[s] = l.fresh(uint8(s), memory), memory.writable
		b.region.Hook(b.segments[s])
		if s == shadowed {
			b.shadow = slices.Clone(memory.writable)
			memory.readable = b.shadow
		}
		views[s] = shm.ViewOf(uint8(s), memory.readable)
		views[s].SetHook(b.region)
	}
	b.replies = views[channel.Replies]
	b.client, b.server = channel.NewPort(b.segments[channel.Calls], b.replies, l.size), channel.NewPort(b.segments[channel.Replies], views[channel.Calls], l.size)
	b.kernel, b.threads = m.Kernel(b.region), m.Threads(b.region, len(clients))
	b.caller = call.New(call.Config{Port: b.client, Kernel: b.kernel, Calls: len(clients), Poll: -1, Donate: donate, Threads: b.threads, Hook: b.region})
	b.held = shm.NewRegion(b.segments[channel.Calls], b.replies, func() error { b.unmap(&b.released); return nil })
	b.held.SetHook(holding{b.region})
	b.region.mapped = b.touches
	return b
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
		if b.held.Hold() {
			b.outcomes[i] = b.do(i)
			b.held.Release()
		} else {
			b.outcomes[i] = peerDied
		}
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
	b.m.waiter().over = false
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
		return peerDied
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

// state adds what the client's threads share beside the segments, and how the calls
// stand.
func (b *binding) state(d *schedule.Digest) {
	private := b.caller.Private()
	for off := shm.Offset(0); off < shm.Offset(private.Size()); off += 64 {
		d.Word(uint64(private.Peek(off)))
	}
	if b.donates {
		d.Word(uint64(private.Peek(call.Ready)))
	}
	b.caller.Look(d.Word)
	b.threads.state(d)
	for _, n := range b.ended {
		d.Word(uint64(n))
	}
	for i, n := range b.executed {
		d.Word(uint64(n)<<8 | uint64(b.outcomes[i]))
	}
	d.Word(bit(b.released)<<1 | bit(b.unmapped))
	for _, what := range []shm.Beside{shm.Poisoned, shm.Unblocks, shm.Nudged} {
		d.Word(uint64(*b.region.keptAt(call.Private, what)))
	}
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
