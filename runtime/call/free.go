package call

import (
	"sync"

	"urpc/runtime/shm"
	"urpc/spec/step"
)

// freeList holds the records that no call uses, the last used first: its lines
// are still in this processor's cache.
type freeList struct {
	mu      sync.Mutex
	records []int
}

// fill puts all of so many records there, before anybody else has the list. The
// first one is taken first.
func (f *freeList) fill(records int) {
	for i := records - 1; i >= 0; i-- {
		f.records = append(f.records, i)
	}
}

// put gives a record back whose call is over: no reply to it is under way any more,
// or it was never sent.
func (f *freeList) put(private *shm.Segment, i int) {
	private.Beside(step.FreeRecord, shm.KindAdd, shm.FreeRecords)
	f.mu.Lock()
	f.records = append(f.records, i)
	f.mu.Unlock()
}

// take takes a record that no call uses, if there is one. Who takes it is
// synchronized after who put it there: no thread touches a record that is free.
func (f *freeList) take(private *shm.Segment) (int, bool) {
	private.Beside(step.TakeRecord, shm.KindAdd, shm.FreeRecords)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.records) == 0 {
		return 0, false
	}
	i := f.records[len(f.records)-1]
	f.records = f.records[:len(f.records)-1]
	return i, true
}

// empty looks without a step: for what watches a run, never for what runs.
func (f *freeList) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.records) == 0
}
