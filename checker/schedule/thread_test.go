package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

func step(name string) schedule.Event { return schedule.Event{Name: name, Kind: schedule.Load} }

func TestPanicIsAFailure(t *testing.T) {
	rep := explore(t, func(s *schedule.T) {
		var list []int
		s.Go("writer", func() { s.Step(step("append")); list = append(list, 1) })
		s.Go("reader", func() { s.Step(step("index")); _ = list[0] })
	}, schedule.Bounded(-1), schedule.Options{KeepGoing: true})
	if rep.Executions != 2 || rep.Bad != 1 || rep.Failure.Property != "panic" {
		t.Fatalf("%+v", rep)
	}
	contains(t, rep.Failure.Message, `thread "reader"`, "index out of range", "thread_test.go", "TestPanicIsAFailure")
	if strings.Contains(rep.Failure.Message, "/checker/schedule/thread.go") {
		t.Errorf("the stack shows the tool:\n%s", rep.Failure.Message)
	}
}

func TestPanicElsewhereIsAFailure(t *testing.T) {
	for name, program := range map[string]func(*schedule.T){
		"the set-up: oh":         func(s *schedule.T) { panic("oh") },
		"a check at the end: oh": func(s *schedule.T) { s.AtEnd(func() { panic("oh") }) },
		"a check at the end: schedule: Await of \"p\" would wait for ever where nothing interleaves": func(s *schedule.T) {
			s.AtEnd(func() { s.Await("p", func() bool { return false }) })
		},
		"the predicate of await \"ready\" of thread \"a\": oh": func(s *schedule.T) {
			s.Go("a", func() { s.Await("ready", func() bool { panic("oh") }) })
			s.Go("b", func() {
				defer func() {
					if recover() == "oh" {
						t.Error("the predicate of one thread unwinds another")
					}
				}()
				s.Step(step("b"))
			})
		},
	} {
		rep := explore(t, program, schedule.Bounded(-1), schedule.Options{})
		if rep.Failure == nil || rep.Failure.Property != "panic" {
			t.Errorf("%s: %+v", name, rep)
			continue
		}
		contains(t, rep.Failure.Message, name)
	}
}

func TestDeadlockNamesEachWaitingThread(t *testing.T) {
	never := func() bool { return false }
	rep := explore(t, func(s *schedule.T) {
		s.Go("done", func() { s.Step(step("only")) })
		s.Go("client", func() { s.Await("await-reply", never, at(2), at(3)) })
		s.Daemon("server", func() { s.Await("await-call", never, at(4)) })
	}, schedule.Bounded(-1), schedule.Options{})
	if rep.Failure == nil || rep.Failure.Property != "deadlock" {
		t.Fatalf("%+v", rep)
	}
	want := "no thread can go on: client waits at await-reply on 1:16, 1:24; server (a daemon) waits at await-call on 1:32"
	if rep.Failure.Message != want {
		t.Errorf("message %q, want %q", rep.Failure.Message, want)
	}
}

func TestDaemonMayWaitForEver(t *testing.T) {
	ends := 0
	rep := explore(t, func(s *schedule.T) {
		m := &words{t: s}
		s.Daemon("server", func() {
			for {
				s.Await("await-call", func() bool { return m.w[0] > m.w[1] }, at(0), at(1))
				m.add("serve", 1, 1)
			}
		})
		s.Go("client", func() { m.add("call", 0, 1); m.add("call", 0, 1) })
		s.AtEnd(func() { ends++; s.Check("served", m.w[1] == 2, "%d", m.w[1]) })
	}, schedule.Bounded(-1), schedule.Options{})
	if rep.Verdict != verdict.Holds || rep.Executions < 2 || uint64(ends) < rep.Executions { // some are run again
		t.Errorf("%+v after %d ends", rep, ends)
	}
}

