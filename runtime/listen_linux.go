package urpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Listen listens on a path, for Serve. Only the own user can connect (0600). The
// socket of a server that is dead is replaced; where a living one listens, the
// error is ErrInUse.
//
// The directory is locked (flock) meanwhile: of several servers that start at
// once, one gets the path.
func Listen(path string) (*net.UnixListener, error) {
	if path == "" || strings.HasPrefix(path, "@") {
		return nil, fmt.Errorf("listen on %q: %w: want the path of a file, whose mode says who may connect", path, ErrRefused)
	}
	l, err := listenLocked(path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	return l, nil
}

func listenLocked(path string) (*net.UnixListener, error) {
	unlock, err := lockDirectory(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	l, err := listen(path)
	if !errors.Is(err, unix.EADDRINUSE) {
		return l, err
	}
	if err := removeDead(path); err != nil {
		return nil, err
	}
	return listen(path)
}

// listen binds a socket. The mode of its file is that of the socket: so there is
// no moment in which others could connect.
func listen(path string) (*net.UnixListener, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		if e := raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }); e != nil {
			return e
		}
		return err
	}}
	l, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	return l.(*net.UnixListener), nil
}

// removeDead removes a socket that nobody listens on. Whoever is about to listen
// holds the directory's lock, so that nobody is between bind and listen.
func removeDead(path string) error {
	s, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("%w: there is a file that is no socket", ErrRefused)
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return ErrInUse
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("%w: %w", ErrInUse, err)
	}
	return os.Remove(path)
}

// lockDirectory takes the lock of a directory, waiting for at most two seconds.
func lockDirectory(path string) (unlock func(), err error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { d.Close() }, nil // which unlocks
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) || time.Now().After(end) {
			d.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}
