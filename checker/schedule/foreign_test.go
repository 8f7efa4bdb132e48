package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// aside runs f on a goroutine of its own and waits until that has ended.
func aside(f func()) {
	var wait sync.WaitGroup
	wait.Go(f)
	wait.Wait()
}

// refusesForeign says whether the search has been refused for a goroutine that the program
// has started.
func refusesForeign(t *testing.T, name string, rep schedule.Report, err error, told ...string) bool {
	t.Helper()
	if !errors.Is(err, schedule.ErrUsage) || rep.Verdict != verdict.Unknown || rep.Failure != nil {
		t.Errorf("%s: %v, %+v, %v", name, rep.Verdict, rep.Failure, err)
		return false
	}
	contains(t, err.Error(), append(told, "a thread is declared by T.Go or T.Daemon. Code that starts goroutines is to be given the function that does")...)
	return true
}

// foreign are programs with goroutines that are no threads and call T.
var foreign = map[string]struct {
	program func(*schedule.T)
	told    []string
}{
	"two that race": {func(s *schedule.T) {
		x := s.Word("x", 0)
		increment := func() { x.Store(x.Load() + 1) }
		s.Go("a", func() {
			x.Load()
			var wait sync.WaitGroup
			wait.Go(increment)
			wait.Go(increment)
			wait.Wait()
			s.Check("sum", x.Peek() >= 2, "")
		})
		s.Go("b", func() { x.Add(10) })
	}, []string{"load x is called by a goroutine that is no thread, at foreign_test.go:43", `it was started by thread "a", in sync.(*WaitGroup).Go (waitgroup.go:`}},
	"one": {func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() { aside(func() { x.Add(1) }); x.Load() })
		s.Go("b", func() { x.Store(x.Load() + 1) })
		s.AtEnd(func() { s.Check("sum", x.Peek() == 2, "") })
	}, []string{"add x is called by a goroutine"}},
	"one that is not waited for": {func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() { x.Load(); go func() { x.Add(1) }() })
		s.Go("b", func() { x.Add(1) })
	}, []string{"add x ", `is called by a goroutine that is no thread, at foreign_test.go:62; it was started by thread "a", in urpc/checker/schedule_test.init.func`}},
	"one that calls late": {func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() { x.Load(); go func() { time.Sleep(soon); x.Add(1) }() })
		s.Go("b", func() { x.Add(1) })
	}, []string{"add x ", "is called by a goroutine that is no thread, at foreign_test.go:67"}},
	"a timer's": {func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() {
			called := make(chan int)
			time.AfterFunc(0, func() { defer close(called); x.Add(1) })
			<-called
		})
		s.Go("b", func() { x.Add(1) })
	}, []string{"add x is called by a goroutine"}},
	"one of the set-up": {func(s *schedule.T) {
		increments(2, 1, false)(s)
		aside(func() { s.Word("y", 0) })
	}, []string{"Word is called by a goroutine"}},
	"one at the end": {func(s *schedule.T) {
		x := s.Word("x", 0)
		increments(2, 1, false)(s)
		s.AtEnd(func() { aside(func() { x.Peek() }) })
	}, []string{"Peek is called by a goroutine"}},
	"one of a predicate": {func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() { x.Await(func(v uint64) bool { aside(func() { x.Peek() }); return v == 1 }) })
		s.Go("b", func() { x.Add(1) })
	}, []string{"Peek is called by a goroutine"}},
	"one with a deferred call": {func(s *schedule.T) {
		m := s.Mutex("m")
		s.Go("a", func() { aside(func() { defer m.Unlock(); m.Lock() }) })
		s.Go("b", func() { m.TryLock() })
	}, []string{"lock m is called by a goroutine"}},
	"one that recovers": {func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() {
			aside(func() {
				for range 3 {
					func() { defer func() { _ = recover() }(); x.Add(1) }()
				}
			})
		})
		s.Go("b", func() { x.Add(1) })
	}, []string{"add x is called by a goroutine"}},
}

// A goroutine that the program starts by go and that calls T ends the search, which says who
// it is and what would be right, and neither holds nor fails.
func TestForeignIsRefused(t *testing.T) {
	for name, c := range foreign {
		for by, s := range everyStrategy() {
			rep, err := schedule.Explore(context.Background(), c.program, s, schedule.Options{})
			refusesForeign(t, name+", "+by, rep, err, c.told...)
		}
	}
	rep, err := schedule.Explore(context.Background(), foreign["two that race"].program, schedule.Stateful(), schedule.Options{Workers: 3})
	refusesForeign(t, "with workers", rep, err)
	rep, err = schedule.Explore(context.Background(), foreign["two that race"].program, schedule.Stateful(), schedule.Options{StuckAfter: -1})
	refusesForeign(t, "without a look at what is stuck", rep, err)
}

