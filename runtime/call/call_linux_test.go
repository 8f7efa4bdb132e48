package call_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// pair is a client and a server over segments on the heap, within one process.
func pair(t testing.TB, size channel.Size, workers int, poll time.Duration, donate channel.Donation, h processor.Handler) (*call.Caller, *processor.Pool) {
	t.Helper()
	k, err := kernel.Real()
	if err != nil {
		t.Fatal(err)
	}
	calls, replies := shm.Heap(channel.Calls, size.Bytes()), shm.Heap(channel.Replies, size.Bytes())
	size.Format(calls)
	size.Format(replies)
	pool := processor.New(processor.Config{
		Port: channel.NewPort(replies, &calls.View, size), Kernel: k, Handler: h, Workers: workers, Poll: poll,
	})
	ended := make(chan error, 1)
	go func() { ended <- pool.Run() }()
	t.Cleanup(func() {
		pool.Stop()
		if err := <-ended; err != nil {
			t.Error("server:", err)
		}
	})
	return call.New(call.Config{
		Port: channel.NewPort(calls, &replies.View, size), Kernel: k, Poll: poll, Donate: donate,
	}), pool
}

// double replies with twice the number that it is given.
func double(_ uint32, request, reply []byte) (uint32, []byte) {
	return 0, binary.LittleEndian.AppendUint64(reply, 2*binary.LittleEndian.Uint64(request))
}

func callDouble(ctx context.Context, c *call.Caller, x uint64) error {
	var request [8]byte
	binary.LittleEndian.PutUint64(request[:], x)
	return c.Do(ctx, 7, request[:], func(_ uint32, payload []byte) error {
		if got := binary.LittleEndian.Uint64(payload); got != 2*x {
			return fmt.Errorf("twice %d is %d", x, got)
		}
		return nil
	})
}

func TestEveryCallerGetsItsOwnReply(t *testing.T) {
	for _, poll := range []time.Duration{-1, 50 * time.Microsecond} {
		for _, donate := range []channel.Donation{channel.Keep, channel.Donate} {
			for _, start := range []uint32{0, 1<<16 - 5, 1<<31 - 5, 1<<32 - 5} {
				for _, threads := range []int{1, 3, 20} {
					name := fmt.Sprintf("poll=%v,donate=%v,start=%d,threads=%d", poll, donate, start, threads)
					t.Run(name, func(t *testing.T) {
						size := channel.Size{Slots: 8, Payload: 64, Start: start}
						c, _ := pair(t, size, 3, poll, donate, double)
						var wg sync.WaitGroup
						for thread := range threads {
							wg.Go(func() {
								for n := range 200 {
									if err := callDouble(t.Context(), c, uint64(thread*1000+n)); err != nil {
										t.Error(err)
										return
									}
								}
							})
						}
						wg.Wait()
						if got, want := c.Counters().Calls, uint64(threads*200); got != want {
							t.Errorf("%d calls counted, want %d", got, want)
						}
					})
				}
			}
		}
	}
}

