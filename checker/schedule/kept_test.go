package schedule_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// made is what an execution has made.
type made struct {
	t     *schedule.T
	word  *schedule.Word
	mutex *schedule.Mutex
	cond  *schedule.Cond
	clock *schedule.Clock
	guard schedule.Guard
	tb    testing.TB
}

func makeAll(t *schedule.T) made {
	m := made{t: t, word: t.Word("x", 0), mutex: t.Mutex("m"), clock: t.Clock("clock"), tb: t.TB(nil)}
	m.cond = t.Cond("c", m.mutex)
	m.guard = t.Guards("", func() int { return -1 })
	return m
}

// calls has a call of every method that means an execution.
var calls = map[string]func(made){
	"T.Go":           func(m made) { m.t.Go("late", func() {}) },
	"T.Daemon":       func(m made) { m.t.Daemon("late", func() {}) },
	"T.OnGoroutine":  func(m made) { m.t.OnGoroutine(func() {}) },
	"T.Word":         func(m made) { m.t.Word("late", 0) },
	"T.Mutex":        func(m made) { m.t.Mutex("late") },
	"T.Cond":         func(m made) { m.t.Cond("late", m.mutex) },
	"T.Clock":        func(m made) { m.t.Clock("late") },
	"T.Step":         func(m made) { m.t.Step(step("late")) },
	"T.StepIf":       func(m made) { m.t.StepIf(step("late"), func() bool { return true }) },
	"T.Await":        func(m made) { m.t.Await("late", func() bool { return true }) },
	"T.AwaitStep":    func(m made) { m.t.AwaitStep(step("late"), func() bool { return true }) },
	"T.Choose":       func(m made) { m.t.Choose("late", 2) },
	"T.Kill":         func(m made) { m.t.Kill("late", "b") },
	"T.Saw":          func(m made) { m.t.Saw("late") },
	"T.SawValue":     func(m made) { m.t.SawValue(1) },
	"T.SawBytes":     func(m made) { m.t.SawBytes([]byte{1}) },
	"T.Mark":         func(m made) { m.t.Mark("late") },
	"T.ByStates":     func(m made) { m.t.ByStates() },
	"T.Check":        func(m made) { m.t.Check("late", true, "") },
	"T.Fail":         func(m made) { m.t.Fail("late", "") },
	"T.AtEnd":        func(m made) { m.t.AtEnd(func() {}) },
	"T.Cleanup":      func(m made) { m.t.Cleanup(func() {}) },
	"T.Self":         func(m made) { m.t.Self() },
	"T.Name":         func(m made) { m.t.Name() },
	"T.Recall":       func(m made) { m.t.Recall() },
	"T.Shared":       func(m made) { m.t.Shared(func(*schedule.Digest) {}) },
	"T.SharedAt":     func(m made) { m.t.SharedAt("late", func(*schedule.Digest) {}) },
	"T.Quotient":     func(m made) { m.t.Quotient(func(_ schedule.Location, v uint64) uint64 { return v }) },
	"T.Guards":       func(m made) { m.t.Guards("", func() int { return -1 }) },
	"T.GuardsStores": func(m made) { m.t.GuardsStores("", func() int { return -1 }) },
	"T.TB":           func(m made) { m.t.TB(nil) },

	"Word.Load":           func(m made) { m.word.Load() },
	"Word.Store":          func(m made) { m.word.Store(1) },
	"Word.Add":            func(m made) { m.word.Add(1) },
	"Word.Swap":           func(m made) { m.word.Swap(1) },
	"Word.CompareAndSwap": func(m made) { m.word.CompareAndSwap(0, 1) },
	"Word.Await":          func(m made) { m.word.Await(func(uint64) bool { return true }) },
	"Word.AwaitSwap":      func(m made) { m.word.AwaitSwap(func(uint64) bool { return true }, 1) },
	"Word.Read":           func(m made) { m.word.Read() },
	"Word.Write":          func(m made) { m.word.Write(1) },
	"Word.Peek":           func(m made) { m.word.Peek() },
	"Word.String":         func(m made) { _ = m.word.String() },

	"Mutex.Lock":    func(m made) { m.mutex.Lock() },
	"Mutex.TryLock": func(m made) { m.mutex.TryLock() },
	"Mutex.Unlock":  func(m made) { m.mutex.Unlock() },
	"Mutex.Held":    func(m made) { m.mutex.Held() },
	"Mutex.Guards":  func(m made) { m.mutex.Guards(m.word) },

	"Cond.Wait":      func(m made) { m.cond.Wait() },
	"Cond.Signal":    func(m made) { m.cond.Signal() },
	"Cond.Broadcast": func(m made) { m.cond.Broadcast() },

	"Clock.Peek":       func(m made) { m.clock.Peek() },
	"Clock.Now":        func(m made) { m.clock.Now() },
	"Clock.Sleep":      func(m made) { m.clock.Sleep(1) },
	"Clock.SleepUntil": func(m made) { m.clock.SleepUntil(1) },
	"Clock.AwaitUntil": func(m made) { m.clock.AwaitUntil(1, "late", func() bool { return true }) },

	"Guard.HeldAt": func(m made) { m.guard.HeldAt() },

	"TB.Cleanup": func(m made) { m.tb.Cleanup(func() {}) },
	"TB.Failed":  func(m made) { m.tb.Failed() },
	"TB.Error":   func(m made) { m.tb.Error("late") },
	"TB.Errorf":  func(m made) { m.tb.Errorf("late") },
	"TB.Fatal":   func(m made) { m.tb.Fatal("late") },
	"TB.Fatalf":  func(m made) { m.tb.Fatalf("late") },
	"TB.Fail":    func(m made) { m.tb.Fail() },
	"TB.FailNow": func(m made) { m.tb.FailNow() },
	"TB.Log":     func(m made) { m.tb.Log("late") },
	"TB.Logf":    func(m made) { m.tb.Logf("late") },
	"TB.Output":  func(m made) { _, _ = m.tb.Output().Write([]byte("late")) },
}

