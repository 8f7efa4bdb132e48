package schedule

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"urpc/checker/verdict"
)

// DefaultMaxSteps is what Options.MaxSteps is if it is 0.
const DefaultMaxSteps = 10_000

// Explore runs program under one interleaving after another, as the strategy
// says, until one fails (unless Options.KeepGoing), the strategy is done, a
// bound of the options is met or ctx is cancelled; then the report is partial.
// Executions are maximal: they go on until no thread is enabled.
//
// The program runs on a goroutine of its own, and more often than there are executions:
// some are run again by the same choices (the first one 32 times, then one in 64, and two
// once more at the end of a search that has found nothing). It is
// refused with ErrNondeterministic if these lead it to other steps, to other values that
// are told (T.SawValue) or to another end; the error tells where, and as far as the source
// shows it, why. A panic in it is a failure of property
// "panic", and runtime.Goexit in it (as by FailNow and Fatal of package testing) one of
// property "exit", which is not made smaller; in a function of T.Cleanup either is
// wrong use (ErrUsage). Once a thread is stuck, the program is run once more for its steps.
//
// The error is nil where the verdict was found, violated too, and where a bound or ctx ended the
// search; else it wraps ErrOptions, ErrUsage, ErrDeclared, ErrState, ErrNondeterministic or
// ErrStuck, and the verdict is unknown.
func Explore(ctx context.Context, program func(*T), s Strategy, o Options) (Report, error) {
	err := check("explore", ctx, program, o)
	if err == nil {
		err = s.check(o)
	}
	if err != nil {
		return Report{}.endedBy(err), err
	}
	l := newLookout("explore", o, tokenFor(s, o))
	defer context.AfterFunc(ctx, func() { l.stopping.Store(true) })()
	if ctx.Err() != nil {
		l.stopping.Store(true)
	}
	report, err := l.alone(func() (Report, error) {
		e := newExploration(program, s, o, l)
		defer l.join(ofSearch(e.r))()
		defer e.r.close()
		rep, err := e.explore(ctx)
		if err == nil && rep.Failure == nil {
			l.leftBehind(e.r)
		}
		return rep, err
	})
	if report.Stuck != nil {
		l.retell(program, report.Stuck, o)
	}
	return l.returns(report, err)
}

// endedBy is the report of a search, or a replay, that ended with the error: it says nothing
// about the program.
func (rep Report) endedBy(err error) Report {
	if err != nil {
		rep.Verdict, rep.Complete, rep.BudgetUsed, rep.Reason = verdict.Unknown, false, false, reasonOf(err)
	}
	return rep
}

// check refuses what the strategy can do nothing with.
func (s Strategy) check(o Options) error {
	wrong := ""
	switch {
	case s.kind == unsaid:
		wrong = "no strategy, as Stateful() is one"
	case s.kind == byPriorities && s.depth < 1:
		wrong = fmt.Sprintf("PCT of depth %d, it must be 1 or more", s.depth)
	case s.kind == byPriorities && s.depth > o.maxSteps():
		wrong = fmt.Sprintf("PCT of depth %d, and an execution has at most %d steps (MaxSteps)", s.depth, o.maxSteps())
	case s.Samples() && s.executions == 0:
		wrong = fmt.Sprintf("a sample (%s) of no executions, it must be 1 or more", s.Name())
	case o.EndReachable && s.kind != byStates:
		wrong = fmt.Sprintf("EndReachable is for Stateful, which knows what states are met again, and not for %s", s.Name())
	default:
		return nil
	}
	return fmt.Errorf("explore: %w: %s", ErrOptions, wrong)
}

// mostWorkers is how many goroutines a search may have.
const mostWorkers = 1 << 12

// check refuses what no search and no replay can do anything with.
func check(verb string, ctx context.Context, program func(*T), o Options) error {
	wrong := ""
	switch {
	case ctx == nil:
		wrong = "no context, as context.Background() is one"
	case program == nil:
		wrong = "no program"
	case o.MaxSteps < 0:
		wrong = fmt.Sprintf("MaxSteps is %d, it must not be negative", o.MaxSteps)
	case o.Workers < 0:
		wrong = fmt.Sprintf("Workers is %d, it must not be negative", o.Workers)
	case o.Workers > mostWorkers:
		wrong = fmt.Sprintf("Workers is %d, there may be at most %d", o.Workers, mostWorkers)
	default:
		return nil
	}
	return fmt.Errorf("%s: %w: %s", verb, ErrOptions, wrong)
}

// maxSteps is the bound on one execution.
func (o *Options) maxSteps() int {
	if o.MaxSteps == 0 {
		return DefaultMaxSteps
	}
	return o.MaxSteps
}

