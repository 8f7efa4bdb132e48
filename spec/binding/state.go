// Package binding is the specification of the life of one binding: the handshake,
// the memory and the descriptors that come and go with it, those who hold the
// memory, close, and the death of either side at any step. It promises nothing to
// users. The runtime takes the same steps under the same names.
//
// Where to look:
//
//	state.go       what there is: two spaces, a socket, memory, threads
//	machine.go     the parameters, and how a thread goes from step to step
//	client.go      the client's threads; server.go: the server's
//	end.go         holding the region, closing it, and the end of a binding
//	properties.go  what must be true, and what must come up
//	mutants.go     faults that the properties catch
//	family.go      the named configurations
//
// Not here: what the calls do with the memory (spec/memory), what is in a frame, a
// socket that has no room for what is sent, and a peer that lies. Where the code
// decides by what a frame or memory holds, honest sides agree.
package binding

import "urpc/spec/step"

// The two sides, and the segments of a binding by who writes them.
const (
	client = iota
	server
)

// The threads, in this order in a State. Those that a configuration has not are
// at their end.
const (
	binder      = iota // the client's thread that binds, calls and closes
	clientExit         // watches the server's process
	clientWatch        // watches the server's end of the socket
	caller             // calls once
	Closer             // closes
	acceptor           // the server's thread that binds and serves
	serverExit         // as the client's
	serverWatch        // as the client's
	StopWatch          // ends the processors when the client is gone or the server stops
	stopper            // tells the server to stop
	killer             // kills a side
	Threads            // how many there are
)

// Names are those of the threads.
var Names = [Threads]string{
	"client", "client's exit watch", "client's watch", "client's caller 1", "client's closer 1",
	"server", "server's exit watch", "server's watch", "server's stop", "who stops the server", "who kills",
}

// sideOf is the space of a thread; those of neither are the machine's.
func sideOf(thread int) (side int, ok bool) {
	switch {
	case thread <= Closer:
		return client, true
	case thread <= StopWatch:
		return server, true
	default:
		return 0, false
	}
}

// State is a state of a binding.
type State struct {
	Space  [2]Space
	Socket Socket
	// Sealed are the segments, a bit each, that are sealed.
	Sealed uint8
	Thread [Threads]Thread
	// Of the server: its places that are taken, whether it lists the binding, whether
	// it was told to stop, whether it knows that the client is gone, and whether its
	// processors are to stop.
	Reserved, Listed, Told, Cancelled, Stopping bool
	// StopOver: the thread that waits to stop the processors is not needed any more.
	StopOver bool
	// Failed: the handshake has failed, by side.
	Failed [2]bool
}

// Space is one side. Segments are bits: 1 of the calls, 2 of the replies.
type Space struct {
	Open   uint8 // segments of which a descriptor is open
	Mapped uint8 // segments that are mapped
	Watch  bool  // the descriptor of the peer's process is open
	Hung   bool  // its end of the socket is closed
	Dead   bool
	Hurry  bool // the peer's process has exited: the socket is not waited for any more

	// The region: those who are counted as holders, whether it is closed, by whom it
	// was claimed first to be closed and to be unmapped, and whether that is done.
	Holders                          uint8
	Closed, Claimed, Unmapping, Gone bool
	// The client's binding: whether somebody has begun to end it, whether its calls
	// end, and whether all that is done.
	Ending, Poisoned, Ended bool
	// Unsent: calls that wait are not sent any more, since the server has stopped. Kept
	// where calls may wait.
	Unsent bool
}

// Socket is what is on its way.
type Socket struct {
	Hello, Refusal, Header, Body, Stop bool
	Refused                            bool // the header of a refusal was read, its text not yet
	With                               uint8
}

// Thread is where a thread stands, and where it goes on after what several have in
// common.
type Thread struct{ At, Back Row }

// Row is a row of the program: a step at one place of it.
type Row uint8

// Silent is the step that shows in nothing that the runtime does: see inCall.
const Silent = step.CheckReply

// Touches says whether a thread that stands there may touch memory: in a call, or
// as a processor of the server.
func Touches(t Thread) bool { return touches(t.At) }

// Step is the step at which a thread stands; None at its end.
func (t Thread) Step() step.Name { return program[t.At].name }
