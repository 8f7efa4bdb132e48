package memory

import (
	"testing"

	"urpc/checker"
	"urpc/spec/step"
)

// Where callers outnumber the slots of both queues and the server's processors,
// it matters whom a caller that resigns the lead makes ready. The state space
// of five callers is too large to be explored here, so one behaviour is driven:
// when caller 1 resigns, caller 0 waits for room in the full queue of calls, and
// the server for room in the full queue of replies; the callers that could
// receive are blocked.
//
//	caller 1  sends; leads; is replied to; resigns, makes the first pending one ready
//	caller 2  sends; blocks; its reply is queued
//	caller 3  sends; blocks; its reply waits for room
//	caller 4  sends; blocks; its call is queued
//	caller 0  waits for room for its call
func TestPassTheLead(t *testing.T) {
	for _, c := range []struct {
		pass  Pass
		stuck bool
	}{{PassFirst, true}, {PassAll, false}} {
		m := newMachine(Config{Clients: 5, Servers: 1, Calls: 1, Slots: 1, Replies: 1, Pass: c.pass})
		d := driver{t: t, m: m, model: m.model(m.programs(), nil), s: m.initial()}
		d.caller(1, step.TestSetReceive)
		d.server(step.LookParked)
		d.server(step.TestSetReceive)
		for _, i := range []int{2, 3} {
			d.caller(i, step.Block)
			d.server(step.AwaitRoom)
			if i == 2 {
				d.caller(1, step.Resign)
				d.server(step.TestSetReceive)
			}
		}
		d.caller(4, step.Block)
		d.caller(0, step.AwaitRoom)
		d.caller(1, step.None)
		d.exhaust()
		if stuck := !m.terminal(&d.s); stuck != c.stuck {
			t.Errorf("pass %d: stuck %v, want %v", c.pass, stuck, c.stuck)
		}
	}
}

// driver takes steps of a model one by one.
type driver struct {
	t     *testing.T
	m     *machine
	model checker.Model[State]
	s     State
}

// caller lets a caller take steps until it stands at one.
func (d *driver) caller(self int, until step.Name) { d.t.Helper(); d.drive(client, self, until) }

// server is the same of the server's processor.
func (d *driver) server(until step.Name) { d.t.Helper(); d.drive(server, 0, until) }

func (d *driver) drive(side, self int, until step.Name) {
	d.t.Helper()
	for {
		if !d.step(side, self) {
			d.t.Fatalf("%s %d waits at %v, on its way to %v", d.model.Processes[side].Name, self, d.s.thread(side, self).At, until)
		}
		if d.s.thread(side, self).At == until {
			return
		}
	}
}

// exhaust takes steps until no more is enabled.
func (d *driver) exhaust() {
	for again := true; again; {
		again = false
		for side := range 2 {
			for self := range d.m.threads(side) {
				for d.step(side, self) {
					again = true
				}
			}
		}
	}
}

// step takes the step at which a thread stands, if it is enabled.
func (d *driver) step(side, self int) bool {
	p := d.model.Processes[side]
	at := p.PC(&d.s, self)
	return at >= 0 && p.Steps[at].Do(&d.s, self)
}
