package checker

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// Mistakes that other checkers are known to have made, each with a model that shows it and
// what is demanded here, in every mode. Where a tracker has it, it is named as it is there.

// mode is a way to check.
type mode struct {
	name    string
	options Options
}

// everyMode is every order, store and number of workers, and every reduction.
func everyMode() (all []mode) {
	for _, workers := range []int{1, 2, 8} {
		for _, reduced := range []struct {
			name          string
			por, symmetry bool
		}{{"whole", false, false}, {"por", true, false}, {"symmetry", false, true}, {"por and symmetry", true, true}} {
			for _, store := range []Store{Exact, Fingerprint} {
				all = append(all, mode{fmt.Sprintf("%d workers: %s, %v", workers, reduced.name, store),
					Options{Workers: workers, PartialOrder: reduced.por, Symmetry: reduced.symmetry, Store: store, AfterViolation: -1}})
			}
		}
	}
	for _, store := range []Store{Exact, Fingerprint} {
		all = append(all, mode{fmt.Sprintf("1 worker: depth first, %v", store), Options{Search: DepthFirst, Store: store, AfterViolation: -1}})
	}
	return all
}

// inEveryMode checks a model cut fine, and cut as usual, in every mode.
func inEveryMode[S comparable](t *testing.T, m Model[S], demand func(t *testing.T, r Report)) {
	t.Helper()
	for _, mode := range everyMode() {
		for _, c := range []cut{fineCut, defaultCut} {
			t.Run(mode.name, func(t *testing.T) { demand(t, checkCut(t, m, mode.options, c)) })
		}
	}
}

// violatedBy demands of a property that it be violated after so many steps, of which so many
// go round (-1: any number, where the trace need not be a shortest one). What needs the graph
// of all states is unknown where states are not kept, and says so; it never holds.
func violatedBy(t *testing.T, r Report, name string, steps, cycle int) {
	t.Helper()
	p := result(t, r, name)
	if p.Kind == KindLiveness && r.Store == Fingerprint {
		if p.Verdict != Unknown || !strings.Contains(p.Note, "fingerprints") {
			t.Errorf("%s: %v (%s), want unknown", name, p.Verdict, p.Note)
		}
		return
	}
	if p.Verdict != Violated || r.Verdict != Violated || p.Trace == nil {
		t.Fatalf("%s: %v, report %v; want violated", name, p.Verdict, r.Verdict)
	}
	if r.Search == BreadthFirst && r.Partly == 0 && len(p.Trace.Steps) != steps || p.Kind == KindLiveness && p.Trace.Cycle != cycle {
		t.Errorf("%s: %d steps, %d of them round; want %d and %d", name, len(p.Trace.Steps), p.Trace.Cycle, steps, cycle)
	}
}

func holds(t *testing.T, r Report, name string) {
	t.Helper()
	p := result(t, r, name)
	want := Holds
	if p.Kind == KindLiveness && r.Store == Fingerprint {
		want = Unknown
	}
	if p.Verdict != want || p.Trace != nil {
		t.Errorf("%s: %v (%s), want %v", name, p.Verdict, p.Note, want)
	}
}

// flip is x of the model Github710, and how often it has become what it was not.
type flip struct {
	X      bool
	Turned uint8 // 0 to 3: it has been false, true, false, and true again
	Other  [4]uint8
}

