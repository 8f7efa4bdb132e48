package explore

import (
	"context"
	"time"

	"urpc/checker/schedule"
	"urpc/spec/step"
)

// endingContext is a context that a thread of the target ends, at any moment: its
// end is a step, and so is each look at it. It starts no goroutine. It is a
// context.Context of one call.
//
//	LookContext: if err ≠ nil then return err
//	Watch:       if err = nil then nudge := f else called := called + f
//	Unwatch:     nudge := nil
//	Expire:      clock := deadline, if that is later           \* only with a deadline
//	Cancel:      err := the reason; whoever blocks may go on
//	TakeWatch:   called := called + nudge, if there is one;  nudge := nil
//	Nudge:       await called ≠ nothing; run one of it         \* callWatches
//
// The clock passes a deadline before the context knows: its timer is late, by as
// much as the schedule likes.
//
// A watch is what context.AfterFunc makes it: the end comes to the watch some time after
// the context has ended, unless the watch was stopped before; what it calls runs some time
// later, however the call has ended meanwhile; and a watch that begins after the end calls
// at once. All of that is one suite for both (TestSimulatedThreads, TestGoroutinesAreThreads).
type endingContext struct {
	m        *Machine
	at       schedule.Location
	done     chan struct{}
	err      error
	deadline int64  // 0: none
	nudge    func() // what watches it, until that is stopped or the end has come to it

	// What checks look at.
	begun     bool // its call has begun: it has looked at the context
	timed     bool // and at the clock
	early     bool // the end, or the deadline, came before
	told      bool // its thread was told so
	watched   bool // its thread has it watched
	unwatched bool // and has stopped that
	roused    bool // its thread went on for it from something that it awaited
	unpolled  bool // its thread polled, and went on for it
	overslept uint8
	received  uint8 // replies since it was looked at, where a server sends many
}

var _ context.Context = (*endingContext)(nil)

// over says whether who looks finds that the context has ended, or that its
// deadline has passed.
func (c *endingContext) over() bool {
	return c.err != nil || c.deadline != 0 && c.deadline <= c.m.clock
}

// rouses says whether the thread goes on for its context from what it awaits: once.
// What polls looks then, and does not come back; what comes back polls for ever.
func (c *endingContext) rouses() bool { return c.over() && !c.roused }

// awaited is told when the thread has gone on.
func (c *endingContext) awaited() { c.roused = c.roused || c.over() }

// Deadline implements context.Context.
func (c *endingContext) Deadline() (time.Time, bool) {
	return time.Unix(0, c.deadline), c.deadline != 0
}

// Done implements context.Context.
func (c *endingContext) Done() <-chan struct{} { return c.done }

// Err implements context.Context.
func (c *endingContext) Err() error {
	c.m.step(step.LookContext, schedule.Event{Name: step.LookContext.String(), Kind: schedule.Load, Location: c.at, Size: 4})
	c.m.saw(uint32(bit(c.err != nil)))
	c.begun, c.received = true, 0
	if c.err != nil {
		c.told = true
	}
	return c.err
}

// Value implements context.Context.
func (c *endingContext) Value(any) any { return nil }

// watch has f called when the context ends.
func (c *endingContext) watch(f func()) (stop func() bool) {
	c.m.step(step.Watch, schedule.Event{Name: step.Watch.String(), Kind: schedule.Store, Location: c.at, Size: 4})
	c.m.saw(uint32(bit(c.err != nil)))
	c.watched = true
	if c.err != nil {
		c.m.called = append(c.m.called, f)
	} else {
		c.nudge = f
	}
	return c.unwatch
}

// unwatch stops the watch, and says whether it was in time: then the end calls nothing.
func (c *endingContext) unwatch() bool {
	c.m.step(step.Unwatch, schedule.Event{Name: step.Unwatch.String(), Kind: schedule.Swap, Location: c.at, Size: 4})
	inTime := c.nudge != nil
	c.m.saw(uint32(bit(inTime)))
	c.nudge, c.watched, c.unwatched = nil, false, true
	return inTime
}

// end ends the context. It is called by a thread that does nothing else.
func (c *endingContext) end(how ending) {
	if how != cancelled {
		c.m.pass(c.deadline)
		c.early = c.early || !c.timed
	}
	if how == passed {
		return
	}
	c.m.step(step.Cancel, schedule.Event{Name: step.Cancel.String(), Kind: schedule.Store, Location: c.at, Size: 4})
	c.m.saw(1)
	c.early = c.early || !c.begun
	if c.err = context.Canceled; how == expired {
		c.err = context.DeadlineExceeded
	}
	close(c.done)
	if c.nudge != nil {
		c.takeWatch()
	}
}

// takeWatch has what watches the context called, unless the watch is stopped before.
func (c *endingContext) takeWatch() {
	c.m.step(step.TakeWatch, schedule.Event{Name: step.TakeWatch.String(), Kind: schedule.Swap, Location: c.at, Size: 4})
	c.m.saw(uint32(bit(c.nudge != nil)))
	if c.nudge != nil {
		c.m.called = append(c.m.called, c.nudge)
	}
	c.nudge = nil
}

// callWatches is a thread that runs what watches call, as Go does on a goroutine for each:
// some time after the end of the context, or after a watch that began later. contexts are
// their places. What runs takes one step of the machine's at most, a nudge, which is
// awaited here: so which runs first makes no difference.
func (m *Machine) callWatches(at schedule.Location, contexts ...schedule.Location) {
	e := schedule.Event{Name: step.Nudge.String(), Kind: schedule.Wake, Location: at, Size: 4}
	for {
		m.t.Mark("nudges")
		m.takeWhen(step.Nudge, e, func() bool { return len(m.called) > 0 }, contexts...)
		f := m.called[0]
		m.called = m.called[1:]
		f()
		m.taken = step.None
	}
}

// ending is how contexts end.
type ending int

const (
	cancelled ending = iota
	// expired: the clock passes their deadline, and then they end.
	expired
	// passed: the clock passes their deadline, and their timer never comes.
	passed
)

var endings = []string{"cancel", "deadline", "clock"}

// state adds what the context is to a digest.
func (c *endingContext) state(d *schedule.Digest) {
	d.Word(bit(c.err != nil) | bit(c.nudge != nil)<<1 | bit(c.begun)<<2 | bit(c.early)<<3 | bit(c.told)<<4 | bit(c.unwatched)<<5 | bit(c.roused)<<6 |
		bit(c.timed)<<7 | bit(c.watched)<<8 | uint64(c.overslept)<<9 | uint64(c.received)<<16)
}
