package memory

import (
	"fmt"

	"urpc/checker"
	"urpc/spec/step"
)

// What calls that are left add to a state. Where a Leave is zero none of it is there:
// the family "channel" has states without it.

// The most that a configuration may have in which calls are left.
const (
	MaxCallers = 3
	MaxRecords = 3
)

// Beside the two sides: who ends the contexts, what nudges for it, who ends the server's space, and the
// thread of the client that learns of it.
const (
	canceller = iota + 2
	nudger
	reaper
	watcher
	stopper // of the server's processors: stop.go
	processes
)

// CallState is a state of a channel whose calls may be left.
type CallState struct {
	State
	Leaving
}

// Leaving is what calls that are left add to a state, private to the client's space, and
// what the stop of a server adds.
type Leaving struct {
	// Free are the records that no call uses, each plus one, the last freed last.
	Free [MaxRecords + 1]uint8
	// Generation counts the calls that have used a record.
	Generation [MaxRecords]uint8
	Way        [MaxCallers]Way
	Canceller  [MaxCallers]Canceller
	// Called counts the nudges to come: of watches that ends of contexts have come to.
	Called uint8
	Clock  uint8
	Ending
	Stopping
	// Repeats counts replies that a faulty server may still send twice; Again is
	// the reply that a processor of it will send once more.
	Repeats uint8
	Again   [MaxServers]Message
}

// Way is where a caller is on its way. What is in it is known to it alone.
type Way struct {
	// Record is that of its call, plus one; 0: it has none.
	Record uint8
	// Then is the step at which it goes on once it has looked at its context, or
	// resigned the lead; None: the call is over.
	Then step.Name
	// Drained: it has found no record, and looked for late replies.
	Drained bool
	// Tried: it has found the sending end busy, and awaits it.
	Tried bool
	// Watches: it has its context watched.
	Watches bool
	// Nudged: the nudge has changed since it read it.
	Nudged bool
	// Begun is a ghost: how far the call has looked at its context and the clock.
	Begun uint8
	// Early is a ghost: the context ended, or its deadline passed, before.
	Early bool
	// Overslept is a ghost: how often it has gone to sleep past its deadline.
	Overslept uint8
}

// How far a call has looked, for Way.Begun.
const (
	lookedAtContext = 1
	looked          = 2 // at the clock, too, if it has a deadline
)

// Canceller is who ends the contexts of one caller, one after the other.
type Canceller struct {
	At step.Name
	// Done counts the contexts that have ended; where no timer comes, whose
	// deadline was passed.
	Done uint8
	// Watched has a bit for each context that will nudge: its end has not come to its watch.
	Watched uint8
}

// fits says what a configuration has too much of for a state.
func (l Leave) fits(c Config) error {
	switch {
	case !l.on():
		return nil
	case c.Clients > MaxCallers || l.Records > MaxRecords || l.Records < 1:
		return fmt.Errorf("%d callers and %d records that may be left: want at most %d and %d", c.Clients, l.Records, MaxCallers, MaxRecords)
	case l.Leavers > c.Clients || l.Leavers < 0:
		return fmt.Errorf("%d of %d callers may leave", l.Leavers, c.Clients)
	case l.Leavers == 0 && c.Servers == 0 && !l.Death:
		return fmt.Errorf("nobody replies, and nobody may leave")
	case c.Calls < 1 || c.Clients*c.Calls >= numbers || c.Calls > 8:
		return fmt.Errorf("%d calls that may be left: want 1 to %d in all", c.Clients*c.Calls, numbers-1)
	case l.Death && (l.Leavers > 0 || c.Servers == 0 || l.Records > c.Clients || l.Twice > 0):
		return fmt.Errorf("a server that dies is specified with no more records than callers, and nobody who leaves for another reason")
	case l.InOrder && (!l.Death || l.ClientDies):
		return fmt.Errorf("a server that stops in order is specified as one that dies then")
	case c.Donation && (l.Death || l.Twice > 0):
		return fmt.Errorf("a server that dies, or sends a reply twice, is not specified with callers that donate their processors")
	case c.Polls || c.Pass != PassFirst || c.Doorbell != 0:
		return fmt.Errorf("calls that are left are not specified with polling, another pass, or a doorbell that comes round")
	}
	return nil
}

