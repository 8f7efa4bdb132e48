package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/fuzz/lockstep"
	"urpc/fuzz/mutant"
)

// mostSampled is how many executions a refactoring has of a place that is not small.
const mostSampled = 1_000

// small are the places whose every state a refactoring visits, within a second: a
// search that does not come to its end says less than a sample, and costs more.
var small = []string{
	"lock default", "queue 2-1-1-1", "queue 2-1-2-2", "queue 1-1-3-1", "queue 1-2-2-1", "queue 1-1-3-2",
	"queue 1-1-3-2,start=2^16-1", "queue senders=1,messages=3,start=2^16-1", "channel 1-1-1-1",
	"call 1-1-1-1", "call 1-0-1-1", "call clock", "call twice", "call spurious", "call calls=2,leavers=0,generation=2^16-2",
	"donation alone", "bind many", "bind unsealed", "bind small", "bind writable", "bind late",
}

// explored explores all places of a mutant, those with a hostile peer last.
func explored(ctx context.Context, m mutant.Mutant) (Answer, error) {
	a, err := visit(ctx, m, placesOf(m, func(target string) bool { return target != hostileTarget }))
	if err != nil || a.Outcome == Killed || a.Outcome == Undecided {
		return a.Answer, err
	}
	h, err := visit(ctx, m, placesOf(m, func(target string) bool { return target == hostileTarget }))
	if err != nil || h.Outcome == Inapplicable {
		return a.Answer, err
	}
	a.with(h)
	if a.Outcome == Survived {
		a.bounded(m)
	}
	h.Check = Hostile
	a.ofHostile = &h.Answer
	return a.Answer, nil
}

// withHostile explores those with a hostile peer alone.
func withHostile(ctx context.Context, m mutant.Mutant) (Answer, error) {
	h, err := visit(ctx, m, placesOf(m, func(target string) bool { return target == hostileTarget }))
	return h.Answer, err
}

// byStates explores the place of a fault by states.
func byStates(ctx context.Context, m mutant.Mutant) (a Answer, err error) {
	t, v, err := place{target: m.Target, configuration: m.Configuration}.find()
	if err != nil {
		return a, err
	}
	r, err := explore.Run(ctx, t, v, schedule.Stateful(), schedule.Options{MaxExecutions: mostByStates})
	if errors.Is(err, schedule.ErrState) { // the fault breaks what the target declares of its steps
		a.Outcome, a.Reason = Undecided, err.Error()
		return a, nil
	}
	if err != nil {
		return a, err
	}
	a.Bound = fmt.Sprintf("%s %s, %s", m.Target, m.Configuration, r.Bound)
	if a.judge(&r); a.Outcome == Survived && !r.Complete {
		a.Outcome, a.Reason = Undecided, r.Reason
	}
	return a, nil
}

// visited is what came of places of a mutant.
type visited struct {
	Answer
	whole, places int // how many were visited whole, of how many
}

// visit explores one place after the other, up to the first failure: a fault's own
// within its bound; of a refactoring, which has many, every state, or a sample.
func visit(ctx context.Context, m mutant.Mutant, places []place) (a visited, err error) {
	if len(places) == 0 {
		a.Outcome, a.Reason = Inapplicable, "no mutant of target "+hostileTarget
		return a, nil
	}
	for _, p := range places {
		r, err := p.explore(ctx, m)
		if err != nil {
			return a, err
		}
		a.places++
		if r.Complete {
			a.whole++
		}
		a.Bound = p.target + " " + p.configuration + ", " + r.Bound
		if a.judge(&r); a.Outcome != Survived {
			err := a.replays(func(token schedule.Token) (schedule.Report, error) {
				return explore.Replay(ctx, token, schedule.Options{})
			})
			return a, err
		}
	}
	a.bounded(m)
	return a, nil
}

// with adds what came of further places.
func (a *visited) with(b visited) {
	executions, whole, places := a.Executions, a.whole, a.places
	*a = b
	a.Executions, a.whole, a.places = a.Executions+executions, a.whole+whole, a.places+places
}

// bounded says of a refactoring what was visited.
func (a *visited) bounded(m mutant.Mutant) {
	if m.Layer == mutant.Refactorings {
		a.Bound = fmt.Sprintf("every state of %d of the %d configurations in which faults are found; of each other one a sample of %d executions",
			a.whole, a.places, mostSampled)
	}
}

// explore explores a place for a mutant.
func (p place) explore(ctx context.Context, m mutant.Mutant) (schedule.Report, error) {
	t, v, err := p.find()
	if err != nil {
		return schedule.Report{}, err
	}
	if m.Layer != mutant.Refactorings {
		return searched(p.preemptions, m.KilledBy, func(s schedule.Strategy, most uint64) (schedule.Report, error) {
			return explore.Run(ctx, t, v, s, schedule.Options{MaxExecutions: most})
		})
	}
	if slices.Contains(small, p.target+" "+p.configuration) {
		return explore.Run(ctx, t, v, schedule.Stateful(), schedule.Options{})
	}
	return explore.Run(ctx, t, v, schedule.Random(1, mostSampled), schedule.Options{})
}

// A search within a bound of preemptions goes through a tree, and may be long in a
// subtree without a failure. After so many executions two samples are tried, which are in
// all of the tree at once, and then the search goes to its end.
const (
	mostBefore = 5_000
	mostTried  = 400 // executions of each sample
)

