package binding

import (
	"urpc/checker"
	"urpc/spec/step"
)

// Each label is one request to the kernel, or one access to what the threads of a
// space share; local computation is part of the step before it. Waiting is a step
// that is not enabled.

// Config is a configuration.
type Config struct {
	Calls  int  // calls of the binding thread before it closes
	Caller bool // another thread calls once
	Closer bool // another thread closes
	Stop   bool // the server is told to stop, at any time
	Waits  bool // there is one slot for the calls of all threads: a call may wait for another one
	Death  Death
	// Inherited: a child of the side that dies holds its end of the socket.
	Inherited bool
	// Refusals: the kernel may refuse what it is asked for, at any request.
	Refusals bool
}

// Death is who dies, at any time.
type Death int

// Who dies.
const (
	Nobody Death = iota
	ClientDies
	ServerDies
)

// machine is a configuration as the steps use it: a mutant changes some rows.
type machine struct {
	Config
	rows [lastRow]row
}

// row is one row of the program. What it does is not told whether the step is
// refused unless it has two choices.
type row struct {
	name    step.Name
	choices int
	do      func(v view, choice int) bool
}

// view is a step's sight of a state: the thread that takes it, its side and the
// peer's.
type view struct {
	*machine
	s         *State
	id        int
	side      int
	own, peer *Space
	t         *Thread
}

func (m *machine) view(s *State, id int) view {
	v := view{machine: m, s: s, id: id, t: &s.Thread[id]}
	v.side, _ = sideOf(id)
	v.own, v.peer = &s.Space[v.side], &s.Space[1-v.side]
	return v
}

// to goes on at a row.
func (v view) to(next Row) bool {
	v.t.At = next
	return true
}

// call goes on at a row, and afterwards at another one.
func (v view) call(row, back Row) bool {
	v.t.Back = back
	return v.to(row)
}

// segment is the bit of the segment that a side writes.
func segment(side int) uint8 { return 1 << side }

// both are the bits of both segments.
const both = 3

func newMachine(c Config) *machine { return &machine{Config: c, rows: program} }

func (m *machine) initial() State {
	var s State
	for i, at := range map[int]Row{
		binder: sendHello, acceptor: receiveHello,
	} {
		s.Thread[i].At = at
	}
	if m.Caller {
		s.Thread[caller].At = connectCaller
	}
	if m.Closer {
		s.Thread[Closer].At = connectCloser
	}
	if m.Stop {
		s.Thread[stopper].At = stopServer
	}
	if m.Death != Nobody {
		s.Thread[killer].At = die
	}
	return s
}

// Initial is the first state of a configuration.
func Initial(c Config) State { return newMachine(c).initial() }

// Model gives the configuration's model, with its properties.
func Model(c Config) checker.Model[State] { return newMachine(c).model() }

func (m *machine) model() checker.Model[State] {
	p := checker.Process[State]{Name: "thread", Count: Threads, Instances: Names[:]}
	var index [256]int // of a step in the table, by its name
	for i := range index {
		index[i] = -1
	}
	for at := ended + 1; at < lastRow; at++ {
		name := m.rows[at].name
		if index[name] >= 0 {
			continue
		}
		index[name] = len(p.Steps)
		p.Steps = append(p.Steps, checker.Step[State]{Label: name.String(), Choices: m.choices(name), Choose: m.take})
	}
	p.PC = func(s *State, self int) int {
		if side, ok := sideOf(self); ok && s.Space[side].Dead {
			return -1
		}
		return index[m.rows[s.Thread[self].At].name]
	}
	return checker.Model[State]{
		Name: "binding", Init: []State{m.initial()}, Processes: []checker.Process[State]{p},
		Terminal: m.terminal, Properties: m.properties(),
	}
}

// take takes the step at which a thread stands.
func (m *machine) take(s *State, self, choice int) bool {
	r := &m.rows[s.Thread[self].At]
	return choice < max(r.choices, 1) && r.do(m.view(s, self), choice)
}

// choices is how many choices a step has, at any of its rows.
func (m *machine) choices(name step.Name) int {
	most := 1
	for _, r := range m.rows {
		if r.name == name && m.Refusals {
			most = max(most, r.choices)
		}
	}
	return most
}

// over says whether a thread has come to its end, or its space has.
func (m *machine) over(s *State, id int) bool {
	if side, ok := sideOf(id); ok && s.Space[side].Dead {
		return true
	}
	return s.Thread[id].At == ended
}

// terminal: every thread has come to its end, or stands where nobody needs it.
func (m *machine) terminal(s *State) bool {
	for id := range Threads {
		if !m.over(s, id) {
			return false
		}
	}
	return true
}

// The rows. Where several threads do the same they share the rows of end.go.
const (
	ended Row = iota

	// The client's handshake.
	sendHello
	receiveAfterAll // the hello could not be sent: was there a refusal?
	receiveTextAfterAll
	receiveHeader
	receiveText
	receiveBody
	clientWatchPeer
	verifyCallsSeals
	verifyCallsSize
	verifyRepliesSeals
	verifyRepliesSize
	mapCalls
	mapReplies
	closeCalls
	closeReplies
	unmapCallsAgain // the second segment could not be mapped
	closeCallsFailed
	closeRepliesFailed
	hangUpFailed

	// The client bound.
	holdCall
	holdSecond
	holdThird
	closing
	connectCaller
	connectCloser
	clientNoticeExit
	clientNotice
	stopRegion // the server has stopped: the region is closed first
	stopUnmapOwn
	stopUnmapPeer
	lingering

	// Holding and ending, of end.go.
	hold
	inCall // it touches memory until its reply is there, or the binding ends
	release
	releaseRefused
	releaseUnmapOwn
	releaseUnmapPeer
	endBinding
	poison
	unblock
	nudge
	closeRegion
	endUnmapOwn
	endUnmapPeer
	hangUp
	awaitEnd
	awaitExitWatch
	awaitWatch
	awaitUnmap
	holdAfterClose

	// The server's handshake.
	receiveHello
	receiveHelloBody
	reserve
	serverWatchPeer
	createReplies
	mapOwnReplies
	sealReplies
	createCalls
	mapPeerCalls
	sealCalls
	sendHeader
	sendBody
	closeOwn
	closePeer
	closePeerRefused // the peer's segment could not be mapped
	unmapRefused
	closeOwnRefused
	sendRefusal
	sendRefusalReserved
	closeOwnFailed
	closePeerFailed
	regionFailed
	unmapOwnFailed
	unmapPeerFailed
	unreserveFailed
	serverHangUpFailed

	// The server bound.
	enterBinding
	awaitProcessors
	sendStopping
	serverHangUp
	serverAwaitExitWatch
	serverAwaitWatch
	serverCloseRegion
	serverUnmapOwn
	serverUnmapPeer
	serverAwaitUnmap
	leaveBinding
	unreserve
	serverNoticeExit
	serverNotice
	stopProcessors
	stopNudge

	// The machine.
	stopServer
	die
	lastRow
)
