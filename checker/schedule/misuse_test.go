package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// everyStrategy gives one of each.
func everyStrategy() map[string]schedule.Strategy {
	all := samplers(1, 50)
	all["bounded"], all["optimal"], all["stateful"] = schedule.Bounded(-1), schedule.Optimal(), schedule.Stateful()
	return all
}

// What has no meaning ends the search with an error that says what is wrong, where, and
// what would be right, whatever the strategy. It is no failure of the program.
func TestWrongUse(t *testing.T) {
	inThread := func(f func(*schedule.T, *schedule.Word)) func(*schedule.T) {
		return func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("a", func() { x.Add(1); f(t, x) })
			t.Go("b", func() { x.Load() })
		}
	}
	atEnd := func(f func(*schedule.T)) func(*schedule.T) {
		return func(t *schedule.T) { increments(2, 1, false)(t); t.AtEnd(func() { f(t) }) }
	}
	threads := func(n int) func(*schedule.T) {
		return func(t *schedule.T) {
			x := t.Word("x", 0)
			for i := range n {
				t.Go(fmt.Sprint(i), func() { x.Add(1) })
			}
		}
	}
	const outside = " outside the set-up: it is declared before the threads run"
	for name, c := range map[string]struct {
		program func(*schedule.T)
		told    []string
	}{
		"no answers": {
			inThread(func(t *schedule.T, _ *schedule.Word) { t.Choose("which", 0) }),
			[]string{`Choose of "which" among 0: there must be one answer or more (in thread "a", after step `, ", add x (add 65535:0) by a, at misuse_test.go:"},
		},
		"too many answers": {
			inThread(func(t *schedule.T, _ *schedule.Word) { t.Choose("which", tooMany) }),
			[]string{`Choose of "which" among 2147483648: there may be at most 2^31-1 answers`},
		},
		"no answers at the end": {
			atEnd(func(t *schedule.T) { t.Choose("which", -1) }), []string{`Choose of "which" among -1`, "(at the end, after step "},
		},
		"an answer in a predicate": {
			inThread(func(t *schedule.T, _ *schedule.Word) { t.Await("p", func() bool { return t.Choose("c", 2) == 0 }) }),
			[]string{`Choose of "c" in a predicate`, "choose before the await", `in the predicate of await "p" of thread "a"`},
		},
		"65 threads": {
			threads(65), []string{`Go of thread "64", which is one too many: an execution has at most 64 threads (in the set-up, at misuse_test.go:`},
		},
		"64 threads and a clock": {
			func(t *schedule.T) { t.Clock("clock"); threads(64)(t) }, []string{`thread "63"`, "at most 64 threads, 1 of them daemons of clocks and of store buffers"},
		},
		"no function": {
			inThread(func(t *schedule.T, _ *schedule.Word) { t.Daemon("d", nil) }), []string{`Daemon of thread "d" without a function (in thread "a"`},
		},
		"a thread at the end": {
			atEnd(func(t *schedule.T) { t.Go("late", func() {}) }), []string{`Go of thread "late" where no thread can start`},
		},
		"the name of no thread": {
			inThread(func(t *schedule.T, _ *schedule.Word) { t.Kill("kill", "b", "d") }),
			[]string{`Kill "kill" of "d", and no thread that is declared so far has that name: there are "a", "b" (in thread "a", after step `},
		},
		"a step that kills nobody": {
			inThread(func(t *schedule.T, _ *schedule.Word) { t.Kill("b") }), []string{`Kill "b" of no thread, although a thread has that name: the first name is that of the step`},
		},
		"who kills in the set-up": {
			func(t *schedule.T) { increments(2, 1, false)(t); t.Kill("kill", "t0") }, []string{"only a thread can kill"},
		},
		"who calls at the end": {atEnd(func(t *schedule.T) { t.Name() }), []string{"Name outside a controlled thread"}},
		"a wait at the end": {
			func(t *schedule.T) {
				increments(2, 1, false)(t)
				c := t.Cond("c", t.Mutex("m"))
				t.AtEnd(c.Wait)
			}, []string{"Wait for condition c where nothing interleaves"},
		},
		"a late word":    {inThread(func(t *schedule.T, _ *schedule.Word) { t.Word("y", 0) }), []string{`Word "y"` + outside}},
		"a late part":    {inThread(func(t *schedule.T, _ *schedule.Word) { t.Shared(func(*schedule.Digest) {}) }), []string{"Shared" + outside}},
		"a late cleanup": {inThread(func(t *schedule.T, _ *schedule.Word) { t.Cleanup(func() {}) }), []string{"Cleanup" + outside}},
		"a late recall":  {inThread(func(t *schedule.T, _ *schedule.Word) { t.Recall() }), []string{"Recall" + outside}},
		"a late place": {
			func(t *schedule.T) {
				x := t.Word("x", 0)
				g := t.Guards("", func() int { return -1 }, spanOf(x))
				t.Go("a", func() { x.Add(1); g.HeldAt(spanOf(x)) })
			}, []string{"HeldAt" + outside},
		},
		"a wait without a predicate": {
			inThread(func(t *schedule.T, _ *schedule.Word) { t.Await("p", nil) }), []string{`Await of "p" without a predicate (in thread "a"`},
		},
		"a wait for a word without one": {inThread(func(_ *schedule.T, x *schedule.Word) { x.Await(nil) }), []string{"await x without a predicate"}},
		"a swap without one":            {inThread(func(_ *schedule.T, x *schedule.Word) { x.AwaitSwap(nil, 1) }), []string{"swap x without a predicate"}},
		"a step without one": {
			inThread(func(t *schedule.T, x *schedule.Word) { t.AwaitStep(on(x, "s", schedule.Store), nil) }), []string{`AwaitStep of "s" without a predicate`},
		},
		"a step that may change nothing": {
			inThread(func(t *schedule.T, x *schedule.Word) { t.StepIf(on(x, "s", schedule.CAS), nil) }),
			[]string{`StepIf of "s" without a function that says whether it changes anything`},
		},
		"a time-out without one": {
			func(t *schedule.T) {
				c := t.Clock("clock")
				t.Go("a", func() { c.AwaitUntil(1, "w", nil) })
			}, []string{`AwaitUntil "w" without a predicate`},
		},
		"no kind":            {inThread(func(t *schedule.T, _ *schedule.Word) { t.Step(schedule.Event{Name: "s"}) }), []string{`Step of "s" has kind none: that of an access`}},
		"a kind of its own":  {inThread(func(t *schedule.T, x *schedule.Word) { t.Step(on(x, "s", schedule.Flush)) }), []string{`Step of "s" has kind flush`}},
		"a kind there isn't": {inThread(func(t *schedule.T, x *schedule.Word) { t.Step(on(x, "s", 99)) }), []string{`Step of "s" has kind Kind(99)`}},
		"a kind of a step that may write": {
			inThread(func(t *schedule.T, x *schedule.Word) {
				t.StepIf(on(x, "s", schedule.Load), func() bool { return true })
			}), []string{`StepIf of "s" has kind load, which changes nothing`},
		},
		"another one": {
			inThread(func(t *schedule.T, x *schedule.Word) {
				t.StepIf(on(x, "s", schedule.Await), func() bool { return true })
			}), []string{`StepIf of "s" has kind await, which changes nothing`},
		},
		"a kind of a step that waits": {
			inThread(func(t *schedule.T, x *schedule.Word) {
				t.AwaitStep(on(x, "s", schedule.Choice), func() bool { return true })
			}), []string{`AwaitStep of "s" has kind choice`},
		},
		"a predicate that writes": {
			inThread(func(t *schedule.T, x *schedule.Word) {
				t.Await("p", func() bool { x.Add(1); return true }, x.Location())
			}), []string{"add x in a predicate, or in a function that is only to tell something, which must change nothing", `in the predicate of await "p" of thread "a"`},
		},
		"a predicate that tries to": {
			inThread(func(t *schedule.T, x *schedule.Word) {
				t.Await("p", func() bool { x.CompareAndSwap(9, 1); return true }, x.Location())
			}), []string{"cas x in a predicate"},
		},
		"a check without a name":   {inThread(func(t *schedule.T, _ *schedule.Word) { t.Check("", true, "") }), []string{"Check of a property without a name"}},
		"a failure without a name": {atEnd(func(t *schedule.T) { t.Fail("", "") }), []string{"Fail of a property without a name"}},
		"no end":                   {func(t *schedule.T) { increments(2, 1, false)(t); t.AtEnd(nil) }, []string{"AtEnd without a function (in the set-up"}},
		"an end at the end": {
			atEnd(func(t *schedule.T) { t.AtEnd(func() { t.Fail("never", "") }) }),
			[]string{"AtEnd where it is too late: the set-up and threads declare what is to run at the end (at the end, after step "},
		},
		"an end in a predicate": {
			inThread(func(t *schedule.T, x *schedule.Word) {
				t.Await("p", func() bool { t.AtEnd(func() {}); return true }, x.Location())
			}), []string{"AtEnd where it is too late", `in the predicate of await "p" of thread "a"`},
		},
		"no cleanup": {func(t *schedule.T) { increments(2, 1, false)(t); t.Cleanup(nil) }, []string{"Cleanup without a function"}},
		"no mutex":   {func(t *schedule.T) { increments(2, 1, false)(t); t.Cond("c", nil) }, []string{`Cond "c" without a mutex`}},
		"no word guarded": {
			func(t *schedule.T) {
				x := t.Word("x", 0)
				t.Go("a", func() { x.Add(1) })
				t.Mutex("m").Guards(x, nil)
			}, []string{"Guards of mutex m: word 2 of 2 is nil"},
		},
		"no holder": {func(t *schedule.T) { t.Guards("", nil) }, []string{"Guards without a function that gives the holder"}},
		"a predicate that takes a lock": {
			func(t *schedule.T) {
				m := t.Mutex("m")
				t.Go("a", func() { t.Await("p", m.TryLock) })
				t.Go("b", func() { m.Lock() })
			}, []string{"try m in a predicate", `in the predicate of await "p" of thread "a"`},
		},
		"a predicate that announces a write": {
			inThread(func(t *schedule.T, x *schedule.Word) {
				t.StepIf(on(x, "if", schedule.CAS), func() bool { t.Step(on(x, "set", schedule.Store)); return true })
			}), []string{"set in a predicate"},
		},
		"a predicate that waits": {
			inThread(func(t *schedule.T, x *schedule.Word) {
				t.Await("p", func() bool { x.Await(func(v uint64) bool { return v > 5 }); return true })
			}), []string{"await x would wait for ever where nothing interleaves", `in the predicate of await "p" of thread "a"`},
		},
		"a set-up that waits": {
			func(t *schedule.T) {
				t.Word("x", 0).Await(func(v uint64) bool { return v == 1 })
				increments(2, 1, false)(t)
			},
			[]string{"await x would wait for ever where nothing interleaves: no thread runs before the set-up has returned", "(in the set-up, at misuse_test.go:"},
		},
		"a set-up that locks twice": {
			func(t *schedule.T) { m := t.Mutex("m"); m.Lock(); m.Lock() }, []string{"lock m would wait for ever", "(in the set-up, at misuse_test.go:"},
		},
		"a set-up that awaits": {
			func(t *schedule.T) { increments(2, 1, false)(t); t.Await("p", func() bool { return false }) },
			[]string{`Await of "p" would wait for ever`, "(in the set-up, at misuse_test.go:"},
		},
		"a cleanup that panics": {
			func(t *schedule.T) { increments(2, 1, false)(t); t.Cleanup(func() { panic("oh") }) },
			[]string{"a function of Cleanup panics: oh", "misuse_test.go:"},
		},
		"a cleanup that ends its goroutine": {
			func(t *schedule.T) { increments(2, 1, false)(t); t.Cleanup(runtime.Goexit) },
			[]string{"a function of Cleanup ends its goroutine, by runtime.Goexit"},
		},
	} {
		for by, s := range everyStrategy() {
			rep, err := schedule.Explore(context.Background(), c.program, s, schedule.Options{})
			if !errors.Is(err, schedule.ErrUsage) || rep.Verdict != verdict.Unknown || rep.Failure != nil {
				t.Errorf("%s, %s: %v, %+v, %v", name, by, rep.Verdict, rep.Failure, err)
				continue
			}
			contains(t, err.Error(), c.told...)
		}
	}
	if rep := explore(t, threads(64), schedule.Random(1, 3), schedule.Options{}); rep.Steps != 3*64 {
		t.Errorf("64 threads: %+v", rep)
	}
}

