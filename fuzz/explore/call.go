package explore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// Properties of target call.
const (
	// EndsWithReason: a call that ends without its reply does so because its context
	// has ended, or its caller asked not to wait for a record.
	EndsWithReason = "a call ends once, with its reply or because it was left"
	// NotSentLate: a call whose context has ended before it began is not executed.
	NotSentLate = "a call that was cancelled before it began is not executed"
	// AfterLateReply: what keeps a late reply from another call (H10).
	AfterLateReply = "a record is used again only after its late reply came"
	// NothingLeaked: when no reply is under way all records are free, each once.
	NothingLeaked = "no record and no watch is leaked"
	// LooksMeanwhile: a leader whose peer never stops replying leaves all the same.
	LooksMeanwhile = "whoever leads looks at its context however much it receives"
	// LooksForLate: what frees a record may have come already, and nobody else may be there
	// to receive it.
	LooksForLate = "who finds no record receives what has come before it rests or is refused"
	// Rouses: nothing else gets it out of its sleep, if no reply comes.
	Rouses = "who sleeps has the end of its context watched"
	// NoOversleeping: a caller goes to sleep past its deadline at most once, when it
	// passes between the look and the sleep.
	NoOversleeping = "nobody sleeps past a deadline that it could see"
)

// callName is the target's name.
const callName = "call"

