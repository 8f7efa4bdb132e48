package explore

import (
	"errors"
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
//	Notice:      it has read that the server stops: calls that come are refused
//	EndBinding:  calls that are pending end, and calls that come are refused
type causes struct {
	refuses cause // of calls that come
	ends    cause // of calls that are pending
	by      int   // the thread that came first
	second  cause // of another thread, that came later
	closing uint64
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

// follow is called after a step of the client.
func (c *causes) follow(name step.Name, thread int) {
	if name != step.EndBinding {
		return
	}
	why := serverDied
	if c.closing>>thread&1 == 1 {
		why = closedHere
	}
	c.came(why, thread)
	if c.ends == goesOn {
		c.ends = why
	}
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
	}
	return false
}

// endsByCause judges a call that has ended with its binding, or came after. It was refused
// if it came after.
func (b *binder) endsByCause(c *client, refused bool, err error) {
	over := errors.Is(err, urpc.ErrClosed) || errors.Is(err, urpc.ErrPeerDied)
	if !over || b.v.Word("lies") != "none" {
		return // what a hostile peer sends ends calls, and bindings, by other steps
	}
	why := c.s.causes.ends
	if refused {
		why = c.s.causes.refuses
	}
	b.w.check(OneCause, why.explains(err), "what came first is %v, and a call ends with: %v", why, err)
}
