package schedule

import "fmt"

// Word is a shared word of 64 bits whose accesses are steps, for programs that
// are written against this package. Each method is one step; its name in a trace
// is that of the access and the word: "load tail".
//
// Words are made by T.Word, in the set-up. A stateful search takes them for
// shared state without being told.
type Word struct {
	t     *T
	names *wordNames
	at    Location
	v     uint64
	queue bool // of a Cond
}

// wordNames are the names of a word's steps, made once for all executions.
type wordNames struct {
	word, load, flush, store, add, swap, cas, await, read, write, lock, unlock, try, set string
}

// wordSegment is the segment of all words that T.Word makes.
const wordSegment = 0xffff

// Word makes a shared word. Only the set-up may: then its place is the same in
// every execution. Names need not differ, but reports know words by them.
func (t *T) Word(name string, initial uint64) *Word {
	r := t.alive("Word")
	if !r.settingUp {
		r.outsideSetUp(fmt.Sprintf("Word %q", name))
	}
	w := &Word{t: t, names: r.wordNames(name), at: Location{Segment: wordSegment, Offset: uint32(8 * len(r.words))}, v: initial}
	r.words = append(r.words, w)
	return w
}

func (r *runner) wordNames(name string) *wordNames {
	if n := r.named[name]; n != nil {
		return n
	}
	if r.named == nil {
		r.named = make(map[string]*wordNames)
	}
	n := &wordNames{
		word: name, load: "load " + name, store: "store " + name, add: "add " + name, swap: "swap " + name,
		cas: "cas " + name, await: "await " + name, read: "read " + name, write: "write " + name,
		lock: "lock " + name, unlock: "unlock " + name, try: "try " + name, set: "set timer of " + name, flush: "flush " + name,
	}
	r.named[name] = n
	return n
}

// Location gives the place of the word, which is the same in every execution.
func (w *Word) Location() Location { return w.at }

// Peek reads the word without a step: for checks, at the end and in predicates. It
// gives what memory has, not what waits in a store buffer.
//
// A predicate, of T.Await, T.AwaitStep, T.StepIf or of a method of a Word, that looks at
// further words by Peek need not announce them: the search sees it, and takes those words
// for places of the step.
func (w *Word) Peek() uint64 {
	w.t.asks("Peek")
	if th := w.t.r.asked; th != nil {
		th.looksAt(w.at)
	}
	return w.v
}

// step stands the thread before an access to the word and returns after it may
// be made.
func (w *Word) step(name string, k Kind) {
	r, th := w.t.thread(name)
	if th == nil {
		r.changesNothing(name, k)
		return
	}
	if k.writes() {
		r.drain(th)
	}
	if r.straightOn(th, name, k, w.at) {
		return
	}
	th.stands(Event{Name: name, Kind: k, Location: w.at, Size: 8}, nil)
	th.word = w
	r.ready |= th.bit
	r.pause(th)
}

// await is a step that is enabled while the test of the word is true.
func (w *Word) await(name string, k Kind, test func(uint64) bool) {
	r, th := w.t.thread(name)
	if test == nil {
		r.misused("%s without a predicate", name)
	}
	if th == nil {
		r.changesNothing(name, k)
		if !test(w.v) {
			r.waitsInVain(name)
		}
		return
	}
	if k.writes() {
		r.drain(th)
	}
	if r.straightOn(th, name, k, w.at) {
		return
	}
	th.stands(Event{Name: name, Kind: k, Location: w.at, Size: 8}, nil)
	if b := th.buffer; b != nil && b.dirty {
		th.on, th.announced = append(th.on, w.at), 1
		th.ok = func() bool { return test(b.forward(w)) }
	} else {
		th.word, th.test = w, test
	}
	r.waiting |= th.bit
	r.pause(th)
}

// Load reads the word atomically.
func (w *Word) Load() uint64 {
	w.step(w.names.load, Load)
	v := w.seen()
	w.t.SawValue(v)
	return v
}

// Store writes the word atomically.
func (w *Word) Store(v uint64) {
	w.step(w.names.store, Store)
	w.v = v
	w.t.SawValue(v)
}

// Add adds d atomically, modulo 2^64, and gives the sum.
func (w *Word) Add(d uint64) uint64 {
	w.step(w.names.add, Add)
	w.v += d
	w.t.SawValue(w.v)
	return w.v
}

// Swap writes v atomically and gives the value before.
func (w *Word) Swap(v uint64) (old uint64) {
	w.step(w.names.swap, Swap)
	old, w.v = w.v, v
	w.t.SawValue(old)
	w.told(true, v)
	return old
}

// CompareAndSwap writes v if the word is old, atomically, and says whether it did.
// One that fails is a read.
func (w *Word) CompareAndSwap(old, v uint64) bool {
	return w.compareAndSwap(w.names.cas, old, v, atomicRead)
}

// failing says what a compare-and-swap that fails is to the memory model.
type failing bool

const (
	atomicRead failing = false // it orders what it reads before it
	tryLock    failing = true  // it orders nothing
)

func (w *Word) compareAndSwap(name string, old, v uint64, f failing) bool {
	r, th := w.t.thread(name)
	if th == nil {
		r.changesNothing(name, CAS)
		if w.v != old {
			return false
		}
		w.v = v
		return true
	}
	r.drain(th)
	th.stands(Event{Name: name, Kind: CAS, Location: w.at, Size: 8}, nil)
	th.word, th.expects, th.tries = w, old, f == tryLock
	r.ready |= th.bit
	r.pause(th)
	w.t.SawValue(w.v)
	w.told(th.wrote, v)
	if !th.wrote {
		return false
	}
	w.v = v
	return true
}

// told tells what the thread's step, which has told the value before it, made of that.
func (w *Word) told(changed bool, v uint64) {
	if r := w.t.r; r.recording != nil && w.t.sees() {
		r.recording.effect(r.running, changed, v)
	}
}

// Await waits until ok of the word's value is true, and gives the value. ok must
// be a function of nothing but its argument and other words, which it reads by Peek.
func (w *Word) Await(ok func(v uint64) bool) uint64 {
	w.await(w.names.await, Await, ok)
	v := w.seen()
	w.t.SawValue(v)
	return v
}

// AwaitSwap waits until ok of the word's value is true, writes v and gives the
// value before, in one step: a blocking test-and-set. ok is as that of Await.
func (w *Word) AwaitSwap(ok func(v uint64) bool, v uint64) (old uint64) {
	w.await(w.names.swap, Swap, ok)
	old, w.v = w.v, v
	w.t.SawValue(old)
	w.told(true, v)
	return old
}

// Read is a plain load: one that is not ordered with a Write of another thread
// is a data race.
func (w *Word) Read() uint64 {
	w.step(w.names.read, Read)
	v := w.seen()
	w.t.SawValue(v)
	return v
}

// Write is a plain store. With Options.StoreBuffers it comes to memory later.
func (w *Word) Write(v uint64) {
	if r, th := w.t.thread("Write"); th != nil && th.buffer != nil {
		w.put(r, th, v)
		return
	}
	w.step(w.names.write, Write)
	w.v = v
	w.t.SawValue(v)
}

// String gives name and value, without a step.
func (w *Word) String() string {
	w.t.asks("String")
	return fmt.Sprintf("%s = %s", w.names.word, formatValue(w.v))
}
