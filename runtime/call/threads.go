package call

// Threads blocks and readies the calling threads of a space (rule R1). Each call
// has a permit, as a binary semaphore: a Ready before the Block is not lost.
type Threads interface {
	// Block blocks the thread of call i until Ready(i), whose permit it consumes,
	// or until one of the channels is closed (nil: never).
	Block(i int, done, stopped <-chan struct{})
	// Ready gives the thread of call i its permit.
	Ready(i int)
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
	case <-done:
	case <-stopped:
	}
}

func (g *goroutines) Ready(i int) {
	select {
	case g.permits[i] <- struct{}{}:
	default: // it has its permit already
	}
}
