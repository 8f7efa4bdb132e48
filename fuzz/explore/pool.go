package explore

import (
	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
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

	// What threads remember, beside what shared words tell: that a caller has donated
	// and parks instead of polling, that a worker's handler ends its thread.
	donor, exiting []bool

	// donating are the threads that have donated and not rung since, and parking
	// those that have donated and not given their processor up since.
	donating, parking []bool
	// donated are the processors that were donated and have not gone back since, and
	// known those of them that a worker finds that looks after it has found no call.
	donated int
	known   []int
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
		if *of(&g.donating, self) {
			g.m.t.Fail(OneRing, "thread %d donates twice with one ring", self+1)
		}
		*of(&g.donating, self), *of(&g.parking, self), *of(&g.donor, self) = true, true, true
		g.donated++
	case step.Ring:
		*of(&g.donating, self) = false
	case step.Retract:
		*of(&g.donor, self) = false
	case step.LookDoorbell, step.AnnounceBlock, step.CloseCall, step.CheckReply:
		if *of(&g.donating, self) {
			g.m.t.Fail(OneRing, "thread %d has donated, and not rung after it", self+1)
		}
		if a.Step != step.CheckReply {
			*of(&g.parking, self) = false
		}
		if a.Step == step.CloseCall {
			*of(&g.donor, self) = false
		}
	}
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
		r := g.d.region
		g.m.looked(r.segments[a.Segment], a.Offset, value, locate(r.number, a.Segment, a.Offset))
		if a.Segment == channel.Calls {
			*of(&g.known, self) = g.donated
		}
	case step.Announce:
		if a.Segment == channel.Replies {
			g.donated = 0
		}
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
	if *of(&g.parking, self) {
		g.m.t.Fail(DonorParks, "thread %d has donated its processor, and polls", self+1)
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
	for i := range max(len(g.calls), len(g.known), len(g.donor), len(g.exiting), len(g.donating), len(g.parking)) {
		v := uint64(*of(&g.calls, i))<<32 | uint64(*of(&g.known, i))<<6 | bit(*of(&g.donating, i))<<5 | bit(*of(&g.parking, i))<<4 |
			bit(*of(&g.donor, i))<<1 | bit(*of(&g.exiting, i))
		if v != 0 {
			d.Word(v)
			d.Word(uint64(i))
		}
	}
}
