package schedule

import (
	"fmt"
	"slices"
	"strings"
)

// position is a thread that stands somewhere.
type position struct {
	stand
	thread     thread // what the search looks at of it: event, on, whether it is on a word
	history    history
	ended      bool
	waits      bool      // before an await
	part       Digest    // of the state
	touches    []int     // the parts that stand at its places
	set        []uint64  // the same as a set
	guards     []guarded // of its places
	situations map[Digest]*situation
}

// situation is what is known of a thread at a position, while the parts at its places
// are such.
type situation struct {
	enabled bool
	writes  bool      // its step would, as far as that can be told before
	effects []*effect // of its step: one, or one after each of the answers that it got
	never   bool      // its step is run each time
}

// effect is what a step does.
type effect struct {
	asked   []record // of T.Choose after the step, and the answers
	changes []change
	set     []uint64 // the parts that change
	delta   Digest   // of the digest of the state
	next    *position
	wrote   bool
	marks   []int32
}

// change is the new value of a part.
type change struct {
	part int
	to   Digest
}

// picture is a state in parts.
type picture struct {
	drawn      bool
	parts      []Digest
	positions  []*position
	situations []*situation // by thread; nil: it has ended
	sum        Digest
}

// memory is what a worker knows of the program's steps.
type memory struct {
	c         *common
	setUp     Digest // of the answers in the set-up: others may make other parts
	positions map[positionKey]*position
	good      map[Digest]struct{} // states at the end whose checks have passed
	guards    []guardPlaces
	attempts  uint64 // executions that could be recalled or were
	recalled  uint64 // that were
	mistake   string // why the program must not be recalled
	bytes     uint64 // that it takes, about
}

type positionKey struct {
	stand
	thread int
	local  Digest
}

// What the memory takes, about, in bytes.
const (
	positionSize  = 512
	situationSize = 128
	effectSize    = 256
	holderSize    = 64
	goodSize      = 48
)

func newMemory(c *common) *memory { return &memory{c: c} }

func (m *memory) forget(setUp Digest) {
	m.c.seen.held.Add(-m.bytes)
	m.bytes = 0
	m.setUp, m.positions, m.good, m.guards = setUp, make(map[positionKey]*position), make(map[Digest]struct{}), nil
}

// hold takes memory into account; the search ends if there is none.
func (m *memory) hold(bytes uint64) {
	if !m.c.seen.hold(bytes) {
		m.c.end(&m.c.noRoom)
		return
	}
	m.bytes += bytes
}

// err keeps the first mistake.
func (m *memory) err(format string, args ...any) {
	if m.mistake == "" {
		m.mistake = fmt.Sprintf(format, args...)
	}
}

// position gives the position of the thread.
func (m *memory) position(r *runner, th *thread) *position {
	key := positionKey{stand: r.standing(th), thread: th.index, local: th.local}
	if n := m.positions[key]; n != nil {
		if len(th.on) > th.announced {
			n.widen(r, th.on)
		}
		return n
	}
	n := &position{stand: key.stand, history: th.history, part: key.stand.digest(th.index, th.local)}
	n.thread = thread{index: th.index, bit: th.bit, name: th.name, event: th.event, on: slices.Clone(th.on), announced: th.announced, daemon: th.daemon}
	n.ended = th.done || th.dead || r.struck&th.bit != 0
	n.waits = r.waiting&th.bit != 0
	if th.word != nil {
		n.thread.word = new(Word)
	}
	if th.changes != nil {
		n.thread.changes = func() bool { return true }
	}
	n.set = make([]uint64, (r.parts()+63)/64)
	if !n.ended {
		n.situations = make(map[Digest]*situation)
		n.putDown(r)
	}
	m.positions[key] = n
	m.hold(positionSize)
	return n
}

// putDown takes down which parts stand at the position's places, and of which guards these are.
func (n *position) putDown(r *runner) {
	n.touches = n.touches[:0]
	for i := range r.parts() {
		if r.touches(&n.thread, i) {
			n.touches = append(n.touches, i)
			n.set[i/64] |= 1 << (i % 64)
		}
	}
	n.guards = r.touching(&n.thread, nil)
}

// touches says whether the i-th part stands at a place of the step that the thread
// stands before.
func (r *runner) touches(th *thread, i int) bool { return r.standsAt(i, th.touches) }

