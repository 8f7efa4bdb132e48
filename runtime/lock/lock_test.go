package lock

import (
	"sync"
	"testing"

	"urpc/runtime/shm"
)

func TestOneHolderAtATime(t *testing.T) {
	words := shm.Heap(0, shm.Line)
	l := TryLock{Segment: words, Word: 0}
	counter, busy := 0, 0 // guarded by l
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			missed := 0
			for done := 0; done < 1000; {
				if !l.Try() {
					missed++
					continue
				}
				counter++
				busy += missed
				missed = 0
				l.Free()
				done++
			}
		})
	}
	wg.Wait()
	if counter != 4000 {
		t.Errorf("%d increments under the lock, want 4000 (%d tries found it held)", counter, busy)
	}
}

func TestHeldLockIsNotTaken(t *testing.T) {
	words := shm.Heap(0, shm.Line)
	l := TryLock{Segment: words, Word: 64}
	if !l.Try() || l.Try() {
		t.Fatal("a free lock was refused or a held one taken")
	}
	l.Free()
	if !l.Try() {
		t.Fatal("a lock that was freed is refused")
	}
}
