package urpc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"urpc/runtime/machine"
	"urpc/spec/step"
)

// maxHandshakes is how many clients may be in the handshake at once. Further
// ones wait in the listener's queue.
const maxHandshakes = 16

// shortage is how long a listener waits where there are no descriptors, or no memory.
const shortage = 10 * time.Millisecond

// AcceptOver is Serve on a machine, and on a listener, of the caller's making, with so
// many handshakes at once: for what runs the runtime under control. It promises nothing
// to users.
//
//	Admit:        if handshakes = most then AwaitAdmission, goto Admit     \* or the stop
//	Accept:       await a client;  handshakes, served := handshakes + 1, served + 1
//	              start a goroutine for it;  goto Admit
//	EndHandshake: handshakes := handshakes - 1                             \* that goroutine
//	EndServing:   served := served - 1                                     \* the same
//
//	(the stop)    CloseListener; who is at AwaitAdmission goes on
//	(the end)     AwaitServing: await served = 0
func (s *Server) AcceptOver(ctx context.Context, m machine.Machine, l machine.Listener, most int) error {
	defer l.Close()
	if s.err != nil {
		return fmt.Errorf("serve: %w", s.err)
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &admission{most: most}
	defer func() { m.Wait(step.AwaitServing, a.allEnded(), 0) }()
	defer cancel()
	stop := m.AfterFunc(ctx, func() {
		l.Close()
		a.stop()
	})
	defer stop()
	for ctx.Err() == nil {
		m.Step(step.Admit)
		if room := a.full(); room != nil {
			m.Wait(step.AwaitAdmission, room, 0)
			continue
		}
		open, err := accept(ctx, m, l)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("serve: %w", err)
		}
		a.enter()
		m.Go(step.ReceiveHello, func() { s.serveAccepted(ctx, m, open, a) })
	}
	return nil
}

// serveAccepted serves one client. What went wrong with it is counted, and told to that
// client.
func (s *Server) serveAccepted(ctx context.Context, m machine.Machine, open func() (machine.Socket, error), a *admission) {
	defer func() {
		m.Step(step.EndServing)
		a.end()
	}()
	shaken := func() {
		m.Step(step.EndHandshake)
		a.shaken()
	}
	socket, err := open()
	if err != nil {
		shaken()
		s.refused.Add(1)
		return
	}
	s.serveOver(ctx, newLink(m, socket), shaken)
}

// accept accepts one client. A shortage passes: other bindings may end.
func accept(ctx context.Context, m machine.Machine, l machine.Listener) (open func() (machine.Socket, error), err error) {
	for {
		open, err = l.Accept()
		if !errors.Is(err, machine.ErrShortage) || m.Wait(step.BackOff, ctx.Done(), shortage) {
			return open, err
		}
	}
}

// admission counts the clients of one listener: those in the handshake, of which there
// are at most so many, and all that are served. One goroutine accepts, and waits.
type admission struct {
	most int

	mu                 sync.Mutex
	handshakes, served int
	stopped            bool
	room, ended        chan struct{} // each closed when what is awaited has come; nil: nobody waits
}

// full gives what to wait for before another client is accepted; nil: nothing.
func (a *admission) full() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped || a.handshakes < a.most {
		return nil
	}
	a.room = make(chan struct{})
	return a.room
}

// allEnded is closed when no client is served any more.
func (a *admission) allEnded() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	ended := make(chan struct{})
	if a.ended = ended; a.served == 0 {
		tell(&a.ended)
	}
	return ended
}

func (a *admission) enter() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handshakes++
	a.served++
}

func (a *admission) shaken() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handshakes--
	tell(&a.room)
}

func (a *admission) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.served--; a.served == 0 {
		tell(&a.ended)
	}
}

func (a *admission) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	tell(&a.room)
}

// tell lets go on who waits, if anybody does.
func tell(c *chan struct{}) {
	if *c != nil {
		close(*c)
		*c = nil
	}
}
