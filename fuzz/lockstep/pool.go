package lockstep

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/spec/memory"
	"urpc/spec/step"
)

// The refinement mapping of target donation to spec/memory, with donation and, where
// there is polling, with that; and of target death where the client dies, which has a pool,
// too. Words, steps and mapping are those of target channel, or death.
// What is different:
//
//   - The server's processors are the workers of a pool: the first worker that receives
//     is the first processor. One that has not received yet stands at TestSetReceive.
//   - A worker whose handler ends its thread is a processor no more as it is dismissed: the
//     next one that receives is, in its place.
//   - What a pool's threads do among themselves, and who has a processor, is none of the
//     specification: stutters, as long as which a thread may stand anywhere in it.
//   - A pool that is stopped is run along with memory/stop.go. A worker that waits for the
//     polling place is let go and does not look; its processor, which receives nothing
//     meanwhile, ends by a look of the specification's.
//   - Whether a thread that has found nothing polls or parks the specification chooses
//     (Pause): which of the two shows in the next step. What is looked at between two
//     turns of polling are stutters.
//
// So the specification is in one of several candidate states: see follower. How much of
// it a pool takes is counted where it has at most mostFollowed states; that only who has
// the polling place receives leaves much of it out, where there are several workers.
type poolRefinement struct {
	*Refinement
	follower *follower[memory.CallState]
	counted  bool  // the follower has all states
	of       []int // by thread of the code: its number in the specification; none; stray
	strayed  step.Name
}

// stray is a thread that stands at a step of the specification, and is none of its
// threads: at strayed.
const stray = none - 1

// pooled says whether a configuration of a target has a pool for a server: that of target
// donation, and that of target death whose client dies.
func pooled(t explore.Target, v catalogue.Values) bool {
	return t.Name == explore.Donation().Name || t.Name == explore.Death().Name && v.Word("dies") == "client"
}

// runPool is RunTarget where there is a pool.
func runPool(ctx context.Context, t explore.Target, v catalogue.Values, s schedule.Strategy, o Options) (Report, error) {
	r, err := newPoolRefinement(ctx, t, v)
	if err != nil {
		return Report{}, err
	}
	rep, err := explore.RunWatchedTarget(ctx, t, v, explore.Watch{Observer: r}, s, o.Schedule)
	return r.report(rep), err
}

// replayPool is ReplayTarget of a token of a configuration that has a pool.
func replayPool(ctx context.Context, token schedule.Token, o Options) (Report, error) {
	var r *poolRefinement
	rep, err := explore.ReplayWatched(ctx, token, func(t explore.Target, v catalogue.Values) (w explore.Watch, err error) {
		r, err = newPoolRefinement(ctx, t, v)
		return explore.Watch{Observer: r}, err
	}, o.Schedule)
	if r == nil {
		return Report{Report: rep}, err
	}
	return r.report(rep), err
}

// specifiedDonation gives the configuration of the specification that one of target
// donation refines.
func specifiedDonation(v catalogue.Values) memory.Config {
	return memory.Config{
		Clients: v.Int("clients"), Servers: v.Int("workers"), Calls: v.Int("calls"), Slots: explore.Slots(v), Replies: explore.Slots(v),
		Spurious: v.Int("spurious") > 0, Donation: v.Int("donate") == 1, Polls: v.Int("poll") == 1, Stops: v.Word("stop") != "never",
	}
}

// mostFollowed is how many states a specification may have that is explored whole for the
// sake of how much of it is taken.
const mostFollowed = 100_000

func newPoolRefinement(ctx context.Context, t explore.Target, v catalogue.Values) (*poolRefinement, error) {
	base, err := newRefinement(t, v, nil)
	if err != nil {
		return nil, err
	}
	r := &poolRefinement{Refinement: base}
	model := checker.Model[memory.CallState]{Init: []memory.CallState{memory.Initial(base.config)}, Processes: base.sides[:]}
	r.follower, err = newFollower(ctx, model, mostFollowed, r.silent)
	if r.counted = err == nil; errors.Is(err, ErrGraph) {
		r.follower, err = lazyFollower(model, r.silent), nil
	}
	return r, err
}

// silent says of a step whether the code shows nothing of it: the choice between polling
// and parking; and the execution of a call, once the procedure was called.
func (r *poolRefinement) silent(e *edge) bool {
	return e.label == step.Pause.String() || e.label == step.Execute.String() && r.threads[e.thread].executes
}

func (r *poolRefinement) report(rep schedule.Report) Report {
	out := r.Refinement.report(rep)
	out.Candidates = r.follower.largest
	if r.counted {
		out.Specification = new(Taken)
		out.Specification.States, out.Specification.Transitions = r.follower.shares()
		out.leftOut = r.leftOut
	}
	return out
}

