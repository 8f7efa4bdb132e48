package schedule

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// swapper tests that steps which a search takes to commute do: of two that touch no
// place together (dependence.go) the search tries one order, where it can. From a sample
// of states both are taken, in either order, and must lead to one state, and neither may
// keep the other from being taken, or from passing its checks. So it finds a step that
// touches more than the places that it announces, even if each announces one of the places
// that a part is said to stand at (T.SharedAt): two threads that each give a thing back
// into a list, say.
//
// The sample is by names of steps: of each pair, the first time that a state has both
// ahead, the 4th, the 16th and so on.
type swapper struct {
	r *runner
	// Of the search: what an enabled thread stands before where the search is, and whether
	// an execution made aside has shown that some of that is void.
	access func(thread int) access
	voids  func() bool
	agreed *atomic.Uint64 // pairs that led to one state
	looked uint64
	met    map[uint64]uint32 // by the names of two steps: how many states have had both ahead
	due    []swap
	draw   *rand.Rand // of the pairs of a state, which one is looked at
	a, b   swapped
}

// swap is two steps that are to be taken in either order after a path.
type swap struct {
	path       []Decision
	one, other int // the threads
	steps      [2]access
}

// clash is two steps that do not commute.
type clash struct {
	err    error
	at     []Decision // the execution that shows it
	fails  bool       // by a check, after one order alone
	states bool       // they lead to two states, and that is all
}

// allPairs: of so many states all pairs are looked at, of those after them one pair.
const allPairs = 1 << 12

// swapping: tests that are about something else leave the swaps out (export_test.go).
var swapping = true

func newSwapper(r *runner, access func(int) access, voids func() bool, agreed *atomic.Uint64) swapper {
	return swapper{r: r, access: access, voids: voids, agreed: agreed, met: make(map[uint64]uint32), draw: rand.New(rand.NewPCG(1, 0))}
}

// look looks at a state that was not visited before, at which the search is.
func (w *swapper) look(enabled uint64, threads []*thread) {
	if !swapping || enabled&(enabled-1) == 0 {
		return
	}
	if w.looked++; w.looked > allPairs {
		one := oneOf(w.draw, enabled)
		w.pair(threads, one, oneOf(w.draw, enabled&^(1<<uint(one))))
		return
	}
	for e := enabled; e != 0; e &= e - 1 {
		for f := e & (e - 1); f != 0; f &= f - 1 {
			w.pair(threads, lowest(e), lowest(f))
		}
	}
}

// pair looks at two steps that a state has ahead.
func (w *swapper) pair(threads []*thread, one, other int) {
	first, second := w.access(one), w.access(other)
	if first.depends(&second) {
		return
	}
	r := w.r
	a, b := uint64(r.names.id(threads[one].event.Name)), uint64(r.names.id(threads[other].event.Name))
	key := min(a, b)<<32 | max(a, b)
	n := w.met[key] + 1
	if w.met[key] = n; n&(n-1) == 0 && bits.TrailingZeros32(n)%2 == 0 {
		w.due = append(w.due, swap{r.decisions(), one, other, [2]access{first, second}})
	}
}

// try makes the executions that are due, until wrong gives an error of two steps that do
// not commute.
func (w *swapper) try(wrong func(clash) error) error {
	for _, two := range w.due {
		err := w.swap(two)
		if err == nil {
			continue
		}
		at := append(two.path[:len(two.path):len(two.path)], Decision{Thread: two.one}, Decision{Thread: two.other})
		a, b := &w.a, &w.b
		of := clash{err: err, at: at, fails: (a.fails == "") != (b.fails == "")}
		of.states = !of.fails && a.hidden+b.hidden+a.refused+b.refused == ""
		if err = wrong(of); err != nil {
			return err
		}
	}
	w.due = w.due[:0]
	return nil
}

