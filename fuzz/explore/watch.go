package explore

import (
	"context"
	"fmt"
	"slices"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/kernel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Observer watches the executions of target lock, queue, channel, call, death or donation, step by step. Its methods
// are called where only one thread runs; they may look at memory, may end the
// execution by a failure, and take no steps.
//
//	Begin                    the set-up is done, no thread runs yet
//	Stand                    a thread has come to a step, and waits for the scheduler;
//	                         what it did since its last step is in memory
//	Take                     it may take the step: it does so when Take returns
//	Saw                      what the step read or wrote
//	More                     the step goes on: it copies so many bytes from there, too
//	Execute, Return          a processor executes a call; a call gives its result, or a
//	                         receiver what it has received; of a payload that is shorter
//	                         than PayloadSize, and as it must be, all of which it is the
//	                         beginning
//	Ended                    the thread takes no further step
//	End                      nobody can go on
//
// An execution that fails, or is cut short, just stops; another one may begin.
type Observer interface {
	Begin(w Watched)
	Stand(thread int, name step.Name, e schedule.Event)
	Take(thread int)
	Saw(thread int, value uint32)
	More(thread int, e schedule.Event)
	Execute(thread int, request []byte)
	Return(thread int, reply []byte)
	Ended(thread int)
	End()
}

// Watched is what an observer may look at, during one execution. Threads are
// numbered from 0, the clients before the server's processors, and those before who
// ends the contexts of calls, one for each client whose calls may be left, and what nudges
// for those.
type Watched struct {
	T *schedule.T
	// Segments are the words of the client's side, of the server's side and those
	// private to the client, by the numbers channel.Calls, channel.Replies and
	// call.Private; of target queue there are none of these; target
	// lock has one of its own.
	Segments [3]*shm.View
	// Pool is the words of a pool's threads, of targets donation and death; nil: there is none.
	Pool *shm.View

	machine *Machine
	threads *Threads
	calling *calling
	death   *death
}

// Permit says whether the thread of call i has been made ready.
func (w *Watched) Permit(i int) bool { return w.threads.permits[i].given }

// Woken says whether a thread that fell asleep in the kernel was woken.
func (w *Watched) Woken(thread int) bool {
	waiters := w.machine.waiters
	return thread < len(waiters) && waiters[thread] != nil && waiters[thread].woken
}

// Permits is the segment of events that touch permits: permit i is at 4i.
const Permits = permits

// HeaderSize and PayloadSize are the sizes of the parts of a message.
const (
	HeaderSize  = 24
	PayloadSize = payload
)

// Procedure is the number that calls and their replies carry.
const Procedure = procedure

// Number reads a payload: what a call is about, or what its result is. It is
// false of a payload that no thread of the target makes.
func Number(payload []byte) (number uint64, ok bool) { return get(payload) }

// Argument is what number i of all calls is about: the calls of thread 0 come
// first. Result is what the procedure gives for an argument.
func Argument(i int) uint64         { return argument(i) }
func Result(argument uint64) uint64 { return result(argument) }

// Slots and Start give the size of the channel in a configuration.
func Slots(v catalogue.Values) int    { return int(size(v).Slots) }
func Start(v catalogue.Values) uint32 { return size(v).Start }

// Watch is how executions of a target that can be watched are watched.
type Watch struct {
	Observer Observer
	// Gate, if set, says of a thread whether it may go on: the scheduler takes one
	// for which it is true. It is asked often and must not change anything that it
	// was not asked for. Then the procedure is a step, too (step.Execute), as long
	// as another thread's. Without a gate the steps are those of the target.
	Gate func(thread int) bool
	// Alone: the target itself checks nothing, so that what fails was found by the
	// observer, or by the scheduler.
	Alone bool
}

// RunWatched explores a configuration of target channel, as Run does, and has it
// watched. Its tokens are those of the target, unless there is a gate.
func RunWatched(ctx context.Context, v catalogue.Values, w Watch, s schedule.Strategy, o schedule.Options) (schedule.Report, error) {
	return RunWatchedTarget(ctx, channelTarget, v, w, s, o)
}

// RunWatchedTarget is RunWatched of target lock, queue, channel, call or death; of death the
// first binding is watched.
func RunWatchedTarget(ctx context.Context, t Target, v catalogue.Values, w Watch, s schedule.Strategy, o schedule.Options) (schedule.Report, error) {
	o.Workers = 1 // the watch follows all executions
	return schedule.Explore(ctx, watchedOf(t, v, w), s, t.options(o, t.configuration(v)))
}

// watchedOf is the program of a target with a watch.
func watchedOf(t Target, v catalogue.Values, w Watch) func(*schedule.T) {
	switch t.Name {
	case lockTarget.Name:
		return watchedLock(v, w)
	case donationName:
		return watchedDonation(v, func(*donating) {}, w)
	case queueTarget.Name:
		return watchedQueue(v, w)
	case deathTarget.Name:
		return watchedDeath(v, func(*death) {}, w)
	default:
		return watchedProgram(t.Name, v, simulated, w)
	}
}

// ReplayWatched runs the execution of a token of such a target, as Replay does, and has it watched. watch gives the watch of the token's configuration.
func ReplayWatched(ctx context.Context, token schedule.Token, watch func(t Target, v catalogue.Values) (Watch, error), o schedule.Options) (schedule.Report, error) {
	t, v, configuration, err := resolve(token)
	if err != nil {
		return schedule.Report{}, err
	}
	if !slices.ContainsFunc(watchable, func(w *Target) bool { return w.Name == t.Name }) {
		return schedule.Report{}, fmt.Errorf("replay: %w: target %s cannot be watched", schedule.ErrTokenProgram, t.Name)
	}
	w, err := watch(t, v)
	if err != nil {
		return schedule.Report{}, err
	}
	return schedule.Replay(ctx, watchedOf(t, v, w), token, t.options(o, configuration))
}

// watchable are the targets that have an Observer.
var watchable = []*Target{&lockTarget, &queueTarget, &channelTarget, &callTarget, &deathTarget, &donationTarget}

// Lock, Queue, Channel, Call, Death and Donation are the targets that can be watched.
func Lock() Target    { return lockTarget }
func Queue() Target   { return queueTarget }
func Channel() Target { return channelTarget }
func Call() Target    { return callTarget }
func Death() Target   { return deathTarget }

func Donation() Target { return donationTarget }

// watchedProgram is the program of target channel or call with a watch.
func watchedProgram(target string, v catalogue.Values, on func(*Kernel) kernel.Kernel, w Watch) func(*schedule.T) {
	clients, servers := numbered("client", v.Int("clients")), numbered("server", v.Int("servers"))
	return func(t *schedule.T) {
		c := newCalling(t, target, v, on, w.Alone)
		c.machine.observer, c.machine.gate = w.Observer, w.Gate
		if w.Observer == nil && w.Gate == nil { // who watches wants to see each step
			t.Recall()
		}
		if w.Observer != nil {
			w.Observer.Begin(Watched{
				T: t, machine: c.machine, threads: c.threads, calling: c,
				Segments: [3]*shm.View{c.region.segments[channel.Calls], c.region.segments[channel.Replies], c.caller.Private()},
			})
		}
		c.start(clients, servers)
	}
}

// step announces a step and returns when the thread may take it.
func (m *Machine) step(name step.Name, e schedule.Event, also ...schedule.Location) {
	if taken := m.taken; taken != step.None {
		if m.taken = step.None; taken == name {
			return
		}
	}
	m.settle(name)
	m.runs()
	m.forget(name)
	if m.together {
		e.Kind, e.Location, also = schedule.Store, everything, nil
	}
	if m.observer == nil {
		m.t.Step(e, also...)
		return
	}
	self := m.t.Self()
	m.observer.Stand(self, name, e)
	if m.gate == nil {
		m.t.Step(e, also...)
	} else {
		m.t.Await(e.Name, m.gated(nil), e.Location)
	}
	m.observer.Take(self)
}

// watched takes a step of the simulated machine's own, and has who watches see it.
func (m *Machine) watched(name step.Name, e schedule.Event, take func()) {
	if m.observer == nil {
		take()
		return
	}
	self := m.t.Self()
	m.observer.Stand(self, name, e)
	take()
	m.observer.Take(self)
}

// settle has the thread forget what is to be compared no more, as it comes to the step:
// before it waits for a processor, since that another one may be given.
func (m *Machine) settle(name step.Name) {
	if !m.marks(name) {
		return
	}
	switch w := m.waiter(); name {
	case step.LookDoorbell, step.Announce, step.RecheckHead, step.Sleep, step.Asleep:
	case step.Retract:
		w.bell.read, w.seen.read = false, false
	default:
		w.seen.read = false // the thread does not sleep after all
	}
}

// marks says whether the step is one before which the thread remembers nothing.
func (m *Machine) marks(name step.Name) bool {
	switch {
	case !m.forgets || !forgotten[name] && (name != m.amnesia || name == step.None):
		return false
	case (name == step.Ready || name == step.FreeRecord) && m.drains != nil && m.drains(m.t.Self()):
		return false
	}
	return m.t.ByStates()
}

// forget marks a step before which the thread remembers nothing.
func (m *Machine) forget(name step.Name) {
	switch {
	case !m.marks(name):
	case m.live == nil:
		m.t.Mark(name.String())
	default:
		m.t.Mark(name.String(), m.live(m.t.Self())...)
	}
}

// await is step for a step that is enabled only while ok() is true.
func (m *Machine) await(name step.Name, ok func() bool, on ...schedule.Location) {
	m.settle(name)
	m.leaves()
	m.forget(name)
	if m.observer == nil {
		m.awaitAt(name, ok, on)
		return
	}
	self := m.t.Self()
	m.observer.Stand(self, name, schedule.Event{Name: name.String(), Kind: schedule.Await, Location: on[0], Size: 4})
	if m.gate != nil {
		ok = m.gated(ok)
	}
	m.awaitAt(name, ok, on)
	m.observer.Take(self)
}

// takeWhen takes a step before what makes it comes to it: the step is enabled only while
// ok() is true.
func (m *Machine) takeWhen(name step.Name, e schedule.Event, ok func() bool, on ...schedule.Location) {
	self := m.t.Self()
	if m.observer != nil {
		m.observer.Stand(self, name, e)
	}
	switch {
	case m.together:
		e.Kind, e.Location, on = schedule.Store, everything, nil
		m.t.AwaitStep(e, ok)
	case m.gate != nil:
		m.t.Await(e.Name, m.gated(ok), append([]schedule.Location{e.Location}, on...)...)
	default:
		m.t.AwaitStep(e, ok, on...)
	}
	if m.taken = name; m.observer != nil {
		m.observer.Take(self)
	}
}

func (m *Machine) awaitAt(name step.Name, ok func() bool, on []schedule.Location) {
	if m.together {
		m.t.AwaitStep(schedule.Event{Name: name.String(), Kind: schedule.Store, Location: everything}, ok)
		return
	}
	m.t.Await(name.String(), ok, on...)
}

// gated gives the predicate of the thread that calls, with the gate before it.
func (m *Machine) gated(ok func() bool) func() bool {
	w := m.waiter()
	w.behind = ok
	return w.mayGo
}

// saw tells what the thread's last access read or wrote.
func (m *Machine) saw(value uint32) {
	m.t.SawValue(uint64(value))
	if m.observer != nil {
		m.observer.Saw(m.t.Self(), value)
	}
}

// execute tells of a procedure that is about to be executed. Where a gate
// decides who goes on, it is a step.
func (m *Machine) execute(request []byte) {
	if m.gate != nil {
		m.step(step.Execute, schedule.Event{Name: step.Execute.String()})
	}
	m.observer.Execute(m.t.Self(), request)
}
