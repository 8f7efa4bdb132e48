package channel

import (
	"urpc/runtime/kernel"
	"urpc/spec/step"
)

// Wake wakes the peer's processors if one of them has announced itself as
// parked. It is called after every message that was sent. With Donate it donates the
// caller's processor beforehand, unless one is out: see donate.
//
//	LookParked: if peer.parked = 0 then return
//	            donate                          (only with Donate)
//	Ring:       doorbell := doorbell + 1
//	Wake:       wake all who sleep on doorbell
//
// No wake-up is lost. Atomic operations are sequentially consistent: either
// LookParked comes after the peer's Announce, then the bell rings and the sleep
// on its old value returns or is woken; or it comes before, then the message,
// published earlier still, is seen by the peer's RecheckSlot.
func (p *Port) Wake(k kernel.Kernel, donate Donation) Waking {
	if p.peer.Load(step.LookParked, offParked) == 0 {
		return Awake
	}
	waking := Woken
	if donate == Donate && p.donate() {
		waking = Donated
	}
	p.own.Add(step.Ring, offDoorbell, 1)
	k.Wake(p.own, offDoorbell)
	return waking
}

// Waking says what a Wake has done.
type Waking uint8

const (
	// Awake: nothing, since no processor of the peer is parked.
	Awake Waking = iota
	// Woken: it asked the kernel to wake the peer's processors.
	Woken
	// Donated: the same, and it donated the caller's processor beforehand.
	Donated
)

// Parked says how many processors the peer has announced as parked: a hint, on
// which no correctness rests.
func (p *Port) Parked() uint32 { return p.peer.Load(step.LookParked, offParked) }

// Parking is what came of a try to park.
type Parking uint8

const (
	// Found: there was something to receive after all; nothing slept.
	Found Parking = iota + 1
	// Slept: the processor slept, or its sleep was refused because the doorbell
	// or the nudge had changed.
	Slept
	// TimedOut: the deadline passed.
	TimedOut
)

// Park puts the calling processor to sleep until the peer rings, unless there is
// something to receive. seen is the state of the nudge from before the caller
// looked for other reasons not to sleep.
//
//	LookDoorbell: d := peer.doorbell               (Doorbell)
//	Announce:     parked := parked + 1
//	RecheckHead:  h := head
//	RecheckSlot:  if peer.slot[h mod Slots].sequence is h + 1 or later then goto Retract
//	Sleep:        sleep on peer.doorbell while it is d
//	Retract:      parked := parked - 1
//
// The doorbell is read before the announcement: any ring that the announcement
// causes differs from d. (After 2^32 rings between the two it would not; a
// processor is not away that long.)
//
// The re-check takes no lock: a failed try would say nothing about the queue.
// Another processor of this side may be receiving meanwhile; then head may be
// old, and the slot's sequence is h + 1 or later, which counts as something.
func (p *Port) Park(k kernel.Kernel, nudge *kernel.Nudge, seen uint32, deadline int64) Parking {
	return p.ParkOn(p.Doorbell(), k, nudge, seen, deadline)
}

// Doorbell reads the doorbell that the peer rings.
func (p *Port) Doorbell() uint32 { return p.peer.Load(step.LookDoorbell, offDoorbell) }

// ParkOn is Park on a doorbell that was read before, for a caller that does something
// in between which a ring may call off.
func (p *Port) ParkOn(d uint32, k kernel.Kernel, nudge *kernel.Nudge, seen uint32, deadline int64) Parking {
	p.own.Add(step.Announce, offParked, 1)
	parking := Found
	if !p.recheck() {
		parking = Slept
		if k.Sleep(p.peer, offDoorbell, d, nudge, seen, deadline) == kernel.TimedOut {
			parking = TimedOut
		}
	}
	p.own.Add(step.Retract, offParked, ^uint32(0))
	return parking
}

// recheck says whether the peer's queue has, or had since head was read,
// something to receive.
func (p *Port) recheck() bool {
	h := p.own.Load(step.RecheckHead, offHead)
	sequence := p.peer.Load(step.RecheckSlot, p.size.slot(h)+slotSequence)
	return int32(sequence-(h+1)) >= 0
}
