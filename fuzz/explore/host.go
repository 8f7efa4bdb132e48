package explore

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/machine"
	"urpc/runtime/processor"
	"urpc/runtime/shm"
	spec "urpc/spec/binding"
	"urpc/spec/step"
)

// A host is a machine to what runs in its space.
var _ machine.Machine = (*host)(nil)

// Create implements shm.Memory.
func (s *host) Create(number uint8, contents []byte) (shm.Descriptor, error) {
	s.w.step(step.CreateMemory)
	if s.w.goesWrong("memory is refused") {
		return nil, errNoMemory
	}
	m := s.w.create(number, contents)
	m.size = s.sizeOf(int64(len(contents)))
	s.w.memory = append(s.w.memory, m)
	return s.keep(s.end, m), nil
}

// Map implements shm.Memory.
func (s *host) Map(d shm.Descriptor, bytes int, writable bool) ([]byte, error) {
	s.w.step(step.MapMemory)
	m := d.(*descriptor).memory
	if x := d.(*descriptor); x.received && m != nil {
		s.w.check(spec.Fit, x.sealsTold && x.sizeTold, "%s maps segment %d, and was not told its seals (%v) and its size (%v)", s.name, m.number, x.sealsTold, x.sizeTold)
		s.w.fits(s, m, bytes, writable)
		s.w.check(Bounded, bytes <= s.w.lending.bytes, "%s maps %d bytes for segment %d, and allows %d", s.name, bytes, m.number, s.w.lending.bytes)
	}
	if m == nil || writable && m.seals&(shm.SealWrite|shm.SealFutureWrite) != 0 || s.w.goesWrong("a mapping is refused") {
		return nil, errNoMemory
	}
	own := channel.Calls
	if s.reserved != nil {
		own = channel.Replies
	}
	s.w.check(spec.Fit, writable == (m.number == own), "%s maps segment %d, writable: %v", s.name, m.number, writable)
	x := &mapping{of: s.end, memory: m, bytes: m.only, writable: writable}
	if writable {
		x.bytes = m.bytes
	}
	m.refs++
	s.mapped = append(s.mapped, x)
	return x.bytes, nil
}

// fits checks what a space is about to map that it was given by another one.
func (w *world) fits(s *host, m *backing, bytes int, writable bool) {
	want := shm.ReadOnly
	if writable {
		want = shm.Sealed
	}
	w.check(spec.Fit, m.seals&want == want && m.size == int64(bytes), "%s maps segment %d, of %d bytes with seals %#x, for one of %d bytes with seals %#x",
		s.name, m.number, m.size, uint32(m.seals), bytes, uint32(want))
}

// Unmap implements shm.Memory.
func (s *host) Unmap(bytes []byte) error {
	s.w.step(step.UnmapMemory)
	i := slices.IndexFunc(s.mapped, func(x *mapping) bool { return &x.bytes[0] == &bytes[0] })
	s.w.check(spec.UnmapOnce, i >= 0, "%s unmaps what it has not mapped", s.name)
	s.w.check(spec.UnmapOnce, s.holders == 0, "%s unmaps memory that %d of its threads hold", s.name, bits.OnesCount64(s.holders))
	s.w.check(spec.Places, s.reserved == nil || uint64(s.connections()) <= s.reserved(), "%s unmaps the memory of a binding that it does not count any more", s.name)
	x := s.mapped[i]
	x.gone = true
	x.memory.refs--
	s.mapped = slices.Delete(s.mapped, i, i+1)
	if s.w.goesWrong("memory is not unmapped") {
		// It stays for good, and that nobody can help; nobody touches it, or tries again.
		x.of.kept = true
		return errNoMemory
	}
	return nil
}

// Seal implements shm.Memory.
func (s *host) Seal(d shm.Descriptor, seals shm.Seals) error {
	s.w.step(step.SealMemory)
	if s.w.goesWrong("seals are refused") {
		return errNoSeals
	}
	m := d.(*descriptor).memory
	m.seals |= s.sealsOf(seals)
	return nil
}

// Seals implements shm.Memory.
func (s *host) Seals(d shm.Descriptor) (shm.Seals, error) {
	s.w.step(step.VerifySeals)
	m := d.(*descriptor).memory
	if m == nil {
		s.w.saw(1 << 32)
		return 0, fmt.Errorf("no memory")
	}
	if s.w.goesWrong("the seals are not told") {
		return 0, errNoSeals
	}
	s.w.saw(uint64(m.seals))
	d.(*descriptor).sealsTold = true
	return m.seals, nil
}

