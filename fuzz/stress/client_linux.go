package stress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"urpc/fuzz/child"
	"urpc/runtime"
)

// client is a client's process.
type client struct {
	setup
	ledger  ledger
	clock   clock
	client  *urpc.Client
	stopped atomic.Bool

	mu      sync.Mutex
	untyped []string
}

// Words of the parent to a client.
const (
	wordGo   = "go"
	wordStop = "stop"
)

// call is the role of a client: it makes its calls and reports.
func call(p *child.Parent) error {
	c := &client{}
	if err := p.Setup(&c.setup); err != nil {
		return err
	}
	m, err := openMemory()
	if err != nil {
		return err
	}
	c.ledger = ledger{m}
	if c.clock, err = newClock(); err != nil {
		return err
	}
	c.client, err = urpc.Bind(context.Background(), c.Path, urpc.Options{
		MessageSize: c.messageSize(), Slots: c.Slots, Donate: c.Donation, Start: c.Start,
		Procedures: []urpc.Procedure{operate, bulk},
	})
	if err != nil {
		return err
	}
	if err := p.Send("ready"); err != nil {
		return err
	}
	var word string
	if err := p.Receive(&word); err != nil || word != wordGo {
		return errors.Join(err, c.client.Close())
	}
	go c.listen(p)
	c.run()
	return c.report(p)
}

// listen waits for the parent to say that it is enough.
func (c *client) listen(p *child.Parent) {
	var word string
	if p.Receive(&word) == nil {
		c.stopped.Store(true)
	}
}

func (c *client) run() {
	var threads sync.WaitGroup
	for thread := range c.Threads {
		threads.Go(func() { c.thread(thread) })
	}
	threads.Wait()
}

// afterDeath is how many calls a thread makes once its server is dead: each must
// end with the error, too.
const afterDeath = 3

// thread makes every Threads-th call.
func (c *client) thread(thread int) {
	var buffer []byte
	dead := 0
	for n := thread; n < c.Calls && dead < afterDeath && !c.stopped.Load(); n += c.Threads {
		if n >= c.Gate {
			c.await()
		}
		p := plan(&c.setup, c.Client, n)
		if p.bulk {
			buffer = append(buffer[:0], make([]byte, p.size)...)
			fill(buffer, c.Client, n)
		}
		c.ledger.begin(n, thread, &p, c.clock.earliest())
		output, err := c.one(n, &p, buffer)
		e := endingOf(err)
		c.ledger.end(n, e, output, c.latest(n))
		if c.Fault == giveUp && thread == 1 {
			return
		}
		switch e {
		case PeerDied, Closed, Corrupt:
			dead++
		case Untyped:
			c.note(err)
		}
	}
}

// await waits for the gate: the last calls are made only when whoever shall be
// killed is dead, however slow the parent is.
func (c *client) await() {
	for !c.ledger.isOpen() && !c.stopped.Load() {
		time.Sleep(time.Millisecond)
	}
}

// latest is a moment not before now.
func (c *client) latest(n int) int64 {
	if c.Fault == endLate && c.Fault.every(uint64(n)) {
		return c.clock.latest() + int64(c.Deadline+2*grace)
	}
	return c.clock.latest()
}

// one makes one call and checks its reply.
func (c *client) one(n int, p *planned, payload []byte) (int64, error) {
	ctx := context.Background()
	if c.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Deadline)
		defer cancel()
	}
	if c.Fault == untypedError && c.Fault.every(uint64(n)) {
		return 0, errors.New("an error from nowhere")
	}
	if p.bulk {
		return c.bulk(ctx, n, p, payload)
	}
	r := request{
		Client: uint32(c.Client), Key: uint32(p.key), Sequence: uint64(n),
		Operation: uint64(p.operation), Input: p.input,
	}
	r.Sum = r.sum()
	answer, err := operate.Call(ctx, c.client, r)
	if err != nil {
		return 0, err
	}
	if answer.Sum != answer.sum() || answer.Client != r.Client || answer.Key != r.Key || answer.Sequence != r.Sequence {
		return 0, errSum
	}
	return answer.Output, nil
}

func (c *client) bulk(ctx context.Context, n int, p *planned, payload []byte) (int64, error) {
	b := appendBulk(nil, uint32(c.Client), uint32(p.key), uint64(n), uint64(p.operation), p.input, payload)
	answer, err := bulk.Call(ctx, c.client, b)
	if err != nil {
		return 0, err
	}
	r, back, err := parseBulk(answer)
	if err != nil || int(r.Client) != c.Client || int(r.Key) != p.key || r.Sequence != uint64(n) ||
		!bytes.Equal(back, echoed(payload)) {
		return 0, errSum
	}
	return r.Input, nil
}

// endingOf classes an error of a call.
func endingOf(err error) Ending {
	var remote *urpc.RemoteError
	switch {
	case err == nil:
		return Completed
	case errors.Is(err, urpc.ErrPeerDied):
		return PeerDied
	case errors.Is(err, urpc.ErrDeadlineExceeded):
		return DeadlineExceeded
	case errors.Is(err, urpc.ErrCancelled):
		return Cancelled
	case errors.Is(err, urpc.ErrCorrupt), errors.Is(err, errSum):
		return Corrupt
	case errors.Is(err, urpc.ErrRefused):
		return Refused
	case errors.Is(err, urpc.ErrOverloaded):
		return Overloaded
	case errors.Is(err, urpc.ErrClosed):
		return Closed
	case errors.As(err, &remote):
		return Remote
	default:
		return Untyped
	}
}

// note keeps the first untyped errors.
func (c *client) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.untyped) < 5 {
		c.untyped = append(c.untyped, fmt.Sprintf("%T: %v", err, err))
	}
}

// report closes the binding and tells what the client counted and what is left.
func (c *client) report(p *child.Parent) error {
	n := c.client.Counters()
	if c.Fault != leaveMapping {
		if err := c.client.Close(); err != nil {
			return fmt.Errorf("close the binding: %w", err)
		}
	}
	left, err := leftHere()
	if err != nil {
		return err
	}
	return p.Send(report{Left: left, Untyped: c.untyped, Counters: Counters{
		Parks: n.Parks, Wakes: n.Wakes, Donations: n.Donations, Blocks: n.Blocks,
		Overloads: n.Overloads, Dropped: n.Dropped,
	}})
}
