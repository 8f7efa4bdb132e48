package lockstep

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/spec/binding"
	"urpc/spec/step"
)

// The refinement mapping of target bind to spec/binding. What stands for a field
// of binding.State:
//
//	Space.Open, Mapped, Watch, Hung, Dead   the simulated machine's tables of the side
//	Space.Hurry                             that its reads have a limit of time
//	Space.Holders, Closed                   the region's counter, as its hook is told
//	Socket                                  what was sent, and of what nothing was read yet
//	Sealed                                  the seals of the memory that was made
//	Listed, Stopping                        the server's counter; whether its processors stop
//	Thread.At                               the step that the thread has announced
//
// No word shows the rest: who has claimed the region, why a thread goes where it
// goes on. There the specification that is run along says what may be.

// RunBinding explores a configuration of target bind, and demands of every step of
// every execution that it be one of spec/binding.
func RunBinding(ctx context.Context, v catalogue.Values, s schedule.Strategy, o Options) (Report, error) {
	r, err := newBindingRefinement(ctx, v)
	if err != nil {
		return Report{}, err
	}
	rep, err := explore.RunWatchedBinding(ctx, v, explore.BindingWatch{Observer: r, Alone: o.Alone}, s, o.Schedule)
	return r.report(rep), err
}

// ReplayBinding runs the execution of a token that RunBinding gave, in lock-step
// again.
func ReplayBinding(ctx context.Context, token schedule.Token, o Options) (Report, error) {
	var r *bindingRefinement
	rep, err := explore.ReplayWatchedBinding(ctx, token, func(v catalogue.Values) (w explore.BindingWatch, err error) {
		r, err = newBindingRefinement(ctx, v)
		return explore.BindingWatch{Observer: r, Alone: o.Alone}, err
	}, o.Schedule)
	if r == nil {
		return Report{Report: rep}, err
	}
	return r.report(rep), err
}

func (r *bindingRefinement) report(rep schedule.Report) Report {
	out := Report{Report: rep, Matched: r.matched, Stutters: map[Stutter]uint64{}, Candidates: r.follower.largest, Specification: new(Taken)}
	if r.stuttered > 0 {
		out.Stutters[InCall] = r.stuttered
	}
	out.Specification.States, out.Specification.Transitions = r.follower.shares()
	out.leftOut = r.leftOut
	return out
}

// leftOut tells so many of the transitions that the code has not taken, and how many
// there are.
func (r *bindingRefinement) leftOut(most int) (lines []string, all int) {
	return r.follower.tellLeftOut(most, binding.Names[:], func(s *binding.State) []step.Name {
		at := make([]step.Name, len(s.Thread))
		for i, t := range s.Thread {
			at[i] = t.Step()
		}
		return at
	})
}

// bindingRefinement runs spec/binding along with executions of target bind.
type bindingRefinement struct {
	follower *follower[binding.State]
	labels   map[string]bool // of the specification's steps

	// Of one execution.
	watched explore.WatchedBinding
	threads []boundThread
	pending int
	failed  bool
	shown   shownBinding
	judged  uint64 // steps so far

	matched, stuttered uint64
}

// boundThread is where a thread of the code stands.
type boundThread struct {
	at, taken step.Name
	spec      int // its number in the specification; none: it has none
}

// shownBinding is what shows of a state of the specification.
type shownBinding struct {
	Look explore.BindingLook
	At   [binding.Threads]step.Name
}

// specifiedBinding gives the configuration of the specification that one of the
// target refines.
func specifiedBinding(v catalogue.Values) (binding.Config, error) {
	c := binding.Config{
		Calls: v.Int("calls"), Caller: v.Int("callers") > 0, Closer: v.Int("closers") > 0, Stop: v.Int("stop") > 0, Waits: v.Word("slots") == "one",
		Death: binding.Death(v.Int("death")), Inherited: v.Int("inherited") == 1,
	}
	if v.Int("clients") > 1 || v.Int("callers") > 1 || v.Int("closers") > 1 || v.Int("faults") > 0 || v.Int("lies") > 0 || v.Int("listen") > 0 || v.Int("socket") > 0 || v.Int("peers") > 0 || v.Int("context") > 0 || v.Int("values") > 0 || v.Int("authorize") > 0 || v.Int("demands") > 0 || v.Int("handlers") > 0 {
		return c, fmt.Errorf("lock-step: %w: one client, whose connection the server is given, one more caller and closer, and honest sides of one user that see each other, on a machine that does what it is asked for, and whose sockets hold all that is sent; a context of Bind that does not end, and calls whose values fit; handlers that return at once; and sides that neither demand a procedure nor decide whom they trust", ErrNotTied)
	}
	if v.Word("stop") == "called" && (c.Death != binding.Nobody || c.Closer || c.Calls == 0) {
		return c, fmt.Errorf("lock-step: %w: the stop waits for a call that need never be executed, and the specification's does not", ErrNotTied)
	}
	return c, nil
}

