package checker

import (
	"fmt"
	"math/bits"
	"slices"
)

// Partial order reduction: in a state the search may take the steps of some instances only,
// the chosen ones, where nothing that the others may ever do has to do with them; it comes
// to the same ends whenever these steps are taken (Overman 1981; Valmari, "Stubborn sets
// for reduced state space generation", 1989; Godefroid, LNCS 1032, 1996).
//
// The current steps of an instance are the one at which it stands, or all of its table where
// it has no PC. With a chosen instance, every other one is chosen of which some step, of
// all its table, conflicts with one of its current steps:
//
//   - one writes what the other reads or writes;
//   - or the current step may mend a property that the other step may break, so that taken
//     early it could hide what the other ones lead to;
//   - but not where the other step holds, or acquires, a lock that the current step holds:
//     it cannot be taken before the chosen instance moves. One that acquires it has to
//     conflict in nothing but the word of the lock.
//
// So the others can neither enable, disable, nor change the current steps of the chosen
// ones. And that no step be put off for ever, some chosen step has to lead on, in an order
// that has an end: see proviso. Where none does, all steps are taken.
//
// docs/reductions.md has the proofs, and for each condition a model that needs it.

// mostReduced bounds the instances: sets of them are words.
const mostReduced = 64

// instances is a set of process instances.
type instances uint64

func (s instances) has(i int) bool { return s>>uint(i)&1 == 1 }

// reduction is what the search needs to choose instances. It changes only between blocks,
// when a property has been decided, which then need not be preserved any longer.
type reduction struct {
	instances []reducedInstance
}

// reducedInstance tells which others have to be chosen with an instance.
type reducedInstance struct {
	steps []instances // where it stands at this step
	ended instances   // where it stands at none
	all   instances   // where it has no PC
	ranks []int       // of its steps; nil where it has none: see proviso
}

// unreducible says why a search cannot be reduced, or is "".
func (s *search[S]) unreducible() string {
	for _, p := range s.model.Properties {
		switch p.kind {
		case KindInvariant, KindReachable:
		case KindTransition, KindRefinement:
			return fmt.Sprintf("property %q is about every transition, also those that would be left out", p.name)
		default:
			return fmt.Sprintf("property %q is about whole paths, also those that would be left out", p.name)
		}
	}
	switch n := len(s.program.instances); {
	case s.options.Search != BreadthFirst:
		return "a search " + s.options.Search.String() + " visits no levels, by which the reduction sees that no step is put off for ever"
	case s.model.Constraint != nil:
		return "Constraint decides where steps are left out, and what it reads is not declared"
	case n > mostReduced:
		return fmt.Sprintf("there are %d process instances, more than %d", n, mostReduced)
	case !s.model.declares():
		return "no process has Own and no step has Reads or Writes, so that each is taken to read and write the whole state"
	}
	return ""
}

// prepareReduction decides whether the search is reduced, if it shall be.
func (s *search[S]) prepareReduction() {
	if !s.options.PartialOrder {
		return
	}
	if s.unreduced = s.unreducible(); s.unreduced != "" {
		return
	}
	s.reduction = s.reduce()
	var unranked instances
	for i := range s.reduction.instances {
		if s.reduction.instances[i].ranks == nil {
			unranked |= 1 << i
		}
	}
	for i := range s.workers {
		s.workers[i].unranked, s.workers[i].at = unranked, make([]instances, len(s.program.instances))
	}
}

// reduce lays the reduction out for the properties that are still open.
func (s *search[S]) reduce() *reduction {
	r := &reduction{}
	for i := range s.program.instances {
		in, d := &s.program.instances[i], &s.declared.instances[i]
		var out reducedInstance
		for k := range in.steps {
			out.steps = append(out.steps, s.conflicting(i, k))
			if in.pc == nil {
				out.all |= out.steps[k]
			}
		}
		idle := footprint{reads: d.own, acquires: noLock}
		idle.writes = newMask(sizeOf[S]())
		out.ended = s.declared.conflicting(i, &idle)
		out.ranks = s.ranks(in.process)
		r.instances = append(r.instances, out)
	}
	return r
}

