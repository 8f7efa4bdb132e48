package explore

import (
	"context"
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// A threadsCase says what some threads may see of how calling threads block. It runs on
// goroutines and on the simulated threads.
type threadsCase struct {
	name string
	run  func(a *callers)
	// want are the outcomes, each the sorted notes of one run. The simulated threads
	// show all of them and no other, goroutines some of them.
	want []string
}

// callers are what a case runs on: two calls, a context that ends, and the end of all
// calls.
type callers struct {
	threads call.Threads
	context context.Context
	end     func()        // ends the context
	stopped chan struct{} // closed when all calls end
	stop    func()        // closes it
	refuse  func()        // says that calls are not sent any more
	start   func(name string, f func())
	note    func(what string)
}

// block blocks the thread of a call and notes what had happened when it went on.
func (a *callers) block(i int, done, stopped <-chan struct{}) {
	a.threads.Block(i, done, stopped)
	switch {
	case closed(done):
		a.note("done")
	case closed(stopped):
		a.note("stopped")
	default:
		a.note("ready")
	}
}

// blockAgain blocks the thread of a call, which is let go by the end of all calls alone.
func (a *callers) blockAgain(i int) {
	a.start("stopper", a.stop)
	a.block(i, nil, a.stopped)
}

var threadsCases = []threadsCase{
	{
		name: "a permit that was given before is not lost, and is for one block",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Ready(0)
				a.block(0, nil, nil)
				a.blockAgain(0)
			})
		},
		want: []string{"ready, stopped"},
	},
	{
		name: "a permit that is given before or during the block",
		run: func(a *callers) {
			a.start("caller", func() { a.block(0, nil, nil) })
			a.start("readier", func() { a.threads.Ready(0) })
		},
		want: []string{"ready"},
	},
	{
		name: "two permits are one, and who gives them does not wait",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Ready(0)
				a.threads.Ready(0)
				a.block(0, nil, nil)
				a.blockAgain(0)
			})
		},
		want: []string{"ready, stopped"},
	},
	{
		name: "a permit is for one call",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Ready(1)
				a.blockAgain(0)
				a.block(1, nil, nil)
			})
		},
		want: []string{"ready, stopped"},
	},
	{
		name: "two calls block at once, and each goes on by its own permit",
		run: func(a *callers) {
			a.start("first", func() {
				a.block(0, nil, nil)
				a.threads.Ready(1)
			})
			a.start("second", func() { a.block(1, nil, nil) })
			a.start("readier", func() { a.threads.Ready(0) })
		},
		want: []string{"ready, ready"},
	},
	{
		name: "the end of the context lets go",
		run: func(a *callers) {
			a.start("caller", func() { a.block(0, a.context.Done(), a.stopped) })
			a.start("ender", a.end)
		},
		want: []string{"done"},
	},
	{
		name: "the end of all calls lets each go",
		run: func(a *callers) {
			a.start("first", func() { a.block(0, a.context.Done(), a.stopped) })
			a.start("second", func() { a.block(1, nil, a.stopped) })
			a.start("stopper", a.stop)
		},
		want: []string{"stopped, stopped"},
	},
	{
		name: "who goes on for the end of its context takes its permit along",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Ready(0)
				a.end()
				a.block(0, a.context.Done(), nil)
				a.blockAgain(0)
			})
		},
		want: []string{"done, stopped"},
	},
	{
		name: "who goes on for the end of all calls takes its permit along",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Ready(0)
				a.stop()
				a.block(0, nil, a.stopped)
				a.start("ender", a.end)
				a.block(0, a.context.Done(), nil)
			})
		},
		want: []string{"done, stopped"},
	},
	{
		name: "a permit comes before, with or after the end of the context",
		run: func(a *callers) {
			a.start("caller", func() { a.block(0, a.context.Done(), nil) })
			a.start("readier", func() { a.threads.Ready(0) })
			a.start("ender", a.end)
		},
		want: []string{"done", "ready"},
	},
	{
		name: "a watch calls once, after the end of the context",
		run: func(a *callers) {
			called := make(chan struct{})
			a.start("caller", func() {
				a.threads.Watch(a.context, func() {
					if closed(a.context.Done()) {
						a.note("called")
					}
					close(called) // twice is a panic
				})
				a.start("ender", a.end)
				a.threads.Block(0, called, nil)
			})
		},
		want: []string{"called"},
	},
	{
		name: "a watch that begins after the end calls",
		run: func(a *callers) {
			a.start("caller", func() {
				a.end()
				stop := a.threads.Watch(a.context, func() {
					a.note("called")
					a.threads.Ready(0)
				})
				if stop() {
					a.note("in time")
				}
				a.threads.Block(0, nil, nil)
			})
		},
		want: []string{"called"},
	},
	{
		name: "a watch that was stopped before the end does not call",
		run: func(a *callers) {
			a.start("caller", func() {
				stop := a.threads.Watch(a.context, func() { a.note("called") })
				if stop() {
					a.note("in time")
				}
				a.end()
				a.threads.Rest(func() bool { return true }) // in which a call would come
			})
		},
		want: []string{"in time"},
	},
	{
		name: "a watch is stopped before or after the end, and then calls before, after or never",
		run: func(a *callers) {
			a.start("caller", func() {
				called := make(chan struct{})
				stop := a.threads.Watch(a.context, func() {
					a.note("called")
					close(called)
					a.threads.Ready(0)
				})
				a.start("ender", a.end)
				inTime, ended, before := stop(), closed(a.context.Done()), closed(called)
				switch {
				case inTime && ended:
					a.note("in time, ended")
				case inTime:
					a.note("in time")
				case before:
					a.note("late")
				default:
					a.note("late, on its way")
				}
				if !inTime {
					a.threads.Block(0, nil, nil)
				}
			})
		},
		want: []string{"called, late", "called, late, on its way", "in time", "in time, ended"},
	},
	{
		name: "a rest ends when there is something to find",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Rest(func() bool { return true })
				a.note("rested")
			})
		},
		want: []string{"rested"},
	},
	{
		name: "a rest ends when all calls end, whatever there is to find",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Rest(func() bool { return false })
				a.note("rested")
			})
			a.start("stopper", a.stop)
		},
		want: []string{"rested"},
	},
	{
		name: "a rest ends when calls are not sent any more, whatever there is to find",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Rest(func() bool { return false })
				a.note("rested")
			})
			a.start("stopper", a.refuse)
		},
		want: []string{"rested"},
	},
	{
		name: "a rest ends when the context ends, whatever there is to find",
		run: func(a *callers) {
			a.start("caller", func() {
				a.threads.Rest(func() bool { return false })
				a.note("rested")
			})
			a.start("ender", a.end)
		},
		want: []string{"rested"},
	},
}

