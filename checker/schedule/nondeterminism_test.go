package schedule_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// manySteps gives the program threads whose interleavings are so many that what one
// of them does by chance cannot go unnoticed.
func manySteps(t *schedule.T) (x, y *schedule.Word) {
	x, y = t.Word("x", 0), t.Word("y", 0)
	t.Go("b", func() {
		for range 5 {
			x.Add(1)
			y.Add(1)
		}
	})
	return x, y
}

// either makes a step on one of two words.
func either(first bool, x, y *schedule.Word) {
	if first {
		x.Add(1)
	} else {
		y.Add(1)
	}
}

// uncontrolled are programs that are no functions of their schedules. Each is
// refused by an error that names the step, the line and the cause.
var uncontrolled = map[string]struct {
	program func(*schedule.T)
	says    []string
}{
	"map": {func(t *schedule.T) {
		x, y := manySteps(t)
		words := map[string]*schedule.Word{"x": x, "y": y}
		t.Go("a", func() {
			for range 5 {
				for _, w := range words {
					w.Add(1)
				}
			}
		})
	}, []string{"goes 2 ways, which part", `thread "a" comes to add`, " at nondeterminism_test.go:50 in ", "; there: the order of a map (nondeterminism_test.go:49)"}},
	"time": {func(t *schedule.T) {
		x, y := manySteps(t)
		t.Go("a", func() {
			x.Load()
			for range 5 {
				either(time.Now().UnixNano()/64%2 == 0, x, y)
			}
		})
	}, []string{"goes 2 ways, which part after step ", ", load x (load 65535:0) by a: ", `thread "a" comes to add`, "; there: the time (nondeterminism_test.go:60)"}},
	"rand": {func(t *schedule.T) {
		x, y := manySteps(t)
		t.Go("a", func() {
			x.Load()
			for range 5 {
				either(rand.IntN(2) == 0, x, y)
			}
		})
	}, []string{"goes 2 ways, which part after step ", ", load x (load 65535:0) by a: ", "; there: random numbers (nondeterminism_test.go:69)"}},
	"another goroutine": {func(t *schedule.T) {
		x, y := manySteps(t)
		var n, stop atomic.Int32
		go func() {
			for stop.Load() == 0 {
				n.Add(1)
			}
		}()
		t.Go("a", func() {
			defer stop.Store(1)
			for n.Load() < 10 {
				runtime.Gosched()
			}
			for range 3 {
				either(n.Load()%2 == 0, x, y)
			}
		})
	}, []string{"goes 2 ways, which part", "; there: another goroutine (nondeterminism_test.go:76)"}},
	"an answer": {func(t *schedule.T) {
		x, _ := manySteps(t)
		t.Go("a", func() {
			for range 5 {
				x.Load()
				t.Choose("how", 2+rand.IntN(2))
			}
		})
	}, []string{"the program comes to a choice among"}},
}

func TestWhatIsNotUnderControlIsNamed(t *testing.T) {
	for name, c := range uncontrolled {
		for _, s := range []schedule.Strategy{schedule.Bounded(-1), schedule.Optimal(), schedule.Random(1, 2000), schedule.Uniform(1, 2000)} {
			_, err := schedule.Explore(context.Background(), c.program, s, schedule.Options{})
			if !errors.Is(err, schedule.ErrNondeterministic) {
				t.Errorf("%s, %v: accepted: %v", name, s, err)
				continue
			}
			contains(t, err.Error(), "run again 50 times by the same choices")
			contains(t, err.Error(), c.says...)
			if t.Failed() {
				t.Fatalf("%s, %v", name, s)
			}
		}
	}
}

// A program that goes alike each time it is run again depends on what executions
// leave behind.
func TestWhatExecutionsLeaveBehindIsNamed(t *testing.T) {
	for name, change := range map[string]func(run int, t *schedule.T, x *schedule.Word){
		"a step": func(run int, _ *schedule.T, x *schedule.Word) {
			if run == 1 {
				x.Add(1)
			}
		},
		"a failure": func(run int, t *schedule.T, _ *schedule.Word) { t.Check("once", run != 3, "") },
	} {
		runs := 0
		program := func(t *schedule.T) {
			runs++
			run := runs
			x := t.Word("x", 0)
			t.Go("a", func() {
				x.Load()
				change(run, t, x)
				x.Load()
			})
			t.Go("b", func() { x.Store(0) })
		}
		_, err := schedule.Explore(context.Background(), program, schedule.Bounded(-1), schedule.Options{})
		if !errors.Is(err, schedule.ErrNondeterministic) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		contains(t, err.Error(), "it went alike each time", "sync.Once")
	}
}