// conflicting gives the instances of which a step conflicts with step k of instance i.
func (s *search[S]) conflicting(i, k int) instances {
	f := &s.declared.instances[i].steps[k]
	set := s.declared.conflicting(i, f)
	for n := range s.declared.observed {
		o := &s.declared.observed[n]
		if s.findings[1+o.property].found || !s.may(o.mended, o, i, k) {
			continue
		}
		for j := range s.declared.instances {
			for b := range s.declared.instances[j].steps {
				if j != i && s.may(o.broken, o, j, b) && !excluded(f, &s.declared.instances[j].steps[b], s.declared.locks) {
					set |= 1 << j
				}
			}
		}
	}
	return set
}

// may says whether step k of instance i may change a predicate as these labels may.
func (s *search[S]) may(labels []string, o *observed, i, k int) bool {
	label := s.model.Processes[s.program.instances[i].process].Steps[k].Label
	return (labels == nil || slices.Contains(labels, label)) && !s.declared.instances[i].steps[k].writes.and(o.reads).empty()
}

// conflicting gives the instances of which a footprint conflicts with f, of instance i.
func (d *declarations) conflicting(i int, f *footprint) (set instances) {
	for j := range d.instances {
		for k := range d.instances[j].steps {
			g := &d.instances[j].steps[k]
			if j != i && !conflict(f, g).empty() && !excluded(f, g, d.locks) {
				set |= 1 << j
			}
		}
	}
	return set
}

// conflict gives what one of two steps writes and the other one reads or writes.
func conflict(f, g *footprint) mask {
	return f.writes.and(g.reads.or(g.writes)).or(g.writes.and(f.reads))
}

// excluded says whether g cannot be taken while another instance stands at f, because f
// holds a lock that g holds, or acquires. What it acquires has to be all that they have in
// common: then whether g breaks a rule of locks does not depend on f having been taken.
func excluded(f, g *footprint, locks []scalar) bool {
	if f.holds&g.holds != 0 {
		return true
	}
	if g.acquires == noLock || f.holds>>g.acquires&1 == 0 {
		return false
	}
	word := newMask(64 * len(f.reads))
	word.add(locks[g.acquires].span)
	return conflict(f, g).within(word)
}

// ranks gives the steps of a process an order in which they lead on; nil where that is none.
// It is asked for where the process takes locks: a step that acquires one is the last, since
// there all others are chosen as well, as a rule. Every way round goes back in the order, or
// stays, at one step at least.
func (s *search[S]) ranks(process int) []int {
	steps := s.model.Processes[process].Steps
	if !slices.ContainsFunc(steps, func(step Step[S]) bool { return step.Acquires != "" }) {
		return nil
	}
	ranks := make([]int, len(steps))
	for k := range steps {
		ranks[k] = 1 + k
		if steps[k].Acquires != "" {
			ranks[k] += len(steps)
		}
	}
	return ranks
}

// smallest gives the smallest set of instances that may be chosen and has one that can take a
// step; of several, the one with the first such instance. at has, by instance, what has to be
// chosen with it.
func smallest(enabled instances, at []instances) instances {
	best, least := ^instances(0), bits.OnesCount64(uint64(enabled))
	for left := enabled; left != 0; left &= left - 1 {
		set := closure(bits.TrailingZeros64(uint64(left)), at)
		if n := bits.OnesCount64(uint64(set & enabled)); n < least {
			best, least = set, n
		}
	}
	return best
}

// closure adds to an instance all that have to be chosen with it, and with those.
func closure(i int, at []instances) instances {
	set := instances(1) << i
	for todo := set; todo != 0; {
		k := bits.TrailingZeros64(uint64(todo))
		todo &= todo - 1
		todo |= at[k] &^ set
		set |= at[k]
	}
	return set
}
