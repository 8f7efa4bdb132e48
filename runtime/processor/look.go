package processor

// Look gives all that a pool keeps beside its private words, one value after the
// other: for what watches a run, never for what runs. No thread of the pool may
// run meanwhile.
func (p *Pool) Look(add func(v uint64)) {
	add(uint64(p.calls))
	add(uint64(p.patience.since))
	corrupt := uint64(0)
	if p.corrupt.Load() {
		corrupt = 1
	}
	add(corrupt)
	n := p.Counters()
	add(n.Returns)
}
