package explore

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// Properties of the target death.
const (
	EndsOnce   = "every call of the survivor ends once, with its reply or because the peer died"
	AtMostOnce = "a call is executed at most once"
	NobodyLeft = "nobody of the survivor is left blocked, asleep or announced"
	FindsWhy   = "whoever is let go because calls have ended finds why"
	StaysHeld  = "what the dead held stays as it was"
	Reclaimed  = "memory goes when its last holder has left it, and not before"
	Unharmed   = "the survivor's other binding goes on unharmed"
)

var deathTarget = Target{
	Name: "death",
	Doc:  "one of two spaces dies between any two steps; the other one learns of it at any time after",
	Parameters: []catalogue.Parameter{
		{Name: "dies", Doc: "who dies", Max: 1, Words: []string{"server", "client"}},
		{Name: "clients", Doc: "calling threads of the client", Default: 1, Min: 1, Max: 4},
		{Name: "servers", Doc: "processors of the server", Default: 1, Min: 1, Max: 2},
		{Name: "calls", Doc: "calls of each thread", Default: 1, Min: 1, Max: 100},
		slotsParameter, startParameter, recordsParameter,
		{Name: "other", Doc: "whether the survivor has a binding to a third space, beside the one that ends or after it", Max: 2, Words: []string{"none", "beside", "after"}},
		looksParameter,
		{Name: "stops", Doc: "whether the server says that it stops before it dies: then the client ends no pending call before it has had time to find its reply", Max: 1, Words: []string{"no", "yes"}},
		{Name: "closes", Doc: "whether another thread of the client ends its calls, too, at any time", Max: 1, Words: []string{"no", "yes"}},
	},
	Configurations: []catalogue.Configuration{
		deathOf("server", "the server dies under one calling thread", map[string]int{}),
		deathOf("client", "the client dies, and the server's pool ends", map[string]int{"dies": 1}),
		deathOf("client-idle", "the same, and the monitor of a pool of two looks once while it is idle", map[string]int{"dies": 1, "servers": 2, "looks": 1}),
		deathOf("client-2", "the client dies under two workers of a pool", map[string]int{"dies": 1, "servers": 2}),
		deathOf("client-restarts", "a new client binds to the server", map[string]int{"dies": 1, "other": 2}),
		tooLarge(deathOf("client-other", "the server goes on with another client", map[string]int{"dies": 1, "other": 1})),
		deathOf("server-2", "the server dies under two calling threads, one of which leads", map[string]int{"clients": 2}),
		deathOf("server-wait", "the server dies under two calling threads with one record between them: one of them waits for it", map[string]int{"clients": 2, "records": 1}),
		deathOf("server-stops", "the same, and it has said that it stops: who waits is not sent any more", map[string]int{"clients": 2, "records": 1, "stops": 1}),
		deathOf("server-calls", "the server dies under the first of two calls, or the second", map[string]int{"calls": 2}),
		deathOf("server-other", "the client goes on with another server", map[string]int{"other": 1}),
		deathOf("server-closed", "the server dies, and another thread of the client ends its calls: either may come first", map[string]int{"closes": 1, "calls": 2}),
		deathOf("server-restarts", "the client binds to a new server, which has fresh memory", map[string]int{"other": 2}),
	},
	Properties: []string{
		memory.MutualExclusion, memory.OneLeader, memory.InOrder, memory.NoOverwriting, memory.OwnResult, HonestPeer,
		AtMostOnce, EndsOnce, OneCause, Unsent, NobodyLeft, FindsWhy, OnePoller, SecondLook, TakenAway, HiredAsLast, MayRest, MostWorkers, StopsOnce, AllLeave, StaysHeld, Reclaimed, NothingLeaked, Unharmed, NoBypass,
	},
	Program:  deathProgram,
	possible: deathPossible,
}

// recordsParameter, of targets death and hostile, is 0 where no call waits for a record.
var recordsParameter = catalogue.Parameter{Name: "records", Doc: "calls that may be pending at once; 0: one of each thread", Max: 4}

