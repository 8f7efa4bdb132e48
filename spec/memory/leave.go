package memory

import "urpc/spec/step"

// "cancelled or deadline exceeded (the caller leaves; the late reply is dropped by
// generation number and can never reach another call)."
//
// A caller whose context ends leaves its call. The reply comes all the same, some
// time, and it comes into a queue that all callers of the space share: what a call
// leaves behind is a record that must not be used again before, and the name under
// which its reply comes. A name is a record and how many calls have used it, its
// generation.
//
//	(begin)      look; takeRecord
//	takeRecord:  if a record is free then i := pop(free); generation[i] += 1; goto openCall
//	             else the first time: look; goto lead; the second time: goto awaitRecord
//	             \* or the call is refused, where its caller will not wait
//	             \* where callers donate: announceReady before openCall; see donate.go
//	awaitRecord: await a record that is free, or a reply that nobody receives; look; goto lead
//	openCall:    call[i] := pending; send
//	               \* where the sending end is busy, or the queue full: look, and try again
//	checkReply:  if call[i] = done then (leads) goto resign, (else) unwatch; goto closeCall
//	             else (leads) receive, (else) look; goto lead
//	lead:        if test-and-set(led) = free then leads;
//	             (with a call) as in call.go
//	             (without one) if it leads then receive until there is nothing, then
//	             goto resign, takeRecord; else goto takeRecord
//	block:       await permit[i] or the end of the context; permit[i] := false
//	             \* receiving: the reply has a name (j, generation)
//	loadCall:    if generation[j] is another one, or call[j] is neither pending nor
//	             abandoned, then drop it
//	             else if call[j] = pending then goto deliver else goto dropReply
//	             \* where callers donate: announceReady before deliver
//	deliver:     if call[j] = pending then call[j] := done; ready its caller
//	             else goto dropReply
//	             \* where callers donate: retractReady before dropReply
//	dropReply:   if call[j] = abandoned then call[j] := idle; goto freeRecord
//	freeRecord:  push(free, j)
//	             \* nothing to receive: who leads parks, but looks first
//	watch:       once a call: have the end of the context nudge
//	unwatch:     stop that, in a call that was watched: before closeCall, or before the end
//	             of a call that is left
//	lookNudge:   n := nudge; look; goto lookDoorbell
//	abandon:     if call[i] = pending then call[i] := abandoned; pass the lead on; unwatch; end
//	             else unwatch; goto closeCall            \* the reply was faster
//	closeCall:   call[i] := idle; goto freeRecord; end
//	             \* where callers donate: retractReady before freeRecord
//
// look is the steps lookContext and, with a deadline, lookClock. Where they find that
// the call is over it ends: before it has a record at once; before it was sent by
// closeCall, since no reply will come; else by abandon, after resign if it leads.
// Whoever leaves may have been given the lead, and passes it on.
//
// 1. Which record a call takes is open in the notes. Here, as in the runtime, it is
// the last that was freed.
//
// 2. Where the sending end is busy, a caller whose context may end tries, looks, and
// awaits the end or the context; that await is a step of its own under the name of
// the try. A caller whose context never ends awaits the end, as in send.go.
//
// 3. A generation counts up for ever in the notes and modulo 2^48 in the runtime;
// here a configuration has less calls than a Message has generations.

// Leave says how the calls of a configuration are left. The zero value: they are not.
type Leave struct {
	// Records are the calls that may be open at once, or left and not replied to
	// yet: 1 to MaxRecords. 0: no call is left, each caller has a record of its own.
	Records int
	// Leavers are the callers, the first ones, whose calls have a context that
	// ends: 0 to Config.Clients, and one at least where nobody replies.
	Leavers int
	// End is how contexts end.
	End End
	// Overload is what a call does that finds every record in use.
	Overload Overload
	// Twice is how many replies a faulty server may send a second time.
	Twice int
	// Death: the server's space dies, at any time, and the calls end: see death.go.
	// Nobody leaves a call for another reason then.
	Death bool
	// InOrder: the server has said before it dies that it stops.
	InOrder bool
	// ClientDies: it is the client's space that dies, and the server's processors are told
	// to stop (stop.go).
	ClientDies bool
}

func (l Leave) on() bool { return l.Records > 0 }

// Nudgers is how many threads nudge for contexts that have ended: one, or none where none
// ends.
func (l Leave) Nudgers() int {
	if l.Leavers == 0 || l.End == Passed {
		return 0
	}
	return 1
}

// End is how a context ends.
type End uint8

const (
	// Cancelled: by a step of somebody else.
	Cancelled End = iota
	// Expired: the clock passes its deadline, then its timer ends it.
	Expired
	// Passed: the clock passes its deadline, and no timer ever ends it.
	Passed
)

// Overload is what a call does that finds every record in use.
type Overload uint8

const (
	// Wait: it waits for one.
	Wait Overload = iota
	// Refuse: it ends.
	Refuse
)

