package explore

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/processor"
	"urpc/spec/memory"
)

// Deadlock is the property that every thread with something to do can go on. It
// has the scheduler's own name for it.
const Deadlock = "deadlock"

// RecordFirst is the property that what a record of a call holds is there before the
// word is written that hands it over: to who receives, when the call is pending; to the
// call's thread, when the reply is delivered.
const RecordFirst = "a record is written before it is handed over"

// RecordKept is the property that what a record holds is written only while its call
// awaits a reply, or was left and awaits it still: else its thread may be reading it, or
// the next call may have it.
const RecordKept = "a record is written only while a reply to its call is awaited"

// channelName is the target's name.
const channelName = "channel"

var channelTarget = Target{
	Name: channelName,
	Doc:  "calls over one channel: threads that lead or block, processors that park and are woken",
	Parameters: []catalogue.Parameter{
		{Name: "clients", Doc: "calling threads of the client", Default: 2, Min: 1, Max: 8},
		{Name: "servers", Doc: "processors of the server", Default: 1, Min: 1, Max: 4},
		{Name: "calls", Doc: "calls of each thread", Default: 1, Min: 1, Max: 1000},
		slotsParameter, startParameter,
		{Name: "spurious", Doc: "how often the kernel may wake a sleeper for nothing", Max: 3},
		donateParameter,
		lengthsParameter,
	},
	Configurations: []catalogue.Configuration{
		channelOf("2-1-1-1", "two threads, one call each, one slot: each queue fills, wraps and empties", 2, 1, 1, 1, nil),
		channelOf("1-1-1-1", "the smallest", 1, 1, 1, 1, nil),
		channelOf("1-1-2-1", "one thread, two calls: each queue wraps", 1, 1, 2, 1, nil),
		channelOf("1-2-1-1", "two processors in the server", 1, 2, 1, 1, nil),
		channelOf("1-2-2-1", "two processors in the server, two calls", 1, 2, 2, 1, nil),
		channelOf("2-1-1-2", "two slots", 2, 1, 1, 2, nil),
		channelOf("2-1-2-1", "two threads, two calls each", 2, 1, 2, 1, nil),
		channelOf("2-1-2-2", "two threads, two calls each, two slots", 2, 1, 2, 2, nil),
		channelOf("2-2-1-1", "two threads and two processors", 2, 2, 1, 1, nil),
		channelOf("2-2-2-1", "two threads and two processors, two calls each", 2, 2, 2, 1, nil),
		channelOf("3-1-1-1", "three threads", 3, 1, 1, 1, nil),
		channelOf("3-1-1-2", "three threads, two slots: each queue fills, wraps and empties", 3, 1, 1, 2, nil),
		tooLarge(channelOf("4-2-3-2", "four threads and two processors, three calls each, two slots", 4, 2, 3, 2, nil)),
		channelOf("wrap", "two threads, two calls each, two slots, positions that wrap at 2^32", 2, 1, 2, 2, map[string]int{"start": near2to32}),
		channelOf("spurious", "two threads, one call each; the kernel wakes once for nothing", 2, 1, 1, 1, map[string]int{"spurious": 1}),
		channelOf("donate", "two threads, one call each, that donate their processor", 2, 1, 1, 1, map[string]int{"donate": 1}),
		channelOf("donate-wrap", "the same, of counts that wrap at 2^32", 2, 1, 1, 1, map[string]int{"donate": 1, "start": near2to32}),
		channelOf("lengths", "one thread, three calls, one slot: messages that fill it, are shorter, and are empty", 1, 1, 3, 1, map[string]int{"lengths": turns}),
		channelOf("lengths-2", "two threads, one call each, one slot, messages of three lengths", 2, 1, 1, 1, map[string]int{"lengths": turns}),
	},
	Properties: []string{
		memory.MutualExclusion, memory.OneLeader, memory.InOrder, memory.NoOverwriting, memory.OwnResult, memory.ExactlyOnce,
		memory.NoSleepOnCall, memory.NoSleepOnReply, memory.ParkedCounts, memory.BlockedCounts, memory.ReadyCounts, GoesBack, HonestPeer, RecordFirst, RecordKept, NothingBeyond, NoBypass,
	},
	Program:  func(v catalogue.Values) func(*schedule.T) { return channelProgram(v, simulated) },
	possible: channelPossible,
}

