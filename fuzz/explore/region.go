package explore

import (
	"fmt"

	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Region is the hook of a region's segments: each access is a step of the
// schedule, each mark a mark, each await an await.
type Region struct {
	m        *Machine
	number   uint8
	segments [maxSegments]*shm.View    // as who watches reads them: without a hook
	owners   [maxSegments]*shm.Segment // the same, as who writes them
	bare     [maxSegments]shm.Segment  // the same, without a hook
	ghost    *ghost                    // nil: nothing is checked
	guard    *guard                    // the same, of the victim of a hostile peer
	// mapped, if set, is told of every access before it is made: its space must still
	// have the memory.
	mapped func(segment uint8)
	// cause is why the calls of the region's binding have ended, where causeOf says of each
	// thread why it ends them.
	cause   cause
	causeOf func(thread int) cause
	// follow, if set, is told of every access that is about to be made.
	follow func(a shm.Access)
	pool   *poolGhost
	crew   *Crew // nil: nobody follows who has the polling place
	// kept says how often what is kept beside the segments was written: it stands
	// for its value.
	kept   [maxSegments][maxBesides]uint32
	nudged [2]schedule.Location // the places of its nudges and of the clock
	held   held
	// takes, if set, is told that the caller's list of free records is about to be looked at,
	// and says whether its thread comes too late for a call.
	takes func() (late bool)
	// taken says which record the caller's next TakeRecord takes; nil: there is no caller.
	taken func() int
	last  step.Name // of the access that was made last
}

// NoBypass is the property that what runs touches shared memory by steps alone: what it
// read beside them no other thread could change in between, and nobody would check.
const NoBypass = "every access to shared memory is a step"

const (
	maxSegments = 4
	maxBesides  = 8
)

// NewRegion makes the hook of a region. Regions of one machine have different
// numbers.
func NewRegion(m *Machine, number uint8) *Region {
	return &Region{m: m, number: number, nudged: [2]schedule.Location{locate(number, nudges, 0), m.clockAt()}}
}

// truth is a segment as its writer has it. Who only reads it may see another one
// (guard.shadow).
func (r *Region) truth(word *shm.View) *shm.View {
	if own := r.segments[word.Number()]; own != nil {
		return own
	}
	return word.Unhooked()
}

// Hook puts the accesses of a segment under the schedule.
func (r *Region) Hook(s *shm.Segment) {
	r.segments[s.Number()], r.owners[s.Number()] = s.Unhooked(), s
	r.bare[s.Number()] = *s
	r.bare[s.Number()].SetHook(nil)
	s.SetHook(r)
}

var kinds = [...]schedule.Kind{
	shm.KindLoad:           schedule.Load,
	shm.KindStore:          schedule.Store,
	shm.KindTestAndSet:     schedule.Swap,
	shm.KindAdd:            schedule.Add,
	shm.KindCompareAndSwap: schedule.CAS,
	shm.KindCopyIn:         schedule.Write,
	shm.KindCopyOut:        schedule.Read,
}

// Before implements shm.Hook.
func (r *Region) Before(a shm.Access) {
	var also []schedule.Location
	if r.pool != nil {
		also = r.pool.also(a)
	}
	r.m.step(a.Step, schedule.Event{
		Name: a.Step.String(), Kind: kinds[a.Kind], Location: locate(r.number, a.Segment, a.Offset), Size: a.Size,
	}, also...)
	r.last = a.Step
	if r.m.copies && a.Kind == shm.KindCopyOut {
		w := r.m.waiter()
		w.copied = w.copied[:0]
	}
	if r.mapped != nil {
		r.mapped(a.Segment)
	}
	if r.ghost != nil {
		r.ghost.before(a)
	}
	if r.crew != nil {
		r.crew.before(a)
	}
	if r.follow != nil {
		r.follow(a)
	}
	if r.guard != nil {
		r.guard.before(a)
	}
	if r.pool != nil {
		r.pool.before(a)
	}
}

// Beside implements shm.Hook.
func (r *Region) Beside(name step.Name, kind shm.Kind, segment uint8, what shm.Beside) {
	if !r.m.besides.has(what) {
		return
	}
	var also []schedule.Location
	if name == step.TakeRecord && r.takes != nil && r.m.besides.has(shm.Sending) {
		also = []schedule.Location{r.beside(segment, shm.Sending)} // the check of who comes too late looks there
	}
	r.m.step(name, schedule.Event{Name: name.String(), Kind: kinds[kind], Location: r.beside(segment, what), Size: 4}, also...)
	if !r.m.alone && what == shm.Unblocks && *r.keptAt(segment, shm.Poisoned) == 0 {
		r.m.t.Fail(FindsWhy, "whoever blocks is let go, and why calls have ended is not said yet")
	}
	switch poisoned := *r.keptAt(segment, what) != 0; {
	case what != shm.Poisoned:
	case kind == shm.KindLoad && poisoned:
		r.m.waiter().over, r.m.waiter().cause = true, r.cause
		if r.causeOf != nil {
			r.m.t.SawValue(uint64(r.cause))
		}
	case kind != shm.KindLoad && !poisoned && r.causeOf != nil:
		r.cause = r.causeOf(r.m.t.Self())
	}
	if what == shm.Nudged && kind == shm.KindLoad {
		r.m.waiter().seen = nudgeSeen{read: true, value: *r.keptAt(segment, what), now: r.keptAt(segment, what)}
	}
	if also != nil {
		r.m.t.SawBytes([]byte{byte(bit(r.takes()))}) // beside what is read of the list
	} else if name == step.TakeRecord && r.takes != nil {
		r.takes()
	}
	if name == step.TakeRecord && r.taken != nil {
		// How often the list was written is not which record it gives.
		r.m.t.SawBytes([]byte{byte(r.taken())})
	}
	if r.m.saw(*r.keptAt(segment, what)); kind != shm.KindLoad {
		*r.keptAt(segment, what)++
	}
}

// beside is the place of what is kept beside a segment. A nudge is the kernel's,
// which does not know whose it is.
func (r *Region) beside(segment uint8, what shm.Beside) schedule.Location {
	if what == shm.Nudged {
		return locate(r.number, nudges, 0)
	}
	return locate(r.number, besides|segment, shm.Offset(4*what))
}

func (r *Region) keptAt(segment uint8, what shm.Beside) *uint32 {
	if what == shm.Nudged {
		segment = 0
	}
	return &r.kept[segment][what]
}

// Saw implements shm.Hook.
func (r *Region) Saw(value uint32) {
	r.m.saw(value)
	if r.last == step.LookHead {
		r.m.waiter().head = value
	}
	if r.ghost != nil {
		r.ghost.saw(value)
	}
	if r.pool != nil {
		r.pool.saw(value)
	}
	if r.crew != nil {
		r.crew.saw(r.last, value)
	}
	if r.guard != nil {
		r.guard.saw(value)
	}
}

// More implements shm.Hook.
func (r *Region) More(a shm.Access) {
	if o := r.m.observer; o != nil {
		o.More(r.m.t.Self(), schedule.Event{Kind: kinds[a.Kind], Location: locate(r.number, a.Segment, a.Offset), Size: a.Size})
	}
	if r.ghost != nil {
		r.ghost.more(a)
	}
	if r.guard != nil {
		r.guard.more(a)
	}
}

// Bypassed implements shm.Hook.
func (r *Region) Bypassed(a shm.Access) {
	if r.guard != nil && a.Segment <= channel.Replies {
		r.guard.more(a)
	}
	if !r.m.alone {
		r.m.t.Fail(NoBypass, "%d bytes at %d of segment %d are read, and it is no step", a.Size, a.Offset, a.Segment)
	}
}

// Copied implements shm.Hook.
func (r *Region) Copied(bytes []byte) {
	r.m.t.SawBytes(bytes)
	if r.ghost != nil {
		r.ghost.copied(bytes)
	}
	if r.m.copies {
		w := r.m.waiter()
		w.copied = append(w.copied, bytes...)
	}
	if r.guard != nil {
		r.guard.copied(bytes)
	}
}

// Mark implements shm.Hook.
func (r *Region) Mark(where step.Name, live ...uint64) {
	if r.m.omits != nil {
		live = r.m.omits(where, live)
	}
	if r.guard != nil && r.m.t.ByStates() {
		live = r.guard.remembers(live)
	}
	if r.crew != nil {
		r.crew.monitor.marks(where)
	}
	if r.pool != nil {
		r.pool.d.crew.monitor.marks(where)
	}
	r.m.sincePolled(where, live)
	if r.pool != nil && r.m.t.ByStates() {
		live = r.pool.marks(live)
	}
	r.m.t.Mark(where.String(), live...)
}

// Await implements shm.Hook.
func (r *Region) Await(where step.Name, segment uint8, off shm.Offset, old uint32) {
	view := r.segments[segment]
	if view == nil {
		panic(fmt.Sprintf("explore: an await in segment %d, which was not given to Hook", segment))
	}
	if r.mapped != nil {
		r.mapped(segment)
	}
	if r.guard != nil {
		r.guard.awaits(where, segment, off)
		defer r.guard.waited(where)
	}
	w := r.m.waiter()
	if where == step.AwaitRoom {
		// Who finds the queue full looks whether its call is over before it waits. Others
		// may have sent meanwhile, which it cannot know: it waits for another head than
		// the one that it saw.
		old = w.head
	}
	w.view, w.off, w.old, w.also = view, off, old, nil
	switch {
	case r.m.besides.has(shm.Poisoned) && where == step.AwaitRoom && segment == channel.Replies && w.context == nil:
		w.also = r.keptAt(call.Private, shm.Poisoned) // a caller awaits room for its call
		r.m.await(where, w.changed, locate(r.number, segment, off), r.beside(call.Private, shm.Poisoned))
	case w.context == nil:
		r.m.await(where, w.changed, locate(r.number, segment, off))
	default:
		r.m.await(where, w.changed, locate(r.number, segment, off), w.context.at, r.m.clockAt())
		w.context.awaited()
	}
	r.m.saw(view.Peek(off))
}