var callTarget = Target{
	Name: callName,
	Doc:  "calls that are left: contexts that end at any step, late replies, records that are used again",
	Parameters: []catalogue.Parameter{
		{Name: "clients", Doc: "calling threads of the client", Default: 1, Min: 1, Max: 4},
		{Name: "servers", Doc: "processors of the server; 0: no call is ever replied to", Default: 1, Min: 0, Max: 2},
		{Name: "calls", Doc: "calls of each thread", Default: 1, Min: 1, Max: 4},
		slotsParameter, startParameter,
		{Name: "records", Doc: "calls that may be pending, or left and not replied to yet, at once", Default: 1, Min: 1, Max: 6},
		{Name: "leavers", Doc: "threads whose calls have a context that ends: the first ones after the stayers", Default: 1, Min: 0, Max: 4},
		{Name: "stayers", Doc: "threads before them, whose calls have no such context", Max: 3},
		{Name: "end", Doc: "how a context ends: it is cancelled; the clock passes its deadline, then it ends; the clock does, and its timer never comes",
			Max: int(passed), Words: endings},
		{Name: "overload", Doc: "what a call does that finds every record in use", Max: 1, Words: []string{"wait", "refuse"}},
		{Name: "generation", Doc: "generation of the records before their first call", Max: len(generations) - 1,
			Words: []string{"0", "2^16-2", "2^31-2", "2^32-2", "2^47-2", "2^48-2", "2^63-2"}},
		{Name: "twice", Doc: "how many replies each processor of a faulty server may send twice", Max: 2},
		{Name: "flood", Doc: "whether replies come to calls that nobody made, more than a leader may receive before it looks at its context; with no servers",
			Max: 1, Words: []string{"no", "yes"}},
		{Name: "names", Doc: "whether to write, and to look at, the name of a call is a step of its own", Max: 1, Words: []string{"no", "yes"}},
		{Name: "panics", Doc: "whether what takes the reply to a thread's first call panics, and the thread goes on", Max: 1, Words: []string{"no", "yes"}},
		{Name: "spurious", Doc: "how often the kernel may wake a sleeper for nothing", Max: 3},
		pollParameter(0), donateParameter, lengthsParameter,
	},
	Configurations: []catalogue.Configuration{
		callOf("1-1-1-1", "one thread, one call, which may be left", 1, 1, 1, 1, nil),
		callOf("1-0-1-1", "nobody replies: the call must be left, awake, asleep or before it is sent", 1, 0, 1, 1, nil),
		callOf("1-1-2-1", "two calls in one record: the second waits for the first one's late reply", 1, 1, 2, 1, nil),
		callOf("1-1-3-1", "three calls in one record", 1, 1, 3, 1, nil),
		callOf("refuse", "two calls in one record, and no waiting for it", 1, 1, 2, 1, map[string]int{"overload": 1}),
		callOf("two-records", "two calls, two records, one slot: a late reply comes while the next call is pending", 1, 1, 2, 1, map[string]int{"records": 2}),
		callOf("deadline", "one call with a deadline", 1, 1, 1, 1, map[string]int{"end": int(expired)}),
		callOf("deadline-2", "two calls with deadlines in one record", 1, 1, 2, 1, map[string]int{"end": int(expired)}),
		callOf("clock", "nobody replies and no timer comes: the leader must look at the clock itself", 1, 0, 1, 1, map[string]int{"end": int(passed)}),
		callOf("full", "nobody replies, two threads, one slot: one leads, the other waits for room", 2, 0, 1, 1, map[string]int{"records": 2, "leavers": 2}),
		callOf("blocked", "nobody replies, two threads: one leads, the other blocks", 2, 0, 1, 2, map[string]int{"records": 2, "leavers": 2}),
		callOf("stuck", "nobody replies, two threads of which one may leave, also while the other leads", 2, 0, 1, 2, map[string]int{"records": 2}),
		callOf("unsent-leaves", "nobody replies, three threads and two slots, two may leave: also the one that was given the lead and waits for room", 3, 0, 1, 2, map[string]int{"records": 3, "leavers": 2}),
		callOf("one-leaves", "two threads, of which one may leave: it passes the lead on", 2, 1, 1, 2, map[string]int{"records": 2}),
		callOf("both-leave", "two threads, both may leave", 2, 1, 1, 2, map[string]int{"records": 2, "leavers": 2}),
		callOf("shared-record", "two threads with one record between them, one may leave", 2, 1, 1, 1, map[string]int{"leavers": 1}),
		callOf("wrap", "two calls in one record, positions that wrap at 2^32, names that wrap at 2^48", 1, 1, 2, 1, map[string]int{"start": near2to32, "generation": 5}),
		callOf("twice", "two calls in one record; the server may send one reply twice", 1, 1, 2, 1, map[string]int{"leavers": 0, "twice": 1}),
		tooLarge(callOf("twice-left", "two threads, two records and two slots, two calls each, one thread may leave; the server may send one reply twice", 2, 1, 2, 2, map[string]int{"records": 2, "twice": 1})),
		callOf("twice-2", "two threads with one record between them; the server may send two replies twice", 2, 1, 1, 1, map[string]int{"leavers": 0, "twice": 2}),
		callOf("twice-freed", "three threads with one record between them, the second may leave; the server may send one reply twice", 3, 1, 1, 2, map[string]int{"stayers": 1, "twice": 1}),
		callOf("names", "two threads with one record between them, two calls each, whose names are written and read by steps; the server may send one reply twice",
			2, 1, 2, 1, map[string]int{"leavers": 0, "twice": 1, "names": 1}),
		callOf("panics", "two calls in one record, and what takes the first one's reply panics", 1, 1, 2, 1, map[string]int{"leavers": 0, "panics": 1}),
		callOf("panics-shared", "two threads with one record between them, one may leave, and what takes a reply panics", 2, 1, 1, 1, map[string]int{"panics": 1}),
		callOf("flood", "replies come to calls that nobody made, and none to the one that may be left", 1, 0, 1, 1, map[string]int{"flood": 1}),
		callOf("flood-drain", "the same, with two calls and one record: the second call receives them before it has a record", 1, 0, 2, 1, map[string]int{"flood": 1}),
		callOf("polls", "one call, which may be left, of a thread that polls", 1, 1, 1, 1, map[string]int{"poll": 1}),
		callOf("polls-2", "two such calls in one record", 1, 1, 2, 1, map[string]int{"poll": 1}),
		callOf("polls-deadline", "one call with a deadline, of a thread that polls", 1, 1, 1, 1, map[string]int{"poll": 1, "end": int(expired)}),
		callOf("polls-clock", "nobody replies and no timer comes: who polls must look at the clock itself", 1, 0, 1, 1, map[string]int{"poll": 1, "end": int(passed)}),
		callOf("spurious", "nobody replies; the kernel wakes once for nothing", 1, 0, 1, 1, map[string]int{"spurious": 1}),
		callOf("lengths", "two calls in one record, whose messages and replies differ in length", 1, 1, 2, 1, map[string]int{"lengths": turns}),
		callOf("donate", "two calls in one record, of a caller that donates its processor", 1, 1, 2, 1, map[string]int{"donate": 1}),
		callOf("donate-shared", "two threads with one record between them, one may leave, that donate their processor", 2, 1, 1, 1, map[string]int{"donate": 1}),
		callOf("donate-leaves", "two threads, of which one may leave, that donate their processor", 2, 1, 1, 2, map[string]int{"records": 2, "donate": 1}),
		tooLarge(callOf("three", "three threads with two records, two may leave, two calls each", 3, 1, 2, 2, map[string]int{"records": 2, "leavers": 2})),
	},
	Properties: []string{
		memory.MutualExclusion, memory.OneLeader, memory.InOrder, memory.NoOverwriting, memory.OwnResult, memory.ExactlyOnce,
		memory.NoSleepOnCall, memory.NoSleepOnReply, memory.ParkedCounts, memory.BlockedCounts, memory.ReadyCounts, GoesBack, HonestPeer,
		RecordFirst, RecordKept, EndsWithReason, NotSentLate, AfterLateReply, NothingLeaked, LooksMeanwhile, LooksForLate, Rouses, NoOversleeping, NothingBeyond, NoBypass,
	},
	Program:  func(v catalogue.Values) func(*schedule.T) { return watchedProgram(callName, v, simulated, Watch{}) },
	possible: callPossible,
}

