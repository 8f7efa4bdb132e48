package memory

import (
	"urpc/checker"
	"urpc/spec/step"
)

// What must be true of the memory level.

// The names of the properties.
const (
	MutualExclusion = "one thread at a time at each end of each queue"
	OneLeader       = "one caller leads at a time"
	InOrder         = "nothing lost, duplicated, reordered or torn"
	NoOverwriting   = "no unread slot is overwritten"
	OwnResult       = "every caller gets its own result"
	ExactlyOnce     = "each call is executed exactly once"
	NoSleepOnCall   = "the server does not sleep while a call is queued"
	NoSleepOnReply  = "the client does not sleep while a reply is queued"
	ParkedCounts    = "parked counts the announced"
	BlockedCounts   = "blocked counts the announced"
	OneDonation     = "one processor of the client at a time is donated"
	NoneReady       = "no processor is donated while a thread at home is ready"
	ReadyCounts     = "ready counts those with a call to send or a reply to take"
	GoesBack        = "at the end every donated processor has gone back"
)

// The names of the reachable twins.
const (
	SomeBusy          = "a lock is busy"
	SomeOpen          = "two calls are open"
	SomeCallsFull     = "the queue of calls is full"
	SomeRepliesFull   = "the queue of replies is full"
	SomeAwaitCalls    = "a caller waits for room"
	SomeAwaitReplies  = "a processor of the server waits for room"
	SomeCallsWrap     = "the queue of calls has wrapped and is empty"
	SomeRepliesWrap   = "the queue of replies has wrapped and is empty"
	SomeServerAsleep  = "all processors of the server are asleep"
	SomeLeaderAsleep  = "the leading caller is asleep"
	SomeSleepRefused  = "a sleep is refused because the doorbell was rung"
	SomeRecheckFinds  = "a recheck finds a message"
	SomeWakeOfNobody  = "a wake finds nobody asleep"
	SomeWakeOfSleeper = "a wake finds a sleeper"
	SomeLeadPassed    = "the lead is passed on"
	SomeForAnother    = "the leader receives another's reply"
	SomeEarlyPermit   = "a caller is made ready before it blocks"
	SomeLeadAgain     = "the second try for the lead succeeds"
	SomeDonation      = "a processor is donated"
	SomeReturn        = "a donated processor has gone back"
	SomeOut           = "a caller does not donate, since a processor is out"
	SomeNotLast       = "a caller does not donate, since another one is ready"
)

// properties are what is checked of a configuration. A twin that the
// configuration rules out by itself is left out: one caller alone finds no lock
// busy, and a queue that holds all calls at once is never full.
func (m *machine) properties() []checker.Property[State] {
	all := []checker.Property[State]{
		checker.Invariant(MutualExclusion, m.mutualExclusion),
		checker.Invariant(OneLeader, m.oneLeader),
		checker.Transition(InOrder, m.inOrder),
		checker.Transition(NoOverwriting, m.noOverwriting),
		checker.Transition(OwnResult, m.ownResult),
		checker.Transition(ExactlyOnce, m.exactlyOnce),
		checker.Invariant(NoSleepOnCall, m.noSleepOnCall),
		checker.Invariant(NoSleepOnReply, m.noSleepOnReply),
		checker.Invariant(ParkedCounts, m.parkedCounts),
		checker.Invariant(BlockedCounts, m.blockedCounts),
		checker.Reachable(SomeServerAsleep, m.serverAsleep),
		checker.Reachable(SomeLeaderAsleep, m.leaderAsleep),
		checker.Reachable(SomeSleepRefused, m.someSleepRefused),
		checker.Reachable(SomeRecheckFinds, m.someRecheckFinds),
		checker.Reachable(SomeWakeOfNobody, func(s *State) bool { return m.someWake(s, false) }),
		checker.Reachable(SomeWakeOfSleeper, func(s *State) bool { return m.someWake(s, true) }),
	}
	full := [2]string{SomeCallsFull, SomeRepliesFull}
	wraps := [2]string{SomeCallsWrap, SomeRepliesWrap}
	awaits := [2]string{SomeAwaitCalls, SomeAwaitReplies}
	for side := range 2 {
		capacity := int(m.capacity[side])
		if m.Clients >= capacity {
			all = append(all, checker.Reachable(full[side], func(s *State) bool { return m.queued(s, side) == capacity }))
		}
		if m.Clients > capacity {
			all = append(all, checker.Reachable(awaits[side], func(s *State) bool { return m.some(s, side, step.AwaitRoom) }))
		}
		if m.Calls == 0 || m.Clients*m.Calls > capacity {
			all = append(all, checker.Reachable(wraps[side], func(s *State) bool {
				return int(s.Side[side].Tail) > capacity && m.queued(s, side) == 0
			}))
		}
	}
	if m.Donation {
		all = append(all, m.donationProperties()...)
	}
	if m.Clients > 1 {
		all = append(all,
			checker.Reachable(SomeBusy, m.someBusy),
			checker.Reachable(SomeOpen, m.someOpen),
			checker.Reachable(SomeLeadPassed, m.someLeadPassed),
			checker.Reachable(SomeForAnother, m.someForAnother),
			checker.Reachable(SomeEarlyPermit, m.someEarlyPermit),
			checker.Reachable(SomeLeadAgain, m.someLeadAgain))
	}
	return all
}

