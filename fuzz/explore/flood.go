package explore

import (
	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// A peer that never stops replying, to calls that nobody made, is always faster here:
// whenever a caller looks whether there is a reply there is one, for so many times. That
// is what a scheduler comes to only by pre-empting the caller after each reply.

// looksEvery is how many replies a leader may receive before it looks at its context, and
// flood is how many come: more than that.
const (
	looksEvery = 32
	flood      = looksEvery + 4
)

// pour puts a reply into the slot at which the caller is about to look, if there is none.
func (l *leaving) pour(a shm.Access) {
	c := l.c
	g, w := c.region.ghost, &c.region.ghost.words
	i := slotAt(w.Sequence, a.Offset)
	if l.flood == 0 || g.slots[channel.Replies][i] == slotPublished {
		return
	}
	l.flood--
	replies := &c.region.bare[channel.Replies]
	var header [channel.HeaderSize]byte
	header[idAt], header[idAt+1] = 0xff, 0xff // no record has that number
	replies.CopyIn(0, w.Header[i], header[:], nil)
	replies.Store(0, a.Offset, c.region.segments[channel.Calls].Peek(w.Head)+1)
	g.slots[channel.Replies][i] = slotPublished
}

// received counts what a caller receives that has a context.
func (l *leaving) received(thread int) {
	if x := l.c.machine.waiter().context; x != nil {
		x.received++
		l.c.check(LooksMeanwhile, x.received <= looksEvery, "thread %d has received %d replies, and not looked at its context since", thread+1, x.received)
	}
}
