package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// unannounced is a program of so many threads that share a variable and announce nothing.
func unannounced(threads int, also func(*schedule.T)) func(*schedule.T) {
	return func(t *schedule.T) {
		also(t)
		x := 0
		for i := range threads {
			t.Go(fmt.Sprint("t", i), func() { x++ })
		}
		t.AtEnd(func() { t.Check("sum", x == threads, "%d", x) })
	}
}

// A program that passes and of which nothing was seen is refused by every strategy, and
// by Test.
func TestNothingAnnounced(t *testing.T) {
	nothing := func(*schedule.T) {}
	choice := func(t *schedule.T) { t.Choose("which", 3) }
	const left = "An access is announced by the methods of T.Word, T.Mutex, T.Cond and T.Clock, or by T.Step before it; a wait by T.Await"
	for name, c := range map[string]struct {
		program func(*schedule.T)
		told    string
	}{
		"two threads":             {unannounced(2, nothing), `none of the threads "t0" and "t1" announces a step (`},
		"six threads":             {unannounced(6, nothing), `none of the threads "t0", "t1", "t2", "t3" and 2 more announces a step (`},
		"one thread":              {unannounced(1, nothing), `thread "t0" announces no step (`},
		"no thread":               {nothing, "it declares no thread (T.Go, T.Daemon) and asks T.Choose for no answer"},
		"answers":                 {unannounced(2, choice), `none of the threads "t0" and "t1" announces a step (`},
		"a clock":                 {unannounced(2, func(t *schedule.T) { t.Clock("clock") }), `none of the threads "t0" and "t1" announces`},
		"a clock alone":           {func(t *schedule.T) { t.Clock("clock") }, "it declares no thread"},
		"a word that is not used": {unannounced(2, func(t *schedule.T) { t.Word("x", 0) }), left},
		"answers that declare threads": {func(t *schedule.T) { unannounced(t.Choose("threads", 3), nothing)(t) },
			`none of the threads "t0" and "t1" announces a step (`},
	} {
		for by, s := range everyStrategy() {
			for _, o := range []schedule.Options{{}, {KeepGoing: true, Workers: 2}, {StoreBuffers: true}} {
				rep, err := schedule.Explore(context.Background(), c.program, s, o)
				if !errors.Is(err, schedule.ErrUsage) || rep.Verdict != verdict.Unknown || rep.Complete || rep.BudgetUsed {
					t.Errorf("%s, %s, %+v: %+v, %v", name, by, o, rep, err)
					continue
				}
				contains(t, err.Error(), c.told)
			}
		}
		if w := watch(name, c.program, schedule.Bounded(-1), schedule.Options{}); !w.failed {
			t.Errorf("%s: the test passes: %s", name, w.said.String())
		}
	}
}

// What has something to explore passes: executions without a step among others, answers
// for one thread or none, threads that wait and never go on. A failure is one, too.
func TestLittleAnnounced(t *testing.T) {
	for name, program := range map[string]func(*schedule.T){
		"some executions without a step": func(t *schedule.T) {
			x := t.Word("x", 0)
			for i := range t.Choose("threads", 4) {
				t.Go(fmt.Sprint(i), func() {
					if i > 1 {
						x.Add(1)
					}
				})
			}
		},
		"answers in the set-up": func(t *schedule.T) { t.Choose("which", 3) },
		"answers at the end":    func(t *schedule.T) { t.AtEnd(func() { t.Choose("which", 3) }) },
		"answers of a thread":   func(t *schedule.T) { t.Go("one", func() { t.Choose("which", 3) }) },
		"waits": func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Daemon("server", func() { x.Await(func(v uint64) bool { return v > 0 }) })
		},
	} {
		for by, s := range everyStrategy() {
			rep := explore(t, program, s, schedule.Options{})
			if rep.Verdict != verdict.Holds && !s.Samples() || rep.Failure != nil {
				t.Errorf("%s, %s: %+v", name, by, rep)
			}
		}
	}
	for by, s := range everyStrategy() {
		rep := explore(t, func(t *schedule.T) { t.AtEnd(func() { t.Fail("always", "") }) }, s, schedule.Options{})
		if rep.Verdict != verdict.Violated || rep.Failure.Property != "always" {
			t.Errorf("%s: %+v", by, rep)
		}
	}
	interrupted, cancel := context.WithCancel(context.Background())
	cancel()
	if rep := must(schedule.Explore(interrupted, unannounced(2, func(t *schedule.T) { t.Choose("which", 2) }), schedule.Optimal(), schedule.Options{})); rep.Reason != "interrupted" {
		t.Errorf("%+v", rep)
	}
}
