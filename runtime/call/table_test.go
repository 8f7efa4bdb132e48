package call

import (
	"testing"

	"urpc/runtime/channel"
	"urpc/runtime/shm"
)

// Every record that a caller may have has a name of its own, and is found by it.
func TestEveryRecordIsFoundByItsName(t *testing.T) {
	for slots, want := range map[uint32]int{1: 4, 1 << 14: 1<<15 + 2, channel.MaxSlots: 1 << 16} {
		size := channel.Size{Slots: slots, Payload: 8}
		own := shm.Heap(channel.Calls, size.Bytes())
		size.Format(own)
		c := Config{Port: channel.NewPort(own, &shm.Heap(channel.Replies, size.Bytes()).View, size), Calls: want}
		caller, names := New(c), map[uint64]bool{}
		for i := range caller.records {
			caller.records[i].generation.Add(uint64(i % 2)) // where calls have been made, too
			name := caller.name(i)
			if names[name] || indexOf(name) != i {
				t.Fatalf("%d slots: record %d is found by name %#x as record %d, or it is another's", slots, i, name, indexOf(name))
			}
			names[name] = true
		}
		if len(names) != want || MostCalls(slots) != want {
			t.Errorf("%d slots: %d records, at most %d, want %d", slots, len(names), MostCalls(slots), want)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d slots: %d calls are not refused", slots, want+1)
				}
			}()
			c.Calls++
			New(c)
		}()
	}
}
