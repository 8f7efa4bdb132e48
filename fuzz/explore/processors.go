package explore

import (
	"urpc/checker/schedule"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Processors are those of a machine that has fewer than threads: a thread takes a
// step only while it has one.
//
//	Dispatch: await free > 0;  free := free - 1      \* before a thread's first step
//	Yield:    free := free + 1                       \* it waits, ends or is pre-empted
//
// A thread keeps its processor from step to step, and gives it up where it waits:
// asleep in the kernel, blocked, for a lock or for room (who spins is pre-empted at
// the end of its slice). One that polls keeps it: it rests "without giving it up"
// (kernel.Pause), as long as nobody waits for a processor; then its slice ends
// some time, as everybody's does.
//
// As a real kernel's, a free processor goes to any thread that waits for one, of
// whichever space, and a thread may be pre-empted before any step, as often as the
// configuration allows.
type Processors struct {
	m       *Machine
	free    int
	most    int    // how often threads may be pre-empted, of which
	preempt int    // is left
	has     []bool // by thread
	waiting int    // threads that wait for one
	idle    func() bool
}

// Processors gives the machine n processors, of which threads are pre-empted up to
// so many times; without it every thread has one of its own.
func (m *Machine) Processors(n, preemptions int) {
	p := &Processors{m: m, free: n, most: preemptions, preempt: preemptions}
	p.idle = func() bool { return p.free > 0 }
	m.processors = p
}

var processorsAt = schedule.Location{Segment: 0xff00, Offset: 0}

func (p *Processors) mine() *bool {
	self := p.m.t.Self()
	for len(p.has) <= self {
		p.has = append(p.has, false)
	}
	return &p.has[self]
}

// run returns once the thread has a processor.
func (p *Processors) run() {
	if *p.mine() {
		// Where none is left the answer is the same for the thread as that it goes on.
		if p.most == 0 || p.m.t.Choose("pre-empted", 1+oneIf(p.preempt > 0)) == 0 {
			return
		}
		p.preempt--
		p.yield()
	}
	p.waiting++
	e := schedule.Event{Name: step.Dispatch.String(), Kind: schedule.Swap, Location: processorsAt, Size: 4}
	p.m.watched(step.Dispatch, e, func() { p.m.t.AwaitStep(e, p.idle) })
	p.m.t.SawValue(0)
	p.waiting--
	p.free--
	*p.mine() = true
}

// yield gives the thread's processor up, if it has one.
func (p *Processors) yield() {
	mine := p.mine()
	if !*mine {
		return
	}
	e := schedule.Event{Name: step.Yield.String(), Kind: schedule.Store, Location: processorsAt, Size: 4}
	p.m.watched(step.Yield, e, func() { p.m.t.Step(e) })
	p.m.t.SawValue(0)
	*mine = false
	p.free++
}

// wanted says whether somebody waits for a processor and there is none.
func (p *Processors) wanted() bool { return p.free == 0 && p.waiting > 0 }

// runs returns once the thread that calls may run.
func (m *Machine) runs() {
	if m.processors != nil {
		m.processors.run()
	}
}

// leaves gives up the processor of a thread that waits, or that has ended.
func (m *Machine) leaves() {
	if m.processors != nil {
		m.processors.yield()
	}
}

// awaitStep is step for one that is enabled only while ok() is true.
//
// It returns with the step and no later: what its thread then reads is what the step
// has found. The processor that the thread needs to go on with it waits for before its
// next step, as a thread that has been woken does.
func (m *Machine) awaitStep(name step.Name, e schedule.Event, ok func() bool) {
	m.settle(name)
	m.leaves()
	m.forget(name)
	m.watched(name, e, func() { m.t.AwaitStep(e, ok) })
}

// polled is what a thread has looked at in its last turn of polling, and what it
// found there: the slot first, then the words that tell of donated processors.
type polled struct {
	words [3]polledWord
	n     int
}

type polledWord struct {
	view *shm.View
	off  shm.Offset
	old  uint32
	at   schedule.Location
}

// changed says whether the thread would find something new in its next turn.
func (p *polled) changed() bool {
	for i := range p.words[:p.n] {
		if w := &p.words[i]; w.view.Peek(w.off) != w.old {
			return true
		}
	}
	return false
}

// Pause implements kernel.Kernel: the scheduler's answer to who polls. Either the
// time for polling has passed when it looks next, or nothing comes of polling
// until a word that it has polled last has changed, or the context of its call has ended,
// at which it looks in every turn; but where others wait for its processor, its slice ends
// first, and the time with it.
func (k *Kernel) Pause() {
	m := k.m
	w := m.waiter()
	p := &w.polled
	if p.n == 0 {
		return
	}
	if m.onPause != nil {
		m.onPause()
	}
	if m.t.Choose("the time for polling passes", 2) == 1 {
		w.passed += pollingTime
		return
	}
	on := []schedule.Location{processorsAt, locate(k.region.number, crews, placeAt)}
	if w.context != nil {
		on = append(on, w.context.at, m.clockAt())
	}
	for i := range p.words[:p.n] {
		on = append(on, p.words[i].at)
	}
	m.watched(step.Pause, schedule.Event{Name: step.Pause.String(), Kind: schedule.Await, Location: on[0], Size: 4},
		func() { m.t.Await(step.Pause.String(), w.pollEnds, on...) })
	for i := range p.words[:p.n] {
		m.saw(p.words[i].view.Peek(p.words[i].off))
	}
	if w.context != nil && w.context.rouses() {
		w.context.awaited()
		w.context.unpolled = true
		return
	}
	if !p.changed() && (m.stopped == nil || !m.stopped()) {
		w.passed += pollingTime
		m.leaves()
		m.runs()
	}
}

// pollingTime is longer than any thread polls, and laterTime than all of that together: a
// deadline is no sooner, where anybody polls.
const (
	pollingTime = int64(1) << 40
	laterTime   = int64(1) << 50
)

// now is the time as the thread sees it.
func (w *waiter) now() int64 { return w.m.clock + w.passed }

// sincePolled has a mark of a caller that polls since some moment tell for how long it has:
// its second live value, where it does not drain the queue.
func (m *Machine) sincePolled(where step.Name, live []uint64) {
	if where == step.TestSetReceive && len(live) == 2 && live[1] != 0 && !(m.drains != nil && m.drains(m.t.Self())) {
		live[1] = uint64(m.waiter().now()-int64(live[1])) + 1
	}
}

// polls notes what a thread found when it looked into a queue, the first look of a
// turn, and looksAt the same of a word that it looks at beside.
func (m *Machine) polls(view *shm.View, off shm.Offset, value uint32, at schedule.Location) {
	m.waiter().polled.n = 0
	m.looksAt(view, off, value, at)
}

func (m *Machine) looksAt(view *shm.View, off shm.Offset, value uint32, at schedule.Location) {
	if p := &m.waiter().polled; p.n < len(p.words) {
		p.words[p.n] = polledWord{view, off, value, at}
		p.n++
	}
}
