package schedule

import (
	"fmt"
	"slices"
)

// Trust in guards. A thread A that holds a lock is let go on at once at what the lock
// guards (guards.go). That loses nothing if until A frees the lock no other thread comes
// to where it would touch the same. Of each guard the search therefore looks, in every
// state that it comes to, for
//
//	a thread that stands, enabled or waiting, before what is guarded, while another
//	one holds the lock;
//	a step of another thread than the holder that gives the lock to somebody, or to
//	nobody;
//	a step taken at once that gives the lock away, where since a step that was taken
//	at once for the lock's sake nobody else could have gone on.
//
// If there is any of the first two, the lock is distrusted: the search begins again,
// without relying on it. So is, of the third, the lock for whose sake the step was taken;
// if it was taken since no other thread touches its place, the place counts as one that
// others touch. So who was let go on is seen to stand, before it gives the lock away,
// where others can go on.
//
// Why this finds every break. Let A hold the lock in a state s and stand before a step
// a on what it guards, and let b1 … bn be the shortest continuation of s by others that
// ends with a touch of the guarded place, or with a change of the holder. None of b1 to
// bn-1 touches what a does, so all of them are possible after a as well, and lead to
// where bn can be taken, or its thread stands before it: a does not give the lock away,
// or that is seen at a. The search goes on from s·a, where A holds the lock still, and
// comes by the same argument, for the next step of A at a guarded place, to a state in
// which A is not let go on, and from which b1 … bn-1 are reached up to the order of
// steps that commute. There the thread of bn stands before a guarded place, or bn is
// taken and changes the holder; either is seen.

// What a guard's property fails. Who holds the lock decides whether a step that the
// property checks fails, so that such a step does not commute with all that its place
// tells. It looks, as it were, also at where it stands who holds the lock: where Guard.HeldAt
// says, else at the guarded spans. Therefore
//
//	a step there is never taken at once, whatever place or lock would let it: what comes
//	in between might find another holder;
//	a step that is checked is taken at once for its own lock's sake alone: the holder's
//	fails only after somebody else has taken the lock away, which is seen, above;
//	a thread whose step fails now does not sleep: it slept for having been tried before
//	steps that commute with it, and then it may not have failed.
//
// A holder that is seen to change by a step elsewhere (astray) undoes this: no step is then
// taken at once. Scouts look for that, too, since a search may miss it.

// guarded is that a thread stands before what a guard is on.
type guarded struct {
	guard   int
	whole   bool // before nothing else, and no write that others may see
	against bool // what the holder's steps do not commute with
	checked bool // by the guard's property
	tells   bool // where it stands who holds the lock, of a guard with a property
}

// touching gives the guards of what the thread stands before.
func (r *runner) touching(th *thread, into []guarded) []guarded {
	into = into[:0]
	k := th.event.Kind
	if k == Kill || k == Drain {
		return into
	}
	writes := mayWrite(th)
	for i := range r.guards {
		g := &r.guards[i]
		on := slices.IndexFunc(g.on, th.touches)
		switch {
		case on >= 0:
			within := g.on[on].covers(Span{th.event.Location, th.event.Size}) && len(th.on) == 0
			into = append(into, guarded{
				guard: i, whole: within && k != Flush && !(g.stores && writes), against: k != Buffer && (!g.stores || writes),
				checked: g.checks(th), tells: g.tells(th),
			})
		case g.tells(th):
			into = append(into, guarded{guard: i, tells: true})
		}
	}
	return into
}

// tells says whether the thread stands where it is told who holds the lock of a guard
// with a property.
func (g *guard) tells(th *thread) bool {
	at := g.lock
	if len(at) == 0 {
		at = g.on
	}
	return g.property != "" && slices.ContainsFunc(at, th.touches)
}

// holders gives who holds the lock of each guard; nobody is -1.
func (r *runner) holders(into []int16) []int16 {
	into = into[:0]
	for i := range r.guards {
		into = append(into, r.guards[i].heldBy(r))
	}
	return into
}

func (g *guard) heldBy(r *runner) int16 {
	if len(g.on) == 0 {
		return -1 // it does not matter
	}
	returned := false
	defer r.caught("Guards", &returned)
	r.quiet = true
	holder := g.holder()
	returned = true
	return int16(min(max(holder, -1), maxThreads))
}

// owner gives whose doing a step of the thread is: that of a flush is whose store it is.
func (r *runner) owner(thread int) int16 {
	for _, b := range r.buffers {
		if b.flusher.index == thread {
			return int16(b.owner.index)
		}
	}
	return int16(thread)
}

