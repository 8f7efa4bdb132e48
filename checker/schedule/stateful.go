package schedule

import "fmt"

// stateful is the search, depth first, of every reachable state of the program
// (state.go), each visited once; or the part of one worker in it (workers.go).
// Executions are made anew from the start up to where they part from the one
// before, since a coroutine cannot be set back (repeat.go); or they are not made at
// all, where it is known what their steps do (recall.go).
//
// Beside states it keeps sleep sets: in each state, the threads whose next step
// need not be taken, because it was taken before and commutes with all since. A
// state that is met again with a smaller sleep set is explored as far as it
// slept before and does not now, and keeps what the two have in common (Godefroid,
// "Partial-Order Methods for the Verification of Concurrent Systems", 1996,
// section 5.3). Sleep sets leave out steps, and no states.
//
// That rests on no order in which the search goes about: see workers.go.
//
// A step on what a held lock guards is taken at once, without a state before it
// (guards.go), and so is one on a place that no other thread touches, and a read of
// one that no other thread writes. That none does is found out on the way: when
// another thread stands before such a step, whether it is enabled or waits, the
// search begins again. It would come
// to stand there: what it does until then does not touch the place, so that it
// can be done as well after the step that was taken at once. A loop of nothing
// but such steps ends at MaxSteps.
type stateful struct {
	r *runner
	c *common
	// task is what the worker has in hand: the decisions of the path before base are
	// not its own to change. nil: nothing.
	task *task
	base int

	path         []*fork
	at           int
	ended        odometer
	setUp        odometer
	fresh        bool // the task has not begun
	stale        bool // the step taken last has not been settled
	met          bool // the execution ended in a state that was visited, or asleep
	restart      bool // the search must begin again
	plain        bool // every transition is visited
	runAll       bool // nothing is recalled
	races        bool // plain accesses that nothing orders are failures
	cheap        bool // the settled steps of this execution are repeated
	difference   string
	second       uint64 // the thread whose access is to race with the one made last
	executions   uint64
	hits         uint64
	check        verifier
	scouted      int // as far in scouting
	scoutedLocks bool
	walked       *found // a scout's execution that fails
	memory       *memory
	final        fork      // of which the state is that at the end of the execution
	threads      []*thread // scratch
	touched      []guarded // scratch
}

// fork is one decision of the current execution.
type fork struct {
	enabled uint64
	ready   uint64 // of these, the threads before a step that is no await
	last    int    // the thread of the step before; -1: there was none
	sleep   uint64 // threads that need not go on from here
	left    uint64 // threads not yet tried, chosen among them
	given   uint64 // threads that other workers have taken from left
	chosen  int
	wrote   bool
	offend  uint64   // threads whose step a guard's property fails
	relied  int      // the chosen thread goes on at once: the number of the guard that lets it, plus 1
	alone   bool     // or so, since it has the place to itself
	stands  []access // by thread: what each enabled one stands before
	holders []int16  // of the locks of all guards
	answers odometer
	before  knowledge
	picture picture // of the state, where steps are recalled
}

// knowledge is what the search knows when it comes to a decision.
type knowledge struct {
	steps, marks, preemptions int // of the execution, so far
	setUpChose                Digest
	histories                 []history // by thread
}

func newStateful(r *runner, o Options, c *common) *stateful {
	s := &stateful{r: r, c: c, races: o.DataRaces, plain: o.Plain, runAll: o.RunAll, memory: newMemory(c)}
	s.check = verifier{s: s, kept: &c.kept}
	return s
}

func (s *stateful) begin() (int, bool) {
	s.c.giveTo(s)
	for !s.next() {
		if s.task = s.c.take(); s.task == nil {
			return 0, false
		}
		s.load()
	}
	s.at, s.setUp.at, s.ended.at = 0, 0, 0
	s.stale, s.met, s.restart, s.second = false, false, false, 0
	s.final.picture.drawn = false
	s.executions++
	s.cheap = s.executions > fullEvery && s.executions%fullEvery != 0
	if len(s.path) == 0 {
		return 0, true
	}
	return s.path[len(s.path)-1].before.steps, true
}

