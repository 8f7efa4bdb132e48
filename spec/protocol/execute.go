package protocol

// "… then, as two more steps, execute and reply, then back at the scheduler."
//
// "A call under the eager policy carries the processor along: call and switch,
// execute and switch back."
//
//	execute:              executed[thread] := executed[thread] + 1
//	reply:                replies[client, space] := Append(…, thread)
//	executeAndSwitchBack: both, and the processor runs the caller again

// execute performs the procedure.
func (m *machine) execute(s *State, self int) bool {
	p := &s.Processor[self]
	if p.Mode != Received {
		return false
	}
	s.Thread[p.Thread.index()].Executed++
	p.Mode = Served
	return true
}

// reply queues the reply.
func (m *machine) reply(s *State, self int) bool {
	p := &s.Processor[self]
	if p.Mode != Served {
		return false
	}
	s.put(&s.Replies[m.home(p.Thread)][p.Space.number()], p.Thread)
	p.schedule()
	return true
}

// executeAndSwitchBack performs the procedure of an eager call and carries the
// processor back to its caller, which goes on at once.
func (m *machine) executeAndSwitchBack(s *State, self int) bool {
	p := &s.Processor[self]
	if p.Mode != Carrying {
		return false
	}
	t := &s.Thread[p.Thread.index()]
	t.Executed++
	t.Replied++
	t.Status = Running
	m.move(s, self, m.home(p.Thread))
	p.Mode = OnThread
	return true
}