// leftOut tells so many of the transitions that the code has not taken, and how many
// there are.
func (r *poolRefinement) leftOut(most int) (lines []string, all int) {
	var names []string
	for i := range r.threads {
		names = append(names, r.threadName(&r.threads[i]))
	}
	return r.follower.tellLeftOut(most, names, func(s *memory.CallState) []step.Name {
		at := make([]step.Name, len(r.threads))
		for i := range r.threads {
			at[i] = atOf(s, &r.threads[i])
		}
		return at
	})
}

var _ explore.Observer = (*poolRefinement)(nil)

// Begin implements explore.Observer.
func (r *poolRefinement) Begin(w explore.Watched) {
	r.watched = w
	r.reset()
	r.of = r.of[:0]
	for i := range r.config.Clients {
		r.of = append(r.of, i)
	}
	for j := range r.config.Servers {
		r.threads[r.config.Clients+j].at = r.serves()
	}
	switch {
	case r.config.Leave.Death:
		r.threads[r.reaper()].at, r.threads[r.watcher()].at = step.Die, step.Notice
	case r.config.Stops:
		r.threads[r.stopper()].at = step.Stop
	}
	r.follower.begin()
	if w.T.ByStates() {
		w.T.Shared(func(d *schedule.Digest) {
			r.follower.state(d)
			for _, is := range r.of {
				d.Word(uint64(is + 1))
			}
		})
	}
}

// thread gives what is known of a thread of the code; nil: the specification has none
// like it.
func (r *poolRefinement) thread(thread int) *thread {
	for len(r.of) <= thread {
		r.of = append(r.of, none)
	}
	if r.of[thread] < 0 {
		return nil
	}
	return &r.threads[r.of[thread]]
}

// Stand implements explore.Observer.
func (r *poolRefinement) Stand(thread int, name step.Name, e schedule.Event) {
	if r.failed {
		return
	}
	th := r.thread(thread)
	switch {
	case th != nil:
	case name == r.serves():
		r.is(thread, r.processor(thread))
	case name == step.Stop && r.config.Stops:
		r.is(thread, r.stopper())
	case name == step.Die:
		r.is(thread, r.reaper())
	case name == step.Notice:
		r.is(thread, r.watcher())
	}
	if th = r.thread(thread); th == nil {
		if !r.ofPoolAlone(name) {
			r.of[thread], r.strayed = stray, name
		}
		return
	}
	th.at, th.event = name, e
	r.arrive(thread, th)
	switch {
	case th.side != memory.ServerSide:
	case name == step.Dismiss:
		r.dismissed(thread)
	case name == step.Exit:
		r.ends(thread, th)
	}
}

// is says which thread of the specification a thread of the code is from now on.
func (r *poolRefinement) is(thread, of int) {
	r.of[thread] = of
	r.threads[of].actual = thread
}

// dismissed says that the worker is no processor any more: the next one is, in its place.
func (r *poolRefinement) dismissed(worker int) {
	th := &r.threads[r.of[worker]]
	*th = thread{side: th.side, self: th.self, at: r.serves()}
	r.of[worker] = none
}

// processor is the first one that has no worker, and has not ended.
func (r *poolRefinement) processor(thread int) int {
	for j := range r.config.Servers {
		if i := r.config.Clients + j; !r.worked(j) && r.threads[i].at != step.None {
			return i
		}
	}
	r.part(fmt.Sprintf("thread %d receives, and every processor has its worker", thread+1))
	return none
}

// worked says whether a processor has a worker.
func (r *poolRefinement) worked(processor int) bool {
	return slices.Contains(r.of, r.config.Clients+processor)
}

// serves is the step at which a processor begins, and stopper who stops them.
func (r *poolRefinement) serves() step.Name {
	if r.config.Stops {
		return step.LookStop
	}
	return step.TestSetReceive
}

func (r *poolRefinement) stopper() int { return len(r.threads) - 1 }
func (r *poolRefinement) reaper() int  { return len(r.threads) - 2 }
func (r *poolRefinement) watcher() int { return len(r.threads) - 1 }

// ends demands that the processor has ended with its worker, which the stop lets go where
// it waits for the polling place; then it has looked, in the specification.
func (r *poolRefinement) ends(worker int, th *thread) {
	th.at, r.of[worker] = step.None, none
	r.look()
	goes := func(s *memory.CallState) (string, bool) {
		switch at := atOf(s, th); at {
		case step.None:
			return "", true
		default:
			return step.LookStop.String(), at == step.LookStop
		}
	}
	if !r.follower.takeAs(r.number(th), goes, r.looks) {
		r.part(r.threadName(th) + " has ended")
	}
}

// Ended implements explore.Observer: of a caller, or of who stops the pool. A worker ends
// by a step.
func (r *poolRefinement) Ended(thread int) {
	if th := r.thread(thread); !r.failed && th != nil {
		th.at = step.None
		r.arrive(thread, th)
	}
}

