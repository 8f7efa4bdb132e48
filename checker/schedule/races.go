package schedule

// race is a step of the path before which a later one could have been taken: an
// execution in which it is must be visited too.
type race struct {
	with int32
	// sure: the later step is enabled there and writes as it did; else that must
	// be tried.
	sure bool
	// writes: what the later step does there, if sure.
	writes bool
}

// settle links the step that was taken last to those before it.
func (o *optimal) settle() {
	if o.at <= o.settled || o.at > len(o.path) {
		return
	}
	n := o.path[o.at-1]
	th := o.r.threads[n.thread]
	n.writes = th.wrote
	n.answers, n.choices = 0, nil
	if len(n.chosen) > 0 {
		list := make([]int32, len(n.chosen))
		for i, c := range n.chosen {
			list[i] = c.answer
		}
		n.answers = o.answers.id(list)
		chosen := append([]choice(nil), n.chosen...)
		n.choices = &chosen
	}
	o.link(n)
	o.settled = o.at
}

// link computes the clock of the step and its races, and makes it the last one of
// its thread and of its place.
func (o *optimal) link(n *node) {
	k, t := int32(o.at-1), int(n.thread)
	n.clock, n.races = n.clock[:0], n.races[:0]
	n.clock = append(n.clock, o.known(&n.pending)...)
	n.same = -1
	if n.class != 0 {
		for len(o.last.at) <= int(n.class) {
			o.last.at = append(o.last.at, -1)
		}
		n.same = o.last.at[n.class]
		o.last.at[n.class] = k
	}
	if n.guarded {
		n.races = o.waits(&n.pending, n.same, n.races)
	}
	o.join(n)
	n.clock = grown(n.clock, t+1)
	n.clock[t]++
	for len(o.last.thread) <= t {
		o.last.thread = append(o.last.thread, -1)
	}
	o.last.thread[t] = k
	if n.beforeKill = o.lastKill; n.kill {
		o.lastKill = k
	}
}

// known gives the clock of a step before it is taken: that of the step before it,
// and of the one that made it possible.
func (o *optimal) known(p *pending) []int32 {
	var clock []int32
	if p.prev >= 0 {
		clock = o.path[p.prev].clock
	}
	if p.cause >= 0 {
		clock = grown(append([]int32(nil), clock...), len(o.path[p.cause].clock))
		for t, c := range o.path[p.cause].clock {
			clock[t] = max(clock[t], c)
		}
	}
	return clock
}

func grown(clock []int32, n int) []int32 {
	for len(clock) < n {
		clock = append(clock, 0)
	}
	return clock
}

// happened says whether step k is known to a clock.
func (o *optimal) happened(k int32, clock []int32) bool {
	n := o.path[k]
	t := int(n.thread)
	return t < len(clock) && clock[t] >= n.clock[t]
}

// join adds to the step's clock those of the steps that it depends on, from the
// last one back: one that is not known yet is in a race with the step.
func (o *optimal) join(n *node) {
	for k := n.same; k >= 0; k = o.path[k].same {
		before := o.path[k]
		if before.depends(&n.access) {
			o.meet(n, k)
		}
		if before.writes {
			break
		}
	}
	if o.lastKill >= 0 {
		o.meet(n, o.lastKill)
	}
	if n.kill {
		for t := range o.last.thread {
			if k := o.lastOfThread(t); k >= 0 && t != int(n.thread) {
				o.meet(n, k)
			}
		}
	}
}

func (o *optimal) meet(n *node, k int32) {
	before := o.path[k]
	if o.happened(k, n.clock) {
		return
	}
	if !n.guarded || !before.writes || before.kill && o.couldBefore(&n.pending, k) {
		n.races = append(n.races, o.reversal(&n.pending, k))
	}
	n.clock = grown(n.clock, len(before.clock))
	for t, c := range before.clock {
		n.clock[t] = max(n.clock[t], c)
	}
}

// reversal is the race of a step with step k, which is next to it in the order of
// what happens before what.
func (o *optimal) reversal(p *pending, k int32) race {
	before := o.path[k]
	switch {
	case !p.conditional || !before.writes:
		return race{with: k, sure: true, writes: p.writes}
	case before.kill:
		return race{with: k}
	case p.onWord && before.onWord && p.word == before.word:
		// It decides who of those that sleep makes the step redundant (wanted). No random program
		// is known that tells it from p.writes: before, which is taken after the step, wakes the
		// readers among them, and a swap that a reader has kept from being planted, as if it were
		// a read, is in a race with that reader where it is taken after it.
		writes := before.before == p.expects
		return race{with: k, sure: true, writes: writes}
	}
	return race{with: k}
}

// waits gives the races of a step that waits: with the last step before which it
// could have been taken, and those of which that is not known and must be tried.
// The steps between the two have kept it disabled, or are in a race with it
// themselves once the two have changed places. same is the last step at its place.
func (o *optimal) waits(p *pending, same int32, races []race) []race {
	clock := o.known(p)
	for k := same; k >= 0 && !o.happened(k, clock); k = o.path[k].same {
		before := o.path[k]
		if !before.writes {
			continue
		}
		could, known := o.couldBeTaken(p, k)
		if !known {
			races = append(races, race{with: k})
		} else if could {
			return append(races, race{with: k, sure: true, writes: p.writes})
		}
	}
	return races
}

