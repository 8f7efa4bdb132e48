package urpc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"urpc/runtime/machine"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// link is the connection of a binding: a socket, which carries the handshake and
// then tells when the peer is gone, and those who listen to it.
type link struct {
	machine  machine.Machine
	socket   machine.Socket
	watching []chan struct{} // each closed when one who listens has ended
}

func newLink(m machine.Machine, s machine.Socket) *link { return &link{machine: m, socket: s} }

// peer is the process at the other side, as far as the kernel has told by now.
func (l *link) peer() Peer {
	pid, uid, gid := l.socket.Credentials()
	return Peer{PID: pid, UID: uid, GID: gid}
}

// receive reads so many bytes, and takes the descriptors that come with them:
// they are the caller's to close, unless there is an error.
func (l *link) receive(name step.Name, bytes int) (b []byte, with []shm.Descriptor, err error) {
	b = make([]byte, bytes)
	for have := 0; have < bytes; {
		n, more, cut, err := l.socket.Read(name, b[have:])
		with = append(with, more...)
		switch {
		case err == nil && cut:
			err = fmt.Errorf("%w: more descriptors than there can be", errGarbage)
		case err == nil && n == 0:
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			closeAll(with)
			return nil, nil, err
		}
		have += n
	}
	return b, with, nil
}

func closeAll(descriptors []shm.Descriptor) {
	for _, d := range descriptors {
		d.Close() // it was only received: nothing was written through it
	}
}

// receiveFrame reads a frame with the descriptors that came with it.
func (l *link) receiveFrame(name step.Name) (frame, []byte, []shm.Descriptor, error) {
	b, with, err := l.receive(name, headerBytes)
	if err != nil {
		return frame{}, nil, nil, err
	}
	f, err := parseFrame(b)
	if err != nil {
		closeAll(with)
		return f, nil, nil, err
	}
	body, more, err := l.receive(name, int(f.length))
	with = append(with, more...)
	if err != nil {
		closeAll(with)
		return f, nil, nil, err
	}
	return f, body, with, nil
}

// What the watch over a peer can end with.
type departure uint8

const (
	hungUp departure = iota + 1
	exited
	stopped // a server that stops in order
	broken  // the peer sent what no peer of ours sends
	closed  // this side closed the link
)

func (d departure) String() string {
	return [...]string{"?", "hung up", "process exited", "server stopped", "broke the protocol", "closed"}[d]
}

// patience is how long the socket of a process that has exited may take to hang
// up: for ever, if it had been handed down to a child.
const patience = 10 * time.Millisecond

// watch calls gone once, on a goroutine of its own, when the peer is gone by its
// process or its socket, whichever is first, or when the link is closed.
func (l *link) watch(gone func(departure)) {
	exit := make(chan struct{})
	l.start(step.NoticeExit, func() {
		if l.socket.AwaitExit() == nil {
			// Before the limit, by which the other one goes on: a process that has exited has not
			// hung up if a child holds its socket.
			close(exit)
			// What the peer still sent is there to be read: a server that stopped in
			// order, then exited, has stopped in order.
			l.socket.Hurry(patience)
		}
	})
	l.start(step.Notice, func() {
		d := l.awaitHangUp()
		select {
		case <-exit:
			if d == hungUp {
				d = exited
			}
		default:
		}
		gone(d)
	})
}

// start starts one who listens, and waits at a step first.
func (l *link) start(name step.Name, listen func()) {
	done := make(chan struct{})
	l.watching = append(l.watching, done)
	l.machine.Go(name, func() {
		defer close(done)
		listen()
	})
}

// wait waits until nobody listens any more.
func (l *link) wait() {
	for _, done := range l.watching {
		l.machine.Wait(step.AwaitWatch, done, 0)
	}
}

// awaitHangUp reads the socket until something comes or nothing can come any more.
func (l *link) awaitHangUp() departure {
	var b [1]byte
	n, with, _, err := l.socket.Read(step.Notice, b[:])
	closeAll(with)
	switch {
	case n == 1 && b[0] == stopping:
		return stopped
	case n == 1:
		return broken
	case errors.Is(err, net.ErrClosed):
		return closed
	default:
		return hungUp
	}
}

// close ends the watch. It does not wait for it.
func (l *link) close() { l.socket.Close() }
