package protocol

// R1: "A thread that sends a call is descheduled from its processor until its
// reply arrives."
//
// R8: "Where the bet fails the client may force the switch: the policy is a
// mixture of lazy and eager."
//
//	send:          calls[space, server] := Append(…, thread);
//	               thread blocks; the processor is at its scheduler
//	callAndSwitch: thread blocks; the processor carries the call into the server
//
// Which of the two a thread does is its own policy, fixed in its program.

// send queues the call of the running thread and deschedules it.
func (m *machine) send(s *State, self int) bool {
	p := &s.Processor[self]
	server, ok := m.calling(s, self)
	if !ok || m.Threads[p.Thread.index()].Eager {
		return false
	}
	s.put(&s.Calls[m.home(p.Thread)][server], p.Thread)
	s.block(p.Thread)
	p.schedule()
	return true
}

// callAndSwitch makes the processor carry the call into the server's space.
func (m *machine) callAndSwitch(s *State, self int) bool {
	p := &s.Processor[self]
	server, ok := m.calling(s, self)
	if !ok || !m.Threads[p.Thread.index()].Eager {
		return false
	}
	s.block(p.Thread)
	m.move(s, self, server)
	p.Mode = Carrying
	return true
}

// calling says whether the processor runs a thread that is about to call, and whom.
func (m *machine) calling(s *State, self int) (server int, ok bool) {
	p := &s.Processor[self]
	if p.Mode != OnThread {
		return 0, false
	}
	in, ended := m.next(s, p.Thread)
	return in.Server, !ended && in.Kind == Call
}

// block takes a thread past its call, to wait for the reply.
func (s *State) block(t ThreadID) {
	s.Thread[t.index()].At++
	s.Thread[t.index()].Status = Blocked
}
