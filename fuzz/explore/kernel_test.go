package explore

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// A kernelCase says what some threads may see of a kernel. It runs on the
// simulated and on the real one.
type kernelCase struct {
	name string
	run  func(a *arena)
	// want are the outcomes, each the sorted notes of one run. The simulated
	// kernel shows all of them and no other, the real one some of them.
	want []string
}

// arena is what a case runs on.
type arena struct {
	kernel kernel.Kernel
	words  *shm.Segment // two words, at one and other
	nudge  kernel.Nudge
	start  func(name string, f func()) // starts a thread
	note   func(what string)           // takes down what a thread saw
}

const (
	one   shm.Offset = 0
	other shm.Offset = shm.Line
)

// ring changes a word and wakes who sleeps on it.
func (a *arena) ring(off shm.Offset) {
	a.words.Add(step.Ring, off, 1)
	a.kernel.Wake(a.words, off)
}

// sleep sleeps on word one while it is expected, again when woken for nothing
// that the case knows of.
func (a *arena) sleep(expected, seen uint32, deadline int64) string {
	for {
		switch got := a.kernel.Sleep(&a.words.View, one, expected, &a.nudge, seen, deadline); got {
		case kernel.Changed:
			return "changed"
		case kernel.TimedOut:
			return "timed out"
		case kernel.Woken:
			if a.words.Unhooked().Peek(one) != expected || a.nudge.Peek() != seen {
				return "woken"
			}
		default:
			return fmt.Sprint("outcome ", got)
		}
	}
}

var kernelCases = []kernelCase{
	{
		name: "a sleep on a word of another value is refused",
		run:  func(a *arena) { a.start("sleeper", func() { a.note(a.sleep(1, 0, 0)) }) },
		want: []string{"changed"},
	},
	{
		name: "a nudge before the sleep is not lost",
		run: func(a *arena) {
			a.start("sleeper", func() {
				seen := a.nudge.Seen(&a.words.View)
				a.kernel.Nudge(&a.nudge)
				a.note(a.sleep(0, seen, 0))
			})
		},
		want: []string{"changed"},
	},
	{
		name: "a deadline that has passed",
		run:  func(a *arena) { a.start("sleeper", func() { a.note(a.sleep(0, 0, a.kernel.Now())) }) },
		want: []string{"timed out"},
	},
	{
		name: "a sleep ends at its deadline",
		run: func(a *arena) {
			a.start("sleeper", func() {
				deadline := a.kernel.Now() + int64(time.Millisecond)
				a.note(a.sleep(0, 0, deadline))
				if a.kernel.Now() < deadline {
					a.note("early")
				}
			})
		},
		want: []string{"timed out"},
	},
	{
		name: "a wake of nobody is not kept for later",
		run: func(a *arena) {
			a.start("sleeper", func() {
				a.kernel.Wake(a.words, one)
				a.note(a.sleep(0, 0, a.kernel.Now()+int64(time.Millisecond)))
			})
		},
		want: []string{"timed out"},
	},
	{
		name: "a ring before or during the sleep",
		run: func(a *arena) {
			a.start("sleeper", func() { a.note(a.sleep(0, 0, 0)) })
			a.start("waker", func() { a.ring(one) })
		},
		want: []string{"changed", "woken"},
	},
	{
		name: "a ring wakes all sleepers",
		run: func(a *arena) {
			for _, name := range []string{"first", "second", "third"} {
				a.start(name, func() { a.sleep(0, 0, 0); a.note("out") })
			}
			a.start("waker", func() { a.ring(one) })
		},
		want: []string{"out, out, out"},
	},
	{
		name: "a ring of another word wakes nobody",
		run: func(a *arena) {
			a.start("sleeper", func() { a.note(a.sleep(0, 0, a.kernel.Now()+int64(time.Millisecond))) })
			a.start("waker", func() { a.ring(other) })
		},
		want: []string{"timed out"},
	},
	{
		name: "a ring before, at or after the deadline",
		run: func(a *arena) {
			a.start("sleeper", func() { a.note(a.sleep(0, 0, a.kernel.Now()+int64(time.Millisecond))) })
			a.start("waker", func() { a.ring(one) })
		},
		want: []string{"changed", "timed out", "woken"},
	},
	{
		name: "a nudge before, at or after the deadline",
		run: func(a *arena) {
			a.start("sleeper", func() { a.note(a.sleep(0, 0, a.kernel.Now()+int64(time.Millisecond))) })
			a.start("nudger", func() { a.kernel.Nudge(&a.nudge) })
		},
		want: []string{"changed", "timed out", "woken"},
	},
	{
		name: "a sleeper without a deadline outlives one with it, and is woken late",
		run: func(a *arena) {
			a.start("sleeper", func() { a.note("late " + a.sleep(0, 0, 0)) })
			a.start("hasty", func() {
				a.sleep(0, 0, a.kernel.Now()+int64(time.Millisecond))
				a.ring(one)
			})
		},
		want: []string{"late changed", "late woken"},
	},
	{
		name: "what is told before a ring is found by who was woken: a donation",
		run: func(a *arena) {
			a.start("sleeper", func() {
				a.sleep(0, 0, 0)
				a.note(fmt.Sprint("donated ", a.words.Load(step.LookDonation, other)))
			})
			a.start("waker", func() {
				a.words.Add(step.Donate, other, 1)
				a.ring(one)
			})
		},
		want: []string{"donated 1"},
	},
	{
		name: "a nudge gets all sleepers out",
		run: func(a *arena) {
			for _, name := range []string{"first", "second"} {
				a.start(name, func() { a.sleep(0, 0, 0); a.note("out") })
			}
			a.start("nudger", func() { a.kernel.Nudge(&a.nudge) })
		},
		want: []string{"out, out"},
	},
}

