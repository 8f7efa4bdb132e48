package schedule

// Span is a range of bytes that threads share.
type Span struct {
	Location
	Size uint32
}

// overlaps says whether two spans have a byte in common; one of no bytes is of one.
func (s Span) overlaps(other Span) bool {
	return s.Segment == other.Segment && s.begin() < other.end() && other.begin() < s.end()
}

// covers says whether the other span of the same segment lies within.
func (s Span) covers(other Span) bool { return s.begin() <= other.begin() && other.end() <= s.end() }

func (s Span) begin() uint64 { return uint64(s.Offset) }
func (s Span) end() uint64   { return uint64(s.Offset) + uint64(max(s.Size, 1)) }

// guard is a lock and what may be touched only by who holds it.
type guard struct {
	property string
	holder   func() int
	on       []Span
	stores   bool // others may read
}

// Guards declares that the spans are touched only by the thread that holds a
// lock: holder gives its index (T.Self), -1 for nobody. It is checked at every
// access: one by another thread fails the property. Without a name of a property
// it is not: then the program itself must fail at such an access. Stateful lets a
// thread that holds the lock make its accesses to the spans without interleaving
// any step of another thread between, since none of those could tell ("both
// movers": Lipton, CACM 1975). Only the set-up may declare it.
//
// Who holds the lock may depend on shared state, as of a buffer that passes from
// one thread to another, if it changes by steps of its holder alone.
//
// That the lock is one is trusted: Stateful makes no interleaving in which another
// thread stands at what the lock guards while its holder goes on there, so that a lock
// which two threads take at once is not found out by what happens at the spans. Have
// the holder checked where the lock is taken, give -1 where more than one may be at the
// spans, and search with Options.Plain or Bounded, which do not rely on guards, too.
func (t *T) Guards(property string, holder func() int, on ...Span) {
	t.guard("Guards", guard{property: property, holder: holder, on: on})
}

// GuardsStores declares that the spans are written only by the thread that holds
// a lock, as Guards does, and read by any. Of the holder only the reads commute
// with all that others do.
func (t *T) GuardsStores(property string, holder func() int, on ...Span) {
	t.guard("GuardsStores", guard{property: property, holder: holder, on: on, stores: true})
}

func (t *T) guard(call string, g guard) {
	r := t.alive(call)
	if !r.settingUp {
		panic("schedule: " + call + " outside the set-up")
	}
	r.guards = append(r.guards, g)
}

// Guards declares that the words are touched only by who holds the lock.
func (m *Mutex) Guards(words ...*Word) {
	spans := make([]Span, len(words))
	for i, w := range words {
		spans[i] = Span{w.at, 8}
	}
	m.w.t.Guards("guarded by", func() int { return m.holder }, spans...)
}

// guarding gives the lock that guards what the thread is about to touch, nil if
// none does, and whether the thread touches nothing else.
func (r *runner) guarding(th *thread) (g *guard, whole bool) {
	touched := Span{th.event.Location, max(th.event.Size, 1)}
	for i := range r.guards {
		for _, s := range r.guards[i].on {
			if s.overlaps(touched) {
				return &r.guards[i], s.covers(touched) && len(th.on) == 0
			}
		}
	}
	return nil, false
}

// checkGuards fails the execution if the thread touches what it may not.
func (r *runner) checkGuards(th *thread) {
	k := th.event.Kind
	if k == Kill || k == Flush || k == Drain {
		return
	}
	g, _ := r.guarding(th)
	if g == nil || g.property == "" || g.stores && !k.writes() && k != Buffer {
		return
	}
	if g.holder() != th.index {
		message := ""
		if r.recording != nil {
			message = th.name + " touches " + th.event.Location.String() + " at " + th.event.Name + " and does not hold the lock that guards it"
		}
		r.fail(g.property, message)
	}
}

// guarded gives those of the threads, which stand before steps that are enabled, whose
// steps commute with all that others can do before they free a lock.
func (r *runner) guarded(ready uint64) (set uint64) {
	for e := ready; e != 0; e &= e - 1 {
		th := r.threads[lowest(e)]
		if k := th.event.Kind; k == Kill || k == Flush {
			continue
		}
		g, whole := r.guarding(th)
		if g == nil || !whole || g.stores && th.event.Kind.writes() {
			continue
		}
		if g.holder() == th.index {
			set |= th.bit
		}
	}
	return set
}
