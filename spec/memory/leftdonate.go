package memory

import (
	"urpc/checker"
	"urpc/spec/step"
)

// What must be true of donated processors where calls may be left, beside what must be
// true of the calls.

// SomeLeftReady is the twin of a count that is taken back: the reply to a call that was
// left was about to be delivered.
const SomeLeftReady = "a call is left whose reply is about to be delivered"

// leftDonationProperties are what is checked where callers donate, and may leave their
// calls.
func (m *machine) leftDonationProperties() []checker.Property[CallState] {
	return append([]checker.Property[CallState]{
		checker.Invariant(OneDonation, of(m.oneDonation)),
		checker.Transition(NoneReady, m.noneReadyOfCalls),
		checker.Invariant(ReadyCounts, func(s *CallState) bool { return int(s.Ready) == m.countReady(s) }),
		checker.Invariant(GoesBack, m.goesBackOfCalls),
	}, twins(m.leftDonationTwins())...)
}

func (m *machine) leftDonationTwins() []twin {
	serves, others := m.Servers > 0, m.Clients > 1
	caller := func(such func(s *CallState, c *Caller) bool) func(s *CallState) bool {
		return func(s *CallState) bool { return m.someCaller(&s.State, func(c *Caller) bool { return such(s, c) }) }
	}
	return []twin{
		{SomeDonation, serves, func(s *CallState) bool { return s.Side[client].Donated > 0 }},
		{SomeReturn, serves, func(s *CallState) bool { return s.Side[server].Returned > 0 }},
		{SomeOut, serves && others && m.Leave.Records > 1, caller(func(s *CallState, c *Caller) bool {
			return c.At == step.Donate && c.Position != s.Side[client].Donated
		})},
		{SomeNotLast, serves && others && m.Leave.Records > 1, caller(func(s *CallState, c *Caller) bool {
			return c.At == step.LookParked && c.Seen == 0 && s.Side[server].Parked > 0
		})},
		{SomeLeftReady, serves && others && m.Leave.Leavers > 0, caller(func(_ *CallState, c *Caller) bool {
			return c.At == step.RetractReady && c.Message > replied
		})},
	}
}

// countReady counts those who are ready: callers with a call to send, replies that were delivered
// and not taken, and those that are about to be.
func (m *machine) countReady(s *CallState) int {
	n := 0
	for i := range m.Clients {
		if c, w := &s.Caller[i], &s.Way[i]; m.opening(c) || m.sending(s, c, w) || m.closing(s, c, w) || m.delivering(c) {
			n++
		}
	}
	for j := range m.Leave.Records {
		if s.Caller[j].Call == Done {
			n++
		}
	}
	return n
}

// opening: the caller has a record, and is to open its call.
func (m *machine) opening(c *Caller) bool { return c.At == step.OpenCall }

// sending: the caller has opened its call, and has not counted itself as one that has
// sent: it sends, looks at its context meanwhile, or has found there that the call is over.
func (m *machine) sending(s *CallState, c *Caller, w *Way) bool {
	if w.Record == 0 || s.Caller[w.Record-1].Call == Idle {
		return false
	}
	switch c.At {
	case step.LookContext, step.LookClock:
		return sends(w.Then)
	case step.CloseCall:
		return w.Then == step.LookBlocked
	default:
		return sends(c.At) && c.Message <= replied
	}
}

// closing: the caller has closed its call, and counts itself as ready still.
func (m *machine) closing(s *CallState, c *Caller, w *Way) bool {
	return c.At == step.RetractReady && c.Message <= replied && w.Record != 0 && s.Caller[w.Record-1].Call == Idle
}

// delivering: the caller has received a reply, and has counted the one whose it is.
func (m *machine) delivering(c *Caller) bool {
	return c.At == step.Deliver || c.At == step.RetractReady && c.Message > replied
}

// noneReadyOfCalls (C12) is noneReady where calls may be left: who is the last at its
// retractReady, and donates, leaves nobody behind that is ready.
func (m *machine) noneReadyOfCalls(_, after *CallState, taken checker.Taken) bool {
	c := &after.Caller[taken.Self]
	return taken.Label != step.RetractReady.String() || c.At != step.LookParked || c.Seen == 0 || m.countReady(after) == 0
}

// goesBackOfCalls (R5) is goesBack where calls may be left: a server that waits for room,
// which only callers that left would give it, has not replied to all.
func (m *machine) goesBackOfCalls(s *CallState) bool {
	waits := m.some(&s.State, server, step.AwaitRoom)
	return !m.terminalCall(s) || waits || s.Side[client].Donated == s.Side[server].Returned
}