func (w *swapper) swap(two swap) error {
	r := w.r
	w.a.take(r, two.path, two.steps[0], two.steps[1])
	void := w.voids()
	w.b.take(r, two.path, two.steps[1], two.steps[0])
	void = w.voids() || void
	a, b := &w.a, &w.b
	const though = "though neither changes anything at the places of the other"
	switch {
	case a.void || b.void || void:
		return nil
	case a.hidden != "":
		return fmt.Errorf("%w: after %s %s", ErrState, plural(len(two.path), "decision"), a.hidden)
	case b.hidden != "":
		return fmt.Errorf("%w: after %s %s", ErrState, plural(len(two.path), "decision"), b.hidden)
	case a.refused != "" || b.refused != "":
		if a.refused == "" {
			a = b
		}
		return fmt.Errorf("%w: after %s %s keeps %s from being taken, %s: does that wait for more than it announces?",
			ErrState, plural(len(two.path), "decision"), a.tell(0), a.refused, though)
	case (a.fails == "") != (b.fails == ""):
		if a.fails == "" {
			a, b = b, a
		}
		return fmt.Errorf("%w: after %s %s and %s fail by property %q, and do not in the other order, %s: does a check look at what stands elsewhere?",
			ErrState, plural(len(two.path), "decision"), a.tell(0), b.tell(0), a.fails, though)
	case a.fails != "" || a.mute || b.mute:
		return nil
	case a.key != b.key:
		return fmt.Errorf("%w: after %s the state that %s and %s lead to differs from that after the other order in %s, %s: does one of them touch more than it announces (T.Step takes several places), or does a mark tell what came first?",
			ErrState, plural(len(two.path), "decision"), a.tell(0), b.tell(0), a.state.differs(&b.state), though)
	}
	w.agreed.Add(1)
	return nil
}

// swapped is the strategy of an execution that takes two steps after a path, and what
// it came to.
type swapped struct {
	r       *runner
	path    []Decision
	two     [2]int
	at      int // decisions that were made
	void    bool
	mute    bool   // the state after both may tell which came first (untold.go)
	refused string // the second step could not be taken after the first: what it is
	fails   string
	steps   [2]record
	key     Digest // of the state after both, which is in
	state   inParts
	// Of a search that looks at what the two do to those who wait: whether one of them, as
	// the two are taken, changes who is enabled and does not show it; what is said of that.
	hides  func(was, is minds, step *access) string
	hidden string
	stands [2]access
	minds  minds
}

func (d *swapped) take(r *runner, path []Decision, one, other access) {
	*d = swapped{r: r, path: path, two: [2]int{int(one.thread), int(other.thread)}, state: d.state, hides: d.hides, stands: [2]access{one, other}}
	r.aside(d, len(path)+3, func() {
		d.void = d.void || r.outcome == interrupted || r.misuse != "" || r.mute != "" || d.at <= len(path)
		n := max(0, d.at-len(path))
		for _, rec := range slices.Backward(r.steps) {
			if n > 0 && rec.choice < 0 {
				n--
				d.steps[n] = rec
				d.mute = d.mute || d.toldNothing(rec)
			}
		}
		if d.fails = r.property; r.outcome != failed || d.key != (Digest{}) {
			d.fails = "" // what comes after both is the same
		} else {
			d.void = d.void || r.guardsCheck || r.detector != nil // which look at who holds a lock, and at clocks
		}
	})
}

// toldNothing says whether a step has told nothing of what it read, so that it may have
// read all.
func (d *swapped) toldNothing(rec record) bool {
	return reads(Kind(rec.place>>48)) && int(rec.name) < len(d.r.telling) && d.r.telling[rec.name] != tells
}

func (d *swapped) begin() (int, bool) { return 0, true }

func (d *swapped) choose(n int) int {
	if d.at < len(d.path) {
		v := d.path[d.at].Answer
		d.at++
		return min(v, n-1)
	}
	d.void = true // what follows depends on the answer
	return 0
}

func (d *swapped) pick(enabled uint64, _ int) int {
	n := d.at - len(d.path)
	t := 0
	if n < 0 {
		t = d.path[d.at].Thread
	} else if d.note(n, enabled); n < 2 {
		t = d.two[n]
	} else {
		return -1
	}
	if t < 0 || enabled>>uint(t)&1 == 0 {
		d.refuse(n)
		return -1
	}
	d.at++
	return t
}

// refuse: the next step cannot be taken.
func (d *swapped) refuse(n int) {
	if n != 1 {
		d.void = true
		return
	}
	th := d.r.threads[d.two[1]]
	d.refused = d.r.before(th) + " by " + th.name
}

// over looks at where no thread can go on, where no strategy is asked.
func (d *swapped) over() {
	if n := d.at - len(d.path); n >= 0 && d.r.outcome == underWay && d.refused == "" && d.key == (Digest{}) {
		if d.note(n, 0); n < 2 {
			d.refuse(n)
		}
	}
}

// note looks at what the step that was taken last of the two did to those who wait, and
// takes down the state after both.
func (d *swapped) note(n int, enabled uint64) {
	is := d.r.minds(enabled)
	if n > 0 && d.hides != nil && d.hidden == "" {
		d.hidden = d.hides(d.minds, is, &d.stands[n-1])
	}
	d.minds = is
	if n < 2 {
		return
	}
	d.key = d.r.state()
	d.state.take(d.r)
}

func (d *swapped) tell(n int) string { return d.r.tell(d.steps[n]) }
