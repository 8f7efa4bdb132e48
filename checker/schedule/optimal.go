package schedule

import (
	"fmt"
	"sync/atomic"
)

// optimal is the search with optimal dynamic partial order reduction: source
// sets, wakeup trees and sleep sets (Abdulla, Aronis, Jonsson, Sagonas, "Source
// Sets: A Foundation for Optimal Dynamic Partial Order Reduction", JACM 2017,
// algorithm 3). It visits one execution of each Mazurkiewicz trace.
//
// It deviates in this: races are looked for at maximal executions alone, as
// there; a step that waits is in a race with the last step before which it could
// have been taken (races.go); and the answers of T.Choose make a step of one
// thread into several that exclude each other, so that each is in a race with the
// others (alternatives).
//
// What predicates look at is found out on the way (looks.go). That steps commute which touch
// no place together is what the program announces: it is tested on a sample (swaps.go), and
// wherever a step changes who of the threads that wait can go on, or which StepIf would write
// (hides).
type optimal struct {
	r       *runner
	places  *places
	answers answers

	path    []*node // nodes are kept for reuse behind the end
	at      int     // of the next decision
	settled int     // nodes whose step has been taken, and is linked to those before
	last    struct {
		at     []int32 // by place: the last step there, -1: none
		thread []int32 // by thread: its last step
	}
	lastKill int32     // the last Kill, -1: none
	follow   []*wakeup // what is to follow the step chosen last
	blocked  []pending // threads that wait, or were killed, at the end
	ready    []pending // threads that could go on, where the execution was cut short

	begun        bool
	setUp, ended odometer
	asked        int  // answers given since the last decision
	redundant    bool // the execution is one of a trace that was visited
	restart      bool // places were merged: what was visited does not count
	void         bool // nor does what was counted: the exploration is to forget it
	difference   string
	hidden       string   // what a predicate looks at and does not announce
	asker        thread   // in place of one whose predicate is evaluated out of turn
	v            []access // for race detection
	probes       prober
	swaps        swapper
	swapped      atomic.Uint64
	clash        *clash // the first one that is told at the end of the search
	ends         ends
}

// node is one decision of the current execution: the step taken there, and what
// is left to be explored in its place.
type node struct {
	pending
	name    int32
	place   uint64
	minds             // threads that are enabled among them
	sleep   []access  // steps that need not be explored here
	tree    []*wakeup // the wakeup tree, without the branch that is being explored
	planned []int32   // answers to give
	chosen  []choice  // answers given

	// Once the step has been taken:
	same       int32   // the step before it at its place, -1: none
	beforeKill int32   // the Kill before it, -1: none
	clock      []int32 // by thread: how many of its steps happen before this one, or are it
	races      []race
}

// pending is what a thread stands before.
type pending struct {
	access
	prev int32 // the thread's step before, or the one that declared it; -1: none
	// cause is a step of another thread that made this one possible; -1: none.
	cause int32
	// guarded: enabled only while a predicate is true; conditional: writes only then.
	guarded, conditional bool
	victims              uint64 // of a Kill
	// The word that the step is on, if it is on one: its place, its value before
	// the step, and the predicate as a function of that.
	onWord  bool
	word    uint64
	before  uint64
	test    func(uint64) bool
	expects uint64
}

// pending tells what the thread stands before.
func (o *optimal) pending(th *thread) pending {
	p := pending{prev: o.lastOf(th), cause: o.cause(th), guarded: o.r.waiting&th.bit != 0}
	p.thread, p.class, p.writes = int16(th.index), o.places.of(th), th.event.Kind.writes()
	if o.r.guardsCheck {
		p.class = o.places.tied(o.r.guards, th, p.class)
	}
	p.kill, p.victims = th.event.Kind == Kill, th.victims
	p.conditional = th.changes != nil
	if th.word != nil && len(th.on) == 0 {
		p.onWord, p.word, p.before, p.test = true, uint64(th.word.at.Offset), th.word.v, th.test
		if th.event.Kind == CAS {
			p.conditional, p.expects = true, th.expects
		}
	}
	return p
}

// lastOf gives the last step of the thread, or of the one that declared it if it
// has made none.
func (o *optimal) lastOf(th *thread) int32 {
	if k := o.lastOfThread(th.index); k >= 0 {
		return k
	}
	return th.declaredAt
}

func (o *optimal) lastOfThread(t int) int32 {
	if t < len(o.last.thread) {
		return o.last.thread[t]
	}
	return -1
}

func newOptimal(r *runner) *optimal {
	o := &optimal{r: r, places: newPlaces(), answers: newAnswers(), lastKill: -1}
	o.swaps = newSwapper(r, o.ahead, o.voids, &o.swapped)
	o.swaps.a.hides, o.swaps.b.hides = o.hides, o.hides
	return o
}