// standsAt says whether the i-th part stands at one of the spans.
func (r *runner) standsAt(i int, spans func(Span) bool) bool {
	if i < len(r.words) {
		return spans(Span{r.words[i].at, 8})
	}
	p := &r.shared[i-len(r.words)]
	return p.everywhere || slices.ContainsFunc(p.on, spans)
}

func (th *thread) touches(s Span) bool {
	return s.overlaps(Span{th.event.Location, th.event.Size}) ||
		slices.ContainsFunc(th.on, func(l Location) bool { return s.overlaps(Span{l, 1}) })
}

// partName says what a part is.
func (r *runner) partName(i int) string {
	if i < len(r.words) {
		return r.words[i].names.word
	}
	return r.shared[i-len(r.words)].name
}

// at is the digest of the parts at the position's places.
func (n *position) at(parts []Digest) Digest { return sumOf(n.touches, parts) }

func sumOf(numbers []int, parts []Digest) (sum Digest) {
	for _, i := range numbers {
		sum.add(parts[i])
	}
	return sum
}

// draw draws the state before the decision, in which the program is, and compares what
// the situations tell with what is known of them.
func (s *stateful) draw(p *fork) {
	r, m, pic := s.r, s.memory, &p.picture
	if m.positions == nil || m.setUp != r.setUpChose {
		m.forget(r.setUpChose)
	}
	pic.drawn = true
	pic.parts = slices.Grow(pic.parts[:0], r.parts())[:r.parts()]
	pic.positions, pic.situations = pic.positions[:0], pic.situations[:0]
	pic.sum = r.drawParts(pic.parts)
	pic.sum.add(r.answered())
	s.locks(p)
	for t, th := range r.threads[:r.declared] {
		n := m.position(r, th)
		pic.positions = append(pic.positions, n)
		pic.sum.add(n.part)
		var c *situation
		if !n.ended {
			c = s.situation(p, n, situation{
				enabled: p.enabled>>uint(t)&1 == 1, writes: th.mightWrite(),
			})
		}
		pic.situations = append(pic.situations, c)
	}
}

// mightWrite says whether the step would change its place if it were taken now; that
// of a StepIf may.
func (th *thread) mightWrite() bool {
	if th.word != nil && th.event.Kind == CAS {
		return th.word.v == th.expects
	}
	return th.event.Kind.writes()
}

// situation gives the situation of the thread at the position, of which this is seen now.
func (s *stateful) situation(p *fork, n *position, now situation) *situation {
	at := n.at(p.picture.parts)
	c := n.situations[at]
	switch {
	case c == nil:
		c = &now
		n.situations[at] = c
		s.memory.hold(situationSize)
	case c.enabled != now.enabled:
		s.memory.err("thread %q stands before %s and is enabled in one of two states that agree at its places: what else does its predicate look at?",
			n.thread.name, s.r.before(&n.thread))
	case c.writes != now.writes:
		s.memory.err("thread %q stands before %s, which would write in one of two states that agree at its places", n.thread.name, s.r.before(&n.thread))
	}
	return c
}

// learn learns what the step did that led from one drawn state to the next.
func (s *stateful) learn(from, to *fork) {
	if !from.picture.drawn || from.picture.situations[from.chosen] == nil {
		return
	}
	a, b, t := &from.picture, &to.picture, from.chosen
	c, n := a.situations[t], a.positions[t]
	if c.never = c.never || n.widened(s.r) || !s.isOwn(from, to); c.never {
		c.effects = nil
		return
	}
	now := &effect{
		asked: slices.Clone(s.r.steps[from.before.steps+1 : to.before.steps]), set: make([]uint64, len(n.set)), next: b.positions[t], wrote: from.wrote,
		marks: slices.Clone(s.r.marks[from.before.marks:to.before.marks]),
	}
	now.delta.add(now.next.part)
	now.delta.subtract(n.part)
	for i := range a.parts {
		if a.parts[i] == b.parts[i] {
			continue
		}
		if n.set[i/64]>>(i%64)&1 == 0 {
			s.memory.err("%s of thread %q changed %s, which does not stand at its places", s.r.before(&n.thread), n.thread.name, s.r.partName(i))
		}
		now.changes = append(now.changes, change{i, b.parts[i]})
		now.set[i/64] |= 1 << (i % 64)
		now.delta.add(b.parts[i])
		now.delta.subtract(a.parts[i])
	}
	for _, known := range c.effects {
		switch apart, same := known.parts(now); {
		case apart:
		case !same:
			s.memory.err("%s of thread %q asks T.Choose for other answers in one of two states that agree at its places than in the other: what else does it look at?",
				s.r.before(&n.thread), n.thread.name)
			return
		case !known.equal(now):
			s.memory.err("%s of thread %q %s, in one of two states that agree at its places, and %s, in the other: what else does it look at?",
				s.r.before(&n.thread), n.thread.name, s.tellEffect(known), s.tellEffect(now))
			return
		default:
			return
		}
	}
	c.effects = append(c.effects, now)
	s.memory.hold(effectSize)
}

