package explore

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
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

// Properties of the target hostile: what holds for the victim whatever its peer
// writes. guard.go checks them at every step.
const (
	Inside      = "nothing outside of a segment or a buffer is touched"
	Checked     = "what a handler or a caller is given is what was copied once and checked"
	OwnReply    = "a reply ends the pending call that it names, and no other"
	OwnIntact   = "the victim's segment holds what the victim wrote, in order"
	OneFetch    = "no word of the peer's is read twice in one operation"
	Published   = "nothing is received but what was published next"
	NoForeign   = "nobody waits for a lock of the peer's"
	NoLivelock  = "a message costs its receiver a bounded number of steps"
	OneEach     = "one processor goes back each time that the peer says that it donates"
	NotForsaken = "a caller that waits is blocked by one that leads, or asleep, or the binding is over and it has left"
)

var hostileTarget = Target{
	Name: "hostile",
	Doc:  "a peer that writes telling values to any of its words, between any two steps",
	Parameters: []catalogue.Parameter{
		{Name: "victim", Doc: "whose code must bear it", Max: 1, Words: []string{"client", "server"}},
		{Name: "clients", Doc: "calling threads of the client", Default: 1, Min: 1, Max: 4},
		{Name: "servers", Doc: "processors of the server", Default: 1, Min: 1, Max: 2},
		{Name: "calls", Doc: "calls of each thread", Default: 1, Min: 1, Max: 100},
		slotsParameter, startParameter, recordsParameter,
		{Name: "pool", Doc: "whether the server's processors are the workers of a pool", Max: 1, Words: []string{"no", "yes"}},
		{Name: "exit", Doc: "whether the handler of the last call ends its thread, the first time that a pool executes it", Max: 1, Words: []string{"no", "yes"}},
		looksParameter,
		{Name: "donate", Doc: "whether a caller donates its processor when it wakes the server, and the server returns it", Max: 1, Words: []string{"no", "yes"}},
		{Name: "writes", Doc: "how often the peer writes", Default: 1, Max: 100},
		{Name: "tells", Doc: "what it writes: telling values to any of its words, or to the lengths of its messages, or the sequences of its slots, or its head, which tells how much room there is, alone", Max: 3, Words: []string{"anything", "lengths", "sequences", "room"}},
		{Name: "differs", Doc: "whether a word that is read a second time in one operation has another value", Max: 1, Words: []string{"no", "yes"}},
		{Name: "other", Doc: "whether the victim has a binding to an honest space as well", Max: 1, Words: []string{"none", "beside"}},
		{Name: "notice", Doc: "whether the victim learns that the peer has died, at any time after its last write", Max: 1, Words: []string{"no", "yes"}},
	},
	Configurations: []catalogue.Configuration{
		hostileOf("client", "a hostile server writes once", map[string]int{}),
		hostileOf("server", "a hostile client writes once", map[string]int{"victim": 1}),
		hostileOf("client-differs", "the server's words change as they are read", map[string]int{"differs": 1}),
		hostileOf("server-differs", "the client's words change as they are read", map[string]int{"victim": 1, "differs": 1}),
		hostileOf("client-notice", "the hostile server writes once and dies: every call ends", map[string]int{"notice": 1}),
		hostileOf("client-2-1", "two calling threads, one slot: a hostile server names one call in the reply to the other", map[string]int{"clients": 2}),
		hostileOf("client-wait", "two calling threads with one record between them: one waits for it, and receives meanwhile; a hostile server writes once how long a reply is", map[string]int{"clients": 2, "records": 1, "tells": 1}),
		hostileOf("client-room", "a hostile server tells how much room there is for the second of two calls", map[string]int{"calls": 2}),
		hostileOf("client-room-notice", "a hostile server tells once how much room there is for the second of two calls, and dies: every call ends", map[string]int{"calls": 2, "notice": 1, "tells": 3}),
		hostileOf("client-calls", "two calls: a hostile server names the one that is over", map[string]int{"calls": 2, "slots": slotsOf(2)}),
		hostileOf("server-calls", "two calls of a hostile client", map[string]int{"victim": 1, "calls": 2}),
		hostileOf("pool", "a hostile client of a pool writes once", map[string]int{"victim": 1, "pool": 1}),
		tooLarge(hostileOf("pool-2", "the same, of a pool with two workers and two calls", map[string]int{"victim": 1, "pool": 1, "servers": 2, "calls": 2})),
		hostileOf("pool-exit", "a hostile client of a pool makes two calls, and the second one's handler ends its thread", map[string]int{"victim": 1, "pool": 1, "calls": 2, "exit": 1}),
		hostileOf("pool-pair", "a hostile client of a pool with two workers writes the sequence of a slot once: one of them finds it while the other one ends a call", map[string]int{"victim": 1, "pool": 1, "servers": 2, "tells": 2}),
		hostileOf("pool-idle", "a hostile client of a pool with two workers, whose monitor looks once while it is idle", map[string]int{"victim": 1, "pool": 1, "servers": 2, "looks": 1}),
		hostileOf("pool-notice", "a hostile client of a pool writes once and dies: the pool stops, for either reason", map[string]int{"victim": 1, "pool": 1, "notice": 1}),
		hostileOf("client-donates", "a hostile server writes once, and the caller donates its processor to it", map[string]int{"donate": 1}),
		hostileOf("client-donates-calls", "the same with two calls: which processors have gone back it may say in between", map[string]int{"donate": 1, "calls": 2, "slots": slotsOf(2)}),
		hostileOf("client-donates-differs", "the same, and the server's words change as they are read", map[string]int{"donate": 1, "differs": 1}),
		hostileOf("client-donates-wrap", "a hostile server writes once, and the caller donates its processor to it: counts wrap at 2^32", map[string]int{"donate": 1, "start": near2to32}),
		hostileOf("pool-donates-wrap", "a hostile client of a pool donates, and writes once: counts wrap at 2^32", map[string]int{"victim": 1, "pool": 1, "donate": 1, "start": near2to32}),
		hostileOf("pool-donates", "a hostile client of a pool donates, and writes once", map[string]int{"victim": 1, "pool": 1, "donate": 1}),
		hostileOf("server-2", "two processors of the victim", map[string]int{"victim": 1, "servers": 2}),
		tooLarge(hostileOf("client-writes", "a hostile server writes three times", map[string]int{"writes": 3, "calls": 2, "slots": slotsOf(2)})),
		tooLarge(hostileOf("server-writes", "a hostile client writes three times", map[string]int{"victim": 1, "writes": 3, "calls": 2, "slots": slotsOf(2)})),
		hostileOf("client-other", "the victim calls an honest server, too", map[string]int{"other": 1}),
		hostileOf("server-other", "the victim serves an honest client, too", map[string]int{"victim": 1, "other": 1}),
	},
	Properties: []string{
		Inside, Checked, OwnReply, OwnIntact, OneFetch, Published, NoForeign, NoLivelock, NotForsaken, OneRing, OneEach, EndsOnce, AtMostOnce, OneCause, NobodyLeft, FindsWhy, Unharmed,
		memory.InOrder, memory.OwnResult, memory.ReadyCounts, OnePoller, SecondLook, TakenAway, HiredAsLast, MayRest, MostWorkers, StopsOnce, AllLeave, NoBypass,
	},
	Program:  hostileProgram,
	possible: hostilePossible,
}