// leaving is the part of call.go of callers that may leave.
var leaving = []row{
	{step.LookContext, view.lookContext}, {step.LookClock, view.lookClock},
	{step.TakeRecord, view.takeRecord}, {step.AwaitRecord, view.awaitRecord}, {step.AnnounceReady, view.announceReady}, {step.OpenCall, view.openRecord},
	{step.CheckReply, view.checkRecord}, {step.Lead, view.leadOrDrain},
	{step.AnnounceBlock, view.announceBlock}, {step.LeadAgain, view.leadAgain}, {step.Block, view.blockOrLeave}, {step.RetractBlock, view.retractBlock},
	{step.LoadCall, view.loadNamed}, {step.Deliver, view.deliverNamed}, {step.Ready, view.readyOther},
	{step.DropReply, view.dropReply}, {step.FreeRecord, view.freeRecord},
	{step.Watch, view.watch}, {step.Unwatch, view.unwatch}, {step.LookNudge, view.lookNudge},
	{step.Resign, view.resign}, {step.LookBlocked, view.lookBlockedNow}, {step.LookPending, view.lookRecord},
	{step.Abandon, view.abandon}, {step.CloseCall, view.closeRecord},
}

// way is where the caller that takes the step is on its way.
func (v view) way() *Way { return &v.left.Way[v.self] }

// record is the record of its call.
func (v view) record() *Caller { return &v.s.Caller[v.way().Record-1] }

// begin begins the caller's next call.
func (v view) begin() bool {
	w := v.way()
	*w = Way{Early: v.left.gone(v.Leave.End, v.self, v.caller().Number)}
	if v.Leave.Death {
		return v.to(step.HoldRegion)
	}
	return v.look(step.TakeRecord)
}

// end ends the caller's call, and begins the next one.
func (v view) end() bool {
	*v.way() = Way{}
	if v.Leave.Death {
		return v.to(step.ReleaseRegion)
	}
	return v.next()
}

// next begins the caller's next call, if there is one.
func (v view) next() bool {
	c := v.caller()
	if c.Number++; int(c.Number) == v.Calls {
		return v.to(step.None)
	}
	return v.begin()
}

func (v view) takeRecord() bool {
	w := v.way()
	j, ok := v.left.take()
	switch {
	case ok:
		w.Record = uint8(j + 1)
		return v.found()
	case !w.Drained:
		return v.look(step.Lead)
	case v.Leave.Overload == Refuse:
		return v.end()
	default:
		w.Drained = false
		return v.to(step.AwaitRecord)
	}
}

// opens gives the caller's record the name of its call, which goes on to be sent.
func (v view) opens() bool {
	v.left.Generation[v.way().Record-1]++
	return v.to(v.begins())
}

func (v view) awaitRecord() bool {
	if !v.left.some() && (v.s.Led || !v.machine.published(v.s, server)) && !v.over() && !v.left.Unsent {
		return false
	}
	return v.look(step.Lead)
}

func (v view) openRecord() bool {
	r, w := v.record(), v.way()
	r.Call, r.Result, r.Executed = Pending, 0, 0
	w.Begun = looked
	v.t.Message = v.left.name(int(w.Record) - 1)
	return v.to(step.TestSetSend)
}

func (v view) checkRecord() bool {
	done, leads := v.record().Call == Done, v.caller().Leads
	switch {
	case done && leads:
		v.way().Then = step.CloseCall
		return v.to(step.Resign)
	case done:
		return v.unwatchThen(step.CloseCall)
	case leads:
		return v.to(step.TestSetReceive)
	default:
		return v.look(step.Lead)
	}
}

// leadOrDrain is the try for the lead of a caller that waits for its reply, or for a
// record.
func (v view) leadOrDrain() bool {
	if v.way().Record != 0 {
		return v.lead()
	}
	if v.s.Led {
		return v.drained()
	}
	v.s.Led, v.caller().Leads = true, true
	return v.to(step.TestSetReceive)
}

// drained goes on to look for a record once more.
func (v view) drained() bool {
	v.way().Drained = true
	return v.to(step.TakeRecord)
}

func (v view) blockOrLeave() bool {
	r := v.record()
	if !r.Permit && !v.ended() && !v.left.Unblocked {
		return false
	}
	r.Permit = false
	return v.to(step.RetractBlock)
}

// foundNothing goes on with what a thread does that has found nothing to receive.
func (v view) foundNothing() bool {
	switch {
	case v.Queue:
		return v.poll()
	case v.Polls:
		return v.to(step.Pause)
	case v.left == nil || v.side == server:
		return v.parks()
	}
	switch w := v.way(); {
	case w.Record == 0:
		w.Then = step.TakeRecord
		return v.to(step.Resign)
	case v.leaver() && !w.Watches:
		return v.to(step.Watch)
	default:
		return v.to(step.LookNudge)
	}
}

// received goes on with what the leading caller does once it has handled a reply.
func (v view) received() bool {
	if v.way().Record == 0 {
		return v.to(step.TestSetReceive)
	}
	return v.to(step.CheckReply)
}

