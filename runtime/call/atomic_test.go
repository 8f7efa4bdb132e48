package call

import (
	"errors"
	"sync/atomic"
	"testing"

	"urpc/fuzz/atonce"
	"urpc/runtime/shm"
)

// The explorer takes each method here for one step: see TestEachStepBesideIsOneOperation.

// Of two that poison at once one gives the reason.
func TestPoisonIsSetOnce(t *testing.T) {
	const rounds = 1 << 18
	private := shm.Heap(Private, shm.Line)
	reasons := [atonce.Threads]error{errors.New("one"), errors.New("other")}
	poisons := make([]poison, rounds)
	var set [atonce.Threads][rounds]bool
	atonce.Do(rounds, func(thread, i int) { set[thread][i] = poisons[i].set(private, &reasons[thread]) })
	for i := range poisons {
		if set[0][i] == set[1][i] || set[0][i] != (poisons[i].look(private) == reasons[0]) {
			t.Fatalf("round %d: set %v and %v, the reason is %v", i, set[0][i], set[1][i], poisons[i].look(private))
		}
	}
}

// A record that was taken is nobody else's until it is put back, and none is lost.
func TestNoRecordIsTakenTwice(t *testing.T) {
	const rounds, records = 1 << 19, 3
	private := shm.Heap(Private, shm.Line)
	var free freeList
	free.fill(records)
	var taken [records]atomic.Bool
	atonce.Do(rounds, func(_, round int) {
		i, ok := free.take(private)
		if !ok || taken[i].Swap(true) {
			t.Errorf("round %d: record %d is taken twice, or there is none: %v", round, i, !ok)
			return
		}
		taken[i].Store(false)
		free.put(private, i)
	})
	if len(free.records) != records {
		t.Errorf("%d records are left of %d", len(free.records), records)
	}
}

// Two that name calls of the same record, which no two do, miss none.
func TestNamesAreCounted(t *testing.T) {
	const rounds = 1 << 19
	c := &Caller{private: shm.Heap(Private, shm.Line), records: make([]record, 1)}
	atonce.Do(rounds, func(int, int) { c.nameCall(0) })
	if n := c.records[0].generation.Load(); n != atonce.Threads*rounds {
		t.Errorf("%d names, want %d", n, atonce.Threads*rounds)
	}
}
