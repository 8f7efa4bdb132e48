package lockstep

// Stutter is a step of the code that is none of the specification: it must leave
// the decoded state as it is. Every other such step is a violation.
type Stutter uint8

// The declared stutters.
const (
	notStutter Stutter = iota
	// BusySend: a try for the sending end's lock found it held. The specification
	// awaits the lock: its step is not enabled.
	BusySend
	// BusyReceive: the same of the receiving end's lock.
	BusyReceive
	// AwaitSend: an await of the sending end's lock ended; the try comes next.
	AwaitSend
	// AwaitReceive: the same of the receiving end's lock.
	AwaitReceive
	// Woken: a sleeper that was woken goes on. In the specification the waker's
	// step has moved it already.
	Woken
	// InCall: a step of a call, of the client's thread or of the server's processor,
	// in target bind. spec/memory has it; in spec/binding a thread that touches
	// memory only stays where it is.
	InCall
	// BusyLock: a try for the lock of target lock found it held.
	BusyLock
	// AwaitLock: an await of it ended; the try comes next.
	AwaitLock
	// Inside: a step in the critical section, which has nothing in spec/lock but its end.
	Inside
	// OfPool: a step of a pool's threads among themselves, or of the machine's
	// processors, or of a handler, in target donation.
	OfPool
	// Polling: a look, or a rest, of who polls, between two turns.
	Polling
	// InVain: a worker of a pool that parks looks for donated processors where nobody
	// donates.
	InVain
	// Unnudged: a caller that parks reads the nudge of its space, where no call is left
	// and nobody nudges it.
	Unnudged
	stutters
)

var stutterNames = [stutters]struct{ name, reason string }{
	BusySend:     {"busy send", "a try for the sending end found it held; the specification awaits it"},
	BusyReceive:  {"busy receive", "a try for the receiving end found it held; the specification awaits it"},
	AwaitSend:    {"await send", "an await of the sending end's lock ended; the try that takes it comes next"},
	AwaitReceive: {"await receive", "an await of the receiving end's lock ended; the try that takes it comes next"},
	Woken:        {"woken", "a sleeper that was woken goes on; the specification's wake has moved it already"},
	BusyLock:     {"busy lock", "a try for the lock found it held; the specification awaits it"},
	AwaitLock:    {"await lock", "an await of the lock ended; the try that takes it comes next"},
	Inside:       {"inside", "a step in the critical section, of which spec/lock has nothing but the end"},
	OfPool:       {"of pool", "a pool's threads among themselves, and the machine's processors, are none of spec/memory"},
	Polling:      {"polling", "between two turns of polling the specification only chooses whether there is another one"},
	InVain:       {"in vain", "a pool that parks looks for donated processors; the specification has that only where somebody donates"},
	Unnudged:     {"unnudged", "a caller that parks reads the nudge, with which nobody wakes it where no call is left"},
	InCall:       {"in call", "a step of a call, which spec/memory has; in spec/binding its thread touches memory and stays where it is"},
}

// String names the stutter.
func (s Stutter) String() string {
	if s == notStutter || s >= stutters {
		return "no stutter"
	}
	return stutterNames[s].name
}

// Reason says why the specification does not take the step.
func (s Stutter) Reason() string {
	if s == notStutter || s >= stutters {
		return ""
	}
	return stutterNames[s].reason
}

// Stutters are all declared stutters.
func Stutters() []Stutter {
	all := make([]Stutter, 0, stutters)
	for s := notStutter + 1; s < stutters; s++ {
		all = append(all, s)
	}
	return all
}
