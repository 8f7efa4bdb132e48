package protocol

// "At its scheduler it takes any one of: … receive the oldest reply of one of
// its space's channels, which puts the caller at the tail of the ready list;
// receive the oldest request of one of its channels, then, as two more steps,
// execute and reply, then back at the scheduler."
//
//	receive: with client: thread := Head(calls[client, space])
//	resume:  with server: thread := Head(replies[space, server]);
//	         ready[space] := Append(ready[space], thread)
//
// The two are one rule, seen from the two ends of a channel. The order in which
// a processor polls its channels is open: every choice is a transition.

// receive takes the oldest call of the channel from space client.
func (m *machine) receive(s *State, self, client int) bool {
	p := &s.Processor[self]
	if p.Mode != Scheduling {
		return false
	}
	t := s.Calls[client][p.Space.number()].take(0)
	if t == 0 {
		return false
	}
	p.Mode, p.Thread = Received, t
	return true
}

// resume takes the oldest reply of the channel to space server; its caller is
// ready again, for any processor of its space.
func (m *machine) resume(s *State, self, server int) bool {
	p := &s.Processor[self]
	if p.Mode != Scheduling {
		return false
	}
	home := p.Space.number()
	t := s.Replies[home][server].take(0)
	if t == 0 {
		return false
	}
	s.Thread[t.index()].Replied++
	s.makeReady(home, t)
	return true
}
