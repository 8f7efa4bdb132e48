package schedule_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"urpc/checker/schedule"
)

// counter is code with words of its own: it announces each access to the word that its
// threads share, and says what it read.
type counter struct {
	t    *schedule.T
	word uint64
}

func (c *counter) load() uint64 {
	c.t.Step(schedule.Event{Name: "load", Kind: schedule.Load})
	c.t.SawValue(c.word)
	return c.word
}

func (c *counter) store(v uint64) {
	c.t.Step(schedule.Event{Name: "store", Kind: schedule.Store})
	c.t.SawValue(v)
	c.word = v
}

// A test of user code in five lines: make the shared object, declare the threads
// that use it, say what must hold when they have ended.
func ExampleTest() {
	_ = func(t *testing.T) {
		schedule.Test(t, func(s *schedule.T) {
			x := s.Word("x", 0)
			s.Go("left", func() { x.Add(1) })
			s.Go("right", func() { x.Add(1) })
			s.AtEnd(func() { s.Check("sum", x.Peek() == 2, "two increments made %v", x) })
		}, schedule.Optimal(), schedule.Options{})
	}
}

// A helper that asserts takes a testing.TB, or a part of it as libraries of assertions do:
// it is given the execution as one, and its failures are shown with their schedule.
func ExampleT_TB() {
	equal := func(t interface {
		Errorf(format string, args ...any)
		FailNow()
	}, want, is uint64) {
		if want != is {
			t.Errorf("want %d, is %d", want, is)
			t.FailNow()
		}
	}
	program := func(s *schedule.T) {
		t := s.TB(nil) // in a test: t := s.TB(t)
		x := s.Word("x", 0)
		increment := func() { x.Store(x.Load() + 1) }
		s.Go("left", increment)
		s.Go("right", increment)
		s.AtEnd(func() { equal(t, 2, x.Peek()) })
	}
	report, err := schedule.Explore(context.Background(), program, schedule.Optimal(), schedule.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %s, by %d steps\n", report.Failure.Property, report.Failure.Message, len(report.Failure.Steps))
	// Output:
	// assertion: want 2, is 1, by 4 steps
}

// Every interleaving of a racy increment: the search stops at the first that
// loses one, and prints it. The token replays it.
func ExampleExplore() {
	program := func(s *schedule.T) {
		c := &counter{t: s}
		increment := func() { c.store(c.load() + 1) }
		s.Go("left", increment)
		s.Go("right", increment)
		s.AtEnd(func() { s.Check("sum", c.word == 2, "two increments made %d", c.word) })
	}
	o := schedule.Options{Target: "counter"}
	report, err := schedule.Explore(context.Background(), program, schedule.Bounded(2), o)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict, "after", report.Executions, "executions")
	report.Failure.WriteText(os.Stdout, 70)

	again, err := schedule.Replay(context.Background(), program, report.Failure.Token, o)
	fmt.Println("replayed:", again.Verdict, err)
	// Output:
	// violated after 3 executions
	//     left                             right
	//     -------------------------------- --------------------------------
	// 1   load 0:0 = 0 example_test.go:20
	// 2*                                   load 0:0 = 0 example_test.go:20
	// 3                                    store 0:0 = 1 example_test.go:26
	// 4   store 0:0 = 1 example_test.go:26
	//
	// * preempts a thread that could have gone on: 1 preemption
	//
	// sum, after 4 steps
	//   two increments made 1
	// replayed: violated <nil>
}

// Two threads that insist: each announces that it wants to go in, and asks until the other one
// does not want to. Each of their states is as it should be, so that the search holds; but
// where both have announced it, no schedule leads on.
func ExampleExplore_livelock() {
	program := func(s *schedule.T) {
		left, right := s.Word("left wants", 0), s.Word("right wants", 0)
		enter := func(mine, other *schedule.Word) func() {
			return func() {
				mine.Store(1)
				for s.Mark("asks"); other.Load() == 1; s.Mark("asks") {
				}
				mine.Store(0)
			}
		}
		s.Go("left", enter(left, right))
		s.Go("right", enter(right, left))
	}
	for _, o := range []schedule.Options{{}, {EndReachable: true}} {
		report, err := schedule.Explore(context.Background(), program, schedule.Stateful(), o)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v within %s\n", report.Verdict, report.Bound)
		if report.Failure != nil {
			report.Failure.WriteText(os.Stdout, 80)
		}
	}
	// Output:
	// holds within every reachable state
	// violated within every reachable state, and from each an end
	//     left                                  right
	//     ------------------------------------- -------------------------------------
	// 1   store left wants = 1
	//     example_test.go:119
	// 2*                                        store right wants = 1
	//                                           example_test.go:119
	// 3*  load right wants = 1
	//     example_test.go:120
	//
	// * preempts a thread that could have gone on: 2 preemptions
	//
	// livelock, after 3 steps
	//   since step 2, store right wants by right, no end of the execution can be
	//   reached any more, whoever goes on: of the states that come after it (1) there
	//   is none in which all threads of T.Go have ended, or nobody goes on
}
