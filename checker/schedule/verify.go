package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// verifier tests that what is taken for one state is one. When an execution meets
// a state that another one reached first, both are driven on by the same
// decisions, and must stay in equal states. A mark that leaves out a live value,
// shared words that were not announced and a quotient that is too coarse show
// here, as soon as the two make different steps or tell different values.
type verifier struct {
	s     *stateful
	kept  *kept
	due   []Decision // the path by which a state was met now whose first path is kept
	first []Decision
}

// kept is what verifiers of all workers share.
type kept struct {
	c        *common
	mu       sync.Mutex
	paths    map[Digest][]Decision // how some states were reached first
	met      uint64                // states met again of which the first path is kept
	verified uint64                // states that were verified
}

// Verification takes a part of the time that falls with the size of the search.
const (
	keptPaths    = 1 << 14 // states whose first path is kept
	metPerVerify = 64      // after the first ones, one in so many is verified
	driveSteps   = 200
	driveSeeds   = 3
	pathSize     = 16 // bytes of a Decision
)

// firstMet: that many are all verified. Tests of small searches that look for something
// else set it to 0 (export_test.go).
var firstMet uint64 = 256

func (k *kept) forget() {
	k.paths = make(map[Digest][]Decision)
	k.met, k.verified = 0, 0
}

// keep keeps the path to a new state, of some states: all of the first ones, and
// then those of some digests.
func (v *verifier) keep(key Digest) {
	k := v.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.paths) < keptPaths && (len(k.paths) < keptPaths/4 || key.b%64 == 0) && k.c.seen.hold(pathSize*uint64(len(v.s.r.steps))) {
		k.paths[key] = v.s.r.decisions()
	}
}

// hit is told that the state was met again.
func (v *verifier) hit(key Digest) {
	k := v.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	first, is := k.paths[key]
	if !is {
		return
	}
	k.met++
	if k.met <= firstMet || k.met%metPerVerify == 0 {
		k.verified++
		v.first, v.due = first, v.s.r.decisions()
	}
}

// verify drives the two executions on if one is due.
func (v *verifier) verify() error {
	if v.due == nil {
		return nil
	}
	second := v.due
	v.due = nil
	for seed := range uint64(driveSeeds) {
		a := v.drive(v.first, seed)
		b := v.drive(second, seed)
		if a.stopped || b.stopped {
			return nil
		}
		if a.fails == propertyDataRace || b.fails == propertyDataRace {
			return nil // clocks need not agree: the search itself comes to the race
		}
		if at := a.parts(&b); at >= 0 {
			// Again, up to where they part, for what is in the two states.
			a, b = v.driveTo(at, v.first, seed), v.driveTo(at, second, seed)
		}
		if err := a.differs(&b); err != nil {
			return err
		}
	}
	return nil
}

// drive is an execution that was driven on from a state.
type drive struct {
	r       *runner
	path    []Decision
	at      int
	draw    *rand.Rand
	went    []went
	stands  []stand // of all threads, one state after another
	keep    int     // the state after so many steps is kept
	kept    inParts
	ended   outcome
	fails   string
	stopped bool // it did not come to the state, or the search was interrupted
}

// went is a state that a drive came through.
type went struct {
	key    Digest
	step   record // that led to it
	thread string // the name of who made it
	label  int32  // of its last mark; -1: there was none
	next   []stand
}

func (v *verifier) drive(path []Decision, seed uint64) drive { return v.driveTo(-1, path, seed) }

// driveTo also keeps the state that comes after so many steps.
func (v *verifier) driveTo(after int, path []Decision, seed uint64) drive {
	r := v.s.r
	d := drive{r: r, path: path, draw: rand.New(rand.NewPCG(seed, 0)), keep: after}
	r.aside(&d, len(path)+driveSteps, func() {})
	d.ended, d.fails = r.outcome, r.property
	d.stopped = d.stopped || r.outcome == interrupted
	return d
}

func (d *drive) begin() (int, bool) { return 0, true }

