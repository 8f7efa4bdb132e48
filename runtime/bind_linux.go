package urpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
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
	o, err := o.withDefaults()
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: %w: %w", ErrHandshake, ErrRefused, err)
	}
	c, err := bind(ctx, conn, o)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return c, nil
}

func bind(ctx context.Context, conn *net.UnixConn, o Options) (*Client, error) {
	k, err := kernel.Real()
	if err != nil {
		return nil, err
	}
	l, err := newLink(conn)
	if err != nil {
		return nil, err
	}
	done := l.within(ctx, o.Handshake)
	c, err := shakeHands(l, k, o)
	if err := errors.Join(err, done()); err != nil {
		if c != nil {
			c.region.Close()
		}
		if l.pidfd != nil {
			l.pidfd.Close()
		}
		return nil, err
	}
	c.over(l)
	return c, nil
}

// shakeHands is the client's side of the handshake.
func shakeHands(l *link, k kernel.Kernel, o Options) (*Client, error) {
	if err := authorize(o.Authorize, trusted, l.peer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnauthorized, err)
	}
	ask := hello{slots: uint32(o.Slots), size: uint32(o.MessageSize), start: o.Start}
	if _, err := l.conn.Write(ask.append(nil)); err != nil {
		// A server that refuses at once may have answered and hung up by now.
		if _, _, _, refused := l.receiveAnswer(); errors.As(refused, new(*refusal)) {
			return nil, refused
		}
		return nil, fmt.Errorf("send hello: %w", err)
	}
	a, calls, replies, err := l.receiveAnswer()
	if err != nil {
		return nil, err
	}
	defer closeAll([]*os.File{calls, replies})
	if a.size.Start != ask.start || ask.slots != 0 && a.size.Slots != ask.slots ||
		ask.size != 0 && a.size.Payload != max(ask.size, leastMessage) {
		return nil, fmt.Errorf("%w: the server granted another size than was asked for", errGarbage)
	}
	bytes := shm.RoundUp(a.size.Bytes())
	// Mapping puts every page in place: a server must not make that take for ever.
	if both := 2 * int64(bytes); both > int64(o.Memory) {
		return nil, fmt.Errorf("the server granted a binding of %d bytes of memory: Options.Memory allows %d", both, o.Memory)
	}
	if err := l.watchProcess(); err != nil {
		return nil, err
	}
	region, err := shm.OpenRegion(channel.Calls, channel.Replies, int(calls.Fd()), int(replies.Fd()), bytes)
	if err != nil {
		return nil, err
	}
	c := newClient(l.peer, region, k, a, o)
	for _, p := range o.Procedures {
		if _, err := c.lookUp(p.declared()); err != nil {
			region.Close()
			return nil, err
		}
	}
	return c, nil
}

// receiveAnswer reads the server's answer: exactly two descriptors come with it.
func (l *link) receiveAnswer() (a answer, calls, replies *os.File, err error) {
	f, body, files, err := l.receiveFrame()
	if err != nil {
		return a, nil, nil, fmt.Errorf("receive the server's answer: %w", err)
	}
	switch {
	case f.kind == kindRefusal:
		err = parseRefusal(body)
	case f.kind != kindAnswer:
		err = fmt.Errorf("%w: kind %d for an answer", errGarbage, f.kind)
	case len(files) != 2:
		err = fmt.Errorf("%w: an answer with %d descriptors", errGarbage, len(files))
	default:
		a, err = parseAnswer(body)
	}
	if err != nil {
		closeAll(files)
		return a, nil, nil, err
	}
	return a, files[0], files[1], nil
}

func newClient(peer Peer, region *shm.Region, k kernel.Kernel, a answer, o Options) *Client {
	donate := channel.Keep
	if o.Donate == DonateWhenParked || o.Donate == DonateWhenAlone && kernel.Processors() < 2 {
		donate = channel.Donate
	}
	c := &Client{
		peer: peer, limit: int(a.size.Payload), slots: int(a.size.Slots), region: region,
		offers: a.offers,
		caller: call.New(call.Config{
			Port: channel.NewPort(region.Own, region.Peer, a.size), Kernel: k, Poll: pollFor(o.Poll), Donate: donate,
			Overload: call.Overload(o.Overload == RefuseCall),
		}),
	}
	c.numbers.Store(new([]uint32))
	return c
}

// linger is how long the callers of a server that has stopped in order may take
// to find the replies that it has sent before.
const linger = 50 * time.Millisecond

// over ends the binding when the server is gone, over the link to it.
func (c *Client) over(l *link) {
	c.unlink, c.watch = l.close, &l.watching
	l.watch(func(d departure) {
		switch d {
		case closed: // by Close, which says why
		case broken:
			c.end(ErrCorrupt)
		case stopped:
			c.stop(&PeerDiedError{Peer: c.peer, Cause: d.String()})
		default:
			c.end(&PeerDiedError{Peer: c.peer, Cause: d.String()})
		}
	})
}

// stop ends the binding to a server that has stopped in order: new calls are not
// sent any more, pending ones find their reply, if there is one, or end with err.
func (c *Client) stop(err error) {
	c.cause.CompareAndSwap(nil, &errStopped)
	c.region.Close()
	t := time.NewTimer(linger)
	defer t.Stop()
	select {
	case <-c.region.Gone():
	case <-t.C:
	}
	c.end(err)
}

// errStopped is what a call finds that comes after the server has stopped.
var errStopped = fmt.Errorf("%w: the server has stopped", ErrClosed)

// pollFor is the time to poll that an option stands for.
func pollFor(d time.Duration) time.Duration {
	if d == 0 {
		return kernel.PollFor()
	}
	return d
}

// authorize asks a function of the options, or the rule that stands for none. Its
// panic is a refusal: one peer's binding is not worth the others'.
func authorize(given, otherwise func(Peer) error, p Peer) (err error) {
	if given == nil {
		given = otherwise
	}
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %s", says(value))
		}
	}()
	return given(p)
}

// sameUser admits processes of the own effective user.
func sameUser(p Peer) error {
	if own := os.Geteuid(); p.UID != own {
		return fmt.Errorf("process %d is of user %d, not of %d", p.PID, p.UID, own)
	}
	return nil
}

// trusted admits servers of the own effective user and of root.
func trusted(p Peer) error {
	if p.UID == 0 {
		return nil
	}
	return sameUser(p)
}
