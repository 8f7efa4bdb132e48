package lockstep

import (
	"urpc/checker/schedule"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// outcome says how the specification answers a step of the code.
type outcome uint8

const (
	taken     outcome = iota + 1 // it takes the step, or the step is a declared stutter
	elsewhere                    // the thread stands at another step
	disabled                     // the thread stands at the step, which is not enabled
	otherWord                    // the step touches another word, or in another way
	otherSize                    // the step touches more bytes than it should, or fewer
)

// advance lets a candidate take the step that the thread has taken, and says
// whether it is a stutter, which leaves the candidate as it is.
func (r *Refinement) advance(c *candidate, th *thread) (outcome, Stutter) {
	name, e := th.taken, &th.touched
	at := atOf(&c.state, th)
	if s := r.stutterOf(th, at); s != notStutter {
		return taken, s
	}
	if at != name {
		return elsewhere, notStutter
	}
	kind, location, known := r.accessOf(&c.state, th, name)
	known = known && e.Kind == kind && (name == step.Execute || e.Location == location)
	size := e.Size == r.sizeOf(&c.state, th, name)
	switch {
	case !r.take(c, th):
		if s := busy(name); s != notStutter && known && size {
			return taken, s
		}
		return disabled, notStutter
	case !known:
		return otherWord, notStutter
	case !size:
		return otherSize, notStutter
	}
	return taken, notStutter
}

// stutterOf recognises a stutter by the step, and by where the specification's
// thread stands. A caller that may leave its call awaits the sending end by a step.
func (r *Refinement) stutterOf(th *thread, at step.Name) Stutter {
	name, kind := th.taken, th.touched.Kind
	switch {
	case name == step.TestSetSend && kind == schedule.Await && at == name && !r.leaves(th):
		return AwaitSend
	case name == step.TestSetReceive && kind == schedule.Await && at == name:
		return AwaitReceive
	case name == step.Asleep && at == step.Retract:
		return Woken
	default:
		return notStutter
	}
}

// leaves says whether the thread is a caller that may leave its calls.
func (r *Refinement) leaves(th *thread) bool {
	return th.side == memory.ClientSide && (r.config.Leave.Death || r.config.Leaver(th.self))
}

// busy is the stutter of a try for a lock that the specification awaits.
func busy(name step.Name) Stutter {
	switch name {
	case step.TestSetSend:
		return BusySend
	case step.TestSetReceive:
		return BusyReceive
	default:
		return notStutter
	}
}

// take lets a candidate take the step at which a thread stands in it, and says
// whether it was enabled.
func (r *Refinement) take(c *candidate, th *thread) bool {
	if r.graph != nil {
		to := r.graph.next(c.id, th.number(r))
		if to == nowhereTo {
			return false
		}
		c.id, c.state = to, r.graph.states[to]
		return true
	}
	p := &r.sides[th.side]
	at := p.PC(&c.state, th.self)
	return at >= 0 && p.Steps[at].Do(&c.state, th.self)
}

// agrees says whether a state of the specification is the decoded one, but for
// what is auxiliary.
func (r *Refinement) agrees(s *memory.CallState) bool {
	if r.odd.found {
		return false
	}
	shown := *s
	r.hide(&shown)
	return shown == r.image
}

// hide takes away what no word shows.
func (r *Refinement) hide(s *memory.CallState) {
	s.Sent = [2][memory.MaxSlots + 1]memory.Message{}
	for i := range max(r.config.Clients, r.records) {
		c := &s.Caller[i]
		c.Message, c.Result, c.Executed = 0, 0, 0
		if !r.config.Leaves() {
			c.Number = 0
		}
	}
	if r.config.Leaves() {
		s.Generation = [memory.MaxRecords]uint8{}
		for i := range s.Way {
			s.Way[i] = memory.Way{Nudged: s.Way[i].Nudged}
		}
	}
	for j := range r.config.Servers {
		t := &s.Server[j]
		t.Message = 0
		if t.At == step.Execute && r.threads[r.config.Clients+j].executes {
			t.At = step.TestSetSend // it may have been executed, or not yet
		}
	}
}

// close adds the candidates in which a procedure that was called has been executed.
func (r *Refinement) close() {
	for j := range r.config.Servers {
		th := &r.threads[r.config.Clients+j]
		if !th.executes {
			continue
		}
		for i := 0; i < len(r.candidates); i++ {
			if r.candidates[i].state.Server[j].At != step.Execute {
				continue
			}
			r.candidates = append(r.candidates, r.candidates[i])
			c := &r.candidates[len(r.candidates)-1]
			r.take(c, th)
			if r.coverage != nil {
				r.coverage.taken(r.candidates[i].id, th.number(r), c.id)
			}
			r.dropIfThere()
		}
	}
	r.largest = max(r.largest, len(r.candidates))
}

// dropIfThere drops the last candidate if it is another one, too.
func (r *Refinement) dropIfThere() {
	last := len(r.candidates) - 1
	for i := range last {
		if r.candidates[i].state == r.candidates[last].state {
			r.candidates = r.candidates[:last]
			return
		}
	}
}

// stuck says whether the specification can go no further: the kernel's waking
// for nothing does not count, it need never happen. (Where it may not, a sleeper is
// woken by its deadline.)
func (r *Refinement) stuck(c *candidate) bool {
	for i := range r.threads {
		th, next := &r.threads[i], *c
		if (atOf(&c.state, th) != step.Asleep || !r.config.Spurious) && r.take(&next, th) {
			return false
		}
	}
	return true
}
