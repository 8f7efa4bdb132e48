package trial

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/fuzz/lockstep"
	"urpc/fuzz/mutant"
)

// others are mutants that the checks beside explore and lock-step find, and by
// which property; "" where the check must not call it a kill.
var others = map[string]map[Check]string{
	"head-before-copy":        {Race: "data race", Linearizability: Linearizes},
	"receive-lock-not-atomic": {Race: "data race"},
	"execute-twice":           {Race: "", Linearizability: Linearizes, Stress: "nothing duplicated"},
	"deliver-to-self":         {Linearizability: Linearizes},
	"payload-not-copied":      {Stress: "nothing corrupted"},
	"no-wake":                 {Race: "", Linearizability: "", Stress: ""}, // its processes hang
}

// unmarked are the faults by which a thread keeps, past a mark, what the mark leaves out:
// a search by states refuses them once it comes so far. Without the fault nothing that the
// thread does next depends on it.
var unmarked = map[string]string{
	"donation-seen-at-wake":   "whether there was a donated processor as the worker left its sleep: it looks when it would sleep again",
	"end-call-before-execute": "whether the worker has kept the polling place, as it replies: it asks after that",
	"rest-not-ended":          "whether the worker has slept, as it retracts: what follows is the same but for a counter",
	"ended-at-first":          "whether who stops was told that the last client is served no longer: the count of clients says that",
	"pass-before-abandon":     "whether who passes the lead on leaves its call after that: it has left it before",
}

// tried are the answers about each mutant.
type tried struct {
	mu      sync.Mutex
	answers map[string][]Answer
}

func (r *tried) of(name string, c Check) Answer {
	for _, a := range r.answers[name] {
		if a.Check == c && (c != "" || a.Steps != "") {
			return a
		}
	}
	return Answer{}
}

func (r *tried) steps(name string) string { return r.of(name, "").Steps }

// among are those of mutants that were tried: all, unless the test is run in part.
func (r *tried) among(all []mutant.Mutant) []mutant.Mutant {
	return slices.DeleteFunc(all, func(m mutant.Mutant) bool { return len(r.answers[m.Name]) == 0 })
}

// Every fault is killed by the property, and by the step, that its patch names;
// no check takes a refactoring for a fault; and no two faults behave alike.
func TestMatrix(t *testing.T) {
	r := &tried{answers: map[string][]Answer{}}
	t.Run("try", func(t *testing.T) {
		for _, m := range slices.Concat(mutant.AllRefactorings(), mutant.All()) {
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				r.try(t, m)
			})
		}
	})
	want, err := stepsOf(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tied, err := inLockStep(t.Context(), mutant.Mutant{Layer: mutant.Refactorings}) // the runtime as it is
	if err != nil || tied.Outcome != Survived {
		t.Fatalf("%+v, %v", tied, err)
	}
	for _, m := range r.among(mutant.AllRefactorings()) {
		if got := r.steps(m.Name); got != want {
			t.Errorf("refactoring %s takes other steps than the runtime", m.Name)
		}
		if got := r.of(m.Name, LockStep); got.Executions != tied.Executions {
			t.Errorf("refactoring %s has %d executions in lock-step, the runtime %d", m.Name, got.Executions, tied.Executions)
		}
	}
	for _, m := range r.among(mutant.All()) {
		if noneOf(m) && r.steps(m.Name) != want {
			t.Errorf("target channel is said to run nothing of fault %s, and takes other steps with it", m.Name)
		}
	}
	r.apart(t, want)
	r.byStates(t)
}

// byStates demands that most faults are found by states, unless the test is run in
// part.
func (r *tried) byStates(t *testing.T) {
	all := r.among(mutant.All())
	var cut []string
	for _, m := range all {
		if a := r.of(m.Name, States); a.Outcome != Killed {
			cut = append(cut, m.Name+": "+a.Reason)
		}
	}
	t.Logf("%d of %d faults are found by states; not: %q", len(all)-len(cut), len(all), cut)
	if whole := len(all) == len(mutant.All()); whole && len(cut) > len(all)/5 {
		t.Errorf("by states, of %d faults %d are not found within %d executions", len(all), len(cut), mostByStates)
	}
}