func TestLoopWithoutAwaitIsUnknown(t *testing.T) {
	spin := func(s *schedule.T) {
		m := &words{t: s}
		s.Go("setter", func() { m.store("set", 0, 1) })
		s.Go("spinner", func() {
			for m.load("poll", 0) == 0 {
				m.load("pause", 1)
			}
		})
	}
	rep := explore(t, spin, schedule.Bounded(1), schedule.Options{MaxSteps: 50})
	if rep.Verdict != verdict.Unknown || rep.Complete || rep.BudgetUsed {
		t.Fatalf("%+v", rep)
	}
	contains(t, rep.Reason, "longer than 50 steps", `thread "spinner"`, "poll, pause")
	if rep := explore(t, spin, schedule.Bounded(2), schedule.Options{MaxSteps: 50, KeepGoing: true}); rep.Executions == 0 || rep.Verdict != verdict.Unknown {
		t.Errorf("going on: %+v", rep)
	}
	choices := func(s *schedule.T) {
		s.Go("asker", func() {
			for s.Choose("again", 2) == 0 {
			}
		})
	}
	rep = explore(t, choices, schedule.Bounded(-1), schedule.Options{MaxSteps: 50})
	contains(t, rep.Reason, "longer than 50 steps")
	exact := func(s *schedule.T) {
		s.Go("a", func() {
			for range 50 {
				s.Step(step("a"))
			}
		})
	}
	if rep := explore(t, exact, schedule.Bounded(-1), schedule.Options{MaxSteps: 50}); rep.Verdict != verdict.Holds {
		t.Errorf("an execution of just 50 steps: %+v", rep)
	}
	if rep := explore(t, exact, schedule.Bounded(-1), schedule.Options{MaxSteps: 49}); rep.Verdict != verdict.Unknown {
		t.Errorf("an execution of 50 steps, 49 allowed: %+v", rep)
	}
}

// What a thread would still do when its execution is over does not happen.
func TestKilledThreadDoesNothingMore(t *testing.T) {
	var stored, unwound int
	explore(t, func(s *schedule.T) {
		s.Daemon("holder", func() {
			defer func() { unwound++ }()
			defer func() {
				s.Step(step("unlock"))
				stored++
			}()
			s.Await("never", func() bool { return false })
		})
		s.Go("other", func() { s.Step(step("a")) })
	}, schedule.Bounded(-1), schedule.Options{})
	if stored != 0 || unwound == 0 {
		t.Errorf("%d stores after the end, %d unwound", stored, unwound)
	}
}

// The access that a thread stood before when another one failed is not made.
func TestKilledThreadDoesNotMakeItsAccess(t *testing.T) {
	var made, waited bool
	explore(t, func(s *schedule.T) {
		s.Go("a", func() { s.Step(step("a")); s.Fail("always", "") })
		s.Go("b", func() { s.Step(step("b")); made = true })
		s.Go("c", func() { s.Await("c", func() bool { return false }); waited = true })
	}, schedule.Bounded(0), schedule.Options{})
	if made || waited {
		t.Errorf("access made %t, awaited %t", made, waited)
	}
}

// Code that recovers whatever it is thrown must not hang the search, nor keep a
// goroutine.
func TestThreadThatRecoversEverything(t *testing.T) {
	stubborn := func(s *schedule.T) {
		s.Daemon("stubborn", func() {
			for {
				func() {
					defer func() { _ = recover() }()
					s.Await("never", func() bool { return false })
				}()
			}
		})
		s.Go("a", func() { s.Step(step("a")) })
		s.Go("b", func() { s.Step(step("b")) })
	}
	if rep := explore(t, stubborn, schedule.Bounded(-1), schedule.Options{}); rep.Verdict != verdict.Holds || rep.Executions != 2 {
		t.Errorf("%+v", rep)
	}
	goleak.VerifyNone(t)
}