func (d *drive) pick(enabled uint64, _ int) int {
	if d.at < len(d.path) {
		t := d.path[d.at].Thread
		if t < 0 || enabled>>uint(t)&1 == 0 {
			d.stopped = true
			return -1
		}
		d.at++
		return t
	}
	d.note()
	return oneOf(d.draw, enabled)
}

func (d *drive) choose(n int) int {
	if d.at < len(d.path) {
		v := d.path[d.at].Answer
		d.at++
		return min(v, n-1)
	}
	return d.draw.IntN(n)
}

// over notes the state at the end, where no strategy is asked.
func (d *drive) over() {
	if d.at == len(d.path) && d.r.outcome == underWay {
		d.note()
	}
}

// note takes down the state.
func (d *drive) note() {
	r := d.r
	w := went{key: r.state(), step: r.lastStep(), thread: "the set-up", label: -1}
	if r.last >= 0 {
		w.thread, w.label = r.threads[r.last].name, r.threads[r.last].label
	}
	first := len(d.stands)
	for _, th := range r.threads[:r.declared] {
		d.stands = append(d.stands, r.standing(th))
	}
	w.next = d.stands[first:len(d.stands):len(d.stands)]
	if len(d.went) == d.keep {
		d.kept.take(r)
	}
	d.went = append(d.went, w)
}

// lastStep gives the last step that is no answer.
func (r *runner) lastStep() record {
	for _, rec := range slices.Backward(r.steps) {
		if rec.choice < 0 {
			return rec
		}
	}
	return record{thread: -1, choice: -1}
}

// before says what a thread stands before.
func (r *runner) before(th *thread) string {
	switch {
	case th.dead:
		return "its death"
	case th.done:
		return "its end"
	}
	return fmt.Sprintf("%s (%v %v)", th.event.Name, th.event.Kind, th.event.Location)
}

// tellStand says the same of a thread that stood there.
func (r *runner) tellStand(s stand) string {
	switch s.place {
	case struckDead, atDeath:
		return "its death"
	case atEnd:
		return "its end"
	}
	return fmt.Sprintf("%s (%s)", r.names.list[s.name], tellPlace(s.place))
}

// parts gives after how many steps two executions that met part again; -1: nowhere.
func (d *drive) parts(other *drive) int {
	for i := range min(len(d.went), len(other.went)) {
		if d.went[i].key != other.went[i].key {
			return i
		}
	}
	return -1
}

// differs says where two executions that met part again.
func (d *drive) differs(other *drive) error {
	if i := d.parts(other); i >= 0 {
		a, b := &d.went[i], &other.went[i]
		since := "since its beginning"
		if a.label >= 0 {
			since = fmt.Sprintf("since its last mark, %q: does the mark leave out a live value?", d.r.names.list[a.label])
		}
		return fmt.Errorf("%w: two executions met in one state and %s on they differ: %s. Thread %q has come that far with more than what it read %s",
			ErrState, plural(i, "step"), d.effect(other, a, b), a.thread, since)
	}
	if d.ended != other.ended || d.fails != other.fails || len(d.went) != len(other.went) {
		return fmt.Errorf("%w: two executions met in one state and end in different ways, %s and %s: is there shared state that T.Shared does not tell?",
			ErrState, d.way(), other.way())
	}
	return nil
}

func (d *drive) effect(with *drive, a, b *went) string {
	one, other := d.r.tellOf(a.step, a.thread), d.r.tellOf(b.step, b.thread)
	if one != other {
		return fmt.Sprintf("one goes on with %s, the other with %s", one, other)
	}
	for i := range min(len(a.next), len(b.next)) {
		if a.next[i] != b.next[i] {
			return fmt.Sprintf("after %s thread %q stands before %s in one, before %s in the other",
				one, d.r.threads[i].name, d.r.tellStand(a.next[i]), d.r.tellStand(b.next[i]))
		}
	}
	return fmt.Sprintf("%s leaves other values in one than in the other, in %s", one, d.kept.differs(&with.kept))
}

func (d *drive) way() string {
	switch {
	case d.fails != "":
		return "as a failure of " + d.fails
	case d.ended == cut:
		return "later"
	}
	return "well"
}
