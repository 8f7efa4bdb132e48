package explore

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// lie is what a hostile space does otherwise than it says. It runs the runtime's
// code, on a machine that lies for it: what it makes and sends is not what it must
// be.
type lie int

const (
	lieNone       lie = iota
	lieSmall          // memory of half the size
	lieBig            // memory of twice the size
	lieUnsealed       // memory without seals
	lieHalfSealed     // memory that lacks one seal
	lieWritable       // memory that both sides may write
	lieLate           // replies that shrink, and are sealed only then, at any time
	lieExchanged      // the two descriptors in the wrong order
	lieLone           // one descriptor: of an answer that should have two, of a hello that should have none
	lieMany           // more descriptors than there can be
	lieGarbage        // bytes that are no frame
	lieNumber         // a call of a procedure that there is not
	lieBeside         // descriptors beside the byte that says that the server stops
	lieNotice         // another byte than that one
	lieGranted        // a channel that begins elsewhere than was asked for, or has more slots, or longer messages
	lieNoSize         // a channel of a size that there is not, to who has asked for none
	lieLength         // a reply that is longer than messages are
	lieDeaf           // nothing is read any more once the server may have bound
	lieAsks           // more slots, or longer messages, than the server allows
	lieFrame          // a frame that is longer than any of its kind
	lieProcedures     // a table of more procedures than there can be
	lieLarge          // a channel that takes more memory than the client allows
	lieSilent         // nothing is read, and nothing answered; or nothing is asked
	lieMalformed      // a frame that is malformed
	lieEarly          // an answer before anything was asked for
	lieValue          // a payload that is no value of the procedure's type, or a reply of a status that there is not
)

// lies are the words of the parameter: who lies, and how.
var lies = []struct {
	word   string
	client bool
	lie    lie
}{
	{"none", false, lieNone},
	{"small", false, lieSmall}, {"unsealed", false, lieUnsealed}, {"writable", false, lieWritable}, {"late", false, lieLate},
	{"exchanged", false, lieExchanged}, {"lone", false, lieLone}, {"many", false, lieMany}, {"garbage", false, lieGarbage},
	{"client-garbage", true, lieGarbage}, {"client-descriptors", true, lieMany}, {"client-number", true, lieNumber},
	{"notice-descriptors", false, lieBeside}, {"granted", false, lieGranted}, {"reply-length", false, lieLength}, {"client-deaf", true, lieDeaf},
	{"client-asks", true, lieAsks}, {"client-frame", true, lieFrame}, {"frame", false, lieFrame}, {"procedures", false, lieProcedures}, {"large", false, lieLarge},
	{"silent", false, lieSilent}, {"reply-value", false, lieValue}, {"client-value", true, lieValue},
	{"malformed", false, lieMalformed}, {"client-malformed", true, lieMalformed}, {"client-silent", true, lieSilent}, {"early", false, lieEarly},
	{"big", false, lieBig}, {"half-sealed", false, lieHalfSealed}, {"client-lone", true, lieLone}, {"notice-other", false, lieNotice}, {"no-size", false, lieNoSize},
}

// lieWords gives the words alone.
func lieWords() (words []string) {
	for _, l := range lies {
		words = append(words, l.word)
	}
	return words
}

// liesOf says how each side lies by a value of the parameter.
func liesOf(value int) (client, server lie) {
	if l := lies[value]; l.client {
		return l.lie, lieNone
	}
	return lieNone, lies[value].lie
}

// ill says whether some frame of who lies so is not well-formed.
func (l lie) ill() bool {
	switch l {
	case lieMalformed, lieGarbage, lieFrame, lieLone, lieMany:
		return true
	}
	return false
}

// sizeOf is what memory has that is said to have so many bytes.
func (s *host) sizeOf(bytes int64) int64 {
	switch s.lies {
	case lieSmall:
		return bytes / 2
	case lieBig:
		return 2 * bytes
	case lieLarge:
		return int64(shm.RoundUp(s.larger().Bytes()))
	}
	return bytes
}

// larger is the channel that a server grants which takes more memory than the client
// allows: it chooses it once.
func (s *host) larger() channel.Size {
	if s.grants.Slots == 0 {
		s.grants = larges[s.w.t.Choose("how large", len(larges))](s.w.lending)
	}
	return s.grants
}

// sealsOf are those that memory gets.
func (s *host) sealsOf(seals shm.Seals) shm.Seals {
	switch s.lies {
	case lieUnsealed:
		return 0
	case lieHalfSealed:
		return seals &^ []shm.Seals{shm.SealShrink, shm.SealGrow, shm.SealSeal}[s.w.t.Choose("which seal", 3)]
	case lieLate:
		if seals == shm.ReadOnly {
			return 0
		}
	case lieWritable:
		return seals &^ shm.SealFutureWrite
	}
	return seals
}

