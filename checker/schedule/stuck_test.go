package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// soon is how long the tests let a thread wait that does not come back, and later one that
// does.
const (
	soon  = 20 * time.Millisecond
	later = 100 * time.Millisecond
)

// forSoMuch is the time in a text: a busy machine may have let more pass.
var forSoMuch = regexp.MustCompile(` for [0-9]+ms`)

func withoutTime(err error) string { return forSoMuch.ReplaceAllString(err.Error(), "") }

// blocking are programs that come to something that blocks, where wait is called: in some
// execution, if blocks says so. release lets what blocks go on.
type blocking struct {
	program func(s *schedule.T, wait func())
	who     string // is stuck
	steps   string // the steps before, under every strategy; "": they depend on it
}

// halves are two threads that each take two steps; f is called by left between them.
func halves(s *schedule.T, f func()) {
	x := s.Word("x", 0)
	s.Go("left", func() { x.Add(1); f(); x.Add(1) })
	s.Go("right", func() { x.Add(1); x.Add(1) })
}

var blockings = map[string]blocking{
	"a thread": {halves, `thread "left" has not, after step `, ""},
	"the only thread": {func(s *schedule.T, wait func()) {
		x := s.Word("x", 0)
		s.Go("alone", func() { x.Add(1); x.Store(7); wait(); x.Add(1) })
	}, `thread "alone" has not, after step 2, store x by alone`, "add x, store x"},
	"before any step": {func(s *schedule.T, wait func()) {
		x := s.Word("x", 0)
		s.Go("left", func() { wait(); x.Add(1) })
	}, `thread "left" has not; it is in`, " "},
	"a thread that is declared late": {func(s *schedule.T, wait func()) {
		x := s.Word("x", 0)
		s.Go("left", func() { x.Add(1); s.Go("late", func() { wait(); x.Add(1) }); x.Add(1) })
	}, `thread "late" has not, after step `, ""},
	"the set-up": {func(s *schedule.T, wait func()) {
		s.Choose("which", 2)
		wait()
		halves(s, func() {})
	}, `the set-up has not, after step 1, which = `, ""},
	"the end": {func(s *schedule.T, wait func()) {
		halves(s, func() {})
		s.AtEnd(wait)
	}, "a function of AtEnd has not, after step 4, add x", "add x, add x, add x, add x"},
	"a predicate": {func(s *schedule.T, wait func()) {
		x := s.Word("x", 0)
		s.Go("left", func() { x.Add(1); x.Await(func(v uint64) bool { wait(); return true }) })
	}, "a predicate has not, after step 1, add x", "add x"},
	"a step that may change nothing": {func(s *schedule.T, wait func()) {
		x := s.Word("x", 0)
		s.Go("left", func() { s.StepIf(on(x, "try", schedule.CAS), func() bool { wait(); return true }) })
	}, "a predicate has not", ""},
	"a cleanup": {func(s *schedule.T, wait func()) {
		halves(s, func() {})
		s.Cleanup(wait)
	}, "a function of Cleanup has not, after step 4, add x", "add x, add x, add x, add x"},
	"what is deferred": {func(s *schedule.T, wait func()) {
		x := s.Word("x", 0)
		s.Daemon("left", func() {
			defer wait()
			x.Await(func(v uint64) bool { return v == 7 })
		})
		s.Go("right", func() { x.Add(1) })
	}, `a deferred function of thread "left", which is unwound, has not, after step 1, add x`, "add x"},
}

