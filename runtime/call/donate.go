package call

import (
	"urpc/runtime/channel"
	"urpc/spec/step"
)

// Donation: the processor of a caller that has sent is donated to the peer if that is
// parked, and if no other thread of this space is ready (rules R2 and R3: the same
// processor next runs another ready thread; only when there is none is it donated).
// Ready is who has a call to send or a reply to take:
//
//	AnnounceReady; OpenCall    ready := ready + 1
//	(the call is sent)
//	RetractReady:              ready := ready - 1;  if it is 0 now then donate
//	AnnounceReady; Deliver     ready := ready + 1, by the thread that leads, for who
//	                           gets the reply
//	CloseCall; RetractReady    ready := ready - 1
//
// Of the callers that are ready together the last one donates: the decrement that
// comes to 0 is one. A thread that becomes ready after that finds no processor of its
// own; nobody can look at what is not there yet.
//
// Which other goroutines of this process are ready Go does not tell. What is counted
// here is those that make calls of this binding.

// announceReady counts one more ready thread, where anybody donates.
func (c *Caller) announceReady() {
	if c.donate == channel.Donate {
		c.private.Add(step.AnnounceReady, offReady, 1)
	}
}

// retractReady counts one less, and says how its processor is to wake the peer: the
// last one donates it.
func (c *Caller) retractReady() channel.Donation {
	if c.donate == channel.Donate && c.private.Add(step.RetractReady, offReady, ^uint32(0)) == 0 {
		return channel.Donate
	}
	return channel.Keep
}

// out says whether a processor of this space is out with the peer. The thread that
// leads then parks instead of polling: it has none to poll with.
func (c *Caller) out() bool { return c.donate == channel.Donate && c.port.Out() }
