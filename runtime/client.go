package urpc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"urpc/runtime/call"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Client is one binding to a server. Any number of goroutines may call over it
// at once. It is made by Bind and lives until Close or until the server is gone.
type Client struct {
	peer   Peer
	limit  int // bytes that a message holds
	slots  int
	region *shm.Region
	caller *call.Caller

	offers  map[string]offer
	numbers atomic.Pointer[[]uint32] // by declaration.id: the server's number + 1; 0: not looked up yet
	mu      sync.Mutex               // held to change numbers

	link   *link
	ending atomic.Bool           // by the one who goes on to end it
	done   chan struct{}         // closed when that is done
	cause  atomic.Pointer[error] // why it ended
}

// begin prepares a call: it gives the server's number of the procedure and holds
// the memory until finish.
func (c *Client) begin(ctx context.Context, d *declaration) (number uint32, err error) {
	switch {
	case d == nil:
		return 0, fmt.Errorf("%w: call: a procedure that NewProc did not make", ErrRefused)
	case c == nil:
		return 0, fmt.Errorf("%s: %w: no client", d.name, ErrClosed)
	case ctx == nil:
		return 0, fmt.Errorf("%s: %w: no context", d.name, ErrRefused)
	}
	if number, err = c.number(d); err != nil {
		return 0, err
	}
	if d.request.size > c.limit {
		return 0, &SizeError{Procedure: d.name, Size: d.request.size, Limit: c.limit}
	}
	if !c.region.Hold() {
		return 0, fmt.Errorf("%s: %w", d.name, *c.cause.Load())
	}
	return number, nil
}

// finish is the other end of begin.
func (c *Client) finish() { c.region.Release() }

// number is the server's number of a procedure.
func (c *Client) number(d *declaration) (uint32, error) {
	if known := *c.numbers.Load(); int(d.id) < len(known) && known[d.id] != 0 {
		return known[d.id] - 1, nil
	}
	return c.lookUp(d)
}

// lookUp finds a procedure among those that the server offered, at its first call.
func (c *Client) lookUp(d *declaration) (uint32, error) {
	if d.err != nil {
		return 0, d.err
	}
	o, ok := c.offers[d.name]
	switch {
	case !ok:
		return 0, fmt.Errorf("%s: %w: the server has no such procedure", d.name, ErrRefused)
	case o.request != d.request.hash:
		return 0, fmt.Errorf("%s: %w: the server's type of request has another layout", d.name, ErrRefused)
	case o.reply != d.reply.hash:
		return 0, fmt.Errorf("%s: %w: the server's type of reply has another layout", d.name, ErrRefused)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// A copy: calls read the slice meanwhile.
	known := make([]uint32, max(len(*c.numbers.Load()), int(d.id)+1))
	copy(known, *c.numbers.Load())
	known[d.id] = o.number + 1
	c.numbers.Store(&known)
	return o.number, nil
}

// ended says how a call ended without a reply.
func (c *Client) ended(ctx context.Context, d *declaration, err error) error {
	switch {
	case err == call.ErrCancelled:
		if cause := context.Cause(ctx); cause != nil && cause != context.Canceled {
			return fmt.Errorf("%s: %w: %w", d.name, ErrCancelled, cause)
		}
		return fmt.Errorf("%s: %w", d.name, ErrCancelled)
	case err == call.ErrDeadline:
		return fmt.Errorf("%s: %w", d.name, ErrDeadlineExceeded)
	case err == call.ErrOverloaded:
		return fmt.Errorf("%s: %w: %d calls are pending", d.name, ErrOverloaded, c.slots)
	case err == call.ErrCorrupt:
		c.end(ErrCorrupt)
		return fmt.Errorf("%s: %w", d.name, ErrCorrupt)
	case errors.Is(err, ErrPeerDied), err == ErrClosed, err == errStopped:
		return fmt.Errorf("%s: %w", d.name, err)
	default:
		return err
	}
}

// end ends the binding: every pending and every later call ends with err. It
// waits for nothing; the first err counts.
func (c *Client) end(err error) {
	c.link.machine.Step(step.EndBinding)
	if !c.ending.CompareAndSwap(false, true) {
		return
	}
	c.cause.CompareAndSwap(nil, &err)
	c.caller.Poison(err)
	// Those who are in a call leave it now; the last one takes the memory along.
	c.region.Close()
	c.link.close() // which ends the watch over the peer
	close(c.done)
}

// Close ends the binding. Pending calls end with ErrClosed. Close returns when
// they have, and when nothing of the binding is left: no memory, no descriptor,
// no goroutine. It may be called more than once.
func (c *Client) Close() error {
	c.end(ErrClosed)
	// Another thread may have come first, and still be at it.
	c.link.machine.Wait(step.AwaitEnd, c.done, 0)
	c.link.wait()
	c.link.machine.Wait(step.AwaitUnmap, c.region.Gone(), 0)
	return c.region.Err()
}

// Peer is the server's process.
func (c *Client) Peer() Peer { return c.peer }

// MessageSize is the most bytes that a request or reply of this binding can have.
func (c *Client) MessageSize() int { return c.limit }

// Slots is how many calls of this binding can be pending at once.
func (c *Client) Slots() int { return c.slots }

// ClientCounters tell what a client has done so far. They are read without
// stopping it, one after the other.
type ClientCounters struct {
	Calls     uint64 // calls that were sent, or were about to be
	Parks     uint64 // times that a processor parked
	Wakes     uint64 // times that the kernel was asked to wake the server
	Donations uint64 // of these, with the own processor handed over
	Blocks    uint64 // times that a caller blocked while another waited for the replies of all
	Overloads uint64 // calls that found every slot in use
	Dropped   uint64 // late replies of calls that were cancelled or timed out
}

// Counters reads the counters.
func (c *Client) Counters() ClientCounters {
	n := c.caller.Counters()
	return ClientCounters{
		Calls: n.Calls, Parks: n.Parks, Wakes: n.Wakes, Donations: n.Donations,
		Blocks: n.Blocks, Overloads: n.Overloads, Dropped: n.Dropped,
	}
}