// alone runs f on a goroutine that is not locked to an OS thread, whatever the
// caller is, and passes its panic or Goexit on to the caller. If a thread is stuck that
// goroutine is left behind.
func (l *lookout) alone(f func() (Report, error)) (Report, error) {
	var (
		report   Report
		err      error
		returned bool
		panicked any
		stack    []byte
		done     = make(chan struct{})
	)
	l.caller = current()
	go func() {
		defer close(done)
		defer func() {
			if panicked = recover(); panicked != nil {
				stack = debug.Stack()
			}
		}()
		report, err = f()
		returned = true
	}()
	if !l.await(done) {
		return Report{Stuck: l.at}, fmt.Errorf("%s: %w", l.verb, l.found)
	}
	switch {
	case l.sawForeign(): // it may be that one's doing
	case panicked != nil:
		panic(fmt.Sprintf("%v\n\n%s", panicked, stack))
	case !returned:
		runtime.Goexit()
	}
	return report, err
}

// exploration is the state of one call of Explore.
type exploration struct {
	r        *runner
	s        Strategy
	o        Options
	strategy strategy
	rounds   *depthFirst // the strategy, if it is Bounded
	optimal  *optimal    // the strategy, if it is Optimal
	states   *stateful   // the strategy, if it is Stateful
	leads    bool        // the first of its workers
	blamed   []Decision  // the execution that the search ended with by an error
	covered  announced   // what there was to explore
	earlier  *earlier    // executions that are run again at the end

	report    Report
	taken     []uint64 // by number of the name
	marks     []uint64
	first     *found
	firstAt   uint64     // the number of the first execution that failed, those too long counted
	passing   []Decision // the longest execution that passes, if that is asked for
	passingAt uint64
	cutText   string // what the first of them did
	start     time.Time
	shown     time.Time
}

func newExploration(program func(*T), s Strategy, o Options, l *lookout) *exploration {
	e := &exploration{s: s, o: o, r: newRunner(program, o.maxSteps(), l, newLexicon()), earlier: newEarlier()}
	if s.kind.samples() {
		e.report.Seed = s.seed
	}
	if o.DataRaces {
		e.r.detector = newDetector()
	}
	e.r.tso, e.r.told = o.StoreBuffers, o.told
	switch s.kind {
	case random:
		e.strategy = newRandomWalk(s.seed, s.executions)
	case byPriorities:
		e.strategy = newPriorities(s.depth, s.seed, s.executions)
	case byOrder:
		e.strategy = newOrderSampling(e.r, s.seed, s.executions)
	case uniformly:
		e.strategy = newUniformWalk(e.r, s.seed, s.executions)
	case selectively:
		e.strategy = newSelectiveWalk(e.r, s.seed, s.executions)
	case byStates:
		e.states, e.leads = newStateful(e.r, o, newCommon(max(o.Workers, 1), o.MaxMemory)), true
		if c := e.states.c; o.EndReachable {
			c.transitions = &transitions{c: c}
		}
		e.strategy = e.states
		e.r.keeps = true
	case optimally:
		e.optimal = newOptimal(e.r)
		e.strategy = e.optimal
		e.r.goOn = o.KeepGoing
	default:
		e.rounds = newDepthFirst(s.preemptions)
		e.strategy = e.rounds
	}
	e.start = time.Now()
	e.shown = e.start
	return e
}

// ending tells why a search ended.
type ending uint8

const (
	exhausted ending = iota // the strategy has no more executions
	atFailure
	atCut
	atBudget
	atInterrupt
	atMemory
)

func (e *exploration) explore(ctx context.Context) (Report, error) {
	why, err := e.search()
	for again := true; again && e.optimal != nil && why == exhausted && err == nil; {
		if again, err = e.wander(); err != nil || e.r.stopping.Load() {
			why = atInterrupt
		} else if again {
			why, err = e.search()
		}
	}
	if o := e.optimal; o != nil {
		e.report.Swapped = o.swapped.Load()
		if err == nil && e.first == nil && o.clash != nil && e.report.TooLong == 0 {
			why, err, e.blamed = atInterrupt, o.clash.err, o.clash.at
		}
	}
	if err == nil && e.first == nil && e.report.TooLong == 0 && (why == exhausted || why == atBudget) && e.report.Executions > 0 {
		if err = e.covered.covers(e.report.Executions); err != nil {
			why = atInterrupt
		} else if err = e.againAtTheEnd(); err != nil || e.r.stopping.Load() {
			why = atInterrupt
		}
	}
	e.conclude(ctx, why)
	if err != nil {
		return e.report, fmt.Errorf("explore: %w", e.diagnosed(err, e.blamed))
	}
	e.r.goOn, e.r.keeps = false, false
	if e.passing != nil {
		if e.report.Passing, err = e.renderPassing(e.passing); err != nil {
			return e.report, fmt.Errorf("explore: re-execute an execution that passes: %w", e.diagnosed(err, e.passing))
		}
	}
	if e.first != nil {
		best := e.minimise()
		e.report.Failure, err = e.render(best)
		if err != nil {
			return e.report, fmt.Errorf("explore: re-execute the failure: %w", e.diagnosed(err, best.decisions))
		}
		if e.report.Failure != nil {
			e.report.Verdict = verdict.Violated
		}
	}
	return e.report, nil
}

