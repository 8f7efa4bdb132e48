// Package memory is the specification at the level of memory: one channel
// between the calling threads of one client and the processors of one server,
// one shared access per step. It promises nothing to users. The runtime's
// packages channel and call take the same steps under the same names.
//
// Where to look:
//
//	state.go       the words, who writes them, what positions and doorbells stand for
//	machine.go     the parameters, and the two programs put together
//	send.go        the sending end of a queue
//	wake.go        waking the peer's processors
//	donate.go      donating a processor, and returning it
//	receive.go     the receiving end of a queue, and the procedure
//	park.go        parking
//	call.go        callers that lead or block
//	leave.go       callers that leave their calls, and late replies
//	leftdonate.go  what must be true of donated processors where calls may be left
//	context.go     the ends of contexts: cancellation and deadlines
//	queue.go       one queue by itself, whose receivers poll
//	death.go       the death of the server's space, and what its client does about it
//	stop.go        the stop of the server's processors
//	left.go        what calls that are left add to a state
//	properties.go  what must be true, and what must come up; leftproperties.go: of calls that are left
//	mutants.go     faults that the properties catch; leftmutants.go: of calls that are left
//	family.go      the named configurations; leftfamily.go: of calls that are left
//	image.go       for refinement mappings from implementations
//
// Not here: what a processor that was donated does (package protocol), a corrupt
// peer, a client that dies, how long anybody polls, and sleeping on several channels.
package memory

import (
	"errors"
	"slices"

	"urpc/checker"
	"urpc/spec/step"
)

// Each label is one access to a word that more than one thread can reach, the
// branch on what was read included; local computation is part of the step
// before it. Locks, room, permits and sleep are awaits: a step that would only
// be tried again is not enabled. Nobody spins, so that a lost wake-up is a
// state in which nothing is enabled, and not a loop.

// Config is a configuration of the channel.
type Config struct {
	Clients int // calling threads, 1 to MaxClients
	Servers int // processors of the server, 1 to MaxServers
	Calls   int // calls of each thread; 0: for ever
	Slots   int // capacity of the queue of calls, 1 to MaxSlots
	Replies int // capacity of the queue of replies
	// Spurious: the kernel may wake a sleeper for nothing.
	Spurious bool
	// Pass says whom the caller that resigns the lead makes ready.
	Pass Pass
	// Doorbell is after how many rings a doorbell has its old value again; 0: never.
	Doorbell int
	// Donation: a caller that wakes the server donates its processor if it is the last
	// that is ready and none is out, and tells so beforehand; the server returns it.
	// Calls is not 0 then.
	Donation bool
	// Leave says how calls are left; the zero value: they are not. See CallModel.
	Leave Leave
	// Polls: who has found nothing to receive may poll once more before it parks.
	Polls bool
	// Queue: nothing but the queue of calls, without replies: the clients send Calls
	// messages each, the servers receive and poll. See queue.go.
	Queue bool
	// Stops: the server's processors are told to stop, once, at any time. See stop.go.
	Stops bool
}

// Pass is whom the caller that resigns the lead makes ready.
type Pass int

const (
	// PassFirst: the first other caller whose call is pending. This suffices as
	// long as no queue is ever full for a sender, which is so with no more
	// callers than slots. Where callers outnumber the slots of both queues and
	// the processors of the server together, the caller that it makes ready may
	// be one that waits for room in the queue of calls, which only receiving
	// replies would give it: a deadlock (five callers, one slot each, one
	// processor).
	PassFirst Pass = iota
	// PassAll: every other caller whose call is pending. One of those that have
	// sent takes the lead.
	PassAll
)

// machine is a configuration as the steps use it.
type machine struct {
	Config
	capacity [2]uint8 // of the queue that a side sends into
	full     [2]uint8 // how many messages a full queue holds: the capacity
}

func newMachine(c Config) *machine {
	if c.Clients > MaxClients || c.Servers > MaxServers || max(c.Slots, c.Replies) > MaxSlots {
		panic("memory: a configuration has more threads or slots than a state can hold")
	}
	if err := errors.Join(c.Leave.fits(c), c.stops()); err != nil {
		panic("memory: " + err.Error())
	}
	m := &machine{Config: c, capacity: [2]uint8{uint8(c.Slots), uint8(c.Replies)}}
	m.full = m.capacity
	return m
}

// initial: both queues are empty at position 0, each slot as if it had been
// used one lap before; callers are about to call, processors to receive.
func (m *machine) initial() State {
	var s State
	for side := range s.Side {
		for i := range m.capacity[side] {
			s.Side[side].Slot[i].Sequence = m.add(side, i+1, -m.capacity[side])
		}
	}
	for i := range m.Clients {
		s.Caller[i].At = m.begins()
		if m.Queue {
			s.Caller[i].Message = call(i, 0)
		}
	}
	for j := range m.Servers {
		if s.Server[j].At = step.TestSetReceive; m.Stops {
			s.Server[j].At = step.LookStop
		}
	}
	return s
}

