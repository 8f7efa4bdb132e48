package schedule_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// lost are two increments, one of which may be lost, and what is asserted of them.
func lost(asserts func(s *schedule.T, sum uint64)) func(*schedule.T) {
	return func(s *schedule.T) {
		x := s.Word("x", 0)
		for _, name := range []string{"left", "right"} {
			s.Go(name, func() {
				s.TB(nil).Log("reads", "next")
				x.Store(x.Load() + 1)
			})
		}
		s.AtEnd(func() { asserts(s, x.Peek()) })
	}
}

// requires is what a library of assertions asks of a test, and equal one of its functions.
type requires interface {
	Errorf(format string, args ...any)
	FailNow()
}

func equal(t requires, want, is uint64) {
	if want != is {
		t.Errorf("\nnot equal:\n%d and %d\n", want, is)
		t.FailNow()
	}
}

// Whatever a test is told of a failure is a failure of the execution: it is made smaller,
// shown with what was logged, and replayed.
func TestAssertionsAreFailures(t *testing.T) {
	for name, c := range map[string]struct {
		asserts func(testing.TB, uint64)
		told    string
	}{
		"a library": {func(t testing.TB, sum uint64) { equal(t, 2, sum) }, "not equal:\n2 and 1"},
		"Error":     {func(t testing.TB, sum uint64) { t.Error("sum", sum) }, "sum 1"},
		"Errorf":    {func(t testing.TB, sum uint64) { t.Errorf("sum %d", sum) }, "sum 1"},
		"Fatal":     {func(t testing.TB, sum uint64) { t.Fatal("sum", sum) }, "sum 1"},
		"Fatalf":    {func(t testing.TB, sum uint64) { t.Fatalf("sum %d", sum) }, "sum 1"},
		"Fail":      {func(t testing.TB, sum uint64) { t.Log("sum", sum); t.Fail() }, "by Fail"},
		"FailNow":   {func(t testing.TB, sum uint64) { fmt.Fprintln(t.Output(), "sum", sum); t.FailNow() }, "by FailNow"},
	} {
		asserts := func(s *schedule.T, sum uint64) {
			if tb := s.TB(t); sum != 2 {
				tb.Helper()
				c.asserts(tb, sum)
				tb.Log("it has come back")
			}
		}
		for by, s := range everyStrategy() {
			rep := explore(t, lost(asserts), s, schedule.Options{})
			f := rep.Failure
			if rep.Verdict != verdict.Violated || f.Property != "assertion" || f.Message != c.told || f.Preemptions != 1 || len(f.Steps) != 4 {
				t.Errorf("%s, %s: %v, %+v", name, by, rep.Verdict, f)
				continue
			}
			logged := []schedule.Logged{{By: "left", Text: "reads next"}, {By: "right", Text: "reads next"}}
			if strings.HasPrefix(name, "Fail") {
				logged = append(logged, schedule.Logged{By: "the end", After: 4, Text: "sum 1"})
			}
			if !reflect.DeepEqual(f.Log, logged) {
				t.Errorf("%s, %s: logged %+v", name, by, f.Log)
			}
			again, err := schedule.Replay(context.Background(), lost(asserts), f.Token, schedule.Options{})
			if err != nil || !reflect.DeepEqual(again.Failure, f) {
				t.Errorf("%s, %s: replayed %+v, %v", name, by, again.Failure, err)
			}
		}
	}
}

// A search that goes on counts each execution that asserts what is not so, and prints what
// was logged; the test itself is told nothing.
func TestAssertionsAreCounted(t *testing.T) {
	w := &witness{name: "TestLost"}
	program := lost(func(s *schedule.T, sum uint64) {
		if tb := s.TB(w); sum != 2 {
			tb.Error("lost:\n", sum)
		}
	})
	rep := explore(t, program, schedule.Bounded(-1), schedule.Options{KeepGoing: true})
	if rep.Bad != 4 || rep.Executions != 6 || w.failed || w.said.String() != "" {
		t.Errorf("%d bad of %d, said %q", rep.Bad, rep.Executions, w.said.String())
	}
	w.watch(program, schedule.Optimal(), schedule.Options{})
	contains(t, w.said.String(), "assertion is violated", "\nlog\n  left, after 0 steps: reads next\n  right, after 0 steps: reads next\n",
		"\nassertion, after 4 steps\n  lost:\n   1\n", "go test -run '^TestLost$' .")
}

// Logs are made for executions that are shown: not by predicates, which are asked as often
// as the search likes, and not by what is unwound after the end.
func TestLogsOfExecutionsThatAreShown(t *testing.T) {
	made := 0
	rep := explore(t, func(s *schedule.T) {
		tb, x := s.TB(nil), s.Word("x", 0)
		tb.Logf("%s is made", "it")
		s.Go("a", func() {
			x.Await(func(v uint64) bool {
				tb.Log("asked")
				return v > 0
			})
			tb.Log(counted{&made})
		})
		s.Daemon("b", func() {
			defer tb.Log("unwound")
			x.Add(1)
			x.Await(func(v uint64) bool { return v == 7 })
		})
	}, schedule.Bounded(-1), schedule.Options{Passing: true})
	if want := []schedule.Logged{{"set-up", 0, "it is made"}, {"a", 2, "counted"}}; !reflect.DeepEqual(rep.Passing.Log, want) {
		t.Errorf("logged %+v", rep.Passing.Log)
	}
	if rep.Executions < 1 || made != 1 {
		t.Errorf("%d executions, %d logs were made", rep.Executions, made)
	}
}

// counted counts how often it is printed.
type counted struct{ n *int }

func (c counted) String() string {
	*c.n++
	return "counted"
}

// What a test gives back, each execution gives back; and it knows then whether it failed.
func TestCleanupOfAnExecution(t *testing.T) {
	var ended []bool
	rep := explore(t, func(s *schedule.T) {
		tb := s.TB(nil)
		tb.Cleanup(func() { ended = append(ended, tb.Failed()) })
		lost(func(s *schedule.T, sum uint64) {
			if tb.Failed() {
				t.Error("it has failed before it did")
			}
			if sum != 2 {
				tb.Fail()
			}
		})(s)
	}, schedule.Random(1, 50), schedule.Options{KeepGoing: true, MaxExecutions: 7})
	if rep.Bad == 0 || rep.Bad == rep.Executions || len(ended) < 7 {
		t.Fatalf("%d bad of %d, %d ended", rep.Bad, rep.Executions, len(ended))
	}
	if !slices.Contains(ended, true) || !slices.Contains(ended, false) {
		t.Errorf("who failed: %t", ended)
	}
}

// An assertion that is told to the test itself ends the search: the test says what is to be
// done, whether it explores or replays.
func TestErrorfToTheTestItself(t *testing.T) {
	for name, s := range everyStrategy() {
		w := &witness{name: "TestLost"}
		executions := 0
		w.watch(func(s *schedule.T) {
			executions++
			lost(func(_ *schedule.T, sum uint64) {
				if sum != 2 {
					w.Errorf("lost: %d\n", sum)
				}
			})(s)
		}, s, schedule.Options{})
		contains(t, w.said.String(), "lost: 1\n", "the program has told the test itself that it failed", "t := s.TB(t)")
		if n := strings.Count(w.said.String(), "lost:"); n != 1 {
			t.Errorf("%s: said %d times in %d executions", name, n, executions)
		}
	}
	// A test that had failed before is none that the program has told anything.
	w := &witness{name: "TestLost", failed: true}
	w.watch(critical(false), schedule.Bounded(-1), schedule.Options{})
	contains(t, w.said.String(), "holds within")
}