func TestThreadsDeclareThreads(t *testing.T) {
	rep := explore(t, func(s *schedule.T) {
		m := &words{t: s}
		s.Go("parent", func() {
			m.add("before", 0, 1)
			s.Go("child", func() { m.add("child", 0, 1) })
			m.add("after", 0, 1)
		})
		s.AtEnd(func() { s.Check("sum", m.w[0] == 3, "%d", m.w[0]) })
	}, schedule.Bounded(-1), schedule.Options{})
	if rep.Executions != 2 || rep.Verdict != verdict.Holds {
		t.Errorf("%+v", rep)
	}
}

func TestPreludeRunsInOrderAndIsNoStep(t *testing.T) {
	var order []string
	rep := explore(t, func(s *schedule.T) {
		order = nil
		for _, name := range []string{"x", "y", "z"} {
			s.Go(name, func() { order = append(order, fmt.Sprint(s.Self(), s.Name())) })
		}
		s.Go("steps", func() { s.Step(step("one")) })
	}, schedule.Bounded(-1), schedule.Options{})
	if rep.Executions != 1 || rep.Steps != 1 || !slices.Equal(order, []string{"0x", "1y", "2z"}) {
		t.Errorf("%v %+v", order, rep)
	}
}

func TestChoicesAreExhausted(t *testing.T) {
	seen := map[[3]int]bool{}
	rep := explore(t, func(s *schedule.T) {
		size := s.Choose("size", 2)
		s.Go("a", func() {
			first := s.Choose("before any step", 2)
			s.Step(step("a"))
			seen[[3]int{size, first, s.Choose("after", 3)}] = true
		})
	}, schedule.Bounded(0), schedule.Options{})
	if rep.Executions != 12 || len(seen) != 12 || rep.Depth != 4 {
		t.Errorf("%d combinations, %+v", len(seen), rep)
	}
}

func TestSetUpAndEndDoNotInterleave(t *testing.T) {
	rep := explore(t, func(s *schedule.T) {
		m := &words{t: s}
		m.store("initial", 0, 7)
		s.Await("there", func() bool { return m.load("in predicate", 0) == 7 })
		s.Go("a", func() {
			s.Await("value", func() bool { return m.load("in predicate", 0) == 7 }, at(0))
		})
		s.AtEnd(func() { s.Check("value", m.load("at end", 0) == 7, "%d", m.w[0]) })
	}, schedule.Bounded(-1), schedule.Options{})
	if rep.Verdict != verdict.Holds || rep.Steps != 1 {
		t.Errorf("%+v", rep)
	}
}

func TestCallsFromOutsideAreNamed(t *testing.T) {
	var kept *schedule.T
	explore(t, func(s *schedule.T) { kept = s; increments(1, 1, false)(s) }, schedule.Bounded(0), schedule.Options{})
	for name, call := range map[string]func(){
		"Step":   func() { kept.Step(step("late")) },
		"Await":  func() { kept.Await("late", func() bool { return true }) },
		"Choose": func() { kept.Choose("late", 2) },
		"Go":     func() { kept.Go("late", func() {}) },
		"Check":  func() { kept.Check("late", false, "") },
		"Self":   func() { kept.Self() },
	} {
		text := func() (text string) {
			defer func() { text = fmt.Sprint(recover()) }()
			call()
			return ""
		}()
		contains(t, text, "schedule: "+name+" after the end of the execution")
	}
}

// A program that keeps state from one execution to the next is refused, by what
// it did differently.
func TestNondeterminismIsNamed(t *testing.T) {
	const alike = 33 // the first execution is run again 32 times
	runs := 0
	for name, program := range map[string]func(*schedule.T){
		"step 2 was two 1 (load 0:0) by a": func(s *schedule.T) {
			runs++
			n := max(1, runs-alike+1)
			s.Go("a", func() { s.Step(step("one")); s.Step(step(fmt.Sprint("two ", n))); s.Step(step("three")) })
			s.Go("b", func() { s.Await("last", func() bool { return false }) })
			s.Go("c", func() { s.Step(step("c")) })
		},
		"other threads are enabled": func(s *schedule.T) {
			runs++
			n := runs
			s.Go("a", func() { s.Step(step("one")); s.Step(step("two")) })
			s.Go("b", func() { s.Await("early", func() bool { return n <= alike }) })
		},
		"ends after step": func(s *schedule.T) {
			runs++
			s.Go("a", func() {
				if runs <= alike {
					s.Step(step("one"))
					s.Choose("c", 2)
				}
			})
		},
	} {
		runs = 0
		_, err := schedule.Explore(context.Background(), program, schedule.Bounded(-1), schedule.Options{KeepGoing: true})
		if !errors.Is(err, schedule.ErrNondeterministic) {
			t.Errorf("%s: accepted: %v", name, err)
			continue
		}
		contains(t, err.Error(), name)
	}
}

