package memory

import (
	"fmt"

	"urpc/spec/step"
)

// R0: "A channel is a bidirectional pair of queues in shared memory (calls one
// way, replies the other) with a test-and-set lock at each end of each queue."
//
//	side   = what one address space writes and the other only reads:
//	         sendLock, tail, room, slots      \* the queue that it sends into
//	         recvLock, head                   \* the queue that it receives from
//	         parked, doorbell                 \* sleeping and waking
//	client = its calling threads, and what is private to its space: the lead
//	server = its processors
//
// 1. Positions (tail, room, head, the sequence words) count up for ever in the
// notes and modulo 2^32 in the runtime; here they count modulo four times the
// capacity K of their queue. A slot is found by position modulo K, and K divides
// 4K. The full test compares a tail with a head or a copy of a head that is at
// most K behind it: K+1 numbers suffice. A sequence word is at most K behind
// what a receiver that holds the lock expects, and never ahead of it. Two threads
// compare a position that they read without the lock, while the queue may go on
// by any number of laps: a parking processor at RecheckSlot, and a sender at
// AwaitRoom. What they read is kept as what the comparison can tell: a publishing
// that would put the slot two laps past the one moves it a lap on (keepBehind), a
// head that would come round to the other moves it one on (keepChanged). This is
// exact for positions that never come round, as the runtime's do only after 2^31
// messages. Without it a processor took what was two laps ahead for something
// behind, and a sender waited while the peer's head was four laps on: lock-step
// with the runtime's code (fuzz/lockstep) found that the code did otherwise.
//
// 2. The doorbell is kept as what the two steps that use it can tell: for each
// processor that has read it, how often it was rung since. This is exact for a
// doorbell that never comes round (and merges states that differ by a shift of
// it). Parameter doorbell makes it come round after so many rings instead: that
// must be shown to fail.

// The most that a configuration may have.
const (
	MaxClients = 5
	MaxServers = 2
	MaxSlots   = 3
	laps       = 4 // positions count modulo laps times the capacity
)

// The two sides of a channel, and the queues that they send into.
const (
	client = 0 // sends calls
	server = 1 // sends replies
)

// State is a state of the memory level of one channel.
type State struct {
	Side   [2]Side
	Caller [MaxClients]Caller
	Server [MaxServers]Thread
	// Led is the lead: whether some caller receives for all. Private to the
	// client's space.
	Led bool
	// Blocked counts the callers that have announced that they block. Private too.
	Blocked uint8
	// Ready counts the callers that have a call to send, and the replies that were
	// delivered and not taken; where there is no donation it stays 0. Private too.
	Ready uint8
	// Sent is a ghost: the messages of each queue that were published and not
	// yet copied out, oldest first. No step depends on it.
	Sent [2][MaxSlots + 1]Message
}

// Side is the words that one side writes.
type Side struct {
	SendLock bool  // guards Tail, Room and the slots
	Tail     uint8 // messages sent, as a position of the own queue
	Room     uint8 // the peer's Head when last looked at
	RecvLock bool  // guards Head
	Head     uint8 // messages received, as a position of the peer's queue
	Parked   uint8 // processors that announced themselves as parked
	Donated  uint8 // processors donated to the peer so far
	Returned uint8 // how many of those that the peer donated have gone back
	Slot     [MaxSlots]Slot
}

// Slot is one slot of a queue.
type Slot struct {
	Sequence uint8 // one more than the position of the message that it holds
	Message  Message
}

// Thread is a thread of control: a caller, or a processor of the server. What
// is in it is known to it alone.
type Thread struct {
	// At is the step at which it stands; None once it has ended.
	At step.Name
	// Position is the tail or the head that it read; or what it read of returned.
	Position uint8
	// Seen is the peer's head that it read; or what it read of donated; or, at
	// LookParked, 1: it is the last caller that is ready, and donates.
	Seen uint8
	// Message is the message that it sends or has received.
	Message Message
	// Stuck: it found the queue full (sending) or empty (receiving).
	Stuck bool
	// Rung counts the rings since it read the doorbell.
	Rung uint8
}

// Caller is a calling thread of the client, and the record of its call: Call,
// Result, Permit and Executed are of record i, which caller i uses. Where calls are
// left, any caller may use it (see leave.go).
type Caller struct {
	Thread
	// Leads: it has the lead.
	Leads bool
	// Other is the caller that it is about to look at or to make ready.
	Other uint8
	// Number counts its calls; for ever, it alternates between 0 and 1.
	Number uint8
	// Call is what the callers of the space know of its call.
	Call Call
	// Result is the reply that was delivered.
	Result Message
	// Permit: it was made ready.
	Permit bool
	// Executed is a ghost: how often its current call was executed.
	Executed uint8
}

// Call is the state of a call.
type Call uint8

const (
	Idle      Call = iota // no call is open
	Pending               // open, and its reply was not delivered
	Done                  // its reply was delivered
	Abandoned             // its caller has left it, and its reply has not come
)

// String names the state of the call.
func (c Call) String() string {
	switch c {
	case Idle:
		return "idle"
	case Pending:
		return "pending"
	case Done:
		return "done"
	case Abandoned:
		return "abandoned"
	default:
		return "?"
	}
}

// Message is the payload of a call or of a reply: 0 is none; a call tells its
// caller and the parity of its number (where calls are left, see leave.go, its
// record and the record's generation: its name); the reply to it is replied added,
// which stands for the result that the procedure computes from the argument.
type Message uint8

const (
	replied Message = 1 << 7
	numbers         = 16 // of each caller, or generations of each record
)

func call(caller int, number uint8) Message { return Message(1 + numbers*caller + int(number)) }

// result is what the procedure gives for an argument.
func (m Message) result() Message { return m + replied }

// caller gives the caller to which a reply is addressed; -1 if it is not a reply.
func (m Message) caller(callers int) int {
	i := (int(m) - int(replied) - 1) / numbers
	if m <= replied || i >= callers {
		return -1
	}
	return i
}

// String gives a0, a1, b0, … for calls, and these with ' for their replies.
func (m Message) String() string {
	switch {
	case m == 0:
		return "-"
	case m > replied:
		return (m - replied).String() + "'"
	default:
		return fmt.Sprintf("%c%d", 'a'+rune((m-1)/numbers), (m-1)%numbers)
	}
}
