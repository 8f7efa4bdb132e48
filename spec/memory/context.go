package memory

import "urpc/spec/step"

// The ends of contexts, which nobody asks the callers for.
//
//	lookContext: if the context has ended then leave
//	lookClock:   if clock ≥ deadline then leave
//	watch:       if the context has ended then called := called + 1 else watched[i] := true
//	unwatch:     watched[i] := false
//	(for each call i of the caller:)
//	expire:      clock := deadline, if that is later         \* only with a deadline
//	cancel:      the context ends; if watched[i] then goto takeWatch
//	takeWatch:   if watched[i] then watched[i] := false; called := called + 1
//	(beside them:)
//	nudge:       await called > 0; called := called - 1;
//	             nudge := nudge + 1; wake all callers that sleep
//
// The clock passes a deadline before the context knows: its timer is late by as much
// as others take steps meanwhile, or never comes (Passed).
//
// A watch is as Go's context.AfterFunc: what it calls runs on a goroutine of its own, some
// time. Until the end has come to the watch it can be stopped, also when the context has
// ended; from then on the nudge comes, also when the watch is stopped meanwhile and the
// call is over, and wakes who sleeps by then. A watch that begins after the end calls at
// once. Which watch called makes no difference to a nudge, so they are counted.
//
// The nudge is read before the last look at the context: what ends after that look
// nudges after that reading, and the sleep is refused, or ended. It is kept as what
// the one step that compares it can tell, as the doorbell is: for each caller that
// has read it, whether it has changed since.

// cancelling is the program of who ends the contexts of one caller, nudging that of what
// their watches call.
var cancelling = []row{{step.Expire, view.expire}, {step.Cancel, view.cancel}, {step.TakeWatch, view.takeWatch}}

var nudging = []row{{step.Nudge, view.nudge}}

// leaver says whether the calls of the caller that takes the step have a context
// that ends.
func (v view) leaver() bool {
	return v.left != nil && v.side == client && v.self < v.Leave.Leavers
}

// looks says whether the thread is a caller that looks whether its call is over.
func (v view) looks() bool { return v.leaver() || v.mourns() }

// look looks at the caller's context, if it has one that ends, before it goes on; or
// whether the binding is over.
func (v view) look(then step.Name) bool {
	if !v.looks() {
		return v.to(then)
	}
	v.way().Then = then
	if v.mourns() {
		return v.to(step.LookPoison)
	}
	return v.to(step.LookContext)
}

// looksBefore says whether caller i looks at its context before it goes on to a step.
func (v view) looksBefore(i int, then step.Name) bool {
	if v.left == nil || v.side == client {
		return false
	}
	at := v.s.Caller[i].At
	return (at == step.LookContext || at == step.LookClock || at == step.LookPoison) && v.left.Way[i].Then == then
}

// ended says whether the context of the caller's call has ended, late whether its
// deadline has passed.
func (v view) ended() bool { return v.leaver() && v.left.ended(v.Leave.End, v.self, v.caller().Number) }

func (v view) late() bool {
	return v.leaver() && v.Leave.End != Cancelled && v.left.Clock >= v.deadline(v.self, v.caller().Number)
}

func (v view) over() bool { return v.ended() || v.late() || v.mourns() && v.left.Poisoned }

// deadline is that of a call: the first calls of all callers come before the second
// ones.
func (m *machine) deadline(i int, number uint8) uint8 {
	return uint8(2 + int(number)*m.Clients + i)
}

func (v view) lookContext() bool {
	w := v.way()
	w.Begun = max(w.Begun, lookedAtContext)
	switch {
	case v.ended():
		return v.leave()
	case v.Leave.End != Cancelled:
		return v.to(step.LookClock)
	default:
		return v.goOn()
	}
}

func (v view) lookClock() bool {
	v.way().Begun = looked
	if v.late() {
		return v.leave()
	}
	return v.goOn()
}

// goOn goes on after a look that found nothing.
func (v view) goOn() bool {
	w := v.way()
	then := w.Then
	w.Then = step.None
	w.Tried = then == step.TestSetSend
	if v.Leave.End == Cancelled {
		w.Begun = looked
	}
	if then == step.TakeRecord && !v.lists() {
		return v.takeRecord()
	}
	return v.to(then)
}