// sends gives what a space sends in place of what it means to.
func (s *host) sends(name step.Name, b []byte, with []shm.Descriptor) ([]byte, []shm.Descriptor) {
	first := len(with) > 0 || name == step.SendHello
	body := name == step.SendAnswer && !first
	switch l := s.lies; {
	case l == lieGarbage && first:
		b = slices.Clone(b)
		b[s.w.t.Choose("which byte", 4)] ^= 0xff
		s.w.forged = "bytes that are no frame"
	case l == lieSilent && first:
		b = nil
	case l == lieLone && len(with) > 0:
		with, s.w.forged = with[:1], "an answer with one descriptor"
	case l == lieLone && first:
		with, s.w.forged = []shm.Descriptor{new(descriptor)}, "a hello with a descriptor"
	case l == lieMany && first:
		s.w.forged = "a frame with more descriptors than there can be"
		with = slices.Concat(with, []shm.Descriptor{new(descriptor), new(descriptor), new(descriptor), new(descriptor)})
	case l == lieBeside && name == step.SendStopping:
		with = []shm.Descriptor{new(descriptor), new(descriptor)}
	case l == lieNotice && name == step.SendStopping:
		b = []byte{^b[0]}
	case l == lieExchanged && len(with) > 0:
		with = []shm.Descriptor{with[1], with[0]}
	case l == lieGranted && body:
		word := s.w.t.Choose("which word", len(grants))
		b = altered(b, grants[word].at, grants[word].value)
	case l == lieNoSize && body:
		no := noSizes[s.w.t.Choose("which size", len(noSizes))]
		b = altered(b, no.at, no.value)
	case l == lieAsks && first:
		ask := asks[s.w.t.Choose("what is asked", len(asks))]
		b = altered(b, headerBytes+ask.at, ask.value)
	case l == lieFrame && first:
		s.w.forged = "a frame that is longer than any of its kind"
		b = altered(b, frameLengthAt, []uint32{uint32(longest(name)) + 1, 1 << 31, most32}[s.w.t.Choose("how long", 3)])
	case l == lieProcedures && first:
		b = altered(b, frameLengthAt, uint32(len(table())))
	case l == lieProcedures && body:
		b = table()
	case l == lieMalformed && (first || body):
		b = s.malforms(name, b)
	case l == lieLarge && body:
		b = altered(altered(b, slotsAt, s.larger().Slots), sizeAt, s.larger().Payload)
	}
	return b, with
}

// altered is a message one word of which is another one. Of one that comes in parts the
// first may not have that word.
func altered(b []byte, at int, value uint32) []byte {
	if b = slices.Clone(b); len(b) >= at+4 {
		binary.LittleEndian.PutUint32(b[at:], value)
	}
	return b
}

// The frames of the handshake, written down a second time: see runtime/handshake.go. The
// length of its body stands in a header; what is asked for, and what is granted, begins
// with the same words.
const (
	headerBytes   = 16
	frameLengthAt = 8

	slotsAt = 0
	sizeAt  = 4
	startAt = 8
	countAt = 12

	helloBytes     = 16
	mostProcedures = 4096
	mostAnswer     = 16 + mostProcedures*(8+8+1+255)
)

// longest is the longest body of a frame that is received, or sent, by a step.
func longest(name step.Name) int {
	switch name {
	case step.SendHello, step.ReceiveHello:
		return helloBytes
	case step.SendAnswer, step.ReceiveAnswer:
		return mostAnswer // a refusal is shorter
	}
	return 1 // that the server stops
}

// grants are the words of an answer that say which channel is granted, with a value
// each that was not asked for. Such a channel takes no more memory.
var grants = []struct {
	at    int
	value uint32
}{{startAt, 1}, {slotsAt, 2}, {sizeAt, 97}}

// noSizes are words of an answer, with a value each of which there is no channel: no slots, so
// many as no power of two, more than there can be, and messages that are longer.
var noSizes = []struct {
	at    int
	value uint32
}{{slotsAt, 0}, {slotsAt, 3}, {slotsAt, 2 * channel.MaxSlots}, {sizeAt, channel.MaxPayload + 1}}

// asked is a hello which asks for what the server allows.
func asked() []byte {
	b := make([]byte, headerBytes+helloBytes)
	copy(b, "URPC\x01\x00\x01") // version 1, kind 1
	binary.LittleEndian.PutUint32(b[frameLengthAt:], helloBytes)
	return b
}

