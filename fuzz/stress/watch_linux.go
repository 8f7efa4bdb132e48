package stress

import (
	"context"
	"fmt"
	"time"
)

// watch looks at the calls until all clients have reported: it kills whom it
// shall when it is time, tells progress, and ends a run that hangs or that ctx
// has ended.
func (r *run) watch(ctx context.Context) {
	o := &r.options
	kill := r.planKill()
	every := 2 * time.Millisecond
	moved, last := time.Now(), uint64(0)
	told := tellMark{at: r.started}
	for !r.allTold() {
		now, ended := time.Now(), r.ended()
		if ended != last {
			moved, last = now, ended
		}
		kill.look(r)
		r.tell(&told, now, ended)
		switch {
		case ctx.Err() != nil:
			r.cut = "interrupted"
			r.interrupt()
			return
		case now.Sub(moved) > o.Stall:
			r.hung = true
			r.cut = fmt.Sprintf("no call ended for %v", o.Stall)
			r.killClients()
			return
		}
		if kill.waits() {
			time.Sleep(20 * time.Microsecond)
		} else {
			time.Sleep(every)
		}
	}
}

// interrupt tells the clients that it is enough, and kills those that do not end.
func (r *run) interrupt() {
	for _, c := range r.clients {
		// A client that has just ended does not hear it.
		_ = c.Send(wordStop)
	}
	for end := time.Now().Add(grace + r.options.Deadline); !r.allTold() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	r.hung = !r.allTold()
	r.killClients()
}

// killClients kills the clients that have not reported.
func (r *run) killClients() {
	for _, c := range r.clients {
		select {
		case <-c.told:
		default:
			c.Kill()
		}
	}
}

// tellMark is when progress was last told, and at how many calls.
type tellMark struct {
	at    time.Time
	ended uint64
}

func (r *run) tell(m *tellMark, now time.Time, ended uint64) {
	o := &r.options
	since := now.Sub(m.at)
	if o.Progress == nil || since < o.ProgressEvery {
		return
	}
	o.Progress(Progress{
		Calls: ended, Of: uint64(o.Clients) * uint64(o.Calls), Elapsed: now.Sub(r.started),
		Rate: float64(ended-m.ended) / since.Seconds(),
	})
	*m = tellMark{now, ended}
}
