package protocol

import (
	"fmt"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// Named faults. Each replaces one step of the table, or one choice of the
// configuration, and names the property that catches it.

// mutantsOf lists the mutants that every family has, and where each is found:
// most in configuration base, where some space starts without a processor; two
// of them need two processors that may be donated, which configuration two has;
// forced switching breaks a claim about one processor, which one has.
func mutantsOf(base, two, one string) []catalogue.Mutant {
	return []catalogue.Mutant{
		{Name: "donate-though-ready", Doc: "an idle processor is donated although a thread is ready at home", Configuration: base, KilledBy: NothingReady},
		{Name: "donate-to-powered", Doc: "a processor is donated to a space that has one", Configuration: two, KilledBy: OnlyUnderpowered},
		{Name: "donate-to-idle", Doc: "a processor is donated to a space that has none and no message either", Configuration: base, KilledBy: OnlyUnderpowered},
		{Name: "double-donation", Doc: "check and donate are two steps: two processors see one underpowered space", Configuration: two, KilledBy: OnlyUnderpowered},
		{Name: "donate-copies", Doc: "the kernel leaves a donated processor in its old space as well", Configuration: base, KilledBy: Conserved},
		{Name: "execute-twice", Doc: "the first call of T1 is executed a second time", Configuration: base, KilledBy: ExactlyOnce},
		{Name: "not-executed", Doc: "the server replies to a call that it has not executed", Configuration: base, KilledBy: ExactlyOnce},
		{Name: "caller-not-ready", Doc: "a reply is received and its caller stays blocked", Configuration: base, KilledBy: ExactlyOnce},
		{Name: "short-queue", Doc: "a channel has a place for one call only, and what does not fit is dropped", Configuration: base, KilledBy: NoOverflow},
		{Name: "reply-lost", Doc: "the server is back at its scheduler and the reply is not queued", Configuration: base, KilledBy: NothingLost},
		{Name: "reply-twice", Doc: "the reply is queued twice", Configuration: base, KilledBy: NothingLost},
		{Name: "sender-runs-on", Doc: "the sender stays on its processor", Configuration: base, KilledBy: Descheduled},
		{Name: "caller-ready-at-send", Doc: "the sender leaves its processor and is ready at once, before its reply", Configuration: base, KilledBy: CallerWaits},
		{Name: "forced-switch", Doc: "T1 forces the switch: its call is executed while others have not sent", Configuration: one, KilledBy: AfterAll},
		{Name: "no-donation", Doc: "processors are never donated: send and receive at user level are not all that a call needs (C8 refuted)", Configuration: base, KilledBy: "deadlock"},
	}
}

// mutate gives the model of a configuration with the named fault.
func mutate(c Config, mutant string) (checker.Model[State], error) {
	m := newMachine(c)
	switch mutant {
	case "":
		return m.model(m.steps()), nil
	case "donate-though-ready":
		return m.with(step.Donate, m.donateThoughReady), nil
	case "donate-to-powered":
		return m.with(step.Donate, m.donateToPowered), nil
	case "donate-to-idle":
		return m.with(step.Donate, m.donateToIdle), nil
	case "donate-copies":
		return m.with(step.Donate, m.donateCopies), nil
	case "execute-twice":
		return m.with(step.Execute, ignoreChoice(m.executeTwice)), nil
	case "not-executed":
		return m.with(step.Execute, ignoreChoice(m.notExecuted)), nil
	case "caller-not-ready":
		return m.with(step.Resume, m.callerNotReady), nil
	case "short-queue":
		return m.with(step.Send, ignoreChoice(m.sendIntoShortQueue)), nil
	case "reply-lost":
		return m.with(step.Reply, ignoreChoice(m.replyLost)), nil
	case "reply-twice":
		return m.with(step.Reply, ignoreChoice(m.replyTwice)), nil
	case "sender-runs-on":
		return m.with(step.Send, ignoreChoice(m.senderRunsOn)), nil
	case "caller-ready-at-send":
		return m.with(step.Send, ignoreChoice(m.callerReadyAtSend)), nil
	case "double-donation":
		c.Donation = Seen
	case "no-donation":
		c.Donation = Off
	case "server-hoards":
		c.Keepers |= 1 << server
	case "forced-switch":
		return forcedSwitch(c), nil
	default:
		return checker.Model[State]{}, fmt.Errorf("no mutant is named %q", mutant)
	}
	mutated := newMachine(c)
	return mutated.model(mutated.steps()), nil
}

// with replaces one step of the table.
func (m *machine) with(name step.Name, do func(s *State, self, choice int) bool) checker.Model[State] {
	steps := m.steps()
	for i := range steps {
		if steps[i].Label == name.String() {
			steps[i] = checker.Step[State]{Label: steps[i].Label, Choose: do, Choices: max(1, steps[i].Choices)}
		}
	}
	return m.model(steps)
}

func ignoreChoice(do func(s *State, self int) bool) func(s *State, self, choice int) bool {
	return func(s *State, self, _ int) bool { return do(s, self) }
}

func (m *machine) donateThoughReady(s *State, self, target int) bool {
	home := s.Processor[self].Space.number()
	if s.Processor[self].Mode != Scheduling || home == target || !m.underpowered(s, target) || !m.allowed(home, target) {
		return false
	}
	m.move(s, self, target)
	return true
}

func (m *machine) donateToPowered(s *State, self, target int) bool {
	home := s.Processor[self].Space.number()
	if !m.idle(s, self) || home == target || !m.pending(s, target) || s.Space[target].Processors == 0 || !m.allowed(home, target) {
		return m.donate(s, self, target)
	}
	m.move(s, self, target)
	return true
}

func (m *machine) donateToIdle(s *State, self, target int) bool {
	home := s.Processor[self].Space.number()
	if !m.idle(s, self) || home == target || s.Space[target].Processors != 0 || !m.allowed(home, target) {
		return false
	}
	m.move(s, self, target)
	return true
}

func (m *machine) donateCopies(s *State, self, target int) bool {
	home := s.Processor[self].Space.number()
	if !m.donate(s, self, target) {
		return false
	}
	s.Space[home].Processors |= 1 << self
	return true
}

func (m *machine) executeTwice(s *State, self int) bool {
	if !m.execute(s, self) {
		return false
	}
	p := &s.Processor[self]
	if p.Thread == 1 && s.Thread[0].Executed == 1 {
		p.Mode = Received
	}
	return true
}

func (m *machine) notExecuted(s *State, self int) bool {
	p := &s.Processor[self]
	if p.Mode != Received {
		return false
	}
	p.Mode = Served
	return true
}

func (m *machine) callerNotReady(s *State, self, server int) bool {
	p := &s.Processor[self]
	if p.Mode != Scheduling {
		return false
	}
	t := s.Replies[p.Space.number()][server].take(0)
	if t == 0 {
		return false
	}
	s.Thread[t.index()].Replied++
	return true
}

func (m *machine) sendIntoShortQueue(s *State, self int) bool {
	was := s.Calls
	server, ok := m.calling(s, self)
	if !ok || !m.send(s, self) {
		return false
	}
	if home := s.Processor[self].Space.number(); was[home][server].len() > 0 {
		s.Calls, s.Overflow = was, true
	}
	return true
}

func (m *machine) replyLost(s *State, self int) bool {
	if s.Processor[self].Mode != Served {
		return false
	}
	s.Processor[self].schedule()
	return true
}

func (m *machine) replyTwice(s *State, self int) bool {
	t, space := s.Processor[self].Thread, s.Processor[self].Space.number()
	if !m.reply(s, self) {
		return false
	}
	s.put(&s.Replies[m.home(t)][space], t)
	return true
}

func (m *machine) senderRunsOn(s *State, self int) bool {
	was := s.Processor[self]
	if !m.send(s, self) {
		return false
	}
	s.Processor[self] = was
	s.Thread[was.Thread.index()].Status = Running
	return true
}

func (m *machine) callerReadyAtSend(s *State, self int) bool {
	t := s.Processor[self].Thread
	if !m.send(s, self) {
		return false
	}
	s.makeReady(m.home(t), t)
	return true
}

// forcedSwitch makes the first thread eager and keeps the claim about lazy calls.
func forcedSwitch(c Config) checker.Model[State] {
	threads := append([]Program(nil), c.Threads...)
	threads[0].Eager = true
	c.Threads = threads
	m := newMachine(c)
	model := m.model(m.steps())
	model.Properties = append(model.Properties, checker.Transition(AfterAll, m.afterAll))
	return model
}