// So it is where others end meanwhile that were there before, so that there are no more of
// them than at the beginning.
func TestForeignInPlaceOfAnother(t *testing.T) {
	for by, s := range everyStrategy() {
		before, n := make(chan struct{}), 0
		go func() { <-before }()
		program := func(s *schedule.T) {
			x := s.Word("x", 0)
			n++
			first := n == 1
			s.Go("a", func() {
				x.Load()
				if first {
					close(before)
					go func() { time.Sleep(soon); x.Add(1) }()
				}
			})
		}
		rep, err := schedule.Explore(context.Background(), program, s, schedule.Options{})
		refusesForeign(t, by, rep, err, "add x ", "is called by a goroutine that is no thread")
	}
}

// So it is where one execution alone starts a goroutine, late in the search.
func TestForeignInOneExecution(t *testing.T) {
	for by, s := range everyStrategy() {
		n, called := 0, 0
		program := func(s *schedule.T) {
			x := s.Word("x", 0)
			n++
			for _, name := range []string{"a", "b"} {
				s.Go(name, func() { x.Add(1); x.Add(2); x.Add(3) })
			}
			s.Go("c", func() {
				x.Load()
				if n == 20 {
					aside(func() { x.Load(); called++ })
				}
			})
		}
		rep, err := schedule.Explore(context.Background(), program, s, schedule.Options{})
		if refusesForeign(t, by, rep, err, "load x is called by a goroutine") && (n < 20 || called != 0) {
			t.Errorf("%s: after %d executions, and the goroutine went on %d times", by, n, called)
		}
	}
}

// A thread that waits for such a goroutine in vain, now that it has ended, is left behind: the
// search says who was to blame, and not that the thread is stuck.
func TestForeignIsWaitedForInVain(t *testing.T) {
	for _, after := range []time.Duration{0, -1} {
		given := make(chan uint64)
		rep, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			x := s.Word("x", 0)
			s.Go("a", func() {
				x.Load()
				go func() { given <- x.Load() }()
				<-given
			})
			s.Go("b", func() { x.Add(1) })
		}, schedule.Stateful(), schedule.Options{StuckAfter: after})
		close(given)
		refusesForeign(t, "in vain", rep, err, "load x is called by a goroutine that is no thread")
	}
}

// A replay is refused, too.
func TestForeignInReplay(t *testing.T) {
	started := false
	program := func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() {
			x.Add(1)
			if started {
				aside(func() { x.Load() })
			}
		})
		s.AtEnd(func() { s.Fail("always", "") })
	}
	token := failing(t, program, schedule.Options{}).Token
	started = true
	rep, err := schedule.Replay(context.Background(), program, token, schedule.Options{})
	refusesForeign(t, "replay", rep, err, "load x is called by a goroutine")
}

// What calls once the search has returned: who has called Explore is told so, and a goroutine
// of the program ends the process if the search has found nothing wrong; else it ends itself,
// so that what was found is told.
func TestCallAfterTheSearch(t *testing.T) {
	for _, fails := range []bool{false, true} {
		var kept *schedule.Word
		_, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			x := s.Word("x", 0)
			kept = x
			s.Go("a", func() { x.Add(1) })
			s.AtEnd(func() { s.Check("never", !fails, "") })
		}, schedule.Bounded(-1), schedule.Options{})
		if err != nil {
			t.Fatal(err)
		}
		went := ""
		call := func() {
			defer func() { went = fmt.Sprint(recover()) }()
			kept.Load()
			t.Error("it goes on")
		}
		call()
		contains(t, went, "schedule: load x after the end of the execution")
		if aside(call); fails && went != "<nil>" {
			t.Errorf("a search that fails: %s", went)
		} else if !fails {
			contains(t, went, "schedule: the program uses T wrongly: load x of a T whose execution is over is called by a goroutine that is no thread, at foreign_test.go:", "The search has returned, and knew nothing of it")
		}
	}
}

// A goroutine that each execution leaves behind ends the search, whatever it does, before
// there is no room for more; one for all of them does not, nor one that comes to its end.
func TestLeftBehind(t *testing.T) {
	for _, kind := range []string{"each", "one", "ends"} {
		for by, s := range everyStrategy() {
			gate := make(chan struct{})
			n := 0
			program := func(s *schedule.T) {
				x := s.Word("x", 0)
				n++
				for _, name := range []string{"a", "b", "c"} {
					s.Go(name, func() { x.Add(1); x.Add(2); x.Add(3) })
				}
				s.Go("d", func() {
					switch {
					case kind == "each" || kind == "one" && n == 1:
						go func() { <-gate }()
					case kind == "ends":
						aside(runtime.Gosched)
					}
				})
			}
			rep, err := schedule.Explore(context.Background(), program, s, schedule.Options{MaxExecutions: 1000})
			close(gate)
			switch {
			case kind != "each":
				if err != nil {
					t.Errorf("%s, %s: %v", kind, by, err)
				}
			case refusesForeign(t, by, rep, err, " executions have left ", " goroutines behind: one is in chan receive at foreign_test.go:", "in urpc/checker/schedule_test.TestLeftBehind") && n > 200:
				t.Errorf("%s: after %d executions", by, n)
			}
		}
	}
}