func (r *poolRefinement) arrive(thread int, th *thread) {
	if r.pending == thread {
		r.judge(th)
	}
	if th.returned {
		th.returned = false
		r.only(th, "gets "+r.told(th.result), func(s *memory.CallState) bool {
			i, ok := r.callOf(s, r.resultOf(s, th))
			return s.Caller[th.self].At == step.CloseCall && ok && th.result == explore.Result(explore.Argument(i)) &&
				i == th.self*r.config.Calls+int(s.Caller[th.self].Number)
		})
	}
}

// Take implements explore.Observer.
func (r *poolRefinement) Take(thread int) {
	th := r.thread(thread)
	switch {
	case r.failed:
		return
	case r.of[thread] == stray:
		r.part(fmt.Sprintf("thread %d took %v, and is no processor", thread+1, r.strayed))
	case th == nil:
		return
	}
	r.pending = thread
	if th.taken, th.touched, th.saw = th.at, th.event, 0; !r.ofPoolAlone(th.taken) {
		th.came = th.taken
	}
}

// Saw implements explore.Observer.
func (r *poolRefinement) Saw(thread int, value uint32) {
	if th := r.thread(thread); th != nil {
		th.saw = value
	}
}

// More implements explore.Observer.
func (r *poolRefinement) More(thread int, e schedule.Event) {
	if th := r.thread(thread); th != nil {
		th.goesOn(e)
	}
}

// Execute implements explore.Observer: from now on the specification may take its own
// step at any time.
func (r *poolRefinement) Execute(thread int, request []byte) {
	th := r.thread(thread)
	if r.failed || th == nil {
		return
	}
	number, whole := explore.Number(request)
	if th.executes {
		r.part(r.threadName(th) + " executes a call a second time")
	}
	if th.at = step.Execute; r.pending == thread {
		r.judge(th)
	}
	r.only(th, "executes "+r.told(number), func(s *memory.CallState) bool {
		i, ok := r.callOf(s, threadOf(s, th).Message)
		return th.side == memory.ServerSide && atOf(s, th) == step.Execute && ok && whole && number == explore.Argument(i)
	})
	th.executes, th.at = true, step.TestSetSend // where it will be in the specification, too
	if r.look(); !r.follower.take(none, "", r.looks) {
		r.part(r.threadName(th) + " executes")
	}
}

// Return implements explore.Observer.
func (r *poolRefinement) Return(thread int, reply []byte) { r.Refinement.Return(thread, reply) }

// End implements explore.Observer: nobody can go on, and in some candidate the
// specification cannot either; but for a processor that has no worker, or whose worker
// has no polling place, or polls.
func (r *poolRefinement) End() {
	if r.failed {
		return
	}
	for _, id := range r.follower.now {
		if !r.goesOn(id) {
			return
		}
	}
	r.part("nobody can go on")
}

func (r *poolRefinement) goesOn(id uint32) bool {
	s := &r.follower.states[id]
	for _, e := range r.follower.out(id) {
		th := &r.threads[e.thread]
		idle := th.side == memory.ServerSide && atOf(s, th) == r.serves() && (!r.worked(th.self) || r.ofPoolAlone(th.at))
		idle = idle || e.label == step.Pause.String() && th.at == step.Pause // it polls for ever
		if !idle && (e.label != step.Asleep.String() || !r.config.Spurious) {
			return true
		}
	}
	return false
}

// only keeps the candidates that are such.
func (r *poolRefinement) only(th *thread, what string, such func(*memory.CallState) bool) {
	if !r.follower.keep(such) {
		r.part(r.threadName(th) + " " + what + ", which the specification does not")
	}
}

// part ends the execution where code and specification part, and tells both sides.
func (r *poolRefinement) part(what string) {
	r.failed = true
	r.look()
	var b strings.Builder
	fmt.Fprintf(&b, "step %d: %s", r.judged+1, what)
	for _, id := range r.follower.now[:min(3, len(r.follower.now))] {
		s := &r.follower.states[id]
		fmt.Fprintf(&b, "\n  the specification may have been at %s", r.positions(s))
		shown := r.shows(s)
		if lines := differing(reflect.ValueOf(&shown).Elem(), reflect.ValueOf(&r.image).Elem(), "", nil); len(lines) > 0 {
			fmt.Fprintf(&b, ", where it had\n    %s", strings.Join(lines, "\n    "))
		}
	}
	if o := r.odd; o.found {
		fmt.Fprintf(&b, "\n  the word %d:%d stands for nothing with value %d (%#x)", o.segment, o.offset, o.value, o.value)
	}
	r.watched.T.Fail(Property, "%s", &b)
	panic("lockstep: an execution that failed goes on")
}
