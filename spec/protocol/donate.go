package protocol

// R3: "Only when there is none does the processor run the low-priority idle
// thread, which looks for an underpowered address space: messages to receive,
// and no processor."
//
// R4: "If one exists the processor is donated to it through the kernel."
//
// R5: "The processor goes back, again through the kernel, when … the client has
// become underpowered": by the same step, from the other side.
//
//	donate: await ready[space] = <<>> /\ nothing pending for space;
//	        with target \in underpowered: space := target
//	see:    the same await; seen := target            \* check-then-donate not atomic
//	donate: space := seen                             \* without looking again

// donate gives an idle processor to the underpowered space target, check
// included, in one step.
func (m *machine) donate(s *State, self, target int) bool {
	if m.Donation != Atomic || !m.mayDonate(s, self, target) {
		return false
	}
	m.move(s, self, target)
	return true
}

// see is the check by itself.
func (m *machine) see(s *State, self, target int) bool {
	if m.Donation != Seen || !m.mayDonate(s, self, target) {
		return false
	}
	p := &s.Processor[self]
	p.Mode, p.Target = Donating, m.ids[target]
	return true
}

// donateSeen is the donation by itself, whatever has happened since the check.
func (m *machine) donateSeen(s *State, self, target int) bool {
	p := &s.Processor[self]
	if p.Mode != Donating || p.Target != m.ids[target] {
		return false
	}
	m.move(s, self, target)
	p.schedule()
	return true
}

// mayDonate is the guard: the processor is idle, the target is underpowered,
// and the configuration lets the one have the other's processor.
func (m *machine) mayDonate(s *State, self, target int) bool {
	home := s.Processor[self].Space.number()
	return m.idle(s, self) && home != target && m.underpowered(s, target) && m.allowed(home, target)
}

// idle: the processor is at its scheduler, and neither a ready thread nor a
// message waits for it in its space.
func (m *machine) idle(s *State, self int) bool {
	p := &s.Processor[self]
	home := p.Space.number()
	return p.Mode == Scheduling && s.Space[home].Ready[0] == 0 && !m.pending(s, home)
}

// underpowered: "messages to receive, and no processor".
func (m *machine) underpowered(s *State, space int) bool {
	return s.Space[space].Processors == 0 && m.pending(s, space)
}

// pending: "a request to it or a reply to one of its threads that has not been received".
func (m *machine) pending(s *State, space int) bool {
	for other := range m.Spaces {
		if s.Calls[other][space][0] != 0 || s.Replies[space][other][0] != 0 {
			return true
		}
	}
	return false
}

// allowed: the configuration lets a processor of home go to target.
func (m *machine) allowed(home, target int) bool {
	return m.Keepers&(1<<home) == 0 && (m.Donors == Everyone || m.linked[home][target])
}

// move is what the kernel does: the processor leaves its space for target.
func (m *machine) move(s *State, self, target int) {
	p := &s.Processor[self]
	s.Space[p.Space.number()].Processors &^= 1 << self
	s.Space[target].Processors |= 1 << self
	p.Space = m.ids[target]
}