func TestSimulatedThreads(t *testing.T) {
	for _, c := range threadsCases {
		t.Run(c.name, func(t *testing.T) {
			got := outcomes(t, func(s *schedule.T, note func(string)) {
				m := NewMachine(s, 0)
				m.besides, m.alone = besidesOf(shm.Poisoned, shm.Unblocks, shm.Sending), true // the case judges, not the properties of a caller
				r := NewRegion(m, 0)
				private := shm.Heap(call.Private, shm.Line)
				r.Hook(private)
				m.finds = []schedule.Location{locate(r.number, private.Number(), 0)}
				ctx := &endingContext{m: m, at: locate(r.number, contexts, 0), done: make(chan struct{})}
				a := &callers{threads: m.Threads(r, 2), context: ctx, end: func() { ctx.end(cancelled) }, stopped: make(chan struct{}), note: note}
				a.stop = func() {
					private.Beside(step.Poison, shm.KindCompareAndSwap, shm.Poisoned)
					private.Beside(step.Unblock, shm.KindStore, shm.Unblocks)
					close(a.stopped)
				}
				s.Daemon("nudger", func() { m.callWatches(locate(r.number, nudges, 0), ctx.at) })
				a.refuse = func() { private.Beside(step.StopSending, shm.KindStore, shm.Sending) }
				a.start = func(name string, f func()) {
					s.Go(name, func() {
						m.waiter().context = ctx
						f()
					})
				}
				c.run(a)
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("it shows %q, want %q", got, c.want)
			}
		})
	}
}

func TestGoroutinesAreThreads(t *testing.T) {
	for _, c := range threadsCases {
		t.Run(c.name, func(t *testing.T) {
			onGoroutinesOneOf(t, c.want, func(start func(string, func()), note func(string)) {
				ctx, cancel := context.WithCancel(t.Context())
				a := &callers{threads: call.Goroutines(2), context: ctx, end: cancel, stopped: make(chan struct{}), start: start, note: note}
				a.stop, a.refuse = func() { close(a.stopped) }, func() {}
				c.run(a)
			})
		})
	}
}
