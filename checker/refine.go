package checker

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Refines demands that the model refine another one, the abstract model, by a mapping of
// its states (Abadi and Lamport, "The existence of refinement mappings", TCS 82(2), 1991):
// the image of every initial state is an initial state of the abstract model, and the
// images before and after every transition are equal (a stutter) or those of one of its
// transitions. So whatever is true of every state or transition of the abstract model is
// true of the images.
//
// It is refinement of safety: the abstract model need not be able to go on where this one
// can, nor this one where that can; fairness, the properties, Terminal and Constraint of the
// abstract model are not asked. mapping and the steps of the abstract model are pure, as all
// functions of a model are: that is verified on samples.
//
// A counterexample ends with the first transition that has no image, or is an initial state
// alone; Trace.Abstract shows the other side.
func Refines[S, A comparable](name string, abstract Model[A], mapping func(s *S) A) Property[S] {
	return Property[S]{name: name, kind: KindRefinement, refines: &refinement[S, A]{name, abstract, mapping}}
}

// refines is a refinement without the type of the abstract states.
type refines[S comparable] interface {
	validate() error
	// judge gives what one goroutine of the search asks.
	judge() judge[S]
	// refute is the replayer's own look at the last step of a way, or at its initial state
	// where it has no step: what the abstract side is, if it is not allowed. where says what
	// is being called.
	refute(where *string, way []S) (*Abstract, error)
}

// judge judges transitions by a refinement; it panics as a worker does.
type judge[S comparable] interface {
	// begins says whether the image of a state is initial.
	begins(s *S) bool
	// allows says whether the images are those of a step, or equal.
	allows(before, after *S) bool
	// verify demands that the mapping be pure in both states.
	verify(before, after *S)
	// moved says whether any two images were different ones, and allowed.
	moved() bool
	// where names the function that is being called.
	where() string
	// memory is the number of bytes that the judge holds.
	memory() uint64
}

// refinement is a property that the model refines another.
type refinement[S, A comparable] struct {
	name     string
	abstract Model[A]
	mapping  func(s *S) A
}

func (r *refinement[S, A]) validate() error {
	if r.mapping == nil {
		return errors.New("has no mapping")
	}
	if err := validate(&r.abstract); err != nil {
		return fmt.Errorf("abstract %w", err)
	}
	return nil
}

func (r *refinement[S, A]) judge() judge[S] {
	m := r.abstract
	m.Properties, m.Fairness, m.Terminal, m.Event, m.Constraint = nil, nil, nil, nil, nil // which nobody asks
	j := &refinementJudge[S, A]{refinement: r}
	j.worker.program = compile(&m)
	size := uint64(1 + j.worker.program.fan) // states of a full entry
	entries := uint64(1)
	for 2*entries <= mostCached && 2*entries*size*uint64(sizeOf[A]()) <= cacheBytes {
		entries *= 2
	}
	j.cache = make([]cached[A], entries)
	j.held = entries * uint64(reflect.TypeFor[cached[A]]().Size())
	return j
}

// mostCached bounds the abstract states whose successors a judge keeps. Tests set it.
var mostCached uint64 = 1 << 12

// cacheBytes bounds about the memory that they take, unless those of one state take more.
const cacheBytes = 1 << 22

// refinementJudge judges for one goroutine. It keeps the successors of the abstract states
// that it met last: many concrete states have one image.
type refinementJudge[S, A comparable] struct {
	refinement *refinement[S, A]
	worker     worker[A]
	cache      []cached[A] // by the hash of the state: each has one place
	held       uint64      // bytes
	misses     int         // states whose successors were found

	source     S // whose image is known, if any is
	image      A
	known      bool
	anyMoved   bool
	ofAfter    bool // the mapping is asked of the state after a step
	inAbstract bool // a function of the abstract model is being called
}

// cached is an abstract state with its successors.
type cached[A comparable] struct {
	known bool
	state A
	after []A
}

func (j *refinementJudge[S, A]) begins(s *S) bool {
	j.verify(s, s)
	return slices.Contains(j.refinement.abstract.Init, j.imageOf(s))
}

func (j *refinementJudge[S, A]) allows(before, after *S) bool {
	if !j.known || *before != j.source { // which is the source of the last transition mostly
		j.known = false
		source := *before
		j.image = j.imageOf(before)
		j.source, j.known = source, true
	}
	j.ofAfter = true
	to := j.imageOf(after)
	j.ofAfter = false
	if to == j.image {
		return true
	}
	if !slices.Contains(j.successors(&j.image), to) {
		return false
	}
	j.anyMoved = true
	return true
}