// searched visits every execution with at most so many preemptions, up to the first
// failure, unless a sample finds one of the named property sooner. run visits at most so
// many executions, 0: all. The executions are those of both.
func searched(preemptions int, named string, run func(s schedule.Strategy, most uint64) (schedule.Report, error)) (schedule.Report, error) {
	first, err := run(schedule.Bounded(preemptions), mostBefore)
	if err != nil || first.Failure != nil || !first.BudgetUsed {
		return first, err
	}
	tried := first.Executions
	for _, by := range []schedule.Strategy{schedule.POS(1, mostTried), schedule.Uniform(1, mostTried)} {
		sample, err := run(by, 0)
		sample.Executions += tried
		if err != nil || sample.Failure != nil && sample.Failure.Property == named {
			return sample, err
		}
		tried = sample.Executions
	}
	whole, err := run(schedule.Bounded(preemptions), 0)
	whole.Executions += tried - first.Executions // which it visits again
	return whole, err
}

// tiedWhole are the places in which a refactoring visits every transition in lock-step.
var tiedWhole = []place{
	{target: explore.Channel().Name, configuration: "1-1-1-1"}, {target: explore.Channel().Name, configuration: "1-1-2-1"},
	{target: explore.Channel().Name, configuration: "1-2-1-1"},
	{target: explore.Call().Name, configuration: "1-0-1-1"}, {target: explore.Call().Name, configuration: "clock"},
	{target: explore.Death().Name, configuration: "server"},
}

// inLockStep demands that each step be one of the specification: of a fault where
// its patch says, of a refactoring in every transition of small configurations.
func inLockStep(ctx context.Context, m mutant.Mutant) (a Answer, err error) {
	places, o := tiedWhole, lockstep.Options{Schedule: schedule.Options{Plain: true}}
	if m.Layer != mutant.Refactorings {
		configuration, preemptions := tiedAt(m)
		if m.TiedTarget() == explore.Channel().Name && noneOf(m) {
			return Answer{Outcome: Inapplicable, Reason: m.LockStep.Missed}, nil
		}
		places, o = []place{{m.TiedTarget(), configuration, preemptions}}, lockstep.Options{Alone: true}
	}
	for _, p := range places {
		target, v, err := p.find()
		if err != nil {
			return a, err
		}
		run := func(s schedule.Strategy, most uint64) (schedule.Report, error) {
			o := o
			o.Schedule.MaxExecutions = most
			r, err := lockstep.RunTarget(ctx, target, v, s, o)
			return r.Report, err
		}
		var r schedule.Report
		if m.Layer == mutant.Refactorings {
			r, err = run(schedule.Stateful(), 0)
		} else {
			r, err = searched(p.preemptions, lockstep.Property, run)
		}
		if err != nil {
			return a, err
		}
		a.Bound = p.target + " " + p.configuration + ", " + r.Bound
		if a.judge(&r); a.Outcome == Killed && a.Property != lockstep.Property {
			a.Outcome, a.Reason = Undecided, "it fails by another property than "+lockstep.Property
		}
		a.firstDifference(r.Failure)
		if a.Outcome != Survived {
			err := a.replays(func(token schedule.Token) (schedule.Report, error) {
				r, err := lockstep.ReplayTarget(ctx, token, lockstep.Options{Alone: o.Alone})
				return r.Report, err
			})
			return a, err
		}
	}
	if m.Layer == mutant.Refactorings {
		a.Bound = "every transition of " + toldPlaces(tiedWhole)
	}
	return a, nil
}

// toldPlaces names places: "channel 1-1-1-1, call clock".
func toldPlaces(places []place) string {
	told := make([]string, len(places))
	for i, p := range places {
		told[i] = p.target + " " + p.configuration
	}
	return strings.Join(told, ", ")
}

// tiedAt is where lock-step looks for a fault: where its patch says, else in the
// fault's own configuration of target channel, else in that target's smallest.
func tiedAt(m mutant.Mutant) (configuration string, preemptions int) {
	switch {
	case m.LockStep.Configuration != "":
		return m.LockStep.Configuration, m.LockStep.Preemptions
	case m.Target == explore.Channel().Name:
		return m.Configuration, m.Preemptions
	default:
		return "1-1-1-1", 2
	}
}

// replays demands that a kill can be shown again: its token leads to the same
// failure. A failure that does not is the checks' fault, and no kill.
func (a *Answer) replays(replay func(schedule.Token) (schedule.Report, error)) error {
	if a.Outcome != Killed {
		return nil
	}
	r, err := replay(schedule.Token(a.Token))
	if err != nil {
		return fmt.Errorf("replay %s: %w", a.Token, err)
	}
	if f := r.Failure; f == nil || f.Property != a.Property || f.Message != a.Message || string(f.Token) != a.Token {
		a.Outcome, a.Reason = Undecided, "its failure does not replay"
	}
	return nil
}

// firstDifference books the step at which an execution left the specification.
func (a *Answer) firstDifference(f *schedule.Failure) {
	if f == nil || len(f.Steps) == 0 {
		return
	}
	last := f.Steps[len(f.Steps)-1]
	a.Step, a.Thread = last.Event.Name, f.Threads[last.Thread]
}
