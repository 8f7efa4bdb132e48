package urpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// maxHandshakes is how many clients may be in the handshake at once. Further
// ones wait in the listener's queue.
const maxHandshakes = 16

// Serve binds the clients that connect and serves each until it is gone. It
// returns nil after ctx has ended: then no further call is received, the
// contexts of running handlers end, and what they reply is still delivered. The
// listener is closed in any case. Serve may run on several listeners at once.
func (s *Server) Serve(ctx context.Context, l *net.UnixListener) error {
	defer l.Close()
	if s.err != nil {
		return fmt.Errorf("serve: %w", s.err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	defer serving.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	handshakes := make(chan struct{}, maxHandshakes)
	for {
		select {
		case handshakes <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		conn, err := accept(ctx, l)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("serve: %w", err)
		}
		serving.Go(func() {
			// What went wrong with one client is counted, and told to that client.
			s.serveConn(ctx, conn, func() { <-handshakes })
		})
	}
}

// accept accepts one connection. Lack of descriptors or memory passes: other
// bindings may end.
func accept(ctx context.Context, l *net.UnixListener) (*net.UnixConn, error) {
	for {
		conn, err := l.AcceptUnix()
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE), errors.Is(err, unix.ENOMEM),
			errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ECONNABORTED):
			select {
			case <-ctx.Done():
				return nil, err
			case <-time.After(10 * time.Millisecond):
			}
		default:
			return nil, err
		}
	}
}

// ServeConn serves one client over a connected Unix socket (of type stream), for
// instance one half of a pair whose other half a child was started with; BindConn
// is the other side. It takes the connection over, and returns nil when the
// client has hung up or ctx has ended.
func (s *Server) ServeConn(ctx context.Context, conn *net.UnixConn) error {
	if s.err != nil {
		conn.Close()
		return fmt.Errorf("serve: %w", s.err)
	}
	return s.serveConn(ctx, conn, func() {})
}

func (s *Server) serveConn(ctx context.Context, conn *net.UnixConn, bound func()) error {
	m, socket, err := real(conn)
	if err != nil {
		bound()
		s.refused.Add(1)
		return fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return s.serveOver(ctx, newLink(m, socket), bound)
}
