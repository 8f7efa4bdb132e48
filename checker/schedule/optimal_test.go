package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// trace is an interleaving of a toy program with what dependence looks at.
type trace []toyEvent

type toyEvent struct {
	thread, at int
	word       int // -1: none
	writes     bool
	answers    string
}

func (e toyEvent) depends(f toyEvent) bool {
	return e.thread == f.thread || e.word == f.word && e.word >= 0 && (e.writes || f.writes)
}

// canonical gives the interleaving of the same trace that always takes the lowest
// thread it can.
func (tr trace) canonical() string {
	left := slices.Clone(tr)
	var text []byte
	for len(left) > 0 {
		best := -1
		for i, e := range left {
			free := true
			for _, before := range left[:i] {
				free = free && !before.depends(e)
			}
			if free && (best < 0 || e.thread < left[best].thread) {
				best = i
			}
		}
		e := left[best]
		text = fmt.Appendf(text, "%d%s.", e.thread, e.answers)
		left = slices.Delete(left, best, best+1)
	}
	return string(text)
}

// traces enumerates all interleavings and gives the canonical ones, with whether
// they end in deadlock, and the final states.
func (p toy) traces() (traces map[string]bool, finals map[toyState]bool) {
	traces, finals = map[string]bool{}, map[toyState]bool{}
	p.interleave(toyState{}, nil, func(tr trace, s toyState, stuck bool) {
		traces[tr.canonical()] = stuck
		if !stuck {
			finals[s] = true
		}
	})
	return traces, finals
}

