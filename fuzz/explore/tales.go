package explore

import (
	"encoding/binary"
	"slices"

	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// A tale is a word of the hostile segment and a telling value for it, which may
// depend on what stands there.
type tale struct {
	at    shm.Offset
	value func(now uint32) uint32
}

// is is the tale of a value, by one that adds to what stands there.
func is(v uint32) func(uint32) uint32 { return func(uint32) uint32 { return v } }
func by(v uint32) func(uint32) uint32 { return func(now uint32) uint32 { return now + v } }

// Numbers at which a computation in 32 bits, or in 16, goes wrong.
const (
	most16  = 1 << 16
	sign32  = 1 << 31
	most32  = 1<<32 - 1
	back    = most32                          // by(back): one less
	wraps   = most32 - channel.HeaderSize + 1 // a header and so many bytes are none
	another = 1 << indexBits                  // by(another): the same record, another call
)

// indexBits is how many bits of a call's name say which record is its own.
const indexBits = 16

// talesOf are all that the peer may write: to every word of its segment, the ones
// that nobody else looks at too. Those come last: a search finds sooner what the others
// lead to.
func talesOf(b *binding, hostile uint8) []tale {
	z := b.size
	w := z.Words()
	var all []tale
	to := func(at shm.Offset, values ...func(uint32) uint32) {
		for _, v := range values {
			all = append(all, tale{at, v})
		}
	}
	for i := range w.Sequence {
		to(w.Sequence[i], by(1), by(back), by(z.Slots), by(-z.Slots), by(most16), by(sign32), is(0))
		h := w.Header[i]
		to(h+idAt, by(1), by(back), is(uint32(b.records)), is(most16-1), by(another), by(most32-another+1), is(most32))
		to(h+idAt+4, by(1), is(sign32))
		to(h+procedureAt, by(1), is(most32))
		to(h+statusAt, by(1), is(most32))
		to(h+lengthAt, is(0), by(back), is(payload+1), is(most16+1), is(sign32), is(wraps), is(most32))
		for off := shm.Offset(0); off < payload; off += 4 {
			to(w.Payload[i]+off, by(1))
		}
	}
	to(w.Head, by(1), by(back), by(z.Slots), by(z.Slots+1), by(-(z.Slots + 1)), by(most16), by(sign32), is(0))
	to(w.Parked, is(0), is(1), is(most32))
	to(w.Doorbell, by(1), by(back), by(sign32)) // it is compared with what was read before alone
	to(w.Donated, by(1), by(back), by(sign32), is(most32))
	// Honest, it is what the other side has donated, or one less.
	to(w.Returned, by(1), by(2), by(back), by(most16), by(sign32), is(most32))
	for _, at := range []shm.Offset{w.SendLock, w.RecvLock} {
		to(at, is(0), is(1), is(most32))
	}
	to(w.Tail, by(1), is(sign32))
	to(w.Room, by(1), is(sign32))
	return all
}

// tellsOf says whether a word is one of those of which a hostile space tells (parameter
// tells).
func (b *binding) tellsOf(what string, at shm.Offset) bool {
	w := b.size.Words()
	switch what {
	case "lengths":
		return slices.ContainsFunc(w.Header, func(h shm.Offset) bool { return at == h+lengthAt })
	case "sequences":
		return slices.Contains(w.Sequence, at)
	case "room":
		return at == w.Head
	}
	return true
}

// lie is the hostile space's thread that writes, between any two steps of others.
// Which word and which value are choices. It may also wake who sleeps on its
// doorbell, for nothing.
func (h *hostility) lie() {
	segment := h.b.segments[h.guard.hostile]
	for h.lies > 0 {
		h.t.Mark("lie")
		which := h.t.Choose("tale", len(h.tales)+1)
		if which == len(h.tales) {
			h.b.kernel.Wake(segment, h.guard.words.Doorbell)
			h.lies--
			continue
		}
		tell := h.tales[which]
		h.t.Step(schedule.Event{
			Name: step.Forge.String(), Kind: schedule.Swap, Location: locate(h.b.region.number, h.guard.hostile, tell.at), Size: 4,
		})
		was := segment.Peek(tell.at)
		binary.NativeEndian.PutUint32(h.b.memory[h.guard.hostile][tell.at:], tell.value(was))
		h.t.SawValue(uint64(segment.Peek(tell.at)))
		h.lies--
	}
	h.t.Mark("end")
}
