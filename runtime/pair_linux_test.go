package urpc

import (
	"context"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// socketPair is a pair of connected sockets.
func socketPair(t testing.TB) (a, b *net.UnixConn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	conns := [2]*net.UnixConn{}
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "pair")
		c, err := net.FileConn(f)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		conns[i] = c.(*net.UnixConn)
		t.Cleanup(func() { c.Close() })
	}
	return conns[0], conns[1]
}

// bindPair binds to a server over a pair of sockets until the test ends.
func bindPair(t testing.TB, s *Server, o Options) *Client {
	t.Helper()
	a, b := socketPair(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ServeConn(ctx, a) }()
	c, err := BindConn(context.Background(), b, o)
	t.Cleanup(func() {
		if c != nil {
			c.Close()
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
