package lockstep

import (
	"context"
	"fmt"
	"strings"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/runtime/shm"
	"urpc/spec/lock"
	"urpc/spec/step"
)

// The refinement mapping of target lock to spec/lock.
//
//	State.Held   the word: 0 free, 1 held
//	State.At     the step that the thread has announced: CS or Unlock, which are the critical
//	             section and its end; TestSet, or NCS as long as it has not tried; NCS for
//	             one that has ended
//
// The specification's CS frees the lock: it is the code's Unlock. Its NCS, the way from
// one round to the next, is no step of the code: the specification may take it at any
// time before the thread tries, and is in one of up to 2^n states.

// The words of target lock.
const (
	offLock    shm.Offset = 0
	offCounter shm.Offset = 128
)

// lockRefinement runs spec/lock along with executions of target lock.
type lockRefinement struct {
	follower *follower[lock.State]
	names    []string

	// Of one execution.
	watched explore.Watched
	threads []lockThread
	pending int
	failed  bool
	judged  uint64

	matched uint64
	stutter [stutters]uint64
}

// lockThread is where a thread of the code stands.
type lockThread struct {
	at, taken step.Name
	event     schedule.Event // of the step at which it stands
	touched   schedule.Event // of the step that it has taken
	saw       uint32
}

func newLockRefinement(ctx context.Context, v catalogue.Values) (*lockRefinement, error) {
	n := v.Int("n")
	if n > lock.MaxProcesses {
		return nil, fmt.Errorf("lock-step: %w: %d threads, the specification has at most %d", ErrNotTied, n, lock.MaxProcesses)
	}
	r := &lockRefinement{threads: make([]lockThread, n)}
	for i := range n {
		r.names = append(r.names, fmt.Sprint("thread ", i+1))
	}
	var err error
	r.follower, err = newFollower(ctx, lock.Model(n), MostStates, silently(step.NCS.String()))
	return r, err
}

// runLock is RunTarget of target lock.
func runLock(ctx context.Context, v catalogue.Values, s schedule.Strategy, o Options) (Report, error) {
	r, err := newLockRefinement(ctx, v)
	if err != nil {
		return Report{}, err
	}
	rep, err := explore.RunWatchedTarget(ctx, explore.Lock(), v, explore.Watch{Observer: r, Alone: o.Alone}, s, o.Schedule)
	return r.report(rep), err
}

// replayLock is ReplayTarget of a token of target lock.
func replayLock(ctx context.Context, token schedule.Token, o Options) (Report, error) {
	var r *lockRefinement
	rep, err := explore.ReplayWatched(ctx, token, func(_ explore.Target, v catalogue.Values) (w explore.Watch, err error) {
		r, err = newLockRefinement(ctx, v)
		return explore.Watch{Observer: r, Alone: o.Alone}, err
	}, o.Schedule)
	if r == nil {
		return Report{Report: rep}, err
	}
	return r.report(rep), err
}

func (r *lockRefinement) report(rep schedule.Report) Report {
	out := Report{Report: rep, Matched: r.matched, Stutters: map[Stutter]uint64{}, Candidates: r.follower.largest, Specification: new(Taken)}
	for _, s := range Stutters() {
		if r.stutter[s] > 0 {
			out.Stutters[s] = r.stutter[s]
		}
	}
	out.Specification.States, out.Specification.Transitions = r.follower.shares()
	out.leftOut = func(most int) ([]string, int) {
		return r.follower.tellLeftOut(most, r.names, func(s *lock.State) []step.Name { return s.At[:len(r.names)] })
	}
	return out
}

var _ explore.Observer = (*lockRefinement)(nil)

// Begin implements explore.Observer.
func (r *lockRefinement) Begin(w explore.Watched) {
	r.watched, r.pending, r.failed, r.judged = w, none, false, 0
	clear(r.threads)
	r.follower.begin()
	if w.T.ByStates() {
		w.T.Shared(r.follower.state)
	}
}

// Stand implements explore.Observer.
func (r *lockRefinement) Stand(thread int, name step.Name, e schedule.Event) {
	r.threads[thread].at, r.threads[thread].event = name, e
	r.judge(thread)
}

// Ended implements explore.Observer.
func (r *lockRefinement) Ended(thread int) {
	r.threads[thread].at = step.None
	r.judge(thread)
}

