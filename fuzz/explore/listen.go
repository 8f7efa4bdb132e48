package explore

import (
	"errors"
	"net"

	"urpc/checker/schedule"
	urpc "urpc/runtime"
	"urpc/runtime/machine"
	spec "urpc/spec/binding"
	"urpc/spec/step"
)

// The properties of a server that accepts its clients.
const (
	// Accepts: where it neither was told to stop nor has lost its listener, it stands
	// ready for another client when all others are gone, or never ask and leave a place.
	Accepts = "a server accepts clients until it is told to stop or its listener fails"
	AtOnce  = "no more clients are in the handshake at once than may be"
	Returns = "a server that is told to stop, or whose listener fails, returns when nothing is left"
)

// listener is a simulated one. What is not accepted yet is hung up on when it is closed,
// as by the kernel.
//
//	Connect: if closed then refused;  queue := queue + the connection
//	Accept:  await queue ≠ empty or closed, or that it fails;  or there is a shortage
type listener struct {
	b      *binder
	queue  []*end // the server's ends
	closed bool
	most   int  // handshakes at once
	breaks bool // it may fail at any time
	// What the server has counted, as its steps tell.
	handshakes, served int
	accepting          bool // it awaits a client
	failed             bool
	returned           bool
}

var _ machine.Listener = (*listener)(nil)

var errListener = errors.New("the listener fails")

// Accept implements machine.Listener.
func (l *listener) Accept() (open func() (machine.Socket, error), err error) {
	w := l.b.w
	l.accepting = true
	w.await(step.Accept, func() bool { return l.closed || len(l.queue) > 0 || l.breaks })
	l.accepting = false
	switch {
	case l.closed:
		w.saw(0)
		return nil, net.ErrClosed
	case l.breaks && (len(l.queue) == 0 || w.t.Choose("the listener fails", 2) == 1):
		l.failed = true
		w.saw(1)
		return nil, errListener
	case w.goesWrong("accept is refused"):
		if l.failed = w.t.Choose("the listener fails", 2) == 1; l.failed {
			w.saw(1)
			return nil, errListener
		}
		w.saw(2)
		return nil, machine.ErrShortage
	}
	w.saw(3)
	e := l.queue[0]
	l.queue = l.queue[1:]
	l.handshakes++
	l.served++
	w.check(AtOnce, l.handshakes <= l.most, "%d clients are in the handshake, and %d may be", l.handshakes, l.most)
	e.s.accepted, e.unmade = e, w.goesWrong("a connection gives no socket")
	return e.open, nil
}

// open makes a socket of a connection that was accepted.
func (e *end) open() (machine.Socket, error) {
	if e.unmade {
		e.Close()
		return nil, errUnmade
	}
	return e, nil
}

var errUnmade = errors.New("the connection gives no socket")

// Close implements machine.Listener.
func (l *listener) Close() {
	l.b.w.step(step.CloseListener)
	l.drop()
}

// drop closes the listener without a step of its own.
func (l *listener) drop() {
	l.closed = true
	for _, e := range l.queue {
		e.hangUp()
		e.peer.reset = !e.peer.closed // as if it had sent something
	}
	l.queue = nil
}

// connect is a step of a client. It says whether it has come into the queue.
func (l *listener) connect(c *client) bool {
	l.b.w.step(step.Connect)
	l.b.w.sawIf(!l.closed)
	if l.closed {
		return false
	}
	l.queue = append(l.queue, c.far)
	return true
}

// follow is called after a step of the server.
func (l *listener) follow(name step.Name) {
	switch name {
	case step.EndHandshake:
		l.handshakes--
	case step.EndServing:
		l.served--
	}
}

// listen is the server's thread that accepts clients.
func (b *binder) listen() {
	l := b.serving.listener
	err := b.server.AcceptOver(b.stopped, b.serving, l, l.most)
	l.returned = true
	b.w.check(Accepts, l.failed || b.stopped.Err() != nil, "a server returns that nobody has told to stop: %v", err)
	b.w.check(Returns, err == nil || l.failed, "a server that was told to stop returns with: %v", err)
	b.w.check(Returns, l.closed && l.served == 0, "a server has returned, its listener is closed (%v), and %d clients are served", l.closed, l.served)
	for _, c := range b.clients {
		if c.connected {
			left := b.serving.left(c.far)
			b.w.check(spec.NothingLeft, left == "", "a server has returned, and has %s left", left)
		}
	}
}

// startListening declares the threads of a server that accepts its clients.
func (b *binder) startListening(most int) {
	b.serving.listener = &listener{b: b, most: most, breaks: b.v.Word("stop") == "fails"}
	b.serving.names = append(b.serving.names, "listener")
	b.declare("listener", b.listen)
	b.serving.hire(step.StopProcessors)
	for range b.clients {
		b.serving.hire(step.ReceiveHello, step.NoticeExit, step.Notice, step.StopProcessors)
	}
}

// end judges an execution in which nobody can go on.
func (l *listener) end() {
	w := l.b.w
	if l.b.serving.dead {
		return
	}
	if l.failed || l.b.stopped.Err() != nil {
		w.check(Returns, l.returned, "a server was told to stop, or its listener has failed (%v), and it has not returned: it serves %d clients", l.failed, l.served)
		return
	}
	silent := 0 // clients whose handshakes go on
	for _, c := range l.b.clients {
		silent += oneIf(l.b.neverAsks(c))
	}
	w.check(Accepts, l.accepting && len(l.queue) == 0, "a server does not accept any more: %d clients are in the handshake, %d wait", l.handshakes, len(l.queue))
	w.check(spec.NothingLeft, l.served == silent && l.handshakes == silent, "all clients are gone but %d that never ask, %d are served and %d in the handshake", silent, l.served, l.handshakes)
}

func (l *listener) state(d *schedule.Digest) {
	d.Word(uint64(len(l.queue))<<32 | uint64(l.handshakes)<<24 | uint64(l.served)<<16 |
		uint64(oneIf(l.closed))<<3 | uint64(oneIf(l.accepting))<<2 | uint64(oneIf(l.failed))<<1 | uint64(oneIf(l.returned)))
	for _, e := range l.queue {
		for i, c := range l.b.clients {
			if c.far == e {
				d.Word(uint64(i))
			}
		}
	}
}

// overloaded says whether a client may be refused for want of a place: where several come at
// once, or the server takes one for bound before it has heard anything.
func (b *binder) overloaded(err error) bool {
	atOnce := b.serving.listener != nil || b.serving.lies == lieEarly
	return atOnce && len(b.clients) > 1 && errors.Is(err, urpc.ErrOverloaded)
}
