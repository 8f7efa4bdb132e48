package binding

// The server's threads.
//
//	receiveHello: await a hello; if the client is gone, refuse and hang up
//	reserve, watchPeer
//	of the replies, then of the calls: create, map, seal
//	sendHeader:   with both descriptors;  sendBody
//	closeOwn, closePeer
//	              if the client was gone, or the server is to stop: unreserve,
//	              close the region, unmap it, hang up
//	enterBinding: the two who watch are started, and who stops the processors
//	awaitProcessors: they touch memory until they are stopped
//	if the server was told to stop then sendStopping
//	hangUp; await that nobody watches; closeRegion; unmap; await gone
//	leaveBinding; unreserve
//
//	stop: await that the client is gone or the server is to stop; end the processors

func (v view) receiveHello(int) bool {
	switch k := &v.s.Socket; {
	case k.Hello:
		k.Hello = false
		return v.to(receiveHelloBody)
	case v.peer.Hung || v.late():
		return v.to(sendRefusal)
	}
	return false
}

func (v view) reserve(int) bool {
	v.s.Reserved = true
	return v.to(serverWatchPeer)
}

func (v view) seal(bit uint8, next Row) bool {
	v.s.Sealed |= bit
	return v.to(next)
}

func (v view) sendHeader(int) bool {
	if v.peer.Hung {
		return v.to(closeOwnFailed)
	}
	v.s.Socket.Header, v.s.Socket.With = true, v.own.Open
	return v.to(sendBody)
}

func (v view) sendBody(int) bool {
	if v.peer.Hung {
		return v.to(closeOwnFailed)
	}
	v.s.Socket.Body = true
	return v.to(closeOwn)
}

// closePeer closes the last descriptor: the binding is there, unless the server is
// to stop.
func (v view) closePeer(int) bool {
	v.own.Open &^= segment(client)
	if v.s.Told {
		return v.to(regionFailed)
	}
	return v.to(enterBinding)
}

func (v view) sendRefusal(reserved bool) bool {
	if !v.peer.Hung {
		v.s.Socket.Refusal = true
	}
	if reserved {
		return v.to(unreserveFailed) // there is no region to close
	}
	return v.failed()
}

// unreserveFailed is the last thing that a server does which could not bind, but for
// hanging up: what it had made is gone by now.
func (v view) unreserveFailed(int) bool {
	v.s.Reserved = false
	return v.failed()
}

func (v view) regionFailed(int) bool {
	v.own.Claimed = true
	v.own.Closed = true
	v.own.Unmapping = true
	return v.to(unmapOwnFailed)
}

func (v view) unmapPeerFailed(int) bool {
	v.gone()
	return v.to(unreserveFailed)
}

// hangUpFailed is the end of a handshake that has failed, of either side.
func (v view) hangUpFailed(int) bool {
	v.close()
	return v.to(ended)
}

func (v view) enterBinding(int) bool {
	v.s.Listed = true
	v.s.Thread[serverExit].At, v.s.Thread[serverWatch].At = serverNoticeExit, serverNotice
	v.s.Thread[StopWatch].At = stopProcessors
	return v.to(awaitProcessors)
}

// awaitProcessors awaits that the processors have left, who touch memory until they
// are stopped.
func (v view) awaitProcessors(int) bool {
	if !v.s.Stopping {
		return false
	}
	// Who waits to stop them is not needed any more, if it has not begun.
	v.s.StopOver = true
	if v.s.Told {
		return v.to(sendStopping)
	}
	return v.to(serverHangUp)
}

func (v view) sendStopping(int) bool {
	if !v.peer.Hung {
		v.s.Socket.Stop = true
	}
	return v.to(serverHangUp)
}

func (v view) serverHangUp(int) bool {
	v.close()
	return v.to(serverAwaitExitWatch)
}

func (v view) serverCloseRegion(int) bool {
	v.own.Closed, v.own.Claimed, v.own.Unmapping = true, true, true
	return v.to(serverUnmapOwn)
}

func (v view) serverUnmapPeer(int) bool {
	v.gone()
	return v.to(serverAwaitUnmap)
}

func (v view) serverAwaitUnmap(int) bool { return v.own.Gone && v.to(leaveBinding) }

func (v view) leaveBinding(int) bool {
	v.s.Listed = false
	return v.to(unreserve)
}

func (v view) unreserve(int) bool {
	v.s.Reserved = false
	return v.to(ended)
}

func (v view) serverNotice(int) bool {
	switch {
	case v.own.Hung:
	case v.peer.Hung || v.own.Hurry:
		v.s.Cancelled = true
	default:
		return false
	}
	return v.to(ended)
}

func (v view) stopProcessors(int) bool {
	if v.s.StopOver {
		return v.to(ended)
	}
	if !v.s.Cancelled && !v.s.Told {
		return false
	}
	v.s.Stopping = true
	return v.to(stopNudge)
}

// stopServer tells the server to stop. It tells nobody who is dead.
func (v view) stopServer(int) bool {
	v.s.Told = true
	return v.to(ended)
}

// die is the death of a side: nothing of it runs any more, and the kernel closes
// and unmaps what it had.
func (v view) die(int) bool {
	side := client
	if v.Death == ServerDies {
		side = server
	}
	dead := v.machine.view(v.s, [2]int{binder, acceptor}[side])
	dead.own.Dead, dead.own.Watch, dead.own.Open, dead.own.Mapped = true, false, 0, 0
	if !v.Inherited {
		dead.close()
	}
	return v.to(ended)
}
