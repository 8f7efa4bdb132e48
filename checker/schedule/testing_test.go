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
}

func (w *witness) Helper()                  {}
func (w *witness) Name() string             { return w.name }
func (w *witness) Context() context.Context { return context.Background() }
func (w *witness) Skipped() bool            { return w.skipped }
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

func (w *witness) watch(program func(*schedule.T), s schedule.Strategy, o schedule.Options) {
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
	_, rest, _ := strings.Cut(said, "SCHEDULE_TOKEN=")
	token, _, _ := strings.Cut(rest, " ")

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
