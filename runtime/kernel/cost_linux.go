package kernel

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"urpc/runtime/shm"
)

// PollFor is how long it pays to poll before parking: as long as one block and
// wake takes on this machine (2-competitive: Karlin, Li, Manasse, Owicki, SOSP
// 1991), measured once, at the first call, in about a millisecond. It is 0 where
// this process may run on one processor only: whoever is waited for cannot run
// while it polls.
var PollFor = sync.OnceValue(func() time.Duration {
	if Processors() < 2 {
		return 0
	}
	return min(max(blockAndWake(), 20*time.Microsecond), 200*time.Microsecond)
})

// Processors is the number of processors that the process may run on.
func Processors() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil || set.Count() == 0 {
		return runtime.NumCPU()
	}
	return set.Count()
}

// blockAndWake is the median time from a wake to the answer of the thread that
// was asleep, taken over a few rounds of two threads.
func blockAndWake() time.Duration {
	const rounds = 15
	k, err := Real()
	if err != nil {
		return 0
	}
	words := shm.Heap(0, shm.Line)
	const there, back = shm.Offset(0), shm.Offset(64)
	var nudge Nudge
	wait := func(off shm.Offset, old uint32) {
		for words.Peek(off) == old {
			k.Sleep(&words.View, off, old, &nudge, nudge.Seen(&words.View), 0)
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for round := range uint32(rounds) {
			wait(there, round)
			words.Add(0, back, 1)
			k.Wake(words, back)
		}
	}()
	times := make([]time.Duration, rounds)
	for round := range uint32(rounds) {
		time.Sleep(20 * time.Microsecond) // let the other one fall asleep
		start := time.Now()
		words.Add(0, there, 1)
		k.Wake(words, there)
		wait(back, round)
		times[round] = time.Since(start) / 2
	}
	<-ended
	slices.Sort(times)
	return times[rounds/2]
}
