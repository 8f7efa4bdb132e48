package processor

import "time"

// takesLong is how long the polling worker may be in one handler before another
// worker takes its place: long against a handler that just computes, short
// against one that blocks. A look costs one timer.
const takesLong = 200 * time.Microsecond

// monitor takes the polling place from a worker whose handler takes long and
// offers it to another. It rests while the polling worker is parked.
func (p *Pool) monitor() {
	defer p.working.Done()
	tick := time.NewTicker(takesLong)
	defer tick.Stop()
	var last uint64
	for {
		if p.resting.Load() {
			select {
			case <-p.resume:
			case <-p.stopped:
				return
			}
		}
		select {
		case <-tick.C:
		case <-p.stopped:
			return
		}
		call := p.handling.Load()
		if call != 0 && call == last && p.handling.CompareAndSwap(call, 0) {
			p.counters.replaced.Add(1)
			p.place <- struct{}{}
			if p.idle.Load() == 0 {
				p.hire()
			}
		}
		last = call
	}
}

// rested ends the monitor's rest.
func (p *Pool) rested() {
	p.resting.Store(false)
	select {
	case p.resume <- struct{}{}:
	default: // it has not begun to rest, or was told before
	}
}
