package explore

import (
	"encoding/binary"
	"errors"
	"slices"

	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	spec "urpc/spec/binding"
	"urpc/spec/step"
)

// world is what the spaces of one execution have in common: the operating system
// of binding and closing, simulated. It keeps memory as long as a descriptor of it
// is open or on its way, or a mapping is there, and what each space has open.
//
// Whatever may go wrong does so as a choice: memory, mappings, seals and descriptors are
// refused, seals and sizes not told, mappings not taken back; bytes come in parts. faults is
// how often, in one execution.
type world struct {
	t       *schedule.T
	m       *Machine
	memory  []*backing
	ends    []*end
	hosts   []*host
	faults  int
	parts   int // of these, bytes that came in parts
	refused int // the others
	used    int // bytes of a segment that are in use
	words   channel.Words
	fine    bool   // accesses to memory are steps
	alone   bool   // whoever watches judges, not the target
	narrow  bool   // a socket holds one message that is not read
	hasty   bool   // a write in a hurry may come too late also where there is room
	unseen  bool   // processes are not seen by each other, and cannot be watched
	cuts    bool   // a handshake ends with its context
	encoded bool   // the values of the calls are encoded
	forged  string // what was made of the last value by who lies about it
	inherit bool   // sockets of a space that dies stay open: a child has them
	lending *lending
	lent    []*mapped // of each binding
	waiting waiting
}

// backing is the memory of one segment.
type backing struct {
	number uint8
	bytes  []byte // as its writer maps it
	only   []byte // as who only reads does
	size   int64
	seals  shm.Seals
	refs   int // descriptors, on their way too, and mappings
	// digest is that of the bytes, if digested.
	digest   schedule.Digest
	digested bool
}

// host is the machine of one address space: what it has open and mapped, and the
// threads that run there.
type host struct {
	w       *world
	name    string
	open    []*descriptor
	mapped  []*mapping
	names   []string // of its threads
	declare func(name string, f func())
	workers []*worker
	end     *end // of its last binding: the one that watches its peer
	started int  // goroutines
	stops   []*stopping
	// Of a server that accepts its clients.
	listener *listener
	accepted *end // the last one
	dead     bool
	foreign  bool          // of another user
	decides  bool          // by a function of its own whom it trusts
	form     int           // of its last frame, if it is malformed
	grants   channel.Size  // which is too large; none yet: 0 slots
	told     func() bool   // of a server: whether it is told to stop
	owed     func() bool   // of a client: whether a server that hangs up must have said that it stops
	reserved func() uint64 // of a server: how many bindings it counts, and handshakes
	lies     lie
	// Of its bindings, the last one: what the hook of its region has told.
	holders  uint64 // threads
	counted  int64
	closed   bool
	bindings int
	pool     *serving // its processors; nil: it has had none
	causes   causes
	// Of a client whose server has stopped: it lingers, and has done so.
	lingers, lingered bool
	ends              func() bool // of a client that is bound: whether its binding has ended, or is about to
}

// descriptor is one that a space has open: of memory, of a socket, of a process,
// or of nothing that the runtime knows.
type descriptor struct {
	s      *host
	of     *end // the connection for which it was opened
	memory *backing
	// received: it came over a socket.
	received, closed bool
	// The space was told of its memory.
	sealsTold, sizeTold bool
}

// mapping is memory as one space sees it.
type mapping struct {
	of       *end // the connection for which it was made
	memory   *backing
	bytes    []byte
	writable bool
	gone     bool
}

var (
	errNoMemory, errManyOpen = errors.New("no memory"), errors.New("too many open descriptors")
	errNoSeals, errNoSize    = errors.New("seals are refused"), errors.New("no size is told")
)

func newWorld(t *schedule.T, faults int, l *lending, fine bool) *world {
	z := l.size
	w := &world{t: t, lending: l, m: NewMachine(t, 0), faults: faults, used: z.Bytes(), words: z.Words(), fine: fine}
	w.m.together, w.m.finds = true, []schedule.Location{everything}
	w.m.rests = func(thread int, _ bool) { w.waiting.waits |= 1 << thread }
	t.Shared(w.state)
	t.Cleanup(func() {
		for _, m := range w.lent {
			l.giveBack(m)
		}
	})
	return w
}

