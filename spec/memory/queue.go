package memory

import (
	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// One queue by itself: senders at one end, receivers at the other that poll, and
// nobody replies. The steps of its two ends are those of send.go and receive.go;
// these follow them:
//
//	unlockSend:    own.sendLock := free; if full then goto awaitRoom
//	               else if there is another message then goto testSetSend
//	unlockReceive: own.recvLock := free; if empty then goto awaitMessage else goto testSetReceive
//	awaitMessage:  await peer.slot[h % K].sequence /= h+1 - K; goto testSetReceive
//
// A receiver that polls awaits what it has found wanting, without the lock, while
// the queue may go on by any number of laps. It is kept as what the await can tell:
// Position is the head as long as no message came there, then Seen is 1.

// The names of the reachable twins of a queue by itself.
const (
	SomeAwaitMessage = "a receiver waits for a message"
	SomeMessageCame  = "a message comes before its receiver waits for it"
)

// polling is the part of the program that a receiver has which polls.
var polling = []row{{step.AwaitMessage, view.awaitMessage}}

// sendNext goes on to a sender's next message.
func (v view) sendNext() bool {
	c := v.caller()
	if v.Calls == 0 {
		c.Number = 1 - c.Number
	} else if c.Number++; int(c.Number) == v.Calls {
		return v.to(step.None)
	}
	c.Message = call(v.self, c.Number)
	return v.to(step.TestSetSend)
}

// poll goes on to await the message that the receiver has not found. It may have
// come since.
func (v view) poll() bool {
	if v.machine.published(v.s, 1-v.side) {
		v.t.Seen = 1
	} else {
		v.t.Position = v.own.Head
	}
	return v.to(step.AwaitMessage)
}

// came tells the receivers that await a message in this slot.
func (v view) came(slot *Slot) {
	v.peers(func(_ int, t *Thread) {
		if t.At == step.AwaitMessage && t.Seen == 0 && v.slot(v.side, t.Position) == slot {
			t.Position, t.Seen = 0, 1
		}
	})
}

func (v view) awaitMessage() bool {
	if v.t.Seen == 0 {
		return false
	}
	v.t.Seen = 0
	return v.to(step.TestSetReceive)
}

// queueProperties are what is checked of a queue by itself.
func (m *machine) queueProperties() []checker.Property[State] {
	capacity := int(m.capacity[client])
	all := []checker.Property[State]{
		checker.Invariant(MutualExclusion, m.mutualExclusion),
		checker.Transition(InOrder, m.inOrder),
		checker.Transition(NoOverwriting, m.noOverwriting),
		checker.Reachable(SomeAwaitMessage, func(s *State) bool {
			return m.someThread(s, func(_ int, t *Thread) bool { return t.At == step.AwaitMessage && t.Seen == 0 })
		}),
		checker.Reachable(SomeMessageCame, func(s *State) bool {
			return m.someThread(s, func(_ int, t *Thread) bool { return t.At == step.UnlockReceive && t.Stuck }) && m.published(s, client)
		}),
	}
	if m.Clients > 1 || m.Servers > 1 {
		all = append(all, checker.Reachable(SomeBusy, m.someBusy))
	}
	if m.Calls == 0 || m.Clients*m.Calls >= capacity {
		all = append(all, checker.Reachable(SomeCallsFull, func(s *State) bool { return m.queued(s, client) == capacity }))
	}
	if m.Calls == 0 || m.Clients*m.Calls > capacity {
		all = append(all,
			checker.Reachable(SomeAwaitCalls, func(s *State) bool { return m.some(s, client, step.AwaitRoom) }),
			checker.Reachable(SomeCallsWrap, func(s *State) bool { return int(s.Side[client].Tail) > capacity && m.queued(s, client) == 0 }))
	}
	return all
}

// MaxMessages is the most messages of each sender.
const MaxMessages = numbers - 1

// QueueFamily is a queue by itself, as a family. Its configurations are named as
// those of the runtime's target "queue".
var QueueFamily = catalogue.Family{
	Name: "queue",
	Doc:  "one queue of a channel at the level of memory: senders at one end, polling receivers at the other",
	Parameters: []catalogue.Parameter{
		{Name: "senders", Doc: "sending threads", Default: 2, Min: 1, Max: MaxClients},
		{Name: "receivers", Doc: "receiving threads", Default: 1, Min: 1, Max: MaxServers},
		{Name: "messages", Doc: "messages of each sender; 0: for ever", Default: 1, Min: 0, Max: MaxMessages},
		{Name: "slots", Doc: "slots of the queue", Default: 1, Min: 1, Max: MaxSlots},
	},
	Configurations: []catalogue.Configuration{
		queueNamed("2-1-1-1", "two senders, one slot: it fills, wraps and empties", 2, 1, 1, 1),
		queueNamed("1-1-3-1", "one sender, one slot", 1, 1, 3, 1),
		queueNamed("1-1-3-2", "one sender, two slots", 1, 1, 3, 2),
		queueNamed("1-2-2-1", "two receivers", 1, 2, 2, 1),
		queueNamed("2-1-2-2", "two senders, two messages each, two slots", 2, 1, 2, 2),
		queueNamed("2-2-2-2", "two of each", 2, 2, 2, 2),
		queueNamed("2-2-w-2", "two of each, for ever", 2, 2, 0, 2),
		queueNamed("3-2-2-3", "three senders, two receivers, three slots", 3, 2, 2, 3),
	},
	Mutants: describedOf(queueMutants),
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		c := Config{
			Clients: v.Int("senders"), Servers: v.Int("receivers"), Calls: v.Int("messages"),
			Slots: v.Int("slots"), Replies: v.Int("slots"), Queue: true,
		}
		model, err := mutateBy(queueMutants, c, mutant)
		if err != nil {
			return nil, err
		}
		return checker.Any(model), nil
	},
}

