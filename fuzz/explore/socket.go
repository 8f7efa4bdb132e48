package explore

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"urpc/checker/schedule"
	"urpc/runtime/machine"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// end is one space's end of a simulated socket.
type end struct {
	s      *host
	peer   *end
	in     []packet // sent by the peer and not yet read
	closed bool
	watch  *descriptor // of the peer's process
	// A read, or a write that finds no room, may end for want of time: during the
	// handshake, as one of the machine's faults or if the peer is dead; and when it is
	// in a hurry. When the time has passed every one ends, whatever is there.
	limited, hurry, hurryWrite            bool
	passed, hurryPassed, hurryWritePassed bool
	stopped                               bool // the byte was read that says that the peer stops
	// The context to whose life a handshake is limited, where one may end; and whether
	// this end knows that it has ended.
	context context.Context
	cut     bool
	unmade  bool // no socket will be made of it
	asked   int  // bytes of a hello that this end has read before any came, if it lies
	kept    bool // a mapping that was made for it was not taken back
	reset   bool // the peer has hung up without reading all: the next read says so
	shaken  bool // its handshake was over before the context had ended
}

var _ machine.Socket = (*end)(nil)

// packet is what one write has sent: bytes, and the memory that goes along.
type packet struct {
	name  step.Name // by which it was sent
	begun bool      // some of it was read
	bytes []byte
	with  []*backing
}

// connect connects two spaces.
func (w *world) connect(a, b *host) (ofA, ofB *end) {
	ofA, ofB = &end{s: a}, &end{s: b}
	ofA.peer, ofB.peer = ofB, ofA
	w.ends = append(w.ends, ofA, ofB)
	return ofA, ofB
}

// Credentials implements machine.Socket: all spaces are of this process's user, unless
// the peer is of another one, or cannot be seen.
func (e *end) Credentials() (pid, uid, gid int) {
	pid, uid, gid = 1, os.Geteuid(), os.Getegid()
	if e.s.w.unseen {
		pid = 0
	}
	if e.peer.s.foreign {
		uid++
	}
	return pid, uid, gid
}

// full says whether there is no room for what is to be sent. A narrow socket holds one
// message, of any size.
func (e *end) full() bool { return e.s.w.narrow && len(e.peer.in) > 0 }

// late says whether the time of the handshake may be over.
func (e *end) late() bool { return e.limited && (e.peer.s.dead || e.s.w.faults > 0) }

// ends says whether the context of the handshake has ended, so that nothing is waited for
// any more.
func (e *end) ends() bool { return e.cut || e.context != nil && e.context.Err() != nil }

// feels chooses whether this end knows by now that the context has ended: the real one's
// limit of time is moved by a goroutine of its own. What must wait does so until it knows.
func (e *end) feels(waits bool) bool {
	if !e.cut && e.ends() {
		e.cut = waits || e.s.w.t.Choose("the end of the context is known", 2) == 1
	}
	return e.cut
}

// expire is the end of a wait for want of time. That has passed then.
func (e *end) expire(hurried *bool) error {
	if e.limited && !e.peer.s.dead {
		e.s.w.faults--
		e.s.w.refused++
	}
	*hurried, e.passed = !e.limited, e.limited
	return os.ErrDeadlineExceeded
}

// runsOut chooses whether the time has passed of what need not wait: it may have begun too
// late. The real one does not look then at what is there.
func (e *end) runsOut(hurry bool, hurried *bool, what string) bool {
	e.passed = e.passed || e.limited && e.s.w.goesWrong("the time of the handshake is over")
	*hurried = *hurried || hurry && e.s.w.hasty && e.s.w.t.Choose(what, 2) == 1
	return e.passed || *hurried
}

// writable says whether a Write returns.
func (e *end) writable() bool {
	return e.closed || e.peer.closed || !e.full() || e.hurryWrite || e.passed || e.late() || e.ends()
}

