package memory

import (
	"fmt"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// The notes say nothing of a server that ends a binding while its client lives; this is what
// the runtime does. A thread of the server says so, and wakes the processors that sleep. Each processor looks before it receives, and once more
// before it parks.
//
//	(stopper) stop:   stopped := true
//	          nudge:  nudge := nudge + 1; wake all processors that sleep; end
//	(server)  lookStop:  if stopped then end
//	                     else (about to park) goto lookDoorbell
//	                     else goto testSetReceive
//	          \* one that has found nothing, instead of lookDoorbell:
//	          lookNudge: n := nudge; goto lookStop
//	          sleep:     as in park.go, and only while nudge = n
//
// Nobody misses the stop. A processor that parks reads the nudge, then looks whether to
// stop, then sleeps while the nudge is what it read: either it sees the stop, or the nudge
// comes after its look and its sleep is refused or ended.
//
// What becomes of a call that no processor receives any more is not told here: its client
// learns of the stop (package binding), and its caller leaves (death.go). Here it waits.

// Stopping is what the stop of the server adds to a state. All of it is private to the
// server's space.
type Stopping struct {
	// Stopper is where the thread stands that stops the server.
	Stopper step.Name
	Stopped bool
	// Parks says of each processor at lookStop whether it is about to park.
	Parks [MaxServers]bool
	// Missed says of each processor whether the nudge has changed since it read it.
	Missed [MaxServers]bool
	// Received is a ghost: how many calls each processor has received since it looked last.
	// (How many after the stop would say more than the code's words: it depends on the order
	// of steps that have nothing to do with each other.)
	Received [MaxServers]uint8
}

// heeding is the part of a processor's program that ends it, and stopping that of who
// stops it.
var (
	heeding  = []row{{step.LookStop, view.lookStop}, {step.LookNudge, view.lookNudgeOfStop}}
	stopping = []row{{step.Stop, view.stop}, {step.Nudge, view.nudgeServers}}
)

// serves goes on to receive the next call.
func (v view) serves() bool {
	if v.Stops {
		return v.to(step.LookStop)
	}
	return v.to(step.TestSetReceive)
}

// parks goes on to park.
func (v view) parks() bool {
	if v.Stops && v.side == server {
		return v.to(step.LookNudge)
	}
	return v.to(step.LookDoorbell)
}

func (v view) lookNudgeOfStop() bool {
	v.left.Parks[v.self], v.left.Missed[v.self] = true, false
	return v.to(step.LookStop)
}

func (v view) lookStop() bool {
	parks := v.left.Parks[v.self]
	v.left.Parks[v.self], v.left.Received[v.self] = false, 0
	switch {
	case v.left.Stopped && parks:
		v.forgetNudge()
		return v.to(step.LookStop) // as before each call
	case v.left.Stopped:
		return v.to(step.None)
	case parks:
		return v.to(step.LookDoorbell)
	default:
		return v.to(step.TestSetReceive)
	}
}

func (v view) stop() bool {
	v.left.Stopped, v.left.Stopper = true, step.Nudge
	return true
}

func (v view) nudgeServers() bool {
	for j := range v.Servers {
		t := &v.s.Server[j]
		switch {
		case t.At == step.Asleep:
			t.At, t.Rung = step.Retract, 0
		case t.At == step.LookStop && v.left.Parks[j], parked(t.At), t.At == step.LookDoorbell:
			v.left.Missed[j] = true
		}
	}
	v.left.Stopper = step.None
	return true
}

// nudgeOfDeath is the same by who has learned that the client died.
func (v view) nudgeOfDeath() bool { return v.nudgeServers() && v.watchAt(step.EndBinding) }

func (v view) stopOfDeath() bool {
	v.left.Stopped = true
	return v.watchAt(step.Nudge)
}

// countReceived counts a call that a processor receives.
func (v view) countReceived() {
	if v.Stops && v.side == server {
		v.left.Received[v.self] = min(v.left.Received[v.self]+1, 2)
	}
}

// The names of the properties.
const (
	// LooksFirst: of the calls that come after the stop a processor receives one at most, if
	// it has looked just before.
	LooksFirst = "a processor looks whether it is to stop before each call that it receives"
)

// The names of the reachable twins.
const (
	SomeStoppedAsleep  = "the stop wakes a sleeping processor"
	SomeStopRefuses    = "a sleep is refused because of the stop"
	SomeLateCall       = "a call is received after the stop"
	SomeCallUnreceived = "a call is left in the queue by the stop"
	SomeStoppedInCall  = "the stop comes while a call is executed"
)

func (m *machine) stopProperties() []checker.Property[CallState] {
	all := []checker.Property[CallState]{
		checker.Invariant(MutualExclusion, of(m.mutualExclusion)),
		checker.Invariant(OneLeader, of(m.oneLeader)),
		checker.Transition(InOrder, ofStep(m.inOrder)),
		checker.Transition(NoOverwriting, ofStep(m.noOverwriting)),
		checker.Transition(OwnResult, ofStep(m.ownResult)),
		checker.Transition(ExactlyOnce, ofStep(m.exactlyOnce)),
		checker.Invariant(NoSleepOnCall, func(s *CallState) bool { return s.Stopped || m.noSleepOnCall(&s.State) }),
		checker.Invariant(NoSleepOnReply, of(m.noSleepOnReply)),
		checker.Invariant(ParkedCounts, of(m.parkedCounts)),
		checker.Invariant(BlockedCounts, of(m.blockedCounts)),
		checker.Invariant(LooksFirst, func(s *CallState) bool { return s.Received[0] < 2 && s.Received[1] < 2 }),
		checker.Reachable(SomeStoppedAsleep, func(s *CallState) bool { return s.Stopper == step.Nudge && m.some(&s.State, server, step.Asleep) }),
		checker.Reachable(SomeStopRefuses, func(s *CallState) bool {
			refused := func(j int) bool { return s.Server[j].At == step.Sleep && s.Missed[j] && s.Server[j].Rung == 0 }
			return refused(0) || refused(1)
		}),
		checker.Reachable(SomeLateCall, func(s *CallState) bool { return s.Stopped && m.some(&s.State, server, step.CopySlot) }),
		checker.Reachable(SomeCallUnreceived, func(s *CallState) bool {
			return m.allServers(s, step.None) && m.published(&s.State, client)
		}),
		checker.Reachable(SomeStoppedInCall, func(s *CallState) bool { return s.Stopped && m.some(&s.State, server, step.Execute) }),
	}
	if m.Donation {
		all = append(all,
			checker.Invariant(OneDonation, of(m.oneDonation)),
			checker.Transition(NoneReady, ofStep(m.noneReady)),
			checker.Invariant(ReadyCounts, of(m.readyCounts)),
			checker.Reachable(SomeDonation, func(s *CallState) bool { return s.Side[client].Donated > 0 }))
	}
	return all
}

func (m *machine) allServers(s *CallState, at step.Name) bool {
	return m.at(&s.State, server, func(n step.Name) bool { return n != at }) == 0
}

// terminalStop: the server is stopped and every processor has ended; a caller has made its
// calls, or waits for a reply, or for room, that does not come.
func (m *machine) terminalStop(s *CallState) bool {
	return s.Stopper == step.None && m.allServers(s, step.None) && m.at(&s.State, client, func(at step.Name) bool {
		switch at {
		case step.None, step.Asleep, step.Block, step.AwaitRoom:
			return false
		default:
			return true
		}
	}) == 0
}

// StopFamily is the channel whose server stops, as a family.
var StopFamily = catalogue.Family{
	Name: "stop",
	Doc:  "the stop of a server at any step: no processor receives any more, none sleeps on",
	Parameters: []catalogue.Parameter{
		{Name: "clients", Doc: "calling threads of the client", Default: 1, Min: 1, Max: MaxClients},
		{Name: "servers", Doc: "processors of the server", Default: 1, Min: 1, Max: MaxServers},
		{Name: "calls", Doc: "calls of each thread", Default: 1, Min: 1, Max: 4},
		{Name: "slots", Doc: "slots of each queue", Default: 1, Min: 1, Max: MaxSlots},
		{Name: "donate", Doc: "whether a caller donates its processor when it wakes the server", Max: 1, Words: []string{"no", "yes"}},
		{Name: "poll", Doc: "whether who finds nothing to receive may poll once more before it parks", Max: 1, Words: []string{"no", "yes"}},
	},
	Configurations: []catalogue.Configuration{
		{Name: "1-1-1-1", Doc: "one thread, one call, one processor"},
		{Name: "1-1-2-1", Doc: "two calls: the stop comes before, between or after them", Set: map[string]int{"calls": 2}},
		{Name: "1-2-1-1", Doc: "two processors", Set: map[string]int{"servers": 2}},
		{Name: "2-1-1-1", Doc: "two threads, one slot", Set: map[string]int{"clients": 2}},
		{Name: "donate", Doc: "the processor that was donated does not go back", Set: map[string]int{"donate": 1, "poll": 1}},
	},
	Mutants: describedOf(stopMutants),
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		c := Config{
			Clients: v.Int("clients"), Servers: v.Int("servers"), Calls: v.Int("calls"), Slots: v.Int("slots"), Replies: v.Int("slots"),
			Donation: v.Int("donate") == 1, Polls: v.Int("poll") == 1, Stops: true,
		}
		model, err := mutateCall(c, mutant)
		if err != nil {
			return nil, err
		}
		return checker.Any(model), nil
	},
}