// anyTime are the methods that mean no execution: what they give is the same in all of them,
// or they are those of the test that T.TB was given.
var anyTime = []string{
	"Word.Location", "Mutex.Location", "Clock.Location", "TB.Helper",
	"TB.ArtifactDir", "TB.Attr", "TB.Chdir", "TB.Context", "TB.Name", "TB.Setenv", "TB.Skip", "TB.SkipNow", "TB.Skipf", "TB.Skipped", "TB.TempDir",
}

// Every method stands in one of the two lists.
func TestCallsAreOfAllMethods(t *testing.T) {
	there := make(map[string]bool)
	for name, of := range map[string]reflect.Type{
		"T": reflect.TypeFor[*schedule.T](), "Word": reflect.TypeFor[*schedule.Word](), "Mutex": reflect.TypeFor[*schedule.Mutex](),
		"Cond": reflect.TypeFor[*schedule.Cond](), "Clock": reflect.TypeFor[*schedule.Clock](), "Guard": reflect.TypeFor[schedule.Guard](),
		"TB": reflect.TypeFor[testing.TB](),
	} {
		for i := range of.NumMethod() {
			m := of.Method(i)
			if !m.IsExported() {
				continue
			}
			method := name + "." + m.Name
			there[method] = true
			if called := calls[method] != nil; called == slices.Contains(anyTime, method) {
				t.Errorf("%s: has a call %v", method, called)
			}
		}
	}
	for method := range calls {
		if !there[method] {
			t.Errorf("there is no %s", method)
		}
	}
	for i := range reflect.TypeFor[*schedule.T]().NumMethod() { // what T makes has such methods, too
		m := reflect.TypeFor[*schedule.T]().Method(i).Type
		for k := range m.NumOut() {
			of := m.Out(k).String()
			name := of[strings.LastIndexByte(of, '.')+1:]
			if strings.Contains(of, ".") && !slices.ContainsFunc(slices.Collect(maps.Keys(there)), func(s string) bool { return strings.HasPrefix(s, name+".") }) {
				t.Errorf("the methods of %s are not looked at", of)
			}
		}
	}
}

