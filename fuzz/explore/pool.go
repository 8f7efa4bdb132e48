package explore

import (
	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// poolGhost follows the steps of a pool and of those who donate to it, and checks
// what must be true of any order of them, as ghost does of the channel.
type poolGhost struct {
	m      *Machine
	d      *donating
	last   shm.Access
	poller int      // thread that has the polling place; none
	calls  []uint32 // by thread: the call that it executes, 0: none
	looked uint32   // the call that the monitor has read last

	exiting []bool // by thread: its handler ends it

	// donating are the threads that have donated and not rung since.
	donating []bool
	// donated are the processors that were donated and have not gone back since, and
	// known those of them that a worker finds that looks after it has found no call;
	// kept are those of known that it has not returned. out says of a caller that it
	// finds one donated that looks after it has found no reply.
	donated     int
	known, kept []int
	out         []bool
	guessed     bool // what tests plant: whether one is out a caller cannot know
	// others are the threads of the client that were ready when this one had sent.
	others []uint32
	// read is what a thread has read of donated or returned, until it swaps the other.
	read, returned []uint32
}

func newPoolGhost(m *Machine, d *donating) *poolGhost {
	return &poolGhost{m: m, d: d, poller: none}
}

// of gives what is kept of the thread that calls.
func of[V any](all *[]V, self int) *V {
	for len(*all) <= self {
		var zero V
		*all = append(*all, zero)
	}
	return &(*all)[self]
}

// before is called when the access is about to be made, by the thread that makes it.
func (g *poolGhost) before(a shm.Access) {
	g.last = a
	self := g.m.t.Self()
	server := a.Segment == channel.Replies
	switch a.Step {
	case step.TestSetReceive:
		if server && self != g.poller {
			g.m.t.Fail(OnePoller, "thread %d receives calls, and thread %d has the polling place", self+1, g.poller+1)
		}
	case step.TakePlaceAway:
		// The word is changed next, and nothing comes between.
		now := g.d.pool.Private().Peek(processor.Handling)
		if now != 0 && now == g.looked && g.poller != none && now == *of(&g.calls, g.poller) {
			g.poller = none
		}
	case step.Donate:
		g.donates(self)
	case step.Ring:
		*of(&g.donating, self) = false
	case step.Return:
		g.returns(self)
	case step.Announce:
		if n := *of(&g.kept, self); server && n > 0 {
			g.m.t.Fail(GoesBack, "thread %d parks, and the space keeps %d donated processors", self+1, n)
		}
	case step.LookDoorbell, step.AnnounceBlock, step.CloseCall, step.CheckReply:
		if *of(&g.donating, self) {
			g.m.t.Fail(OneRing, "thread %d has donated, and not rung after it", self+1)
		}
	}
}

// donates is called before the swap that donates a processor.
func (g *poolGhost) donates(self int) {
	if g.word(channel.Calls, g.d.region.ghost.words.Donated) != *of(&g.returned, self) {
		return // it will fail
	}
	switch others := *of(&g.others, self); {
	case *of(&g.donating, self):
		g.m.t.Fail(OneRing, "thread %d donates twice with one ring", self+1)
	case g.donated > 0:
		g.m.t.Fail(memory.OneDonation, "thread %d donates its processor, and %d are out already", self+1, g.donated)
	case others > 0:
		g.m.t.Fail(memory.NoneReady, "thread %d donates its processor, and when it had sent %d others were ready", self+1, others)
	}
	*of(&g.donating, self) = true
	g.donated++
}

// returns is called before the swap by which donated processors go back.
func (g *poolGhost) returns(self int) {
	r := *of(&g.returned, self)
	if g.word(channel.Replies, g.d.region.ghost.words.Returned) != r {
		return
	}
	g.donated -= int(int32(*of(&g.read, self) - r))
	*of(&g.kept, self) = 0
	clear(g.out)
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
	self := g.m.t.Self()
	switch a := g.last; a.Step {
	case step.StartCall:
		*of(&g.calls, self) = value
	case step.EndCall:
		*of(&g.calls, self) = 0
	case step.LookCall:
		g.looked = value
	case step.LookSlot:
		g.m.polls(g.place(value))
		if a.Segment == channel.Calls {
			*of(&g.known, self), *of(&g.kept, self) = g.donated, g.donated
		} else {
			*of(&g.out, self) = g.donated > 0
		}
	case step.LookReturned:
		*of(&g.returned, self) = value
		g.m.looksAt(g.place(value))
	case step.LoadDonated:
		g.m.looksAt(g.place(value))
	case step.LoadReturned:
		*of(&g.returned, self) = value
	case step.LookDonation:
		*of(&g.read, self) = value
		g.m.looksAt(g.place(value))
	case step.Donate, step.Return:
		*of(&g.returned, self), *of(&g.read, self) = 0, 0
	case step.RetractReady:
		if !g.m.waiter().closing {
			*of(&g.others, self) = value - 1
		}
	case step.Wake, step.CheckReply:
		*of(&g.others, self) = 0
	}
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
}

// gives is called when a thread offers the polling place: its own, or one that
// nobody has.
func (g *poolGhost) gives(self int) {
	if g.poller != none && g.poller != self {
		g.m.t.Fail(OnePoller, "thread %d offers the polling place, and thread %d has it", self+1, g.poller+1)
	}
	g.poller = none
}

// pause is called when a thread rests from polling.
func (g *poolGhost) pause() {
	self := g.m.t.Self()
	if *of(&g.out, self) && !g.guessed {
		g.m.t.Fail(DonorParks, "thread %d polls, and its space has donated its processor", self+1)
	}
	if n := *of(&g.known, self); n > 0 {
		g.m.t.Fail(GoesBack, "thread %d polls while the space has %d donated processors and no call", self+1, n)
	}
}

// state adds what the ghost knows to a digest.
func (g *poolGhost) state(d *schedule.Digest) {
	d.Word(uint64(g.poller + 1))
	d.Word(uint64(g.looked)<<32 | uint64(g.donated))
	// Only of threads of which there is something to say: who has been heard of is no
	// part of the state.
	for i := range max(len(g.calls), len(g.known), len(g.kept), len(g.out), len(g.exiting), len(g.donating), len(g.others), len(g.read), len(g.returned)) {
		v := uint64(*of(&g.calls, i))<<32 | uint64(*of(&g.known, i))<<24 | uint64(*of(&g.kept, i))<<16 | uint64(*of(&g.others, i))<<8 |
			bit(*of(&g.donating, i))<<2 | bit(*of(&g.out, i))<<1 | bit(*of(&g.exiting, i))
		words := uint64(*of(&g.returned, i))<<32 | uint64(*of(&g.read, i))
		if v|words != 0 {
			d.Word(v)
			d.Word(words)
			d.Word(uint64(i))
		}
	}
}
