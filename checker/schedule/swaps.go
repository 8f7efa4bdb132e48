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
// Where T.Choose answers after one of them, the two are taken with all answers: what they
// may come to must be the same in either order. Which answers lead there need not be, for
// two may ask for one thing, of which there is enough for one.
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
		if of := w.swap(two); of != nil {
			if err := wrong(*of); err != nil {
				return err
			}
		}
	}
	w.due = w.due[:0]
	return nil
}

// arrival is what two steps come to with some answers.
type arrival struct {
	answers []int
	fails   bool
	mute    bool
	key     Digest // of the state, where no check fails
}

// mostArrivals is with how many sets of answers two steps are taken in one order: where
// there are more, nothing is said.
const mostArrivals = 32

// arrivals takes two steps with all answers, in the order that d has. It stops where d shows
// that something is wrong with the steps themselves, and is nil where nothing can be said.
func (w *swapper) arrivals(d *swapped) []arrival {
	var all []arrival
	for d.answers = d.answers[:0]; len(all) < mostArrivals; {
		d.take()
		if w.voids() || d.void {
			return nil
		}
		all = append(all, arrival{answers: d.given(), fails: d.fails != "", mute: d.mute, key: d.key})
		if d.hidden+d.refused != "" || !d.further() {
			return all
		}
	}
	return nil
}

// missing gives an arrival of one order that the other one does not have: a failure first.
func missing(of, from []arrival) (arrival, bool) {
	fails := func(o arrival) bool { return o.fails }
	if i := slices.IndexFunc(of, fails); i >= 0 && !slices.ContainsFunc(from, fails) {
		return of[i], true
	}
	for _, o := range of {
		if !o.fails && !slices.ContainsFunc(from, func(other arrival) bool { return !other.fails && other.key == o.key }) {
			return o, true
		}
	}
	return arrival{}, false
}

// swap takes two steps in either order, and tells if they do not commute.
func (w *swapper) swap(two swap) *clash {
	a, b := &w.a, &w.b
	a.order(w.r, two.path, two.steps[0], two.steps[1])
	b.order(w.r, two.path, two.steps[1], two.steps[0])
	first, second := w.arrivals(a), w.arrivals(b)
	if first == nil || second == nil {
		return nil
	}
	for _, d := range []*swapped{a, b} {
		if wrong := d.wrong(); wrong != nil {
			return &clash{err: wrong, at: d.made}
		}
	}
	tells := func(o arrival) bool { return !o.fails && !o.mute }
	one, is := missing(first, second)
	if !is || !one.fails {
		if other, also := missing(second, first); also && (!is || other.fails) {
			one, is = other, true
			a, b, second = b, a, first
		}
	}
	switch {
	case is && one.fails:
		a.repeat(one.answers)
		return &clash{fails: true, at: a.made, err: fmt.Errorf("%w: after %s %s and %s fail by property %q, and do not in the other order, %s: does a check look at what stands elsewhere?",
			ErrState, plural(len(two.path), "decision"), a.tell(0), a.tell(1), a.fails, though)}
	case slices.ContainsFunc(first, func(o arrival) bool { return !tells(o) }), slices.ContainsFunc(second, func(o arrival) bool { return !tells(o) }):
		return nil
	case is:
		a.repeat(one.answers)
		b.repeat(second[0].answers)
		return &clash{states: true, at: a.made, err: fmt.Errorf("%w: after %s the state that %s and %s lead to differs from that after the other order in %s, %s: does one of them touch more than it announces (T.Step takes several places), or does a mark tell what came first?",
			ErrState, plural(len(two.path), "decision"), a.tell(0), a.tell(1), a.state.differs(&b.state), though)}
	}
	w.agreed.Add(1)
	return nil
}

const though = "though neither changes anything at the places of the other"

// swapped is the strategy of an execution that takes two steps after a path, and what
// it came to.
type swapped struct {
	r       *runner
	path    []Decision
	two     [2]int
	at      int      // decisions that were made, but for answers after the path
	answers []answer // after it
	asked   int      // how many of them were given
	made    []Decision
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

// answer is one of T.Choose, among so many.
type answer struct{ value, among int }

// mostAnswers is how many answers the two may get.
const mostAnswers = 16

// order says what is to be taken.
func (d *swapped) order(r *runner, path []Decision, one, other access) {
	*d = swapped{r: r, path: path, two: [2]int{int(one.thread), int(other.thread)}, answers: d.answers[:0], state: d.state, hides: d.hides, stands: [2]access{one, other}}
}

// take makes the execution, with the answers that there are and the first ones after them.
func (d *swapped) take() {
	d.at, d.asked, d.void, d.mute, d.refused, d.fails, d.hidden = 0, 0, false, false, "", "", ""
	d.key, d.steps, d.minds = Digest{}, [2]record{}, minds{}
	r := d.r
	r.aside(d, len(d.path)+3+mostAnswers, func() {
		d.made = r.decisions()
		d.void = d.void || r.outcome == interrupted || r.misuse != "" || r.mute != "" || d.at <= len(d.path)
		n := max(0, d.at-len(d.path))
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

// given are the answers of the execution.
func (d *swapped) given() []int {
	var all []int
	for _, a := range d.answers[:d.asked] {
		all = append(all, a.value)
	}
	return all
}

// further makes the answers those of the next execution, if there is one.
func (d *swapped) further() bool {
	for n := d.asked; n > 0; n-- {
		if a := &d.answers[n-1]; a.value+1 < a.among {
			a.value++
			d.answers = d.answers[:n]
			return true
		}
	}
	return false
}

// repeat makes the execution with such answers.
func (d *swapped) repeat(answers []int) {
	d.answers = d.answers[:0]
	for _, v := range answers {
		d.answers = append(d.answers, answer{value: v})
	}
	d.take()
}

// wrong is what an execution has shown that concerns no other one.
func (d *swapped) wrong() error {
	after := plural(len(d.path), "decision")
	switch {
	case d.hidden != "":
		return fmt.Errorf("%w: after %s %s", ErrState, after, d.hidden)
	case d.refused != "":
		return fmt.Errorf("%w: after %s %s keeps %s from being taken, %s: does that wait for more than it announces?",
			ErrState, after, d.tell(0), d.refused, though)
	}
	return nil
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
	th := d.r.running
	if d.at == len(d.path) || th == nil || !slices.Contains(d.two[:], th.index) || d.asked == mostAnswers {
		d.void = true // another thread begins, or asks; or one asks on and on
		return 0
	}
	if d.asked++; d.asked > len(d.answers) {
		d.answers = append(d.answers, answer{among: n})
	}
	a := &d.answers[d.asked-1]
	a.among = n
	return min(a.value, n-1)
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
