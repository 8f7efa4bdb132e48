package schedule

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// host is the coroutine that runs one execution after another: all of the program that
// is no thread, and the search's decisions, which call predicates. Like a thread's it can
// call runtime.Goexit, as testing's FailNow does, and the goroutine of the search is not
// ended by that.
type host struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	r     *runner
	f     func() // what to run
	gone  bool   // its goroutine is about to end, by Goexit
	self  self
}

// run has the host run f.
func (h *host) run(r *runner, f func()) {
	h.r, h.f = r, f
	if h.next == nil {
		h.next, h.stop = iter.Pull(h.loop)
	}
	h.next()
	if h.gone {
		spend(h.next)
		*h = host{}
	}
}

func (h *host) loop(yield func(struct{}) bool) {
	defer h.r.lookout.join(ofSearch(h.r))()
	h.yield = yield
	for {
		h.execute()
		if !yield(struct{}{}) {
			return
		}
	}
}

func (h *host) execute() {
	h.self.begins()
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			panic(fmt.Sprintf("%v\n\n%s", v, debug.Stack())) // our own fault
		}
		h.left()
	}()
	h.f()
	returned = true
}

// left is called when the program has called runtime.Goexit outside its threads.
func (h *host) left() {
	if h.r.cleaning {
		h.r.notCleaned("ends its goroutine, by runtime.Goexit, as FailNow and Fatal of package testing do:" + where(2))
		h.r.cleaning, h.gone = false, true
		h.yield(struct{}{})
		return
	}
	who := "a function that the search calls"
	switch {
	case h.r.settingUp:
		who = "the set-up"
	case h.r.ending:
		who = "a check at the end"
	}
	h.r.failExit(who)
	h.r.settingUp, h.r.ending, h.r.running, h.r.self = false, false, nil, &h.self
	h.gone = true
	h.yield(struct{}{})
}