// leave leaves the call, from wherever the caller is on its way.
func (v view) leave() bool {
	w := v.way()
	then := w.Then
	w.Then = step.None
	switch {
	case w.Record == 0:
		return v.end()
	case then == step.TestSetSend || then == step.AwaitRoom:
		v.t.Message, v.t.Seen = 0, 0
		w.Then = step.LookBlocked
		return v.to(step.CloseCall)
	case then == step.LookDoorbell:
		w.Nudged = false
		w.Then = step.Abandon
		return v.to(step.Resign)
	default:
		return v.to(step.Abandon)
	}
}

// busy: a caller whose context may end looks at it when it has found the sending end
// busy, and awaits that the end is free, or that the context has ended.
func (v view) busy() bool {
	switch {
	case !v.looks():
		return false
	case v.way().Tried:
		if !v.over() || v.Leave.Death {
			return false // that the binding is over does not end this await
		}
		v.way().Tried = false
		return v.to(step.TestSetSend)
	default:
		return v.look(step.TestSetSend)
	}
}

// tried says whether the caller awaits that the sending end is free, which it is.
func (v view) tried() bool {
	if !v.looks() || !v.way().Tried {
		return false
	}
	v.way().Tried = false
	return true
}

func (v view) watch() bool {
	v.way().Watches = true
	if v.ended() {
		v.left.Called++
	} else {
		v.left.Canceller[v.self].Watched |= 1 << v.caller().Number
	}
	return v.to(step.LookNudge)
}

func (v view) unwatch() bool {
	w := v.way()
	v.left.Canceller[v.self].Watched &^= 1 << v.caller().Number
	then := w.Then
	w.Then = step.None
	return v.unwatchThen(then)
}

func (v view) lookNudge() bool {
	v.way().Nudged = false
	return v.look(step.LookDoorbell)
}

// nudged says whether the nudge has changed since the thread read it.
func (v view) nudged() bool {
	switch {
	case v.left == nil:
		return false
	case v.side == server:
		return v.left.Missed[v.self]
	default:
		return v.way().Nudged
	}
}

// oversleeps says whether the caller goes to sleep past its deadline: the kernel
// lets it not. A ghost counts how often it does.
func (v view) oversleeps() bool {
	if !v.late() {
		return false
	}
	w := v.way()
	w.Overslept = min(w.Overslept+1, 2)
	return true
}

func (v view) forgetNudge() {
	switch {
	case v.left == nil:
	case v.side == server:
		v.left.Missed[v.self] = false
	default:
		v.way().Nudged = false
	}
}

func (v view) canceller() *Canceller { return &v.left.Canceller[v.self] }

func (v view) expire() bool {
	c := v.canceller()
	v.left.Clock = max(v.left.Clock, v.deadline(v.self, c.Done))
	v.comesEarly(looked)
	if v.Leave.End == Passed {
		c.Done++
		return v.endNext()
	}
	c.At = step.Cancel
	return true
}

func (v view) cancel() bool {
	c := v.canceller()
	v.comesEarly(lookedAtContext)
	watched := c.Watched>>c.Done&1 == 1
	if c.Done++; watched {
		c.At = step.TakeWatch
		return true
	}
	return v.endNext()
}

// takeWatch comes to the watch of the context that has just ended.
func (v view) takeWatch() bool {
	c := v.canceller()
	if ended := uint8(1) << (c.Done - 1); c.Watched&ended != 0 {
		c.Watched &^= ended
		v.left.Called++
	}
	return v.endNext()
}

// comesEarly notes that the end, or the deadline, came before the call began.
func (v view) comesEarly(begun uint8) {
	w, c := &v.left.Way[v.self], &v.s.Caller[v.self]
	if c.At != step.None && c.Number == v.canceller().Done && w.Begun < begun {
		w.Early = true
	}
}

func (v view) nudge() bool {
	if v.left.Called == 0 {
		return false
	}
	v.left.Called--
	v.nudgeAll()
	return true
}

// nudgeAll wakes all callers that sleep, and has those who are about to sleep not do so.
func (v view) nudgeAll() {
	for i := range v.Clients {
		t, w := &v.s.Caller[i].Thread, &v.left.Way[i]
		switch {
		case t.At == step.Asleep:
			t.At, t.Rung = step.Retract, 0
		case v.left.comparesNudge(t.At, w.Then):
			w.Nudged = true
		}
	}
}

// endNext goes on to end the caller's next context.
func (v view) endNext() bool {
	c := v.canceller()
	switch {
	case int(c.Done) == v.Calls:
		c.At = step.None
	case v.Leave.End == Cancelled:
		c.At = step.Cancel
	default:
		c.At = step.Expire
	}
	return true
}