// A program whose code blocks is given up: the error says who does not come back, after
// which steps, where it stands and what would be right. The token leads there again, and
// once the code comes back nothing is left behind.
func TestStuckIsNoticed(t *testing.T) {
	for name, c := range blockings {
		for by, s := range everyStrategy() {
			gate := make(chan struct{})
			program := func(s *schedule.T) { c.program(s, func() { <-gate }) }
			o := schedule.Options{StuckAfter: soon, Target: "gate"}
			rep, err := schedule.Explore(context.Background(), program, s, o)
			if !errors.Is(err, schedule.ErrStuck) || rep.Verdict != verdict.Unknown || rep.Stuck == nil {
				t.Errorf("%s, %s: %+v, %v", name, by, rep, err)
				close(gate)
				continue
			}
			contains(t, withoutTime(err), c.who, "; it is in chan receive:\n    urpc/checker/schedule_test.TestStuckIsNoticed.func", "(stuck_test.go:", "It waits for a goroutine", "stays behind", "The token of the steps before: "+string(rep.Stuck.Token))
			for i, s := range rep.Stuck.Steps {
				if s.Value == "" && s.Event.Name != "try" || !strings.Contains(s.Source, "stuck_test.go:") || s.Event.Kind != schedule.Choice && s.Event.Size != 8 {
					t.Errorf("%s, %s: step %d is %+v", name, by, i+1, s)
				}
			}
			if now := stepsOf(rep.Stuck); c.steps != "" && now != strings.TrimSpace(c.steps) {
				t.Errorf("%s, %s: after %q", name, by, now)
			}
			again, err := schedule.Replay(context.Background(), program, rep.Stuck.Token, o)
			if !errors.Is(err, schedule.ErrStuck) || !reflect.DeepEqual(again.Stuck, rep.Stuck) {
				t.Errorf("%s, %s: replayed %+v, not %+v, %v", name, by, again.Stuck, rep.Stuck, err)
			}
			close(gate)
		}
	}
	goleak.VerifyNone(t)
}

// So is what a search by states asks of the program.
func TestStuckTelling(t *testing.T) {
	for name, declare := range map[string]func(s *schedule.T, wait func()){
		"what is shared": func(s *schedule.T, wait func()) { s.Shared(func(*schedule.Digest) { wait() }) },
		"a quotient": func(s *schedule.T, wait func()) {
			s.Quotient(func(_ schedule.Location, v uint64) uint64 { wait(); return v })
		},
		"a lock": func(s *schedule.T, wait func()) {
			s.Guards("guarded", func() int { wait(); return 0 }, schedule.Span{Size: 8})
		},
	} {
		gate := make(chan struct{})
		_, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			declare(s, func() { <-gate })
			halves(s, func() {})
		}, schedule.Stateful(), schedule.Options{StuckAfter: soon})
		if !errors.Is(err, schedule.ErrStuck) {
			t.Errorf("%s: %v", name, err)
		} else {
			contains(t, withoutTime(err), "a function that is only to tell something (T.Shared, T.Quotient, T.Guards) has not")
		}
		close(gate)
	}
	goleak.VerifyNone(t)
}

// A global lock keeps the same execution from being made again: its steps are told without
// values then, and the other threads' places are told nevertheless. Nor does it matter how
// what is made again ends, or that it goes on.
func TestStuckStepsThatAreNotMadeAgain(t *testing.T) {
	for name, again := range map[string]func(gate chan struct{}){
		"stuck earlier": func(gate chan struct{}) { <-gate },
		"it panics":     func(chan struct{}) { panic("again") },
		"it exits":      func(chan struct{}) { runtime.Goexit() },
		"it goes on":    func(chan struct{}) {},
	} {
		gate := make(chan struct{})
		var stuck atomic.Bool
		rep, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			first := !stuck.Load()
			x := s.Word("x", 0)
			s.Go("left", func() {
				x.Store(7)
				if !first {
					again(gate)
				}
				x.Add(1)
				if first {
					stuck.Store(true)
					<-gate
				}
			})
			s.Go("right", func() { x.Await(func(v uint64) bool { return v == 8 }) })
		}, schedule.Optimal(), schedule.Options{StuckAfter: soon})
		if !errors.Is(err, schedule.ErrStuck) || stepsOf(rep.Stuck) != "store x, add x" {
			t.Fatalf("%s: %+v, %v", name, rep, err)
		}
		contains(t, err.Error(), "\nmeanwhile right stands before await x (stuck_test.go:")
		var values []string
		for _, s := range rep.Stuck.Steps {
			values = append(values, s.Value)
		}
		want := []string{"7", ""}
		if name == "it goes on" {
			want = []string{"7", "8"}
		}
		if !slices.Equal(values, want) {
			t.Errorf("%s: values %q, want %q", name, values, want)
		}
		close(gate)
	}
	goleak.VerifyNone(t)
}

func stepsOf(x *schedule.Execution) string {
	var names []string
	for _, s := range x.Steps {
		names = append(names, s.Event.Name)
	}
	return strings.Join(names, ", ")
}

