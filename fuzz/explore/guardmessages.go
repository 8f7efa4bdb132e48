package explore

import (
	"bytes"
	"encoding/binary"

	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// What the guard of a victim knows of messages: what it copied and gives to its handlers
// and callers, and what it sends.

// more is called before the copy of a message goes on, or bytes of a segment are read
// without a step.
func (g *guard) more(a shm.Access) {
	if !g.victim.runs() {
		return
	}
	g.inside(a)
	if a.Segment == g.hostile {
		g.fetch(g.thread(), reach{uint32(a.Offset), uint32(a.Offset) + a.Size})
	}
}

// copied is called with what was copied out: a header, then its payload.
func (g *guard) copied(part []byte) {
	if !g.victim.runs() {
		return
	}
	th := g.thread()
	if !th.more {
		copy(th.header[:], part)
		th.more = true
		return
	}
	th.more = false
	th.payload = append(th.payload[:0], part...)
	g.got = append(g.got, received{th.word(idAt), uint32(th.word(statusAt)), string(part)})
}

// Parts of a header.
const (
	idAt        = 0
	procedureAt = 8
	statusAt    = 12
	lengthAt    = 16
)

// word is a part of the header that was copied.
func (th *guarded) word(at int) uint64 {
	if at == idAt {
		return binary.LittleEndian.Uint64(th.header[at:])
	}
	return uint64(binary.LittleEndian.Uint32(th.header[at:]))
}

// sends notes what the thread is to send.
func (g *guard) sends(payload []byte, procedure, status uint32) {
	if g.victim.runs() {
		th := g.thread()
		th.sending, th.procedure, th.status = append(th.sending[:0], payload...), procedure, status
	}
}

// publishes checks the message that stands in the slot, before it is published.
func (g *guard) publishes(th *guarded) {
	var message [channel.HeaderSize + payload]byte
	g.b.segments[g.own].PeekBytes(g.words.Header[g.tail&(g.b.size.Slots-1)], message[:])
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(message[at:]) }
	th.id = binary.LittleEndian.Uint64(message[idAt:])
	status := th.status
	if g.own == channel.Calls {
		status = 0
	} else if th.id != th.word(idAt) {
		g.fail(OwnIntact, "the reply to call %x is sent as one to %x", th.word(idAt), th.id)
	}
	if word(procedureAt) != th.procedure || word(statusAt) != status || word(lengthAt) != uint32(len(th.sending)) ||
		!bytes.Equal(message[channel.HeaderSize:][:len(th.sending)], th.sending) {
		g.fail(OwnIntact, "%x is sent, and is no message of %x", message[:], th.sending)
	}
}

// executes checks what a handler is given.
func (g *guard) executes(procedure uint32, request []byte) {
	if !g.victim.runs() {
		return
	}
	th := g.thread()
	if length := th.word(lengthAt); length > payload || uint64(len(request)) != length {
		g.fail(Checked, "a handler is given %d bytes, of a message of %d", len(request), length)
	}
	if uint64(procedure) != th.word(procedureAt) || !bytes.Equal(request, th.payload) {
		g.fail(Checked, "a handler is given procedure %d and %x, of a message of procedure %d and %x", procedure, request, th.word(procedureAt), th.payload)
	}
}

// taken checks what a caller is given.
func (g *guard) taken(status uint32, reply []byte) {
	if !g.victim.runs() {
		return
	}
	if len(reply) > payload {
		g.fail(Checked, "a caller is given %d bytes", len(reply))
	}
	id, copied := g.thread().id, false
	for _, m := range g.got {
		if m.status == status && m.payload == string(reply) {
			copied = true
			if m.id == id {
				return
			}
		}
	}
	if !copied {
		g.fail(Checked, "a caller is given status %d and %x, which no message had", status, reply)
	}
	g.fail(OwnReply, "the caller of call %x is given the reply to another one: status %d and %x", id, status, reply)
}