// TLC, with several workers, missed violations of liveness: a state was in the behaviour graph
// before the state from which it was found (tlaplus/tlaplus issue 971, found by
// "x' \in BOOLEAN" and "[](x => [](~x => []~x))"). The same model here, and beside it
// processes that make its levels wide, so that states and their sources are of different
// workers.
func TestLivenessIsNotMissedBySeveralWorkers(t *testing.T) {
	m := Model[flip]{
		Name: "Github710", Init: []flip{{}},
		Processes: []Process[flip]{
			{Name: "x", Count: 1, Steps: []Step[flip]{{Label: "next", Choices: 2, Choose: func(s *flip, _, to int) bool {
				if s.X != (to == 1) {
					s.X = to == 1
					s.Turned = min(3, s.Turned+1)
				}
				return true
			}}}},
			{Name: "other", Count: 4, Steps: []Step[flip]{{Label: "turn", Do: func(s *flip, p int) bool { s.Other[p] = (s.Other[p] + 1) % 3; return true }}}},
		},
		Fairness: []Fairness{Weak("other")},
		Properties: []Property[flip]{
			AlwaysEventually("once true and false again it does not turn", func(s *flip) bool { return s.Turned < 3 }),
			Eventually("x", func(s *flip) bool { return s.X }).Under(Weak("x")),
			AlwaysEventually("others turn", func(s *flip) bool { return s.Other[2] == 1 }),
		},
	}
	var first *Report
	inEveryMode(t, m, func(t *testing.T, r Report) {
		violatedBy(t, r, "once true and false again it does not turn", 3+3*4, 3*4)
		violatedBy(t, r, "x", 1, 1)
		holds(t, r, "others turn")
		if r.Store == Exact && r.Search == BreadthFirst {
			r = timeless(r)
			r.Memory, r.Symmetry, r.Unreduced = 0, nil, ""
			if first == nil {
				first = &r
			} else if !reflect.DeepEqual(r, *first) {
				t.Errorf("%+v\nwant\n%+v", r, *first)
			}
		}
	})
}

// pass is a token that two alike processes pass to each other.
type pass struct {
	Holder uint8 `checker:"is=process"`
	Moved  bool
}

// TLC, with symmetry, misses violations of liveness and reports some that are none: a cycle of
// the quotient need not be one of the state graph, since names may have been exchanged on the
// way round (tlaplus/tlaplus issues 59, 644; Emerson and Sistla, "Utilizing symmetry when
// model checking under fairness assumptions", ACM TOPLAS 19(4), 1997). Here symmetry is not
// applied to what is judged on behaviours, and the report says so.
func TestSymmetryDoesNotTouchLiveness(t *testing.T) {
	m := Model[pass]{
		Name: "token", Init: []pass{{Holder: 0}, {Holder: 1}},
		Processes: []Process[pass]{{Name: "process", Count: 2, Index: "process", Steps: []Step[pass]{
			{Label: "keep", Do: func(s *pass, p int) bool {
				if int(s.Holder) != p {
					return false
				}
				s.Moved = false
				return true
			}},
			{Label: "pass", Do: func(s *pass, p int) bool {
				if int(s.Holder) != p {
					return false
				}
				s.Holder, s.Moved = uint8(1-p), true
				return true
			}},
		}}},
		Symmetry: []Scalarset{{Name: "process", Size: 2}},
		Properties: []Property[pass]{
			// In the quotient there is one holder: whoever comes to have the token is the one who is asked about.
			AlwaysEventually("process 1 has it", func(s *pass) bool { return s.Holder == 1 }),
			AlwaysEventually("it moves", func(s *pass) bool { return s.Moved }).Under(Strong("process", "pass")),
			AlwaysEventually("process 0 has it", func(s *pass) bool { return s.Holder == 0 }).Under(Strong("process", "pass")),
		},
	}
	inEveryMode(t, m, func(t *testing.T, r Report) {
		violatedBy(t, r, "process 1 has it", 1, 1)
		holds(t, r, "it moves")
		holds(t, r, "process 0 has it")
		if r.States != 4 || r.Symmetry != nil && (r.Symmetry.Applied || !strings.Contains(r.Symmetry.Reason, "judged on fair behaviours")) {
			t.Errorf("%d states, %+v; want all four, and why", r.States, r.Symmetry)
		}
	})
}

// node is a place in a graph.
type node struct{ At uint8 }

