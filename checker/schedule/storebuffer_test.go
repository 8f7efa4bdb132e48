package schedule_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

var buffered = schedule.Options{StoreBuffers: true, KeepGoing: true}

// litmus are the known tests of memory models, each with the outcome that it asks
// for and whether x86-TSO allows it (Sewell et al., CACM 2010; Alglave, Maranget,
// Tautschnig, TOPLAS 2014). No interleaving has any of them.
var litmus = map[string]struct {
	program func(t *schedule.T, x, y *schedule.Word, told func(...uint64))
	outcome string
	allowed bool
}{
	"SB": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		threads(t, func() { x.Write(1); a = y.Load() }, func() { y.Write(1); b = x.Read() })
		t.AtEnd(func() { told(a, b) })
	}, "[0 0]", true},
	"SB with atomic stores": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		threads(t, func() { x.Store(1); a = y.Load() }, func() { y.Store(1); b = x.Load() })
		t.AtEnd(func() { told(a, b) })
	}, "[0 0]", false},
	"SB with one locked instruction": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		z := t.Word("z", 0)
		threads(t, func() { x.Write(1); z.Add(1); a = y.Load() }, func() { y.Write(1); b = x.Load() })
		t.AtEnd(func() { told(a, b) })
	}, "[0 0]", true},
	"SB with two locked instructions": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		z := t.Word("z", 0)
		threads(t, func() { x.Write(1); z.Add(1); a = y.Load() }, func() { y.Write(1); z.CompareAndSwap(7, 8); b = x.Load() })
		t.AtEnd(func() { told(a, b) })
	}, "[0 0]", false},
	"MP": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		threads(t, func() { x.Write(1); y.Write(1) }, func() { a = y.Load(); b = x.Load() })
		t.AtEnd(func() { told(a, b) })
	}, "[1 0]", false},
	"LB": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		threads(t, func() { a = x.Load(); y.Write(1) }, func() { b = y.Load(); x.Write(1) })
		t.AtEnd(func() { told(a, b) })
	}, "[1 1]", false},
	"2+2W": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		threads(t, func() { x.Write(1); y.Write(2) }, func() { y.Write(1); x.Write(2) })
		t.AtEnd(func() { told(x.Peek(), y.Peek()) })
	}, "[1 1]", false},
	"R": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a uint64
		threads(t, func() { x.Write(1); y.Write(1) }, func() { y.Write(2); a = x.Load() })
		t.AtEnd(func() { told(a, y.Peek()) })
	}, "[0 2]", true},
	"S": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a uint64
		threads(t, func() { x.Write(2); y.Write(1) }, func() { a = y.Load(); x.Write(1) })
		t.AtEnd(func() { told(a, x.Peek()) })
	}, "[1 2]", false},
	"IRIW": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b, c, d uint64
		threads(t, func() { x.Write(1) }, func() { y.Write(1) },
			func() { a = x.Load(); b = y.Load() }, func() { c = y.Load(); d = x.Load() })
		t.AtEnd(func() { told(a, b, c, d) })
	}, "[1 0 1 0]", false},
	"WRC": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b, c uint64
		threads(t, func() { x.Write(1) }, func() { a = x.Load(); y.Write(1) }, func() { b = y.Load(); c = x.Load() })
		t.AtEnd(func() { told(a, b, c) })
	}, "[1 1 0]", false},
	// A thread sees its own store before others do.
	"n6": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		threads(t, func() { x.Write(1); a = x.Load(); b = y.Load() }, func() { y.Write(2); x.Write(2) })
		t.AtEnd(func() { told(a, b, x.Peek()) })
	}, "[1 0 1]", true},
	"n5": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		threads(t, func() { x.Write(1); a = x.Load() }, func() { x.Write(2); b = x.Load() })
		t.AtEnd(func() { told(a, b) })
	}, "[2 1]", false},
	"SB of threads that a thread declares": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		var a, b uint64
		t.Go("parent", func() {
			t.Go("left", func() { x.Write(1); a = y.Load() })
			t.Go("right", func() { y.Write(1); b = x.Read() })
		})
		t.AtEnd(func() { told(a, b) })
	}, "[0 0]", true},
	// An await does not drain either.
	"SB by awaits": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		zero := func(v uint64) bool { return v == 0 }
		inside := 0
		enter := func(own, other *schedule.Word) func() {
			return func() { own.Write(1); own.Await(func(v uint64) bool { return v == 1 }); other.Await(zero); inside++ }
		}
		t.Daemon("left", enter(x, y))
		t.Daemon("right", enter(y, x))
		t.AtEnd(func() { told(uint64(inside)) })
	}, "[2]", true},
	"a wait for a condition drains": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		m := t.Mutex("m")
		c := t.Cond("c", m)
		waits := uint64(0)
		t.Daemon("a", func() {
			m.Lock()
			x.Write(1)
			waits = 1
			c.Wait()
		})
		t.Go("b", func() {
			m.Lock()
			told(waits, x.Load())
			m.Unlock()
		})
	}, "[1 0]", false},
	"a thread's stores come before those that it declares": {func(t *schedule.T, x, y *schedule.Word, told func(...uint64)) {
		t.Go("a", func() {
			x.Write(1)
			t.Go("b", func() { told(x.Load()) })
		})
	}, "[0]", false},
}

