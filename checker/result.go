package checker

import (
	"fmt"
	"slices"
	"time"
)

// report tells what the search found, with every trace re-executed.
func (s *search[S]) report() (Report, error) {
	s.memory = max(s.memory, s.held())
	r := Report{
		Model: s.model.Name, Complete: s.complete, Reason: s.reason,
		States: s.states(), Transitions: s.transitions, Depth: s.deepest(), Resumed: s.resumed,
		Deadlocks: s.deadlocks, Ends: s.ends, Pruned: s.pruned, Bound: s.bound(),
		Symmetry: s.symmetryReport(), Partly: s.partly, Unreduced: s.unreduced,
		Coverage: coverageOf(s.model, s.coverage), Memory: s.memory, Workers: len(s.workers), Search: s.options.Search, Store: s.options.Store,
	}
	if r.Store == Fingerprint {
		r.Omission = omission(r.States, s.program.hash.width())
	}
	if s.failed == nil {
		r.Properties, s.failed = s.results()
	}
	r.Memory = max(r.Memory, s.memory)
	r.Elapsed = time.Since(s.started)
	if s.failed != nil {
		r.Complete, r.Reason, r.Properties = false, s.failed.Error(), nil
		return r, fmt.Errorf("model %s: %w", s.model.Name, s.failed)
	}
	r.Vacuous = s.vacuous(&r)
	r.Verdict = Holds
	if !r.Complete {
		r.Verdict = Unknown
	}
	for _, p := range r.Properties {
		r.Verdict = r.Verdict.And(p.Verdict)
	}
	return r, nil
}

// coverageOf names the counts of the steps.
func coverageOf[S comparable](m *Model[S], counts []uint64) []Coverage {
	var all []Coverage
	for _, p := range m.Processes {
		for _, step := range p.Steps {
			all = append(all, Coverage{Process: p.Name, Label: step.Label, Transitions: counts[len(all)]})
		}
	}
	return all
}

// results answers for each property, deadlock first.
func (s *search[S]) results() ([]Result, error) {
	first, err := s.stateResult(0, deadlockName, KindDeadlock)
	if err != nil {
		return nil, err
	}
	results := []Result{first}
	var g *graph
	for i := range s.model.Properties {
		p := &s.model.Properties[i]
		var r Result
		switch p.kind {
		case KindCount, KindOrders, KindLiveness:
			if g == nil && s.complete && s.options.Store == Exact {
				if g, err = s.buildGraph(); err != nil {
					return nil, err
				}
			}
			if r, err = s.pathResult(g, p); err != nil {
				return nil, err
			}
		default:
			if r, err = s.stateResult(1+i, p.name, p.kind); err != nil {
				return nil, err
			}
		}
		results = append(results, r)
	}
	return results, nil
}

// stateResult answers for a property that a state or a transition decides.
func (s *search[S]) stateResult(index int, name string, kind Kind) (Result, error) {
	r := Result{Name: name, Kind: kind}
	f := s.findings[index]
	switch {
	case f.found:
		trace, err := s.trace(f, name, kind)
		if err != nil {
			return Result{}, err
		}
		r.Trace, r.Verdict, r.Clause = &trace, Violated, trace.Clause
		if kind == KindReachable {
			r.Verdict = Holds
		}
		if s.partly > 0 {
			r.Note = "there may be a shorter trace: not all steps were taken in each state"
		}
	case !s.complete:
		r.Note = "the search is not complete: " + s.reason
	case kind == KindReachable && s.pruned > 0:
		r.Note = "no state that was reached within the constraint has it: " + s.outside()
	case kind == KindReachable:
		r.Verdict = Violated
		r.Note = "no reachable state has it"
	default:
		r.Verdict = Holds
		if s.pruned > 0 {
			r.Note = "within the constraint: " + s.outside()
		}
		if kind == KindRefinement {
			r.Vacuous = s.alwaysStutters(index - 1)
		}
	}
	return r, nil
}

// trace walks from a finding back to its initial state and tells the path, whose
// transitions the seen set has. The replayer then walks the same path forward by the
// step tables alone; if it sees anything else, the search is wrong.
func (s *search[S]) trace(f finding, name string, kind Kind) (Trace, error) {
	var numbers []uint32
	id := f.id
	for {
		from := s.shards[id&(shards-1)].origin(int(id >> shardBits))
		id = from & idMask
		if number := uint32(from >> idBits); number != noTransition {
			numbers = append(numbers, number)
			continue
		}
		break
	}
	slices.Reverse(numbers)
	path, err := s.walk(s.model.Init[id], numbers)
	if err != nil {
		return Trace{}, err
	}
	end := path[len(path)-1]
	if at, known := s.lookup(&end); !known || at != f.id {
		return Trace{}, fmt.Errorf("the path of property %q leads to another state than the search found; a function of the model "+
			"depends on more than its arguments, or the checker is wrong", name)
	}
	last := f.transition
	if s.canonicalizer() != nil {
		if path, numbers, last, err = s.realNames(int(id), path, numbers, last); err != nil {
			return Trace{}, err
		}
	}
	t := s.traceOf(name, kind, int(id), path, numbers)
	if last != noTransition {
		t.Steps = append(t.Steps, TraceStep{Taken: s.program.taken(last),
			Column: s.program.transitions[last].instance})
	}
	return s.replayed(t)
}

// walk gives the states of a path, in canonical form where symmetry is applied.
func (s *search[S]) walk(from S, numbers []uint32) (path []S, err error) {
	w := worker[S]{program: s.program, symmetry: s.symmetry, canonicalizer: s.canonicalizer(), source: from}
	finished := false
	defer func() {
		if !finished {
			err = recovered(recover(), w.where(), w.source)
		}
	}()
	w.source = *w.canonical(&from)
	path = append(path, w.source)
	for _, number := range numbers {
		t := s.program.transitions[number]
		w.doing, w.number = callStep, number
		after, enabled := w.perform(&s.program.instances[t.instance].steps[t.step], t.self, t.choice)
		w.demand(enabled, "was enabled and is not, in one state")
		w.source = *w.canonical(&after)
		path = append(path, w.source)
	}
	finished = true
	return path, nil
}

// traceOf makes a trace of a path, which has the states around the transitions.
func (s *search[S]) traceOf(name string, kind Kind, start int, path []S, numbers []uint32) Trace {
	t := Trace{Model: s.model.Name, Property: name, Kind: kind, Start: start,
		Initial: fieldsOf(path[0]), Steps: []TraceStep{}, Columns: columns(s.model)}
	for i, number := range numbers {
		t.Steps = append(t.Steps, TraceStep{Taken: s.program.taken(number),
			Column: s.program.transitions[number].instance, Changes: changesOf(path[i], path[i+1])})
	}
	return t
}

func (s *search[S]) replayed(t Trace) (Trace, error) { return demandReplay(s.model, t) }

// demandReplay gives a trace as the replayer tells it. A trace of ours that it refuses is
// an error.
func demandReplay[S comparable](m *Model[S], t Trace) (Trace, error) {
	replayed, err := Replay(*m, t)
	if err != nil {
		return Trace{}, fmt.Errorf("the trace of property %q does not replay; a function of the model "+
			"depends on more than its arguments, or the checker is wrong: %w", t.Property, err)
	}
	return replayed, nil
}
