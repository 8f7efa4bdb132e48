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
	lock     []Span // where else it stands who the holder is
	stores   bool   // others may read
}

// Guards declares that the spans are touched only by the thread that holds a
// lock: holder gives its index (T.Self), -1 for nobody. It is checked at every
// access: one by another thread fails the property; without a name of a property it
// is not. Stateful lets a thread that holds the lock make its accesses to the spans
// without interleaving any step of another thread between, since none of those could
// tell ("both movers": Lipton, CACM 1975). Only the set-up may declare it.
//
// Who holds the lock may depend on shared state, as of a buffer that passes from
// one thread to another, if it changes by steps of its holder alone.
//
// That the lock is one is not trusted (trust.go): a search that sees another thread
// come to the spans, or take the lock, while somebody holds it begins again without
// relying on this lock, and says so in Report.Distrusted. holder itself is believed: it
// must give a thread as long as that may be at the spans.
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
	if g.holder == nil {
		panic("schedule: " + call + " without a function that gives the holder of the lock")
	}
	r.guards = append(r.guards, g)
	r.guardsCheck = r.guardsCheck || g.property != ""
}

// Guards declares that the words are touched only by who holds the lock.
func (m *Mutex) Guards(words ...*Word) {
	spans := make([]Span, len(words))
	for i, w := range words {
		spans[i] = Span{w.at, 8}
	}
	m.w.t.guard("Guards", guard{
		property: "guarded by", holder: func() int { return m.holder }, on: spans, lock: []Span{{m.w.at, 8}},
	})
}

// checkGuards fails the execution if the thread touches what it may not.
func (r *runner) checkGuards(th *thread) {
	for i := range r.guards {
		g := &r.guards[i]
		if !g.checks(th) || g.holder() == th.index {
			continue
		}
		message := ""
		if r.recording != nil {
			message = th.name + " touches " + th.event.Location.String() + " at " + th.event.Name + " and does not hold the lock that guards it"
		}
		r.fail(g.property, message)
		return
	}
}

// checks says whether the thread's next step fails the property if it does not hold the
// lock.
func (g *guard) checks(th *thread) bool {
	k := th.event.Kind
	if g.property == "" || k == Kill || k == Flush || k == Drain || g.stores && !k.writes() && k != Buffer {
		return false
	}
	for _, on := range g.on {
		if on.overlaps(Span{th.event.Location, th.event.Size}) {
			return true
		}
	}
	return false
}
