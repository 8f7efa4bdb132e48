package schedule

// Kill is a step that ends the threads of these names, as the death of their
// process does: they run nothing more. A thread that waits is ended too, and one
// that ends itself does not return from Kill. What a killed thread holds stays
// held: its deferred functions run only when the execution is over and its
// memory is looked at no more, so that nothing of what they store is seen.
//
// A search by states forgets what a killed thread has read: see Stateful.
//
// The threads are those of the names that were declared before the call. A name that
// none of them has ends the search with ErrUsage. The first name is that of the step:
// without any other it ends nobody, and then must not be that of a thread.
func (t *T) Kill(name string, threads ...string) {
	r, th := t.thread("Kill")
	if th == nil {
		r.misused("Kill %q where nothing interleaves: only a thread can kill", name)
	}
	victims := r.victims(name, threads)
	th.stands(Event{Name: name, Kind: Kill}, nil)
	th.victims = victims
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

// victims gives the set of the threads of these names.
func (r *runner) victims(kill string, names []string) (set uint64) {
	if len(names) == 0 && r.called(kill) != 0 {
		r.misused("Kill %q of no thread, although a thread has that name: the first name is that of the step, those of the threads follow", kill)
	}
	for _, name := range names {
		named := r.called(name)
		if named == 0 {
			r.misused("Kill %q of %q, and no thread that is declared so far has that name: there are %s", kill, name, r.threadNames())
		}
		set |= named
	}
	return set
}

// called gives the set of the threads of that name.
func (r *runner) called(name string) (set uint64) {
	for _, th := range r.threads[:r.declared] {
		if th.name == name {
			set |= th.bit
		}
	}
	return set
}
