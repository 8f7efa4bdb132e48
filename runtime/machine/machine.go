// Package machine is what binding and closing ask of the operating system and of
// Go's scheduler: a socket that carries bytes and descriptors and tells when the
// peer is gone, memory that is made, sealed and mapped, and goroutines. It is an
// interface, so that the same code runs on the real machine and on a simulated
// one whose every answer is a choice. It promises nothing to users of urpc.
//
// None of this is on the path of a call. Every request is one step, and so is
// what Step announces.
package machine

import (
	"context"
	"errors"
	"time"

	"urpc/runtime/call"
	"urpc/runtime/kernel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Machine is what one address space runs on.
type Machine interface {
	shm.Memory
	Kernel() kernel.Kernel
	// Callers gives what blocks and readies so many calling threads, and the hook of
	// their private words; nil stands for goroutines, and for no hook.
	Callers(calls int) (call.Threads, shm.Hook)
	// Processors makes the processors that serve a binding.
	Processors(c processor.Config) Processors
	// Step is called before a step that changes what the threads of this space
	// share, on the goroutine that takes it, and may hold it back.
	Step(name step.Name)
	// Go starts a goroutine; name is the step at which it waits first.
	Go(name step.Name, f func())
	// AfterFunc is that of package context.
	AfterFunc(ctx context.Context, f func()) (stop func() bool)
	// Wait waits until done is closed, and says so; or until the time is over, where
	// there is a limit, which is not 0.
	Wait(name step.Name, done <-chan struct{}, limit time.Duration) bool
}

// Processors serve the calls of one binding: see processor.Pool.
type Processors interface {
	Run() error
	Stop()
	Counters() processor.Counters
}

// Listener is where clients connect.
type Listener interface {
	// Accept waits for a client. open makes the socket to it and is called once, by
	// whoever serves the client. What was closed gives net.ErrClosed; an error that
	// wraps ErrShortage passes.
	Accept() (open func() (Socket, error), err error)
	// Close closes the listener, which ends Accept. Who has connected and was not
	// accepted is hung up on.
	Close()
}

// ErrShortage is wrapped by errors that pass: there are no descriptors, or no memory,
// until other bindings end, or the client has given up.
var ErrShortage = errors.New("shortage")

// Socket is one end of a connection to the peer. It carries the handshake; then
// it tells when the peer is gone.
type Socket interface {
	// Credentials are those of the process at the other end, as far as the kernel
	// has told by now; pid is 0 where the process cannot be seen from here.
	Credentials() (pid, uid, gid int)
	// Write sends bytes, and descriptors along with the first of them. With
	// descriptors it may send fewer bytes than it is given. It waits for room, which
	// there is when the peer reads, until the socket is closed at either end.
	Write(name step.Name, b []byte, with ...shm.Descriptor) (n int, err error)
	// Read waits for bytes and gives some of them, with the descriptors that came
	// along: they are the caller's to close, also beside an error. cut says that
	// there were more than could be taken. No bytes and no error: the peer has hung
	// up, and nothing more will come. What was closed here gives net.ErrClosed.
	Read(name step.Name, b []byte) (n int, with []shm.Descriptor, cut bool, err error)
	// Within limits Read and Write to a time, and to the life of a context, until
	// the function that it gives is called, which says whether the context ended.
	Within(ctx context.Context, d time.Duration) (done func() error)
	// Hurry limits Read to a time, from now on.
	Hurry(d time.Duration)
	// HurryWrite limits Write to a time, from now on: it waits while the peer does not
	// read, as long as there is no limit.
	HurryWrite(d time.Duration)
	// Watch opens a watch over the peer's process, where that can be.
	Watch() error
	// AwaitExit returns when the process that is watched has exited, with an error if
	// none is watched, or when the socket is closed.
	AwaitExit() error
	// Close closes the socket and the watch, which ends all waiting for them.
	Close()
}
