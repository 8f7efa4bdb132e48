package explore

import (
	"slices"

	"urpc/runtime/channel"
)

// faulty is a processor of a server that may send replies twice. It polls.
type faulty struct {
	twice int // replies that it may send twice, still
	// What it is to send, and whether it is for the second time.
	m     channel.Message
	reply []byte
	again bool
	live  [4]uint64
}

// serveTwice is what a faulty processor does.
func (c *calling) serveTwice(f *faulty) {
	var buffer, out [payload]byte
	for {
		c.t.Mark("serve", uint64(f.twice))
		request, r := c.server.Receive(&f.m, buffer[:])
		switch r {
		case channel.Done:
		case channel.Busy:
			c.server.AwaitReceive()
			continue
		case channel.Empty:
			c.server.AwaitMessage()
			continue
		default:
			c.check(HonestPeer, false, "the server found the client corrupt")
		}
		f.m.Status, f.reply = c.execute(f.m.Procedure, request, out[:0])
		f.m.Length, f.again = uint32(len(f.reply)), false
		c.answer(f)
		if f.twice > 0 && c.t.Choose("reply twice", 2) == 1 {
			f.twice--
			f.again, f.reply = true, slices.Clone(f.reply)
			c.answer(f)
		}
	}
}

// answer sends the reply.
func (c *calling) answer(f *faulty) {
	c.t.Mark("reply", f.remembers()...)
	for r := c.server.Send(&f.m, f.reply); r != channel.Done; r = c.server.Send(&f.m, f.reply) {
		c.check(HonestPeer, r != channel.Corrupt, "the server found the client corrupt")
		c.server.AwaitSend(r)
		c.t.Mark("reply", f.remembers()...)
	}
	c.server.Wake(c.kernel, channel.Keep)
}

// remembers gives what the processor keeps from one step to the next: since it may
// send the same again, that is all of the reply.
func (f *faulty) remembers() []uint64 {
	f.live = [...]uint64{
		f.m.ID, uint64(f.twice)<<1 | bit(f.again), uint64(f.m.Procedure)<<32 | uint64(f.m.Status), channel.Sum(f.reply),
	}
	return f.live[:]
}
