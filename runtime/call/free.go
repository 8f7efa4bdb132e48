package call

import "sync"

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