// next moves to the next execution of the task; false: there is none.
func (s *stateful) next() bool {
	switch {
	case s.task == nil:
		return false
	case s.fresh:
		s.fresh = false
		return true
	case s.ended.advance() || s.backtrack():
		return true
	case s.task.whole && s.setUp.advance():
		s.path = s.path[:0]
		return true
	}
	s.task = nil
	return false
}

func (s *stateful) backtrack() bool {
	for n := len(s.path); n > s.base; n-- {
		p := s.path[n-1]
		s.path = s.path[:n]
		if p.answers.advance() {
			return true
		}
		p.left &^= 1 << uint(p.chosen)
		p.sleep |= 1<<uint(p.chosen) | p.given // who took those is before who is tried now
		p.given = 0
		if p.left != 0 {
			p.chosen = lowest(p.left)
			return true
		}
	}
	return false
}

// repeats implements repeater: the steps before the last decision are made again
// as they were.
func (s *stateful) repeats() bool {
	if s.cheap {
		s.at = len(s.path) - 1
		k := &s.path[s.at].before
		s.r.marks, s.r.preemptions, s.r.setUpChose = s.r.marks[:k.marks], k.preemptions, k.setUpChose
	}
	return s.cheap
}

// arrived implements repeater.
func (s *stateful) arrived() {
	for i := range s.path[s.at].before.histories {
		s.r.threads[i].history = s.path[s.at].before.histories[i]
	}
}

// know takes down what is known before the decision.
func (s *stateful) know(k *knowledge) {
	r := s.r
	k.steps, k.marks, k.preemptions, k.setUpChose = len(r.steps), len(r.marks), r.preemptions, r.setUpChose
	k.histories = k.histories[:0]
	for _, th := range r.threads[:r.declared] {
		k.histories = append(k.histories, th.history)
	}
}

// knew says whether all threads have read what they had when the decision was met
// first.
func (s *stateful) knew(k *knowledge) bool {
	r := s.r
	if len(r.steps) != k.steps || r.declared != len(k.histories) || r.setUpChose != k.setUpChose {
		return false
	}
	for i := range k.histories {
		if !k.histories[i].same(&r.threads[i].history) {
			return false
		}
	}
	return true
}

// pick repeats the path; beyond it, it goes on in any direction until it meets a
// state that was visited.
func (s *stateful) pick(enabled uint64, last int) int {
	s.settle()
	grows := s.at == len(s.path)
	if grows && !s.grow(enabled, last) {
		return -1
	}
	p := s.path[s.at]
	if p.enabled != enabled {
		s.difference = fmt.Sprintf("other threads are enabled before step %d than were after the same steps", s.at+1)
		return -1
	}
	if !grows && !s.cheap && s.at == len(s.path)-1 && !s.knew(&p.before) {
		s.difference = fmt.Sprintf("after %s threads have read other values than after the same steps before", plural(s.at, "step"))
		return -1
	}
	if !grows && s.remembers() && !s.remember(p) {
		return -1
	}
	p.answers.at = 0
	s.at++
	s.stale = true
	return p.chosen
}

// settle notes of the step that was taken last what only its execution tells.
func (s *stateful) settle() {
	if s.stale {
		p := s.path[s.at-1]
		p.wrote = s.r.threads[p.chosen].wrote
		s.stale = false
	}
}

// remember compares the state before a decision that was made before with what was
// drawn of it, if it can be told, and draws it if it has not been; false: something is
// wrong.
func (s *stateful) remember(p *fork) bool {
	switch {
	case !s.cheap:
		s.compare(p)
	case s.at != len(s.path)-1:
		return true
	}
	if !p.picture.drawn {
		s.draw(p)
	}
	return s.memory.mistake == "" && s.r.mute == ""
}

