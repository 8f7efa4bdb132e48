package schedule

import "fmt"

// What a state is. It consists of
//
//   - the shared words: those of T.Word, and what the functions of T.Shared and
//     T.SharedAt add, the property's ghost state among it. Each of these is a part;
//   - of each thread, what it stands before, and its digest: of its last mark and
//     of all that it has read, chosen and done since. That of a thread that has
//     ended counts too, since a check at the end may look at what it came to. One
//     that was killed counts no more: what it was about to do is nobody's business;
//   - the answers to T.Choose in the set-up.
//
// A thread is a function of what it reads, so that without marks states are told
// apart by whole histories; with marks, loops close and paths meet.

// Shared declares a function that adds shared state to a digest: words of the
// program that threads read and write, who sleeps on what, and whatever else a
// check may look at. Stateful takes states for one whose digests are equal. Only
// the set-up may declare it. A counter that grows for ever is added as far as it
// matters: modulo the size of its ring, say.
func (t *T) Shared(f func(*Digest)) {
	t.share(part{call: "Shared", name: "what Shared declares", f: f, everywhere: true})
}

// SharedAt is Shared of state that stands at places: only a step on one of them, or
// on bytes that overlap with one, changes or looks at it, a check in the step
// included. That no other step changes it is tested wherever Stateful runs a step of
// a program that declares T.Recall. Two steps at different ones of the places are taken
// to commute: if both touch one thing, as a list that it stands at both of, they must
// announce a further place that they have in common (T.Step). Stateful tests that on a
// sample of such pairs (Report.Swapped), with several answers of T.Choose where one follows.
// It tests nothing of a step that no state comes before: one at places that its thread alone
// touches is taken at once, with the one before it. name is for messages: "slots of the
// queue".
func (t *T) SharedAt(name string, f func(*Digest), on ...Span) {
	t.share(part{call: "SharedAt", name: name, f: f, on: on})
}

// part is a part of the shared state.
type part struct {
	call, name string // by which call it is declared
	f          func(*Digest)
	on         []Span
	everywhere bool // any step may touch it
}

func (t *T) share(p part) {
	r := t.alive(p.call)
	if !r.settingUp {
		r.outsideSetUp(p.call)
	}
	if p.f == nil {
		r.misused("%s without a function", p.call)
	}
	r.shared = append(r.shared, p)
}

// Quotient declares what of a value that is told by T.SawValue matters to the
// thread that read it: Stateful digests f(place, value) in its stead. Values of
// one class must be such that the thread goes on alike, whatever the others do until it
// looks again. Of a counter that goes round a ring the class must say which slot it
// names, and how far it is from every other counter, or slot, that the thread compares it
// with by then. Where each look is at counters of now, they differ by at most the ring's
// size, and modulo twice that does. A thread that remembers one, and waits for it to
// change, must tell it from all that can come meanwhile: if the others may go on by k
// sizes before it looks again, modulo k + 1 sizes or more. Verification tests it: two
// executions that meet in a state are driven on and must stay equal. That is a sample, so
// that a quotient wants an argument, too.
func (t *T) Quotient(f func(at Location, v uint64) uint64) {
	r := t.alive("Quotient")
	if !r.settingUp {
		r.outsideSetUp("Quotient")
	}
	if f == nil {
		r.misused("Quotient without a function")
	}
	r.quotient = f
}

// history is what a search that keeps states knows of a thread.
type history struct {
	// local is the digest of what the thread has read, chosen and done since its
	// last mark.
	local Digest
	label int32 // of that mark; -1: there was none yet
	// Of its last step: the name, whether it told its value, and the digest of what
	// it may have read if it did not.
	name1  int32 // -1: it is in local
	told   bool
	before Digest
}

// same leaves out before, which is made only where it may be needed, and whether a
// step told its value where that is in local by now.
func (h *history) same(other *history) bool {
	return h.local == other.local && h.label == other.label && h.name1 == other.name1 && (h.name1 < 0 || h.told == other.told)
}

// The digest of a state is the sum of those of its parts and of its threads, each of
// which has its own number in it, so that of a state in which few of them have changed
// it is soon made from the one before (Zobrist, "A new hashing method with application
// for game playing", 1970).

func (d *Digest) add(other Digest) { d.a, d.b = d.a+other.a, d.b+other.b }

func (d *Digest) subtract(other Digest) { d.a, d.b = d.a-other.a, d.b-other.b }

// parts is how many parts the shared state has: the words first.
func (r *runner) parts() int { return len(r.words) + len(r.shared) }

// drawParts gives the digest of all parts, and of each in into, if it is not nil.
func (r *runner) drawParts(into []Digest) (sum Digest) {
	d := &r.scratch // it stays there: what is handed to the program's functions escapes
	for i := range r.parts() {
		*d = Digest{}
		if i < len(r.words) {
			d.Word(r.class(r.words[i].at, r.words[i].v))
		} else {
			r.shared[i-len(r.words)].add(r, d)
		}
		d.Word(uint64(i))
		sum.add(*d)
		if into != nil {
			into[i] = *d
		}
	}
	return sum
}

// add adds the part to the digest.
func (p *part) add(r *runner, d *Digest) {
	returned := false
	defer r.caught(p.call, &returned)
	r.quiet = true
	p.f(d)
	returned = true
}

