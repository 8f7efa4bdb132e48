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
	returned   bool // f has returned: it has neither panicked nor called runtime.Goexit
	exiting    bool // its goroutine is about to end, by Goexit: only lose may resume it

	// The step that the thread stands before, and for an await when and on what.
	event     Event
	ok        func() bool
	on        []Location        // what an await is on, or what a step touches beside its location
	announced int               // of these, how many the program has named; a predicate was seen to look at the others
	changes   func() bool       // of a StepIf: whether it writes, if it is taken now
	wrote     bool              // the step that the thread took last may have changed its location
	word      *Word             // that the step is on, nil if it is on none
	test      func(uint64) bool // of an await of the word, in place of ok
	expects   uint64            // of a compare-and-swap of the word
	tries     bool              // it is a TryLock
	victims   uint64            // of a Kill
	holds     int               // mutexes that it holds
	buffer    *storeBuffer      // of its plain stores; nil: they go to memory at once
	history                     // of a search that keeps states
	dead      bool              // killed by T.Kill or stopped by a failure: it is unwound at the end
	source    string            // file:line of the call, only when recording
	// Only when recording stacks: all frames of the call, and of that before it.
	frames, came []string
	last         int // index of its last step in the recording, -1: none

	// The coroutine; nil until first needed.
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	self  self
}

// killed unwinds a thread whose execution is over. It is private, so that only
// code that recovers everything gets hold of it.
type killed struct{}

// patience is how many times a killed thread may recover and go on before it is
// ended in a way that cannot be recovered.
const patience = 100

// loop is the coroutine: one body after another.
func (th *thread) loop(yield func(struct{}) bool) {
	defer th.r.lookout.join(member{th.r, th.index, th.name})()
	th.yield = yield
	ends := false
	defer func() {
		// A thread that has called Goexit was killed in one of its deferred functions.
		// What that recovers does not undo the Goexit: kill is to spend it.
		if !ends && !th.exiting {
			th.exiting, th.done = true, false
			yield(struct{}{})
		}
	}()
	for {
		th.body()
		if !yield(struct{}{}) {
			ends = true
			return
		}
	}
}

func (th *thread) body() {
	defer th.finish()
	th.self.begins()
	th.returned = false
	th.f()
	th.returned = true
}

// finish ends the thread, whether it returned, panicked, called Goexit or was killed.
func (th *thread) finish() {
	v := recover()
	if v == nil && !th.returned {
		th.left()
		return
	}
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

// left is called when the thread has called runtime.Goexit. It gives the search the turn
// as long as it can: the goroutine goes on ending when lose resumes it.
func (th *thread) left() {
	if th.exiting {
		return
	}
	if !th.killed {
		th.r.failExit(fmt.Sprintf("thread %q", th.name))
	}
	th.exiting, th.dead = true, true
	th.yield(struct{}{})
}

// resume runs the thread's coroutine until it yields. Only the host (host.go) and the
// goroutine of the search call it, which are never locked to an OS thread: a coroutine
// that is resumed under another locking than it was created under ends the process.
func (r *runner) resume(th *thread) {
	r.running, r.self = th, &th.self
	if th.next == nil {
		th.next, th.stop = iter.Pull(th.loop)
	}
	th.next()
	r.running, r.self = nil, &r.host.self
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
		r.show()
		if !th.exiting {
			r.resume(th)
		}
		if !th.done {
			r.lose(th)
		}
	}
	r.ready, r.waiting = 0, 0
}

// lose ends a thread whose goroutine calls runtime.Goexit: it has, or it recovers every
// panic.
func (r *runner) lose(th *thread) {
	r.running, r.self = th, &th.self
	spend(th.next)
	r.running, r.self = nil, &r.host.self
	th.done = true
	th.next, th.stop = nil, nil
}

// spend resumes a coroutine whose goroutine calls runtime.Goexit. iter.Pull passes a
// Goexit on to the goroutine that resumes, so one is spent on it.
func spend(next func() (struct{}, bool)) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		next()
	}()
	<-ended
}

// close ends all coroutines, after which no goroutine is left.
func (r *runner) close() {
	r.kill()
	for _, th := range r.threads {
		if th.stop != nil {
			th.stop()
		}
	}
	if r.host.stop != nil {
		r.host.stop()
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
