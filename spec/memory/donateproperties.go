package memory

import (
	"urpc/checker"
	"urpc/spec/step"
)

// donationProperties are what is checked where callers donate.
func (m *machine) donationProperties() []checker.Property[State] {
	all := []checker.Property[State]{
		checker.Invariant(OneDonation, m.oneDonation),
		checker.Transition(NoneReady, m.noneReady),
		checker.Invariant(ReadyCounts, m.readyCounts),
		checker.Invariant(GoesBack, m.goesBack),
		checker.Reachable(SomeDonation, func(s *State) bool { return s.Side[client].Donated > 0 }),
		checker.Reachable(SomeReturn, func(s *State) bool { return s.Side[server].Returned > 0 }),
	}
	if m.Clients > 1 {
		all = append(all,
			checker.Reachable(SomeOut, func(s *State) bool {
				return m.someCaller(s, func(c *Caller) bool { return c.At == step.Donate && c.Position != s.Side[client].Donated })
			}),
			checker.Reachable(SomeNotLast, func(s *State) bool {
				return m.someCaller(s, func(c *Caller) bool { return c.At == step.LookParked && c.Seen == 0 && s.Side[server].Parked > 0 })
			}))
	}
	return all
}

// oneDonation (H2): of the client's processors at most one is out.
func (m *machine) oneDonation(s *State) bool {
	return s.Side[client].Donated-s.Side[server].Returned <= 1 && s.Side[server].Donated == 0
}

// noneReady (C12): who is the last at its retractReady, and donates, leaves no caller
// behind that has a call to send or a reply to take.
func (m *machine) noneReady(_, after *State, taken checker.Taken) bool {
	if taken.Label != step.RetractReady.String() || after.Caller[taken.Self].Seen == 0 {
		return true
	}
	for i := range m.Clients {
		c := &after.Caller[i]
		if c.Call == Done || c.Call == Pending && sends(c.At) {
			return false
		}
	}
	return true
}

// sends: a caller that has not come to the end of sending.
func sends(at step.Name) bool {
	switch at {
	case step.TestSetSend, step.LoadTail, step.LoadRoom, step.LookHead, step.StoreRoom, step.WriteSlot, step.Publish,
		step.StoreTail, step.UnlockSend, step.AwaitRoom, step.RetractReady:
		return true
	default:
		return false
	}
}

// readyCounts: the word is the number of callers that have a call to send, of replies
// that were delivered and not taken, and of those that are about to be.
func (m *machine) readyCounts(s *State) bool {
	n := 0
	for i := range m.Clients {
		c := &s.Caller[i]
		switch {
		case c.At == step.OpenCall, c.Call == Pending && sends(c.At):
			n++
		case c.Call == Done && sends(c.At):
			n += 2
		case c.Call == Done, c.Call == Idle && c.At == step.RetractReady:
			n++
		}
		if c.At == step.Deliver {
			n++
		}
	}
	return int(s.Ready) == n
}

// goesBack (R5): where nobody goes on, every donated processor has gone back.
func (m *machine) goesBack(s *State) bool {
	return !m.terminal(s) || s.Side[client].Donated == s.Side[server].Returned
}
