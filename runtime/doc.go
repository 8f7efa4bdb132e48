// Package urpc calls procedures in another process of the same machine through
// shared memory. A call between two processes that both run costs a few hundred
// nanoseconds and no system call; the kernel is asked only to bind, and to wake a
// process that sleeps.
//
// # Use
//
// A procedure is declared once, in a package that both sides import:
//
//	type Pair struct{ A, B int64 }
//
//	var Add = urpc.NewProc[Pair, int64]("add")
//
// The server gives it a handler and serves a Unix socket, over which clients
// bind:
//
//	server := urpc.NewServer(urpc.ServerOptions{})
//	err := urpc.Handle(server, Add, func(_ context.Context, p Pair) (int64, error) {
//		return p.A + p.B, nil
//	})
//	listener, err := urpc.Listen("/run/user/1000/adder")
//	err = server.Serve(ctx, listener) // until ctx ends
//
// A client binds once and calls as often as it likes, from any goroutine:
//
//	client, err := urpc.Bind(ctx, "/run/user/1000/adder", urpc.Options{})
//	defer client.Close()
//	sum, err := Add.Call(ctx, client, Pair{1, 2})
//
// # How a call ends
//
// A call is executed at most once, and ends exactly once: by its reply; by the
// handler's error or panic (*RemoteError); or by one of ErrPeerDied,
// ErrCancelled, ErrDeadlineExceeded, ErrRefused, ErrOverloaded, ErrClosed and
// ErrCorrupt, to be found by errors.Is. After ErrPeerDied, ErrCancelled and
// ErrDeadlineExceeded it is unknown whether the handler ran; after ErrRefused it
// did not. The late reply of a call that was left is dropped and never reaches
// another call.
//
// A server that stops in order executes no call that it has not received, and says that
// it stops. When its client learns of it, calls that come, and those that wait for a slot,
// are not sent any more: they end with ErrClosed. Calls that have a slot may have been
// executed: they have 50 ms to find the replies that were sent before the stop, and then
// end with ErrPeerDied. That is also how a call ends that was sent after the stop and
// before its client had learned of it, or that was let in by then, found a slot at once
// and came to be sent after: nobody executes it, and its caller cannot know.
//
// The deadline of a call is not told to the handler. The handler's context ends
// when its client is gone or the server stops.
//
// # Trust
//
// Only processes of the server's user bind, unless the server's Authorize says
// otherwise. The two sides trust nothing that they read from shared memory: every
// message is copied once, and the copy is checked and used. A process can write
// only the memory of its own direction. A peer that dies or misbehaves ends its
// own binding and touches no other; one that reads nothing keeps no server from
// stopping (see Server.Serve).
//
// # Limits
//
// The server fixes the memory of a binding when it is made: how many calls may
// be pending (Slots), how large a request or reply may be (MessageSize). Larger
// ones are refused (*SizeError). Waiting processors poll for a while, and then
// park; see Options.Poll. The package works on Linux 5.16 or later, and compiles
// elsewhere, where every binding fails with errors.ErrUnsupported. Where client and
// server are one process, the race detector does not see that a call orders what
// the caller did before what the handler does: it may report what is no race.
//
// The idea is of B. Bershad, T. Anderson, E. Lazowska, H. Levy, "User-Level
// Interprocess Communication for Shared Memory Multiprocessors", ACM TOCS 9(2),
// 1991.
package urpc