// generations are those of parameter generation: a name holds 48 bits of it.
var generations = [...]uint64{0, 1<<16 - 2, 1<<31 - 2, 1<<32 - 2, 1<<47 - 2, 1<<48 - 2, math.MaxInt64 - 1}

func callOf(name, doc string, clients, servers, calls, slots int, more map[string]int) catalogue.Configuration {
	c := channelOf(name, doc, clients, servers, calls, slots, more)
	for parameter, value := range map[string]int{"records": 1, "leavers": 1} {
		if _, set := c.Set[parameter]; !set {
			c.Set[parameter] = value
		}
	}
	return c
}

// callPossible: where nobody replies, somebody must be able to leave; and who can leave
// never must not wait for room for ever.
func callPossible(v catalogue.Values) error {
	if records, most := v.Int("records"), call.MostCalls(size(v).Slots); records > most {
		return fmt.Errorf("%d records with %s slots: want at most %d", records, v.Word("slots"), most)
	}
	clients, leavers, servers := v.Int("clients"), v.Int("leavers"), v.Int("servers")
	if stayers := v.Int("stayers"); stayers+leavers > clients || stayers > 0 && leavers == 0 {
		return fmt.Errorf("%d of %d clients stay before %d that may leave: want at most all of them, and one that may leave", stayers, clients, leavers)
	}
	if leavers > clients || leavers == 0 && servers == 0 {
		return fmt.Errorf("%d of %d clients may leave: want at most all of them, and one where nobody replies", leavers, clients)
	}
	if v.Word("poll") == "yes" && v.Word("donate") == "yes" {
		return fmt.Errorf("whether who polls has donated its processor is looked at in target donation: want poll=no or donate=no")
	}
	if servers > 0 && v.Word("flood") == "yes" {
		return fmt.Errorf("replies to calls that nobody made come where nobody else replies: want servers=0")
	}
	return roomForAll(v)
}

// roomForAll: where nobody receives replies, the queues and the hands of the server hold
// so many messages. If they are full, who waits for room waits for one that leads; and
// there may be none if one more thread led, and passed the lead on to the thread that
// waits, or left its call (call.MostCalls). A reply that is sent twice takes a place that
// no pending call has; of those in the queue of replies and the hands at most half can be
// such.
func roomForAll(v catalogue.Values) error {
	clients, leavers, servers, slots := v.Int("clients"), v.Int("leavers"), v.Int("servers"), int(size(v).Slots)
	hold := 2*slots + servers - min(servers*v.Int("twice"), (slots+servers+1)/2)
	pending, others := min(v.Int("records"), clients-leavers+leavers*v.Int("calls")), clients-1
	if leavers > 0 {
		others = pending
	}
	if servers > 0 && leavers < clients && pending > hold && others > hold {
		return fmt.Errorf("%d calls may be pending, or left, and queues and server hold %d messages of them: all could wait for each other", pending, hold)
	}
	return nil
}

// leaving is what target call has beside a channel.
type leaving struct {
	c        *calling
	contexts []*endingContext // of each call of the threads that leave
	first    int              // the first of these calls
	how      ending
	overload call.Overload
	panics   bool      // what takes the reply to a thread's first call panics
	faulty   []*faulty // processors of the server; nil: none is
	floods   bool      // replies come to calls that nobody made
	flood    int       // so many, still
	// Of each thread: whether and how its call is over for it.
	left []left
	// Of each record: its last call, and whether that was sent and no reply to it received.
	calls []int
	owed  []bool
	// Of each thread that has found no record: it has tried to lead since, so as to receive.
	looked []bool
}

