package schedule

import (
	"fmt"
	"iter"
	"runtime"
	"strings"
)

// thread is one thread of the program. It and its coroutine serve one execution
// after another.
type thread struct {
	r     *runner
	index int
	bit   uint64 // 1 << index, its place in sets of threads

	// Of this execution.
	name       string
	daemon     bool
	own        bool  // of a clock or a store buffer: it is not the program's
	declaredAt int32 // steps (no answers) that were taken when it was declared, less one
	parent     int   // the thread that declared it; -1: the set-up
	f          func()
	done       bool
	killed     bool // every further call of T unwinds the thread
	refusal    int  // how often the thread went on after it was killed
	exiting    bool // a thread that recovers its killing is ended by Goexit

	// The step that the thread stands before, and for an await when and on what.
	event   Event
	ok      func() bool
	on      []Location        // what an await is on, or what a step touches beside its location
	changes func() bool       // of a StepIf: whether it writes, if it is taken now
	wrote   bool              // the step that the thread took last may have changed its location
	word    *Word             // that the step is on, nil if it is on none
	test    func(uint64) bool // of an await of the word, in place of ok
	expects uint64            // of a compare-and-swap of the word
	victims uint64            // of a Kill
	holds   int               // mutexes that it holds
	buffer  *storeBuffer      // of its plain stores; nil: they go to memory at once
	history                   // of a search that keeps states
	dead    bool              // killed by T.Kill or stopped by a failure: it is unwound at the end
	source  string            // file:line of the call, only when recording
	// Only when recording stacks: all frames of the call, and of that before it.
	frames, came []string
	last         int // index of its last step in the recording, -1: none

	// The coroutine; nil until first needed.
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
}

// killed unwinds a thread whose execution is over. It is private, so that only
// code that recovers everything gets hold of it.
type killed struct{}

// patience is how many times a killed thread may recover and go on before it is
// ended in a way that cannot be recovered.
const patience = 100

// loop is the coroutine: one body after another.
func (th *thread) loop(yield func(struct{}) bool) {
	th.yield = yield
	for {
		th.body()
		if !yield(struct{}{}) {
			return
		}
	}
}

func (th *thread) body() {
	defer th.finish()
	th.f()
}

// finish ends the thread, whether it returned, panicked or was killed.
func (th *thread) finish() {
	v := recover()
	if th.r.hears && !th.killed {
		th.r.heard(th)
	}
	th.done = true
	th.f, th.ok, th.changes, th.word = nil, nil, nil, nil
	if v == nil || th.killed {
		return
	}
	th.r.failPanic(fmt.Sprintf("thread %q", th.name), v)
}

// resume runs the thread's coroutine until it yields. Only the goroutine of the
// search calls it, which is never locked to an OS thread: a coroutine that is
// resumed under another locking than it was created under ends the process.
func (r *runner) resume(th *thread) {
	r.running = th
	if th.next == nil {
		th.next, th.stop = iter.Pull(th.loop)
	}
	th.next()
	r.running = nil
}

// pause stands the running thread before the step it has set down, and returns
// when the strategy lets it be taken. The strategy is asked here, on the
// thread's own stack: if the thread itself goes on, that costs no switch.
func (r *runner) pause(th *thread) {
	if r.started == r.declared && r.outcome == underWay {
		next := r.decide()
		if next == th {
			return
		}
		r.next, r.decided = next, true
	}
	th.yield(struct{}{})
	if th.killed {
		th.unwind()
	}
}

// die stops the running thread for good: it is unwound when the execution is
// over and nobody sees what it then stores. It does not return.
func (th *thread) die() {
	th.dead = true
	th.yield(struct{}{})
	th.unwind()
}

// unwind ends a killed thread that is called on. It does not return.
func (th *thread) unwind() {
	th.refusal++
	if th.refusal > patience {
		if !th.exiting {
			th.exiting = true
			th.yield(struct{}{}) // kill goes on with it on a goroutine that may be lost
		}
		runtime.Goexit()
	}
	panic(killed{})
}

// kill unwinds the threads that the end of the execution has left standing.
// Their deferred functions run, but every call of T in them panics before the
// access that it announces.
func (r *runner) kill() {
	for _, th := range r.threads[:r.started] {
		if th.done {
			continue
		}
		th.killed = true
		r.resume(th)
		if !th.done {
			r.lose(th)
		}
	}
	r.ready, r.waiting = 0, 0
}

// lose ends a thread that recovers every panic, by runtime.Goexit. iter.Pull
// passes a Goexit on to the goroutine that resumes, so one is spent on it.
func (r *runner) lose(th *thread) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.running = th
		th.next()
	}()
	<-ended
	r.running = nil
	th.done = true
	th.next, th.stop = nil, nil
}

// close ends all coroutines, after which no goroutine is left.
func (r *runner) close() {
	r.kill()
	for _, th := range r.threads {
		if th.stop != nil {
			th.stop()
		}
	}
	r.threads = nil
}

// where tells the frames between a panic and this package, innermost first.
func where(skip int) string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip+1, pcs[:])])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if ofPackage(f.Function, home) && b.Len() > 0 {
			break
		}
		if !ofPackage(f.Function, home) && !ofPackage(f.Function, "runtime") {
			fmt.Fprintf(&b, "\n    %s (%s:%d)", f.Function, f.File, f.Line)
		}
		if !more {
			break
		}
	}
	return b.String()
}