// graphOf is a graph by its edges, from some of its nodes.
func graphOf(from []uint8, edges map[uint8][]uint8, properties ...Property[node]) Model[node] {
	m := Model[node]{
		Name: "graph", Terminal: func(*node) bool { return true }, Properties: properties,
		Processes: []Process[node]{{Name: "walker", Count: 1, Steps: []Step[node]{{Label: "go", Choices: 4, Choose: func(s *node, _, choice int) bool {
			if choice >= len(edges[s.At]) {
				return false
			}
			s.At = edges[s.At][choice]
			return true
		}}}}},
	}
	for _, at := range from {
		m.Init = append(m.Init, node{at})
	}
	return m
}

// stateright forgets that "eventually" is still to come where a path closes a cycle, and
// where two paths join of which the first has met it: its own tests call that
// fixme_can_miss_counterexample_when_revisiting_a_state (stateright/stateright pull request 3,
// "false negatives"). The graphs are of that test.
func TestEventuallyIsNotForgottenOnCyclesAndJoins(t *testing.T) {
	odd := Eventually("odd", func(s *node) bool { return s.At%2 == 1 })
	for name, c := range map[string]struct {
		m            Model[node]
		steps, cycle int
	}{
		"cycle":                                {graphOf([]uint8{0}, map[uint8][]uint8{0: {2}, 2: {4}, 4: {2}}, odd), 3, 2},
		"join":                                 {graphOf([]uint8{0, 1}, map[uint8][]uint8{0: {2}, 2: {4}, 1: {4}, 4: {6}}, odd), 3, 0},
		"join, the path that has met it first": {graphOf([]uint8{1, 0}, map[uint8][]uint8{0: {2}, 2: {4}, 1: {4}, 4: {6}}, odd), 3, 0},
		"a cycle that joins":                   {graphOf([]uint8{1, 0}, map[uint8][]uint8{0: {8}, 1: {2}, 8: {2}, 2: {4}, 4: {2, 3}}, odd), 4, 2},
	} {
		t.Run(name, func(t *testing.T) {
			inEveryMode(t, c.m, func(t *testing.T, r Report) { violatedBy(t, r, "odd", c.steps, c.cycle) })
		})
	}
	inEveryMode(t, graphOf([]uint8{0}, map[uint8][]uint8{0: {2, 3}, 2: {5}}, odd), func(t *testing.T, r Report) { holds(t, r, "odd") })
}

// TLC ended with success where a liveness property could not be evaluated in the initial
// state, and never came to a state that violates an invariant (tlaplus/tlaplus pull request
// 1440); a thread of stateright that panicked was not missed (stateright/stateright issue
// 29). Whatever function does not answer, wherever it is: an error, and no verdict.
func TestErrorsInEvaluationAreNoSuccess(t *testing.T) {
	edges := map[uint8][]uint8{0: {1, 2}, 1: {3}, 2: {3}, 3: {4}, 4: {0}}
	wrong := func(at uint8, ends bool) func(s *node) bool {
		return func(s *node) bool {
			if s.At == at && ends {
				runtime.Goexit()
			}
			if s.At == at {
				panic("no value")
			}
			return s.At == 9
		}
	}
	for _, at := range []uint8{0, 3, 4} {
		for _, ends := range []bool{false, true} {
			is := wrong(at, ends)
			not := func(s *node) bool { return !is(s) }
			for what, p := range map[string]Property[node]{
				"invariant": Invariant("p", not), "clause": Clauses("p", Clause[node]{"c", not}), "reachable": Reachable("p", is),
				"transition": Transition("p", func(_, after *node, _ Taken) bool { return !is(after) }), "mapping": Refines("p", graphOf([]uint8{0}, edges), func(s *node) node { is(s); return *s }),
				"eventually": Eventually("p", is), "leads to": LeadsTo("p", func(s *node) bool { return s.At == 0 }, is),
			} {
				m := graphOf([]uint8{0}, edges, p, Invariant("violated", func(s *node) bool { return s.At != 4 }))
				for _, mode := range everyMode() {
					if mode.options.Store == Fingerprint && (what == "eventually" || what == "leads to") {
						continue // it is unknown there, and not asked
					}
					mode.options.AfterViolation = -1
					r, err := Check(t.Context(), m, mode.options)
					var panicked *PanicError
					if !errors.As(err, &panicked) || !strings.Contains(panicked.Where, `"p"`) || r.Verdict != Unknown || r.Complete || ends != (panicked.Value == ErrGoexit) {
						t.Errorf("%s in state %d, %s: %v, %v", what, at, mode.name, r.Verdict, err)
					}
				}
			}
		}
	}
}

