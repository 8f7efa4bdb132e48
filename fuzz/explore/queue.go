package explore

import (
	"bytes"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
)

// HonestPeer is a property of the targets with a channel.
const HonestPeer = "an honest peer is never found corrupt"

var queueTarget = Target{
	Name: "queue",
	Doc:  "one queue of a channel: senders at one end, polling receivers at the other",
	Parameters: []catalogue.Parameter{
		{Name: "senders", Doc: "sending threads", Default: 2, Min: 1, Max: 8},
		{Name: "receivers", Doc: "receiving threads", Default: 1, Min: 1, Max: 8},
		{Name: "messages", Doc: "messages of each sender", Default: 1, Min: 1, Max: 1000},
		slotsParameter, startParameter,
		{Name: "payload", Doc: "bytes of a message: few; as many as fill its slot; or so many more that it begins another line", Max: len(payloads) - 1,
			Words: []string{"16", "96", "100"}},
		lengthsParameter,
	},
	Configurations: []catalogue.Configuration{
		queueOf("2-1-1-1", "two senders, one slot: it fills, wraps and empties", 2, 1, 1, 1, 0),
		queueOf("1-1-3-1", "one sender, one slot", 1, 1, 3, 1, 0),
		queueOf("1-1-3-2", "one sender, two slots", 1, 1, 3, 2, 0),
		queueOf("1-2-2-1", "two receivers", 1, 2, 2, 1, 0),
		queueOf("2-1-2-2", "two senders, two messages each, two slots", 2, 1, 2, 2, 0),
		queueOf("2-2-2-2", "two of each", 2, 2, 2, 2, 0),
		tooLarge(queueOf("3-2-3-4", "three senders, two receivers, four slots", 3, 2, 3, 4, 0)),
		queueOf("wrap", "two senders, two slots, positions that wrap at 2^32", 2, 1, 2, 2, near2to32),
		{Name: "filled", Doc: "two slots, each filled to its last byte", Set: map[string]int{"senders": 1, "receivers": 1, "messages": 3, "slots": 1, "payload": 1}},
		{Name: "line", Doc: "two slots of two lines each, of whose second one the messages have a word", Set: map[string]int{"senders": 1, "receivers": 1, "messages": 3, "slots": 1, "payload": 2}},
		{Name: "lengths", Doc: "two senders, three messages each that fill their slots, are empty, and are shorter; two slots", Set: map[string]int{"senders": 2, "messages": 3, "slots": 1, "lengths": turns}},
		{Name: "lengths-line", Doc: "two slots of two lines each, and such messages: the longest one has a word of the second line", Set: map[string]int{"senders": 1, "receivers": 2, "messages": 4, "slots": 1, "payload": 2, "lengths": turns}},
	},
	Properties: []string{memory.MutualExclusion, memory.InOrder, memory.NoOverwriting, HonestPeer, NothingBeyond, NoBypass},
	Program:    func(v catalogue.Values) func(*schedule.T) { return watchedQueue(v, Watch{}) },
}

// untouched stands in a receiver's buffer before it receives.
const untouched = 0xb7

// payloads are those of parameter payload.
var payloads = [...]uint32{payload, 96, 100}

func queueOf(name, doc string, senders, receivers, messages, slots, start int) catalogue.Configuration {
	return catalogue.Configuration{Name: name, Doc: doc, Set: map[string]int{
		"senders": senders, "receivers": receivers, "messages": messages, "slots": slotsOf(slots), "start": start,
	}}
}

// queue is one execution of the target.
type queue struct {
	t        *schedule.T
	observer Observer // nil: nobody watches
	alone    bool     // whoever watches judges, not the target
	messages int
	payload  uint32
	says     Messages
	to, from *channel.Port
	received []int // messages of each sender that have been received
}

func watchedQueue(v catalogue.Values, w Watch) func(*schedule.T) {
	senders, receivers := v.Int("senders"), v.Int("receivers")
	messages, z := v.Int("messages"), size(v)
	z.Payload = payloads[v.Int("payload")]
	sending, receiving := numbered("sender", senders), numbered("receiver", receivers)
	return func(t *schedule.T) {
		m := NewMachine(t, 0)
		near, far, r := pair(m, z)
		q := &queue{t: t, observer: w.Observer, alone: w.Alone, messages: messages, payload: z.Payload, says: messagesOf(v), to: near, from: far, received: make([]int, senders)}
		if m.alone = w.Alone; !q.alone {
			r.watch(z, 0)
		}
		if w.Observer != nil {
			m.observer, m.gate = w.Observer, w.Gate
			w.Observer.Begin(Watched{T: t, machine: m, Segments: [3]*shm.View{r.segments[channel.Calls], r.segments[channel.Replies]}})
		}
		declare := t.Go
		if q.observer != nil {
			declare = t.Daemon // that a sender does not come to its end is the observer's to judge
		}
		for i := range senders {
			declare(sending[i], func() { q.send(i) })
		}
		for i := range receivers {
			t.Daemon(receiving[i], q.receive)
		}
		t.Shared(func(d *schedule.Digest) {
			for _, n := range q.received {
				d.Word(uint64(n))
			}
		})
		t.AtEnd(func() {
			if m.observer != nil {
				m.observer = nil
				w.Observer.End()
			}
			for i, n := range q.received {
				q.check(memory.InOrder, n == messages, "of %d messages of sender %d %d arrived", messages, i+1, n)
			}
		})
	}
}

