package trial

import (
	"context"
	"errors"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/fuzz/history"
	"urpc/fuzz/mutant"
	"urpc/spec/step"
)

// Linearizes is the property that the history of an execution is that of a
// register to which each call adds once, at one moment within the call.
const Linearizes = "history linearizes"

// recording is how many executions of each configuration are judged: a fault that
// shows in a history does so within the first hundred of some configuration.
const recording = 200

// recorded records histories of sampled executions of target channel, and has
// Porcupine judge each.
func recorded(ctx context.Context, m mutant.Mutant) (Answer, error) {
	if noneOf(m) {
		return nothingRun(m), nil
	}
	var failed error
	a, err := sampled(ctx, channelConfigurations(m, "2-1-2-1", "1-2-2-1", "2-2-2-1"), recording, func(v catalogue.Values) explore.Watch {
		return explore.Watch{Alone: true, Observer: &recorder{ctx: ctx, failed: &failed, clients: v.Int("clients"), calls: v.Int("calls")}}
	}, schedule.Options{MaxSteps: longest})
	a.Bound = "the histories of " + a.Bound
	return a, errors.Join(err, failed)
}

// recorder records the history of an execution. Beside the code it keeps a
// register, to which the procedure adds a number of the call's own whenever it is
// executed, and remembers what it gave: a reply gives the output of the call
// whose result it carries. It is an explore.Observer.
type recorder struct {
	ctx            context.Context
	clients, calls int
	failed         *error // why a history could not be judged

	watched  explore.Watched
	clock    int64
	register int64
	outputs  []int64 // of each call, as it was executed last; impossible: never
	begun    []int64 // of each client: when its call began; 0: none is pending
	returned []int   // of each client: calls that have returned
	events   []history.Event
}

var _ explore.Observer = (*recorder)(nil)

// impossible is an output that no register has: what calls add is positive.
const impossible = -1

// Begin implements explore.Observer.
func (r *recorder) Begin(w explore.Watched) {
	r.watched, r.clock, r.register, r.events = w, 0, 0, r.events[:0]
	r.outputs = make([]int64, r.clients*r.calls)
	for i := range r.outputs {
		r.outputs[i] = impossible
	}
	r.begun, r.returned = make([]int64, r.clients), make([]int, r.clients)
}

func (r *recorder) tick() int64 {
	r.clock++
	return r.clock
}

// Stand implements explore.Observer: a caller that comes to a step is in a call.
// Its call began before, but nobody took a step meanwhile.
func (r *recorder) Stand(thread int, _ step.Name, _ schedule.Event) {
	if thread < r.clients && r.begun[thread] == 0 && r.returned[thread] < r.calls {
		r.begun[thread] = r.tick()
	}
}

// Execute implements explore.Observer. What no call asked for changes nothing.
func (r *recorder) Execute(_ int, request []byte) {
	number, whole := explore.Number(request)
	for i := range r.outputs {
		if whole && number == explore.Argument(i) {
			r.outputs[i] = r.register
			r.register += input(i)
			r.tick()
		}
	}
}

// input is what call i adds: no sum of others is the same, nor twice itself.
func input(i int) int64 { return 1 << (2 * i) }

// Return implements explore.Observer.
func (r *recorder) Return(thread int, reply []byte) {
	output := int64(impossible)
	number, whole := explore.Number(reply)
	for i := range r.outputs {
		if whole && number == explore.Result(explore.Argument(i)) {
			output = r.outputs[i]
		}
	}
	e := r.pending(thread)
	e.Outcome, e.Output, e.Return = history.Done, output, r.tick()
	r.events = append(r.events, e)
	r.begun[thread] = 0
	r.returned[thread]++
}

// pending is the event of a client's call, as long as it has not returned.
func (r *recorder) pending(thread int) history.Event {
	return history.Event{
		Client: thread, Operation: history.Add, Input: input(thread*r.calls + r.returned[thread]),
		Outcome: history.Unknown, Call: r.begun[thread],
	}
}

// Take implements explore.Observer.
func (r *recorder) Take(int) {}

// Saw implements explore.Observer.
func (r *recorder) Saw(int, uint32) {}

// More implements explore.Observer.
func (r *recorder) More(int, schedule.Event) {}

// Ended implements explore.Observer.
func (r *recorder) Ended(int) {}

// End implements explore.Observer: the history is judged.
func (r *recorder) End() {
	for thread := range r.begun {
		if r.begun[thread] != 0 {
			r.events = append(r.events, r.pending(thread))
		}
	}
	j, err := history.Judge(r.ctx, r.events, history.Options{Workers: 1})
	if err != nil {
		*r.failed = err
		return
	}
	if j.Verdict == verdict.Violated {
		r.watched.T.Fail(Linearizes, "%v: %v", j.Violations[0], told(j.Violations[0].Events))
	}
}

func told(events []history.Event) []string {
	var all []string
	for i := range events {
		all = append(all, events[i].String())
	}
	return all
}
