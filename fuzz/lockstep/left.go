package lockstep

import (
	"fmt"

	"urpc/checker/catalogue"
	"urpc/fuzz/explore"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// The refinement mapping of target call, beside that of image.go. What stands for a
// field of memory.Leaving:
//
//	Free               the list of free records
//	Canceller.At       the step that the thread has announced
//	Canceller.Done     so many of its contexts have ended; where no timer comes,
//	                   history: so many Expire steps
//	Canceller.Watched  of each context whether its end has yet to come to a watch
//	Called             so many are to nudge still
//	Clock              the clock
//	Way.Nudged         history: whether the nudge differs from what was read
//	Caller.Number      the calls of the thread that have ended
//
// and, in target death, of memory.Ending:
//
//	Dead, Poisoned, Unblocked, Unsent, Memory  what the simulated machine keeps
//	Holders, Closed    history: what the last step on the region's counter saw
//	Reaper, Watcher    the step that the thread has announced
//
// A thread of a space that has died stands nowhere.
//
// A name in a slot is that of the call that has opened its record for the so many-th
// time: history of OpenCall. Auxiliary, shown by no word: Generation, and of a Way all
// but Nudged: where the caller goes on shows in its next steps.

// lookLeft decodes what calls that are left add.
func (r *Refinement) lookLeft() {
	l, w := &r.image.Leaving, &r.watched
	l.Free = [len(l.Free)]uint8{}
	for i, j := range w.Free() {
		if i == len(l.Free) {
			break // more than there are: the last one differs already
		}
		l.Free[i] = uint8(j + 1)
	}
	l.Clock = uint8(min(w.Clock(), 255))
	l.Called = uint8(w.Called())
	if r.config.Leave.Death {
		l.Ending = r.endingImage()
	}
	for i := range r.config.Clients {
		r.image.Caller[i].Number = uint8(w.Ended(i))
		th := &r.threads[i]
		l.Way[i].Nudged = th.parks && th.nudge != r.nudges && memory.ComparesNudge(th.at)
	}
	for i := range r.config.Leave.Leavers {
		l.Canceller[i] = r.cancellerImage(i)
	}
}

func (r *Refinement) cancellerImage(i int) (c memory.Canceller) {
	th := &r.threads[r.config.Clients+r.config.Servers+i]
	c.At, c.Done = th.at, uint8(th.position)
	for n := range r.config.Calls {
		ended, watched := r.watched.Context(i*r.config.Calls + n)
		if ended {
			c.Done++
		}
		if watched {
			c.Watched |= 1 << n
		}
	}
	return c
}

// rememberLeft keeps what the thread's last step did, as far as it is history.
func (r *Refinement) rememberLeft(th *thread, name step.Name) {
	switch name {
	case step.StoreRoom:
		th.full = true
	case step.WriteSlot, step.AwaitRoom, step.CloseCall:
		th.full = false
	case step.LookNudge:
		th.parks, th.nudge = true, r.nudges
	case step.Retract, step.Resign:
		th.parks = false
	case step.Nudge:
		r.nudges++
	case step.HoldRegion, step.ReleaseRegion, step.CloseRegion:
		r.held = th.saw
	case step.Die:
		for i := range r.threads {
			dead := &r.threads[i]
			if dies := dead.side == memory.ServerSide; dead.side <= memory.ServerSide && dies != r.config.Leave.ClientDies {
				*dead = thread{side: dead.side, self: dead.self, standing: dead.standing} // it takes no further step
			}
		}
	case step.DropReply:
		th.dropped = recordAt(th)
	case step.Expire:
		if r.config.Leave.End == memory.Passed {
			th.position++
		}
	case step.OpenCall:
		j := recordAt(th)
		if r.opened[j]++; r.opened[j] < memory.Generations {
			r.calls[j][r.opened[j]] = th.self*r.config.Calls + r.watched.Ended(th.self)
		}
	}
}

// endingImage decodes what the end of the server's space adds: how many hold the
// memory, and whether it is closed, is what the last step on that saw.
func (r *Refinement) endingImage() memory.Ending {
	w, first := &r.watched, len(r.threads)-2
	e := memory.Ending{
		Reaper: r.threads[first].at, Watcher: r.threads[first+1].at,
		Dead: w.Dead(), Poisoned: w.Poisoned(), Unblocked: w.Unblocked(), Unsent: w.Unsent(), Closed: r.held&1 == 1, Holders: uint8(r.held >> 1),
	}
	if w.Unmapped() {
		e.Memory = memory.Unmapped
	}
	for i := range r.threads {
		if r.threads[i].at == step.UnmapMemory {
			e.Memory = memory.Unmapping
		}
	}
	return e
}

// recordAt is the record whose word the thread's last step touched.
func recordAt(th *thread) int {
	return int(th.touched.Location.Offset-uint32(offStates)) / int(stateSpace)
}

// namedRecord is named where calls may be left: the call is the one that opened the
// record then.
func (r *Refinement) namedRecord(id uint64) (memory.Message, int, bool) {
	const bits = 48 // of a name are for the generation
	j, generation := int(id&0xffff), (id>>16-r.generation)&(1<<bits-1)
	if j >= r.records || generation == 0 || generation > uint64(r.opened[j]) || generation >= memory.Generations {
		return 0, 0, false
	}
	return memory.Named(j, int(generation)), r.calls[j][generation], true
}

// callOf is the number, among all calls, of the one that a message of the
// specification is of, the reply to it too; false: of none.
func (r *Refinement) callOf(s *memory.CallState, m memory.Message) (int, bool) {
	if m == 0 {
		return 0, false
	}
	i, n := m.Name()
	if r.config.Leaves() {
		return r.calls[i][n], true
	}
	return i*r.config.Calls + int(s.Caller[i].Number), true
}

// specifiedCall gives the configuration of the specification that a configuration of
// target call refines.
func specifiedCall(v catalogue.Values) memory.Config {
	return memory.Config{
		Clients: v.Int("clients"), Servers: v.Int("servers"), Calls: v.Int("calls"),
		Slots: explore.Slots(v), Replies: explore.Slots(v), Spurious: v.Int("spurious") > 0, Donation: v.Int("donate") == 1,
		Leave: memory.Leave{
			Records: v.Int("records"), Leavers: v.Int("leavers"),
			End: memory.End(v.Int("end")), Overload: memory.Overload(v.Int("overload")),
		},
	}
}

// specifiedDeath is the same of target death.
func specifiedDeath(v catalogue.Values) (memory.Config, error) {
	if v.Word("other") != "none" || v.Word("closes") != "no" {
		return memory.Config{}, fmt.Errorf("lock-step: %w: a client that ends its calls, or another binding, is not specified", ErrNotTied)
	}
	dies, records := v.Word("dies") == "client", v.Int("records")
	if records == 0 {
		records = v.Int("clients")
	}
	return memory.Config{
		Stops:   dies,
		Clients: v.Int("clients"), Servers: v.Int("servers"), Calls: v.Int("calls"), Slots: explore.Slots(v), Replies: explore.Slots(v),
		Leave: memory.Leave{Records: records, Death: true, ClientDies: dies, InOrder: v.Word("stops") == "yes"},
	}, nil
}
