package channel

import (
	"urpc/runtime/kernel"
	"urpc/spec/step"
)

// Wake wakes the peer's processors if one of them has announced itself as
// parked. It is called after every message that was sent, and says whether it
// asked the kernel. With donate set it tells the peer beforehand that the
// caller's processor is donated to it: the caller parks next (rule R4).
//
//	LookParked: if peer.parked = 0 then return
//	Donate:     donated := donated + 1     (only with donate)
//	Ring:       doorbell := doorbell + 1
//	Wake:       wake all who sleep on doorbell
//
// No wake-up is lost. Atomic operations are sequentially consistent: either
// LookParked comes after the peer's Announce, then the bell rings and the sleep
// on its old value returns or is woken; or it comes before, then the message,
// published earlier still, is seen by the peer's RecheckSlot.
func (p *Port) Wake(k kernel.Kernel, donate Donation) bool {
	if p.peer.Load(step.LookParked, offParked) == 0 {
		return false
	}
	if donate == Donate {
		p.own.Add(step.Donate, offDonated, 1)
	}
	p.own.Add(step.Ring, offDoorbell, 1)
	k.Wake(p.own, offDoorbell)
	return true
}

// Donation says whether a Wake hands the caller's processor on.
type Donation bool

// The two kinds of wake.
const (
	Keep   Donation = false
	Donate Donation = true
)

// Parked says how many processors the peer has announced as parked: a hint, on
// which no correctness rests.
func (p *Port) Parked() uint32 { return p.peer.Load(step.LookParked, offParked) }

// Donated says how many processors the peer has donated so far, modulo 2^32.
func (p *Port) Donated() uint32 { return p.peer.Load(step.LookDonation, offDonated) }

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
//	LookDoorbell: d := peer.doorbell
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
	d := p.peer.Load(step.LookDoorbell, offDoorbell)
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