// hostilePossible: where there is no pool, there is nothing of it.
func hostilePossible(v catalogue.Values) error {
	if v.Word("pool") == "no" && (v.Word("exit") == "yes" || v.Int("looks") > 0) {
		return errors.New("handlers that end their threads, and looks of a monitor, are those of a pool: want pool=yes")
	}
	return errors.Join(recordsPossible(v), channelPossible(v))
}

func hostileOf(name, doc string, set map[string]int) catalogue.Configuration {
	return catalogue.Configuration{Name: name, Doc: doc, Set: set}
}

// hostility is one execution of the target.
type hostility struct {
	t      *schedule.T
	m      *Machine
	b      *binding // between the victim and its hostile peer
	other  *binding // between the victim and an honest space; nil: there is none
	victim *space
	peer   *space
	guard  *guard
	tales  []tale
	lies   int // writes that are left
	live   []uint64
	ended  bool // the victim has been told that its peer is dead
	watch  int  // the victim's thread that is told so
	// Of a server with a pool.
	pool  *processor.Pool
	crew  *Crew
	exits bool // the handler of the last call ends its thread, still
	looks int  // of its monitor, while it is idle
}

func hostileProgram(v catalogue.Values) func(*schedule.T) {
	return hostileProgramOf(v, func(*hostility) {})
}

