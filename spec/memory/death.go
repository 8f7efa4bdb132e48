package memory

import (
	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// "peer died (the other address space is gone: every blocked caller of that channel
// learns it, the channel is poisoned, nothing else is touched)."
//
// The server's space dies between any two steps: its threads take no more, and what
// they hold stays held. Some time after, a thread of the client learns of it. It ends
// the calls, and the memory goes when nobody is in a call any more.
//
//	(reaper) die:  the server's threads end
//	(watch)  notice:      await dead
//	         poison:      poison := true
//	         unblock:     whoever blocks, or is about to, goes on
//	         nudge:       nudge := nudge + 1; wake all callers that sleep
//	         closeRegion: closed; if holders = 0 then goto unmapMemory
//	         endBinding:  end
//	(client) holdRegion:  holders := holders + 1; if closed then goto releaseRegion
//	         lookPoison:  wherever a caller of leave.go looks: if poison then leave
//	         releaseRegion: holders := holders - 1; if closed and holders = 0
//	                      then goto unmapMemory
//	         unmapMemory: the memory goes: whoever touches it from now on faults
//
// Nobody misses the poison. A caller that leads reads the nudge, then the poison, then
// sleeps while the nudge is what it read: either it sees the poison, or the nudge comes
// after its look and its sleep is refused or ended.
//
// A server that stops in order says so before it is gone. Then calls that were not sent are
// not sent any more, and those that were may find their replies, for some time:
//
//	(watch)  notice; stopSending: unsent := true;  closeRegion;  poison; unblock; nudge;  endBinding
//	(client) \* who waits for a record, once more than where there is none:
//	         lookSending: (after lookPoison) if unsent, or the calls have ended, then leave
//	                      (after takeRecord) if unsent then freeRecord, leave;  goto openCall
//
// A call that finds a record at once does not look again: it has held the region, which was
// not closed. So it may be sent after the stop, and finds no reply. What waits would be
// sent long after, by the record of a call that has found its reply meanwhile.
//
// Where it is the client that dies, its threads end, and who learns of it in the server
// stops the processors as in stop.go:
//
//	(watch)  notice; stop; nudge; endBinding
//
// There are as many records as callers, or fewer; then a caller waits for one as in
// leave.go. A caller that is alone finds its record in the list whenever it looks, so that
// to take and to free it is no step; where there are several, who comes first takes which.

// mourning is what a caller does beside leaving, whose server may die.
var mourning = []row{
	{step.HoldRegion, view.holdRegion}, {step.LookPoison, view.lookPoison}, {step.LookSending, view.lookSending},
	{step.ReleaseRegion, view.releaseRegion}, {step.UnmapMemory, view.unmapMemory},
}

var (
	reaping  = []row{{step.Die, view.die}}
	watching = []row{
		{step.Notice, view.notice}, {step.StopSending, view.stopSending}, {step.Poison, view.poison}, {step.Unblock, view.unblock}, {step.Nudge, view.nudgeOfEnd},
		{step.CloseRegion, view.closeRegion}, {step.UnmapMemory, view.unmapByWatch}, {step.EndBinding, view.endBinding},
	}
	watchingClient = []row{
		{step.Notice, view.noticeOfClient}, {step.Stop, view.stopOfDeath}, {step.Nudge, view.nudgeOfDeath}, {step.EndBinding, view.endBinding},
	}
)

// Ending is what the end of the server's space adds to a state.
type Ending struct {
	Reaper, Watcher             step.Name // where they stand
	Dead                        bool      // the server's space
	Poisoned, Unblocked, Closed bool
	Unsent                      bool // calls that were not sent are not sent any more
	// Holders counts the callers between holdRegion and releaseRegion.
	Holders uint8
	// Memory is whether the client still has it.
	Memory Mapping
}

// Mapping is whether a space has a binding's memory.
type Mapping uint8

// Mapped, somebody goes on to unmap it, unmapped.
const (
	Mapped Mapping = iota
	Unmapping
	Unmapped
)

// mourns says whether the thread is a caller whose server may die.
func (v view) mourns() bool { return v.left != nil && v.Leave.Death && v.side == client }

func (v view) holdRegion() bool {
	v.left.Holders++
	if v.left.Closed {
		return v.to(step.ReleaseRegion)
	}
	return v.look(step.TakeRecord)
}

func (v view) lookPoison() bool {
	switch w := v.way(); {
	case v.Leave.InOrder && w.Record == 0 && w.Then == step.Lead:
		if v.left.Poisoned {
			w.Then = step.None // the call is over, whatever it sees
		}
		return v.to(step.LookSending)
	case v.left.Poisoned:
		return v.leave()
	}
	return v.goOn()
}

// lookSending is a look of a call that waits for a record, or has waited and has one.
func (v view) lookSending() bool {
	w := v.way()
	switch {
	case w.Record != 0 && v.left.Unsent:
		return v.to(step.FreeRecord)
	case w.Record != 0:
		return v.opens()
	case v.left.Unsent || w.Then == step.None:
		return v.end()
	}
	return v.goOn()
}

// found goes on with a call for which there is a record: one that has waited looks first
// whether it is to be sent.
func (v view) found() bool {
	w := v.way()
	waited := w.Drained
	w.Drained = false
	if v.Leave.InOrder && waited {
		return v.to(step.LookSending)
	}
	return v.opens()
}

func (v view) releaseRegion() bool {
	v.left.Holders--
	if v.left.last() {
		return v.to(step.UnmapMemory)
	}
	return v.next()
}

// last says whether who has released, or closed, the region goes on to unmap it: one.
func (e *Ending) last() bool {
	if !e.Closed || e.Holders > 0 || e.Memory != Mapped {
		return false
	}
	e.Memory = Unmapping
	return true
}

func (v view) unmapMemory() bool {
	v.left.Memory = Unmapped
	return v.next()
}

func (v view) die() bool {
	v.left.Dead, v.left.Reaper = true, step.None
	if v.Leave.ClientDies {
		for i := range v.Clients {
			c := &v.s.Caller[i]
			c.Thread, c.Leads, c.Other = Thread{}, false, 0
			v.left.Way[i] = Way{}
		}
		return true
	}
	for j := range v.Servers {
		v.s.Server[j] = Thread{}
	}
	return true
}

// watchAt goes on with the thread that learns of the death.
func (v view) watchAt(next step.Name) bool {
	v.left.Watcher = next
	return true
}

func (v view) notice() bool {
	if !v.left.Dead {
		return false
	}
	if v.Leave.InOrder {
		return v.watchAt(step.StopSending)
	}
	return v.watchAt(step.Poison)
}

func (v view) stopSending() bool {
	v.left.Unsent = true
	return v.watchAt(step.CloseRegion)
}

func (v view) noticeOfClient() bool { return v.left.Dead && v.watchAt(step.Stop) }

func (v view) poison() bool {
	v.left.Poisoned = true
	return v.watchAt(step.Unblock)
}

func (v view) unblock() bool {
	v.left.Unblocked = true
	return v.watchAt(step.Nudge)
}

func (v view) nudgeOfEnd() bool {
	v.nudgeAll()
	if v.Leave.InOrder { // it is closed
		return v.watchAt(step.EndBinding)
	}
	return v.watchAt(step.CloseRegion)
}

func (v view) closeRegion() bool {
	v.left.Closed = true
	if v.left.last() {
		return v.watchAt(step.UnmapMemory)
	}
	return v.closed()
}

func (v view) unmapByWatch() bool {
	v.left.Memory = Unmapped
	return v.closed()
}

// closed goes on when the region is closed.
func (v view) closed() bool {
	if v.Leave.InOrder {
		return v.watchAt(step.Poison)
	}
	return v.watchAt(step.EndBinding)
}

func (v view) endBinding() bool { return v.watchAt(step.None) }

// The names of the properties, which the runtime's target "death" has, too.
const (
	EndsOnce  = "every call of the survivor ends once, with its reply or because the peer died"
	StaysHeld = "what the dead held stays as it was"
	Reclaimed = "memory goes when its last holder has left it, and not before"
	Unsent    = "no call is sent that was waiting for a slot when the server was known to have stopped"
	// NotStopped is of a server whose client may die.
	NotStopped = "a server's processors are stopped when the client is dead, and not before"
)

// The names of the reachable twins.
const (
	SomeDeathInCall   = "the server dies while a call is pending"
	SomeDeathHolding  = "the server dies inside the end of a queue"
	SomeReplyOfDead   = "a reply of the dead is received"
	SomeMourner       = "a caller leaves because the server died"
	SomeRefusedHold   = "a call begins after the end of the binding"
	SomeUnmapByCaller = "the last caller unmaps the memory"
	SomeUnmapByWatch  = "who learns of the death unmaps the memory"
	SomeWokenByEnd    = "a sleeper is woken by the end of the binding"
	SomeRecordBack    = "a call that has waited gives its record back, since the server has stopped"
	SomeWaiterUnsent  = "a call that waits for a record learns that the server has stopped"
	SomeSentLate      = "a call is sent after the stop that has found its record at once"
	SomeReplyStopped  = "a call that was sent finds its reply after the stop"
	SomeWaiterMourns  = "a call that waits for a record learns that the server died"
)

func (m *machine) deathProperties() []checker.Property[CallState] {
	all := []checker.Property[CallState]{
		checker.Invariant(MutualExclusion, of(m.mutualExclusion)),
		checker.Invariant(OneLeader, of(m.oneLeader)),
		checker.Transition(InOrder, ofStep(m.inOrder)),
		checker.Transition(NoOverwriting, ofStep(m.noOverwriting)),
		checker.Transition(OwnResult, m.ownResultOfCall),
		checker.Transition(ExactlyOnce, m.executedOnce),
		checker.Invariant(NoSleepOnCall, of(m.noSleepOnCall)),
		checker.Invariant(NoSleepOnReply, func(s *CallState) bool { return s.Dead || m.noSleepOnReply(&s.State) }),
		checker.Invariant(BlockedCounts, of(m.blockedCounts)),
		checker.Transition(EndsOnce, m.endsOnce),
		checker.Transition(StaysHeld, func(before, after *CallState, _ checker.Taken) bool {
			return !before.Dead || before.Side[server] == after.Side[server]
		}),
		checker.Invariant(Reclaimed, m.reclaimed),
		checker.Reachable(SomeDeathInCall, func(s *CallState) bool {
			return s.Dead && m.someCaller(&s.State, func(c *Caller) bool { return c.Call == Pending })
		}),
		checker.Reachable(SomeDeathHolding, func(s *CallState) bool { return s.Dead && (s.Side[server].SendLock || s.Side[server].RecvLock) }),
		checker.Reachable(SomeReplyOfDead, func(s *CallState) bool { return s.Dead && m.some(&s.State, client, step.Deliver) }),
		checker.Reachable(SomeMourner, func(s *CallState) bool { return m.some(&s.State, client, step.Abandon) }),
		checker.Reachable(SomeRefusedHold, func(s *CallState) bool { return s.Closed && m.some(&s.State, client, step.HoldRegion) }),
		checker.Reachable(SomeUnmapByCaller, func(s *CallState) bool { return m.some(&s.State, client, step.UnmapMemory) }),
		checker.Reachable(SomeUnmapByWatch, func(s *CallState) bool { return s.Watcher == step.UnmapMemory }),
		checker.Reachable(SomeWokenByEnd, func(s *CallState) bool { return s.Watcher == step.Nudge && m.leaderAsleep(&s.State) }),
	}
	if m.waits() {
		all = append(all, checker.Reachable(SomeWaiterMourns, func(s *CallState) bool { return s.Poisoned && m.some(&s.State, client, step.AwaitRecord) }))
	}
	if m.Leave.InOrder {
		all = append(all, m.stopInOrderProperties()...)
	}
	return all
}

// stopInOrderProperties are those of a server that says that it stops.
func (m *machine) stopInOrderProperties() []checker.Property[CallState] {
	all := []checker.Property[CallState]{
		checker.Transition(Unsent, m.unsent),
		checker.Reachable(SomeSentLate, func(s *CallState) bool { return s.Unsent && m.some(&s.State, client, step.WriteSlot) }),
		checker.Reachable(SomeReplyStopped, func(s *CallState) bool { return s.Unsent && m.some(&s.State, client, step.Deliver) }),
	}
	if m.waits() {
		all = append(all,
			checker.Reachable(SomeWaiterUnsent, func(s *CallState) bool { return s.Unsent && !s.Poisoned && m.some(&s.State, client, step.AwaitRecord) }),
			checker.Reachable(SomeRecordBack, func(s *CallState) bool {
				for i := range m.Clients {
					if s.Unsent && s.Caller[i].At == step.LookSending && s.Way[i].Record != 0 {
						return true
					}
				}
				return false
			}))
	}
	return all
}

// unsent: a call that has waited comes to be opened by a step that looks, and sees no stop;
// or by one that takes its record, and there is none yet.
func (m *machine) unsent(before, after *CallState, taken checker.Taken) bool {
	if taken.Process != clientName || after.Caller[taken.Self].At != step.OpenCall {
		return true
	}
	waited := before.Way[taken.Self].Drained || before.Caller[taken.Self].At == step.LookSending
	return !waited || !before.Unsent
}

// The twins of a client that dies.
const (
	SomeClientDeath   = "the client dies while a call is executed"
	SomeClientHolding = "the client dies inside the end of a queue"
	SomeReplyToDead   = "a reply is sent to the dead"
	SomeCallOfDead    = "a call of the dead is received"
)

// clientDeathProperties are those of the server, whose client dies.
func (m *machine) clientDeathProperties() []checker.Property[CallState] {
	holds := func(s *CallState) bool { return s.Side[client].SendLock || s.Side[client].RecvLock }
	return []checker.Property[CallState]{
		checker.Invariant(MutualExclusion, func(s *CallState) bool { return s.Dead || m.mutualExclusion(&s.State) }),
		checker.Invariant(OneLeader, func(s *CallState) bool { return s.Dead || m.oneLeader(&s.State) }),
		checker.Transition(InOrder, ofStep(m.inOrder)),
		checker.Transition(NoOverwriting, ofStep(m.noOverwriting)),
		checker.Transition(OwnResult, m.ownResultOfCall),
		checker.Transition(ExactlyOnce, m.executedOnce),
		checker.Invariant(NoSleepOnCall, func(s *CallState) bool { return s.Dead || m.noSleepOnCall(&s.State) }),
		checker.Invariant(NoSleepOnReply, func(s *CallState) bool { return s.Dead || m.noSleepOnReply(&s.State) }),
		checker.Invariant(ParkedCounts, func(s *CallState) bool { return s.Dead || m.parkedCounts(&s.State) }),
		checker.Invariant(LooksFirst, func(s *CallState) bool { return s.Received[0] < 2 && s.Received[1] < 2 }),
		checker.Invariant(NotStopped, func(s *CallState) bool { return s.Dead || !s.Stopped }),
		checker.Transition(StaysHeld, func(before, after *CallState, _ checker.Taken) bool {
			return !before.Dead || before.Side[client] == after.Side[client]
		}),
		checker.Reachable(SomeClientDeath, func(s *CallState) bool { return s.Dead && m.some(&s.State, server, step.Execute) }),
		checker.Reachable(SomeClientHolding, func(s *CallState) bool { return s.Dead && holds(s) }),
		checker.Reachable(SomeReplyToDead, func(s *CallState) bool { return s.Dead && m.some(&s.State, server, step.Publish) }),
		checker.Reachable(SomeCallOfDead, func(s *CallState) bool { return s.Dead && m.some(&s.State, server, step.CopySlot) }),
		checker.Reachable(SomeStoppedAsleep, func(s *CallState) bool { return s.Watcher == step.Nudge && m.some(&s.State, server, step.Asleep) }),
	}
}

// terminalClientDeath: the client is dead, and all processors of the server have ended.
func (m *machine) terminalClientDeath(s *CallState) bool {
	return s.Dead && s.Watcher == step.None && m.allServers(s, step.None)
}

// endsOnce: a call that ends without its reply does so because the server died. One that
// has it ends as its record is given back.
func (m *machine) endsOnce(before, after *CallState, taken checker.Taken) bool {
	last := step.CloseCall
	if m.lists() {
		last = step.FreeRecord
	}
	if taken.Process != clientName || after.Caller[taken.Self].At != step.ReleaseRegion || taken.Label == last.String() {
		return true
	}
	return before.Dead && (before.Poisoned || before.Closed || before.Unsent)
}

// reclaimed: once the memory goes nobody is in a call, and it goes when nobody is.
func (m *machine) reclaimed(s *CallState) bool {
	if s.Closed && s.Holders == 0 && s.Memory == Mapped {
		return false
	}
	return s.Memory == Mapped || m.at(&s.State, client, func(at step.Name) bool {
		switch at {
		case step.None, step.HoldRegion, step.ReleaseRegion, step.UnmapMemory:
			return false
		default:
			return true
		}
	}) == 0
}

// terminalDeath: every caller has made its calls, nobody of the client is announced as
// parked, and its memory is gone.
func (m *machine) terminalDeath(s *CallState) bool {
	return m.at(&s.State, client, func(at step.Name) bool { return at != step.None }) == 0 &&
		s.Side[client].Parked == 0 && s.Watcher == step.None && s.Memory == Unmapped
}

// DeathFamily is the channel whose server dies, as a family. Its configurations are
// named as those of the runtime's target "death".
var DeathFamily = catalogue.Family{
	Name: "death",
	Doc:  "the death of a space at any step: of the server, then the calls of its client end, and the memory is reclaimed; or of the client, then the server's processors end",
	Parameters: []catalogue.Parameter{
		{Name: "clients", Doc: "calling threads of the client", Default: 1, Min: 1, Max: MaxCallers},
		{Name: "servers", Doc: "processors of the server", Default: 1, Min: 1, Max: MaxServers},
		{Name: "calls", Doc: "calls of each thread", Default: 1, Min: 1, Max: 4},
		{Name: "slots", Doc: "slots of each queue", Default: 1, Min: 1, Max: MaxSlots},
		{Name: "records", Doc: "calls that may be pending at once; 0: one of each thread", Max: MaxRecords},
		{Name: "dies", Doc: "who dies", Max: 1, Words: []string{"server", "client"}},
		{Name: "stops", Doc: "whether the server says that it stops before it dies", Max: 1, Words: []string{"no", "yes"}},
	},
	Configurations: []catalogue.Configuration{
		{Name: "server", Doc: "the server dies under one calling thread"},
		{Name: "server-calls", Doc: "the server dies under the first of two calls, or the second", Set: map[string]int{"calls": 2}},
		{Name: "server-2", Doc: "the server dies under two calling threads, one of which leads", Set: map[string]int{"clients": 2}},
		{Name: "server-wait", Doc: "the server dies under two calling threads with one record between them: one of them waits for it", Set: map[string]int{"clients": 2, "records": 1}},
		{Name: "server-stops", Doc: "the same, and it has said that it stops: who waits is not sent any more", Set: map[string]int{"clients": 2, "records": 1, "stops": 1}},
		{Name: "client", Doc: "the client dies, and the server's processor ends", Set: map[string]int{"dies": 1}},
		{Name: "client-2", Doc: "the client dies under two processors", Set: map[string]int{"dies": 1, "servers": 2}},
	},
	Mutants: describedOf(deathMutants),
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		c := Config{
			Clients: v.Int("clients"), Servers: v.Int("servers"), Calls: v.Int("calls"), Slots: v.Int("slots"), Replies: v.Int("slots"),
			Leave: Leave{Records: recordsOfDeath(v), Death: true, ClientDies: v.Word("dies") == "client", InOrder: v.Word("stops") == "yes"}, Stops: v.Word("dies") == "client",
		}
		if err := c.Fits(); err != nil {
			return nil, err
		}
		model, err := mutateCall(c, mutant)
		if err != nil {
			return nil, err
		}
		return checker.Any(model), nil
	},
}

