package memory

import "urpc/spec/step"

// R2: "The same processor next runs another ready thread of the same address space."
// R3 and R4: "Only when there is none … the processor is donated." R5: "The processor
// goes back … when all outstanding calls from that client have been replied to."
//
// At this level a donation is a word: who counts what was donated, who counts what has
// gone back, and of the one side's processors at most one is out. What is done with a
// processor is told by package protocol.
//
//	announceReady: ready := ready + 1; goto openCall      \* a caller begins a call
//	retractReady:  ready := ready - 1;                    \* it has sent
//	               if ready = 0 then it donates where lookParked finds the server parked
//	lookReturned:  r := peer.returned
//	donate:        if own.donated = r then own.donated := r + 1; goto ring
//
//	announceReady: ready := ready + 1; goto deliver       \* who leads, for whose reply it is
//	retractReady:  ready := ready - 1; the next call      \* after closeCall
//	retractReady:  ready := ready - 1; drop the reply     \* deliver has found that its call was left
//
//	(a server that parks, after lookDoorbell)
//	loadReturned:  r := own.returned
//	lookDonation:  n := peer.donated; if n = r then goto announce
//	return:        if own.returned = r then own.returned := n; goto announce
//
// The doorbell is read before what was donated: a donation that a processor does not
// find is followed by a ring that ends its sleep, and it looks again.

// begins is the first step of a call, or of a message where there are no calls.
func (m *machine) begins() step.Name {
	switch {
	case m.Queue:
		return step.TestSetSend
	case m.Donation:
		return step.AnnounceReady
	default:
		return step.OpenCall
	}
}

func (v view) announceReady() bool {
	v.s.Ready++
	if v.t.Message > replied {
		return v.to(step.Deliver)
	}
	return v.to(step.OpenCall)
}

func (v view) retractReady() bool {
	v.s.Ready--
	switch {
	case v.t.Message > replied:
		return v.to(step.DropReply)
	case !v.Leave.on() && v.caller().Call == Idle:
		return v.nextCall()
	case v.Leave.on() && v.record().Call == Idle:
		return v.toFree()
	}
	if v.s.Ready == 0 {
		v.t.Seen = 1
	}
	return v.to(step.LookParked)
}

// lasts says whether the thread was the last that was ready, and forgets it.
func (v view) lasts() bool {
	if !v.Donation || v.side != client {
		return false
	}
	last := v.t.Seen == 1
	v.t.Seen = 0
	return last
}

func (v view) lookReturned() bool {
	v.t.Position = v.peer.Returned
	return v.to(step.Donate)
}

// donate is a compare-and-swap: of two callers that see one park, one donates.
func (v view) donate() bool {
	if v.own.Donated == v.t.Position {
		v.own.Donated++
	}
	v.t.Position = 0
	return v.to(step.Ring)
}

func (v view) loadReturned() bool {
	v.t.Position = v.own.Returned
	return v.to(step.LookDonation)
}

func (v view) lookDonation() bool {
	if v.peer.Donated == v.t.Position {
		v.t.Position = 0
		return v.to(step.Announce)
	}
	v.t.Seen = v.peer.Donated
	return v.to(step.Return)
}

// giveBack is a compare-and-swap: of two processors that return, one does.
func (v view) giveBack() bool {
	if v.own.Returned == v.t.Position {
		v.own.Returned = v.t.Seen
	}
	v.t.Position, v.t.Seen = 0, 0
	return v.to(step.Announce)
}