// hostileProgramOf is hostileProgram, whose executions are looked at when they have ended.
func hostileProgramOf(v catalogue.Values, look func(*hostility)) func(*schedule.T) {
	l := newLending(size(v))
	clients, servers := numbered("client", v.Int("clients")), numbered("server", v.Int("servers"))
	more, third := numbered("other client", 1), numbered("other server", 1)
	ofServer, shadowed, donate := v.Word("victim") == "server", nothing, channel.Donation(v.Word("donate") == "yes")
	if v.Word("differs") == "yes" {
		shadowed = int(channel.Replies)
		if ofServer {
			shadowed = int(channel.Calls)
		}
	}
	return func(t *schedule.T) {
		m := NewMachine(t, 0)
		m.besides, m.forgets = besidesOf(shm.Poisoned, shm.Unblocks, shm.Nudged), true
		h := &hostility{t: t, m: m, lies: v.Int("writes")}
		m.live = h.remembers
		near, far := &space{m: m}, &space{m: m}
		h.victim, h.peer = near, far
		if ofServer {
			h.victim, h.peer = far, near
		}
		h.b = bind(m, 0, l, near, far, clients, recordsOf(v), v.Int("calls"), shadowed, donate)
		h.guard = newGuard(h.b, h.victim, h.lies)
		h.guard.donations = v.Word("pool") == "yes" || h.b.donates
		h.tales = slices.DeleteFunc(talesOf(h.b, h.guard.hostile), func(t tale) bool { return !h.b.tellsOf(v.Word("tells"), t.at) })
		h.exits, h.looks = v.Word("exit") == "yes", v.Int("looks")
		h.start(servers, v.Word("pool") == "yes")
		if v.Word("other") == "beside" {
			h.otherBinding(l, more, third)
		}
		h.t.Daemon("adversary", h.lie)
		if v.Word("notice") == "yes" {
			h.victim.thread("watch", h.notice)
		}
		if h.victim == near {
			h.b.region.causeOf = h.causeOf
		}
		h.declareState()
		t.Recall()
		t.AtEnd(h.end)
		t.AtEnd(func() { look(h) })
	}
}

// start declares the threads of both spaces. The peer's run the runtime's code,
// too, so that the victim gets as far as it gets with an honest one.
func (h *hostility) start(servers []string, pool bool) {
	b := h.b
	for i, name := range b.clients {
		h.thread(b.near, name, func() { h.calls(i) })
	}
	if pool {
		h.runPool(len(servers))
		return
	}
	for _, name := range servers {
		h.thread(b.far, name, func() {
			w := processor.NewWorker(b.server, b.kernel, h.execute)
			if b.donates {
				w.Returns()
			}
			w.Serve() // until the client is found corrupt, which it may be
			b.t.Mark("end")
		})
	}
}

// runPool has a pool serve the binding, until the client is found corrupt.
func (h *hostility) runPool(workers int) {
	b := h.b
	h.m.forgets = false // a pool's threads remember more than those of target channel
	h.crew = h.m.Crew(b.region, func() *shm.View { return h.pool.Private() })
	h.crew.looks = h.looks
	h.crew.watchPlace(b.region)
	h.crew.left = h.forgets
	h.pool = processor.New(processor.Config{
		Port: b.server, Kernel: b.kernel, Handler: h.execute, Exited: h.exited, Workers: workers, Poll: -1, Crew: h.crew, Hook: b.region,
	})
	h.thread(b.far, "pool", func() {
		err := h.pool.Run()
		h.check(AllLeave, err != nil || h.ended, "a pool that nobody has stopped ends, and finds nothing wrong with its client")
		b.t.Mark("end")
	})
	for _, th := range h.crew.crew(workers) {
		h.thread(b.far, th.name, th.do)
	}
}

