package checker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// InductiveOptions bound and steer an inductive check. The zero value looks at all
// invariants of the model, together.
type InductiveOptions struct {
	// Invariants are the names of the invariants of which the conjunction is to be inductive;
	// none stands for all invariants of the model but Lemmas. In a state they are asked in this
	// order, Lemmas first, and none after one that is false.
	Invariants []string
	// Lemmas are names of invariants of the model that are known from elsewhere to be true in
	// every reachable state: a step counts only from a state in which they are. Whether they
	// are is not looked at, but for the initial states.
	Lemmas []string
	// Workers is the number of goroutines; 0 stands for runtime.GOMAXPROCS(0). The outcome
	// does not depend on it.
	Workers int
	// MaxStates is how many states the domain may have; with more, none is looked at, and the
	// verdict is unknown. 0 stands for 1<<32, or, where they come one by one (Domain.States)
	// and are kept in memory, for 1<<24.
	MaxStates uint64
	// MaxTime ends the check early; the verdict is then unknown unless something was violated
	// before. 0: no limit.
	MaxTime time.Duration
	// KeepGoing looks at all states also after the first counterexample, to count them.
	KeepGoing bool
	// Progress, if set, is called about every second with the states so far and all that
	// there are, from one goroutine, which is not that of the caller; Inductive waits for it.
	Progress func(states, all uint64)
}

// InductiveReport is the outcome of an inductive check. Of the report that it is, States are
// the states of the domain that were looked at, Transitions the steps that were taken, from
// those in which the invariants hold, and Coverage counts these. Properties has one result
// for each of Invariants.
type InductiveReport struct {
	Report
	Invariants, Lemmas []string
	// Domain is how many states the domain has; 0 where they were not counted to the end, or
	// are more than a uint64 can say.
	Domain uint64
	// Holding is in how many of States the invariants and the lemmas hold.
	Holding uint64
	// Broken are the transitions to a state in which an invariant is false.
	Broken uint64
	// Leaving are the other transitions to a state outside the domain, and Left is the first
	// one; nil if there is none. Since nothing was looked at out there, nothing holds then.
	Leaving uint64
	Left    *Trace
}

// The default limits on the states of a domain.
const (
	mostProductStates = 1 << 32
	mostKeptStates    = 1 << 24
)

// inductiveCut is how many chunks of how many states are looked at between two bookings: all
// of these whatever any of them finds, so that the outcome does not depend on which worker
// is the faster one. Tests set it.
var inductiveCut = struct{ chunks, states uint64 }{64, 1 << 10}

// Inductive says whether invariants of a model are inductive over its declared domain
// (Model.Domain): whether they are true in every initial state, and every step that is
// enabled in a state of the domain in which they are true leads to one in which they are. If
// so they are true in every state that the model can reach; and that they are is shown
// without a search, by the states of the domain alone, most of which cannot be reached. (The
// method of Floyd and of Hoare; for models, Lamport, "Proving the correctness of multiprocess
// programs", IEEE TSE 3(2), 1977.)
//
// Violated means that there is a counterexample to induction: a state, a step, and the
// invariant, or its clause, that is false after it; the first in the order of the domain. It
// was re-executed. The state need not be reachable: then the invariant may be true all the
// same, and is not strong enough to show it. Unknown is what a limit or an interrupt leaves,
// and what a step that leaves the domain, or an initial state outside it, makes of what would
// hold. Model.Constraint bounds nothing here. Errors are those of Check; a function of the
// model that panics in a state of the domain is one, reachable or not.
func Inductive[S comparable](ctx context.Context, m Model[S], o InductiveOptions) (r InductiveReport, err error) {
	started := time.Now()
	i := &induction[S]{ctx: ctx, model: &m, options: o}
	if err = validate(&m); err == nil {
		err = i.prepare()
	}
	if err != nil {
		return InductiveReport{Report: Report{Model: m.Name, Reason: err.Error()}}, err
	}
	i.release = arm(ctx, o.MaxTime, &i.cancelled)
	defer i.release()
	finished := false
	apart(func() {
		i.run()
		r, err = i.report()
		finished = true
	})
	if !finished { // of what is called from there only these may end it
		err = &PanicError{Where: "InductiveOptions.Progress, or String of a field of the state,", Value: ErrGoexit}
		r = InductiveReport{Report: Report{Model: m.Name, Reason: err.Error()}}
	}
	r.Elapsed = time.Since(started)
	return r, err
}

