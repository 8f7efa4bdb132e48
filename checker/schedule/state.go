package schedule

import "fmt"

// What a state is. It consists of
//
//   - the shared words: those of T.Word, and what the functions of T.Shared add,
//     the property's ghost state among it;
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
	r := t.alive("Shared")
	if !r.settingUp {
		panic("schedule: Shared outside the set-up")
	}
	r.shared = append(r.shared, f)
}

// Quotient declares what of a value that is told by T.SawValue matters to the
// thread that read it: Stateful digests f(place, value) in its stead. Values of
// one class must be such that the thread goes on alike, as with a ring's counter
// modulo twice its size. Verification tests it: two executions that meet in a
// state are driven on and must stay equal.
func (t *T) Quotient(f func(at Location, v uint64) uint64) {
	r := t.alive("Quotient")
	if !r.settingUp {
		panic("schedule: Quotient outside the set-up")
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

// same leaves out before, which is made only where it may be needed.
func (h *history) same(other *history) bool {
	return h.local == other.local && h.label == other.label && h.name1 == other.name1 && h.told == other.told
}

// sharedDigest gives the digest of all shared words.
func (r *runner) sharedDigest() Digest {
	d := &r.scratch // it stays there: what is handed to the program's functions escapes
	*d = Digest{}
	for _, w := range r.words {
		d.Word(r.class(w.at, w.v))
	}
	r.quiet = true
	for _, f := range r.shared {
		f(d)
	}
	r.quiet = false
	return *d
}

func (r *runner) class(at Location, v uint64) uint64 {
	if r.quotient == nil {
		return v
	}
	return r.quotient(at, v)
}

// state gives the digest of the state.
func (r *runner) state() Digest {
	d := r.sharedDigest()
	d.digest(r.setUpChose)
	for _, th := range r.threads[:r.declared] {
		switch {
		case r.struck&th.bit != 0:
			d.Word(3)
			continue
		case th.dead:
			d.Word(2)
		case th.done:
			d.Word(1)
		default:
			d.Word(place(&th.event))
			d.Word(uint64(r.names.id(th.event.Name)) << 8)
		}
		d.digest(th.local)
	}
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
		th.before = r.sharedDigest()
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
