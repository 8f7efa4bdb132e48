// Package history is what happened between clients and a server as the clients
// saw it: which operation each call asked for, when it began and ended, and what
// it gave. A history is judged by Porcupine: it is right if it linearizes, that
// is, if every call can be given one moment between its begin and its end so that
// the operations, done one after the other at these moments, give the same outputs
// (Herlihy and Wing, TOPLAS 1990). The package promises nothing to users of urpc.
package history

import (
	"errors"
	"fmt"
)

// Operation is what a call does to the register that its key names. All
// registers are 0 at first.
type Operation uint8

// The operations. Each gives the register's value from before.
const (
	Read Operation = iota + 1
	Add            // register := register + input, modulo 2^64
	Swap           // register := input
)

// operations are the names in a file.
var operations = [...]string{Read: "read", Add: "add", Swap: "swap"}

// String is the operation's name.
func (o Operation) String() string {
	if o.known() {
		return operations[o]
	}
	return fmt.Sprintf("Operation(%d)", uint8(o))
}

func (o Operation) known() bool { return o >= Read && o <= Swap }

// apply gives the value of the register afterwards.
func (o Operation) apply(value, input int64) int64 {
	switch o {
	case Read:
		return value
	case Add:
		return value + input
	case Swap:
		return input
	default:
		panic("history: an operation that Validate would have refused")
	}
}

// Outcome says whether it is known how a call ended.
type Outcome uint8

const (
	// Done: the call returned its output.
	Done Outcome = iota
	// Unknown: the call ended without a reply (the peer died, a deadline, a
	// cancellation), or the caller died in it. It may take effect at any time after
	// its begin, or never.
	Unknown
)

// Event is one call.
type Event struct {
	// Client is the sequential caller: no two of its calls with outcome Done overlap.
	Client    int
	Key       int
	Operation Operation
	Input     int64
	Outcome   Outcome
	// Output is what the call gave. It means nothing unless the call is Done.
	Output int64
	// Call is a moment not after the call began, Return one not before it ended,
	// in nanoseconds of a clock that all clients share. Intervals that are too wide
	// weaken the judgement and never make a right history wrong: whatever moments
	// lie in the true intervals lie in the wide ones, too. Return means nothing
	// unless the call is Done.
	Call, Return int64
}

// Validate says what is wrong with an event.
func (e *Event) Validate() error {
	switch {
	case !e.Operation.known():
		return fmt.Errorf("unknown operation %d", e.Operation)
	case e.Outcome > Unknown:
		return fmt.Errorf("unknown outcome %d", e.Outcome)
	case e.Client < 0 || e.Key < 0:
		return errors.New("client and key cannot be negative")
	case e.Outcome == Done && e.Return < e.Call:
		return fmt.Errorf("returned at %d, before its call at %d", e.Return, e.Call)
	}
	return nil
}

// String tells the event: "client 2: add(key 3, 5) = 7".
func (e *Event) String() string {
	return fmt.Sprintf("client %d: %s", e.Client, e.describe())
}

func (e *Event) describe() string {
	arguments := fmt.Sprintf("key %d", e.Key)
	if e.Operation != Read {
		arguments += fmt.Sprintf(", %d", e.Input)
	}
	if e.Outcome == Unknown {
		return fmt.Sprintf("%s(%s) = ?", e.Operation, arguments)
	}
	return fmt.Sprintf("%s(%s) = %d", e.Operation, arguments, e.Output)
}