// begin moves to the next execution.
func (o *optimal) begin() (int, bool) {
	switch {
	case o.restart:
		o.reset()
		o.setUp, o.void = odometer{}, true
		o.clash, o.swaps.due, o.ends = nil, nil, ends{}
		o.swapped.Store(0)
		clear(o.swaps.met)
	case !o.begun:
	case o.ended.advance():
	default:
		o.detect()
		if o.looked() || o.restart {
			return o.begin()
		}
		if !o.backtrack() {
			if !o.setUp.advance() {
				return 0, false
			}
			o.reset()
		}
	}
	o.begun = true
	o.at, o.setUp.at, o.ended.at = 0, 0, 0
	o.redundant, o.restart = false, false
	return 0, true
}

func (o *optimal) reset() {
	o.path, o.settled = o.path[:0], 0
	o.last.at, o.last.thread = o.last.at[:0], o.last.thread[:0]
	o.follow, o.lastKill = nil, -1
}

// backtrack changes the last decision that has something left to explore.
func (o *optimal) backtrack() bool {
	for len(o.path) > 0 {
		n := o.path[len(o.path)-1]
		o.unlink(n)
		n.sleep = append(n.sleep, n.access)
		if len(n.tree) > 0 {
			w := n.tree[0]
			n.tree = n.tree[1:]
			o.branch(n, w)
			return true
		}
		o.path = o.path[:len(o.path)-1]
	}
	return false
}

func (o *optimal) branch(n *node, w *wakeup) {
	n.access = access{thread: w.thread}
	n.planned = o.answers.lists[w.answers]
	o.follow = w.children
}

// unlink undoes settle for the last step.
func (o *optimal) unlink(n *node) {
	if o.settled < len(o.path) {
		return
	}
	o.settled--
	o.lastKill = n.beforeKill
	if n.class != 0 {
		o.last.at[n.class] = n.same
	}
	o.last.thread[n.thread] = -1
	if n.prev >= 0 && o.path[n.prev].access.thread == n.thread {
		o.last.thread[n.thread] = n.prev
	}
}

// pick repeats the path; beyond it, it follows the wakeup tree, and then goes on
// with any step that is not asleep.
func (o *optimal) pick(enabled uint64, last int) int {
	o.settle()
	switch {
	case o.looked():
		return -1
	case o.at < len(o.path):
		return o.repeat(enabled)
	}
	now := o.r.minds(enabled)
	if !o.told(now) {
		return -1
	}
	n := o.grow(now)
	o.swaps.look(enabled, o.r.threads)
	switch {
	case len(o.follow) > 0:
		n.tree = append(n.tree, o.follow[1:]...)
		o.branch(n, o.follow[0])
	case !o.free(n, last):
		o.path = o.path[:len(o.path)-1]
		o.redundant = true
		return -1
	}
	return o.stand(n)
}

// repeat takes a step of the path again, or the one that backtrack has put at
// its end.
func (o *optimal) repeat(enabled uint64) int {
	n := o.path[o.at]
	if n.enabled != enabled {
		return o.refuse("other threads are enabled before step %d than were after the same steps", o.at+1)
	}
	if o.at >= o.settled {
		return o.stand(n)
	}
	th := o.r.threads[n.thread]
	if n.place != place(&th.event) || n.name != o.r.names.id(th.event.Name) {
		return o.refuse("step %d was %s and is now %s", o.at+1,
			o.r.tell(record{thread: n.thread, choice: -1, name: n.name, place: n.place}),
			o.r.tell(record{thread: n.thread, choice: -1, name: o.r.names.id(th.event.Name), place: place(&th.event)}))
	}
	o.at++
	o.asked = 0
	return int(n.thread)
}

func (o *optimal) refuse(format string, args ...any) int {
	o.difference = fmt.Sprintf(format, args...)
	return -1
}

// grow adds a node at the end of the path. What sleeps there is what slept
// before the last step and commutes with it.
func (o *optimal) grow(now minds) *node {
	if len(o.path) < cap(o.path) {
		o.path = o.path[:len(o.path)+1]
	} else {
		o.path = append(o.path, nil)
	}
	k := len(o.path) - 1
	n := o.path[k]
	if n == nil {
		n = new(node)
		o.path[k] = n
	}
	n.minds = now
	n.sleep, n.tree, n.planned = n.sleep[:0], n.tree[:0:0], nil
	if k > 0 {
		p := o.path[k-1]
		for i := range p.sleep {
			if s := &p.sleep[i]; s.thread != p.thread && !s.depends(&p.access) {
				n.sleep = append(n.sleep, *s)
			}
		}
	}
	return n
}

// free chooses a step that is enabled and does not sleep, of the running thread
// if there is one; false: there is none.
func (o *optimal) free(n *node, last int) bool {
	if last >= 0 && n.enabled>>uint(last)&1 == 1 && o.awake(n, last, 0) {
		o.branch(n, &wakeup{access: access{thread: int16(last)}})
		return true
	}
	for e := n.enabled; e != 0; e &= e - 1 {
		if t := lowest(e); o.awake(n, t, 0) {
			o.branch(n, &wakeup{access: access{thread: int16(t)}})
			return true
		}
	}
	for _, s := range n.sleep {
		if s.choices == nil || n.enabled>>uint(s.thread)&1 == 0 {
			continue
		}
		for _, other := range o.answers.others(*s.choices) {
			if o.awake(n, int(s.thread), other) {
				o.branch(n, &wakeup{access: access{thread: s.thread, answers: other}})
				return true
			}
		}
	}
	return false
}

