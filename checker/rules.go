package checker

import (
	"fmt"
	"strings"
)

// The rules of a lock L, whose word is 0 where it is free and 1 where it is held. An instance
// is said to hold L where it stands at a step that does (Step.Holds).
//
//	initially  the word of L is 0, and nobody holds it
//	acquiring  a step that acquires L is enabled only where the word is 0; it leaves it 1, and
//	           its instance holds L then
//	holding    a step that holds L leaves the word 1 and its instance holds L, or makes it 0
//	           and its instance does not
//	others     do not write the word, and their instance does not come to hold L
//	anybody    does not write what PC of another instance reads that takes locks
//
// So at most one instance holds L, and the word is 1 where one does: initially so, and each
// step keeps it. The last rule, and the first half of the one before, are demanded of the
// footprints (declarer.lockable); the others of every step that is looked at.
//
// What of them is demanded of a step in a state depends on nothing but what the step reads,
// and not on the word of a lock that it acquires, since that is tried both ways: see
// docs/reductions.md for why a reduced search meets a broken rule wherever a full one does.

// untrue is what a declaration that is not so panics with on the way to its
// DeclarationError; the recovery adds where and in which state.
type untrue struct{ what string }

// word gives the word of a lock, or any other scalar.
func (s span) word(state []byte) uint64 { return load(state[s.offset:], uint8(s.size)) }

func (s span) setWord(state []byte, v uint64) { store(state[s.offset:], uint8(s.size), v) }

// demandWrites demands that a step changed only what it may write.
func (w *worker[S]) demandWrites(f *footprint, before, after *S) {
	if f.whole {
		return
	}
	old, rest := bytesOf(before), *after
	for _, s := range f.written {
		copy(bytesOf(&rest)[s.offset:s.offset+s.size], old[s.offset:])
	}
	if rest == *before {
		return
	}
	for i, now := range bytesOf(&rest) {
		if old[i] != now {
			w.source = *before
			panic(untrue{"changes " + w.declared.at(i) + ", which is not in its footprint (Own of the process, Writes of the step)"})
		}
	}
}

// at names the scalar at a byte of the state.
func (d *declarations) at(offset int) string {
	for _, s := range d.scalars {
		if offset < s.offset+s.size {
			return s.path
		}
	}
	panic("checker: a byte of no scalar")
}

// demandLocks demands the rules of locks of step k of instance i, which is at that step in
// source; where it is enabled, it leads to after.
func (w *worker[S]) demandLocks(i, k, choice int, enabled bool, after *S) {
	f := &w.declared.instances[i].steps[k]
	if f.acquires == noLock {
		if enabled {
			w.demandHeld(i, f, after)
		}
		return
	}
	word := w.declared.locks[f.acquires]
	free := word.word(bytesOf(&w.source)) == 0
	if enabled && !free {
		panic(untrue{"acquires " + word.path + " and is enabled where it is held"})
	}
	other := w.source
	word.setWord(bytesOf(&other), uint64(btou(free)))
	led, otherwise, panicked := w.attempt(i, k, choice, other)
	switch {
	case panicked != nil:
		panic(untrue{fmt.Sprintf("acquires %s and panics where that is %d: %v", word.path, btou(free), panicked)})
	case free && otherwise:
		panic(untrue{"acquires " + word.path + " and is enabled where it is held, as it is in no state that was visited, and " + word.path + "=1 in this one"})
	case free && enabled:
		w.demandHeld(i, f, after)
	case otherwise: // where the lock is free
		w.demandWrites(f, &other, &led)
		w.demandHeld(i, f, &led)
	}
}

// demandHeld demands that after a step of instance i the words of locks tell where it stands.
func (w *worker[S]) demandHeld(i int, f *footprint, after *S) {
	if len(w.declared.locks) == 0 || !w.declared.instances[i].locks {
		return
	}
	holds := w.holds(i, after)
	for lock, word := range w.declared.locks {
		held := holds>>lock&1 == 1
		value := word.word(bytesOf(after))
		switch {
		case f.acquires == lock && value != 1:
			panic(untrue{fmt.Sprintf("acquires %s and leaves it %d, where 1 is held", word.path, value)})
		case f.acquires == lock && !held:
			panic(untrue{"acquires " + word.path + " and comes to no step that holds it"})
		case f.acquires == lock:
		case f.holds>>lock&1 == 0 && held:
			panic(untrue{"comes to a step that holds " + word.path + " and does not acquire it"})
		case f.holds>>lock&1 == 0:
		case value > 1:
			panic(untrue{fmt.Sprintf("leaves the word %s of a lock %d, where 0 is free and 1 is held", word.path, value)})
		case value == 0 && held:
			panic(untrue{"frees " + word.path + " and comes to a step that holds it"})
		case value == 1 && !held:
			panic(untrue{"holds " + word.path + ", does not free it, and comes to no step that holds it"})
		}
	}
}

// holds gives the locks that instance i holds in a state.
func (w *worker[S]) holds(i int, s *S) uint64 {
	in := &w.program.instances[i]
	doing := w.doing
	w.doing, w.instance = callPC, i
	at := *s
	k := in.pc(&at, in.self)
	w.doing = doing
	if uint(k) < uint(len(in.steps)) {
		return w.declared.instances[i].steps[k].holds
	}
	return 0
}

// attempt takes a step in a state that need not be reachable.
func (w *worker[S]) attempt(i, k, choice int, from S) (after S, enabled bool, panicked any) {
	in := &w.program.instances[i]
	step := &in.steps[k]
	finished := false
	defer func() {
		if !finished {
			if panicked = recover(); panicked == nil {
				panicked = ErrGoexit // which goes on; nobody is given this
			}
		}
	}()
	after = from
	if step.do != nil {
		enabled = step.do(&after, in.self)
	} else {
		enabled = step.choose(&after, in.self, choice)
	}
	finished = true
	return after, enabled, nil
}

// verifyFree demands that all locks be free in the initial states.
func (s *search[S]) verifyFree() {
	if s.declared == nil || len(s.declared.locks) == 0 {
		return
	}
	w := &s.workers[0]
	where, finished := "", false
	defer func() {
		if !finished {
			value := recover()
			if _, is := value.(untrue); !is {
				where = w.where()
			}
			s.failed = recovered(value, where, w.source)
		}
	}()
	for i := range s.model.Init {
		w.source, where = s.model.Init[i], fmt.Sprintf("initial state %d", i)
		for _, word := range s.declared.locks {
			if word.word(bytesOf(&w.source)) != 0 {
				panic(untrue{"has " + word.path + ", the word of a lock, not 0, which is free"})
			}
		}
		for k := range s.declared.instances {
			if !s.declared.instances[k].locks {
				continue
			}
			if held := w.holds(k, &w.source); held != 0 {
				panic(untrue{fmt.Sprintf("has %s at a step that holds %s", s.program.instanceName(k), s.declared.names(held))})
			}
		}
	}
	finished = true
}

// names names locks.
func (d *declarations) names(locks uint64) string {
	var names []string
	for lock, word := range d.locks {
		if locks>>lock&1 == 1 {
			names = append(names, word.path)
		}
	}
	return strings.Join(names, ", ")
}

// instanceName names an instance by its place in program.instances.
func (p *program[S]) instanceName(i int) string {
	in := &p.instances[i]
	return instanceName(&p.model.Processes[in.process], in.self)
}
