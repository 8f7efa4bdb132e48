package channel

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"urpc/runtime/kernel"
	"urpc/runtime/shm"
)

// starts are positions near which a counter that is too narrow jumps.
var starts = []uint32{0, 1<<16 - 3, 1<<31 - 3, 1<<32 - 3}

// ports makes both sides of a channel over memory of this process.
func ports(size Size) (client, server *Port, calls, replies *shm.Segment) {
	calls, replies = shm.Heap(Calls, size.Bytes()), shm.Heap(Replies, size.Bytes())
	size.Format(calls)
	size.Format(replies)
	return NewPort(calls, &replies.View, size), NewPort(replies, &calls.View, size), calls, replies
}

func TestQueueFillsWrapsAndEmptiesInOrder(t *testing.T) {
	for _, start := range starts {
		for _, slots := range []uint32{1, 2, 8} {
			t.Run(fmt.Sprintf("start=%d,slots=%d", start, slots), func(t *testing.T) {
				size := Size{Slots: slots, Payload: 40, Start: start}
				client, server, _, _ := ports(size)
				buffer := make([]byte, size.Payload)
				sent, received := uint64(0), uint64(0)
				for range 5 {
					for range slots {
						m := Message{ID: sent, Procedure: 3, Status: 4, Length: uint32(sent % 41)}
						if r := client.Send(&m, bytes.Repeat([]byte{byte(sent)}, int(m.Length))); r != Done {
							t.Fatalf("message %d into a queue with room: %d", sent, r)
						}
						sent++
					}
					if r := client.Send(&Message{}, nil); r != Full {
						t.Fatalf("a message more than the queue holds: %d, want Full", r)
					}
					for range slots {
						var m Message
						payload, r := server.Receive(&m, buffer)
						if r != Done || m.ID != received || m.Procedure != 3 || m.Status != 4 ||
							!bytes.Equal(payload, bytes.Repeat([]byte{byte(received)}, int(received%41))) {
							t.Fatalf("message %d: %d, %+v, % x", received, r, m, payload)
						}
						received++
					}
					var m Message
					if _, r := server.Receive(&m, buffer); r != Empty {
						t.Fatalf("a queue of which all was received: %d, want Empty", r)
					}
				}
			})
		}
	}
}

func TestBusyEndIsNeitherFullNorEmpty(t *testing.T) {
	client, server, calls, replies := ports(Size{Slots: 2, Payload: 8})
	calls.Store(0, offSendLock, 1)
	if r := client.Send(&Message{}, nil); r != Busy {
		t.Errorf("sending at an end that is held: %d, want Busy", r)
	}
	replies.Store(0, offRecvLock, 1)
	var m Message
	if _, r := server.Receive(&m, make([]byte, 8)); r != Busy {
		t.Errorf("receiving at an end that is held: %d, want Busy", r)
	}
}

// TestPeerThatWritesWhatItShouldNot sets each word that the peer can write to
// what no honest peer writes there.
func TestPeerThatWritesWhatItShouldNot(t *testing.T) {
	const slots = 4
	for _, start := range starts {
		for _, head := range []uint32{1, 2, slots, 1 << 16, 1 << 31, 1<<32 - slots - 1} {
			size := Size{Slots: slots, Payload: 8, Start: start}
			client, _, _, replies := ports(size)
			for range slots {
				client.Send(&Message{}, nil)
			}
			replies.Store(0, offHead, start+slots+head) // beyond what was sent, or before what was seen
			if r := client.Send(&Message{}, nil); r != Corrupt {
				t.Errorf("start %d, head %d past the tail: %d, want Corrupt", start, head, r)
			}
		}
		for _, sequence := range []uint32{0, 2, slots, 1 << 16, 1 << 31} {
			size := Size{Slots: slots, Payload: 8, Start: start}
			_, server, calls, _ := ports(size)
			calls.Store(0, size.slot(start)+slotSequence, start+1+sequence)
			var m Message
			want := Corrupt
			if sequence == 0 {
				want = Done // the one value that says published
			}
			if _, r := server.Receive(&m, make([]byte, 8)); r != want {
				t.Errorf("start %d, sequence %d past the expected one: %d, want %d", start, sequence, r, want)
			}
		}
		for _, length := range []uint32{9, 1 << 16, 1 << 31, 1<<32 - 1} {
			size := Size{Slots: slots, Payload: 8, Start: start}
			client, server, calls, _ := ports(size)
			client.Send(&Message{}, nil)
			calls.Store(0, size.slot(start)+slotHeader+16, length)
			var m Message
			if _, r := server.Receive(&m, make([]byte, 8)); r != Corrupt {
				t.Errorf("a length of %d in a slot of 8: %d, want Corrupt", length, r)
			}
			if _, r := server.Receive(&m, make([]byte, 8)); r != Corrupt {
				t.Errorf("after a corrupt message the end is still held or moved on: %d", r)
			}
		}
	}
}

