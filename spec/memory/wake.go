package memory

import "urpc/spec/step"

// A thread that has sent wakes the peer's processors, if one has announced
// that it parks.
//
//	lookParked: if peer.parked = 0 then goto done
//	            (a caller that donates: donate.go)
//	ring:       own.doorbell := own.doorbell + 1
//	wake:       wake all who sleep on own.doorbell
//	done:       (a caller) goto checkReply; (a server) goto testSetReceive
//
// The look comes after the publishing store, and the sleeper's announcement
// before its recheck: of the two, one at least sees the other.

func (v view) lookParked() bool {
	donates := v.lasts()
	switch {
	case v.peer.Parked == 0:
		return v.afterSend()
	case donates:
		return v.to(step.LookReturned)
	default:
		return v.to(step.Ring)
	}
}

func (v view) ring() bool {
	v.peers(func(_ int, t *Thread) {
		if parked(t.At) {
			t.Rung = v.rung(t.Rung)
		}
	})
	return v.to(step.Wake)
}

// rung counts one more ring: only whether the doorbell has another value than
// the one read is ever asked.
func (v view) rung(n uint8) uint8 {
	if v.Doorbell == 0 {
		return 1
	}
	return (n + 1) % uint8(v.Doorbell)
}

func (v view) wake() bool {
	v.peers(func(_ int, t *Thread) {
		if t.At == step.Asleep {
			t.At, t.Rung = step.Retract, 0
		}
	})
	return v.afterSend()
}

// afterSend goes on with what a thread does once its message is on its way.
func (v view) afterSend() bool {
	switch {
	case v.side == client:
		return v.to(step.CheckReply)
	case v.repeats():
		return v.to(step.TestSetSend)
	default:
		return v.serves()
	}
}

// peers visits the peer's threads, which have these numbers: they read this side's
// doorbell, head and slots.
func (v view) peers(visit func(i int, t *Thread)) {
	if v.side == client {
		for j := range v.Servers {
			visit(j, &v.s.Server[j])
		}
		return
	}
	for i := range v.Clients {
		visit(i, &v.s.Caller[i].Thread)
	}
}

// parked says whether a thread at this step has read the doorbell and may still
// compare it.
func parked(at step.Name) bool {
	switch at {
	case step.LoadReturned, step.LookDonation, step.Return, step.Announce, step.RecheckHead, step.RecheckSlot, step.Sleep, step.Asleep:
		return true
	default:
		return false
	}
}
