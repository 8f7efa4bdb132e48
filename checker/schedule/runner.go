package schedule

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
)

// strategy chooses. The runner asks it at every point where threads interleave
// and at every Choose.
type strategy interface {
	// begin prepares the next execution; false: there is none. The first settled
	// steps of it repeat those of the execution before.
	begin() (settled int, more bool)
	// pick gives one of the enabled threads, of which there is at least one. last
	// is the thread of the step before, or -1. A negative answer ends the execution.
	pick(enabled uint64, last int) int
	// choose gives a number of 0..n-1; a negative answer ends the execution.
	choose(n int) int
}

// watcher is a strategy that looks at the threads where an execution has left
// them, before the functions of AtEnd run.
type watcher interface{ over() }

// outcome tells how an execution went.
type outcome uint8

const (
	underWay    outcome = iota
	ended               // no thread was left, and every check passed
	failed              // a property is violated
	cut                 // longer than MaxSteps
	interrupted         // the context was cancelled
	refused             // the strategy had no answer, or the steps differed
)

// record is one step, small enough to keep for every execution.
type record struct {
	thread int16 // -1: the set-up or the end
	choice int32 // the answer of a Choose; -1: a step
	name   int32
	place  uint64 // kind, segment and offset
}

func place(e *Event) uint64 { return placed(e.Kind, e.Location) }

func placed(k Kind, at Location) uint64 {
	return uint64(k)<<48 | uint64(at.Segment)<<32 | uint64(at.Offset)
}

func locationOf(place uint64) Location {
	return Location{Segment: uint16(place >> 32), Offset: uint32(place)}
}

// runner runs one execution after another under a strategy. It allocates per
// execution, not per step.
type runner struct {
	program  func(*T)
	strategy strategy
	maxSteps int
	stopping *atomic.Bool // set when the context is cancelled
	names    names

	threads           []*thread // made so far; this execution has the first declared ones
	declared, started int
	running           *thread // whose code runs now; nil: the search itself
	self              *self   // of the running thread, or of the host
	ready             uint64  // threads before a step that is no await
	waiting           uint64  // threads before an await
	taken             int32   // steps of this execution, without answers
	declarers         uint64  // threads that have declared threads after the first step
	struck            uint64  // threads that T.Kill ended while they stood before a step
	asked             *thread // whose predicate runs now
	looks             []look  // what predicates of this execution have looked at, and the search has not taken in
	quiet             bool    // a predicate runs: accesses in it are no steps
	settingUp, ending bool    // the set-up runs, the functions of AtEnd run
	cleaning          bool    // those of Cleanup run

	next    *thread // goes on, if decided; nil: no thread can
	decided bool
	last    int // thread of the last step, -1: none

	settled     int  // as the strategy's begin said
	repeating   bool // the settled steps are repeated (repeat.go)
	steps       []record
	marks       []int32
	sums        bool     // what the steps tell is summed up: the execution is run again
	sum         Digest   // of that
	spareSteps  []record // of executions that are made aside
	spareMarks  []int32
	preemptions int
	atEnd       []func()
	cleanups    []func()
	words       []*Word // of this execution, in order of T.Word
	named       map[string]*wordNames
	detector    *detector // of data races; nil: they do not matter
	tso         bool      // plain stores are buffered
	buffers     []*storeBuffer
	// Of a search that keeps states.
	keeps       bool
	hears       bool // keeps, and is not repeating
	recalls     bool // the program declares T.Recall
	guards      []guard
	guardsCheck bool      // some of the guards have a property
	made        []guarded // of the place of the step taken last, if so
	shared      []part
	scratch     Digest // of a part, while it is made
	quotient    func(Location, uint64) uint64
	telling     []telling
	setUpChose  Digest // answers in the set-up
	untold      untold // in all executions so far
	mute        string // why the program cannot be explored by states

	outcome           outcome
	cutAtEnd          bool   // of one that is cut: by a function of AtEnd
	property, message string // of a failure; the message only when recording
	difference        string // why the execution was refused
	misuse            string // how the program calls T without meaning
	// goOn: a thread that fails stops there, and the others go on to a maximal
	// execution; the failure then stands at step failedAt.
	goOn              bool
	failedAt          int
	failedPreemptions int
	recording         *recording
	host              host
	told              func() bool // as Options say
	wasTold           bool

	lookout *lookout
	now     *T            // the execution that is made, or was made last
	runs    uint64        // how many were
	sure    bool          // each call of T is looked at (foreign.go)
	number  uint64        // of the execution in a sample
	shows   atomic.Uint64 // how often the runner has shown what it has done: stuck.go
	shown   shown
}

