package urpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestNullCall(t *testing.T) {
	_, path, _ := open(t, ServerOptions{})
	c := bindTo(t, path, Options{})
	for range 1000 {
		if _, err := procNull.Call(within(t), c, struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.Counters().Calls; n != 1000 {
		t.Errorf("%d calls counted, want 1000", n)
	}
}

func TestEveryForm(t *testing.T) {
	_, path, _ := open(t, ServerOptions{})
	c, ctx := bindTo(t, path, Options{}), within(t)
	if got, err := procMirror.Call(ctx, c, point{X: 1, Y: -2}); err != nil || got != (point{X: -2, Y: 1, On: true}) {
		t.Errorf("fixed: %v, %v", got, err)
	}
	if got, err := procUpper.Call(ctx, c, "größe"); err != nil || got != "GRÖSSE" && got != "GRÖßE" {
		t.Errorf("string: %q, %v", got, err)
	}
	now := time.Unix(1, 2).UTC()
	if got, err := procTime.Call(ctx, c, now); err != nil || !got.Equal(now.Add(time.Hour)) {
		t.Errorf("marshaler: %v, %v", got, err)
	}
	got, err := procRecord.Call(ctx, c, record{Name: "a", Tags: map[string][]int{"x": {1, 2}}})
	if err != nil || got.Name != "a!" || got.Tags["x"][1] != 2 || got.Inner.Name != "a" {
		t.Errorf("gob: %+v, %v", got, err)
	}
}

// TestEchoSizes: every size around the lines of memory, up to the largest.
func TestEchoSizes(t *testing.T) {
	for _, limit := range []int{96, 1000, 4096, MaxMessageSize} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			_, path, _ := open(t, ServerOptions{MessageSize: MaxMessageSize, Slots: 2, Workers: 2})
			c, ctx := bindTo(t, path, Options{MessageSize: limit}), within(t)
			if c.MessageSize() != limit {
				t.Fatalf("messages of %d bytes, asked for %d", c.MessageSize(), limit)
			}
			sent := make([]byte, limit)
			for i := range sent {
				sent[i] = byte(i*7 + i>>8)
			}
			for _, n := range []int{0, 1, 7, 8, 9, 95, 96, 97, 127, 128, 129, 999, limit - 1, limit} {
				if n > limit {
					continue
				}
				got, err := procEcho.Call(ctx, c, sent[:n])
				if err != nil || !bytes.Equal(got, sent[:n]) {
					t.Fatalf("%d bytes: %d came back, %v", n, len(got), err)
				}
			}
			_, err := procEcho.Call(ctx, c, make([]byte, limit+1))
			size, ok := errors.AsType[*SizeError](err)
			if !errors.Is(err, ErrRefused) || !ok || size.Size != limit+1 || size.Limit != limit {
				t.Errorf("too large: %v", err)
			}
			if _, err = procGrow.Call(ctx, c, uint32(limit+1)); !isRemote(err, "fits no message") {
				t.Errorf("reply too large: %v", err)
			}
		})
	}
}

