// Package processor is the server's end of a binding: processors that receive
// calls, execute them and reply, that poll while calls may be coming and park
// when none do. It promises nothing to users of urpc.
package processor

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"urpc/runtime/channel"
	"urpc/runtime/kernel"
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

	nudge    kernel.Nudge
	stopping atomic.Bool
	stopped  chan struct{}
	corrupt  atomic.Bool

	place    chan struct{} // holds the polling place while no worker has it
	working  sync.WaitGroup
	mu       sync.Mutex
	started  int           // workers, guarded by mu
	idle     atomic.Int64  // workers that wait for the polling place
	calls    uint64        // that were executed; touched by who has the polling place
	handling atomic.Uint64 // number of the call that the polling worker executes; 0: none
	resting  atomic.Bool   // the monitor rests, since the polling worker is parked
	resume   chan struct{} // ends its rest

	counters counters
}

// New makes a pool.
func New(c Config) *Pool {
	if c.Workers < 1 {
		panic("processor: a pool without workers")
	}
	return &Pool{
		port: c.Port, kernel: c.Kernel, handler: c.Handler, exited: c.Exited, poll: int64(c.Poll), workers: c.Workers,
		stopped: make(chan struct{}), place: make(chan struct{}, 1), resume: make(chan struct{}, 1),
	}
}

// Run serves until Stop, then gives nil once every handler has ended; or until
// the peer corrupts the channel, then ErrCorrupt. It is called once.
func (p *Pool) Run() error {
	p.place <- struct{}{}
	p.hire()
	if p.workers > 1 {
		p.working.Add(1)
		go p.monitor()
	}
	<-p.stopped
	p.working.Wait()
	if p.corrupt.Load() {
		return ErrCorrupt
	}
	return nil
}

// Stop ends the pool: no further call is received.
func (p *Pool) Stop() {
	if p.stopping.CompareAndSwap(false, true) {
		close(p.stopped)
		p.kernel.Nudge(&p.nudge)
	}
}

// hire starts one more worker, if there are fewer than there may be.
func (p *Pool) hire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started == p.workers || p.stopping.Load() {
		return
	}
	p.started++
	p.working.Add(1)
	go func() {
		defer p.working.Done()
		w := NewWorker(p.port, p.kernel, p.handler)
		w.wakes = &p.counters.wakes
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
	}()
}

// lost replaces a worker whose handler has ended its goroutine (runtime.Goexit),
// with the polling place if it had that.
func (p *Pool) lost(w *Worker) {
	p.mu.Lock()
	p.started--
	p.mu.Unlock()
	if p.workers == 1 || p.handling.CompareAndSwap(w.call, 0) {
		p.place <- struct{}{}
	}
	p.hire()
}

// work takes the polling place, again and again, and serves from it until it is
// taken away.
func (p *Pool) work(w *Worker) {
	for {
		p.idle.Add(1)
		select {
		case <-p.place:
			p.idle.Add(-1)
		case <-p.stopped:
			p.idle.Add(-1)
			return
		}
		if !p.serve(w) {
			return
		}
	}
}

// serve polls, executes and parks until the polling place is taken away (true)
// or the pool ends (false).
//
// A processor that the peer donated with its ring goes back as soon as all calls
// have been replied to (rule R5): this worker then parks without polling.
func (p *Pool) serve(w *Worker) bool {
	var patience polling
	donations, donated := p.port.Donated(), false
	for !p.stopping.Load() {
		switch r := w.Receive(); {
		case r == channel.Done:
			patience = polling{}
			if !p.execute(w) {
				return !p.corrupt.Load()
			}
			continue
		case r == channel.Corrupt:
			p.broken()
			return false
		case r == channel.Empty && donated:
			p.counters.returns.Add(1)
		case patience.more(p):
			continue
		}
		p.park(w)
		patience = polling{}
		now := p.port.Donated()
		donated = now != donations
		p.counters.donated.Add(uint64(now - donations))
		donations = now
	}
	return false
}

// polling is how long a worker has polled in vain.
type polling struct {
	polls int
	since int64 // the first look at the clock, 0 before it
}

// Polls between two looks at the clock, and between two chances for the other
// goroutines of this space.
const (
	pollsPerLook  = 32
	pollsPerYield = 128
)

// more says whether to poll once more instead of parking.
func (y *polling) more(p *Pool) bool {
	if p.poll <= 0 {
		return false
	}
	if y.polls++; y.polls%pollsPerLook != 0 {
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
// whether the worker still has the polling place.
func (p *Pool) execute(w *Worker) bool {
	if p.workers == 1 {
		return p.finish(w.Execute())
	}
	p.calls++
	w.call = p.calls
	p.handling.Store(w.call)
	r := w.Execute()
	kept := p.handling.CompareAndSwap(w.call, 0)
	return p.finish(r) && kept
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
	seen := p.nudge.Seen()
	if p.stopping.Load() {
		return
	}
	p.resting.Store(true)
	if w.Park(&p.nudge, seen) != channel.Found {
		p.counters.parks.Add(1)
	}
	p.rested()
}