// TLC with -continue printed violations and ended with success (tlaplus/tlaplus issue 1385).
func TestGoingOnAfterAViolationStaysViolated(t *testing.T) {
	m := graphOf([]uint8{0}, map[uint8][]uint8{0: {1}, 1: {2}, 2: {0}}, Invariant("not 1", func(s *node) bool { return s.At != 1 }),
		Invariant("not 0", func(s *node) bool { return s.At != 0 }))
	inEveryMode(t, m, func(t *testing.T, r Report) {
		violatedBy(t, r, "not 1", 1, 0)
		violatedBy(t, r, "not 0", 0, 0)
		if !r.Complete {
			t.Errorf("%+v", r)
		}
	})
}

// bag is what four alike processes have put together, so that each state is found from many
// others of one level.
type bag struct {
	N  [4]uint8 `checker:"per=process"`
	At [4]uint8 `checker:"per=process"`
}

// TLC counts varied from run to run with several workers and a VIEW, since which of several
// states of one view went on was a matter of chance (tlaplus/tlaplus issue 570). Here counts,
// depth, coverage and traces are those of one worker, in each mode and each run.
func TestCountsDoNotVary(t *testing.T) {
	m := Model[bag]{
		Name: "bag", Init: []bag{{}},
		Processes: []Process[bag]{{Name: "process", Count: 4, Index: "process", Own: []string{"At[self]", "N[self]"},
			PC: func(s *bag, p int) int { return int(s.At[p]) },
			Steps: []Step[bag]{
				{Label: "add", Choices: 2, Choose: func(s *bag, p, choice int) bool {
					if s.N[p] == 3 {
						return false
					}
					s.N[p]++
					s.At[p] = uint8(choice)
					return true
				}},
				{Label: "rest", Do: func(s *bag, p int) bool { s.At[p] = 0; return true }},
			}}},
		Symmetry: []Scalarset{{Name: "process", Size: 4}},
		Terminal: func(*bag) bool { return true },
		Properties: []Property[bag]{
			Invariant("not all rest", func(s *bag) bool { return s.At != [4]uint8{1, 1, 1, 1} }),
			Reachable("all are full", func(s *bag) bool { return s.N == [4]uint8{3, 3, 3, 3} }),
		},
	}
	first := map[string]Report{}
	for round := range 3 {
		for _, mode := range everyMode() {
			for i, c := range []cut{fineCut, defaultCut} { // a reduction looks block by block at what was visited
				r := timeless(checkCut(t, m, mode.options, c))
				r.Memory = 0
				_, kind, _ := strings.Cut(mode.name, ": ")
				key := fmt.Sprintf("%s, cut %d", kind, i)
				if want, known := first[key]; !known {
					first[key] = r
				} else if !reflect.DeepEqual(r, want) {
					t.Errorf("round %d, %s: %d states, %d transitions, %+v; before %d, %d, %+v", round, mode.name, r.States, r.Transitions, r.Symmetry, want.States, want.Transitions, want.Symmetry)
				}
				if r.Symmetry == nil && r.Partly == 0 && r.States != 7*7*7*7 {
					t.Errorf("%s: %d states, want %d", mode.name, r.States, 7*7*7*7)
				}
			}
		}
	}
	if len(first) != 20 {
		t.Errorf("%d kinds of reports, want 20", len(first))
	}
}

// far is a model that goes far.
type far struct{ N uint16 }

