package schedule

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// T is one execution of a program, as the program sees it. The function given to
// Explore makes shared objects, declares threads and returns; then the threads
// run, one at a time, until none can go on. A T is of no use after its execution.
//
// Step, Await and Choose may also be called where nothing interleaves: in the
// set-up, in functions of AtEnd and in predicates of Await. Step then returns at
// once and is no step.
type T struct {
	r    *runner
	over bool
}

// maxThreads is how many threads an execution may have, those of clocks and store
// buffers included: sets of threads are words.
const maxThreads = 64

// Go declares a thread, which must have ended when no thread can go on: else the
// execution fails by property "deadlock". Its code before its first Step is local
// computation: it runs in order of declaration and is no step. Threads may
// declare threads. Names need not differ, but reports and Kill know threads by them. If none
// of the threads announces a step in any execution, nothing
// interleaves, and a search that would pass is refused (ErrUsage); but one thread alone may
// ask T.Choose.
func (t *T) Go(name string, f func()) { t.declare("Go", name, f, false) }

// Daemon declares a thread that may be left waiting at the end: a server, a poller.
func (t *T) Daemon(name string, f func()) { t.declare("Daemon", name, f, true) }

func (t *T) declare(call, name string, f func(), daemon bool) {
	r := t.alive(call)
	if f == nil {
		r.misused("%s of thread %q without a function", call, name)
	}
	if th := r.running; th != nil && th.killed {
		th.unwind()
	}
	buffered := r.running != nil && r.running.buffer != nil && !r.quiet
	if buffered {
		r.drain(r.running)
	}
	t.declareThread(call, name, f, daemon)
	if buffered {
		r.giveBuffer(t, r.threads[r.declared-1])
	}
}

func (t *T) declareThread(call, name string, f func(), daemon bool) {
	r := t.r
	if r.quiet || r.ending {
		r.misused("%s of thread %q where no thread can start: the set-up and threads declare threads", call, name)
	}
	if r.declared == maxThreads {
		r.misused("%s of thread %q, which is one too many: an execution has at most %d threads%s", call, name, maxThreads, r.ownThreads())
	}
	if r.declared == len(r.threads) {
		r.threads = append(r.threads, &thread{r: r, index: r.declared, bit: 1 << r.declared})
	}
	if r.running != nil && r.taken > 0 {
		r.declarers |= r.running.bit
	}
	th := r.threads[r.declared]
	r.declared++
	th.name, th.daemon, th.own, th.f = name, daemon, false, f
	th.done, th.killed, th.dead, th.exiting, th.refusal = false, false, false, false, 0
	th.ok, th.changes, th.word, th.source, th.last = nil, nil, nil, "", -1
	th.event, th.buffer, th.frames, th.came = Event{}, nil, nil, nil
	if r.detector != nil {
		r.detector.declared(th, r.running)
	}
	th.history = history{label: -1, name1: -1}
	if r.hears && r.running != nil {
		th.local = r.captured(r.running)
	}
	th.declaredAt, th.parent, th.holds = r.taken-1, -1, 0
	if r.running != nil {
		th.parent = r.running.index
	}
}

// alive gives the runner. It refuses a call after the end of the execution, or by a goroutine
// that is no thread of it.
func (t *T) alive(call string) *runner {
	if t.over {
		t.late(call)
	}
	if !t.r.isOurs() {
		t.foreign(call)
	}
	return t.r
}

// asks is alive for a call that only asks or tells something: functions of Cleanup may make
// it, too.
func (t *T) asks(call string) *runner {
	r := t.r
	if t.over || !r.self.calls() {
		t.mayAsk(call)
	}
	return r
}

func (t *T) mayAsk(call string) {
	if t.over && !(t.r.cleaning && t.r.now == t) {
		t.late(call)
	}
	if !t.r.isOurs() {
		t.foreign(call)
	}
}