var donateParameter = catalogue.Parameter{Name: "donate", Doc: "whether a caller donates its processor when it wakes the peer", Max: 1, Words: []string{"no", "yes"}}

// channelPossible: as many threads as calls may be pending.
func channelPossible(v catalogue.Values) error {
	if clients, most := v.Int("clients"), call.MostCalls(size(v).Slots); clients > most {
		return fmt.Errorf("%d clients with %s slots: want at most %d", clients, v.Word("slots"), most)
	}
	return nil
}

func channelOf(name, doc string, clients, servers, calls, slots int, more map[string]int) catalogue.Configuration {
	set := map[string]int{"clients": clients, "servers": servers, "calls": calls, "slots": slotsOf(slots)}
	for key, value := range more {
		set[key] = value
	}
	return catalogue.Configuration{Name: name, Doc: doc, Set: set}
}

// calling is one execution of the target.
type calling struct {
	t       *schedule.T
	machine *Machine
	region  *Region
	client  *channel.Port
	server  *channel.Port
	caller  *call.Caller
	calls   int         // of each thread
	ended   []int       // calls of each thread that have ended
	own     []int       // the record of each thread's call; none: it has taken none yet
	opened  []uint64    // of each record, how many calls had used it when the last one began
	holds   []heldReply // of each record, what it held before the last access
	says    Messages
	// executed counts, for each call of each thread, how often it was executed.
	executed []int
	names    []string // of the calling threads
	servers  int
	kernel   kernel.Kernel
	threads  *Threads
	alone    bool     // whoever watches judges, not the target
	leaving  *leaving // nil: nobody leaves a call
	live     [1]uint64
}

// procedure is the number that calls carry.
const procedure = 7

// simulated gives the simulated kernel as it is. Tests put a broken one before it.
func simulated(k *Kernel) kernel.Kernel { return k }

func channelProgram(v catalogue.Values, on func(*Kernel) kernel.Kernel) func(*schedule.T) {
	return watchedProgram(channelName, v, on, Watch{})
}

// newCalling makes an execution's objects; start declares its threads.
func newCalling(t *schedule.T, target string, v catalogue.Values, on func(*Kernel) kernel.Kernel, alone bool) *calling {
	clients, servers, calls := v.Int("clients"), 0, v.Int("calls")
	if target != donationName {
		servers = v.Int("servers") // else a pool serves
	}
	m := NewMachine(t, v.Int("spurious"))
	near, far, r := pair(m, size(v))
	records := clients
	if target == callName {
		records = v.Int("records")
	}
	if m.alone = alone; !alone {
		r.watch(size(v), records)
	}
	c := &calling{
		t: t, alone: alone, machine: m, region: r, client: near, server: far, calls: calls, servers: servers,
		kernel: on(m.Kernel(r)), ended: make([]int, clients), own: make([]int, clients), executed: make([]int, clients*calls),
	}
	for i := range c.own {
		c.own[i] = none
	}
	if target != donationName {
		c.says = messagesOf(v)
	}
	r.follow, m.copies = c.follow, true
	of := call.Config{Port: near, Kernel: c.kernel, Calls: records, Poll: -1, Nudges: size(v).Start, Hook: r}
	if target == donationName || target == callName {
		of.Poll = pollFor(v)
		m.polling = of.Poll > 0
	}
	if target == callName {
		c.leaving = newLeaving(v, m, r, clients, calls)
		c.leaving.c = c
		of.Overload, of.Generation = c.leaving.overload, generations[v.Int("generation")]
	}
	of.Donate = channel.Donation(v.Int("donate") == 1)
	m.donates = bool(of.Donate)
	c.threads = m.Threads(r, of.Calls)
	of.Threads = c.threads
	c.caller = call.New(of)
	r.taken = c.nextRecord
	for j := range of.Calls {
		generation, _, _ := c.caller.Record(j)
		c.opened = append(c.opened, generation)
		c.holds = append(c.holds, c.held(j))
	}
	switch {
	case alone:
	case target == donationName: // after steps of a pool and of its handlers
		c.declareState(r.span(processor.Private, processor.Handling), schedule.Span{Location: locate(r.number, works, 0), Size: 4})
	default:
		c.declareState()
	}
	return c
}