func newRunner(program func(*T), maxSteps int, l *lookout, x *lexicon) *runner {
	return &runner{program: program, maxSteps: maxSteps, stopping: l.stopping, lookout: l, names: newNames(x)}
}

// run makes one execution; the strategy has begun it.
func (r *runner) run(settled int) {
	t := &T{r: r}
	r.now = t
	r.runs++
	r.sure = r.runs <= surelyOurs
	r.reset(settled)
	r.showThreads()
	if s, ok := r.strategy.(repeater); ok && settled > 0 {
		r.repeats(s)
	}
	r.host.run(r, func() { r.execute(t) })
	r.kill()
	if r.told != nil {
		r.listen()
	}
	t.over = true
	for len(r.cleanups) > 0 {
		r.host.run(r, r.clean)
	}
	r.lookForLeaks()
	r.show()
}

// clean calls the functions of T.Cleanup that are left. One that panics ends the search,
// as one that ends its goroutine does, when the others have been called.
func (r *runner) clean() {
	r.cleaning = true
	for n := len(r.cleanups); n > 0; n = len(r.cleanups) {
		f := r.cleanups[n-1]
		r.cleanups = r.cleanups[:n-1]
		r.show()
		r.giveBack(f)
	}
	r.cleaning = false
}

func (r *runner) giveBack(f func()) {
	defer func() {
		if v := recover(); v != nil {
			r.notCleaned(fmt.Sprintf("panics: %v%s", v, where(2)))
		}
	}()
	f()
}

// notCleaned takes down what has become of a function of T.Cleanup. Of an execution that
// has failed it may be the failure's consequence.
func (r *runner) notCleaned(how string) {
	if r.outcome != failed && r.misuse == "" {
		r.outcome, r.misuse = refused, "a function of Cleanup "+how
	}
}

// execute is the execution up to its outcome.
func (r *runner) execute(t *T) {
	r.protect("the set-up", func() {
		r.settingUp = true
		r.program(t)
		if r.tso {
			r.bufferStores(t)
		}
	})
	r.settingUp = false
	r.protect("the search", r.schedule)
	if w, ok := r.strategy.(watcher); ok {
		w.over()
	}
	r.end()
}

func (r *runner) reset(settled int) {
	r.settled, r.repeating, r.hears = settled, false, r.keeps
	r.settingUp, r.ending, r.quiet, r.running, r.asked = false, false, false, nil, nil
	r.cleaning, r.self = false, &r.host.self
	r.declared, r.started = 0, 0
	r.looks = r.looks[:0]
	r.last = -1
	r.next, r.decided = nil, false
	r.steps, r.marks, r.atEnd = r.steps[:0], r.marks[:0], r.atEnd[:0]
	r.cleanups = r.cleanups[:0]
	r.words, r.shared, r.guards = r.words[:0], r.shared[:0], r.guards[:0]
	r.buffers = r.buffers[:0]
	r.quotient, r.mute, r.setUpChose, r.recalls, r.guardsCheck = nil, "", Digest{}, false, false
	if r.detector != nil {
		r.detector.reset()
	}
	r.struck, r.declarers, r.taken = 0, 0, 0
	r.preemptions = 0
	r.sum = Digest{}
	r.outcome = underWay
	r.property, r.message, r.difference, r.misuse = "", "", "", ""
	r.failedAt, r.failedPreemptions = -1, 0
}

// protect runs f on the goroutine of the search; a panic in it is a failure, as
// one in a thread is.
func (r *runner) protect(who string, f func()) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if _, ok := v.(killed); !ok {
			r.failPanic(who, v)
		}
	}()
	f()
}

