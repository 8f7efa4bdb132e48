package schedule

import (
	"fmt"
	"math/rand/v2"
)

// wanderer walks at random, without any reduction, once Optimal has found nothing. That
// steps commute which touch no place together is what the program announces. What its
// threads share beside, a variable that no step announces say, the search does not see: of
// two orders of what it takes to be independent it tries one. A walk tries any, and must
//
//	pass all checks, since one execution of each trace did;
//	come to an end at which an execution of the search has come, since executions of one
//	trace have one: the same words and parts (T.Word, T.Shared), threads that stand at the
//	same steps, or have ended.
//
// Ends are compared as long as they are few (mostEnds), and where the program
// declares no locks: what it tells of who holds one may change at any step (clashed).
type wanderer struct {
	o      *optimal
	draw   *rand.Rand
	stay   int // a thread goes on for about so many steps, as in walks.go
	strays bool
}

// ends are those that executions of the search have come to, by digest.
type ends struct {
	known map[Digest]struct{}
	blind bool // there are more, or they cannot be told apart
}

// mostEnds is how many ends are kept.
const mostEnds = 1 << 16

func (e *ends) note(r *runner) {
	if e.blind {
		return
	}
	at, told := r.endsAt()
	if e.blind = !told || len(e.known) == mostEnds; e.blind {
		e.known = nil
		return
	}
	if e.known == nil {
		e.known = make(map[Digest]struct{})
	}
	e.known[at] = struct{}{}
}

// endsAt is the digest of where an execution has ended; false: it cannot be told.
func (r *runner) endsAt() (at Digest, told bool) {
	if len(r.guards) > 0 {
		return at, false
	}
	at = r.drawParts(nil)
	for _, th := range r.threads[:r.declared] {
		at.add(r.standing(th).digest(th.index, Digest{}))
	}
	return at, r.mute == ""
}

// wander makes the walks of a search that has found nothing, one for each 64 executions
// and 128 more, but no more than take so many steps as a part of the search. again: the
// search must begin again, since a walk has shown what else a predicate looks at.
func (e *exploration) wander() (again bool, err error) {
	o, r := e.optimal, e.r
	if !walking || e.first != nil || e.report.TooLong > 0 || e.report.Executions == 0 || o.clash != nil {
		return false, nil
	}
	goOn := r.goOn
	r.goOn = false
	defer func() { r.goOn = goOn }()
	e.report.Walks = 0
	left := walkSteps + int(e.report.Steps/statesPerStep)
	for n := uint64(0); n < walksMade+e.report.Executions/statesPerWalk && left > 0; n++ {
		w := &wanderer{o: o, draw: rand.New(rand.NewPCG(n, 2)), stay: 1 << (2 * (n % 3))}
		steps, plan, err := w.once()
		if o.looked() {
			return true, nil
		}
		if err != nil {
			e.blamed = plan
			return false, err
		}
		if r.stopping.Load() {
			return false, nil
		}
		e.report.Walks++
		left -= steps
	}
	return false, nil
}

// once makes one walk. One that comes to what the search did not is run again by the same
// choices: it must go alike.
func (w *wanderer) once() (steps int, plan []Decision, err error) {
	r := w.o.r
	var was summary
	r.sums = true
	defer func() { r.sums = false }()
	r.aside(w, r.maxSteps, func() {
		steps, was = len(r.steps), r.summed()
		switch {
		case r.misuse != "":
			err = fmt.Errorf("%w: %s", ErrUsage, r.misuse)
		case r.outcome == failed:
			err = fmt.Errorf("%w: an execution of each trace was visited without a failure, and a random walk of %s fails by property %q: %s",
				ErrState, plural(len(r.steps), "decision"), r.property, toShare)
		case r.outcome == ended && w.strays:
			err = fmt.Errorf("%w: a random walk of %s ends where no execution of the search does: %s", ErrState, plural(len(r.steps), "decision"), toShare)
		}
		if err != nil {
			plan = r.decisions()
		}
	})
	if err != nil && was.outcome != refused && len(w.o.r.looks) == 0 {
		r.aside(&guided{plan: plan}, r.maxSteps, func() {
			if other := r.alike(was, "run again"); other != nil {
				err = other
			}
		})
	}
	return steps, plan, err
}

// toShare asks what a program may have left out.
const toShare = "do its threads share what no step announces, as a variable of the program's own, or does a step, or a check, touch more than the places that it announces?"

func (w *wanderer) begin() (int, bool) { return 0, true }

func (w *wanderer) pick(enabled uint64, last int) int {
	if last >= 0 && enabled>>uint(last)&1 == 1 && w.draw.IntN(w.stay) > 0 {
		return last
	}
	return oneOf(w.draw, enabled)
}

func (w *wanderer) choose(n int) int { return w.draw.IntN(n) }

// over looks at the end of the walk.
func (w *wanderer) over() {
	r, known := w.o.r, w.o.ends.known
	if r.outcome != underWay || w.o.ends.blind || known == nil {
		return
	}
	if at, told := r.endsAt(); told {
		_, is := known[at]
		w.strays = !is
	}
}
