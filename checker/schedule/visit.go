package schedule

import "fmt"

// A state that the search comes to: who goes on from it first, who need not, and whether
// it was visited before.

// grow adds a decision; false: the execution ends here.
func (s *stateful) grow(enabled uint64, last int) bool {
	if s.r.mute != "" {
		return false
	}
	sleep := s.slept()
	p := s.push()
	p.minds, p.ready, p.last = s.r.minds(enabled), enabled&s.r.ready, last
	s.know(&p.before)
	s.hold(p)
	if s.remembers() {
		s.draw(p)
		if len(s.path) > 1 {
			s.learn(s.path[len(s.path)-2], p)
		}
		if s.memory.mistake != "" {
			return s.goesOn(false)
		}
	}
	if s.r.mute != "" {
		s.path = s.path[:len(s.path)-1]
		return false
	}
	if len(s.path) > 1 && s.way == nil {
		if s.hidden = s.hides(s.path[len(s.path)-2], p.minds); s.hidden != nil {
			return s.goesOn(false)
		}
	}
	return s.enter(p, sleep, s.r.threads)
}

// hold takes down who holds the locks of the guards, if it matters: the plain search
// relies on none, and must know only which steps to run since a property fails them.
func (s *stateful) hold(p *fork) {
	p.holders = p.holders[:0]
	if !s.plain || s.r.guardsCheck && s.remembers() {
		p.holders = s.r.holders(p.holders)
	}
}

// enter decides who goes on first from the state before the decision; false: nobody,
// since the state was visited, or all that are left to try sleep. threads stand there,
// in the program or as they are recalled.
func (s *stateful) enter(p *fork, sleep uint64, threads []*thread) bool {
	if s.way != nil {
		return s.followsOn(p)
	}
	if !s.look(p, threads) {
		s.restart = true
		s.c.end(&s.c.begins)
		return s.goesOn(false)
	}
	if s.races && s.r.detector.tried && !s.c.orders.Swap(true) {
		s.restart = true
		s.c.end(&s.c.begins)
		return s.goesOn(false)
	}
	if s.races && s.collide(p) {
		return true
	}
	offend, unsure := s.checked(p, threads)
	p.offend = offend
	sleep &^= offend
	if m, by := s.mover(p, threads, unsure); m >= 0 && !s.goesRound(p) {
		p.sleep, p.left, p.chosen, p.relied, p.alone = sleep, 1<<uint(m), m, by, by == 0
		return s.goesOn(sleep>>uint(m)&1 == 0)
	}
	key := s.keyOf(p)
	slept, known, room := s.visit(s.beforeLast(), p, key, sleep, false)
	p.key, p.keyed = key, true
	switch {
	case !room:
		s.c.end(&s.c.noRoom)
		return s.goesOn(false)
	case s.seeksEnd && s.isEnd(p):
		s.came = true
		return s.goesOn(false)
	case !known:
		p.sleep, p.left = sleep, p.enabled&^sleep
		s.check.keep(key)
		if !s.plain {
			s.swaps.look(p.enabled, threads)
		}
	case slept&^sleep == 0:
		s.hits++
		s.check.hit(key)
		s.comesRound(p)
		return s.goesOn(false)
	default:
		// Asleep stays only who slept each time: the argument in workers.go rests on it,
		// since who sleeps now may have been tried from here with others asleep. No random
		// program is known that loses a state if all of sleep stay asleep. Without cycles
		// none does: whoever sleeps was searched to the end before. With cycles, of which
		// some millions were tried, that is not proved.
		p.sleep, p.left = slept&sleep, slept&^sleep
	}
	if p.left == 0 {
		return s.goesOn(false)
	}
	p.chosen = lowest(p.left)
	if p.last >= 0 && p.left>>uint(p.last)&1 == 1 {
		p.chosen = p.last
	}
	return true
}

// comesRound notes that the execution has come back to a state of its own: by the steps
// since then it may go round for ever.
func (s *stateful) comesRound(p *fork) {
	for _, q := range s.path[:len(s.path)-1] {
		if q.keyed && q.key == p.key {
			if s.rounds++; s.goesRoundAt == "" {
				s.goesRoundAt = fmt.Sprintf("the state before step %d is that before step %d", p.before.steps+1, q.before.steps+1)
			}
			return
		}
	}
}

// keyOf gives the digest of the state before the decision, which is the last one.
func (s *stateful) keyOf(p *fork) Digest {
	if p.picture.drawn {
		return p.picture.sum
	}
	return s.stateNow()
}

// stateNow gives the digest of the state in which the program is. Where nothing but clocks
// knows of a race (tasks.go) they are a part of it.
func (s *stateful) stateNow() Digest {
	key := s.r.state()
	if s.c.orders.Load() && s.r.detector != nil {
		key.add(s.r.detector.digest(s.r))
	}
	return key
}

// longRow is after how many steps taken at once in a row it is asked whether they go round.
const longRow = 64

// goesRound says whether the steps that were taken at once come back to where they were,
// as a loop does that polls a word which nobody writes: for ever, though others may go on.
// The state is compared with one before, which is another one after 64, 128, 256, … steps
// (Brent, "An improved Monte Carlo factorization algorithm", BIT 1980).
func (s *stateful) goesRound(p *fork) bool {
	if p.row < longRow {
		return false
	}
	key := s.keyOf(p)
	if key == s.round {
		return true
	}
	if p.row&(p.row-1) == 0 {
		s.round = key
	}
	return false
}

