package explore

import (
	"fmt"
	"time"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// The properties of target donation, beside those of the channel.
const (
	OnePoller    = "one worker at a time has the polling place, and only it receives"
	PlaceKept    = "the polling place is never lost"
	NoDelay      = "a handler that blocks delays no other call"
	MostWorkers  = "a pool has no more workers than it may have"
	StopsOnce    = "a pool stops once" // what real threads wait for is closed, which may be done once
	ResumeKept   = "goroutines lose no resume that comes before the monitor's rest"
	AllLeave     = "after the stop every worker leaves"
	OneRing      = "one donation with each ring, told before it"
	DonorParks   = "no caller polls while its space's processor is out"
	GoesBack     = "a donated processor goes back when no call is left"
	BooksBalance = "every donated processor was returned, once"
)

// What handlers do, by the words of parameter handlers.
const (
	handlersReturn = iota
	handlersWork   // a step of their own, in which they may be taken for slow
	handlersBlock  // the first call waits until those of the other callers were executed
	handlersExit   // the first call ends its thread
)

// When the pool is stopped, by the words of parameter stop.
const (
	neverStopped = iota
	stoppedAfter // the calls
	stoppedAnyTime
)

// donationName is the target's name.
const donationName = "donation"

var donationTarget = Target{
	Name: donationName,
	Doc:  "two spaces: callers that donate their processor, a pool that deals its polling place out and returns it",
	Parameters: []catalogue.Parameter{
		{Name: "processors", Doc: "of the machine; 0: each thread has its own", Default: 2, Max: 4},
		{Name: "clients", Doc: "calling threads of the client", Default: 1, Min: 1, Max: 4},
		{Name: "workers", Doc: "the most workers of the server's pool", Default: 1, Min: 1, Max: 4},
		{Name: "calls", Doc: "calls of each thread", Default: 2, Min: 1, Max: 1000},
		slotsParameter, startParameter,
		{Name: "donate", Doc: "whether a caller donates its processor when it wakes the peer", Default: 1, Max: 1, Words: []string{"no", "yes"}},
		pollParameter(1),
		{Name: "handlers", Doc: "what handlers do: return at once, work a step, block the first call until those of the other callers were executed, end the first call's thread",
			Max: 3, Words: []string{"return", "work", "block", "exit"}},
		{Name: "stop", Doc: "when the pool is stopped", Max: 2, Words: []string{"never", "after", "any"}},
		{Name: "preempt", Doc: "how often the kernel may pre-empt a thread between steps", Max: 3},
		{Name: "spurious", Doc: "how often the kernel may wake a sleeper for nothing", Max: 3},
		looksParameter,
	},
	Configurations: []catalogue.Configuration{
		donationOf("default", "two processors, one caller, two calls", nil),
		donationOf("alone", "one processor: nobody runs unless the other gives it up", map[string]int{"processors": 1}),
		donationOf("two-callers", "one processor and two callers: one donation serves both", map[string]int{"processors": 1, "clients": 2, "calls": 1, "slots": 1}),
		donationOf("two-donors", "two processors, both of callers", map[string]int{"clients": 2, "calls": 1, "slots": 1}),
		donationOf("never", "polling without donation", map[string]int{"donate": 0}),
		donationOf("preempted", "one processor, taken away once", map[string]int{"processors": 1, "calls": 1, "preempt": 1}),
		donationOf("place", "a pool of two, whose polling place is taken from a worker that works", map[string]int{"processors": 0, "workers": 2, "calls": 1, "handlers": handlersWork, "poll": 0}),
		donationOf("handed", "the same with a processor that was donated, and polling", map[string]int{"workers": 2, "calls": 1, "handlers": handlersWork}),
		donationOf("blocked", "a handler that waits for the other call's", map[string]int{"processors": 0, "clients": 2, "workers": 2, "calls": 1, "slots": 1, "handlers": handlersBlock, "poll": 0, "donate": 0}),
		donationOf("idle", "the same, and the monitor's time comes once while the pool is idle", map[string]int{"processors": 0, "clients": 2, "workers": 2, "calls": 1, "slots": 1, "handlers": handlersBlock, "poll": 0, "donate": 0, "looks": 1}),
		donationOf("exit", "a handler that ends its thread", map[string]int{"processors": 0, "calls": 2, "handlers": handlersExit, "poll": 0}),
		donationOf("exit-2", "the same in a pool of two", map[string]int{"processors": 0, "workers": 2, "calls": 2, "handlers": handlersExit, "poll": 0}),
		donationOf("stop", "a pool that is stopped at any time", map[string]int{"processors": 0, "calls": 1, "stop": stoppedAnyTime, "poll": 0}),
		donationOf("stop-calls", "a pool that is stopped at any time, and two calls", map[string]int{"processors": 0, "calls": 2, "stop": stoppedAnyTime, "poll": 0}),
		donationOf("stop-2", "a pool of two that is stopped at any time", map[string]int{"processors": 0, "workers": 2, "calls": 1, "handlers": handlersWork, "stop": stoppedAnyTime, "poll": 0}),
		donationOf("stop-after", "a pool of two that is stopped after the calls", map[string]int{"workers": 2, "calls": 1, "stop": stoppedAfter}),
		donationOf("wrap", "two processors, one caller, two calls; positions, and counts of donated processors, that wrap at 2^32", map[string]int{"start": near2to32}),
		tooLarge(donationOf("large", "three callers, three workers, two calls each", map[string]int{"clients": 3, "workers": 3, "slots": 1, "handlers": handlersWork, "preempt": 1})),
	},
	Properties: []string{
		memory.MutualExclusion, memory.OneLeader, memory.InOrder, memory.NoOverwriting, memory.OwnResult, memory.ExactlyOnce,
		memory.NoSleepOnCall, memory.NoSleepOnReply, memory.ParkedCounts, memory.BlockedCounts, HonestPeer,
		memory.OneDonation, memory.NoneReady, memory.ReadyCounts, memory.LooksFirst,
		OnePoller, PlaceKept, NoDelay, SecondLook, TakenAway, HiredAsLast, MayRest, ResumeKept, MostWorkers, StopsOnce, AllLeave, OneRing, DonorParks, GoesBack, BooksBalance, NoBypass,
	},
	Program:  donationProgram,
	possible: donationPossible,
}

func pollParameter(otherwise int) catalogue.Parameter {
	return catalogue.Parameter{Name: "poll", Doc: "whether there is polling before parking, for as long as the scheduler lets it be", Default: otherwise, Max: 1, Words: []string{"no", "yes"}}
}

var looksParameter = catalogue.Parameter{Name: "looks", Doc: "how often the monitor of a pool looks while no call is in its handler", Max: 3}

// donationOf is a configuration: what it sets, and the parameters' defaults.
func donationOf(name, doc string, set map[string]int) catalogue.Configuration {
	return catalogue.Configuration{Name: name, Doc: doc, Set: set}
}

func donationPossible(v catalogue.Values) error {
	switch {
	case v.Int("handlers") == handlersBlock && v.Int("workers") < 2:
		return fmt.Errorf("a handler that waits for another one needs a second worker")
	case v.Int("handlers") == handlersBlock && v.Int("clients") < 2:
		return fmt.Errorf("a handler that waits for another call's needs a second caller")
	}
	return channelPossible(v)
}

// donating is one execution of the target.
type donating struct {
	*calling
	pool     *processor.Pool
	crew     *Crew
	workers  int
	handlers int
	stop     int
	first    uint32 // how many processors had been donated, and had gone back, before
	ran      int    // calls that were executed
	run      bool
	live     []uint64
	// order, if set, puts the server's threads into an order: it matters to no more
	// than which of two states is met first.
	order func(server []declared)
	// without, if set, leaves something out of what is declared: what tests plant.
	without func([]placed) []placed
}

func donationProgram(v catalogue.Values) func(*schedule.T) {
	return donationProgramWith(v, func(*donating) {})
}

// donationProgramWith is donationProgram, whose executions are changed before they begin.
func donationProgramWith(v catalogue.Values, change func(*donating)) func(*schedule.T) {
	return watchedDonation(v, change, Watch{})
}

// watchedDonation is donationProgramWith with a watch, which sees what the target's own
// checks let pass: it is never alone.
func watchedDonation(v catalogue.Values, change func(*donating), w Watch) func(*schedule.T) {
	names := numbered("client", v.Int("clients"))
	return func(t *schedule.T) {
		c := newCalling(t, donationName, v, simulated, false)
		d := &donating{calling: c, first: size(v).Start, workers: v.Int("workers"), handlers: v.Int("handlers"), stop: v.Int("stop")}
		if d.stop != neverStopped {
			c.machine.besides = besidesOf(shm.Nudged)
		}
		if n := v.Int("processors"); n > 0 {
			c.machine.Processors(n, v.Int("preempt"))
		}
		d.crew = c.machine.Crew(c.region, func() *shm.View { return d.pool.Private() })
		d.pool = processor.New(processor.Config{
			Port: c.server, Kernel: c.kernel, Handler: d.handle, Workers: v.Int("workers"), Poll: pollFor(v),
			Exited: d.exited, Crew: d.crew, Hook: c.region, Calls: size(v).Start,
			AwaitRoom: mayFill(len(c.opened), c.server),
		})
		c.region.pool = newPoolGhost(c.machine, d)
		d.crew.ghost, d.crew.looks = c.region.pool, v.Int("looks")
		c.machine.onPause = c.region.pool.pause
		c.machine.stopped = func() bool { return d.crew.stopped }
		if w.Observer != nil {
			c.machine.observer = w.Observer
			w.Observer.Begin(Watched{
				T: t, machine: c.machine, threads: c.threads, calling: c,
				Segments: [3]*shm.View{c.region.segments[channel.Calls], c.region.segments[channel.Replies], c.caller.Private()},
				Pool:     d.pool.Private(),
			})
		}
		change(d)
		parts := d.parts()
		if d.without != nil {
			parts = d.without(parts)
		}
		d.declareState(parts)
		d.start(names)
	}
}

// pollFor is how long both sides poll.
func pollFor(v catalogue.Values) time.Duration {
	if v.Int("poll") == 0 {
		return -1
	}
	return time.Microsecond
}

// start declares the threads: those of the pool start as it runs. Those of callers
// come first, since call i is that of thread i.
func (d *donating) start(names []string) {
	d.names = names
	for i, name := range names {
		d.t.Daemon(name, func() { d.calling.run(i) })
	}
	server := append([]declared{{"pool", d.runPool}}, d.crew.crew(d.workers)...)
	if d.stop != neverStopped {
		server = append(server, declared{"stopper", d.stopPool})
	}
	if d.order != nil {
		d.order(server)
	}
	d.machine.declareAll(server)
	d.t.AtEnd(func() {
		if o := d.machine.observer; o != nil {
			d.machine.observer = nil // what follows are looks, not steps
			o.End()
		}
		d.end()
	})
}

func (d *donating) runPool() {
	d.check(ResumeKept, keepsResume(), "a monitor that is told to go on just before it rests, rests for ever")
	err := d.pool.Run()
	d.check(HonestPeer, err == nil, "the pool ended with: %v", err)
	d.run = true
	d.machine.leaves()
}

func (d *donating) stopPool() {
	if d.stop == stoppedAfter {
		d.machine.await(step.Work, func() bool { return d.waiting() == "" }, d.endsAt()...)
		d.t.SawValue(0)
	}
	d.pool.Stop()
	d.machine.over()
	d.machine.leaves()
}

// endsAt are the places at which calls end.
func (d *donating) endsAt() []schedule.Location {
	on := []schedule.Location{locate(d.region.number, call.Private, call.Ready)}
	for i := range d.ended {
		on = append(on, locate(d.region.number, call.Private, call.State(i)))
	}
	return on
}

func (d *donating) worksAt() schedule.Location { return locate(d.region.number, works, 0) }

// handle is the procedure of the pool.
func (d *donating) handle(called uint32, request, reply []byte) (uint32, []byte) {
	number, _ := get(request)
	first := number == argument(0)
	if d.handlers != handlersReturn {
		d.machine.step(step.Work, schedule.Event{Name: step.Work.String(), Kind: schedule.Store, Location: d.worksAt(), Size: 4})
		d.t.SawValue(0)
	}
	d.ran++
	status, payload := d.execute(called, request, reply)
	switch {
	case d.handlers == handlersBlock && first:
		d.machine.await(step.Work, func() bool { return d.ran == len(d.executed)-d.calls+1 }, d.worksAt())
		d.t.SawValue(0)
	case d.handlers == handlersExit && first:
		d.region.pool.self().exiting = true
		panic(exited{})
	}
	return status, payload
}

// exited is the reply to a call whose handler has ended its thread: that to call 0.
func (d *donating) exited(reply []byte) (uint32, []byte) {
	return procedure, put(reply, result(argument(0)))
}

// end judges an execution in which nobody can go on.
func (d *donating) end() {
	g, pool := d.region.ghost, d.region.pool
	d.machine.processors = nil // what follows are looks, not steps
	d.region.ghost, d.region.pool = nil, nil
	d.machine.besides, d.machine.forgets, d.machine.copies = 0, false, false
	calls, replies := queued(d.server), queued(d.client)
	waiting := d.waiting()
	leaders := d.machine.asleepOn(d.region.number, channel.Replies)
	pollers := d.machine.asleepOn(d.region.number, channel.Calls)
	if d.crew.stopped {
		d.t.Check(AllLeave, d.crew.running == 0 && d.run, "the pool is stopped, and %d of its threads have not left", d.crew.running)
	} else {
		d.t.Check(PlaceKept, pool.poller != none || d.crew.offered, "nobody polls, and the polling place is not offered")
		d.t.Check(memory.NoSleepOnCall, !calls || pollers == 0, "a call is queued, and the worker with the polling place is asleep")
		if d.handlers == handlersBlock {
			d.t.Check(NoDelay, waiting == "", "nobody can go on, one handler waits for another call's, and still waiting are: %s", waiting)
		}
		d.t.Check(Deadlock, waiting == "", "nobody can go on; waiting: %s", waiting)
		d.t.Check(memory.InOrder, !calls && !replies, "a message was left in a queue")
	}
	d.t.Check(memory.NoSleepOnReply, !replies || leaders == 0, "a reply is queued, and the caller that leads is asleep")
	d.counts(pollers, leaders)
	d.t.Check(memory.BlockedCounts, g.blocking == d.blocked(), "%d callers have announced that they block", g.blocking)
	n, donated := d.pool.Counters(), uint64(d.region.segments[channel.Calls].Peek(g.words.Donated)-d.first)
	if d.crew.stopped {
		d.t.Check(BooksBalance, n.Returns <= donated, "%d processors went back of %d", n.Returns, donated)
		return
	}
	d.t.Check(BooksBalance, n.Returns == donated, "%d processors went back of %d that were donated", n.Returns, donated)
	ready := d.caller.Private().Peek(call.Ready)
	d.t.Check(memory.ReadyCounts, ready == 0, "nobody can go on, and %d callers are announced as ready", ready)
}

// blocked is what the word says of callers that block: at the end there are some
// only where the pool was stopped.
func (d *donating) blocked() int {
	return int(d.caller.Private().Peek(call.Blocked))
}