// add is position + n of the queue that a side sends into.
func (m *machine) add(side int, position, n uint8) uint8 {
	modulus := laps * m.capacity[side]
	return uint8((int(position) + int(int8(n)) + int(modulus)) % int(modulus))
}

// view is a step's sight of a state: the thread that takes it, what its side
// writes, and what the peer writes.
type view struct {
	*machine
	s         *State
	left      *Leaving // nil: calls are not left
	side      int
	self      int
	choice    int // of a step that has choices
	own, peer *Side
	t         *Thread
}

func (m *machine) view(s *State, side, self int) view {
	v := view{machine: m, s: s, side: side, self: self, own: &s.Side[side], peer: &s.Side[1-side]}
	if side == client {
		v.t = &s.Caller[self].Thread
	} else {
		v.t = &s.Server[self]
	}
	return v
}

// caller is the caller that takes the step.
func (v view) caller() *Caller { return &v.s.Caller[v.self] }

// to goes on to the next step.
func (v view) to(next step.Name) bool {
	v.t.At = next
	return true
}

// slot is the slot of a position in the queue that a side sends into.
func (v view) slot(side int, position uint8) *Slot {
	return &v.s.Side[side].Slot[position%v.capacity[side]]
}

// row is one row of a program.
type row struct {
	name step.Name
	do   func(v view) bool
}

// sending, receiving and so on are the parts of the programs. Both sides run
// the same code for their ends of the queues.
var (
	sending = []row{
		{step.TestSetSend, view.testSetSend}, {step.LoadTail, view.loadTail}, {step.LoadRoom, view.loadRoom},
		{step.LookHead, view.lookHead}, {step.StoreRoom, view.storeRoom}, {step.WriteSlot, view.writeSlot},
		{step.Publish, view.publish}, {step.StoreTail, view.storeTail}, {step.UnlockSend, view.unlockSend},
		{step.AwaitRoom, view.awaitRoom},
	}
	waking = []row{
		{step.RetractReady, view.retractReady}, {step.LookParked, view.lookParked}, {step.LookReturned, view.lookReturned}, {step.Donate, view.donate},
		{step.Ring, view.ring}, {step.Wake, view.wake},
	}
	receiving = []row{
		{step.TestSetReceive, view.testSetReceive}, {step.LoadHead, view.loadHead}, {step.LookSlot, view.lookSlot},
		{step.CopySlot, view.copySlot}, {step.StoreHead, view.storeHead}, {step.UnlockReceive, view.unlockReceive},
	}
	parking = []row{
		{step.Pause, view.pause}, {step.LookDoorbell, view.lookDoorbell}, {step.LoadReturned, view.loadReturned}, {step.LookDonation, view.lookDonation},
		{step.Return, view.giveBack}, {step.Announce, view.announce}, {step.RecheckHead, view.recheckHead},
		{step.RecheckSlot, view.recheckSlot}, {step.Sleep, view.sleep}, {step.Asleep, view.asleep}, {step.Retract, view.retract},
	}
	calling = []row{
		{step.AnnounceReady, view.announceReady}, {step.OpenCall, view.openCall}, {step.CheckReply, view.checkReply}, {step.Lead, view.lead},
		{step.AnnounceBlock, view.announceBlock}, {step.LeadAgain, view.leadAgain}, {step.Block, view.block}, {step.RetractBlock, view.retractBlock},
		{step.LoadCall, view.loadCall}, {step.Deliver, view.deliver}, {step.Ready, view.ready}, {step.Resign, view.resign},
		{step.LookBlocked, view.lookBlocked}, {step.LookPending, view.lookPending}, {step.CloseCall, view.closeCall},
	}
	serving = []row{{step.Execute, view.execute}}
)

// programs are the tables of the two sides.
func (m *machine) programs() [2][]row {
	var p [2][]row
	if m.Queue {
		return [2][]row{client: sending, server: slices.Concat(receiving, polling)}
	}
	calls := calling
	if m.Leave.on() {
		calls = leaving
	}
	if m.Leave.Death {
		calls = slices.Concat(leaving, mourning)
	}
	for side, parts := range [2][][]row{
		client: {calls, sending, waking, receiving, parking},
		server: {heeding, receiving, serving, sending, waking, parking},
	} {
		for _, part := range parts {
			for _, r := range part {
				if m.has(side, r.name) {
					p[side] = append(p[side], r)
				}
			}
		}
	}
	return p
}