// SPIN searches to a depth of 10,000 unless it is told otherwise; what is deeper is not
// visited, and a line says so that is easily overlooked ("error: max search depth too small":
// pan -m, spinroot.com/spin/Man/Pan.html; nimble-code/Spin issue 40). Here there is no limit
// that was not asked for, and one that was met makes the verdict unknown and says why.
func TestNoLimitIsSilent(t *testing.T) {
	const depth = 15_000
	m := Model[far]{
		Name: "deep", Init: []far{{}}, Terminal: func(*far) bool { return true },
		Processes: []Process[far]{{Name: "walker", Count: 1, Own: []string{"N"}, Steps: []Step[far]{{Label: "go", Do: func(s *far, _ int) bool {
			if s.N == depth+10 {
				return false
			}
			s.N++
			return true
		}}}}},
		Properties: []Property[far]{
			Invariant("not far", func(s *far) bool { return s.N < depth }),
			Eventually("farther", func(s *far) bool { return s.N > depth+10 }),
		},
	}
	for _, mode := range everyMode() {
		r := check(t, m, mode.options)
		violatedBy(t, r, "not far", depth, 0)
		violatedBy(t, r, "farther", depth+10, 0)
		for want, limit := range map[string]func(o *Options){
			"the depth limit of 10000":           func(o *Options) { o.MaxDepth = 10_000 },
			"the limit of 10000 states was met":  func(o *Options) { o.MaxStates = 10_000 },
			"the memory limit of 100 bytes was ": func(o *Options) { o.MaxMemory = 100 },
			"the time limit of 1ns was met":      func(o *Options) { o.MaxTime = 1 },
		} {
			o := mode.options
			limit(&o)
			r := check(t, m, o)
			if r.Verdict != Unknown || r.Complete || !strings.Contains(r.Reason, want) {
				t.Errorf("%s: %v, complete %v, reason %q; want unknown: %s", mode.name, r.Verdict, r.Complete, r.Reason, want)
			}
			for _, p := range r.Properties {
				if p.Verdict != Unknown || p.Note == "" {
					t.Errorf("%s: %s is %v (%s), want unknown", mode.name, p.Name, p.Verdict, p.Note)
				}
			}
		}
	}
}

// TLC does not warn where a constraint cuts off all fair behaviours, so that liveness holds
// because there are none (tlaplus/tlaplus issue 839; Lamport, Specifying Systems, 14.3.5).
func TestAConstraintDoesNotMakeLivenessHold(t *testing.T) {
	m := Model[far]{
		Name: "counts", Init: []far{{}}, Constraint: func(s *far) bool { return s.N < 5 },
		Processes: []Process[far]{{Name: "walker", Count: 1, Steps: []Step[far]{{Label: "go", Do: func(s *far, _ int) bool { s.N++; return true }}}}},
		Fairness:  []Fairness{Weak("walker")},
		Properties: []Property[far]{
			Eventually("never", func(*far) bool { return false }),
			AlwaysEventually("at 3", func(s *far) bool { return s.N == 3 }),
		},
	}
	inEveryMode(t, m, func(t *testing.T, r Report) {
		for _, name := range []string{"never", "at 3"} {
			if p := result(t, r, name); p.Verdict != Unknown || p.Note == "" || r.Verdict != Unknown {
				t.Errorf("%s: %v (%s), want unknown", name, p.Verdict, p.Note)
			}
		}
	})
}

// last is a number and the step that set it.
type last struct {
	X uint8
	A bool
}

