// Package trial lets every check look at one mutant after another: which check
// finds which fault, by which property, after how many executions; and whether
// any of them takes a refactoring for a fault. It promises nothing to users.
//
// A mutant is built once, into a program (internal/subject of package mutant)
// that tries all checks on itself and writes an answer a line.
//
// Where to look: build.go builds and runs that program, trial.go says what it
// does; explored.go, races.go, recorded.go, stressed.go are the checks, samples.go
// counts executions to the first failure, steps.go tells mutants apart.
package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/fuzz/mutant"
)

// Check is a way to find a fault.
type Check string

// The checks.
const (
	// Explore: every execution of the mutant's target and configuration with as
	// few preemptions as it needs; all properties of the target. If that takes long,
	// samples of any preemptions are tried in between (searched). Of a refactoring
	// every state of each small configuration in which a fault is found, and a sample
	// of each other one.
	Explore Check = "explore"
	// LockStep: each step must be one of the specification; nothing else is
	// checked. Of a refactoring every transition of small configurations.
	LockStep Check = "lock-step"
	// Race: no two accesses to the same bytes, one of them plain, are unordered;
	// nothing else is checked.
	Race Check = "race"
	// Linearizability: histories of sampled executions linearize, as Porcupine
	// judges; nothing else is checked.
	Linearizability Check = "linearizability"
	// Hostile: Explore of the target in which the peer writes what it likes.
	Hostile Check = "hostile"
	// Stress: real processes call each other at full speed.
	Stress Check = "stress"
)

// States explores where Explore does, by states, as far as so many executions go. It is
// none of Checks: it shows nothing that Explore does not, but that a search by states
// does not hold a fault for right.
const States Check = "states"

// mostByStates bounds it.
const mostByStates = 20_000

// Checks are all checks, in the order in which they are tried and shown.
func Checks() []Check { return []Check{Explore, LockStep, Race, Linearizability, Hostile, Stress} }

// FindCheck gives the check of a name. Its error is a *catalogue.UnknownError.
func FindCheck(name string) (Check, error) {
	var known []string
	for _, c := range Checks() {
		if string(c) == name {
			return c, nil
		}
		known = append(known, string(c))
	}
	return "", &catalogue.UnknownError{What: "check", Name: name, Nearest: catalogue.Nearest(name, known), Known: known}
}

// Outcome is what a check says of a mutant.
type Outcome string

// The outcomes.
const (
	Killed   Outcome = "killed"
	Survived Outcome = "survived"
	// Inapplicable: the check has nothing to look at; Answer.Reason says why.
	Inapplicable Outcome = "does not apply"
	// Undecided: neither of the others, Answer.Reason says why: a limit was met, a
	// panic, processes that hang. None of these is a kill.
	Undecided Outcome = "undecided"
)

// Answer is what one check found.
type Answer struct {
	Check    Check   `json:"check"`
	Outcome  Outcome `json:"outcome"`
	Property string  `json:"property,omitempty"` // that is violated
	Message  string  `json:"message,omitempty"`
	Token    string  `json:"token,omitempty"` // replays, of Explore, LockStep and Hostile
	// Step and Thread are the first step that is none of the specification.
	Step   string `json:"step,omitempty"`
	Thread string `json:"thread,omitempty"`
	// Executions until the first failure, that one included; all if there is none.
	// Of Stress: calls.
	Executions uint64  `json:"executions"`
	Bound      string  `json:"bound,omitempty"` // what was visited, in words
	Reason     string  `json:"reason,omitempty"`
	Seconds    float64 `json:"seconds"`
	// Samples are the executions to the first failure by each strategy that samples.
	Samples []Sample `json:"samples,omitempty"`
	// Steps are a digest of the steps of sampled executions (Job.Steps).
	Steps string `json:"steps,omitempty"`

	ofHostile *Answer // to Hostile, which Explore has found by the way; nil: none
}

// Job says what to try.
type Job struct {
	Checks []Check
	// Seeds is how often each strategy samples until the first failure, with a seed
	// of 1, 2, …; 0: not at all. Most bounds the executions of one sample.
	Seeds int
	Most  uint64
	// Steps: answer with the digest of the mutant's steps as well.
	Steps bool
}

// each is how long a check may take: far longer than any does. What it meets is
// undecided.
const each = 5 * time.Minute

// Run tries the checks on this program's own runtime, which is mutant m, and
// gives each answer to tell. Its error is that of a check that could not be done.
func Run(ctx context.Context, m mutant.Mutant, j Job, tell func(Answer)) error {
	var hostile *Answer // as Explore has found it
	for _, check := range j.Checks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if check == Hostile && hostile != nil {
			tell(*hostile)
			continue
		}
		started := time.Now()
		a, err := within(ctx, each, grace, func(ctx context.Context) (Answer, error) { return try(ctx, m, check) })
		if err != nil {
			return fmt.Errorf("%s: %w", check, err)
		}
		if ctx.Err() != nil && a.Outcome == Undecided {
			return ctx.Err() // it was not left to decide
		}
		a.Check, a.Seconds = check, time.Since(started).Seconds()
		hostile = cmp.Or(hostile, a.ofHostile)
		tell(a)
	}
	return more(ctx, m, j, tell)
}

// grace is how long a check that was told to end may take for that.
const grace = 30 * time.Second

// ErrEndless: a check does not end although it was told to. A mutant's thread may
// go round without any step: then nobody can stop it, and the program must end.
var ErrEndless = errors.New("it does not end, even when told to: does a thread go round without a step?")

