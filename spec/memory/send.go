package memory

import "urpc/spec/step"

// "Locks are tried: free, take it; else go on to something else and poll again
// later. Nobody spin-waits on a lock that the other address space can hold."
//
//	testSetSend: await test-and-set(own.sendLock) = free
//	loadTail:    t := own.tail
//	loadRoom:    if t - own.room = K then goto lookHead else goto writeSlot
//	lookHead:    h := peer.head
//	storeRoom:   own.room := h; if t - h = K then (full) goto unlockSend
//	writeSlot:   slot[t % K].message := message
//	publish:     slot[t % K].sequence := t+1
//	storeTail:   own.tail := t+1
//	unlockSend:  own.sendLock := free; if full then goto awaitRoom else goto lookParked
//	awaitRoom:   await peer.head /= h; goto testSetSend
//
// The message is there before its sequence word says so: a receiver that sees
// the word sees the message.

func (v view) testSetSend() bool {
	if v.own.SendLock {
		return v.busy()
	}
	if v.tried() {
		return v.to(step.TestSetSend) // what was awaited has come: the next try
	}
	v.own.SendLock = true
	return v.to(step.LoadTail)
}

func (v view) loadTail() bool {
	v.t.Position = v.own.Tail
	return v.to(step.LoadRoom)
}

func (v view) loadRoom() bool {
	if v.isFull(v.own.Room) {
		return v.to(step.LookHead)
	}
	return v.to(step.WriteSlot)
}

// isFull says whether the queue is full for a sender that knows this head.
func (v view) isFull(head uint8) bool {
	return v.add(v.side, v.t.Position, -head) == v.full[v.side]
}

func (v view) lookHead() bool {
	v.t.Seen = v.peer.Head
	return v.to(step.StoreRoom)
}

func (v view) storeRoom() bool {
	v.own.Room = v.t.Seen
	if v.isFull(v.t.Seen) {
		v.t.Stuck, v.t.Position = true, 0
		return v.to(step.UnlockSend)
	}
	v.t.Seen = 0
	return v.to(step.WriteSlot)
}

func (v view) writeSlot() bool {
	v.slot(v.side, v.t.Position).Message = v.t.Message
	return v.to(step.Publish)
}

func (v view) publish() bool {
	slot := v.slot(v.side, v.t.Position)
	slot.Sequence = v.add(v.side, v.t.Position, 1)
	v.keepBehind(slot)
	v.came(slot)
	v.s.noteSent(v.side, v.t.Message)
	return v.to(step.StoreTail)
}

// keepBehind moves the head that a parking processor has read a lap on, where the
// slot's word would be two laps past it: that it is past is all that RecheckSlot
// can tell.
func (v view) keepBehind(slot *Slot) {
	k := v.capacity[v.side]
	v.peers(func(_ int, t *Thread) {
		if t.At == step.RecheckSlot && v.slot(v.side, t.Position) == slot && v.add(v.side, slot.Sequence, -(t.Position+1)) == laps/2*k {
			t.Position = v.add(v.side, t.Position, k)
		}
	})
}

func (v view) storeTail() bool {
	v.own.Tail = v.add(v.side, v.t.Position, 1)
	v.t.Position, v.t.Message = 0, 0
	return v.to(step.UnlockSend)
}

func (v view) unlockSend() bool {
	v.own.SendLock = false
	if v.t.Stuck {
		v.t.Stuck = false
		return v.look(step.AwaitRoom)
	}
	switch {
	case v.Queue:
		return v.sendNext()
	case v.Donation && v.side == client:
		return v.to(step.RetractReady)
	default:
		return v.to(step.LookParked)
	}
}

func (v view) awaitRoom() bool {
	if v.peer.Head == v.t.Seen && !v.over() {
		return false
	}
	v.t.Seen = 0
	return v.to(step.TestSetSend)
}

// noteSent and noteReceived keep the ghost: what was published and not yet
// copied out. A mutant may publish more than fits; what does not fit is not noted.
func (s *State) noteSent(side int, m Message) {
	for i := range s.Sent[side] {
		if s.Sent[side][i] == 0 {
			s.Sent[side][i] = m
			return
		}
	}
}

func (s *State) noteReceived(side int) {
	q := &s.Sent[side]
	copy(q[:], q[1:])
	q[len(q)-1] = 0
}
