package urpc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Server serves procedures to any number of clients. It is made by NewServer,
// given its procedures by Handle, and serves listeners by Serve.
type Server struct {
	options ServerOptions
	err     error // what is wrong with the options

	mu         sync.Mutex
	procedures []served // only ever appended to: bindings keep what was there when they came about
	names      map[string]bool
	bindings   map[*binding]struct{}
	reserved   int            // bindings that are there or are being made
	past       ServerCounters // of bindings that have ended

	bound, refused, died atomic.Uint64
}

// served is a procedure with its handler. Its number is its index.
type served struct {
	*declaration
	invoke invoker
}

// invoker executes one call: it checks and decodes the request, runs the handler
// and encodes the reply.
type invoker func(ctx context.Context, request, reply []byte) (status uint32, payload []byte)

// maxProcedures is the most procedures of a server.
const maxProcedures = 4096

// NewServer makes a server. What is wrong with the options is said by Handle and
// Serve.
func NewServer(o ServerOptions) *Server {
	s := &Server{names: map[string]bool{}, bindings: map[*binding]struct{}{}}
	s.options, s.err = o.withDefaults()
	return s
}

// Handle gives the server the handler of a procedure. The handler runs once for
// each call, any number of times at once, and its error reaches the caller as a
// *RemoteError, its panic, too. Its context ends when the client is gone or the
// server stops. What a handler is given is its own to keep.
//
// Clients that bind later find the procedure, earlier ones do not.
func Handle[Req, Rep any](s *Server, p Proc[Req, Rep], handler func(context.Context, Req) (Rep, error)) error {
	if p.declaration == nil {
		return fmt.Errorf("%w: handle: a procedure that NewProc did not make", ErrRefused)
	}
	if handler == nil {
		return fmt.Errorf("%w: handle %s: no handler", ErrRefused, p.name)
	}
	return s.add(p.declaration, stub(p.declaration, handler))
}

func (s *Server) add(d *declaration, invoke invoker) error {
	if err := errors.Join(s.err, d.err); err != nil {
		return fmt.Errorf("handle %s: %w", d.name, err)
	}
	for _, l := range []layout{d.request, d.reply} {
		if l.size > s.options.MessageSize {
			return fmt.Errorf("%w: handle %s: a value of %d bytes: messages of this server hold at most %d",
				ErrRefused, d.name, l.size, s.options.MessageSize)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.names[d.name]:
		return fmt.Errorf("%w: handle %s: there is a handler of that name", ErrRefused, d.name)
	case len(s.procedures) == maxProcedures:
		return fmt.Errorf("%w: handle %s: a server has at most %d procedures", ErrRefused, d.name, maxProcedures)
	}
	s.names[d.name] = true
	s.procedures = append(s.procedures, served{d, invoke})
	return nil
}

// stub makes the server's stub of a procedure. A panic of the handler is its
// reply, and so is one of whatever else is the user's here: what encodes a value,
// what an error says of itself.
func stub[Req, Rep any](d *declaration, handler func(context.Context, Req) (Rep, error)) invoker {
	return func(ctx context.Context, request, reply []byte) (status uint32, payload []byte) {
		defer func() {
			if p := recover(); p != nil {
				status, payload = replyPanicked(reply, p)
			}
		}()
		if d.reply.size > cap(reply) {
			return replyRefused(reply, fmt.Errorf("the reply of %d bytes fits no message of this binding (%d)", d.reply.size, cap(reply)))
		}
		var req Req
		if err := decode(&d.request, &req, request); err != nil {
			return replyRefused(reply, fmt.Errorf("request: %w", err))
		}
		rep, err := handler(ctx, req)
		if err != nil {
			return replyFailed(reply, err)
		}
		payload, err = encode(&d.reply, reply, &rep)
		switch {
		case err != nil:
			return replyFailed(reply, fmt.Errorf("encode the reply: %w", err))
		case len(payload) > cap(reply):
			return replyFailed(reply, fmt.Errorf("the reply of %d bytes fits no message of this binding (%d)", len(payload), cap(reply)))
		}
		return statusDone, payload
	}
}

// peerKey is the key of the client in a handler's context.
type peerKey struct{}

// PeerFrom gives the client on whose behalf a handler runs, from the handler's
// context.
func PeerFrom(ctx context.Context) (Peer, bool) {
	p, ok := ctx.Value(peerKey{}).(Peer)
	return p, ok
}

// ServerCounters tell what a server has done so far. They are read without
// stopping it, one after the other.
type ServerCounters struct {
	Bindings int    // clients that are bound now
	Bound    uint64 // clients that were ever bound
	Refused  uint64 // handshakes that failed
	Died     uint64 // clients that died or hung up
	Calls    uint64 // calls executed or refused
	Failed   uint64 // of these, without a reply: the handler's errors and panics, and refused calls
	Parks    uint64 // times that a processor parked
	Wakes    uint64 // times that the kernel was asked to wake a client
	Returned uint64 // processors that clients donated, by their word, and that went back: one at a time
}

// Counters reads the counters.
func (s *Server) Counters() ServerCounters {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.past
	for b := range s.bindings {
		sum.add(b.counted())
	}
	sum.Bindings = len(s.bindings)
	sum.Bound, sum.Refused, sum.Died = s.bound.Load(), s.refused.Load(), s.died.Load()
	return sum
}

func (c *ServerCounters) add(d ServerCounters) {
	c.Calls += d.Calls
	c.Failed += d.Failed
	c.Parks += d.Parks
	c.Wakes += d.Wakes
	c.Returned += d.Returned
}