// The ways of waiting: each is told by its name, with what would be right.
func TestWaysToBeStuck(t *testing.T) {
	var release atomic.Bool
	gate := make(chan struct{})
	var locks []*sync.Mutex // of all executions
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		wait func()
		told []string
	}{
		"a lock that another thread holds": {nil, []string{"sync.Mutex.Lock:\n    ", "sync.(*Mutex).Lock (mutex.go:", "\nmeanwhile left stands before add x (stuck_test.go:", "a lock must be under control (T.Mutex, T.Cond)"}},
		"a loop that announces nothing": {func() {
			for !release.Load() {
			}
		}, []string{" has not", ": it is in run", "A loop must announce what it looks at", "Options.StuckAfter"}},
		"sleep": {func() {
			for !release.Load() {
				time.Sleep(3 * soon)
			}
		}, []string{"it is in sleep:\n    time.Sleep (time.go:", "time passes by T.Clock"}},
		"select": {func() {
			select {
			case <-gate:
			case <-time.After(time.Hour):
			}
		}, []string{"it is in select:\n    urpc/checker/schedule_test.TestWaysToBeStuck"}},
		"the kernel": {func() { reader.Read(make([]byte, 1)) }, []string{"it is in IO wait:", "It waits in the kernel"}},
	} {
		wait := c.wait
		program := func(s *schedule.T) { halves(s, wait) }
		if wait == nil {
			program = func(s *schedule.T) {
				x, lock := s.Word("x", 0), new(sync.Mutex)
				locks = append(locks, lock)
				for _, name := range []string{"left", "right"} {
					s.Go(name, func() { lock.Lock(); x.Add(1); lock.Unlock() })
				}
			}
		}
		rep, err := schedule.Explore(context.Background(), program, schedule.Optimal(), schedule.Options{StuckAfter: soon})
		if !errors.Is(err, schedule.ErrStuck) {
			t.Errorf("%s: %+v, %v", name, rep, err)
			continue
		}
		for i, s := range rep.Stuck.Steps {
			ran := name == "a loop that announces nothing" && i == len(rep.Stuck.Steps)-1
			if !strings.Contains(s.Source, "stuck_test.go:") || (s.Value == "") != ran {
				t.Errorf("%s: step %d is %+v", name, i+1, s)
			}
		}
		contains(t, strings.ReplaceAll(withoutTime(err), ", after step 1, add x by left;", ":"), c.told...)
	}
	release.Store(true)
	close(gate)
	for _, lock := range locks { // of the threads that are left behind, which have not come to do it
		lock.TryLock()
		lock.Unlock()
	}
	writer.Close()
	reader.Close()
	goleak.VerifyNone(t)
}

// One of several workers is stuck: the others end.
func TestStuckWorker(t *testing.T) {
	gate := make(chan struct{})
	_, err := schedule.Explore(context.Background(), func(s *schedule.T) {
		x := s.Word("x", 0)
		for i := range 3 {
			s.Go(fmt.Sprint("t", i), func() {
				for n := range uint64(4) {
					s.Mark("round", n)
					if v := x.Add(uint64(1 + i)); v == 9 {
						<-gate
					}
				}
			})
		}
	}, schedule.Stateful(), schedule.Options{Workers: 3, StuckAfter: soon})
	if !errors.Is(err, schedule.ErrStuck) {
		t.Errorf("%v", err)
	}
	close(gate)
	goleak.VerifyNone(t)
}

// What one execution leaves to the next, as a lock that a thread held when it was unwound,
// is hinted at where the next one is stuck by steps that went well before.
func TestStuckWhereItWentWellBefore(t *testing.T) {
	gate := make(chan struct{})
	runs := 0
	_, err := schedule.Explore(context.Background(), func(s *schedule.T) {
		runs++
		x := s.Word("x", 0)
		s.Word("y", 0)
		s.Go("left", func() {
			for range 5 {
				x.Add(1)
			}
			if runs == 100 {
				<-gate
			}
			x.Add(1)
		})
		s.Go("right", func() {
			for range 5 {
				x.Add(1)
			}
		})
	}, schedule.Stateful(), schedule.Options{StuckAfter: soon})
	if !errors.Is(err, schedule.ErrStuck) {
		t.Fatalf("%d runs: %v", runs, err)
	}
	contains(t, err.Error(), "It has come further by these steps before: does one execution leave something to the next")
	close(gate)
	goleak.VerifyNone(t)
}

