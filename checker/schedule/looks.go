package schedule

import (
	"fmt"
	"slices"
)

// What predicates look at. The predicate of a step that waits, or that of a StepIf, decides
// about the step, so that all that it looks at are places of the step. Words tell that by
// themselves: each that is read while a predicate runs is noted, and is a place of the
// step from then on (thread.on). Memory of the program's own is announced: T.Await,
// T.AwaitStep, T.StepIf.
//
// A predicate need not look at all in each state: it may know the answer by the first
// word. What it looks at in one state decides about it there, and it looks at the same
// until one of these words changes; whatever it then looks at beside is noted when it
// does. So a search that relies on places knows all that matter when it is done, and
// begins again where it learns of one that is not one place with the step's yet.
//
// Of data races, a predicate sees what was left where it looks the last time: what it has
// looked at before may have changed since, and orders nothing. There a thread keeps no more
// than what its predicate has looked at now.

// look is a word that a predicate was seen to look at, and the step that it belongs to.
type look struct {
	thread int
	at     Location // of the step
	size   uint32
	on     Location
}

// looksAt notes that the thread's predicate, which runs now, looks at the place.
func (th *thread) looksAt(on Location) {
	if on == th.event.Location || slices.Contains(th.on, on) {
		return
	}
	th.on = append(th.on, on)
	th.r.looks = append(th.r.looks, look{th.index, th.event.Location, th.event.Size, on})
}

// blind says whether the thread stands before an await that does not say what it looks at:
// that may be anything.
func (th *thread) blind() bool {
	return th.event.Kind == Await && th.announced == 0 && th.word == nil
}

// look makes the places that predicates were seen to look at one with those of their steps.
func (p *places) look(looks []look) {
	for i := range looks {
		if l := &looks[i]; !p.one {
			p.merge(p.at(l.at, l.size), p.at(l.on, 1))
		}
	}
}

// looked takes in what predicates have looked at since the last time; true: the search
// must begin again.
func (o *optimal) looked() bool {
	if len(o.r.looks) == 0 {
		return false
	}
	o.places.look(o.r.looks)
	o.r.looks = o.r.looks[:0]
	if !o.places.merged {
		return false
	}
	o.places.merged, o.restart = false, true
	return true
}

// voids is looked, after an execution made aside.
func (o *optimal) voids() bool { return o.looked() || o.places.merged }

// ask evaluates the predicate of a step on a word for a value that the word once had. What
// it looks at beside may have been something else then: its answer is known only if it
// looks at nothing else.
func (o *optimal) ask(p *pending, v uint64) (could, known bool) {
	r, th := o.r, &o.asker
	th.r, th.index, th.on = r, int(p.thread), th.on[:0]
	th.event = Event{Kind: Await, Location: Location{Segment: wordSegment, Offset: uint32(p.word)}, Size: 8}
	defer func() {
		r.asked, r.quiet = nil, false
		if recover() != nil {
			could, known = true, true // it fails there, too: to go there shows it
		}
	}()
	r.asked, r.quiet = th, true
	could = p.test(v)
	return could, len(th.on) == 0
}

// toAnnounce says what to do about a predicate that looks at more than is known of it.
const toAnnounce = "what else does its predicate look at? A Word says so by Peek; memory of the program's own is to be named to T.Await, T.AwaitStep or T.StepIf"

// minds is what threads are about to do by their predicates: who waits, who of them can go on,
// who stands before a StepIf whose predicate looks at nothing but places that are known for
// the step's, and whose step would then write.
type minds struct{ waiting, enabled, asked, would uint64 }

func (r *runner) minds(enabled uint64) minds {
	m := minds{waiting: r.waiting, enabled: enabled}
	for e := r.ready; e != 0; e &= e - 1 {
		if th := r.threads[lowest(e)]; th.changes != nil {
			would, known := r.would(th)
			if known {
				m.asked |= th.bit
				m.would |= uint64(oneIf(would)) << th.index
			}
		}
	}
	return m
}

// would asks the predicate of a StepIf before the step is taken. That is no use of the
// program's: if it panics it does so when the step is taken, if it does then, and what it
// looks at matters then.
func (r *runner) would(th *thread) (would, known bool) {
	asker, looks := *th, len(r.looks)
	asker.on = slices.Clone(th.on)
	defer func() {
		r.asked, r.quiet, r.looks = nil, false, r.looks[:looks]
		if recover() != nil {
			would, known = false, false
		}
	}()
	r.asked, r.quiet = &asker, true
	would = th.changes()
	return would, len(asker.on) == len(th.on)
}

// kept gives the threads that the step of another one keeps from being taken, or that would do
// otherwise after it than before, and let those that it lets go on.
func (was minds) kept(is minds, by int16) uint64 {
	return (was.enabled&^is.enabled&was.waiting&is.waiting | (was.would^is.would)&was.asked&is.asked) &^ (1 << uint(by))
}

