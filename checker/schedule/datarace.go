package schedule

import "fmt"

// detector finds data races by vector clocks (FastTrack: Flanagan, Freund, PLDI
// 2009; accesses are kept as spans of bytes, not as words, since copies of
// different sizes share bytes). Two accesses race if they share a byte, at least
// one writes, at least one is plain (kinds Read and Write), and neither happens
// before the other: by the order of a thread's steps, by its declaration, or
// because an atomic read sees what an atomic write, or a wake, left at one of its bytes. A
// write that replaces another ends its effect, as in the Go memory model; one that also
// reads (add, swap, compare-and-swap, wake, a store that a predicate decides about) passes it
// on. A compare-and-swap that fails is a read, and a TryLock that fails is none: it orders
// nothing. What a predicate looks at beside the place of its step is read atomically, also
// where the step is a plain access.
//
// Who is woken by a Cond comes after who woke it, and that is all that a Cond orders: Signal
// and Broadcast come after no Wait, and Wait after no Signal that wakes another thread.
type detector struct {
	clocks [][]uint32         // by thread
	left   map[uint64][]left  // by eight bytes: what writes leave there to who reads it
	spans  map[uint16][]touch // by segment
	tried  bool               // a TryLock has failed
}

// left is what a write leaves at those of eight bytes that no later one has replaced.
type left struct {
	bytes uint8 // a bit for each
	clock []uint32
}

// propertyDataRace is what an execution fails in which two accesses race.
const propertyDataRace = "data race"

// touch is one access.
type touch struct {
	begin, end    uint64
	thread        int
	clock         uint32 // of its thread, when it was made
	writes, plain bool
	step          int
	told          string
}

func newDetector() *detector { return &detector{} }

func (d *detector) reset() {
	d.clocks = d.clocks[:0]
	d.left = make(map[uint64][]left)
	d.spans = make(map[uint16][]touch)
	d.tried = false
}

// declared begins the clock of a thread.
func (d *detector) declared(th *thread, by *thread) {
	c := make([]uint32, th.index+1)
	if by != nil {
		c = joined(c, d.clocks[by.index])
		d.clocks[by.index][by.index]++
	}
	c[th.index]++
	d.clocks = append(d.clocks, c)
}

func joined(c, other []uint32) []uint32 {
	for len(c) < len(other) {
		c = append(c, 0)
	}
	for i, v := range other {
		c[i] = max(c[i], v)
	}
	return c
}

// step checks the access that a thread is about to make; the text tells the race.
func (d *detector) step(r *runner, th *thread) (text string, race bool) {
	k := th.event.Kind
	if k == Kill || k == Flush || k == Drain {
		return "", false
	}
	a := touch{thread: th.index, writes: th.wrote && k != Wake || k == Buffer, plain: k.plain(), step: len(r.steps)}
	if r.recording != nil {
		a.told = fmt.Sprintf("%v by %s (step %d, %s)", k, th.name, len(r.steps), sourceOr(th.source))
	}
	if th.tries && !th.wrote {
		d.tried = true
	} else {
		d.acquire(th)
	}
	th.spans(func(s Span) {
		a := a
		a.begin, a.end, a.writes, a.plain = s.begin(), s.end(), a.writes && !th.onlyLooks(s), th.plainly(s)
		if other, with := d.touch(s.Segment, a); with && !race {
			race = true
			text = fmt.Sprintf("%s and %s share bytes at %v, and nothing orders them", other.told, a.told, s.Location)
		}
	})
	if !a.plain && th.wrote {
		d.release(th)
	}
	return text, race
}

// plain says whether the step is no atomic one.
func (k Kind) plain() bool { return k == Read || k == Write || k == Buffer }

// spans calls f for each range of bytes that the thread's step touches.
func (th *thread) spans(f func(Span)) {
	f(Span{th.event.Location, th.event.Size})
	for _, l := range th.on {
		if l != th.event.Location {
			f(Span{l, 1})
		}
	}
}

// onlyLooks says whether the step, which a predicate decides about, does no more than to
// look at the span, by that.
func (th *thread) onlyLooks(at Span) bool {
	return at.Location != th.event.Location && (th.ok != nil || th.test != nil || th.changes != nil)
}

// plainly says whether the step's access to the span is no atomic one.
func (th *thread) plainly(at Span) bool { return th.event.Kind.plain() && !th.onlyLooks(at) }

// queues says whether the span is the queue of a Cond, which orders nothing by itself
// (detector.wakes).
func (th *thread) queues(at Span) bool {
	i := int(at.Offset / 8)
	return at.Segment == wordSegment && i < len(th.r.words) && th.r.words[i].queue
}

func sourceOr(source string) string {
	if source == "" {
		return "of unknown source"
	}
	return source
}

// touch compares an access with those before it and keeps it.
func (d *detector) touch(segment uint16, a touch) (with touch, race bool) {
	c := d.clocks[a.thread]
	a.clock = c[a.thread]
	list := d.spans[segment]
	kept := list[:0]
	for _, b := range list {
		overlaps := b.begin < a.end && a.begin < b.end
		ordered := b.before(c)
		if overlaps && !ordered && (a.writes || b.writes) && (a.plain || b.plain) && !race {
			with, race = b, true
		}
		covered := ordered && a.begin <= b.begin && b.end <= a.end && a.plain == b.plain && (a.writes || !b.writes && a.thread == b.thread)
		if !covered {
			kept = append(kept, b)
		}
	}
	d.spans[segment] = append(kept, a)
	return with, race
}

