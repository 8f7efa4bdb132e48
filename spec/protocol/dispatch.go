package protocol

// R2: "The same processor next runs another ready thread of the same address
// space; a thread whose reply has arrived may resume on any processor of its
// space."
//
//	dispatch: await ready[space] /= <<>>;
//	          thread := Head(ready[space])            \* free choice: any of it
//	work:     at := at+1                              \* compute: to the tail, for ever
//	exit:     await the program is over; back at the scheduler

// dispatch makes a processor at its scheduler run the ready thread at the place
// choice of its space's ready list.
func (m *machine) dispatch(s *State, self, choice int) bool {
	p := &s.Processor[self]
	if p.Mode != Scheduling {
		return false
	}
	t := s.Space[p.Space.number()].Ready.take(choice)
	if t == 0 {
		return false
	}
	s.Thread[t.index()].Status = Running
	p.Mode, p.Thread = OnThread, t
	return true
}

// work is a step of the thread's own.
func (m *machine) work(s *State, self int) bool {
	p := &s.Processor[self]
	if p.Mode != OnThread {
		return false
	}
	in, ended := m.next(s, p.Thread)
	if ended || in.Kind == Call {
		return false
	}
	if in.Kind == Compute {
		s.makeReady(m.home(p.Thread), p.Thread)
		p.schedule()
		return true
	}
	s.Thread[p.Thread.index()].At++
	return true
}

// exit ends the thread.
func (m *machine) exit(s *State, self int) bool {
	p := &s.Processor[self]
	if p.Mode != OnThread {
		return false
	}
	if _, ended := m.next(s, p.Thread); !ended {
		return false
	}
	s.Thread[p.Thread.index()].Status = Exited
	p.schedule()
	return true
}

// makeReady puts a thread at the tail of its space's ready list.
func (s *State) makeReady(space int, t ThreadID) {
	s.Thread[t.index()].Status = Ready
	s.put(&s.Space[space].Ready, t)
}

// schedule brings the processor back to its scheduler.
func (p *Processor) schedule() { p.Mode, p.Thread, p.Target = Scheduling, 0, 0 }