func (was minds) let(is minds, by int16) uint64 {
	return is.enabled &^ was.enabled & was.waiting & is.waiting &^ (1 << uint(by))
}

// told looks at the threads that stood before an await, or a StepIf, before the last step and
// do so still (hides); false: the search cannot go on.
func (o *optimal) told(now minds) bool {
	k := len(o.path) - 1
	if k < 0 || o.settled <= k {
		return true
	}
	n := o.path[k]
	text := o.hides(n.minds, now, &n.access)
	if o.places.merged {
		o.places.merged, o.restart = false, true
		return false
	}
	if text != "" {
		o.hidden = fmt.Sprintf("step %d: %s", k+1, text)
	}
	return text == ""
}

// hides says that the last step has changed the mind of a thread, and changes nothing at the
// places of what that stands before: the two do not commute, and the search takes it that they
// do. "": it has not.
func (o *optimal) hides(was, is minds, step *access) string {
	for e := was.kept(is, step.thread) | was.let(is, step.thread); e != 0; e &= e - 1 {
		th := o.r.threads[lowest(e)]
		if th.event.Kind == Drain { // by a Flush, which is its cause
			continue
		}
		if p := o.pending(th); o.places.merged || p.depends(step) {
			continue
		}
		return o.r.hidden(th, is)
	}
	return ""
}

// hidden says that the last step has changed the mind of the thread.
func (r *runner) hidden(th *thread, is minds) string {
	does := "keeps %s by %s from being taken"
	switch {
	case th.changes != nil && is.would&th.bit != 0:
		does = "lets %s by %s change its place"
	case th.changes != nil:
		does = "keeps %s by %s from changing its place"
	case is.enabled&th.bit != 0:
		does = "lets %s by %s be taken"
	}
	return fmt.Sprintf("%s "+does+", and changes nothing at its places: %s", r.tell(r.lastStep()), r.before(th), th.name, toAnnounce)
}

// hides is that of a search by states. A step that lets a thread go on is none of its business:
// every thread that can go on is tried in every state, and one that could not does not sleep.
// Where the program declares locks the search goes on (clashed). Of a thread that looks at more
// since the step it is not known here what places that makes one.
func (s *stateful) hides(from *fork, is minds) (err error) {
	took := from.stands[from.chosen]
	took.writes = from.wrote
	for e := from.minds.kept(is, took.thread); e != 0; e &= e - 1 {
		th := s.r.threads[lowest(e)]
		if th.event.Kind == Drain || !s.c.usage.apart(th, &took) {
			continue
		}
		return s.clashed(clash{err: fmt.Errorf("%w: after %s %s", ErrState, plural(len(s.r.steps), "decision"), s.r.hidden(th, is)), at: s.r.decisions()})
	}
	return nil
}

// cannot says that a thread is not enabled where the search takes it to be: it was, before
// steps that touch none of its places were left out or came in between.
func (o *optimal) cannot(t int) string {
	r := o.r
	if t >= r.declared {
		return fmt.Sprintf("a thread that was to take step %d is not declared there, and was after another order of steps that are taken to commute: does a step touch more than it announces?", o.at+1)
	}
	th := r.threads[t]
	why := "does a step touch more than it announces?"
	if r.waiting&th.bit != 0 {
		why = toAnnounce
	}
	return fmt.Sprintf("thread %q cannot take step %d, %s, and could after another order of steps that are taken to commute: %s", th.name, o.at+1, r.before(th), why)
}

// looked takes in what predicates have looked at since the last time, for all workers.
func (u *usage) looked(r *runner) {
	if len(r.looks) == 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.places.look(r.looks)
	u.void = u.void || u.places.merged
	u.places.merged = false
	r.looks = r.looks[:0]
}

// widen adds to a position what its predicate was seen to look at; it says whether that is
// new. Who could go on in a situation can still: there the predicate has looked at nothing
// but what was known to be its own. But what a step does by a predicate that is asked when
// it is taken may differ where the new places do, so that it is run there from now on.
func (n *position) widen(r *runner, on []Location) (wider bool) {
	for _, l := range on {
		if l != n.thread.event.Location && !slices.Contains(n.thread.on, l) {
			n.thread.on = append(n.thread.on, l)
			wider = true
		}
	}
	if wider {
		for _, c := range n.situations {
			c.never, c.effects = true, nil
		}
		clear(n.situations)
		n.putDown(r)
	}
	return wider
}

// widened is widen by what the thread's predicate has looked at while its step was taken.
func (n *position) widened(r *runner) (wider bool) {
	for i := range r.looks {
		if l := &r.looks[i]; l.thread == n.thread.index && l.at == n.thread.event.Location && l.size == n.thread.event.Size {
			wider = n.widen(r, []Location{l.on}) || wider
		}
	}
	return wider
}