// within tries a check with a limit of time.
func within(ctx context.Context, limit, grace time.Duration, try func(context.Context) (Answer, error)) (Answer, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type outcome struct {
		answer Answer
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		a, err := try(limited)
		ended <- outcome{a, err}
	}()
	select {
	case o := <-ended:
		return o.answer, o.err
	case <-limited.Done():
	}
	select {
	case o := <-ended:
		return o.answer, o.err
	case <-time.After(grace):
		return Answer{}, ErrEndless
	}
}

// more answers what the job asks beside checks.
func more(ctx context.Context, m mutant.Mutant, j Job, tell func(Answer)) error {
	if j.Seeds > 0 && m.Layer == mutant.Runtime {
		samples, err := sample(ctx, m, j.Seeds, j.Most)
		if err != nil {
			return fmt.Errorf("samples: %w", err)
		}
		tell(Answer{Samples: samples})
	}
	if j.Steps {
		steps, err := stepsOf(ctx)
		if err != nil {
			return fmt.Errorf("steps: %w", err)
		}
		tell(Answer{Steps: steps})
	}
	return nil
}

func try(ctx context.Context, m mutant.Mutant, check Check) (Answer, error) {
	switch check {
	case Explore:
		return explored(ctx, m)
	case Hostile:
		return withHostile(ctx, m)
	case States:
		return byStates(ctx, m)
	case LockStep:
		return inLockStep(ctx, m)
	case Race:
		return races(ctx, m)
	case Linearizability:
		return recorded(ctx, m)
	case Stress:
		return stressed(ctx, m)
	default:
		panic("trial: a check that FindCheck does not know: " + string(check))
	}
}

// hostileTarget is the target whose peer writes what it likes.
const hostileTarget = "hostile"

// place is where to explore: a configuration of a target, and how many
// preemptions.
type place struct {
	target, configuration string
	preemptions           int
}

// placesOf are the places to explore for a mutant: of a fault its own, of a
// refactoring those of all faults. which says of a target whether it is wanted.
func placesOf(m mutant.Mutant, which func(target string) bool) []place {
	of := []mutant.Mutant{m}
	if m.Layer == mutant.Refactorings {
		of = mutant.All()
	}
	var places []place
	for _, m := range of {
		if which(m.Target) {
			places = with(places, place{m.Target, m.Configuration, m.Preemptions})
		}
	}
	return places
}

// with adds a place: more preemptions stand for fewer.
func with(places []place, p place) []place {
	for i, q := range places {
		if q.target == p.target && q.configuration == p.configuration {
			places[i].preemptions = max(q.preemptions, p.preemptions)
			return places
		}
	}
	return append(places, p)
}

func (p place) find() (explore.Target, catalogue.Values, error) {
	t, err := explore.Find(p.target)
	if err != nil {
		return t, catalogue.Values{}, err
	}
	v, _, err := t.Parse(p.configuration)
	return t, v, err
}

// channelValues are configurations of target channel.
func channelValues(configurations []string) ([]catalogue.Values, error) {
	return valuesOf(explore.Channel(), configurations)
}

// valuesOf are configurations of a target.
func valuesOf(target explore.Target, configurations []string) ([]catalogue.Values, error) {
	var all []catalogue.Values
	for i, c := range configurations {
		if slices.Contains(configurations[:i], c) {
			continue
		}
		v, _, err := target.Parse(c)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// beside are packages of the runtime of which target channel runs nothing: it begins with a
// binding that is made.
var beside = []string{"runtime", "runtime/machine"}

// noneOf says whether target channel runs nothing of what a mutant changes: it then does
// what it does without.
func noneOf(m mutant.Mutant) bool {
	changes := m.Packages()
	return len(changes) > 0 && !slices.ContainsFunc(changes, func(p string) bool { return !slices.Contains(beside, p) })
}

// nothingRun is the answer about such a mutant of a check that looks at target channel.
func nothingRun(m mutant.Mutant) Answer {
	return Answer{Outcome: Inapplicable, Reason: fmt.Sprintf("target %s runs nothing of package %s", explore.Channel().Name, strings.Join(m.Packages(), ", "))}
}

// channelConfigurations are those where the checks look that look at target
// channel and at nothing else: some that show most faults, and the mutant's own.
func channelConfigurations(m mutant.Mutant, some ...string) []string {
	if m.Target == explore.Channel().Name {
		some = append(some, m.Configuration)
	}
	if m.LockStep.Configuration != "" && m.TiedTarget() == explore.Channel().Name {
		some = append(some, m.LockStep.Configuration)
	}
	return some
}

// judge books what a report says of a property that only the check itself, or the
// target, declares. A panic is none.
func (a *Answer) judge(r *schedule.Report) {
	a.Executions += r.Executions
	switch f := r.Failure; {
	case f != nil && f.Property == panicked:
		a.Outcome, a.Reason, a.Token = Undecided, "a panic, which is no property: "+f.Message, string(f.Token)
	case f != nil:
		a.Outcome, a.Property, a.Message, a.Token = Killed, f.Property, f.Message, string(f.Token)
	case r.Complete || r.BudgetUsed:
		if a.Outcome == "" {
			a.Outcome = Survived
		}
	default:
		a.Outcome, a.Reason = Undecided, r.Reason
	}
}

// panicked is the property that the scheduler gives to a panic.
const panicked = "panic"
