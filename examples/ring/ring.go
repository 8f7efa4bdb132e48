// Package ring is a model of clients and servers that share two rings of
// messages in memory, each guarded by one test-and-set lock: a request ring, in
// which clients put their number, and a reply ring, in which servers put it back.
//
// A process stands at a label; each label is one atomic step, the branch
// included. A test-and-set on a held lock is not enabled: the process waits.
//
//	variables requests, replies: lock := free; head, tail := 0; slot[] := 0
//
//	client c:                              server:
//	  c0  test-and-set(requests.lock)        s0  test-and-set(requests.lock)
//	  c1  if full(requests) goto c5          s1  if empty(requests) goto s5
//	      reg := requests.tail                   reg := requests.head
//	  c2  requests.slot[reg] := c            s2  val := requests.slot[reg]
//	  c3  requests.tail := reg + 1           s3  requests.head := reg + 1
//	  c4  unlock requests; goto c6           s4  unlock requests; goto s6
//	  c5  unlock requests; goto c0           s5  unlock requests; goto s0
//	  c6  test-and-set(replies.lock)         s6  test-and-set(replies.lock)
//	  c7  if empty(replies) goto c11         s7  if full(replies) goto s11
//	      reg := replies.head                    reg := replies.tail
//	  c8  if replies.slot[reg] != c          s8  replies.slot[reg] := val
//	        goto c11
//	  c9  replies.head := reg + 1            s9  replies.tail := reg + 1
//	  c10 unlock replies; goto c0            s10 unlock replies; goto s0
//	  c11 unlock replies; goto c6            s11 unlock replies; goto s6
//
// Indices run modulo twice the number of slots, so that a full ring and an empty
// one differ; slots are never cleared; reg and val return to 0 where the last
// step that needs them is over, so that states which differ in nothing that
// matters are one state.
package ring