// has says whether the program of a side has such a step.
func (m *machine) has(side int, name step.Name) bool {
	switch name {
	case step.Pause:
		return m.Polls
	case step.Asleep:
		return m.Spurious || side == client && m.Leave.End != Cancelled
	case step.AnnounceReady, step.RetractReady, step.LookReturned, step.Donate:
		return m.Donation && side == client
	case step.TakeRecord, step.FreeRecord:
		return m.lists()
	case step.AwaitRecord:
		return !m.Leave.Death || m.waits()
	case step.LookContext, step.LookClock, step.Watch:
		return !m.Leave.Death
	case step.LoadReturned, step.LookDonation, step.Return:
		return m.Donation && side == server
	case step.LookStop:
		return m.Stops
	case step.LookNudge:
		return m.Stops || side == client
	default:
		return true
	}
}

// The names of the processes, by side.
const (
	clientName    = "client"
	serverName    = "server"
	senderName    = "sender"
	receiverName  = "receiver"
	cancellerName = "canceller"
	nudgerName    = "nudger"
	reaperName    = "reaper"
	watcherName   = "watch"
	stopperName   = "stopper"
)

var processNames = [processes]string{client: clientName, server: serverName, canceller: cancellerName, nudger: nudgerName, reaper: reaperName, watcher: watcherName, stopper: stopperName}

// ProcessName names the threads of a side.
func (c Config) ProcessName(side int) string {
	switch {
	case c.Queue && side == client:
		return senderName
	case c.Queue && side == server:
		return receiverName
	default:
		return processNames[side]
	}
}

// count is how many threads a process has.
func (m *machine) count(side int) int {
	switch {
	case side == client:
		return m.Clients
	case side == server:
		return m.Servers
	case side == canceller:
		return m.Leave.Leavers
	case side == nudger:
		return m.Leave.Nudgers()
	case m.Leave.Death && side != stopper, m.Stops && !m.Leave.Death && side == stopper:
		return 1
	default:
		return 0
	}
}

// process makes a process of a program, in states of a type that sight looks at, and
// of which at tells where a thread stands. labels gives steps of a mutant another name.
func process[S comparable](m *machine, side int, program []row, labels map[step.Name]step.Name,
	sight func(s *S, side, self int) view, at func(s *S, side, self int) step.Name) checker.Process[S] {
	var index [256]int16
	for i := range index {
		index[i] = -1
	}
	p := checker.Process[S]{Name: m.ProcessName(side), Count: m.count(side)}
	for i, r := range program {
		index[r.name] = int16(i)
		label := r.name
		if other, ok := labels[label]; ok {
			label = other
		}
		s := checker.Step[S]{Label: label.String()}
		if n := m.choices(side, r.name); n > 1 {
			s.Choices = n
			s.Choose = func(s *S, self, choice int) bool {
				v := sight(s, side, self)
				v.choice = choice
				return r.do(v)
			}
		} else {
			s.Do = func(s *S, self int) bool { return r.do(sight(s, side, self)) }
		}
		p.Steps = append(p.Steps, s)
	}
	p.PC = func(s *S, self int) int { return int(index[at(s, side, self)]) }
	return p
}

// at is the step at which a thread stands.
func (s *State) at(side, self int) step.Name { return s.thread(side, self).At }

// model puts programs and properties together.
func (m *machine) model(programs [2][]row, labels map[step.Name]step.Name) checker.Model[State] {
	name, properties := "channel", m.properties
	if m.Queue {
		name, properties = "queue", m.queueProperties
	}
	return checker.Model[State]{
		Name: name,
		Init: []State{m.initial()},
		Processes: []checker.Process[State]{
			process(m, client, programs[client], labels, m.view, (*State).at),
			process(m, server, programs[server], labels, m.view, (*State).at),
		},
		Terminal:   m.terminal,
		Event:      event,
		Properties: properties(),
	}
}

// Model gives the configuration's model, with its properties. In it no call is
// left, and the server does not stop.
func Model(c Config) checker.Model[State] {
	if c.Stops {
		panic("memory: a server that stops has more in its state: see StopFamily")
	}
	m := newMachine(c)
	return m.model(m.programs(), nil)
}

// terminal: every caller has made its calls, every processor is asleep, or awaits a
// message.
func (m *machine) terminal(s *State) bool {
	for i := range m.Clients {
		if s.Caller[i].At != step.None {
			return false
		}
	}
	rests := step.Asleep
	if m.Queue {
		rests = step.AwaitMessage
	}
	for j := range m.Servers {
		if s.Server[j].At != rests {
			return false
		}
	}
	return true
}

// event names the steps by which a message moves: a0> is written into its slot,
// >a0 copied out, xa0 executed; a0. is the end of the call.
func event(before, after *State, taken checker.Taken) string {
	side := taker(taken)
	was, is := before.thread(side, taken.Self), after.thread(side, taken.Self)
	switch taken.Label {
	case step.WriteSlot.String():
		return was.Message.String() + ">"
	case step.CopySlot.String():
		return ">" + is.Message.String()
	case step.Execute.String():
		return "x" + was.Message.String()
	case step.CloseCall.String():
		c := &before.Caller[taken.Self]
		return call(taken.Self, c.Number&1).String() + "."
	default:
		return ""
	}
}