// parts says whether two steps from one situation got different answers; if not, whether they
// have asked for the same ones.
func (e *effect) parts(other *effect) (apart, same bool) {
	for i := range min(len(e.asked), len(other.asked)) {
		a, b := e.asked[i], other.asked[i]
		if a == b {
			continue
		}
		a.choice = b.choice
		return a == b, false
	}
	return false, len(e.asked) == len(other.asked)
}

// after gives the effect of the step if T.Choose answers so, and 0 from then on; nil: it is
// not known.
func (c *situation) after(answers []choice) *effect {
	for _, e := range c.effects {
		if e.follows(answers) {
			return e
		}
	}
	return nil
}

func (e *effect) follows(answers []choice) bool {
	if len(e.asked) < len(answers) {
		return false
	}
	for i, a := range e.asked {
		if i >= len(answers) && a.choice != 0 || i < len(answers) && (a.choice != answers[i].answer || uint32(a.place) != uint32(answers[i].of)) {
			return false
		}
	}
	return true
}

// isOwn says whether the step did nothing but what its effect can tell.
func (s *stateful) isOwn(from, to *fork) bool {
	t := from.chosen
	n := from.picture.positions[t]
	if n.thread.event.Kind == Kill || len(from.picture.positions) != len(to.picture.positions) ||
		reads(n.thread.event.Kind) && s.r.telling[n.name] != tells {
		return false
	}
	for _, rec := range s.r.steps[from.before.steps+1 : to.before.steps] {
		if rec.choice < 0 || int(rec.thread) != t {
			return false
		}
	}
	for i, other := range to.picture.positions {
		if i != t && other != from.picture.positions[i] {
			return false
		}
	}
	return true
}

func (e *effect) equal(other *effect) bool {
	return e.next == other.next && e.delta == other.delta && e.wrote == other.wrote &&
		slices.Equal(e.changes, other.changes) && slices.Equal(e.marks, other.marks)
}

// tellEffect says an effect in words.
func (s *stateful) tellEffect(e *effect) string {
	var b strings.Builder
	for i, c := range e.changes {
		if i == 0 {
			b.WriteString("changes ")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s (to %x)", s.r.partName(c.part), uint16(c.to.a))
	}
	if len(e.changes) == 0 {
		b.WriteString("changes nothing")
	}
	fmt.Fprintf(&b, ", and the thread comes to %s", s.tellPosition(e.next))
	return b.String()
}

func (s *stateful) tellPosition(n *position) string {
	if n.ended {
		return "its end"
	}
	return fmt.Sprintf("%s (having read %x)", s.r.before(&n.thread), uint16(n.history.local.a))
}

// compare compares the state in which the program is with that which was drawn or
// recalled for the decision.
func (s *stateful) compare(p *fork) {
	if !p.picture.drawn || s.r.state() == p.picture.sum {
		return
	}
	parts := make([]Digest, s.r.parts())
	s.r.drawParts(parts)
	var others []string
	for i := range parts {
		if i < len(p.picture.parts) && parts[i] != p.picture.parts[i] {
			others = append(others, s.r.partName(i))
		}
	}
	for i, th := range s.r.threads[:s.r.declared] {
		if i < len(p.picture.positions) && s.memory.position(s.r, th) != p.picture.positions[i] {
			others = append(others, "where thread "+th.name+" stands")
		}
	}
	s.memory.err("%s has done something else than in a state that agreed at its places: other than then %s: what else does it look at?",
		s.r.tell(s.r.lastStep()), strings.Join(others, ", "))
}
