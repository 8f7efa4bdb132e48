package memory

import "urpc/spec/step"

// A processor that finds nothing to receive parks. "Read the doorbell, announce
// in one's own segment, re-check the queues, wait on the value read."
//
//	pause:        \* where there is polling: (a caller) goto checkReply; (a server)
//	              goto testSetReceive; or, either of them, goto lookDoorbell
//	lookDoorbell: d := peer.doorbell                 \* a server returns what was donated: donate.go
//	announce:     own.parked := own.parked + 1
//	recheckHead:  h := own.head
//	recheckSlot:  if slot[h % K].sequence is at or past h+1 then goto retract
//	sleep:        if peer.doorbell = d then asleep, until woken
//	              \* and, where calls are left: if nudge = n, and no deadline has passed
//	retract:      own.parked := own.parked - 1
//	              (a caller) goto checkReply; (a server) goto testSetReceive
//
// The doorbell is read first: a message that the recheck does not see is
// published after the announcement, so its sender sees that, and rings after
// the doorbell was read. Sleep then returns at once, or its wake finds the
// sleeper.

// pause polls once more, or parks: how long anybody polls is not told.
func (v view) pause() bool {
	switch {
	case v.choice == 1:
		return v.parks()
	case v.side == client:
		return v.to(step.CheckReply)
	default:
		return v.serves()
	}
}

func (v view) lookDoorbell() bool {
	v.t.Rung = 0
	if v.Donation && v.side == server {
		return v.to(step.LoadReturned)
	}
	return v.to(step.Announce)
}

func (v view) announce() bool {
	v.own.Parked++
	return v.to(step.RecheckHead)
}

func (v view) recheckHead() bool {
	v.t.Position = v.own.Head
	return v.to(step.RecheckSlot)
}

func (v view) recheckSlot() bool {
	if v.published() {
		v.forgetNudge()
		v.t.Rung = 0
		return v.to(step.Retract)
	}
	return v.to(step.Sleep)
}

// published says whether the slot of the head that was read holds its message
// or a later one. It forgets the head.
func (v view) published() bool {
	queue, h := 1-v.side, v.t.Position
	v.t.Position = 0
	ahead := v.add(queue, v.slot(queue, h).Sequence, -(h + 1))
	return ahead < laps/2*v.capacity[queue]
}

func (v view) sleep() bool {
	if v.t.Rung != 0 || v.nudged() || v.oversleeps() {
		v.forgetNudge()
		v.t.Rung = 0
		return v.to(step.Retract)
	}
	return v.to(step.Asleep)
}

// asleep is the kernel's: it wakes the sleeper for nothing, or because its deadline
// has passed. It is in the program only where the configuration has one of these.
func (v view) asleep() bool {
	if !v.Spurious && !v.late() {
		return false
	}
	v.t.Rung = 0
	return v.to(step.Retract)
}

func (v view) retract() bool {
	v.own.Parked--
	return v.afterPark()
}

// afterPark goes on with what a thread does once it is no longer parked.
func (v view) afterPark() bool {
	if v.side == client {
		return v.to(step.CheckReply)
	}
	return v.serves()
}
