package schedule

import "fmt"

// Repeating. A coroutine cannot be set back, so that an execution which parts from
// the one before at its last steps makes all the steps before again. A search by
// states spends most of its time on that, and needs of those steps nothing but what
// they do: which thread takes each is known, and so is what the search knew when it
// was there: who is enabled, the guards, the digests. The runner therefore only
// resumes the threads in the order that stands written, and puts back the search's
// knowledge when it arrives.
//
// Where data races matter the clocks of threads are what a step makes of them, so that it
// is asked again what a predicate looks at.
//
// That a step is the one that it was, by thread, name, kind and place, is checked
// always. That the same threads were enabled and had read the same values is checked
// in one execution of fullEvery, which makes the steps again like new ones: a
// program that is not a function of its schedule is found out by one or the other.

// repeater is a strategy that can have the settled steps repeated so.
type repeater interface {
	// repeats says whether the next execution is to be.
	repeats() bool
	// arrived is called when all settled steps have been repeated, before the
	// strategy is asked again.
	arrived()
}

// fullEvery: of so many executions one, and the first so many, are not repeated. Tests of
// small programs have fewer.
var fullEvery uint64 = 64

// repeats lets the settled steps of the execution be repeated if the strategy
// wants it.
func (r *runner) repeats(s repeater) {
	r.repeating = s.repeats()
	r.hears = r.hears && !r.repeating
}

// arrive ends the repetition.
func (r *runner) arrive() {
	r.repeating, r.hears = false, r.keeps
	r.strategy.(repeater).arrived()
}

// repeat takes the next of the settled steps; nil: the execution is refused, since
// its thread stands elsewhere now.
func (r *runner) repeat() *thread {
	n := len(r.steps)
	was := r.steps[: n+1 : n+1][n]
	if r.outcome != underWay {
		return nil
	}
	if was.choice >= 0 || int(was.thread) >= r.declared {
		r.differ(was, "none")
		return nil
	}
	th := r.threads[was.thread]
	switch {
	case (r.ready|r.waiting)&th.bit == 0:
		r.differ(was, "none of it")
		return nil
	case place(&th.event) != was.place || th.event.Name != r.names.list[was.name]:
		r.differ(was, fmt.Sprintf("%s (%v %v) by %s", th.event.Name, th.event.Kind, th.event.Location, th.name))
		return nil
	}
	if r.detector != nil && !r.asksAgain(th) {
		r.differ(was, "not enabled")
		return nil
	}
	r.steps = r.steps[:n+1]
	r.show()
	r.take(th)
	if r.detector != nil {
		if _, race := r.detector.step(r, th); race { // it is stepped for its clocks
			r.steps = r.steps[:n]
			r.differ(was, "the same, and in a data race")
			return nil
		}
	}
	return th
}

// asksAgain asks the predicate of a thread that waits once more, as awake has before the step
// was taken for the first time: what it looks at now is what the step orders before the thread.
// The state is the same, and so is the answer.
func (r *runner) asksAgain(th *thread) bool {
	if r.waiting&th.bit == 0 {
		return true
	}
	th.on = th.on[:th.announced]
	if th.test != nil {
		return r.predicate(th, func() bool { return th.test(th.word.v) })
	}
	return r.predicate(th, th.ok)
}

// straightOn says whether the thread itself takes the next of the settled steps, and it
// is this one: then it need not stand before it. So most settled steps cost nothing
// but what they do. Who decides by what the thread stands before has th.event of
// an earlier step meanwhile; but it stands before its step in full when the settled
// steps are at their end, or others come before it.
func (r *runner) straightOn(th *thread, name string, k Kind, at Location) bool {
	n := len(r.steps)
	if !r.repeating || n >= r.settled || r.started != r.declared || r.detector != nil || r.outcome != underWay {
		return false
	}
	was := &r.steps[: n+1 : n+1][n]
	if int(was.thread) != th.index || was.choice >= 0 || was.place != placed(k, at) || r.names.list[was.name] != name {
		return false
	}
	r.steps = r.steps[:n+1]
	r.last = th.index
	r.taken++
	return true
}

// repeatChoice gives the answer that stands written; false: there is none.
func (r *runner) repeatChoice(th *thread, name string, n int) (int, bool) {
	k := len(r.steps)
	was := r.steps[: k+1 : k+1][k]
	who := int16(-1)
	if th != nil {
		who = int16(th.index)
	}
	if r.outcome != underWay {
		return 0, false
	}
	if was.choice < 0 || was.thread != who || r.names.list[was.name] != name || uint32(was.place) != uint32(n) {
		r.differ(was, fmt.Sprintf("choice %s of %d", name, n))
		return 0, false
	}
	r.steps = r.steps[:k+1]
	return int(was.choice), true
}

// aside makes an execution under another strategy, and leaves what stands written
// for the next one as it was. then looks at what the execution left.
func (r *runner) aside(other strategy, maxSteps int, then func()) {
	strategy, limit, steps, marks := r.strategy, r.maxSteps, r.steps, r.marks
	r.strategy, r.maxSteps, r.steps, r.marks = other, maxSteps, r.spareSteps, r.spareMarks
	r.run(0)
	then()
	r.spareSteps, r.spareMarks = r.steps, r.marks
	r.strategy, r.maxSteps, r.steps, r.marks = strategy, limit, steps, marks
}
