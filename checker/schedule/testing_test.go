package schedule_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"urpc/checker/schedule"
)

// witness is a test that is looked at: it keeps what it is told.
type witness struct {
	testing.TB
	name    string
	failed  bool
	skipped bool
	said    strings.Builder
	cleanup []func()
}

func (w *witness) Helper()                  {}
func (w *witness) Name() string             { return w.name }
func (w *witness) Context() context.Context { return context.Background() }
func (w *witness) Skipped() bool            { return w.skipped }
func (w *witness) Cleanup(f func())         { w.cleanup = append(w.cleanup, f) }
func (w *witness) Failed() bool             { return w.failed }
func (w *witness) SkipNow() {
	w.skipped = true
	runtime.Goexit()
}
func (w *witness) Logf(f string, a ...any) { fmt.Fprintf(&w.said, f, a...) }
func (w *witness) Errorf(f string, a ...any) {
	w.failed = true
	fmt.Fprintf(&w.said, f, a...)
}
func (w *witness) Fatalf(f string, a ...any) {
	w.failed = true
	fmt.Fprintf(&w.said, f, a...)
	runtime.Goexit()
}

// watch runs schedule.Test under a witness of that name.
func watch(name string, program func(*schedule.T), s schedule.Strategy, o schedule.Options) *witness {
	w := &witness{name: name}
	w.watch(program, s, o)
	return w
}

// watch is a test that calls schedule.Test once, and ends.
func (w *witness) watch(program func(*schedule.T), s schedule.Strategy, o schedule.Options) {
	w.call(program, s, o)
	w.end()
}

// end ends the test.
func (w *witness) end() {
	for _, f := range w.cleanup {
		f()
	}
	w.cleanup = nil
}

// call calls schedule.Test.
func (w *witness) call(program func(*schedule.T), s schedule.Strategy, o schedule.Options) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		schedule.Test(w, program, s, o)
	}()
	<-done
}

func TestTestPassesAndFails(t *testing.T) {
	for _, c := range []struct {
		name    string
		program func(*schedule.T)
		s       schedule.Strategy
		o       schedule.Options
		failed  bool
		said    string
	}{
		{"holds", critical(false), schedule.Bounded(-1), schedule.Options{}, false, "holds within every execution"},
		{"sample", critical(false), schedule.Random(1, 10), schedule.Options{}, false, "unknown within 10 random executions, seed 1"},
		{"violated", critical(true), schedule.Bounded(2), schedule.Options{}, true, "mutual exclusion is violated"},
		{"cut", critical(false), schedule.Bounded(2), schedule.Options{MaxSteps: 2}, true, "longer than 2 steps"},
		{"refused", nil, schedule.Bounded(2), schedule.Options{}, true, "no program"},
	} {
		w := watch(c.name, c.program, c.s, c.o)
		if w.failed != c.failed {
			t.Errorf("%s: failed is %t: %s", c.name, w.failed, w.said.String())
		}
		contains(t, w.said.String(), c.said)
	}
}

func TestTestPrintsTheCommandThatReplays(t *testing.T) {
	w := watch("TestLock/two_threads", critical(true), schedule.Bounded(2), schedule.Options{})
	said := w.said.String()
	contains(t, said, "replay: SCHEDULE_TOKEN=s3.TestLock_2ftwo_5fthreads.", "go test -run '^TestLock$/^two_threads$' .", "preempts")
	token := tokenIn(said)

	odd := watch(`TestLock/a_(b)_[it's]`, critical(true), schedule.Bounded(2), schedule.Options{})
	contains(t, odd.said.String(), `go test -run '^TestLock$/^a_\(b\)_\[it'\''s\]$' .`)

	t.Setenv(schedule.TokenVariable, token)
	if again := watch("TestLock/two_threads", critical(true), schedule.Random(1, 0), schedule.Options{}); again.said.String() != said {
		t.Errorf("the replay says\n%s\nnot\n%s", again.said.String(), said)
	}
	if other := watch("TestOther", critical(false), schedule.Bounded(0), schedule.Options{}); other.failed {
		t.Errorf("a token of another test: %s", other.said.String())
	}
	t.Setenv(schedule.TokenVariable, token+"x")
	if damaged := watch("TestLock/two_threads", critical(true), schedule.Bounded(2), schedule.Options{}); !damaged.failed {
		t.Error("a damaged token is passed over")
	}
}

// tokenIn gives the token of the command that replays in what a test has said.
func tokenIn(said string) string {
	_, rest, _ := strings.Cut(said, "SCHEDULE_TOKEN=")
	token, _, _ := strings.Cut(rest, " ")
	return token
}

// A test may call Test several times: the token of one call is replayed by that one, and the
// others run nothing then.
func TestTheCallsOfATestAreToldApart(t *testing.T) {
	runs := 0
	good := func(s *schedule.T) { runs++; critical(false)(s) }
	twice := func(second func(*schedule.T), calls int) *witness {
		w := &witness{name: "TestTwo"}
		for _, program := range []func(*schedule.T){good, second}[:calls] {
			if w.call(program, schedule.Optimal(), schedule.Options{}); w.failed {
				break
			}
		}
		w.end()
		return w
	}
	w := twice(critical(true), 2)
	said := w.said.String()
	contains(t, said, "mutual exclusion is violated", "replay: SCHEDULE_TOKEN=s3.TestTwo_232.", "go test -run '^TestTwo$' .")
	explored := runs
	if again := twice(critical(true), 2); again.said.String() != said || runs == explored {
		t.Errorf("the test says something else when it is run again, after %d runs and %d: %s", explored, runs, again.said.String())
	}

	runs = 0
	t.Setenv(schedule.TokenVariable, tokenIn(said))
	again := twice(critical(true), 2)
	contains(t, again.said.String(), "not explored: SCHEDULE_TOKEN is of call 2 of Test in this test, and this is call 1", "mutual exclusion is violated", "replay: SCHEDULE_TOKEN="+tokenIn(said)+" ")
	if !again.failed || runs != 0 {
		t.Errorf("replayed: failed %t, and the other call ran %d times", again.failed, runs)
	}
	if fixed := twice(good, 2); runs == 0 || !strings.Contains(fixed.said.String(), "is call 1") {
		t.Errorf("the program was mended: failed %t after %d runs: %s", fixed.failed, runs, fixed.said.String())
	}
	once := twice(good, 1)
	contains(t, once.said.String(), "SCHEDULE_TOKEN is of call 2 of Test in this test, which has made 1 call: nothing was replayed")
	if !once.failed {
		t.Error("a token of which nothing was replayed is passed over")
	}
	runs = 0
	if other := watch("TestTw", good, schedule.Optimal(), schedule.Options{}); other.failed || runs == 0 {
		t.Errorf("another test: failed %t after %d runs: %s", other.failed, runs, other.said.String())
	}
	runs = 0
	w = &witness{name: "TestTwo"}
	w.watch(good, schedule.Optimal(), schedule.Options{Target: "named"})
	if w.failed || runs == 0 {
		t.Errorf("a call with a target of its own: failed %t after %d runs: %s", w.failed, runs, w.said.String())
	}
}
