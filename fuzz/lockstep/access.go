package lockstep

import (
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// owner is who writes the word that a step touches.
type owner uint8

const (
	nowhere  owner = iota // the step touches no word
	own                   // the thread's own side
	peer                  // the other side
	private               // the client's space alone
	pool                  // the threads of the server's pool
	permits               // a call's permit
	free                  // the list of free records
	contexts              // a call's context
	clock
	nudges
	poison   // whether the binding is over
	sending  // whether calls that were not sent are sent
	unblocks // whether who blocks may go on
	holders  // of the client's memory
	deaths   // what the kernel knows of the server's space
	ends     // that the client has done what it does about it
	spaces   // all of a space
)

// which tells the word of a step that has one for each slot or each call.
type which uint8

const (
	fixed     which = iota // the offset alone
	ofSlot                 // of the slot of the thread's Position
	ofSelf                 // of the thread's own call
	ofReply                // of the call that the received reply is for
	ofOther                // of the call that is looked at, or whose caller is made ready
	ofAwaited              // of the slot that the thread has found empty: history, as it may have moved on in the specification
)

// access is what a step of the specification touches in memory, and how. How many bytes:
// see sizeOf.
type access struct {
	kind   schedule.Kind
	owner  owner
	offset shm.Offset
	which  which
}

// accesses are those of all steps. A step that is not here has no business in memory.
var accesses = [...]access{
	step.TestSetSend: {schedule.Swap, own, offSendLock, fixed},
	step.LoadTail:    {schedule.Load, own, offTail, fixed},
	step.LoadRoom:    {schedule.Load, own, offRoom, fixed},
	step.LookHead:    {schedule.Load, peer, offHead, fixed},
	step.StoreRoom:   {schedule.Store, own, offRoom, fixed},
	step.WriteSlot:   {schedule.Write, own, slotHeader, ofSlot},
	step.Publish:     {schedule.Store, own, slotSequence, ofSlot},
	step.StoreTail:   {schedule.Store, own, offTail, fixed},
	step.UnlockSend:  {schedule.Store, own, offSendLock, fixed},
	step.AwaitRoom:   {schedule.Await, peer, offHead, fixed},

	step.LookParked:   {schedule.Load, peer, offParked, fixed},
	step.LookReturned: {schedule.Load, peer, offReturned, fixed},
	step.Donate:       {schedule.CAS, own, offDonated, fixed},
	step.Ring:         {schedule.Add, own, offDoorbell, fixed},
	step.Wake:         {schedule.Wake, own, offDoorbell, fixed},

	step.TestSetReceive: {schedule.Swap, own, offRecvLock, fixed},
	step.LoadHead:       {schedule.Load, own, offHead, fixed},
	step.LookSlot:       {schedule.Load, peer, slotSequence, ofSlot},
	step.CopySlot:       {schedule.Read, peer, slotHeader, ofSlot},
	step.StoreHead:      {schedule.Store, own, offHead, fixed},
	step.UnlockReceive:  {schedule.Store, own, offRecvLock, fixed},
	step.AwaitMessage:   {schedule.Await, peer, slotSequence, ofAwaited},
	step.Execute:        {},

	step.LookDoorbell: {schedule.Load, peer, offDoorbell, fixed},
	step.LoadReturned: {schedule.Load, own, offReturned, fixed},
	step.LookDonation: {schedule.Load, peer, offDonated, fixed},
	step.Return:       {schedule.CAS, own, offReturned, fixed},
	step.Announce:     {schedule.Add, own, offParked, fixed},
	step.RecheckHead:  {schedule.Load, own, offHead, fixed},
	step.RecheckSlot:  {schedule.Load, peer, slotSequence, ofSlot},
	step.Sleep:        {schedule.Sleep, peer, offDoorbell, fixed},
	step.Asleep:       {schedule.Await, peer, offDoorbell, fixed},
	step.Retract:      {schedule.Add, own, offParked, fixed},

	step.AnnounceReady: {schedule.Add, private, offReady, fixed},
	step.RetractReady:  {schedule.Add, private, offReady, fixed},
	step.OpenCall:      {schedule.Store, private, 0, ofSelf},
	step.CheckReply:    {schedule.Load, private, 0, ofSelf},
	step.Lead:          {schedule.Swap, private, offLead, fixed},
	step.AnnounceBlock: {schedule.Add, private, offBlocked, fixed},
	step.LeadAgain:     {schedule.Swap, private, offLead, fixed},
	step.Block:         {schedule.Await, permits, 0, ofSelf},
	step.RetractBlock:  {schedule.Add, private, offBlocked, fixed},
	step.LoadCall:      {schedule.Load, private, 0, ofReply},
	step.Deliver:       {schedule.CAS, private, 0, ofReply},
	step.Ready:         {schedule.Store, permits, 0, ofOther},
	step.Resign:        {schedule.Store, private, offLead, fixed},
	step.LookBlocked:   {schedule.Load, private, offBlocked, fixed},
	step.LookPending:   {schedule.Load, private, 0, ofOther},
	step.CloseCall:     {schedule.Store, private, 0, ofSelf},

	step.TakeRecord:  {schedule.Add, free, 0, fixed},
	step.AwaitRecord: {schedule.Await, free, 0, fixed},
	step.FreeRecord:  {schedule.Add, free, 0, fixed},
	step.Abandon:     {schedule.CAS, private, 0, ofSelf},
	step.DropReply:   {schedule.CAS, private, 0, ofReply},
	step.LookContext: {schedule.Load, contexts, 0, ofSelf},
	step.LookClock:   {schedule.Load, clock, 0, fixed},
	step.Watch:       {schedule.Store, contexts, 0, ofSelf},
	step.Unwatch:     {schedule.Swap, contexts, 0, ofSelf},
	step.LookNudge:   {schedule.Load, nudges, 0, fixed},
	step.Cancel:      {schedule.Store, contexts, 0, ofSelf},
	step.TakeWatch:   {schedule.Swap, contexts, 0, ofSelf},
	step.Expire:      {schedule.Store, clock, 0, fixed},
	step.Nudge:       {schedule.Wake, nudges, 0, fixed},

	step.HoldRegion:    {schedule.Add, holders, 0, fixed},
	step.ReleaseRegion: {schedule.Add, holders, 0, fixed},
	step.CloseRegion:   {schedule.Add, holders, 0, fixed},
	step.UnmapMemory:   {schedule.Kill, spaces, 0, fixed},
	step.Die:           {schedule.Kill, spaces, 0, fixed},
	step.Notice:        {schedule.Await, deaths, 0, fixed},
	step.LookPoison:    {schedule.Load, poison, 0, fixed},
	step.StopSending:   {schedule.Store, sending, 0, fixed},
	step.LookSending:   {schedule.Load, sending, 0, fixed},
	step.Poison:        {schedule.CAS, poison, 0, fixed},
	step.Unblock:       {schedule.Store, unblocks, 0, fixed},
	step.EndBinding:    {schedule.Store, ends, 0, fixed},

	step.LookStop: {schedule.Load, pool, offStopping, fixed},
	step.Stop:     {schedule.CAS, pool, offStopping, fixed},
}

// wordSize is the size of a word in bytes.
const wordSize = 4

// sizeOf gives how many bytes a step touches in a state of the specification: a message's
// header and payload, else a word, or what is none.
func (r *Refinement) sizeOf(s *memory.CallState, th *thread, name step.Name) uint32 {
	switch {
	case name == step.WriteSlot:
		return r.messageSize(s, threadOf(s, th).Message)
	case name == step.CopySlot:
		slot := int(threadOf(s, th).Position) % int(r.slots)
		return r.messageSize(s, s.Side[1-th.side].Slot[slot].Message)
	case accesses[name].owner == spaces || accesses[name].owner == nowhere:
		return 0
	}
	return wordSize
}

// messageSize is the size of a message in a slot, in bytes; 0 if the specification has none.
func (r *Refinement) messageSize(s *memory.CallState, m memory.Message) uint32 {
	i, ok := r.callOf(s, m)
	switch {
	case !ok:
		return 0
	case r.config.Queue:
		sender, n := m.Name()
		return explore.HeaderSize + r.says.SentLength(sender*r.config.Calls+n)
	case m.Caller(memory.MaxRecords) >= 0:
		return explore.HeaderSize + r.says.ReplyLength(i)
	}
	return explore.HeaderSize + r.says.RequestLength(i)
}

// places are those of what stands in no segment, and is one for all.
var places = [...]schedule.Location{
	nudges: explore.NudgeAt, poison: explore.PoisonAt, sending: explore.SendingAt, unblocks: explore.UnblocksAt,
	holders: explore.HoldersAt, deaths: explore.DeathAt, ends: explore.EndAt, spaces: {},
}

// accessOf gives the access that a thread makes by a step in a state of the
// specification; false if the step makes none that is known.
func (r *Refinement) accessOf(s *memory.CallState, th *thread, name step.Name) (schedule.Kind, schedule.Location, bool) {
	if int(name) >= len(accesses) {
		return 0, schedule.Location{}, false
	}
	a := accesses[name]
	at := schedule.Location{Offset: uint32(a.offset)}
	if name == step.TestSetSend && r.leaves(th) && s.Way[th.self].Tried {
		a.kind = schedule.Await // see memory/leave.go, 2
	}
	switch a.owner {
	case own:
		at.Segment = uint16(th.side)
	case peer:
		at.Segment = uint16(1 - th.side)
	case private:
		at.Segment = privateSegment
	case pool:
		at.Segment = poolSegment
	case permits:
		at.Segment = uint16(explore.Permits)
	case free:
		at = explore.FreeRecordsAt
	case contexts:
		at = explore.ContextsAt
		at.Offset = uint32(4 * (th.self*r.config.Calls + contextOf(s, th)))
		return a.kind, at, true
	case clock:
		at = explore.ClockAt
	case nudges, poison, sending, unblocks, holders, deaths, ends, spaces:
		return a.kind, places[a.owner], true
	default:
		return a.kind, at, name == step.Execute
	}
	n := r.recordOf(s, th)
	switch a.which {
	case fixed:
		return a.kind, at, true
	case ofSlot:
		at.Offset += uint32(slotOf(int(threadOf(s, th).Position), r.slots, r.start))
		return a.kind, at, true
	case ofAwaited:
		at.Offset += uint32(slotOf(int(th.position-r.start), r.slots, r.start))
		return a.kind, at, true
	case ofReply:
		n = s.Caller[th.self].Message.Caller(r.records)
	case ofOther:
		n = int(s.Caller[th.self].Other)
	}
	if a.owner == permits {
		at.Offset = uint32(4 * n)
	} else {
		at.Offset = uint32(stateOf(n))
	}
	return a.kind, at, n >= 0
}

// recordOf is the record of a caller's call; -1 if it has none.
func (r *Refinement) recordOf(s *memory.CallState, th *thread) int {
	if th.side != memory.ClientSide || !r.config.Leaves() {
		return th.self
	}
	return int(s.Way[th.self].Record) - 1
}

// contextOf is the number of the context that a thread looks at, or ends, among those
// of its caller.
func contextOf(s *memory.CallState, th *thread) int {
	if c := &s.Canceller[th.self]; th.side == memory.CancellerSide && c.At == step.TakeWatch {
		return int(c.Done) - 1
	} else if th.side == memory.CancellerSide {
		return int(c.Done)
	}
	return int(s.Caller[th.self].Number)
}
