package explore

import (
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// poolGhost follows the steps of a pool and of those who donate to it, and checks
// what must be true of any order of them, as ghost does of the channel. What a step
// changes here stands, as there, on the place that the step touches.
type poolGhost struct {
	m       *Machine
	d       *donating
	last    shm.Access
	poller  int           // thread that has the polling place; none
	donated int           // processors that were donated and have not gone back since
	threads []*poolThread // by number; nil: nothing is known of it
	guessed bool          // what tests plant: whether one is out a caller cannot know
	live    []uint64
	words   [2]schedule.Location // donated and returned
}

// poolThread is what is known of one thread. But for its call it changes with steps of
// the thread itself alone, and is part of what the thread remembers.
type poolThread struct {
	call     uint32 // that it executes; 0: none
	exiting  bool   // its handler ends it
	donating bool   // it has donated and not rung since
	others   uint32 // the threads of the client that were ready when this one had sent
	// announced: it has counted one more ready thread, and not yet made it one.
	announced bool
	// read and returned are what it has read of the two words, until it swaps one of
	// them, and loaded whether it looks at both. free says that they told it, in this turn
	// of polling or before it parks, that there is no donated processor.
	read, returned uint32
	loaded, free   bool
	// received: it has received a call since it has looked whether to stop.
	received bool
}

func newPoolGhost(m *Machine, d *donating) *poolGhost {
	number, w := d.region.number, d.region.ghost.words
	return &poolGhost{
		m: m, d: d, poller: none,
		words: [2]schedule.Location{locate(number, channel.Calls, w.Donated), locate(number, channel.Replies, w.Returned)},
	}
}

// of gives what is known of a thread.
func (g *poolGhost) of(thread int) *poolThread {
	for len(g.threads) <= thread {
		g.threads = append(g.threads, nil)
	}
	if g.threads[thread] == nil {
		g.threads[thread] = new(poolThread)
	}
	return g.threads[thread]
}

func (g *poolGhost) self() *poolThread { return g.of(g.m.t.Self()) }

// before is called when the access is about to be made, by the thread that makes it.
func (g *poolGhost) before(a shm.Access) {
	g.last = a
	self, th := g.m.t.Self(), g.self()
	g.d.crew.monitor.before(a, self)
	server := a.Segment == channel.Replies
	switch a.Step {
	case step.TestSetReceive:
		if server && self != g.poller {
			g.m.t.Fail(OnePoller, "thread %d receives calls, and thread %d has the polling place", self+1, g.poller+1)
		}
	case step.TakePlaceAway:
		// The word is changed next, and nothing comes between.
		now := g.d.crew.handling()
		if now != 0 && now == g.d.crew.monitor.looked && g.poller != none && now == g.of(g.poller).call {
			g.poller = none
		}
	case step.OpenCall:
		g.becomesReady(th, "a call is opened")
	case step.Deliver:
		if g.d.caller.Private().Peek(a.Offset) == call.Pending {
			g.becomesReady(th, "a reply is delivered")
		}
	case step.Donate:
		g.donates(self, th)
	case step.Ring:
		th.donating = false
	case step.Return:
		g.returns(th)
	case step.Announce:
		if server {
			g.parks(self, th)
		}
	case step.CopySlot, step.Retract:
		th.free = false // it looks again before it polls or parks
		if server := self >= len(g.d.names); server && a.Step == step.CopySlot {
			g.receives(self, th)
		}
	case step.LookDoorbell, step.AnnounceBlock, step.CloseCall, step.CheckReply:
		if th.donating {
			g.m.t.Fail(OneRing, "thread %d has donated, and not rung after it", self+1)
		}
	}
}

// receives is called before a worker takes a call out of the queue.
func (g *poolGhost) receives(self int, th *poolThread) {
	if th.received {
		g.m.t.Fail(memory.LooksFirst, "thread %d receives a second call, and has not looked since the first whether the pool is stopped", self+1)
	}
	th.received = true
}

// also is the place that the swap of one of the two words touches beside that word: how
// many are donated stands at both.
func (g *poolGhost) also(a shm.Access) []schedule.Location {
	switch a.Step {
	case step.Donate, step.Return:
		return g.words[:]
	}
	return nil
}

// becomesReady is called before a thread of the client has something to do. It must be
// counted by then: who looks in between would take itself for the last that is ready.
func (g *poolGhost) becomesReady(th *poolThread, what string) {
	if g.d.machine.donates && !th.announced {
		g.m.t.Fail(memory.ReadyCounts, "%s, and its thread is not counted as ready", what)
	}
	th.announced = false
}

// donates is called before the swap that donates a processor.
func (g *poolGhost) donates(self int, th *poolThread) {
	if g.word(channel.Calls, g.d.region.ghost.words.Donated) != th.returned {
		return // it will fail
	}
	switch {
	case th.donating:
		g.m.t.Fail(OneRing, "thread %d donates twice with one ring", self+1)
	case g.donated > 0:
		g.m.t.Fail(memory.OneDonation, "thread %d donates its processor, and %d are out already", self+1, g.donated)
	case th.others > 0:
		g.m.t.Fail(memory.NoneReady, "thread %d donates its processor, and when it had sent %d others were ready", self+1, th.others)
	}
	th.donating = true
	g.donated++
}

// returns is called before the swap by which donated processors go back. Whether it
// succeeds or another one's did: the thread keeps none.
func (g *poolGhost) returns(th *poolThread) {
	if g.word(channel.Replies, g.d.region.ghost.words.Returned) == th.returned {
		g.donated -= int(int32(th.read - th.returned))
	}
	th.free = true
}

// parks is called before a worker announces that it parks.
func (g *poolGhost) parks(self int, th *poolThread) {
	if n := g.ignored(th); n > 0 {
		g.m.t.Fail(GoesBack, "thread %d parks, and the space keeps %d donated processors", self+1, n)
	}
}

// ignored is how many donated processors there are of which the thread knows, or would
// if it had looked. Who has looked and found none goes by that: one that was donated
// since then rings after it.
func (g *poolGhost) ignored(th *poolThread) int {
	if th.free {
		return 0
	}
	return g.donated
}

// place is that of the last access, and what it has read.
func (g *poolGhost) place(value uint32) (*shm.View, shm.Offset, uint32, schedule.Location) {
	r, a := g.d.region, g.last
	return r.segments[a.Segment], a.Offset, value, locate(r.number, a.Segment, a.Offset)
}

func (g *poolGhost) word(segment uint8, off shm.Offset) uint32 {
	return g.d.region.segments[segment].Peek(off)
}

// saw is called with what the access read or wrote.
func (g *poolGhost) saw(value uint32) {
	th := g.self()
	g.d.crew.monitor.saw(g.last.Step, value)
	switch a := g.last; a.Step {
	case step.StartCall:
		th.call = value
	case step.EndCall:
		th.call, th.received = 0, false // it may have lost the place, and wait for it
	case step.LookStop:
		th.received = false
	case step.LookReturned: // by who is about to donate, or after LoadDonated
		th.returned = value
		g.looks(th, value)
	case step.LoadDonated:
		th.read, th.loaded = value, true
		g.m.looksAt(g.place(value))
	case step.LoadReturned:
		th.returned, th.loaded = value, true
		g.m.looksAt(g.place(value))
	case step.LookDonation:
		th.read = value
		g.looks(th, value)
	case step.Donate, step.Return:
		th.returned, th.read, th.loaded = 0, 0, false
	case step.AnnounceReady:
		th.announced = true
	case step.RetractReady:
		th.announced = false
		if g.m.waiter().sending {
			th.others = value - 1
		}
	case step.Wake, step.CheckReply:
		th.others = 0
	}
}

// looks is called when the thread has read one of the words that tell of donated
// processors, which it polls, too: the second one, if it has loaded the other.
func (g *poolGhost) looks(th *poolThread, value uint32) {
	g.m.looksAt(g.place(value))
	if !th.loaded {
		return
	}
	th.loaded, th.free = false, th.read == th.returned
}

// loses: the thread has the polling place no more, if it had it. A thread that
// ends loses it, too, and then nobody has it.
func (g *poolGhost) loses(self int) {
	if g.poller == self {
		g.poller = none
	}
}

// took is called when a thread takes the polling place.
func (g *poolGhost) took(self int) {
	if g.poller != none {
		g.m.t.Fail(OnePoller, "threads %d and %d both have the polling place", g.poller+1, self+1)
	}
	g.poller = self
	g.of(self).free = false
}

// gives is called when a thread offers the polling place: its own, or one that
// nobody has.
func (g *poolGhost) gives(self int) {
	if g.poller != none && g.poller != self {
		g.m.t.Fail(OnePoller, "thread %d offers the polling place, and thread %d has it", self+1, g.poller+1)
	}
	g.poller = none
}

// pause is called when a thread rests from polling, and begins the next turn.
func (g *poolGhost) pause() {
	self, th := g.m.t.Self(), g.self()
	switch n := g.ignored(th); {
	case n == 0:
	case self >= len(g.d.names):
		g.m.t.Fail(GoesBack, "thread %d polls while the space has %d donated processors and no call", self+1, n)
	case !g.guessed:
		g.m.t.Fail(DonorParks, "thread %d polls, and its space has donated its processor", self+1)
	}
	th.free = false
}
