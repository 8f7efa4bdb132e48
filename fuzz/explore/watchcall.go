package explore

import (
	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// What an observer of target call, or death, may look at beside what it may of target
// channel.

// Places of events that touch what stands in no segment: the list of free records,
// context i at 4i, the clock and the nudge.
var (
	FreeRecordsAt = schedule.Location{Segment: uint16(besides | call.Private), Offset: uint32(4 * shm.FreeRecords)}
	ContextsAt    = schedule.Location{Segment: uint16(contexts)}
	ClockAt       = schedule.Location{Segment: uint16(clocks)}
	NudgeAt       = schedule.Location{Segment: uint16(nudges)}
	PoisonAt      = schedule.Location{Segment: uint16(besides | call.Private), Offset: uint32(4 * shm.Poisoned)}
	UnblocksAt    = schedule.Location{Segment: uint16(besides | call.Private), Offset: uint32(4 * shm.Unblocks)}
	SendingAt     = schedule.Location{Segment: uint16(besides | call.Private), Offset: uint32(4 * shm.Sending)}
	HoldersAt     = schedule.Location{Segment: uint16(holders)}
	DeathAt       = schedule.Location{Segment: uint16(deaths)}
	EndAt         = rebound
)

// Generation is that of the records before their first call.
func Generation(v catalogue.Values) uint64 { return generations[v.Int("generation")] }

// Free are the records that no call uses, the last freed last.
func (w *Watched) Free() []int {
	if w.death != nil {
		return w.death.first.caller.Free()
	}
	return w.calling.caller.Free()
}

// Context tells of the context of call i, which can be left, whether it has ended, and
// whether its end has yet to come to a watch.
func (w *Watched) Context(i int) (ended, watched bool) {
	c := w.calling.leaving.contextOf(i)
	return c.err != nil, c.nudge != nil
}

// Called is how many watches were called, and have not nudged yet.
func (w *Watched) Called() int { return len(w.machine.called) }

// Clock is the time.
func (w *Watched) Clock() int64 { return w.machine.clock }

// Ended is how many calls of a client have ended.
func (w *Watched) Ended(client int) int {
	if w.death != nil {
		return w.death.first.ended[client]
	}
	return w.calling.ended[client]
}

// Dead says whether the server's space has died, Poisoned whether the calls were ended
// for it, Unblocked whether who blocks may go on, Unsent whether those that were not sent
// are not sent any more, and Unmapped whether the client has
// its memory no more.
func (w *Watched) Dead() bool { return w.death.dying.dead }

func (w *Watched) Poisoned() bool {
	return *w.death.first.region.keptAt(call.Private, shm.Poisoned) > 0
}

func (w *Watched) Unblocked() bool {
	return *w.death.first.region.keptAt(call.Private, shm.Unblocks) > 0
}

func (w *Watched) Unsent() bool {
	return *w.death.first.region.keptAt(call.Private, shm.Sending) > 0
}

func (w *Watched) Unmapped() bool { return w.death.first.released }

// observe has the first binding observed.
func (d *death) observe(o Observer) {
	b := d.first
	o.Begin(Watched{
		T: d.t, machine: d.m, threads: b.threads, death: d,
		Segments: [3]*shm.View{b.region.segments[channel.Calls], b.region.segments[channel.Replies], b.caller.Private()},
		Pool:     d.poolWords(),
	})
	d.t.AtEnd(func() {
		d.m.observer = nil // what follows are looks, not steps
		o.End()
	})
}

// poolWords are those of the pool, if the server has one.
func (d *death) poolWords() *shm.View {
	if d.pool == nil {
		return nil
	}
	return d.pool.Private()
}

// over says that the thread that runs takes no further step.
func (m *Machine) over() {
	if m.observer != nil {
		m.observer.Ended(m.t.Self())
	}
}

// kill is schedule.T.Kill, as a step.
func (m *Machine) kill(name step.Name, threads ...string) {
	if m.observer == nil {
		m.t.Kill(name.String(), threads...)
		return
	}
	self, e := m.t.Self(), schedule.Event{Name: name.String(), Kind: schedule.Kill}
	m.observer.Stand(self, name, e)
	if m.gate != nil {
		m.t.Await(e.Name, m.gated(nil), e.Location)
	}
	m.t.Kill(name.String(), threads...)
	m.observer.Take(self)
}
