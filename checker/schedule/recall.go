package schedule

import (
	"fmt"
	"slices"
	"strings"
)

// Recalling. A thread is a function of what it reads, and a step changes and reads
// nothing but what stands at its places. So what a step has done once, from where its
// thread stood and with such values at its places, it does in every state that agrees
// in those. A search by states meets a few thousand of such cases in millions of states:
// it runs each of them once and recalls it in all others, which costs a hundredth of an
// execution. What a thread is about to do is a node; what is known of it while the
// parts of the shared state at its places have such values is a case; what its step
// then does is the case's effect.
//
//	state          parts p1 … pn, nodes t1 … tk
//	case of t      (t, those pi that stand at t's places) → enabled, guarded, writes, effect
//	effect         new values of some of those pi, the next node of the thread, marks
//
// The search goes about as it does without: it visits the same states in the same
// order, which the tests compare. It runs an execution where a case is not known, at
// the end of an execution, and where a step asked T.Choose, ended or began threads, or
// told nothing of what it read. Wherever it runs one anyway, it compares all cases and
// effects with what it knows, and it runs one in some that it could recall for that alone.
//
// The idea is that of summaries of effects in the verification of procedures (Sharir
// and Pnueli, "Two approaches to interprocedural data flow analysis", 1981, section 3).

// Recall declares that all that threads share, what checks and predicates look at
// included, is told to the search, by T.Word, T.Shared and T.SharedAt, and that
// each step changes and looks at nothing else than what these say stands at its
// places. Stateful then need not run a step again that it knows (recall.go); verdict,
// states and counts are the same. That it is so is verified on a sample, and a
// difference is an error (ErrState). Other searches do not care.
//
// A variable of a check that is not declared, because it follows from where the
// threads stand, must be declared nevertheless. Only the set-up may call it.
func (t *T) Recall() {
	r := t.alive("Recall")
	if !r.settingUp {
		panic("schedule: Recall outside the set-up")
	}
	r.recalls = true
}

// node is a thread that stands somewhere.
type position struct {
	stand
	thread  thread // what the search looks at of it: event, on, whether it is on a word
	history history
	ended   bool
	waits   bool     // before an await
	part    Digest   // of the state
	touches []int    // the parts that stand at its places
	set     []uint64 // the same as a set
	cases   map[Digest]*situation
}

// situation is what is known of a thread that stands at a node, while the parts at its
// places are such.
type situation struct {
	enabled bool
	guarded bool // it holds the lock that guards its place
	writes  bool // its step would, as far as that can be told before
	effect  *effect
	never   bool // its step is run each time
}

// effect is what a step does.
type effect struct {
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
	drawn bool
	parts []Digest
	nodes []*position
	cases []*situation // by thread; nil: it has ended
	sum   Digest
}

// memory is what a worker knows of the program's steps.
type memory struct {
	c        *common
	setUp    Digest // of the answers in the set-up: others may make other parts
	nodes    map[positionKey]*position
	good     map[Digest]struct{} // states at the end whose checks have passed
	attempts uint64              // executions that could be recalled or were
	recalled uint64              // that were
	mistake  string              // why the program must not be recalled
	bytes    uint64              // that it takes, about
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
)

func newMemory(c *common) *memory { return &memory{c: c} }

func (m *memory) forget(setUp Digest) {
	m.c.seen.held.Add(-m.bytes)
	m.bytes = 0
	m.setUp, m.nodes, m.good = setUp, make(map[positionKey]*position), make(map[Digest]struct{})
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

// remembers says whether steps of the program may be recalled.
func (s *stateful) remembers() bool {
	return s.r.recalls && !s.runAll && !s.plain && !s.races && !s.r.tso
}

// node gives the node at which the thread stands.
func (m *memory) node(r *runner, th *thread) *position {
	key := positionKey{stand: r.standing(th), thread: th.index, local: th.local}
	if n := m.nodes[key]; n != nil {
		return n
	}
	n := &position{stand: key.stand, history: th.history, part: key.stand.digest(th.index, th.local)}
	n.thread = thread{index: th.index, bit: th.bit, name: th.name, event: th.event, on: slices.Clone(th.on)}
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
		n.cases = make(map[Digest]*situation)
		for i := range r.parts() {
			if r.touches(th, i) {
				n.touches = append(n.touches, i)
				n.set[i/64] |= 1 << (i % 64)
			}
		}
	}
	m.nodes[key] = n
	m.hold(positionSize)
	return n
}

// touches says whether the i-th part stands at a place of the step that the thread
// stands before.
func (r *runner) touches(th *thread, i int) bool {
	if i < len(r.words) {
		return th.touches(Span{r.words[i].at, 8})
	}
	p := &r.shared[i-len(r.words)]
	return p.everywhere || slices.ContainsFunc(p.on, th.touches)
}

func (th *thread) touches(s Span) bool {
	return s.overlaps(Span{th.event.Location, th.event.Size}) ||
		slices.ContainsFunc(th.on, func(l Location) bool { return s.overlaps(Span{l, 1}) })
}

