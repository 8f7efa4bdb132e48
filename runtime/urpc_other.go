//go:build !linux

package urpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
)

// unsupported is what every way to bind gives here.
func unsupported(what string) error {
	return fmt.Errorf("%s: urpc on %s: %w: want Linux 5.16 or later", what, runtime.GOOS, errors.ErrUnsupported)
}

// Bind fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func Bind(context.Context, string, Options) (*Client, error) { return nil, unsupported("bind") }

// BindConn fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func BindConn(_ context.Context, conn *net.UnixConn, _ Options) (*Client, error) {
	return nil, errors.Join(unsupported("bind"), conn.Close())
}

// Listen fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func Listen(string) (*net.UnixListener, error) { return nil, unsupported("listen") }

// Serve fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func (s *Server) Serve(_ context.Context, l *net.UnixListener) error {
	return errors.Join(unsupported("serve"), l.Close())
}

// ServeConn fails, wrapping errors.ErrUnsupported: the runtime is for Linux.
func (s *Server) ServeConn(_ context.Context, conn *net.UnixConn) error {
	return errors.Join(unsupported("serve"), conn.Close())
}