// stops says why a server that stops is not specified with what else a configuration has.
func (c Config) stops() error {
	switch {
	case c.Leave.ClientDies && (!c.Stops || !c.Leave.Death):
		return fmt.Errorf("a client that dies is specified with a server that stops then")
	case c.Stops && (c.Leave.on() && !c.Leave.ClientDies || c.Queue || c.Doorbell != 0):
		return fmt.Errorf("a server that stops is specified with calls that are not left, and with doorbells that do not come round")
	}
	return nil
}

// Named faults: those that the runtime has, too, have the same name there.
var stopMutants = []mutant{
	{
		Mutant: catalogue.Mutant{Name: "stop-not-nudged", Doc: "the stop does not wake the processor that sleeps", Configuration: "1-1-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Stop: func(v view) bool {
				v.left.Stopped, v.left.Stopper = true, step.None
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "stop-misses-worker", Doc: "a processor that is about to park does not look whether it is to stop since it read the nudge", Configuration: "1-1-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.LookNudge: func(v view) bool {
				v.left.Missed[v.self] = false
				return v.to(step.LookDoorbell)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "pool-nudge-after", Doc: "a processor that is about to park reads the nudge only after it has looked whether it is to stop", Configuration: "1-1-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool {
				if !v.unlockReceive() || v.t.At != step.LookNudge {
					return true
				}
				v.left.Parks[v.self] = true
				return v.to(step.LookStop)
			},
			step.LookStop: func(v view) bool { return v.lookStop() && (v.t.At != step.LookDoorbell || v.to(step.LookNudge)) },
			step.LookNudge: func(v view) bool {
				v.left.Missed[v.self] = false
				return v.to(step.LookDoorbell)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "stop-after-nudge", Doc: "the server's processors are woken before they can see why", Configuration: "1-1-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Stop: func(v view) bool { // wakes all first; nobody is woken after
				v.nudgeServers()
				v.left.Stopper = step.Nudge
				return true
			},
			step.Nudge: func(v view) bool {
				v.left.Stopped, v.left.Stopper = true, step.None
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "stop-drains", Doc: "a processor looks whether it is to stop only when there is nothing to receive", Configuration: "1-1-2-1", KilledBy: LooksFirst},
		steps: map[step.Name]func(v view) bool{
			step.LookParked: func(v view) bool { return v.lookParked() && (v.t.At != step.LookStop || v.to(step.TestSetReceive)) },
			step.Wake:       func(v view) bool { return v.wake() && (v.t.At != step.LookStop || v.to(step.TestSetReceive)) },
		},
	},
}

// eventOfStop names the steps by which a message moves.
func eventOfStop(before, after *CallState, taken checker.Taken) string {
	if taken.Process == stopperName {
		return ""
	}
	return event(&before.State, &after.State, taken)
}
