package channel

import "urpc/spec/step"

// Receive tries to take the oldest message out of the peer's queue, into m and
// buffer, which must be as long as Size.Payload. It gives the part of the buffer
// that the payload fills.
//
//	TestSetReceive: if test-and-set(recvLock) = held then return busy
//	LoadHead:       h := head
//	LookSlot:       if peer.slot[h mod Slots].sequence ≠ h + 1 then goto UnlockReceive, return empty
//	CopySlot:       message := peer.slot[h mod Slots]
//	StoreHead:      head := h + 1
//	UnlockReceive:  recvLock := free
func (p *Port) Receive(m *Message, buffer []byte) ([]byte, Result) {
	if !p.receive.Try() {
		return nil, Busy
	}
	payload, r := p.receiveLocked(m, buffer)
	p.receive.Free()
	return payload, r
}

func (p *Port) receiveLocked(m *Message, buffer []byte) ([]byte, Result) {
	h := p.own.Load(step.LoadHead, offHead)
	at := p.size.slot(h)
	// Under the lock head is exact, so an honest sender has either published this
	// message or, one lap ago, the one before it in the slot.
	switch p.peer.Load(step.LookSlot, at+slotSequence) {
	case h + 1:
	case h + 1 - p.size.Slots:
		return nil, Empty
	default:
		return nil, Corrupt
	}
	// The look saw what the sender's Publish stored, so it is synchronized after
	// the sender's copy into the slot. The sender leaves the slot alone until it
	// sees StoreHead. A hostile one may not: header and payload are copied once,
	// and what is checked and used is the copy.
	var header [headerSize]byte
	p.peer.CopyOut(step.CopySlot, at+slotHeader, header[:])
	m.decode(&header)
	if m.Length > p.size.Payload {
		return nil, Corrupt
	}
	payload := buffer[:m.Length]
	p.peer.CopyMore(at+slotPayload, payload)
	p.own.Store(step.StoreHead, offHead, h+1)
	return payload, Done
}

// AwaitReceive says that a receiver which found the end busy can do nothing
// until it is free. Without a hook it returns at once.
func (p *Port) AwaitReceive() {
	if p.Hooked() {
		p.receive.AwaitFree()
	}
}

// AwaitMessage says that a receiver which found the queue empty, and polls, can
// do nothing until the next message is published. Without a hook it returns at
// once.
func (p *Port) AwaitMessage() {
	if p.Hooked() {
		h := p.own.Unhooked().Peek(offHead)
		p.peer.Await(step.AwaitMessage, p.size.slot(h)+slotSequence, h+1-p.size.Slots)
	}
}

// Queued says whether there is a message to receive: for what watches a run,
// never for what runs.
func (p *Port) Queued() bool {
	h := p.own.Unhooked().Peek(offHead)
	return p.peer.Unhooked().Peek(p.size.slot(h)+slotSequence) == h+1
}
