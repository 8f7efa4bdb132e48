package channel

import "urpc/spec/step"

// Donation. A side that wakes the peer may donate its processor to it (rule R4), and
// it comes back when the peer has nothing left to receive (R5). Each side counts:
//
//	donated    what this side has donated, in its own segment
//	returned   how many of those that the peer donated have gone back, in its own too
//
// Of one side's processors at most one is out: own.donated - peer.returned is 0 or 1.
// So no two threads that see one park both donate, and none donates to a peer that
// has a processor of this side's already.

// Donation says whether a Wake hands the caller's processor on.
type Donation bool

// The two kinds of wake.
const (
	Keep   Donation = false
	Donate Donation = true
)

// donate donates the caller's processor, unless one is out, and says whether it did.
//
//	LookReturned: r := peer.returned
//	Donate:       compare-and-swap(donated, r, r + 1)
//
// Any number of threads may try at once: one compare-and-swap from r succeeds, since
// donated never goes back. What r was read does not have to be so any more: if the
// peer has returned more, then somebody has donated meanwhile, and the swap fails. A
// peer that writes into returned what it likes gets no more than processors that it
// asked for.
func (p *Port) donate() bool {
	r := p.peer.Load(step.LookReturned, offReturned)
	return p.own.CompareAndSwap(step.Donate, offDonated, r, r+1)
}

// Out says whether a processor of this side is out with the peer.
func (p *Port) Out() bool {
	return p.own.Load(step.LoadDonated, offDonated) != p.peer.Load(step.LookReturned, offReturned)
}

// Guests says whether this side has processors that the peer has donated.
func (p *Port) Guests() bool {
	return p.own.Load(step.LoadReturned, offReturned) != p.peer.Load(step.LookDonation, offDonated)
}

// Return gives the processor back that the peer has donated, and says whether there
// was one. The processor that calls has read the doorbell, has nothing to receive,
// and parks next.
//
//	LookDoorbell: d := peer.doorbell
//	LoadReturned: r := returned
//	LookDonation: n := peer.donated;  if n = r then return false
//	Return:       if compare-and-swap(returned, r, n) fails then return false
//	              park, unless the doorbell is not d any more
//
// None is kept by who sleeps: a donation that LookDonation does not see is followed
// by a ring that comes after LookDoorbell, so that the sleep is refused or ended, and
// the processor comes here again.
//
// Several processors of this side may return at once; one of them does. While
// returned is r an honest peer donates no second one, so that n is r + 1 where the
// swap succeeds. A hostile one may have written anything: then, too, it is one
// processor that has gone back, and there is none until it writes again.
func (p *Port) Return() bool {
	r := p.own.Load(step.LoadReturned, offReturned)
	n := p.peer.Load(step.LookDonation, offDonated)
	return n != r && p.own.CompareAndSwap(step.Return, offReturned, r, n)
}