// create makes memory with these contents: of one binding the server makes that of
// the replies first.
func (w *world) create(number uint8, contents []byte) *backing {
	if len(w.lent) == 0 || number == channel.Replies {
		w.lent = append(w.lent, w.lending.borrow())
	}
	w.check(Bounded, len(contents) <= w.lending.bytes, "a server makes a segment of %d bytes, and allows %d", len(contents), w.lending.bytes)
	if len(contents) != w.lending.bytes {
		panic("explore: memory of another size than that of the binding is made")
	}
	last := w.lent[len(w.lent)-1]
	memory := [2]twice{channel.Calls: last.calls, channel.Replies: last.replies}[number]
	copy(memory.writable, contents)
	return &backing{number: number, bytes: memory.writable, only: memory.readable}
}

// word is a word of the segment.
func (m *backing) word(at shm.Offset) uint32 { return binary.NativeEndian.Uint32(m.bytes[at:]) }

func (w *world) host(name string) *host {
	s := &host{w: w, name: name}
	w.hosts = append(w.hosts, s)
	return s
}

// goesWrong chooses whether a request is refused, as long as there are faults.
func (w *world) goesWrong(what string) bool {
	if w.faults == 0 || w.t.Choose(what, 2) == 0 {
		return false
	}
	w.faults--
	w.refused++
	return true
}

// inParts chooses whether bytes come in parts, as long as there are faults.
func (w *world) inParts(what string) bool {
	if !w.goesWrong(what) {
		return false
	}
	w.refused--
	w.parts++
	return true
}

// step announces a step of the calling thread. All steps of a world are on one
// place: what a thread does between two of them may touch anything.
func (w *world) step(name step.Name) {
	w.m.step(name, schedule.Event{Name: name.String(), Kind: schedule.Store})
}

// over says that the thread takes no further step.
func (w *world) over() {
	if o := w.m.observer; o != nil {
		o.Ended(w.t.Self())
	}
}

func (w *world) await(name step.Name, ok func() bool) { w.m.await(name, ok, everything) }

// check is schedule.T.Check of the target itself.
func (w *world) check(property string, ok bool, format string, args ...any) {
	if !ok && !w.alone {
		w.t.Fail(property, format, args...)
	}
}

// saw tells the outcome of the step.
func (w *world) saw(outcome uint64) { w.t.SawValue(outcome) }

func (w *world) sawIf(ok bool) {
	if ok {
		w.saw(1)
	} else {
		w.saw(0)
	}
}

// keep takes a new descriptor down.
func (s *host) keep(of *end, m *backing) *descriptor {
	d := &descriptor{s: s, of: of, memory: m}
	if m != nil {
		m.refs++
	}
	s.open = append(s.open, d)
	return d
}

// Close implements shm.Descriptor.
func (d *descriptor) Close() error {
	d.s.w.step(step.CloseDescriptor)
	d.drop()
	if d.received {
		d.s.causes.closes(d.s.w.t.Self())
	}
	return nil
}

// drop closes a descriptor without a step of its own.
func (d *descriptor) drop() {
	d.s.w.check(spec.CloseOnce, !d.closed, "%s closes a descriptor a second time: it may be another one's by now", d.s.name)
	d.closed = true
	d.s.open = slices.DeleteFunc(d.s.open, func(other *descriptor) bool { return other == d })
	if d.memory != nil {
		d.memory.refs--
	}
}

// die is the death of a space, by a step of the thread that kills it: nothing of
// it runs any more, and the kernel closes and unmaps what it had.
func (s *host) die() {
	self := s.w.t.Self()
	if o := s.w.m.observer; o != nil {
		o.Stand(self, step.Die, schedule.Event{Name: step.Die.String(), Kind: schedule.Kill})
	}
	s.w.t.Kill(step.Die.String(), s.names...)
	if o := s.w.m.observer; o != nil {
		o.Take(self)
	}
	s.dead = true
	if s.listener != nil {
		s.listener.drop()
	}
	for len(s.open) > 0 {
		s.open[0].drop()
	}
	for _, m := range s.mapped {
		m.gone = true
		m.memory.refs--
	}
	s.mapped = nil
	for _, e := range s.w.ends {
		if e.s == s && !s.w.inherit {
			e.hangUp()
		}
	}
}

