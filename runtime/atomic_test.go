package urpc

import (
	"slices"
	"testing"
	"time"

	"urpc/fuzz/atonce"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/machine"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// The explorer takes each method that is tried here for one step: see
// TestEachStepBesideIsOneOperation of package shm.

// A machine, a socket and a kernel of which nothing else is asked. waited is called
// instead of waiting.
type (
	still struct {
		machine.Machine
		waited func()
	}
	silent  struct{ machine.Socket }
	nudging struct{ kernel.Kernel }
)

func (still) Step(step.Name)          {}
func (silent) Close()                 {}
func (nudging) Nudge(n *kernel.Nudge) { n.Change() }
func (s still) Wait(step.Name, <-chan struct{}, time.Duration) bool {
	s.waited()
	return true
}

// bound makes clients of which each can be ended, and not more. waited is called with
// the number of a client that waits.
func bound(n int, waited func(i int)) []*Client {
	size := channel.Size{Slots: 1, Payload: 8}
	port := channel.NewPort(shm.Heap(channel.Calls, size.Bytes()), &shm.Heap(channel.Replies, size.Bytes()).View, size)
	clients := make([]*Client, n)
	for i := range clients {
		clients[i] = &Client{
			caller: call.New(call.Config{Port: port, Kernel: nudging{}}), region: shm.NewRegion(nil, nil, nil),
			link: &link{machine: still{waited: func() { waited(i) }}, socket: silent{}}, done: make(chan struct{}),
		}
	}
	return clients
}

// Of two that end a binding at once, one does, and says why.
func TestOneOfTwoEnds(t *testing.T) {
	const rounds = 1 << 14
	clients := bound(rounds, nil)
	reasons := [atonce.Threads]error{ErrClosed, ErrCorrupt}
	atonce.Do(rounds, func(thread, i int) {
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("round %d: %v", i, p)
			}
		}()
		clients[i].end(reasons[thread])
	})
	for i, c := range clients {
		if *c.cause.Load() != c.caller.Err() {
			t.Fatalf("round %d: the binding ended with %v, its calls with %v", i, *c.cause.Load(), c.caller.Err())
		}
	}
}

// Where one ends a binding at once with a server that stops, the first cause stays.
func TestCauseStays(t *testing.T) {
	const rounds = 1 << 15
	found := make([]error, rounds)
	var clients []*Client
	clients = bound(rounds, func(i int) { found[i] = *clients[i].cause.Load() })
	atonce.Do(rounds, func(thread, i int) {
		if thread == 0 {
			clients[i].stop(ErrPeerDied)
		} else {
			clients[i].end(ErrClosed)
		}
	})
	for i, c := range clients {
		if *c.cause.Load() != found[i] {
			t.Fatalf("round %d: the cause was %v, and then %v", i, found[i], *c.cause.Load())
		}
	}
}

// Of two that want the last place for a binding at once, one gets it; two that give
// theirs back leave two.
func TestPlacesAreCounted(t *testing.T) {
	const rounds = 1 << 17
	l := &link{machine: still{}}
	servers := make([]Server, rounds)
	var refused [atonce.Threads][rounds]error
	for i := range servers {
		servers[i].options.Bindings = 1
	}
	atonce.Do(rounds, func(thread, i int) { refused[thread][i] = servers[i].reserve(l) })
	for i := range servers {
		if (refused[0][i] == nil) == (refused[1][i] == nil) || servers[i].reserved != 1 {
			t.Fatalf("round %d: %v and %v, %d places are taken of 1", i, refused[0][i], refused[1][i], servers[i].reserved)
		}
		servers[i].reserved = 2
	}
	atonce.Do(rounds, func(_, i int) { servers[i].unreserve(l) })
	for i := range servers {
		if servers[i].reserved != 0 {
			t.Fatalf("round %d: %d places are taken that were given back", i, servers[i].reserved)
		}
	}
}

// Each client that is in the handshake, and is served, is counted once.
func TestAdmissionCounts(t *testing.T) {
	const rounds = 1 << 17
	admissions := make([]admission, rounds)
	for name, do := range map[string]func(a *admission){"enter": (*admission).enter, "shaken": (*admission).shaken, "end": (*admission).end} {
		for i := range admissions {
			admissions[i].handshakes, admissions[i].served = 2, 2
		}
		atonce.Do(rounds, func(_, i int) { do(&admissions[i]) })
		for i := range admissions {
			got := [2]int{admissions[i].handshakes, admissions[i].served}
			if want := map[string][2]int{"enter": {4, 4}, "shaken": {0, 2}, "end": {2, 0}}[name]; got != want {
				t.Fatalf("round %d of %s: in the handshake and served are %v, want %v", i, name, got, want)
			}
		}
	}
}

// looking makes a client that knows no number yet, of a server that has the procedures.
func looking(procedures ...*declaration) *Client {
	c := &Client{offers: map[string]offer{}}
	for i, d := range procedures {
		c.offers[d.name] = offer{uint32(i), d.request.hash, d.reply.hash}
	}
	c.numbers.Store(new([]uint32))
	return c
}

// Two procedures that are looked up at once are both known then.
func TestNoNumberIsLost(t *testing.T) {
	const rounds = 1 << 16
	procedures := []*declaration{procOf("first"), procOf("second")}
	clients := make([]*Client, rounds)
	for i := range clients {
		clients[i] = looking(procedures...)
	}
	atonce.Do(rounds, func(thread, i int) { clients[i].lookUp(procedures[thread]) })
	for i, c := range clients {
		for number, d := range procedures {
			if known := *c.numbers.Load(); len(known) <= int(d.id) || known[d.id] != uint32(number)+1 {
				t.Fatalf("round %d: the number of %s is not known", i, d.name)
			}
		}
	}
}

// Calls read the numbers while others are looked up: what they read does not change.
func TestNumbersAreCopied(t *testing.T) {
	first, second := procOf("first"), procOf("second")
	c := looking(first, second)
	for _, d := range []*declaration{second, first} { // the one with the greater id makes the slice
		read := *c.numbers.Load()
		was := slices.Clone(read)
		if _, err := c.lookUp(d); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(read, was) {
			t.Errorf("looking up %s has written to the numbers that calls read: %d, were %d", d.name, read, was)
		}
	}
}