// late refuses a call after the end of the execution. It does not return. In another execution
// it is wrong use, which ends the search.
func (t *T) late(call string) {
	r := t.r.lookout.member(current()).r
	if r == nil {
		t.foreign(call)
	}
	if r.outcome == underWay {
		r.misused("%s of a T of an earlier execution, or of what that made: each execution makes its words, locks and threads anew, from the T that the program is given", call)
	}
	panic("schedule: " + call + " after the end of the execution")
}

// thread gives the thread that calls, or nil where nothing interleaves.
func (t *T) thread(call string) (*runner, *thread) {
	r := t.r
	if t.over || !r.self.calls() {
		t.alive(call)
	}
	if r.quiet {
		return r, nil
	}
	th := r.running
	if th != nil {
		if th.killed {
			th.unwind()
		}
		return r, th
	}
	if !r.settingUp && !r.ending {
		panic("schedule: " + call + " outside a controlled thread")
	}
	return r, nil
}

// Step announces a shared access and returns when the strategy lets the thread
// make it. The access itself is made right after the return, before the next
// call of T.
//
// also names further locations that the access touches. Searches that reduce
// take all locations of one access for one place, in the whole program.
//
// The event's kind is one of Load to Await: the others are those of this package's own steps.
func (t *T) Step(e Event, also ...Location) {
	r, th := t.thread("Step")
	if th == nil {
		r.changesNothing(e.Name, e.Kind)
		return
	}
	if r.straightOn(th, e.Name, e.Kind, e.Location) {
		return
	}
	r.checkKind("Step", &e)
	th.stands(e, also)
	r.ready |= th.bit
	r.pause(th)
}

// StepIf is a Step that changes its location only if changes() is true when it is
// taken, as compare-and-swap does, and gives what changes() said. One that
// changes nothing is a read to searches that reduce. The event's kind is one that writes. changes must be such as a
// predicate of Await: it is asked before the step is taken, too.
//
// on names what changes looks at beside the location of the event and the words that it
// reads by Peek, and how it reads is as with AwaitStep.
func (t *T) StepIf(e Event, changes func() bool, on ...Location) bool {
	r, th := t.thread("StepIf")
	if changes == nil {
		r.misused("StepIf of %q without a function that says whether it changes anything: Step is one that always may", e.Name)
	}
	if th == nil {
		r.changesNothing(e.Name, e.Kind)
		return changes()
	}
	r.checkKind("StepIf", &e)
	r.checkWrites(&e)
	th.stands(e, on)
	th.changes = changes
	r.ready |= th.bit
	r.pause(th)
	return th.wrote
}

// stands sets down the step before which the thread is about to pause.
func (th *thread) stands(e Event, on []Location) {
	if th.r.hears {
		th.r.heard(th)
	}
	th.event = e
	th.on = append(th.on[:0], on...)
	th.announced = len(on)
	th.ok, th.changes, th.test, th.word, th.tries, th.victims = nil, nil, nil, nil, false, 0
	if th.r.recording != nil {
		th.source = th.r.source()
		if th.r.recording.stacks {
			th.came, th.frames = th.frames, th.r.frames()
		}
	}
}

// Await waits until ok() is true and the strategy lets the thread go on: a step
// that is enabled only while ok() is true. It is one read of the locations named.
// ok must depend on nothing but shared state and must not change it; it is called
// often, on whichever goroutine runs. Accesses in it are part of the await.
//
// Name all that ok looks at and that no Word tells (Word.Peek): a step elsewhere is taken
// to leave the await as it is. Optimal ends with ErrState wherever it comes to a step that does
// not, and Stateful wherever such a step keeps the await from being taken; of steps whose order
// does not matter, by what is named, they go one way alone, and the other on a sample. An await
// that names no location is taken to look at all.
func (t *T) Await(name string, ok func() bool, on ...Location) {
	r, th := t.thread("Await")
	if ok == nil {
		r.misused("Await of %q without a predicate", name)
	}
	if th == nil {
		if !ok() {
			r.waitsInVain("Await of " + strconv.Quote(name))
		}
		return
	}
	e := Event{Name: name, Kind: Await}
	if len(on) > 0 {
		e.Location = on[0]
	}
	if r.straightOn(th, name, Await, e.Location) {
		return
	}
	th.stands(e, on)
	th.ok = ok
	r.waiting |= th.bit
	r.pause(th)
}

