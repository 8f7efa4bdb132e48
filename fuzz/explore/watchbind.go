package explore

import (
	"context"
	"fmt"
	"runtime/debug"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Bind is the target of bindings, whose executions with one client can be watched.
func Bind() Target { return bindTarget }

// BindingObserver watches the executions of target bind: see Observer.
type BindingObserver interface {
	Begin(w WatchedBinding)
	Stand(thread int, name step.Name)
	Take(thread int)
	Ended(thread int)
	End()
}

// BindingWatch is how executions of target bind are watched.
type BindingWatch struct {
	Observer BindingObserver
	// Alone: the target itself checks nothing.
	Alone bool
}

// WatchedBinding is what such an observer may look at, during one execution.
type WatchedBinding struct {
	T *schedule.T
	b *binder
}

// BindingSide is what one side has of the binding. Segments are bits: 1 of the
// calls, 2 of the replies.
type BindingSide struct {
	Open, Mapped             uint8
	Watch, Hung, Dead, Hurry bool
	Holders                  uint8
	Closed                   bool
}

// BindingSocket is what is on its way, as far as nothing of it was read.
type BindingSocket struct {
	Hello, Refusal, Header, Body, Stop bool
	With                               uint8
}

// BindingLook is all that can be seen of a binding.
type BindingLook struct {
	Side             [2]BindingSide // the client, the server
	Socket           BindingSocket
	Sealed           uint8
	Listed, Stopping bool
}

// Name names a thread.
func (w *WatchedBinding) Name(thread int) string { return w.b.names[thread] }

// Idle says whether a thread stands for no goroutine at present.
func (w *WatchedBinding) Idle(thread int) bool {
	for _, s := range w.b.w.hosts {
		for _, x := range s.workers {
			if x.thread == thread && x.started {
				return x.job == nil
			}
		}
	}
	return false
}

// Look looks.
func (w *WatchedBinding) Look() (l BindingLook) {
	b := w.b
	c := b.clients[0]
	for i, s := range []*host{c.s, b.serving} {
		e := []*end{c.end, c.far}[i]
		side := &l.Side[i]
		for _, d := range s.open {
			if d.memory != nil {
				side.Open |= 1 << d.memory.number
			}
		}
		for _, x := range s.mapped {
			side.Mapped |= 1 << x.memory.number
		}
		side.Watch = e.watch != nil && !e.watch.closed
		side.Hung, side.Dead, side.Hurry = e.closed, s.dead, e.hurry
		side.Holders, side.Closed = uint8(s.counted), s.closed
	}
	for _, m := range b.w.memory {
		if m.seals&shm.Sealed == shm.Sealed {
			l.Sealed |= 1 << m.number
		}
	}
	l.Socket.look(c.far.in)
	l.Socket.look(c.end.in)
	l.Listed, l.Stopping = b.server.Counters().Bindings > 0, b.serving.stopping()
	return l
}

func (k *BindingSocket) look(in []packet) {
	for _, p := range in {
		if p.begun {
			continue
		}
		switch {
		case p.name == step.SendHello:
			k.Hello = true
		case p.name == step.SendRefusal:
			k.Refusal = true
		case p.name == step.SendStopping:
			k.Stop = true
		case p.with != nil:
			k.Header = true
		default:
			k.Body = true
		}
		for _, m := range p.with {
			k.With |= 1 << m.number
		}
	}
}

// observing makes an Observer of one of bindings.
type observing struct{ BindingObserver }

func (observing) Begin(Watched) {}
func (o observing) Stand(thread int, name step.Name, _ schedule.Event) {
	o.BindingObserver.Stand(thread, name)
}
func (observing) Saw(int, uint32)          {}
func (observing) More(int, schedule.Event) {}
func (observing) Execute(int, []byte)      {}
func (observing) Return(int, []byte)       {}

// RunWatchedBinding explores a configuration of target bind, as Run does, and has
// it watched.
func RunWatchedBinding(ctx context.Context, v catalogue.Values, w BindingWatch, s schedule.Strategy, o schedule.Options) (schedule.Report, error) {
	return schedule.Explore(ctx, watchedBinding(v, w), s, bindTarget.options(o, bindTarget.configuration(v)))
}

// ReplayWatchedBinding runs the execution of a token of target bind, as Replay
// does, and has it watched. watch gives the watch of the token's configuration.
func ReplayWatchedBinding(ctx context.Context, token schedule.Token, watch func(v catalogue.Values) (BindingWatch, error), o schedule.Options) (schedule.Report, error) {
	t, v, configuration, err := resolve(token)
	if err != nil {
		return schedule.Report{}, err
	}
	if t.Name != bindTarget.Name {
		return schedule.Report{}, fmt.Errorf("replay: %w: it is of target %s, not of %s", schedule.ErrTokenProgram, t.Name, bindTarget.Name)
	}
	w, err := watch(v)
	if err != nil {
		return schedule.Report{}, err
	}
	return schedule.Replay(ctx, watchedBinding(v, w), token, t.options(o, configuration))
}

func watchedBinding(v catalogue.Values, w BindingWatch) func(*schedule.T) {
	l := newLending(sizeOfBinding(v))
	return func(t *schedule.T) {
		b := newBinder(t, v, l)
		b.w.alone, b.w.m.alone = w.Alone, w.Alone
		if w.Observer != nil {
			b.w.m.observer = observing{w.Observer}
			w.Observer.Begin(WatchedBinding{T: t, b: b})
		}
		b.start()
	}
}

// declare declares a thread and keeps its name.
func (b *binder) declare(name string, f func()) {
	b.names = append(b.names, name)
	b.w.t.Daemon(name, func() {
		debug.SetPanicOnFault(true) // a store through the mapping of who only reads is one
		f()
		b.w.over()
	})
}
