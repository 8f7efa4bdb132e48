package lockstep

import (
	"encoding/binary"

	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/runtime/shm"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// The refinement mapping. What stands for a field of memory.State:
//
//	SendLock, RecvLock, Led   the word: 0 free, 1 held
//	Tail, Room, Head,         the word, less the configuration's start: so many
//	Slot.Sequence             messages, as memory.Config.Image writes it
//	Slot.Message              header and payload: whose call, which, call or reply
//	Donated, Returned         the word, less the configuration's start: so many processors
//	Parked, Blocked, Ready    the word
//	Caller.Call               the word of the call's state (of record i: see memory.Caller)
//	Caller.Permit             the simulated permit
//	Thread.At                 the step that the thread has announced; Retract for a
//	                          sleeper that was woken
//	Thread.Position, Seen     history: what the thread read at LoadTail, LoadHead and
//	                          RecheckHead, and at LookHead, while the specification keeps
//	                          it; of a donation at LookReturned, LoadReturned and
//	                          LookDonation, and whether it was the last at RetractReady
//	Thread.Rung               history: whether the doorbell differs from what it read
//	Thread.Stuck              history: it unlocks right after StoreRoom or LookSlot
//	                          (at RecheckSlot and AwaitRoom moved on, as
//	                          memory.Config.ImageOfRechecked and ImageOfSeen say)
//	                          (at AwaitMessage it is the head, or Seen says that a message
//	                          came there)
//	Caller.Leads              history: its last try for the lead found it free
//	Caller.Other              whose word, or permit, the announced step touches
//
// Auxiliary, carried by the specification that is run along, shown by no word:
// Thread.Message, Caller.Number, Caller.Result, Caller.Executed, State.Sent.
// Message is compared when it is written into a slot and when it is executed,
// Result and Number when the call returns.
//
// Beyond the State: each doorbell counts the Ring steps of its side.
//
// Where calls may be left (left.go): the free records, contexts, the clock, how many
// calls have ended.

// thread is what is known of a thread of the code.
type thread struct {
	side, self int
	actual     int // its number in the execution

	at    step.Name      // the step that it has announced; None: it has ended
	event schedule.Event // of that step

	taken   step.Name      // the step that it took last
	came    step.Name      // the same, but for steps of a pool's threads and of processors (pool.go)
	touched schedule.Event // of that step
	saw     uint32         // what that step read or wrote

	// History.
	position, seen, doorbell uint32
	leads                    bool
	full                     bool   // it has found the queue full, and not tried again
	parks                    bool   // it has read the nudge, and is about to sleep
	nudge                    uint32 // what it read
	dropped                  int    // the record of the late reply that it drops
	last                     bool   // it has sent, and no other was ready
	// executes: the procedure was called, and when the specification executes it,
	// from then on until the thread's next step, the bytes do not show.
	executes bool
	// returned: the thread's call gave this result.
	returned bool
	result   uint64
	received bool // it has told of a message that it has received
	standing bool // it has come to its first step
}

// odd is a word with a value that stands for nothing.
type odd struct {
	found   bool
	segment uint8
	offset  shm.Offset
	value   uint32
}

func (r *Refinement) oddWord(v *shm.View, off shm.Offset) {
	if !r.odd.found {
		r.odd = odd{found: true, segment: v.Number(), offset: off, value: v.Peek(off)}
	}
}

// look decodes everything into the image.
func (r *Refinement) look() {
	r.odd = odd{}
	for side := range r.image.Side {
		r.lookSide(side)
	}
	v := r.watched.Segments[privateSegment]
	if !r.config.Queue { // that has nothing that is private
		for j := range r.records {
			c := &r.image.Caller[j]
			c.Call = r.call(v, stateOf(j))
			c.Permit = r.watched.Permit(j)
		}
		r.image.Led = r.lock(v, offLead)
		r.image.Blocked = r.small(v, offBlocked)
		r.image.Ready = r.small(v, offReady)
	}
	for i := range r.config.Clients {
		c := &r.image.Caller[i]
		th := &r.threads[i]
		c.Thread = r.threadImage(th)
		c.Leads = th.leads
		c.Other = other(th)
	}
	for j := range r.config.Servers {
		r.image.Server[j] = r.threadImage(&r.threads[r.config.Clients+j])
	}
	if r.config.Leaves() {
		r.lookLeft()
	}
}

func (r *Refinement) lookSide(side int) {
	v, s := r.watched.Segments[side], &r.image.Side[side]
	s.SendLock = r.lock(v, offSendLock)
	s.Tail = r.position(v, offTail)
	s.Room = r.position(v, offRoom)
	s.RecvLock = r.lock(v, offRecvLock)
	s.Head = r.position(v, offHead)
	s.Parked = r.small(v, offParked)
	s.Donated = r.donations(v, offDonated)
	s.Returned = r.donations(v, offReturned)
	for i := range r.slots {
		at := slotOf(int(i), r.slots, r.start)
		s.Slot[i].Sequence = r.position(v, at+slotSequence)
		s.Slot[i].Message = r.message(v, at)
	}
	if v.Peek(offDoorbell) != r.rings[side] {
		r.oddWord(v, offDoorbell)
	}
}

func (r *Refinement) lock(v *shm.View, off shm.Offset) bool {
	word := v.Peek(off)
	if word > 1 {
		r.oddWord(v, off)
	}
	return word == 1
}

func (r *Refinement) small(v *shm.View, off shm.Offset) uint8 {
	word := v.Peek(off)
	if word > 255 {
		r.oddWord(v, off)
	}
	return uint8(word)
}

// donations decodes a word that counts processors: modulo 2^32 as the code does, and
// not modulo the 256 of a State.
func (r *Refinement) donations(v *shm.View, off shm.Offset) uint8 {
	n := v.Peek(off) - r.start
	if n > 255 {
		r.oddWord(v, off)
	}
	return uint8(n)
}

func (r *Refinement) call(v *shm.View, off shm.Offset) memory.Call {
	switch v.Peek(off) {
	case callIdle:
		return memory.Idle
	case callPending:
		return memory.Pending
	case callDelivered:
		return memory.Done
	case callAbandoned:
		if !r.config.Leaves() {
			r.oddWord(v, off)
		}
		return memory.Abandoned
	default:
		r.oddWord(v, off)
		return memory.Idle
	}
}

// position decodes a word that counts messages. Both queues have the same
// capacity, so that it does not matter of which.
func (r *Refinement) position(v *shm.View, off shm.Offset) uint8 {
	image, ok := r.imageOf(v.Peek(off))
	if !ok {
		r.oddWord(v, off)
	}
	return image
}

// imageOf is a count of messages as it stands in a State; false: there never are
// so many. Modulo the state's few positions a truncated word would pass for a
// whole one.
func (r *Refinement) imageOf(word uint32) (uint8, bool) {
	i := int(int32(word-r.start)) + int(r.slots)
	if uint(i) >= uint(len(r.images)) {
		return 0, false
	}
	return r.images[i], true
}

// message decodes what a slot holds: nothing yet, a call or a reply.
func (r *Refinement) message(v *shm.View, at shm.Offset) memory.Message {
	var bytes [explore.HeaderSize + explore.PayloadSize]byte
	v.PeekBytes(at+slotHeader, bytes[:])
	id := binary.LittleEndian.Uint64(bytes[0:])
	procedure, status := binary.LittleEndian.Uint32(bytes[8:]), binary.LittleEndian.Uint32(bytes[12:])
	length := binary.LittleEndian.Uint32(bytes[16:])
	if id|uint64(procedure|status|length) == 0 && [explore.PayloadSize]byte(bytes[slotPayload-slotHeader:]) == [explore.PayloadSize]byte{} {
		return 0
	}
	content := bytes[slotPayload-slotHeader:]
	content = content[:min(length, explore.PayloadSize)]
	var room [explore.PayloadSize]byte
	is := func(payload []byte) bool { return int(length) == len(payload) && string(content) == string(payload) }
	if r.config.Queue {
		if sender, n := int(id), int(procedure); id < uint64(r.config.Clients) && n < r.config.Calls &&
			status == 0 && is(r.says.Sent(room[:0], sender, n, r.config.Calls)) {
			return memory.Sent(sender, n)
		}
		r.oddWord(v, at+slotHeader)
		return 0
	}
	if m, i, ok := r.named(id); ok && procedure == r.says.Procedure(i) {
		switch {
		case status == 0 && is(r.says.Request(room[:0], i)):
			return m
		case status == procedure && is(r.says.Reply(room[:0], i)):
			return m.Reply()
		}
	}
	r.oddWord(v, at+slotHeader)
	return 0
}

// named gives the call that an id names, as a message and by its number among all
// calls; false: it names none.
func (r *Refinement) named(id uint64) (memory.Message, int, bool) {
	if r.config.Leaves() {
		return r.namedRecord(id)
	}
	caller, nth := int(id&0xffff), int(id>>16)-1 // see call.id: generations count from 1
	if caller >= r.config.Clients || uint(nth) >= uint(r.config.Calls) {
		return 0, 0, false
	}
	return memory.CallOf(caller, nth), caller*r.config.Calls + nth, true
}

// threadImage decodes what stands for a Thread.
func (r *Refinement) threadImage(th *thread) memory.Thread {
	t := memory.Thread{At: th.at}
	switch th.at {
	case step.LoadRoom, step.LookHead, step.WriteSlot, step.Publish, step.StoreTail,
		step.LookSlot, step.CopySlot, step.StoreHead:
		t.Position, _ = r.imageOf(th.position)
	case step.RecheckSlot:
		t.Position = r.rechecked(th)
	case step.AwaitMessage:
		t.Position, t.Seen = r.awaitedMessage(th)
	case step.StoreRoom:
		t.Position, _ = r.imageOf(th.position)
		t.Seen, _ = r.imageOf(th.seen)
	case step.UnlockSend:
		if t.Stuck = th.came == step.StoreRoom; t.Stuck {
			t.Seen, _ = r.imageOf(th.seen)
		}
	case step.AwaitRoom:
		t.Seen = r.awaited(th)
	case step.LookContext, step.LookClock, step.LookPoison:
		if th.full {
			t.Seen = r.awaited(th)
		}
	case step.UnlockReceive:
		t.Stuck = th.came == step.LookSlot
	case step.LookParked:
		if th.last {
			t.Seen = 1
		}
	case step.Donate, step.LookDonation:
		t.Position = uint8(th.position - r.start)
	case step.Return:
		t.Position, t.Seen = uint8(th.position-r.start), uint8(th.seen-r.start)
	case step.Asleep:
		if r.watched.Woken(th.actual) {
			t.At = step.Retract
		}
	}
	if th.side <= memory.ServerSide && memory.Compares(t.At) && r.watched.Segments[1-th.side].Peek(offDoorbell) != th.doorbell {
		t.Rung = 1
	}
	return t
}

// rechecked is the head that a thread at RecheckSlot has read, and awaited the
// one that a thread at AwaitRoom has seen: the specification keeps them as what
// the comparison to come can tell.
func (r *Refinement) rechecked(th *thread) uint8 {
	if _, ok := r.imageOf(th.position); !ok {
		return 0
	}
	head := th.position - r.start
	word := r.watched.Segments[1-th.side].Peek(slotOf(int(head), r.slots, r.start) + slotSequence)
	return r.config.ImageOfRechecked(1-th.side, int(head), int(int32(word-(th.position+1))))
}

// awaitedMessage is the head at which a receiver that polls has found nothing, and
// whether a message has come there.
func (r *Refinement) awaitedMessage(th *thread) (position, came uint8) {
	word := r.watched.Segments[1-th.side].Peek(slotOf(int(th.position-r.start), r.slots, r.start) + slotSequence)
	if word != th.position+1-r.slots {
		return 0, 1
	}
	position, _ = r.imageOf(th.position)
	return position, 0
}

func (r *Refinement) awaited(th *thread) uint8 {
	if _, ok := r.imageOf(th.seen); !ok {
		return 0
	}
	further := r.watched.Segments[1-th.side].Peek(offHead) - th.seen
	return r.config.ImageOfSeen(th.side, int(th.seen-r.start), int(int32(further)))
}

// other is whose word the announced step of a caller touches.
func other(th *thread) uint8 {
	switch th.at {
	case step.Ready:
		return uint8(th.event.Location.Offset / 4)
	case step.LookPending:
		return uint8((th.event.Location.Offset - uint32(offStates)) / uint32(stateSpace))
	case step.FreeRecord:
		if th.leads {
			return uint8(th.dropped)
		}
		return 0
	default:
		return 0
	}
}

// number is the thread's number in the execution.
func (th *thread) number(r *Refinement) int {
	switch th.side {
	case memory.ServerSide:
		return r.config.Clients + th.self
	case memory.CancellerSide:
		return r.config.Clients + r.config.Servers + th.self
	case memory.ReaperSide:
		return len(r.threads) - 2
	case memory.NudgerSide, memory.WatcherSide, memory.StopperSide:
		return len(r.threads) - 1
	default:
		return th.self
	}
}

// remember keeps what the thread's last step read, as far as it is history.
func (r *Refinement) remember(th *thread, name step.Name) {
	switch name {
	case step.LoadTail, step.LoadHead, step.RecheckHead, step.LookReturned, step.LoadReturned:
		th.position = th.saw
	case step.LookHead, step.LookDonation:
		th.seen = th.saw
	case step.RetractReady:
		th.last = th.saw == 1
	case step.LookParked:
		th.last = false
	case step.LookDoorbell:
		th.doorbell = th.saw
	case step.Lead, step.LeadAgain:
		th.leads = th.saw == 0
	case step.Resign:
		th.leads = false
	case step.Ring:
		r.rings[th.side]++
	}
	if r.config.Leaves() {
		r.rememberLeft(th, name)
	}
}

// threadOf is the thread, one of the two sides', in a state of the specification.
func threadOf(s *memory.CallState, th *thread) *memory.Thread {
	if th.side == memory.ClientSide {
		return &s.Caller[th.self].Thread
	}
	return &s.Server[th.self]
}

// atOf is where a thread stands in a state of the specification.
func atOf(s *memory.CallState, th *thread) step.Name { return standsAt(s, th.side, th.self) }

func standsAt(s *memory.CallState, side, self int) step.Name {
	switch side {
	case memory.ClientSide:
		return s.Caller[self].At
	case memory.ServerSide:
		return s.Server[self].At
	case memory.CancellerSide:
		return s.Canceller[self].At
	case memory.NudgerSide:
		return step.Nudge
	case memory.ReaperSide:
		return s.Reaper
	case memory.WatcherSide:
		return s.Watcher
	default:
		return s.Stopper
	}
}
