package schedule

import (
	"fmt"
	"math/bits"
)

// One decision of an execution: the strategy says who goes on, or how the world answers,
// and it is written down.

// decide asks the strategy which thread goes on and takes its step down; nil: no
// thread can, or the execution ends here (see outcome).
func (r *runner) decide() *thread {
	if r.repeating {
		if len(r.steps) < r.settled {
			return r.repeat()
		}
		r.arrive()
	}
	enabled := r.ready
	if r.waiting != 0 {
		enabled |= r.awake()
	}
	if enabled == 0 || !r.mayGoOn() {
		return nil
	}
	i := r.strategy.pick(enabled, r.last)
	if i < 0 {
		r.outcome = refused
		return nil
	}
	preempts := r.last >= 0 && i != r.last && enabled>>uint(r.last)&1 == 1
	th := r.threads[i]
	rec := record{thread: int16(i), choice: -1, name: r.names.id(th.event.Name), place: place(&th.event)}
	if !r.same(rec) {
		return nil
	}
	if r.recording != nil && !r.recording.step(r, th, preempts) {
		return nil
	}
	if preempts {
		r.preemptions++
	}
	r.steps = append(r.steps, rec)
	if r.sums {
		r.sum.Word(uint64(rec.name))
		r.sum.Word(rec.place)
	}
	r.show()
	r.take(th)
	if r.detector != nil {
		if text, race := r.detector.step(r, th); race {
			r.fail(propertyDataRace, text)
		}
	}
	if r.hears {
		r.stepped(th, rec.name)
	}
	if len(r.guards) > 0 {
		r.checkGuards(th)
	}
	return th
}

// take has the thread make the step that it stands before.
func (r *runner) take(th *thread) {
	r.last = th.index
	r.taken++
	r.ready &^= th.bit
	r.waiting &^= th.bit
	switch {
	case th.changes != nil:
		th.wrote = r.predicate(th, th.changes)
	case th.word != nil && th.event.Kind == CAS:
		th.wrote = th.word.v == th.expects
	default:
		th.wrote = th.event.Kind.writes()
	}
}

// predicate runs a predicate of a thread, on whichever goroutine runs now.
func (r *runner) predicate(th *thread, ok func() bool) (is bool) {
	defer func() {
		if r.asked != nil {
			r.predicateFailed(recover())
			is = false
		}
		r.quiet = false
	}()
	r.quiet, r.asked = true, th
	is = ok()
	r.asked = nil
	return is
}

// awake gives the waiting threads whose predicate is true. A panic in a
// predicate fails the execution; it must not unwind the thread that happens to run.
func (r *runner) awake() (set uint64) {
	defer func() {
		if r.asked != nil {
			r.predicateFailed(recover())
			set = 0
		}
		r.quiet = false
	}()
	r.quiet = true
	for w := r.waiting; w != 0; w &= w - 1 {
		r.asked = r.threads[bits.TrailingZeros64(w)]
		if r.detector != nil {
			r.asked.on = r.asked.on[:r.asked.announced]
		}
		if r.asked.test != nil && r.asked.test(r.asked.word.v) || r.asked.test == nil && r.asked.ok() {
			set |= r.asked.bit
		}
	}
	r.asked = nil
	return set
}

// predicateFailed is called by a deferred function that has recovered v; nil: the
// predicate has called runtime.Goexit.
func (r *runner) predicateFailed(v any) {
	switch v {
	case any(killed{}):
	case nil:
		r.failExit(r.predicateOf(r.asked))
	default:
		r.failPanic(r.predicateOf(r.asked), v)
	}
	r.asked = nil
}

// choose asks the strategy for an answer; false: the execution ends here.
func (r *runner) choose(th *thread, name string, n int, source string) (int, bool) {
	if r.repeating {
		if len(r.steps) < r.settled {
			v, ok := r.repeatChoice(th, name, n)
			r.show()
			return v, ok
		}
		r.arrive()
	}
	if !r.mayGoOn() {
		return 0, false
	}
	v := r.strategy.choose(n)
	if v < 0 {
		r.outcome = refused
		return 0, false
	}
	rec := record{thread: -1, choice: int32(v), name: r.names.id(name), place: uint64(Choice)<<48 | uint64(uint32(n))}
	if th != nil {
		rec.thread = int16(th.index)
	}
	if !r.same(rec) {
		return 0, false
	}
	if r.recording != nil && !r.recording.choice(r, rec, source) {
		return 0, false
	}
	r.steps = append(r.steps, rec)
	switch {
	case r.hears && th != nil:
		th.local.Word(uint64(v)<<32 | uint64(rec.name)<<1 | 1)
	case r.hears && r.settingUp:
		r.setUpChose.Word(uint64(v))
	}
	r.show()
	return v, true
}

// answeredAlone takes down that a thread was given the only answer that there is. To its
// history that is the first one of several: a thread that may choose as long as there is
// enough of something goes on alike when it declines and when there is none.
func (r *runner) answeredAlone(th *thread, name string) {
	if r.hears && th != nil {
		th.local.Word(uint64(r.names.id(name))<<1 | 1)
	}
}

// mayGoOn says whether the execution may have one more step.
func (r *runner) mayGoOn() bool {
	if r.outcome != underWay {
		return false
	}
	if r.stopping.Load() {
		r.outcome = interrupted
		return false
	}
	if len(r.steps) >= r.maxSteps {
		r.outcome, r.cutAtEnd = cut, r.ending
		return false
	}
	return true
}

// same checks a step of the settled part against the execution before, whose
// steps still stand behind the end of the slice.
func (r *runner) same(rec record) bool {
	n := len(r.steps)
	if n >= r.settled {
		return true
	}
	was := r.steps[: n+1 : n+1][n]
	if was == rec {
		return true
	}
	r.differ(was, r.tell(rec))
	return false
}

// differ refuses the execution, whose next step was another one.
func (r *runner) differ(was record, now string) {
	if r.outcome == underWay {
		r.outcome = refused
		r.difference = fmt.Sprintf("step %d was %s and is now %s", len(r.steps)+1, r.tell(was), now)
	}
}

// tell says a step in words.
func (r *runner) tell(rec record) string {
	who := "the set-up"
	if rec.thread >= 0 && int(rec.thread) < r.declared {
		who = r.threads[rec.thread].name
	}
	return r.tellOf(rec, who)
}

// tellOf says a step in words, and who made it.
func (r *runner) tellOf(rec record, who string) string {
	name := r.names.list[rec.name]
	if rec.choice >= 0 {
		return fmt.Sprintf("choice %s = %d of %d by %s", name, rec.choice, uint32(rec.place), who)
	}
	return fmt.Sprintf("%s (%s) by %s", name, tellPlace(rec.place), who)
}

// tellPlace says the kind of a step and where it is.
func tellPlace(place uint64) string {
	return fmt.Sprintf("%v %v", Kind(place>>48), locationOf(place))
}
