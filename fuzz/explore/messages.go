package explore

import (
	"bytes"

	"urpc/checker/catalogue"
	"urpc/runtime/channel"
)

// lengthsParameter is one of the targets whose messages may be shorter than their slots.
var lengthsParameter = catalogue.Parameter{
	Name: "lengths", Doc: "how long payloads are: all as long as may be; or by turns as long as may be, empty, and shorter", Max: 1,
	Words: []string{"full", "turns"},
}

// turns is the value of parameter lengths for payloads of three lengths.
const turns = 1

// NothingBeyond is the property that a message is copied as it was sent and no further:
// into a slot, out of it, and into a buffer.
const NothingBeyond = "of a slot and of a buffer no byte beyond the message is touched"

// shorter is the length of a payload in bytes that neither fills its slot nor is empty,
// nor ends with a word.
const shorter = 5

// Messages says what the calls and replies of a configuration hold, as the target's own
// threads make them. Calls are numbered from 0: those of thread 0 come first.
//
// Where lengths take turns, the procedure's number and the status tell the call as well:
// an empty payload cannot.
type Messages struct{ turns bool }

// MessagesOf gives those of a configuration of a target whose payloads have PayloadSize
// bytes at most. Where there is no parameter lengths they all have as many.
func MessagesOf(t Target, v catalogue.Values) Messages {
	for _, p := range t.Parameters {
		if p.Name == lengthsParameter.Name {
			return messagesOf(v)
		}
	}
	return Messages{}
}

// messagesOf is MessagesOf of a target with parameter lengths.
func messagesOf(v catalogue.Values) Messages {
	return Messages{turns: v.Int(lengthsParameter.Name) == turns}
}

// length is that of message i, of which most bytes fit into a slot.
func (m Messages) length(i int, most uint32) uint32 {
	if !m.turns {
		return most
	}
	return [...]uint32{most, 0, shorter}[i%3]
}

// RequestLength is the length of the argument of call i in bytes, ReplyLength that of its
// result: another one, where lengths take turns.
func (m Messages) RequestLength(i int) uint32 { return m.length(i, payload) }
func (m Messages) ReplyLength(i int) uint32   { return m.length(i+2, payload) }

// Request appends the argument of call i, Reply its result.
func (m Messages) Request(to []byte, i int) []byte {
	return put(to, argument(i))[:len(to)+int(m.RequestLength(i))]
}

func (m Messages) Reply(to []byte, i int) []byte {
	return put(to, result(argument(i)))[:len(to)+int(m.ReplyLength(i))]
}

// Procedure is the number that call i carries, and the status of its reply.
func (m Messages) Procedure(i int) uint32 {
	if !m.turns {
		return procedure
	}
	return procedure + uint32(i)
}

// SentLength is the length in bytes of message i of a queue by itself; those of sender 0
// come first. Sent appends its content, where that is no longer than PayloadSize.
func (m Messages) SentLength(i int) uint32 { return m.length(i, payload) }

func (m Messages) Sent(to []byte, sender, n, messages int) []byte {
	return put(to, content(sender, n))[:len(to)+int(m.SentLength(sender*messages+n))]
}

// called gives the call, of so many, of which this is the argument; false: of none.
func (m Messages) called(number uint32, request []byte, calls int) (i int, ok bool) {
	if !m.turns {
		argued, whole := get(request)
		i = int(argued>>8) - 1
		return i, number == procedure && whole && i >= 0 && i < calls && argued == argument(i)
	}
	var room [payload]byte
	i = int(number) - procedure
	return i, i >= 0 && i < calls && bytes.Equal(request, m.Request(room[:0], i))
}

// whole gives what who watches is told of a payload: all that it is the beginning of, if it is
// one that the target's threads make.
func (m Messages) whole(ok bool, number uint64, of []byte) []byte {
	if !m.turns || !ok {
		return of
	}
	return put(nil, number)
}

// unwritten stands in a slot where no message was written: in a message it is rare.
const unwritten = 0xc5

// spilled says whether a slot was copied into a buffer beyond the payload that it holds.
func spilled(received []byte) bool {
	return bytes.IndexByte(received[len(received):cap(received)], unwritten) >= 0
}

// slotEnd is how many bytes of a slot come after its message's header.
func slotEnd(z channel.Size, w channel.Words) uint32 {
	size := (uint32(z.Bytes()) - uint32(w.Sequence[0])) / z.Slots
	return size - uint32(w.Payload[0]-w.Sequence[0])
}