// What no call of T has made is told where it is used.
func TestNotMadeByT(t *testing.T) {
	for name, use := range map[string]func(){
		"a word":      func() { new(schedule.Word).Load() },
		"a mutex":     func() { new(schedule.Mutex).Lock() },
		"a condition": func() { new(schedule.Cond).Signal() },
		"a clock":     func() { new(schedule.Clock).Now() },
		"a T":         func() { new(schedule.T).Step(step("s")) },
		"no word":     func() { (*schedule.Word)(nil).Store(1) },
	} {
		f := failing(t, func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("a", func() { x.Add(1); use() })
		}, schedule.Options{})
		contains(t, f.Message, "in a method of this package: is a Word, Mutex, Cond, Clock, Guard or T used that no call of T has made?", "(", "misuse_test.go:")
		if f.Property != "panic" {
			t.Errorf("%s: %s", name, f.Property)
		}
	}
	f := failing(t, func(t *schedule.T) {
		x := t.Word("x", 0)
		t.Go("a", func() { x.Add(1); var p *int; *p = 1 })
	}, schedule.Options{})
	if f.Property != "panic" || strings.Contains(f.Message, "of this package") {
		t.Errorf("the program's own nil: %s: %s", f.Property, f.Message)
	}
}

// What one function of Cleanup does keeps no other from being called, and hides no failure.
func TestCleanupsThatPanic(t *testing.T) {
	for _, fails := range []bool{false, true} {
		set, called := 0, 0
		rep, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			set++
			s.Cleanup(func() { called++ })
			s.Cleanup(func() { panic("oh") })
			s.Cleanup(runtime.Goexit)
			s.Cleanup(func() { called++ })
			increments(2, 1, false)(s)
			s.AtEnd(func() { s.Check("never", !fails, "") })
		}, schedule.Bounded(-1), schedule.Options{})
		if called != 2*set {
			t.Errorf("%d executions have called %d functions", set, called)
		}
		if fails && (err != nil || rep.Failure == nil || rep.Failure.Property != "never") || !fails && !errors.Is(err, schedule.ErrUsage) {
			t.Errorf("fails %v: %+v, %v", fails, rep.Failure, err)
		}
	}
}

// A replay of a program that has come to be used wrongly is refused, too, and who recovers
// everything does not hide it.
func TestWrongUseIsNotHidden(t *testing.T) {
	wrong := false
	program := func(t *schedule.T) {
		m := newWords(t)
		t.Go("a", func() {
			m.store("store", 0, 1)
			defer func() { _ = recover() }()
			if wrong {
				t.Choose("which", 0)
			}
		})
		t.AtEnd(func() { t.Fail("always", "") })
	}
	token := failing(t, program, schedule.Options{}).Token
	wrong = true
	if _, err := schedule.Replay(context.Background(), program, token, schedule.Options{}); !errors.Is(err, schedule.ErrUsage) {
		t.Errorf("replay: %v", err)
	}
	if _, err := schedule.Explore(context.Background(), program, schedule.Optimal(), schedule.Options{KeepGoing: true}); !errors.Is(err, schedule.ErrUsage) {
		t.Errorf("explore: %v", err)
	}
}

// tooMany is no constant, which an int of 32 bits could not hold.
var tooMany = func() int { n := int64(1) << 31; return int(n) }()