// Size implements shm.Memory.
func (s *host) Size(d shm.Descriptor) (int64, error) {
	s.w.step(step.VerifySize)
	if s.w.goesWrong("the size is not told") {
		return 0, errNoSize
	}
	size := d.(*descriptor).memory.size
	s.w.saw(uint64(size))
	d.(*descriptor).sizeTold = true
	return size, nil
}

// Made implements shm.Memory: the region's memory, and who holds it, are watched.
func (s *host) Made(r *shm.Region) {
	s.holders, s.counted, s.closed, s.causes = 0, 0, false, causes{}
	s.bindings++
	hook := &touching{Region: NewRegion(s.w.m, s.number()), s: s}
	for _, x := range s.mapped {
		if x.of == s.end { // of a handshake that has failed memory may still be mapped
			hook.mapped = append(hook.mapped, x)
		}
	}
	hook.segments[r.Own.Number()] = r.Own.Unhooked()
	hook.segments[r.Peer.Number()] = r.Peer.Unhooked()
	r.Own.SetHook(hook)
	r.Peer.SetHook(hook)
	r.SetHook(&counting{s: s})
}

// number is that of the space's last binding: both sides sleep on, and wake, the same
// words.
func (s *host) number() uint8 { return uint8(slices.Index(s.w.ends, s.end)/2 + 1) }

// connections counts those for which the space has memory mapped.
func (s *host) connections() int {
	of := map[*end]bool{}
	for _, x := range s.mapped {
		of[x.of] = true
	}
	return len(of)
}

// touching is the hook of a region's segments, and of the private words of its
// callers: an access to what is not mapped is a failure. Where the execution is
// fine every access is a step, else those of a thread between two other steps are
// one with the step before.
type touching struct {
	*Region
	s      *host
	mapped []*mapping
}

// Before implements shm.Hook.
func (h *touching) Before(a shm.Access) {
	if h.s.w.fine {
		h.Region.Before(a)
	}
	h.wrote(a)
	switch a.Step {
	case step.Publish:
		h.publishes(a)
	case step.OpenCall:
		h.s.opens()
	}
	for _, x := range h.mapped {
		if a.Segment != call.Private {
			h.s.w.check(spec.Mapped, !x.gone, "%s touches memory at %v that it has unmapped", h.s.name, a.Step)
		}
	}
}

// wrote notes that memory is about to be written.
func (h *touching) wrote(a shm.Access) {
	if a.Kind == shm.KindLoad || a.Kind == shm.KindCopyOut {
		return
	}
	for _, x := range h.mapped {
		if x.memory.number == a.Segment {
			x.memory.digested = false
		}
	}
}

// Saw implements shm.Hook.
func (h *touching) Saw(value uint32) { h.s.w.saw(uint64(value)) }

// waiting are threads of clients whose calls have found every record used, those of them
// that have taken one since, when the server had stopped, and those that have looked then.
type waiting struct{ waits, late, told uint64 }

// ends forgets the call of a thread.
func (w *waiting) ends(thread int) {
	others := ^(uint64(1) << thread)
	w.waits, w.late, w.told = w.waits&others, w.late&others, w.told&others
}

// takes is called when a thread of a client looks for a record, looks when it looks whether
// calls are sent, which who finds one at once does not, and opens when it has a record, and
// is about to send its call. Who finds one at once was let in by the look of HoldRegion,
// and the server may stop between that and anything that it does.
func (s *host) takes() {
	w, self := &s.w.waiting, uint64(1)<<s.w.t.Self()
	w.late &^= self
	if w.waits&self != 0 && s.lingers {
		w.late |= self
	}
}

func (s *host) looks(unsent bool) {
	w, self := &s.w.waiting, uint64(1)<<s.w.t.Self()
	if w.waits |= self; unsent || s.causes.refuses == serverStopped {
		w.told |= self
	}
}

func (s *host) opens() {
	self := s.w.t.Self()
	s.w.check(Unsent, s.w.waiting.late>>self&1 == 0, "a call that has waited is sent, and the server has stopped")
	s.w.waiting.ends(self)
}

// Beside implements shm.Hook: that the calls of a binding end is a step in any case; that
// some are not sent any more is none, but one with that by which it is known. Target death
// has it as a step.
func (h *touching) Beside(name step.Name, _ shm.Kind, segment uint8, what shm.Beside) {
	ends := name == step.Poison || name == step.Unblock
	if ends || h.s.w.fine && name != step.StopSending {
		h.s.w.step(name)
	}
	if ends || name == step.StopSending {
		*h.keptAt(segment, what)++
	}
	switch {
	case ends:
		h.s.follow(name)
	case name == step.TakeRecord:
		h.s.takes()
	case name == step.LookSending:
		h.s.looks(*h.keptAt(segment, what) > 0)
	}
}

