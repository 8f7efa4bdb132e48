package schedule

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

// Workers. Each has a runner, coroutines and a path of its own; they share the states
// (seen.go), the places (usage.go), and the work: one that has none takes a thread
// that was not tried yet from the shallowest decision of another's path. It asks for
// it, and who has some to spare hands it over between two executions, so that paths
// need no lock (private deques: Acar, Charguéraud, Rainey, "Scheduling parallel
// programs by work stealing with private deques", PPoPP 2013).
//
// Why every state is visited, whatever the order. Call a visit of a state s with
// sleep set Z complete if every s·w is visited for which no step that could be the
// first one of w, up to the order of independent steps, is in Z. Every visit is
// complete, by induction on the length of w. Say that I are the steps that could be
// first. The decisions that were made at s, F1 to Fm in the order in which they came
// to the seen set, have tried all threads but those in all their sleep sets: each
// tries what the ones before left asleep and it does not. So all of I are tried.
// Take the last Fj that tries any of I, and of those the first, u, in the order of
// that decision. The sleep set Z' after u holds what slept in all of F1 to Fj, or was
// before u in Fj, and is independent of u. If a step could be the first one of the
// rest of w and were in Z', it would be in I; then it does not sleep in all of F1 to Fj,
// since that leaves it to a decision after Fj, and is not before u, which is the first.
// So the visit of s·u with Z' and the rest of w are as the induction wants them.
//
// Of the workers this asks for three things. The decisions at a state come in one
// order: visit is atomic. The threads that one decision tries have one order, and each
// sleeps in the searches behind those after it only: a thread that is handed over is
// before all that its giver tries later, after the one that it has in hand, and after
// those that were handed over before it. And nothing that is left to try is lost.

// searchStates has all workers search, from the start again whenever a place turns
// out to be shared.
func (e *exploration) searchStates() (ending, error) {
	c := e.states.c
	crew := []*exploration{e}
	for len(crew) < c.workers {
		crew = append(crew, e.mate())
	}
	defer func() {
		for _, w := range crew[1:] {
			w.r.close()
		}
	}()
	for {
		ends := c.search(crew)
		walks, walkErr := e.walkAfter(crew, ends)
		if c.begins && !e.r.stopping.Load() && firstError(ends) == nil {
			for _, w := range crew {
				w.forget()
				w.states.forget()
			}
			c.anew()
			continue
		}
		for _, w := range crew[1:] {
			e.merge(w)
		}
		e.report.States, e.report.Verified, e.report.Handed = c.seen.states.Load(), c.kept.verified, c.handed
		e.report.Distrusted, e.report.Swapped = c.usage.distrusted(), c.swapped.Load()
		e.report.Walks = walks
		why, err := e.settled(ends)
		switch {
		case err == nil && e.first == nil && c.clash != nil && e.report.Distrusted == nil:
			why, err, e.blamed = atInterrupt, c.clash.err, c.clash.at
		case walkErr != nil:
			why, err = atInterrupt, walkErr
			if e.states.walked != nil {
				e.blamed = e.states.walked.decisions
			}
		case why == exhausted && e.r.stopping.Load():
			why = atInterrupt // it may have visited all of it, but has not verified it
		}
		if c.transitions != nil && why == exhausted && err == nil && e.first == nil && e.report.TooLong == 0 {
			return e.judgeEnds()
		}
		return why, err
	}
}

// walkAfter makes random walks (walks.go) if the workers have visited all states and
// found nothing. The other workers have ended, so that it reads what they have found.
func (e *exploration) walkAfter(crew []*exploration, ends []end) (walks uint64, err error) {
	// Who is interrupted in what verifies may find no more to do.
	if why, err := e.settled(ends); why != exhausted || err != nil || e.r.stopping.Load() {
		return 0, nil
	}
	judges, depth := e.states.c.usage.distrusted() == nil, 0
	for _, w := range crew {
		if w.first != nil || w.report.TooLong > 0 {
			return 0, nil
		}
		judges, depth = judges && !w.r.untold.any(), max(depth, w.report.Depth)
	}
	if err := e.states.missed(); err != nil || judges && e.states.c.clash != nil {
		return 0, err
	}
	walks, again, err := e.states.walk(depth, judges)
	if again {
		e.states.c.begins = true
	}
	return walks, err
}