// acquire orders what a read sees before it. A store reads where a predicate decides about it.
func (d *detector) acquire(th *thread) {
	if th.event.Kind == Store && th.ok == nil && th.changes == nil {
		return
	}
	d.places(th, false, func(place uint64, bytes uint8) {
		for _, l := range d.left[place] {
			if l.bytes&bytes != 0 {
				d.clocks[th.index] = joined(d.clocks[th.index], l.clock)
			}
		}
	})
}

// release leaves the thread's clock to who reads what it writes. What it has read there is in
// its clock by then.
func (d *detector) release(th *thread) {
	c := d.clocks[th.index]
	clock := append([]uint32(nil), c...)
	d.places(th, true, func(place uint64, bytes uint8) {
		list := d.left[place]
		stays := list[:0]
		for _, l := range list {
			if l.bytes &^= bytes; l.bytes != 0 {
				stays = append(stays, l)
			}
		}
		d.left[place] = append(stays, left{bytes, clock})
	})
	c[th.index]++
}

// wakes orders the step that a thread has taken before what the one does that it wakes by it.
func (d *detector) wakes(by, woken int) {
	c := append([]uint32(nil), d.clocks[by]...)
	c[by]-- // release has counted on
	d.clocks[woken] = joined(d.clocks[woken], c)
}

// digest tells apart what decides whether accesses to come race with those before: which
// of these are ordered before whom, and before who reads which word. The clocks themselves
// do not: they count on.
func (d *detector) digest(r *runner) (sum Digest) {
	for segment, list := range d.spans {
		for i := range list {
			b := &list[i]
			before, all := d.orderedBefore(b, r)
			if all {
				continue // nothing races with it any more
			}
			var one Digest
			one.Word(uint64(segment)<<32 | uint64(b.thread)<<2 | uint64(oneIf(b.writes))<<1 | uint64(oneIf(b.plain)))
			one.Word(b.begin)
			one.Word(b.end)
			one.Word(before)
			one.digest(d.leftBy(b))
			sum.add(one)
		}
	}
	return sum
}

// orderedBefore gives the threads before whose next accesses the access is ordered; all: it
// is so for each that goes on.
func (d *detector) orderedBefore(b *touch, r *runner) (threads uint64, all bool) {
	all = true
	for _, th := range r.threads[:r.declared] {
		switch {
		case b.before(d.clocks[th.index]):
			threads |= th.bit
		case !th.done && !th.dead && r.struck&th.bit == 0:
			all = false
		}
	}
	return threads, all
}

// leftBy gives the bytes whose readers the access is ordered before.
func (d *detector) leftBy(b *touch) (sum Digest) {
	for place, list := range d.left {
		bytes := uint8(0)
		for _, l := range list {
			if b.before(l.clock) {
				bytes |= l.bytes
			}
		}
		if bytes != 0 {
			var one Digest
			one.Word(place<<8 | uint64(bytes))
			sum.add(one)
		}
	}
	return sum
}

// before says whether the access is ordered before who has that clock.
func (b *touch) before(clock []uint32) bool {
	return b.thread < len(clock) && b.clock <= clock[b.thread]
}

// places calls f for each eight bytes of which the thread's step touches some, or may write
// them, atomically.
func (d *detector) places(th *thread, written bool, f func(place uint64, bytes uint8)) {
	th.spans(func(s Span) {
		if written && th.onlyLooks(s) || th.plainly(s) || th.queues(s) {
			return
		}
		for at := s.begin(); at < s.end(); {
			next := min(at&^7+8, s.end())
			f(uint64(s.Segment)<<32|at>>3, uint8((1<<(next-at)-1)<<(at&7)))
			at = next
		}
	})
}

// racing gives two enabled threads that stand before accesses which race if the first is
// made and then the second, which it cannot keep from being what it is: it neither waits,
// nor does what it writes depend on what is there.
func (r *runner) racing(enabled uint64) (first, second int, race bool) {
	for e := enabled; e != 0; e &= e - 1 {
		th := r.threads[lowest(e)]
		for f := e & (e - 1); f != 0; f &= f - 1 {
			switch other := r.threads[lowest(f)]; {
			case !collide(th, other):
			case other.test == nil && other.ok == nil && other.event.Kind != CAS:
				return th.index, other.index, true
			case th.test == nil && th.ok == nil && th.event.Kind != CAS:
				return other.index, th.index, true
			}
		}
	}
	return 0, 0, false
}

// collide says whether the accesses that two threads stand before race, made now.
func collide(a, b *thread) (race bool) {
	access := func(th *thread) bool {
		k := th.event.Kind
		return k != Kill && k != Flush && k != Drain && th.changes == nil
	}
	stores := func(th *thread) bool {
		return th.mightWrite() && th.event.Kind != Wake || th.event.Kind == Buffer
	}
	aStores, bStores := stores(a), stores(b)
	if !a.event.Kind.plain() && !b.event.Kind.plain() || !access(a) || !access(b) || !aStores && !bStores {
		return false
	}
	a.spans(func(s Span) {
		b.spans(func(other Span) {
			race = race || s.overlaps(other) && (a.plainly(s) || b.plainly(other)) &&
				(aStores && !a.onlyLooks(s) || bStores && !b.onlyLooks(other))
		})
	})
	return race
}
