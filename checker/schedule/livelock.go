package schedule

import (
	"fmt"
	"math"
	"slices"
	"sync"
)

// Livelock. An execution that comes back to a state of its own may go round for ever
// (Report.Rounds); whether the round can be left, no path of the search tells. With
// Options.EndReachable the search takes down all transitions, and looks back from the ends
// once it has visited everything: where no end can be reached, whoever goes on and whatever
// the world answers, is a livelock. There is no fairness in it: that a round can be left is
// enough, and a scheduler may still be so unkind as never to leave it.
//
// Which transitions there are, a search without reduction knows: one that puts threads to
// sleep leaves some out, and then a state may seem to lead nowhere.
//
// An end is a state in which no thread can go on, or in which threads of T.Go have ended, and
// all that were declared, whatever daemons may still do. A
// state in which nobody can go on and that is no end fails by property "deadlock".
//
// A state from which no end can be reached has no step that leads to one from which an end
// can be. The counterexample is a shortest way into such states, and on through them until one
// comes twice. Whoever replays it searches all that comes after it again (onwards): that no
// end does is not to be seen of one execution.

// propertyLivelock is what a program fails that comes to where no end can be reached.
const propertyLivelock = "livelock"

// transitions are those of a search by states, by the numbers of states.
type transitions struct {
	c        *common
	mu       sync.Mutex
	from, to []uint32 // of each transition
	first    []uint32 // states in which executions begin
	ends     []uint32
	bytes    uint64 // that from and to take
}

const (
	transitionSize = 8
	firstRoom      = 1024 // transitions
)

// add takes down a transition, or if there is no state before it, where an execution
// begins. ends: to is an end. false: there may be no more.
func (g *transitions) add(from *fork, to uint32, ends bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ends {
		g.ends = append(g.ends, to)
	}
	if from == nil {
		g.first = append(g.first, to)
		return true
	}
	if len(g.from) == cap(g.from) && !g.grow() {
		return false
	}
	g.from, g.to = append(g.from, from.number), append(g.to, to)
	return true
}

// grow makes room; while the lists are copied, the old ones count too.
func (g *transitions) grow() bool {
	room := max(firstRoom, 2*cap(g.from))
	bytes := uint64(room) * transitionSize
	if !g.c.seen.hold(bytes) {
		return false
	}
	from, to := make([]uint32, len(g.from), room), make([]uint32, len(g.to), room)
	copy(from, g.from)
	copy(to, g.to)
	g.from, g.to = from, to
	g.c.seen.held.Add(-g.bytes)
	g.bytes = bytes
	return true
}

// visit looks up the state before the decision p, to which the execution has come from the
// decision from; nil: it begins there. over: no thread can go on.
func (s *stateful) visit(from, p *fork, key Digest, sleep uint64, over bool) (slept uint64, known, room bool) {
	g := s.c.transitions
	if g == nil {
		return s.c.seen.visit(key, sleep)
	}
	if p.number, known, room = s.c.seen.number(key); !room {
		return 0, known, false
	}
	return 0, known, g.add(from, p.number, !known && (over || s.isEnd(p)))
}

// beforeLast gives the decision before the last one; nil: there is none.
func (s *stateful) beforeLast() *fork {
	if len(s.path) < 2 {
		return nil
	}
	return s.path[len(s.path)-2]
}

// isEnd says whether there are threads that have to end, and all have in the state before the
// decision.
func (s *stateful) isEnd(p *fork) bool {
	any := false
	if p.picture.drawn {
		for _, n := range p.picture.positions {
			if !n.thread.daemon && !n.ended {
				return false
			}
			any = any || !n.thread.daemon
		}
		return any
	}
	for _, th := range s.r.threads[:s.r.declared] {
		if !th.daemon && !th.done && !th.dead {
			return false
		}
		any = any || !th.daemon
	}
	return any
}

// neighbours are the states that lead to each state, or to which each leads.
type neighbours struct{ begin, list []uint32 }