// Write implements machine.Socket.
func (e *end) Write(name step.Name, b []byte, with ...shm.Descriptor) (int, error) {
	w := e.s.w
	if w.narrow {
		e.s.await(name, e.writable)
	} else {
		w.step(name)
	}
	switch {
	case e.closed:
		w.saw(0)
		return 0, net.ErrClosed
	case e.feels(!e.peer.closed && e.full() && !e.hurryWrite && !e.passed && !e.late()):
		w.saw(4)
		return 0, os.ErrDeadlineExceeded
	case (e.peer.closed || !e.full() || e.passed) && e.runsOut(e.hurryWrite, &e.hurryWritePassed, "there is no time to write"):
		w.saw(5)
		return 0, os.ErrDeadlineExceeded
	case e.peer.closed:
		w.saw(1)
		return 0, syscall.EPIPE
	case e.full():
		w.saw(3)
		return 0, e.expire(&e.hurryWritePassed)
	}
	w.saw(2)
	n := len(b)
	if len(with) > 0 && w.inParts("the kernel sends a part") {
		n /= 2
	}
	b, with = e.s.sends(name, b[:n], with)
	p := packet{name: name, bytes: append([]byte(nil), b...)}
	for _, d := range with {
		m := d.(*descriptor).memory
		if m != nil {
			m.refs++
		}
		p.with = append(p.with, m)
	}
	if len(b) > 0 {
		e.peer.in = append(e.peer.in, p)
	}
	return n, nil
}

// readable says whether a Read returns.
func (e *end) readable() bool {
	return e.came() || e.hurry || e.passed || e.late() || e.ends()
}

// came says whether something has come, or nothing can come any more.
func (e *end) came() bool { return e.closed || e.peer.closed || len(e.in) > 0 && !e.deaf() }

// deaf says whether what has come is not read, by a server that lies, or by a client that
// does: it is the answer's body, and reading it was all that was left for the client to be
// bound.
func (e *end) deaf() bool {
	if e.s.lies != lieDeaf || len(e.in) == 0 {
		return e.s.lies == lieSilent && e.s.told != nil // a server
	}
	p := &e.in[0]
	return p.name == step.SendAnswer && p.with == nil && !p.begun
}

// mostReceived is how many descriptors a space takes beside one message: Linux finds
// room for one more than package machine asks for.
const mostReceived = 4

// Read implements machine.Socket.
func (e *end) Read(name step.Name, b []byte) (n int, with []shm.Descriptor, cut bool, err error) {
	w := e.s.w
	w.check(Bounded, len(b) <= max(longest(name), headerBytes), "%s makes room for %d bytes at %v: want at most %d", e.s.name, len(b), name, longest(name))
	early := e.s.lies == lieEarly && name == step.ReceiveHello
	e.s.await(name, func() bool { return early || e.readable() })
	switch {
	case e.closed:
		w.saw(0)
		return 0, nil, false, net.ErrClosed
	case early:
		n = copy(b, asked()[e.asked:])
		e.asked += n
		return n, nil, false, nil
	case e.feels(!e.came() && !e.hurry && !e.passed && !e.late()):
		w.saw(4)
		return 0, nil, false, os.ErrDeadlineExceeded
	case (e.came() || e.passed) && e.runsOut(e.hurry, &e.hurryPassed, "there is no time to read"):
		w.saw(5)
		return 0, nil, false, os.ErrDeadlineExceeded
	case len(e.in) == 0 && e.reset:
		e.reset = false
		w.saw(3)
		return 0, nil, false, syscall.ECONNRESET
	case (len(e.in) == 0 || e.deaf()) && e.peer.closed:
		w.check(Farewell, name != step.Notice || e.s.owed == nil || e.stopped || !e.s.owed(), "%s learns that its server has hung up, and that it stops it was not told", e.s.name)
		w.saw(1)
		return 0, nil, false, nil
	case len(e.in) == 0 || e.deaf():
		w.saw(2)
		return 0, nil, false, e.expire(&e.hurryPassed)
	}
	p := &e.in[0]
	n = min(len(b), len(p.bytes))
	if n > 1 && w.inParts("a part is read") {
		n /= 2
	}
	copy(b, p.bytes[:n])
	p.begun = true
	e.stopped = e.stopped || p.name == step.SendStopping
	w.t.SawBytes(b[:n])
	for _, m := range p.with {
		if cut = cut || len(with) >= mostReceived || w.goesWrong("the limit of descriptors"); !cut {
			d := e.s.keep(e, m)
			d.received = true
			with = append(with, d)
		}
		if m != nil {
			m.refs--
		}
	}
	w.sawIf(cut)
	if e.stopped {
		e.s.causes.reads(e.peer.s.lies, len(with), w.t.Self())
	}
	if p.bytes, p.with = p.bytes[n:], nil; len(p.bytes) == 0 {
		e.in = e.in[1:]
	}
	return n, with, cut, nil
}

