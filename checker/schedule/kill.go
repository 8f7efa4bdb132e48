package schedule

// Kill is a step that ends the threads of these names, as the death of their
// process does: they run nothing more. A thread that waits is ended too, and one
// that ends itself does not return from Kill. What a killed thread holds stays
// held: its deferred functions run only when the execution is over and its
// memory is looked at no more, so that nothing of what they store is seen.
//
// A search by states forgets what a killed thread has read: see Stateful.
//
// The threads are those of the names that were declared before the call.
func (t *T) Kill(name string, threads ...string) {
	r, th := t.thread("Kill")
	if th == nil {
		panic("schedule: Kill outside a controlled thread")
	}
	th.stands(Event{Name: name, Kind: Kill}, nil)
	for _, other := range r.threads[:r.declared] {
		for _, victim := range threads {
			if other.name == victim {
				th.victims |= other.bit
			}
		}
	}
	victims := th.victims
	r.ready |= th.bit
	r.pause(th)
	for _, other := range r.threads[:r.declared] {
		if victims&other.bit != 0 && !other.done && other != th {
			other.dead = true
			r.struck |= other.bit
			r.ready &^= other.bit
			r.waiting &^= other.bit
		}
	}
	if victims&th.bit != 0 {
		th.die()
	}
}