// grow adds a decision; false: the execution ends here.
func (s *stateful) grow(enabled uint64, last int) bool {
	if s.r.mute != "" {
		return false
	}
	sleep := s.slept()
	p := s.push()
	p.enabled, p.ready, p.last = enabled, enabled&s.r.ready, last
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
	if !s.look(p, threads) {
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
	if m, by := s.mover(p, threads, unsure); m >= 0 {
		p.sleep, p.left, p.chosen, p.relied, p.alone = sleep, 1<<uint(m), m, by, by == 0
		return s.goesOn(sleep>>uint(m)&1 == 0)
	}
	key := p.picture.sum
	if !p.picture.drawn {
		key = s.r.state()
	}
	slept, known, room := s.c.seen.visit(key, sleep)
	switch {
	case !room:
		s.c.end(&s.c.noRoom)
		return s.goesOn(false)
	case !known:
		p.sleep, p.left = sleep, p.enabled&^sleep
		s.check.keep(key)
	case slept&^sleep == 0:
		s.hits++
		s.check.hit(key)
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

// goesOn takes the decision back if the execution does not go on.
func (s *stateful) goesOn(on bool) bool {
	if !on {
		s.path = s.path[:len(s.path)-1]
		s.met = true
	}
	return on
}

// push adds a decision to the path; decisions are kept for reuse behind its end.
func (s *stateful) push() *fork {
	if len(s.path) < cap(s.path) {
		s.path = s.path[:len(s.path)+1]
	} else {
		s.path = append(s.path, nil)
	}
	k := len(s.path) - 1
	if s.path[k] == nil {
		s.path[k] = new(fork)
	}
	p := s.path[k]
	p.given, p.offend, p.relied, p.alone, p.answers.choices, p.picture.drawn = 0, 0, 0, false, p.answers.choices[:0], false
	return p
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

func (s *stateful) choose(n int) int {
	by := &s.setUp
	switch {
	case s.r.ending:
		by = &s.ended
	case s.at > 0:
		by = &s.path[s.at-1].answers
	}
	v := by.answer(n)
	if v < 0 {
		s.difference = fmt.Sprintf("after step %d Choose is called among %d, and was among others before", s.at, n)
	}
	return v
}

// over counts the state in which no thread can go on.
func (s *stateful) over() {
	s.settle()
	if s.r.outcome != underWay {
		return
	}
	p := &s.final
	s.hold(p)
	var from *fork
	if len(s.path) > 0 && s.at == len(s.path) {
		from = s.path[len(s.path)-1]
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
		key = s.r.state()
	}
	if s.r.mute == "" && s.ends(from, p, s.r.threads) {
		s.leave(key)
	}
}

// ends looks at the guards in a state in which no thread can go on, and takes down what
// threads wait for: one that comes there last of all may come earlier after another order
// of the steps; false: the search must begin again.
func (s *stateful) ends(from, p *fork, threads []*thread) bool {
	waiting := s.waiting(p)
	if s.c.usage.note(threads, 0, waiting, nil) && s.trusts(from, p, threads, waiting) {
		return true
	}
	s.restart = true
	s.c.end(&s.c.begins)
	return false
}

// leave counts a state in which no thread can go on.
func (s *stateful) leave(key Digest) {
	switch _, known, room := s.c.seen.visit(key, 0); {
	case !room:
		s.c.end(&s.c.noRoom)
	case known:
		s.hits++
		s.check.hit(key)
	default:
		s.check.keep(key)
	}
}

// repeated says why the execution cannot be explored, if it cannot.
func (s *stateful) repeated() error {
	switch declarers := s.r.declarers; {
	case declarers&(declarers-1) != 0:
		return twoDeclarers(s.r)
	case s.r.mute != "":
		return fmt.Errorf("%w: %s", ErrDeclared, s.r.mute)
	case s.difference != "":
		return fmt.Errorf("%w: %s", ErrNondeterministic, s.difference)
	case s.at < len(s.path):
		return fmt.Errorf("%w: it ends after step %d and went on before", ErrNondeterministic, s.at)
	case len(s.r.words) == 0 && len(s.r.shared) == 0 && s.r.taken > 0:
		return fmt.Errorf("%w: a stateful search needs to know what threads share, and the program says nothing by T.Word or T.Shared", ErrOptions)
	}
	return nil
}