// threads gives the number of threads of a side, and thread one of them.
func (m *machine) threads(side int) int {
	if side == client {
		return m.Clients
	}
	return m.Servers
}

func (s *State) thread(side, self int) *Thread {
	if side == client {
		return &s.Caller[self].Thread
	}
	return &s.Server[self]
}

// some says whether a thread of the side stands at a step.
func (m *machine) some(s *State, side int, at step.Name) bool {
	return m.at(s, side, func(n step.Name) bool { return n == at }) > 0
}

// at counts the threads of a side that stand at such a step.
func (m *machine) at(s *State, side int, such func(step.Name) bool) int {
	n := 0
	for self := range m.threads(side) {
		if such(s.thread(side, self).At) {
			n++
		}
	}
	return n
}

// sendingEnd and receivingEnd say whether a thread at this step holds the end's lock.
func sendingEnd(at step.Name) bool {
	switch at {
	case step.LoadTail, step.LoadRoom, step.LookHead, step.StoreRoom, step.WriteSlot, step.Publish, step.StoreTail, step.UnlockSend:
		return true
	default:
		return false
	}
}

func receivingEnd(at step.Name) bool {
	switch at {
	case step.LoadHead, step.LookSlot, step.CopySlot, step.StoreHead, step.UnlockReceive:
		return true
	default:
		return false
	}
}

// mutualExclusion (C22): of the threads of a side, one at most is between the
// test-and-set and the unlock of an end.
func (m *machine) mutualExclusion(s *State) bool {
	for side := range 2 {
		if m.at(s, side, sendingEnd) > 1 || m.at(s, side, receivingEnd) > 1 {
			return false
		}
	}
	return true
}

func (m *machine) oneLeader(s *State) bool {
	n := 0
	for i := range m.Clients {
		if s.Caller[i].Leads {
			n++
		}
	}
	return n <= 1
}

// taker gives the side of the thread that took a step.
func taker(taken checker.Taken) int {
	if taken.Process == clientName || taken.Process == senderName {
		return client
	}
	return server
}

// inOrder: what is copied out of a queue is the oldest message that was
// published in it and not yet copied out, as its sender meant it.
func (m *machine) inOrder(before, after *State, taken checker.Taken) bool {
	if taken.Label != step.CopySlot.String() {
		return true
	}
	side := taker(taken)
	oldest := before.Sent[1-side][0]
	return oldest != 0 && after.thread(side, taken.Self).Message == oldest
}

// noOverwriting: a slot is written only while fewer messages than slots were
// published and not copied out. (They stand in consecutive slots.)
func (m *machine) noOverwriting(before, _ *State, taken checker.Taken) bool {
	if taken.Label != step.WriteSlot.String() {
		return true
	}
	side := taker(taken)
	return before.Sent[side][m.capacity[side]-1] == 0
}

// ownResult (C1): at the end of a call its caller has the result of its own
// argument.
func (m *machine) ownResult(before, _ *State, taken checker.Taken) bool {
	if taken.Label != step.CloseCall.String() {
		return true
	}
	c := &before.Caller[taken.Self]
	return c.Result == call(taken.Self, c.Number&1).result()
}

// exactlyOnce (C1): no call is executed a second time, none ends unexecuted.
func (m *machine) exactlyOnce(before, after *State, taken checker.Taken) bool {
	switch taken.Label {
	case step.CloseCall.String():
		return before.Caller[taken.Self].Executed == 1
	case step.Execute.String():
		for i := range m.Clients {
			if after.Caller[i].Executed > 1 {
				return false
			}
		}
	}
	return true
}

// noSleepOnCall (H1): it does not happen that a call can be received, every
// processor of the server is asleep, and no sender is on its way to wake them.
func (m *machine) noSleepOnCall(s *State) bool {
	return !m.published(s, client) || !m.serverAsleep(s) || m.at(s, client, onTheWayToWake) > 0
}

