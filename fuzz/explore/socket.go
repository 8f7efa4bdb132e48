package explore

import (
	"context"
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
	// in a hurry.
	limited, hurry, hurryWrite bool
	stopped                    bool // the byte was read that says that the peer stops
	reset                      bool // the peer has hung up without reading all: the next read says so
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

// Credentials implements machine.Socket: all spaces are of this process's user.
func (e *end) Credentials() (pid, uid, gid int) { return 1, os.Geteuid(), os.Getegid() }

// full says whether there is no room for what is to be sent. A narrow socket holds one
// message, of any size.
func (e *end) full() bool { return e.s.w.narrow && len(e.peer.in) > 0 }

// late says whether the time of the handshake may be over.
func (e *end) late() bool { return e.limited && (e.peer.s.dead || e.s.w.faults > 0) }

// expire is the end of a wait for want of time.
func (e *end) expire() error {
	if e.limited && !e.peer.s.dead {
		e.s.w.faults--
		e.s.w.refused++
	}
	return os.ErrDeadlineExceeded
}

// writable says whether a Write returns.
func (e *end) writable() bool {
	return e.closed || e.peer.closed || !e.full() || e.hurryWrite || e.late()
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
	case e.peer.closed:
		w.saw(1)
		return 0, syscall.EPIPE
	case e.full():
		w.saw(3)
		return 0, e.expire()
	}
	w.saw(2)
	n := len(b)
	if len(with) > 0 && w.inParts("the kernel sends a part") {
		n /= 2
	}
	b, with = e.s.lies.write(name, b[:n], with)
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
	return e.closed || e.peer.closed || len(e.in) > 0 && !e.deaf() || e.hurry || e.late()
}

// deaf says whether what has come is not read, by a client that lies: it is the
// answer's body, and reading it was all that was left for the client to be bound.
func (e *end) deaf() bool {
	if e.s.lies != lieDeaf || len(e.in) == 0 {
		return false
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
	e.s.await(name, e.readable)
	switch {
	case e.closed:
		w.saw(0)
		return 0, nil, false, net.ErrClosed
	case len(e.in) == 0 && e.reset:
		e.reset = false
		w.saw(3)
		return 0, nil, false, syscall.ECONNRESET
	case (len(e.in) == 0 || e.deaf()) && e.peer.closed:
		w.saw(1)
		return 0, nil, false, nil
	case len(e.in) == 0 || e.deaf():
		w.saw(2)
		return 0, nil, false, e.expire()
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
	if p.bytes, p.with = p.bytes[n:], nil; len(p.bytes) == 0 {
		e.in = e.in[1:]
	}
	return n, with, cut, nil
}

// Within implements machine.Socket.
func (e *end) Within(ctx context.Context, _ time.Duration) (done func() error) {
	e.limited = true
	return func() error {
		e.limited = false
		return context.Cause(ctx)
	}
}

// Hurry implements machine.Socket.
func (e *end) Hurry(time.Duration) { e.hurry = true }

// HurryWrite implements machine.Socket: where there is always room it means nothing.
func (e *end) HurryWrite(time.Duration) { e.hurryWrite = e.s.w.narrow }

// Watch implements machine.Socket.
func (e *end) Watch() error {
	w := e.s.w
	w.step(step.WatchPeer)
	e.s.end = e
	if w.goesWrong("the limit of descriptors") {
		return errManyOpen
	}
	e.watch = e.s.keep(e, nil)
	return nil
}

// exits says whether AwaitExit returns.
func (e *end) exits() bool { return e.closed || e.peer.s.dead }

// AwaitExit implements machine.Socket.
func (e *end) AwaitExit() error {
	e.s.await(step.NoticeExit, e.exits)
	e.s.w.sawIf(e.closed)
	if e.closed {
		return net.ErrClosed
	}
	return nil
}

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
	e.closed, e.hurryWrite, e.reset = true, false, false
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
		uint64(oneIf(e.hurryWrite))<<34 | uint64(oneIf(e.reset))<<35)
	for _, p := range e.in {
		d.Bytes(p.bytes)
		d.Word(uint64(len(p.with)))
	}
}
