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

func (f *freeList) put(i int) {
	f.mu.Lock()
	f.records = append(f.records, i)
	f.mu.Unlock()
}

func (f *freeList) get() (int, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.records) == 0 {
		return 0, false
	}
	i := f.records[len(f.records)-1]
	f.records = f.records[:len(f.records)-1]
	return i, true
}

func (f *freeList) empty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.records) == 0
}

// takeRecord takes a record that no call uses, if there is one. Who takes it is
// synchronized after who freed it: no thread touches a record that is free.
func (c *Caller) takeRecord() (int, bool) {
	c.beside(step.TakeRecord, shm.KindAdd, shm.FreeRecords)
	return c.free.get()
}

// freeRecord gives a record back whose call is over: no reply to it is under way
// any more, or it was never sent.
func (c *Caller) freeRecord(i int) {
	c.beside(step.FreeRecord, shm.KindAdd, shm.FreeRecords)
	c.free.put(i)
}
