package schedule

import (
	"math"
	"slices"
	"time"
)

// Clock is the time that the program's own code sees: leases, time-outs,
// back-off. It stands still until a step moves it, which is a step as any other: it
// belongs to a daemon thread of the clock's name, it has a location, and a strategy
// takes it when it chooses to. So time passes when no other thread can go on, and
// also wherever a strategy lets it pass: between a look at the clock and the act
// that relies on it, say.
//
// Each such step moves the clock to the next instant for which somebody waits, or
// that was named to T.Clock. Other instants could not be told from it by a program
// that compares the time with none but these; name those with which yours does.
//
// Instants count from the beginning of the execution. The clock has no drift:
// threads that read it in one state read one time.
type Clock struct {
	now *Word // nanoseconds
	// instants are those to come, ascending. They follow from the time and from what
	// the waiting threads stand before.
	instants []uint64
	passes   string // the name of the step that moves it
}

// Clock makes a clock that stands at 0, and the daemon that moves it. Only the
// set-up may. The instants are those to which time comes although nobody waits for
// them; one that is not after 0 has passed.
func (t *T) Clock(name string, instants ...time.Duration) *Clock {
	c := &Clock{now: t.Word(name, 0), passes: name + " moves"}
	for _, at := range instants {
		c.arm(at)
	}
	// They tell no states apart, but steps on the clock's place look at them.
	t.SharedAt("instants of "+name, func(d *Digest) {
		for _, at := range c.instants {
			d.Word(at)
		}
	}, Span{c.now.at, 8})
	t.Daemon(name, func() {
		for {
			t.Mark(name)
			t.AwaitStep(Event{Name: c.passes, Kind: Store, Location: c.now.at, Size: 8}, c.pending)
			c.move()
		}
	})
	t.r.threads[t.r.declared-1].own = true
	return c
}

// pending says whether there is an instant to which the clock can move.
func (c *Clock) pending() bool { return len(c.instants) > 0 }

// move moves the clock to the next instant.
func (c *Clock) move() {
	next := c.instants[0]
	for c.pending() && c.instants[0] == next {
		c.instants = slices.Delete(c.instants, 0, 1)
	}
	c.now.v = next
	c.saw()
}

// arm adds an instant for which somebody waits, unless it has passed.
func (c *Clock) arm(at time.Duration) {
	if v := uint64(max(at, 0)); v > c.now.v {
		i, _ := slices.BinarySearch(c.instants, v)
		c.instants = slices.Insert(c.instants, i, v)
	}
}

// disarm takes back an instant that was armed, unless it has passed.
func (c *Clock) disarm(at time.Duration) {
	if i, found := slices.BinarySearch(c.instants, uint64(max(at, 0))); found {
		c.instants = slices.Delete(c.instants, i, i+1)
	}
}

// saw tells the time that the running thread's last step read or set.
func (c *Clock) saw() {
	t := c.now.t
	t.SawValue(c.now.v)
	t.Saw("%v", c.Peek())
}

// Location gives the place of the clock: who awaits something until an instant
// looks at it.
func (c *Clock) Location() Location { return c.now.at }

// Peek gives the time without a step: for checks, at the end and in predicates, as
// Word.Peek does.
func (c *Clock) Peek() time.Duration { return time.Duration(c.now.Peek()) }

// Now gives the time. It is one step, a read.
func (c *Clock) Now() time.Duration {
	c.now.step(c.now.names.load, Load)
	c.saw()
	return c.Peek()
}

// Sleep waits until d has passed since its first step: a step that sets the timer,
// and if d is positive an await.
func (c *Clock) Sleep(d time.Duration) {
	c.until(c.timer(func() time.Duration { return after(c.Peek(), d) }))
}

// after is d after the instant, or the last instant that there is if that is sooner.
func after(at, d time.Duration) time.Duration {
	if d > math.MaxInt64-at {
		return math.MaxInt64
	}
	return at + d
}

// SleepUntil waits until the instant has come: a step that sets the timer, and an
// await if it is yet to come. The clock may be past it when the wait ends.
func (c *Clock) SleepUntil(at time.Duration) {
	c.until(c.timer(func() time.Duration { return at }))
}

// until waits for an instant for which a timer is set.
func (c *Clock) until(at time.Duration) {
	if c.Peek() < at {
		c.now.await(c.now.names.await, Await, func(now uint64) bool { return time.Duration(now) >= at })
		c.saw()
	}
}

// timer is the step that reads the time and sets a timer for an instant.
func (c *Clock) timer(of func() time.Duration) time.Duration {
	c.now.step(c.now.names.set, Swap)
	at := of()
	c.arm(at)
	c.saw()
	return at
}

// AwaitUntil is T.Await with a time-out: it waits until ok() is true or the instant
// has come, and says whether ok() was. Where both hold by the time that the thread
// goes on, either may have been first, and T.Choose decides. It is a step that sets
// the timer, and the step that waits, which takes the timer back.
//
// ok and on are as those of T.Await. The places in on and the clock's are one to
// searches that reduce.
func (c *Clock) AwaitUntil(at time.Duration, name string, ok func() bool, on ...Location) bool {
	t := c.now.t
	if ok == nil {
		t.alive("AwaitUntil").misused("AwaitUntil %q without a predicate: to wait for the instant alone is SleepUntil", name)
	}
	c.timer(func() time.Duration { return at })
	r, th := t.thread("AwaitUntil")
	if th == nil {
		r.misused("AwaitUntil %q where nothing interleaves: only a thread can wait", name)
	}
	th.stands(Event{Name: name, Kind: Swap, Location: c.now.at, Size: 8}, on)
	th.ok = func() bool { return ok() || c.Peek() >= at } // ok first: what it looks at counts
	r.waiting |= th.bit
	r.pause(th)
	came, passed := r.predicate(th, ok), c.Peek() >= at
	c.disarm(at)
	t.SawValue(uint64(oneIf(came))<<1 | uint64(oneIf(passed)))
	t.Saw("%s", map[bool]string{true: "came", false: "timed out"}[came])
	if came && passed {
		came = t.Choose(name+" before the time-out", 2) == 0
	}
	return came
}
