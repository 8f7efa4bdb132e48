package lockstep

import (
	"fmt"

	"urpc/spec/memory"
	"urpc/spec/step"
)

// judge demands that the step which the thread has taken be one of the specification,
// or a stutter.
func (r *poolRefinement) judge(th *thread) {
	r.remember(th, th.taken)
	r.rememberStop(th)
	if !r.ofPoolAlone(th.taken) {
		th.executes = false
	}
	stuttered := notStutter
	as := func(s *memory.CallState) (string, bool) {
		label, stutter, is := r.as(s, th)
		if is && label == "" {
			stuttered = stutter
		}
		return label, is
	}
	r.look()
	if !r.follower.takeAs(r.number(th), as, r.looks) {
		r.part(fmt.Sprintf("%s took %s (%v of %v, %d bytes, value %d) and stands at %v", r.threadName(th), th.taken, th.touched.Kind, th.touched.Location, th.touched.Size, th.saw, standing(th.at)))
	}
	r.pending = none
	r.judged++
	r.steps++
	r.stutter[stuttered]++
}

func (r *poolRefinement) number(th *thread) int { return th.number(r.Refinement) }

// as says what the step that the thread has taken is in a state of the specification.
func (r *poolRefinement) as(s *memory.CallState, th *thread) (label string, stutter Stutter, is bool) {
	name, at := th.taken, atOf(s, th)
	switch {
	case r.ofPoolAlone(name):
		return "", OfPool, true
	case at == step.Pause && looksPolling(name):
		return "", Polling, true
	case r.looksInVain(name, at):
		return "", InVain, true
	case unnudged(th, name, at):
		return "", Unnudged, true
	}
	if stutter := r.stutterOf(th, at); stutter != notStutter {
		return "", stutter, true
	}
	kind, location, known := r.accessOf(s, th, name)
	if at != name || !known || th.touched.Kind != kind || th.touched.Location != location || th.touched.Size != r.sizeOf(s, th, name) {
		return "", notStutter, false
	}
	switch {
	case name == step.TestSetSend && s.Side[th.side].SendLock && !r.leaves(th), // who may leave looks whether to
		name == step.TestSetReceive && s.Side[th.side].RecvLock:
		return "", busy(name), true
	}
	return name.String(), notStutter, true
}

// ofPoolAlone says whether a step is one of a pool's threads among themselves, or of the
// machine's processors, or of a handler.
func (r *poolRefinement) ofPoolAlone(name step.Name) bool {
	switch name {
	case step.Work, step.Exit, step.Dispatch:
		return true
	case step.Stop, step.LookStop:
		return !r.config.Stops
	case step.UnmapMemory: // by who has awaited the workers
		return r.config.Leave.ClientDies
	}
	_, is := outside[name]
	return is && !looksPolling(name)
}

// looksPolling says whether a step may be one of a thread that polls, between two
// turns.
func looksPolling(name step.Name) bool {
	switch name {
	case step.Pause, step.LoadDonated, step.LookReturned, step.LoadReturned, step.LookDonation:
		return true
	default:
		return false
	}
}

// looksInVain says whether a step is a look for donated processors of a thread that
// parks, where nobody donates: a pool looks all the same, which the specification of
// those that do not donate has not.
func (r *poolRefinement) looksInVain(name, at step.Name) bool {
	return !r.config.Donation && at == step.Announce && (name == step.LoadReturned || name == step.LookDonation)
}

// unnudged says whether a step is that of a caller which parks and reads the nudge: nobody
// leaves a call here, and nobody nudges.
func unnudged(th *thread, name, at step.Name) bool {
	return th.side == memory.ClientSide && name == step.LookNudge && at == step.LookDoorbell
}

// looks says whether a state of the specification looks like what was decoded. Of a
// thread at a step that the specification has not, nothing shows.
func (r *poolRefinement) looks(s *memory.CallState) bool {
	if r.odd.found {
		return false
	}
	shown := r.shows(s)
	return shown == r.image
}

func (r *poolRefinement) shows(s *memory.CallState) memory.CallState {
	shown := *s
	r.hide(&shown)
	shown.Received = [memory.MaxServers]uint8{}
	r.image.Stopping = r.stoppingImage()
	for i := range r.threads {
		th := &r.threads[i]
		at := atOf(s, th)
		if !r.ofPoolAlone(th.at) && (at != step.Pause || !looksPolling(th.at)) && !r.looksInVain(th.at, at) && !unnudged(th, th.at, at) {
			continue
		}
		switch th.side {
		case memory.StopperSide:
			shown.Stopper = r.image.Stopper
		case memory.WatcherSide:
			shown.Watcher = r.image.Watcher
		case memory.ServerSide:
			shown.Parks[th.self], shown.Missed[th.self] = r.image.Parks[th.self], r.image.Missed[th.self]
			fallthrough
		default:
			*threadOf(&shown, th) = *threadOf(&r.image, th)
		}
	}
	return shown
}

// stoppingImage decodes what the stop of the pool adds.
func (r *poolRefinement) stoppingImage() (s memory.Stopping) {
	if !r.config.Stops {
		return s
	}
	if s.Stopped = r.watched.Pool.Peek(offStopping) != 0; !r.config.Leave.Death {
		s.Stopper = r.threads[r.stopper()].at
	}
	for j := range r.config.Servers {
		th := &r.threads[r.config.Clients+j]
		s.Parks[j] = th.at == step.LookStop && th.came == step.LookNudge
		s.Missed[j] = th.parks && th.nudge != r.nudges && (s.Parks[j] || th.at == step.LookDoorbell || th.at != step.Asleep && memory.Compares(th.at))
	}
	return s
}

// rememberStop keeps what the thread's last step did to the nudge.
func (r *poolRefinement) rememberStop(th *thread) {
	switch {
	case !r.config.Stops:
	case th.taken == step.LookNudge:
		th.parks, th.nudge = true, r.nudges
	case th.taken == step.Retract:
		th.parks = false
	case th.taken == step.Nudge:
		r.nudges++
	}
}