// TestKeptBytes: what a handler and a caller were given stays as it was.
func TestKeptBytes(t *testing.T) {
	s := NewServer(ServerOptions{})
	// The race detector knows nothing of the order that a call makes, here within
	// one process.
	kept := make(chan []byte, 5)
	err := Handle(s, procEcho, func(_ context.Context, b []byte) ([]byte, error) {
		kept <- b
		return b, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := bindPair(t, s, Options{})
	var got [][]byte
	for i := range byte(5) {
		b, err := procEcho.Call(within(t), c, bytes.Repeat([]byte{i}, 50))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b)
	}
	for i := range byte(5) {
		if want, k := bytes.Repeat([]byte{i}, 50), <-kept; !bytes.Equal(k, want) || !bytes.Equal(got[i], want) {
			t.Errorf("call %d: handler has %v, caller %v", i, k, got[i])
		}
	}
}

func isRemote(err error, text string) bool {
	remote, ok := errors.AsType[*RemoteError](err)
	return ok && strings.Contains(remote.Text, text)
}

func TestHandlerErrorsReachTheCaller(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	c, ctx := bindTo(t, path, Options{}), within(t)
	_, err := procFail.Call(ctx, c, "no such thing")
	if remote, ok := errors.AsType[*RemoteError](err); !ok || remote.Text != "no such thing" || remote.Panicked || remote.Procedure != "fail" {
		t.Errorf("error: %v", err)
	}
	_, err = procPanic.Call(ctx, c, "out of order")
	if remote, ok := errors.AsType[*RemoteError](err); !ok || remote.Text != "out of order" || !remote.Panicked ||
		!strings.Contains(err.Error(), "panicked") {
		t.Errorf("panic: %v", err)
	}
	// A text longer than a message is cut.
	_, err = procFail.Call(ctx, c, strings.Repeat("x", c.MessageSize()))
	if !isRemote(err, "xxx") {
		t.Errorf("long error: %v", err)
	}
	if _, err := procNull.Call(ctx, c, struct{}{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if n := h.Counters(); n.Calls != 4 || n.Failed != 3 || n.Bindings != 1 {
		t.Errorf("counted %+v", n)
	}
}

// spiteful is an error all of whose methods panic, as those of a typed nil do.
type spiteful struct{ text string }

func (e *spiteful) Error() string { panic(e) }
func (e *spiteful) Unwrap() error { panic(e.text) }

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// TestErrorsThatPanic end their own call, not the server.
func TestErrorsThatPanic(t *testing.T) {
	var typedNil *nilError
	for what, handler := range map[string]func() error{
		"a typed nil":           func() error { return typedNil },
		"a method that panics":  func() error { return &spiteful{"spite"} },
		"a panic that panics":   func() error { panic(&spiteful{"spite"}) },
		"a panic of a nil":      func() error { panic(typedNil) },
		"a wrapped panic":       func() error { return errors.Join(&spiteful{"spite"}, typedNil) },
		"an end of a goroutine": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(what, func(t *testing.T) {
			s := NewServer(ServerOptions{})
			if err := errors.Join(
				Handle(s, procNull, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, handler() }),
				Handle(s, procNext, func(_ context.Context, n uint64) (uint64, error) { return n + 1, nil }),
			); err != nil {
				t.Fatal(err)
			}
			c, ctx := bindPair(t, s, Options{}), within(t)
			_, err := procNull.Call(ctx, c, struct{}{})
			if remote, ok := errors.AsType[*RemoteError](err); !ok || !remote.Panicked || remote.Text == "" {
				t.Errorf("%v, want a panic", err)
			}
			if got, err := procNext.Call(ctx, c, 1); err != nil || got != 2 {
				t.Errorf("afterwards: %d, %v", got, err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	_, path, _ := open(t, ServerOptions{})
	c, ctx := bindTo(t, path, Options{}), within(t)
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", what, err)
		}
	}
	_, err := NewProc[struct{}, struct{}]("nowhere").Call(ctx, c, struct{}{})
	refused("unknown procedure", err)
	_, err = NewProc[uint32, uint64]("next").Call(ctx, c, 1)
	refused("another type of request", err)
	_, err = NewProc[uint64, int64]("next").Call(ctx, c, 1)
	refused("another type of reply", err)
	_, err = NewProc[chan int, int]("next").Call(ctx, c, nil)
	refused("a channel for a request", err)
	_, err = Proc[int, int]{}.Call(ctx, c, 1)
	refused("the zero procedure", err)
	var none context.Context
	_, err = procNull.Call(none, c, struct{}{})
	refused("no context", err)
	if n := c.Counters().Calls; n != 0 {
		t.Errorf("%d calls were sent", n)
	}
}

// TestBindRequires: what must be there is looked for when the binding is made.
func TestBindRequires(t *testing.T) {
	_, path, _ := open(t, ServerOptions{})
	for what, p := range map[string]Procedure{
		"unknown":       NewProc[int, int]("nowhere"),
		"other types":   NewProc[int, int]("null"),
		"unfit types":   NewProc[func(), int]("null"),
		"name too long": NewProc[int, int](strings.Repeat("n", maxName+1)),
		"zero":          Proc[int, int]{},
		"nil":           nil,
	} {
		_, err := Bind(within(t), path, Options{Procedures: []Procedure{procNull, p}})
		if !errors.Is(err, ErrRefused) || !errors.Is(err, ErrHandshake) {
			t.Errorf("%s: %v", what, err)
		}
	}
	c := bindTo(t, path, Options{Procedures: []Procedure{procNull, procEcho}})
	if _, err := procNull.Call(within(t), c, struct{}{}); err != nil {
		t.Error(err)
	}
}

// TestServerChecksRequests: a client that does not check sends what it likes; the
// handler sees none of it.
func TestServerChecksRequests(t *testing.T) {
	s := NewServer(ServerOptions{})
	var seen atomic.Int32
	if err := Handle(s, procMirror, func(_ context.Context, p point) (point, error) {
		seen.Add(1)
		return p, nil
	}); err != nil {
		t.Fatal(err)
	}
	c := bindPair(t, s, Options{})
	good := point{X: 1}
	bad := bytes.Clone(bytesOf(&good))
	bad[8] = 2
	for what, request := range map[string][]byte{
		"a bool of 2": bad, "too short": bad[:11], "too long": append(bytes.Clone(bytesOf(&good)), 0), "empty": nil,
	} {
		err := rawCall(t, c, 0, request)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", what, err)
		}
	}
	for _, number := range []uint32{1, 1 << 31, 1<<32 - 1} {
		if err := rawCall(t, c, number, nil); !errors.Is(err, ErrRefused) {
			t.Errorf("procedure %d: %v, want ErrRefused", number, err)
		}
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("the handler saw %d of them", n)
	}
	if err := rawCall(t, c, 0, bytesOf(&good)); err != nil || seen.Load() != 1 {
		t.Errorf("a good one: %v, seen %d", err, seen.Load())
	}
}

// rawCall is a call without the client's stub.
func rawCall(t testing.TB, c *Client, number uint32, request []byte) error {
	t.Helper()
	return c.caller.Do(within(t), number, request, func(status uint32, payload []byte) error {
		if status == statusDone {
			return nil
		}
		return failure("raw", status, payload)
	})
}

// TestClientChecksReplies: a server whose replies are no values.
func TestClientChecksReplies(t *testing.T) {
	for what, reply := range map[string]func(to []byte) (uint32, []byte){
		"too short":      func(to []byte) (uint32, []byte) { return statusDone, append(to, 1) },
		"a bool of 2":    func(to []byte) (uint32, []byte) { return statusDone, append(to, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0) },
		"unknown status": func(to []byte) (uint32, []byte) { return 99, to },
	} {
		t.Run(what, func(t *testing.T) {
			s := NewServer(ServerOptions{})
			if err := s.add(procMirror.declaration, func(_ context.Context, _, to []byte) (uint32, []byte) { return reply(to) }); err != nil {
				t.Fatal(err)
			}
			got, err := procMirror.Call(within(t), bindPair(t, s, Options{}), point{})
			if !errors.Is(err, ErrCorrupt) || got != (point{}) {
				t.Errorf("%v, %v: want ErrCorrupt", got, err)
			}
		})
	}
}

type percent struct{ Value int64 }

func (p *percent) Validate() error {
	if p.Value < 0 || p.Value > 100 {
		return fmt.Errorf("%d is no percentage", p.Value)
	}
	return nil
}

func TestValidate(t *testing.T) {
	proc := NewProc[percent, percent]("percent")
	s := NewServer(ServerOptions{})
	if err := Handle(s, proc, func(_ context.Context, p percent) (percent, error) { return percent{p.Value * 2}, nil }); err != nil {
		t.Fatal(err)
	}
	c, ctx := bindPair(t, s, Options{}), within(t)
	if got, err := proc.Call(ctx, c, percent{50}); err != nil || got.Value != 100 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := proc.Call(ctx, c, percent{-1}); !errors.Is(err, ErrRefused) {
		t.Errorf("request out of range: %v", err)
	}
	if got, err := proc.Call(ctx, c, percent{51}); !errors.Is(err, ErrCorrupt) || got.Value != 0 {
		t.Errorf("reply out of range: %v, %v", got, err)
	}
}

type exiting struct{ Value int64 }

func (e *exiting) Validate() error { runtime.Goexit(); return nil }

// TestCallThatNeverReturns: a goroutine that ends within its call takes neither
// the slot nor the memory along.
func TestCallThatNeverReturns(t *testing.T) {
	proc := NewProc[int64, exiting]("exiting")
	s := NewServer(ServerOptions{Slots: 1})
	if err := errors.Join(
		Handle(s, proc, func(context.Context, int64) (exiting, error) { return exiting{}, nil }),
		Handle(s, procNext, func(_ context.Context, n uint64) (uint64, error) { return n + 1, nil }),
	); err != nil {
		t.Fatal(err)
	}
	c := bindPair(t, s, Options{})
	var ended sync.WaitGroup
	ended.Go(func() {
		proc.Call(within(t), c, 1)
		t.Error("the call returned")
	})
	ended.Wait()
	if got, err := procNext.Call(within(t), c, 1); err != nil || got != 2 {
		t.Errorf("the only slot: %d, %v", got, err)
	}
	closed := make(chan error)
	go func() { closed <- c.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-within(t).Done():
		t.Fatal("the memory is still held")
	}
}

// TestDeadline: the late reply of a call that was left reaches no later call.
func TestDeadline(t *testing.T) {
	h, path, _ := open(t, ServerOptions{Slots: 1})
	c := bindTo(t, path, Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	_, err := procBlock.Call(ctx, c, 1000)
	if !errors.Is(err, ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v, want the deadline", err)
	}
	h.release <- struct{}{} // now it replies
	for n := range uint64(100) {
		if got, err := procNext.Call(within(t), c, n); err != nil || got != n+1 {
			t.Fatalf("call %d: %d, %v", n, got, err)
		}
	}
	if dropped := c.Counters().Dropped; dropped != 1 {
		t.Errorf("%d late replies dropped, want 1", dropped)
	}
}

// TestFarDeadline: as good as none, however far.
func TestFarDeadline(t *testing.T) {
	_, path, _ := open(t, ServerOptions{})
	for _, poll := range []time.Duration{-1, math.MaxInt64} {
		c := bindTo(t, path, Options{Poll: poll})
		for _, at := range []time.Time{
			time.Now().Add(1<<62 - time.Hour), time.Now().Add(1 << 62), time.Now().Add(math.MaxInt64), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
		} {
			if got, err := procNext.Call(farther{within(t), at}, c, 7); err != nil || got != 8 {
				t.Errorf("until %v: %d, %v", at, got, err)
			}
		}
	}
}

// farther is a context that ends, if it comes to that, before its deadline.
type farther struct {
	context.Context
	at time.Time
}

func (f farther) Deadline() (time.Time, bool) { return f.at, true }

// TestPollForEver: neither side parks, and each is there when the other replies
// or calls.
func TestPollForEver(t *testing.T) {
	h, path, _ := open(t, ServerOptions{Poll: math.MaxInt64})
	c, ctx := bindTo(t, path, Options{Poll: math.MaxInt64, Donate: NeverDonate}), within(t)
	ended := make(chan error)
	go func() {
		_, err := procBlock.Call(ctx, c, 1)
		ended <- err
	}()
	<-h.blocked
	for range 10 { // while the first waits and polls
		if got, err := procNext.Call(ctx, c, 1); err != nil || got != 2 {
			t.Fatalf("%d, %v", got, err)
		}
		time.Sleep(time.Millisecond)
	}
	h.release <- struct{}{}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if client, server := c.Counters().Parks, h.Counters().Parks; client != 0 || server != 0 {
		t.Errorf("the client parked %d times, the server %d times: want never", client, server)
	}
}

func TestCancel(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	c := bindTo(t, path, Options{})
	reason := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(context.Background())
	ended := make(chan error)
	go func() {
		_, err := procBlock.Call(ctx, c, 1)
		ended <- err
	}()
	<-h.blocked
	cancel(reason)
	if err := <-ended; !errors.Is(err, ErrCancelled) || !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
		t.Errorf("%v, want it cancelled with its reason", err)
	}
	if _, err := procNext.Call(ctx, c, 1); !errors.Is(err, ErrCancelled) {
		t.Errorf("a call that begins cancelled: %v", err)
	}
	h.release <- struct{}{}
	if got, err := procNext.Call(within(t), c, 1); err != nil || got != 2 {
		t.Errorf("afterwards: %d, %v", got, err)
	}
}

func TestManyGoroutines(t *testing.T) {
	_, path, _ := open(t, ServerOptions{})
	for _, o := range []Options{{}, {Slots: 2}, {Poll: -1}, {Donate: DonateWhenParked}, {Donate: NeverDonate}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			c, ctx := bindTo(t, path, o), within(t)
			var callers sync.WaitGroup
			for g := range uint64(16) {
				callers.Go(func() {
					for n := g << 32; n < g<<32+200; n++ {
						if got, err := procNext.Call(ctx, c, n); err != nil || got != n+1 {
							t.Errorf("%d: %d, %v", n, got, err)
							return
						}
					}
				})
			}
			callers.Wait()
		})
	}
}

func TestSeveralClients(t *testing.T) {
	h, path, _ := open(t, ServerOptions{Poll: -1})
	var clients sync.WaitGroup
	for g := range uint64(8) {
		c := bindTo(t, path, Options{Poll: -1})
		clients.Go(func() {
			for n := g << 32; n < g<<32+100; n++ {
				if got, err := procNext.Call(within(t), c, n); err != nil || got != n+1 {
					t.Errorf("%d: %d, %v", n, got, err)
					return
				}
			}
		})
	}
	clients.Wait()
	if n := h.Counters(); n.Bindings != 8 || n.Bound != 8 || n.Calls != 800 {
		t.Errorf("counted %+v", n)
	}
}

// TestBlockedHandlersBlockNobody: others are served while handlers wait, up to
// the number of workers.
func TestBlockedHandlersBlockNobody(t *testing.T) {
	h, path, _ := open(t, ServerOptions{Workers: 4})
	c, ctx := bindTo(t, path, Options{}), within(t)
	var blocked sync.WaitGroup
	for n := range uint64(3) {
		blocked.Go(func() {
			if got, err := procBlock.Call(ctx, c, n); err != nil || got != n+1 {
				t.Errorf("blocked call %d: %d, %v", n, got, err)
			}
		})
	}
	for range 3 {
		<-h.blocked
	}
	for n := range uint64(50) {
		if got, err := procNext.Call(ctx, c, n); err != nil || got != n+1 {
			t.Fatalf("%d: %d, %v", n, got, err)
		}
	}
	for range 3 {
		h.release <- struct{}{}
	}
	blocked.Wait()
}

func TestOverloaded(t *testing.T) {
	h, path, _ := open(t, ServerOptions{Slots: 2})
	c, ctx := bindTo(t, path, Options{Overload: RefuseCall}), within(t)
	var blocked sync.WaitGroup
	for n := range uint64(2) {
		blocked.Go(func() {
			if _, err := procBlock.Call(ctx, c, n); err != nil {
				t.Error(err)
			}
		})
	}
	<-h.blocked
	<-h.blocked
	if _, err := procNull.Call(ctx, c, struct{}{}); !errors.Is(err, ErrOverloaded) {
		t.Errorf("%v, want ErrOverloaded", err)
	}
	h.release <- struct{}{}
	h.release <- struct{}{}
	blocked.Wait()
	if _, err := procNull.Call(ctx, c, struct{}{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestOverloadedByCallsThatWereLeft: their handlers run, and take their slots.
func TestOverloadedByCallsThatWereLeft(t *testing.T) {
	h, path, _ := open(t, ServerOptions{Slots: 1})
	c := bindTo(t, path, Options{Overload: RefuseCall})
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		_, err := procHold.Call(ctx, c, 1)
		left <- err
	}()
	<-h.blocked
	cancel()
	if err := <-left; !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	if _, err := procNull.Call(within(t), c, struct{}{}); !errors.Is(err, ErrOverloaded) {
		t.Errorf("%v, want ErrOverloaded", err)
	}
	h.release <- struct{}{}
	await(t, "the late reply", func() error {
		_, err := procNull.Call(within(t), c, struct{}{})
		return err
	})
	if n := c.Counters(); n.Overloads == 0 || n.Dropped != 1 {
		t.Errorf("counted %+v", n)
	}
}

// TestWaitForSlot: callers beyond the slots wait for their turn.
func TestWaitForSlot(t *testing.T) {
	h, path, _ := open(t, ServerOptions{Slots: 1})
	c := bindTo(t, path, Options{})
	first := make(chan error)
	go func() {
		_, err := procBlock.Call(within(t), c, 1)
		first <- err
	}()
	<-h.blocked
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := procNull.Call(ctx, c, struct{}{}); !errors.Is(err, ErrDeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
	h.release <- struct{}{}
	if err := <-first; err != nil {
		t.Error(err)
	}
	if _, err := procNull.Call(within(t), c, struct{}{}); err != nil {
		t.Error(err)
	}
}

func TestCloseWithPendingCalls(t *testing.T) {
	h, path, _ := open(t, ServerOptions{})
	c := bindTo(t, path, Options{})
	const pending = 5
	ended := make(chan error, pending)
	for n := range uint64(pending) {
		go func() {
			_, err := procHold.Call(context.Background(), c, n)
			ended <- err
		}()
	}
	for range pending {
		<-h.blocked
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for range pending {
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("%v, want ErrClosed", err)
		}
	}
	if _, err := procNull.Call(within(t), c, struct{}{}); !errors.Is(err, ErrClosed) {
		t.Errorf("a call afterwards: %v, want ErrClosed", err)
	}
	for range pending {
		h.release <- struct{}{} // nobody waits for their replies any more
	}
	if err := c.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
}

// TestStopDrains: the replies of handlers that run when the server stops are
// delivered.
func TestStopDrains(t *testing.T) {
	h, path, stop := open(t, ServerOptions{})
	c := bindTo(t, path, Options{})
	const pending = 5
	type end struct {
		n, got uint64
		err    error
	}
	ended := make(chan end, pending)
	for n := range uint64(pending) {
		go func() {
			got, err := procBlock.Call(context.Background(), c, n)
			ended <- end{n, got, err}
		}()
	}
	for range pending {
		<-h.blocked
	}
	if err := stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
	for range pending {
		if e := <-ended; e.err != nil || e.got != e.n+1 {
			t.Errorf("%+v, want its reply", e)
		}
	}
	<-c.region.Gone()
	if _, err := procNull.Call(within(t), c, struct{}{}); !errors.Is(err, ErrClosed) && !errors.Is(err, ErrPeerDied) {
		t.Errorf("a call afterwards: %v", err)
	}
	if n := h.Counters(); n.Bindings != 0 || n.Calls != pending {
		t.Errorf("counted %+v", n)
	}
	if _, err := Bind(within(t), path, Options{}); !errors.Is(err, ErrHandshake) {
		t.Errorf("bind afterwards: %v", err)
	}
}

// TestPositionsWrap: positions near the ends of what counters of 16, 31 and 32
// bits hold.
func TestPositionsWrap(t *testing.T) {
	_, path, _ := open(t, ServerOptions{Slots: 4})
	for _, near := range []uint32{1 << 16, 1 << 31, 0} {
		start := near - 50
		t.Run(fmt.Sprintf("%#x", start), func(t *testing.T) {
			c, ctx := bindTo(t, path, Options{Start: start}), within(t)
			var callers sync.WaitGroup
			for g := range uint64(3) {
				callers.Go(func() {
					for n := range uint64(100) {
						if got, err := procNext.Call(ctx, c, g+n); err != nil || got != g+n+1 {
							t.Errorf("%d: %d, %v", n, got, err)
							return
						}
					}
				})
			}
			callers.Wait()
		})
	}
}

func TestFixedCallsAllocateNothing(t *testing.T) {
	_, path, _ := open(t, ServerOptions{Poll: time.Minute})
	c := bindTo(t, path, Options{Poll: time.Minute})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	call := func() {
		if _, err := procMirror.Call(ctx, c, point{X: 1}); err != nil {
			t.Fatal(err)
		}
	}
	call()
	// Both sides run in this process: what the server allocates is counted, too.
	// Nobody parks: a call with a deadline that parks allocates a watch over it.
	if n := testing.AllocsPerRun(1000, call); n >= 1 && !raceEnabled {
		t.Errorf("%v allocations a call", n)
	}
}
