package explore

import (
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
	full         bool   // by the hostile head the victim's queue has been full, or more than that
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
	case step.LookHead:
		g.full = g.full || g.tail-value >= g.b.size.Slots
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
