package shm

import (
	"sync"
	"sync/atomic"
	"testing"

	"urpc/fuzz/atonce"
)

// heapRegion is a region whose memory is marked when it goes.
func heapRegion() (*Region, *atomic.Int32) {
	unmapped := new(atomic.Int32)
	return NewRegion(Heap(0, Line), &Heap(1, Line).View, func() error {
		unmapped.Add(1)
		return nil
	}), unmapped
}

func TestCloseWaitsForHolders(t *testing.T) {
	r, unmapped := heapRegion()
	for range 2 {
		if !r.Hold() {
			t.Fatal("an open region cannot be held")
		}
	}
	r.Close()
	if r.Hold() {
		t.Fatal("a closed region was held")
	}
	r.Release()
	if unmapped.Load() != 0 {
		t.Fatal("unmapped while held")
	}
	r.Release()
	<-r.Gone()
	r.Close()
	if r.Hold() || unmapped.Load() != 1 {
		t.Fatalf("unmapped %d times, want once and for ever", unmapped.Load())
	}
}

func TestCloseWithoutHolders(t *testing.T) {
	r, unmapped := heapRegion()
	r.Close()
	<-r.Gone()
	if unmapped.Load() != 1 {
		t.Fatalf("unmapped %d times", unmapped.Load())
	}
}

func TestReleaseWithoutHoldPanics(t *testing.T) {
	r, _ := heapRegion()
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	r.Release()
}

// TestHoldersRaceWithClose: nobody holds the region after it went.
func TestHoldersRaceWithClose(t *testing.T) {
	for range 200 {
		r, unmapped := heapRegion()
		var holders sync.WaitGroup
		for range 4 {
			holders.Go(func() {
				for r.Hold() {
					if unmapped.Load() != 0 {
						t.Error("held after it was unmapped")
					}
					r.Release()
				}
			})
		}
		r.Close()
		<-r.Gone()
		holders.Wait()
		if unmapped.Load() != 1 {
			t.Fatalf("unmapped %d times", unmapped.Load())
		}
	}
}

// Two at once hold the region and release it: both count.
func TestHoldersAreCounted(t *testing.T) {
	r, unmapped := heapRegion()
	const rounds = 1 << 19
	atonce.Do(rounds, func(int, int) {
		if !r.Hold() {
			t.Error("an open region cannot be held")
		}
	})
	atonce.Do(rounds, func(int, int) { r.Release() })
	if n := r.holders.Load(); n != 0 {
		t.Fatalf("%d hold it that nobody holds", n)
	}
	r.Close()
	if unmapped.Load() != 1 {
		t.Errorf("unmapped %d times", unmapped.Load())
	}
}

// Of two that close a region at once, while somebody holds it, one counts.
func TestOneOfTwoClosesCounts(t *testing.T) {
	const rounds = 1 << 17
	regions := make([]Region, rounds)
	for i := range regions {
		regions[i].holders.Store(1)
	}
	atonce.Do(rounds, func(_, i int) { regions[i].Close() })
	for i := range regions {
		if n := regions[i].holders.Load(); n != closing+1 {
			t.Fatalf("round %d: the sum of a region that is closed and held once is %d past that", i, n-closing-1)
		}
	}
}

// Whoever comes to unmap a region at once with another one, one does.
func TestOneOfTwoUnmaps(t *testing.T) {
	const rounds = 1 << 17
	var unmapped [rounds]atomic.Int32
	regions := make([]*Region, rounds)
	for i := range regions {
		regions[i] = NewRegion(nil, nil, func() error {
			if unmapped[i].Add(1) != 1 {
				t.Errorf("round %d: unmapped twice", i)
				regions[i].gone = make(chan struct{}) // which is closed twice
			}
			return nil
		})
	}
	atonce.Do(rounds, func(_, i int) { regions[i].release() })
	for i := range unmapped {
		if n := unmapped[i].Load(); n != 1 {
			t.Fatalf("round %d: unmapped %d times", i, n)
		}
	}
}
