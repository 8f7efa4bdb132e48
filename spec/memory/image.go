package memory

import (
	"urpc/checker"
	"urpc/spec/step"
)

// What a refinement mapping needs to make a State of an implementation's words:
// how sides, positions and messages are written in a State.

// The two sides of a channel, as indices of State.Side.
const (
	ClientSide = client
	ServerSide = server
)

// Image is a queue's position as it stands in a State, where count messages came
// before it. count is negative for the sequence words of slots that were not used.
func (c Config) Image(side, count int) uint8 {
	m := newMachine(c)
	modulus := laps * int(m.capacity[side])
	return uint8((count%modulus + modulus) % modulus)
}

// CallOf is the message of a call: which caller makes it, and how many calls it
// has made before.
func CallOf(caller, number int) Message { return call(caller, uint8(number&1)) }

// ImageOfRechecked is the head that a thread at RecheckSlot has read, as it stands
// in a State, where ahead is how far the slot's word is past one more than it.
func (c Config) ImageOfRechecked(side, head, ahead int) uint8 {
	k := int(newMachine(c).capacity[side])
	return c.Image(side, head+max(0, ahead-k))
}

// ImageOfSeen is the head that a thread at AwaitRoom has seen, as it stands in a
// State, where the head is now so much further.
func (c Config) ImageOfSeen(side, head, further int) uint8 {
	most := laps*int(newMachine(c).capacity[side]) - 1
	return c.Image(side, head+max(0, further-most))
}

// Reply is the message of the reply to a call.
func (m Message) Reply() Message { return m.result() }

// Caller gives the caller to which a reply is addressed; -1 if it is not a reply
// to one of so many callers.
func (m Message) Caller(callers int) int { return m.caller(callers) }

// Compares says whether a thread at this step has read the doorbell and may
// still compare it: Thread.Rung counts the rings meanwhile.
func Compares(at step.Name) bool { return parked(at) }

// Sides are the two processes of a configuration's model, by side.
func Sides(c Config) [2]checker.Process[State] {
	model := Model(c)
	return [2]checker.Process[State]{client: model.Processes[0], server: model.Processes[1]}
}

// Initial is the initial state of a configuration.
func Initial(c Config) State { return newMachine(c).initial() }
