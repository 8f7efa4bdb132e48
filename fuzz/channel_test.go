package fuzz

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
)

// end is one side of a channel, or of a broken twin of one.
type end interface {
	Send(m *channel.Message, payload []byte) channel.Result
	Receive(m *channel.Message, buffer []byte) ([]byte, channel.Result)
}

// asleep is a kernel whose sleepers wake at once: asked to sleep, it first does
// what the test wants to happen meanwhile.
type asleep struct {
	meanwhile func()
	slept     int
	wakes     int
}

func (a *asleep) Sleep(*shm.View, shm.Offset, uint32, *kernel.Nudge, uint32, int64) kernel.Outcome {
	a.slept++
	if a.meanwhile != nil {
		a.meanwhile()
	}
	return kernel.Woken
}
func (a *asleep) Wake(*shm.Segment, shm.Offset) { a.wakes++ }
func (a *asleep) Nudge(*kernel.Nudge)           {}
func (a *asleep) Now() int64                    { return 1 }
func (*asleep) Moment(t time.Time) int64        { return t.UnixNano() }
func (a *asleep) Pause()                        {}

// sent is a message in the model.
type sent struct {
	message channel.Message
	payload []byte
}

// machine drives both sides of a channel, and a plain queue for each direction.
type machine struct {
	size   channel.Size
	ports  [2]*channel.Port
	ends   [2]end
	queues [2][]sent // queues[i]: sent by side i, not yet received
	sent   [2]uint32 // messages that each side has sent
	number uint64    // of the try to send
	seen   *seen
}

// seen counts what the runs of a property came across: one that never filled a
// queue says nothing about full ones.
type seen struct{ full, empty, wrapped, found, slept int }

// starts are positions near which a counter of some width would wrap.
var starts = []uint32{0, 1<<16 - 3, 1<<31 - 3, 1<<32 - 3}

func drawSize(t *rapid.T) channel.Size {
	return channel.Size{
		Slots:   rapid.SampledFrom([]uint32{1, 2, 4, 16}).Draw(t, "slots"),
		Payload: rapid.SampledFrom([]uint32{0, 1, 7, 96, 97, 1000}).Draw(t, "payload"),
		Start:   rapid.OneOf(rapid.SampledFrom(starts), rapid.Uint32()).Draw(t, "start"),
	}
}

func newMachine(size channel.Size, twin func(*channel.Port, channel.Size) end, s *seen) *machine {
	calls, replies := shm.Heap(channel.Calls, size.Bytes()), shm.Heap(channel.Replies, size.Bytes())
	size.Format(calls)
	size.Format(replies)
	m := &machine{size: size, seen: s}
	m.ports = [2]*channel.Port{channel.NewPort(calls, &replies.View, size), channel.NewPort(replies, &calls.View, size)}
	for i, p := range m.ports {
		m.ends[i] = twin(p, size)
	}
	return m
}

// actions are the steps of the state machine, for each side.
func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"send":        func(t *rapid.T) { m.send(t, rapid.IntRange(0, 1).Draw(t, "side")) },
		"receive":     func(t *rapid.T) { m.receive(t, rapid.IntRange(0, 1).Draw(t, "side")) },
		"fill":        func(t *rapid.T) { m.fill(t, rapid.IntRange(0, 1).Draw(t, "side")) },
		"drain":       func(t *rapid.T) { m.drain(t, rapid.IntRange(0, 1).Draw(t, "side")) },
		"park":        func(t *rapid.T) { m.park(t, rapid.IntRange(0, 1).Draw(t, "side")) },
		"wake no one": func(t *rapid.T) { m.wakeNobody(t, rapid.IntRange(0, 1).Draw(t, "side")) },
		"":            m.check,
	}
}