// search runs executions until something ends it.
func (e *exploration) search() (ending, error) {
	r := e.r
	if e.states != nil {
		return e.searchStates()
	}
	r.strategy = e.strategy
	defer func() { e.blamed = r.decisions() }()
	for n := uint64(1); ; n++ {
		if e.o.MaxExecutions > 0 && e.report.Executions+e.report.TooLong >= e.o.MaxExecutions {
			return atBudget, nil
		}
		r.number = n
		settled, more := e.strategy.begin()
		if e.optimal != nil && e.optimal.void {
			e.optimal.void = false
			e.forget()
		}
		if !more {
			return exhausted, nil
		}
		again := e.againTimes(n)
		r.sums = again > 0
		r.run(settled)
		run := r.summed()
		if e.optimal != nil && e.reduced() {
			continue
		}
		if err := e.repeated(); err != nil {
			return atInterrupt, err
		}
		switch r.outcome {
		case interrupted:
			return atInterrupt, nil
		case cut:
			e.noteCut()
			if !e.o.KeepGoing {
				return atCut, nil
			}
		case ended, failed:
			if e.count(n) && !e.o.KeepGoing {
				return atFailure, nil
			}
		}
		if e.optimal != nil {
			if err := e.optimal.verify(); err != nil {
				return atInterrupt, err
			}
		}
		if again > 0 {
			e.earlier.keep(r, n, run)
		}
		if err := e.again(run, again); err != nil || r.outcome == interrupted {
			return atInterrupt, err
		}
		if n%64 == 0 {
			e.progress()
		}
	}
}

// reduced says whether the execution is none that counts: it was redundant, or
// showed that the search must begin again with fewer places.
func (e *exploration) reduced() bool {
	switch {
	case e.r.outcome == interrupted:
		return false
	case e.optimal.restart:
		e.forget()
		return true
	case e.optimal.redundant:
		e.report.Redundant++
		return true
	}
	return false
}

// forget begins the counts again.
func (e *exploration) forget() {
	e.report = Report{}
	clear(e.taken)
	clear(e.marks)
	clear(e.r.untold)
	e.first, e.passing, e.cutText = nil, nil, ""
}

// repeated checks that the execution went the way of the one before as far as it
// had to.
func (e *exploration) repeated() error {
	r := e.r
	if r.misuse != "" {
		return fmt.Errorf("%w: %s", ErrUsage, r.misuse)
	}
	if r.outcome == refused && r.difference != "" {
		return fmt.Errorf("%w: %s", ErrNondeterministic, r.difference)
	}
	if o := e.optimal; o != nil && r.outcome != interrupted {
		if err := o.repeated(); err != nil {
			return err
		}
	}
	if s := e.states; s != nil && r.outcome != interrupted {
		if err := s.repeated(); err != nil {
			return err
		}
	}
	switch {
	case r.outcome == refused:
		return fmt.Errorf("%w: other threads are enabled before step %d than were after the same steps", ErrNondeterministic, len(r.steps)+1)
	case e.rounds != nil && r.outcome != interrupted && e.rounds.at < len(e.rounds.path):
		return fmt.Errorf("%w: it ends after step %d and went on before", ErrNondeterministic, len(r.steps))
	}
	return nil
}

// count adds a finished execution, the n-th, to the report, unless an earlier
// round has; it says whether a failure was added.
func (e *exploration) count(n uint64) (bad bool) {
	r := e.r
	if e.rounds != nil && !e.rounds.fresh(r.preemptions) {
		return false
	}
	e.tally()
	if r.outcome != failed {
		if e.o.Passing && len(r.steps) > len(e.passing) {
			e.passing, e.passingAt = r.decisions(), n
		}
		return false
	}
	e.report.Bad++
	if e.first == nil {
		e.first, e.firstAt = r.found(), n
	}
	return true
}

// tally adds an execution to the counts.
func (e *exploration) tally() {
	r := e.r
	e.covered.note(r)
	e.report.Executions++
	e.report.Steps += uint64(len(r.steps))
	if e.states != nil {
		e.states.c.steps.Add(uint64(len(r.steps)))
	}
	e.report.Depth = max(e.report.Depth, len(r.steps))
	for len(e.taken) < len(r.names.list) {
		e.taken = append(e.taken, 0)
		e.marks = append(e.marks, 0)
	}
	for i := range r.steps {
		e.taken[r.steps[i].name]++
	}
	for _, m := range r.marks {
		e.marks[m]++
	}
}
