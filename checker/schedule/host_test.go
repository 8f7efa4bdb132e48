package schedule_test

import (
	"context"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// exits are programs that end a goroutine in some of their executions, as FailNow does,
// and who does it.
var exits = map[string]func(*schedule.T){
	"a check at the end": func(t *schedule.T) {
		x := t.Word("x", 0)
		t.Go("late", func() { x.Add(x.Load()) })
		t.Go("one", func() { x.Store(1) })
		t.AtEnd(func() {
			if x.Peek() == 2 {
				runtime.Goexit()
			}
		})
	},
	"the set-up": func(t *schedule.T) {
		x := t.Word("x", 0)
		t.Go("a", func() { x.Add(1) })
		if t.Choose("which", 2) == 1 {
			runtime.Goexit()
		}
	},
	`thread "quits"`: func(t *schedule.T) {
		x, m := t.Word("x", 0), t.Mutex("m")
		t.Daemon("waits", func() { x.Await(func(v uint64) bool { return v == 7 }) })
		t.Go("sets", func() { x.Store(1); x.Store(2) })
		t.Go("quits", func() {
			m.Lock()
			defer m.Unlock()
			if x.Load() == 1 {
				runtime.Goexit()
			}
		})
	},
	`the predicate of await "looks" of thread "looks"`: func(t *schedule.T) {
		x, quits := t.Word("x", 0), t.Choose("quits", 2) == 1
		t.Go("sets", func() { x.Store(1); x.Store(2) })
		t.Go("looks", func() {
			t.Await("looks", func() bool {
				if quits && x.Peek() == 1 {
					runtime.Goexit()
				}
				return x.Peek() == 2
			}, x.Location())
		})
	},
}

// Code that ends its goroutine is a failure like any other: it has an execution and a
// token that replays it, whatever the strategy, and leaves nothing behind.
func TestGoexitIsAFailure(t *testing.T) {
	for who, program := range exits {
		for by, s := range everyStrategy() {
			rep := explore(t, program, s, schedule.Options{})
			if rep.Verdict != verdict.Violated || rep.Failure.Property != "exit" {
				t.Errorf("%s, %s: %v, %+v", who, by, rep.Verdict, rep.Failure)
				continue
			}
			contains(t, rep.Failure.Message, who+" ends its goroutine, by runtime.Goexit", "host_test.go:")
			again, err := schedule.Replay(context.Background(), program, rep.Failure.Token, schedule.Options{})
			if err != nil || !reflect.DeepEqual(again.Failure, rep.Failure) {
				t.Errorf("%s, %s: replayed %+v, %v", who, by, again.Failure, err)
			}
		}
	}
	goleak.VerifyNone(t)
}

// A search that goes on counts those executions as it does others that fail.
func TestSearchGoesOnAfterGoexit(t *testing.T) {
	for who, program := range exits {
		for by, s := range everyStrategy() {
			for workers := range 3 {
				rep := explore(t, program, s, schedule.Options{KeepGoing: true, Workers: workers})
				if rep.Verdict != verdict.Violated || rep.Bad == 0 || rep.Bad >= rep.Executions || rep.Complete == s.Samples() {
					t.Errorf("%s, %s: %v, %d bad of %d", who, by, rep.Verdict, rep.Bad, rep.Executions)
				}
			}
		}
	}
	goleak.VerifyNone(t)
}

// A thread that was stopped in a deferred function on its way out of its goroutine ends
// nobody else's.
func TestStoppedOnTheWayOut(t *testing.T) {
	for _, s := range everyStrategy() {
		rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
			x, m := t.Word("x", 0), t.Mutex("m")
			t.Go("quits", func() {
				m.Lock()
				defer m.Unlock()
				runtime.Goexit()
			})
			t.Go("fails", func() { t.Check("never", x.Add(1) == 0, "") })
		}, s, schedule.Options{KeepGoing: true})
		if err != nil || rep.Verdict != verdict.Violated {
			t.Errorf("%s: %v, %v", s.Name(), rep.Verdict, err)
		}
	}
	goleak.VerifyNone(t)
}

// A deferred function that ends the goroutine when its thread is unwound is nothing to
// the execution, which is over.
func TestGoexitAfterTheEnd(t *testing.T) {
	rep := explore(t, func(t *schedule.T) {
		x := t.Word("x", 0)
		t.Daemon("waits", func() {
			defer runtime.Goexit()
			x.Await(func(v uint64) bool { return v == 7 })
		})
		t.Go("sets", func() { x.Store(1); x.Store(2) })
		t.Go("looks", func() { x.Load() })
	}, schedule.Bounded(-1), schedule.Options{})
	if rep.Verdict != verdict.Holds || rep.Executions != 3 {
		t.Errorf("%+v", rep)
	}
	goleak.VerifyNone(t)
}

// A test that fails by Fatal in its program prints execution and replay, and one that is
// skipped there is skipped.
func TestFatalInAProgram(t *testing.T) {
	w := &witness{name: "TestLost"}
	program := func(t *schedule.T) {
		x := t.Word("x", 0)
		for _, name := range []string{"left", "right"} {
			t.Go(name, func() { x.Store(x.Load() + 1) })
		}
		t.AtEnd(func() {
			if x.Peek() != 2 {
				w.Fatalf("lost: %v\n", x)
			}
		})
	}
	w.watch(program, schedule.Random(1, 1000), schedule.Options{})
	said := w.said.String()
	contains(t, said, "lost: x = 1\n", "exit is violated", "a check at the end ends its goroutine", "host_test.go:", "right", "store x", "go test -run '^TestLost$' .")
	if n := strings.Count(said, "lost:"); n != 2 {
		t.Errorf("said %d times, not when it was found and when it was printed:\n%s", n, said)
	}
	_, rest, _ := strings.Cut(said, schedule.TokenVariable+"=")
	token, _, _ := strings.Cut(rest, " ")
	t.Setenv(schedule.TokenVariable, token)
	again := &witness{name: "TestLost"}
	w = again
	again.watch(program, schedule.Random(1, 1000), schedule.Options{})
	if _, printed, _ := strings.Cut(said, "exit is violated"); !strings.HasSuffix(again.said.String(), printed) {
		t.Errorf("replayed:\n%s\nnot\n%s", again.said.String(), said)
	}

	w = &witness{name: "TestSkipped"}
	w.watch(func(*schedule.T) { w.SkipNow() }, schedule.Optimal(), schedule.Options{})
	if w.failed || !w.skipped {
		t.Errorf("failed %t, skipped %t: %s", w.failed, w.skipped, w.said.String())
	}
}
