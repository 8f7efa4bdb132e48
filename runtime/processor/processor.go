// Package processor is the server's end of a binding: processors that receive
// calls, execute them and reply, that poll while calls may be coming and park
// when none do. It promises nothing to users of urpc.
package processor

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// ErrCorrupt: the peer wrote what no peer of ours writes.
var ErrCorrupt = errors.New("the peer broke the channel's protocol")

// Handler executes one call. request is a private copy, valid during the call;
// reply is empty, with room for the largest payload, to append to. It gives the
// status and the payload of the reply.
type Handler func(procedure uint32, request, reply []byte) (status uint32, payload []byte)

// Config is what a pool is made of.
type Config struct {
	Port    *channel.Port
	Kernel  kernel.Kernel
	Handler Handler
	// Exited gives the reply to a call whose handler has ended its goroutine
	// (runtime.Goexit) instead of returning; nil: status 0 and nothing.
	Exited func(reply []byte) (status uint32, payload []byte)
	// Workers is the most handlers at once, at least 1.
	Workers int
	// Poll is how long to poll for a call before parking; 0 or less: not at all.
	Poll time.Duration
	// Crew is the threads; nil stands for goroutines.
	Crew Crew
	// Hook watches the private words; nil in production.
	Hook shm.Hook
	// AwaitRoom has the workers await room for a reply instead of ending the binding
	// (Worker.AwaitRoom); never in production.
	AwaitRoom bool
	// Calls is the number of calls that were executed before, and how often who sleeps was
	// nudged: 0, except where a test wants to see them wrap.
	Calls uint32
}

// Pool serves the calls of one channel. One of its workers at a time polls and
// parks for all; when its handler takes long, another takes its place, so that a
// handler that blocks delays no other call until all workers are in handlers.
type Pool struct {
	port    *channel.Port
	kernel  kernel.Kernel
	handler Handler
	exited  func(reply []byte) (uint32, []byte)
	poll    int64 // nanoseconds
	workers int
	awaits  bool

	crew    Crew
	private *shm.Segment // see words.go
	nudge   kernel.Nudge
	corrupt atomic.Bool

	// Of the worker that has the polling place. They pass on with it: who takes the
	// place is synchronized after who gave it, or had it taken away.
	calls    uint32 // that were executed, modulo 2^32 and never 0
	patience polling

	counters counters
}

// New makes a pool.
func New(c Config) *Pool {
	if c.Workers < 1 {
		panic("processor: a pool without workers")
	}
	if c.Crew == nil {
		c.Crew = Goroutines()
	}
	private := shm.Heap(Private, privateSize)
	private.SetHook(c.Hook)
	p := &Pool{
		port: c.Port, kernel: c.Kernel, handler: c.Handler, exited: c.Exited, poll: int64(c.Poll), workers: c.Workers,
		crew: c.Crew, private: private, awaits: c.AwaitRoom, calls: c.Calls,
	}
	p.nudge.StartAt(c.Calls)
	return p
}

// Private gives the words that the pool's threads share: for what watches a run,
// never for what runs.
func (p *Pool) Private() *shm.View { return p.private.Unhooked() }

// Run serves until Stop, then gives nil once every handler has ended; or until
// the peer corrupts the channel, then ErrCorrupt. It is called once.
func (p *Pool) Run() error {
	p.crew.Give()
	p.hire()
	if p.workers > 1 {
		p.crew.Go(Monitoring, p.monitor)
	}
	p.crew.Wait() // a worker that ends before the stop has hired another one
	if p.corrupt.Load() {
		return ErrCorrupt
	}
	return nil
}

// Stop ends the pool: no further call is received.
//
//	Stop: if compare-and-swap(stopping, 0, 1) fails then return
//	      let go who waits for the place or for a look
//	      nudge who is parked, or about to be
//
// Who parks has read the nudge before its last LookStop: either that look comes
// after Stop, or the nudge comes after what was read.
func (p *Pool) Stop() {
	if p.private.CompareAndSwap(step.Stop, offStopping, 0, 1) {
		p.crew.Stop()
		p.kernel.Nudge(&p.nudge)
	}
}

func (p *Pool) stopping() bool { return p.private.Load(step.LookStop, offStopping) != 0 }

// hire starts one more worker, if there are fewer than there may be.
//
//	LookHired: n := hired;  if n = workers then return
//	Hire:      if compare-and-swap(hired, n, n + 1) fails then goto LookHired
func (p *Pool) hire() {
	for {
		n := p.private.Load(step.LookHired, offHired)
		if n == uint32(p.workers) {
			return
		}
		if p.private.CompareAndSwap(step.Hire, offHired, n, n+1) {
			break
		}
	}
	p.crew.Go(Working, func() {
		w := NewWorker(p.port, p.kernel, p.handler)
		w.wakes, w.returns, w.awaits = &p.counters.wakes, &p.counters.returns, p.awaits
		if p.exited != nil {
			w.exited = p.exited
		}
		returned := false
		defer func() {
			if !returned {
				p.lost(w)
			}
		}()
		p.work(w)
		returned = true
	})
}

