package schedule

// prober tries what a step does at another place of the execution.
type prober struct {
	o     *optimal
	steps []access
	at    int
	asked int
	found struct{ could, writes bool }
}

// probe runs the execution up to step k, then the steps that do not depend on it,
// and sees whether the step a is enabled then and whether it writes.
func (p *prober) probe(o *optimal, k int32, a access) (could, writes bool) {
	p.o, p.at = o, 0
	p.steps = p.steps[:0]
	for _, n := range o.path[:k] {
		p.steps = append(p.steps, n.access)
	}
	p.steps = append(p.steps, o.without(k, a)...)
	p.found.could, p.found.writes = false, false
	r := o.r
	r.strategy = p
	r.run(0)
	r.strategy = o
	return p.found.could, p.found.writes
}

func (p *prober) begin() (int, bool) { return 0, true }

func (p *prober) pick(enabled uint64, _ int) int {
	if p.o.looked() {
		return -1
	}
	a := p.steps[p.at]
	p.at++
	p.asked = 0
	could := enabled>>uint(a.thread)&1 == 1
	if p.at < len(p.steps) {
		if !could {
			return -1
		}
		return int(a.thread)
	}
	th := p.o.r.threads[a.thread]
	p.found.could = could
	switch {
	case !could:
	case th.changes != nil:
		p.found.writes = p.o.r.predicate(th, th.changes)
	case th.word != nil && th.event.Kind == CAS:
		p.found.writes = th.word.v == th.expects
	default:
		p.found.writes = th.event.Kind.writes()
	}
	return -1
}

func (p *prober) choose(n int) int {
	if p.at == 0 {
		i := p.asked
		p.asked++
		if i < len(p.o.setUp.choices) {
			return int(p.o.setUp.choices[i].answer)
		}
		return 0
	}
	list := p.o.answers.lists[p.steps[p.at-1].answers]
	i := p.asked
	p.asked++
	if i < len(list) && int(list[i]) < n {
		return int(list[i])
	}
	return 0
}
