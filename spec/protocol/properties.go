package protocol

import (
	"slices"

	"urpc/checker"
	"urpc/spec/step"
)

// What must be true of the protocol level. No property calls a guard of a step:
// each is written from the state alone, so that a wrong guard is found.

// The names of the properties.
const (
	Conserved        = "processors conserved"
	NothingReady     = "donates only when nothing is ready at home"
	OnlyUnderpowered = "donates only to an underpowered space"
	Descheduled      = "a sender is descheduled at send"
	CallerWaits      = "a caller does not run until its reply"
	ExactlyOnce      = "each call is executed once and replied to once"
	NothingLost      = "nothing lost or duplicated"
	NoOverflow       = "no queue overflows"
	AfterAll         = "executes only after all have sent"
	Donations        = "donations"
	Orders           = "orders"
)

// The names of the reachable twins: each says that what a property forbids or
// allows does come up.
const (
	SomeBlocked        = "a caller waits for its reply"
	SomeReplied        = "a reply is received"
	SomeUnreplied      = "a call is executed and its reply is not received"
	SomeStranded       = "a space has a message and no processor"
	SomeAway           = "a processor is away from its first space"
	SomeReadyStranded  = "a thread is ready while another space has a message and no processor"
	SomeBatch          = "two calls wait in one channel"
	SomeMessagePowered = "a message waits in a space with a processor"
	AllExited          = "every thread has exited"
)

// properties are what is checked of a configuration. A twin that the
// configuration rules out by itself (nobody to batch with, a processor
// everywhere) is left out.
func (m *machine) properties() []checker.Property[State] {
	all := []checker.Property[State]{
		checker.Invariant(Conserved, m.conserved),
		checker.Invariant(CallerWaits, m.callerWaits),
		checker.Invariant(ExactlyOnce, m.exactlyOnce),
		checker.Invariant(NothingLost, m.nothingLost),
		checker.Invariant(NoOverflow, func(s *State) bool { return !s.Overflow }),
		checker.Transition(Descheduled, descheduled),
		checker.Transition(NothingReady, m.nothingReady),
		checker.Transition(OnlyUnderpowered, m.onlyUnderpowered),
		checker.Reachable(SomeBlocked, m.someBlocked),
		checker.Reachable(SomeReplied, m.someReplied),
		checker.Count[State](Donations, m.donationLabels()...),
	}
	if !slices.ContainsFunc(m.Threads, func(t Program) bool { return t.does(Compute) }) {
		all = append(all, checker.Reachable(AllExited, m.terminal))
	}
	if m.Orders {
		all = append(all, checker.Orders[State](Orders, m.orderLabels()...))
	}
	if m.lazy() {
		all = append(all, checker.Reachable(SomeUnreplied, m.someUnreplied),
			checker.Reachable(SomeMessagePowered, func(s *State) bool { return m.someMessage(s, true) }))
	}
	if m.eager() { // what follows is about lazy calls alone
		return all
	}
	if len(m.Processors) == 1 {
		all = append(all, checker.Transition(AfterAll, m.afterAll))
	}
	if m.needsDonation() {
		all = append(all, checker.Reachable(SomeStranded, func(s *State) bool { return m.someMessage(s, false) }),
			checker.Reachable(SomeAway, m.someAway))
		if len(m.Threads) > 1 {
			all = append(all, checker.Reachable(SomeReadyStranded, m.someReadyStranded))
		}
	}
	if m.canBatch() {
		all = append(all, checker.Reachable(SomeBatch, someBatch))
	}
	return all
}

// conserved: each processor is in exactly one space, the one that it acts in.
func (m *machine) conserved(s *State) bool {
	for p := range m.Processors {
		for space := range m.Spaces {
			if s.Space[space].Processors.has(p) != (s.Processor[p].Space.number() == space) {
				return false
			}
		}
	}
	return true
}

// callerWaits (C15): no processor runs a thread whose call is under way.
func (m *machine) callerWaits(s *State) bool {
	for p := range m.Processors {
		t := s.Processor[p].Thread
		if s.Processor[p].Mode == OnThread && m.sent(s, t) != int(s.Thread[t.index()].Replied) {
			return false
		}
	}
	return true
}

// sent is the number of calls that a thread has sent: those before the
// instruction at which it stands.
func (m *machine) sent(s *State, t ThreadID) int {
	n := 0
	for _, in := range m.Threads[t.index()].Do[:s.Thread[t.index()].At] {
		if in.Kind == Call {
			n++
		}
	}
	return n
}

// exactlyOnce (C1): a thread that does not wait has had each of its calls
// executed and replied to once; of one that waits, the last call was executed
// once at most.
func (m *machine) exactlyOnce(s *State) bool {
	for i := range m.Threads {
		t := &s.Thread[i]
		sent, executed, replied := m.sent(s, ThreadID(i+1)), int(t.Executed), int(t.Replied)
		switch {
		case t.Status == Blocked && (replied != sent-1 || executed < replied || executed > sent):
			return false
		case t.Status != Blocked && (replied != sent || executed != sent):
			return false
		}
	}
	return true
}

// nothingLost: the call of a blocked thread is in exactly one place: queued,
// in service, or its reply queued; and there is no other message.
func (m *machine) nothingLost(s *State) bool {
	var places [MaxThreads]int
	count := func(q *Queue) {
		for _, t := range q[:q.len()] {
			places[t.index()]++
		}
	}
	for client := range m.Spaces {
		for server := range m.Spaces {
			count(&s.Calls[client][server])
			count(&s.Replies[client][server])
		}
	}
	for p := range m.Processors {
		switch s.Processor[p].Mode {
		case Received, Served, Carrying:
			places[s.Processor[p].Thread.index()]++
		}
	}
	for i := range m.Threads {
		if (places[i] == 1) != (s.Thread[i].Status == Blocked) || places[i] > 1 {
			return false
		}
	}
	return true
}

