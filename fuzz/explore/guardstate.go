package explore

import (
	"encoding/binary"

	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// What a stateful search takes for the state of a channel whose one side is hostile: all
// words of both sides as they are, since nothing can be relied on, and what the guard
// knows.

// class gives what of a value matters to who read it. Doorbells are compared for
// equality alone (Region.rung), counts of who parks or blocks with 0.
func (g *guard) class(at schedule.Location, v uint64) uint64 {
	segment, off := uint8(at.Segment), shm.Offset(at.Offset)
	switch {
	case segment == call.Private && off == call.Blocked:
		return min(v, 1)
	case segment == call.Private && off == call.Ready:
		return min(v, 2) // whether this thread was the last one
	case segment > 1:
		return v
	case off == g.words.Doorbell || g.uncounted(off):
		return 0
	case off == g.words.Parked:
		return min(v, 1)
	}
	return v
}

// uncounted says whether a word is one that tells of donated processors where nobody
// reads it.
func (g *guard) uncounted(off shm.Offset) bool {
	return !g.donations && (off == g.words.Donated || off == g.words.Returned)
}

// bells adds how far the doorbell is from what each thread has read of it. Who lies
// may set it back: that it differs now does not say that it will.
func (g *guard) bells(d *schedule.Digest, segment uint8) {
	now := g.b.segments[segment].Peek(g.words.Doorbell)
	for i, w := range g.m.waiters {
		if w != nil && w.bell.read && w.bell.of == g.b.region && w.bell.segment == segment {
			d.Word(uint64(i+1)<<32 | uint64(now-w.bell.value))
		}
	}
}

// declareState declares both segments and what the guard knows, each where it changes
// or is looked at. What it knows of a thread changes with that thread's steps alone,
// and is a part of what the thread remembers. How many steps were taken is left out: by
// states a livelock is a cycle, which is found by searches that are not by states.
func (g *guard) declareState() {
	r, t, w := g.b.region, g.m.t, &g.words
	for s := range uint8(2) {
		own := g.b.segments[s]
		words := []shm.Offset{w.SendLock, w.Tail, w.Room, w.RecvLock, w.Head, w.Parked}
		if s == g.hostile && g.donations {
			words = append(words, w.Donated, w.Returned)
		}
		for _, off := range append(words, w.Sequence...) {
			t.SharedAt("word", func(d *schedule.Digest) { d.Word(uint64(own.Peek(off))) }, r.span(s, off))
		}
		var message [channel.HeaderSize + payload]byte
		for i, off := range w.Header { // what is published is looked at before it is
			t.SharedAt("slot", func(d *schedule.Digest) {
				own.PeekBytes(off, message[:])
				d.Bytes(message[:])
			}, schedule.Span{Location: locate(r.number, s, off), Size: channel.HeaderSize + payload}, r.span(s, w.Sequence[i]))
		}
		// Who finds a message there will not sleep, and forgets the doorbell, or does
		// so when it is parked no more.
		bells := []schedule.Span{r.span(s, w.Doorbell), r.span(1-s, w.Parked)}
		for _, off := range w.Sequence {
			bells = append(bells, r.span(s, off))
		}
		t.SharedAt("doorbell", func(d *schedule.Digest) { g.bells(d, s) }, bells...)
	}
	// At each of the victim's steps it is demanded that these words are as they must be.
	t.Shared(func(d *schedule.Digest) {
		own := g.b.segments[g.own]
		d.Word(uint64(own.Peek(w.Donated))<<32 | uint64(g.donated))
		d.Word(uint64(own.Peek(w.Returned))<<32 | uint64(g.returned))
	})
	sent, got := r.slotSpans(g.own, g.words, channel.HeaderSize+payload), r.slotSpans(g.hostile, g.words, channel.HeaderSize+payload)
	t.SharedAt("tail as it must be", func(d *schedule.Digest) { d.Word(uint64(g.tail)) },
		append(sent, r.span(g.own, w.Tail), r.span(g.own, w.Room))...)
	t.SharedAt("head as it must be", func(d *schedule.Digest) { d.Word(uint64(g.head)) }, append(got, r.span(g.own, w.Head))...)
	for i := range g.b.records {
		got = append(got, r.span(call.Private, call.State(i))) // there a caller takes one of them
	}
	if g.own == channel.Calls { // a handler is given it at once
		t.SharedAt("what was received", func(d *schedule.Digest) {
			for _, m := range g.got {
				d.Word(m.id)
				d.Word(uint64(m.status))
				d.Bytes([]byte(m.payload))
			}
		}, got...)
	}
	// Who finds no room looks whether the binding is over before it waits for some.
	poison := schedule.Span{Location: r.beside(call.Private, shm.Poisoned), Size: 4}
	t.SharedAt("who awaits room", func(d *schedule.Digest) { d.Word(uint64(g.room)) }, r.span(g.hostile, w.Head), poison)
	t.SharedAt("that there was no room", func(d *schedule.Digest) { d.Word(bit(g.full)) }, r.span(g.hostile, w.Head))
	t.SharedAt("how often a donation was claimed", func(d *schedule.Digest) { d.Word(uint64(g.claims)<<32 | uint64(g.said)) },
		r.span(g.hostile, w.Donated))
}

// remembers adds what is known of the thread that runs, if it is one of the victim's.
func (g *guard) remembers(live []uint64) []uint64 {
	if !g.victim.runs() {
		return live
	}
	th := g.thread()
	live = append(live, th.id, uint64(th.looked)<<2|bit(th.donating)<<1|bit(th.more), uint64(th.procedure)<<32|uint64(th.status),
		uint64(th.returned)<<32|uint64(th.donated), uint64(len(th.payload))<<32|uint64(len(th.sending)))
	for _, part := range [][]byte{th.header[:], th.payload, th.sending} {
		for i := 0; i < len(part); i += 8 {
			var word [8]byte
			copy(word[:], part[i:])
			live = append(live, binary.LittleEndian.Uint64(word[:]))
		}
	}
	for _, f := range th.fetched {
		live = append(live, uint64(f.from)<<32|uint64(f.to))
	}
	return live
}