// A stateful search, which takes chance for a state that is not told in full, says
// what it is. It may miss it: it is asked until it does not.
func TestStatefulSaysThatItIsChance(t *testing.T) {
	for _, name := range []string{"map", "rand", "time"} {
		c := uncontrolled[name]
		err := error(nil)
		for range 100 {
			if _, err = schedule.Explore(context.Background(), c.program, schedule.Stateful(), schedule.Options{}); err != nil {
				break
			}
		}
		if !errors.Is(err, schedule.ErrNondeterministic) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		contains(t, err.Error(), c.says[len(c.says)-1])
	}
}

// A sample notices a check that passes now and fails then.
func TestSampleNoticesAnotherEnd(t *testing.T) {
	runs := 0
	program := func(t *schedule.T) {
		runs++
		fails := runs%2 == 0
		x, _ := manySteps(t)
		t.Go("a", func() { x.Load() })
		t.AtEnd(func() { t.Check("parity", !fails, "") })
	}
	_, err := schedule.Explore(context.Background(), program, schedule.Random(1, 1000), schedule.Options{KeepGoing: true})
	if !errors.Is(err, schedule.ErrNondeterministic) {
		t.Fatal(err)
	}
	contains(t, err.Error(), "run again by the same steps, it ends otherwise: as a failure of parity, and before well", "its failure of property parity in 25 of them")
	runs = 0
	if rep := explore(t, program, schedule.Random(1, 1), schedule.Options{Steered: true}); rep.Executions != 1 || runs != 1 {
		t.Errorf("a program that steers is run %d times: %+v", runs, rep)
	}
}

// Where the source does not tell, the usual causes are listed.
func TestWhatIsHiddenIsListed(t *testing.T) {
	hidden := rand.IntN
	_, err := schedule.Explore(context.Background(), func(t *schedule.T) {
		x, y := manySteps(t)
		t.Go("a", func() {
			for range 5 {
				either(hidden(2) == 0, x, y)
			}
		})
	}, schedule.Bounded(-1), schedule.Options{})
	if !errors.Is(err, schedule.ErrNondeterministic) {
		t.Fatal(err)
	}
	contains(t, err.Error(), "the order of a map, time, random numbers, a select, another goroutine, an address")
}

// unseen are programs in which what is decided by chance shows in no step that a search
// comes by again: in a value alone, or in the last step.
var unseen = map[string]struct {
	program func(*schedule.T)
	cause   string
}{
	"a time that is stored": {func(t *schedule.T) {
		w := t.Word("w", 0)
		t.Go("a", func() { w.Store(uint64(time.Now().UnixNano())) })
		t.Go("b", func() {
			w.Load()
			w.Load()
		})
	}, "the time"},
	"a random number that is stored": {func(t *schedule.T) {
		w := t.Word("w", 0)
		t.Go("a", func() { w.Store(rand.Uint64()) })
		t.Go("b", func() { w.Load() })
	}, "random numbers"},
	"a random number of two": {func(t *schedule.T) {
		w := t.Word("w", 0)
		t.Go("a", func() { w.Store(rand.Uint64N(2)) })
	}, "random numbers"},
	"a map": {func(t *schedule.T) {
		w, m := t.Word("w", 0), map[uint64]bool{1: true, 2: true, 3: true}
		t.Go("a", func() {
			for k := range m {
				w.Store(k)
				break
			}
		})
		t.Go("b", func() { w.Load() })
	}, "the order of a map"},
	"a last step": {func(t *schedule.T) {
		w := t.Word("w", 0)
		t.Go("a", func() {
			w.Load()
			if rand.IntN(2) == 0 {
				w.Add(1)
			}
		})
	}, "random numbers"},
	"bytes that are told": {func(t *schedule.T) {
		t.Word("w", 0)
		t.Go("a", func() {
			t.Step(schedule.Event{Name: "write", Kind: schedule.Write, Location: schedule.Location{Offset: 8}, Size: 8})
			b := [8]byte{byte(rand.IntN(256)), byte(rand.IntN(256))}
			t.SawBytes(b[:])
		})
	}, "random numbers"},
}

func TestChanceThatShowsInNoStepIsNamed(t *testing.T) {
	for name, c := range unseen {
		for _, s := range []schedule.Strategy{
			schedule.Bounded(-1), schedule.Bounded(2), schedule.Optimal(), schedule.Stateful(), schedule.Random(1, 500),
			schedule.Uniform(1, 500), schedule.PCT(2, 1, 500), schedule.POS(1, 500), schedule.Selective(1, 500),
		} {
			rep, err := schedule.Explore(t.Context(), c.program, s, schedule.Options{})
			if !errors.Is(err, schedule.ErrNondeterministic) || rep.Verdict == verdict.Holds {
				t.Errorf("%s, %v: %v: %v", name, s, rep.Verdict, err)
				continue
			}
			contains(t, err.Error(), "run again 50 times by the same choices, it goes ", "; there: "+c.cause+" (nondeterminism_test.go:")
		}
	}
}