// induction is one run of Inductive.
type induction[S comparable] struct {
	ctx     context.Context
	model   *Model[S]
	options InductiveOptions
	program *program[S]

	invariants, lemmas []int // in Model.Properties
	given              []int // both, lemmas first

	all       *domainStates[S]
	inductors []inductor[S]
	stretches []stretch // of a batch
	cancelled atomic.Bool
	release   func()

	sum      stretch // of all that is booked
	begun    []beginning
	reason   string // why it ended early
	refused  bool   // before it began
	failed   error
	complete bool
	told     time.Time
}

// beginning is what is wrong with an initial state.
type beginning struct {
	start    int
	property int    // the first that is false; -1: none
	outside  string // in what it is outside the domain
}

// stretch is what came of states that follow one another.
type stretch struct {
	states, holding, transitions, broken, leaving uint64
	first, left                                   stepTo // the first step that breaks an invariant, and that leaves the domain
	coverage                                      []uint64
	failed                                        error
}

// stepTo is a transition from a state of the domain.
type stepTo struct {
	found      bool
	from       uint64
	transition uint32
	property   int // the first that is false after it; -1: none
}

// prepare finds what is named, and refuses what means nothing.
func (i *induction[S]) prepare() error {
	if !i.model.Domain.declared() {
		return i.refuse("the model declares no domain (Model.Domain) whose states could be looked at")
	}
	var err error
	if i.lemmas, err = i.find("lemma", i.options.Lemmas, nil); err != nil {
		return err
	}
	if i.invariants, err = i.find("invariant", i.options.Invariants, i.lemmas); err != nil {
		return err
	}
	if len(i.options.Invariants) == 0 {
		for k, p := range i.model.Properties {
			if p.kind == KindInvariant && !slices.Contains(i.lemmas, k) {
				i.invariants = append(i.invariants, k)
			}
		}
	}
	if len(i.invariants) == 0 {
		return i.refuse("the model has no invariant that could be inductive")
	}
	i.given = slices.Concat(i.lemmas, i.invariants)
	i.program = compile(i.model)
	i.sum.coverage = make([]uint64, i.program.steps)
	if i.options.Workers < 1 {
		i.options.Workers = runtime.GOMAXPROCS(0)
	}
	i.told = time.Now()
	return nil
}

func (i *induction[S]) refuse(format string, args ...any) error {
	return fmt.Errorf("model %s: %w: "+format, append([]any{i.model.Name, ErrNoInductiveCheck}, args...)...)
}

// find gives the places of invariants that are named, each once.
func (i *induction[S]) find(what string, names []string, others []int) (places []int, err error) {
	for _, name := range names {
		k := slices.IndexFunc(i.model.Properties, func(p Property[S]) bool { return p.name == name })
		switch {
		case k < 0:
			return nil, i.refuse("there is no invariant %q%s", name, i.invariantNames())
		case i.model.Properties[k].kind != KindInvariant:
			return nil, i.refuse("%q is a %s, and no invariant%s", name, i.model.Properties[k].kind, i.invariantNames())
		case slices.Contains(places, k) || slices.Contains(others, k):
			return nil, i.refuse("%s %q is named twice", what, name)
		}
		places = append(places, k)
	}
	return places, nil
}

// invariantNames tells what there is, behind what there is not.
func (i *induction[S]) invariantNames() string {
	var names []string
	for _, p := range i.model.Properties {
		if p.kind == KindInvariant {
			names = append(names, fmt.Sprintf("%q", p.name))
		}
	}
	if names == nil {
		return "; there is none"
	}
	return "; invariants are " + strings.Join(names, ", ")
}

func (i *induction[S]) names(places []int) (names []string) {
	for _, k := range places {
		names = append(names, i.model.Properties[k].name)
	}
	return names
}

func (i *induction[S]) cancellation() string { return cancellation(i.ctx, i.options.MaxTime) }

