package explore

import (
	"sync"

	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Crew is the threads of a pool under the schedule: the polling place, the
// monitor's rest and its looks are awaits.
//
//	Take: await offered or stopped;  if both hold, either    \* as Go's select
//	Rest: await resumed or stopped;  the same
//	Tick: await a call in its handler, or stopped, or up to so often nothing
//
// A look may come at any time: how long a handler takes is the scheduler's choice.
// The monitor of a pool that is idle would look for ever: looks while no call is in its
// handler are bounded (looks), so that executions end. They are no less than real ones:
// a timer that the monitor began before its rest, or that comes just after it.
type Crew struct {
	m       *Machine
	region  uint8
	private func() *shm.View // of the pool, which is made after its crew

	offered, resumed, stopped bool
	threads                   []crewThread // the monitor, then the workers
	running                   int
	waiting                   int        // workers that wait for the polling place
	looks                     int        // at an idle pool that may still come
	ghost                     *poolGhost // checks the place, and more, instead of the crew
	holder                    int        // thread that has the polling place; none
	monitor                   monitoring
	left                      func() // called in a thread that has done what it was given; nil: nobody wants to know

	mayTake, mayResume, mayLook, allEnded func() bool
}

var _ processor.Crew = (*Crew)(nil)

// Places of what the threads of a crew share beside the pool's words.
const (
	placeAt   shm.Offset = 0
	resumeAt  shm.Offset = 4
	runningAt shm.Offset = 8
)

// Crew makes the crew of a pool whose private words will be those of private.
func (m *Machine) Crew(r *Region, private func() *shm.View) *Crew {
	c := &Crew{m: m, region: r.number, private: private, holder: none}
	c.monitor.c = c
	c.mayTake = func() bool { return c.offered || c.stopped }
	c.mayResume = func() bool { return c.resumed || c.stopped }
	c.mayLook = func() bool { return c.stopped || c.handling() != 0 || c.looks > 0 }
	c.allEnded = func() bool { return c.running == 0 }
	return c
}

// watchPlace has the crew follow who has the polling place: one worker at a time, and only
// it receives; and the monitor. What a poolGhost checks beside that is of target donation
// alone.
func (c *Crew) watchPlace(r *Region) { r.crew = c }

// before is called when a thread is about to make an access.
func (c *Crew) before(a shm.Access) {
	self := c.m.t.Self()
	if a.Step == step.TestSetReceive && a.Segment == channel.Replies && self != c.holder && c.serves(self) {
		c.m.t.Fail(OnePoller, "thread %d receives calls, and thread %d has the polling place", self+1, c.holder+1)
	}
	c.monitor.before(a, self)
}

// saw is called with what a load has found, and before a swap with what that will find. The
// monitor takes the place away if that is the call which it has looked at.
func (c *Crew) saw(last step.Name, value uint32) {
	c.monitor.saw(last, value)
	if last == step.TakePlaceAway && value != 0 && value == c.monitor.looked {
		c.holder = none
	}
}

// monitored says whether the pool has a monitor: one of a single worker has none.
func (c *Crew) monitored() bool { return len(c.threads) > 3 }

// monitors says whether a thread is the monitor.
func (c *Crew) monitors(self int) bool { return c.threads[0].do != nil && c.threads[0].is == self }

// serves says whether a thread is a worker.
func (c *Crew) serves(self int) bool {
	for i := range c.threads[1:] {
		if th := &c.threads[1+i]; th.do != nil && th.is == self {
			return true
		}
	}
	return false
}

func (c *Crew) handling() uint32 { return c.private().Peek(processor.Handling) }

func (c *Crew) at(off shm.Offset) schedule.Location { return locate(c.region, crews, off) }

// step is a store to what the crew shares.
func (c *Crew) step(name step.Name, off shm.Offset) {
	c.m.step(name, schedule.Event{Name: name.String(), Kind: schedule.Store, Location: c.at(off), Size: 4})
	c.m.t.SawValue(0)
}

// wait waits for one of a crew's flags, or for the stop. It says whether it takes
// the flag, which it then clears.
func (c *Crew) wait(name step.Name, off shm.Offset, flag *bool, ok func() bool) bool {
	c.m.awaitStep(name, schedule.Event{Name: name.String(), Kind: schedule.Swap, Location: c.at(off), Size: 4}, ok)
	c.m.t.SawValue(bit(*flag)<<1 | bit(c.stopped))
	if !*flag || c.stopped && c.m.t.Choose("stopped before "+name.String(), 2) == 1 {
		return false
	}
	*flag = false
	return true
}

// keepsResume says whether a resume before the rest is kept by goroutines, which no
// target runs: it is the one of their cases (crew_test.go) that needs neither a second
// thread nor time. Of a resume and the stop a rest ends by either, as chance will have
// it: that of so many none ends by the resume has a chance of 2^-64.
var keepsResume = sync.OnceValue(func() bool {
	for range 64 {
		g := processor.Goroutines()
		g.Resume()
		g.Stop()
		if g.Rest() {
			return true
		}
	}
	return false
})

// exited unwinds a thread whose handler ends it: what the thread has deferred is
// run, as by runtime.Goexit, which would end the search.
type exited struct{}

// crewThread is one of a crew's threads. All are declared in the set-up, as searches
// that reduce want it: each waits until it is given something to do, does it, and
// waits for the next.
type crewThread struct {
	do    func()
	given func() bool
	is    int // the thread's number
}

// declared is a thread that a target declares.
type declared struct {
	name string
	do   func()
}

// declareAll declares the threads, in this order.
func (m *Machine) declareAll(threads []declared) {
	for _, th := range threads {
		m.t.Daemon(th.name, th.do)
	}
}

// crew gives the threads of a pool with so many workers, of which one may have ended
// and not have left when the next one starts.
func (c *Crew) crew(workers int) (all []declared) {
	names := append([]string{"monitor"}, numbered("worker", workers+1)...)
	c.threads = make([]crewThread, len(names))
	for i := range c.threads {
		th := &c.threads[i]
		th.given = func() bool { return th.do != nil }
		all = append(all, declared{names[i], func() { c.serve(th) }})
	}
	return all
}

func (c *Crew) serve(th *crewThread) {
	th.is = c.m.t.Self()
	for {
		c.m.t.Mark(step.Begin.String())
		c.m.await(step.Begin, th.given, c.at(runningAt))
		c.m.t.SawValue(0)
		c.do(th)
	}
}

// do does what the thread was given, to its end.
func (c *Crew) do(th *crewThread) {
	defer func() {
		// A thread that is killed goes on unwinding.
		if what := recover(); what != nil && what != any(exited{}) {
			panic(what)
		}
		c.step(step.Exit, runningAt)
		th.do = nil
		if c.left != nil {
			c.left()
		}
		if c.ghost != nil {
			self := c.ghost.self()
			self.exiting, self.received = false, false
		}
		c.running--
		if self := c.m.t.Self(); c.ghost != nil {
			c.ghost.loses(self)
		} else if c.holder == self {
			c.holder = none
		}
	}()
	th.do()
}

// Go implements processor.Crew.
func (c *Crew) Go(role processor.Role, f func()) {
	c.step(step.Begin, runningAt)
	c.running++
	if role == processor.Monitoring {
		c.threads[0].do = f
		return
	}
	if hired, most := c.private().Peek(processor.Hired), len(c.threads)-2; hired > uint32(most) {
		c.m.t.Fail(MostWorkers, "a worker is hired, the %dth of a pool that may have %d", hired, most)
	}
	for i := range c.threads[1:] {
		if th := &c.threads[1+i]; th.do == nil {
			th.do = f
			return
		}
	}
	panic("explore: a pool with more workers than it may have")
}

// Wait implements processor.Crew.
func (c *Crew) Wait() {
	c.m.await(step.Exit, c.allEnded, c.at(runningAt))
	c.m.t.SawValue(0)
}

// Take implements processor.Crew.
func (c *Crew) Take() bool {
	c.waiting++
	taken := c.wait(step.TakePlace, placeAt, &c.offered, c.mayTake)
	c.waiting--
	switch self := c.m.t.Self(); {
	case !taken:
	case c.ghost != nil:
		c.ghost.took(self)
	case c.holder != none:
		c.m.t.Fail(OnePoller, "threads %d and %d both have the polling place", c.holder+1, self+1)
	default:
		c.holder = self
	}
	return taken
}

// Give implements processor.Crew.
func (c *Crew) Give() {
	c.step(step.GivePlace, placeAt)
	c.offered = true
	switch self := c.m.t.Self(); {
	case c.ghost != nil:
		c.ghost.gives(self)
	case c.holder != none && c.holder != self:
		c.m.t.Fail(OnePoller, "thread %d offers the polling place, and thread %d has it", self+1, c.holder+1)
	default:
		c.holder = none
	}
}

// Rest implements processor.Crew.
func (c *Crew) Rest() bool { return c.wait(step.AwaitResume, resumeAt, &c.resumed, c.mayResume) }

// Resume implements processor.Crew.
func (c *Crew) Resume() {
	c.step(step.WakeMonitor, resumeAt)
	c.resumed = true
}

// Tick implements processor.Crew.
func (c *Crew) Tick() bool {
	c.m.await(step.Tick, c.mayLook, locate(c.region, processor.Private, processor.Handling), c.at(resumeAt), c.at(placeAt))
	idle := !c.stopped && c.handling() == 0
	c.m.t.SawValue(bit(idle)<<1 | bit(c.stopped))
	if idle {
		c.looks--
	}
	return !c.stopped
}

// Stop implements processor.Crew.
func (c *Crew) Stop() {
	c.m.step(step.StopCrew, schedule.Event{Name: step.StopCrew.String(), Kind: schedule.Store, Location: c.at(placeAt), Size: 8})
	c.m.t.SawValue(0)
	if c.stopped {
		c.m.t.Fail(StopsOnce, "the threads of a pool are told to go a second time")
	}
	c.stopped = true
}

// declareState declares what the threads of a pool share, each where it changes or is
// looked at. gone says that nobody looks at any of it any more.
func (c *Crew) declareState(r *Region, words channel.Words, pool *processor.Pool, gone func() bool) {
	part := func(name string, f func(*schedule.Digest), on ...schedule.Span) {
		c.m.t.SharedAt(name, func(d *schedule.Digest) {
			if !gone() {
				f(d)
			}
		}, on...)
	}
	for _, off := range []shm.Offset{processor.Handling, processor.Idle, processor.Hired, processor.Stopping, processor.Resting} {
		part("word of the pool", func(d *schedule.Digest) { d.Word(uint64(pool.Private().Peek(off))) }, r.span(processor.Private, off))
	}
	place, resume := schedule.Span{Location: c.at(placeAt), Size: 4}, schedule.Span{Location: c.at(resumeAt), Size: 4}
	part("whether the polling place is offered", func(d *schedule.Digest) { d.Word(bit(c.offered)) }, place)
	part("whether the monitor may go on", func(d *schedule.Digest) { d.Word(bit(c.resumed)) }, resume)
	part("whether the pool is stopped", func(d *schedule.Digest) { d.Word(bit(c.stopped)) }, place, resume)
	part("who has the polling place", func(d *schedule.Digest) { d.Word(uint64(c.holder + 1)) },
		place, r.span(processor.Private, processor.Handling), schedule.Span{Location: c.at(runningAt), Size: 4})
	part("how often the monitor may still look at an idle pool", func(d *schedule.Digest) { d.Word(uint64(c.looks)) },
		r.span(processor.Private, processor.Handling))
	part("who works", func(d *schedule.Digest) {
		for i := range c.threads {
			d.Word(bit(c.threads[i].do != nil))
		}
	}, schedule.Span{Location: c.at(runningAt), Size: 4})
	part("the number of the last call", func(d *schedule.Digest) { d.Word(uint64(pool.Look().Calls)) }, r.span(channel.Replies, words.RecvLock))
	part("processors that went back", func(d *schedule.Digest) { d.Word(pool.Look().Returns) }, r.span(channel.Replies, words.Returned))
	// That the peer broke the protocol shows at any of many steps. Since when the pool
	// is polled is a matter of target donation: no other one polls.
	c.m.t.Shared(func(d *schedule.Digest) {
		if !gone() {
			d.Word(bit(pool.Look().Corrupt))
		}
	})
}