// trusts looks for what breaks the trust in guards, at the state before a decision, p,
// which is the last one or that at the end of an execution, and by the step that led
// there; false: the search must begin again. standing are the threads that have not
// ended.
func (s *stateful) trusts(from, p *fork, threads []*thread, standing uint64) bool {
	if s.plain || len(p.holders) == 0 || s.c.usage.stands() {
		return true
	}
	trusted := true
	for e := standing; e != 0; e &= e - 1 {
		t := lowest(e)
		for _, on := range s.touches(p, threads, t) {
			if h := p.holders[on.guard]; on.against && h >= 0 && h != s.r.owner(t) {
				trusted = s.c.usage.distrust(on.guard, func() string {
					return fmt.Sprintf("%s stands before %s while %s holds the lock", threads[t].name, s.r.before(threads[t]), s.nameOf(threads, h))
				}) && trusted
			}
		}
	}
	if from == nil || len(from.holders) != len(p.holders) {
		return trusted
	}
	by := s.r.owner(from.chosen)
	for i, was := range from.holders {
		now := p.holders[i]
		if now != was && !s.r.tells(s.made(from), i) {
			return s.astray(i, from.chosen, was, now, threads)
		}
		if now == was || was < 0 {
			continue
		}
		if by == was && !s.letOn(from, i) {
			continue
		}
		if by == was && from.alone {
			trusted = s.c.usage.share(from.stands[from.chosen].class) && trusted
		} else {
			if by == was {
				i = from.relied - 1
			}
			trusted = s.c.usage.distrust(i, func() string {
				return fmt.Sprintf("a step of %s makes %s the holder of the lock in place of %s", s.nameOf(threads, int16(from.chosen)), s.nameOf(threads, now), s.nameOf(threads, was))
			}) && trusted
		}
	}
	return trusted
}

// letOn says whether the step of the decision, which is the last one or the one before,
// was taken at once, and since somebody was let go on for the guard's sake nobody else
// could have gone on.
func (s *stateful) letOn(from *fork, guard int) bool {
	last := len(s.path) - 1
	if s.path[last] != from {
		last--
	}
	for ; last >= 0 && (s.path[last].alone || s.path[last].relied > 0); last-- {
		if s.path[last].relied == guard+1 {
			return true
		}
	}
	return false
}

// made gives what guards the last decision's step was before.
func (s *stateful) made(from *fork) []guarded {
	if from.picture.drawn {
		return from.picture.positions[from.chosen].guards
	}
	return s.r.made
}

// tells says whether a step that was before these guards may change the holder of one:
// where that has a property, it stands somewhere.
func (r *runner) tells(made []guarded, guard int) bool {
	return r.guards[guard].property == "" ||
		slices.ContainsFunc(made, func(on guarded) bool { return on.guard == guard && on.tells })
}

// astray distrusts all locks, since a step changes the holder of one elsewhere than where
// that stands; false: the search must begin again. Steps cannot be recalled if they change
// holders elsewhere than is said: of those it would not be seen.
func (s *stateful) astray(guard, thread int, was, now int16, threads []*thread) bool {
	why := func() string {
		return fmt.Sprintf("a step of %s makes %s the holder of the lock in place of %s, and it does not stand there who is: say where it does (Guard.HeldAt)",
			s.nameOf(threads, int16(thread)), s.nameOf(threads, now), s.nameOf(threads, was))
	}
	if s.remembers() && len(s.r.guards[guard].lock) > 0 {
		s.memory.err("%s", why())
	}
	return s.c.usage.astray(guard, why)
}

func (s *stateful) nameOf(threads []*thread, t int16) string {
	if t < 0 || int(t) >= len(threads) {
		return "nobody"
	}
	return threads[t].name
}

// touches gives what guards the thread stands before.
func (s *stateful) touches(p *fork, threads []*thread, t int) []guarded {
	if p.picture.drawn {
		return p.picture.positions[t].guards
	}
	s.touched = s.r.touching(threads[t], s.touched)
	return s.touched
}

// holding gives a thread that holds the lock of what it stands before, if that is
// relied on, and the guard; -1: there is none.
func (s *stateful) holding(p *fork, threads []*thread) (thread, guard int) {
	if len(p.holders) == 0 {
		return -1, 0
	}
	for e := p.ready; e != 0; e &= e - 1 {
		t := lowest(e)
		touches := s.touches(p, threads, t)
		for _, on := range touches {
			another := func(other guarded) bool { return other.tells || other.checked && other.guard != on.guard }
			if on.whole && int(p.holders[on.guard]) == t && !slices.ContainsFunc(touches, another) && s.c.usage.rely(on.guard) {
				return t, on.guard
			}
		}
	}
	return -1, 0
}

// checked gives the threads whose step would fail a guard's property now, and those
// that are not let go on at once for having their place to themselves, nor for the sake
// of another lock: what they do may change who fails one.
func (s *stateful) checked(p *fork, threads []*thread) (offend, unsure uint64) {
	if !s.r.guardsCheck || len(p.holders) == 0 {
		return 0, 0
	}
	for e := p.enabled; e != 0; e &= e - 1 {
		t := lowest(e)
		for _, on := range s.touches(p, threads, t) {
			if on.checked && int(p.holders[on.guard]) != t {
				offend |= 1 << uint(t)
			}
			if on.tells || on.checked {
				unsure |= 1 << uint(t)
			}
		}
	}
	return offend, unsure
}
