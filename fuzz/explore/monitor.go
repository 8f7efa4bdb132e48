package explore

import (
	"urpc/runtime/channel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Properties of the monitor of a pool: of targets donation, death and hostile. In the others
// no pool serves, but single processors.
const (
	SecondLook  = "the polling place is taken from a call that was looked at before"
	TakenAway   = "a call that the monitor looks at again has the polling place taken from it"
	HiredAsLast = "the monitor hires only for a place that it took away and nobody waits for"
	MayRest     = "the monitor may rest while the worker with the polling place is parked"
)

// monitoring follows the monitor of a pool, and the workers that let it rest.
type monitoring struct {
	c       *Crew
	looked  uint32 // the call that the monitor has read last
	earlier uint32 // that which it read before; of no use after TakePlaceAway
	// away and nobody: since the monitor has read that call it has taken the place away, and
	// when it did, or looked after it, nobody waited for that. They are of no use after the
	// monitor's LookHired.
	away, nobody bool
	// again: the monitor has found a call in its handler a second time, and not yet tried to
	// take the place away.
	again bool
}

// before is called when a thread is about to make an access.
func (m *monitoring) before(a shm.Access, self int) {
	t := m.c.m.t
	switch a.Step {
	case step.TakePlaceAway:
		if m.again = false; m.looked != m.earlier {
			t.Fail(SecondLook, "the monitor takes the polling place from call %d, and has looked at call %d before", m.looked, m.earlier)
		}
		// The word is changed next, and nothing comes between.
		m.away, m.nobody = m.c.handling() == m.looked, m.c.waiting == 0
	case step.LookHired:
		if m.c.monitors(self) && !(m.away && m.nobody) {
			t.Fail(HiredAsLast, "the monitor hires; it has taken the polling place away: %v, and nobody waited for that: %v", m.away, m.nobody)
		}
	case step.Announce:
		// Who parks has said before that the monitor may rest, and takes it back itself.
		if a.Segment == channel.Replies && m.c.monitored() && m.c.private().Peek(processor.Resting) == 0 {
			t.Fail(MayRest, "thread %d parks, and the monitor of the pool goes on looking", self+1)
		}
	}
}

// marks is called where a thread begins a turn. The monitor's begins when it has done with
// the call that it looked at.
func (m *monitoring) marks(where step.Name) {
	if where == step.LookRest && m.again {
		m.c.m.t.Fail(TakenAway, "the monitor has looked at call %d twice, and not taken the polling place away", m.looked)
	}
}

// saw is called with what a load has found.
func (m *monitoring) saw(last step.Name, value uint32) {
	switch last {
	case step.LookCall:
		m.earlier, m.looked = m.looked, value
		m.away, m.again = false, value != 0 && value == m.earlier
	case step.LookIdle:
		m.nobody = m.c.waiting == 0
	}
}
