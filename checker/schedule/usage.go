package schedule

import "sync"

// usage is what the workers of a search have found out about who touches which
// place, and what they have relied on. They mostly read it: to stand where somebody
// stood before tells nothing new. To rely on something and to learn that it is wrong
// are both done under the lock, so that one of the two sees the other.
type usage struct {
	mu     sync.RWMutex
	places *places
	guards []trust
	still  bool // no step is a mover: there is a Kill, or a lock that is not where it is said to be
	void   bool // what was relied on has turned out to be wrong
}

// trust is what is known of a guard.
type trust struct {
	relied  bool
	against string // why it is not relied on; "": it may be
}

func newUsage() usage { return usage{places: newPlaces()} }

// note takes down what the threads stand before, the enabled ones and those that
// wait: one that waits may go on only after another order of the steps to come. It
// fills in the places in stands, if there is one; false: the search must begin again.
func (u *usage) note(threads []*thread, enabled, waiting uint64, stands []access) bool {
	u.mu.RLock()
	known := u.known(threads, enabled, waiting, stands)
	u.mu.RUnlock()
	if known {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for e := enabled | waiting; e != 0; e &= e - 1 {
		t := lowest(e)
		th := threads[t]
		if th.event.Kind == Kill {
			u.still, u.void = true, u.void || !u.still
			continue
		}
		class := u.places.of(th)
		if enabled&th.bit != 0 && stands != nil {
			stands[t].class = class
		}
		u.places.touch(class, t, mayWrite(th))
	}
	u.void = u.void || u.places.merged
	u.places.merged = false
	return !u.void
}

// apart says whether it is known that a step does nothing at the places of what the thread
// stands before.
func (u *usage) apart(th *thread, step *access) bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	class, known := u.places.find(th)
	if !known || u.void || u.places.one {
		return false
	}
	a := access{class: class, writes: mayWrite(th), kill: th.event.Kind == Kill}
	b := access{class: u.places.root(step.class), writes: step.writes, kill: step.kill}
	return !a.depends(&b)
}

// stands says whether no step is taken at once.
func (u *usage) stands() bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.still
}

// broken says whether what was relied on is wrong.
func (u *usage) broken() bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.void
}

// known is note of what is known; false: it is not.
func (u *usage) known(threads []*thread, enabled, waiting uint64, stands []access) bool {
	for e := enabled | waiting; e != 0; e &= e - 1 {
		t := lowest(e)
		th := threads[t]
		if th.event.Kind == Kill {
			if !u.still {
				return false
			}
			continue
		}
		class, known := u.places.find(th)
		if !known || !u.places.touched(class, t, mayWrite(th)) {
			return false
		}
		if enabled&th.bit != 0 && stands != nil {
			stands[t].class = class
		}
	}
	return !u.void
}

func mayWrite(th *thread) bool {
	return th.event.Kind.writes() || th.changes != nil
}

// private gives one of the threads whose step is on a place that it has for itself,
// -1 if there is none, and whether there are movers at all.
func (u *usage) private(threads []*thread, of uint64, stands []access) (thread int, movers bool) {
	u.mu.RLock()
	if u.still {
		u.mu.RUnlock()
		return -1, false
	}
	thread, how := -1, notPrivate
	for e := of; e != 0 && how == notPrivate; e &= e - 1 {
		thread = lowest(e)
		how = u.places.privately(stands[thread].class, thread, threads[thread].event.Kind.writes())
	}
	u.mu.RUnlock()
	switch how {
	case notPrivate:
		return -1, true
	case reliedOn:
		return thread, true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.places.private(stands[thread].class, thread, threads[thread].event.Kind.writes()) {
		return -1, true // another worker has just found out that it is not
	}
	return thread, true
}

// share notes that the place is not to be taken for one that a thread has to itself;
// false: the search must begin again.
func (u *usage) share(class int32) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	at := u.places.usersOf(u.places.root(class))
	u.void = u.void || at.relied || at.read
	at.any, at.writer = several, several
	return !u.void
}

// rely says whether the guard may be relied on, and notes that it is.
func (u *usage) rely(guard int) bool {
	u.mu.RLock()
	known := guard < len(u.guards) && (u.guards[guard].relied || u.guards[guard].against != "")
	trusted := !known || u.guards[guard].against == ""
	u.mu.RUnlock()
	if known {
		return trusted
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	t := u.trust(guard)
	t.relied = t.against == ""
	return t.relied
}

// distrust notes why the guard is not to be relied on; false: the search must begin again.
func (u *usage) distrust(guard int, why func() string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if t := u.trust(guard); t.against == "" {
		t.against = why()
		u.void = u.void || t.relied
	}
	return !u.void
}

// astray notes that it is not known where it stands who holds the lock of the guard, so
// that any step may change it: none is taken at once. false: the search must begin again.
func (u *usage) astray(guard int, why func() string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if t := u.trust(guard); t.against == "" {
		t.against = why()
	}
	u.still, u.void = true, u.void || !u.still
	return !u.void
}

func (u *usage) trust(guard int) *trust {
	for len(u.guards) <= guard {
		u.guards = append(u.guards, trust{})
	}
	return &u.guards[guard]
}

// distrusted gives why guards were not relied on.
func (u *usage) distrusted() (why []string) {
	for _, t := range u.guards {
		if t.against != "" {
			why = append(why, t.against)
		}
	}
	return why
}