// lost replaces a worker whose handler has ended its goroutine (runtime.Goexit),
// with the polling place if it had that.
func (p *Pool) lost(w *Worker) {
	p.private.Add(step.Dismiss, offHired, ^uint32(0))
	if w.replied != channel.Done {
		p.broken()
	}
	if p.workers == 1 || p.private.CompareAndSwap(step.EndCall, offHandling, w.call, 0) {
		p.crew.Give()
	}
	p.hire()
}

// work takes the polling place, again and again, and serves from it until it is
// taken away.
func (p *Pool) work(w *Worker) {
	for {
		if p.private.Hooked() {
			p.private.Mark(step.AnnounceIdle)
		}
		p.private.Add(step.AnnounceIdle, offIdle, 1)
		taken := p.crew.Take()
		p.private.Add(step.RetractIdle, offIdle, ^uint32(0))
		if !taken || !p.serve(w) {
			return
		}
	}
}

// serve polls, executes and parks until the polling place is taken away (true)
// or the pool ends (false).
//
// A processor that the peer donated goes back as soon as no call is left to
// receive (rule R5): this worker then parks without polling, and returns it as it
// parks. It looks for one after it has found nothing, and not only when it is woken:
// who donates may do so while this processor is on its way out of its sleep. How many
// have gone back is a word of the segment, for whoever has the place: the call that
// one came with may be what takes long.
func (p *Pool) serve(w *Worker) bool {
	p.patience = polling{}
	for !p.stopping() {
		switch r := w.Receive(); {
		case r == channel.Done:
			p.patience = polling{}
			// Another worker that finds the channel corrupt stops the pool: that
			// is seen where this one waits for the place, and not asked here.
			if kept, sent := p.execute(w); !kept || !sent {
				return sent
			}
			continue
		case r == channel.Corrupt:
			p.broken()
			return false
		case r == channel.Empty && p.poll > 0 && p.port.Guests():
		case p.patience.more(p):
			continue
		}
		p.park(w)
		p.patience = polling{}
	}
	return false
}

// polling is how long a worker has polled in vain.
type polling struct {
	polls int
	since int64 // the first look at the clock, 0 before it
}

// Polls between two looks at the clock, and between two chances for the other
// goroutines of this space. Under a hook each poll looks: it is followed by what
// the scheduler says about the time.
const (
	pollsPerLook  = 32
	pollsPerYield = 128
)

// more says whether to poll once more instead of parking.
func (y *polling) more(p *Pool) bool {
	if p.poll <= 0 {
		return false
	}
	if y.polls++; y.polls%pollsPerLook != 0 && !p.private.Hooked() {
		return true
	}
	now := p.kernel.Now()
	if y.since == 0 {
		y.since = now
	}
	if now-y.since >= p.poll {
		return false
	}
	p.kernel.Pause()
	if y.polls%pollsPerYield == 0 {
		runtime.Gosched()
	}
	return true
}

// execute runs the handler of the call that was received and replies. It says
// whether the worker still has the polling place, and whether the reply was sent.
//
//	StartCall: handling := number of the call
//	           execute, reply
//	EndCall:   keep the place unless compare-and-swap(handling, the number, 0) fails
func (p *Pool) execute(w *Worker) (kept, sent bool) {
	if p.workers == 1 {
		return true, p.finish(w.Execute())
	}
	if p.calls++; p.calls == 0 {
		p.calls = 1
	}
	w.call = p.calls
	p.private.Store(step.StartCall, offHandling, w.call)
	r := w.Execute()
	kept = p.private.CompareAndSwap(step.EndCall, offHandling, w.call, 0)
	return kept, p.finish(r)
}

// finish says whether the reply was sent; if not, the peer broke the protocol.
func (p *Pool) finish(r channel.Result) bool {
	if r != channel.Done {
		p.broken()
	}
	return r == channel.Done
}

// broken ends the pool because the peer broke the protocol.
func (p *Pool) broken() {
	p.corrupt.Store(true)
	p.Stop()
}

// park parks the processor until the peer rings or the pool ends.
func (p *Pool) park(w *Worker) {
	seen := p.nudge.Seen(&p.private.View)
	if p.stopping() {
		return
	}
	p.private.Store(step.Rest, offResting, 1)
	if w.Park(&p.nudge, seen) != channel.Found {
		p.counters.parks.Add(1)
	}
	p.rested()
}