// recordsOfDeath is how many records there are.
func recordsOfDeath(v catalogue.Values) int {
	if n := v.Int("records"); n > 0 {
		return n
	}
	return v.Int("clients")
}

// Named faults: those that the runtime has, too, have the same name there.
var deathMutants = []mutant{
	{
		Mutant: catalogue.Mutant{Name: "death-ignored", Doc: "the end of a binding does not wake the caller that sleeps", Configuration: "server", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Unblock: func(v view) bool { return v.unblock() && v.watchAt(step.CloseRegion) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "poison-after-nudge", Doc: "the caller that sleeps is woken before it can see why", Configuration: "server", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Notice: func(v view) bool { return v.notice() && v.watchAt(step.Unblock) },
			step.Nudge:  func(v view) bool { return v.nudgeOfEnd() && v.watchAt(step.Poison) },
			step.Poison: func(v view) bool { return v.poison() && v.watchAt(step.CloseRegion) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "poison-not-looked-at", Doc: "a caller that parks does not look whether the binding is over", Configuration: "server", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.LookNudge: func(v view) bool { return v.lookNudge() && v.goOn() },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "end-not-seen-waiting", Doc: "a caller that waits for a record does not look whether the binding is over", Configuration: "server-wait", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.TakeRecord: func(v view) bool { return v.takeRecord() && (v.t.At != step.LookPoison || v.goOn()) },
			step.AwaitRecord: func(v view) bool {
				return v.left.some() && v.awaitRecord() && v.goOn()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "waiter-sends-on", Doc: "a call that has waited for a record does not look again, and is sent although the server has stopped", Configuration: "server-stops", KilledBy: Unsent},
		steps: map[step.Name]func(v view) bool{
			step.LookSending: func(v view) bool {
				if v.way().Record != 0 {
					return v.opens()
				}
				return v.lookSending()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "memory-kept", Doc: "the last holder of a closed binding's memory does not take it along", Configuration: "server", KilledBy: Reclaimed},
		steps: map[step.Name]func(v view) bool{
			step.ReleaseRegion: func(v view) bool {
				v.left.Holders--
				return v.next()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "memory-goes-first", Doc: "the memory goes although a caller is in a call", Configuration: "server", KilledBy: Reclaimed},
		steps: map[step.Name]func(v view) bool{
			step.CloseRegion: func(v view) bool {
				v.left.Closed, v.left.Memory = true, Unmapping
				return v.watchAt(step.UnmapMemory)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "lock-of-the-dead-freed", Doc: "who learns of the death frees what the dead held", Configuration: "server", KilledBy: StaysHeld},
		steps: map[step.Name]func(v view) bool{
			step.Notice: func(v view) bool {
				if !v.notice() {
					return false
				}
				v.s.Side[server].SendLock, v.s.Side[server].RecvLock = false, false
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "stopped-alive", Doc: "the processors end although the client lives", Configuration: "client", KilledBy: NotStopped},
		steps: map[step.Name]func(v view) bool{
			step.Notice: func(v view) bool { return v.watchAt(step.Stop) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "client-death-ignored", Doc: "who learns that the client died does not wake the processor that sleeps", Configuration: "client", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Stop: func(v view) bool { return v.stopOfDeath() && v.watchAt(step.EndBinding) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "poisoned-alive", Doc: "the calls end although the server lives", Configuration: "server", KilledBy: EndsOnce},
		steps: map[step.Name]func(v view) bool{
			step.Notice: func(v view) bool { return v.watchAt(step.Poison) },
		},
	},
}
