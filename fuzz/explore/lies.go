package explore

import (
	"encoding/binary"
	"slices"

	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// lie is what a hostile space does otherwise than it says. It runs the runtime's
// code, on a machine that lies for it: what it makes and sends is not what it must
// be.
type lie int

const (
	lieNone      lie = iota
	lieSmall         // memory of half the size
	lieUnsealed      // memory without seals
	lieWritable      // memory that both sides may write
	lieLate          // replies that shrink, and are sealed only then, at any time
	lieExchanged     // the two descriptors in the wrong order
	lieLone          // one descriptor
	lieMany          // more descriptors than there can be
	lieGarbage       // bytes that are no frame
	lieNumber        // a call of a procedure that there is not
	lieBeside        // descriptors beside the byte that says that the server stops
	lieGranted       // a channel that begins elsewhere than was asked for
	lieLength        // a reply that is longer than messages are
	lieDeaf          // nothing is read any more once the server may have bound
)

// lies are the words of the parameter, for the server and then for the client.
var lies = []string{
	"none", "small", "unsealed", "writable", "late", "exchanged", "lone", "many", "garbage", "client-garbage", "client-descriptors", "client-number", "notice-descriptors",
	"granted", "reply-length", "client-deaf",
}

// liesOf says how each side lies by a value of the parameter.
func liesOf(value int) (client, server lie) {
	switch {
	case value <= int(lieGarbage):
		return lieNone, lie(value)
	case value == int(lieGarbage)+1:
		return lieGarbage, lieNone
	case value == int(lieGarbage)+2:
		return lieMany, lieNone
	case value == int(lieGarbage)+3:
		return lieNumber, lieNone
	case lies[value] == "client-deaf":
		return lieDeaf, lieNone
	default:
		return lieNone, lieBeside + lie(value-int(lieGarbage)-4)
	}
}

// size is what memory has that is said to have so many bytes.
func (l lie) size(bytes int64) int64 {
	if l == lieSmall {
		return bytes / 2
	}
	return bytes
}

// seals are those that memory gets.
func (l lie) seals(s shm.Seals) shm.Seals {
	switch l {
	case lieUnsealed:
		return 0
	case lieLate:
		if s == shm.ReadOnly {
			return 0
		}
	case lieWritable:
		return s &^ shm.SealFutureWrite
	}
	return s
}

// write is what is sent.
func (l lie) write(name step.Name, b []byte, with []shm.Descriptor) ([]byte, []shm.Descriptor) {
	first := len(with) > 0 || name == step.SendHello
	switch {
	case l == lieGarbage && first:
		b = slices.Clone(b)
		b[0] ^= 0xff
	case l == lieLone && len(with) > 0:
		with = with[:1]
	case l == lieMany && first:
		with = slices.Concat(with, []shm.Descriptor{new(descriptor), new(descriptor), new(descriptor), new(descriptor)})
	case l == lieBeside && name == step.SendStopping:
		with = []shm.Descriptor{new(descriptor), new(descriptor)}
	case l == lieGranted && name == step.SendAnswer && !first:
		b = slices.Clone(b)
		b[startAt] ^= 1
	case l == lieExchanged && len(with) > 0:
		with = []shm.Descriptor{with[1], with[0]}
	}
	return b, with
}

// startAt is where in the body of an answer stands at which position the channel begins.
const startAt = 8

// publishes is called before a hostile space publishes a message. For the number of its
// procedure a client writes the first one that there is not, or the last; a server says of
// a reply that it is longer than messages are.
func (h *touching) publishes(a shm.Access) {
	switch {
	case h.s.lies == lieNumber && a.Segment == channel.Calls:
		h.forge(a, procedureAt, []uint32{1, most32}[h.s.w.t.Choose("number", 2)])
	case h.s.lies == lieLength && a.Segment == channel.Replies:
		h.forge(a, lengthAt, most32)
	}
}

// forge writes a part of the header of a message that is about to be published.
func (h *touching) forge(a shm.Access, part shm.Offset, value uint32) {
	slot := slices.Index(h.s.w.words.Sequence, a.Offset)
	for _, x := range h.mapped {
		if x.memory.number == a.Segment {
			binary.NativeEndian.PutUint32(x.memory.bytes[h.s.w.words.Header[slot]+part:], value)
		}
	}
}

// shrink is a step of a hostile thread: the memory of the replies, which had its size
// and no seals, gets them, with another size.
func (w *world) shrink() {
	w.step(step.SealMemory)
	for _, m := range w.memory {
		if m.number == channel.Replies {
			m.size /= 2
			m.seals = shm.ReadOnly
		}
	}
}
