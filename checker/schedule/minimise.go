package schedule

import "iter"

// found is a failing execution as a search keeps it.
type found struct {
	property    string
	decisions   []Decision
	preemptions int
	lost        int // of a livelock: after how many decisions among threads no end can be reached
}

// found gives the failing execution that was just made.
func (r *runner) found() *found {
	f := &found{property: r.property, decisions: r.decisions(), preemptions: r.preemptions}
	if r.failedAt >= 0 {
		f.decisions, f.preemptions = f.decisions[:r.failedAt], r.failedPreemptions
	}
	return f
}

func (r *runner) decisions() []Decision {
	ds := make([]Decision, len(r.steps))
	for i, rec := range r.steps {
		if rec.choice >= 0 {
			ds[i] = Decision{Thread: -1, Answer: int(rec.choice)}
		} else {
			ds[i] = Decision{Thread: int(rec.thread)}
		}
	}
	return ds
}

// The steps spent on a smaller failure: a fraction of a second.
const (
	minimiseSteps      = 300_000
	minimiseExecutions = 300 // of the length of the failure, beside those steps
)

// minimiser looks for the same failure with fewer preemptions, then fewer steps.
type minimiser struct {
	r      *runner
	best   *found
	effort int // steps left to spend
}

// minimise gives the smallest failure of the first one's property that it finds
// within its effort. One of property "exit" stays as it is: code that ends its goroutine
// has said something to its test, and would say it again each time. So does one of property
// "livelock": its way there is a shortest one.
func (e *exploration) minimise() *found {
	if e.first.property == propertyExit || e.first.property == propertyLivelock {
		return e.first
	}
	m := minimiser{r: e.r, best: e.first, effort: minimiseSteps + minimiseExecutions*len(e.first.decisions)}
	limit := e.r.maxSteps
	defer func() { e.r.maxSteps = limit }()
	fewest := 0
	if e.rounds != nil && e.s.preemptions >= 0 {
		fewest = e.first.preemptions // the earlier rounds found none
	}
	m.simplify()
	for k := fewest; k <= m.best.preemptions && m.effort > 0; k++ {
		m.round(k, limit)
	}
	m.simplify()
	return m.best
}

// round visits executions with at most k preemptions, and once one fails only
// shorter ones.
func (m *minimiser) round(k, limit int) {
	d := newDepthFirst(k)
	d.bound = k
	for m.effort > 0 {
		settled, more := d.begin()
		if !more {
			return
		}
		m.r.maxSteps = limit
		if k == m.best.preemptions {
			m.r.maxSteps = len(m.best.decisions) - 1
		}
		if !m.try(d, settled) {
			return
		}
	}
}

// try runs one execution and keeps it if it is better; false: give up.
func (m *minimiser) try(s strategy, settled int) bool {
	r := m.r
	r.strategy = s
	r.run(settled)
	m.effort -= len(r.steps) + 1
	switch r.outcome {
	case interrupted, refused:
		m.effort = 0
		return false
	case failed:
		if r.property == m.best.property && m.smaller() {
			m.best = r.found()
		}
	}
	return true
}

func (m *minimiser) smaller() bool {
	r := m.r
	if r.preemptions != m.best.preemptions {
		return r.preemptions < m.best.preemptions
	}
	return len(r.steps) < len(m.best.decisions)
}

// simplify leaves out runs of steps, half of the schedule at once to begin with
// (delta debugging: Zeller, Hildebrandt, TSE 2002), then moves single ones next to
// others of the same thread, as long as that helps.
func (m *minimiser) simplify() {
	for chunk := len(split(m.best.decisions)) / 2; chunk > 0 && m.effort > 0; {
		if !m.improve(without(m.best.decisions, chunk)) {
			chunk /= 2
		}
	}
	for m.effort > 0 && m.improve(moved(m.best.decisions)) {
	}
}

// improve tries plans until one leads to a better failure.
func (m *minimiser) improve(plans iter.Seq[[]Decision]) bool {
	before := m.best
	for plan := range plans {
		m.r.maxSteps = len(before.decisions) * 2
		if m.effort <= 0 || !m.try(&guided{plan: plan}, 0) {
			return false
		}
		if m.best != before {
			return true
		}
	}
	return false
}

// without gives the schedule's variants that lack so many segments in a row.
func without(ds []Decision, chunk int) iter.Seq[[]Decision] {
	return func(yield func([]Decision) bool) {
		segments := split(ds)
		for i := 0; i < len(segments); i += chunk {
			if !yield(join(segments[:i], segments[min(i+chunk, len(segments)):])) {
				return
			}
		}
	}
}

// moved gives the schedule's variants in which two segments of one thread, next to
// each other among that thread's, stand together at either's place.
func moved(ds []Decision) iter.Seq[[]Decision] {
	return func(yield func([]Decision) bool) {
		segments := split(ds)
		for i, s := range segments {
			for j := i + 1; j < len(segments); j++ {
				if segments[j][0].Thread != s[0].Thread {
					continue
				}
				between := segments[i+1 : j]
				if !yield(join(segments[:i+1], segments[j:j+1], between, segments[j+1:])) ||
					!yield(join(segments[:i], between, segments[i:i+1], segments[j:])) {
					return
				}
				break
			}
		}
	}
}

// split cuts a schedule into runs of one thread; an answer belongs to the step
// before it.
func split(ds []Decision) [][]Decision {
	var out [][]Decision
	start := 0
	for i := 1; i <= len(ds); i++ {
		if i == len(ds) || (ds[i].Thread >= 0 && ds[i].Thread != ds[start].Thread) {
			out = append(out, ds[start:i])
			start = i
		}
	}
	if len(ds) == 0 {
		return nil
	}
	return out
}

func join(parts ...[][]Decision) []Decision {
	var out []Decision
	for _, p := range parts {
		for _, s := range p {
			out = append(out, s...)
		}
	}
	return out
}

// guided follows a plan as far as it can, and else stays with the running thread.
type guided struct {
	plan []Decision
	at   int
}

func (g *guided) begin() (int, bool) { return 0, true }

func (g *guided) pick(enabled uint64, last int) int {
	for ; g.at < len(g.plan); g.at++ {
		if t := g.plan[g.at].Thread; t >= 0 && enabled>>uint(t)&1 == 1 {
			g.at++
			return t
		}
	}
	if last >= 0 && enabled>>uint(last)&1 == 1 {
		return last
	}
	return lowest(enabled)
}

func (g *guided) choose(n int) int {
	if g.at < len(g.plan) && g.plan[g.at].Thread < 0 && g.plan[g.at].Answer < n {
		g.at++
		return g.plan[g.at-1].Answer
	}
	return 0
}