// thread declares a thread. Where one of the victim would panic, it fails by name;
// what becomes of the peer's own threads is nobody's business.
func (h *hostility) thread(s *space, name string, f func()) {
	s.thread(name, func() {
		debug.SetPanicOnFault(true)
		defer func() {
			p := recover()
			text, trespass := trespassOf(p)
			switch {
			case p == nil || trespass && s == h.peer:
			case trespass:
				h.t.Fail(Inside, "%s", text)
			default:
				panic(p)
			}
		}()
		f()
	})
}

// trespassOf says whether a panic is one of an access that is out of bounds: of a
// slice or a segment, or a fault; or of a channel of a size that there is not.
func trespassOf(p any) (text string, is bool) {
	switch p := p.(type) {
	case runtime.Error:
		return p.Error(), true
	case error:
		return p.Error(), errors.Is(p, channel.ErrSize)
	case string:
		return p, strings.HasPrefix(p, "shm: ") || strings.HasPrefix(p, "channel: ")
	}
	return "", false
}

// calls makes the calls of a thread. Against a hostile peer a call may end with any
// result.
func (h *hostility) calls(self int) {
	b := h.b
	var bytes [payload]byte
	for n := range b.calls {
		i := self*b.calls + n
		request := put(bytes[:0], argument(i))
		h.guard.sends(request, procedure, 0)
		h.m.waiter().over, h.m.waiter().call = false, callerOf{}
		took := 0
		err := b.caller.Do(context.Background(), procedure, request, func(status uint32, reply []byte) error {
			took++
			h.guard.taken(status, reply)
			return nil
		})
		switch {
		case err == nil && took == 1:
			b.outcomes[i] = replied
		case err == call.ErrCorrupt && took == 0:
			h.endsBy(serverCorrupt, i)
			b.outcomes[i] = corruptPeer
		case err == errPeerDied && took == 0 && h.ended:
			h.endsBy(serverDied, i)
			b.outcomes[i] = peerDied
		default:
			h.check(EndsOnce, false, "call %d took %d replies and ended with: %v", i+1, took, err)
		}
		b.ended[self]++
		if h.victim.runs() {
			h.guard.rung(h.t.Self())
		}
	}
	b.t.Mark("end")
}

// causeOf says why a thread of a client ends its calls.
func (h *hostility) causeOf(thread int) cause {
	if h.ended && thread == h.watch {
		return serverDied
	}
	return serverCorrupt
}

// endsBy judges a call that ends because all do, and says why they do: what comes first
// has said why before any call ends by it, and that stays.
func (h *hostility) endsBy(why cause, call int) {
	first := h.b.region.cause
	h.check(OneCause, why == first, "what came first is %v, and call %d is told %v", first, call+1, why)
}

// check is schedule.T.Check where the victim runs: what becomes of the peer is its
// own fault.
func (h *hostility) check(property string, ok bool, format string, args ...any) {
	if !ok && h.victim.runs() {
		h.t.Fail(property, format, args...)
	}
}

// execute is the procedure. It takes what it is given.
func (h *hostility) execute(called uint32, request, reply []byte) (uint32, []byte) {
	h.guard.executes(called, request)
	number, _ := get(request)
	if h.exits && number == argument(len(h.b.outcomes)-1) {
		h.exits = false
		panic(exited{})
	}
	reply = put(reply, result(number))
	h.guard.sends(reply, called, called)
	return called, reply
}

// exited is the reply to a call whose handler has ended its thread.
func (h *hostility) exited(reply []byte) (uint32, []byte) {
	const status = procedure + 1
	h.guard.sends(reply, uint32(h.guard.thread().word(procedureAt)), status)
	return status, reply
}

// otherBinding gives the victim a binding to an honest space.
func (h *hostility) otherBinding(l *lending, clients, servers []string) {
	h.other = h.b.another(l, h.victim, clients)
	h.other.call(nil)
	h.other.serve(servers)
}

// notice is the victim's thread that learns of the death of its peer.
func (h *hostility) notice() {
	h.m.await(step.Notice, func() bool { return h.lies == 0 }, locate(h.b.region.number, deaths, 0))
	h.t.SawValue(1)
	h.ended, h.watch = true, h.t.Self()
	switch {
	case h.victim == h.b.near:
		h.b.caller.Poison(errPeerDied)
	case h.pool != nil:
		h.pool.Stop() // perhaps after it has ended by itself
	}
	h.t.Mark("end")
}

