package schedule_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

func text(t *testing.T, f *schedule.Failure, width int) string {
	t.Helper()
	var b strings.Builder
	if err := f.WriteText(&b, width); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// failure is one to print: with every kind of cell.
var failure = &schedule.Failure{
	Property: "mutual exclusion",
	Message:  "2 threads are inside\n    of one section",
	Execution: schedule.Execution{
		Threads: []string{"client", "server"},
		Steps: []schedule.TakenStep{
			{Thread: -1, Event: schedule.Event{Name: "size", Kind: schedule.Choice}, Value: "1 of 2"},
			{Thread: 0, Event: schedule.Event{Name: "test-set", Kind: schedule.Swap, Location: at(1), Size: 4}, Value: "0", Source: "/a/b/lock.go:12"},
			{Thread: 1, Event: schedule.Event{Name: "test-set", Kind: schedule.Swap, Location: at(2)}, Preempts: true},
		},
		Preemptions: 1,
	}}

func TestFailureInColumns(t *testing.T) {
	const want = `    client               server
    -------------------- --------------------
1   (set-up) size = 1 of
    2
2   test-set 1:8 +4 = 0
    lock.go:12
3*                       test-set 1:16

* preempts a thread that could have gone on: 1 preemption

mutual exclusion, after 3 steps
  2 threads are inside
      of one section
`
	if got := text(t, failure, 46); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFailureWithoutRoomForColumns(t *testing.T) {
	const want = `1   set-up: size = 1 of
    2
2   client: test-set 1:8
    +4 = 0 lock.go:12
3*  server: test-set
    1:16
`
	if got := text(t, failure, 24); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFailureNeverExceedsTheWidth(t *testing.T) {
	f := failing(t, lostWakeUp(false), schedule.Options{})
	for _, f := range []*schedule.Failure{f, failure} {
		for width := 20; width <= 200; width++ {
			for line := range strings.Lines(text(t, f, width)) {
				if len(strings.TrimSuffix(line, "\n")) > max(width, 60) {
					t.Fatalf("width %d: %q", width, line)
				}
			}
		}
	}
}

// The source of a step is where user code called, not the shim that announces.
func TestSourceSkipsPackages(t *testing.T) {
	program := func(s *schedule.T) {
		m := &words{t: s}
		s.Go("a", func() { m.load("x", 0); s.Fail("always", "") })
	}
	f := failing(t, program, schedule.Options{})
	contains(t, f.Steps[0].Source, "machine_test.go:")
	// All frames of the thread are of the skipped package: the outermost stays.
	f = failing(t, program, schedule.Options{Skip: []string{"urpc/checker/schedule_test"}})
	contains(t, f.Steps[0].Source, "render_test.go:")
}

func TestValues(t *testing.T) {
	f := failing(t, func(s *schedule.T) {
		s.Go("a", func() {
			s.Step(step("small"))
			s.SawValue(12)
			s.Step(step("large"))
			s.SawValue(1 << 40)
			s.Step(step("text"))
			s.Saw("%d and %s", 1, "more")
			s.Step(step("silent"))
			s.Fail("always", "")
		})
	}, schedule.Options{})
	for i, want := range []string{"12", "0x10000000000", "1 and more", ""} {
		if got := f.Steps[i].Value; got != want {
			t.Errorf("step %s: value %q, want %q", f.Steps[i].Event.Name, got, want)
		}
	}
}

// The longest execution that passes can be had, shown and replayed.
func TestPassingExecution(t *testing.T) {
	program := func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() { x.Add(1) })
		s.Go("b", func() {
			if x.Load() == 1 {
				x.Add(1)
			}
			s.Check("small", x.Peek() < 2 || s.Choose("more", 2) == 1, "x is %d", x.Peek())
		})
	}
	o := schedule.Options{Target: "t", Passing: true, KeepGoing: true}
	for _, s := range []schedule.Strategy{schedule.Bounded(-1), schedule.Optimal(), schedule.Stateful(), schedule.Random(1, 100)} {
		rep := explore(t, program, s, o)
		if rep.Passing == nil || rep.Failure == nil || rep.Bad == 0 || rep.Bad >= rep.Executions {
			t.Fatalf("%v: %+v", s, rep)
		}
		if n := len(rep.Passing.Steps); n != 4 { // a, b, b, the answer
			t.Errorf("%v: %d steps", s, n)
		}
		again, err := schedule.Replay(context.Background(), program, rep.Passing.Token, o)
		if err != nil || again.Verdict != verdict.Holds || !reflect.DeepEqual(again.Passing, rep.Passing) {
			t.Errorf("%v: replayed %+v, %v", s, again.Passing, err)
		}
		var b strings.Builder
		if err := rep.Passing.WriteText(&b, 80); err != nil {
			t.Fatal(err)
		}
		contains(t, b.String(), "add x", "more = 1 of 2", "all checks pass, after 4 steps")
	}
	if rep := explore(t, program, schedule.Optimal(), schedule.Options{KeepGoing: true}); rep.Passing != nil {
		t.Error("an execution that nobody asked for")
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteTextReturnsTheError(t *testing.T) {
	if err := failure.WriteText(brokenWriter{}, 80); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}

// A page has a greatest width.
func TestWidestPage(t *testing.T) {
	if a, b := text(t, failure, 10_000), text(t, failure, math.MaxInt); a != b {
		t.Errorf("they differ")
	}
}