func (o *optimal) awake(n *node, thread int, answers int32) bool {
	for i := range n.sleep {
		if int(n.sleep[i].thread) == thread && n.sleep[i].answers == answers {
			return false
		}
	}
	return true
}

// stand takes down the step that the chosen thread stands before.
func (o *optimal) stand(n *node) int {
	t := int(n.thread)
	if n.enabled>>uint(t)&1 == 0 {
		o.hidden = o.cannot(t)
		return -1
	}
	th := o.r.threads[t]
	n.name, n.place = o.r.names.id(th.event.Name), place(&th.event)
	n.pending = o.pending(th)
	n.access = n.pending.access
	n.chosen = n.chosen[:0]
	if o.places.merged {
		o.places.merged = false
		o.restart = true
		return -1
	}
	o.at++
	o.asked = 0
	return t
}

// choose gives the answers that were planned, and then 0.
func (o *optimal) choose(n int) int {
	if o.r.ending {
		return o.outside(&o.ended, n)
	}
	if o.at == 0 {
		return o.outside(&o.setUp, n)
	}
	k := o.path[o.at-1]
	i := o.asked
	o.asked++
	if o.at <= o.settled {
		if i >= len(k.chosen) || int(k.chosen[i].of) != n {
			return o.refuse("after step %d Choose is called among %d, and was not before", o.at, n)
		}
		return int(k.chosen[i].answer)
	}
	v := int32(0)
	if i < len(k.planned) {
		v = k.planned[i]
	}
	if int(v) >= n {
		return o.refuse("after step %d Choose is called among %d, and was among more", o.at, n)
	}
	k.chosen = append(k.chosen, choice{v, int32(n)})
	return int(v)
}

func (o *optimal) outside(by *odometer, n int) int {
	v := by.answer(n)
	if v < 0 {
		return o.refuse("Choose is called among %d where it was called among others before", n)
	}
	return v
}

// over settles the last step and sees who is left waiting.
func (o *optimal) over() {
	o.settle()
	o.blocked, o.ready = o.blocked[:0], o.ready[:0]
	if o.redundant || o.restart || o.looked() || o.r.outcome == underWay && !o.told(o.r.minds(0)) {
		return
	}
	if o.r.outcome == underWay {
		o.ends.note(o.r)
	}
	for e := o.r.waiting | o.r.struck; e != 0; e &= e - 1 {
		th := o.r.threads[lowest(e)]
		p := o.pending(th)
		p.guarded = th.ok != nil || th.test != nil
		o.blocked = append(o.blocked, p)
	}
	for e := o.r.ready; e != 0; e &= e - 1 {
		o.ready = append(o.ready, o.pending(o.r.threads[lowest(e)]))
	}
	if o.places.merged {
		o.places.merged, o.restart = false, true
	}
}

// repeated says why the execution cannot be explored, if it cannot.
func (o *optimal) repeated() error {
	switch declarers := o.r.declarers; {
	case declarers&(declarers-1) != 0:
		return twoDeclarers(o.r)
	case o.difference != "":
		return fmt.Errorf("%w: %s", ErrNondeterministic, o.difference)
	case o.hidden != "" && (o.r.outcome != failed || o.r.goOn): // a failure is one, whatever was hidden
		return fmt.Errorf("%w: %s", ErrState, o.hidden)
	case o.at < len(o.path):
		return fmt.Errorf("%w: it ends after step %d and went on before", ErrNondeterministic, o.at)
	}
	return nil
}

// twoDeclarers refuses a program in which the threads are not numbered alike in
// every execution.
func twoDeclarers(r *runner) error {
	first := lowest(r.declarers)
	second := lowest(r.declarers & (r.declarers - 1))
	return fmt.Errorf("%w: threads %q and %q both declare threads while threads run, and a search with reduction tells threads apart by the order in which they are declared",
		ErrOptions, r.threads[first].name, r.threads[second].name)
}

// ahead gives what an enabled thread stands before.
func (o *optimal) ahead(thread int) access { return o.pending(o.r.threads[thread]).access }

// verify takes steps in either order that the search takes to commute (swaps.go). The
// states that they lead to it compares as far as the program tells what it shares.
func (o *optimal) verify() error {
	if len(o.swaps.due) == 0 {
		return nil
	}
	r := o.r
	goOn, untold := r.goOn, r.untold
	r.goOn, r.keeps, r.untold = false, true, nil
	defer func() { r.goOn, r.keeps, r.untold = goOn, false, untold }()
	return o.swaps.try(o.clashed)
}

// clashed takes down that two steps do not commute. Of a check that fails after one order
// alone, and where the program declares locks (guards.go), it is told at the end of the
// search, if that has found no failure by then. What a program tells of who holds a lock may
// change at any step, where no property looks at it: of two states nothing is said there.
func (o *optimal) clashed(of clash) error {
	guards := len(o.r.guards) > 0
	switch {
	case guards && of.states:
		return nil
	case !guards && !of.fails:
		return of.err
	}
	if o.clash == nil {
		o.clash = &of
	}
	return nil
}
