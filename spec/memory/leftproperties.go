package memory

import (
	"urpc/checker"
	"urpc/spec/step"
)

// What must be true of calls that are left, beside what must be true of the channel.

// The names of the properties. Those of the runtime's target "call" have the same.
const (
	// EndsWithReason: a call that ends without its reply does so because its context
	// has ended, or its caller asked not to wait for a record.
	EndsWithReason = "a call ends once, with its reply or because it was left"
	// NotSentLate: a call whose context has ended before it began is not executed.
	NotSentLate = "a call that was cancelled before it began is not executed"
	// AfterLateReply: what keeps a late reply from another call (H10).
	AfterLateReply = "a record is used again only after its late reply came"
	// OwnReply: what keeps it from another call where a reply comes twice.
	OwnReply = "a late reply is never delivered to a later call"
	// NothingLeaked: each record is free, in use, or left, and then its reply is
	// under way, which frees it; and the context of a call that has ended is not watched.
	NothingLeaked = "no record and no watch is leaked"
	// NoOversleeping: a caller goes to sleep past its deadline at most once, when it
	// passes between the look and the sleep.
	NoOversleeping = "nobody sleeps past a deadline that it could see"
)

// The names of the reachable twins.
const (
	SomeLeft        = "a call is left while its reply is under way"
	SomeLateReply   = "a late reply is dropped"
	SomeReuse       = "a late reply frees the record that a call waits for"
	SomeUnsent      = "a call is left before it was sent"
	SomeNotBegun    = "a context ends before its call begins"
	SomeReplyWins   = "a reply is delivered to a caller that is about to leave"
	SomeAwaitRecord = "a call waits for a record"
	SomeRefused     = "a call is refused"
	SomeLeaverLeads = "a caller that leads leaves"
	SomeNudge       = "a sleep is refused because of a nudge"
	SomeNudged      = "a nudge finds a sleeper"
	SomeStopped     = "a watch is stopped although its context has ended"
	SomeLateNudge   = "a context whose watch was stopped nudges all the same"
	SomeOverslept   = "a deadline passes between the look and the sleep"
	SomeTwice       = "a reply comes a second time, to another call"
)

// callProperties are what is checked of a configuration in which calls may be left.
// A twin that the configuration rules out by itself is left out.
func (m *machine) callProperties() []checker.Property[CallState] {
	all := []checker.Property[CallState]{
		checker.Invariant(MutualExclusion, of(m.mutualExclusion)),
		checker.Invariant(OneLeader, of(m.oneLeader)),
		checker.Transition(InOrder, ofStep(m.inOrder)),
		checker.Transition(NoOverwriting, ofStep(m.noOverwriting)),
		checker.Transition(OwnResult, m.ownResultOfCall),
		checker.Transition(ExactlyOnce, m.executedOnce),
		checker.Invariant(NoSleepOnReply, of(m.noSleepOnReply)),
		checker.Invariant(ParkedCounts, of(m.parkedCounts)),
		checker.Invariant(BlockedCounts, of(m.blockedCounts)),
		checker.Transition(EndsWithReason, m.endsWithReason),
		checker.Transition(NotSentLate, m.notSentLate),
		checker.Transition(AfterLateReply, m.afterLateReply),
		checker.Transition(OwnReply, m.ownReply),
		checker.Invariant(NothingLeaked, m.nothingLeaked),
		checker.Invariant(NoOversleeping, m.noOversleeping),
	}
	if m.Servers > 0 {
		all = append(all, checker.Invariant(NoSleepOnCall, of(m.noSleepOnCall)))
	}
	all = append(all, twins(m.callTwins())...)
	if m.Donation {
		all = append(all, m.leftDonationProperties()...)
	}
	return all
}

// twin is what must come up, where the configuration makes it possible.
type twin struct {
	name     string
	possible bool
	reached  func(s *CallState) bool
}

// twins are the properties that the possible ones come up.
func twins(all []twin) (reachable []checker.Property[CallState]) {
	for _, twin := range all {
		if twin.possible {
			reachable = append(reachable, checker.Reachable(twin.name, twin.reached))
		}
	}
	return reachable
}

