package urpc

import "errors"

// Look gives all that a client keeps beside its memory, one value after the other:
// for what watches a run, never for what runs. No thread of the client may run
// meanwhile. It promises nothing to users.
func (c *Client) Look(add func(v uint64)) {
	state := uint64(0)
	if c.ending.Load() {
		state |= 1
	}
	select {
	case <-c.done:
		state |= 2
	default:
	}
	if cause := c.cause.Load(); cause != nil {
		for i, class := range []error{ErrClosed, ErrPeerDied, ErrCorrupt} {
			if errors.Is(*cause, class) {
				state |= 4 << i
			}
		}
	}
	add(state)
	c.caller.Look(add)
}

// Look is that of a server: how many of its places for bindings are taken.
func (s *Server) Look(add func(v uint64)) {
	s.mu.Lock()
	reserved := s.reserved
	s.mu.Unlock()
	add(uint64(reserved))
}