func (c *calling) start(clients, servers []string) {
	c.names = clients
	// That a caller does not come to its end is judged at the end, where it can
	// be said who slept on what.
	for i, name := range clients {
		c.t.Daemon(name, func() { c.run(i) })
	}
	for i, name := range servers {
		if c.leaving != nil && c.leaving.faulty != nil {
			c.t.Daemon(name, func() { c.serveTwice(c.leaving.faulty[i]) })
			continue
		}
		w := honestWorker(c.server, c.kernel, c.execute, len(c.opened))
		if c.machine.donates {
			w.Returns()
		}
		c.t.Daemon(name, func() {
			r := w.Serve()
			c.check(HonestPeer, false, "the server found the client corrupt (%d)", r)
			c.over()
		})
	}
	if l := c.leaving; l != nil {
		for i := range len(l.contexts) / c.calls {
			c.t.Daemon(fmt.Sprint("canceller ", l.first/c.calls+i+1), func() { l.leave(i, c.calls) })
		}
		if len(l.contexts) > 0 && l.how != passed {
			c.t.Daemon("nudger", func() { c.machine.callWatches(c.region.nudged[0], l.places()...) })
		}
	}
	c.t.AtEnd(func() {
		if o := c.machine.observer; o != nil {
			c.machine.observer = nil // what follows are looks, not steps
			o.End()
		}
		if c.machine.copies = false; !c.alone {
			c.end()
		}
	})
}

// check is schedule.T.Check of the target itself.
func (c *calling) check(property string, ok bool, format string, args ...any) {
	if !ok && !c.alone {
		c.t.Fail(property, format, args...)
	}
}

// over says that a thread takes no further step, once it has given its processor up.
func (c *calling) over() {
	c.machine.leaves()
	if o := c.machine.observer; o != nil {
		o.Ended(c.t.Self())
	}
}

// run makes the calls of a thread.
func (c *calling) run(self int) {
	var room [payload]byte
	for n := range c.calls {
		i, took := self*c.calls+n, 0
		ctx := context.Background()
		c.own[self] = none
		if c.leaving != nil {
			ctx = c.leaving.context(i)
		}
		take := func(status uint32, reply []byte) error {
			took++
			own := c.answers(reply, i) && status == c.says.Procedure(i)
			if o := c.machine.observer; o != nil {
				o.Return(self, c.says.whole(own, result(argument(i)), reply))
			}
			c.check(memory.OwnResult, own, "call %d got status %d and %x for a result", i+1, status, reply)
			c.check(NothingBeyond, !spilled(reply), "the buffer of call %d holds %x beyond its result of %d bytes", i+1, reply[:cap(reply)], len(reply))
			c.check(memory.ExactlyOnce, c.executed[i] == 1, "call %d was executed %d times when its reply came", i+1, c.executed[i])
			return nil
		}
		do, request := c.do, c.says.Request(room[:0], i)
		if c.leaving != nil && c.leaving.panics && n == 0 {
			do = c.leaving.do
		}
		err := do(ctx, c.says.Procedure(i), request, take)
		if c.leaving != nil {
			c.leaving.ended(i, err, took)
		} else {
			c.check(HonestPeer, err == nil, "a call ended with: %v", err)
		}
		c.ended[self]++
	}
	c.t.Mark("end")
	c.over()
}

// do makes a call.
func (c *calling) do(ctx context.Context, number uint32, request []byte, take func(status uint32, reply []byte) error) error {
	return c.caller.Do(ctx, number, request, take)
}

// answers says whether this is the result of call i.
func (c *calling) answers(reply []byte, i int) bool {
	var room [payload]byte
	return bytes.Equal(reply, c.says.Reply(room[:0], i))
}

// execute is the procedure.
func (c *calling) execute(called uint32, request, reply []byte) (uint32, []byte) {
	i, ok := c.says.called(called, request, len(c.executed))
	if c.machine.observer != nil {
		c.machine.execute(c.says.whole(ok, argument(i), request))
	}
	c.check(memory.InOrder, ok, "a call of procedure %d came with argument %x", called, request)
	c.check(NothingBeyond, !spilled(request), "the buffer of a processor holds %x beyond an argument of %d bytes", request[:cap(request)], len(request))
	if ok {
		c.executed[i]++
		c.check(memory.ExactlyOnce, c.executed[i] == 1, "call %d is executed %d times", i+1, c.executed[i])
		if l := c.leaving; l != nil {
			x := l.contextOf(i)
			c.check(NotSentLate, x == nil || !x.early, "call %d is executed, and its context had ended before it began", i+1)
		}
	}
	if !ok { // whoever watches judges
		number, _ := get(request)
		return called, put(reply, result(number))
	}
	return called, c.says.Reply(reply, i)
}

