package memory

import "urpc/spec/step"

// "Receive the oldest reply of one of its space's channels …; receive the
// oldest request of one of its channels."
//
//	testSetReceive: await test-and-set(own.recvLock) = free
//	loadHead:       h := own.head
//	lookSlot:       if slot[h % K].sequence /= h+1 then (empty) goto unlockReceive
//	copySlot:       message := slot[h % K].message
//	storeHead:      own.head := h+1
//	unlockReceive:  own.recvLock := free; if empty then goto lookDoorbell
//	                else (a caller) goto loadCall, (a server) goto execute
//	execute:        message := f(message); goto testSetSend
//
// The message is copied before its slot is given back: what is checked and used
// is the copy.

func (v view) testSetReceive() bool {
	if v.own.RecvLock {
		return false
	}
	v.own.RecvLock = true
	return v.to(step.LoadHead)
}

func (v view) loadHead() bool {
	v.t.Position = v.own.Head
	return v.to(step.LookSlot)
}

func (v view) lookSlot() bool {
	if v.slot(1-v.side, v.t.Position).Sequence != v.add(1-v.side, v.t.Position, 1) {
		v.t.Stuck, v.t.Position = true, 0
		return v.to(step.UnlockReceive)
	}
	return v.to(step.CopySlot)
}

func (v view) copySlot() bool {
	v.t.Message = v.slot(1-v.side, v.t.Position).Message
	v.s.noteReceived(1 - v.side)
	v.countReceived()
	return v.to(step.StoreHead)
}

func (v view) storeHead() bool {
	v.own.Head = v.add(1-v.side, v.t.Position, 1)
	v.keepChanged()
	v.t.Position = 0
	return v.to(step.UnlockReceive)
}

// keepChanged moves the head that a waiting sender has seen one on, where the
// head would come round to it: that it has changed is all that AwaitRoom can tell.
func (v view) keepChanged() {
	v.peers(func(i int, t *Thread) {
		if (t.At == step.AwaitRoom || v.looksBefore(i, step.AwaitRoom)) && t.Seen == v.own.Head {
			t.Seen = v.add(1-v.side, t.Seen, 1)
		}
	})
}

func (v view) unlockReceive() bool {
	v.own.RecvLock = false
	switch {
	case v.t.Stuck:
		v.t.Stuck = false
		return v.foundNothing()
	case v.Queue:
		v.t.Message = 0
		return v.to(step.TestSetReceive)
	case v.side == client:
		return v.to(step.LoadCall)
	default:
		return v.to(step.Execute)
	}
}

// execute performs the procedure. Its ghost counts for the caller whose call it was.
func (v view) execute() bool {
	if !v.chooses() {
		return false
	}
	v.t.Message = v.t.Message.result()
	if i := v.executed(); i >= 0 {
		c := &v.s.Caller[i]
		c.Executed = min(c.Executed+1, 2)
	}
	return v.to(step.TestSetSend)
}
