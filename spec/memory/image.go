package memory

import (
	"errors"
	"fmt"

	"urpc/checker"
	"urpc/spec/step"
)

// What a refinement mapping needs to make a State of an implementation's words:
// how sides, positions and messages are written in a State.

// The two sides of a channel, as indices of State.Side, and who ends contexts, where
// calls may be left.
const (
	ClientSide    = client
	ServerSide    = server
	CancellerSide = canceller
	NudgerSide    = nudger
	ReaperSide    = reaper
	WatcherSide   = watcher
	StopperSide   = stopper
	AllSides      = processes
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

// Sent is a message of a queue by itself: whose, and how many that sender has sent
// before it.
func Sent(sender, number int) Message { return call(sender, uint8(number)) }

// Named is the message of a call that may be left: its record, and how many calls have
// used that, itself included. Name is the opposite of it, also of the reply to it.
func Named(record, generation int) Message { return call(record, uint8(generation)) }

func (m Message) Name() (record, generation int) {
	if m > replied {
		m -= replied
	}
	return int(m-1) / numbers, int(m-1) % numbers
}

// Generations are more than a record has, beginning with 0.
const Generations = numbers

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

// ComparesNudge says whether a caller at this step, which before that has read the
// nudge, may still compare it: Way.Nudged tells whether it has changed since.
func ComparesNudge(at step.Name) bool {
	var l Leaving
	return l.comparesNudge(at, step.LookDoorbell)
}

// Processes are those of a configuration, by side. Where no call is left they are
// those of Model, and change nothing of Leaving.
func Processes(c Config) [AllSides]checker.Process[CallState] {
	m := newMachine(c)
	return m.callProcesses(m.programs(), besidePrograms)
}

// Initial is the initial state of a configuration.
func Initial(c Config) CallState {
	return newMachine(c).initialCall()
}

// Fits says why a state cannot hold a configuration of a queue by itself, or one in
// which calls may be left, or the server stops.
func (c Config) Fits() error {
	if c.Queue && c.Calls > MaxMessages {
		return fmt.Errorf("%d messages of each sender: want at most %d", c.Calls, MaxMessages)
	}
	return errors.Join(c.Leave.fits(c), c.stops())
}

// Leaves says whether calls may be left, and Leaver whether caller i may leave its own.
func (c Config) Leaves() bool      { return c.Leave.on() }
func (c Config) Leaver(i int) bool { return i < c.Leave.Leavers }