// loadNamed drops a reply to another generation of its record, and one that comes for
// the second time: before the drop its record may be that of a call that is left.
func (v view) loadNamed() bool {
	j := v.t.Message.caller(v.Leave.Records)
	switch {
	case j < 0 || v.t.Message != v.left.name(j).result():
		v.t.Message = 0
		return v.received()
	case v.s.Caller[j].Call == Pending:
		return v.toDeliver()
	case v.s.Caller[j].Call == Abandoned:
		return v.to(step.DropReply)
	default:
		v.t.Message = 0
		return v.received()
	}
}

// deliverNamed is a compare-and-swap: the caller may leave at the same time.
func (v view) deliverNamed() bool {
	reply, c := v.t.Message, v.caller()
	j := reply.caller(v.Leave.Records)
	r := &v.s.Caller[j]
	if r.Call != Pending {
		return v.toDrop()
	}
	v.t.Message = 0
	r.Call, r.Result = Done, reply
	if j+1 == int(v.way().Record) {
		return v.received()
	}
	c.Other = uint8(j)
	return v.to(step.Ready)
}

// toDrop goes on to drop the reply to a call that was left just before it was delivered:
// its caller takes no reply.
func (v view) toDrop() bool {
	if v.Donation {
		return v.to(step.RetractReady)
	}
	return v.to(step.DropReply)
}

// dropReply is the end of a call that was left: now its record may be used again.
func (v view) dropReply() bool {
	j := v.t.Message.caller(v.Leave.Records)
	v.t.Message = 0
	r := &v.s.Caller[j]
	if r.Call != Abandoned {
		return v.received()
	}
	r.Call, r.Executed = Idle, 0
	v.caller().Other = uint8(j)
	return v.toFree()
}

// toFree goes on to free a record.
func (v view) toFree() bool {
	if !v.lists() {
		return v.freeRecord()
	}
	return v.to(step.FreeRecord)
}

// lists says whether the list of free records is touched by steps of their own. A caller
// that is alone and whose server dies finds its record there, whenever it looks.
func (m *machine) lists() bool { return !m.Leave.Death || m.Clients > 1 }

// waits says whether a caller may find no record, and wait for one, where the server dies.
func (m *machine) waits() bool { return m.Leave.Records < m.Clients }

// freeRecord gives back the record of a call that was left, by the caller that leads,
// or the own one.
func (v view) freeRecord() bool {
	c, w := v.caller(), v.way()
	if c.Leads {
		v.left.free(int(c.Other))
		c.Other = 0
		return v.received()
	}
	v.left.free(int(w.Record) - 1)
	if w.Then == step.LookBlocked { // the call was not sent
		w.Then = step.None
		return v.to(step.LookBlocked)
	}
	return v.end()
}

func (v view) readyOther() bool {
	c := v.caller()
	v.s.Caller[c.Other].Permit = true
	c.Other = 0
	if c.Leads {
		return v.received()
	}
	return v.passed()
}

func (v view) lookBlockedNow() bool {
	if v.s.Blocked == 0 {
		return v.passed()
	}
	return v.lookNextRecord(0)
}

// lookNextRecord goes on to look at the first other record from number j on.
func (v view) lookNextRecord(j uint8) bool {
	if j+1 == v.way().Record {
		j++
	}
	if int(j) >= v.Leave.Records {
		v.caller().Other = 0
		return v.passed()
	}
	v.caller().Other = j
	return v.to(step.LookPending)
}

func (v view) lookRecord() bool {
	j := v.caller().Other
	if v.s.Caller[j].Call == Pending {
		return v.to(step.Ready)
	}
	return v.lookNextRecord(j + 1)
}

// passed goes on once the lead was passed on, if there was somebody.
func (v view) passed() bool {
	w := v.way()
	then := w.Then
	w.Then = step.None
	switch then {
	case step.None, step.CloseCall:
		return v.unwatchThen(then)
	case step.TakeRecord:
		return v.drained()
	default:
		return v.to(then)
	}
}

// unwatchThen goes on once a call waits for its reply no more, and its watch is stopped: to
// closeCall if it has its reply, to the end (None) if it was left.
func (v view) unwatchThen(then step.Name) bool {
	w := v.way()
	switch {
	case w.Watches:
		w.Watches, w.Then = false, then
		return v.to(step.Unwatch)
	case then == step.None:
		return v.end()
	default:
		return v.to(then)
	}
}

func (v view) abandon() bool {
	r := v.record()
	if r.Call != Pending {
		return v.unwatchThen(step.CloseCall)
	}
	r.Call = Abandoned
	return v.to(step.LookBlocked)
}

func (v view) closeRecord() bool {
	r := v.record()
	r.Call, r.Result, r.Executed = Idle, 0, 0
	if v.Donation {
		return v.to(step.RetractReady)
	}
	return v.toFree()
}
