package processor

import (
	"sync"
	"time"
)

// Crew is the threads of a pool, and what they wait for: goroutines, channels
// and a timer in production. Everything else that the threads of a pool share
// stands in the pool's private words.
type Crew interface {
	// Go starts a thread of that role. f may end it before it returns
	// (runtime.Goexit); what f has deferred is run then.
	Go(role Role, f func())
	// Wait waits until every thread that was started has ended.
	Wait()

	// Take waits until it takes the polling place, or the pool is stopped: false.
	Take() bool
	// Give offers the polling place, which nobody has.
	Give()

	// Rest waits for a Resume, or until the pool is stopped: false. A Resume
	// before it is not lost; two are one.
	Rest() bool
	Resume()
	// Tick waits until it is time for the monitor's next look, or the pool is
	// stopped: false.
	Tick() bool

	// Stop lets everybody go who waits.
	Stop()
}

// Role is what a thread of a pool does.
type Role uint8

// The roles.
const (
	Working    Role = iota + 1 // serves, or waits for the polling place
	Monitoring                 // takes the polling place away
)

// takesLong is how long the polling worker may be in one handler before another
// worker takes its place: long against a handler that just computes, short
// against one that blocks. A look costs one timer.
const takesLong = 200 * time.Microsecond

// goroutines is a crew of ordinary goroutines.
type goroutines struct {
	working sync.WaitGroup
	place   chan struct{} // holds the polling place while no worker has it
	resume  chan struct{} // ends the monitor's rest
	stopped chan struct{}
	tick    *time.Ticker // of the monitor, nil before its first look
}

// Goroutines is a crew of ordinary goroutines.
func Goroutines() Crew {
	return &goroutines{place: make(chan struct{}, 1), resume: make(chan struct{}, 1), stopped: make(chan struct{})}
}

// Go implements Crew. It is called before the first Wait, or by a thread of the
// crew: the count does not come back from zero.
func (g *goroutines) Go(_ Role, f func()) {
	g.working.Add(1)
	go func() {
		defer g.working.Done()
		f()
	}()
}

func (g *goroutines) Wait() { g.working.Wait() }

func (g *goroutines) Take() bool {
	select {
	case <-g.place:
		return true
	case <-g.stopped:
		return false
	}
}

func (g *goroutines) Give() { g.place <- struct{}{} }

func (g *goroutines) Rest() bool {
	select {
	case <-g.resume:
		return true
	case <-g.stopped:
		return false
	}
}

func (g *goroutines) Resume() {
	select {
	case g.resume <- struct{}{}:
	default: // the monitor has not begun to rest, or was told before
	}
}

func (g *goroutines) Tick() bool {
	if g.tick == nil {
		g.tick = time.NewTicker(takesLong)
	}
	select {
	case <-g.tick.C:
		return true
	case <-g.stopped:
		g.tick.Stop()
		return false
	}
}

func (g *goroutines) Stop() { close(g.stopped) }