func (p toy) interleave(s toyState, tr trace, maximal func(trace, toyState, bool)) {
	for t := range p {
		if s.at[t] < len(p[t]) && p[t][s.at[t]].kind == opChoose {
			s.at[t]++
			for v := range int(p[t][s.at[t]-1].v) + 1 {
				next := s
				next.regs[t] = next.regs[t]*3 + uint64(v)
				with := slices.Clone(tr)
				if len(with) == 0 { // before the first step: by a thread that begins
					with = append(with, toyEvent{thread: t, at: -1, word: -1})
				}
				owner := len(with) - 1
				for with[owner].thread != t {
					owner--
					if owner < 0 {
						with = append(trace{{thread: t, at: -1, word: -1}}, with...)
						owner = 0
					}
				}
				with[owner].answers += fmt.Sprint("-", v)
				p.interleave(next, with, maximal)
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
		o := p[t][s.at[t]]
		next := s
		access(o, &next.words, &next.regs[t])
		next.at[t]++
		e := toyEvent{thread: t, at: s.at[t], word: o.word, writes: o.kind != opLoad && o.kind != opAwait}
		switch o.kind {
		case opLock, opUnlock:
			e.word = lockWord
		case opCAS:
			e.writes = s.words[o.word] == o.v
		}
		p.interleave(next, append(slices.Clone(tr), e), maximal)
	}
	if stuck {
		s.at = [maxThreads]int{}
		maximal(tr, s, !over)
	}
}

// declared runs the toy with every event told as what it is; by words of the
// package or by accesses of its own.
func (p toy) declared(byWords bool, ended func(toyState)) func(*schedule.T) {
	if byWords {
		return p.byWords(ended)
	}
	return func(t *schedule.T) {
		var s toyState
		t.Shared(func(d *schedule.Digest) {
			for _, w := range s.words {
				d.Word(w)
			}
		})
		for i, ops := range p {
			t.Go(fmt.Sprint("t", i), func() {
				for _, o := range ops {
					e := schedule.Event{Name: "op", Location: at(o.word), Size: 8}
					switch o.kind {
					case opChoose:
						s.regs[i] = s.regs[i]*3 + uint64(t.Choose("choose", int(o.v)+1))
						continue
					case opLock:
						e.Kind, e.Location = schedule.Swap, at(lockWord)
						t.AwaitStep(e, func() bool { return s.words[lockWord] == 0 })
					case opUnlock:
						e.Kind, e.Location = schedule.Store, at(lockWord)
						t.Step(e)
					case opAwait:
						t.Await("await", func() bool { return s.words[o.word] >= o.v }, at(o.word))
					case opTake:
						e.Kind = schedule.Swap
						t.AwaitStep(e, func() bool { return s.words[o.word] >= o.v })
					case opCAS:
						e.Kind = schedule.CAS
						t.StepIf(e, func() bool { return s.words[o.word] == o.v })
					case opLoad:
						e.Kind = schedule.Load
						t.Step(e)
					default:
						e.Kind = schedule.Store
						t.Step(e)
					}
					access(o, &s.words, &s.regs[i])
					t.SawValue(s.regs[i])
				}
			})
		}
		t.AtEnd(func() { ended(s) })
	}
}

func (p toy) byWords(ended func(toyState)) func(*schedule.T) { return p.words(false, ended) }

// words is byWords; with plain stores where that is asked for.
func (p toy) words(plain bool, ended func(toyState)) func(*schedule.T) {
	return func(t *schedule.T) {
		var words [toyWords]*schedule.Word
		for i := range words {
			words[i] = t.Word(fmt.Sprint("w", i), 0)
		}
		var regs [maxThreads]uint64
		for i, ops := range p {
			t.Go(fmt.Sprint("t", i), func() {
				for _, o := range ops {
					w, reg := words[o.word], &regs[i]
					switch o.kind {
					case opLoad:
						*reg = *reg*5 + w.Load() + 1
					case opStore:
						if plain {
							w.Write(*reg + o.v)
						} else {
							w.Store(*reg + o.v)
						}
					case opAdd:
						*reg += w.Add(o.v + 1)
					case opCAS:
						if !w.CompareAndSwap(o.v, *reg+1) {
							*reg = 7 * w.Peek()
						}
					case opLock:
						words[lockWord].AwaitSwap(func(v uint64) bool { return v == 0 }, 1)
					case opUnlock:
						words[lockWord].Store(0)
					case opAwait:
						w.Await(func(v uint64) bool { return v >= o.v })
					case opSwap:
						*reg = *reg*3 + w.Swap(o.v+1)
					case opTake:
						*reg = *reg*3 + w.AwaitSwap(func(v uint64) bool { return v >= o.v }, 0)
					case opChoose:
						*reg = *reg*3 + uint64(t.Choose("choose", int(o.v)+1))
					}
				}
			})
		}
		t.AtEnd(func() {
			s := toyState{regs: regs}
			for i, w := range words {
				s.words[i] = w.Peek()
			}
			ended(s)
		})
	}
}

// The optimal search visits each Mazurkiewicz trace once, whatever the program,
// and none in vain.
func TestOptimalAgreesWithBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	var traces, deadlocks, waits int
	for n := range 2500 {
		p := randomToy(r)
		want, finals := p.traces()
		bad := 0
		for _, stuck := range want {
			if stuck {
				bad++
			}
		}
		for _, byWords := range []bool{false, true} {
			got := map[toyState]bool{}
			rep := explore(t, p.declared(byWords, func(s toyState) { got[s] = true }), schedule.Optimal(), schedule.Options{KeepGoing: true})
			if int(rep.Executions) != len(want) || int(rep.Bad) != bad || rep.Redundant != 0 || !rep.Complete {
				t.Fatalf("program %d %v, by words %t: %d executions, %d bad, %d redundant, complete %t; there are %d traces, %d deadlocked",
					n, p, byWords, rep.Executions, rep.Bad, rep.Redundant, rep.Complete, len(want), bad)
			}
			for s := range finals {
				if !got[s] {
					t.Fatalf("program %d %v: final state %v is missed", n, p, s)
				}
				delete(got, s)
			}
			if len(got) > 0 {
				t.Fatalf("program %d %v: final states %v do not exist", n, p, got)
			}
		}
		traces += len(want)
		deadlocks += bad
		for _, ops := range p {
			for _, o := range ops {
				if o.kind == opLock || o.kind == opAwait || o.kind == opTake {
					waits++
				}
			}
		}
	}
	if traces < 10_000 || deadlocks < 1000 || waits < 1000 {
		t.Errorf("the programs are too small to tell: %d traces, %d deadlocks, %d steps that wait", traces, deadlocks, waits)
	}
	t.Logf("%d traces, %d deadlocked", traces, deadlocks)
}

var _ = verdict.Holds