func (m *machine) callTwins() []twin {
	l, calls := m.Leave, m.Clients*m.Calls
	leave, replied := l.Leavers > 0, m.Servers > 0
	short := leave && calls > l.Records || m.Clients > l.Records // some call finds no record
	late := l.End != Cancelled
	return []twin{
		{SomeLeft, leave, m.someLeft},
		{SomeLateReply, leave && replied && calls > 1, m.someLateReply},
		{SomeReuse, leave && replied && calls > l.Records, m.someReuse},
		{SomeUnsent, leave && min(calls, l.Records) > 1, m.someUnsent},
		{SomeNotBegun, leave, func(s *CallState) bool { return m.someWay(s, func(_ int, w *Way) bool { return w.Early }) }},
		{SomeReplyWins, leave && replied && m.Clients > 1, m.someReplyWins},
		{SomeAwaitRecord, short && l.Overload == Wait, func(s *CallState) bool { return m.some(&s.State, client, step.AwaitRecord) }},
		{SomeRefused, short && l.Overload == Refuse, m.someRefused},
		{SomeLeaverLeads, leave, m.someLeaverLeads},
		{SomeNudge, leave && l.End != Passed, m.someNudge},
		{SomeNudged, leave && l.End != Passed, m.someNudged},
		{SomeStopped, leave && l.End != Passed, m.someStopped},
		{SomeLateNudge, l.Leavers == 1 && l.End != Passed, m.someLateNudge},
		{SomeOverslept, leave && late, func(s *CallState) bool { return m.someWay(s, func(_ int, w *Way) bool { return w.Overslept > 0 }) }},
		{SomeTwice, l.Twice > 0 && calls > 1, m.someTwice},
	}
}

// of and ofStep have a property of the channel looked at in a CallState.
func of(p func(s *State) bool) func(s *CallState) bool {
	return func(s *CallState) bool { return p(&s.State) }
}

func ofStep(p func(before, after *State, taken checker.Taken) bool) func(before, after *CallState, taken checker.Taken) bool {
	return func(before, after *CallState, taken checker.Taken) bool { return p(&before.State, &after.State, taken) }
}

// ownResultOfCall (C1): a call that ends with a result has that of its own argument,
// and one that was not sent has none.
func (m *machine) ownResultOfCall(before, _ *CallState, taken checker.Taken) bool {
	if taken.Label != step.CloseCall.String() {
		return true
	}
	j := int(before.Way[taken.Self].Record) - 1
	if before.Way[taken.Self].Then == step.LookBlocked {
		return before.Caller[j].Result == 0
	}
	return before.Caller[j].Result == before.name(j).result()
}

// executedOnce (C1): no call is executed a second time, none ends with a result that
// was not executed, none is executed that was not sent.
func (m *machine) executedOnce(before, after *CallState, taken checker.Taken) bool {
	switch taken.Label {
	case step.CloseCall.String():
		w := &before.Way[taken.Self]
		times := uint8(1)
		if w.Then == step.LookBlocked {
			times = 0
		}
		return before.Caller[w.Record-1].Executed == times
	case step.Execute.String():
		for j := range m.Leave.Records {
			if after.Caller[j].Executed > 1 {
				return false
			}
		}
	}
	return true
}

func (m *machine) endsWithReason(before, after *CallState, taken checker.Taken) bool {
	if taken.Process != clientName || after.Caller[taken.Self].Number == before.Caller[taken.Self].Number {
		return true
	}
	switch taken.Label {
	case step.FreeRecord.String():
		return true // with its reply: see ownResultOfCall
	case step.TakeRecord.String():
		return m.Leave.Overload == Refuse
	default:
		return m.viewCall(before, client, taken.Self).over()
	}
}

func (m *machine) notSentLate(before, after *CallState, taken checker.Taken) bool {
	if taken.Label != step.Execute.String() {
		return true
	}
	j := after.Server[taken.Self].Message.caller(m.Leave.Records)
	return !m.someWay(before, func(_ int, w *Way) bool {
		return w.Early && int(w.Record) == j+1 && before.Server[taken.Self].Message == before.name(j)
	})
}

// afterLateReply: when a record is used again no message of an earlier call of it is
// anywhere. A faulty server breaks that; there ownReply is what counts.
func (m *machine) afterLateReply(before, _ *CallState, taken checker.Taken) bool {
	if taken.Label != step.OpenCall.String() || m.Leave.Twice > 0 {
		return true
	}
	j := int(before.Way[taken.Self].Record) - 1
	for g := uint8(1); g < before.Generation[j]; g++ {
		if m.underWay(before, call(j, g)) {
			return false
		}
	}
	return true
}

func (m *machine) ownReply(before, after *CallState, taken checker.Taken) bool {
	if taken.Label != step.Deliver.String() {
		return true
	}
	reply := before.Caller[taken.Self].Message
	for j := range m.Leave.Records {
		if before.Caller[j].Call == Pending && after.Caller[j].Call != Pending && reply != before.name(j).result() {
			return false
		}
	}
	return true
}

// underWay says whether a call or the reply to it is queued, in the hands of a
// processor, or received by a caller that has not handled it.
func (m *machine) underWay(s *CallState, name Message) bool {
	is := func(message Message) bool { return message == name || message == name.result() }
	for side := range 2 {
		for _, message := range s.Sent[side] {
			if is(message) {
				return true
			}
		}
		for self := range m.threads(side) {
			// At StoreTail it has published what it holds, which may be elsewhere by now.
			if t := s.thread(side, self); t.At != step.StoreTail && is(t.Message) {
				return true
			}
		}
	}
	return false
}

