package call

import (
	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// Lead, Blocked and Ready are the places of the lead and of the private words that
// count the threads that block and those that are ready, and State that of call i;
// while it is Pending its thread waits for the reply.
const (
	Lead    = offLead
	Blocked = offBlocked
	Ready   = offReady

	Idle      = idle
	Pending   = pending
	Abandoned = abandoned
)

// State is the place of the word of call i.
func State(i int) shm.Offset { return stateOf(i) }

// RecordAt is the number of the call whose word is at that place.
func RecordAt(state shm.Offset) int { return int((state - offStates) / stateSpace) }

// Free gives the list of free records: as Look, for what watches a run.
func (c *Caller) Free() []int { return c.free.records }

// Look gives all that a caller keeps beside its private words: as LookFree and
// LookRecord of each.
func (c *Caller) Look(add func(v uint64)) {
	c.LookFree(add)
	unsent := uint64(0)
	if c.poison.unsent.Load() != nil {
		unsent = 1
	}
	add(unsent)
	for i := range c.records {
		c.LookRecord(i, add)
	}
}

// LookFree gives which records are free, and whether and why the binding is over, one value
// after the other: for what watches a run, never for what runs. No thread of the
// caller may run meanwhile.
func (c *Caller) LookFree(add func(v uint64)) {
	for _, i := range c.free.records {
		add(uint64(i))
	}
	add(uint64(len(c.free.records)))
	c.LookPoison(add)
}

// LookPoison gives whether and why the binding is over, as LookFree.
func (c *Caller) LookPoison(add func(v uint64)) {
	poisoned := uint64(0)
	switch c.PoisonedBy() {
	case nil:
	case ErrCorrupt:
		poisoned = 2
	default:
		poisoned = 1
	}
	add(poisoned)
}

// LookRecord gives what record i holds, as LookFree. It counts from Deliver, which
// publishes it, to CloseCall.
func (c *Caller) LookRecord(i int, add func(v uint64)) {
	r := &c.records[i]
	add(r.generation.Load())
	if c.private.Unhooked().Peek(stateOf(i)) != delivered {
		return
	}
	add(r.reply.ID)
	add(uint64(r.reply.Procedure)<<32 | uint64(r.reply.Status))
	add(uint64(len(r.payload)))
	for _, b := range r.payload {
		add(uint64(b))
	}
}

// Spoil overwrites what record i holds, whose call is over: who reads it still does not
// find the reply any more; as LookFree.
func (c *Caller) Spoil(i int) {
	r := &c.records[i]
	r.reply = channel.Message{Status: ^r.reply.Status}
	for k := range r.payload {
		r.payload[k] = 0xdd
	}
}

// Record gives what record i holds, complete or not: how many calls have used it, and
// the reply that was written last; as LookFree.
func (c *Caller) Record(i int) (generation uint64, reply channel.Message, payload []byte) {
	r := &c.records[i]
	return r.generation.Load(), r.reply, r.payload
}