// childrenEnd ends the children that hold sockets of spaces that have died. What was on
// its way to such a socket, descriptors of memory too, nobody reads, and the kernel keeps
// it as long as the socket is open there: no longer than that, and neither side can help it.
func (w *world) childrenEnd() {
	for _, e := range w.ends {
		if e.s.dead {
			e.hangUp()
		}
	}
}

// stopping says whether the processors of its last binding are to stop. Those of one before may
// be told so late, when they have ended.
func (s *host) stopping() bool { return s.pool != nil && s.pool.stopping }

// left says what a space still has of a connection, "" if it has nothing. Another one
// may be in its handshake, or may have ended in it, meanwhile.
func (s *host) left(e *end) string {
	switch {
	case slices.ContainsFunc(s.mapped, func(x *mapping) bool { return x.of == e }):
		return "a mapping"
	case slices.ContainsFunc(s.open, func(d *descriptor) bool { return d.of == e }):
		return "a descriptor"
	case !e.closed:
		return "its end of the socket"
	}
	for _, x := range s.workers {
		// That a context is waited for no more takes no part of the machine.
		if x.job != nil && x.of == e && x.waits != step.StopProcessors {
			return "a goroutine"
		}
	}
	return ""
}

// state adds all of it to a digest.
func (w *world) state(d *schedule.Digest) {
	w.m.state(d)
	d.Word(w.waiting.late)
	d.Word(w.waiting.told)
	d.Word(uint64(w.faults)<<32 | uint64(w.parts)<<16 | uint64(w.refused))
	for _, m := range w.memory {
		d.Word(uint64(m.refs)<<32 | uint64(m.seals))
		d.Word(uint64(m.size))
		if m.refs > 0 {
			m.state(d, w.used)
		}
	}
	for _, e := range w.ends {
		e.state(d)
	}
	for _, s := range w.hosts {
		s.state(d)
	}
}

// state adds the first bytes. They are gone through once between two writes.
func (m *backing) state(d *schedule.Digest, used int) {
	if !m.digested {
		m.digest, m.digested = schedule.Digest{}, true
		m.digest.Bytes(m.bytes[:min(used, len(m.bytes))])
	}
	d.Part(m.digest)
}

func (s *host) state(d *schedule.Digest) {
	d.Word(uint64(len(s.open))<<32 | uint64(len(s.mapped))<<16 | uint64(oneIf(s.dead))<<8 | uint64(oneIf(s.closed)))
	d.Word(s.holders | uint64(s.form)<<56)
	d.Word(s.causes.closing<<16 | uint64(s.causes.beside)<<8 | uint64(oneIf(s.causes.broken))<<7 | uint64(s.causes.refuses)<<4 | uint64(s.causes.ends))
	d.Word(uint64(s.counted)<<32 | uint64(s.bindings)<<3 | uint64(oneIf(s.lingers))<<2 | uint64(oneIf(s.lingered))<<1 | uint64(oneIf(s.stopping())))
	for _, x := range s.open {
		d.Word(uint64(slices.Index(s.w.memory, x.memory)+2) | uint64(oneIf(x.sealsTold))<<32 | uint64(oneIf(x.sizeTold))<<33)
	}
	for _, x := range s.mapped {
		d.Word(uint64(slices.Index(s.w.memory, x.memory)+2)<<1 | uint64(oneIf(x.writable)))
	}
	for _, x := range s.workers {
		d.Word(uint64(oneIf(x.job != nil)) | uint64(oneIf(x.stands))<<1 | uint64(x.number)<<2 | uint64(slices.Index(s.w.ends, x.of)+1)<<32)
	}
	for _, x := range s.stops {
		d.Word(uint64(oneIf(x.ctx.Err() != nil)) | uint64(oneIf(x.stopped))<<1)
	}
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
