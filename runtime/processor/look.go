package processor

// Kept is what a pool keeps beside its private words.
type Kept struct {
	Calls   uint32 // the number of the last call that was executed
	Since   int64  // when the worker with the polling place has begun to poll in vain
	Corrupt bool
	Returns uint64
	Nudge   uint32 // the state of its nudge
}

// Look gives what the pool keeps: for what watches a run, never for what runs. No
// thread of the pool may run meanwhile.
func (p *Pool) Look() Kept {
	return Kept{p.calls, p.patience.since, p.corrupt.Load(), p.counters.returns.Load(), p.nudge.Peek()}
}