// caught is deferred around a function of the program that is to tell something and
// does nothing else. If it panics, or ends its goroutine, the program cannot be explored: that
// is no failure of an execution.
func (r *runner) caught(call string, returned *bool) {
	r.quiet = false
	v := recover()
	switch _, failed := v.(killed); {
	case *returned || r.mute != "":
	case v == nil:
		r.mute = fmt.Sprintf("a function given to T.%s ends its goroutine, by runtime.Goexit, as FailNow and Fatal of package testing do:%s", call, where(2))
	case failed:
		r.mute = "a function given to T." + call + " fails a check: it must only tell"
	default:
		r.mute = fmt.Sprintf("a function given to T.%s panics: %v%s", call, v, where(2))
	}
}

// schedule runs the threads until none can go on or the outcome is known.
func (r *runner) schedule() {
	for r.outcome == underWay {
		if r.started < r.declared {
			r.started++
			r.showThreads()
			r.resume(r.threads[r.started-1])
			continue
		}
		if !r.decided {
			r.next = r.decide()
		}
		r.decided = false
		if r.next == nil {
			return
		}
		r.resume(r.next)
	}
}

// end decides about an execution in which no thread can go on.
func (r *runner) end() {
	if r.outcome != underWay {
		return
	}
	if r.failedAt >= 0 {
		r.outcome = failed
		return
	}
	if r.stuck() {
		message := ""
		if r.recording != nil {
			message = r.waitingThreads()
		}
		r.fail("deadlock", message)
		return
	}
	r.ending = true
	r.protect("a check at the end", func() {
		for _, f := range r.atEnd {
			r.show()
			f()
		}
	})
	r.ending = false
	if r.outcome == underWay {
		r.outcome = ended
	}
}

func (r *runner) stuck() bool {
	for _, th := range r.threads[:r.declared] {
		if !th.done && !th.dead && !th.daemon {
			return true
		}
	}
	return false
}

func (r *runner) waitingThreads() string {
	var b strings.Builder
	b.WriteString("no thread can go on:")
	sep := " "
	for _, th := range r.threads[:r.declared] {
		if th.done || th.dead || r.waiting&th.bit == 0 {
			continue
		}
		kind := ""
		if th.daemon {
			kind = " (a daemon)"
		}
		fmt.Fprintf(&b, "%s%s%s waits at %s", sep, th.name, kind, th.event.Name)
		for i, l := range th.on[:th.announced] {
			fmt.Fprintf(&b, "%s%v", map[bool]string{true: " on ", false: ", "}[i == 0], l)
		}
		sep = "; "
	}
	return b.String()
}

// fail ends the execution as a failure; the first one counts.
func (r *runner) fail(property, message string) {
	if r.outcome != underWay || r.failedAt >= 0 {
		return
	}
	r.property, r.message = property, message
	if r.goOn && r.running != nil && !r.quiet {
		r.failedAt, r.failedPreemptions = len(r.steps), r.preemptions
		return
	}
	r.outcome = failed
}

// failPanic is called by a deferred function that has recovered v.
func (r *runner) failPanic(who string, v any) {
	message := ""
	if r.recording != nil {
		message = fmt.Sprintf("%s: %v%s%s", who, v, unmade(v), where(2))
	}
	r.fail("panic", message)
}

// unmade says what is wrong, most likely, where this package's code comes upon nil.
func unmade(v any) string {
	if _, is := v.(runtime.Error); !is {
		return ""
	}
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	panics := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panics = true
		case panics && ofPackage(f.Function, home):
			return ", in a method of this package: is a Word, Mutex, Cond, Clock, Guard or T used that no call of T has made?"
		case panics && !ofPackage(f.Function, "runtime"), !more:
			return ""
		}
	}
}

// propertyExit is what code of the program fails that ends its goroutine.
const propertyExit = "exit"

// failExit is called by a deferred function that runs since runtime.Goexit was called.
func (r *runner) failExit(who string) {
	message := ""
	if r.recording != nil {
		message = fmt.Sprintf("%s ends its goroutine, by runtime.Goexit, as FailNow and Fatal of package testing do:%s", who, where(2))
	}
	r.fail(propertyExit, message)
}

// abandon unwinds the code that runs now. It does not return.
func (r *runner) abandon(th *thread) {
	if th != nil && r.goOn && r.outcome == underWay && !r.quiet {
		th.die()
	}
	if th != nil {
		th.killed = true
	}
	panic(killed{})
}