// TLC reported a violation that was none: it took a component of states for one of edges, so
// that a step of another name between the same states counted as that which had to be taken,
// or had not (tlaplus/tlaplus issue 201: A is x' = (x+1) % 3, B is x' \in 0..2, and WF(A)).
func TestStepsBetweenTheSameStatesAreToldApart(t *testing.T) {
	m := Model[last]{
		Name: "main", Init: []last{{}},
		Processes: []Process[last]{{Name: "p", Count: 1, Steps: []Step[last]{
			{Label: "A", Do: func(s *last, _ int) bool { s.X, s.A = (s.X+1)%3, true; return true }},
			{Label: "B", Choices: 3, Choose: func(s *last, _, to int) bool { s.X, s.A = uint8(to), false; return true }},
		}}},
		Properties: []Property[last]{
			AlwaysEventually("A is taken", func(s *last) bool { return s.A }).Under(Weak("p", "A")),
			AlwaysEventually("A is taken, unfairly", func(s *last) bool { return s.A }),
			AlwaysEventually("B is taken", func(s *last) bool { return !s.A }).Under(Weak("p", "A")),
		},
	}
	// What the number of A's states says is not whether A was taken: of x alone there is one
	// component, and each of its edges is one of B's as well.
	alone := graphOf([]uint8{0}, map[uint8][]uint8{0: {1, 0, 2}, 1: {2, 0, 1}, 2: {0, 1, 2}},
		AlwaysEventually("at 2", func(s *node) bool { return s.At == 2 }).Under(Weak("walker")))
	inEveryMode(t, m, func(t *testing.T, r Report) {
		holds(t, r, "A is taken")
		violatedBy(t, r, "A is taken, unfairly", 1, 1)
		violatedBy(t, r, "B is taken", 4, 3)
	})
	inEveryMode(t, alone, func(t *testing.T, r Report) { violatedBy(t, r, "at 2", 1, 1) })
}

// TLC reported that FALSE leads to P is violated (tlaplus/tlaplus issue 604).
func TestNothingLeadsAnywhere(t *testing.T) {
	always, never := func(*node) bool { return true }, func(*node) bool { return false }
	m := graphOf([]uint8{0}, map[uint8][]uint8{0: {0, 1, 2, 3}, 1: {0, 1, 2, 3}, 2: {0, 1, 2, 3}, 3: {0, 1, 2, 3}},
		LeadsTo("false leads to false", never, never), LeadsTo("false leads to true", never, always), LeadsTo("true leads to true", always, always),
		Eventually("true", always), AlwaysEventually("always true", always), LeadsTo("true leads to false", always, never), Eventually("false", never))
	m.Fairness = []Fairness{Weak("walker")}
	inEveryMode(t, m, func(t *testing.T, r Report) {
		for _, name := range []string{"false leads to false", "false leads to true", "true leads to true", "true", "always true"} {
			holds(t, r, name)
		}
		violatedBy(t, r, "true leads to false", 1, 1)
		violatedBy(t, r, "false", 1, 1)
	})
}

// SPIN with weak fairness missed the error in <>[](n==1) of two processes that end, P with
// n=1 and Q with n=2 (nimble-code/Spin issue 38, demo07.pml): that processes have ended makes
// no behaviour unfair.
func TestFairnessDoesNotHideWhatEnds(t *testing.T) {
	type state struct {
		N    uint8
		Done [2]bool
	}
	set := func(to uint8) []Step[state] {
		return []Step[state]{{Label: "set", Do: func(s *state, _ int) bool {
			if s.Done[to-1] {
				return false
			}
			s.N, s.Done[to-1] = to, true
			return true
		}}}
	}
	for _, fairness := range [][]Fairness{nil, {Weak("P"), Weak("Q")}, {Strong("P"), Strong("Q")}} {
		m := Model[state]{
			Name: "demo07", Init: []state{{}}, Terminal: func(*state) bool { return true }, Fairness: fairness,
			Processes: []Process[state]{{Name: "P", Count: 1, Steps: set(1)}, {Name: "Q", Count: 1, Steps: set(2)}},
			Properties: []Property[state]{
				AlwaysEventually("n is 1", func(s *state) bool { return s.N == 1 }), // in the end: in the last state
				Eventually("n is set", func(s *state) bool { return s.N != 0 }),
			},
		}
		inEveryMode(t, m, func(t *testing.T, r Report) {
			violatedBy(t, r, "n is 1", 2, 0)
			holds(t, r, "n is set")
		})
	}
}

