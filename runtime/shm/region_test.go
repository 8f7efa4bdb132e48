package shm

import (
	"sync"
	"sync/atomic"
	"testing"
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
