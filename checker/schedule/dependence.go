package schedule

// access is what dependence looks at in an event.
type access struct {
	thread  int16
	writes  bool
	class   int32 // of its place; 0: it touches none
	answers int32 // number of the answers of Choose that followed it; 0: all are 0
	// kill: a Kill depends on every other event. The step that it prevents may be
	// on any place, and what comes before it there matters too.
	kill    bool
	choices *[]choice // the answers in full; nil: there was no Choose
}

// choice is one answer of T.Choose and among how many.
type choice struct{ answer, of int32 }

// depends says whether two accesses of different threads do not commute: they
// touch one place and at least one writes, or one is a Kill.
func (a *access) depends(b *access) bool {
	return a.class == b.class && a.class != 0 && (a.writes || b.writes) || a.kill || b.kill
}

// places numbers the places of events. Locations that overlap, or that one event
// touches together, are one place: more events than need be are then dependent,
// which is sound, and the counts are those of that coarser dependence.
type places struct {
	class  map[placeKey]int32
	spans  []span
	parent []int32 // of a merged place: the one it was merged into
	users  []users // by place
	merged bool    // since the search last looked: what it knows is void
	one    bool    // an await that names no location makes all one place
}

type placeKey struct {
	place uint64 // segment and offset
	size  uint32
}

func placeOf(l Location, size uint32) placeKey {
	return placeKey{uint64(l.Segment)<<32 | uint64(l.Offset), size}
}

// span is a range of bytes of a segment and its place.
type span struct {
	segment    uint16
	begin, end uint64
	class      int32
}

func newPlaces() *places {
	return &places{class: make(map[placeKey]int32), parent: []int32{0}}
}

// of gives the place of the event that the thread stands before.
func (p *places) of(th *thread) int32 {
	if k := th.event.Kind; k == Kill || k == Buffer || k == Drain {
		return 0
	}
	if th.blind() && !p.one {
		p.one, p.merged = true, true
	}
	if p.one {
		return 1
	}
	c := p.at(th.event.Location, th.event.Size)
	for _, l := range th.on {
		if l != th.event.Location {
			c = p.merge(c, p.at(l, 1))
		}
	}
	return c
}

// tied gives the place of the event that the thread stands before, which is class, with all
// that a guard's property looks at in it: where it stands who holds the lock is one place
// with it, and all are one if that is not said. Who is not the holder of a Mutex does not
// become it, nor does the holder cease to be it, but by a step of its own.
func (p *places) tied(guards []guard, th *thread, class int32) int32 {
	for i := range guards {
		g := &guards[i]
		if g.mutex || !g.checks(th) {
			continue
		}
		if len(g.lock) == 0 && !p.one {
			p.one, p.merged = true, true
		}
		if p.one {
			return 1
		}
		for _, at := range g.lock {
			if c := p.at(at.Location, at.Size); class == 0 {
				class = c
			} else {
				class = p.merge(class, c)
			}
		}
	}
	return class
}

func (p *places) at(l Location, size uint32) int32 {
	key := placeOf(l, size)
	if c, known := p.class[key]; known {
		return p.root(c)
	}
	s := span{segment: l.Segment, begin: uint64(l.Offset), end: uint64(l.Offset) + uint64(max(size, 1))}
	for _, other := range p.spans {
		if other.segment != s.segment || other.end <= s.begin || s.end <= other.begin {
			continue
		}
		if s.class == 0 {
			s.class = p.root(other.class)
		} else {
			s.class = p.merge(s.class, other.class)
		}
	}
	if s.class == 0 {
		s.class = int32(len(p.parent))
		p.parent = append(p.parent, s.class)
	}
	p.spans = append(p.spans, s)
	p.class[key] = s.class
	return s.class
}

// users are the threads that have stood before a step on a place.
type users struct {
	any, writer  user
	relied, read bool // the search has relied on any, on writer
}

// user is the index plus 1 of the only thread; 0: there is none yet.
type user int32

const several user = -1

func (u *user) add(other user) {
	switch {
	case other == 0 || *u == other || *u == several:
	case *u == 0:
		*u = other
	default:
		*u = several
	}
}

// has says whether add would change nothing.
func (u user) has(other user) bool { return u == other || u == several }

func (p *places) usersOf(c int32) *users {
	for int(c) >= len(p.users) {
		p.users = append(p.users, users{})
	}
	return &p.users[c]
}

// touch notes that the thread stands before a step on the place.
func (p *places) touch(c int32, thread int, writes bool) {
	u := p.usersOf(c)
	was := *u
	u.any.add(user(thread) + 1)
	if writes {
		u.writer.add(user(thread) + 1)
	}
	if u.relied && u.any != was.any || u.read && u.writer != was.writer {
		p.merged = true
	}
}

// find is of without changing anything: what is not known is left to of.
func (p *places) find(th *thread) (c int32, known bool) {
	switch k := th.event.Kind; {
	case k == Kill || k == Buffer || k == Drain:
		return 0, true
	case p.one:
		return 1, true
	case th.blind():
		return 0, false
	}
	c, known = p.class[placeOf(th.event.Location, th.event.Size)]
	c = p.root(c)
	for _, l := range th.on {
		if l == th.event.Location {
			continue
		}
		other, there := p.class[placeOf(l, 1)]
		known = known && there && p.root(other) == c
	}
	return c, known
}

// touched says whether touch would change nothing.
func (p *places) touched(c int32, thread int, writes bool) bool {
	if int(c) >= len(p.users) {
		return false
	}
	u, self := &p.users[c], user(thread)+1
	return u.any.has(self) && (!writes || u.writer.has(self))
}

// private says whether the thread's step on the place commutes with those of all
// other threads, by what has been seen so far: no other thread uses the place, or
// the step reads and no other thread writes there. The search begins again if
// that turns out to be wrong.
func (p *places) private(c int32, thread int, writes bool) bool {
	switch p.privately(c, thread, writes) {
	case notPrivate:
		return false
	case byAny:
		p.users[c].relied = true
	case byWriter:
		p.users[c].read = true
	}
	return true
}

// privacy is what makes a step private, and whether the search has relied on it.
type privacy uint8

const (
	notPrivate privacy = iota
	reliedOn           // it is, and that is noted
	byAny              // no other thread uses the place
	byWriter           // it reads, and no other thread writes there
)

// privately is private without a note of it.
func (p *places) privately(c int32, thread int, writes bool) privacy {
	if c == 0 || int(c) >= len(p.users) {
		return notPrivate
	}
	u := &p.users[c]
	switch self := user(thread) + 1; {
	case u.any == self && u.relied || u.any != self && !writes && (u.writer == self || u.writer == 0) && u.read:
		return reliedOn
	case u.any == self:
		return byAny
	case !writes && (u.writer == self || u.writer == 0):
		return byWriter
	}
	return notPrivate
}

func (p *places) root(c int32) int32 {
	for p.parent[c] != c {
		c = p.parent[c]
	}
	return c
}

func (p *places) merge(a, b int32) int32 {
	a, b = p.root(a), p.root(b)
	if a != b {
		p.parent[max(a, b)] = min(a, b)
		p.merged = true
		one, other := *p.usersOf(max(a, b)), p.usersOf(min(a, b))
		other.any.add(one.any)
		other.writer.add(one.writer)
	}
	return min(a, b)
}
