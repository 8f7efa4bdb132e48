package processor

import "urpc/spec/step"

// monitor takes the polling place from a worker whose handler takes long and
// offers it to another. It rests while the polling worker is parked.
//
//	LookRest:      if resting then await a resume          \* or the stop
//	Tick:          await the next look                     \* or the stop
//	LookCall:      c := handling;  if c = 0 or c ≠ last then last := c, goto LookRest
//	TakePlaceAway: if compare-and-swap(handling, c, 0) fails then goto LookRest
//	GivePlace:     place := offered
//	LookIdle:      if idle = 0 then hire
//
// A call has the place taken from it once at most: either the monitor's
// compare-and-swap succeeds, or EndCall's of the worker, which then keeps it.
func (p *Pool) monitor() {
	last := uint32(0)
	for {
		if p.private.Hooked() {
			p.private.Mark(step.LookRest, uint64(last))
		}
		if p.private.Load(step.LookRest, offResting) != 0 && !p.crew.Rest() {
			return
		}
		if !p.crew.Tick() {
			return
		}
		call := p.private.Load(step.LookCall, offHandling)
		if call != 0 && call == last && p.private.CompareAndSwap(step.TakePlaceAway, offHandling, call, 0) {
			p.counters.replaced.Add(1)
			p.crew.Give()
			if p.private.Load(step.LookIdle, offIdle) == 0 {
				p.hire()
			}
		}
		last = call
	}
}

// rested ends the monitor's rest. The word is cleared before the resume is given:
// a monitor that saw it set has a resume to come.
func (p *Pool) rested() {
	p.private.Store(step.EndRest, offResting, 0)
	p.crew.Resume()
}
