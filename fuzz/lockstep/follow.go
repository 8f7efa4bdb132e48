package lockstep

import (
	"context"
	"fmt"
	"slices"

	"urpc/checker"
)

// follower runs a specification along that is nondeterministic: one step may lead
// to several states, and some steps show in nothing that the code does. What the
// specification may have come to is a set of states of its graph, the candidates;
// each step of the code leaves those that its step leads to and that look like what
// is decoded. It knows nothing of what the states stand for: the next specification
// brings its model, what of a state shows, and its stutters.
type follower[S comparable] struct {
	states []S
	ids    map[S]uint32
	edges  [][]edge // of each state
	silent map[string]bool
	count  int // of transitions

	now, next []uint32
	tried     []taking // on the way from now to next
	led       []uint32 // to next, those of it included
	largest   int

	state      []bool // those that were taken
	transition map[taking]bool
}

// edge is a transition of the specification.
type edge struct {
	thread int
	label  string
	to     uint32
}

// taking is a transition and where it starts.
type taking struct {
	from uint32
	edge
}

// newFollower explores a model of one family of threads, at most so many states.
// silent are the labels of steps that the code does not show.
func newFollower[S comparable](ctx context.Context, m checker.Model[S], most int, silent ...string) (*follower[S], error) {
	f := &follower[S]{ids: map[S]uint32{}, silent: map[string]bool{}, transition: map[taking]bool{}}
	for _, label := range silent {
		f.silent[label] = true
	}
	p := &m.Processes[0]
	f.add(m.Init[0])
	for id := 0; id < len(f.states); id++ {
		if len(f.states) > most {
			return nil, fmt.Errorf("lock-step: %w: more than %d states", ErrGraph, most)
		}
		if id&0xfff == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("lock-step: explore the specification: %w", ctx.Err())
		}
		for thread := range p.Count {
			f.expand(p, uint32(id), thread)
		}
	}
	f.state = make([]bool, len(f.states))
	return f, nil
}

func (f *follower[S]) add(s S) uint32 {
	id, ok := f.ids[s]
	if !ok {
		id = uint32(len(f.states))
		f.ids[s] = id
		f.states = append(f.states, s)
		f.edges = append(f.edges, nil)
	}
	return id
}

// expand adds the transitions of a thread from a state.
func (f *follower[S]) expand(p *checker.Process[S], id uint32, thread int) {
	s := f.states[id]
	at := p.PC(&s, thread)
	if at < 0 {
		return
	}
	step := &p.Steps[at]
	for choice := range max(step.Choices, 1) {
		after := s
		if step.Choose(&after, thread, choice) {
			f.edges[id] = append(f.edges[id], edge{thread, step.Label, f.add(after)})
			f.count++
		}
	}
}

// begin goes to the first state.
func (f *follower[S]) begin() {
	f.now = append(f.now[:0], 0)
	f.state[0] = true
}

// take takes a step of a thread, or only looks where there is none (label ""), and
// says whether there is still a state in which the specification may be: one that
// looks as is told. Steps that do not show may come before and after.
func (f *follower[S]) take(thread int, label string, looks func(*S) bool) bool {
	f.next, f.tried = f.next[:0], f.tried[:0]
	for _, id := range f.now {
		if label == "" {
			f.next = append(f.next, id)
			continue
		}
		for _, e := range f.edges[id] {
			if e.thread == thread && e.label == label {
				f.reach(id, e)
			}
		}
	}
	for i := 0; i < len(f.next); i++ {
		for _, e := range f.edges[f.next[i]] {
			if f.silent[e.label] {
				f.reach(f.next[i], e)
			}
		}
	}
	f.next = slices.DeleteFunc(f.next, func(id uint32) bool { return !looks(&f.states[id]) })
	if len(f.next) == 0 {
		return false
	}
	f.book()
	f.now, f.next = f.next, f.now
	slices.Sort(f.now)
	f.largest = max(f.largest, len(f.now))
	return true
}

// reach adds the state to which a transition leads.
func (f *follower[S]) reach(from uint32, e edge) {
	f.tried = append(f.tried, taking{from, e})
	if !slices.Contains(f.next, e.to) {
		f.next = append(f.next, e.to)
	}
}

// book notes what was taken: the states that are left, and the transitions on the way
// to them.
func (f *follower[S]) book() {
	f.led = append(f.led[:0], f.next...)
	for i := 0; i < len(f.led); i++ {
		for _, t := range f.tried {
			if t.to == f.led[i] {
				f.transition[t] = true
				if !slices.Contains(f.led, t.from) {
					f.led = append(f.led, t.from)
				}
			}
		}
	}
	for _, id := range f.next {
		f.state[id] = true
	}
}

// stuck says whether the specification, in some candidate, can go no further.
func (f *follower[S]) stuck() bool {
	return slices.ContainsFunc(f.now, func(id uint32) bool { return len(f.edges[id]) == 0 })
}

// leftOut calls tell for each transition that was not taken.
func (f *follower[S]) leftOut(tell func(from uint32, e edge)) {
	for from, edges := range f.edges {
		for _, e := range edges {
			if !f.transition[taking{uint32(from), e}] {
				tell(uint32(from), e)
			}
		}
	}
}

// taken are the shares of its states and transitions that were taken.
func (f *follower[S]) taken() (states, transitions Share) {
	n := 0
	for _, was := range f.state {
		if was {
			n++
		}
	}
	return Share{n, len(f.states)}, Share{len(f.transition), f.count}
}
