package schedule

// Span is a range of bytes that threads share.
type Span struct {
	Location
	Size uint32 // bytes; 0 counts as one
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
	mutex    bool   // it is a Mutex
}

// Guard is a lock that the program has declared, by T.Guards or T.GuardsStores.
type Guard struct {
	t      *T
	number int
}

// Guards declares that the spans are touched only by the thread that holds a
// lock: holder gives its index (T.Self), -1 for nobody. It is checked at every
// access: one by another thread fails the property; without a name of a property it
// is not, nor is anything without spans. Stateful lets a thread that holds the lock make its accesses to the spans
// without interleaving any step of another thread between, since none of those could
// tell ("both movers": Lipton, CACM 1975). Only the set-up may declare it.
//
// Who holds the lock may depend on shared state, as of a buffer that passes from
// one thread to another, if it changes by steps of its holder alone.
//
// That the lock is one is not trusted (trust.go): a search that sees another thread
// come to the spans, or take the lock, while somebody holds it begins again without
// relying on this lock, and says so in Report.Distrusted. holder itself is believed: it
// must give a thread as long as that may be at the spans, and change only where
// Guard.HeldAt says, so that the search knows which steps decide whom a property fails.
// Where it is seen to change elsewhere, no step of the program is made at once.
func (t *T) Guards(property string, holder func() int, on ...Span) Guard {
	return t.guard("Guards", guard{property: property, holder: holder, on: on})
}

// GuardsStores declares that the spans are written only by the thread that holds
// a lock, as Guards does, and read by any. Of the holder only the reads commute
// with all that others do.
func (t *T) GuardsStores(property string, holder func() int, on ...Span) Guard {
	return t.guard("GuardsStores", guard{property: property, holder: holder, on: on, stores: true})
}

// HeldAt says where it stands who holds the lock: at the lock's own word, say; without it,
// at the guarded spans. Say so of every lock that has a property or a program that declares
// T.Recall: else Stateful takes more states, and Optimal leaves no order of steps out. Only
// a step at these places may change who holds the lock, and with T.Recall that must be a
// function of the words and parts (T.SharedAt) that stand there or at the guarded spans.
// Stateful verifies it on a sample; a difference is reported in Report.Distrusted, and with
// T.Recall is an error (ErrState), as is a place at which nothing stands. Only the set-up
// may call it.
func (g Guard) HeldAt(at ...Span) {
	r := g.t.alive("HeldAt")
	if !r.settingUp {
		r.outsideSetUp("HeldAt")
	}
	of := &r.guards[g.number]
	of.lock = append(of.lock, at...)
}

func (t *T) guard(call string, g guard) Guard {
	r := t.alive(call)
	if !r.settingUp {
		r.outsideSetUp(call)
	}
	if g.holder == nil {
		r.misused("%s without a function that gives the holder of the lock", call)
	}
	r.guards = append(r.guards, g)
	r.guardsCheck = r.guardsCheck || g.property != ""
	return Guard{t, len(r.guards) - 1}
}

// Guards declares that the words are touched only by who holds the lock.
func (m *Mutex) Guards(words ...*Word) {
	spans := make([]Span, len(words))
	for i, w := range words {
		if w == nil {
			m.w.t.alive("Guards").misused("Guards of mutex %s: word %d of %d is nil", m.w.names.word, i+1, len(words))
		}
		spans[i] = Span{w.at, 8}
	}
	m.w.t.guard("Guards", guard{
		property: "guarded by", holder: func() int { return m.holder }, on: spans, lock: []Span{{m.w.at, 8}}, mutex: true,
	})
}

// checkGuards fails the execution if the thread touches what it may not.
func (r *runner) checkGuards(th *thread) {
	if r.keeps && r.guardsCheck {
		r.made = r.touching(th, r.made)
	}
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