func TestStoreBuffersAreThoseOfTSO(t *testing.T) {
	for name, c := range litmus {
		program := func(t *schedule.T, told func(string)) {
			c.program(t, t.Word("x", 0), t.Word("y", 0), func(v ...uint64) { told(fmt.Sprint(v)) })
		}
		for _, s := range []schedule.Strategy{schedule.Bounded(-1), schedule.Optimal(), schedule.Stateful()} {
			if without, _ := outcomes(t, program, s); without[c.outcome] {
				t.Errorf("%s, %v: %s without buffers", name, s, c.outcome)
			}
			got := map[string]bool{}
			rep := explore(t, func(s *schedule.T) { program(s, func(o string) { got[o] = true }) }, s, buffered)
			if got[c.outcome] != c.allowed || !rep.Complete || rep.Bad > 0 {
				t.Errorf("%s, %v: %s is reached: %t, among %v", name, s, c.outcome, got[c.outcome], slices.Sorted(maps.Keys(got)))
			}
		}
	}
}

// tsoToy is a random program on a machine with store buffers; its operations are
// those of toys, of which opStore is a plain store.
type tsoToy toy

// randomTSO gives a program of loads and stores for the most part.
func randomTSO(r *rand.Rand) tsoToy {
	kinds := []opKind{opStore, opStore, opStore, opLoad, opLoad, opLoad, opAdd, opCAS, opAwait, opLock, opUnlock}
	p := make(tsoToy, 2+r.IntN(2))
	for i := range p {
		p[i] = make([]op, 4-len(p)+r.IntN(7-2*len(p)))
		for j := range p[i] {
			p[i][j] = op{kind: kinds[r.IntN(len(kinds))], word: r.IntN(lockWord), v: uint64(r.IntN(3))}
		}
	}
	return p
}

// tsoState is a state of that machine.
type tsoState struct {
	toyState
	buffers [maxThreads][maxOps]op // word and value of stores
	full    [maxThreads]int
	made    [maxThreads]int // stores buffered so far
	dirty   [maxThreads]bool
}

// tsoEvent is a step of the machine, for what depends on what.
type tsoEvent struct {
	thread, word int // word -1: none
	writes       bool
	kind         schedule.Kind // Buffer, Flush, Drain; 0 another
	number       int           // of the store of its thread
}

// same says whether the two are steps of one thread; a buffer is a thread of its own.
func (e tsoEvent) same(f tsoEvent) bool {
	return e.thread == f.thread && (e.kind == schedule.Flush) == (f.kind == schedule.Flush)
}

func (e tsoEvent) depends(f tsoEvent) bool {
	switch {
	case e.same(f), e.word == f.word && e.word >= 0 && (e.writes || f.writes):
		return true
	case e.thread != f.thread:
		return false
	case f.kind == schedule.Flush:
		return e.kind == schedule.Buffer && e.number == f.number || e.kind == schedule.Drain
	case e.kind == schedule.Flush:
		return f.kind == schedule.Buffer && e.number == f.number || f.kind == schedule.Drain
	}
	return false
}

// key orders threads, each before its buffer.
func (e tsoEvent) key() int {
	k := 2 * e.thread
	if e.kind == schedule.Flush {
		k++
	}
	return k
}

func canonicalTSO(tr []tsoEvent) string {
	left := slices.Clone(tr)
	var text []byte
	for len(left) > 0 {
		best := -1
		for i, e := range left {
			free := !slices.ContainsFunc(left[:i], func(before tsoEvent) bool { return before.depends(e) })
			if free && (best < 0 || e.key() < left[best].key()) {
				best = i
			}
		}
		text = fmt.Appendf(text, "%d.", left[best].key())
		left = slices.Delete(left, best, best+1)
	}
	return string(text)
}

// sees gives the word as the thread does.
func (s *tsoState) sees(t, word int) uint64 {
	for i := s.full[t] - 1; i >= 0; i-- {
		if s.buffers[t][i].word == word {
			return s.buffers[t][i].v
		}
	}
	return s.words[word]
}

