package schedule

import (
	"fmt"
	"math/rand/v2"
)

// walker walks at random from the beginning once a search by states has found nothing:
// without any reduction, and on where the search turned round since it knew the state.
// The search forgets what the announced state leaves out, and verification (verify.go)
// drives two executions on that differ in what one of them did before its last mark or
// two. What adds up over many rounds and first shows at the end of them, as a counter
// that no mark tells, neither comes to: a walk does.
//
// A walk is judged by two things.
//
//	Its checks pass, since those of all executions did.
//	Each state that the search must have visited is among the visited.
//
// Which must it have visited? Each that can be reached and in which no step is taken at
// once, so each in which no thread can go on. Say that w leads from a state in which the
// step m of a thread is taken at once to one in which none is. m is among w, since else
// it would still be possible at the end, and taken at once there: whether it is depends
// on its place, and on the lock that the thread holds and nobody takes from it. So m is
// the first step of its thread in w and commutes with those before it: the search, which
// goes on with m, comes to the same state by a shorter w. Sleep sets leave out no states
// (workers.go). Where steps tell nothing of what they read (Report.Untold) the order of
// steps that commute is in the digest, and the search takes one order; so it is where a
// lock is none (Report.Distrusted) and what is told of its holder changes by such steps.
// Then the checks alone judge.
//
// Values that add up want long runs of one thread, which even choices hardly ever make:
// of the walks each third stays with its thread for one step, about 4, or about 16.
type walker struct {
	s       *stateful
	draw    *rand.Rand
	most    int  // steps that a walk may have
	judges  bool // states, too
	stay    int  // a thread goes on for about so many steps
	at      fork
	void    bool   // the search must begin again
	strange string // how it came to a state that is not among the visited
}

// Walks end with the first of the two: so many, or so many steps of all together. Each
// grows with the states, and is a small part of what it took to visit them. One walk has
// at most an eighth of the steps, and may go somewhat deeper than the search: threads may
// go round for ever where the states are finite.
const (
	walksMade     = 128
	walkSteps     = 4096
	walkAtLeast   = 256 // steps that one may have
	statesPerWalk = 64
	statesPerStep = 8
)

// walking: tests that count what executions come to leave the walks out (export_test.go).
var walking = true

// walk makes the walks after a search whose longest execution had so many steps. again: the search must begin again.
func (s *stateful) walk(depth int, judges bool) (walks uint64, again bool, err error) {
	if !walking {
		return 0, false, nil
	}
	s.path = s.path[:0]
	states := s.c.seen.states.Load()
	left := walkSteps + int(states/statesPerStep)
	w := &walker{s: s, judges: judges, most: min(s.r.maxSteps, max(walkAtLeast, min(depth+depth/4, left/8)))}
	for walks < walksMade+states/statesPerWalk && left > 0 {
		w.draw = rand.New(rand.NewPCG(walks, 1))
		w.stay = 1 << (2 * (walks % 3))
		var steps int
		if steps, again, err = w.once(); again || err != nil || s.r.outcome == interrupted {
			break
		}
		walks++
		left -= steps
	}
	return walks, again, err
}

// once makes one walk, and runs it again by the same choices: it must go alike.
func (w *walker) once() (steps int, again bool, err error) {
	r := w.s.r
	w.strange, w.void = "", false
	var was summary
	var plan []Decision
	r.sums = true
	defer func() { r.sums = false }()
	r.aside(w, w.most, func() {
		steps, was, plan = len(r.steps), r.summed(), r.decisions()
		switch {
		case w.void:
			again = true
		case r.misuse != "":
			err = fmt.Errorf("%w: %s", ErrUsage, r.misuse)
		case r.mute != "":
			err = fmt.Errorf("%w: %s", ErrDeclared, r.mute)
		case w.strange != "" && !r.untold.any() && w.s.c.usage.distrusted() == nil:
			w.s.walked = &found{decisions: r.decisions()}
			err = fmt.Errorf("%w: %s", ErrState, w.strange)
		case r.outcome == failed:
			w.s.walked = r.found()
			err = w.s.missed()
		}
	})
	if err == nil && !again && was.outcome != interrupted {
		r.aside(&guided{plan: plan}, w.most, func() {
			if err = r.alike(was, "run again"); err != nil {
				w.s.walked = &found{decisions: plan}
			}
		})
	}
	return steps, again, err
}

func (w *walker) begin() (int, bool) { return 0, true }

func (w *walker) pick(enabled uint64, last int) int {
	if w.look(enabled); w.void || w.s.r.mute != "" {
		return -1
	}
	if last >= 0 && enabled>>uint(last)&1 == 1 && w.draw.IntN(w.stay) > 0 {
		return last
	}
	return oneOf(w.draw, enabled)
}

func (w *walker) choose(n int) int { return w.draw.IntN(n) }

// over looks at the state in which no thread can go on.
func (w *walker) over() {
	if w.s.r.outcome == underWay {
		w.look(0)
	}
}

// look looks at the state that the walk has come to.
func (w *walker) look(enabled uint64) {
	s, r := w.s, w.s.r
	p := &w.at
	p.enabled, p.ready = enabled, enabled&r.ready
	s.hold(p)
	if w.void = !s.look(p, r.threads); w.void || w.strange != "" || !w.judges {
		return
	}
	_, unsure := s.checked(p, r.threads)
	if thread, _ := s.mover(p, r.threads, unsure); thread < 0 && !s.c.seen.has(s.stateNow()) {
		w.strange = w.tell()
	}
}

// tell says how the walk came to where it is.
func (w *walker) tell() string {
	r := w.s.r
	if r.last < 0 {
		return "a random walk begins in a state that the search has not visited: does the set-up share what T.Shared does not tell?"
	}
	th := r.threads[r.last]
	since := ""
	if th.label >= 0 {
		since = fmt.Sprintf(" Does the last mark of thread %q, %q, leave out a live value?", th.name, r.names.list[th.label])
	}
	return fmt.Sprintf("a random walk comes by step %d, %s, to a state that the search, which came to its end, has not visited.%s Does another mark, is there shared state that T.Shared does not tell, or does a step touch more than the places that it announces?",
		len(r.steps), r.tell(r.lastStep()), since)
}
