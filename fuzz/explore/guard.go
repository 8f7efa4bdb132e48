package explore

import (
	"bytes"
	"encoding/binary"

	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// guard follows the steps of the victim of a hostile peer, and checks what must be
// true of them whatever the peer writes. Steps of the peer's threads are none of
// its business.
type guard struct {
	m            *Machine
	b            *binding
	victim       *space
	own, hostile uint8 // numbers of the segments
	words        channel.Words
	threads      []*guarded
	last         shm.Access
	tail, head   uint32 // of the victim, as they must be
	room         int    // callers of the victim that await room
	got          []received
	steps, idle  int // of the victim, and of its peer
	most         int // how many each may take
	// shadow is what the victim reads in place of the hostile segment, where a second
	// read of a word is to differ; nil: it reads the segment itself.
	shadow []byte
	// donations: the words that tell of donated processors are read, and part of the
	// state. donated and returned are the victim's, as they must be; claims is how often
	// it has found that the peer says that it has donated, said what it found last.
	donations         bool
	donated, returned uint32
	claims            int
	said              uint32
}

// guarded is what is known of one of the victim's threads.
type guarded struct {
	fetched []reach // what it has read of the hostile segment in this operation
	header  [channel.HeaderSize]byte
	payload []byte // that was copied after it
	more    bool   // the header was copied, its payload comes next
	looked  uint32 // sequence of the slot, as the thread saw it last
	// What it is to send.
	sending           []byte
	procedure, status uint32
	id                uint64 // of the call that it has sent
	// What it has read of a returned and of a donated word, until it swaps the other
	// one, and whether it has donated and not rung since.
	returned, donated uint32
	donating          bool
}

// reach is a part of a segment.
type reach struct{ from, to uint32 }

// received is a message that the victim copied.
type received struct {
	id      uint64
	status  uint32
	payload string
}

// perMessage is how many steps the victim may take for each message, or forged
// word: many times what one can cost.
const perMessage = 300

func newGuard(b *binding, victim *space, lies int) *guard {
	g := &guard{m: b.m, b: b, victim: victim, shadow: b.shadow, own: channel.Calls, hostile: channel.Replies, words: b.size.Words()}
	if victim == b.far {
		g.own, g.hostile = g.hostile, g.own
	}
	g.tail, g.head = b.size.Start, b.size.Start
	g.donated, g.returned, g.said = b.size.Start, b.size.Start, b.size.Start
	g.most = perMessage * (len(b.outcomes) + lies + 1)
	b.region.guard = g
	g.m.quotient(b.region.number, g.class)
	return g
}

// thread gives what is known of the thread that runs.
func (g *guard) thread() *guarded {
	self := g.m.t.Self()
	for len(g.threads) <= self {
		g.threads = append(g.threads, new(guarded))
	}
	return g.threads[self]
}

func (g *guard) fail(property, format string, args ...any) { g.m.t.Fail(property, format, args...) }

// before is called when an access may be made.
func (g *guard) before(a shm.Access) {
	g.last = a
	if !g.victim.runs() {
		// The peer's own threads may go round for ever, on words that were forged.
		if g.idle++; g.idle > g.most && !g.m.t.ByStates() {
			g.m.t.SawValue(0) // nor is the access made
			g.m.await(step.AwaitEnd, func() bool { return false }, locate(g.b.region.number, deaths, 0))
		}
		return
	}
	if g.steps++; g.steps > g.most {
		g.fail(NoLivelock, "the victim has taken %d steps", g.steps)
	}
	if a.Segment > 1 {
		return
	}
	g.inside(a)
	g.counts()
	th := g.thread()
	switch a.Step {
	case step.TestSetSend, step.TestSetReceive, step.LookParked, step.LookDoorbell:
		th.fetched = th.fetched[:0] // another operation begins
		th.returned, th.donated = 0, 0
	}
	if a.Step == step.TestSetSend || a.Step == step.TestSetReceive || a.Step == step.LookDoorbell {
		g.rung(g.m.t.Self())
	}
	if a.Segment == g.hostile {
		g.fetch(th, reach{uint32(a.Offset), uint32(a.Offset) + a.Size})
	}
	switch {
	case a.Step == step.WriteSlot:
		at := g.words.Header[g.tail&(g.b.size.Slots-1)]
		if a.Offset != at || a.Size != channel.HeaderSize+uint32(len(th.sending)) {
			g.fail(OwnIntact, "%d bytes of a message are written at %d, want %d at %d", a.Size, a.Offset, channel.HeaderSize+len(th.sending), at)
		}
	case a.Step == step.Publish:
		g.publishes(th)
	case a.Step == step.CopySlot && th.looked != g.head+1:
		g.fail(Published, "a message is copied from a slot whose sequence was %d, where %d was next", th.looked, g.head+1)
	}
}

// inside checks that the access is one of a word, or of bytes, of the segment.
func (g *guard) inside(a shm.Access) {
	end := uint64(a.Offset) + uint64(a.Size)
	if whole := uint64(g.b.segments[a.Segment].Size()); end > whole {
		g.fail(Inside, "%d bytes from %d on of a segment of %d", a.Size, a.Offset, whole)
	}
}

// fetch notes that the thread reads a part of the hostile segment. Where a second
// read is to differ, it does.
func (g *guard) fetch(th *guarded, r reach) {
	again := false
	for _, f := range th.fetched {
		again = again || r.from < f.to && f.from < r.to
	}
	th.fetched = append(th.fetched, r)
	if g.shadow == nil {
		if again {
			g.fail(OneFetch, "bytes %d to %d are read again", r.from, r.to)
		}
		return
	}
	g.b.segments[g.hostile].PeekBytes(shm.Offset(r.from), g.shadow[r.from:r.to])
	if again {
		for i := r.from; i < r.to; i++ {
			g.shadow[i] ^= 0x55
		}
	}
}

// more is called before the copy of a message goes on.
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

// saw is called with what the access read, or is about to write.
func (g *guard) saw(value uint32) {
	w := g.m.waiter()
	w.readies(g.last.Step, value)
	switch g.last.Step {
	case step.LoadTail:
		w.tail = value
	case step.StoreTail:
		w.tail = 0
	case step.LookDoorbell:
		w.bell = bell{read: true, value: value, segment: g.last.Segment, of: g.b.region}
	case step.Retract:
		w.bell.read, w.seen.read = false, false // nothing is to be compared any more
	}
	if !g.victim.runs() {
		return
	}
	th := g.thread()
	switch g.last.Step {
	case step.LookSlot:
		th.looked = value
	case step.LookReturned:
		th.returned = value
	case step.LookDonation:
		if th.donated = value; value != g.said {
			g.claims, g.said = g.claims+1, value
		}
	}
	if g.last.Segment != g.own {
		return
	}
	switch g.last.Step {
	case step.TestSetReceive:
		th.more = false
	case step.Donate:
		g.donates(th, value)
	case step.Ring:
		th.donating = false
	case step.LoadReturned:
		th.returned = value
	case step.Return:
		if value == th.returned {
			g.returned = th.donated
		}
		th.returned, th.donated = 0, 0
	case step.StoreTail:
		g.follows(&g.tail, value, "tail")
	case step.StoreHead:
		g.follows(&g.head, value, "head")
	case step.StoreRoom:
		if g.tail-value > g.b.size.Slots {
			g.fail(OwnIntact, "the room is kept as %d, where %d messages were sent", value, g.tail)
		}
	case step.Publish:
		if value != g.tail+1 {
			g.fail(OwnIntact, "sequence %d is published, want %d", value, g.tail+1)
		}
	}
}

// donates is called before the swap that donates a processor, unless the word has
// another value than the one from which the thread donates.
func (g *guard) donates(th *guarded, now uint32) {
	if now == th.returned {
		if th.donating {
			g.fail(OneRing, "a thread donates twice with one ring")
		}
		th.donating = true
		g.donated++
	}
	th.returned = 0
}

// counts demands that the words by which the victim tells of donated processors are
// changed by its swaps alone, the first one by one.
func (g *guard) counts() {
	own := g.b.segments[g.own]
	if donated, returned := own.Peek(g.words.Donated), own.Peek(g.words.Returned); donated != g.donated || returned != g.returned {
		g.fail(OwnIntact, "%d processors were donated and %d have gone back by the words, want %d and %d", donated, returned, g.donated, g.returned)
	}
}

// end judges an execution in which nobody can go on.
func (g *guard) end() {
	g.counts()
	for i := range g.threads {
		g.rung(i)
	}
}

// rung demands that a thread has rung after each donation.
func (g *guard) rung(thread int) {
	if thread < len(g.threads) && g.threads[thread].donating {
		g.fail(OneRing, "thread %d has donated, and not rung after it", thread+1)
	}
}

// follows demands that an index goes on by one.
func (g *guard) follows(index *uint32, value uint32, what string) {
	if value != *index+1 {
		g.fail(OwnIntact, "the %s goes from %d to %d", what, *index, value)
	}
	*index = value
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

// awaits is called before a thread waits for a word to change, waited after.
func (g *guard) awaits(where step.Name, segment uint8, off shm.Offset) {
	if where == step.AwaitRoom && g.victim.runs() {
		g.room++
	}
	if g.victim.runs() && segment == g.hostile && (off == g.words.SendLock || off == g.words.RecvLock) {
		g.fail(NoForeign, "a thread waits for the peer's lock at %d", off)
	}
}

func (g *guard) waited(where step.Name) {
	if where == step.AwaitRoom && g.victim.runs() {
		g.room--
	}
}

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
	for i := range g.b.clients {
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