// take takes the record that was freed last; false: there is none.
func (l *Leaving) take() (int, bool) {
	for i := len(l.Free) - 1; i >= 0; i-- {
		if j := l.Free[i]; j != 0 {
			l.Free[i] = 0
			return int(j) - 1, true
		}
	}
	return 0, false
}

// some says whether a record is free.
func (l *Leaving) some() bool { return l.Free[0] != 0 }

// free gives a record back. A mutant may give back more than there are; what does
// not fit is lost.
func (l *Leaving) free(j int) {
	for i := range l.Free {
		if l.Free[i] == 0 {
			l.Free[i] = uint8(j + 1)
			return
		}
	}
}

// name is that of the call that uses record j, or has used it last.
func (l *Leaving) name(j int) Message { return call(j, l.Generation[j]) }

// ended says whether the context of a call has ended; gone also whether its end has
// begun, as its deadline has passed.
func (l *Leaving) ended(end End, i int, number uint8) bool {
	return end != Passed && l.Canceller[i].Done > number
}

func (l *Leaving) gone(end End, i int, number uint8) bool {
	c := &l.Canceller[i]
	return c.Done > number || end == Expired && c.Done == number && c.At == step.Cancel
}

// comparesNudge says whether a caller that stands at a step, and then goes on to
// another one, has read the nudge and may still compare it.
func (l *Leaving) comparesNudge(at, then step.Name) bool {
	switch at {
	case step.LookContext, step.LookClock, step.LookPoison:
		return then == step.LookDoorbell
	case step.LookDoorbell, step.Announce, step.RecheckHead, step.RecheckSlot, step.Sleep:
		return true
	default:
		return false
	}
}

// choices are how many a step has.
func (m *machine) choices(side int, name step.Name) int {
	if side == server && name == step.Execute && m.Leave.Twice > 0 || name == step.Pause {
		return 2
	}
	return 1
}

// chooses is the choice of a faulty server to send the reply to come twice; false: it
// may not any more.
func (v view) chooses() bool {
	if v.choice == 0 {
		return true
	}
	if v.left.Repeats == 0 {
		return false
	}
	v.left.Repeats--
	v.left.Again[v.self] = v.t.Message.result()
	return true
}

// repeats says whether the processor sends its reply once more.
func (v view) repeats() bool {
	if v.left == nil || v.side == client || v.left.Again[v.self] == 0 {
		return false
	}
	v.t.Message, v.left.Again[v.self] = v.left.Again[v.self], 0
	return true
}

// executed gives the caller, or the record, for whose call the executed message
// counts: -1 if there is none, or its record has another call by now.
func (v view) executed() int {
	if !v.Leave.on() {
		return v.t.Message.caller(v.Clients)
	}
	j := v.t.Message.caller(v.Leave.Records)
	if j >= 0 && v.t.Message != v.left.name(j).result() {
		return -1
	}
	return j
}

// initialCall is the initial state of a CallModel: all records are free.
func (m *machine) initialCall() CallState {
	s := CallState{State: m.initial()}
	if m.Stops && !m.Leave.Death {
		s.Stopper = step.Stop
	}
	if !m.Leave.on() {
		return s
	}
	for j := range m.Leave.Records {
		s.Free[j] = uint8(m.Leave.Records - j)
	}
	s.Clock, s.Repeats = 1, uint8(m.Leave.Twice)
	for i := range m.Leave.Leavers {
		m.viewCall(&s, canceller, i).endNext()
	}
	if m.Leave.Death {
		s.Reaper, s.Watcher = step.Die, step.Notice
	}
	for i := range m.Clients {
		m.viewCall(&s, client, i).begin()
	}
	return s
}

// viewCall is view of a CallState.
func (m *machine) viewCall(s *CallState, side, self int) view {
	if side >= canceller {
		return view{machine: m, s: &s.State, left: &s.Leaving, side: side, self: self}
	}
	v := m.view(&s.State, side, self)
	if m.Leave.on() || m.Stops && side == server {
		v.left = &s.Leaving
	}
	return v
}

