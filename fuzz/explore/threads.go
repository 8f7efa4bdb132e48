package explore

import (
	"context"
	"slices"

	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/channel"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Threads are calling threads under the schedule: to block is to await one's
// permit, to ready a thread is a step that gives it.
type Threads struct {
	m       *Machine
	region  *Region
	permits []permit
	blocked int // threads that stand before Block: where nobody replies some do for ever
}

var _ call.Threads = (*Threads)(nil)

// permit is that of one call.
type permit struct {
	given         bool
	done, stopped <-chan struct{}
	ready         func() bool // the method goesOn
}

// goesOn says whether the blocked thread may go on.
func (p *permit) goesOn() bool { return p.given || closed(p.done) || closed(p.stopped) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Threads makes n calling threads of a region.
func (m *Machine) Threads(r *Region, n int) *Threads {
	t := &Threads{m: m, region: r, permits: make([]permit, n)}
	for i := range t.permits {
		p := &t.permits[i]
		p.ready = p.goesOn
	}
	return t
}

// Block implements call.Threads.
func (t *Threads) Block(i int, done, stopped <-chan struct{}) {
	p := &t.permits[i]
	p.done, p.stopped = done, stopped
	on := []schedule.Location{t.at(i)}
	if t.m.besides.has(shm.Unblocks) {
		on = append(on, t.region.beside(call.Private, shm.Unblocks))
	}
	if c := t.m.waiter().context; c != nil {
		on = append(on, c.at)
	}
	t.blocked++
	t.m.await(step.Block, p.ready, on...)
	t.blocked--
	t.m.t.SawValue(bit(p.given))
	p.given = false
}

// Watch implements call.Threads. Contexts of other kinds never end here.
func (t *Threads) Watch(ctx context.Context, f func()) (stop func() bool) {
	if c, ends := ctx.(*endingContext); ends {
		return c.watch(f)
	}
	return func() bool { return true }
}

// Rest implements call.Threads: it awaits that there is something to find, or that
// the call's context has ended, or all calls, or that calls are not sent any more. What
// there may be to find stands in many places. For an end it goes on once: who looks then,
// does not come back.
func (t *Threads) Rest(mayFind func() bool) {
	w, ended := t.m.waiter(), func() (reasons uint64) {
		for _, what := range []shm.Beside{shm.Sending, shm.Poisoned} {
			reasons += min(uint64(*t.region.keptAt(call.Private, what)), 1)
		}
		return reasons
	}
	c, on := w.context, slices.Clone(t.m.finds)
	if c != nil {
		on = append(on, c.at, t.m.clockAt())
	}
	for _, what := range []shm.Beside{shm.Sending, shm.Poisoned} {
		if t.m.besides.has(what) {
			on = append(on, t.region.beside(call.Private, what))
		}
	}
	if t.m.rests != nil {
		t.m.rests(t.m.t.Self(), false)
		defer t.m.rests(t.m.t.Self(), true)
	}
	t.m.await(step.AwaitRecord, func() bool {
		return mayFind() || c != nil && c.rouses() || ended() > w.roused
	}, on...)
	t.m.t.SawValue(0) // what there is it looks for anew
	w.roused = ended()
	if c != nil {
		c.awaited()
	}
}

// finds are the places where a thread that awaits a record may find one: the list of those
// that are free, or where a reply comes that frees one, and nobody leads.
func (r *Region) finds(w channel.Words) []schedule.Location {
	all := []schedule.Location{r.beside(call.Private, shm.FreeRecords), locate(r.number, call.Private, call.Lead), locate(r.number, channel.Calls, w.Head)}
	for _, at := range w.Sequence {
		all = append(all, locate(r.number, channel.Replies, at))
	}
	return all
}

// Ready implements call.Threads.
func (t *Threads) Ready(i int) {
	t.m.step(step.Ready, schedule.Event{Name: step.Ready.String(), Kind: schedule.Store, Location: t.at(i), Size: 4})
	t.permits[i].given = true
}

func (t *Threads) at(i int) schedule.Location {
	return locate(t.region.number, permits, shm.Offset(4*i))
}

// state adds what the calling threads are given.
func (t *Threads) state(d *schedule.Digest) {
	given := uint64(1)
	for i := range t.permits {
		given = given<<1 | bit(t.permits[i].given)
	}
	d.Word(given)
}
