// Package schedule runs real Go code under one chosen interleaving after
// another: its threads are coroutines that stop before each shared access, and a
// strategy decides which of them goes on. A failing schedule is a short token
// that replays.
//
// A test is a program that makes shared objects, declares threads, and says what
// must hold:
//
//	func TestCounter(t *testing.T) {
//		schedule.Test(t, func(s *schedule.T) {
//			x := s.Word("x", 0)
//			s.Go("left", func() { x.Store(x.Load() + 1) })
//			s.Go("right", func() { x.Store(x.Load() + 1) })
//			s.AtEnd(func() { s.Check("sum", x.Peek() == 2, "two increments made %v", x) })
//		}, schedule.Optimal(), schedule.Options{})
//	}
//
// It fails, prints the execution with one column per thread, and ends with the
// command that replays it.
//
// # What programs are made of
//
//	T.Go, T.Daemon       threads; also declared by threads
//	T.OnGoroutine        a part of a thread that may end its goroutine
//	T.Word               a shared word: atomic operations, awaits, plain accesses
//	T.Mutex, T.Cond      locks and conditions
//	T.Clock              time: leases, time-outs, back-off
//	T.Choose             an answer of the world: each is tried
//	T.Kill               the death of threads, whose locks stay held
//	T.Guards             what a lock guards: steps there need no interleaving
//	T.Step, T.Await      accesses of code that has its own words: announce each
//	T.Check, T.AtEnd     what must hold; T.TB for assertions that take a testing.TB
//
// A Word has the methods of an atomic.Uint64. Lock-free code whose words are an interface
// of those it uses runs as it ships and under a schedule; pointers are then numbers of nodes
// (lockfree_example_test.go).
//
// A loop that polls is an await: a thread that waits is not run until a write makes
// its predicate true, so that spinning costs no executions and a livelock of
// polling threads is a deadlock of awaits. The predicate may look at any Word, by Peek; what
// else it looks at is to be named to T.Await, T.AwaitStep or T.StepIf. Other loops are bounded by
// Options.MaxSteps, and the verdict says so. Stateful closes loops at marks: that executions may
// then go round for ever is told by Report.Rounds, and Options.EndReachable looks whether an end
// can be reached from each state.
//
// # Which strategy
//
//	Stateful    every reachable state once: for what is larger than a handful of
//	            steps; needs T.Word or T.Shared, and T.Mark at the heads of loops
//	Optimal     one execution of each class that differs only in the order of
//	            independent steps: for small programs, needs nothing
//	Bounded     every execution with at most so many preemptions
//	Random      a walk by even choices among the threads
//	PCT, POS    priorities of threads, of steps
//	Uniform     every interleaving about equally likely; Selective: those at one place
//
// # Where to look
//
//	schedule.go, strategy.go       options, report, strategies; explore.go: the loop;
//	                               conclude.go, toolong.go: what is said of it
//	program.go                     T: one execution, as the program sees it
//	thread.go, runner.go           coroutines, and how one execution is run; decide.go:
//	                               one decision of it; host.go: what is no thread's
//	misuse.go, announced.go        wrong use, and use that comes to nothing; foreign.go:
//	                               goroutines that are no threads; ongoroutine.go: and
//	                               those that are parts of one
//	word.go, mutex.go, cond.go, clock.go   shared objects
//	dependence.go, looks.go        which steps commute; what predicates look at
//	optimal.go, races.go, probe.go partial order reduction
//	stateful.go, fork.go, visit.go search by states: the path, a decision, a state
//	state.go, seen.go              what a state is; those that were visited
//	verify.go, walks.go            marks are not trusted
//	swaps.go                       and what steps say that they touch is not
//	guards.go, trust.go            movers; nor are their locks
//	workers.go, tasks.go, usage.go any number of workers; who touches what; scout.go:
//	                               a look ahead; repeat.go: steps that are made again,
//	                               recall.go: steps that are not, memory.go: since
//	                               it is known what they do; holders.go: who holds
//	                               the locks then
//	bounded.go, random.go, pct.go, pos.go, urw.go, surw.go   the other strategies
//	datarace.go                    what plain accesses must be ordered by
//	storebuffer.go                 x86-TSO, if asked for
//	minimise.go, render.go         a failure, smaller and in columns
//	token.go, replay.go            an execution as text
//	testing.go, tb.go              inside go test
//	nondeterminism.go, suspects.go what is not under control; earlier.go: nor what one
//	                               execution leaves to others; stuck.go,
//	                               stuck_steps.go: what does not come back
//	livelock.go                    from where no end can be reached
//
// # What it does not see
//
//   - Accesses that no step announces: to variables that threads share without
//     T.Word or T.Step, and within one step. They happen at the step before. So it is
//     with what predicates look at beside words and the places that are named: Stateful
//     and Optimal end with ErrState where they come to a step that shows it, and try on a
//     sample whether the other order of two steps does.
//   - Weak memory. Every interleaving is sequentially consistent, but for the plain
//     stores of Words with Options.StoreBuffers. Plain accesses that nothing orders
//     are found with Options.DataRaces, whatever their values.
//   - What the compiler makes of plain accesses.
//   - Executions longer than Options.MaxSteps, and what lies beyond the bound of the
//     strategy: Report.Bound says what that is. A sample proves nothing.
//   - Instants between those for which somebody waits (Clock), and spurious wakes of
//     Cond.
//   - Unfair schedules that go on for ever: executions are finite, so that a thread
//     that is passed over without end shows only as a loop that is too long.
//   - More than 64 threads in one execution, those of clocks and store buffers
//     included.
//
// # What breaks it
//
// A program that is not a function of its schedule (maps in random order, time,
// random numbers) is refused once a replayed prefix differs, and the error tells where.
// Chance that changes no step is not noticed.
//
// Goroutines that the program starts by go are under no control. One that calls T, or a
// method of what T has made, ends the search with ErrUsage, and is ended there: the error says
// where it calls and who has started it. That is certain in the first executions, and in all
// others but where the memory of a stack has changed hands within the execution. One that
// calls once the search has returned ends the process, with the same text, if the search has
// found nothing wrong. If each execution leaves a goroutine behind, that ends the search, too.
// One that touches plain memory alone is not seen. Code that starts goroutines is to be given
// the function that does, which says go where it ships and T.Go here, and waits for them by
// T.Await. A part of a thread that needs a goroutine of its own runs by T.OnGoroutine.
//
// Calls of T that have no meaning, use of what an earlier execution has made, more threads
// than there may be, Kill of a name that no thread has, and a program none of whose threads
// announces a step end the search with ErrUsage, and the verdict is unknown.
//
// A thread that loops without any step, or that blocks in the kernel, on a Go
// channel or on a sync.Mutex that another one holds, does not come to its next step, and
// no other thread runs meanwhile. After Options.StuckAfter the search is given up (ErrStuck):
// the error says where the thread stands. Its goroutine stays behind, since nobody can end
// it; if it comes to a step after all, it is unwound there, and nothing is left. A thread
// that calls runtime.LockOSThread ends the process. The race detector sees nothing of what
// coroutines do to each other.
package schedule
