package processor

import "urpc/runtime/shm"

// The private segment of a pool, of words that its workers and its monitor share
// and no other space can reach. They go through shm all the same, so that every
// access to them is a step, too.
//
//	offset  word
//	     0  handling  number of the call that the polling worker executes; 0: none
//	    64  idle      workers that wait for the polling place
//	    68  hired     workers
//	   128  stopping  1 once the pool is stopped
//	   192  resting   1 while the monitor may rest, since the polling worker parks
const (
	offHandling shm.Offset = 0
	offIdle     shm.Offset = 64
	offHired    shm.Offset = 68
	offStopping shm.Offset = 128
	offResting  shm.Offset = 192
	privateSize            = 256

	// Private is the number of the private segment.
	Private uint8 = 3
)

// The places of the private words: for what watches a run, never for what runs.
const (
	Handling = offHandling
	Idle     = offIdle
	Hired    = offHired
	Stopping = offStopping
	Resting  = offResting
)
