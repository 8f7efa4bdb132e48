package explore

import (
	"urpc/runtime/call"
	"urpc/runtime/channel"
)

// The records of calls are shared between the threads of a space, and the accesses to
// what they hold are no steps: a record passes from one thread to another with the word
// of its call. That it does is checked here without a word in the code that is explored:
// what a record holds is compared before each access to the words that the threads share,
// and spoiled when its call is over, so that who reads it later finds no reply.

// heldReply is what a record holds of a reply: the header, the payload, and in which buffer.
type heldReply struct {
	reply  channel.Message
	length int
	buffer *byte
	first  [payload]byte
}

func (c *calling) held(j int) (h heldReply) {
	_, reply, bytes := c.caller.Record(j)
	if h.reply, h.length = reply, len(bytes); len(bytes) > 0 {
		h.buffer = &bytes[0]
	}
	copy(h.first[:], bytes)
	return h
}

// written demands of each record that was written since the last access that its call
// awaits a reply.
func (c *calling) written() {
	for j, was := range c.holds {
		now := c.held(j)
		if now == was {
			continue
		}
		c.holds[j] = now
		state := c.caller.Private().Peek(call.State(j))
		c.check(RecordKept, state == call.Pending || state == call.Abandoned, "the record of call %d, in state %d, is written: status %d and %x", j+1, state, now.reply.Status, now.first)
	}
}

// nextRecord is the record that is taken next; none: all are in use.
func (c *calling) nextRecord() int {
	if free := c.caller.Free(); len(free) > 0 {
		return free[len(free)-1]
	}
	return none
}
