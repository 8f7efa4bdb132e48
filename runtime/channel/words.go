package channel

import (
	"hash/fnv"

	"urpc/runtime/shm"
)

// Words are the places of the words of a segment, as they are drawn above: for
// what watches a run, never for what runs.
type Words struct {
	SendLock, Tail, Room, RecvLock, Head, Parked, Doorbell, Donated, Returned shm.Offset
	// Sequence, Header and Payload are the parts of the slots, by number.
	Sequence, Header, Payload []shm.Offset
}

// Words gives the places of the words of a segment of this size.
func (z Size) Words() Words {
	w := Words{
		SendLock: offSendLock, Tail: offTail, Room: offRoom, RecvLock: offRecvLock,
		Head: offHead, Parked: offParked, Doorbell: offDoorbell, Donated: offDonated, Returned: offReturned,
	}
	for i := range z.Slots {
		at := z.slot(i)
		w.Sequence = append(w.Sequence, at+slotSequence)
		w.Header = append(w.Header, at+slotHeader)
		w.Payload = append(w.Payload, at+slotPayload)
	}
	return w
}

// HeaderSize is the length of a message's header in bytes.
const HeaderSize = headerSize

// Sum stands for a payload among the live values of a mark.
func Sum(payload []byte) uint64 {
	h := fnv.New64a()
	h.Write(payload)
	return h.Sum64()
}
