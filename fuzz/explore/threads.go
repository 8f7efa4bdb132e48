package explore

import (
	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// Threads are calling threads under the schedule: to block is to await one's
// permit, to ready a thread is a step that gives it.
type Threads struct {
	m       *Machine
	region  uint8
	permits []permit
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
	t := &Threads{m: m, region: r.number, permits: make([]permit, n)}
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
	if t.m.besides {
		t.m.await(step.Block, p.ready, t.at(i), locate(t.region, besides|call.Private, shm.Offset(4*shm.Unblocks)))
	} else {
		t.m.await(step.Block, p.ready, t.at(i))
	}
	p.given = false
}

// Ready implements call.Threads.
func (t *Threads) Ready(i int) {
	t.m.step(step.Ready, schedule.Event{Name: step.Ready.String(), Kind: schedule.Store, Location: t.at(i), Size: 4})
	t.permits[i].given = true
}

func (t *Threads) at(i int) schedule.Location { return locate(t.region, permits, shm.Offset(4*i)) }
