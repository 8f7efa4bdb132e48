package protocol

// "The literature leaves these open, and verdicts depend on them. In the
// specification each is a parameter with a documented default, never a silent
// choice."
//
// A Config is one such choice together with the programs of the threads. Its
// zero options are the defaults: FIFO ready lists, lazy calls, check and donate
// in one step, any idle processor may donate, a processor comes back by the
// same donate step when its space is idle and the client is underpowered,
// nothing is pre-empted, channels are unbounded, a worker for every request.

// Config is a configuration of the protocol.
type Config struct {
	// Name is the name of the model.
	Name string
	// Spaces are the letters of the address spaces, at most MaxSpaces.
	Spaces string
	// Threads are the threads in the order of their numbers and of their
	// space's ready list at the start, at most MaxThreads.
	Threads []Program
	// Processors are the spaces in which the processors start, at most MaxProcessors.
	Processors []int

	ReadyList ReadyList
	Donation  Donation
	Donors    Donors
	// Keepers are the spaces that never give a processor away, one bit each.
	Keepers uint8
	// Orders asks for the orders of sends and executions; they are many where
	// there are more than a few calls.
	Orders bool
}

// Program is what one thread does; at its end the thread exits.
type Program struct {
	Space int // the thread's address space
	Do    []Instruction
	Eager bool // its calls force the switch (R8)
}

// Instruction is one step of a thread.
type Instruction struct {
	Kind   Kind
	Server int // the space that Call calls
}

// Kind is the kind of an instruction.
type Kind uint8

const (
	Call    Kind = iota // call a space, and block until the reply
	Work                // work a step
	Compute             // work a step, go to the tail of the ready list, and so for ever
)

// ReadyList is the order in which ready threads are dispatched.
type ReadyList int

const (
	FIFO ReadyList = iota // the head of the list
	Any                   // any thread of it
)

// Donation says how a processor is donated.
type Donation int

const (
	Atomic Donation = iota // check and donate in one step
	Seen                   // see first; donate later, without looking again
	Off                    // never
)

// Donors says whose idle processors may be donated to an underpowered space.
type Donors int

const (
	Everyone Donors = iota // any space's
	Linked                 // only of spaces that share a channel with it
)

// machine is a configuration as the steps use it.
type machine struct {
	Config
	ids    [MaxSpaces]SpaceID
	linked [MaxSpaces][MaxSpaces]bool
}

func newMachine(c Config) *machine {
	if len(c.Spaces) > MaxSpaces || len(c.Threads) > MaxThreads || len(c.Processors) > MaxProcessors {
		panic("protocol: a configuration has more spaces, threads or processors than a state can hold")
	}
	m := &machine{Config: c}
	for i := range c.Spaces {
		m.ids[i] = newSpaceID(i, c.Spaces[i])
	}
	for _, t := range c.Threads {
		for _, in := range t.Do {
			if in.Kind == Call {
				m.linked[t.Space][in.Server], m.linked[in.Server][t.Space] = true, true
			}
		}
	}
	return m
}

// initial is the state at the start: every thread is ready, every processor is
// at its scheduler, every channel is empty.
func (m *machine) initial() State {
	var s State
	for i, t := range m.Threads {
		s.Thread[i].Status = Ready
		s.put(&s.Space[t.Space].Ready, ThreadID(i+1))
	}
	for p, space := range m.Processors {
		s.Processor[p].Space = m.ids[space]
		s.Space[space].Processors |= 1 << p
	}
	return s
}

// next gives the instruction at which a thread stands.
func (m *machine) next(s *State, t ThreadID) (in Instruction, ended bool) {
	program, at := m.Threads[t.index()].Do, int(s.Thread[t.index()].At)
	if at >= len(program) {
		return Instruction{}, true
	}
	return program[at], false
}

// home is the space of a thread.
func (m *machine) home(t ThreadID) int { return m.Threads[t.index()].Space }

// eager says whether some thread forces the switch.
func (m *machine) eager() bool { return m.someCall(func(t Program) bool { return t.Eager }) }

// lazy says whether some thread's calls do not.
func (m *machine) lazy() bool { return m.someCall(func(t Program) bool { return !t.Eager }) }

// someCall says whether such a thread calls at all.
func (m *machine) someCall(such func(Program) bool) bool {
	for _, t := range m.Threads {
		if such(t) && t.does(Call) {
			return true
		}
	}
	return false
}

// does says whether the program has an instruction of the kind.
func (t Program) does(kind Kind) bool {
	for _, in := range t.Do {
		if in.Kind == kind {
			return true
		}
	}
	return false
}

// terminal: every thread has ended.
func (m *machine) terminal(s *State) bool {
	for i := range m.Threads {
		if s.Thread[i].Status != Exited {
			return false
		}
	}
	return true
}