// AwaitStep is a Step that is enabled only while ok() is true: a blocking lock is
// one that sets the word and is enabled while the word is free. To wait and to
// make the access is one event. ok must be such as a predicate of Await.
//
// on names what ok looks at beside the location of the event and the words that it reads
// by Peek: who writes there decides about the step, as with Await. There ok reads atomically,
// also where the kind of the event is plain (Options.DataRaces); at the location of the event
// it reads as the event does.
func (t *T) AwaitStep(e Event, ok func() bool, on ...Location) {
	r, th := t.thread("AwaitStep")
	if ok == nil {
		r.misused("AwaitStep of %q without a predicate", e.Name)
	}
	if th == nil {
		r.changesNothing(e.Name, e.Kind)
		if !ok() {
			r.waitsInVain("AwaitStep of " + strconv.Quote(e.Name))
		}
		return
	}
	if r.straightOn(th, e.Name, e.Kind, e.Location) {
		return
	}
	r.checkKind("AwaitStep", &e)
	th.stands(e, on)
	th.ok = ok
	r.waiting |= th.bit
	r.pause(th)
}

// Choose gives a number of 0..n-1, as the kernel gives an answer: Bounded tries
// each, Random draws one, a token records it. n is 1 to 2^31-1. It is a step of the report but
// no point where threads interleave: it belongs to the step before. One of 1 is no choice and
// no step; of it the thread knows what it would know of answer 0 among more, so that who asks
// for what is used up does not differ from who declines it.
func (t *T) Choose(name string, n int) int {
	r, th := t.thread("Choose")
	if r.quiet {
		r.misused("Choose of %q in a predicate, which must depend on shared state alone: choose before the await", name)
	}
	if n < 1 {
		r.misused("Choose of %q among %d: there must be one answer or more", name, n)
	}
	if n > math.MaxInt32 {
		r.misused("Choose of %q among %d: there may be at most 2^31-1 answers; who draws from more chooses twice", name, n)
	}
	if n == 1 {
		r.answeredAlone(th, name)
		return 0
	}
	source := ""
	if r.recording != nil {
		source = r.source()
	}
	v, ok := r.choose(th, name, n, source)
	if !ok {
		r.abandon(th)
	}
	return v
}

// Saw tells what the thread's last access read or wrote, for display. Where
// speed matters use SawValue: the arguments of Saw are made even when nobody looks.
func (t *T) Saw(format string, args ...any) {
	r := t.r
	if t.over || r.sure {
		t.asks("Saw")
	}
	if (r.recording != nil || r.sums) && t.sees() {
		value := fmt.Sprintf(format, args...)
		if r.recording != nil {
			r.recording.saw(r.running, value)
		}
		if r.sums {
			r.sum.Bytes([]byte(value))
		}
	}
}

// sees says whether a thread runs that has just made an access.
func (t *T) sees() bool {
	th := t.r.running
	return th != nil && !th.killed && !t.over && !t.r.quiet
}

// SawValue tells the word that the thread's last access read or wrote. It costs
// next to nothing when nobody looks. A stateful search hashes what each thread
// saw since its last mark: tell every value that was read. A step that reads and
// does not tell is taken to have read all shared words, and Report.Untold names it.
func (t *T) SawValue(v uint64) {
	r := t.r
	if t.over || r.sure {
		t.asks("SawValue")
	}
	if r.recording != nil && t.sees() {
		r.recording.saw(r.running, formatValue(v))
	}
	if r.hears && t.sees() {
		r.tellValue(r.running, v)
	}
	if r.sums && t.sees() {
		r.sum.Word(v)
	}
}