// left says how a call is over for its thread.
type left uint8

const (
	notLeft left = iota
	abandoned
	closedCall
)

// newLeaving readies the machine of an execution for contexts that end.
func newLeaving(v catalogue.Values, m *Machine, r *Region, clients, calls int) *leaving {
	l := &leaving{
		how: ending(v.Int("end")), overload: call.Overload(v.Int("overload") == 1),
		first: v.Int("stayers") * calls, left: make([]left, clients), looked: make([]bool, clients), floods: v.Word("flood") == "yes", panics: v.Word("panics") == "yes", calls: make([]int, v.Int("records")), owed: make([]bool, v.Int("records")),
	}
	if l.floods {
		l.flood = flood
	}
	for range v.Int("servers") {
		if v.Int("twice") > 0 {
			l.faulty = append(l.faulty, &faulty{twice: v.Int("twice")})
		}
	}
	for i := range v.Int("leavers") * calls {
		c := &endingContext{m: m, at: locate(r.number, contexts, shm.Offset(4*i)), done: make(chan struct{})}
		if l.how != cancelled {
			// The first calls of all threads come before the second ones.
			if c.deadline = int64(2 + i%calls*clients + i/calls); v.Word("poll") == "yes" {
				c.deadline *= laterTime
			}
		}
		l.contexts = append(l.contexts, c)
	}
	m.besides = besidesOf(shm.FreeRecords, shm.Nudged)
	if v.Word("names") == "yes" {
		m.besides |= besidesOf(shm.Names)
	}
	m.ticks = l.how != cancelled
	m.overslept = func(thread int) {
		if c := m.waiter().context; c != nil {
			c.overslept = min(c.overslept+1, 2)
			l.c.check(NoOversleeping, c.overslept < 2, "thread %d goes to sleep again, and its deadline has passed", thread+1)
		}
	}
	m.sleeps = func(w *waiter) {
		l.c.check(Rouses, w.context == nil || !w.context.unwatched, "thread %d sleeps, and has stopped the watch on its context", l.c.t.Self()+1)
	}
	m.rests = func(thread int, rested bool) {
		l.c.check(LooksForLate, rested || l.looked[thread], "thread %d has found no record, and rests without having tried to receive", thread+1)
		l.looked[thread] = false
	}
	m.finds = r.finds(size(v).Words())
	return l
}

// errTaking is what the panic of who takes a reply is.
var errTaking = errors.New("explore: a reply is taken, and its taker panics")

// do makes the call of a thread whose taker panics when it has taken the reply, and has the
// thread go on.
func (l *leaving) do(ctx context.Context, number uint32, request []byte, take func(status uint32, reply []byte) error) error {
	defer func() {
		if p := recover(); p != nil && p != error(errTaking) {
			panic(p)
		}
	}()
	return l.c.caller.Do(ctx, number, request, func(status uint32, reply []byte) error {
		take(status, reply)
		panic(errTaking)
	})
}

// context gives the context of call i, and has the machine know it as the thread's.
func (l *leaving) context(i int) context.Context {
	w := l.c.machine.waiter()
	w.context, l.left[l.c.t.Self()], l.looked[l.c.t.Self()] = nil, notLeft, false
	if w.context = l.contextOf(i); w.context == nil {
		return context.Background()
	}
	return w.context
}

// contextOf is the context of call i that ends; nil: it has none.
func (l *leaving) contextOf(i int) *endingContext {
	if i -= l.first; i < 0 || i >= len(l.contexts) {
		return nil
	}
	return l.contexts[i]
}