// visit enumerates all executions of the machine by plain recursion.
func (p tsoToy) visit(s tsoState, tr []tsoEvent, maximal func(tr []tsoEvent, s tsoState, stuck bool)) {
	over, last := true, true
	for t := range p {
		if s.full[t] > 0 {
			next, first := s, s.buffers[t][0]
			copy(next.buffers[t][:], s.buffers[t][1:])
			next.full[t]--
			next.words[first.word] = first.v
			last = false
			number := s.made[t] - s.full[t]
			p.visit(next, append(slices.Clone(tr), tsoEvent{t, first.word, true, schedule.Flush, number}), maximal)
		}
		if s.at[t] == len(p[t]) {
			continue
		}
		over = false
		o := p[t][s.at[t]]
		next, e, enabled := p.take(s, t, o)
		if enabled {
			last = false
			p.visit(next, append(slices.Clone(tr), e), maximal)
		}
	}
	if last {
		maximal(tr, s, !over)
	}
}

// take gives the state after the next step of a thread.
func (p tsoToy) take(s tsoState, t int, o op) (next tsoState, e tsoEvent, enabled bool) {
	next, e = s, tsoEvent{thread: t, word: o.word}
	drains := o.kind == opAdd || o.kind == opCAS || o.kind == opLock || o.kind == opUnlock
	if drains && s.dirty[t] {
		next.dirty[t] = false
		return next, tsoEvent{thread: t, word: -1, kind: schedule.Drain}, s.full[t] == 0
	}
	next.at[t]++
	reg := &next.regs[t]
	switch o.kind {
	case opLoad:
		*reg = *reg*5 + s.sees(t, o.word) + 1
		return next, e, true
	case opAwait:
		return next, e, s.sees(t, o.word) >= o.v
	case opStore:
		next.buffers[t][s.full[t]] = op{word: o.word, v: *reg + o.v}
		next.full[t]++
		next.dirty[t] = true
		e.word, e.kind, e.number = -1, schedule.Buffer, s.made[t]
		next.made[t]++
		return next, e, true
	case opLock, opUnlock:
		e.word = lockWord
	}
	e.writes = o.kind != opCAS || s.words[o.word] == o.v
	access(o, &next.words, reg)
	return next, e, o.kind != opLock || s.words[lockWord] == 0
}

// program runs the toy on words of the package.
func (p tsoToy) program(ended func(toyState)) func(*schedule.T) {
	return toy(p).words(true, ended)
}

// The searches visit exactly the executions of a machine with store buffers, by
// plain enumeration: Bounded all interleavings of its steps, Optimal one of each
// trace, and all three its final states.
func TestStoreBuffersAgreeWithBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 32))
	var executions, traces, deadlocks, flushes uint64
	for n := range 600 {
		p := randomTSO(r)
		all, stuck := uint64(0), uint64(0)
		canonical, finals := map[string]bool{}, map[toyState]bool{}
		p.visit(tsoState{}, nil, func(tr []tsoEvent, s tsoState, isStuck bool) {
			all++
			canonical[canonicalTSO(tr)] = true
			if isStuck {
				stuck++
			} else {
				finals[toyState{words: s.words, regs: s.regs}] = true
			}
			for _, e := range tr {
				if e.kind == schedule.Flush {
					flushes++
				}
			}
		})
		for _, c := range []struct {
			s    schedule.Strategy
			want uint64
		}{{schedule.Bounded(-1), all}, {schedule.Optimal(), uint64(len(canonical))}, {schedule.Stateful(), 0}} {
			got := map[toyState]bool{}
			rep := explore(t, p.program(func(s toyState) { got[s] = true }), c.s, buffered)
			if c.want > 0 && rep.Executions != c.want || rep.Redundant > 0 || !rep.Complete || rep.Bad > 0 != (stuck > 0) {
				t.Fatalf("program %d %v, %v: %d executions, want %d; %d redundant, complete %t, %d bad, want %d",
					n, p, c.s, rep.Executions, c.want, rep.Redundant, rep.Complete, rep.Bad, stuck)
			}
			if !maps.Equal(got, finals) {
				t.Fatalf("program %d %v, %v: final states %v, want %v", n, p, c.s, got, finals)
			}
		}
		executions += all
		traces += uint64(len(canonical))
		deadlocks += stuck
	}
	if executions < 100_000 || traces < 2000 || deadlocks < 500 || flushes < 100_000 {
		t.Errorf("the programs are too small to tell: %d executions, %d traces, %d deadlocked, %d flushes", executions, traces, deadlocks, flushes)
	}
	t.Logf("%d executions, %d traces, %d deadlocked", executions, traces, deadlocks)
}