// noSleepOnReply (H1): the same of the replies; who could receive one is the
// caller that leads.
func (m *machine) noSleepOnReply(s *State) bool {
	return !m.published(s, server) || !m.leaderAsleep(s) || m.at(s, server, onTheWayToWake) > 0
}

// onTheWayToWake: a thread that has published and not yet come to the end of waking.
func onTheWayToWake(at step.Name) bool {
	switch at {
	case step.StoreTail, step.UnlockSend, step.RetractReady, step.LookParked, step.LookReturned, step.Donate, step.Ring, step.Wake:
		return true
	default:
		return false
	}
}

// published says whether the next message of the queue that a side sends into
// can be received.
func (m *machine) published(s *State, side int) bool {
	h := s.Side[1-side].Head
	return s.Side[side].Slot[h%m.capacity[side]].Sequence == m.add(side, h, 1)
}

// queued is the number of messages in a queue by its words.
func (m *machine) queued(s *State, side int) int {
	return int(m.add(side, s.Side[side].Tail, -s.Side[1-side].Head))
}

// parkedCounts: the word that wakers look at is the number of threads between
// their announcement and its retraction.
func (m *machine) parkedCounts(s *State) bool {
	for side := range 2 {
		if int(s.Side[side].Parked) != m.at(s, side, announced) {
			return false
		}
	}
	return true
}

func announced(at step.Name) bool {
	switch at {
	case step.RecheckHead, step.RecheckSlot, step.Sleep, step.Asleep, step.Retract:
		return true
	default:
		return false
	}
}

// blockedCounts: the word that who resigns looks at is the number of callers
// between their announcement and its retraction.
func (m *machine) blockedCounts(s *State) bool {
	return int(s.Blocked) == m.at(s, client, func(at step.Name) bool {
		return at == step.LeadAgain || at == step.Block || at == step.RetractBlock
	})
}

func (m *machine) serverAsleep(s *State) bool {
	return m.at(s, server, func(at step.Name) bool { return at == step.Asleep }) == m.Servers
}

func (m *machine) leaderAsleep(s *State) bool {
	for i := range m.Clients {
		if s.Caller[i].Leads && s.Caller[i].At == step.Asleep {
			return true
		}
	}
	return false
}

// someSleepRefused: a thread is about to sleep and its doorbell was rung.
func (m *machine) someSleepRefused(s *State) bool {
	return m.someThread(s, func(_ int, t *Thread) bool { return t.At == step.Sleep && t.Rung != 0 })
}

// someRecheckFinds: a thread rechecks a slot whose message is there.
func (m *machine) someRecheckFinds(s *State) bool {
	return m.someThread(s, func(side int, t *Thread) bool {
		return t.At == step.RecheckSlot && t.Position == s.Side[side].Head && m.published(s, 1-side)
	})
}

// someWake: a thread is about to wake the peer's processors, and one is asleep, or none.
func (m *machine) someWake(s *State, sleeper bool) bool {
	return m.someThread(s, func(side int, t *Thread) bool {
		return t.At == step.Wake && m.some(s, 1-side, step.Asleep) == sleeper
	})
}

func (m *machine) someThread(s *State, such func(side int, t *Thread) bool) bool {
	for side := range 2 {
		for self := range m.threads(side) {
			if such(side, s.thread(side, self)) {
				return true
			}
		}
	}
	return false
}

// someBusy: a thread holds a lock, another stands at its test-and-set.
func (m *machine) someBusy(s *State) bool {
	for side := range 2 {
		if s.Side[side].SendLock && m.some(s, side, step.TestSetSend) || s.Side[side].RecvLock && m.some(s, side, step.TestSetReceive) {
			return true
		}
	}
	return false
}

func (m *machine) someOpen(s *State) bool {
	n := 0
	for i := range m.Clients {
		if s.Caller[i].Call != Idle {
			n++
		}
	}
	return n > 1
}

func (m *machine) someLeadPassed(s *State) bool {
	return m.someCaller(s, func(c *Caller) bool { return c.At == step.Ready && !c.Leads && s.Caller[c.Other].At == step.Block })
}

func (m *machine) someForAnother(s *State) bool {
	return m.someCaller(s, func(c *Caller) bool { return c.At == step.Ready && c.Leads })
}

func (m *machine) someEarlyPermit(s *State) bool {
	return m.someCaller(s, func(c *Caller) bool { return c.Permit && c.Call == Pending && c.At != step.Block })
}

func (m *machine) someLeadAgain(s *State) bool {
	return m.someCaller(s, func(c *Caller) bool { return c.At == step.RetractBlock && c.Leads })
}

func (m *machine) someCaller(s *State, such func(c *Caller) bool) bool {
	for i := range m.Clients {
		if such(&s.Caller[i]) {
			return true
		}
	}
	return false
}