// recordsOf is how many records there are.
func recordsOf(v catalogue.Values) int {
	if n := v.Int("records"); n > 0 {
		return n
	}
	return v.Int("clients")
}

// recordsPossible: nobody has two records.
func recordsPossible(v catalogue.Values) error {
	if n := v.Int("records"); n > v.Int("clients") {
		return fmt.Errorf("%d records of %d threads: want at most one of each", n, v.Int("clients"))
	}
	return nil
}

// deathPossible: the server has a pool if it survives.
func deathPossible(v catalogue.Values) error {
	if v.Word("dies") == "server" && v.Int("looks") > 0 {
		return errors.New("looks of a monitor are those of a pool: want dies=client")
	}
	if v.Word("dies") == "client" && v.Int("closes") > 0 {
		return errors.New("a client that is dead ends nothing: want dies=server")
	}
	if v.Word("stops") == "yes" && (v.Word("dies") == "client" || v.Int("closes") > 0) {
		return errors.New("what a server that stops has said counts where nothing else ends its client's calls: want dies=server, closes=no")
	}
	return errors.Join(recordsPossible(v), channelPossible(v))
}

func deathOf(name, doc string, set map[string]int) catalogue.Configuration {
	return catalogue.Configuration{Name: name, Doc: doc, Set: set}
}

// death is one execution of the target.
type death struct {
	t     *schedule.T
	m     *Machine
	first *binding // whose one side dies
	other *binding // of the survivor; nil: it has none
	// survivor and dying are the sides of the first binding.
	survivor, dying *space
	left            []byte // all that the dying side had written, when it died
	stops           bool   // the server has said that it stops
	noticed         bool   // the survivor has done all that it does about it
	judged          bool   // the first binding
	closer          int    // the thread of the client that closes
	// Of the survivor that is a server.
	pool *processor.Pool
	crew *Crew
}

func deathProgram(v catalogue.Values) func(*schedule.T) { return deathProgramOf(v, func(*death) {}) }

// deathProgramOf is deathProgram, whose executions are looked at when they have ended.
func deathProgramOf(v catalogue.Values, look func(d *death)) func(*schedule.T) {
	return watchedDeath(v, look, Watch{})
}

// watchedDeath is deathProgramOf with a watch on the first binding.
func watchedDeath(v catalogue.Values, look func(d *death), w Watch) func(*schedule.T) {
	l := newLending(size(v))
	clients, servers := numbered("client", v.Int("clients")), numbered("server", v.Int("servers"))
	more, third := numbered("other client", 1), numbered("other server", 1)
	byName, calls, other := v.Word("dies"), v.Int("calls"), v.Word("other")
	return func(t *schedule.T) {
		m := NewMachine(t, 0)
		m.besides, m.forgets = besidesOf(shm.Poisoned, shm.Unblocks, shm.Nudged), true
		d := &death{t: t, m: m, stops: v.Word("stops") == "yes"}
		if d.stops {
			m.besides |= besidesOf(shm.Sending)
		}
		m.live = m.remembers
		m.observer, m.gate = w.Observer, w.Gate
		near, far := &space{m: m}, &space{m: m}
		d.survivor, d.dying = near, far
		if byName == "client" {
			d.survivor, d.dying = far, near
		}
		d.first = bind(m, 0, l, near, far, clients, recordsOf(v), calls, nothing, channel.Keep)
		m.alone = w.Alone
		if d.first.alone = w.Alone; !w.Alone {
			d.first.region.watch(l.size, d.first.records)
		}
		d.first.call(nil)
		if d.survivor == far {
			d.runPool(len(servers), v.Int("looks"))
			m.forgets = false // a pool's threads remember more than those of target channel
		} else {
			d.first.serve(servers)
		}
		if other != "none" {
			d.other = d.first.another(l, d.survivor, more)
			if other == "beside" {
				d.other.call(nil)
			} else {
				d.other.call(d.rebind)
			}
			d.other.serve(third)
		}
		d.dying.mortal(func() { d.left = d.written() })
		d.watch()
		if v.Int("closes") > 0 {
			d.close()
		}
		d.declareState()
		// Who watches wants to see each step. Where the third space binds after the end
		// of the first binding, one step has all of that forgotten, wherever it stands.
		if other != "after" && w.Observer == nil && w.Gate == nil {
			t.Recall()
		}
		if w.Observer != nil {
			d.observe(w.Observer)
		}
		if !w.Alone {
			t.AtEnd(d.end)
		}
		t.AtEnd(func() { look(d) })
	}
}

