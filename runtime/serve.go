package urpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"urpc/runtime/channel"
	"urpc/runtime/machine"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// ServeOver is ServeConn on a machine, and over a socket, of the caller's making:
// for what runs the runtime under control. It promises nothing to users.
func (s *Server) ServeOver(ctx context.Context, m machine.Machine, socket machine.Socket) error {
	if s.err != nil {
		socket.Close()
		return fmt.Errorf("serve: %w", s.err)
	}
	return s.serveOver(ctx, newLink(m, socket), func() {})
}

// serveOver binds a client and serves it. bound is called when the handshake is over.
func (s *Server) serveOver(ctx context.Context, l *link, bound func()) error {
	b, region, err := s.bind(ctx, l)
	bound()
	if err != nil {
		s.refused.Add(1)
		l.close()
		return fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	defer s.unreserve(l)
	return s.serve(ctx, b, l, region)
}

// bind is the server's side of the handshake. If it fails, the client is told why.
func (s *Server) bind(ctx context.Context, l *link) (_ *binding, _ *shm.Region, err error) {
	done := l.socket.Within(ctx, s.options.Handshake)
	var size channel.Size
	if size, err = s.receiveHello(l); err == nil {
		err = s.reserve(l)
	}
	if err != nil {
		l.refuse(err)
		return nil, nil, errors.Join(err, done())
	}
	table := s.table()
	region, err := s.grant(l, size, table)
	if err = errors.Join(err, done()); err != nil {
		if region != nil {
			region.Close()
		}
		s.unreserve(l) // from here on another client may have as much memory
		return nil, nil, err
	}
	b := &binding{peer: l.peer(), procedures: table}
	b.pool = l.machine.Processors(processor.Config{
		Port: channel.NewPort(region.Own, region.Peer, size), Kernel: l.machine.Kernel(), Handler: b.handle, Exited: replyExited,
		Workers: s.options.Workers, Poll: pollFor(s.options.Poll),
	})
	return b, region, nil
}

// refuse tells the client why there will be no binding, at best: whoever sent
// garbage need not listen.
func (l *link) refuse(err error) { l.socket.Write(step.SendRefusal, appendRefusal(nil, err)) }

// farewell is how long a server that stops tries to say so: for ever, if a client that
// does not read has filled its socket.
const farewell = 50 * time.Millisecond

// sayStopping tells the client that the server stops, at best: the client may be gone,
// or not read. To a client that was not told so the server has hung up.
func (l *link) sayStopping() {
	l.socket.HurryWrite(farewell)
	l.socket.Write(step.SendStopping, []byte{stopping})
}

// receiveHello reads what the client asks for and decides.
func (s *Server) receiveHello(l *link) (channel.Size, error) {
	if err := authorize(s.options.Authorize, sameUser, l.peer()); err != nil {
		// Its text alone: what it wraps could pass for another reason of ours.
		return channel.Size{}, fmt.Errorf("%w: %s", ErrUnauthorized, says(err))
	}
	f, body, files, err := l.receiveFrame(step.ReceiveHello)
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
	if err := l.socket.Watch(); err != nil {
		l.refuse(err)
		return nil, err
	}
	region, memory, err := shm.CreateRegion(l.machine, channel.Replies, channel.Calls, shm.RoundUp(size.Bytes()), size.Format)
	if err != nil {
		l.refuse(err)
		return nil, err
	}
	defer memory.Close()
	message := appendAnswer(nil, size, table)
	// The descriptors come with the header; a long table may take more than one write.
	n, err := l.socket.Write(step.SendAnswer, message[:headerBytes], memory.Peer, memory.Own)
	if err == nil {
		_, err = l.socket.Write(step.SendAnswer, message[n:])
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
	s.enter(l, b)
	l.watch(func(d departure) {
		if d == closed {
			return
		}
		s.died.Add(1)
		cancel(&PeerDiedError{Peer: b.peer, Cause: d.String()})
	})
	stop := l.machine.AfterFunc(handlers, b.pool.Stop)
	err := b.pool.Run()
	stop()
	cancel(nil) // what handlers have started ends with the binding
	if err == nil && ctx.Err() != nil {
		l.sayStopping()
	}
	l.close()
	l.wait()
	// Every worker has left: nobody touches the memory any more.
	region.Close()
	l.machine.Wait(step.AwaitUnmap, region.Gone(), 0)
	s.leave(l, b) // from here on the counters say that nothing is left
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return region.Err()
}
