package checker

import (
	"errors"
	"fmt"
	"strings"
)

// report tells what was found.
func (i *induction[S]) report() (InductiveReport, error) {
	r := InductiveReport{
		Invariants: i.names(i.invariants), Lemmas: i.names(i.lemmas), Holding: i.sum.holding, Broken: i.sum.broken, Leaving: i.sum.leaving,
		Report: Report{Model: i.model.Name, Complete: i.complete, Reason: i.reason, States: i.sum.states, Transitions: i.sum.transitions,
			Coverage: coverageOf(i.model, i.sum.coverage), Workers: max(1, len(i.inductors))},
	}
	if i.failed == nil && !i.refused {
		r.Domain = i.all.count
		r.Bound = fmt.Sprintf("every state of the declared domain, which has %d", r.Domain)
	}
	if i.failed == nil {
		i.failed = i.decide(&r)
	}
	if i.failed != nil {
		r.Verdict, r.Complete, r.Reason, r.Properties = Unknown, false, i.failed.Error(), nil
		return r, fmt.Errorf("model %s: inductive check: %w%s", i.model.Name, i.failed, excludable(i.failed))
	}
	return r, nil
}

// excludable says, behind an error in a state of the domain, what may be done about it.
func excludable(err error) string {
	if e, ok := errors.AsType[*PanicError](err); ok && e.State != nil {
		return "; this is a state of the domain and need not be reachable: a stronger invariant, a lemma or a smaller domain may exclude it"
	}
	return ""
}

// decide gives the verdicts, with what shows them.
func (i *induction[S]) decide(r *InductiveReport) (err error) {
	uncovered := ""
	if i.sum.left.found {
		if r.Left, uncovered, err = i.leaving(); err != nil {
			return err
		}
	}
	for _, b := range i.begun {
		if b.outside != "" {
			uncovered = fmt.Sprintf("initial state %d is outside the domain, and nothing was looked at there: %s", b.start, b.outside)
			break
		}
	}
	r.Verdict = Holds
	switch {
	case !i.complete:
		r.Verdict = Unknown
	case uncovered != "":
		r.Verdict, r.Complete, r.Reason = Unknown, false, uncovered
	}
	if i.violated() {
		r.Verdict = Violated
	}
	for _, k := range i.invariants {
		p, err := i.result(k, r)
		if err != nil {
			return err
		}
		r.Properties = append(r.Properties, p)
	}
	if i.complete {
		r.Vacuous = i.vacuous()
	}
	return nil
}

// result answers for an invariant.
func (i *induction[S]) result(property int, r *InductiveReport) (Result, error) {
	p := Result{Name: i.model.Properties[property].name, Kind: KindInduction, Verdict: r.Verdict, Note: r.Reason}
	t := Trace{Model: i.model.Name, Property: p.Name, Kind: KindInvariant, Steps: []TraceStep{}}
	found := false
	for _, b := range i.begun {
		if b.property == property && !found {
			found, t.Start, p.Note = true, b.start, fmt.Sprintf("it is false in initial state %d", b.start)
		}
	}
	if first := i.sum.first; !found && first.found && first.property == property {
		found, p.Note = true, "the state before the step need not be reachable"
		t.Kind, t.From, t.Given = KindInduction, numbersOf(i.state(first.from)), i.names(i.given)
		t.Steps = append(t.Steps, TraceStep{Taken: i.program.taken(first.transition)})
	}
	switch {
	case found:
		trace, err := demandReplay(i.model, t)
		p.Verdict, p.Trace, p.Clause = Violated, &trace, trace.Clause
		return p, err
	case r.Verdict == Violated:
		p.Verdict, p.Note = Unknown, "the invariants are not inductive together, and whether this one is was not looked at"
	case r.Verdict == Holds:
		p.Note = "true in every initial state, and kept by every step"
	}
	return p, nil
}

// state gives the state of a number.
func (i *induction[S]) state(n uint64) S {
	var o odometer[S]
	o.set(i.all, n)
	return o.state
}

// leaving tells the first step that leaves the domain, as a trace that is no counterexample,
// and in what it does.
func (i *induction[S]) leaving() (*Trace, string, error) {
	w, left := &i.inductors[0], i.sum.left
	at := i.program.transitions[left.transition]
	t := Trace{Model: i.model.Name, Kind: KindInduction, Given: i.names(i.given), Columns: columns(i.model)}
	outside := ""
	w.source, w.doing, w.number = i.state(left.from), callStep, left.transition
	err := answered(func() error {
		after, _ := w.perform(&i.program.instances[at.instance].steps[at.step], at.self, at.choice)
		t.From, t.Initial = numbersOf(w.source), fieldsOf(w.source)
		t.Steps = []TraceStep{{Taken: i.program.taken(left.transition), Column: at.instance, Changes: changesOf(w.source, after)}}
		outside = i.all.outside(&after)
		return nil
	}, w.at)
	taken := i.program.taken(left.transition)
	return &t, fmt.Sprintf("step %s of %s leaves the domain, and nothing was looked at there: %s", taken.Label, t.Columns[at.instance], outside), err
}

// vacuous lists what may hold because nothing happens.
func (i *induction[S]) vacuous() (all []string) {
	switch i.sum.holding {
	case 0:
		all = append(all, "the invariants hold in no state of the domain, so that no step was taken")
	case i.sum.states:
		all = append(all, "the invariants hold in every state of the domain: they say no more than it does")
	}
	var never []string
	for _, c := range coverageOf(i.model, i.sum.coverage) {
		if c.Transitions == 0 {
			never = append(never, c.Process+" "+c.Label)
		}
	}
	if never != nil && i.sum.holding > 0 {
		all = append(all, "enabled in no state in which the invariants hold: "+strings.Join(never, ", "))
	}
	return all
}
