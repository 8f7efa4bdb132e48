package urpc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/machine"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// BindOver is BindConn on a machine, and over a socket, of the caller's making:
// for what runs the runtime under control. It promises nothing to users.
func BindOver(ctx context.Context, m machine.Machine, s machine.Socket, o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%w: %w: %w", ErrHandshake, ErrRefused, err)
	}
	c, err := bind(ctx, newLink(m, s), o)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return c, nil
}

func bind(ctx context.Context, l *link, o Options) (*Client, error) {
	done := l.socket.Within(ctx, o.Handshake)
	c, err := shakeHands(l, o)
	if err := errors.Join(err, done()); err != nil {
		if c != nil {
			c.region.Close()
		}
		return nil, err
	}
	c.over()
	return c, nil
}

// shakeHands is the client's side of the handshake.
func shakeHands(l *link, o Options) (*Client, error) {
	if err := authorize(o.Authorize, trusted, l.peer()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnauthorized, err)
	}
	ask := hello{slots: uint32(o.Slots), size: uint32(o.MessageSize), start: o.Start}
	if _, err := l.socket.Write(step.SendHello, ask.append(nil)); err != nil {
		// A server that refuses at once may have answered and hung up by now.
		_, calls, replies, refused := l.receiveAnswer()
		if errors.As(refused, new(*refusal)) {
			return nil, refused
		}
		if refused == nil {
			closeAll([]shm.Descriptor{calls, replies}) // it answered before it could know what to
		}
		return nil, fmt.Errorf("send hello: %w", err)
	}
	a, calls, replies, err := l.receiveAnswer()
	if err != nil {
		return nil, err
	}
	defer closeAll([]shm.Descriptor{calls, replies})
	if a.size.Start != ask.start || ask.slots != 0 && a.size.Slots != ask.slots ||
		ask.size != 0 && a.size.Payload != max(ask.size, leastMessage) {
		return nil, fmt.Errorf("%w: the server granted another size than was asked for", errGarbage)
	}
	bytes := shm.RoundUp(a.size.Bytes())
	// Mapping puts every page in place: a server must not make that take for ever.
	if both := 2 * int64(bytes); both > int64(o.Memory) {
		return nil, fmt.Errorf("the server granted a binding of %d bytes of memory: Options.Memory allows %d", both, o.Memory)
	}
	if err := l.socket.Watch(); err != nil {
		return nil, err
	}
	region, err := shm.OpenRegion(l.machine, channel.Calls, channel.Replies, calls, replies, bytes)
	if err != nil {
		return nil, err
	}
	c := newClient(l, region, a, o)
	for _, p := range o.Procedures {
		if _, err := c.lookUp(p.declared()); err != nil {
			region.Close()
			return nil, err
		}
	}
	return c, nil
}

// receiveAnswer reads the server's answer: exactly two descriptors come with it.
func (l *link) receiveAnswer() (a answer, calls, replies shm.Descriptor, err error) {
	f, body, files, err := l.receiveFrame(step.ReceiveAnswer)
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

func newClient(l *link, region *shm.Region, a answer, o Options) *Client {
	donate := channel.Keep
	if o.Donate == DonateWhenParked || o.Donate == DonateWhenAlone && kernel.Processors() < 2 {
		donate = channel.Donate
	}
	threads, hook := l.machine.Callers(int(a.size.Slots))
	c := &Client{
		peer: l.peer(), limit: int(a.size.Payload), slots: int(a.size.Slots), region: region, link: l,
		offers: a.offers, done: make(chan struct{}),
		caller: call.New(call.Config{
			Port: channel.NewPort(region.Own, region.Peer, a.size), Kernel: l.machine.Kernel(), Poll: pollFor(o.Poll), Donate: donate,
			Overload: call.Overload(o.Overload == RefuseCall), Threads: threads, Hook: hook,
		}),
	}
	c.numbers.Store(new([]uint32))
	return c
}

// linger is how long the callers of a server that has stopped in order may take
// to find the replies that it has sent before.
const linger = 50 * time.Millisecond

// over ends the binding when the server is gone.
func (c *Client) over() {
	c.link.watch(func(d departure) {
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

// stop ends the binding to a server that has stopped in order: new calls, and those that
// wait for a slot, are not sent any more; pending ones find their reply, if there is one,
// or end with err. A call that was let in before (Hold), and finds a slot at once, may come
// to be sent after this: it finds no reply.
func (c *Client) stop(err error) {
	c.cause.CompareAndSwap(nil, &errStopped)
	c.caller.StopSending(c.cause.Load()) // what has come first counts: it may be a close
	c.region.Close()
	c.link.machine.Wait(step.Linger, c.region.Gone(), linger)
	c.end(err)
}

// errStopped is what a call finds that comes after the server has stopped, or waits for a
// slot then.
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