// check is schedule.T.Check of the target itself.
func (q *queue) check(property string, ok bool, format string, args ...any) {
	if !ok && !q.alone {
		q.t.Fail(property, format, args...)
	}
}

// pair makes the two ports of a channel in a region of its own: the client's,
// then the server's.
func pair(m *Machine, z channel.Size) (client, server *channel.Port, r *Region) {
	calls, replies := shm.Heap(channel.Calls, z.Bytes()), shm.Heap(channel.Replies, z.Bytes())
	z.Format(calls)
	z.Format(replies)
	r = NewRegion(m, 0)
	r.Hook(calls)
	r.Hook(replies)
	return channel.NewPort(calls, &replies.View, z), channel.NewPort(replies, &calls.View, z), r
}

// send sends the messages of a sender in order.
func (q *queue) send(sender int) {
	room := make([]byte, 0, q.payload)
	for n := range q.messages {
		body := q.put(room, sender, n)
		m := channel.Message{ID: uint64(sender), Procedure: uint32(n), Length: uint32(len(body))}
		q.t.Mark("send", uint64(n))
		for r := q.to.Send(&m, body); r != channel.Done; r = q.to.Send(&m, body) {
			if r == channel.Corrupt {
				q.check(HonestPeer, false, "the sender of a message found its receiver corrupt")
				q.over()
				return
			}
			q.to.AwaitSend(r)
			q.t.Mark("send", uint64(n))
		}
	}
	q.t.Mark("end")
	q.over()
}

// over says that a thread takes no further step.
func (q *queue) over() {
	if q.observer != nil {
		q.observer.Ended(q.t.Self())
	}
}

// receive receives whatever comes, for ever.
func (q *queue) receive() {
	buffer := make([]byte, q.payload)
	for {
		q.t.Mark("receive")
		var m channel.Message
		for i := range buffer {
			buffer[i] = untouched
		}
		body, r := q.from.Receive(&m, buffer)
		for _, b := range buffer[len(body):] {
			if b != untouched {
				q.check(NothingBeyond, false, "a receiver's buffer holds %x beyond a message of %d bytes", buffer, len(body))
			}
		}
		switch r {
		case channel.Done:
			q.arrived(&m, body)
		case channel.Busy:
			q.from.AwaitReceive()
		case channel.Empty:
			q.from.AwaitMessage()
		default:
			q.check(HonestPeer, false, "the receiver of a message found its sender corrupt")
			q.over()
			return
		}
	}
}

// arrived checks a message that was received. Its receiver has just freed the
// end, and nothing came between: messages arrive here in the order of the queue.
func (q *queue) arrived(m *channel.Message, body []byte) {
	sender, n := int(m.ID), int(m.Procedure)
	ok := m.ID < uint64(len(q.received)) && n < q.messages && bytes.Equal(body, q.put(nil, sender, n))
	if q.observer != nil {
		q.observer.Return(q.t.Self(), q.says.whole(ok, content(sender, n), body))
	}
	if !ok {
		q.check(memory.InOrder, false, "header %d/%d came with %x", m.ID, n, body)
		return
	}
	q.check(memory.InOrder, n == q.received[sender], "message %d of sender %d came when %d was next", n+1, sender+1, q.received[sender]+1)
	q.received[sender]++
}

// put makes the payload of message n of a sender: a number, its complement, and bytes that
// differ from one message to the next and from one place to the next; as much of that as
// the message is long.
func (q *queue) put(to []byte, sender, n int) []byte {
	number := content(sender, n)
	for to = put(to, number); len(to) < int(q.payload); {
		to = append(to, byte(number)*13+byte(len(to)))
	}
	return to[:q.says.length(sender*q.messages+n, q.payload)]
}

// Content is what message n of a sender holds.
func Content(sender, n int) uint64 { return content(sender, n) }

func content(sender, n int) uint64 { return uint64(sender+1)<<32 | uint64(n+1) }
