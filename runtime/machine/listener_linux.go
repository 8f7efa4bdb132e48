package machine

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

type listener struct{ l *net.UnixListener }

// NewListener makes a Listener of one of package net.
func NewListener(l *net.UnixListener) Listener { return listener{l} }

// Accept implements Listener.
func (l listener) Accept() (func() (Socket, error), error) {
	conn, err := l.l.AcceptUnix()
	switch {
	case err == nil:
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOMEM),
		errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ECONNABORTED):
		return nil, fmt.Errorf("%w: %w", ErrShortage, err)
	default:
		return nil, err
	}
	return func() (Socket, error) {
		s, err := NewSocket(conn)
		if err != nil {
			conn.Close()
		}
		return s, err
	}, nil
}

// Close implements Listener.
func (l listener) Close() { l.l.Close() } // it may be closed: nobody is told
