package schedule

// storeBuffer is the FIFO of the plain stores (Word.Write) that a thread has made
// and that memory does not have yet, as x86-TSO has it (Sewell, Sarkar, Owens,
// Zappa Nardelli, Myreen, "x86-TSO: A Rigorous and Usable Programmer's Model for
// x86 Multiprocessors", CACM 2010):
//
//   - Write puts the store into the buffer of its thread: a step of kind Buffer,
//     which touches nothing that another thread sees;
//   - the oldest store leaves the buffer for memory at any time: a step of kind
//     Flush, of a daemon thread named after its owner;
//   - a load, plain or atomic, and an await take the newest store of their own
//     thread's buffer to their word, and the memory if there is none;
//   - everything else that writes (Store, Add, Swap, CompareAndSwap, locks,
//     conditions, clocks) and T.Go drain: if the thread has buffered a store since
//     it drained last, there is a step of kind Drain before, which is enabled only
//     while the buffer is empty.
//
// To searches that reduce, Buffer and Drain depend on nothing but the steps of the
// buffer itself: a Flush comes after its Buffer and a Drain after the Flushes before
// it, and neither order can be changed.
type storeBuffer struct {
	owner, flusher *thread
	stores         []bufferedStore
	dirty          bool // the owner has buffered a store since it drained last
}

// bufferedStore is one store on its way to memory.
type bufferedStore struct {
	w  *Word
	v  uint64
	at int32 // the Buffer that made it, counted as the steps of an execution are, less one
}

// bufferSuffix ends the name of the daemon that flushes a thread's buffer.
const bufferSuffix = "'s buffer"

// bufferStores gives each thread that the set-up declared its buffer.
func (r *runner) bufferStores(t *T) {
	r.shared = append(r.shared, part{call: "Shared", name: "store buffers", f: r.digestBuffers, everywhere: true})
	for i := range r.declared {
		r.giveBuffer(t, r.threads[i])
	}
}

// giveBuffer declares the daemon that flushes the thread's buffer.
func (r *runner) giveBuffer(t *T, owner *thread) {
	b := &storeBuffer{owner: owner}
	t.declareThread("Daemon", owner.name+bufferSuffix, func() { b.flushAll(t) }, true)
	b.flusher = r.threads[r.declared-1]
	b.flusher.own = true
	r.buffers = append(r.buffers, b)
	owner.buffer = b
}

func (r *runner) digestBuffers(d *Digest) {
	for _, b := range r.buffers {
		d.Word(uint64(len(b.stores))<<1 | uint64(oneIf(b.dirty)))
		for _, s := range b.stores {
			d.Word(uint64(s.w.at.Offset))
			d.Word(r.class(s.w.at, s.v))
		}
	}
}

// flushAll is the life of the daemon. It stands before nothing while the buffer is
// empty.
func (b *storeBuffer) flushAll(t *T) {
	r, th := t.r, b.flusher
	for {
		if r.hears { // what it flushes next is shared state
			r.marked(th, r.names.id(th.name), nil)
		}
		if len(b.stores) > 0 {
			b.stand()
		} else {
			th.event = Event{Name: "nothing to flush"}
		}
		r.pause(th)
		s := b.stores[0]
		b.stores = append(b.stores[:0], b.stores[1:]...)
		s.w.v = s.v
		t.SawValue(s.v)
	}
}

// stand stands the daemon before the flush of the oldest store.
func (b *storeBuffer) stand() {
	w := b.stores[0].w
	b.flusher.event = Event{Name: w.names.flush, Kind: Flush, Location: w.at, Size: 8}
	b.flusher.r.ready |= b.flusher.bit
}

// put buffers a store, as a step of the thread.
func (w *Word) put(r *runner, th *thread, v uint64) {
	th.stands(Event{Name: w.names.write, Kind: Buffer, Location: w.at, Size: 8}, nil)
	r.ready |= th.bit
	r.pause(th)
	b := th.buffer
	b.dirty = true
	b.stores = append(b.stores, bufferedStore{w: w, v: v, at: r.taken - 1})
	if len(b.stores) == 1 {
		b.stand()
	}
	w.t.SawValue(v)
}

// drain waits until the thread's buffer is empty, if there may be stores in it.
func (r *runner) drain(th *thread) {
	b := th.buffer
	if b == nil || !b.dirty {
		return
	}
	th.stands(Event{Name: "drain", Kind: Drain}, nil)
	th.ok = func() bool { return len(b.stores) == 0 }
	r.waiting |= th.bit
	r.pause(th)
	b.dirty = false
	if r.hears { // it reads nothing
		r.tellValue(th, 0)
	}
}

// seen gives the word as the running thread sees it; in a predicate, as the thread does
// whose it is.
func (w *Word) seen() uint64 {
	th := w.t.r.running
	if asked := w.t.r.asked; asked != nil {
		asked.looksAt(w.at)
		th = asked
	}
	if th == nil || th.buffer == nil {
		return w.v
	}
	return th.buffer.forward(w)
}

// forward gives the word as the owner of the buffer sees it.
func (b *storeBuffer) forward(w *Word) uint64 {
	for i := len(b.stores) - 1; i >= 0; i-- {
		if b.stores[i].w == w {
			return b.stores[i].v
		}
	}
	return w.v
}

// cause gives the step without which the thread could not take the one that it
// stands before, although it is another thread's and no order of the two is to be
// tried: of a Flush its Buffer, of a Drain the last Flush. -1: there is none.
func (o *optimal) cause(th *thread) int32 {
	switch th.event.Kind {
	case Flush:
		for _, b := range o.r.buffers {
			if b.flusher == th && len(b.stores) > 0 {
				return b.stores[0].at
			}
		}
	case Drain:
		return o.lastOfThread(th.buffer.flusher.index)
	}
	return -1
}
