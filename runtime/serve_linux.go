package urpc

import (
	"context"
	"fmt"
	"net"

	"urpc/runtime/machine"
)

// Serve binds the clients that connect and serves each until it is gone. It
// returns nil after ctx has ended: then no further call is received, the
// contexts of running handlers end, and what they reply is still delivered. The
// listener is closed in any case. Serve may run on several listeners at once.
//
// Serve waits for the handlers, however long they take, but not for the clients:
// to one that does not read what comes over its socket the server says for 50 ms
// that it stops, and then hangs up.
func (s *Server) Serve(ctx context.Context, l *net.UnixListener) error {
	m, err := machine.Real()
	if err != nil {
		l.Close()
		return fmt.Errorf("serve: %w", err)
	}
	return s.AcceptOver(ctx, m, machine.NewListener(l), maxHandshakes)
}

// ServeConn serves one client over a connected Unix socket (of type stream), for
// instance one half of a pair whose other half a child was started with; BindConn
// is the other side. It takes the connection over, and returns nil when the
// client has hung up or ctx has ended. Where it waits then is said at Serve.
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
