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
	processes []checker.Process[S]
	expanded  []bool // of each state

	states []S
	ids    map[S]uint32
	edges  [][]edge           // of each state
	silent func(e *edge) bool // whether the code shows nothing of it; it may depend on where the code stands

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

// newFollower explores a model, at most so many states: its threads are numbered in the
// order of its families. silent says of which steps the code shows nothing.
func newFollower[S comparable](ctx context.Context, m checker.Model[S], most int, silent func(*edge) bool) (*follower[S], error) {
	f := lazyFollower(m, silent)
	for id := 0; id < len(f.states); id++ {
		if len(f.states) > most {
			return nil, fmt.Errorf("lock-step: %w: more than %d states", ErrGraph, most)
		}
		if id&0xfff == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("lock-step: explore the specification: %w", ctx.Err())
		}
		f.out(uint32(id))
	}
	return f, nil
}

// lazyFollower is newFollower of a model of any size, which is explored as far as the
// code goes. How much of it is taken is not known then.
func lazyFollower[S comparable](m checker.Model[S], silent func(*edge) bool) *follower[S] {
	f := &follower[S]{processes: m.Processes, ids: map[S]uint32{}, silent: silent}
	f.add(m.Init[0])
	return f
}

func (f *follower[S]) add(s S) uint32 {
	id, ok := f.ids[s]
	if !ok {
		id = uint32(len(f.states))
		f.ids[s] = id
		f.states = append(f.states, s)
		f.edges = append(f.edges, nil)
		f.expanded = append(f.expanded, false)
		f.was = append(f.was, false)
		f.among = append(f.among, false)
	}
	return id
}

// out gives the transitions from a state.
func (f *follower[S]) out(id uint32) []edge {
	if !f.expanded[id] {
		f.expanded[id] = true
		first := 0
		for i := range f.processes {
			p := &f.processes[i]
			for self := range p.Count {
				f.expand(p, id, first+self, self)
			}
			first += p.Count
		}
	}
	return f.edges[id]
}

// silently says that the steps of these labels show in nothing.
func silently(labels ...string) func(*edge) bool {
	return func(e *edge) bool { return slices.Contains(labels, e.label) }
}

// expand adds the transitions of a thread, instance self of its family, from a state.
func (f *follower[S]) expand(p *checker.Process[S], id uint32, thread, self int) {
	s := f.states[id]
	at := p.PC(&s, self)
	if at < 0 {
		return
	}
	step := &p.Steps[at]
	for choice := range max(step.Choices, 1) {
		after := s
		if step.Choose != nil && step.Choose(&after, self, choice) || step.Do != nil && step.Do(&after, self) {
			to := f.add(after) // which may move the edges
			f.edges[id] = append(f.edges[id], edge{thread, step.Label, to, len(f.taken)})
			f.taken = append(f.taken, false)
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
	return f.takeAs(thread, func(*S) (string, bool) { return label, true }, looks)
}

// takeAs is take where it depends on the state what the step is; false: in that it is
// none.
func (f *follower[S]) takeAs(thread int, as func(*S) (label string, is bool), looks func(*S) bool) bool {
	f.next, f.tried = f.next[:0], f.tried[:0]
	for _, id := range f.now {
		label, is := as(&f.states[id])
		switch {
		case !is:
			continue
		case label == "":
			if !f.among[id] {
				f.next = append(f.next, id)
				f.among[id] = true
			}
			continue
		}
		out := f.out(id)
		for i := range out {
			if e := &out[i]; e.thread == thread && e.label == label {
				f.reach(id, *e)
			}
		}
	}
	for i := 0; i < len(f.next); i++ {
		from := f.next[i]
		out := f.out(from)
		for j := range out {
			if e := &out[j]; f.silent(e) {
				f.reach(from, *e)
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

// keep drops the candidates that are not such, and says whether any is left.
func (f *follower[S]) keep(such func(*S) bool) bool {
	f.next = append(f.next[:0], f.now...)
	f.next = slices.DeleteFunc(f.next, func(id uint32) bool { return !such(&f.states[id]) })
	if len(f.next) == 0 {
		return false
	}
	f.now, f.next = f.next, f.now
	return true
}

// stuck says whether the specification, in some candidate, can go no further.
func (f *follower[S]) stuck() bool {
	return slices.ContainsFunc(f.now, func(id uint32) bool { return len(f.out(id)) == 0 })
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
	return Share{number(f.was), len(f.was)}, Share{number(f.taken), len(f.taken)}
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