// Code that starts goroutines runs under a schedule if it is given what starts them, as the
// error says.
func TestCodeThatIsGivenGo(t *testing.T) {
	sum := func(start func(func()), add func()) {
		start(add)
		start(add)
	}
	rep := explore(t, func(s *schedule.T) {
		x, left := s.Word("x", 0), s.Word("left", 2)
		s.Go("a", func() {
			sum(func(f func()) { s.Go("helper", func() { f(); left.Add(^uint64(0)) }) }, func() { x.Store(x.Load() + 1) })
			left.Await(func(v uint64) bool { return v == 0 })
			s.Check("sum", x.Peek() == 2, "%v", x)
		})
	}, schedule.Stateful(), schedule.Options{})
	if rep.Failure == nil || rep.Failure.Property != "sum" || !strings.Contains(rep.Failure.Message, "x = 1") {
		t.Errorf("%v, %+v", rep, rep.Failure)
	}
}

// A part of a thread may run on a goroutine of its own, if T starts it: it takes the steps that
// it takes without, may end its goroutine, panic, be killed and be left waiting.
func TestPartOfAThread(t *testing.T) {
	programs := map[string]func(s *schedule.T, x *schedule.Word){
		"returns": func(_ *schedule.T, x *schedule.Word) { x.Store(x.Load() + 1) },
		"fails":   func(s *schedule.T, x *schedule.Word) { s.Check("is 0", x.Load() == 0, "") },
		"panics": func(_ *schedule.T, x *schedule.Word) {
			if x.Load() > 1 {
				panic("oh")
			}
		},
		"is killed": func(s *schedule.T, x *schedule.Word) { x.Load(); s.Kill("kill", "b"); x.Add(1) },
		"waits":     func(_ *schedule.T, x *schedule.Word) { x.Await(func(v uint64) bool { return v == 2 }) },
		"recovers": func(_ *schedule.T, x *schedule.Word) {
			defer func() { _ = recover() }()
			x.Await(func(v uint64) bool { return v == 2 })
		},
		"declares": func(s *schedule.T, x *schedule.Word) { s.Go("c", func() { x.Add(1) }); x.Load() },
	}
	for name, f := range programs {
		for by, s := range everyStrategy() {
			told := func(own bool) string {
				rep, err := schedule.Explore(context.Background(), func(s *schedule.T) {
					x := s.Word("x", 0)
					s.Go("a", func() {
						if own {
							s.OnGoroutine(func() { f(s, x) })
						} else {
							f(s, x)
						}
						x.Load()
					})
					s.Go("b", func() { x.Add(1); x.Add(1) })
					if own {
						s.OnGoroutine(func() { s.Choose("which", 2) })
					} else {
						s.Choose("which", 2)
					}
				}, s, schedule.Options{KeepGoing: true})
				failure := ""
				if rep.Failure != nil {
					failure = rep.Failure.Property
				}
				return fmt.Sprint(rep.Verdict, rep.Executions, rep.States, rep.Steps, rep.Bad, failure, err)
			}
			if own, without := told(true), told(false); own != without {
				t.Errorf("%s, %s: %s, and without it %s", name, by, own, without)
			}
		}
	}
	rep := explore(t, func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("a", func() {
			for i := range 2 {
				returned := s.OnGoroutine(func() {
					x.Add(1)
					if i == 0 {
						runtime.Goexit()
					}
				})
				s.Check("returned", returned == (i == 1), "")
			}
		})
		s.Go("b", func() { x.Add(1) })
		s.AtEnd(func() { s.Check("sum", x.Peek() == 3, "%v", x) })
	}, schedule.Stateful(), schedule.Options{})
	if rep.Verdict != verdict.Holds {
		t.Errorf("%v, %+v", rep, rep.Failure)
	}
}

// Code that blocks there is told as that of its thread.
func TestStuckInPartOfAThread(t *testing.T) {
	gate := make(chan struct{})
	defer close(gate)
	_, err := schedule.Explore(context.Background(), func(s *schedule.T) {
		halves(s, func() { s.OnGoroutine(func() { <-gate }) })
	}, schedule.Stateful(), schedule.Options{StuckAfter: soon})
	if !errors.Is(err, schedule.ErrStuck) {
		t.Fatal(err)
	}
	contains(t, err.Error(), `thread "left" has not for`, "it is in chan receive", "foreign_test.go:")
}
