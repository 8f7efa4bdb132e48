package explore

import (
	"errors"
	"slices"
	"strings"

	urpc "urpc/runtime"
	"urpc/spec/step"
)

// OneCause: a binding ends once, whatever ends it beside. A server that stops in order is a
// cause of its own: who calls afterwards has not called, and who is in a call may have.
const OneCause = "calls that end with their binding, and those that come after, end by the cause that came first"

// cause is what ends a binding.
type cause uint8

const (
	goesOn cause = iota
	closedHere
	serverStopped
	serverDied
	serverCorrupt
)

func (c cause) String() string {
	return [...]string{"nothing", "a close", "a stop of the server", "the death of the server", "that the server is corrupt"}[c]
}

// causes are what has ended the last binding of a client: as its steps tell, since the code
// takes down why at the step by which it learns of it.
//
//	Notice:      it has read that the server stops, and closed the descriptors that came with
//	             that: calls that come are refused
//	EndBinding:  calls that come are refused
//	Poison:      calls that are pending end
//
// A call that finds its server corrupt comes to Poison first, and then to EndBinding. Of a
// hostile server it is known that it is corrupt if a call finds so, or its watch: what is wrong
// with a handshake is no binding's end, since there is none.
type causes struct {
	refuses cause // of calls that come
	ends    cause // of calls that are pending
	by      int   // the thread that came first
	second  cause // of another thread, that came later
	closing uint64
	broken  bool   // the watch has read what no server of ours sends
	beside  int    // descriptors that came with the notice that the server stops, and are open
	refused uint64 // threads in a call that has found the binding closed
}

// came notes that a thread ends the binding, or says that the server has stopped.
func (c *causes) came(why cause, thread int) {
	switch {
	case c.refuses == goesOn:
		c.refuses, c.by = why, thread
	case c.by != thread && c.second == goesOn:
		c.second = why
	}
}

// reads notes the byte by which a server says that it stops, with so many descriptors, or the one
// that a hostile server sends in its place.
func (c *causes) reads(from lie, beside, thread int) {
	switch c.beside = beside; {
	case from == lieNotice:
		c.broken = true
	case beside == 0:
		c.came(serverStopped, thread)
	}
}

// closes notes that a descriptor was closed that had come over the socket.
func (c *causes) closes(thread int) {
	if c.beside == 0 {
		return
	}
	if c.beside--; c.beside == 0 {
		c.came(serverStopped, thread)
	}
}

// follow is called after a step of the client.
func (s *host) follow(name step.Name) {
	c, thread := &s.causes, s.w.t.Self()
	switch {
	case name == step.EndBinding:
		c.came(s.causeOf(thread), thread)
	case name == step.Poison && c.ends == goesOn:
		c.ends = s.causeOf(thread)
	}
}

// causeOf says why a thread ends the binding. Who neither closes it nor watches the server is in
// a call, and has found it corrupt.
func (s *host) causeOf(thread int) cause {
	watches := slices.ContainsFunc(s.workers, func(x *worker) bool { return x.started && x.thread == thread })
	switch {
	case s.causes.closing>>thread&1 == 1:
		return closedHere
	case s.causes.broken || !watches:
		return serverCorrupt
	}
	return serverDied
}

// explains says whether a call may end with the error by that cause.
func (c cause) explains(err error) bool {
	switch stopped := strings.Contains(err.Error(), "the server has stopped"); c {
	case closedHere:
		return errors.Is(err, urpc.ErrClosed) && !stopped
	case serverStopped:
		return errors.Is(err, urpc.ErrClosed) && stopped
	case serverDied:
		return errors.Is(err, urpc.ErrPeerDied)
	case serverCorrupt:
		return errors.Is(err, urpc.ErrCorrupt)
	}
	return false
}

// endsByCause judges a call that has ended with its binding, or came after, whether the peer is
// honest or not. It was refused if it came after. Who finds a reply that is no value of its type
// has ended that call alone, and is not judged here (Typed).
func (b *binder) endsByCause(c *client, refused bool, err error) {
	over := errors.Is(err, urpc.ErrClosed) || errors.Is(err, urpc.ErrPeerDied) || errors.Is(err, urpc.ErrCorrupt)
	if !over {
		return
	}
	why := c.s.causes.ends
	if refused {
		why = c.s.causes.refuses
	}
	b.w.check(OneCause, why.explains(err), "what came first is %v, and a call ends with: %v", why, err)
}
