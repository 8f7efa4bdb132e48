package schedule

// Mutex is a blocking lock for programs that are written against this package.
// Lock is one event, which is enabled only while the lock is free. It is made by
// T.Mutex, in the set-up.
type Mutex struct {
	w      *Word
	holder int // index of the thread that holds it; -1: none, or the set-up
}

// The word of a lock that is held tells by whom, since that is part of the state: it
// is that of the set-up and the index of the thread, plus one.
const (
	mutexFree uint64 = 0
	mutexHeld uint64 = 1
)

func isFree(v uint64) bool { return v == mutexFree }

// Mutex makes a lock that is free. Only the set-up may.
func (t *T) Mutex(name string) *Mutex {
	w := t.Word(name, mutexFree)
	return &Mutex{w: w, holder: -1}
}

// Location gives the place of the lock's word.
func (m *Mutex) Location() Location { return m.w.at }

// Lock waits until the lock is free and takes it.
func (m *Mutex) Lock() {
	m.w.await(m.w.names.lock, Swap, isFree)
	m.w.t.SawValue(mutexFree)
	m.take()
}

// TryLock takes the lock if it is free, and says whether it did. One that fails orders
// nothing, as in the Go memory model: what the holder did before is not synchronized before
// it (Options.DataRaces).
func (m *Mutex) TryLock() bool {
	if !m.w.compareAndSwap(m.w.names.try, mutexFree, mutexHeld, tryLock) {
		return false
	}
	m.take()
	return true
}

func (m *Mutex) take() {
	m.holder = -1
	if th := m.w.t.r.running; th != nil {
		m.holder = th.index
		th.holds++
	}
	m.w.v = mutexHeld + uint64(m.holder+1)
}

// Unlock frees the lock. A thread that does not hold it fails property "mutex".
func (m *Mutex) Unlock() {
	m.w.step(m.w.names.unlock, Store)
	m.free()
}

func (m *Mutex) free() {
	th := m.w.t.r.running
	switch {
	case m.w.v == mutexFree:
		m.w.t.Fail("mutex", "%s is unlocked and was free", m.w.names.word)
	case th != nil && m.holder != th.index:
		m.w.t.Fail("mutex", "%s is unlocked by %s, which does not hold it", m.w.names.word, th.name)
	}
	m.w.v, m.holder = mutexFree, -1
	if th != nil {
		th.holds--
	}
}

// Held says whether anybody holds the lock, without a step: for checks, at the end and in
// predicates (Word.Peek).
func (m *Mutex) Held() bool { return m.w.Peek() != mutexFree }
