package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// State that one execution leaves to the next may do nothing for a long time: a counter of
// which the program looks at a part, a cache that fills. What is run again at once then
// goes alike, and all of a search may. So once it has found nothing, it runs two of its
// executions again by their choices, the first one and one that was drawn from those that
// came after: each must be what it was then.

// earlier are the executions that are to be run again. Workers share them.
type earlier struct {
	mu    sync.Mutex
	kept  []former
	drawn uint64 // how many there were to draw one from
	draw  *rand.Rand
}

// former is an execution and what was seen of it.
type former struct {
	number    uint64
	steps     []record
	decisions []Decision
	was       summary
	stopped   bool // by the search, before its end
}

func newEarlier() *earlier { return &earlier{draw: rand.New(rand.NewPCG(0, 2))} }

// keep takes the execution down that was made last, the n-th, if it is the first one or is
// drawn: of k that were to be, each is the one that is kept as likely as any other. The
// first one that comes to its end replaces one that the search stopped before.
func (l *earlier) keep(r *runner, n uint64, was summary) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, stopped := 0, was.outcome == refused
	if len(l.kept) > 0 && (stopped || !l.kept[0].stopped) {
		l.drawn++
		if at = 1; l.draw.Uint64N(l.drawn) > 0 {
			return
		}
	}
	k := former{number: n, steps: slices.Clone(r.steps), decisions: r.decisions(), was: was, stopped: stopped}
	if stopped {
		k.was.outcome = cut
	}
	if at < len(l.kept) {
		l.kept[at] = k
	} else {
		l.kept = append(l.kept, k)
	}
}

// againAtTheEnd runs them again, once the search has found nothing.
func (e *exploration) againAtTheEnd() error {
	r, limit, goOn, keeps := e.r, e.r.maxSteps, e.r.goOn, e.r.keeps
	defer func() { r.strategy, r.maxSteps, r.sums, r.goOn, r.keeps = e.strategy, limit, false, goOn, keeps }()
	r.goOn, r.keeps = e.optimal != nil && e.o.KeepGoing, e.states != nil
	for i := range e.earlier.kept {
		k := &e.earlier.kept[i]
		if r.maxSteps = limit; k.stopped {
			r.maxSteps = len(k.steps)
		}
		r.steps = append(r.steps[:0], k.steps...)
		r.strategy, r.sums = &guided{plan: k.decisions}, true
		r.run(len(k.steps))
		if err := r.alike(k.was, fmt.Sprintf("execution %d, run again at the end of the search", k.number)); err != nil {
			e.blamed = k.decisions
			return err
		}
		if r.outcome == interrupted {
			return nil
		}
	}
	return nil
}
