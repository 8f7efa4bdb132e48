// Package protocol is the specification at the protocol level: address spaces,
// threads, processors, ready lists and channels, whole messages and whole
// processors. It promises nothing to users.
//
// Where to look:
//
//	state.go       a processor is in one space and is at its scheduler, running or serving
//	machine.go     the choices that the notes leave open, as parameters
//	dispatch.go    R2: the processor next runs another ready thread
//	send.go        R1, R8: a sender is descheduled; an eager call carries the processor
//	receive.go     the oldest call, the oldest reply
//	execute.go     execute and reply
//	donate.go      R3, R4, R5: idle processors, underpowered spaces, the way back
//	model.go       the table of steps and the names of events
//	properties.go  what must be true
//	mutants.go     faults that the properties catch
//	editor.go      the editor example, as family "editor"
//	family.go      N threads, one server, as family "protocol"
package protocol

import (
	"urpc/checker"
	"urpc/spec/step"
)

// Every dispatch, send, receive, execute, reply, work, exit and donate is one
// atomic step. The processes are the processors: a step is one processor's.

// processName is the name of the processes; processor number p is shown as Pp+1
// in events.
const processName = "processor"

// Model gives the configuration's model, with its properties.
func Model(c Config) checker.Model[State] {
	m := newMachine(c)
	return m.model(m.steps())
}

func (m *machine) model(steps []checker.Step[State]) checker.Model[State] {
	return checker.Model[State]{
		Name: m.Name,
		Init: []State{m.initial()},
		Processes: []checker.Process[State]{
			{Name: processName, Count: len(m.Processors), Instances: processorNames(len(m.Processors)), Steps: steps},
		},
		Terminal:   m.terminal,
		Event:      m.event,
		Properties: m.properties(),
	}
}

func processorNames(n int) []string {
	names := make([]string, n)
	for p := range names {
		names[p] = processorName(p)
	}
	return names
}

// steps is the program of a processor. At its scheduler several are enabled.
func (m *machine) steps() []checker.Step[State] {
	spaces := len(m.Spaces)
	places := 1
	if m.ReadyList == Any {
		places = len(m.Threads)
	}
	all := []checker.Step[State]{
		{Label: step.Dispatch.String(), Choose: m.dispatch, Choices: places},
		{Label: step.Exit.String(), Do: m.exit},
		{Label: step.Send.String(), Do: m.send},
		{Label: step.Resume.String(), Choose: m.resume, Choices: spaces},
		{Label: step.Receive.String(), Choose: m.receive, Choices: spaces},
		{Label: step.Execute.String(), Do: m.execute},
		{Label: step.Reply.String(), Do: m.reply},
	}
	if m.Donation == Seen {
		all = append(all,
			checker.Step[State]{Label: step.See.String(), Choose: m.see, Choices: spaces},
			checker.Step[State]{Label: step.Donate.String(), Choose: m.donateSeen, Choices: spaces})
	} else {
		all = append(all,
			checker.Step[State]{Label: step.Donate.String(), Choose: m.donate, Choices: spaces})
	}
	if m.works() {
		all = append(all, checker.Step[State]{Label: step.Work.String(), Do: m.work})
	}
	if m.eager() {
		all = append(all,
			checker.Step[State]{Label: step.CallAndSwitch.String(), Do: m.callAndSwitch},
			checker.Step[State]{Label: step.ExecuteAndSwitchBack.String(), Do: m.executeAndSwitchBack})
	}
	return all
}

// works says whether some thread does anything but call.
func (m *machine) works() bool {
	for _, t := range m.Threads {
		if t.does(Work) || t.does(Compute) {
			return true
		}
	}
	return false
}

// event names a step as the notes name it: T1>W is a send to W, WxT1 its
// execution, W>T1 the reply, T1<W its arrival, P1:E->F a donation.
func (m *machine) event(before, after *State, taken checker.Taken) string {
	was, is := &before.Processor[taken.Self], &after.Processor[taken.Self]
	thread, space := was.Thread.String(), was.Space.String()
	name, err := step.Parse(taken.Label)
	if err != nil {
		panic("protocol: a step has a label that is not in spec/step: " + taken.Label)
	}
	switch name {
	case step.Dispatch:
		return is.Thread.String()
	case step.Send, step.CallAndSwitch:
		server, _ := m.calling(before, taken.Self)
		return thread + ">" + m.ids[server].String()
	case step.Receive:
		return space + "<" + is.Thread.String()
	case step.Execute, step.ExecuteAndSwitchBack:
		return space + "x" + thread
	case step.Reply:
		return space + ">" + thread
	case step.Resume:
		server := taken.Choice
		return before.Replies[was.Space.number()][server][0].String() + "<" + m.ids[server].String()
	case step.See:
		return processorName(taken.Self) + ":" + space + "?" + is.Target.String()
	case step.Donate:
		return processorName(taken.Self) + ":" + space + "->" + is.Space.String()
	default:
		return thread
	}
}
