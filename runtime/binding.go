package urpc

import (
	"context"
	"fmt"
	"sync/atomic"

	"urpc/runtime/machine"
	"urpc/spec/step"
)

// binding is the server's side of one client.
type binding struct {
	peer       Peer
	procedures []served
	pool       machine.Processors
	context    context.Context // of the handlers

	calls, failed atomic.Uint64
}

// handle is the binding's processor.Handler. The number is the peer's word.
func (b *binding) handle(number uint32, request, reply []byte) (status uint32, payload []byte) {
	b.calls.Add(1)
	if int64(number) >= int64(len(b.procedures)) {
		status, payload = replyRefused(reply, fmt.Errorf("the server has no procedure of number %d", number))
	} else {
		status, payload = b.procedures[number].invoke(b.context, request, reply)
	}
	if status != statusDone {
		b.failed.Add(1)
	}
	return status, payload
}

// counted gives the binding's share of the counters.
func (b *binding) counted() ServerCounters {
	p := b.pool.Counters()
	return ServerCounters{
		Calls: b.calls.Load(), Failed: b.failed.Load(),
		Parks: p.Parks, Wakes: p.Wakes, Returned: p.Returns,
	}
}

// reserve takes one of the server's places for a binding, before any memory is
// made for it.
func (s *Server) reserve(l *link) error {
	l.machine.Step(step.Reserve)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reserved >= s.options.Bindings {
		return fmt.Errorf("%w: the server has %d bindings, as many as it allows", ErrOverloaded, s.reserved)
	}
	s.reserved++
	return nil
}

func (s *Server) unreserve(l *link) {
	l.machine.Step(step.Unreserve)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved--
}

// enter and leave keep the list of the bindings that are served.
func (s *Server) enter(l *link, b *binding) {
	l.machine.Step(step.EnterBinding)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bindings[b] = struct{}{}
	s.bound.Add(1)
}

func (s *Server) leave(l *link, b *binding) {
	l.machine.Step(step.LeaveBinding)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bindings, b)
	s.past.add(b.counted())
}

// table is the list of procedures as they are now.
func (s *Server) table() []served {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.procedures[:len(s.procedures):len(s.procedures)]
}
