package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"urpc/runtime/shm"
	"urpc/spec/step"
)

// socket is a Unix socket of type stream and, where there is one, the pidfd of
// the peer's process.
type socket struct {
	conn          *net.UnixConn
	pidfd         *os.File // nil where the process cannot be watched
	pid, uid, gid int
}

// NewSocket makes a Socket of a connection and finds out who the peer is. The
// kernel noted its credentials when the socket was connected.
func NewSocket(conn *net.UnixConn) (Socket, error) {
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
	return &socket{conn: conn, pid: int(cred.Pid), uid: int(cred.Uid), gid: int(cred.Gid)}, nil
}

// Credentials implements Socket.
func (s *socket) Credentials() (pid, uid, gid int) { return s.pid, s.uid, s.gid }

// Write implements Socket.
func (s *socket) Write(_ step.Name, b []byte, with ...shm.Descriptor) (int, error) {
	if len(with) == 0 {
		return s.conn.Write(b)
	}
	fds := make([]int, len(with))
	for i, d := range with {
		fds[i] = int(d.(*os.File).Fd())
	}
	n, _, err := s.conn.WriteMsgUnix(b, unix.UnixRights(fds...), nil)
	return n, err
}

// mostDescriptors is how many descriptors there is room for in what comes along
// with bytes: one more than there can be.
const mostDescriptors = 3

// Read implements Socket. It takes the credentials of who sent the bytes, too: a
// socket that was handed down names as its peer whoever made it; the sender is who
// is really there.
func (s *socket) Read(_ step.Name, b []byte) (n int, with []shm.Descriptor, cut bool, err error) {
	var control [64]byte // room for mostDescriptors and credentials
	n, controls, flags, _, err := s.conn.ReadMsgUnix(b, control[:unix.CmsgSpace(mostDescriptors*4)+unix.CmsgSpace(unix.SizeofUcred)])
	with, cred, errControl := parseControl(control[:controls])
	switch {
	case errors.Is(err, io.EOF):
		err = nil
	case err == nil:
		err = errControl
	}
	if err == nil && cred != nil && cred.Pid != 0 {
		s.pid = int(cred.Pid)
	}
	return max(n, 0), with, flags&unix.MSG_CTRUNC != 0, err
}

// parseControl takes what came beside the bytes. Every descriptor in it is ours
// now, and either given on or closed.
func parseControl(b []byte) (with []shm.Descriptor, cred *unix.Ucred, err error) {
	messages, err := unix.ParseSocketControlMessage(b)
	if err != nil {
		return nil, nil, fmt.Errorf("control message: %w", err)
	}
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil {
			for _, fd := range fds {
				with = append(with, os.NewFile(uintptr(fd), "received"))
			}
		}
		if c, err := unix.ParseUnixCredentials(&messages[i]); err == nil {
			cred = c
		}
	}
	return with, cred, nil
}

// Watch implements Socket: it opens a pidfd of the peer's process. While the
// socket is not hung up the process is there, so its number cannot have been given
// to another one; and if it is hung up, whoever reads the socket is told.
func (s *socket) Watch() error {
	if s.pid == 0 {
		return nil // of another pid namespace
	}
	fd, err := s.openPidfd()
	switch {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ESRCH), errors.Is(err, unix.EINVAL):
		return nil // an old kernel, or gone already: the socket tells
	case err != nil:
		return fmt.Errorf("watch process %d: %w", s.pid, err)
	}
	// A descriptor that does not block is waited for by Go's poller, not by a thread.
	if err := unix.SetNonblock(fd, true); err != nil {
		return errors.Join(fmt.Errorf("watch process %d: %w", s.pid, err), unix.Close(fd))
	}
	s.pidfd = os.NewFile(uintptr(fd), "pidfd")
	return nil
}

// openPidfd asks the socket for the process at its other end (Linux 6.5), which
// cannot be mistaken, if that is the process that talks; else by number.
func (s *socket) openPidfd() (fd int, err error) {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd = -1
	control := func(of uintptr) {
		cred, err := unix.GetsockoptUcred(int(of), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil || int(cred.Pid) != s.pid {
			return
		}
		if got, err := unix.GetsockoptInt(int(of), unix.SOL_SOCKET, unix.SO_PEERPIDFD); err == nil {
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
	return unix.PidfdOpen(s.pid, 0)
}

var errNotWatched = errors.New("the peer's process is not watched")

// AwaitExit implements Socket.
func (s *socket) AwaitExit() error {
	if s.pidfd == nil {
		return errNotWatched
	}
	raw, err := s.pidfd.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(fd uintptr) bool {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(p, 0)
		return err == nil && n == 1 // else wait until the poller reports it
	})
}

// Within implements Socket.
func (s *socket) Within(ctx context.Context, d time.Duration) (done func() error) {
	s.conn.SetDeadline(time.Now().Add(d)) // fails only if closed, which the next use says
	stop := context.AfterFunc(ctx, func() { s.conn.SetDeadline(time.Unix(1, 0)) })
	return func() error {
		if !stop() {
			return context.Cause(ctx)
		}
		return s.conn.SetDeadline(time.Time{})
	}
}

// Hurry implements Socket.
func (s *socket) Hurry(d time.Duration) {
	s.conn.SetReadDeadline(time.Now().Add(d)) // fails only if closed
}

// HurryWrite implements Socket.
func (s *socket) HurryWrite(d time.Duration) {
	s.conn.SetWriteDeadline(time.Now().Add(d)) // fails only if closed
}

// Close implements Socket.
func (s *socket) Close() {
	s.conn.Close() // the peer may be gone: there is nobody to tell an error
	if s.pidfd != nil {
		s.pidfd.Close()
	}
}
