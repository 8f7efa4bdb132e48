package processor

import "sync/atomic"

// Counters tell what a pool has done so far. They are read without stopping it,
// one after the other.
type Counters struct {
	Parks    uint64 // times that a processor parked
	Wakes    uint64 // times that the kernel was asked to wake the peer
	Returns  uint64 // processors that the peer donated and that went back
	Replaced uint64 // times that a worker lost the polling place to another
}

type counters struct{ parks, wakes, returns, replaced atomic.Uint64 }

// Counters reads the counters.
func (p *Pool) Counters() Counters {
	return Counters{
		Parks: p.counters.parks.Load(), Wakes: p.counters.wakes.Load(),
		Returns: p.counters.returns.Load(), Replaced: p.counters.replaced.Load(),
	}
}