func TestRecheckSeesWhatWasPublishedOrMovedOn(t *testing.T) {
	for _, start := range starts {
		size := Size{Slots: 2, Payload: 8, Start: start}
		client, server, calls, _ := ports(size)
		if server.recheck() {
			t.Fatal("an empty queue has something")
		}
		client.Send(&Message{}, nil)
		if !server.recheck() {
			t.Fatal("a queue with a message has nothing")
		}
		// Another processor received it, and the slot was used once more.
		calls.Store(0, size.slot(start)+slotSequence, start+1+size.Slots)
		if !server.recheck() {
			t.Fatal("a queue that moved on while head was read has nothing")
		}
	}
}

func TestSizesThatNoChannelCanHave(t *testing.T) {
	for _, z := range []Size{
		{}, {Slots: 3}, {Slots: MaxSlots * 2}, {Slots: 1, Payload: MaxPayload + 1},
		{Slots: 2048, Payload: MaxPayload}, {Slots: 4096, Payload: MaxPayload}, {Slots: MaxSlots, Payload: MaxPayload},
	} {
		if err := z.Check(); !errors.Is(err, ErrSize) {
			t.Errorf("%+v: %v, want ErrSize", z, err)
		}
	}
	for _, z := range []Size{{Slots: 1}, {Slots: MaxSlots, Payload: 8}, {Slots: 1, Payload: MaxPayload, Start: 1<<32 - 1}, {Slots: 1024, Payload: MaxPayload}} {
		if err := z.Check(); err != nil {
			t.Errorf("%+v: %v", z, err)
		}
		if last := uint64(z.slot(z.Slots-1)) + uint64(z.slotSize()); last != uint64(z.Bytes()) || last > MaxBytes {
			t.Errorf("%+v: the slots end at %d, the segment at %d", z, last, z.Bytes())
		}
	}
}

func TestWakeRingsOnlyForWhoIsParked(t *testing.T) {
	client, _, calls, replies := ports(Size{Slots: 2, Payload: 8})
	if client.Wake(nil, Donate) != Awake {
		t.Error("the kernel was asked although nobody is parked")
	}
	replies.Store(0, offParked, 1)
	k := &countingKernel{}
	if client.Wake(k, Donate) != Donated || k.wakes != 1 || calls.Peek(offDoorbell) != 1 || calls.Peek(offDonated) != 1 {
		t.Errorf("a parked peer: %d wakes, doorbell %d, donated %d", k.wakes, calls.Peek(offDoorbell), calls.Peek(offDonated))
	}
	if client.Wake(k, Keep) != Woken || calls.Peek(offDonated) != 1 {
		t.Error("a wake that donates nothing counts as a donation")
	}
}

// Of a side's processors one at a time is out, across the end of the numbers, too.
func TestOneProcessorIsOut(t *testing.T) {
	client, server, calls, replies := ports(Size{Slots: 2, Payload: 8})
	calls.Store(0, offDonated, 1<<32-1)
	replies.Store(0, offReturned, 1<<32-1)
	replies.Store(0, offParked, 1)
	k := &countingKernel{}
	for n := range 3 {
		if client.Out() || server.Return() {
			t.Fatalf("donation %d: a processor is out before it", n)
		}
		if first, second := client.Wake(k, Donate), client.Wake(k, Donate); first != Donated || second != Woken || !client.Out() {
			t.Fatalf("donation %d: %d, then %d while it is out", n, first, second)
		}
		if first, second := server.Return(), server.Return(); !first || second {
			t.Fatalf("donation %d: %v that it went back, then %v", n, first, second)
		}
	}
}

// Whatever a hostile side says that it has donated, it is one processor that goes back
// for each time that it says so; and whatever it says of those that have gone back,
// none is donated but from there.
func TestHostileDonations(t *testing.T) {
	client, server, calls, replies := ports(Size{Slots: 2, Payload: 8})
	for _, said := range []uint32{1<<32 - 1, 1 << 16, 1 << 31, 0} {
		calls.Store(0, offDonated, said)
		if first, second := server.Return(), server.Return(); !first || second || server.Guests() {
			t.Errorf("%d were donated: %v that one goes back, then %v", said, first, second)
		}
	}
	replies.Store(0, offParked, 1)
	k := &countingKernel{}
	for _, said := range []uint32{1, 1<<32 - 1, 1 << 16, 1 << 31} {
		replies.Store(0, offReturned, said)
		if got := client.Wake(k, Donate); got != Woken || calls.Peek(offDonated) != 0 {
			t.Errorf("%d have gone back of none: the wake gives %d, donated are %d", said, got, calls.Peek(offDonated))
		}
	}
}

// countingKernel counts wakes; nothing else is asked of it.
type countingKernel struct {
	kernel.Kernel
	wakes int
}

func (k *countingKernel) Wake(*shm.Segment, shm.Offset) { k.wakes++ }