func (r *tried) try(t *testing.T, m mutant.Mutant) {
	job := Job{Checks: []Check{Explore, LockStep}, Steps: true}
	if m.Layer == mutant.Refactorings {
		job.Checks = Checks()
	} else {
		job.Checks = append(job.Checks, States)
	}
	for _, c := range Checks() {
		if _, ok := others[m.Name][c]; ok {
			job.Checks = append(job.Checks, c)
		}
	}
	err := Try(t.Context(), m.Name, job, func(a Answer) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.answers[m.Name] = append(r.answers[m.Name], a)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.Layer == mutant.Refactorings {
		r.noAlarm(t, m)
	} else {
		r.killed(t, m)
	}
}

func (r *tried) noAlarm(t *testing.T, m mutant.Mutant) {
	for _, c := range Checks() {
		a := r.of(m.Name, c)
		if applies := c != Hostile && (c != Stress || runtime.GOOS == "linux"); applies && (a.Outcome != Survived || a.Executions == 0) {
			t.Errorf("%s: %+v", c, a)
		}
		if a.Outcome == Killed {
			t.Errorf("%s raises an alarm: %s", c, a.Message)
		}
	}
}

func (r *tried) killed(t *testing.T, m mutant.Mutant) {
	a := r.of(m.Name, Explore)
	if a.Outcome != Killed || a.Property != m.KilledBy || a.Executions == 0 || a.Token == "" {
		t.Errorf("explore: %+v, want killed by %q", a, m.KilledBy)
	}
	a = r.of(m.Name, LockStep)
	switch {
	case m.LockStep.Configuration == "" && m.LockStep.Missed == "":
		t.Error("its patch does not say where lock-step finds it, nor why it does not")
	case noneOf(m) && m.TiedTarget() == explore.Channel().Name:
		if a.Outcome != Inapplicable || m.LockStep.Missed == "" || a.Reason != m.LockStep.Missed {
			t.Errorf("lock-step: %+v, where target channel runs nothing of the fault", a)
		}
	case m.LockStep.Configuration == "":
		if a.Outcome != Survived || a.Executions == 0 {
			t.Errorf("lock-step: %+v, and its patch does not say where", a)
		}
	case a.Outcome != Killed || a.Property != lockstep.Property || a.Step != m.LockStep.Step || a.Thread != m.LockStep.Thread:
		t.Errorf("lock-step: %+v, want %s of %s", a, m.LockStep.Step, m.LockStep.Thread)
	case !strings.Contains(a.Message, "\n  the specification "):
		t.Errorf("lock-step: the message does not show both sides: %s", a.Message)
	}
	// By states a fault is found, if the search comes so far.
	a = r.of(m.Name, States)
	_, known := unmarked[m.Name]
	refused := strings.Contains(a.Reason, schedule.ErrState.Error())
	if a.Outcome == Survived || refused && !known || known && a.Outcome == Killed {
		t.Errorf("by states: %+v, and known for a value that a mark leaves out: %v", a, known)
	}
	for c, property := range others[m.Name] {
		a := r.of(m.Name, c)
		switch {
		case c == Stress && runtime.GOOS != "linux":
			if a.Outcome != Inapplicable {
				t.Errorf("stress where the runtime cannot run: %+v", a)
			}
		case property == "" && a.Outcome == Killed, property != "" && (a.Outcome != Killed || a.Property != property):
			t.Errorf("%s: %+v, want %q", c, a, property)
		}
	}
}

// apart demands that any two faults be told apart, and each from the runtime: by
// the steps of target channel, or, where these are the runtime's, by how their
// own target fails, and in which execution: the executions of a configuration have
// one order; and by the first step that is none of the specification.
func (r *tried) apart(t *testing.T, same string) {
	seen := map[string]string{}
	for _, m := range r.among(mutant.All()) {
		behaviour := r.steps(m.Name)
		if behaviour == same {
			a, tied := r.of(m.Name, Explore), r.of(m.Name, LockStep)
			behaviour = strings.Join([]string{
				m.Target, m.Configuration, a.Property, a.Message, fmt.Sprint(a.Executions), tied.Step, tied.Thread,
			}, "\n")
		}
		if other, ok := seen[behaviour]; ok {
			t.Errorf("%s and %s behave alike", m.Name, other)
		}
		seen[behaviour] = m.Name
	}
}

// Samples find what the search finds, with every seed.
func TestSamples(t *testing.T) {
	var samples []Sample
	err := Try(t.Context(), "wrong-slot", Job{Seeds: 3, Most: 500}, func(a Answer) { samples = append(samples, a.Samples...) })
	if err != nil || len(samples) != len(samplers) {
		t.Fatalf("%+v, %v", samples, err)
	}
	for _, s := range samples {
		if s.Found != 3 || s.Seeds != 3 || s.Most != 500 || len(s.Executions) != 3 || s.Median == 0 || slices.Max(s.Executions) > 500 {
			t.Errorf("%+v", s)
		}
	}
}

// What cannot be tried is an error, and not an answer.
func TestTryFails(t *testing.T) {
	none := func(a Answer) { t.Errorf("an answer: %+v", a) }
	var unknown *catalogue.UnknownError
	if err := Try(t.Context(), "no-wak", Job{Checks: Checks()}, none); !errors.As(err, &unknown) || unknown.Nearest != "no-wake" {
		t.Errorf("an unknown mutant: %v", err)
	}
	if err := Try(t.Context(), "no-wake", Job{Checks: []Check{"explor"}}, none); err == nil || !strings.Contains(err.Error(), "explor") {
		t.Errorf("an unknown check: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Try(ctx, "no-wake", Job{Checks: Checks()}, none); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before it began: %v", err)
	}
}

// A run that is cancelled ends soon, and says so.
func TestTryIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answers := 0
	began := time.Now()
	err := Try(ctx, "pass-on-by-index", Job{Checks: []Check{Hostile, Explore, LockStep, Race}}, func(a Answer) {
		answers++
		cancel()
	})
	if !errors.Is(err, context.Canceled) || answers == 0 || answers > 2 {
		t.Errorf("%v after %d answers in %v", err, answers, time.Since(began))
	}
}