// runPool has a pool serve the first binding. When all its workers have left, the
// server's memory goes.
func (d *death) runPool(workers, looks int) {
	b := d.first
	d.crew = d.m.Crew(b.region, func() *shm.View { return d.pool.Private() })
	d.crew.looks = looks
	d.crew.watchPlace(b.region)
	d.pool = processor.New(processor.Config{
		Port: b.server, Kernel: b.kernel, Handler: b.execute, Workers: workers, Poll: -1, Crew: d.crew, Hook: b.region,
		AwaitRoom: mayFill(b.records, b.server),
	})
	b.far.thread("pool", func() {
		err := d.pool.Run()
		d.t.Check(HonestPeer, err == nil, "the pool ended with: %v", err)
		b.unmap(&b.unmapped)
		d.t.Mark("end")
	})
	d.m.declareAll(d.crew.crew(workers))
}

// rebound is the place that says that the first binding's survivor is done with it.
var rebound = locate(0, deaths, 4)

// watch is the survivor's thread that waits for the death of its peer, and what it
// does then is what package urpc does (Client.end, or Client.stop, which lingers for any
// time; Server.serve).
func (d *death) watch() {
	b := d.first
	d.survivor.thread("watch", func() {
		d.m.awaitDeath(d.dying, b.region)
		if d.survivor == b.near {
			if d.stops {
				b.caller.StopSending(&errStopped)
				b.held.Close()
			}
			b.caller.Poison(errPeerDied)
			b.held.Close()
		} else {
			d.pool.Stop()
		}
		d.m.step(step.EndBinding, schedule.Event{Name: step.EndBinding.String(), Kind: schedule.Store, Location: rebound, Size: 4})
		d.noticed = true
		d.t.Mark("end")
		d.m.over()
	})
}

// close declares another thread of the client that ends its calls. In package urpc one
// thread ends a binding; but a call that finds the peer corrupt ends the calls, too.
func (d *death) close() {
	d.first.region.causeOf = func(thread int) cause {
		if thread == d.closer {
			return closedHere
		}
		return serverDied
	}
	d.survivor.thread("closer", func() {
		d.closer = d.t.Self()
		d.first.caller.Poison(errClosed)
		d.t.Mark("end")
		d.m.over()
	})
}

// declareState declares what is shared beside what the regions' ghosts declare.
func (d *death) declareState() {
	at := func(l schedule.Location) schedule.Span { return schedule.Span{Location: l, Size: 4} }
	number := d.first.region.number
	d.t.SharedAt("who is dead", func(to *schedule.Digest) { to.Word(bit(d.dying.dead)) }, at(locate(number, deaths, 0)))
	d.t.SharedAt("that it was noticed", func(to *schedule.Digest) { to.Word(bit(d.noticed)) }, at(rebound))
	d.t.SharedAt("why calls end", func(to *schedule.Digest) { to.Word(uint64(d.first.region.cause)) }, schedule.Span{Location: d.first.region.beside(call.Private, shm.Poisoned), Size: 4})
	judged := func() bool { return d.judged }
	if d.pool == nil {
		d.first.declareState(judged, d.first.releases())
	} else {
		d.first.declareState(judged, d.first.releases(), d.first.region.span(processor.Private, processor.Handling))
		d.crew.declareState(d.first.region, d.first.size.Words(), d.pool, judged)
	}
	if d.other != nil {
		d.other.declareState(never, d.other.releases())
	}
}

