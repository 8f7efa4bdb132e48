package binding

import (
	"urpc/checker"
	"urpc/spec/step"
)

// What must be true of a binding.

// The names of the properties. Fit is the code's alone: here no side lies.
const (
	Mapped      = "memory is touched only while it is mapped"
	UnmapOnce   = "memory is unmapped once, and by who is the last to leave it"
	CloseOnce   = "a descriptor is closed once"
	Fit         = "only sealed memory of the size agreed on is mapped"
	NothingLeft = "when both sides have done with a binding nothing of it is left"
	CloseWaits  = "close returns when nothing of the binding is left"
	NoBinding   = "a handshake that fails leaves nothing"
	EndsClosed  = "a call on a binding that was closed ends as closed"
	Places      = "the server's places are given back"
	// Noticed: who waits for a peer that is gone is a thread that has not come to its
	// end and cannot go on: a deadlock.
	Noticed = "whoever waits learns that the peer is gone"
)

// The names of the reachable twins.
const (
	SomeHeld       = "a call holds the memory of a region that is closed"
	SomeLast       = "a call that ends unmaps the memory"
	SomeRefused    = "a call finds the region closed and releases it again"
	SomeFailed     = "a handshake fails when its memory is made"
	SomeUnread     = "a side hangs up with descriptors on their way to it"
	SomeTwo        = "a thread finds that another one has begun to end the binding"
	SomeStop       = "the client learns that the server stops"
	SomeNoticed    = "the server learns that the client is gone"
	SomeExit       = "only the exit of a process tells that it is gone"
	SomeClosedCall = "close waits for a call"
)

func (m *machine) properties() []checker.Property[State] {
	all := []checker.Property[State]{
		checker.Invariant(Mapped, mapped),
		checker.Transition(UnmapOnce, unmapOnce),
		checker.Transition(CloseOnce, closeOnce),
		checker.Invariant(NothingLeft, m.nothingLeft),
		checker.Transition(CloseWaits, closeWaits),
		checker.Invariant(NoBinding, m.noBinding),
		checker.Transition(EndsClosed, endsClosed),
		checker.Invariant(Places, m.places),
	}
	twin := func(when bool, name string, p func(s *State) bool) {
		if when {
			all = append(all, checker.Reachable(name, p))
		}
	}
	others := m.Caller || m.Calls > 0 && (m.Closer || m.Stop || m.Death == ServerDies)
	twin(others, SomeHeld, func(s *State) bool { return s.Space[client].Closed && held(s) > 0 })
	twin(others, SomeLast, func(s *State) bool { return some(s, releaseUnmapOwn) })
	twin(true, SomeRefused, func(s *State) bool { return some(s, releaseRefused) })
	twin(m.Stop || m.Death == ClientDies, SomeFailed, func(s *State) bool { return s.Failed[server] && s.Space[server].Gone })
	twin(m.Death == ClientDies, SomeUnread, func(s *State) bool { return s.Space[client].Dead && some(s, sendBody) })
	twin(m.Closer || m.Stop, SomeTwo, func(s *State) bool { return s.Space[client].Ending && (some(s, endBinding) || some(s, closing)) })
	twin(m.Stop, SomeStop, func(s *State) bool { return some(s, stopRegion) })
	twin(m.Death != ServerDies, SomeNoticed, func(s *State) bool { return s.Cancelled })
	twin(m.Inherited, SomeExit, func(s *State) bool { return s.Space[client].Hurry || s.Space[server].Hurry })
	twin(m.Caller, SomeClosedCall, func(s *State) bool { return s.Thread[binder].At == awaitUnmap && held(s) > 0 })
	return all
}

// some says whether a thread stands at a row.
func some(s *State, at Row) bool {
	for id := range Threads {
		if s.Thread[id].At == at {
			return true
		}
	}
	return false
}

// touches says whether a thread may touch memory: in a call, or as a processor of
// the server.
func touches(at Row) bool { return at == inCall || at == release || at == awaitProcessors }

// held counts the client's threads that hold the memory.
func held(s *State) int {
	n := 0
	for _, id := range []int{binder, caller, Closer} {
		if touches(s.Thread[id].At) {
			n++
		}
	}
	return n
}

func mapped(s *State) bool {
	for id := range Threads {
		side, ok := sideOf(id)
		if ok && !s.Space[side].Dead && touches(s.Thread[id].At) && s.Space[side].Mapped != both {
			return false
		}
	}
	return true
}

// left says whether a side has anything left of the binding.
func (p *Space) left() bool { return p.Open != 0 || p.Mapped != 0 || p.Watch || !p.Hung && !p.Dead }

// unmapOnce: what is unmapped was mapped, and no thread of the side is in a call.
func unmapOnce(before, after *State, taken checker.Taken) bool {
	if taken.Label != step.UnmapMemory.String() {
		return true
	}
	side, _ := sideOf(taken.Self)
	return before.Space[side].Mapped != after.Space[side].Mapped && (side == server || held(before) == 0)
}

// closeOnce: what is closed was open. (A handshake that is cut off may have
// received nothing.)
func closeOnce(before, after *State, taken checker.Taken) bool {
	if taken.Label != step.CloseDescriptor.String() {
		return true
	}
	side, _ := sideOf(taken.Self)
	return before.Space[side].Open != after.Space[side].Open
}

// done says whether a side has come to the end of all its threads.
func (m *machine) done(s *State, side int) bool {
	for id := range Threads {
		if of, ok := sideOf(id); ok && of == side && !m.over(s, id) {
			return false
		}
	}
	return true
}

// nothingLeft: when all threads of a side have ended, or it is dead, it has nothing
// any more; when both have, nothing is on its way either.
func (m *machine) nothingLeft(s *State) bool {
	ended := 0
	for side := range s.Space {
		if !m.done(s, side) {
			continue
		}
		ended++
		if s.Space[side].left() {
			return false
		}
	}
	return ended < 2 || s.Socket.With == 0 || m.Inherited
}

func closeWaits(before, after *State, taken checker.Taken) bool {
	at := before.Thread[taken.Self].At
	if at != awaitUnmap {
		return true
	}
	return !after.Space[client].left() && after.Thread[clientExit].At == ended && after.Thread[clientWatch].At == ended
}

// noBinding: a side whose handshake has failed has nothing once it has come to its
// end.
func (m *machine) noBinding(s *State) bool {
	for side, main := range [2]int{binder, acceptor} {
		if s.Failed[side] && s.Thread[main].At == ended && s.Space[side].left() {
			return false
		}
	}
	return true
}

// endsClosed: a call after close does not find the region open.
func endsClosed(before, after *State, taken checker.Taken) bool {
	return before.Thread[taken.Self].At != holdAfterClose || after.Thread[taken.Self].At == releaseRefused
}

// places: a server that has come to its end counts no binding.
func (m *machine) places(s *State) bool {
	return s.Space[server].Dead || s.Thread[acceptor].At != ended || !s.Reserved && !s.Listed
}