// descheduled (R1, C15): after a send the sender is blocked, its processor is at
// the scheduler of the same space, and no processor runs the sender.
func descheduled(before, after *State, taken checker.Taken) bool {
	if taken.Label != step.Send.String() {
		return true
	}
	was, is := &before.Processor[taken.Self], &after.Processor[taken.Self]
	if after.Thread[was.Thread.index()].Status != Blocked || is.Mode != Scheduling || is.Space != was.Space {
		return false
	}
	for p := range after.Processor {
		if after.Processor[p].Mode == OnThread && after.Processor[p].Thread == was.Thread {
			return false
		}
	}
	return true
}

// nothingReady (C12): a processor that is donated leaves a space that has no
// ready thread and no message for it.
func (m *machine) nothingReady(before, _ *State, taken checker.Taken) bool {
	if taken.Label != step.Donate.String() {
		return true
	}
	home := before.Processor[taken.Self].Space.number()
	return before.Space[home].Ready.len() == 0 && messages(before, home) == 0
}

// onlyUnderpowered (R3): the space that it goes to had a message and no processor.
func (m *machine) onlyUnderpowered(before, after *State, taken checker.Taken) bool {
	if taken.Label != step.Donate.String() {
		return true
	}
	target := after.Processor[taken.Self].Space.number()
	return messages(before, target) > 0 && m.population(before, target) == 0
}

// messages is the number of messages that wait for a space.
func messages(s *State, space int) int {
	n := 0
	for other := range MaxSpaces {
		n += s.Calls[other][space].len() + s.Replies[space][other].len()
	}
	return n
}

// population is the number of processors that act in a space.
func (m *machine) population(s *State, space int) int {
	n := 0
	for p := range m.Processors {
		if s.Processor[p].Space.number() == space {
			n++
		}
	}
	return n
}

// afterAll (C4): on one processor, when a call is executed no thread of its
// caller's space is ready or running.
func (m *machine) afterAll(before, _ *State, taken checker.Taken) bool {
	if taken.Label != step.Execute.String() && taken.Label != step.ExecuteAndSwitchBack.String() {
		return true
	}
	home := m.home(before.Processor[taken.Self].Thread)
	for i := range m.Threads {
		if st := before.Thread[i].Status; m.Threads[i].Space == home && (st == Ready || st == Running) {
			return false
		}
	}
	return true
}

func (m *machine) someBlocked(s *State) bool {
	for i := range m.Threads {
		if s.Thread[i].Status == Blocked {
			return true
		}
	}
	return false
}

func (m *machine) someReplied(s *State) bool {
	for i := range m.Threads {
		if s.Thread[i].Replied > 0 {
			return true
		}
	}
	return false
}

func (m *machine) someUnreplied(s *State) bool {
	for i := range m.Threads {
		if s.Thread[i].Executed > s.Thread[i].Replied {
			return true
		}
	}
	return false
}

// someMessage: a message waits in a space that has a processor, or has none.
func (m *machine) someMessage(s *State, powered bool) bool {
	for space := range m.Spaces {
		if messages(s, space) > 0 && (m.population(s, space) > 0) == powered {
			return true
		}
	}
	return false
}

func (m *machine) someAway(s *State) bool {
	for p, first := range m.Processors {
		if s.Processor[p].Space.number() != first {
			return true
		}
	}
	return false
}

func (m *machine) someReadyStranded(s *State) bool {
	if !m.someMessage(s, false) {
		return false
	}
	for i := range m.Threads {
		home := m.Threads[i].Space
		if s.Thread[i].Status == Ready && m.population(s, home) > 0 {
			return true
		}
	}
	return false
}

func someBatch(s *State) bool {
	for client := range MaxSpaces {
		for server := range MaxSpaces {
			if s.Calls[client][server].len() > 1 {
				return true
			}
		}
	}
	return false
}

// needsDonation: some space that takes part starts without a processor.
func (m *machine) needsDonation() bool {
	if m.Donation == Off {
		return false
	}
	for space := range m.Spaces {
		if !m.starts(space) && m.linkedAtAll(space) {
			return true
		}
	}
	return false
}

func (m *machine) starts(space int) bool {
	for _, first := range m.Processors {
		if first == space {
			return true
		}
	}
	return false
}

func (m *machine) linkedAtAll(space int) bool {
	for other := range m.Spaces {
		if m.linked[space][other] {
			return true
		}
	}
	return false
}

// canBatch: two threads of one space call the same server.
func (m *machine) canBatch() bool {
	type channel struct{ client, server int }
	callers := map[channel]int{}
	for i, t := range m.Threads {
		for _, in := range t.Do {
			c := channel{t.Space, in.Server}
			if in.Kind == Call && callers[c] != i+1 {
				if callers[c] != 0 {
					return true
				}
				callers[c] = i + 1
			}
		}
	}
	return false
}

// donationLabels are the steps that reallocate a processor, the way back included.
func (m *machine) donationLabels() []string {
	labels := []string{step.Donate.String()}
	if m.eager() {
		labels = append(labels, step.CallAndSwitch.String(), step.ExecuteAndSwitchBack.String())
	}
	return labels
}

// orderLabels are the steps whose order the editor example tells.
func (m *machine) orderLabels() []string {
	labels := []string{step.Send.String(), step.Execute.String()}
	if m.eager() {
		labels = append(labels, step.CallAndSwitch.String(), step.ExecuteAndSwitchBack.String())
	}
	return labels
}
