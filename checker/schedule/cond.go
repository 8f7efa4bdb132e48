package schedule

import "slices"

// Cond is a condition variable of a Mutex. It is made by T.Cond, in the set-up. As with
// sync.Cond, a Signal or a Broadcast is synchronized before the return of each Wait that it
// wakes, and nothing else is by them (Options.DataRaces).
type Cond struct {
	m       *Mutex
	w       *Word // its location stands for the queue
	waiters []*waiter
}

// waiter is one call of Wait.
type waiter struct {
	thread int
	woken  bool
}

// Cond makes a condition variable whose waiters hold m. Only the set-up may.
func (t *T) Cond(name string, m *Mutex) *Cond {
	if m == nil {
		t.alive("Cond").misused("Cond %q without a mutex that its waiters hold", name)
	}
	c := &Cond{m: m, w: t.Word(name, 0)}
	c.w.queue = true
	t.SharedAt("waiters of "+name, c.digest, Span{c.w.at, 8})
	return c
}

// digest adds who waits and was not woken. Who was woken may go on, and is told
// apart by that.
func (c *Cond) digest(d *Digest) {
	d.Word(uint64(len(c.waiters)))
	for _, w := range c.waiters {
		d.Word(uint64(w.thread))
	}
}

// Wait frees the mutex and begins to wait, in one step; awaits that it is woken;
// and takes the mutex again: three steps. It does not wake for nothing.
func (c *Cond) Wait() {
	r, th := c.w.t.thread("Wait")
	if th == nil {
		r.misused("Wait for condition %s where nothing interleaves: only a thread can wait", c.w.names.word)
	}
	r.drain(th)
	th.stands(Event{Name: "wait " + c.w.names.word, Kind: Store, Location: c.w.at, Size: 8}, []Location{c.m.w.at})
	r.ready |= th.bit
	r.pause(th)
	c.m.free()
	self := &waiter{thread: th.index}
	c.waiters = append(c.waiters, self)
	c.w.t.Await(c.w.names.await, func() bool { return self.woken }, c.w.at)
	c.w.t.SawValue(1)
	c.m.Lock()
}

// Signal wakes one waiter, if there is any: each is tried.
func (c *Cond) Signal() {
	c.w.step("signal "+c.w.names.word, Wake)
	c.w.t.SawValue(uint64(len(c.waiters)))
	if n := len(c.waiters); n > 0 {
		i := c.w.t.Choose("who is woken", n)
		c.wake(c.waiters[i : i+1])
		c.waiters = slices.Delete(c.waiters, i, i+1)
	}
}

// Broadcast wakes all waiters.
func (c *Cond) Broadcast() {
	c.w.step("broadcast "+c.w.names.word, Wake)
	c.w.t.SawValue(uint64(len(c.waiters)))
	c.wake(c.waiters)
	c.waiters = c.waiters[:0]
}

func (c *Cond) wake(waiters []*waiter) {
	r := c.w.t.r
	for _, w := range waiters {
		w.woken = true
		if r.detector != nil && r.running != nil {
			r.detector.wakes(r.running.index, w.thread)
		}
	}
}