// forget takes everything back that the search has found.
func (s *stateful) forget() {
	s.task, s.path, s.hits, s.check.due = nil, s.path[:0], 0, nil
	s.rounds, s.goesRoundAt = 0, ""
	s.swaps = newSwapper(s.r, s.ahead, s.voids, &s.c.swapped)
	*s.memory = *newMemory(s.c)
	s.setUp.choices, s.ended.choices = nil, nil
}

// end is how a worker ended, after which decisions.
type end struct {
	why       ending
	err       error
	decisions []Decision
	panicked  any
	stack     []byte
	exited    bool // by runtime.Goexit
}

// search has the workers search to the end. The first one is the goroutine that
// calls. A panic or a Goexit in any of them becomes the caller's.
func (c *common) search(crew []*exploration) []end {
	ends := make([]end, len(crew))
	func() {
		var wait sync.WaitGroup
		defer wait.Wait()
		defer c.end(nil)
		for i, w := range crew[1:] {
			wait.Go(func() {
				defer c.end(nil)
				isolated(w.work, &ends[i+1])
			})
		}
		ends[0] = crew[0].work()
	}()
	for i := range ends {
		switch {
		case ends[i].panicked != nil:
			panic(fmt.Sprintf("%v\n\n%s", ends[i].panicked, ends[i].stack))
		case ends[i].exited:
			runtime.Goexit()
		}
	}
	return ends
}

// isolated runs work and keeps how it ended.
func isolated(work func() end, how *end) {
	how.exited = true
	defer func() {
		if v := recover(); v != nil {
			how.panicked, how.stack, how.exited = v, debug.Stack(), false
		}
	}()
	*how = work()
}

// mate makes another worker of the search.
func (e *exploration) mate() *exploration {
	w := &exploration{s: e.s, o: e.o, r: newRunner(e.r.program, e.r.maxSteps, e.r.lookout, e.r.names.lexicon), earlier: e.earlier}
	w.r.tso, w.r.keeps, w.r.told = e.r.tso, true, e.r.told
	if e.r.detector != nil {
		w.r.detector = newDetector()
	}
	w.states = newStateful(w.r, e.o, e.states.c)
	return w
}

// work is a worker's part of the search.
func (e *exploration) work() end {
	r, s := e.r, e.states
	r.strategy = s
	if !e.leads {
		defer r.lookout.join(ofSearch(r))()
	}
	for !s.c.ended.Load() {
		settled, more := s.begin()
		if !more {
			break
		}
		n := s.c.counted.Add(1)
		if e.o.MaxExecutions > 0 && n > e.o.MaxExecutions {
			return end{why: atBudget}
		}
		how, settled := s.recall(settled)
		keep := how == notWalked && !s.cheap && e.againTimes(s.executions) > 0
		r.sums = keep
		if how == notWalked {
			r.run(settled)
		}
		run := r.summed()
		r.sums = false
		if why, err := e.judge(n, how); why != exhausted || err != nil {
			return end{why: why, err: err, decisions: r.decisions()}
		}
		if keep {
			e.earlier.keep(r, n, run)
		}
		if e.leads && !s.scoutAhead(n) {
			s.c.end(&s.c.begins)
		}
		if err := s.mistaken(); err != nil {
			return end{why: atInterrupt, err: err, decisions: r.decisions()}
		}
		if e.leads && s.executions%64 == 0 {
			e.progress()
		}
	}
	return end{why: exhausted}
}

