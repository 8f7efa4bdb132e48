package processor

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
)

// bench is a pool and the client's port beside it, within one process.
type bench struct {
	client *channel.Port
	kernel kernel.Kernel
	pool   *Pool
	ended  chan error
}

func newBench(t *testing.T, slots uint32, workers int, h Handler) *bench {
	t.Helper()
	k, err := kernel.Real()
	if err != nil {
		t.Fatal(err)
	}
	size := channel.Size{Slots: slots, Payload: 64}
	calls, replies := shm.Heap(channel.Calls, size.Bytes()), shm.Heap(channel.Replies, size.Bytes())
	size.Format(calls)
	size.Format(replies)
	b := &bench{
		client: channel.NewPort(calls, &replies.View, size), kernel: k, ended: make(chan error, 1),
		pool: New(Config{Port: channel.NewPort(replies, &calls.View, size), Kernel: k, Handler: h, Workers: workers, Poll: 20 * time.Microsecond}),
	}
	go func() { b.ended <- b.pool.Run() }()
	return b
}

func (b *bench) send(t *testing.T, id uint64, donate channel.Donation) {
	t.Helper()
	if r := b.client.Send(&channel.Message{ID: id}, nil); r != channel.Done {
		t.Fatalf("send: %d", r)
	}
	b.client.Wake(b.kernel, donate)
}

// receive polls until a reply is there.
func (b *bench) receive() uint64 {
	var m channel.Message
	for {
		if _, r := b.client.Receive(&m, make([]byte, 64)); r == channel.Done {
			return m.ID
		}
		b.kernel.Pause()
	}
}

// parked waits until the pool has parked its processor.
func (b *bench) parked() {
	for b.client.Parked() == 0 {
		time.Sleep(50 * time.Microsecond)
	}
}

func empty(_ uint32, _, reply []byte) (uint32, []byte) { return 0, reply }

func TestDonatedProcessorGoesBack(t *testing.T) {
	b := newBench(t, 4, 2, empty)
	for n := range uint64(3) {
		b.parked()
		b.send(t, n, channel.Donate)
		if id := b.receive(); id != n {
			t.Fatalf("reply to %d, want %d", id, n)
		}
	}
	b.parked()
	b.pool.Stop()
	if err := <-b.ended; err != nil {
		t.Fatal(err)
	}
	if c := b.pool.Counters(); c.Returns != 3 {
		t.Errorf("three donations: %d went back", c.Returns)
	}
}

func TestHandlerThatEndsItsGoroutineIsReplaced(t *testing.T) {
	for _, workers := range []int{1, 2} {
		exit := true
		b := newBench(t, 4, workers, func(_ uint32, _, reply []byte) (uint32, []byte) {
			if exit {
				exit = false
				runtime.Goexit()
			}
			return 0, reply
		})
		for n := range uint64(3) {
			b.send(t, n, channel.Keep)
			if id := b.receive(); id != n {
				t.Fatalf("reply to %d, want %d", id, n)
			}
		}
		b.pool.Stop()
		if err := <-b.ended; err != nil {
			t.Fatal(err)
		}
	}
}

func TestStopWaitsForHandlers(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	b := newBench(t, 4, 2, func(_ uint32, _, reply []byte) (uint32, []byte) {
		close(entered)
		<-release
		return 0, reply
	})
	b.send(t, 1, channel.Keep)
	<-entered
	b.pool.Stop()
	select {
	case err := <-b.ended:
		t.Fatalf("the pool ended during a handler: %v", err)
	case <-time.After(2 * time.Millisecond):
	}
	close(release)
	if err := <-b.ended; err != nil {
		t.Fatal(err)
	}
	if id := b.receive(); id != 1 {
		t.Errorf("reply to %d", id)
	}
}

func TestClientThatTakesNoReplyBreaksItsBindingOnly(t *testing.T) {
	b := newBench(t, 2, 1, empty)
	for n := range uint64(3) { // one more than the queue of replies holds
		for b.client.Send(&channel.Message{ID: n}, nil) == channel.Full {
			b.kernel.Pause()
		}
		b.client.Wake(b.kernel, channel.Keep)
	}
	if err := <-b.ended; !errors.Is(err, ErrCorrupt) {
		t.Fatalf("a client that lets its replies pile up: %v, want ErrCorrupt", err)
	}
}

// So does one whose calls end their handlers' goroutines: that the reply could not
// be sent is seen by what replaces the worker.
func TestReplyOfAnEndedHandlerBreaksItsBinding(t *testing.T) {
	for _, workers := range []int{1, 2} {
		b := newBench(t, 2, workers, func(uint32, []byte, []byte) (uint32, []byte) {
			runtime.Goexit()
			panic("it goes on")
		})
		for n := range uint64(3) { // one more than the queue of replies holds
			for b.client.Send(&channel.Message{ID: n}, nil) == channel.Full {
				b.kernel.Pause()
			}
			b.client.Wake(b.kernel, channel.Keep)
		}
		if err := <-b.ended; !errors.Is(err, ErrCorrupt) {
			t.Fatalf("with %d workers: %v, want ErrCorrupt", workers, err)
		}
	}
}

func TestCorruptCallEndsThePool(t *testing.T) {
	k, err := kernel.Real()
	if err != nil {
		t.Fatal(err)
	}
	size := channel.Size{Slots: 2, Payload: 8}
	calls, replies := shm.Heap(channel.Calls, size.Bytes()), shm.Heap(channel.Replies, size.Bytes())
	size.Format(replies) // and calls are left as zeros: no sequence word of ours
	pool := New(Config{Port: channel.NewPort(replies, &calls.View, size), Kernel: k, Handler: empty, Workers: 2})
	if err := pool.Run(); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("a slot whose sequence nobody wrote: %v, want ErrCorrupt", err)
	}
}
