package memory

import (
	"fmt"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// Named faults. Each replaces some steps of the programs, mostly to go on to
// another step than the right one.

// mutant is a fault and how to make it.
type mutant struct {
	catalogue.Mutant
	// steps replace those of the programs; what is in no program is added.
	steps map[step.Name]func(v view) bool
	// labels name steps that have become other ones.
	labels map[step.Name]step.Name
	// change changes the configuration.
	change func(m *machine)
}

var mutants = []mutant{
	{
		Mutant: catalogue.Mutant{Name: "lock-not-atomic", Doc: "the test-and-set of a sending end is a test, and a set as a second step", Configuration: "2-1-1-1", KilledBy: MutualExclusion},
		steps: map[step.Name]func(v view) bool{
			step.TestSetSend: func(v view) bool { return !v.own.SendLock && v.to(step.Set) },
			step.Set: func(v view) bool {
				v.own.SendLock = true
				return v.to(step.LoadTail)
			},
		},
		labels: map[step.Name]step.Name{step.TestSetSend: step.Test},
	},
	{
		Mutant: catalogue.Mutant{Name: "receive-lock-not-atomic", Doc: "the test-and-set of a receiving end is a test, and a set as a second step", Configuration: "1-2-1-1", KilledBy: MutualExclusion},
		steps: map[step.Name]func(v view) bool{
			step.TestSetReceive: func(v view) bool { return !v.own.RecvLock && v.to(step.Set) },
			step.Set: func(v view) bool {
				v.own.RecvLock = true
				return v.to(step.LoadHead)
			},
		},
		labels: map[step.Name]step.Name{step.TestSetReceive: step.Test},
	},
	{
		Mutant: catalogue.Mutant{Name: "no-recheck", Doc: "a processor announces that it parks and does not look again before it sleeps", Configuration: "1-1-1-1", KilledBy: NoSleepOnCall},
		steps: map[step.Name]func(v view) bool{
			step.Announce: func(v view) bool { return v.announce() && v.to(step.Sleep) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "full-off-by-one", Doc: "a queue counts as full with one message more than it has slots", Configuration: "2-1-1-1", KilledBy: NoOverwriting},
		change: func(m *machine) { m.full[client]++; m.full[server]++ },
	},
	{
		Mutant: catalogue.Mutant{Name: "replies-full-off-by-one", Doc: "the queue of replies counts as full with one message more than it has slots", Configuration: "2-1-1-1", KilledBy: NoOverwriting},
		change: func(m *machine) { m.full[server]++ },
	},
	{
		Mutant: catalogue.Mutant{Name: "no-look", Doc: "a receiver copies a slot without looking whether a message is in it", Configuration: "1-1-1-1", KilledBy: InOrder},
		steps: map[step.Name]func(v view) bool{
			step.LookSlot: func(v view) bool { return v.to(step.CopySlot) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "publish-before-write", Doc: "the slot's sequence word is stored before the message is copied into it", Configuration: "1-1-1-1", KilledBy: InOrder},
		steps: map[step.Name]func(v view) bool{
			step.LoadRoom:  func(v view) bool { return v.loadRoom() && v.instead(step.WriteSlot, step.Publish) },
			step.StoreRoom: func(v view) bool { return v.storeRoom() && v.instead(step.WriteSlot, step.Publish) },
			step.Publish:   func(v view) bool { return v.publish() && v.to(step.WriteSlot) },
			step.WriteSlot: func(v view) bool { return v.writeSlot() && v.to(step.StoreTail) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "announce-after-recheck", Doc: "a processor looks again, and then announces that it parks", Configuration: "1-1-1-1", KilledBy: NoSleepOnCall},
		steps: map[step.Name]func(v view) bool{
			step.LookDoorbell: func(v view) bool { return v.lookDoorbell() && v.to(step.RecheckHead) },
			step.RecheckSlot: func(v view) bool {
				// What was not announced is not retracted.
				return v.recheckSlot() && v.instead(step.Sleep, step.Announce) && (v.t.At != step.Retract || v.afterPark())
			},
			step.Announce: func(v view) bool { return v.announce() && v.to(step.Sleep) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "doorbell-after-recheck", Doc: "the doorbell is read after the recheck: too late", Configuration: "1-1-1-1", KilledBy: NoSleepOnCall},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool { return v.unlockReceive() && v.instead(step.LookDoorbell, step.Announce) },
			step.RecheckSlot:   func(v view) bool { return v.recheckSlot() && v.instead(step.Sleep, step.LookDoorbell) },
			step.LookDoorbell:  func(v view) bool { return v.lookDoorbell() && v.to(step.Sleep) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "wake-before-publish", Doc: "a sender looks for parked processors, and wakes them, before it publishes", Configuration: "1-1-1-1", KilledBy: NoSleepOnCall},
		steps: map[step.Name]func(v view) bool{
			step.LoadRoom:  func(v view) bool { return v.loadRoom() && v.instead(step.WriteSlot, step.LookParked) },
			step.StoreRoom: func(v view) bool { return v.storeRoom() && v.instead(step.WriteSlot, step.LookParked) },
			step.LookParked: func(v view) bool {
				return v.lookParked() && (v.t.At == step.Ring || v.to(step.WriteSlot))
			},
			step.Wake: func(v view) bool { return v.wake() && v.to(step.WriteSlot) },
			step.UnlockSend: func(v view) bool {
				return v.unlockSend() && (v.t.At == step.AwaitRoom || v.afterSend())
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "no-wake", Doc: "a sender rings the doorbell and does not ask the kernel to wake", Configuration: "1-1-1-1", KilledBy: NoSleepOnCall},
		steps: map[step.Name]func(v view) bool{
			step.Ring: func(v view) bool { return v.ring() && v.afterSend() },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "no-ring", Doc: "a sender wakes without changing the doorbell: a wake before the sleep is lost", Configuration: "1-1-1-1", KilledBy: NoSleepOnCall},
		steps: map[step.Name]func(v view) bool{
			step.LookParked: func(v view) bool { return v.lookParked() && v.instead(step.Ring, step.Wake) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "doorbell-wraps", Doc: "the doorbell has its old value again after two rings", Configuration: "2-1-1-2", KilledBy: NoSleepOnCall},
		change: func(m *machine) { m.Doorbell = 2 },
	},
	{
		Mutant: catalogue.Mutant{Name: "double-donation", Doc: "a caller donates its processor although another one is out", Configuration: "donate", KilledBy: OneDonation},
		steps: map[step.Name]func(v view) bool{
			step.Donate: func(v view) bool {
				v.t.Position = v.own.Donated
				return v.donate()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "donate-though-ready", Doc: "a caller donates its processor although another caller of its space is ready", Configuration: "donate", KilledBy: NoneReady},
		steps: map[step.Name]func(v view) bool{
			step.RetractReady: func(v view) bool {
				sent := v.caller().Call != Idle
				if v.retractReady(); sent {
					v.t.Seen = 1
				}
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "delivered-not-ready", Doc: "a caller whose reply is delivered is not counted as ready", Configuration: "donate", KilledBy: ReadyCounts},
		steps: map[step.Name]func(v view) bool{
			step.LoadCall: func(v view) bool { return v.loadCall() && v.instead(step.AnnounceReady, step.Deliver) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "return-before-doorbell", Doc: "a processor that parks looks for donated ones before it reads the doorbell", Configuration: "donate", KilledBy: GoesBack},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool {
				return v.unlockReceive() && (v.side == client || v.instead(step.LookDoorbell, step.LoadReturned))
			},
			step.LookDonation: func(v view) bool { return v.lookDonation() && v.instead(step.Announce, step.LookDoorbell) },
			step.Return:       func(v view) bool { return v.giveBack() && v.to(step.LookDoorbell) },
			step.LookDoorbell: func(v view) bool { return v.lookDoorbell() && v.to(step.Announce) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "never-returned", Doc: "a server keeps the processors that were donated to it", Configuration: "donate", KilledBy: GoesBack},
		steps: map[step.Name]func(v view) bool{
			step.LookDoorbell: func(v view) bool { return v.lookDoorbell() && v.instead(step.LoadReturned, step.Announce) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "no-retract", Doc: "a processor that goes on does not retract its announcement", Configuration: "1-1-1-1", KilledBy: ParkedCounts},
		steps: map[step.Name]func(v view) bool{
			step.Retract: func(v view) bool {
				v.own.Parked = min(v.own.Parked, 3) // bounded, to keep the model finite
				return v.afterPark()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "stale-room", Doc: "a sender trusts its own copy of the peer's head and never looks at the head itself", Configuration: "1-1-2-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.LoadRoom: func(v view) bool {
				if !v.isFull(v.own.Room) {
					return v.to(step.WriteSlot)
				}
				v.t.Stuck, v.t.Seen, v.t.Position = true, v.own.Room, 0
				return v.to(step.UnlockSend)
			},
			step.AwaitRoom: func(v view) bool { return v.own.Room != v.t.Seen && v.to(step.TestSetSend) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "early-unlock", Doc: "the sending end is unlocked before its tail is stored", Configuration: "2-1-1-2", KilledBy: InOrder},
		steps: map[step.Name]func(v view) bool{
			step.Publish:    func(v view) bool { return v.publish() && v.to(step.UnlockSend) },
			step.UnlockSend: func(v view) bool { return v.unlockSend() && v.instead(step.LookParked, step.StoreTail) },
			step.StoreTail:  func(v view) bool { return v.storeTail() && v.to(step.LookParked) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "head-before-copy", Doc: "a slot is given back before its message is copied out", Configuration: "2-1-1-1", KilledBy: InOrder},
		steps: map[step.Name]func(v view) bool{
			step.LookSlot: func(v view) bool { return v.lookSlot() && v.instead(step.CopySlot, step.StoreHead) },
			step.StoreHead: func(v view) bool {
				h := v.t.Position
				v.storeHead()
				v.t.Position = h
				return v.to(step.CopySlot)
			},
			step.CopySlot: func(v view) bool {
				v.copySlot()
				v.t.Position = 0
				return v.to(step.UnlockReceive)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "lead-not-passed", Doc: "who resigns the lead makes nobody ready", Configuration: "2-1-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Resign: func(v view) bool { return v.resign() && v.to(step.CloseCall) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "no-lead-again", Doc: "a caller announces that it blocks and does not try for the lead again", Configuration: "2-1-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.AnnounceBlock: func(v view) bool { return v.announceBlock() && v.to(step.Block) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "no-retract-block", Doc: "a caller that no longer blocks does not retract its announcement", Configuration: "2-1-1-1", KilledBy: BlockedCounts},
		steps: map[step.Name]func(v view) bool{
			step.RetractBlock: func(v view) bool {
				v.s.Blocked = min(v.s.Blocked, MaxClients) // bounded, to keep the model finite
				return v.to(step.CheckReply)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "deliver-without-ready", Doc: "a reply is delivered to a blocked caller, which is not made ready", Configuration: "2-1-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Deliver: func(v view) bool {
				v.deliver()
				v.caller().Other = 0
				return v.to(step.CheckReply)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "lead-not-tested", Doc: "a caller takes the lead without testing whether another has it", Configuration: "2-1-1-1", KilledBy: OneLeader},
		steps: map[step.Name]func(v view) bool{
			step.Lead: func(v view) bool {
				v.s.Led, v.caller().Leads = true, true
				return v.to(step.CheckReply)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "deliver-to-self", Doc: "the leader takes whatever reply comes as its own", Configuration: "2-1-1-1", KilledBy: OwnResult},
		steps: map[step.Name]func(v view) bool{
			step.LoadCall: func(v view) bool { return v.to(step.Deliver) },
			step.Deliver: func(v view) bool {
				c := v.caller()
				c.Call, c.Result, c.Message = Done, c.Message, 0
				return v.to(step.CheckReply)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "execute-twice", Doc: "the server executes a call, and replies, as often as it is the same call again", Configuration: "1-1-1-1", KilledBy: ExactlyOnce},
		steps: map[step.Name]func(v view) bool{
			step.Execute: func(v view) bool {
				was := v.t.Message
				v.execute()
				if i := v.t.Message.caller(v.Clients); i >= 0 && v.s.Caller[i].Executed == 1 {
					v.t.Message = was
					return v.to(step.Execute)
				}
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "not-executed", Doc: "the server replies to a call that it has not executed", Configuration: "1-1-1-1", KilledBy: ExactlyOnce},
		steps: map[step.Name]func(v view) bool{
			step.Execute: func(v view) bool {
				v.t.Message = v.t.Message.result()
				return v.to(step.TestSetSend)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "sleep-on-replies", Doc: "a caller that leads announces that it parks and does not look again; the server's processors do", Configuration: "1-1-1-1", KilledBy: NoSleepOnReply},
		steps: map[step.Name]func(v view) bool{
			step.Announce: func(v view) bool { return v.announce() && (v.side == server || v.to(step.Sleep)) },
		},
	},
}

// instead goes on to other where the step went on to next.
func (v view) instead(next, other step.Name) bool {
	if v.t.At == next {
		v.t.At = other
	}
	return true
}

// mutate gives the model of a configuration with the named fault.
func mutate(c Config, name string) (checker.Model[State], error) { return mutateBy(mutants, c, name) }

// mutateBy is mutate with one of these faults.
func mutateBy(faults []mutant, c Config, name string) (checker.Model[State], error) {
	if name == "" {
		return Model(c), nil
	}
	for _, fault := range faults {
		if fault.Name == name {
			return fault.model(c), nil
		}
	}
	return checker.Model[State]{}, fmt.Errorf("no mutant is named %q", name)
}

// model is the configuration with the fault.
func (fault mutant) model(c Config) checker.Model[State] {
	m := newMachine(c)
	if fault.change != nil {
		fault.change(m)
	}
	programs := m.programs()
	for side := range programs {
		programs[side] = replace(programs[side], fault.steps)
	}
	return m.model(programs, fault.labels)
}

// replace gives a program with other steps.
func replace(program []row, steps map[step.Name]func(v view) bool) []row {
	replaced := make([]row, 0, len(program)+len(steps))
	for _, r := range program {
		if do, ok := steps[r.name]; ok {
			r.do = do
		}
		replaced = append(replaced, r)
	}
	if do, ok := steps[step.Set]; ok {
		replaced = append(replaced, row{step.Set, do})
	}
	return replaced
}
