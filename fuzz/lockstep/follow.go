package lockstep

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"urpc/checker"
	"urpc/checker/schedule"
	"urpc/spec/step"
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
	among     []bool   // of each state: it is in next, or in led
	tried     []taking // on the way from now to next
	led       []uint32 // to next, those of it included
	largest   int

	was, taken []bool // states, and transitions by number, that were taken
}

// edge is a transition of the specification.
type edge struct {
	thread int
	label  string
	to     uint32
	number int
}

// taking is a transition and where it starts.
type taking struct {
	from uint32
	edge
}

// newFollower explores a model of one family of threads, at most so many states.
// silent are the labels of steps that the code does not show.
func newFollower[S comparable](ctx context.Context, m checker.Model[S], most int, silent ...string) (*follower[S], error) {
	f := &follower[S]{ids: map[S]uint32{}, silent: map[string]bool{}}
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
	f.was, f.among, f.taken = make([]bool, len(f.states)), make([]bool, len(f.states)), make([]bool, f.count)
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
		if step.Choose != nil && step.Choose(&after, thread, choice) || step.Do != nil && step.Do(&after, thread) {
			f.edges[id] = append(f.edges[id], edge{thread, step.Label, f.add(after), f.count})
			f.count++
		}
	}
}

// begin goes to the first state.
func (f *follower[S]) begin() {
	f.now = append(f.now[:0], 0)
	f.was[0] = true
}

// take takes a step of a thread, or only looks where there is none (label ""), and
// says whether there is still a state in which the specification may be: one that
// looks as is told. Steps that do not show may come before and after.
func (f *follower[S]) take(thread int, label string, looks func(*S) bool) bool {
	f.next, f.tried = f.next[:0], f.tried[:0]
	for _, id := range f.now {
		if label == "" {
			f.next = append(f.next, id)
			f.among[id] = true
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
	for _, id := range f.next {
		f.among[id] = false
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
	if !f.among[e.to] {
		f.among[e.to] = true
		f.next = append(f.next, e.to)
	}
}

// book notes what was taken: the states that are left, and the transitions on the way
// to them. Most ways lead forward through tried: one pass from its end finds them.
func (f *follower[S]) book() {
	f.led = append(f.led[:0], f.next...)
	for _, id := range f.led {
		f.was[id], f.among[id] = true, true
	}
	for found := true; found; {
		found = false
		for i := len(f.tried) - 1; i >= 0; i-- {
			t := &f.tried[i]
			if !f.among[t.to] {
				continue
			}
			f.taken[t.number] = true
			if !f.among[t.from] {
				f.led = append(f.led, t.from)
				f.among[t.from], found = true, true
			}
		}
	}
	for _, id := range f.led {
		f.among[id] = false
	}
}

// stuck says whether the specification, in some candidate, can go no further.
func (f *follower[S]) stuck() bool {
	return slices.ContainsFunc(f.now, func(id uint32) bool { return len(f.edges[id]) == 0 })
}

// state adds the states in which the specification may be to a digest.
func (f *follower[S]) state(d *schedule.Digest) {
	for _, id := range f.now {
		d.Word(uint64(id))
	}
}

// tellLeftOut tells so many of the transitions that were not taken, and how many there
// are; at is where the threads stand in a state, step.None for one that does nowhere.
func (f *follower[S]) tellLeftOut(most int, names []string, at func(*S) []step.Name) (lines []string, all int) {
	f.leftOut(func(from uint32, e edge) {
		if all++; all > most {
			return
		}
		var stand []string
		for i, at := range at(&f.states[from]) {
			if at != step.None {
				stand = append(stand, fmt.Sprintf("%s at %s", names[i], at))
			}
		}
		lines = append(lines, fmt.Sprintf("%s of %s in state %d: %s", e.label, names[e.thread], from, strings.Join(stand, ", ")))
	})
	return lines, all
}

// leftOut calls tell for each transition that was not taken.
func (f *follower[S]) leftOut(tell func(from uint32, e edge)) {
	for from, edges := range f.edges {
		for _, e := range edges {
			if !f.taken[e.number] {
				tell(uint32(from), e)
			}
		}
	}
}

// shares are those of its states and transitions that were taken.
func (f *follower[S]) shares() (states, transitions Share) {
	return Share{number(f.was), len(f.was)}, Share{number(f.taken), f.count}
}

// number is how many of them are true.
func number(of []bool) (n int) {
	for _, is := range of {
		if is {
			n++
		}
	}
	return n
}