// argument is what call i is about.
func argument(i int) uint64 { return uint64(i+1) << 8 }

// result is what the procedure gives for an argument.
func result(argument uint64) uint64 { return ^argument + 41 }

// end judges an execution in which nobody can go on.
func (c *calling) end() {
	blocking, words, leads := c.region.ghost.blocking, c.region.ghost.words, c.region.ghost.leader != none
	c.region.ghost, c.region.follow, c.machine.forgets = nil, nil, false // what follows are looks, not steps
	calls, replies := queued(c.server), queued(c.client)
	serversAsleep := c.machine.asleepOn(c.region.number, channel.Calls)
	leadersAsleep := c.machine.asleepOn(c.region.number, channel.Replies)
	waiting := c.waiting()
	c.t.Check(memory.NoSleepOnCall, !calls || serversAsleep < c.servers || c.servers == 0,
		"a call is queued, and all processors of the server are asleep")
	c.t.Check(memory.NoSleepOnReply, !replies || leadersAsleep == 0,
		"a reply is queued, and the caller that leads is asleep")
	idle := serversAsleep == c.servers || c.leaving != nil && (c.leaving.faulty != nil || replies)
	c.t.Check(Deadlock, waiting == "" && idle,
		"nobody can go on: %d of %d processors of the server are asleep; waiting: %s", serversAsleep, c.servers, waiting)
	// One that waits for room, which nobody gives it, may have been given the lead.
	c.t.Check(Deadlock, c.threads.blocked == 0 || leads || c.unsent() > 0, "nobody can go on, and %d callers block, of whom none leads", c.threads.blocked)
	if c.leaving == nil {
		c.t.Check(memory.InOrder, !calls && !replies, "a message was left in a queue")
	} else {
		c.leaving.end()
	}
	c.counts(serversAsleep, leadersAsleep)
	if c.machine.donates {
		c.donations(words, serversAsleep)
	}
	c.t.Check(memory.BlockedCounts, blocking == c.threads.blocked, "%d callers block, and %d have announced that they do", c.threads.blocked, blocking)
}

// donations judges what callers that donate have counted: as ready are announced those
// who have a call that they did not send, since they wait for room; and if all processors of
// the server are asleep, as many have gone back as were donated.
func (c *calling) donations(words channel.Words, serversAsleep int) {
	waiting := c.unsent()
	ready := c.caller.Private().Peek(call.Ready)
	c.t.Check(memory.ReadyCounts, int(ready) == waiting, "nobody can go on, %d callers wait for room, and %d are announced as ready", waiting, ready)
	donated, returned := c.region.segments[channel.Calls].Peek(words.Donated), c.region.segments[channel.Replies].Peek(words.Returned)
	c.t.Check(GoesBack, donated == returned || serversAsleep < c.servers, "nobody can go on, and of %d processors that were donated %d have gone back", donated, returned)
}

// unsent counts the callers that have a call which they have not sent.
func (c *calling) unsent() (n int) {
	for i := range c.ended {
		if w := c.machine.waiters[i]; w != nil && w.sending {
			n++
		}
	}
	return n
}

// counts compares the announced with those who have parked or blocked.
func (c *calling) counts(servers, leaders int) {
	announced, led := c.client.Parked(), c.server.Parked()
	c.t.Check(memory.ParkedCounts, int(announced) == servers && int(led) == leaders,
		"parked counts %d processors of the server and %d of the client; asleep are %d and %d", announced, led, servers, leaders)
}

// queued says whether there is something to receive.
func queued(p *channel.Port) bool {
	var m channel.Message
	_, r := p.Receive(&m, make([]byte, payload))
	return r == channel.Done
}

// waiting names the callers that have not come to their end.
func (c *calling) waiting() string {
	var names []string
	for i, n := range c.ended {
		waits := c.leaving != nil && c.servers == 0 && c.leaving.contextOf(i*c.calls) == nil // for ever
		if n < c.calls && !waits {
			names = append(names, c.names[i])
		}
	}
	return strings.Join(names, ", ")
}