func (r *runner) class(at Location, v uint64) uint64 {
	if r.quotient == nil {
		return v
	}
	returned := false
	defer r.caught("Quotient", &returned)
	r.quiet = true
	v = r.quotient(at, v)
	returned = true
	return v
}

// state gives the digest of the state.
func (r *runner) state() Digest {
	sum := r.drawParts(nil)
	sum.add(r.answered())
	for _, th := range r.threads[:r.declared] {
		sum.add(r.standing(th).digest(th.index, th.local))
	}
	return sum
}

// inParts is a state, to say of two of one program in what they differ.
type inParts struct {
	digests []Digest
	names   []string
}

func (s *inParts) take(r *runner) {
	s.digests, s.names = make([]Digest, r.parts()), s.names[:0]
	r.drawParts(s.digests)
	for _, w := range r.words {
		s.names = append(s.names, w.names.word)
	}
	for i := range r.shared {
		s.names = append(s.names, r.shared[i].name)
	}
	for _, th := range r.threads[:r.declared] {
		s.digests = append(s.digests, r.standing(th).digest(th.index, th.local))
		s.names = append(s.names, fmt.Sprintf("what thread %q has read and done", th.name))
	}
}

// differs says in what two states that are not equal differ.
func (s *inParts) differs(other *inParts) string {
	for i := range min(len(s.digests), len(other.digests)) {
		if s.digests[i] != other.digests[i] {
			return s.names[i]
		}
	}
	return "how many threads there are, or what the set-up chose"
}

// answered is the part of the answers in the set-up.
func (r *runner) answered() Digest {
	d := r.setUpChose
	d.Word(1)
	return d
}

// stand is where a thread stands: before a step, by its kind, place and name, or
// at its end.
type stand struct {
	place uint64 // of a step; else one of the places below
	name  int32
}

// A thread that has come to its end stands at none that a step has: kinds begin at 1.
const (
	atEnd uint64 = iota + 1
	atDeath
	struckDead // by T.Kill
)

func (r *runner) standing(th *thread) stand {
	switch {
	case r.struck&th.bit != 0:
		return stand{place: struckDead}
	case th.dead:
		return stand{place: atDeath}
	case th.done:
		return stand{place: atEnd}
	}
	return stand{place: place(&th.event), name: r.names.id(th.event.Name)}
}

// digest gives the part of the thread that stands there.
func (s stand) digest(thread int, local Digest) (d Digest) {
	d.Word(s.place)
	d.Word(uint64(s.name) << 8)
	if s.place != struckDead {
		d.digest(local)
	}
	d.Word(1<<32 | uint64(thread))
	return d
}

// telling says of steps, by number of the name, whether they tell their value.
type telling uint8

const (
	untried telling = iota
	tells
	tellsNothing
)

// stepped adds the step that the thread is about to make to its digest. If it is
// not known to tell what it reads, it may have read any shared word.
func (r *runner) stepped(th *thread, name int32) {
	th.local.Word(place(&th.event))
	th.local.Word(uint64(name)<<1 | uint64(oneIf(th.wrote)))
	for len(r.telling) <= int(name) {
		r.telling = append(r.telling, untried)
	}
	th.told, th.name1 = false, name
	if reads(th.event.Kind) && r.telling[name] != tells {
		th.before = r.drawParts(nil)
	}
}

// reads says whether a step of the kind gives its thread a value.
func reads(k Kind) bool { return k != Store && k != Write && k != Kill }

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tell adds a value to the thread's digest.
func (r *runner) tellValue(th *thread, v uint64) {
	th.told = true
	th.local.Word(r.class(th.event.Location, v))
}

// captured is what a thread begins with that is declared by another one: what that
// knows it may have been given.
func (r *runner) captured(parent *thread) Digest {
	d := parent.local
	if parent.name1 >= 0 && reads(parent.event.Kind) && !parent.told {
		r.untold.note(parent.name1)
		d.digest(parent.before)
	}
	d.Word(uint64(parent.index))
	return d
}

// heard is called when the thread comes to its next step, or to its end: what its
// last one read is in its digest now.
func (r *runner) heard(th *thread) {
	if name, told := r.hasTold(th); !told {
		th.local.digest(th.before)
		r.untold.note(name)
	}
}

// hasTold says whether the thread's last step told what it read, if it read anything,
// and which step that was. After it the step is settled.
func (r *runner) hasTold(th *thread) (name int32, told bool) {
	name = th.name1
	th.name1 = -1
	if name < 0 || !reads(th.event.Kind) {
		return name, true
	}
	switch r.telling[name] {
	case untried:
		r.telling[name] = tellsNothing
		if th.told {
			r.telling[name] = tells
		}
	case tells:
		if !th.told {
			r.mute = fmt.Sprintf("step %q of thread %q told its value before and does not now", r.names.list[name], th.name)
		}
	}
	return name, th.told
}

// marked begins the thread's digest anew. What its last step read is in it no more,
// whether it was told or not.
func (r *runner) marked(th *thread, label int32, live []uint64) {
	r.hasTold(th)
	th.local = Digest{}
	th.local.Word(uint64(label)<<8 | uint64(len(live)))
	for _, v := range live {
		th.local.Word(v)
	}
	th.label = label
}
