package explore

import (
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// ghost follows the steps of one channel and checks what must be true of any
// order of them. The code that runs does not see it. Arguments of a message are
// made only for a failure: this is on the path of every step.
type ghost struct {
	m     *Machine
	slots int
	// Per segment, of the queue whose slots it holds.
	written, copied [2]int
	sending         [2]int // threads inside the sending end of that queue
	// Per segment, of the end whose lock it holds.
	receiving [2]int
	parking   [2]int // processors of its side that have announced that they park, and not retracted
	blocking  int    // the same of the callers that block
	leader    int    // thread that leads, none if there is none
}

const none = -1

func newGhost(m *Machine, slots int) *ghost { return &ghost{m: m, slots: slots, leader: none} }

// before is called when the access is about to be made, by the thread that makes it.
func (g *ghost) before(a shm.Access) {
	switch s := a.Segment; a.Step {
	case step.LoadTail:
		g.enter(&g.sending[s], "sending")
	case step.UnlockSend:
		g.leave(&g.sending[s], "sending")
	case step.LoadHead:
		g.enter(&g.receiving[s], "receiving")
	case step.UnlockReceive:
		g.leave(&g.receiving[s], "receiving")
	case step.WriteSlot:
		g.m.t.Check(memory.NoOverwriting, g.written[s]-g.copied[s] < g.slots,
			"%d messages are unread in %d slots, and one more is written", g.written[s]-g.copied[s], g.slots)
		g.written[s]++
	case step.CopySlot:
		g.m.t.Check(memory.InOrder, g.copied[s] < g.written[s], "a message is copied out that was not written")
		g.copied[s]++
	case step.Announce:
		g.parking[s]++
	case step.Retract:
		g.parking[s]--
	case step.AnnounceBlock:
		g.blocking++
	case step.RetractBlock:
		g.blocking--
	case step.TestSetReceive:
		g.lead(s)
	case step.Resign:
		g.leader = none
	}
}

// enter counts a thread that is inside an end. It holds the lock when it makes
// the first access to what the lock guards, and until it frees it.
func (g *ghost) enter(inside *int, end string) {
	if *inside++; *inside > 1 {
		g.m.t.Fail(memory.MutualExclusion, "%d threads are inside the %s end of one queue", *inside, end)
	}
}

// leave counts a thread that is about to free an end.
func (g *ghost) leave(inside *int, end string) {
	if *inside--; *inside < 0 {
		g.m.t.Fail(memory.MutualExclusion, "the %s end of a queue is freed, and nobody is inside", end)
	}
}

// lead checks that of the callers only one receives until it resigns.
func (g *ghost) lead(segment uint8) {
	if segment != channel.Calls {
		return
	}
	self := g.m.t.Self()
	if g.leader != none && g.leader != self {
		g.m.t.Fail(memory.OneLeader, "threads %d and %d both receive replies", g.leader+1, self+1)
	}
	g.leader = self
}