// A failure that does not come again when it is executed again is no verdict.
func TestFailureThatDoesNotReplayIsRefused(t *testing.T) {
	for name, change := range map[string]func(s *schedule.T, run int){
		"property once failed and now it does not": func(s *schedule.T, run int) { s.Check("once", run > 1, "") },
		"step 2 was the end, and now": func(s *schedule.T, run int) {
			if run == 1 {
				s.Fail("once", "")
			}
			s.Step(step("more"))
		},
	} {
		runs := 0
		rep, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			runs++
			run := runs
			s.Go("a", func() { s.Step(step("a")); change(s, run) })
		}, schedule.Bounded(0), schedule.Options{})
		if !errors.Is(err, schedule.ErrNondeterministic) || rep.Verdict != verdict.Unknown {
			t.Errorf("%s: %v, %v", name, rep.Verdict, err)
			continue
		}
		contains(t, err.Error(), name)
	}
}

func TestOneAnswerIsNoChoice(t *testing.T) {
	rep := explore(t, func(s *schedule.T) { s.Choose("only", 1); increments(1, 1, false)(s) }, schedule.Bounded(0), schedule.Options{})
	if rep.Executions != 1 || rep.Steps != 1 {
		t.Errorf("%+v", rep)
	}
}

func TestOutOfTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	if rep := must(schedule.Explore(ctx, critical(false), schedule.Bounded(0), schedule.Options{})); rep.Reason != "interrupted: out of time" {
		t.Errorf("%+v", rep)
	}
}

func must(rep schedule.Report, err error) schedule.Report {
	if err != nil {
		panic(err)
	}
	return rep
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	runs := 0
	program := func(s *schedule.T) {
		if runs++; runs == 200 { // some are run again
			cancel()
		}
		increments(4, 3, false)(s)
	}
	rep, err := schedule.Explore(ctx, program, schedule.Bounded(-1), schedule.Options{})
	if err != nil || rep.Verdict != verdict.Unknown || rep.Reason != "interrupted" || rep.Complete || rep.Executions < 99 {
		t.Errorf("%+v, %v", rep, err)
	}
	goleak.VerifyNone(t)
	if rep, err = schedule.Explore(ctx, program, schedule.Random(1, 10), schedule.Options{}); err != nil || rep.Executions != 0 || rep.Reason != "interrupted" {
		t.Errorf("cancelled before: %+v, %v", rep, err)
	}
}

// A failure that was found is reported in full although the search was
// interrupted afterwards.
func TestInterruptKeepsTheFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	runs := 0
	rep, err := schedule.Explore(ctx, func(s *schedule.T) {
		if runs++; runs == 50 {
			cancel()
		}
		increments(3, 2, true)(s)
	}, schedule.Random(1, 1_000_000), schedule.Options{KeepGoing: true})
	if err != nil || rep.Verdict != verdict.Violated || rep.Failure == nil || rep.Reason != "interrupted" {
		t.Errorf("%+v, %v", rep, err)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	for _, program := range []func(*schedule.T){philosophers(3, false), critical(true), increments(2, 2, true)} {
		explore(t, program, schedule.Bounded(-1), schedule.Options{KeepGoing: true})
	}
	goleak.VerifyNone(t)
}

