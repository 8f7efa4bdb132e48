package urpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
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

// serveConn binds a client and serves it. bound is called when the handshake is over.
func (s *Server) serveConn(ctx context.Context, conn *net.UnixConn, bound func()) error {
	b, l, region, err := s.bind(ctx, conn)
	bound()
	if err != nil {
		s.refused.Add(1)
		conn.Close()
		return fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	defer s.unreserve()
	return s.serve(ctx, b, l, region)
}

// bind is the server's side of the handshake. If it fails, the client is told why.
func (s *Server) bind(ctx context.Context, conn *net.UnixConn) (_ *binding, _ *link, _ *shm.Region, err error) {
	k, err := kernel.Real()
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := newLink(conn)
	if err != nil {
		return nil, nil, nil, err
	}
	done := l.within(ctx, s.options.Handshake)
	var size channel.Size
	if size, err = s.receiveHello(l); err == nil {
		err = s.reserve()
	}
	if err != nil {
		conn.Write(appendRefusal(nil, err)) // at best: whoever sent garbage need not listen
		return nil, nil, nil, errors.Join(err, done())
	}
	table := s.table()
	region, err := s.grant(l, size, table)
	if err = errors.Join(err, done()); err != nil {
		s.unreserve()
		if region != nil {
			region.Close()
		}
		if l.pidfd != nil {
			l.pidfd.Close()
		}
		return nil, nil, nil, err
	}
	b := &binding{peer: l.peer, procedures: table}
	b.pool = processor.New(processor.Config{
		Port: channel.NewPort(region.Own, region.Peer, size), Kernel: k, Handler: b.handle, Exited: replyExited,
		Workers: s.options.Workers, Poll: pollFor(s.options.Poll),
	})
	return b, l, region, nil
}

// receiveHello reads what the client asks for and decides.
func (s *Server) receiveHello(l *link) (channel.Size, error) {
	if err := authorize(s.options.Authorize, sameUser, l.peer); err != nil {
		// Its text alone: what it wraps could pass for another reason of ours.
		return channel.Size{}, fmt.Errorf("%w: %s", ErrUnauthorized, says(err))
	}
	f, body, files, err := l.receiveFrame()
	if err != nil {
		return channel.Size{}, fmt.Errorf("receive hello: %w: %w", ErrHandshake, err)
	}
	closeAll(files)
	if f.kind != kindHello || len(files) != 0 {
		return channel.Size{}, fmt.Errorf("%w: %w: kind %d with %d descriptors for a hello", ErrHandshake, errGarbage, f.kind, len(files))
	}
	h, err := parseHello(body)
	if err != nil {
		return channel.Size{}, fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return h.agree(s.options)
}

// grant makes the memory of a binding and passes it to the client.
func (s *Server) grant(l *link, size channel.Size, table []served) (*shm.Region, error) {
	if err := l.watchProcess(); err != nil {
		l.conn.Write(appendRefusal(nil, err))
		return nil, err
	}
	region, files, err := shm.CreateRegion(channel.Replies, channel.Calls, shm.RoundUp(size.Bytes()), size.Format)
	if err != nil {
		l.conn.Write(appendRefusal(nil, err))
		return nil, err
	}
	defer files.Close()
	message := appendAnswer(nil, size, table)
	rights := unix.UnixRights(int(files.Peer.Fd()), int(files.Own.Fd()))
	// The descriptors come with the header; a long table may take more than one write.
	n, _, err := l.conn.WriteMsgUnix(message[:headerBytes], rights, nil)
	if err == nil {
		_, err = l.conn.Write(message[n:])
	}
	if err != nil {
		return region, fmt.Errorf("send the answer: %w", err)
	}
	return region, nil
}

// serve serves a binding until the client is gone, breaks the protocol, or ctx
// ends. When it returns nothing of the binding is left.
func (s *Server) serve(ctx context.Context, b *binding, l *link, region *shm.Region) error {
	handlers, cancel := context.WithCancelCause(context.WithValue(ctx, peerKey{}, b.peer))
	defer cancel(nil)
	b.context = handlers
	s.enter(b)
	l.watch(func(d departure) {
		if d == closed {
			return
		}
		s.died.Add(1)
		cancel(&PeerDiedError{Peer: b.peer, Cause: d.String()})
	})
	stop := context.AfterFunc(handlers, b.pool.Stop)
	err := b.pool.Run()
	stop()
	cancel(nil) // what handlers have started ends with the binding
	if err == nil && ctx.Err() != nil {
		l.conn.Write([]byte{stopping}) // at best: the client may be gone
	}
	l.close()
	l.watching.Wait()
	// Every worker has left: nobody touches the memory any more.
	region.Close()
	<-region.Gone()
	s.leave(b) // from here on the counters say that nothing is left
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return region.Err()
}
