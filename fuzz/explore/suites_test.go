package explore

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// The cases of a suite run on what is simulated and on what is real. Each thread notes what
// it saw.

// outcomes explores a program whole and gives the sorted notes of its executions.
func outcomes(t *testing.T, program func(s *schedule.T, note func(what string))) []string {
	t.Helper()
	all := map[string]bool{}
	rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
		var notes []string
		program(s, func(what string) { notes = append(notes, what) })
		s.AtEnd(func() {
			slices.Sort(notes)
			all[strings.Join(notes, ", ")] = true
		})
	}, schedule.Bounded(-1), schedule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Verdict != verdict.Holds {
		t.Fatalf("%v: %s %+v", rep.Verdict, rep.Reason, rep.Failure)
	}
	return slices.Sorted(maps.Keys(all))
}

// patient is how long a thread of goroutines may wait until it is taken for lost.
const patient = 20 * time.Second

// later are the threads that let others go: in odd rounds those have time to wait first.
var later = []string{"ender", "giver", "nudger", "readier", "stopper", "waker", "worker"}

// onGoroutines runs a program once, with goroutines for threads, and gives the sorted
// notes. It says whether all threads have ended.
func onGoroutines(round int, program func(start func(name string, f func()), note func(what string))) (seen string, ended bool) {
	var (
		mu      sync.Mutex
		notes   []string
		threads sync.WaitGroup
	)
	start := func(name string, f func()) {
		if round%2 == 1 && slices.Contains(later, name) {
			time.Sleep(200 * time.Microsecond)
		}
		threads.Go(f)
	}
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		notes = append(notes, what)
	}
	threads.Go(func() { program(start, note) })
	all := make(chan struct{})
	go func() {
		threads.Wait()
		close(all)
	}()
	select {
	case <-all:
		ended = true
	case <-time.After(patient):
	}
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(notes)
	return strings.Join(notes, ", "), ended
}

// onGoroutinesOneOf runs a program often, and holds what it shows to what is wanted.
func onGoroutinesOneOf(t *testing.T, want []string, program func(start func(name string, f func()), note func(what string))) {
	t.Helper()
	for round := range 20 {
		got, ended := onGoroutines(round, program)
		if !ended {
			t.Fatalf("round %d: a thread waits for ever; seen is %q", round, got)
		}
		if !slices.Contains(want, got) {
			t.Fatalf("round %d shows %q, want one of %q", round, got, want)
		}
	}
}
