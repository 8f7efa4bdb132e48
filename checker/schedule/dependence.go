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
	if th.event.Kind == Await && len(th.on) == 0 && th.word == nil && !p.one {
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

func (p *places) at(l Location, size uint32) int32 {
	key := placeKey{uint64(l.Segment)<<32 | uint64(l.Offset), size}
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

// private says whether the thread's step on the place commutes with those of all
// other threads, by what has been seen so far: no other thread uses the place, or
// the step reads and no other thread writes there. The search begins again if
// that turns out to be wrong.
func (p *places) private(c int32, thread int, writes bool) bool {
	if c == 0 {
		return false
	}
	u := p.usersOf(c)
	switch self := user(thread) + 1; {
	case u.any == self:
		u.relied = true
	case !writes && (u.writer == self || u.writer == 0):
		u.read = true
	default:
		return false
	}
	return true
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
