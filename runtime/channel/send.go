package channel

import "urpc/spec/step"

// Send tries to put a message into the own queue.
//
//	TestSetSend: if test-and-set(sendLock) = held then return busy
//	LoadTail:    t := tail
//	LoadRoom:    r := room;  if t - r < Slots then goto WriteSlot
//	LookHead:    r := peer.head
//	StoreRoom:   room := r;  if t - r = Slots then goto UnlockSend, return full
//	WriteSlot:   slot[t mod Slots] := message
//	Publish:     slot[t mod Slots].sequence := t + 1
//	StoreTail:   tail := t + 1
//	UnlockSend:  sendLock := free
//
// The payload must be m.Length bytes long and no longer than Size.Payload.
func (p *Port) Send(m *Message, payload []byte) Result {
	if len(payload) > int(p.size.Payload) || len(payload) != int(m.Length) {
		panic("channel: a payload that is longer than its message or its slot")
	}
	if !p.sending.Try() {
		return Busy
	}
	t := p.own.Load(step.LoadTail, offTail)
	if t-p.own.Load(step.LoadRoom, offRoom) >= p.size.Slots {
		if r := p.lookForRoom(t); r != Done {
			p.sending.Free()
			return r
		}
	}
	at := p.size.slot(t)
	var header [headerSize]byte
	m.encode(&header)
	p.own.CopyIn(step.WriteSlot, at+slotHeader, header[:], payload)
	// This store publishes the message: the receiver's look that sees it is
	// synchronized after the copy above.
	p.own.Store(step.Publish, at+slotSequence, t+1)
	p.own.Store(step.StoreTail, offTail, t+1)
	p.sending.Free()
	return Done
}

// lookForRoom reads how many messages the peer has received, which costs a
// cache line, and is done only when the queue seems full by the last look. A
// head that is not between that look and the tail is not one of ours.
//
// The look is synchronized after the peer's StoreHead that it sees, and so after
// the peer's copy out of the slot, which may therefore be overwritten.
func (p *Port) lookForRoom(tail uint32) Result {
	head := p.peer.Load(step.LookHead, offHead)
	if tail-head > p.size.Slots {
		return Corrupt
	}
	p.own.Store(step.StoreRoom, offRoom, head)
	if tail-head == p.size.Slots {
		return Full
	}
	return Done
}

// AwaitSend says that a sender which found the end busy or the queue full can do
// nothing until that has changed. Without a hook it returns at once.
func (p *Port) AwaitSend(r Result) {
	switch {
	case !p.Hooked():
	case r == Busy:
		p.sending.AwaitFree()
	case r == Full:
		full := p.own.Unhooked().Peek(offTail) - p.size.Slots
		p.peer.Await(step.AwaitRoom, offHead, full)
	}
}
