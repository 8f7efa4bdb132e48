package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// The oracle of the searches: small random programs in a language of their own,
// whose interleavings are enumerated here by plain recursion over copied states.

type opKind int

const (
	opLoad opKind = iota
	opStore
	opAdd
	opCAS
	opLock
	opUnlock
	opAwait // until a word is at least a value
	opSwap
	opTake // an exchange by 0 that waits until a word is at least a value
	opChoose
	opKinds
)

type op struct {
	kind opKind
	word int
	v    uint64
}

type toy [][]op // the operations of each thread

const (
	toyWords   = 3 // words 0..1 hold data, word 2 is the lock
	lockWord   = 2
	maxThreads = 3
	maxOps     = 4
)

func randomToy(r *rand.Rand) toy {
	p := make(toy, 2+r.IntN(2))
	longest := maxOps
	if len(p) == 3 {
		longest = 3
	}
	for i := range p {
		p[i] = make([]op, 1+r.IntN(longest))
		for j := range p[i] {
			p[i][j] = op{kind: opKind(r.IntN(int(opKinds))), word: r.IntN(lockWord), v: uint64(r.IntN(3))}
		}
	}
	if !slices.ContainsFunc(slices.Concat(p...), func(o op) bool { return o.kind != opChoose }) {
		p[0][0].kind = opLoad // without a step it would be refused
	}
	return p
}

// toyState is a state of a toy program: a value, so that copying it is a snapshot.
type toyState struct {
	words [toyWords]uint64
	regs  [maxThreads]uint64
	at    [maxThreads]int
	last  int
}

func (p toy) enabled(s *toyState, t int) bool {
	if s.at[t] == len(p[t]) {
		return false
	}
	switch o := p[t][s.at[t]]; o.kind {
	case opLock:
		return s.words[lockWord] == 0
	case opAwait, opTake:
		return s.words[o.word] >= o.v
	}
	return true
}

// access is what one operation does to memory and register: the meaning that
// the oracle and the controlled threads share.
func access(o op, w *[toyWords]uint64, reg *uint64) {
	switch o.kind {
	case opLoad:
		*reg = *reg*5 + w[o.word] + 1
	case opStore:
		w[o.word] = *reg + o.v
	case opAdd:
		w[o.word] += o.v + 1
		*reg += w[o.word]
	case opCAS:
		if w[o.word] == o.v {
			w[o.word] = *reg + 1
		} else {
			*reg = 7 * w[o.word]
		}
	case opSwap:
		*reg = *reg*3 + w[o.word]
		w[o.word] = o.v + 1
	case opTake:
		*reg = *reg*3 + w[o.word]
		w[o.word] = 0
	case opLock:
		w[lockWord] = 1
	case opUnlock:
		w[lockWord] = 0
	}
}

// oracle is what the enumeration finds.
type oracle struct {
	byPreemptions map[int]uint64 // executions
	deadlocked    map[int]uint64
	finals        map[toyState]int // of executions that ended: least preemptions
}

func (p toy) enumerate() oracle {
	o := oracle{map[int]uint64{}, map[int]uint64{}, map[toyState]int{}}
	p.visit(toyState{last: -1}, 0, &o)
	return o
}

func (p toy) visit(s toyState, preemptions int, o *oracle) {
	for t := range p { // answers belong to the step before: they branch at once
		if s.at[t] < len(p[t]) && p[t][s.at[t]].kind == opChoose {
			n := int(p[t][s.at[t]].v) + 1
			s.at[t]++
			for v := range n {
				next := s
				next.regs[t] = next.regs[t]*3 + uint64(v)
				p.visit(next, preemptions, o)
			}
			return
		}
	}
	stuck, over := true, true
	for t := range p {
		over = over && s.at[t] == len(p[t])
		if !p.enabled(&s, t) {
			continue
		}
		stuck = false
		cost := 0
		if s.last >= 0 && s.last != t && p.enabled(&s, s.last) {
			cost = 1
		}
		next := s
		access(p[t][s.at[t]], &next.words, &next.regs[t])
		next.at[t]++
		next.last = t
		p.visit(next, preemptions+cost, o)
	}
	if !stuck {
		return
	}
	o.byPreemptions[preemptions]++
	if !over {
		o.deadlocked[preemptions]++
		return
	}
	final := toyState{words: s.words, regs: s.regs}
	if least, seen := o.finals[final]; !seen || preemptions < least {
		o.finals[final] = preemptions
	}
}