// goesOn takes the decision back if the execution does not go on.
func (s *stateful) goesOn(on bool) bool {
	if !on {
		s.path = s.path[:len(s.path)-1]
		s.met = true
	}
	return on
}

// slept gives the threads that sleep after the last step: those that slept or
// were tried before it and whose steps commute with it.
func (s *stateful) slept() (sleep uint64) {
	if len(s.path) == 0 || s.plain {
		return 0
	}
	p := s.path[len(s.path)-1]
	took := p.stands[p.chosen]
	took.writes = p.wrote
	for e := p.sleep &^ (1 << uint(p.chosen)); e != 0; e &= e - 1 {
		if t := lowest(e); !p.stands[t].depends(&took) {
			sleep |= 1 << uint(t)
		}
	}
	return sleep
}

// look takes down what the enabled threads stand before; false: the search must
// begin again.
func (s *stateful) look(p *fork, threads []*thread) bool {
	waiting := s.waiting(p)
	for e := p.enabled; e != 0; e &= e - 1 {
		t := lowest(e)
		for len(p.stands) <= t {
			p.stands = append(p.stands, access{})
		}
		th := threads[t]
		a := access{thread: int16(t), kill: th.event.Kind == Kill}
		if p.picture.drawn {
			a.writes = p.picture.situations[t].writes
		} else {
			a.writes = th.mightWrite()
		}
		p.stands[t] = a
	}
	var from *fork
	if len(s.path) > 1 {
		from = s.path[len(s.path)-2]
	}
	s.c.usage.looked(s.r)
	return s.c.usage.note(threads, p.enabled, waiting, p.stands) && s.trusts(from, p, threads, p.enabled|waiting)
}

// waiting gives the threads that wait in the state before the decision, and maybe
// some that are enabled.
func (s *stateful) waiting(p *fork) uint64 {
	if !p.picture.drawn {
		return s.r.waiting
	}
	waiting := uint64(0)
	for _, n := range p.picture.positions {
		if !n.ended {
			waiting |= n.thread.bit
		}
	}
	return waiting
}

// collide lets two threads that stand before accesses which race make them one
// after the other, so that the race is found.
func (s *stateful) collide(p *fork) bool {
	second := s.second
	s.second = 0
	if second == 0 {
		a, b, race := s.r.racing(p.enabled)
		if !race {
			return false
		}
		s.second = 1 << uint(b)
		second = 1 << uint(a)
	}
	p.sleep, p.left, p.chosen = 0, second, lowest(second)
	return true
}

// mover gives a thread whose step commutes with all that others can do before
// another step of it: on a place that no other thread touches, or on one that a
// lock guards which it holds, and then by which guard, plus 1; -1: there is none. unsure
// are threads whose places do not tell that.
func (s *stateful) mover(p *fork, threads []*thread, unsure uint64) (thread, by int) {
	if s.plain {
		return -1, 0
	}
	if t, movers := s.c.usage.private(threads, p.ready&^unsure, p.stands); t >= 0 || !movers {
		return t, 0
	}
	t, guard := s.holding(p, threads)
	return t, guard + 1
}

// over counts the state in which no thread can go on.
func (s *stateful) over() {
	s.settle()
	if s.r.outcome != underWay {
		s.failed = s.r.outcome == failed && s.at > 0 && s.at == len(s.path)
		return
	}
	if s.way != nil {
		return // none of its states is an end
	}
	p := &s.final
	s.hold(p)
	var from *fork
	if len(s.path) > 0 && s.at == len(s.path) {
		from = s.path[len(s.path)-1]
	}
	if from != nil {
		if s.hidden = s.hides(from, s.r.minds(0)); s.hidden != nil {
			return
		}
	}
	key := Digest{}
	if s.remembers() {
		s.know(&p.before)
		s.draw(p)
		if from != nil {
			s.learn(from, p)
		}
		key = p.picture.sum
	} else {
		key = s.stateNow()
	}
	if s.r.mute == "" && s.ends(from, p, s.r.threads) {
		s.leave(from, p, key)
	}
}

// ends looks at the guards in a state in which no thread can go on, and takes down what
// threads wait for: one that comes there last of all may come earlier after another order
// of the steps; false: the search must begin again.
func (s *stateful) ends(from, p *fork, threads []*thread) bool {
	waiting := s.waiting(p)
	s.c.usage.looked(s.r)
	if s.c.usage.note(threads, 0, waiting, nil) && s.trusts(from, p, threads, waiting) {
		return true
	}
	s.restart = true
	s.c.end(&s.c.begins)
	return false
}

// leave counts a state in which no thread can go on.
func (s *stateful) leave(from, p *fork, key Digest) {
	s.came = s.seeksEnd
	switch _, known, room := s.visit(from, p, key, 0, true); {
	case !room:
		s.c.end(&s.c.noRoom)
	case known:
		s.hits++
		s.check.hit(key)
	default:
		s.check.keep(key)
	}
}