func (g *neighbours) of(state uint32) []uint32 { return g.list[g.begin[state]:g.begin[state+1]] }

// neighboursOf sorts transitions by what is in of.
func neighboursOf(states int, of, others []uint32) *neighbours {
	g := &neighbours{make([]uint32, states+1), make([]uint32, len(of))}
	for _, s := range of {
		g.begin[s+1]++
	}
	for i := range states {
		g.begin[i+1] += g.begin[i]
	}
	next := slices.Clone(g.begin)
	for i, s := range of {
		g.list[next[s]] = others[i]
		next[s]++
	}
	return g
}

// livelocked looks for states from which no end can be reached. It gives how many there are,
// and the states of an execution that goes a shortest way into them, by so many steps, and on
// until one comes twice; room: there was enough to look.
func (g *transitions) livelocked() (count int, way []uint32, lost int, room bool) {
	states := int(g.c.seen.states.Load())
	if uint64(len(g.from)) > math.MaxUint32 {
		return 0, nil, 0, false
	}
	bytes := uint64(states)*17 + uint64(len(g.from))*4
	if !g.c.seen.hold(bytes) {
		return 0, nil, 0, false
	}
	defer g.c.seen.held.Add(-bytes) // a byte and four numbers for each state
	good := make([]bool, states)
	count = states
	to := neighboursOf(states, g.to, g.from)
	left := slices.Clone(g.ends)
	for _, s := range left {
		good[s] = true
	}
	for ; len(left) > 0; count-- {
		s := left[len(left)-1]
		left = left[:len(left)-1]
		for _, before := range to.of(s) {
			if !good[before] {
				good[before] = true
				left = append(left, before)
			}
		}
	}
	if count > 0 {
		from := neighboursOf(states, g.from, g.to)
		way = shortest(from, g.first, good)
		lost = len(way) - 1
		way = round(from, way)
	}
	return count, way, lost, true
}

// shortest gives a shortest way from where executions begin to a state that is not good.
func shortest(from *neighbours, first []uint32, good []bool) []uint32 {
	const unmet = math.MaxUint32
	parent := slices.Repeat([]uint32{unmet}, len(good))
	left := slices.Clone(first)
	for _, s := range first {
		parent[s] = s
	}
	for ; len(left) > 0; left = left[1:] {
		s := left[0]
		if !good[s] {
			way := []uint32{s}
			for ; parent[s] != s; s = parent[s] {
				way = append(way, parent[s])
			}
			slices.Reverse(way)
			return way
		}
		for _, next := range from.of(s) {
			if parent[next] == unmet {
				parent[next] = s
				left = append(left, next)
			}
		}
	}
	panic("schedule: a state that was visited is not to be reached from where executions begin")
}

// round goes on from the end of the way until a state comes twice. Each state there has a
// step, since it is no end and nobody is deadlocked.
func round(from *neighbours, way []uint32) []uint32 {
	s := way[len(way)-1]
	for met := map[uint32]bool{}; !met[s]; way = append(way, s) {
		met[s] = true
		s = from.of(s)[0]
	}
	return way
}

// judgeEnds looks for a livelock once the search has visited all states and found nothing.
func (e *exploration) judgeEnds() (ending, error) {
	g := e.states.c.transitions
	count, way, lost, room := g.livelocked()
	switch {
	case !room:
		return atMemory, nil
	case count == 0:
		e.report.EndReachable = true
		return exhausted, nil
	}
	e.report.Livelocked = uint64(count)
	first, err := e.follows(g.c.seen.keys(way))
	if err != nil || first == nil {
		return atInterrupt, err
	}
	first.lost = lost
	e.first = first
	return exhausted, nil
}