func newBindingRefinement(ctx context.Context, v catalogue.Values) (*bindingRefinement, error) {
	c, err := specifiedBinding(v)
	if err != nil {
		return nil, err
	}
	m := binding.Model(c)
	r := &bindingRefinement{labels: map[string]bool{}}
	for _, s := range m.Processes[0].Steps {
		r.labels[s.Label] = s.Label != binding.Silent.String()
	}
	r.follower, err = newFollower(ctx, m, MostStates, silently(binding.Silent.String()))
	return r, err
}

var _ explore.BindingObserver = (*bindingRefinement)(nil)

// Begin implements explore.BindingObserver.
func (r *bindingRefinement) Begin(w explore.WatchedBinding) {
	r.watched, r.threads, r.pending, r.failed, r.judged = w, r.threads[:0], none, false, 0
	r.shown = shownBinding{}
	r.follower.begin()
	if w.T.ByStates() {
		w.T.Shared(r.follower.state)
	}
}

// Stand implements explore.BindingObserver.
func (r *bindingRefinement) Stand(thread int, name step.Name) {
	if r.failed {
		return
	}
	for len(r.threads) <= thread {
		r.threads = append(r.threads, boundThread{spec: none})
		th := &r.threads[len(r.threads)-1]
		for i, specified := range binding.Names {
			if specified == r.watched.Name(len(r.threads)-1) {
				th.spec = i
			}
		}
	}
	r.threads[thread].at = name
	r.judge(thread)
}

// Ended implements explore.BindingObserver.
func (r *bindingRefinement) Ended(thread int) {
	if !r.failed {
		r.threads[thread].at = step.None
		r.judge(thread)
	}
}

// Take implements explore.BindingObserver.
func (r *bindingRefinement) Take(thread int) {
	if !r.failed {
		r.pending, r.threads[thread].taken = thread, r.threads[thread].at
	}
}

// End implements explore.BindingObserver.
func (r *bindingRefinement) End() {
	if !r.failed && !r.follower.stuck() {
		r.fail(r.shown, "nobody can go on", "can")
	}
}

// judge demands that the step which the thread has taken be one of the
// specification, or a stutter.
func (r *bindingRefinement) judge(thread int) {
	if r.pending != thread {
		return
	}
	th := &r.threads[thread]
	label := th.taken.String()
	if !r.labels[label] {
		label = ""
		r.stuttered++
	}
	before := r.shown
	r.look()
	if th.spec == none || !r.follower.take(th.spec, label, r.looks) {
		r.fail(before, r.watched.Name(thread)+" took "+th.taken.String(), "does not")
	}
	r.pending = none
	r.judged++
	r.matched++
}

// look decodes what can be seen.
func (r *bindingRefinement) look() {
	r.shown = shownBinding{Look: r.watched.Look()}
	for i, th := range r.threads {
		if th.spec != none && !r.watched.Idle(i) {
			r.shown.At[th.spec] = th.at
		}
	}
}

// looks says whether a state of the specification looks like what was decoded.
func (r *bindingRefinement) looks(s *binding.State) bool {
	shown := r.shows(s)
	for i := range shown.At {
		side, at := 1, r.shown.At[i]
		if i <= binding.Closer {
			side = 0
		}
		inCall := binding.Touches(s.Thread[i]) && !r.labels[at.String()] && at != step.None
		if i <= binding.StopWatch && s.Space[side].Dead || inCall {
			shown.At[i] = at // nothing runs there any more; or all that it does is one step here
		}
	}
	return shown == r.shown
}

// shows gives what shows of a state of the specification.
func (r *bindingRefinement) shows(s *binding.State) (shown shownBinding) {
	for i := range s.Space {
		p := &s.Space[i]
		shown.Look.Side[i] = explore.BindingSide{
			Open: p.Open, Mapped: p.Mapped, Watch: p.Watch, Hung: p.Hung, Dead: p.Dead, Hurry: p.Hurry, Holders: p.Holders, Closed: p.Closed,
		}
	}
	k := &s.Socket
	shown.Look.Socket = explore.BindingSocket{Hello: k.Hello, Refusal: k.Refusal, Header: k.Header, Body: k.Body, Stop: k.Stop, With: k.With}
	shown.Look.Sealed, shown.Look.Listed, shown.Look.Stopping = s.Sealed, s.Listed, s.Stopping
	for i, t := range s.Thread {
		shown.At[i] = t.Step()
	}
	return shown
}

// fail ends the execution, and tells both sides.
func (r *bindingRefinement) fail(before shownBinding, what, instead string) {
	r.failed = true
	var b strings.Builder
	fmt.Fprintf(&b, "step %d: %s", r.judged+1, what)
	lines := differing(reflect.ValueOf(&before).Elem(), reflect.ValueOf(&r.shown).Elem(), "", nil)
	fmt.Fprintf(&b, "\n  the code now has\n    %s", strings.Join(lines, "\n    "))
	for _, id := range r.follower.now[:min(3, len(r.follower.now))] {
		s := &r.follower.states[id]
		shown := r.shows(s)
		lines := differing(reflect.ValueOf(&shown).Elem(), reflect.ValueOf(&r.shown).Elem(), "", nil)
		fmt.Fprintf(&b, "\n  the specification %s, where it has\n    %s", instead, strings.Join(lines, "\n    "))
	}
	r.watched.T.Fail(Property, "%s", &b)
	panic("lockstep: an execution that failed goes on")
}