func (m *machine) nothingLeaked(s *CallState) bool {
	for j := range m.Leave.Records {
		if m.uses(s, j) != 1 {
			return false
		}
	}
	for i := range m.Leave.Leavers {
		if ended := uint8(1)<<s.Caller[i].Number - 1; s.Canceller[i].Watched&ended != 0 {
			return false
		}
	}
	return true
}

// uses counts what a record is used for.
func (m *machine) uses(s *CallState, j int) int {
	n := 0
	for _, free := range s.Free {
		if int(free) == j+1 {
			n++
		}
	}
	for i := range m.Clients {
		c, w := &s.Caller[i], &s.Way[i]
		if int(w.Record) == j+1 && !w.gone(c) || c.At == step.FreeRecord && c.Leads && int(c.Other) == j {
			n++
		}
	}
	if s.Caller[j].Call == Abandoned && m.underWay(s, s.name(j)) {
		n++
	}
	return n
}

// gone says whether the caller has left its call, and only passes the lead on.
func (w *Way) gone(c *Caller) bool {
	switch c.At {
	case step.LookBlocked, step.LookPending, step.Ready, step.Unwatch:
		return w.Then == step.None && !c.Leads
	default:
		return false
	}
}

func (m *machine) noOversleeping(s *CallState) bool {
	return !m.someWay(s, func(_ int, w *Way) bool { return w.Overslept > 1 })
}

func (m *machine) someWay(s *CallState, such func(i int, w *Way) bool) bool {
	for i := range m.Clients {
		if such(i, &s.Way[i]) {
			return true
		}
	}
	return false
}

func (m *machine) someLeft(s *CallState) bool {
	for j := range m.Leave.Records {
		if s.Caller[j].Call == Abandoned {
			return true
		}
	}
	return false
}

func (m *machine) someLateReply(s *CallState) bool {
	return m.someWay(s, func(i int, _ *Way) bool { return s.Caller[i].At == step.FreeRecord && s.Caller[i].Leads })
}

// someReuse: who frees another's record has none.
func (m *machine) someReuse(s *CallState) bool {
	return m.someWay(s, func(i int, w *Way) bool {
		c := &s.Caller[i]
		return c.At == step.FreeRecord && c.Leads && w.Record == 0
	})
}

func (m *machine) someUnsent(s *CallState) bool {
	return m.someWay(s, func(i int, w *Way) bool { return s.Caller[i].At == step.CloseCall && w.Then == step.LookBlocked })
}

func (m *machine) someReplyWins(s *CallState) bool {
	return m.someWay(s, func(i int, w *Way) bool { return s.Caller[i].At == step.Abandon && s.Caller[w.Record-1].Call == Done })
}

func (m *machine) someRefused(s *CallState) bool {
	return m.someWay(s, func(i int, w *Way) bool { return s.Caller[i].At == step.TakeRecord && w.Drained && !s.some() })
}

func (m *machine) someLeaverLeads(s *CallState) bool {
	return m.someWay(s, func(i int, w *Way) bool { return s.Caller[i].At == step.Resign && w.Then == step.Abandon })
}

func (m *machine) someNudge(s *CallState) bool {
	return m.someWay(s, func(i int, w *Way) bool { return s.Caller[i].At == step.Sleep && w.Nudged })
}

func (m *machine) someNudged(s *CallState) bool {
	return s.Called > 0 && m.some(&s.State, client, step.Asleep)
}

// someStopped: a caller is to stop its watch, which its context's end has not come to.
func (m *machine) someStopped(s *CallState) bool {
	return m.someWay(s, func(i int, _ *Way) bool {
		return s.Caller[i].At == step.Unwatch && s.watched(i) && s.ended(m.Leave.End, i, s.Caller[i].Number)
	})
}

// someLateNudge: the caller that may leave is to stop its first watch, which its context's
// end has come to: there is no other that could nudge.
func (m *machine) someLateNudge(s *CallState) bool {
	c := &s.Caller[0]
	return s.Called == 1 && c.Number == 0 && c.At == step.Unwatch
}

// watched says whether the context of a caller's call will nudge.
func (s *CallState) watched(i int) bool { return s.Canceller[i].Watched>>s.Caller[i].Number&1 == 1 }

// someTwice: a caller has received a reply to an earlier call of a record that has a
// pending one.
func (m *machine) someTwice(s *CallState) bool {
	return m.someWay(s, func(i int, _ *Way) bool {
		c := &s.Caller[i]
		j := c.Message.caller(m.Leave.Records)
		return c.At == step.LoadCall && j >= 0 && c.Message != s.name(j).result() && s.Caller[j].Call == Pending
	})
}
