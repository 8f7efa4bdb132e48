package urpc

import (
	"errors"
	"fmt"
	"math/bits"
	"time"

	"urpc/runtime/channel"
)

// Bounds and defaults of the options.
const (
	// MaxMessageSize is the most bytes that a message can be made to hold.
	MaxMessageSize = channel.MaxPayload
	// MaxSlots is the most calls that can be pending on one binding.
	MaxSlots = channel.MaxSlots

	defaultMessageSize = 4096
	defaultSlots       = 32
	defaultWorkers     = 16
	defaultBindings    = 64
	defaultHandshake   = 2 * time.Second
	// defaultMemory has room for defaultSlots of the largest messages.
	defaultMemory = 128 << 20
)

// Peer is the process at the other side, as the kernel names it.
type Peer struct {
	// PID is 0 where the process cannot be seen from here (another pid namespace).
	PID int
	UID int
	GID int
}

// ServerOptions are the options of a server. The zero value is right for most.
type ServerOptions struct {
	// MessageSize is the largest encoded request or reply in bytes, at most
	// MaxMessageSize; 0 stands for 4096. A client may ask for less.
	MessageSize int
	// Slots is how many calls of one binding may be pending at once, rounded up to
	// a power of two, at most MaxSlots; 0 stands for 32. A client may ask for less.
	// A binding takes 2 × Slots × (MessageSize + at most 160 bytes) of memory, all
	// of it when it is made; each half must be less than 2 GiB.
	Slots int
	// Workers is how many handlers of one binding may run at once; 0 stands for 16.
	// Handlers that wait for each other across bindings need enough of them.
	Workers int
	// Poll is how long to poll for calls before parking. 0 stands for as long as
	// parking and waking cost on this machine, which is measured once; negative
	// means not at all.
	Poll time.Duration
	// Bindings is how many clients may be bound at once; 0 stands for 64. Further
	// ones are refused with ErrOverloaded.
	Bindings int
	// Handshake is how long a client may take to bind; 0 stands for two seconds.
	Handshake time.Duration
	// Authorize decides who may bind; the text of its error, or of its panic, is told
	// to the client. nil admits processes of the server's own (effective) user.
	Authorize func(Peer) error
}

// Options are the options of a client. The zero value is right for most.
type Options struct {
	// MessageSize is the largest encoded request or reply in bytes; 0 stands for
	// what the server allows. A server refuses more than it allows.
	MessageSize int
	// Slots is how many calls may be pending at once, rounded up to a power of two;
	// 0 stands for what the server allows. A server refuses more than it allows.
	Slots int
	// Memory is the most memory in bytes that the binding may take, both halves
	// together; 0 stands for 128 MiB. Bind fails with ErrHandshake, before any of it
	// is mapped, where the server grants a binding that takes more: see
	// ServerOptions.Slots.
	Memory int
	// Poll is how long to poll for a reply before parking. 0 stands for as long as
	// parking and waking cost on this machine, which is measured once; negative
	// means not at all.
	Poll time.Duration
	// Donate says what a caller does when the server is parked.
	Donate Donation
	// Overload says what a call does when Slots calls are pending. A call that was
	// cancelled or timed out takes its slot until its late reply has come.
	Overload Overload
	// Procedures are those that the server must have, with the same types, for the
	// binding to come about. Others are looked for when they are first called.
	Procedures []Procedure
	// Authorize decides whether to trust a server; nil trusts processes of the own
	// (effective) user and of root.
	Authorize func(Peer) error
	// Handshake is how long the server may take to answer; 0 stands for two
	// seconds. The context of Bind may end it sooner.
	Handshake time.Duration
	// Start is the position of the first message, for tests that want to see
	// positions, and counts of donated processors, wrap at 2^32. It means nothing else.
	Start uint32
}

// Donation says whether a caller hands its processor to a parked server: it
// wakes the server and parks at once, instead of polling, and the server parks
// as soon as it has nothing left to receive (rules R4 and R5). Of a client's
// processors at most one is out with a server, and it leaves only when no other
// thread that makes calls of this binding has a call to send or a reply to take
// (rule R3). Of other goroutines Go does not tell whether they are ready. It is a hint
// in either case: the operating system deals the processors out.
type Donation uint8

const (
	// DonateWhenAlone donates where this process may run on one processor only, so
	// that the server cannot run while the caller polls.
	DonateWhenAlone Donation = iota
	// DonateWhenParked donates where the server is parked, by the last caller that has
	// something to do and if no other processor is with the server: right when other
	// programs want the processors.
	DonateWhenParked
	// NeverDonate wakes a parked server and polls.
	NeverDonate
)

// Overload says what a call does that finds all slots in use.
type Overload uint8

const (
	// WaitForSlot waits as long as the context allows.
	WaitForSlot Overload = iota
	// RefuseCall ends the call with ErrOverloaded.
	RefuseCall
)

// withDefaults fills in what is left zero, and says what is wrong.
func (o ServerOptions) withDefaults() (ServerOptions, error) {
	o.MessageSize = orDefault(o.MessageSize, defaultMessageSize)
	o.Slots = roundUp(orDefault(o.Slots, defaultSlots))
	o.Workers = orDefault(o.Workers, defaultWorkers)
	o.Bindings = orDefault(o.Bindings, defaultBindings)
	o.Handshake = orDefault(o.Handshake, defaultHandshake)
	switch {
	case o.MessageSize < 0 || o.MessageSize > MaxMessageSize:
		return o, fmt.Errorf("messages of %d bytes: want at most %d", o.MessageSize, MaxMessageSize)
	case o.Slots < 0 || o.Slots > MaxSlots:
		return o, fmt.Errorf("%d slots: want at most %d", o.Slots, MaxSlots)
	case o.Workers < 0 || o.Bindings < 0 || o.Handshake < 0:
		return o, fmt.Errorf("%d workers, %d bindings, %v for a handshake: none can be negative", o.Workers, o.Bindings, o.Handshake)
	}
	_, err := hello{}.agree(o)
	return o, err
}

func (o Options) withDefaults() (Options, error) {
	o.Slots = roundUp(o.Slots)
	o.Memory = orDefault(o.Memory, defaultMemory)
	o.Handshake = orDefault(o.Handshake, defaultHandshake)
	switch {
	case o.MessageSize < 0 || o.MessageSize > MaxMessageSize:
		return o, fmt.Errorf("messages of %d bytes: want at most %d", o.MessageSize, MaxMessageSize)
	case o.Slots < 0 || o.Slots > MaxSlots:
		return o, fmt.Errorf("%d slots: want at most %d", o.Slots, MaxSlots)
	case o.Memory < 0 || o.Handshake < 0:
		return o, fmt.Errorf("%d bytes of memory, %v for a handshake: none can be negative", o.Memory, o.Handshake)
	}
	for _, p := range o.Procedures {
		if p == nil || p.declared() == nil {
			return o, errors.New("a procedure that NewProc did not make")
		}
	}
	return o, nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// roundUp rounds a positive number up to a power of two.
func roundUp(n int) int {
	if n <= 0 || n > MaxSlots {
		return n
	}
	return 1 << bits.Len(uint(n-1))
}
