package binding

// The client's threads.
//
//	sendHello:     send the hello; if the server is gone, look for its refusal and fail
//	receiveHeader: await an answer: its header brings both descriptors
//	receiveBody:   the rest of it; if it does not come, close both and fail
//	watchPeer, verify (seals, then size, of each), map the calls, map the replies
//	closeCalls, closeReplies: bound: the two who watch are started
//	call: hold the region, touch it, release it;  close: see end.go
//
//	exit watch: await that the server's process has exited, or that this side hangs up
//	watch:      await that the server hangs up, stops, or that this side hangs up;
//	            end the binding
//
// Whatever fails closes what is open, then hangs up.

func (v view) sendHello(int) bool {
	if v.peer.Hung {
		return v.to(receiveAfterAll)
	}
	v.s.Socket.Hello = true
	return v.to(receiveHeader)
}

// receiveAfterAll looks for the refusal of a server that has hung up.
func (v view) receiveAfterAll(int) bool {
	if v.s.Socket.Refusal {
		v.s.Socket.Refusal = false
		return v.to(receiveTextAfterAll)
	}
	return v.failed()
}

func (v view) receiveTextAfterAll(int) bool { return v.failed() }

// failed goes on to hang up after a handshake that has failed.
func (v view) failed() bool {
	v.s.Failed[v.side] = true
	if v.side == server {
		return v.to(serverHangUpFailed)
	}
	return v.to(hangUpFailed)
}

// late says whether the handshake may take too long: its time is over if the peer
// is dead, and a child holds its socket.
func (v view) late() bool { return v.Inherited && v.peer.Dead }

func (v view) receiveHeader(int) bool {
	switch k := &v.s.Socket; {
	case k.Header:
		k.Header = false
		v.own.Open, k.With = k.With, 0
		return v.to(receiveBody)
	case k.Refusal:
		k.Refusal = false
		return v.to(receiveText)
	case v.peer.Hung || v.late():
		return v.failed()
	}
	return false
}

func (v view) receiveText(int) bool { return v.failed() }

func (v view) receiveBody(int) bool {
	switch k := &v.s.Socket; {
	case k.Body:
		k.Body = false
		return v.to(clientWatchPeer)
	case v.peer.Hung || v.late():
		return v.to(closeCallsFailed)
	}
	return false
}

// verify is a look at memory that was received: an honest server's is as it must be.
func (v view) verify(calls bool, next Row) bool {
	want := segment(client)
	if !calls {
		want = segment(server)
	}
	if v.s.Sealed&want == 0 {
		return v.to(closeCallsFailed)
	}
	return v.to(next)
}

func (v view) unmapCallsAgain(int) bool { return v.unmap(segment(client), closeCallsFailed) }

// unmap unmaps a segment.
func (v view) unmap(bit uint8, next Row) bool {
	v.own.Mapped &^= bit
	return v.to(next)
}

// shut closes the descriptor of a segment.
func (v view) shut(bit uint8, next Row) bool {
	v.own.Open &^= bit
	return v.to(next)
}

// closeReplies closes the last descriptor: the binding is there.
func (v view) closeReplies(int) bool {
	v.own.Open &^= segment(server)
	v.s.Thread[clientExit].At, v.s.Thread[clientWatch].At = clientNoticeExit, clientNotice
	return v.call(v.calls(0), closing)
}

// calls is the row of the binding thread after so many calls.
func (v view) calls(made int) Row {
	if made == v.Calls {
		return closing
	}
	return [...]Row{holdCall, holdSecond, holdThird}[made]
}

// connect awaits the binding, or that there will be none.
func (v view) connect(next Row) bool {
	switch {
	case v.s.Failed[client]:
		return v.to(ended)
	case v.bound():
		return v.call(next, ended)
	}
	return false
}

// bound says whether the client has bound.
func (v view) bound() bool {
	at := v.s.Thread[binder].At
	return at == ended && !v.s.Failed[client] || at >= holdCall && at <= holdAfterClose
}

func (v view) noticeExit(int) bool {
	switch {
	case v.own.Hung:
	case v.peer.Dead:
		v.own.Hurry = true
	default:
		return false
	}
	return v.to(ended)
}

func (v view) clientNotice(int) bool {
	switch {
	case v.own.Hung:
		return v.to(ended)
	case v.s.Socket.Stop:
		v.s.Socket.Stop, v.own.Unsent = false, v.Waits
		if !v.own.Claimed {
			v.own.Claimed = true
			return v.to(stopRegion)
		}
		return v.to(lingering)
	case v.peer.Hung || v.own.Hurry:
		return v.call(endBinding, ended)
	}
	return false
}

// stopRegion closes the region when the server has stopped: calls that are pending
// may still find their replies.
func (v view) stopRegion(int) bool {
	v.own.Closed = true
	if v.own.Holders == 0 && !v.own.Unmapping {
		v.own.Unmapping = true
		return v.to(stopUnmapOwn)
	}
	return v.to(lingering)
}

// lingering ends when nobody is in a call any more, or its time is over.
func (v view) lingering(int) bool { return v.call(endBinding, ended) }
