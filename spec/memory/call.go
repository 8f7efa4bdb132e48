package memory

import "urpc/spec/step"

// "To a thread a call is synchronous; to the thread package beneath, it is
// asynchronous." The callers of a space share one queue of replies; whoever has
// the lead receives for all.
//
//	openCall:      call[i] := pending; send
//	checkReply:    if call[i] = done then (leads) goto resign, (else) goto closeCall
//	               else (leads) receive, (else) goto lead
//	lead:          if test-and-set(led) = free then leads; goto checkReply
//	announceBlock: blocked := blocked + 1
//	leadAgain:     if test-and-set(led) = free then leads; goto retractBlock
//	block:         await permit[i]; permit[i] := false
//	retractBlock:  blocked := blocked - 1; goto checkReply
//	loadCall:      (j is whose reply was received) if call[j] /= pending then goto checkReply
//	deliver:       call[j] := done, with the reply; if j = i then goto checkReply
//	ready:         permit[j] := true; (leads) goto checkReply, (else) goto closeCall or on
//	resign:        led := free
//	lookBlocked:   if blocked = 0 then goto closeCall
//	lookPending:   with the others in order: if call[j] = pending then goto ready;
//	               the first one is enough                 \* or all of them
//	closeCall:     call[i] := idle; the next call, or end
//
// The lead is never left alone while a caller blocks: it announces itself before
// its second try. Either that try comes after resign and succeeds, or lookBlocked,
// after resign, sees the announcement and the lead is passed on.
//
// These words are private to the client's space: the server can reach none.

func (v view) openCall() bool {
	c := v.caller()
	c.Call, c.Result, c.Executed = Pending, 0, 0
	c.Message = call(v.self, c.Number&1)
	return v.to(step.TestSetSend)
}

func (v view) checkReply() bool {
	c := v.caller()
	switch {
	case c.Call == Done && c.Leads:
		return v.to(step.Resign)
	case c.Call == Done:
		return v.to(step.CloseCall)
	case c.Leads:
		return v.to(step.TestSetReceive)
	default:
		return v.to(step.Lead)
	}
}

func (v view) lead() bool {
	if v.s.Led {
		return v.to(step.AnnounceBlock)
	}
	v.s.Led, v.caller().Leads = true, true
	return v.to(step.CheckReply)
}

func (v view) announceBlock() bool {
	v.s.Blocked++
	return v.to(step.LeadAgain)
}

func (v view) leadAgain() bool {
	if v.s.Led {
		return v.to(step.Block)
	}
	v.s.Led, v.caller().Leads = true, true
	return v.to(step.RetractBlock)
}

func (v view) block() bool {
	if !v.caller().Permit {
		return false
	}
	v.caller().Permit = false
	return v.to(step.RetractBlock)
}

func (v view) retractBlock() bool {
	v.s.Blocked--
	return v.to(step.CheckReply)
}

// loadCall drops a reply to nobody, or to a call that is not pending.
func (v view) loadCall() bool {
	j := v.t.Message.caller(v.Clients)
	if j < 0 || v.s.Caller[j].Call != Pending {
		v.t.Message = 0
		return v.to(step.CheckReply)
	}
	return v.toDeliver()
}

// toDeliver goes on to deliver the reply that the thread has received.
func (v view) toDeliver() bool {
	if v.Donation {
		return v.to(step.AnnounceReady)
	}
	return v.to(step.Deliver)
}

// deliver is a compare-and-swap: of two leaders, if there were two, one would
// deliver.
func (v view) deliver() bool {
	reply := v.t.Message
	v.t.Message = 0
	j := reply.caller(v.Clients)
	if v.s.Caller[j].Call != Pending {
		return v.to(step.CheckReply)
	}
	v.s.Caller[j].Call, v.s.Caller[j].Result = Done, reply
	if j == v.self {
		return v.to(step.CheckReply)
	}
	v.caller().Other = uint8(j)
	return v.to(step.Ready)
}

func (v view) ready() bool {
	c := v.caller()
	j := c.Other
	v.s.Caller[j].Permit = true
	c.Other = 0
	switch {
	case c.Leads:
		return v.to(step.CheckReply)
	case v.Pass == PassAll:
		return v.lookNext(j + 1)
	default:
		return v.to(step.CloseCall)
	}
}

func (v view) resign() bool {
	v.s.Led, v.caller().Leads = false, false
	return v.to(step.LookBlocked)
}

func (v view) lookBlocked() bool {
	if v.s.Blocked == 0 {
		return v.to(step.CloseCall)
	}
	return v.lookNext(0)
}

// lookNext goes on to look at the first other caller from number j on.
func (v view) lookNext(j uint8) bool {
	if int(j) == v.self {
		j++
	}
	if int(j) >= v.Clients {
		v.caller().Other = 0
		return v.to(step.CloseCall)
	}
	v.caller().Other = j
	return v.to(step.LookPending)
}

func (v view) lookPending() bool {
	j := v.caller().Other
	if v.s.Caller[j].Call == Pending {
		return v.to(step.Ready)
	}
	return v.lookNext(j + 1)
}

func (v view) closeCall() bool {
	c := v.caller()
	c.Call, c.Result, c.Executed = Idle, 0, 0
	if v.Calls == 0 {
		c.Number = 1 - c.Number
	} else {
		c.Number++
	}
	if v.Donation {
		return v.to(step.RetractReady)
	}
	return v.nextCall()
}

// nextCall begins the caller's next call, if it has one to make.
func (v view) nextCall() bool {
	if v.Calls != 0 && int(v.caller().Number) == v.Calls {
		return v.to(step.None)
	}
	return v.to(v.begins())
}
