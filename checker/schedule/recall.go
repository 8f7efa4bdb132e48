package schedule

// Recalling. A thread is a function of what it reads, and a step changes and reads
// nothing but what stands at its places. So what a step has done once, from where its
// thread stood and with such values at its places, it does in every state that agrees
// in those. A search by states meets a few thousand of such situations in millions of
// states: it runs each of them once and recalls it in all others, which costs a hundredth
// of an execution.
//
//	state      parts p1 … pn, positions t1 … tk: where each thread stands
//	situation  (t, those pi that stand at t's places) → enabled, writes, effects
//	effect     answers of T.Choose → new values of some of those pi, the next position of
//	           the thread, marks
//
// The search goes about as it does without: it visits the same states in the same
// order, which the tests compare. It runs an execution where a situation is not known, at
// the end of an execution, and where a step ended or began other threads, or told nothing of
// what it read. Wherever it runs one anyway, it compares all situations
// and effects with what it knows, and it runs one in some that it could recall for that alone.
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
// threads stand, must be declared nevertheless; and who holds a lock (T.Guards) must
// follow from what stands at the spans that it guards and where Guard.HeldAt says. Only
// the set-up may call it.
func (t *T) Recall() {
	r := t.alive("Recall")
	if !r.settingUp {
		r.outsideSetUp("Recall")
	}
	r.recalls = true
}

// remembers says whether steps of the program may be recalled.
func (s *stateful) remembers() bool {
	return s.r.recalls && !s.runAll && !s.races && !s.r.tso
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

// knows says whether what the chosen step of the decision does is known. Of one that a
// guard's property fails it is not: who holds the lock need not stand at its places.
func (s *stateful) knows(p *fork) bool {
	if !p.picture.drawn || p.offend>>uint(p.chosen)&1 == 1 || p.picture.situations[p.chosen] == nil {
		return false
	}
	p.effect = p.picture.situations[p.chosen].after(p.answers.choices)
	return p.effect != nil && p.before.steps+1+len(p.effect.asked) < s.r.maxSteps
}

// take writes the chosen step of the decision down.
func (s *stateful) take(p *fork) {
	r, n, e := s.r, p.picture.positions[p.chosen], p.effect
	r.steps = append(r.steps[:p.before.steps], record{thread: int16(p.chosen), choice: -1, name: n.name, place: n.place})
	r.steps = append(r.steps, e.asked...)
	for _, a := range e.asked[len(p.answers.choices):] {
		p.answers.choices = append(p.answers.choices, choice{answer: a.choice, of: int32(uint32(a.place))})
	}
	r.marks = append(r.marks[:p.before.marks], e.marks...)
	p.wrote = e.wrote
}

// goOn draws the state after the chosen step of p; false: of a thread there it is not
// known whether it can go on.
func (s *stateful) goOn(p, q *fork) bool {
	a, b, e := &p.picture, &q.picture, p.effect
	b.parts = append(b.parts[:0], a.parts...)
	for _, c := range e.changes {
		b.parts[c.part] = c.to
	}
	b.positions = append(b.positions[:0], a.positions...)
	b.positions[p.chosen] = e.next
	b.sum = a.sum
	b.sum.add(e.delta)
	b.situations = append(b.situations[:0], a.situations...)
	b.drawn = true
	q.minds, q.ready, q.last = minds{}, 0, p.chosen
	q.holders = append(q.holders[:0], p.holders...)
	for k := range s.memory.guards {
		if g := &s.memory.guards[k]; intersect(g.set, e.set) {
			holder, known := g.holders[sumOf(g.at, b.parts)]
			if !known {
				return false
			}
			q.holders[k] = holder
		}
	}
	for t, n := range b.positions {
		if n.ended {
			b.situations[t] = nil
			continue
		}
		q.waiting |= uint64(oneIf(n.waits)) << t
		if t == p.chosen || intersect(n.set, e.set) {
			b.situations[t] = n.situations[n.at(b.parts)]
		}
		c, bit := b.situations[t], uint64(1)<<t
		if c == nil {
			return false
		}
		if c.enabled {
			q.enabled |= bit
			if !n.waits {
				q.ready |= bit
			}
		}
	}
	k := &q.before
	k.steps, k.marks, k.preemptions, k.setUpChose = len(s.r.steps), len(s.r.marks), p.before.preemptions, p.before.setUpChose
	if p.last >= 0 && p.last != p.chosen && p.enabled>>uint(p.last)&1 == 1 {
		k.preemptions++
	}
	k.histories = k.histories[:0]
	for _, n := range b.positions {
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
	for _, n := range p.picture.positions {
		s.threads = append(s.threads, &n.thread)
	}
	return s.threads
}

// walkOut comes to a state in which no thread can go on.
func (s *stateful) walkOut(p, q *fork) (walk, int) {
	if _, good := s.memory.good[q.picture.sum]; !good {
		return notWalked, p.before.steps
	}
	if !s.ends(p, q, s.standing(q)) {
		return walkedOn, 0
	}
	s.leave(p, q, q.picture.sum)
	s.memory.recalled++
	return walkedOut, 0
}

// passed notes that the checks at the end of the execution have passed, in the state
// that over has drawn.
func (s *stateful) passed() {
	if !s.final.picture.drawn || len(s.ended.choices) > 0 {
		return
	}
	if _, known := s.memory.good[s.final.picture.sum]; !known {
		s.memory.good[s.final.picture.sum] = struct{}{}
		s.memory.hold(goodSize)
	}
}
