package call

import (
	"context"
	"time"
)

// Threads blocks and readies the calling threads of a space (rule R1). Each call
// has a permit, as a binary semaphore: a Ready before the Block is not lost.
type Threads interface {
	// Block blocks the thread of call i until Ready(i) or until one of the channels
	// is closed (nil: never). It consumes the permit, if there is one then.
	Block(i int, done, stopped <-chan struct{})
	// Ready gives the thread of call i its permit.
	Ready(i int)
	// Watch calls f, which does not block, on another thread some time after ctx has ended,
	// also where it has ended before. stop ends the watch, and says whether it was in
	// time: if so f is not called, else f may be called still after stop has returned.
	Watch(ctx context.Context, f func()) (stop func() bool)
	// Rest lets a thread rest that found every record in use, before it looks again, at
	// the latest some time after its context, or all calls, have ended, or calls are not
	// sent any more. mayFind says whether it would find something by now.
	Rest(mayFind func() bool)
}

// goroutines blocks ordinary goroutines, each on a channel of its own.
type goroutines struct{ permits []chan struct{} }

// Goroutines are n calling threads that are ordinary goroutines.
func Goroutines(n int) Threads {
	g := &goroutines{permits: make([]chan struct{}, n)}
	for i := range g.permits {
		g.permits[i] = make(chan struct{}, 1)
	}
	return g
}

func (g *goroutines) Block(i int, done, stopped <-chan struct{}) {
	select {
	case <-g.permits[i]:
		return
	case <-done:
	case <-stopped:
	}
	// Of several reasons the select takes any: a permit that it did not take would
	// wake the record's next call for nothing.
	select {
	case <-g.permits[i]:
	default:
	}
}

func (g *goroutines) Ready(i int) {
	select {
	case g.permits[i] <- struct{}{}:
	default: // it has its permit already
	}
}

func (g *goroutines) Watch(ctx context.Context, f func()) (stop func() bool) {
	return context.AfterFunc(ctx, f)
}

// Rest rests for a while and does not ask: nobody tells who rests what was freed.
func (g *goroutines) Rest(func() bool) { time.Sleep(100 * time.Microsecond) }
