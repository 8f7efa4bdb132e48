package lockstep

import (
	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// The layout of the words, as it is drawn in runtime/channel and runtime/call.
// It is written down a second time on purpose: a decoder that took the offsets
// from the code would follow the code into any mistake.
const (
	offSendLock shm.Offset = 0
	offTail     shm.Offset = 4
	offRoom     shm.Offset = 8
	offRecvLock shm.Offset = 128
	offHead     shm.Offset = 256
	offParked   shm.Offset = 384
	offDoorbell shm.Offset = 512
	offDonated  shm.Offset = 516
	offReturned shm.Offset = 520
	offSlots    shm.Offset = 640

	slotSize     shm.Offset = 128 // with the payloads of explore's targets
	slotSequence shm.Offset = 0
	slotHeader   shm.Offset = 8
	slotPayload  shm.Offset = 32

	offLead    shm.Offset = 0
	offBlocked shm.Offset = 64
	offReady   shm.Offset = 68
	offStates  shm.Offset = 128
	stateSpace shm.Offset = 64

	offStopping shm.Offset = 128 // of a pool's words
)

// Segments, by number. The first two are the sides of a State, too.
const (
	callSegment    = channel.Calls
	replySegment   = channel.Replies
	privateSegment = 2
	poolSegment    = 3
)

// The states of a call, in its word.
const (
	callIdle      = 0
	callPending   = 1
	callDelivered = 2
	callAbandoned = 3
)

func stateOf(call int) shm.Offset { return offStates + shm.Offset(call)*stateSpace }

// slotOf is where slot number i of a State stands, in a queue of so many slots
// whose first message has position start.
func slotOf(i int, slots, start uint32) shm.Offset {
	return offSlots + shm.Offset((start+uint32(i))%slots)*slotSize
}