// Who takes long and is not stuck is left alone: a computation, a wait that
// ends in time, a search in which every execution takes that long, one that waits for
// another search, and any wait if nothing is looked for.
func TestSlowIsNotStuck(t *testing.T) {
	compute := func(d time.Duration) {
		for until := time.Now().Add(d); time.Now().Before(until); {
		}
	}
	const little = 20 * time.Millisecond
	for name, c := range map[string]struct {
		slow  func()
		after time.Duration
	}{
		"computes":           {func() { compute(later) }, later},
		"waits":              {func() { time.Sleep(little) }, 10 * little},
		"searches":           {func() { explore(t, critical(false), schedule.Random(1, 1), schedule.Options{}) }, later},
		"has all the time":   {func() { time.Sleep(3 * little) }, -1},
		"has the usual time": {func() { time.Sleep(3 * little) }, 0},
	} {
		n := 0
		rep, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			halves(s, func() {
				if n++; n < 5 {
					c.slow()
				}
			})
		}, schedule.Bounded(-1), schedule.Options{StuckAfter: c.after})
		if err != nil || rep.Verdict != verdict.Holds || rep.Executions != 6 {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
	}
}

// go test prints where the execution was, and how it comes there again.
func TestTestOfAStuckProgram(t *testing.T) {
	gate := make(chan struct{})
	program := func(s *schedule.T) { halves(s, func() { <-gate }) }
	w := watch("TestGate", program, schedule.Optimal(), schedule.Options{StuckAfter: soon})
	said := w.said.String()
	contains(t, said, "the program does not come to its next step", "    left ", "1   add x = 1 stuck_test.go:", "stuck, after 1 step\n", "replay: SCHEDULE_TOKEN=s3.TestGate...optimal.", "go test -run '^TestGate$' .")
	_, rest, _ := strings.Cut(said, "SCHEDULE_TOKEN=")
	token, _, _ := strings.Cut(rest, " ")
	t.Setenv(schedule.TokenVariable, token)
	again := watch("TestGate", program, schedule.Optimal(), schedule.Options{StuckAfter: soon})
	was, is := forSoMuch.ReplaceAllString(said, ""), forSoMuch.ReplaceAllString(again.said.String(), "")
	if is != strings.Replace(was, "explore:", "replay:", 1) {
		t.Errorf("replayed:\n%s\nnot\n%s", is, was)
	}
	close(gate)
	goleak.VerifyNone(t)
}

// A loop that goes round without a step is noticed as soon as any computation is, also where
// it is nearly always in a call of this package that is none.
func TestStuckInALoopThatAsks(t *testing.T) {
	for name, ask := range map[string]func(s *schedule.T, x *schedule.Word, m *schedule.Mutex, c *schedule.Clock) bool{
		"Word.Peek":  func(_ *schedule.T, x *schedule.Word, _ *schedule.Mutex, _ *schedule.Clock) bool { return x.Peek() == 0 },
		"Mutex.Held": func(_ *schedule.T, _ *schedule.Word, m *schedule.Mutex, _ *schedule.Clock) bool { return !m.Held() },
		"Clock.Peek": func(_ *schedule.T, _ *schedule.Word, _ *schedule.Mutex, c *schedule.Clock) bool { return c.Peek() == 0 },
		"T.Self":     func(s *schedule.T, _ *schedule.Word, _ *schedule.Mutex, _ *schedule.Clock) bool { return s.Self() >= 0 },
		"T.SawValue": func(s *schedule.T, _ *schedule.Word, _ *schedule.Mutex, _ *schedule.Clock) bool {
			s.SawValue(7)
			return true
		},
		"T.Check": func(s *schedule.T, _ *schedule.Word, _ *schedule.Mutex, _ *schedule.Clock) bool {
			s.Check("p", true, "")
			return true
		},
	} {
		var over atomic.Bool
		_, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			x, m, c := s.Word("x", 0), s.Mutex("m"), s.Clock("c")
			s.Go("left", func() {
				x.Load()
				for ask(s, x, m, c) && !over.Load() {
				}
			})
		}, schedule.Bounded(0), schedule.Options{StuckAfter: soon})
		over.Store(true)
		if !errors.Is(err, schedule.ErrStuck) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		contains(t, err.Error(), `thread "left" has not for 60ms, after step 1, load x by left; it is in run`, "TestStuckInALoopThatAsks.func", "A loop must announce what it looks at")
	}
	goleak.VerifyNone(t)
}