func (m *machine) send(t *rapid.T, side int) {
	length := rapid.OneOf(rapid.Just(0), rapid.Just(int(m.size.Payload)), rapid.IntRange(0, int(m.size.Payload))).Draw(t, "length")
	m.number++
	s := sent{
		message: channel.Message{
			ID: rapid.Uint64().Draw(t, "id"), Procedure: rapid.Uint32().Draw(t, "procedure"),
			Status: rapid.Uint32().Draw(t, "status"), Length: uint32(length),
		},
		payload: make([]byte, length),
	}
	for i := range s.payload {
		s.payload[i] = byte(m.number) + byte(i)*31
	}
	switch got := m.ends[side].Send(&s.message, s.payload); {
	case len(m.queues[side]) == int(m.size.Slots):
		m.seen.full++
		if got != channel.Full {
			t.Fatalf("send to a full queue: %d", got)
		}
	case got != channel.Done:
		t.Fatalf("send to a queue of %d of %d: %d", len(m.queues[side]), m.size.Slots, got)
	default:
		m.queues[side] = append(m.queues[side], s)
		m.sent[side]++
		if m.size.Start+m.sent[side] < m.size.Start {
			m.seen.wrapped++
		}
	}
}

// receive receives what the other side has sent.
func (m *machine) receive(t *rapid.T, side int) {
	var got channel.Message
	buffer := make([]byte, m.size.Payload)
	payload, r := m.ends[side].Receive(&got, buffer)
	q := &m.queues[1-side]
	if len(*q) == 0 {
		m.seen.empty++
		if r != channel.Empty {
			t.Fatalf("receive from an empty queue: %d", r)
		}
		return
	}
	want := (*q)[0]
	*q = (*q)[1:]
	if r != channel.Done || got != want.message || !bytes.Equal(payload, want.payload) {
		t.Fatalf("received %d: %+v, %x; want %+v, %x", r, got, payload, want.message, want.payload)
	}
}

func (m *machine) fill(t *rapid.T, side int) {
	for range int(m.size.Slots) + 1 - len(m.queues[side]) {
		m.send(t, side)
	}
}

func (m *machine) drain(t *rapid.T, side int) {
	for range len(m.queues[1-side]) + 1 {
		m.receive(t, side)
	}
}

// park sleeps exactly if there is nothing to receive. Meanwhile the other side
// sends, sees the announcement, and wakes.
func (m *machine) park(t *rapid.T, side int) {
	var nudge kernel.Nudge
	k := &asleep{}
	k.meanwhile = func() {
		if m.ports[1-side].Parked() != 1 {
			t.Fatalf("%d processors are announced as parked, want 1", m.ports[1-side].Parked())
		}
		m.send(t, 1-side)
		if got := m.ports[1-side].Wake(k, channel.Donate); got != channel.Donated || k.wakes != 1 {
			t.Fatalf("a wake that donates, of a parked processor: %d, %d wakes", got, k.wakes)
		}
		if got := m.ports[1-side].Wake(k, channel.Donate); got != channel.Woken || !m.ports[1-side].Out() {
			t.Fatalf("a second one, while the processor is out: %d", got)
		}
		if !m.ports[side].Return() || m.ports[side].Return() || m.ports[1-side].Out() {
			t.Fatal("not one processor has gone back, and then none")
		}
	}
	want := channel.Slept
	if len(m.queues[1-side]) > 0 {
		want = channel.Found
		m.seen.found++
	} else {
		m.seen.slept++
	}
	if got := m.ports[side].Park(k, &nudge, 0, 0); got != want {
		t.Fatalf("park with %d messages to receive: %d", len(m.queues[1-side]), got)
	}
	if k.slept > 0 && len(m.queues[1-side]) != 1 {
		t.Fatal("slept, and nothing was sent meanwhile")
	}
}

func (m *machine) wakeNobody(t *rapid.T, side int) {
	k := &asleep{}
	if m.ports[side].Wake(k, channel.Keep) != channel.Awake || k.wakes > 0 {
		t.Fatal("a wake while nobody is parked")
	}
}

// check looks at what must always be true.
func (m *machine) check(t *rapid.T) {
	for side := range 2 {
		if n := m.ports[side].Parked(); n != 0 {
			t.Fatalf("%d processors are announced as parked, and none is", n)
		}
	}
}