func (j *refinementJudge[S, A]) imageOf(s *S) A {
	j.inAbstract = false
	return j.refinement.mapping(s)
}

// verify shows copies to the mapping, which the caller's states must not suffer from.
func (j *refinementJudge[S, A]) verify(before, after *S) {
	for i, s := range []*S{before, after} {
		at := *s
		j.ofAfter = i == 1 && *before != *after
		first := j.imageOf(&at)
		if at != *s {
			panic(impure{"changes the state that it may only read"})
		}
		if first != j.imageOf(&at) {
			panic(impure{"has two images of one state"})
		}
	}
	j.ofAfter = false
}

// successors gives the states to which the abstract model's steps lead from a state.
func (j *refinementJudge[S, A]) successors(a *A) []A {
	entry := &j.cache[hasher{}.of(bytesOf(a))&uint64(len(j.cache)-1)]
	if entry.known && entry.state == *a {
		return entry.after
	}
	entry.known = false // as long as it is not whole
	j.inAbstract = true
	w := &j.worker
	w.source = *a
	if sampled(j.misses) {
		w.verify(a)
	}
	j.misses++
	before := cap(entry.after)
	entry.state, entry.after = *a, w.successors(entry.after[:0])
	j.held += uint64((cap(entry.after) - before) * sizeOf[A]())
	entry.known = true
	return entry.after
}

// successors adds the states to which the enabled steps lead from source.
func (w *worker[S]) successors(all []S) []S {
	for i := range w.program.instances {
		in := &w.program.instances[i]
		steps := in.steps
		if in.pc != nil {
			w.doing, w.instance = callPC, i
			k := in.pc(&w.source, in.self)
			if uint(k) >= uint(len(in.steps)) {
				continue
			}
			steps = in.steps[k : k+1]
		}
		for k := range steps {
			for choice := range steps[k].choices {
				w.doing, w.number = callStep, steps[k].first+uint32(choice)
				after, enabled := w.perform(&steps[k], in.self, choice)
				if !enabled {
					w.demandUntouched()
				} else {
					all = append(all, after)
				}
			}
		}
	}
	return all
}

func (j *refinementJudge[S, A]) moved() bool { return j.anyMoved }

func (j *refinementJudge[S, A]) where() string {
	switch {
	case !j.inAbstract && j.ofAfter:
		return fmt.Sprintf("mapping of property %q, asked of what a step leads to,", j.refinement.name)
	case !j.inAbstract:
		return fmt.Sprintf("mapping of property %q", j.refinement.name)
	}
	var image []Field
	apart(func() { image = fieldsOf(j.worker.source) })
	return fmt.Sprintf("%s of abstract model %s (property %q), in its state %s, which is the image,",
		j.worker.where(), j.refinement.abstract.Name, j.refinement.name, describe(image))
}

func (j *refinementJudge[S, A]) memory() uint64 { return j.held }

// judgeInitial shows the initial states to the refinements.
func (s *search[S]) judgeInitial() {
	if s.failed != nil {
		return
	}
	w, finished := &s.workers[0], false
	defer func() {
		if !finished {
			s.failed = recovered(recover(), w.where(), w.source)
		}
	}()
	for k, j := range w.judges {
		if j == nil {
			continue
		}
		w.doing, w.property = callProperty, k
		for i := range s.model.Init {
			w.source = s.model.Init[i]
			id, known := s.lookup(&w.source)
			if known && !j.begins(&w.source) { // a limit on states may have kept it out
				s.find(1+k, id, noTransition)
				break
			}
		}
	}
	s.openProperties()
	finished = true
}

// judge gives the judge of a property, nil if it is no refinement, or none is judged.
func (w *worker[S]) judge(property int) judge[S] {
	if property < len(w.judges) {
		return w.judges[property]
	}
	return nil
}

// judges gives one goroutine the judges of the refinements, by property.
func judges[S comparable](m *Model[S]) []judge[S] {
	all := make([]judge[S], len(m.Properties))
	for i := range m.Properties {
		if r := m.Properties[i].refines; r != nil {
			all[i] = r.judge()
		}
	}
	return all
}
