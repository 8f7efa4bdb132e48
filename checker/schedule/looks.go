package schedule

import (
	"fmt"
	"slices"
)

// What predicates look at. The predicate of a step that waits, or that of a StepIf, decides
// about the step, so that all that it looks at are places of the step. Words tell that by
// themselves: each that is read while a predicate runs is noted, and is a place of the
// step from then on (thread.on). Memory of the program's own is announced: T.Await,
// T.AwaitStep.
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
const toAnnounce = "what else does its predicate look at? A Word says so by Peek; memory of the program's own is to be named to T.Await or T.AwaitStep"

// told looks at the threads that waited before the last step and wait still (hides); false:
// the search cannot go on.
func (o *optimal) told(enabled uint64) bool {
	k := len(o.path) - 1
	if k < 0 || o.settled <= k {
		return true
	}
	n := o.path[k]
	text := o.hides(n.enabled, enabled, n.waiting, &n.access)
	if o.places.merged {
		o.places.merged, o.restart = false, true
		return false
	}
	if text != "" {
		o.hidden = fmt.Sprintf("step %d: %s", k+1, text)
	}
	return text == ""
}

// hides says that the last step has let a thread go on that waited, or has kept one from it,
// which changes nothing at the places of what that stands before: the two do not commute, and
// the search takes it that they do. "": it has not. were and waited are the threads that were
// enabled and that waited before it.
func (o *optimal) hides(were, enabled, waited uint64, step *access) string {
	for e := (were ^ enabled) & waited & o.r.waiting &^ (1 << uint(step.thread)); e != 0; e &= e - 1 {
		th := o.r.threads[lowest(e)]
		if th.event.Kind == Drain { // by a Flush, which is its cause
			continue
		}
		if p := o.pending(th); o.places.merged || p.depends(step) {
			continue
		}
		does := "keeps %s by %s from being taken"
		if enabled&th.bit != 0 {
			does = "lets %s by %s be taken"
		}
		return fmt.Sprintf("%s "+does+", and changes nothing at its places: %s", o.r.tell(o.r.lastStep()), o.r.before(th), th.name, toAnnounce)
	}
	return ""
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
			c.never, c.effect = true, nil
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
