package call

import (
	"sync/atomic"

	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// The private segment of a caller, of words that its threads share and no other
// space can reach. They go through shm all the same, so that every access to
// them is a step, too.
//
//	offset      word
//	     0      lead     1 while a thread receives for all that wait
//	    64      blocked  threads that block, or are about to
//	    68      ready    threads with a call to send or a reply to take; only where they donate
//	  128+64i   state    of call i, see below
const (
	offLead    shm.Offset = 0
	offBlocked shm.Offset = 64
	offReady   shm.Offset = 68
	offStates  shm.Offset = shm.Line
	stateSpace            = 64

	// Private is the number of the private segment.
	Private uint8 = 2
)

// The states of a call.
//
//	idle --OpenCall--> pending --Deliver--> delivered --CloseCall--> idle
//	                   pending --Abandon--> abandoned --(late reply)--> idle
const (
	idle      = 0
	pending   = 1
	delivered = 2
	abandoned = 3 // its thread has left; the slot is kept until the late reply has come
)

func stateOf(i int) shm.Offset { return offStates + shm.Offset(i*stateSpace) }

// record is what is kept of call i beside its state.
type record struct {
	// generation counts the calls that used this record. It is written by the
	// thread that opens the call and read by whoever receives.
	generation atomic.Uint64
	// reply and payload are written by the thread that leads before Deliver, and
	// read by the call's own thread after the CheckReply that sees it: that load
	// is synchronized after that store.
	reply   channel.Message
	payload []byte
	// buffer holds the payload. Whoever leads exchanges it for its own.
	buffer []byte
}

const indexBits = 16

// name is how the call that uses record i is named in its messages.
func (c *Caller) name(i int) uint64 { return c.records[i].generation.Load()<<indexBits | uint64(i) }

// nameCall gives record i, which no call uses, the name of the next one.
func (c *Caller) nameCall(i int) {
	c.private.Beside(step.NameCall, shm.KindAdd, shm.Names)
	c.records[i].generation.Add(1)
}

// lookName is name, for who receives and does not have the record.
func (c *Caller) lookName(i int) uint64 {
	c.private.Beside(step.LookName, shm.KindLoad, shm.Names)
	return c.name(i)
}

// indexOf gives the record that a name is of. A name from the peer may be of
// none, or of a call that is over.
func indexOf(name uint64) int { return int(name & (1<<indexBits - 1)) }

// mostRecords is how many records names tell apart: at least one for each slot.
const mostRecords = 1 << indexBits

const _ = uint(mostRecords - channel.MaxSlots)