// follows makes the execution that comes through the states of those digests; nil: the search
// was interrupted.
func (e *exploration) follows(way []Digest) (*found, error) {
	r := e.r
	s := newStateful(r, Options{Plain: true, RunAll: true}, newCommon(1, 0))
	s.c.orders.Store(e.states.c.orders.Load())
	s.way = way
	r.strategy = s
	for {
		settled, more := s.begin()
		if !more {
			return nil, fmt.Errorf("%w: a livelock was found, and no execution comes to it", ErrState)
		}
		r.run(settled)
		switch {
		case r.outcome == interrupted:
			return nil, nil
		case s.came:
			f := r.found()
			f.property = propertyLivelock
			return f, nil
		}
		if err := s.repeated(); err != nil && !s.met {
			return nil, err
		}
	}
}

// followsOn lets the execution go on if the state before the decision is the next of the way.
func (s *stateful) followsOn(p *fork) bool {
	at := len(s.path) - 1
	if s.keyOf(p).asKey() != s.way[at] {
		return s.goesOn(false)
	}
	if s.came = at == len(s.way)-1; s.came {
		return s.goesOn(false)
	}
	p.sleep, p.left, p.chosen = 0, p.enabled, lowest(p.enabled)
	return true
}

// onwards is the search, without reduction, of all that comes after the steps of an execution.
type onwards struct {
	*stateful
	stem script
}

func (w *onwards) begin() (int, bool) {
	w.stem.at = 0
	return w.stateful.begin()
}

func (w *onwards) pick(enabled uint64, last int) int {
	if w.stem.at < len(w.stem.decisions) {
		return w.stem.pick(enabled, last)
	}
	return w.stateful.pick(enabled, last)
}

func (w *onwards) choose(n int) int {
	if w.stem.at < len(w.stem.decisions) {
		return w.stem.choose(n)
	}
	return w.stateful.choose(n)
}

// repeats implements repeater: the settled steps are those of the stem, too.
func (w *onwards) repeats() bool {
	is := w.stateful.repeats()
	if is {
		w.stem.at = len(w.stem.decisions)
	}
	return is
}

// livelock says whether no end comes after the execution of the decisions, whoever goes on: it
// visits all states that do. It gives how many there are, or why it is not known.
func (r *runner) livelock(ds []Decision, o Options) (is bool, states uint64, unknown string, err error) {
	c := newCommon(1, o.MaxMemory)
	w := &onwards{newStateful(r, Options{Plain: true, RunAll: true}, c), script{r: r, decisions: ds}}
	w.seeksEnd = true
	r.strategy, r.keeps, r.maxSteps = w, true, len(ds)+o.maxSteps()
	for {
		settled, more := w.begin()
		switch {
		case c.noRoom:
			return false, 0, "out of memory", nil
		case !more:
			return true, c.seen.states.Load(), "", nil
		}
		r.run(settled)
		switch {
		case c.begins: // more is known now of who touches what
			w.forget()
			c.anew()
		case w.came, r.outcome == failed:
			return false, 0, "", nil
		case r.outcome == interrupted:
			return false, 0, "interrupted", nil
		case r.outcome == cut:
			return false, 0, fmt.Sprintf("an execution goes on for more than %s after it", plural(o.maxSteps(), "step")), nil
		case w.met:
			continue
		}
		if r.misuse != "" {
			return false, 0, "", fmt.Errorf("%w: %s", ErrUsage, r.misuse)
		}
		if err := w.repeated(); err != nil {
			return false, 0, "", err
		}
	}
}

// unknownEnd says why the verdict is unknown.
func unknownEnd(why string) string {
	return "whether an end can be reached after it is not known: " + why
}

// tellLivelock says what is wrong with an execution that may go on.
func tellLivelock(states uint64) string {
	return fmt.Sprintf("no end of the execution can be reached any more, whoever goes on: of the states that come after it (%d) there is none in which all threads of T.Go have ended, or nobody goes on", states)
}

// tellLost says by which step an execution has come to where no end can be reached.
func tellLost(x *Execution, step int) string {
	if step == 0 {
		return "from the beginning "
	}
	return fmt.Sprintf("since step %d, %s by %s, ", step, describe(x.Steps[step-1].bare()), x.thread(x.Steps[step-1]))
}