// A failure that only store buffers show is minimised, shown and replayed: the
// token says that stores are buffered.
func TestStoreBufferFailureReplays(t *testing.T) {
	program := func(t *schedule.T) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		inside := 0
		enter := func(own, other *schedule.Word) func() {
			return func() {
				own.Write(1)
				if other.Load() == 0 {
					inside++
					t.Check("mutual exclusion", inside == 1, "%d are inside", inside)
				}
			}
		}
		t.Go("left", enter(x, y))
		t.Go("right", enter(y, x))
	}
	if rep := explore(t, program, schedule.Bounded(-1), schedule.Options{}); rep.Verdict != verdict.Holds {
		t.Fatalf("without buffers: %+v", rep.Failure)
	}
	for _, s := range []schedule.Strategy{schedule.Bounded(2), schedule.Optimal(), schedule.Random(1, 100), schedule.Uniform(1, 100)} {
		rep := explore(t, program, s, schedule.Options{StoreBuffers: true})
		if rep.Failure == nil || rep.Failure.Property != "mutual exclusion" || len(rep.Failure.Steps) != 4 {
			t.Fatalf("%v: %+v", s, rep.Failure)
		}
		info, err := schedule.ParseToken(rep.Failure.Token)
		if err != nil || !info.StoreBuffers {
			t.Fatalf("%+v, %v", info, err)
		}
		again, err := schedule.Replay(t.Context(), program, rep.Failure.Token, schedule.Options{})
		if err != nil || again.Failure == nil || again.Failure.Token != rep.Failure.Token {
			t.Errorf("replayed %+v, %v", again, err)
		}
	}
}

// A plain store is in a race where it is made, not where it comes to memory.
func TestStoreBuffersAndDataRaces(t *testing.T) {
	program := func(locked bool) func(*schedule.T) {
		return func(t *schedule.T) {
			m, x := t.Mutex("m"), t.Word("x", 0)
			if locked { // a flush does not touch what it may not
				m.Guards(x)
			}
			for _, name := range []string{"a", "b"} {
				t.Go(name, func() {
					if locked {
						m.Lock()
						defer m.Unlock()
					}
					x.Write(x.Read() + 1)
				})
			}
			t.AtEnd(func() { t.Check("sum", !locked || x.Peek() == 2, "%v", x) })
		}
	}
	o := schedule.Options{StoreBuffers: true, DataRaces: true}
	for _, s := range []schedule.Strategy{schedule.Bounded(-1), schedule.Optimal(), schedule.Stateful()} {
		if rep := explore(t, program(true), s, o); rep.Verdict != verdict.Holds || rep.Distrusted != nil {
			t.Errorf("under the lock, %v: %v %+v, distrusted: %q", s, rep.Verdict, rep.Failure, rep.Distrusted)
		}
		rep := explore(t, program(false), s, o)
		if rep.Failure == nil || rep.Failure.Property != "data race" {
			t.Errorf("without it, %v: %+v", s, rep.Failure)
		}
	}
}

// What is on its way to memory is part of the state, and so is whether a thread has
// to drain: marks need not tell it.
func TestStoreBuffersAreState(t *testing.T) {
	for name, c := range map[string]struct {
		body func(t *schedule.T, x, y *schedule.Word)
		want []string
	}{
		"a value": {func(t *schedule.T, x, y *schedule.Word) {
			x.Write(uint64(1 + t.Choose("value", 2)))
			t.Mark("written")
			y.Load()
		}, []string{"x = 1", "x = 2"}},
		"a word": {func(t *schedule.T, x, y *schedule.Word) {
			y.Write(1)
			if t.Choose("which", 2) == 0 {
				x.Write(1)
			} else {
				y.Write(1)
			}
			t.Mark("written")
			y.Load()
		}, []string{"x = 0", "x = 1"}},
		"a drain": {func(t *schedule.T, x, y *schedule.Word) {
			if t.Choose("written", 2) == 0 {
				x.Write(0)
			} else {
				x.Store(0)
			}
			t.Mark("perhaps written")
			y.Load()
			y.Load()
			y.Add(1)
		}, []string{"x = 0"}},
	} {
		program := func(t *schedule.T, told func(string)) {
			x, y := t.Word("x", 0), t.Word("y", 0)
			t.Go("a", func() { c.body(t, x, y) })
			t.Go("b", func() { y.Load() })
			t.AtEnd(func() { told(x.String()) })
		}
		// Plain: else all these steps are taken at once, without a state between.
		o := buffered
		o.Plain = true
		got, _ := outcomesBy(t, program, schedule.Stateful(), o)
		if all := slices.Sorted(maps.Keys(got)); !slices.Equal(all, c.want) {
			t.Errorf("%s: %q, want %q", name, all, c.want)
		}
	}
}