func queueNamed(name, doc string, senders, receivers, messages, slots int) catalogue.Configuration {
	return catalogue.Configuration{Name: name, Doc: doc, Set: map[string]int{
		"senders": senders, "receivers": receivers, "messages": messages, "slots": slots,
	}}
}

// queueMutants are the channel's faults at the two ends of a queue, where it is by
// itself, and those of a receiver that polls.
var queueMutants = append(ofQueue(map[string]string{
	"lock-not-atomic": "2-1-1-1", "receive-lock-not-atomic": "1-2-2-1", "full-off-by-one": "2-1-1-1", "no-look": "2-1-1-1",
	"publish-before-write": "2-1-1-1", "stale-room": "2-1-1-1", "head-before-copy": "2-1-1-1",
}),
	mutant{
		Mutant: catalogue.Mutant{Name: "awaits-next", Doc: "a receiver that polls awaits the slot after the one that it has found empty", Configuration: "1-1-3-2", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool {
				if v.unlockReceive(); v.t.At == step.AwaitMessage {
					v.t.Position, v.t.Seen = v.add(1-v.side, v.own.Head, 1), 0
				}
				return true
			},
		},
	},
	mutant{
		Mutant: catalogue.Mutant{Name: "awaits-change", Doc: "a receiver that polls awaits that the slot changes from now on: a message that has come before is lost on it", Configuration: "2-1-1-1", KilledBy: "deadlock"},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool {
				if v.unlockReceive(); v.t.At == step.AwaitMessage {
					v.t.Position, v.t.Seen = v.own.Head, 0
				}
				return true
			},
		},
	})

// ofQueue are faults of the channel, each in a configuration of a queue by itself.
func ofQueue(configurations map[string]string) []mutant {
	var all []mutant
	for _, m := range mutants {
		if configuration, ok := configurations[m.Name]; ok {
			m.Configuration = configuration
			all = append(all, m)
		}
	}
	return all
}