// at is the step at which a thread stands.
func (s *CallState) at(side, self int) step.Name {
	switch side {
	case canceller:
		return s.Canceller[self].At
	case nudger:
		return step.Nudge
	case reaper:
		return s.Reaper
	case watcher:
		return s.Watcher
	case stopper:
		return s.Stopper
	default:
		return s.State.at(side, self)
	}
}

// callProcesses are the processes in CallStates, by side: those of none are left out
// of a model.
func (m *machine) callProcesses(programs [2][]row, besides besideRows) (all [processes]checker.Process[CallState]) {
	if m.Leave.ClientDies {
		besides.watches = besides.watchesClient
	}
	for side, program := range [processes][]row{
		client: programs[client], server: programs[server], canceller: besides.cancels, nudger: besides.nudges, reaper: besides.reaps, watcher: besides.watches, stopper: besides.stops,
	} {
		all[side] = process(m, side, program, nil, m.viewCall, (*CallState).at)
	}
	return all
}

// besideRows are the programs beside those of the two sides.
type besideRows struct{ cancels, nudges, reaps, watches, watchesClient, stops []row }

var besidePrograms = besideRows{cancelling, nudging, reaping, watching, watchingClient, stopping}

// callModel puts programs and properties together.
func (m *machine) callModel(programs [2][]row, besides besideRows) checker.Model[CallState] {
	model := checker.Model[CallState]{
		Name: "call", Init: []CallState{m.initialCall()}, Terminal: m.terminalCall, Event: eventOfCall, Properties: m.callProperties(),
	}
	if m.Leave.Death {
		model.Name, model.Terminal, model.Properties = "death", m.terminalDeath, m.deathProperties()
	}
	switch {
	case m.Leave.ClientDies:
		model.Terminal, model.Properties = m.terminalClientDeath, m.clientDeathProperties()
	case m.Stops:
		model.Name, model.Terminal, model.Properties, model.Event = "stop", m.terminalStop, m.stopProperties(), eventOfStop
	}
	for _, p := range m.callProcesses(programs, besides) {
		if p.Count > 0 {
			model.Processes = append(model.Processes, p)
		}
	}
	return model
}

// CallModel gives the model of a configuration in which calls may be left, or the server
// stops.
func CallModel(c Config) checker.Model[CallState] {
	m := newMachine(c)
	return m.callModel(m.programs(), besidePrograms)
}

// terminalCall: every caller has made its calls, or can never leave the one that
// nobody replies to, and then one leads if there is one that blocks; every processor
// is asleep, or waits for room that only a caller would give it.
func (m *machine) terminalCall(s *CallState) bool {
	for i := range m.Clients {
		switch at := s.Caller[i].At; {
		case at == step.None:
		case m.Servers > 0 || i < m.Leave.Leavers:
			return false
		case at == step.Block && !m.someCaller(&s.State, func(c *Caller) bool { return c.Leads }):
			return false
		}
	}
	for j := range m.Servers {
		if at := s.Server[j].At; at != step.Asleep && (at != step.AwaitRoom || !m.published(&s.State, server)) {
			return false
		}
	}
	return true
}

// eventOfCall names the steps by which a message moves, and how a call ends: a1. with
// its reply, a1/ because it is left.
func eventOfCall(before, after *CallState, taken checker.Taken) string {
	switch taken.Label {
	case step.CloseCall.String(), step.Abandon.String():
		j := int(before.Way[taken.Self].Record) - 1
		name, closes := before.name(j).String(), taken.Label == step.CloseCall.String()
		if closes && before.Way[taken.Self].Then == step.None {
			return name + "."
		}
		if closes || before.Caller[j].Call == Pending {
			return name + "/"
		}
		return ""
	case step.Expire.String(), step.Cancel.String(), step.TakeWatch.String(), step.Nudge.String():
		return ""
	}
	return event(&before.State, &after.State, taken)
}
