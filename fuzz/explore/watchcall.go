package explore

import (
	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/shm"
)

// What an observer of target call may look at beside what it may of target channel.

// Places of events that touch what stands in no segment: the list of free records,
// context i at 4i, the clock and the nudge.
var (
	FreeRecordsAt = schedule.Location{Segment: uint16(besides | call.Private), Offset: uint32(4 * shm.FreeRecords)}
	ContextsAt    = schedule.Location{Segment: uint16(contexts)}
	ClockAt       = schedule.Location{Segment: uint16(clocks)}
	NudgeAt       = schedule.Location{Segment: uint16(nudges)}
)

// Generation is that of the records before their first call.
func Generation(v catalogue.Values) uint64 { return generations[v.Int("generation")] }

// Free are the records that no call uses, the last freed last.
func (w *Watched) Free() []int { return w.calling.caller.Free() }

// Context tells of the context of call i, which can be left, whether it has ended, and
// whether its end will nudge.
func (w *Watched) Context(i int) (ended, watched bool) {
	c := w.calling.leaving.contexts[i]
	return c.err != nil, c.err == nil && c.nudge != nil
}

// Clock is the time.
func (w *Watched) Clock() int64 { return w.machine.clock }

// Ended is how many calls of a client have ended.
func (w *Watched) Ended(client int) int { return w.calling.ended[client] }
