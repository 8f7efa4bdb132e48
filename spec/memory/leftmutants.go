package memory

import (
	"fmt"
	"slices"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// Named faults of calls that are left. Where the runtime has the same fault it has the
// same name.
var callMutants = []mutant{
	{
		Mutant: catalogue.Mutant{Name: "abandon-not-atomic", Doc: "a call is left by a store, whether its reply was delivered meanwhile or not", Configuration: "shared-record", KilledBy: NothingLeaked},
		steps: map[step.Name]func(v view) bool{
			step.Abandon: func(v view) bool {
				v.record().Call = Abandoned
				return v.to(step.LookBlocked)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "cancel-not-seen-asleep", Doc: "nobody nudges a sleeping leader whose context ends", Configuration: "1-0-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool { return v.unlockReceive() && v.instead(step.Watch, step.LookNudge) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "cancel-not-seen-blocked", Doc: "a thread that blocks does not see that its context ends", Configuration: "stuck", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Block: func(v view) bool { return v.record().Permit && v.blockOrLeave() },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "cancel-not-seen-waiting", Doc: "a thread that waits to send does not look whether its context has ended", Configuration: "full", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.UnlockSend: func(v view) bool {
				waits := v.t.Stuck
				return v.unlockSend() && (!waits || v.goOn())
			},
			step.AwaitRoom: func(v view) bool { return v.peer.Head != v.t.Seen && v.awaitRoom() },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "deadline-looked-at-late", Doc: "a deadline that has passed is looked at only after the call was sent", Configuration: "deadline", KilledBy: NotSentLate},
		steps: map[step.Name]func(v view) bool{
			step.LookContext: func(v view) bool {
				first := v.way().Then == step.TakeRecord
				return v.lookContext() && (!first || v.t.At != step.LookClock || v.goOn())
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "deadline-not-checked", Doc: "nobody looks at the clock, only at the context", Configuration: "clock", KilledBy: NoOversleeping},
		steps: map[step.Name]func(v view) bool{
			step.LookContext: func(v view) bool { return v.lookContext() && (v.t.At != step.LookClock || v.goOn()) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "delivered-and-left", Doc: "a call is left although its reply has just been delivered", Configuration: "shared-record", KilledBy: NothingLeaked},
		steps: map[step.Name]func(v view) bool{
			step.Abandon: func(v view) bool {
				if v.record().Call != Pending {
					return v.unwatchThen(step.None)
				}
				return v.abandon()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "drain-keeps-lead", Doc: "a thread that looks for late replies keeps the lead", Configuration: "shared-record", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool {
				if !v.unlockReceive() || v.t.At != step.Resign {
					return true
				}
				v.caller().Leads, v.way().Then = false, step.None
				return v.drained()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "leave-keeps-lead", Doc: "a thread that leads and leaves keeps the lead", Configuration: "shared-record", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.LookContext: func(v view) bool {
				if !v.lookContext() || v.t.At != step.Resign {
					return true
				}
				v.caller().Leads, v.way().Then = false, step.None
				return v.to(step.Abandon)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "leave-not-passed", Doc: "a thread that leaves does not pass on the lead that it may have been given", Configuration: "three-leave", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Abandon: func(v view) bool { return v.abandon() && (v.t.At != step.LookBlocked || v.passed()) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "leave-retracts-ready", Doc: "a caller that leaves its call, which it has sent, counts one less that is ready", Configuration: "donate-shared", KilledBy: ReadyCounts},
		steps: map[step.Name]func(v view) bool{
			step.Abandon: func(v view) bool {
				if v.abandon(); v.t.At == step.LookBlocked {
					v.s.Ready--
				}
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "left-keeps-ready", Doc: "a caller that has left as its reply was about to be delivered is counted as ready for ever", Configuration: "donate-shared", KilledBy: ReadyCounts},
		steps: map[step.Name]func(v view) bool{
			step.Deliver: func(v view) bool { return v.deliverNamed() && v.instead(step.RetractReady, step.DropReply) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "unsent-not-passed", Doc: "a thread that leaves a call which it has not sent does not pass on the lead that it may have been given", Configuration: "unsent-leaves", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.FreeRecord: func(v view) bool { return v.freeRecord() && (v.t.At != step.LookBlocked || v.passed()) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "no-generation", Doc: "a name has no generation: a reply is matched by its record alone", Configuration: "twice", KilledBy: OwnReply},
		steps: map[step.Name]func(v view) bool{
			step.LoadCall: func(v view) bool {
				reply := v.t.Message
				j := reply.caller(v.Leave.Records)
				v.t.Message = v.left.name(j).result()
				if v.loadNamed(); v.t.Message != 0 {
					v.t.Message = reply
				}
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "no-look-before-call", Doc: "a call whose context has ended already is sent all the same", Configuration: "1-1-1-1", KilledBy: NotSentLate},
		steps: map[step.Name]func(v view) bool{
			step.LookContext: func(v view) bool { return v.way().Then == step.TakeRecord && v.unlooked() || v.lookContext() },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "nudge-after-look", Doc: "the nudge is read only after the last look at the context", Configuration: "1-0-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.LookContext: func(v view) bool {
				last := v.way().Then == step.LookDoorbell
				return v.lookContext() && (!last || v.instead(step.LookDoorbell, step.LookNudge))
			},
			step.LookNudge: func(v view) bool {
				v.way().Nudged = false
				return v.to(step.LookDoorbell)
			},
			step.UnlockReceive: func(v view) bool { return v.unlockReceive() && (v.t.At != step.LookNudge || v.look(step.LookDoorbell)) },
			step.Watch:         func(v view) bool { return v.watch() && v.look(step.LookDoorbell) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "record-reused-at-once", Doc: "the record of a call that is left is used again at once", Configuration: "1-1-2-1", KilledBy: AfterLateReply},
		steps: map[step.Name]func(v view) bool{
			step.Abandon: func(v view) bool {
				if v.abandon(); v.t.At != step.LookBlocked {
					return true
				}
				v.record().Call, v.way().Then = Idle, step.LookBlocked
				return v.to(step.FreeRecord)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "refuse-not-asked", Doc: "a call that finds every record in use is refused although it would wait", Configuration: "1-1-2-1", KilledBy: EndsWithReason},
		steps: map[step.Name]func(v view) bool{
			step.TakeRecord: func(v view) bool { return v.takeRecord() && (v.t.At != step.AwaitRecord || v.end()) },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "reply-frees-twice", Doc: "a late reply frees its record twice", Configuration: "1-1-2-1", KilledBy: NothingLeaked},
		steps: map[step.Name]func(v view) bool{
			step.FreeRecord: func(v view) bool {
				if v.caller().Leads {
					v.left.free(int(v.caller().Other))
				}
				return v.freeRecord()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "reply-keeps-record", Doc: "a late reply does not free its record", Configuration: "1-1-2-1", KilledBy: NothingLeaked},
		steps: map[step.Name]func(v view) bool{
			step.DropReply: func(v view) bool {
				v.dropReply()
				v.caller().Other = 0
				return v.received()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "reply-not-dropped", Doc: "a late reply leaves its record as it is", Configuration: "1-1-2-1", KilledBy: NothingLeaked},
		steps: map[step.Name]func(v view) bool{
			step.LoadCall: func(v view) bool {
				if v.loadNamed(); v.t.At != step.DropReply {
					return true
				}
				v.t.Message = 0
				return v.received()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "sleep-without-deadline", Doc: "the thread that leads sleeps with no time-out", Configuration: "clock", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.Sleep: func(v view) bool {
				if v.t.Rung != 0 || v.nudged() {
					return v.sleep()
				}
				return v.to(step.Asleep)
			},
			step.Asleep: func(v view) bool { return v.Spurious && v.asleep() },
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "unsent-awaits-reply", Doc: "a call that is left before it was sent waits for a reply", Configuration: "full", KilledBy: NothingLeaked},
		steps: map[step.Name]func(v view) bool{
			step.LookContext: func(v view) bool {
				if v.lookContext(); v.t.At == step.CloseCall {
					v.way().Then = step.None
					return v.to(step.Abandon)
				}
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "unsent-keeps-record", Doc: "a call that is left before it was sent keeps its record", Configuration: "full", KilledBy: NothingLeaked},
		steps: map[step.Name]func(v view) bool{
			step.LookContext: func(v view) bool {
				if v.lookContext(); v.t.At == step.CloseCall {
					v.way().Then = step.None
					return v.to(step.LookBlocked)
				}
				return true
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "watch-after-look", Doc: "the context is watched, and the nudge read, only after the last look at the context", Configuration: "1-0-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool {
				return v.unlockReceive() && (v.t.At != step.Watch && v.t.At != step.LookNudge || v.look(step.LookDoorbell))
			},
			step.LookContext: func(v view) bool {
				last, first := v.way().Then == step.LookDoorbell, step.Watch
				if v.way().Watches {
					first = step.LookNudge
				}
				return v.lookContext() && (!last || v.instead(step.LookDoorbell, first))
			},
			step.LookNudge: func(v view) bool {
				v.way().Nudged = false
				return v.to(step.LookDoorbell)
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "watch-leaked", Doc: "a call that has ended leaves its context watched", Configuration: "1-1-1-1", KilledBy: NothingLeaked},
		steps: map[step.Name]func(v view) bool{
			step.Unwatch: func(v view) bool {
				watched := v.left.Canceller[v.self].Watched
				v.unwatch()
				v.left.Canceller[v.self].Watched = watched
				return true
			},
		},
	},
	// What the channel's properties, too, must catch where calls may be left.
	{
		Mutant: catalogue.Mutant{Name: "deliver-to-self", Doc: "the leader takes whatever reply comes as its own", Configuration: "two-records", KilledBy: OwnResult},
		steps: map[step.Name]func(v view) bool{
			step.LoadCall: func(v view) bool { return v.to(step.Deliver) },
			step.Deliver: func(v view) bool {
				if v.way().Record == 0 {
					return v.deliverNamed()
				}
				v.record().Call, v.record().Result, v.t.Message = Done, v.t.Message, 0
				return v.received()
			},
		},
	},
	{
		Mutant: catalogue.Mutant{Name: "execute-twice", Doc: "the server executes a call, and replies, as often as it is the same call again", Configuration: "1-1-1-1", KilledBy: ExactlyOnce},
		steps: map[step.Name]func(v view) bool{
			step.Execute: func(v view) bool {
				was := v.t.Message
				v.execute()
				if j := v.executed(); j >= 0 && v.s.Caller[j].Executed == 1 {
					v.t.Message = was
					return v.to(step.Execute)
				}
				return true
			},
		},
	},
}

// unlooked goes on as if it had looked, and not begun.
func (v view) unlooked() bool {
	v.way().Then = step.None
	return v.to(step.TakeRecord)
}

// mutateCall gives the model of a configuration with the named fault.
func mutateCall(c Config, name string) (checker.Model[CallState], error) {
	m := newMachine(c)
	programs := m.programs()
	if name == "" {
		return m.callModel(programs, besidePrograms), nil
	}
	for _, fault := range slices.Concat(callMutants, deathMutants, stopMutants) {
		if fault.Name == name {
			for side := range programs {
				programs[side] = replace(programs[side], fault.steps)
			}
			besides := besidePrograms
			for _, program := range []*[]row{&besides.watches, &besides.watchesClient, &besides.stops} {
				*program = replace(*program, fault.steps)
			}
			return m.callModel(programs, besides), nil
		}
	}
	return checker.Model[CallState]{}, fmt.Errorf("no mutant is named %q", name)
}