// counting is the hook of those who hold a region. Who finds it closed does not
// hold it, although it is counted for a moment.
type counting struct {
	s    *host
	last step.Name
}

// Before implements shm.Holding.
func (h *counting) Before(name step.Name) {
	h.s.w.step(name)
	h.last = name
}

// Counted implements shm.Holding.
func (h *counting) Counted(counted int64, closed bool) {
	s, self := h.s, uint64(1)<<h.s.w.t.Self()
	switch {
	case h.last == step.HoldRegion && !closed:
		// Of two who close the region at once one does it, and the other goes on before that:
		// beside a thread that ends the binding a call may still be begun.
		s.w.check(SendsNoMore, !s.lingers || s.ends(), "a call is begun, and the server has stopped")
		s.holders |= self
	case h.last == step.HoldRegion:
		s.causes.refused |= self
	case h.last == step.ReleaseRegion:
		s.holders &^= self
	}
	s.counted, s.closed = counted, closed
	s.w.saw(uint64(oneIf(closed))<<1 | uint64(oneIf(counted == 0)))
}

// Kernel implements machine.Machine.
func (s *host) Kernel() kernel.Kernel { return s.w.m.Kernel(NewRegion(s.w.m, s.number())) }

// Callers implements machine.Machine.
func (s *host) Callers(n int) (call.Threads, shm.Hook) {
	r := NewRegion(s.w.m, s.number())
	threads := s.w.m.Threads(r, n)
	return threads, &touching{Region: r, s: s}
}

// Step implements machine.Machine.
func (s *host) Step(name step.Name) {
	s.w.step(name)
	s.follow(name)
	if name == step.LeaveBinding { // of which it has one at a time
		s.w.check(spec.NothingLeft, len(s.mapped) == 0, "%s is about to count no binding, and has memory of it mapped", s.name)
	}
	if s.listener != nil {
		s.listener.follow(name)
	}
}

// worker is a thread that stands for one goroutine after another. There is
// nothing between the start of a goroutine of a binding and that it waits: the
// thread stands there already, and goes on when the goroutine has been started and
// what it waits for is there. That it does wait there is a property (Waits).
type worker struct {
	waits   step.Name
	of      *end // the connection whose goroutine it stands for
	started bool // the thread is there
	thread  int
	job     func()
	ready   func() bool
	acts    bool // the job does not wait first
	stands  bool // the job has been begun, and has not come to its wait
	number  int  // of the job, in its space
}

// hire declares the threads for the goroutines of one binding: the two that watch
// the peer, and at the server the one that ends its processors.
func (s *host) hire(waits ...step.Name) {
	for _, name := range waits {
		x := &worker{waits: name}
		s.workers = append(s.workers, x)
		thread := s.name + "'s " + goroutines[name]
		for slices.Contains(s.names, thread) {
			thread += " again"
		}
		s.names = append(s.names, thread)
		s.declare(thread, func() {
			x.thread, x.started = s.w.t.Self(), true
			for {
				s.w.t.Mark("idle")
				s.w.await(name, func() bool { return x.job != nil && x.ready() })
				x.stands = !x.acts
				x.job()
				s.w.check(Waits, !x.stands, "%s ended, and has not waited at %v", thread, name)
				x.job, x.ready, x.stands, x.acts = nil, nil, false, false
			}
		})
	}
}

var goroutines = map[step.Name]string{
	step.NoticeExit: "exit watch", step.Notice: "watch", step.StopProcessors: "stop", step.ReceiveHello: "handshake",
}

// begin gives a job to a worker that waits for what it is about to wait for.
func (s *host) begin(waits step.Name, of *end, ready func() bool, f func()) *worker {
	i := slices.IndexFunc(s.workers, func(x *worker) bool { return x.job == nil && x.waits == waits })
	if i < 0 {
		panic("explore: " + s.name + " starts more goroutines than there are threads for")
	}
	s.started++
	x := s.workers[i]
	x.job, x.ready, x.of, x.number = f, ready, of, s.started
	return x
}

// await awaits, unless the thread stands for a goroutine that comes to its first
// wait.
func (s *host) await(name step.Name, ok func() bool) {
	for _, x := range s.workers {
		if x.stands && x.thread == s.w.t.Self() {
			if x.stands = false; x.waits == name {
				return
			}
		}
	}
	s.w.await(name, ok)
}

