package urpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// link is the socket of a binding and, where there is one, the pidfd of the
// peer's process. It carries the handshake; then it tells when the peer is gone.
type link struct {
	conn  *net.UnixConn
	pidfd *os.File // nil where the process cannot be watched
	peer  Peer

	watching sync.WaitGroup
}

// newLink finds out who the peer is. The kernel noted its credentials when the
// socket was connected.
func newLink(conn *net.UnixConn) (*link, error) {
	var cred *unix.Ucred
	var err error
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	control := func(fd uintptr) {
		if cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
		}
	}
	if e := raw.Control(control); e != nil || err != nil {
		return nil, fmt.Errorf("credentials of the peer: %w", errors.Join(e, err))
	}
	return &link{conn: conn, peer: Peer{PID: int(cred.Pid), UID: int(cred.Uid), GID: int(cred.Gid)}}, nil
}

// receive reads so many bytes, and takes the descriptors that come with them and
// the credentials of who sent them. A socket that was handed down names as its
// peer whoever made it; the sender is who is really there.
func (l *link) receive(bytes int) (b []byte, files []*os.File, err error) {
	b = make([]byte, bytes)
	control := make([]byte, unix.CmsgSpace(3*4)+unix.CmsgSpace(unix.SizeofUcred))
	for have := 0; have < bytes; {
		n, controls, flags, _, err := l.conn.ReadMsgUnix(b[have:], control)
		got, cred, errControl := parseControl(control[:controls])
		files = append(files, got...)
		switch {
		case err == nil && errControl != nil:
			err = errControl
		case err == nil && flags&unix.MSG_CTRUNC != 0:
			err = fmt.Errorf("%w: more descriptors than there can be", errGarbage)
		case err == nil && n == 0:
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			closeAll(files)
			return nil, nil, err
		}
		if cred != nil && cred.Pid != 0 {
			l.peer.PID = int(cred.Pid)
		}
		have += n
	}
	return b, files, nil
}

// parseControl takes what came beside the bytes. Every descriptor in it is ours
// now, and either given on or closed.
func parseControl(b []byte) (files []*os.File, cred *unix.Ucred, err error) {
	messages, err := unix.ParseSocketControlMessage(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errGarbage, err)
	}
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil {
			for _, fd := range fds {
				files = append(files, os.NewFile(uintptr(fd), "received"))
			}
		}
		if c, err := unix.ParseUnixCredentials(&messages[i]); err == nil {
			cred = c
		}
	}
	return files, cred, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close() // it was only received: nothing was written through it
	}
}

// receiveFrame reads a frame with the descriptors that came with it.
func (l *link) receiveFrame() (frame, []byte, []*os.File, error) {
	b, files, err := l.receive(headerBytes)
	if err != nil {
		return frame{}, nil, nil, err
	}
	f, err := parseFrame(b)
	if err != nil {
		closeAll(files)
		return f, nil, nil, err
	}
	body, more, err := l.receive(int(f.length))
	files = append(files, more...)
	if err != nil {
		closeAll(files)
		return f, nil, nil, err
	}
	return f, body, files, nil
}

// watchProcess opens a pidfd of the peer's process. While the socket is not hung
// up the process is there, so its number cannot have been given to another one;
// and if it is hung up, the watch over the socket says so.
func (l *link) watchProcess() error {
	if l.peer.PID == 0 {
		return nil // of another pid namespace
	}
	fd, err := l.openPidfd()
	switch {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ESRCH), errors.Is(err, unix.EINVAL):
		return nil // an old kernel, or gone already: the socket tells
	case err != nil:
		return fmt.Errorf("watch process %d: %w", l.peer.PID, err)
	}
	// A descriptor that does not block is waited for by Go's poller, not by a thread.
	if err := unix.SetNonblock(fd, true); err != nil {
		return errors.Join(fmt.Errorf("watch process %d: %w", l.peer.PID, err), unix.Close(fd))
	}
	l.pidfd = os.NewFile(uintptr(fd), "pidfd")
	return nil
}

// openPidfd asks the socket for the process at its other end (Linux 6.5), which
// cannot be mistaken, if that is the process that talks; else by number.
func (l *link) openPidfd() (fd int, err error) {
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd = -1
	control := func(s uintptr) {
		cred, err := unix.GetsockoptUcred(int(s), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil || int(cred.Pid) != l.peer.PID {
			return
		}
		if got, err := unix.GetsockoptInt(int(s), unix.SOL_SOCKET, unix.SO_PEERPIDFD); err == nil {
			fd = got
		}
	}
	if err := raw.Control(control); err != nil {
		return -1, err
	}
	if fd >= 0 {
		unix.CloseOnExec(fd)
		return fd, nil
	}
	return unix.PidfdOpen(l.peer.PID, 0)
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
	if l.pidfd != nil {
		l.watching.Go(func() {
			if awaitExit(l.pidfd) == nil {
				close(exit)
				// What the peer still sent is there to be read: a server that stopped in
				// order, then exited, has stopped in order.
				l.conn.SetReadDeadline(time.Now().Add(patience)) // fails only if closed
			}
		})
	}
	l.watching.Go(func() {
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

// awaitHangUp reads the socket until something comes or nothing can come any more.
func (l *link) awaitHangUp() departure {
	var b [1]byte
	switch n, err := l.conn.Read(b[:]); {
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

// awaitExit returns when the process of the pidfd has exited, or with an error
// when the pidfd is closed.
func awaitExit(pidfd *os.File) error {
	raw, err := pidfd.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(fd uintptr) bool {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(p, 0)
		return err == nil && n == 1 // else wait until the poller reports it
	})
}

// close ends the watch. It does not wait for it.
func (l *link) close() {
	l.conn.Close() // the peer may be gone: there is nobody to tell an error
	if l.pidfd != nil {
		l.pidfd.Close()
	}
}

// within limits everything that is done over the socket to a time, and to the
// life of a context, until the function that it gives is called.
func (l *link) within(ctx context.Context, d time.Duration) (done func() error) {
	l.conn.SetDeadline(time.Now().Add(d)) // fails only if closed, which the next use says
	stop := context.AfterFunc(ctx, func() { l.conn.SetDeadline(time.Unix(1, 0)) })
	return func() error {
		if !stop() {
			return context.Cause(ctx)
		}
		return l.conn.SetDeadline(time.Time{})
	}
}