// SawBytes is SawValue of a copy of several bytes, or of a further part of one.
func (t *T) SawBytes(b []byte) {
	r := t.r
	if t.over || r.sure {
		t.asks("SawBytes")
	}
	if r.recording != nil && t.sees() {
		r.recording.sawMore(r.running, fmt.Sprintf("%x", b))
	}
	if r.hears && t.sees() {
		r.running.told = true
		r.running.local.Bytes(b)
	}
	if r.sums && t.sees() {
		r.sum.Bytes(b)
	}
}

// Mark announces, at the head of a loop, the thread's local state: the label of
// the place and every live value on which its next steps depend. It is the hook
// of a stateful search, which takes two executions that agree in shared words
// and in all threads' marks, and in what they did since, for one. Other searches
// only count it. Where no thread runs, in the set-up say, it does nothing.
func (t *T) Mark(label string, live ...uint64) {
	r := t.asks("Mark")
	if r.repeating || t.over || r.quiet || r.running == nil || r.running.killed {
		return
	}
	id := r.names.id(label)
	r.marks = append(r.marks, id)
	if r.hears {
		r.marked(r.running, id, live)
	}
}

// ByStates says whether the search tells states apart, so that marks and values
// that were seen matter to it.
func (t *T) ByStates() bool { return t.asks("ByStates").keeps }

// Check ends the execution as a failure of the property unless ok: the message says how. A
// property has a name.
func (t *T) Check(property string, ok bool, format string, args ...any) {
	if t.alive("Check"); !ok || property == "" {
		t.fail("Check", property, format, args)
	}
}

// Fail ends the execution as a failure of the property, as Check does.
func (t *T) Fail(property, format string, args ...any) { t.fail("Fail", property, format, args) }

func (t *T) fail(call, property, format string, args []any) {
	r := t.alive(call)
	if th := r.running; th != nil && th.killed {
		th.unwind()
	}
	if property == "" {
		r.misused("%s of a property without a name", call)
	}
	message := ""
	if r.recording != nil {
		message = strings.Trim(fmt.Sprintf(format, args...), "\n")
	}
	r.fail(property, message)
	r.abandon(r.running)
}

// AtEnd declares a function to run after the execution has ended: not if it
// failed or was cut short. The set-up and threads may declare one. Functions run in order of declaration. Bounded runs an
// execution again in each later round, and counts it once: functions that gather
// results must not count by their calls.
func (t *T) AtEnd(f func()) {
	r := t.alive("AtEnd")
	if th := r.running; th != nil && th.killed {
		th.unwind()
	}
	if r.ending || r.quiet {
		r.misused("AtEnd where it is too late: the set-up and threads declare what is to run at the end")
	}
	if f == nil {
		r.misused("AtEnd without a function")
	}
	r.atEnd = append(r.atEnd, f)
}

// Cleanup declares a function to run when the execution is over, however it came
// to its end, and all its threads have been unwound: for what must be given back.
// Functions run in the order opposite to that of declaration, and take no steps. One that
// panics, or ends its goroutine, is wrong use (ErrUsage), unless the execution has failed.
// Only the set-up may declare them.
func (t *T) Cleanup(f func()) {
	r := t.alive("Cleanup")
	if !r.settingUp {
		r.outsideSetUp("Cleanup")
	}
	if f == nil {
		r.misused("Cleanup without a function")
	}
	r.cleanups = append(r.cleanups, f)
}

// Self gives the index of the thread that calls, in order of declaration.
func (t *T) Self() int { return t.self("Self").index }

// Name gives the name of the thread that calls.
func (t *T) Name() string { return t.self("Name").name }

func (t *T) self(call string) *thread {
	r := t.alive(call)
	if r.running == nil || r.quiet {
		r.misused("%s outside a controlled thread: it tells which thread calls", call)
	}
	return r.running
}
