package call

import "sync/atomic"

// Counters tell what a caller has done so far. They are read without stopping
// it, one after the other.
type Counters struct {
	Calls     uint64 // opened
	Parks     uint64 // times that a leading thread parked its processor
	Wakes     uint64 // times that the kernel was asked to wake the peer
	Donations uint64 // of these, with the own processor handed over
	Blocks    uint64 // times that a thread blocked while another led
	Overloads uint64 // calls that found every record in use
	Dropped   uint64 // late replies of calls that were left
}

// counters are added to off the hot path only; Calls is the sum of generations.
type counters struct {
	parks, wakes, donations, blocks, overloads, dropped atomic.Uint64
}

// Counters reads the counters.
func (c *Caller) Counters() Counters {
	sum := Counters{
		Parks: c.counters.parks.Load(), Wakes: c.counters.wakes.Load(), Donations: c.counters.donations.Load(),
		Blocks: c.counters.blocks.Load(), Overloads: c.counters.overloads.Load(), Dropped: c.counters.dropped.Load(),
	}
	for i := range c.records {
		sum.Calls += c.records[i].generation.Load() - c.generation
	}
	return sum
}