// Within implements machine.Socket.
func (e *end) Within(ctx context.Context, _ time.Duration) (done func() error) {
	e.limited = true
	if e.s.w.cuts {
		e.context = ctx
	}
	return func() error {
		// Where the context has ended its limit of time stays, and has passed.
		e.limited, e.passed, e.cut, e.context = false, false, e.ends(), nil
		e.shaken = ctx.Err() == nil
		return context.Cause(ctx)
	}
}

// Hurry implements machine.Socket.
func (e *end) Hurry(d time.Duration) { e.hurry, e.hurryPassed = true, d <= 0 }

// HurryWrite implements machine.Socket: where there is always room, and time, it means
// nothing.
func (e *end) HurryWrite(d time.Duration) {
	e.hurryWrite, e.hurryWritePassed = e.s.w.narrow || e.s.w.hasty, d <= 0
}

// Watch implements machine.Socket.
func (e *end) Watch() error {
	w := e.s.w
	w.step(step.WatchPeer)
	e.s.end = e
	switch {
	case w.unseen:
		return nil
	case w.goesWrong("the limit of descriptors"):
		return errManyOpen
	}
	e.watch = e.s.keep(e, nil)
	return nil
}

// exits says whether AwaitExit returns: for who is not watched nobody waits.
func (e *end) exits() bool { return e.closed || e.peer.s.dead || e.watch == nil }

// AwaitExit implements machine.Socket.
func (e *end) AwaitExit() error {
	e.s.await(step.NoticeExit, e.exits)
	e.s.w.sawIf(e.closed)
	switch {
	case e.watch == nil:
		return errNotWatched
	case e.closed:
		return net.ErrClosed
	}
	return nil
}

var errNotWatched = errors.New("the peer's process is not watched")

// Close implements machine.Socket: one step closes the socket and the watch.
func (e *end) Close() {
	e.s.w.step(step.HangUp)
	e.hangUp()
}

// hangUp closes the end without a step of its own. What was not read yet is lost, and
// the peer learns that it is.
func (e *end) hangUp() {
	if e.closed {
		return
	}
	e.closed, e.hurryWrite, e.reset, e.hurryPassed = true, false, false, false
	e.peer.reset = len(e.in) > 0 && !e.peer.closed
	if e.watch != nil && !e.watch.closed {
		e.watch.drop()
	}
	for _, p := range e.in {
		for _, m := range p.with {
			if m != nil {
				m.refs--
			}
		}
	}
	e.in = nil
}

func (e *end) state(d *schedule.Digest) {
	d.Word(uint64(len(e.in))<<2 | uint64(oneIf(e.closed))<<1 | uint64(oneIf(e.hurry)) | uint64(oneIf(e.limited))<<32 | uint64(oneIf(e.stopped))<<33 |
		uint64(oneIf(e.hurryWrite))<<34 | uint64(oneIf(e.reset))<<35 | uint64(oneIf(e.cut))<<36 | uint64(oneIf(e.ends()))<<37 |
		uint64(oneIf(e.unmade))<<38 | uint64(oneIf(e.hurryWritePassed))<<39 | uint64(oneIf(e.kept))<<40 | uint64(e.asked)<<41 |
		uint64(oneIf(e.passed))<<50 | uint64(oneIf(e.hurryPassed))<<51 | uint64(oneIf(e.shaken && !e.s.dead))<<52)
	for _, p := range e.in {
		d.Bytes(p.bytes)
		d.Word(uint64(len(p.with)))
	}
}