// declareState declares what is shared. How many writes are left, and that the victim
// has been told, stands everywhere: it changes with writes to any word.
func (h *hostility) declareState() {
	b := h.b
	h.t.Shared(func(d *schedule.Digest) { d.Word(uint64(h.lies)<<1 | bit(h.ended)) })
	h.guard.declareState()
	b.declareState(never, b.endings())
	h.t.SharedAt("why calls end", func(d *schedule.Digest) { d.Word(uint64(b.region.cause)) }, schedule.Span{Location: b.region.beside(call.Private, shm.Poisoned), Size: 4})
	if h.pool != nil {
		h.crew.declareState(b.region, b.size.Words(), h.pool, never)
		// A handler is run after the step that ends the receipt, or after the one that says so.
		h.t.SharedAt("whether a handler is still to end its thread", func(d *schedule.Digest) { d.Word(bit(h.exits)) },
			b.region.span(channel.Replies, b.size.Words().RecvLock), b.region.span(processor.Private, processor.Handling))
		// The callers have a nudge of their own, and how often one was given is counted of
		// both together.
		h.t.SharedAt("nudge of the pool", func(d *schedule.Digest) { d.Word(uint64(h.pool.Look().Nudge)) },
			schedule.Span{Location: b.region.nudged[0], Size: 4})
	}
	h.t.Shared(h.m.state)
	if h.other != nil {
		h.other.declareState(never, h.other.releases())
	}
}

// remembers gives what a thread remembers, and the guard of it: where it sends, too,
// since of a hostile side no word tells that, and whether its call ends because the
// peer is corrupt.
func (h *hostility) remembers(thread int) []uint64 {
	h.live = append(h.live[:0], h.m.remembers(thread)...)
	w := h.m.waiter()
	h.live = append(h.live, uint64(w.tail), bit(w.over && h.b.caller.PoisonedBy() == call.ErrCorrupt))
	h.live = h.guard.remembers(h.live)
	return h.live
}

// forgets forgets what was known of a worker that has left: its thread may be given to
// another one, which knows nothing of it.
func (h *hostility) forgets() {
	*h.guard.thread() = guarded{}
	h.m.waiter().tail, h.m.waiter().over = 0, false
}

// end judges an execution in which nobody can go on.
func (h *hostility) end() {
	b := h.b
	own := h.guard.own
	asleep := h.m.asleepOn(b.region.number, 1-own)
	h.t.Check(NobodyLeft, int(b.parked(own)) == asleep, "%d processors of the victim are asleep, and %d are announced", asleep, b.parked(own))
	h.guard.end()
	if h.pool != nil && h.victim == b.far {
		n := h.pool.Counters().Returns
		h.t.Check(OneEach, n <= uint64(h.guard.claims), "%d processors went back, and the client has said %d times that it donates", n, h.guard.claims)
		h.t.Check(AllLeave, !h.guard.full || h.crew.stopped, "the client has let the queue of replies fill, and its pool goes on")
		h.t.Check(AllLeave, !h.crew.stopped || h.crew.running == 0, "the client has broken the protocol, and %d threads of the pool have not left", h.crew.running)
	}
	if h.victim == b.near {
		waiting := b.waiting()
		over := *b.region.keptAt(call.Private, shm.Poisoned) != 0
		h.t.Check(NotForsaken, waiting == "" || !over && asleep+h.guard.room > 0,
			"nobody leads, or the binding is over (%v), and still waiting are: %s", over, waiting)
		ready := b.caller.Private().Peek(call.Ready)
		h.t.Check(memory.ReadyCounts, !b.donates || int(ready) == h.guard.room, "nobody can go on, %d callers wait for room, and %d are announced as ready", h.guard.room, ready)
	}
	if o := h.other; o != nil {
		for i, how := range o.outcomes {
			h.t.Check(Unharmed, how == replied, "call %d of the other binding has not ended with its reply", i+1)
		}
	}
}