// asks are words of a hello, with values that no server here allows: a channel for which a
// single message, or slots of the shortest ones, take more than the longest page of a
// machine; what is small where a part of the word is looked at alone; and so many slots as
// the server would allow, if there were such a channel.
var asks = []struct {
	at    int
	value uint32
}{{slotsAt, 3}, {slotsAt, 1 << 10}, {slotsAt, 1<<16 + 1}, {slotsAt, most32}, {sizeAt, 1 << 17}, {sizeAt, 1<<16 + 96}, {sizeAt, most32}}

// larges are channels that take more memory than a client allows: of one a single segment
// does, on a machine with the longest pages too; the largest that there is; and one of which
// two segments do and a single one does not.
var larges = []func(l *lending) channel.Size{
	func(*lending) channel.Size { return channel.Size{Slots: 1 << 10, Payload: 96} },
	func(*lending) channel.Size {
		z := channel.Size{Slots: channel.MaxSlots, Payload: channel.MaxPayload}
		for z.Check() != nil {
			z.Slots /= 2
		}
		return z
	},
	func(l *lending) channel.Size {
		z := l.size
		for shm.RoundUp(z.Bytes()) == l.bytes {
			z.Slots *= 2
		}
		return z
	},
}

// table is the body of an answer with one procedure more than there can be.
var table = sync.OnceValue(func() []byte {
	b := make([]byte, 16)
	binary.LittleEndian.PutUint32(b[slotsAt:], 1)
	binary.LittleEndian.PutUint32(b[sizeAt:], 96)
	binary.LittleEndian.PutUint32(b[countAt:], mostProcedures+1)
	for i := range mostProcedures + 1 {
		b = append(b, make([]byte, 16)...)
		name := fmt.Sprint(i)
		b = append(append(b, byte(len(name))), name...)
	}
	return b
})

// publishes is called before a hostile space publishes a message. For the number of its
// procedure a client writes the first one that there is not, the last, or one a part of which
// is one that there is; a server says of
// a reply that it is longer than messages are; either makes of a value what is none.
func (h *touching) publishes(a shm.Access) {
	switch {
	case h.s.lies == lieNumber && a.Segment == channel.Calls:
		h.forge(a, procedureAt, []uint32{1, most32, 1 << 16, 1 << 31}[h.s.w.t.Choose("number", 4)])
	case h.s.lies == lieLength && a.Segment == channel.Replies:
		h.forge(a, lengthAt, most32)
	case h.s.lies == lieValue:
		values := noValues
		if h.s.w.encoded {
			values = noEncodings
		}
		all := len(values)
		if a.Segment == channel.Calls {
			all-- // calls have no status
		}
		v := values[h.s.w.t.Choose("value", all)]
		h.s.w.forged = v.name
		value := v.value
		if v.adds {
			value += binary.NativeEndian.Uint32(h.word(a, v.at))
		}
		h.forge(a, v.at, value)
	}
}

// forge writes a part of a message that is about to be published.
func (h *touching) forge(a shm.Access, part shm.Offset, value uint32) {
	binary.NativeEndian.PutUint32(h.word(a, part), value)
}

// word is that part.
func (h *touching) word(a shm.Access, part shm.Offset) []byte {
	slot := slices.Index(h.s.w.words.Sequence, a.Offset)
	i := slices.IndexFunc(h.mapped, func(x *mapping) bool { return x.memory.number == a.Segment })
	return h.mapped[i].memory.bytes[h.s.w.words.Header[slot]+part:]
}

// A noValue is what makes a message of a value into one that has none: another word, or what
// is added to it.
type noValue struct {
	name  string
	at    shm.Offset
	value uint32
	adds  bool
}

// noEncodings are those of values that are encoded: their length, and the status of a reply.
var noEncodings = []noValue{
	{"a byte too little", lengthAt, most32, true},
	{"a byte too much", lengthAt, 1, true},
	{"a status that there is not", statusAt, 4, false},
}

// noValues are those of a mark: its length, what stands in its payload, and last the status
// of a reply.
var noValues = []noValue{
	{"a byte too little", lengthAt, 4, false},
	{"a byte too much", lengthAt, 6, false},
	{"a bool of value 2", channel.HeaderSize, 2, false},
	{"a bool of value 2 in a struct", channel.HeaderSize, 2 << 8, false},
	{"a second bool of value 2 in an array", channel.HeaderSize, 2 << 24, false},
	{"a number out of range", channel.HeaderSize + 4, mostMark + 1, false},
	{"a status that there is not", statusAt, 4, false},
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
