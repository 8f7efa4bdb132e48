package stress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"urpc/fuzz/child"
	"urpc/fuzz/history"
	"urpc/runtime"
)

// server is the server's process.
type server struct {
	setup
	executions executions
	registers  []atomic.Int64
	server     *urpc.Server
}

// serve is the role of the server: it serves until the parent says stop.
func serve(p *child.Parent) error {
	s := &server{}
	if err := p.Setup(&s.setup); err != nil {
		return err
	}
	if s.Fault == failAtStart {
		return errors.New("told to fail")
	}
	var err error
	if s.executions, err = openExecutions(s.Clients, s.Calls); err != nil {
		return err
	}
	s.registers = make([]atomic.Int64, s.Keys)
	listener, err := s.offer()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.server.Serve(ctx, listener) }()
	if err := p.Send("ready"); err != nil {
		return err
	}
	var word string
	if err := p.Receive(&word); err != nil {
		return err
	}
	return s.stop(p, cancel, ended)
}

// offer makes the server and its listener.
func (s *server) offer() (*net.UnixListener, error) {
	s.server = urpc.NewServer(urpc.ServerOptions{
		MessageSize: s.messageSize(), Slots: max(s.Slots, 32), Bindings: s.Clients,
	})
	err := errors.Join(
		urpc.Handle(s.server, operate, s.operate),
		urpc.Handle(s.server, bulk, s.bulk))
	if err != nil {
		return nil, err
	}
	return urpc.Listen(s.Path)
}

// gone is how long the server may take to notice that its clients are gone.
const gone = 5 * time.Second

// stop ends the server. Its clients have gone before: their bindings must be gone
// while it still serves, and all of their memory.
func (s *server) stop(p *child.Parent, cancel func(), ended chan error) error {
	left, err := s.clientsLeft()
	for end := time.Now().Add(gone); err == nil && len(left) > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
		left, err = s.clientsLeft()
	}
	if err != nil {
		return err
	}
	c := s.server.Counters()
	cancel()
	if err := <-ended; err != nil {
		return err
	}
	if err := s.misbehave(); err != nil {
		return err
	}
	return p.Send(report{Left: left, Counters: Counters{
		Parks: c.Parks, Wakes: c.Wakes, Returns: c.Returned,
	}})
}

// clientsLeft tells what the server still has of clients.
func (s *server) clientsLeft() ([]string, error) {
	left, err := leftHere()
	if n := s.server.Counters().Bindings; n > 0 {
		left = append(left, fmt.Sprintf("%d bindings of clients that are gone", n))
	}
	return left, err
}

// misbehave leaves behind what a server must not.
func (s *server) misbehave() error {
	switch s.Fault {
	case leaveFile:
		return os.WriteFile(filepath.Join(filepath.Dir(s.Path), "left"), nil, 0o600)
	case leaveProcess:
		return exec.Command("sleep", "2").Start()
	case neverEnd:
		time.Sleep(time.Hour)
		return nil
	default:
		return nil
	}
}

func (s *server) operate(ctx context.Context, r request) (reply, error) {
	if r.Sum != r.sum() {
		s.executions.Add(0, offCorrupted, 1)
		return reply{}, errSum
	}
	output, err := s.execute(ctx, &r)
	if err != nil {
		return reply{}, err
	}
	answer := reply{Client: r.Client, Key: r.Key, Sequence: r.Sequence, Output: output}
	answer.Sum = answer.sum()
	if s.Fault == corruptReply && s.Fault.every(r.Sequence) {
		answer.Output ^= 1 << 20
	}
	return answer, nil
}

func (s *server) bulk(ctx context.Context, b []byte) ([]byte, error) {
	r, payload, err := parseBulk(b)
	if err != nil {
		s.executions.Add(0, offCorrupted, 1)
		return nil, err
	}
	output, err := s.execute(ctx, &r)
	if err != nil {
		return nil, err
	}
	answer := appendBulk(nil, r.Client, r.Key, r.Sequence, 0, output, echoed(payload))
	if s.Fault == corruptPayload {
		answer[len(answer)-1] ^= 4
	}
	return answer, nil
}

// execute does an operation, and notes it before: a call whose effect was seen
// was noted, even if the server is killed in between.
func (s *server) execute(ctx context.Context, r *request) (int64, error) {
	if int64(r.Key) >= int64(s.Keys) {
		return 0, fmt.Errorf("no key %d", r.Key)
	}
	if s.Fault.every(r.Sequence) {
		switch s.Fault {
		case forgetExecution:
			return s.apply(r), nil
		case executeTwice:
			s.executions.note(r.Client, r.Sequence)
			s.apply(r)
		case strayExecution:
			s.executions.note(uint32(s.Clients), 0)
		case hang:
			<-ctx.Done()
			return 0, ctx.Err()
		case handlerError:
			return 0, errors.New("told to fail")
		}
	}
	s.executions.note(r.Client, r.Sequence)
	return s.apply(r), nil
}

func (s *server) apply(r *request) int64 {
	v := &s.registers[r.Key]
	switch history.Operation(r.Operation) {
	case history.Add:
		if s.Fault == lostUpdate && s.Fault.every(r.Sequence) {
			return v.Load()
		}
		return v.Add(r.Input) - r.Input
	case history.Swap:
		return v.Swap(r.Input)
	default:
		if s.Fault == staleRead && s.Fault.every(r.Sequence) {
			return 0
		}
		return v.Load()
	}
}
