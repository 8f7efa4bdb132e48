package stress

import (
	"time"

	"urpc/runtime"
)

// verb is the word on the command line that makes the binary a child.
const verb = "urpc-stress-child"

// setup is what a child is told first.
type setup struct {
	Path     string // of the server's socket
	Client   int    // the client's number
	Clients  int
	Calls    int
	Threads  int
	Keys     int
	Size     int
	Slots    int
	Seed     uint64
	Donation urpc.Donation
	Start    uint32
	Deadline time.Duration
	Gate     int // the first call that waits for the gate
	Fault    fault
}

func (o *Options) setup(path string, client int) setup {
	return setup{
		Path: path, Client: client, Clients: o.Clients, Calls: o.Calls, Threads: o.Threads, Keys: o.Keys,
		Size: o.Size, Slots: o.Slots, Seed: o.Seed, Donation: o.Donation, Start: o.Start, Deadline: o.Deadline,
		Gate: o.gate(), Fault: o.fault,
	}
}

// gate is the first call that waits until the victim is dead: far behind the
// moment at which it shall be killed, which is at most three fifths of the calls.
func (o *Options) gate() int {
	if o.Kill == Nobody {
		return o.Calls
	}
	return o.Calls * 9 / 10
}

// messageSize is what a binding's messages must hold.
func (s *setup) messageSize() int { return max(s.Size+bulkHeader, 64) }

// fault is what a child does wrong on purpose, so that tests see each check fail.
type fault string

const (
	executeTwice    fault = "execute twice"
	staleRead       fault = "stale read"
	lostUpdate      fault = "lost update"
	forgetExecution fault = "forget execution"
	strayExecution  fault = "stray execution"
	corruptReply    fault = "corrupt reply"
	corruptPayload  fault = "corrupt payload"
	hang            fault = "hang"
	handlerError    fault = "handler error"
	leaveFile       fault = "leave file"
	leaveProcess    fault = "leave process"
	leaveMapping    fault = "leave mapping"
	neverEnd        fault = "never end"
	failAtStart     fault = "fail at start"
	untypedError    fault = "untyped error"
	endLate         fault = "end late"
	giveUp          fault = "give up"
	killTooLate     fault = "kill too late"
)

// every says whether the fault happens in a call of this number: in some only,
// since rare ones must be found, too.
func (f fault) every(sequence uint64) bool { return f != "" && sequence%100 == 57 }

// report is a child's last word.
type report struct {
	Counters Counters
	Untyped  []string
	Left     []string // of its bindings, once they are closed
}