func channelProperty(twin func(*channel.Port, channel.Size) end, s *seen) func(*rapid.T) {
	return func(t *rapid.T) {
		m := newMachine(drawSize(t), twin, s)
		t.Repeat(m.actions())
	}
}

func asItIs(p *channel.Port, _ channel.Size) end { return p }

func TestChannelIsAQueue(t *testing.T) {
	var s seen
	rapid.Check(t, channelProperty(asItIs, &s))
	if min(s.full, s.empty, s.wrapped, s.found, s.slept) == 0 {
		t.Errorf("the runs did not come across everything: %+v", s)
	}
}

// broken is a twin that does something else every so often.
type broken struct {
	*channel.Port
	size          channel.Size
	sends, takes  int
	send, receive func(b *broken, m *channel.Message, payload []byte) ([]byte, channel.Result)
}

func (b *broken) Send(m *channel.Message, payload []byte) channel.Result {
	b.sends++
	if b.send == nil {
		return b.Port.Send(m, payload)
	}
	_, r := b.send(b, m, payload)
	return r
}

func (b *broken) Receive(m *channel.Message, buffer []byte) ([]byte, channel.Result) {
	b.takes++
	if b.receive == nil {
		return b.Port.Receive(m, buffer)
	}
	return b.receive(b, m, buffer)
}

func TestChannelPropertyFindsBrokenTwins(t *testing.T) {
	type method = func(b *broken, m *channel.Message, payload []byte) ([]byte, channel.Result)
	twins := map[string]struct{ send, receive method }{
		"a message is lost": {send: func(b *broken, m *channel.Message, payload []byte) ([]byte, channel.Result) {
			if b.sends == 5 {
				return nil, channel.Done
			}
			return nil, b.Port.Send(m, payload)
		}},
		"a message is sent twice": {send: func(b *broken, m *channel.Message, payload []byte) ([]byte, channel.Result) {
			r := b.Port.Send(m, payload)
			if b.sends == 3 && r == channel.Done {
				b.Port.Send(m, payload)
			}
			return nil, r
		}},
		"full is off by one": {send: func(b *broken, m *channel.Message, payload []byte) ([]byte, channel.Result) {
			r := b.Port.Send(m, payload)
			if r == channel.Full {
				r = channel.Done
			}
			return nil, r
		}},
		"two messages change places": {receive: func(b *broken, m *channel.Message, buffer []byte) ([]byte, channel.Result) {
			payload, r := b.Port.Receive(m, buffer)
			if r == channel.Done && b.takes%4 == 0 {
				first, firstPayload := *m, slices.Clone(payload)
				if p, r := b.Port.Receive(m, buffer); r == channel.Done {
					return p, r
				}
				*m = first
				return firstPayload, r
			}
			return payload, r
		}},
		"the last byte is lost": {receive: func(b *broken, m *channel.Message, buffer []byte) ([]byte, channel.Result) {
			payload, r := b.Port.Receive(m, buffer)
			if len(payload) == int(b.size.Payload) && len(payload) > 1 {
				payload[len(payload)-1] = 0
				return payload[:len(payload)-1], r
			}
			return payload, r
		}},
		"a failed try is taken for empty": {receive: func(b *broken, m *channel.Message, buffer []byte) ([]byte, channel.Result) {
			if b.takes%7 == 0 {
				return nil, channel.Empty
			}
			return b.Port.Receive(m, buffer)
		}},
		"the status is lost": {receive: func(b *broken, m *channel.Message, buffer []byte) ([]byte, channel.Result) {
			payload, r := b.Port.Receive(m, buffer)
			m.Status = 0
			return payload, r
		}},
	}
	for name, twin := range twins {
		t.Run(name, func(t *testing.T) {
			mustFail(t, channelProperty(func(p *channel.Port, z channel.Size) end {
				return &broken{Port: p, size: z, send: twin.send, receive: twin.receive}
			}, &seen{}))
		})
	}
}