// Go implements machine.Machine.
func (s *host) Go(name step.Name, f func()) {
	switch e := s.end; name {
	case step.NoticeExit:
		s.begin(name, e, e.exits, f)
	case step.Notice:
		s.begin(name, e, e.readable, f)
	case step.ReceiveHello:
		e = s.accepted
		// The wait of the handshake has a limit from its beginning on: a child may hold
		// the socket of a client that is dead. Whom it must refuse it need not hear,
		// of whom it has no socket it cannot, and who lies has heard by itself.
		acts := e.peer.s.foreign || e.unmade || s.lies == lieEarly || s.decides
		s.begin(name, e, func() bool { return acts || e.readable() || e.peer.s.dead || s.w.cuts && s.told() }, f).acts = acts
	default:
		panic("explore: a goroutine that begins at " + name.String())
	}
}

// stopping is a function that is called when a context ends, unless it is stopped
// before. Who stops it after the end, or again, is told that it was too late: it is called
// then, or has been, or never is.
type stopping struct {
	ctx     context.Context
	stopped bool
}

func (x *stopping) ready() bool { return x.stopped || x.ctx.Err() != nil }

// AfterFunc implements machine.Machine.
func (s *host) AfterFunc(ctx context.Context, f func()) (stop func() bool) {
	x := &stopping{ctx: ctx}
	s.stops = append(s.stops, x)
	s.begin(step.StopProcessors, s.end, x.ready, func() {
		s.await(step.StopProcessors, x.ready)
		if s.w.sawIf(x.stopped); !x.stopped {
			f()
		}
	})
	return func() bool {
		if x.stopped || x.ctx.Err() != nil {
			return false
		}
		x.stopped = true
		return true
	}
}

// Wait implements machine.Machine. Where there is a limit time may always be over.
func (s *host) Wait(name step.Name, done <-chan struct{}, limit time.Duration) bool {
	s.lingers = s.lingers || name == step.Linger
	s.w.await(name, func() bool { return limit > 0 || closed(done) })
	s.w.sawIf(closed(done))
	s.lingered = s.lingered || name == step.Linger
	return closed(done)
}

// Processors implements machine.Machine.
func (s *host) Processors(c processor.Config) machine.Processors {
	s.pool = &serving{s: s, kernel: c.Kernel, worker: processor.NewWorker(c.Port, c.Kernel, s.guarded(c.Handler)), port: c.Port}
	return s.pool
}

// guarded is a handler whose panic is a failure with a name: the server's own one,
// who is called by a number that its peer has written.
func (s *host) guarded(h processor.Handler) processor.Handler {
	return func(number uint32, request, reply []byte) (uint32, []byte) {
		defer func() {
			p := recover()
			text, trespass := trespassOf(p)
			s.w.check(Offered, !trespass, "procedure %d: %s", number, text)
			if p != nil {
				panic(p)
			}
		}()
		return h(number, request, reply)
	}
}

// serving stands for a processor.Pool of one worker, whose goroutines and timers
// are not under the schedule here: it serves on the thread that runs it, and is
// stopped as the pool is.
type serving struct {
	s        *host
	kernel   kernel.Kernel
	port     *channel.Port
	worker   *processor.Worker
	nudge    kernel.Nudge
	stopping bool
}

// unwatched are private words without a hook: it is in one step with the step before
// that a stand-in for a pool looks at its nudge.
var unwatched = &shm.Heap(processor.Private, shm.Line).View

// Run implements machine.Processors.
func (p *serving) Run() error {
	err := p.serve()
	p.s.w.step(step.AwaitProcessors)
	return err
}

func (p *serving) serve() error {
	for !p.stopping {
		switch r := p.worker.Receive(); r {
		case channel.Done:
			if p.worker.Execute() != channel.Done {
				return processor.ErrCorrupt
			}
		case channel.Busy:
			p.port.AwaitReceive()
		case channel.Empty:
			if seen := p.nudge.Seen(unwatched); !p.stopping {
				p.worker.Park(&p.nudge, seen)
			}
		default:
			return processor.ErrCorrupt
		}
	}
	return nil
}

// Stop implements machine.Processors.
func (p *serving) Stop() {
	p.stopping = true
	p.kernel.Nudge(&p.nudge)
}

// Counters implements machine.Processors.
func (p *serving) Counters() processor.Counters { return processor.Counters{} }

var everything = schedule.Location{}