// couldBeTaken says whether the predicate of a step that waits was true before
// step k.
func (o *optimal) couldBeTaken(p *pending, k int32) (could, known bool) {
	n := o.path[k]
	switch {
	case n.waiting>>uint(p.thread)&1 == 1 && p.prev < k:
		return n.enabled>>uint(p.thread)&1 == 1, true
	case p.onWord && p.test != nil && n.onWord && n.word == p.word:
		return o.ask(p, n.before)
	}
	return false, false
}

// detect looks at all races of an execution that has ended and plants what must
// be explored because of them.
func (o *optimal) detect() {
	for j := range o.path[:o.settled] {
		n := o.path[j]
		for i := range n.races {
			o.reverse(&n.races[i], &n.pending)
		}
		if n.choices != nil {
			o.alternatives(int32(j), n)
		}
	}
	for i := range o.blocked {
		p := &o.blocked[i]
		if o.struck(p) || !p.guarded || p.class == 0 || int(p.class) >= len(o.last.at) {
			continue
		}
		same := o.last.at[p.class]
		for k := o.killOf(p); k >= 0 && same > k; { // after its death it could take no step
			same = o.path[same].same
		}
		var room [4]race
		for _, r := range o.waits(p, same, room[:0]) {
			o.reverse(&r, p)
		}
	}
	for i := range o.ready {
		o.next(&o.ready[i])
	}
}

// next plants that a step which an execution that was cut short did not come to
// is taken before the last steps at its place.
func (o *optimal) next(p *pending) {
	if p.class == 0 || int(p.class) >= len(o.last.at) {
		return
	}
	clock := o.known(p)
	for k := o.last.at[p.class]; k >= 0 && !o.happened(k, clock); k = o.path[k].same {
		if r := o.reversal(p, k); o.path[k].depends(&p.access) {
			o.reverse(&r, p)
		}
		if o.path[k].writes {
			return
		}
	}
}

// struck plants that a step which a Kill prevented comes before the Kill, and
// says whether it could.
func (o *optimal) struck(p *pending) bool {
	k := o.killOf(p)
	if k < 0 || o.path[k].enabled>>uint(p.thread)&1 == 0 {
		return false
	}
	o.reverse(&race{with: k, sure: !p.conditional, writes: p.writes}, p)
	return true
}

// killOf gives the Kill that ended a thread before its step, the first one if it was
// struck again when it was dead; -1: it lives.
func (o *optimal) killOf(p *pending) int32 {
	for k := p.prev + 1; k < int32(o.settled); k++ {
		if n := o.path[k]; n.kill && n.victims>>uint(p.thread)&1 == 1 {
			return k
		}
	}
	return -1
}

// couldBefore says whether a step that waits now stood before step k already,
// and could have been taken.
func (o *optimal) couldBefore(p *pending, k int32) bool {
	could, known := o.couldBeTaken(p, k)
	return could && known
}

// alternatives plants the other answers to the choices of step k.
func (o *optimal) alternatives(k int32, n *node) {
	for _, other := range o.answers.others(*n.choices) {
		a := n.access
		a.answers, a.choices = other, nil
		o.plant(k, a)
	}
}

// reverse plants the execution in which the step comes before the one that it is
// in a race with.
func (o *optimal) reverse(r *race, p *pending) {
	a := p.access
	a.answers, a.choices = 0, nil
	if r.sure {
		a.writes = r.writes
		o.plant(r.with, a)
		return
	}
	n := o.path[r.with]
	if p.conditional {
		a.writes = false
		asRead := o.wanted(n, o.without(r.with, a))
		a.writes = true
		if !asRead && !o.wanted(n, o.without(r.with, a)) {
			return
		}
	} else if !o.wanted(n, o.without(r.with, a)) {
		return
	}
	could, writes := o.probes.probe(o, r.with, a)
	if could {
		a.writes = writes
		o.plant(r.with, a)
		return
	}
}

// without gives the steps after step k that do not depend on it, and then the
// step a.
func (o *optimal) without(k int32, a access) []access {
	n := o.path[k]
	t := int(n.thread)
	at := n.clock[t]
	v := o.v[:0]
	for _, after := range o.path[k+1 : o.settled] {
		if t >= len(after.clock) || after.clock[t] < at {
			v = append(v, after.access)
		}
	}
	v = append(v, a)
	o.v = v
	return v
}

// wanted says whether no step that sleeps at the node makes v redundant.
func (o *optimal) wanted(n *node, v []access) bool {
	for i := range n.sleep {
		if weakInitial(&n.sleep[i], v) {
			return false
		}
	}
	return true
}

// plant adds to the wakeup tree of step k that a comes before it.
func (o *optimal) plant(k int32, a access) {
	n := o.path[k]
	if v := o.without(k, a); o.wanted(n, v) {
		n.tree = insert(n.tree, v)
	}
}