func (s Span) overlaps(other Span) bool {
	return s.Segment == other.Segment &&
		uint64(s.Offset) < uint64(other.Offset)+uint64(max(other.Size, 1)) &&
		uint64(other.Offset) < uint64(s.Offset)+uint64(max(s.Size, 1))
}

// partName says what a part is.
func (r *runner) partName(i int) string {
	if i < len(r.words) {
		return r.words[i].names.word
	}
	return r.shared[i-len(r.words)].name
}

// at is the digest of the parts at the node's places.
func (n *position) at(parts []Digest) (sum Digest) {
	for _, i := range n.touches {
		sum.add(parts[i])
	}
	return sum
}

// draw draws the state before the decision, in which the program is, and compares what
// the cases tell with what is known of them.
func (s *stateful) draw(p *fork) {
	r, m, pic := s.r, s.memory, &p.picture
	if m.nodes == nil || m.setUp != r.setUpChose {
		m.forget(r.setUpChose)
	}
	pic.drawn = true
	pic.parts = slices.Grow(pic.parts[:0], r.parts())[:r.parts()]
	pic.nodes, pic.cases = pic.nodes[:0], pic.cases[:0]
	pic.sum = r.drawParts(pic.parts)
	pic.sum.add(r.answered())
	for t, th := range r.threads[:r.declared] {
		n := m.node(r, th)
		pic.nodes = append(pic.nodes, n)
		pic.sum.add(n.part)
		var c *situation
		if !n.ended {
			c = s.situation(p, n, situation{
				enabled: p.enabled>>uint(t)&1 == 1, guarded: p.guarded>>uint(t)&1 == 1, writes: th.mightWrite(),
			})
		}
		pic.cases = append(pic.cases, c)
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

// situation gives the case of the node, of which this is seen now.
func (s *stateful) situation(p *fork, n *position, now situation) *situation {
	at := n.at(p.picture.parts)
	c := n.cases[at]
	switch {
	case c == nil:
		c = &now
		n.cases[at] = c
		s.memory.hold(situationSize)
	case c.enabled != now.enabled:
		s.memory.err("thread %q stands before %s and is enabled in one of two states that agree at its places: what else does its predicate look at?",
			n.thread.name, s.r.before(&n.thread))
	case c.guarded != now.guarded:
		s.memory.err("thread %q stands before %s and holds the lock that guards it in one of two states that agree at its places: what else does the lock's holder depend on?",
			n.thread.name, s.r.before(&n.thread))
	case c.writes != now.writes:
		s.memory.err("thread %q stands before %s, which would write in one of two states that agree at its places", n.thread.name, s.r.before(&n.thread))
	}
	return c
}

// learn learns what the step did that led from one drawn state to the next.
func (s *stateful) learn(from, to *fork) {
	if !from.picture.drawn || from.picture.cases[from.chosen] == nil {
		return
	}
	a, b, t := &from.picture, &to.picture, from.chosen
	c, n := a.cases[t], a.nodes[t]
	if c.never = c.never || !s.isOwn(from, to); c.never {
		c.effect = nil
		return
	}
	now := &effect{set: make([]uint64, len(n.set)), next: b.nodes[t], wrote: from.wrote, marks: slices.Clone(s.r.marks[from.before.marks:to.before.marks])}
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
	if c.effect == nil {
		c.effect = now
		s.memory.hold(effectSize)
	} else if !c.effect.equal(now) {
		s.memory.err("%s of thread %q does %s in one of two states that agree at its places, and %s in the other: what else does it look at?",
			s.r.before(&n.thread), n.thread.name, s.tellEffect(c.effect), s.tellEffect(now))
	}
}

// isOwn says whether the step did nothing but what its effect can tell.
func (s *stateful) isOwn(from, to *fork) bool {
	t := from.chosen
	n := from.picture.nodes[t]
	if n.thread.event.Kind == Kill || to.before.steps != from.before.steps+1 || len(from.picture.nodes) != len(to.picture.nodes) ||
		reads(n.thread.event.Kind) && s.r.telling[n.name] != tells {
		return false
	}
	for i, other := range to.picture.nodes {
		if i != t && other != from.picture.nodes[i] {
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
		b.WriteString("change nothing")
	}
	fmt.Fprintf(&b, ", and the thread comes to %s", s.tellNode(e.next))
	return b.String()
}

func (s *stateful) tellNode(n *position) string {
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
		if i < len(p.picture.nodes) && s.memory.node(s.r, th) != p.picture.nodes[i] {
			others = append(others, "where thread "+th.name+" stands")
		}
	}
	s.memory.err("%s has done something else than in a state that agreed at its places: other than then %s: what else does it look at?",
		s.r.tell(s.r.lastStep()), strings.Join(others, ", "))
}

// walk is how an execution was recalled.
type walk uint8

const (
	notWalked walk = iota
	walkedOn       // it came to a state that was visited, or in which all sleep
	walkedOut      // it came to its end, whose checks have passed before
)

// Of the executions that could be recalled, some are run: one in testEarly of the
// first ones, then one in testLate.
const (
	firstAttempts = 4096
	testEarly     = 16
	testLate      = 256
)

// recall makes the execution that begins with the last decision without running it,
// if it knows all its steps. What it does not know is left to be run: it gives how many
// steps are settled.
func (s *stateful) recall(settled int) (walk, int) {
	if !s.remembers() || len(s.path) == 0 || s.r.stopping.Load() || !s.knows(s.path[len(s.path)-1]) {
		return notWalked, settled
	}
	m := s.memory
	m.attempts++
	if m.attempts%testLate == 0 || m.attempts < firstAttempts && m.attempts%testEarly == 0 {
		s.cheap = false
		return notWalked, settled
	}
	for {
		p := s.path[len(s.path)-1]
		if !s.knows(p) {
			return notWalked, p.before.steps
		}
		s.take(p)
		sleep := s.slept()
		q := s.push()
		if !s.goOn(p, q) {
			s.path = s.path[:len(s.path)-1]
			return notWalked, p.before.steps
		}
		if q.enabled == 0 {
			s.path = s.path[:len(s.path)-1]
			return s.walkOut(p, q)
		}
		if !s.enter(q, sleep, s.standing(q)) {
			m.recalled++
			return walkedOn, 0
		}
	}
}

// knows says whether what the chosen step of the decision does is known.
func (s *stateful) knows(p *fork) bool {
	return p.picture.drawn && len(p.answers.choices) == 0 && p.picture.cases[p.chosen] != nil && p.picture.cases[p.chosen].effect != nil &&
		p.before.steps+1 < s.r.maxSteps
}

// take writes the chosen step of the decision down.
func (s *stateful) take(p *fork) {
	r, n, e := s.r, p.picture.nodes[p.chosen], p.picture.cases[p.chosen].effect
	r.steps = append(r.steps[:p.before.steps], record{thread: int16(p.chosen), choice: -1, name: n.name, place: n.place})
	r.marks = append(r.marks[:p.before.marks], e.marks...)
	p.wrote = e.wrote
}

// goOn draws the state after the chosen step of p; false: of a thread there it is not
// known whether it can go on.
func (s *stateful) goOn(p, q *fork) bool {
	a, b, e := &p.picture, &q.picture, p.picture.cases[p.chosen].effect
	b.parts = append(b.parts[:0], a.parts...)
	for _, c := range e.changes {
		b.parts[c.part] = c.to
	}
	b.nodes = append(b.nodes[:0], a.nodes...)
	b.nodes[p.chosen] = e.next
	b.sum = a.sum
	b.sum.add(e.delta)
	b.cases = append(b.cases[:0], a.cases...)
	b.drawn = true
	q.enabled, q.ready, q.guarded, q.last = 0, 0, 0, p.chosen
	for t, n := range b.nodes {
		if n.ended {
			b.cases[t] = nil
			continue
		}
		if t == p.chosen || intersect(n.set, e.set) {
			b.cases[t] = n.cases[n.at(b.parts)]
		}
		c, bit := b.cases[t], uint64(1)<<t
		if c == nil {
			return false
		}
		if c.enabled {
			q.enabled |= bit
			if !n.waits {
				q.ready |= bit
			}
			if c.guarded {
				q.guarded |= bit
			}
		}
	}
	k := &q.before
	k.steps, k.marks, k.preemptions, k.setUpChose = len(s.r.steps), len(s.r.marks), p.before.preemptions, p.before.setUpChose
	if p.last >= 0 && p.last != p.chosen && p.enabled>>uint(p.last)&1 == 1 {
		k.preemptions++
	}
	k.histories = k.histories[:0]
	for _, n := range b.nodes {
		k.histories = append(k.histories, n.history)
	}
	return true
}

func intersect(a, b []uint64) bool {
	for i := range a {
		if a[i]&b[i] != 0 {
			return true
		}
	}
	return false
}

// standing gives the threads as they stand before the decision.
func (s *stateful) standing(p *fork) []*thread {
	s.threads = s.threads[:0]
	for _, n := range p.picture.nodes {
		s.threads = append(s.threads, &n.thread)
	}
	return s.threads
}

// walkOut comes to a state in which no thread can go on.
func (s *stateful) walkOut(p, q *fork) (walk, int) {
	if _, good := s.memory.good[q.picture.sum]; !good {
		return notWalked, p.before.steps
	}
	s.leave(q.picture.sum)
	s.memory.recalled++
	return walkedOut, 0
}

// passed notes that the checks at the end of the execution have passed, in the state
// that over has drawn.
func (s *stateful) passed() {
	if s.final.picture.drawn && len(s.ended.choices) == 0 {
		s.memory.good[s.final.picture.sum] = struct{}{}
	}
}
