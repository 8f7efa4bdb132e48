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
	// owner is, by place, the index plus 1 of the one thread that has stood before
	// a step on it; 0: none has; shared: several have.
	owner  []int32
	relied []bool // by place: the search has relied on its owner
	merged bool   // since the search last looked: what it knows is void
	one    bool   // an await that names no location makes all one place
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
	if th.event.Kind == Kill {
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

// shared is the owner of a place that several threads touch.
const shared = -1

// touch notes that the thread stands before a step on the place.
func (p *places) touch(c int32, thread int) {
	for int(c) >= len(p.owner) {
		p.owner, p.relied = append(p.owner, 0), append(p.relied, false)
	}
	switch p.owner[c] {
	case 0:
		p.owner[c] = int32(thread) + 1
	case int32(thread) + 1, shared:
	default:
		p.owner[c] = shared
		p.merged = p.merged || p.relied[c]
	}
}

// private says whether no other thread has stood before a step on the place. The
// search begins again if one does later.
func (p *places) private(c int32, thread int) bool {
	if c == 0 || p.owner[c] != int32(thread)+1 {
		return false
	}
	p.relied[c] = true
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
		for int(max(a, b)) >= len(p.owner) {
			p.owner, p.relied = append(p.owner, 0), append(p.relied, false)
		}
		if one, two := p.owner[a], p.owner[b]; one != two {
			p.owner[min(a, b)] = shared
			if one == 0 || two == 0 {
				p.owner[min(a, b)] = one + two
			}
		}
	}
	return min(a, b)
}
