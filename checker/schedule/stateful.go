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
// can be done as well after the step that was taken at once. Where a loop of nothing
// but such steps comes round, others may go on, too (goesRound). A step that is taken at
// once and fails ends the execution for all: with Options.KeepGoing what others may do
// instead is to be seen, and the search begins again without letting it go on at once.
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
	failed       bool // the step of the last decision fails
	plain        bool // every transition is visited
	runAll       bool // nothing is recalled
	races        bool // plain accesses that nothing orders are failures
	cheap        bool // the settled steps of this execution are repeated
	difference   string
	hidden       error  // a step changes another that it is taken to commute with
	second       uint64 // the thread whose access is to race with the one made last
	executions   uint64
	hits         uint64
	rounds       uint64 // of them in a state of the same execution
	goesRoundAt  string // where the first of them was
	check        verifier
	swaps        swapper
	scouted      int // as far in scouting
	scoutedLocks bool
	walked       *found // a scout's execution that fails
	memory       *memory
	round        Digest    // of a state in a long row of steps that were taken at once
	way          []Digest  // not nil: the search is for the execution that comes through these states
	seeksEnd     bool      // the search is for an end
	came         bool      // it has come where it was to
	final        fork      // of which the state is that at the end of the execution
	threads      []*thread // scratch
	touched      []guarded // scratch
}

func newStateful(r *runner, o Options, c *common) *stateful {
	s := &stateful{r: r, c: c, races: o.DataRaces, plain: o.Plain || o.EndReachable, runAll: o.RunAll, memory: newMemory(c)}
	s.check = verifier{s: s, kept: &c.kept}
	s.swaps = newSwapper(r, s.ahead, s.voids, &c.swapped)
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
	s.stale, s.met, s.restart, s.failed, s.second = false, false, false, false, 0
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

// differs is the error that the same steps led elsewhere before. Where they may have been
// recalled then, that tells first of what they touch and do not announce; diagnosed says more.
func (s *stateful) differs(how string) error {
	if s.remembers() {
		return fmt.Errorf("%w: the program declares Recall, and %s: does a step change something, or a check look at something, that is not declared or does not stand at the step's places?", ErrState, how)
	}
	return fmt.Errorf("%w: %s", ErrNondeterministic, how)
}

// repeated says why the execution cannot be explored, if it cannot.
func (s *stateful) repeated() error {
	switch declarers := s.r.declarers; {
	case declarers&(declarers-1) != 0:
		return twoDeclarers(s.r)
	case s.r.mute != "":
		return fmt.Errorf("%w: %s", ErrDeclared, s.r.mute)
	case s.difference != "":
		return s.differs(s.difference)
	case s.at < len(s.path):
		return s.differs(fmt.Sprintf("it ends after step %d and went on before", s.at))
	case len(s.r.words) == 0 && len(s.r.shared) == 0 && s.r.taken > 0:
		return fmt.Errorf("%w: a stateful search needs to know what threads share, and the program says nothing by T.Word or T.Shared", ErrOptions)
	}
	return nil
}

// clashed takes down that two steps do not commute. Where the program declares locks, it
// is told at the end of the search (common.clash): a lock that is none lets two
// threads come to what they do not announce, which the search must then see (trust.go).
func (s *stateful) clashed(of clash) error {
	if len(s.r.guards) == 0 {
		return of.err
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.c.clash == nil {
		s.c.clash = &of
	}
	return nil
}

// ahead gives what an enabled thread stands before at the last decision.
func (s *stateful) ahead(thread int) access { return s.path[len(s.path)-1].stands[thread] }

// voids takes in what predicates have looked at in an execution made aside, and says
// whether the search must begin again.
func (s *stateful) voids() bool {
	if len(s.r.looks) == 0 {
		return false
	}
	s.c.usage.looked(s.r)
	if !s.c.usage.broken() {
		return false
	}
	s.c.end(&s.c.begins)
	return true
}