// Take implements explore.Observer.
func (r *lockRefinement) Take(thread int) {
	th := &r.threads[thread]
	r.pending, th.taken, th.touched, th.saw = thread, th.at, th.event, 0
}

// Saw implements explore.Observer.
func (r *lockRefinement) Saw(thread int, value uint32) { r.threads[thread].saw = value }

// More implements explore.Observer: nothing is copied.
func (r *lockRefinement) More(int, schedule.Event) {}

// Execute and Return implement explore.Observer: nothing is called.
func (*lockRefinement) Execute(int, []byte) {}
func (*lockRefinement) Return(int, []byte)  {}

// End implements explore.Observer. The specification goes on for ever: nobody may be
// within, or wait, when nobody can go on.
func (r *lockRefinement) End() {
	for i := range r.threads {
		if !r.failed && r.threads[i].at != step.None {
			r.fail("nobody can go on, and " + r.names[i] + " stands at " + r.threads[i].at.String())
		}
	}
}

// judge demands that the step which the thread has taken be one of the specification,
// or a stutter.
func (r *lockRefinement) judge(thread int) {
	th := &r.threads[thread]
	switch {
	case r.failed:
		return
	case r.pending != thread: // it comes to its first step
		if !r.follower.take(thread, "", r.looks) {
			r.fail(r.names[thread] + " begins where the specification does not")
		}
		return
	}
	took := fmt.Sprintf("%s took %v", r.names[thread], th.taken)
	if label, s, known := th.taking(); !known {
		r.fail(fmt.Sprintf("%s (%v of %v, %d bytes), which touches no such word there", took, th.touched.Kind, th.touched.Location, th.touched.Size))
	} else {
		if !r.follower.take(thread, label, r.looks) {
			r.fail(took + ", which the specification does not")
		}
		r.stutter[s]++
	}
	r.pending = none
	r.judged++
	r.matched++
}

// taking is the step of the specification that the thread's step is, or the stutter;
// false: its access is neither's.
func (th *lockThread) taking() (label string, s Stutter, known bool) {
	e := &th.touched
	at := shm.Offset(e.Location.Offset)
	switch {
	case e.Size != wordSize && e.Kind != schedule.Await:
		return "", notStutter, false
	case th.taken == step.CS:
		return "", Inside, at == offCounter && (e.Kind == schedule.Load || e.Kind == schedule.Store)
	case th.taken == step.TestSet && e.Kind == schedule.Await:
		return "", AwaitLock, at == offLock
	case th.taken == step.TestSet && th.saw != 0:
		return "", BusyLock, at == offLock && e.Kind == schedule.Swap
	case th.taken == step.TestSet:
		return step.TestSet.String(), notStutter, at == offLock && e.Kind == schedule.Swap
	default:
		return step.CS.String(), notStutter, th.taken == step.Unlock && at == offLock && e.Kind == schedule.Store
	}
}

// looks says whether a state of the specification looks like the code's.
func (r *lockRefinement) looks(s *lock.State) bool {
	word := r.watched.Segments[0].Peek(offLock)
	if word > 1 || s.Held != (word == 1) {
		return false
	}
	for i := range r.threads {
		at := s.At[i]
		switch r.threads[i].at {
		case step.TestSet:
			if at == step.CS {
				return false
			}
		case step.CS, step.Unlock:
			if at != step.CS {
				return false
			}
		default: // it has ended, or has not begun
			if at != step.NCS {
				return false
			}
		}
	}
	return true
}

// fail ends the execution, and tells both sides.
func (r *lockRefinement) fail(what string) {
	r.failed = true
	var b strings.Builder
	fmt.Fprintf(&b, "step %d: %s\n  the code now has the word %d:", r.judged+1, what, r.watched.Segments[0].Peek(offLock))
	for i := range r.threads {
		fmt.Fprintf(&b, " %s at %s", r.names[i], standing(r.threads[i].at))
	}
	for _, id := range r.follower.now[:min(3, len(r.follower.now))] {
		s := &r.follower.states[id]
		fmt.Fprintf(&b, "\n  the specification was where it is held: %t", s.Held)
		for i, name := range r.names {
			fmt.Fprintf(&b, ", %s at %v", name, s.At[i])
		}
	}
	r.watched.T.Fail(Property, "%s", &b)
	panic("lockstep: an execution that failed goes on")
}
