package explore

import (
	"bytes"
	"encoding/binary"

	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// ghost follows the steps of one channel and checks what must be true of any
// order of them. The code that runs does not see it. Arguments of a message are
// made only for a failure: this is on the path of every step.
//
// What a step changes here stands, as it were, on the place that the step
// touches: steps that commute in memory commute here, too, so that a search that
// leaves out one of their orders leaves out no failure.
type ghost struct {
	m       *Machine
	region  *Region
	words   channel.Words
	message uint32     // bytes of a message that fills its slot: header and payload
	length  uint32     // of the payload whose header was copied out last
	blank   []byte     // what stands in a slot, after the header, where no message was written
	after   []byte     // as much room
	last    shm.Access // the step taken last
	// Per segment, of the queue whose slots it holds.
	slots [2][]slotGhost
	// Per segment, of the ends whose locks it holds: the thread that holds each,
	// none if there is none.
	sender, receiver [2]int
	taking           [2]taking
	parking          [2]int // processors of its side that have announced that they park, and not retracted
	blocking         int    // the same of the callers that block
	leader           int    // thread that leads
	calls            int    // records of the callers
	over             bool   // nobody will look at the channel again
}

// slotGhost says how far the message of a slot has come.
type slotGhost uint8

const (
	slotFree      slotGhost = iota // what it holds was received
	slotWritten                    // and not yet published
	slotPublished                  // and not yet received
	slotHollow                     // published, but not written
)

// taking is how far a receiver has come that holds its end.
type taking struct {
	copied, stored bool // the message was copied out, the head was stored
	slot           int  // of the other segment
}

const none = -1

// watch has the accesses to the channel of the region, which are under the
// schedule, checked, and declares their state.
func (r *Region) watch(z channel.Size, calls int) {
	r.ghost = newGhost(r, z)
	r.ghost.calls = calls
	r.ghost.declareState(r.m.t, r)
	r.ghost.guard(r.m.t, r)
}

func newGhost(r *Region, z channel.Size) *ghost {
	g := &ghost{m: r.m, region: r, words: z.Words(), message: channel.HeaderSize + z.Payload, leader: none, sender: [2]int{none, none}, receiver: [2]int{none, none}}
	g.blank = bytes.Repeat([]byte{unwritten}, int(slotEnd(z, g.words)))
	g.after = make([]byte, len(g.blank))
	for s := range g.slots {
		g.slots[s] = make([]slotGhost, z.Slots)
	}
	return g
}

// before is called when the access is about to be made, by the thread that makes it.
func (g *ghost) before(a shm.Access) {
	g.last = a
	switch s := a.Segment; a.Step {
	case step.LoadTail:
		g.holds(g.sender[s], "sending")
	case step.UnlockSend:
		g.holds(g.sender[s], "sending")
		g.sender[s] = none
	case step.LoadHead:
		g.holds(g.receiver[s], "receiving")
	case step.UnlockReceive:
		g.holds(g.receiver[s], "receiving")
		g.receiver[s] = none
		g.taking[s] = taking{}
	case step.WriteSlot:
		i := slotAt(g.words.Header, a.Offset)
		for j, at := range g.words.Sequence {
			g.m.t.Check(memory.NoOverwriting, at < a.Offset || uint32(at) >= uint32(a.Offset)+a.Size, "%d bytes are written into slot %d, and reach into slot %d", a.Size, i, j)
		}
		g.m.t.Check(memory.NoOverwriting, g.slots[s][i] != slotPublished, "slot %d holds a message that is unread, and one more is written there", i)
		if g.slots[s][i] == slotHollow {
			g.slots[s][i] = slotPublished
		} else {
			g.slots[s][i] = slotWritten
		}
		g.empty(s, i)
	case step.Publish:
		i := slotAt(g.words.Sequence, a.Offset)
		if g.slots[s][i] == slotWritten {
			g.beyond(s, i)
			g.slots[s][i] = slotPublished
		} else {
			g.slots[s][i] = slotHollow
		}
	case step.CopySlot:
		i := slotAt(g.words.Header, a.Offset)
		g.m.t.Check(memory.InOrder, g.slots[s][i] == slotPublished, "a message is copied out of slot %d, where none is published", i)
		g.taking[1-s].copied, g.taking[1-s].slot = true, i
		g.free(1 - s)
	case step.StoreHead:
		g.taking[s].stored = true
		g.free(s)
	case step.Announce:
		g.parking[s]++
	case step.Retract:
		g.parking[s]--
	case step.AnnounceBlock:
		g.blocking++
	case step.RetractBlock:
		g.blocking--
	case step.TestSetReceive:
		if self := g.m.t.Self(); s == channel.Calls && g.leader != self {
			g.m.t.Fail(memory.OneLeader, "thread %d receives replies, and thread %d leads", self+1, g.leader+1)
		}
	case step.Resign:
		g.leader = none
	}
}

// saw is called with what the access read or wrote.
func (g *ghost) saw(value uint32) {
	switch s := g.last.Segment; g.last.Step {
	case step.TestSetSend:
		g.enter(&g.sender[s], value, memory.MutualExclusion, "are inside the sending end of one queue")
	case step.TestSetReceive:
		g.enter(&g.receiver[s], value, memory.MutualExclusion, "are inside the receiving end of one queue")
	case step.Lead, step.LeadAgain:
		g.enter(&g.leader, value, memory.OneLeader, "lead")
	case step.OpenCall, step.CloseCall, step.RetractReady, step.LookParked:
		g.m.waiter().readies(g.last.Step, value)
	case step.LookSlot:
		if g.m.polling {
			g.m.polls(g.region.segments[s], g.last.Offset, value, locate(g.region.number, s, g.last.Offset))
		}
	case step.LookDoorbell:
		g.m.waiter().bell = bell{read: true, value: value, segment: s, of: g.region}
	}
}

// empty has a slot hold no message before one is written there, and beyond demands of the
// one that was written that its bytes are as many as its header says, and all. No other step
// comes in between that touches the slot: it is its sender's.
func (g *ghost) empty(s uint8, i int) {
	g.region.bare[s].CopyIn(0, g.words.Payload[i], g.blank, nil)
}

func (g *ghost) beyond(s uint8, i int) {
	own := g.region.segments[s]
	length := own.Peek(g.words.Header[i] + lengthAt)
	own.PeekBytes(g.words.Payload[i], g.after)
	if uint64(length) > uint64(len(g.after)) || !bytes.Equal(g.after[length:], g.blank[length:]) {
		g.m.t.Fail(NothingBeyond, "slot %d, which was empty, holds %x after a message of %d bytes", i, g.after, length)
	}
}

// copied is called with the header that was copied out, more before its payload is.
func (g *ghost) copied(header []byte) {
	if g.last.Step == step.CopySlot && len(header) == channel.HeaderSize {
		g.length = binary.LittleEndian.Uint32(header[lengthAt:])
	}
}

func (g *ghost) more(a shm.Access) {
	i := slotAt(g.words.Payload, a.Offset)
	if a.Size != g.length {
		g.m.t.Fail(NothingBeyond, "%d bytes are copied out of slot %d, of a message of %d", a.Size, i, g.length)
	}
}

// free lets a slot be written again, once its message was copied out and the head
// says so.
func (g *ghost) free(s uint8) {
	if t := &g.taking[s]; t.copied && t.stored {
		g.slots[1-s][t.slot] = slotFree
		*t = taking{}
	}
}

// enter notes who took a lock whose word was such before.
func (g *ghost) enter(holder *int, was uint32, property, what string) {
	if was != 0 {
		return
	}
	self := g.m.t.Self()
	if *holder != none {
		g.m.t.Fail(property, "threads %d and %d both %s", *holder+1, self+1, what)
	}
	*holder = self
}

// holds checks that the thread which touches what a lock guards holds it.
func (g *ghost) holds(holder int, end string) {
	if self := g.m.t.Self(); holder != self {
		g.m.t.Fail(memory.MutualExclusion, "thread %d is inside the %s end of a queue, and has not taken its lock", self+1, end)
	}
}

// slotAt is the number of the slot that has a part at that place.
func slotAt(parts []shm.Offset, at shm.Offset) int {
	for i, p := range parts {
		if p == at {
			return i
		}
	}
	panic("explore: a step on a slot that there is not")
}

// guard tells the schedule who may touch what: which steps need no interleaving.
//
//	tail, room    the holder of the sending end
//	slot          the holder of the sending end, until the message is published,
//	              then the holder of the receiving end, until it is received
//	head          written by the holder of the receiving end alone, and of replies
//	              by the thread that leads, since no other receives them
//	receiving     of replies: the thread that leads
//	 end's lock
//
// A slot passes from one to the other by a step of the one that has it. One that was
// published before it is written, or given back before it is copied, is nobody's. The
// ghost checks all of this itself, so as to say which property it breaks.
func (g *ghost) guard(t *schedule.T, r *Region) {
	for s := range uint8(2) {
		place := func(off shm.Offset) schedule.Location { return locate(r.number, s, off) }
		t.Guards("", func() int { return g.sender[s] },
			schedule.Span{Location: place(g.words.Tail), Size: 4}, schedule.Span{Location: place(g.words.Room), Size: 4})
		t.GuardsStores("", func() int { return g.receiving(s) }, schedule.Span{Location: place(g.words.Head), Size: 4})
		if s == channel.Calls {
			t.Guards("", func() int { return g.leader }, schedule.Span{Location: place(g.words.RecvLock), Size: 4})
		}
		for i, at := range g.words.Header {
			t.Guards("", func() int {
				switch take := &g.taking[1-s]; {
				case g.slots[s][i] == slotHollow, take.stored && !take.copied:
					return none // both sides may be there: each order is tried
				case g.slots[s][i] == slotPublished:
					return g.receiver[1-s]
				}
				return g.sender[s]
			}, schedule.Span{Location: place(at), Size: g.message})
		}
	}
}

func (g *ghost) receiving(s uint8) int {
	if s == channel.Calls && g.leader != none {
		return g.leader
	}
	return g.receiver[s]
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