func never() bool { return false }

// over says whether nothing is left of the survivor's side of the first binding.
func (d *death) over() bool {
	if d.pool != nil {
		return d.first.unmapped
	}
	return d.first.finished() && d.first.released
}

// rebind waits until nothing is left of the first binding, which is then judged:
// nobody looks at it again.
func (d *death) rebind() {
	d.m.await(step.AwaitEnd, func() bool { return d.noticed && d.over() },
		rebound, locate(0, holders, 0))
	d.t.SawValue(1)
	d.judge()
	d.judged, d.first.region.ghost.over = true, true
}

// written is all that the dying side has written in the first binding's memory.
func (d *death) written() []byte {
	own := d.first.segments[channel.Calls]
	if d.dying == d.first.far {
		own = d.first.segments[channel.Replies]
	}
	all := make([]byte, own.Size())
	own.PeekBytes(0, all)
	return all
}

// end judges an execution in which nobody can go on.
func (d *death) end() {
	if !d.judged {
		d.judge()
	}
	if o := d.other; o != nil {
		for i, how := range o.outcomes {
			d.t.Check(Unharmed, how == replied, "call %d of the other binding has not ended with its reply", i+1)
		}
	}
}

// judge judges the first binding when it is over.
func (d *death) judge() {
	b := d.first
	d.t.Check(StaysHeld, bytes.Equal(d.left, d.written()), "what the dead side wrote has changed since")
	blocking, parking := b.region.ghost.blocking, b.region.ghost.parking
	if d.survivor == b.near {
		waiting := b.waiting()
		d.t.Check(EndsOnce, waiting == "", "the server is dead, sleepers were nudged %d times, and still waiting are: %s",
			*b.region.keptAt(call.Private, shm.Nudged), waiting)
		d.t.Check(NobodyLeft, blocking == 0 && parking[channel.Calls] == 0 && b.parked(channel.Calls) == 0,
			"%d callers and %d processors of the client have announced that they wait", blocking, parking[channel.Calls])
		d.t.Check(Reclaimed, b.released, "every holder has left, and the memory is still mapped")
		d.judgeRecords()
		return
	}
	d.t.Check(AllLeave, d.crew.running == 0, "the client is dead, and %d threads of the server's pool have not left", d.crew.running)
	d.t.Check(NobodyLeft, parking[channel.Replies] == 0 && b.parked(channel.Replies) == 0,
		"%d processors of the server have announced that they park", parking[channel.Replies])
	d.t.Check(Reclaimed, b.unmapped, "every worker has left, and the memory is still mapped")
}

// judgeRecords: no call is left that has a record, so one that is idle is free.
func (d *death) judgeRecords() {
	b := d.first
	free := b.caller.Free()
	for i := range b.records {
		state, times := b.caller.Private().Peek(call.State(i)), 0
		for _, other := range free {
			times += oneIf(other == i)
		}
		d.t.Check(NothingLeaked, times == oneIf(state == call.Idle), "record %d is in the list of free records %d times, in state %d", i, times, state)
	}
}

// parked is how many processors a side has announced as parked.
func (b *binding) parked(side uint8) uint32 {
	return b.segments[side].Peek(b.size.Words().Parked)
}

// waiting names the callers that have not come to their end.
func (b *binding) waiting() string {
	var names []string
	for i, n := range b.ended {
		if n < b.calls {
			names = append(names, b.clients[i])
		}
	}
	return strings.Join(names, ", ")
}

// call declares the client's threads, which call. first is what they do first.
func (b *binding) call(first func()) {
	for i, name := range b.clients {
		b.near.thread(name, func() {
			if first != nil {
				first()
			}
			b.run(i)
		})
	}
}

// serve declares the server's processors.
func (b *binding) serve(servers []string) {
	for _, name := range servers {
		b.far.thread(name, func() {
			r := honestWorker(b.server, b.kernel, b.execute, b.records).Serve()
			b.t.Fail(HonestPeer, "the server found the client corrupt (%d)", r)
		})
	}
}
