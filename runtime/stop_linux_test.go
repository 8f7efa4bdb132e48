package urpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestStopWithoutAReader: a client that does not read, and whose socket is full, keeps
// no server from stopping. It is hung up on, and told nothing.
func TestStopWithoutAReader(t *testing.T) {
	s := NewServer(ServerOptions{})
	a, b := socketPair(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.ServeConn(ctx, a) }()
	if _, err := b.Write(hello{}.append(nil)); err != nil {
		t.Fatal(err)
	}
	await(t, "the binding", func() error {
		if n := s.Counters(); n.Bindings == 0 {
			return fmt.Errorf("%+v: want one", n)
		}
		return nil
	})
	fill(t, a)
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the server ends with: %v", err)
		}
	case <-time.After(10 * time.Second):
		b.Close()
		t.Fatal("the server waits for a client that does not read, and ends with: ", <-ended)
	}
	if all, err := io.ReadAll(b); err != nil || !bytes.HasSuffix(all, []byte{filler}) {
		t.Errorf("%d bytes and %v: want what was in the socket, and then the hang-up", len(all), err)
	}
}

const filler = '-'

// fill fills a socket whose peer does not read, until it takes no byte more.
func fill(t *testing.T, conn *net.UnixConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var full error
	err = raw.Write(func(fd uintptr) bool {
		for _, n := range []int{1 << 12, 1} {
			for full = nil; full == nil; {
				_, full = unix.Write(int(fd), bytes.Repeat([]byte{filler}, n))
			}
		}
		return true
	})
	if err != nil || !errors.Is(full, unix.EAGAIN) {
		t.Fatalf("%v, %v: want a socket that is full", err, full)
	}
}