// follow follows the records.
func (l *leaving) follow(a shm.Access) {
	switch self := l.c.t.Self(); {
	case a.Segment == call.Private && a.Step == step.OpenCall:
		j := call.RecordAt(a.Offset)
		l.calls[j] = self*l.c.calls + l.c.ended[self]
		l.c.check(AfterLateReply, !l.owed[j], "record %d is used again, and a reply to its last call is under way", j)
	case a.Segment == channel.Calls && a.Step == step.Publish:
		l.owed[l.c.own[self]] = true
		if w := l.c.machine.waiter(); w.context != nil {
			// The end may have come before: in this execution, or in one that differs in
			// the order of steps which do not depend on each other.
			l.c.check(NotSentLate, w.context.begun && (w.context.timed || w.context.deadline == 0),
				"a call is sent, and its thread has not looked whether its context has ended, or its deadline has passed")
		}
	case a.Segment == call.Private && a.Step == step.Abandon:
		if l.c.caller.Private().Peek(a.Offset) == call.Pending {
			l.left[self] = abandoned
		}
	case a.Step == step.LookSlot && l.floods && a.Segment == channel.Replies:
		l.pour(a)
	case a.Step == step.StoreHead && l.floods && a.Segment == channel.Calls:
		l.received(self)
	case a.Segment == call.Private && a.Step == step.CloseCall:
		l.left[self] = closedCall
	case a.Segment == call.Private && a.Step == step.Lead && l.c.own[self] == none:
		l.looked[self] = true
	case a.Segment == call.Private && a.Step == step.LoadCall:
		// A reply that comes for the second time may be to an earlier call of the record.
		j := call.RecordAt(a.Offset)
		copied := l.c.machine.waiter().copied
		own := binary.LittleEndian.Uint32(copied[statusAt:]) == l.c.says.Procedure(l.calls[j]) && l.c.answers(copied[channel.HeaderSize:], l.calls[j])
		l.owed[j] = l.owed[j] && !own
	}
}

// ended judges how call i ended; took says how often its reply was taken.
func (l *leaving) ended(i int, err error, took int) {
	c := l.contextOf(i)
	ok := took == 0
	switch {
	case err == nil:
		ok = took == 1
	case errors.Is(err, call.ErrCancelled):
		ok = ok && c != nil && c.err == context.Canceled
	case errors.Is(err, call.ErrDeadline):
		ok = ok && c != nil && c.deadline != 0 && c.deadline <= l.c.machine.clock
	case errors.Is(err, call.ErrOverloaded):
		ok = ok && l.overload == call.Refuse
		l.c.check(LooksForLate, l.looked[l.c.t.Self()], "call %d is refused, and its thread has not tried to receive", i+1)
	default:
		l.c.check(HonestPeer, false, "a call ended with: %v", err)
	}
	l.c.check(EndsWithReason, ok, "call %d ended with %v, its reply was taken %d times", i+1, err, took)
	l.c.check(NothingLeaked, c == nil || !c.watched, "call %d has ended, and its context is watched", i+1)
}

// leave ends the contexts of a thread that leaves, one after the other.
func (l *leaving) leave(leaver, calls int) {
	for i := leaver * calls; i < (leaver+1)*calls; i++ {
		l.c.t.Mark("ends", uint64(i))
		l.contexts[i].end(l.how)
	}
	l.c.t.Mark("end")
	l.c.over()
}

// end judges the records when nobody can go on: each is free, or its call was
// left and no reply has come.
func (l *leaving) end() {
	free := l.c.caller.Free()
	for j, owed := range l.owed {
		state := l.c.caller.Private().Peek(call.State(j))
		times := 0
		for _, other := range free {
			if other == j {
				times++
			}
		}
		ok := times == 1 && state == call.Idle && !owed || times == 0 && owed && state == call.Abandoned
		// Where nobody replies, who cannot leave waits for ever, also for room: the record is
		// that of a call which has not ended.
		thread, nth := l.calls[j]/l.c.calls, l.calls[j]%l.c.calls
		ok = ok || times == 0 && state == call.Pending && l.c.servers == 0 && l.c.ended[thread] == nth
		l.c.t.Check(NothingLeaked, ok, "record %d is in the list of free records %d times, in state %d; a reply is under way: %v", j, times, state, owed)
	}
}

// places are those of the contexts.
func (l *leaving) places() (all []schedule.Location) {
	for _, c := range l.contexts {
		all = append(all, c.at)
	}
	return all
}

// state adds what contexts and records are to a digest.
func (l *leaving) state(d *schedule.Digest) {
	d.Word(uint64(len(l.c.machine.called)))
	for _, c := range l.contexts {
		c.state(d)
	}
	for _, j := range l.c.own {
		d.Word(uint64(j + 1))
	}
	d.Word(uint64(l.flood))
	for j, owed := range l.owed {
		d.Word(uint64(oneIf(owed) * (l.calls[j] + 1)))
	}
}