import (
	"fmt"
	"slices"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// Limits of the state: they fix the size of its arrays.
const (
	maxClients = 4
	maxServers = 3
	maxSlots   = 4
)

// state is everything that a step may read or write. Equal states must be equal
// bytes: fields are integers of fixed size, without gaps between them. Clients are alike,
// and so are servers: the tags say what is whose, and where a client is named.
type state struct {
	Requests, Replies ring
	Client            [maxClients]client `checker:"per=client"`
	Server            [maxServers]server `checker:"per=server"`
}

// ring is a ring of messages and the lock that guards it.
type ring struct {
	Lock       uint8           // 1: held
	Head, Tail uint8           // modulo twice the number of slots
	Slot       [maxSlots]uint8 `checker:"is=client+1"` // a client's number, 1 and up
}

// client is the local state of a client.
type client struct {
	At  clientLabel
	Reg uint8 // the index that it read
}

// server is the local state of a server.
type server struct {
	At  serverLabel
	Reg uint8 // the index that it read
	Val uint8 `checker:"is=client+1"` // the message that it carries
}

// clientLabel is where a client stands; the order is that of clientSteps.
type clientLabel uint8

const (
	c0 clientLabel = iota
	c1
	c2
	c3
	c4
	c5
	c6
	c7
	c8
	c9
	c10
	c11
)

func (l clientLabel) String() string { return fmt.Sprintf("c%d", uint8(l)) }

// serverLabel is where a server stands; the order is that of serverSteps.
type serverLabel uint8

const (
	s0 serverLabel = iota
	s1
	s2
	s3
	s4
	s5
	s6
	s7
	s8
	s9
	s10
	s11
)

func (l serverLabel) String() string { return fmt.Sprintf("s%d", uint8(l)) }

// bounds are the parameters of the model.
type bounds struct {
	clients, servers int
	requests         size
	replies          size
	mutant           string
}

// size is the number of slots of a ring.
type size uint8

func (k size) next(i uint8) uint8 { return (i + 1) % (2 * uint8(k)) }
func (k size) slot(i uint8) uint8 { return i % uint8(k) }

// held is the number of messages in r.
func (k size) held(r *ring) uint8 { return (r.Tail + 2*uint8(k) - r.Head) % (2 * uint8(k)) }

func (k size) full(r *ring) bool  { return k.held(r) == uint8(k) }
func (k size) empty(r *ring) bool { return r.Head == r.Tail }

// testAndSet takes a free lock. On a held one it is not enabled.
func testAndSet(lock *uint8) bool {
	if *lock != 0 {
		return false
	}
	*lock = 1
	return true
}

// model puts the parts together.
func model(b bounds) checker.Model[state] {
	return checker.Model[state]{
		Name:     "ring",
		Init:     []state{{}}, // all starts at 0
		Symmetry: []checker.Scalarset{{Name: "client", Size: b.clients}, {Name: "server", Size: b.servers}},
		Processes: []checker.Process[state]{
			{
				Name: "client", Count: b.clients, Index: "client",
				PC:    func(s *state, self int) int { return int(s.Client[self].At) },
				Own:   []string{"Client[self]"},
				Steps: footprints(b, clientSteps(b), clientFootprint),
			},
			{
				Name: "server", Count: b.servers, Index: "server",
				PC:    func(s *state, self int) int { return int(s.Server[self].At) },
				Own:   []string{"Server[self]"},
				Steps: footprints(b, serverSteps(b), serverFootprint),
			},
		},
		Properties: properties(b),
	}
}

// footprint is what a step touches besides its process's own state, as paths.
type footprint struct {
	reads, writes []string
	acquires      string
	holds         []string
}

// Footprints of the steps, in the order of the labels. What is between a test-and-set and
// the unlock holds the lock.
var (
	reads  = func(paths ...string) []string { return paths }
	writes = reads
	holds  = reads

	clientFootprint = [...]footprint{
		c0:  {acquires: "Requests.Lock"},
		c1:  {reads: reads("Requests.Head", "Requests.Tail"), holds: holds("Requests.Lock")},
		c2:  {writes: writes("Requests.Slot[*]"), holds: holds("Requests.Lock")},
		c3:  {writes: writes("Requests.Tail"), holds: holds("Requests.Lock")},
		c4:  {writes: writes("Requests.Lock"), holds: holds("Requests.Lock")},
		c5:  {writes: writes("Requests.Lock"), holds: holds("Requests.Lock")},
		c6:  {acquires: "Replies.Lock"},
		c7:  {reads: reads("Replies.Head", "Replies.Tail"), holds: holds("Replies.Lock")},
		c8:  {reads: reads("Replies.Slot[*]"), holds: holds("Replies.Lock")},
		c9:  {writes: writes("Replies.Head"), holds: holds("Replies.Lock")},
		c10: {writes: writes("Replies.Lock"), holds: holds("Replies.Lock")},
		c11: {writes: writes("Replies.Lock"), holds: holds("Replies.Lock")},
	}
	serverFootprint = [...]footprint{
		s0:  {acquires: "Requests.Lock"},
		s1:  {reads: reads("Requests.Head", "Requests.Tail"), holds: holds("Requests.Lock")},
		s2:  {reads: reads("Requests.Slot[*]"), holds: holds("Requests.Lock")},
		s3:  {writes: writes("Requests.Head"), holds: holds("Requests.Lock")},
		s4:  {writes: writes("Requests.Lock"), holds: holds("Requests.Lock")},
		s5:  {writes: writes("Requests.Lock"), holds: holds("Requests.Lock")},
		s6:  {acquires: "Replies.Lock"},
		s7:  {reads: reads("Replies.Head", "Replies.Tail"), holds: holds("Replies.Lock")},
		s8:  {writes: writes("Replies.Slot[*]"), holds: holds("Replies.Lock")},
		s9:  {writes: writes("Replies.Tail"), holds: holds("Replies.Lock")},
		s10: {writes: writes("Replies.Lock"), holds: holds("Replies.Lock")},
		s11: {writes: writes("Replies.Lock"), holds: holds("Replies.Lock")},
	}
)

// footprints gives steps their footprints. A lock that is none (lockNotAtomic) may not be said
// to be one: then its word is something that steps read and write.
func footprints(b bounds, steps []checker.Step[state], of [12]footprint) []checker.Step[state] {
	for k := range steps {
		s, f := &steps[k], of[k]
		s.Reads, s.Writes, s.Acquires, s.Holds = f.reads, f.writes, f.acquires, f.holds
		if b.mutant == lockNotAtomic {
			s.Acquires, s.Holds = "", nil
			if f.acquires != "" {
				s.Reads, s.Writes = reads(f.acquires), writes(f.acquires)
			}
		}
	}
	return steps
}

// clientSteps is the program of a client. A step says false where it is not
// enabled, and then leaves the state as it was.
func clientSteps(b bounds) []checker.Step[state] {
	step := func(label clientLabel, do func(s *state, c *client, self int) bool) checker.Step[state] {
		return checker.Step[state]{Label: label.String(), Do: func(s *state, self int) bool {
			return do(s, &s.Client[self], self)
		}}
	}
	goTo := func(c *client, l clientLabel) bool { c.At = l; return true }
	return []checker.Step[state]{
		step(c0, func(s *state, c *client, _ int) bool {
			if b.mutant == lockNotAtomic {
				s.Requests.Lock = 1 // without looking whether it was free
				return goTo(c, c1)
			}
			return testAndSet(&s.Requests.Lock) && goTo(c, c1)
		}),
		step(c1, func(s *state, c *client, _ int) bool {
			if b.requests.full(&s.Requests) {
				return goTo(c, c5)
			}
			c.Reg = s.Requests.Tail
			return goTo(c, c2)
		}),
		step(c2, func(s *state, c *client, self int) bool {
			s.Requests.Slot[b.requests.slot(c.Reg)] = uint8(self + 1)
			return goTo(c, c3)
		}),
		step(c3, func(s *state, c *client, _ int) bool {
			s.Requests.Tail = b.requests.next(c.Reg)
			return goTo(c, c4)
		}),
		step(c4, func(s *state, c *client, _ int) bool {
			s.Requests.Lock, c.Reg = 0, 0
			return goTo(c, c6)
		}),
		step(c5, func(s *state, c *client, _ int) bool {
			s.Requests.Lock = 0
			return goTo(c, c0)
		}),
		step(c6, func(s *state, c *client, _ int) bool {
			return testAndSet(&s.Replies.Lock) && goTo(c, c7)
		}),
		step(c7, func(s *state, c *client, _ int) bool {
			if b.replies.empty(&s.Replies) {
				return goTo(c, c11)
			}
			c.Reg = s.Replies.Head
			return goTo(c, c8)
		}),
		step(c8, func(s *state, c *client, self int) bool {
			mine := s.Replies.Slot[b.replies.slot(c.Reg)] == uint8(self+1)
			if !mine && b.mutant != anyReply {
				return goTo(c, c11)
			}
			return goTo(c, c9)
		}),
		step(c9, func(s *state, c *client, _ int) bool {
			s.Replies.Head = b.replies.next(c.Reg)
			return goTo(c, c10)
		}),
		step(c10, func(s *state, c *client, _ int) bool {
			s.Replies.Lock, c.Reg = 0, 0
			return goTo(c, c0)
		}),
		step(c11, func(s *state, c *client, _ int) bool {
			s.Replies.Lock, c.Reg = 0, 0
			return goTo(c, c6)
		}),
	}
}

// serverSteps is the program of a server.
func serverSteps(b bounds) []checker.Step[state] {
	step := func(label serverLabel, do func(s *state, v *server) bool) checker.Step[state] {
		return checker.Step[state]{Label: label.String(), Do: func(s *state, self int) bool {
			return do(s, &s.Server[self])
		}}
	}
	goTo := func(v *server, l serverLabel) bool { v.At = l; return true }
	return []checker.Step[state]{
		step(s0, func(s *state, v *server) bool {
			return testAndSet(&s.Requests.Lock) && goTo(v, s1)
		}),
		step(s1, func(s *state, v *server) bool {
			if b.requests.empty(&s.Requests) {
				return goTo(v, s5)
			}
			v.Reg = s.Requests.Head
			return goTo(v, s2)
		}),
		step(s2, func(s *state, v *server) bool {
			v.Val = s.Requests.Slot[b.requests.slot(v.Reg)]
			return goTo(v, s3)
		}),
		step(s3, func(s *state, v *server) bool {
			s.Requests.Head = b.requests.next(v.Reg)
			return goTo(v, s4)
		}),
		step(s4, func(s *state, v *server) bool {
			s.Requests.Lock, v.Reg = 0, 0
			return goTo(v, s6)
		}),
		step(s5, func(s *state, v *server) bool {
			s.Requests.Lock = 0
			return goTo(v, s0)
		}),
		step(s6, func(s *state, v *server) bool {
			return testAndSet(&s.Replies.Lock) && goTo(v, s7)
		}),
		step(s7, func(s *state, v *server) bool {
			if b.replies.full(&s.Replies) && b.mutant != noFullTest {
				return goTo(v, s11)
			}
			v.Reg = s.Replies.Tail
			return goTo(v, s8)
		}),
		step(s8, func(s *state, v *server) bool {
			s.Replies.Slot[b.replies.slot(v.Reg)] = v.Val
			return goTo(v, s9)
		}),
		step(s9, func(s *state, v *server) bool {
			s.Replies.Tail = b.replies.next(v.Reg)
			return goTo(v, s10)
		}),
		step(s10, func(s *state, v *server) bool {
			s.Replies.Lock, v.Reg, v.Val = 0, 0, 0
			return goTo(v, s0)
		}),
		step(s11, func(s *state, v *server) bool {
			s.Replies.Lock = 0
			return goTo(v, s6)
		}),
	}
}

// Names of the properties.
const (
	requestsExclude = "mutual exclusion at the requests"
	repliesExclude  = "mutual exclusion at the replies"
	addressed       = "replies are addressed to waiting clients"
	replied         = "a client has its reply"
	bothHeld        = "both locks are held"
)

// properties are the invariants of the ring, and two things that must be
// possible, lest an invariant hold because nothing happens.
func properties(b bounds) []checker.Property[state] {
	return []checker.Property[state]{
		// At most one process is between test-and-set and unlock of each ring.
		checker.Invariant(requestsExclude, func(s *state) bool {
			n := 0
			for i := range b.clients {
				if at := s.Client[i].At; at >= c1 && at <= c5 {
					n++
				}
			}
			for j := range b.servers {
				if at := s.Server[j].At; at >= s1 && at <= s5 {
					n++
				}
			}
			return n <= 1
		}).Reads("Client[*].At", "Server[*].At").BrokenBy("c0", "s0").MendedBy("c4", "c5", "s4", "s5"),
		checker.Invariant(repliesExclude, func(s *state) bool {
			n := 0
			for i := range b.clients {
				if s.Client[i].At >= c7 {
					n++
				}
			}
			for j := range b.servers {
				if s.Server[j].At >= s7 {
					n++
				}
			}
			return n <= 1
		}).Reads("Client[*].At", "Server[*].At").BrokenBy("c6", "s6").MendedBy("c10", "c11", "s10", "s11"),
		// No entry of the reply ring between head and tail is 0 or addressed to
		// a client that is still at its request (c0 to c5).
		checker.Invariant(addressed, func(s *state) bool {
			r := &s.Replies
			for i := r.Head; i != r.Tail; i = b.replies.next(i) {
				to := r.Slot[b.replies.slot(i)]
				if to == 0 || s.Client[to-1].At <= c5 {
					return false
				}
			}
			return true
		}).Reads("Replies.Head", "Replies.Tail", "Replies.Slot", "Client[*].At").
			// Who holds the reply ring may do both, in states put together at will.
			BrokenBy("c9", "c10", "s8", "s9").MendedBy("c4", "c9", "s8", "s9"),
		checker.Reachable(replied, func(s *state) bool {
			return slices.ContainsFunc(s.Client[:], func(c client) bool { return c.At == c10 })
		}).Reads("Client[*].At").BrokenBy("c9").MendedBy("c10"),
		checker.Reachable(bothHeld, func(s *state) bool { return s.Requests.Lock == 1 && s.Replies.Lock == 1 }).
			Reads("Requests.Lock", "Replies.Lock"),
	}
}

// Names of the mutants.
const (
	lockNotAtomic = "lock-not-atomic"
	noFullTest    = "no-full-test"
	anyReply      = "any-reply"
)

// Family is the model with its parameters, for a command.
var Family = catalogue.Family{
	Name: "ring",
	Doc:  "clients and servers share a request ring and a reply ring, each under a test-and-set lock",
	Parameters: []catalogue.Parameter{
		{Name: "clients", Doc: "clients", Default: 1, Min: 1, Max: maxClients},
		{Name: "servers", Doc: "servers", Default: 1, Min: 1, Max: maxServers},
		{Name: "requests", Doc: "slots of the request ring", Default: 1, Min: 1, Max: maxSlots},
		{Name: "replies", Doc: "slots of the reply ring", Default: 1, Min: 1, Max: maxSlots},
	},
	Configurations: []catalogue.Configuration{
		{Name: "1-1-1-1", Doc: "one of each: 115 states", Set: map[string]int{}},
		{Name: "2-1-1-2", Doc: "two clients: 4,177 states", Set: map[string]int{"clients": 2, "replies": 2}},
		{Name: "3-1-1-2", Doc: "more clients than reply slots, so that the reply ring fills", Set: map[string]int{"clients": 3, "replies": 2}},
		{Name: "3-2-2-3", Doc: "the size for measuring", Set: map[string]int{"clients": 3, "servers": 2, "requests": 2, "replies": 3}},
	},
	Mutants: []catalogue.Mutant{
		{Name: lockNotAtomic, Doc: "a client takes the request lock without looking whether it is free",
			Configuration: "1-1-1-1", KilledBy: requestsExclude},
		{Name: noFullTest, Doc: "a server overwrites the reply ring when it is full",
			Configuration: "3-1-1-2", KilledBy: addressed},
		{Name: anyReply, Doc: "a client takes the first reply, also one that is addressed to another",
			Configuration: "2-1-1-2", KilledBy: addressed},
	},
	Build: func(v catalogue.Values, mutant string) (checker.AnyModel, error) {
		return checker.Any(model(bounds{
			clients: v.Int("clients"), servers: v.Int("servers"),
			requests: size(v.Int("requests")), replies: size(v.Int("replies")),
			mutant: mutant,
		})), nil
	},
}
