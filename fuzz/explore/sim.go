package explore

import (
	"slices"
	"time"

	"urpc/checker/schedule"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Kernel is the simulated kernel, as the processors of a region see it. All
// kernels of a machine are one.
//
//	Sleep:  if word ≠ expected or nudge ≠ seen then return Changed
//	        fall asleep                                      \* one step
//	Asleep: await woken (or the deadline, or for nothing)    \* a second one
//	Wake:   all who sleep on the word are woken              \* also a wake of nobody
//	Nudge:  nudge := nudge + 1; all who sleep with it are woken
//
// Time stands still, but for a sleeper whose deadline passes: that may happen at
// any time after it fell asleep, and moves the clock there.
type Kernel struct {
	m      *Machine
	region *Region
}

var _ kernel.Kernel = (*Kernel)(nil)

// Kernel gives the kernel to a region.
func (m *Machine) Kernel(r *Region) *Kernel { return &Kernel{m: m, region: r} }

// Sleep implements kernel.Kernel.
func (k *Kernel) Sleep(word *shm.View, off shm.Offset, expected uint32, nudge *kernel.Nudge, seen uint32, deadline int64) kernel.Outcome {
	m, at := k.m, locate(k.region.number, word.Number(), off)
	m.step(step.Sleep, schedule.Event{Name: step.Sleep.String(), Kind: schedule.Sleep, Location: at, Size: 4}, k.nudged()...)
	if k.region.mapped != nil {
		k.region.mapped(word.Number())
	}
	value := k.region.truth(word).Peek(off)
	m.saw(value)
	if m.besides.has(shm.Nudged) {
		m.t.SawValue(uint64(*k.region.keptAt(0, shm.Nudged)))
	}
	m.waiter().bell.read, m.waiter().seen.read = false, false
	switch {
	case deadline != 0 && deadline <= m.clock:
		if m.overslept != nil {
			m.overslept(m.t.Self())
		}
		return kernel.TimedOut
	case value != expected || nudge.Peek() != seen:
		return kernel.Changed
	}
	w := m.waiter()
	if m.sleeps != nil {
		m.sleeps(w)
	}
	w.at, w.nudge, w.deadline, w.woken, w.spurious = at, nudge, deadline, false, m.forNothing()
	m.asleep = append(m.asleep, w)
	m.await(step.Asleep, w.up, append([]schedule.Location{at}, k.nudged()...)...)
	m.t.SawValue(bit(w.woken || w.spurious))
	m.asleep = slices.DeleteFunc(m.asleep, func(other *waiter) bool { return other == w })
	if w.woken || w.spurious {
		return kernel.Woken
	}
	m.clock = max(m.clock, deadline)
	return kernel.TimedOut
}

// nudged is what a sleeper looks at beside its word: the region's nudges, and the
// clock, where they matter.
func (k *Kernel) nudged() []schedule.Location {
	switch {
	case !k.m.besides.has(shm.Nudged):
		return nil
	case k.m.ticks:
		return k.region.nudged[:]
	}
	return k.region.nudged[:1]
}

// forNothing says whether the kernel will wake the one who falls asleep for
// nothing, some time. Where a gate decides who goes on, it decides that, too: any
// sleeper may wake.
func (m *Machine) forNothing() bool {
	if m.gate != nil {
		return m.spurious > 0
	}
	if m.spurious == 0 || m.t.Choose("wake for nothing", 2) == 0 {
		return false
	}
	m.spurious--
	return true
}

// Wake implements kernel.Kernel.
func (k *Kernel) Wake(word *shm.Segment, off shm.Offset) {
	at := locate(k.region.number, word.Number(), off)
	k.m.step(step.Wake, schedule.Event{Name: step.Wake.String(), Kind: schedule.Wake, Location: at, Size: 4})
	k.m.t.SawValue(k.m.wake(func(w *waiter) bool { return w.at == at }))
}

// Nudge implements kernel.Kernel.
func (k *Kernel) Nudge(n *kernel.Nudge) {
	k.m.step(step.Nudge, schedule.Event{Name: step.Nudge.String(), Kind: schedule.Wake, Location: k.region.nudged[0], Size: 4})
	// How the word has changed counts: where it comes back to what a thread has seen, its
	// sleep is not refused.
	was := n.Peek()
	n.Change()
	*k.region.keptAt(0, shm.Nudged) += n.Peek() - was
	k.m.t.SawValue(k.m.wake(func(w *waiter) bool { return w.nudge == n }))
}

// wake wakes such sleepers and says how many.
func (m *Machine) wake(such func(*waiter) bool) (woken uint64) {
	for _, w := range m.asleep {
		if such(w) {
			w.woken = true
			woken++
		}
	}
	return woken
}

// asleepOn says how many sleep on words of a region's segment, and have not been
// woken.
func (m *Machine) asleepOn(region, segment uint8) int {
	n := 0
	for _, w := range m.asleep {
		if w.at.Segment == locate(region, segment, 0).Segment && !w.wakes() {
			n++
		}
	}
	return n
}

// Now implements kernel.Kernel.
func (k *Kernel) Now() int64 {
	if m := k.m; m.ticks {
		m.step(step.LookClock, schedule.Event{Name: step.LookClock.String(), Kind: schedule.Load, Location: m.clockAt(), Size: 4})
		m.t.SawValue(uint64(m.clock))
		if w := m.waiter(); w.context != nil {
			w.context.timed = true
			w.context.told = w.context.told || w.context.deadline <= m.clock
		}
	}
	return k.m.waiter().now()
}

// Moment implements kernel.Kernel: the wall clock and the kernel's are one.
func (k *Kernel) Moment(t time.Time) int64 { return t.UnixNano() }

// pass lets the clock come to a moment.
func (m *Machine) pass(to int64) {
	m.step(step.Expire, schedule.Event{Name: step.Expire.String(), Kind: schedule.Store, Location: m.clockAt(), Size: 4})
	m.clock = max(m.clock, to)
}

func (m *Machine) clockAt() schedule.Location { return locate(0, clocks, 0) }