// phones are two that call each other; a call is taken by both at once.
type phones struct{ At [2]uint8 }

// SPIN's search breadth first does not see every deadlock where processes meet in a
// rendezvous (nimble-code/Spin issue 28, TwoPhones). Here a step of two is one step, and a
// deadlock is one in each order of search.
func TestDeadlocksAreSeenInEachOrder(t *testing.T) {
	const idle, dials, talks = 0, 1, 2
	m := Model[phones]{
		Name: "phones", Init: []phones{{}},
		Processes: []Process[phones]{{Name: "phone", Count: 2, Own: []string{"At[self]"}, PC: func(s *phones, p int) int { return int(s.At[p]) }, Steps: []Step[phones]{
			{Label: "dial", Do: func(s *phones, p int) bool { s.At[p] = dials; return true }},
			{Label: "meet", Reads: []string{"At[self+1]"}, Writes: []string{"At[self+1]"}, Do: func(s *phones, p int) bool {
				if s.At[1-p] != idle {
					return false // both dial: nobody takes the call
				}
				s.At = [2]uint8{talks, talks}
				return true
			}},
			{Label: "hang up", Do: func(s *phones, p int) bool { s.At[p] = idle; return true }},
		}}},
	}
	inEveryMode(t, m, func(t *testing.T, r Report) {
		violatedBy(t, r, deadlockName, 2, 0)
		if r.Deadlocks != 1 {
			t.Errorf("%d deadlocks", r.Deadlocks)
		}
	})
}

// busy is a process that goes round, and another one that does harm.
type busy struct {
	Round uint8
	Harm  uint8
}

// A reduction by partial order that always finds the steps of one process enough ignores the
// others where that process goes round for ever (the ignoring problem: Valmari, "Stubborn sets
// for reduced state space generation", 1989; SPIN's proviso for cycles is of 1994).
func TestNobodyIsIgnoredByTheReduction(t *testing.T) {
	m := Model[busy]{
		Name: "ignoring", Init: []busy{{}},
		Processes: []Process[busy]{
			{Name: "a", Count: 1, Own: []string{"Round"}, Steps: []Step[busy]{{Label: "round", Do: func(s *busy, _ int) bool { s.Round = (s.Round + 1) % 3; return true }}}},
			{Name: "b", Count: 1, Own: []string{"Harm"}, Steps: []Step[busy]{{Label: "harm", Do: func(s *busy, _ int) bool {
				if s.Harm == 4 {
					return false
				}
				s.Harm++
				return true
			}}}},
		},
		Properties: []Property[busy]{
			Invariant("no harm", func(s *busy) bool { return s.Harm < 4 }).Reads("Harm"),
			Reachable("some harm", func(s *busy) bool { return s.Harm == 2 }).Reads("Harm"),
		},
	}
	partly := 0
	inEveryMode(t, m, func(t *testing.T, r Report) {
		violatedBy(t, r, "no harm", 4, 0)
		if p := result(t, r, "some harm"); p.Verdict != Holds {
			t.Errorf("%v", p.Verdict)
		}
		for _, c := range r.Coverage {
			if c.Transitions == 0 {
				t.Errorf("%s of %s is ignored", c.Label, c.Process)
			}
		}
		partly += btoi(r.Partly > 0)
	})
	if partly == 0 {
		t.Log("no search was reduced")
	}
}

// A search by fingerprints may take two states for one: it says how probable that is, as TLC
// does, and never that nothing was left out for sure.
func TestOmissionsAreTold(t *testing.T) {
	inEveryMode(t, grid(3), func(t *testing.T, r Report) {
		if r.States != 1000 || (r.Store == Fingerprint) != (r.Omission > 0) {
			t.Errorf("%d states by %v, omission %g", r.States, r.Store, r.Omission)
		}
	})
}