// run looks at the initial states, and at those of the domain.
func (i *induction[S]) run() {
	most := i.options.MaxStates
	switch {
	case most == 0 && i.model.Domain.States != nil:
		most = mostKeptStates
	case most == 0:
		most = mostProductStates
	}
	i.all, i.reason, i.failed = i.model.Domain.number(most, &i.cancelled, i.cancellation)
	if i.refused = i.reason != ""; i.refused || i.failed != nil {
		return
	}
	if i.all.count == 0 {
		i.failed = errors.New("domain: has no state (States gives none)")
		return
	}
	i.inductors = make([]inductor[S], min(uint64(i.options.Workers), inductiveCut.chunks))
	for k := range i.inductors {
		i.inductors[k].init(i)
	}
	i.stretches = make([]stretch, inductiveCut.chunks)
	for k := range i.stretches {
		i.stretches[k].coverage = make([]uint64, i.program.steps)
	}
	if i.begin(); i.failed == nil {
		i.goThrough()
	}
}

// begin asks the initial states.
func (i *induction[S]) begin() {
	w := &i.inductors[0]
	i.failed = answered(func() error {
		for n := range i.model.Init {
			s := i.model.Init[n]
			w.source = s
			b := beginning{start: n, property: w.firstFalse(i.given, &s, true), outside: i.all.outside(&s)}
			if slices.Contains(i.lemmas, b.property) {
				return fmt.Errorf("lemma %q is false in initial state %d, %s", i.model.Properties[b.property].name, n, describe(fieldsOf(s)))
			}
			if b.property >= 0 || b.outside != "" {
				i.begun = append(i.begun, b)
			}
		}
		return nil
	}, w.at)
}

// violated says whether something is, so that no state more need be looked at.
func (i *induction[S]) violated() bool {
	return i.sum.broken > 0 || slices.ContainsFunc(i.begun, func(b beginning) bool { return b.property >= 0 })
}

// goThrough looks at the states of the domain, a batch at a time.
func (i *induction[S]) goThrough() {
	for i.sum.states < i.all.count {
		if i.violated() && !i.options.KeepGoing {
			i.reason = "there is a counterexample, and the states after it were not looked at"
			return
		}
		if i.tell(); i.failed != nil {
			return
		}
		chunks := i.batch(i.sum.states)
		if i.cancelled.Load() {
			i.reason = i.cancellation() // what the batch found counts for nothing: how much it is depends on the machine
			return
		}
		for k := range i.stretches[:chunks] {
			if i.book(&i.stretches[k]); i.failed != nil || i.violated() && !i.options.KeepGoing {
				break
			}
		}
		if i.failed != nil {
			return
		}
	}
	i.complete = true
}

func (i *induction[S]) tell() {
	now := time.Now()
	if i.options.Progress == nil || now.Sub(i.told) < time.Second {
		return
	}
	i.told = now
	defer func() {
		if value := recover(); value != nil {
			i.failed = &PanicError{Where: "InductiveOptions.Progress", Value: value}
		}
	}()
	i.options.Progress(i.sum.states, i.all.count)
}

// batch looks at the states from a number on, and gives the number of stretches that they make.
func (i *induction[S]) batch(from uint64) int {
	states := min(i.all.count-from, inductiveCut.chunks*inductiveCut.states)
	chunks := int((states + inductiveCut.states - 1) / inductiveCut.states)
	var next atomic.Int64
	var group sync.WaitGroup
	for k := range i.inductors[:min(len(i.inductors), chunks)] {
		group.Go(func() {
			for !i.cancelled.Load() {
				n := int(next.Add(1)) - 1
				if n >= chunks {
					return
				}
				begin := from + uint64(n)*inductiveCut.states
				i.inductors[k].look(&i.stretches[n], begin, min(begin+inductiveCut.states, from+states))
			}
		})
	}
	group.Wait()
	return chunks
}

// book adds what came of the next states.
func (i *induction[S]) book(p *stretch) {
	sum := &i.sum
	sum.states, sum.holding, sum.transitions = sum.states+p.states, sum.holding+p.holding, sum.transitions+p.transitions
	sum.broken, sum.leaving = sum.broken+p.broken, sum.leaving+p.leaving
	for k, n := range p.coverage {
		sum.coverage[k] += n
	}
	if !sum.first.found {
		sum.first = p.first
	}
	if !sum.left.found {
		sum.left = p.left
	}
	i.failed = p.failed
}
