package checker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func inductive[S comparable](t *testing.T, m Model[S], o InductiveOptions) InductiveReport {
	t.Helper()
	r, err := Inductive(t.Context(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// upTo is counter with a domain, N from 0 to high.
func upTo(high uint8, properties ...Property[small]) Model[small] {
	m := counter()
	m.Domain.Fields = []FieldDomain{Range("N", 0, high), Range("M", 0, 0)}
	m.Properties = properties
	return m
}

func atMostN(n uint8) Property[small] {
	return Invariant(fmt.Sprintf("at most %d", n), func(s *small) bool { return s.N <= n })
}

func TestInductive(t *testing.T) {
	three := inductive(t, upTo(9, atMostN(3)), InductiveOptions{})
	if three.Verdict != Holds || !three.Complete || three.Domain != 10 || three.States != 10 || three.Holding != 4 || three.Transitions != 3 || three.Broken+three.Leaving != 0 || three.Vacuous != nil {
		t.Errorf("%+v", three)
	}
	// True of what can be reached, and false after a step from what cannot be.
	five := inductive(t, upTo(9, atMostN(5)), InductiveOptions{})
	trace := five.Properties[0].Trace
	want := Trace{Model: "counter", Property: "at most 5", Kind: KindInduction, From: []string{"5", "0"}, Given: []string{"at most 5"},
		Initial: []Field{{"N", "5"}, {"M", "0"}}, Columns: []string{"p"},
		Steps: []TraceStep{{Taken: Taken{Process: "p", Label: "up"}, Changes: []Change{{"N", "5", "6"}}}}}
	if five.Verdict != Violated || five.Complete || five.Broken != 1 || five.States != 6 || trace == nil || !reflect.DeepEqual(*trace, want) {
		t.Fatalf("%+v, trace %+v", five, trace)
	}
	if again, err := Replay(upTo(9, atMostN(5)), clone(t, *trace)); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("%+v, %v", again, err)
	}
	var text bytes.Buffer
	if err := trace.WriteText(&text, 80); err != nil || text.String() != `counterexample to induction of invariant "at most 5" of counter, after 1 step
in a state that need not be reachable: N=5  M=0
   p
1  up
     N: 5 -> 6
` {
		t.Errorf("%v, the text is\n%s", err, text.String())
	}
	// A lemma excludes the state.
	with := upTo(9, atMostN(5), Invariant("not five", func(s *small) bool { return s.N != 5 }))
	if r := inductive(t, with, InductiveOptions{Lemmas: []string{"not five"}}); r.Verdict != Holds || !slices.Equal(r.Invariants, []string{"at most 5"}) || r.Holding != 5 {
		t.Errorf("%+v", r)
	}
	if r := inductive(t, with, InductiveOptions{KeepGoing: true}); r.Verdict != Violated || r.Broken != 1 || r.States != 10 || !r.Complete || r.Properties[0].Verdict != Unknown || r.Properties[1].Verdict != Violated {
		t.Errorf("%+v", r)
	}
	// False at the start.
	start := inductive(t, upTo(9, Invariant("some", func(s *small) bool { return s.N > 0 })), InductiveOptions{})
	if p := start.Properties[0]; start.Verdict != Violated || p.Trace.Kind != KindInvariant || len(p.Trace.Steps) != 0 || p.Note != "it is false in initial state 0" {
		t.Errorf("%+v", start)
	}
	// The first clause that is false is told.
	clauses := Clauses("parts", Clause[small]{"any", func(*small) bool { return true }}, Clause[small]{"low", func(s *small) bool { return s.N < 8 }})
	if p := inductive(t, upTo(9, clauses), InductiveOptions{}).Properties[0]; p.Clause != "low" || p.Trace.Clause != "low" || p.Trace.Steps[0].Changes[0].Before != "7" {
		t.Errorf("%+v", p)
	}
}

// Where a step leaves the domain, or an initial state is outside, nothing holds; but what is
// violated stays violated.
func TestWhatLeavesTheDomainIsUnknown(t *testing.T) {
	m := upTo(2, atMostN(3))
	r := inductive(t, m, InductiveOptions{})
	if r.Verdict != Unknown || r.Complete || r.Leaving != 1 || r.Left == nil || r.States != 3 || r.Properties[0].Verdict != Unknown ||
		r.Reason != "step up of p leaves the domain, and nothing was looked at there: N is 3, and in the domain from 0 to 2" {
		t.Errorf("%+v", r)
	}
	var text bytes.Buffer
	if err := r.Left.WriteText(&text, 80); err != nil || !strings.HasPrefix(text.String(), "step of counter that leaves the domain, after 1 step\nin a state that need not be reachable: N=2  M=0\n") {
		t.Errorf("%v, %s", err, text.String())
	}
	if _, err := Replay(m, *r.Left); err == nil {
		t.Error("what is no counterexample replays as one")
	}
	m.Properties = []Property[small]{atMostN(2)}
	if r := inductive(t, m, InductiveOptions{}); r.Verdict != Violated || r.Leaving != 0 || r.Broken != 1 {
		t.Errorf("what breaks the invariant outside the domain: %+v", r)
	}
	m = upTo(9, atMostN(3))
	m.Domain.Fields[1] = Range("M", 1, 2)
	if r := inductive(t, m, InductiveOptions{}); r.Verdict != Unknown || r.Complete || !strings.HasPrefix(r.Reason, "initial state 0 is outside the domain, and nothing was looked at there: M is 0, and in the domain from 1 to 2") {
		t.Errorf("%+v", r)
	}
	m.Domain = Domain[small]{States: slices.Values([]small{{N: 1}, {N: 2}, {N: 1}})}
	if r := inductive(t, m, InductiveOptions{}); r.Verdict != Unknown || r.Domain != 2 || r.Leaving != 1 || !strings.Contains(r.Reason, "initial state 0 is outside the domain, and nothing was looked at there: it is none of the states") {
		t.Errorf("%+v", r)
	}
}

func TestVacuousInductions(t *testing.T) {
	never := func(name string) Property[small] { return Invariant(name, func(*small) bool { return false }) }
	for want, m := range map[string]Model[small]{
		"the invariants hold in every state of the domain":            upTo(3, atMostN(9)),
		"enabled in no state in which the invariants hold: p up":      upTo(9, Invariant("three", func(s *small) bool { return s.N == 3 })),
		"the invariants hold in no state of the domain, so that no s": upTo(9, never("never")),
	} {
		r := inductive(t, m, InductiveOptions{KeepGoing: true})
		if !slices.ContainsFunc(r.Vacuous, func(text string) bool { return strings.HasPrefix(text, want) }) {
			t.Errorf("vacuous %q, want %q", r.Vacuous, want)
		}
	}
}

func TestInductiveChecksThatAreRefused(t *testing.T) {
	m := upTo(9, atMostN(3), atMostN(5), Reachable("two", func(s *small) bool { return s.N == 2 }))
	bare, none := m, m
	bare.Domain, none.Properties = Domain[small]{}, nil
	for _, c := range []struct {
		want string
		m    Model[small]
		o    InductiveOptions
	}{
		{"the model declares no domain", bare, InductiveOptions{}},
		{"the model has no invariant that could be inductive", none, InductiveOptions{}},
		{`there is no invariant "x"; invariants are "at most 3", "at most 5"`, m, InductiveOptions{Invariants: []string{"x"}}},
		{`there is no invariant "x"; there is none`, none, InductiveOptions{Lemmas: []string{"x"}}},
		{`"two" is a reachable, and no invariant; invariants are`, m, InductiveOptions{Lemmas: []string{"two"}}},
		{`invariant "at most 3" is named twice`, m, InductiveOptions{Invariants: []string{"at most 3", "at most 3"}}},
		{`invariant "at most 3" is named twice`, m, InductiveOptions{Invariants: []string{"at most 3"}, Lemmas: []string{"at most 3"}}},
		{"the model has no invariant that could be inductive", m, InductiveOptions{Lemmas: []string{"at most 3", "at most 5"}}},
	} {
		r, err := Inductive(t.Context(), c.m, c.o)
		if !errors.Is(err, ErrNoInductiveCheck) || !strings.Contains(err.Error(), c.want) || r.Verdict != Unknown || r.Reason != err.Error() {
			t.Errorf("%v, error %v, want one that says %q", r.Verdict, err, c.want)
		}
	}
	lemma := upTo(9, atMostN(3), Invariant("some", func(s *small) bool { return s.N > 0 }))
	if r, err := Inductive(t.Context(), lemma, InductiveOptions{Lemmas: []string{"some"}}); err == nil || !strings.Contains(err.Error(), `lemma "some" is false in initial state 0, {N=0 M=0}`) || r.Verdict != Unknown {
		t.Errorf("%v", err)
	}
	lemma.Domain = Domain[small]{States: func(func(small) bool) {}}
	if r, err := Inductive(t.Context(), lemma, InductiveOptions{}); err == nil || !strings.Contains(err.Error(), "domain: has no state") || r.Verdict != Unknown {
		t.Errorf("%v", err)
	}
}

// A limit or an interrupt makes unknown, and says which.
func TestInductionsThatAreCutShort(t *testing.T) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	endless := upTo(9, atMostN(3))
	endless.Domain = Domain[small]{States: func(yield func(small) bool) {
		for i := 0; yield(small{N: uint8(i), M: uint8(i >> 8)}); i++ {
			if i == 65_536 { // all were given: from here on they come again
				time.Sleep(time.Millisecond)
			}
		}
	}}
	for _, c := range []struct {
		want string
		ctx  context.Context
		m    Model[small]
		o    InductiveOptions
	}{
		{"the domain has 10 states, and the limit is 9 (MaxStates): none was looked at", t.Context(), upTo(9, atMostN(3)), InductiveOptions{MaxStates: 9}},
		{"interrupted", done, upTo(9, atMostN(3)), InductiveOptions{}},
		{"the time limit of 1ns was met", t.Context(), upTo(9, atMostN(3)), InductiveOptions{MaxTime: 1}},
		{"the domain has more states than the limit of 77 (MaxStates): none was looked at", t.Context(), endless, InductiveOptions{MaxStates: 77}},
		{"the time limit of 20ms was met", t.Context(), endless, InductiveOptions{MaxTime: 20 * time.Millisecond}},
		{"interrupted", done, endless, InductiveOptions{}},
	} {
		r, err := Inductive(c.ctx, c.m, c.o)
		if err != nil || r.Verdict != Unknown || r.Complete || r.Reason != c.want || r.States != 0 || r.Properties[0].Verdict != Unknown || r.Properties[0].Note != c.want {
			t.Errorf("%v, %+v; want unknown: %s", err, r, c.want)
		}
	}
	if r := inductive(t, upTo(9, atMostN(3)), InductiveOptions{MaxStates: 10}); r.Verdict != Holds {
		t.Errorf("exactly as many as the limit: %+v", r)
	}
	// In the middle.
	fineInduction(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	m := upTo(255, Invariant("stops", func(s *small) bool {
		if s.N == 100 {
			stop()
			runtime.Gosched()
			time.Sleep(10 * time.Millisecond)
		}
		return s.N <= 3
	}))
	r, err := Inductive(ctx, m, InductiveOptions{Workers: 2})
	if err != nil || r.Verdict != Unknown || r.Reason != "interrupted" || r.States == 0 || r.States > 100 {
		t.Errorf("%v, %+v", err, r)
	}
}

// fineInduction cuts domains so fine that small ones are shared out among workers.
func fineInduction(t *testing.T) {
	was := inductiveCut
	inductiveCut.chunks, inductiveCut.states = 5, 3
	t.Cleanup(func() { inductiveCut = was })
}

// What does not answer, or breaks the contract of a model, is an error that says where, in
// which state; and only a step that comes after a counterexample is not met.
func TestFunctionsThatDoNotAnswerInADomain(t *testing.T) {
	fineInduction(t)
	step := func(do func(s *small, _ int) bool) Model[small] {
		m := upTo(9, Invariant("any", func(s *small) bool { return s.N < 12 }))
		m.Processes[0].Steps[0].Do = do
		return m
	}
	var calls [256]atomic.Uint32 // with each N, by whichever worker
	for _, c := range []struct {
		want string
		m    Model[small]
	}{
		{"step up of p panicked: no, in state {N=7 M=0}; this is a state of the domain and need not be reachable", step(func(s *small, _ int) bool {
			if s.N == 7 {
				panic("no")
			}
			return false
		})},
		{"step up of p ended its goroutine (runtime.Goexit), in state {N=7 M=0}", step(func(s *small, _ int) bool {
			if s.N == 7 {
				runtime.Goexit()
			}
			return false
		})},
		{"step up of p says that it is not enabled and changes the state, in state {N=0 M=0}", step(func(s *small, _ int) bool { s.M++; return false })},
		{"step up of p has two outcomes in one state, in state {N=0 M=0}", step(func(s *small, _ int) bool { s.M = uint8(calls[s.N].Add(1)); return true })},
		{`property "p" panicked: no, in state {N=4 M=0}`, upTo(9, Invariant("p", func(s *small) bool {
			if s.N == 4 { // to which no step leads
				panic("no")
			}
			return true
		}))},
		{`property "p", asked of what step up of p leads to, panicked: no, in state {N=2 M=0}`, upTo(2, Invariant("p", func(s *small) bool {
			if s.N == 3 {
				panic("no")
			}
			return true
		}))},
		{`clause "b" of property "p", asked of what step up of p leads to, panicked: no, in state {N=2 M=0}`, upTo(2, Clauses("p",
			Clause[small]{"a", func(s *small) bool { return true }}, Clause[small]{"b", func(s *small) bool {
				if s.N == 3 {
					panic("no")
				}
				return true
			}}))},
		{`property "p" changes the state that it may only read, in state {N=0 M=0}`, upTo(9, Invariant("p", func(s *small) bool { s.N++; return true }))},
		{`property "p" gives two answers in one state, in state {N=0 M=0}`, upTo(9, Invariant("p", func(s *small) bool { return calls[s.N].Add(1)%2 == 0 }))},
	} {
		for _, workers := range []int{1, 8} {
			r, err := Inductive(t.Context(), c.m, InductiveOptions{Workers: workers})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "model counter: inductive check: ") || r.Verdict != Unknown || r.Complete || r.Properties != nil {
				t.Errorf("%+v, error %v, want one that says\n%s", r, err, c.want)
			}
		}
	}
	pc := upTo(9, Invariant("any", func(s *small) bool { return s.N < 12 }))
	pc.Processes[0].PC = func(s *small, _ int) int { return 10 / (int(s.N) - 4) }
	if _, err := Inductive(t.Context(), pc, InductiveOptions{}); err == nil || !strings.Contains(err.Error(), "PC of p panicked: runtime error: integer divide by zero, in state {N=4 M=0}") {
		t.Errorf("error %v", err)
	}
	states := upTo(9, atMostN(3))
	for want, f := range map[string]func(yield func(small) bool){
		"Domain.States panicked: no":                         func(func(small) bool) { panic("no") },
		"Domain.States ended its goroutine (runtime.Goexit)": func(func(small) bool) { runtime.Goexit() },
	} {
		states.Domain = Domain[small]{States: f}
		if r, err := Inductive(t.Context(), states, InductiveOptions{}); err == nil || !strings.Contains(err.Error(), want) || r.Verdict != Unknown {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	// A step that does not answer after a counterexample is not taken.
	later := upTo(9, atMostN(3), Invariant("any", func(s *small) bool { return true }))
	later.Processes[0].Steps[0].Do = func(s *small, _ int) bool {
		if s.N == 7 {
			panic("no")
		}
		s.N++
		return true
	}
	for _, workers := range []int{1, 8} {
		r, err := Inductive(t.Context(), later, InductiveOptions{Workers: workers})
		if err != nil || r.Verdict != Violated || r.States != 4 {
			t.Errorf("%v, %+v", err, r)
		}
	}
}

// naiveInduction is an inductive check of a random model by nested loops.
type naiveInduction struct {
	m                                                     *rmodel
	values                                                [randomVars + randomProcesses][]uint8 // by scalar, in order
	given, kept                                           []func(s *rstate) bool
	domain, states, holding, transitions, broken, leaving uint64
	begun                                                 int // the invariant that is false in an initial state; -1
	outside                                               bool
	first, left                                           *naiveStep
}

type naiveStep struct {
	from  rstate
	taken Taken
	after rstate
	index int // in kept, of the first that is false
}

func falseOf(of []func(s *rstate) bool, s rstate) int {
	return slices.IndexFunc(of, func(p func(s *rstate) bool) bool { return !p(&s) })
}

func (n *naiveInduction) has(s rstate) bool {
	for i, v := range append(s.V[:], s.PC[:]...) {
		if !slices.Contains(n.values[i], v) {
			return false
		}
	}
	return true
}

func (n *naiveInduction) run(keepGoing bool) {
	n.begun = -1
	for _, s := range n.m.Init {
		if k := falseOf(n.kept, s); k >= 0 && n.begun < 0 {
			n.begun = k
		}
		n.outside = n.outside || !n.has(s)
	}
	all := []rstate{{}}
	for i, values := range n.values {
		var next []rstate
		for _, s := range all {
			for _, v := range values {
				if i < randomVars {
					s.V[i] = v
				} else {
					s.PC[i-randomVars] = v
				}
				next = append(next, s)
			}
		}
		all = next
	}
	n.domain = uint64(len(all))
	for _, s := range all {
		if !keepGoing && (n.begun >= 0 || n.broken > 0) {
			return
		}
		n.look(s, keepGoing)
	}
}

func (n *naiveInduction) look(s rstate, keepGoing bool) {
	n.states++
	if falseOf(n.given, s) >= 0 {
		return
	}
	n.holding++
	for i, p := range n.m.Processes {
		for self := range p.Count {
			for k := range p.Steps {
				for choice := range p.Steps[k].Choices {
					after := s
					if !p.Steps[k].apply(&after, p.First+self, choice) {
						continue
					}
					n.transitions++
					step := &naiveStep{s, Taken{fmt.Sprintf("p%d", i), self, p.Steps[k].label(k), choice}, after, falseOf(n.kept, after)}
					switch {
					case step.index >= 0:
						n.broken++
						if n.first == nil {
							n.first = step
						}
						if !keepGoing {
							return
						}
					case !n.has(after):
						n.leaving++
						if n.left == nil {
							n.left = step
						}
					}
				}
			}
		}
	}
}

func (n *naiveInduction) verdict() Verdict {
	switch {
	case n.begun >= 0 || n.broken > 0:
		return Violated
	case n.leaving > 0 || n.outside:
		return Unknown
	default:
		return Holds
	}
}

// randomDomain gives each scalar of a random model some values, in some order.
func randomDomain(r *rand.Rand, m *rmodel, n *naiveInduction) (d Domain[rstate]) {
	whole := r.IntN(2) == 0 // nothing leaves it
	for i := range n.values {
		path, most := fmt.Sprintf("V[%d]", i), uint8(4)
		if i >= randomVars {
			path, most = fmt.Sprintf("PC[%d]", i-randomVars), 6
			if !slices.ContainsFunc(m.Processes, func(p rprocess) bool { return i-randomVars < p.First+p.Count }) {
				most = 0
			}
		} else if i >= 2 && !whole {
			most = 1
		}
		low, high := uint8(0), most
		if !whole && most > 0 && r.IntN(3) == 0 {
			low, high = uint8(r.IntN(2)), max(1, most-uint8(r.IntN(min(3, int(most)))))
		}
		var values []uint8
		for v := int(low); v <= int(high); v++ {
			values = append(values, uint8(v))
		}
		if r.IntN(3) == 0 {
			r.Shuffle(len(values), func(a, b int) { values[a], values[b] = values[b], values[a] })
			d.Fields = append(d.Fields, OneOf(path, values...))
		} else {
			d.Fields = append(d.Fields, Range(path, values[0], values[len(values)-1]))
		}
		n.values[i] = values
	}
	r.Shuffle(len(d.Fields), func(a, b int) { d.Fields[a], d.Fields[b] = d.Fields[b], d.Fields[a] })
	return d
}

// Over random models an inductive check counts and finds what nested loops do, at any number
// of workers, be the states a product or given one by one; and forged counterexamples are
// refused unless they are some.
func TestRandomInductions(t *testing.T) {
	fineInduction(t)
	inductiveCut.states = 200
	const wanted = 200
	tally := map[string]int{}
	for seed := uint64(3 << 20); tally["models"] < wanted; seed++ {
		m, r := randomModel(seed), rand.New(rand.NewPCG(seed, 31))
		x, y, mod := uint8(r.IntN(5)), uint8(r.IntN(5)), uint8(1+r.IntN(3))
		all := []func(s *rstate) bool{m.good,
			func(s *rstate) bool { return s.V[0] <= x && s.V[1] <= x },
			func(s *rstate) bool { return (s.V[2]+s.PC[0])%mod == 0 || s.V[3] != y },
			func(s *rstate) bool { return s.PC[0] <= y || s.V[1] > 0 },
		}
		n := naiveInduction{m: &m}
		model := m.model()
		model.Properties = nil
		var o InductiveOptions
		for k, p := range all {
			name := fmt.Sprintf("i%d", k)
			model.Properties = append(model.Properties, Invariant(name, p))
			switch r.IntN(4) {
			case 0:
				if !slices.ContainsFunc(m.Init, func(s rstate) bool { return !p(&s) }) {
					o.Lemmas = append(o.Lemmas, name)
					n.given = append(n.given, p)
				}
			case 1, 2:
				o.Invariants = append(o.Invariants, name)
				n.kept = append(n.kept, p)
			}
		}
		if len(n.kept) == 0 {
			continue
		}
		n.given = append(n.given, n.kept...)
		model.Domain = randomDomain(r, &m, &n)
		o.KeepGoing = r.IntN(2) == 0
		if n.run(o.KeepGoing); n.domain > 30_000 {
			continue
		}
		tally["models"]++
		var first InductiveReport
		for k, workers := range []int{1, 2, 8} {
			o.Workers = workers
			got := inductive(t, model, o)
			got.Report = timeless(got.Report)
			if k == 0 {
				first = got
			} else if !reflect.DeepEqual(got, first) {
				t.Fatalf("seed %d: %d workers report\n%+v\none\n%+v", seed, workers, got, first)
			}
		}
		if err := n.compare(&first, tally); err != nil {
			t.Fatalf("seed %d, %+v: %v\n%+v", seed, o, err, first)
		}
		if p := first.Properties; n.first != nil && n.begun < 0 {
			if err := n.forge(r, model, *p[n.first.index].Trace, all, tally); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if n.domain > 3000 {
			continue
		}
		states, _ := numbered(t, model.Domain, n.domain)
		model.Domain = Domain[rstate]{States: func(yield func(rstate) bool) {
			var o odometer[rstate]
			for at := range states.count {
				o.set(states, at)
				if !yield(o.state) || at%3 == 0 && !yield(o.state) {
					return
				}
			}
		}}
		got := inductive(t, model, o)
		got.Report, got.Reason, first.Reason = timeless(got.Report), "", ""
		for i := range got.Properties {
			got.Properties[i].Note, first.Properties[i].Note = "", ""
		}
		if !reflect.DeepEqual(got, first) {
			t.Fatalf("seed %d: one by one\n%+v\nas a product\n%+v", seed, got, first)
		}
		tally["one by one"]++
	}
	t.Log(tally)
	for _, key := range []string{"holds", "violated", "unknown", "begun", "left", "one by one", "forged", "refused"} {
		if tally[key] < 10 {
			t.Errorf("only %d for %q", tally[key], key)
		}
	}
	if tally["refused"] < 1000 {
		t.Errorf("only %d forged counterexamples to induction are refused", tally["refused"])
	}
}

func (n *naiveInduction) compare(r *InductiveReport, tally map[string]int) error {
	got := [7]uint64{r.Domain, r.States, r.Holding, r.Transitions, r.Broken, r.Leaving}
	want := [7]uint64{n.domain, n.states, n.holding, n.transitions, n.broken, n.leaving}
	if got != want || r.Verdict != n.verdict() || (r.Left != nil) != (n.left != nil) {
		return fmt.Errorf("%v, domain, states, holding, transitions, broken, leaving %v; want %v, %v", r.Verdict, got, n.verdict(), want)
	}
	tally[r.Verdict.String()]++
	covered := uint64(0)
	for _, c := range r.Coverage {
		covered += c.Transitions
	}
	if covered != n.transitions {
		return fmt.Errorf("coverage adds up to %d, want %d", covered, n.transitions)
	}
	if n.left != nil {
		tally["left"]++
		if !slices.Equal(r.Left.From, numbersOf(n.left.from)) || r.Left.Steps[0].Taken != n.left.taken || !slices.Equal(r.Left.Steps[0].Changes, changesOf(n.left.from, n.left.after)) {
			return fmt.Errorf("left by %+v, want %+v", r.Left, n.left)
		}
	}
	for k := range r.Properties {
		p := &r.Properties[k]
		begun, broken := n.begun == k, n.first != nil && n.first.index == k
		switch {
		case !begun && !broken:
			want := n.verdict()
			if want == Violated {
				want = Unknown
			}
			if p.Verdict != want && !(n.begun >= 0 && p.Verdict == Violated) || p.Verdict != Violated && p.Trace != nil { // another initial state may break another one
				return fmt.Errorf("%s is %v, want %v", p.Name, p.Verdict, want)
			}
		case p.Verdict != Violated || p.Trace == nil:
			return fmt.Errorf("%s is %v", p.Name, p.Verdict)
		case begun:
			tally["begun"]++
			if len(p.Trace.Steps) != 0 || p.Trace.Kind != KindInvariant {
				return fmt.Errorf("%s: %+v", p.Name, p.Trace)
			}
		case p.Trace.Kind == KindInvariant && n.begun >= 0:
		case !slices.Equal(p.Trace.From, numbersOf(n.first.from)) || p.Trace.Steps[0].Taken != n.first.taken:
			return fmt.Errorf("%s: %+v, want %+v", p.Name, p.Trace, n.first)
		}
	}
	return nil
}

// forge offers the replayer what may be no counterexample to induction.
func (n *naiveInduction) forge(r *rand.Rand, m Model[rstate], trace Trace, all []func(s *rstate) bool, tally map[string]int) error {
	if _, err := Replay(m, trace); err != nil {
		return err
	}
	for range 40 {
		t := trace
		t.From, t.Given, t.Steps = slices.Clone(t.From), slices.Clone(t.Given), slices.Clone(t.Steps)
		bare(&t)
		switch what := r.IntN(8); what {
		case 0, 1:
			i := r.IntN(len(t.From))
			t.From[i] = []string{"0", "1", "2", "3", "true", "256", "", "-1", "01"}[r.IntN(9)]
		case 2:
			t.Given = slices.Delete(t.Given, 0, 1)
		case 3:
			t.Given = append(t.Given, fmt.Sprintf("i%d", r.IntN(6)))
		case 4:
			t.Property = fmt.Sprintf("i%d", r.IntN(5))
		case 5:
			t.Steps[0].Choice = r.IntN(3)
			t.Steps[0].Self = r.IntN(2)
		case 6:
			t.From = append(t.From, "0")[r.IntN(2)*2:]
		case 7:
			t.Kind = KindInvariant
		}
		if reflect.DeepEqual(t.From, trace.From) && reflect.DeepEqual(t.Given, trace.Given) && t.Property == trace.Property && t.Steps[0].Taken == trace.Steps[0].Taken && t.Kind == trace.Kind {
			continue
		}
		tally["forged"]++
		is := n.genuine(&t, all)
		if _, err := Replay(m, t); is != (err == nil) {
			return fmt.Errorf("%+v is a counterexample to induction: %v, and the replayer says %v", t, is, err)
		}
		tally["refused"] += btoi(!is)
	}
	return nil
}

// genuine judges a counterexample to induction by the data of the model.
func (n *naiveInduction) genuine(t *Trace, all []func(s *rstate) bool) bool {
	var s rstate
	if t.Kind != KindInduction || len(t.From) != len(s.V)+len(s.PC) || !slices.Contains(t.Given, t.Property) {
		return false
	}
	for i, text := range t.From {
		v := slices.Index([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8"}, text)
		if v < 0 {
			return false
		}
		if i < len(s.V) {
			s.V[i] = uint8(v)
		} else {
			s.PC[i-len(s.V)] = uint8(v)
		}
	}
	named := func(name string) func(s *rstate) bool {
		for k, p := range all {
			if name == fmt.Sprintf("i%d", k) {
				return p
			}
		}
		return nil
	}
	for _, name := range t.Given {
		if p := named(name); p == nil || !p(&s) {
			return false
		}
	}
	p, step := (&court{m: *n.m}).find(t.Steps[0].Taken)
	return step != nil && step.apply(&s, p.First+t.Steps[0].Self, t.Steps[0].Choice) && !named(t.Property)(&s)
}