// simulate explores a case whole and gives all its outcomes.
func simulate(t *testing.T, c kernelCase, spurious int) []string {
	t.Helper()
	return simulateOn(t, c, spurious, 0)
}

// simulateOn does so on a machine of so many processors, one of which is taken
// away once; 0: each thread has its own.
func simulateOn(t *testing.T, c kernelCase, spurious, processors int) []string {
	t.Helper()
	return outcomes(t, func(s *schedule.T, note func(string)) {
		m := NewMachine(s, spurious)
		if processors > 0 {
			m.Processors(processors, 1)
		}
		r := NewRegion(m, 0)
		words := shm.Heap(0, 2*shm.Line)
		r.Hook(words)
		c.run(&arena{
			kernel: m.Kernel(r), words: words,
			start: func(name string, f func()) {
				s.Go(name, func() {
					f()
					m.leaves()
				})
			},
			note: note,
		})
	})
}

func TestSimulatedKernel(t *testing.T) {
	for _, c := range kernelCases {
		t.Run(c.name, func(t *testing.T) {
			for spurious := range 2 {
				if got := simulate(t, c, spurious); !slices.Equal(got, c.want) {
					t.Errorf("with %d wakes for nothing it shows %q, want %q", spurious, got, c.want)
				}
			}
		})
	}
}

// With fewer processors than threads it shows the same, and no less: a thread can
// be held before any step.
func TestSimulatedKernelOnOneProcessor(t *testing.T) {
	for _, c := range kernelCases {
		if got := simulateOn(t, c, 0, 1); !slices.Equal(got, c.want) {
			t.Errorf("%s: on one processor it shows %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSimulatedKernelWakesForNothing(t *testing.T) {
	for spurious, want := range []uint64{1, 2, 2} {
		woken := map[bool]bool{} // whether an execution wakes: one may be run again, to see that it repeats
		rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
			m := NewMachine(s, spurious)
			r := NewRegion(m, 0)
			words := shm.Heap(0, shm.Line)
			r.Hook(words)
			wakes := false
			s.Daemon("sleeper", func() {
				var nudge kernel.Nudge
				m.Kernel(r).Sleep(&words.View, one, 0, &nudge, 0, 0)
				wakes = true
			})
			s.AtEnd(func() { woken[wakes] = true })
		}, schedule.Bounded(-1), schedule.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if rep.Executions != want || !woken[false] || woken[true] != (want == 2) {
			t.Errorf("%d wakes for nothing: %d executions, one of which wakes: %v, one of which does not: %v, want %d", spurious, rep.Executions, woken[true], woken[false], want)
		}
	}
}
