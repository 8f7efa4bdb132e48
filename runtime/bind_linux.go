package urpc

import (
	"context"
	"fmt"
	"net"

	"urpc/runtime/machine"
)

// Bind binds to the server that listens on a path. The context limits the time
// that this takes; the binding does not end with it. Errors wrap ErrHandshake.
func Bind(ctx context.Context, path string, o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("bind to %s: %w: %w: %w", path, ErrHandshake, ErrRefused, err)
	}
	dialer := net.Dialer{Timeout: o.Handshake}
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("bind to %s: %w: %w", path, ErrHandshake, err)
	}
	c, err := BindConn(ctx, conn.(*net.UnixConn), o)
	if err != nil {
		return nil, fmt.Errorf("bind to %s: %w", path, err)
	}
	return c, nil
}

// BindConn binds over a connected Unix socket (of type stream), for instance one
// half of a pair that this process was started with; ServeConn is the other
// side. It takes the connection over and closes it in the end, also on an error.
func BindConn(ctx context.Context, conn *net.UnixConn, o Options) (*Client, error) {
	m, s, err := real(conn)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return BindOver(ctx, m, s, o)
}

// real gives this machine and the socket of a connection, which is closed on an
// error.
func real(conn *net.UnixConn) (machine.Machine, machine.Socket, error) {
	m, err := machine.Real()
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	s, err := machine.NewSocket(conn)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return m, s, nil
}