// program runs the toy as controlled threads; ended gets each final state.
func (p toy) program(ended func(toyState)) func(*schedule.T) {
	return func(t *schedule.T) {
		var s toyState
		for i, ops := range p {
			t.Go(fmt.Sprint("t", i), func() {
				for _, o := range ops {
					switch o.kind {
					case opChoose:
						s.regs[i] = s.regs[i]*3 + uint64(t.Choose("choose", int(o.v)+1))
						continue
					case opLock:
						t.Await("lock", func() bool { return s.words[lockWord] == 0 }, at(lockWord))
					case opAwait, opTake:
						t.Await("await", func() bool { return s.words[o.word] >= o.v }, at(o.word))
					default:
						t.Step(schedule.Event{Name: "op", Kind: schedule.Store, Location: at(o.word)})
					}
					access(o, &s.words, &s.regs[i])
				}
			})
		}
		t.AtEnd(func() { ended(s) })
	}
}

// Every bounded search visits exactly the executions within its bound, and
// reaches exactly their final states, on programs nobody chose.
func TestBoundedAgreesWithBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var executions, deadlocks uint64
	for n := range 1500 {
		p := randomToy(r)
		o := p.enumerate()
		for _, bound := range []int{0, 1, 2, -1} {
			finals := map[toyState]bool{}
			rep := explore(t, p.program(func(s toyState) { finals[s] = true }), schedule.Bounded(bound), schedule.Options{KeepGoing: true})
			within := func(k int) bool { return bound < 0 || k <= bound }
			want, bad := uint64(0), uint64(0)
			for k, c := range o.byPreemptions {
				if within(k) {
					want += c
					bad += o.deadlocked[k]
				}
			}
			if rep.Executions != want || rep.Bad != bad || !rep.Complete {
				t.Fatalf("program %d %v, bound %d: %d executions, %d deadlocked, complete %t; by brute force %d, %d",
					n, p, bound, rep.Executions, rep.Bad, rep.Complete, want, bad)
			}
			if holds := rep.Verdict == verdict.Holds; holds != (bad == 0) {
				t.Fatalf("program %d %v, bound %d: verdict %v with %d deadlocked", n, p, bound, rep.Verdict, bad)
			}
			for f, k := range o.finals {
				if within(k) && !finals[f] {
					t.Fatalf("program %d %v, bound %d: final state %v is missed", n, p, bound, f)
				}
				if within(k) {
					delete(finals, f)
				}
			}
			if len(finals) > 0 {
				t.Fatalf("program %d %v, bound %d: final states %v do not exist", n, p, bound, finals)
			}
			executions += want
			deadlocks += bad
		}
	}
	if executions < 100_000 || deadlocks < 1000 {
		t.Errorf("the programs are too small to tell: %d executions, %d deadlocks", executions, deadlocks)
	}
	t.Logf("%d executions, %d deadlocked", executions, deadlocks)
}

// Random walks reach no state that does not exist, and on tiny programs all that do.
func TestRandomAgreesWithBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 50 {
		p := randomToy(r)[:2]
		o := p.enumerate()
		finals := map[toyState]bool{}
		explore(t, p.program(func(s toyState) { finals[s] = true }), schedule.Random(uint64(n), 3000), schedule.Options{KeepGoing: true})
		if len(finals) != len(o.finals) {
			t.Errorf("program %d %v: %d final states of %d", n, p, len(finals), len(o.finals))
		}
		for f := range finals {
			if _, exists := o.finals[f]; !exists {
				t.Errorf("program %d %v: final state %v does not exist", n, p, f)
			}
		}
	}
}
