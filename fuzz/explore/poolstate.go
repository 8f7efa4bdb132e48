package explore

import (
	"urpc/checker/schedule"
	"urpc/runtime/channel"
	"urpc/runtime/processor"
)

// What a stateful search takes for the state of target donation, beside that of the
// channel and of the calls (state.go):
//
//	pool          its words, and what it keeps beside them
//	crew          what its threads wait for
//	processors    how many are free, and how many threads wait for one
//	ghost         who polls, and how many processors are donated: at the words
//	each thread   what the ghost knows of it: part of what the thread remembers
//	time          how long has been polled, and not what the clock shows: the code
//	              compares the two
//
// Whether a thread has a processor follows from where it stands.

// placed is a part of the state, and where it stands; nil: everywhere.
type placed struct {
	name string
	f    func(*schedule.Digest)
	on   []schedule.Span
}

// parts are those of the state of the pool, each where it changes or is looked at.
func (d *donating) parts() []placed {
	r, g, words := d.region, d.region.pool, d.region.ghost.words
	at := func(l schedule.Location) schedule.Span { return schedule.Span{Location: l, Size: 4} }
	handling, receiving := r.span(processor.Private, processor.Handling), r.span(channel.Replies, words.RecvLock)
	donated := at(g.words[0])
	place, resume, running := at(d.crew.at(placeAt)), at(d.crew.at(resumeAt)), at(d.crew.at(runningAt))
	works := at(d.worksAt())
	part := func(name string, f func(*schedule.Digest), on ...schedule.Span) placed { return placed{name, f, on} }
	all := []placed{
		part("who polls", func(to *schedule.Digest) { to.Word(uint64(g.poller + 1)) }, receiving, place, handling, running),
		part("the call that the monitor has read", func(to *schedule.Digest) { to.Word(uint64(g.d.crew.monitor.looked)) }, handling),
		part("who executes what", g.executing, handling),
		part("how many are donated", func(to *schedule.Digest) { to.Word(uint64(g.donated)) }, donated), // both swaps touch it
		// A call is executed after a step of the handler, or after the one that says so, or
		// after the one that ends its receipt.
		part("how many calls were executed", func(to *schedule.Digest) { to.Word(uint64(d.ran)) }, works, handling, receiving),
		part("that the pool has ended", func(to *schedule.Digest) { to.Word(bit(d.run)) }, running),
		// Polling begins where a worker has found nothing, goes on after it has looked for
		// donated processors, and ends where it receives, has parked or leaves.
		part("how long the pool has been polled", d.polled, receiving, donated, resume, running, r.span(processor.Private, processor.Stopping)),
	}
	if p := d.machine.processors; p != nil {
		all = append(all,
			part("free processors", func(to *schedule.Digest) { to.Word(uint64(p.free)) }, at(processorsAt)),
			part("who waits for a processor", func(to *schedule.Digest) { to.Word(uint64(p.waiting)<<32 | uint64(p.preempt)) })) // before any step
	}
	return all
}

// declareState declares the state of the pool, beside that of the calls.
func (d *donating) declareState(parts []placed) {
	d.crew.declareState(d.region, d.region.ghost.words, d.pool, never)
	for _, p := range parts {
		if p.on == nil {
			d.t.Shared(p.f)
		} else {
			d.t.SharedAt(p.name, p.f, p.on...)
		}
	}
	d.machine.live = d.remembers
	if d.machine.observer == nil { // who watches wants to see each step
		d.t.Recall()
	}
}

// executing adds who executes what.
func (g *poolGhost) executing(to *schedule.Digest) {
	for i, th := range g.threads {
		if th != nil && th.call != 0 {
			to.Word(uint64(i)<<32 | uint64(th.call))
		}
	}
}

// polled adds how long the worker with the polling place has found nothing.
func (d *donating) polled(to *schedule.Digest) {
	g := d.region.pool
	since := d.pool.Look().Since
	if since == 0 || g.poller == none {
		return
	}
	to.Word(uint64(d.machine.waiters[g.poller].now() - since))
}

// remembers gives what a thread remembers where it forgets all else.
func (d *donating) remembers(thread int) []uint64 {
	d.live = append(d.live[:0], d.calling.remembers(thread)...)
	return append(d.live, d.region.pool.remembers(thread))
}

// remembers gives what is known of the thread, as one word.
func (g *poolGhost) remembers(thread int) uint64 {
	th := g.of(thread)
	return uint64(th.others)<<5 | bit(th.announced)<<4 | bit(th.received)<<3 | bit(th.free)<<2 | bit(th.donating)<<1 | bit(th.exiting)
}

// marks gives the live values of a mark of the runtime, with what the ghost knows of the
// thread.
func (g *poolGhost) marks(live []uint64) []uint64 {
	g.live = append(g.live[:0], live...)
	return append(g.live, g.remembers(g.m.t.Self()))
}