func TestLateReplyReachesNoOtherCall(t *testing.T) {
	release := make(chan struct{})
	slow := func(p uint32, request, reply []byte) (uint32, []byte) {
		if p == 1 {
			<-release
		}
		return double(p, request, reply)
	}
	c, _ := pair(t, channel.Size{Slots: 2, Payload: 64}, 4, 20*time.Microsecond, channel.Keep, slow)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	err := c.Do(ctx, 1, make([]byte, 8), func(uint32, []byte) error { t.Error("a reply after the deadline"); return nil })
	if !errors.Is(err, call.ErrDeadline) {
		t.Fatalf("a call that outlives its deadline: %v", err)
	}
	for n := range uint64(10) {
		if err := callDouble(t.Context(), c, n+100); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	for n := range uint64(10) {
		if err := callDouble(t.Context(), c, n+200); err != nil {
			t.Fatal(err)
		}
	}
	for c.Counters().Dropped == 0 {
		if err := callDouble(t.Context(), c, 1); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryRecordAbandonedComesBack(t *testing.T) {
	release := make(chan struct{})
	slow := func(p uint32, request, reply []byte) (uint32, []byte) {
		if p == 1 {
			<-release
		}
		return double(p, request, reply)
	}
	c, _ := pair(t, channel.Size{Slots: 2, Payload: 64}, 4, 20*time.Microsecond, channel.Keep, slow)
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Millisecond, cancel)
		err := c.Do(ctx, 1, make([]byte, 8), func(uint32, []byte) error { return nil })
		if !errors.Is(err, call.ErrCancelled) {
			t.Fatalf("a cancelled call: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := callDouble(ctx, c, 1); !errors.Is(err, call.ErrDeadline) {
		t.Fatalf("a call while all records are abandoned: %v", err)
	}
	close(release)
	if err := callDouble(t.Context(), c, 2); err != nil {
		t.Fatal(err)
	}
}

func TestBlockedHandlerDelaysNoOtherCall(t *testing.T) {
	release := make(chan struct{})
	entered := make(chan struct{})
	block := func(p uint32, request, reply []byte) (uint32, []byte) {
		if p == 1 {
			close(entered)
			<-release
		}
		return double(p, request, reply)
	}
	c, pool := pair(t, channel.Size{Slots: 8, Payload: 64}, 2, 20*time.Microsecond, channel.Keep, block)
	blocked := make(chan error)
	go func() { blocked <- c.Do(t.Context(), 1, make([]byte, 8), func(uint32, []byte) error { return nil }) }()
	<-entered
	for n := range uint64(50) {
		if err := callDouble(t.Context(), c, n); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	if err := <-blocked; err != nil {
		t.Fatal(err)
	}
	if pool.Counters().Replaced == 0 {
		t.Error("no worker took the place of the one that was blocked")
	}
}

func TestPoisonEndsEveryCall(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	block := func(_ uint32, _, reply []byte) (uint32, []byte) { <-release; return 0, reply }
	c, _ := pair(t, channel.Size{Slots: 8, Payload: 64}, 1, 20*time.Microsecond, channel.Keep, block)
	ends := make(chan error)
	for range 4 {
		go func() { ends <- c.Do(t.Context(), 1, nil, func(uint32, []byte) error { return nil }) }()
	}
	time.Sleep(2 * time.Millisecond)
	died := errors.New("the peer died")
	c.Poison(died)
	for range 4 {
		if err := <-ends; err != died {
			t.Errorf("a pending call of a poisoned caller: %v", err)
		}
	}
	if err := callDouble(t.Context(), c, 1); err != died {
		t.Errorf("a later call: %v", err)
	}
}

// flood publishes another reply, to a call that nobody made, whenever one has
// been received.
type flood struct {
	server *channel.Port
	sent   uint64
}

func (f *flood) Before(a shm.Access) {
	if a.Step == step.UnlockReceive {
		f.sent++
		f.server.Send(&channel.Message{ID: f.sent << 20}, nil)
	}
}

func (f *flood) Saw(uint32)                                    {}
func (f *flood) Copied([]byte)                                 {}
func (f *flood) Mark(step.Name, ...uint64)                     {}
func (f *flood) Beside(step.Name, shm.Kind, uint8, shm.Beside) {}
func (f *flood) More(shm.Access)                               {}
func (f *flood) Bypassed(shm.Access)                           {}
func (f *flood) Await(step.Name, uint8, shm.Offset, uint32)    {}

// alone is a client of so many calls at once whose server is the test: its port
// and its segment.
func alone(t *testing.T, calls int, o call.Overload, private shm.Hook) (c *call.Caller, server *channel.Port, own, replies *shm.Segment) {
	t.Helper()
	k, err := kernel.Real()
	if err != nil {
		t.Fatal(err)
	}
	size := channel.Size{Slots: 8, Payload: 64}
	own, replies = shm.Heap(channel.Calls, size.Bytes()), shm.Heap(channel.Replies, size.Bytes())
	size.Format(own)
	size.Format(replies)
	c = call.New(call.Config{
		Port: channel.NewPort(own, &replies.View, size), Kernel: k, Poll: 20 * time.Microsecond, Calls: calls, Overload: o, Hook: private,
	})
	return c, channel.NewPort(replies, &own.View, size), own, replies
}

// ends calls with a deadline, and gives why the call ended. It fails the test
// where that takes for ever, whatever the deadline.
func ends(t *testing.T, c *call.Caller, deadline time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Do(ctx, 1, nil, func(uint32, []byte) error { return nil }) }()
	select {
	case err := <-ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("the call does not end")
		return nil
	}
}

// TestServerThatFloodsRepliesKeepsNoCallPastItsDeadline: neither one that was
// sent, nor one that waits for the record of the first.
func TestServerThatFloodsRepliesKeepsNoCallPastItsDeadline(t *testing.T) {
	c, server, own, _ := alone(t, 1, call.Wait, nil)
	own.SetHook(&flood{server: server})
	for range 2 {
		if err := ends(t, c, 5*time.Millisecond); !errors.Is(err, call.ErrDeadline) {
			t.Fatalf("a call under a flood of replies: %v", err)
		}
	}
	if c.Counters().Dropped == 0 {
		t.Error("there was no flood")
	}
}

// TestCorruptChannelEndsACallThatWaitsForARecord, whatever its deadline.
func TestCorruptChannelEndsACallThatWaitsForARecord(t *testing.T) {
	c, _, _, replies := alone(t, 1, call.Wait, nil)
	if err := ends(t, c, 5*time.Millisecond); !errors.Is(err, call.ErrDeadline) {
		t.Fatalf("a call without a reply: %v", err)
	}
	const slots = 5 * shm.Line
	replies.Store(0, slots, 12345) // no sequence that is ever there
	if err := ends(t, c, time.Hour); !errors.Is(err, call.ErrCorrupt) {
		t.Fatalf("a call that waits: %v, want ErrCorrupt", err)
	}
	if err := c.Err(); !errors.Is(err, call.ErrCorrupt) {
		t.Errorf("later calls end with %v, want ErrCorrupt", err)
	}
}

// TestStopSendingEndsWhoWaits: a call that waits for a record is not sent any more, one
// that was sent gets its reply, and the record is free then.
func TestStopSendingEndsWhoWaits(t *testing.T) {
	c, server, _, _ := alone(t, 1, call.Wait, nil)
	k, err := kernel.Real()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	do := func() chan error {
		ended := make(chan error, 1)
		go func() { ended <- c.Do(ctx, 1, nil, func(uint32, []byte) error { return nil }) }()
		return ended
	}
	until := func(ok func() bool) {
		for !ok() {
			if ctx.Err() != nil {
				t.Fatal("it takes for ever")
			}
			time.Sleep(time.Millisecond)
		}
	}
	var m channel.Message
	sent := do()
	until(func() bool {
		_, r := server.Receive(&m, make([]byte, 64))
		return r == channel.Done
	})
	waits := do()
	until(func() bool { return c.Counters().Overloads > 0 })
	stopped := errors.New("stopped")
	c.StopSending(&stopped)
	if err := <-waits; err != stopped {
		t.Errorf("a call that waits ends with: %v", err)
	}
	if r := server.Send(&channel.Message{ID: m.ID}, nil); r != channel.Done {
		t.Fatalf("reply: %v", r)
	}
	server.Wake(k, channel.Keep)
	if err := <-sent; err != nil {
		t.Errorf("a call that was sent ends with: %v", err)
	}
	if n := c.Counters().Calls; n != 1 || len(c.Free()) != 1 {
		t.Errorf("%d calls were sent, want 1, and %d records are free, want 1", n, len(c.Free()))
	}
}

// TestRefuse: a call that was left has its record until its late reply has come.
func TestRefuse(t *testing.T) {
	c, server, _, _ := alone(t, 1, call.Refuse, nil)
	if err := ends(t, c, 5*time.Millisecond); !errors.Is(err, call.ErrDeadline) {
		t.Fatalf("a call without a reply: %v", err)
	}
	if err := ends(t, c, time.Hour); !errors.Is(err, call.ErrOverloaded) {
		t.Fatalf("a call while the only record is taken: %v, want ErrOverloaded", err)
	}
	var m channel.Message
	if _, r := server.Receive(&m, make([]byte, 64)); r != channel.Done {
		t.Fatalf("the first call: %v", r)
	}
	server.Send(&channel.Message{ID: m.ID}, nil)
	// The late reply is found by the call that needs its record.
	if err := ends(t, c, 5*time.Millisecond); !errors.Is(err, call.ErrDeadline) {
		t.Fatalf("a call after the late reply: %v, want it sent", err)
	}
}

// interval holds the leading thread, which is about to deliver a second reply to
// call 1, until the record of that call is used by the next one; and the thread
// of call 1 until then.
type interval struct {
	second, reopened chan struct{}
	looks, opens     atomic.Int32
}

func (h *interval) Before(a shm.Access) {
	const state1 = shm.Line + 64
	switch {
	case a.Step == step.RetractBlock:
		<-h.second
	case a.Offset != state1:
	case a.Step == step.LoadCall && h.looks.Add(1) == 2:
		close(h.second)
		<-h.reopened
	case a.Step == step.OpenCall:
		h.opens.Add(1)
	case a.Step == step.CheckReply && h.opens.CompareAndSwap(2, 3):
		close(h.reopened)
	}
}

func (h *interval) Saw(uint32)                                    {}
func (h *interval) Copied([]byte)                                 {}
func (h *interval) Mark(step.Name, ...uint64)                     {}
func (h *interval) Beside(step.Name, shm.Kind, uint8, shm.Beside) {}
func (h *interval) More(shm.Access)                               {}
func (h *interval) Bypassed(shm.Access)                           {}
func (h *interval) Await(step.Name, uint8, shm.Offset, uint32)    {}

// TestSecondReplyReachesNoOtherCall, also not when the record of the call that it
// names is used again while it is being delivered.
func TestSecondReplyReachesNoOtherCall(t *testing.T) {
	c, server, _, _ := alone(t, 2, call.Wait, &interval{second: make(chan struct{}), reopened: make(chan struct{})})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	do := func(want byte) error {
		return c.Do(ctx, 1, nil, func(_ uint32, payload []byte) error {
			if len(payload) != 1 || payload[0] != want {
				return fmt.Errorf("reply % x, want %x", payload, want)
			}
			return nil
		})
	}
	received := func() (id uint64) {
		var m channel.Message
		for buffer := make([]byte, 64); ; time.Sleep(time.Millisecond) {
			switch _, r := server.Receive(&m, buffer); {
			case r == channel.Done:
				return m.ID
			case ctx.Err() != nil:
				t.Fatal("no call comes")
			}
		}
	}
	k, err := kernel.Real()
	if err != nil {
		t.Fatal(err)
	}
	reply := func(id uint64, value byte) {
		if r := server.Send(&channel.Message{ID: id, Length: 1}, []byte{value}); r != channel.Done {
			t.Fatalf("reply: %v", r)
		}
		server.Wake(k, channel.Keep)
	}
	leader, other := make(chan error, 1), make(chan error, 1)
	go func() { leader <- do(9) }()
	first := received()
	for c.Private().Peek(0) == 0 { // until it leads
		time.Sleep(time.Millisecond)
	}
	go func() { other <- errors.Join(do(1), do(2)) }()
	twice := received()
	reply(twice, 1)
	reply(twice, 1)
	reply(received(), 2)
	reply(first, 9)
	for _, ended := range []chan error{leader, other} {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if n := c.Counters().Dropped; n != 1 {
		t.Errorf("%d replies dropped, want 1", n)
	}
}

// drops does something before a reply is dropped that may free its record.
type drops struct {
	interval
	do func()
}

func (h *drops) Before(a shm.Access) {
	if a.Step == step.DropReply {
		h.do()
	}
}

// TestSecondReplyFreesNoOtherCall: a reply that comes for the second time finds the call
// over. Before it is dropped the record is used again, and that call is left: it keeps
// its record until its own reply has come.
func TestSecondReplyFreesNoOtherCall(t *testing.T) {
	hook := new(drops)
	c, server, _, _ := alone(t, 2, call.Wait, hook)
	k, err := kernel.Real()
	if err != nil {
		t.Fatal(err)
	}
	received := func() (id uint64) {
		var m channel.Message
		for buffer := make([]byte, 64); ; time.Sleep(time.Millisecond) {
			switch _, r := server.Receive(&m, buffer); {
			case r == channel.Done:
				return m.ID
			case t.Context().Err() != nil:
				t.Fatal("no call comes")
			}
		}
	}
	reply := func(id uint64) {
		server.Send(&channel.Message{ID: id}, nil)
		server.Wake(k, channel.Keep)
	}
	leader, other := make(chan error, 1), make(chan error, 1)
	hook.do = sync.OnceFunc(func() {
		if err := <-other; err != nil {
			t.Errorf("the call that was replied to: %v", err)
		}
		if err := ends(t, c, 5*time.Millisecond); !errors.Is(err, call.ErrDeadline) {
			t.Errorf("a call without a reply: %v", err)
		}
	})
	go func() { leader <- ends(t, c, time.Minute) }()
	first := received()
	for c.Private().Peek(call.Lead) == 0 {
		time.Sleep(time.Millisecond)
	}
	go func() { other <- ends(t, c, time.Minute) }()
	twice := received()
	reply(twice)
	reply(twice)
	for c.Counters().Dropped == 0 {
		time.Sleep(time.Millisecond)
	}
	hook.do()
	left := received()
	reply(first)
	if err := <-leader; err != nil {
		t.Error(err)
	}
	if state, free := c.Private().Peek(call.State(1)), c.Free(); state != call.Abandoned || len(free) != 1 || left == twice {
		t.Errorf("the record of the call that was left is in state %d, want %d; free are %v", state, call.Abandoned, free)
	}
}

func BenchmarkNull(b *testing.B) {
	c, _ := pair(b, channel.Size{Slots: 64, Payload: 64}, 4, 50*time.Microsecond, channel.Keep, func(_ uint32, _, reply []byte) (uint32, []byte) { return 0, reply })
	take := func(uint32, []byte) error { return nil }
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Do(context.Background(), 1, nil, take); err != nil {
			b.Fatal(err)
		}
	}
}
