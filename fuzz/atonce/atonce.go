// Package atonce has goroutines do the same things at the same time: for tests of what
// must be one atomic operation.
package atonce

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Threads is how many goroutines there are.
const Threads = 2

// meetings is the most times that they wait for each other: where others keep the
// processors busy, each may take milliseconds.
const meetings = 256

// Do has each goroutine do round 0, then round 1 and so on. Now and then they wait for
// each other, so that they do the rounds at once where there are two processors for them.
func Do(rounds int, do func(thread, round int)) {
	together := max(1, rounds/meetings)
	var come atomic.Int64
	var done sync.WaitGroup
	for thread := range Threads {
		done.Go(func() {
			for round := range rounds {
				if round%together == 0 {
					come.Add(1)
					for all := int64(Threads * (1 + round/together)); come.Load() < all; {
						runtime.Gosched()
					}
				}
				do(thread, round)
			}
		})
	}
	done.Wait()
}