// A caller that is locked to its OS thread does not matter to the coroutines.
func TestCallerLockedToItsThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if rep := explore(t, critical(false), schedule.Bounded(-1), schedule.Options{}); rep.Verdict != verdict.Holds {
		t.Errorf("%+v", rep)
	}
}

func TestBadOptions(t *testing.T) {
	if _, err := schedule.Explore(context.Background(), nil, schedule.Bounded(0), schedule.Options{}); !errors.Is(err, schedule.ErrOptions) {
		t.Errorf("no program: %v", err)
	}
	if _, err := schedule.Explore(context.Background(), func(*schedule.T) {}, schedule.Bounded(0), schedule.Options{MaxSteps: -1}); !errors.Is(err, schedule.ErrOptions) {
		t.Errorf("negative steps: %v", err)
	}
	var none context.Context
	if _, err := schedule.Explore(none, increments(2, 1, false), schedule.Bounded(0), schedule.Options{}); !errors.Is(err, schedule.ErrOptions) {
		t.Errorf("no context: %v", err)
	}
	if _, err := schedule.Replay(t.Context(), nil, "", schedule.Options{}); !errors.Is(err, schedule.ErrOptions) || !strings.HasPrefix(err.Error(), "replay: ") {
		t.Errorf("replay no program: %v", err)
	}
	for what, run := range map[string]struct {
		s    schedule.Strategy
		o    schedule.Options
		told string
	}{
		"no strategy":      {schedule.Strategy{}, schedule.Options{}, "no strategy"},
		"an empty sample":  {schedule.Random(1, 0), schedule.Options{}, "a sample (random) of no executions"},
		"negative workers": {schedule.Stateful(), schedule.Options{Workers: -3}, "Workers is -3"},
		"many workers":     {schedule.Stateful(), schedule.Options{Workers: 1_000_000}, "Workers is 1000000, there may be at most 4096"},
		"a deep sample":    {schedule.PCT(1_000_000, 1, 1), schedule.Options{}, "PCT of depth 1000000, and an execution has at most 10000 steps (MaxSteps)"},
	} {
		rep, err := schedule.Explore(context.Background(), increments(2, 1, false), run.s, run.o)
		if !errors.Is(err, schedule.ErrOptions) || rep.Verdict != verdict.Unknown {
			t.Errorf("%s: %v, %v", what, rep.Verdict, err)
		} else {
			contains(t, err.Error(), run.told)
		}
	}
}

func TestBudget(t *testing.T) {
	rep := explore(t, increments(3, 2, false), schedule.Bounded(-1), schedule.Options{MaxExecutions: 10})
	if rep.Executions != 10 || rep.Complete || !rep.BudgetUsed || rep.Verdict != verdict.Unknown {
		t.Errorf("%+v", rep)
	}
	contains(t, rep.Reason, "ended after 10 executions")
}

func TestBoundInWords(t *testing.T) {
	for _, c := range []struct {
		s    schedule.Strategy
		want string
	}{
		{schedule.Bounded(-1), "every execution"},
		{schedule.Bounded(1), "at most 1 preemption"},
		{schedule.Bounded(9), "at most 9 preemptions (every execution: none has more than 2)"},
		{schedule.Random(7, 20), "20 random executions, seed 7"},
	} {
		if rep := explore(t, increments(2, 2, false), c.s, schedule.Options{}); rep.Bound != c.want {
			t.Errorf("%q, want %q", rep.Bound, c.want)
		}
	}
}

func TestMarksAreCounted(t *testing.T) {
	rep := explore(t, func(s *schedule.T) {
		s.Go("a", func() {
			for i := range 3 {
				s.Mark("head", uint64(i))
				s.Step(step("a"))
			}
			s.Mark("end")
		})
	}, schedule.Bounded(2), schedule.Options{})
	if rep.Marks["head"] != 3 || rep.Marks["end"] != 1 || rep.Taken["a"] != 3 || len(rep.Taken) != 1 {
		t.Errorf("marks %v, taken %v", rep.Marks, rep.Taken)
	}
}