// keptUses are the places where what an earlier execution made may be used.
var keptUses = map[string]func(now made, use func()){
	"in a thread": func(now made, use func()) { now.t.Go("a", func() { now.word.Add(1); use() }) },
	"in a predicate": func(now made, use func()) {
		now.t.Go("a", func() { now.word.Await(func(uint64) bool { use(); return true }) })
	},
	"at the end":    func(now made, use func()) { now.t.AtEnd(use) },
	"in the set-up": func(_ made, use func()) { use() },
}

// What an execution made is of no use in the next one: that is said, and not what comes of it.
func TestKeptFromAnEarlierExecution(t *testing.T) {
	for method, call := range calls {
		for where, do := range keptUses {
			for by, s := range map[string]schedule.Strategy{"stateful": schedule.Stateful(), "optimal": schedule.Optimal(), "bounded": schedule.Bounded(-1), "random": schedule.Random(1, 5)} {
				var kept made
				rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
					now := makeAll(t)
					use := func() {}
					if kept.t != nil {
						use = func() { call(kept) }
					} else {
						kept = now
					}
					do(now, use)
					t.Go("b", func() { now.word.Add(1) })
				}, s, schedule.Options{})
				if !errors.Is(err, schedule.ErrUsage) && !errors.Is(err, schedule.ErrNondeterministic) || rep.Verdict != verdict.Unknown {
					t.Errorf("%s %s, %s: %v, %v", method, where, by, rep.Verdict, err)
					continue
				}
				contains(t, err.Error(), " of a T of an earlier execution, or of what that made: each execution makes its words, locks and threads anew", "kept_test.go:")
			}
		}
	}
}

// Nor is it of any in a function of Cleanup, where what its own execution made may be asked.
func TestKeptForCleanup(t *testing.T) {
	for method, call := range calls {
		for _, own := range []bool{false, true} {
			var kept made
			rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
				now := makeAll(t)
				if kept.t == nil || own {
					kept = now
				}
				t.Cleanup(func() {
					if own || kept != now {
						call(kept)
					}
				})
				t.Go("a", func() { now.word.Add(1) })
			}, schedule.Bounded(-1), schedule.Options{})
			asks := slices.Contains([]string{
				"T.Saw", "T.SawValue", "T.SawBytes", "T.Mark", "T.ByStates", "Word.Peek", "Word.String", "Mutex.Held", "Clock.Peek", "TB.Failed", "TB.Log", "TB.Logf", "TB.Output",
			}, method)
			if own && asks {
				if err != nil {
					t.Errorf("%s of its own execution: %v", method, err)
				}
				continue
			}
			if !errors.Is(err, schedule.ErrUsage) && !errors.Is(err, schedule.ErrNondeterministic) || rep.Verdict != verdict.Unknown {
				t.Errorf("%s, own %v: %v, %v", method, own, rep.Verdict, err)
			}
		}
	}
}

// No method is for goroutines that are no threads.
func TestForeignCallsOfAllMethods(t *testing.T) {
	for method, call := range calls {
		for where, do := range keptUses {
			rep, err := schedule.Explore(context.Background(), func(t *schedule.T) {
				now := makeAll(t)
				do(now, func() { aside(func() { call(now) }) })
				t.Go("b", func() { now.word.Add(1) })
			}, schedule.Optimal(), schedule.Options{})
			refusesForeign(t, method+" "+where, rep, err, " is called by a goroutine that is no thread, at kept_test.go:")
		}
	}
}