// judge looks at the n-th execution, which the worker has just made, in the way that
// how says; exhausted: the search goes on.
func (e *exploration) judge(n uint64, how walk) (ending, error) {
	s := e.states
	e.report.Hits, e.report.Recalled, e.report.Rounds, e.report.Round = s.hits, s.memory.recalled, s.rounds, s.goesRoundAt
	if err := s.mistaken(); err != nil {
		return atInterrupt, err
	}
	switch {
	case how == walkedOut:
		e.r.outcome = ended
		e.count(n)
		return exhausted, s.verify()
	case how == walkedOn && !s.restart:
		e.tally()
		return exhausted, s.verify()
	case e.r.outcome == interrupted:
		return atInterrupt, nil
	case s.restart:
		return exhausted, nil
	case s.met:
		e.tally()
		return exhausted, s.verify()
	}
	if err := e.repeated(); err != nil {
		return atInterrupt, err
	}
	switch e.r.outcome {
	case interrupted:
		return atInterrupt, nil
	case cut:
		e.noteCut()
		if !e.o.KeepGoing {
			return atCut, nil
		}
	case ended, failed:
		if e.r.outcome == ended {
			s.passed()
		}
		if s.failed && e.o.KeepGoing && !s.mayFail() {
			s.c.end(&s.c.begins)
			return exhausted, nil
		}
		if e.count(n) && !e.o.KeepGoing {
			return atFailure, nil
		}
		return exhausted, s.verify()
	}
	return exhausted, nil
}

// mayFail notes that the step of the last decision fails, so that it must not be taken at
// once; false: it was, and the search must begin again.
func (s *stateful) mayFail() bool {
	p := s.path[len(s.path)-1]
	switch {
	case p.alone:
		return s.c.usage.share(p.stands[p.chosen].class)
	case p.relied > 0:
		return s.c.usage.distrust(p.relied-1, func() string {
			return fmt.Sprintf("a step of %s that was taken at once for its sake fails", s.r.threads[p.chosen].name)
		})
	}
	return true
}

// verify tests what the search has taken for granted of states that it came to.
func (s *stateful) verify() error {
	if err := s.check.verify(); err != nil {
		return err
	}
	return s.swaps.try(s.clashed)
}

// mistaken says what is wrong with what the program announces, or tells to be recalled.
func (s *stateful) mistaken() error {
	if s.hidden != nil {
		return s.hidden
	}
	if s.memory.mistake == "" {
		return nil
	}
	return fmt.Errorf("%w: the program declares Recall, and %s", ErrState, s.memory.mistake)
}

// settled says how the workers ended together.
func (e *exploration) settled(ends []end) (ending, error) {
	c := e.states.c
	why := exhausted
	for i := range ends {
		if ends[i].err != nil {
			e.blamed = ends[i].decisions
			return atInterrupt, ends[i].err
		}
		if why == exhausted || ends[i].why == atFailure {
			why = ends[i].why
		}
	}
	switch {
	case why != exhausted:
	case c.noRoom:
		why = atMemory
	case c.begins:
		why = atInterrupt // it would have begun again
	}
	return why, nil
}

func firstError(ends []end) error {
	for i := range ends {
		if ends[i].err != nil {
			return ends[i].err
		}
	}
	return nil
}

// merge adds what another worker has found.
func (e *exploration) merge(w *exploration) {
	a, b := &e.report, &w.report
	a.Executions += b.Executions
	a.Hits += b.Hits
	if a.Rounds += b.Rounds; a.Round == "" {
		a.Round = b.Round
	}
	a.Recalled += b.Recalled
	a.Steps += b.Steps
	a.Depth = max(a.Depth, b.Depth)
	a.Bad += b.Bad
	a.TooLong += b.TooLong
	e.covered.add(&w.covered)
	e.taken, e.marks = added(e.taken, w.taken), added(e.marks, w.marks)
	e.r.untold.add(w.r.untold)
	e.r.names.learn()
	if w.first != nil && (e.first == nil || w.first.before(e.first)) {
		e.first, e.firstAt = w.first, w.firstAt
	}
	if len(w.passing) > len(e.passing) {
		e.passing, e.passingAt = w.passing, w.passingAt
	}
	if e.cutText == "" {
		e.cutText = w.cutText
	}
}

// before says which of two failures is told if two workers have found one.
func (f *found) before(other *found) bool {
	if f.preemptions != other.preemptions {
		return f.preemptions < other.preemptions
	}
	return len(f.decisions) < len(other.decisions)
}

func added(to, more []uint64) []uint64 {
	for len(to) < len(more) {
		to = append(to, 0)
	}
	for i, n := range more {
		to[i] += n
	}
	return to
}
