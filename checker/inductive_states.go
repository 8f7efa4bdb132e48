package checker

// inductor looks at states of a domain, for one goroutine.
type inductor[S comparable] struct {
	walker[S]
	run      *induction[S]
	odometer odometer[S]
	asked    S    // what a property is asked of,
	after    bool // to which the step leads
}

func (w *inductor[S]) init(i *induction[S]) { w.program, w.run = i.program, i }

// look looks at the states of the numbers from begin to end, or to the first that has a
// counterexample.
func (w *inductor[S]) look(p *stretch, begin, end uint64) {
	clear(p.coverage)
	*p = stretch{coverage: p.coverage}
	p.failed = answered(func() error {
		w.odometer.set(w.run.all, begin)
		for n := begin; n < end && !w.run.cancelled.Load(); n++ {
			if n > begin {
				w.odometer.next()
			}
			if w.lookAt(p, n); p.broken > 0 && !w.run.options.KeepGoing {
				break
			}
		}
		return nil
	}, w.at)
}

// lookAt takes the steps that are enabled in the state of a number, if the invariants hold
// there. In some it verifies what the model promises of its functions.
func (w *inductor[S]) lookAt(p *stretch, n uint64) {
	w.source = w.odometer.state
	verified := n < 1024 || n&255 == 0
	p.states++
	if w.firstFalse(w.run.given, &w.source, verified) >= 0 {
		return
	}
	p.holding++
	if state := w.source; verified {
		w.verifySteps(&state)
	}
	w.list()
	w.after = true
	for i := range w.next {
		to := &w.next[i]
		w.number = to.number
		p.transitions++
		p.coverage[w.program.coverageOf(to.number)]++
		if property := w.firstFalse(w.run.invariants, &to.state, verified); property >= 0 {
			p.broken++
			p.first.find(n, to.number, property)
			if !w.run.options.KeepGoing {
				break
			}
		} else if !w.run.all.has(&to.state) {
			p.leaving++
			p.left.find(n, to.number, -1)
		}
	}
	w.after = false
}

// find books the first of several.
func (t *stepTo) find(from uint64, transition uint32, property int) {
	if !t.found {
		*t = stepTo{true, from, transition, property}
	}
}

// firstFalse asks properties of a state, in order, and gives the first that is false, -1 if
// none is.
func (w *inductor[S]) firstFalse(of []int, s *S, verified bool) int {
	w.asked = *s
	for _, k := range of {
		w.doing, w.property, w.scratch = callProperty, k, w.asked
		ok := w.ask()
		w.demand(w.scratch == w.asked, "changes the state that it may only read")
		w.demand(!verified || ok == w.ask(), "gives two answers in one state")
		if !ok {
			return k
		}
	}
	return -1
}

func (w *inductor[S]) ask() bool { return w.program.model.Properties[w.property].state(&w.scratch) }

// at says which function of the model is called, and in which state of the domain.
func (w *inductor[S]) at() (string, S) {
	if w.doing != callProperty {
		return w.where(), w.source
	}
	where := whereClause(&w.program.model.Properties[w.property], w.asked)
	if w.after {
		w.doing = callStep
		where += ", asked of what " + w.where() + " leads to,"
	}
	return where, w.source
}
