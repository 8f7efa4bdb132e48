package protocol

import "strings"

// "A processor is in one space and is at its scheduler, running a thread, or
// serving a request."
//
//	space     = which processors are in it, its ready list
//	thread    = where it stands in its program, and what became of its calls
//	processor = its space and what it does there
//	channel   = two queues for each client and server: calls and replies
//
// Everything is a byte, so that equal states are equal bytes. What is unused in
// a configuration stays zero.

// The most that a configuration may have.
const (
	MaxSpaces     = 3
	MaxThreads    = 5
	MaxProcessors = 4
)

// State is a state of the protocol level.
type State struct {
	Space     [MaxSpaces]Space
	Thread    [MaxThreads]Thread
	Processor [MaxProcessors]Processor
	// Calls and Replies are the channels, by client and server. Queues are
	// unbounded in the notes; here a queue has a place for every thread, which
	// is enough as long as each has one call outstanding at most.
	Calls, Replies [MaxSpaces][MaxSpaces]Queue
	// Overflow says that a queue was not enough after all. It is never set.
	Overflow bool
}

// Space is an address space.
type Space struct {
	// Processors are the processors that the kernel has in the space.
	Processors Set
	// Ready is the ready list, its head first.
	Ready Queue
}

// Thread is a user-level thread of one space.
type Thread struct {
	// At is the index of the next instruction of its program.
	At uint8
	// Status is what the thread package knows of the thread.
	Status Status
	// Executed and Replied are ghosts: how many of its calls were executed and
	// how many of its replies were received. No step reads them.
	Executed, Replied uint8
}

// Status is what the thread package knows of a thread.
type Status uint8

const (
	Absent  Status = iota // there is no such thread in this configuration
	Ready                 // on its space's ready list
	Running               // on a processor
	Blocked               // waits for a reply
	Exited
)

// String names the status.
func (s Status) String() string {
	return nameOf(int(s), "absent", "ready", "running", "blocked", "exited")
}

// Processor is a physical processor.
type Processor struct {
	// Space is the address space that the processor is in.
	Space SpaceID
	// Mode is what it does there.
	Mode Mode
	// Thread is the thread that it runs, or whose call it serves.
	Thread ThreadID
	// Target is the space that it is about to be donated to (Donating).
	Target SpaceID
}

// Mode is what a processor does.
type Mode uint8

const (
	Scheduling Mode = iota // at its scheduler
	OnThread               // running a thread
	Received               // serving: a call was received and is to be executed
	Served                 // serving: the call was executed and is to be replied to
	Carrying               // carried along by an eager call, to be executed
	Donating               // saw an underpowered space and will be donated to it
)

// String names the mode.
func (m Mode) String() string {
	return nameOf(int(m), "scheduling", "on thread", "received", "served", "carrying", "donating")
}

// SpaceID is the number of a space, together with the letter that shows it:
// the number in the low three bits, the letter, counted from A, above them.
type SpaceID uint8

func newSpaceID(number int, letter byte) SpaceID { return SpaceID(number) | SpaceID(letter-'A')<<3 }

// number is the index of the space in State.
func (id SpaceID) number() int { return int(id & 7) }

// String gives the letter.
func (id SpaceID) String() string { return string(rune('A' + id>>3)) }

// ThreadID is the number of a thread, counted from 1; 0 is none.
type ThreadID uint8

func (id ThreadID) index() int { return int(id) - 1 }

// String gives T1, T2, … or -.
func (id ThreadID) String() string {
	if id == 0 {
		return "-"
	}
	return "T" + string(rune('0'+id))
}

// Set is a set of processors, one bit each.
type Set uint8

func (s Set) has(processor int) bool { return s&(1<<processor) != 0 }

// String gives {P1,P2}.
func (s Set) String() string {
	var members []string
	for p := range MaxProcessors {
		if s.has(p) {
			members = append(members, processorName(p))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func processorName(p int) string { return "P" + string(rune('1'+p)) }

// Queue holds threads, or the calls and replies of these threads, oldest
// first. What is behind its end is zero.
type Queue [MaxThreads]ThreadID

// len is the number of entries.
func (q *Queue) len() int {
	for i, t := range q {
		if t == 0 {
			return i
		}
	}
	return len(q)
}

// take removes the entry at place i and gives it; 0 if there is none.
func (q *Queue) take(i int) ThreadID {
	if i >= len(q) || q[i] == 0 {
		return 0
	}
	t := q[i]
	copy(q[i:], q[i+1:])
	q[len(q)-1] = 0
	return t
}

// put adds t at the end of one of the queues of s.
func (s *State) put(q *Queue, t ThreadID) {
	n := q.len()
	if n == len(q) {
		s.Overflow = true
		return
	}
	q[n] = t
}

func nameOf(i int, names ...string) string {
	if i < len(names) {
		return names[i]
	}
	return "?"
}
