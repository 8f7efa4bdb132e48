package binding

// Holding the region, closing it, and the end of the client's binding.
//
//	hold:        holders := holders + 1;  if closed then release, and do not touch it
//	inCall:      touch it; await the reply, or that the binding ends
//	               \* one that waits for a slot: or that the server is known to have stopped
//	release:     holders := holders - 1;  if closed and holders = 0 then unmap
//	closeRegion: closed := true;          if holders = 0 then unmap
//	unmap:       own segment, then the peer's; gone := true      \* by one thread only
//
//	endBinding:  if ending then return;  ending := true
//	poison, unblock, nudge: every call that is pending ends
//	closeRegion, hangUp;  ended := true
//
//	close: endBinding; await ended; await that nobody watches any more; await gone

func (v view) hold(int) bool {
	v.own.Holders++
	if v.own.Closed {
		return v.to(releaseRefused)
	}
	return v.to(inCall)
}

// inCall ends when the reply is there, which needs a server that serves, or when
// the binding ends. It is the only step without a counterpart of its own in the
// runtime: there it is all that a call does.
func (v view) inCall(int) bool {
	serves := !v.peer.Dead && v.s.Thread[acceptor].At == awaitProcessors
	return (serves || v.own.Poisoned || v.own.Unsent) && v.to(release)
}

func (v view) poison(int) bool {
	v.own.Poisoned = true
	return v.to(unblock)
}

// holdIn is hold of a thread that goes on elsewhere afterwards.
func (v view) holdIn(back Row) bool {
	v.t.Back = back
	return v.hold(0)
}

func (v view) release(int) bool {
	v.own.Holders--
	if v.own.Closed && v.own.Holders == 0 && !v.own.Unmapping {
		v.own.Unmapping = true
		return v.to(releaseUnmapOwn)
	}
	return v.back()
}

// back goes on where the thread came from.
func (v view) back() bool {
	back := v.t.Back
	v.t.Back = ended
	return v.to(back)
}

// gone unmaps the peer's segment, which was the last.
func (v view) gone() {
	v.own.Mapped &^= segment(1 - v.side)
	v.own.Gone = true
}

func (v view) releaseUnmapPeer(int) bool {
	v.gone()
	return v.back()
}

func (v view) endBinding(int) bool {
	if v.own.Ending {
		return v.back()
	}
	v.own.Ending = true
	return v.to(poison)
}

// nudge gets those who sleep in a call out of it, and claims the region.
func (v view) nudge(int) bool {
	if v.own.Claimed {
		return v.to(hangUp)
	}
	v.own.Claimed = true
	return v.to(closeRegion)
}

func (v view) closeRegion(int) bool {
	v.own.Closed = true
	if v.own.Holders == 0 && !v.own.Unmapping {
		v.own.Unmapping = true
		return v.to(endUnmapOwn)
	}
	return v.to(hangUp)
}

func (v view) endUnmapPeer(int) bool {
	v.gone()
	return v.to(hangUp)
}

func (v view) hangUp(int) bool {
	v.close()
	v.own.Ended = true
	return v.back()
}

// close closes the side's end of the socket, and the watch. What it has not read
// is lost.
func (v view) close() {
	v.own.Hung, v.own.Watch = true, false
	v.lose()
}

// lose drops what is on its way to the side.
func (v view) lose() {
	k := &v.s.Socket
	if v.side == server {
		k.Hello = false
		return
	}
	*k = Socket{Hello: k.Hello}
}

func (v view) awaitEnd(int) bool { return v.own.Ended && v.to(awaitExitWatch) }

// awaitOver awaits the end of a thread that watches.
func (v view) awaitOver(thread int, next Row) bool {
	return v.s.Thread[thread].At == ended && v.to(next)
}

func (v view) awaitUnmap(int) bool { return v.own.Gone && v.to(holdAfterClose) }
