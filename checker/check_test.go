package checker

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// result finds the answer for a property.
func result(t *testing.T, r Report, name string) Result {
	t.Helper()
	for _, p := range r.Properties {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no property %q in %+v", name, r)
	return Result{}
}

func check[S comparable](t *testing.T, m Model[S], o Options) Report {
	t.Helper()
	r, err := Check(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerdictsOfProperties(t *testing.T) {
	for _, test := range []struct {
		property Property[small]
		verdict  Verdict
		steps    int // of the trace; -1 for none
	}{
		{Invariant("p", func(s *small) bool { return s.N < 9 }), Holds, -1},
		{Invariant("p", func(s *small) bool { return s.N < 2 }), Violated, 2},
		{Invariant("p", func(s *small) bool { return false }), Violated, 0},
		{Reachable("p", func(s *small) bool { return s.N == 3 }), Holds, 3},
		{Reachable("p", func(s *small) bool { return s.N == 0 }), Holds, 0},
		{Reachable("p", func(s *small) bool { return s.N == 9 }), Violated, -1},
		{Transition("p", func(a, b *small, _ Taken) bool { return b.N > a.N }), Holds, -1},
		{Transition("p", func(a, b *small, _ Taken) bool { return a.N != 1 }), Violated, 2},
		{Transition("p", func(_, _ *small, step Taken) bool { return step != Taken{Process: "p", Label: "up"} }), Violated, 1},
		{Count[small]("p", "up"), Holds, -1},
		{Count[small]("p", "up").Between(3, 3), Holds, -1},
		{Count[small]("p", "up").Between(0, 2), Violated, -1},
		{Count[small]("p", "up").Between(4, 9), Violated, -1},
	} {
		m := counter()
		m.Properties = []Property[small]{test.property}
		r := check(t, m, Options{})
		p := result(t, r, "p")
		if p.Verdict != test.verdict || r.Verdict != test.verdict {
			t.Errorf("%s: %v, report %v; want %v", p.Kind, p.Verdict, r.Verdict, test.verdict)
		}
		if (p.Trace != nil) != (test.steps >= 0) || p.Trace != nil && len(p.Trace.Steps) != test.steps {
			t.Errorf("%s: trace %+v, want %d steps", p.Kind, p.Trace, test.steps)
		}
		if d := result(t, r, "deadlock"); d.Verdict != Holds || r.Properties[0].Name != "deadlock" {
			t.Errorf("deadlock is %v, want holds, and first", d.Verdict)
		}
		if r.States != 4 || r.Transitions != 3 || r.Depth != 3 || r.Ends != 1 || r.Deadlocks != 0 || !r.Complete {
			t.Errorf("%+v: want 4 states, 3 transitions, depth 3, 1 end", r)
		}
	}
}

func TestDeadlockIsWhatTerminalDoesNotSay(t *testing.T) {
	m := counter()
	m.Terminal = nil
	r := check(t, m, Options{})
	d := result(t, r, "deadlock")
	if r.Verdict != Violated || d.Verdict != Violated || r.Deadlocks != 1 || len(d.Trace.Steps) != 3 {
		t.Errorf("%+v: want a deadlock after 3 steps", r)
	}
	if last := d.Trace.Steps[2]; last.Column != 0 || !reflect.DeepEqual(last.Changes, []Change{{"N", "2", "3"}}) {
		t.Errorf("last step %+v", last)
	}
}

type gridState struct{ N [6]uint8 }

// grid is n processes that each count to 9: 10^n states, in wide levels.
func grid(n int) Model[gridState] {
	return Model[gridState]{
		Name: "grid", Init: []gridState{{}},
		Processes: []Process[gridState]{{Name: "p", Count: n, Steps: []Step[gridState]{
			{Label: "up", Do: func(s *gridState, self int) bool {
				if s.N[self] == 9 {
					return false
				}
				s.N[self]++
				return true
			}},
		}}},
		Terminal: func(*gridState) bool { return true },
		Properties: []Property[gridState]{
			Invariant("low", func(s *gridState) bool { return true }),
			Reachable("corner", func(s *gridState) bool { return s.N[0] == 9 && s.N[1] == 9 }),
			Count[gridState]("ups", "up"),
		},
	}
}

func TestLimitsMakeUnknown(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
		reason  string
	}{
		{"states", Options{MaxStates: 1000}, "limit of 1000 states"},
		{"memory", Options{MaxMemory: 3 << 20}, "memory limit"},
		{"depth", Options{MaxDepth: 7}, "depth limit of 7"},
		{"time", Options{MaxTime: time.Nanosecond}, "time limit"},
	} {
		r := check(t, grid(5), test.options)
		if r.Verdict != Unknown || r.Complete || !strings.Contains(r.Reason, test.reason) {
			t.Errorf("%s: %v, complete %v, reason %q; want unknown for %q", test.name, r.Verdict, r.Complete, r.Reason, test.reason)
		}
		for _, p := range r.Properties {
			if p.Trace != nil { // the corner was reached before the limit
				continue
			}
			if p.Verdict != Unknown || p.Note == "" {
				t.Errorf("%s: property %s is %v with note %q, want unknown and why", test.name, p.Name, p.Verdict, p.Note)
			}
		}
	}
}

func TestLimitOnStatesIsExact(t *testing.T) {
	for _, limit := range []uint64{1, 2, 3, 10, 999, 1000, 1001, 99_999} {
		if r := check(t, grid(5), Options{MaxStates: limit}); r.States > limit || r.States+5 < limit || r.Complete {
			t.Errorf("limit %d: %d states, complete %v", limit, r.States, r.Complete)
		}
	}
	// A model with exactly as many states is explored whole.
	if r := check(t, grid(5), Options{MaxStates: 100_000}); r.States != 100_000 || !r.Complete || r.Verdict != Holds {
		t.Errorf("%d states, complete %v, %v; want all and holds", r.States, r.Complete, r.Verdict)
	}
}

func TestLimitOnStatesCountsTheInitialOnes(t *testing.T) {
	m := counter()
	m.Init = []small{{N: 1}, {N: 1}, {N: 2}, {N: 1}, {N: 3}, {N: 2}}
	for limit, want := range map[uint64]uint64{1: 1, 2: 2, 3: 3, 4: 3} {
		r := check(t, m, Options{MaxStates: limit})
		if complete := limit >= 3; r.States != want || r.Complete != complete || !complete && (r.Verdict != Unknown || !strings.Contains(r.Reason, "states was met")) {
			t.Errorf("limit %d: %v, %d states, complete %v, reason %q; want %d states", limit, r.Verdict, r.States, r.Complete, r.Reason, want)
		}
	}
}

func TestLimitOnDepthAtTheEndIsNone(t *testing.T) {
	if r := check(t, grid(2), Options{MaxDepth: 19}); !r.Complete || r.Depth != 18 {
		t.Errorf("complete %v at depth %d, want complete at 18", r.Complete, r.Depth)
	}
	// At 18 the last state was not expanded: whether it has successors is not known.
	if r := check(t, grid(2), Options{MaxDepth: 18}); r.Complete || r.Depth != 18 {
		t.Errorf("complete %v at depth %d, want incomplete at 18", r.Complete, r.Depth)
	}
}

func TestLimitOnMemoryIsKept(t *testing.T) {
	for limit := uint64(5 << 20); limit < 12<<20; limit += 777 << 10 {
		r := check(t, grid(6), Options{MaxMemory: limit})
		if r.Complete || r.Memory > limit+limit/20 || r.Memory < limit/2 {
			t.Errorf("complete %v with %d bytes, want to end near %d", r.Complete, r.Memory, limit)
		}
	}
}

func TestViolationBeforeALimitStaysViolated(t *testing.T) {
	m := grid(5)
	m.Properties[0] = Invariant("low", func(s *gridState) bool { return s.N[3] < 2 })
	r := check(t, m, Options{MaxStates: 500})
	if p := result(t, r, "low"); r.Verdict != Violated || r.Complete || p.Verdict != Violated || len(p.Trace.Steps) != 2 {
		t.Errorf("%v, complete %v, %+v; want violated after 2 steps, incomplete", r.Verdict, r.Complete, p)
	}
}

func TestAfterViolation(t *testing.T) {
	m := grid(5)
	m.Properties[0] = Invariant("low", func(s *gridState) bool { return s.N[3] < 2 })
	if r := check(t, m, Options{}); !r.Complete || r.States != 100_000 || r.Verdict != Violated {
		t.Errorf("by default: complete %v, %d states", r.Complete, r.States)
	}
	if r := check(t, m, Options{AfterViolation: -1}); !r.Complete {
		t.Errorf("without bound: not complete")
	}
	r := check(t, m, Options{AfterViolation: 1000})
	if r.Complete || r.States < 1000 || r.States > 1100 || !strings.Contains(r.Reason, "violated") {
		t.Errorf("after 1000: complete %v, %d states, reason %q", r.Complete, r.States, r.Reason)
	}
}

// Only the first violation sets the number of states that may follow, and a
// witness of a reachable sets none.
func TestAfterTheFirstViolation(t *testing.T) {
	m := grid(5)
	reached := m.Properties[1]
	m.Properties = []Property[gridState]{Reachable("soon", func(s *gridState) bool { return s.N[0] == 1 }), reached}
	if r := check(t, m, Options{AfterViolation: 10}); !r.Complete || r.Verdict != Holds {
		t.Errorf("after a witness: complete %v, %v; want complete, holds", r.Complete, r.Verdict)
	}
	low := func(name string, bound uint8) Property[gridState] {
		return Invariant(name, func(s *gridState) bool { return s.N[0]+s.N[1]+s.N[2]+s.N[3]+s.N[4] < bound })
	}
	// 1, 5, 15, 35 and 70 states are 0 to 4 steps away.
	m.Properties = []Property[gridState]{low("first", 1), low("second", 4)}
	r := check(t, m, Options{AfterViolation: 300})
	if second := result(t, r, "second"); second.Verdict != Violated || r.Complete || r.States > 306 || r.States < 300 {
		t.Errorf("second %v, complete %v, %d states; want both violated, and 300 states after the first", second.Verdict, r.Complete, r.States)
	}
	if r := check(t, m, Options{AfterViolation: 1}); r.Complete || r.States > 7 {
		t.Errorf("after 1: complete %v, %d states; want 1 more than the 6 of the first two levels", r.Complete, r.States)
	}
}

func TestInterruptGivesAPartialReport(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	told := 0
	r, err := Check(ctx, grid(6), Options{ProgressEvery: 1, Progress: func(p Progress) {
		if told++; told == 20 {
			cancel()
		}
	}})
	if err != nil || r.Complete || r.Reason != "interrupted" || r.Verdict != Unknown || r.States < 2 || r.Transitions == 0 {
		t.Errorf("%+v, %v; want a partial report", r, err)
	}
	covered := r.Coverage[0].Transitions
	if covered != r.Transitions {
		t.Errorf("coverage has %d transitions, the report %d", covered, r.Transitions)
	}
}

// A check that is interrupted before it starts says so, however small the model is.
func TestInterruptBeforeTheStart(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := counter()
	m.Properties = []Property[small]{Count[small]("ups", "up")}
	for range 200 {
		if r, err := Check(ctx, m, Options{}); err != nil || r.Complete || r.Verdict != Unknown || r.Reason != "interrupted" || r.Transitions != 0 {
			t.Fatalf("%+v, %v; want unknown, interrupted, and nothing expanded", r, err)
		}
	}
}

// What a block had done when it was cancelled counts for nothing: the states of
// its other chunks were not expanded, and the search is not complete without them.
func TestCancelledBlockCountsForNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var s *search[small]
	m := Model[small]{
		Name: "fan", Init: []small{{}}, Terminal: func(state *small) bool { return state.M == 1 },
		Processes: []Process[small]{{Name: "p", Count: 1, Steps: []Step[small]{{Label: "fan", Choices: 250,
			Choose: func(state *small, _, choice int) bool {
				if state.M == 1 { // the last level: nothing comes after it
					cancel()
					s.cancelled.Store(true)
					return false
				}
				*state = small{N: uint8(choice), M: 1}
				return true
			}}}}},
	}
	s = newSearch(ctx, &m, Options{}, time.Now())
	defer s.release()
	s.run()
	r, err := s.report()
	if err != nil || r.Complete || r.Verdict != Unknown || r.Reason != "interrupted" || r.States != 251 || r.Transitions != 250 || r.Ends != 0 {
		t.Errorf("%+v, %v; want interrupted after the 250 transitions of the first level", r, err)
	}
}

func TestProgressTellsTheSearch(t *testing.T) {
	var all []Progress
	r := check(t, grid(5), Options{ProgressEvery: 1, Progress: func(p Progress) { all = append(all, p) }})
	if len(all) < 10 {
		t.Fatalf("told %d times", len(all))
	}
	for i, p := range all {
		if p.Memory == 0 || p.Frontier == 0 || p.Elapsed <= 0 || p.Rate < 0 || p.States > r.States {
			t.Errorf("%+v", p)
		}
		if i > 0 && (p.States < all[i-1].States || p.Depth < all[i-1].Depth || p.Transitions < all[i-1].Transitions) {
			t.Errorf("%+v after %+v", p, all[i-1])
		}
	}
}

func TestPanicsAreErrors(t *testing.T) {
	boom := errors.New("boom")
	at := func(n uint8) func(s *small) bool {
		return func(s *small) bool {
			if s.N == n {
				panic(boom)
			}
			return true
		}
	}
	for where, change := range map[string]func(m *Model[small]){
		"step up of p": func(m *Model[small]) {
			m.Processes[0].Steps[0].Do = func(s *small, _ int) bool { at(2)(s); s.N++; return true }
		},
		"PC of p 1": func(m *Model[small]) {
			m.Processes[0].Count = 2
			m.Processes[0].PC = func(s *small, self int) int { return btoi(self == 1 && at(2)(s)) }
		},
		"Terminal":     func(m *Model[small]) { m.Terminal = at(3) },
		`property "p"`: func(m *Model[small]) { m.Properties = []Property[small]{Invariant("p", at(2))} },
		`property "t"`: func(m *Model[small]) {
			m.Properties = []Property[small]{Transition("t", func(a, b *small, _ Taken) bool { return at(1)(a) })}
		},
		"Event": func(m *Model[small]) {
			m.Event = func(a, b *small, _ Taken) string { at(1)(a); return "e" }
			m.Properties = []Property[small]{Orders[small]("o")}
		},
		`property "of two"`: func(m *Model[small]) {
			m.Properties = []Property[small]{Invariant("first", func(*small) bool { return true }), Invariant("of two", at(2))}
		},
		"step choose (choice 2) of p": func(m *Model[small]) {
			m.Processes[0].Steps[0] = Step[small]{Label: "choose", Choices: 3, Choose: func(s *small, _, choice int) bool {
				if choice == 2 {
					panic(boom)
				}
				return false
			}}
		},
	} {
		m := counter()
		change(&m)
		r, err := Check(context.Background(), m, Options{})
		var p *PanicError
		if !errors.As(err, &p) || p.Where != where || !errors.Is(err, boom) || len(p.State) != 2 || p.Stack == "" {
			t.Errorf("%s: error %v (%+v)", where, err, p)
			continue
		}
		if r.Verdict != Unknown || r.Complete || !strings.Contains(err.Error(), "N=") {
			t.Errorf("%s: %v, complete %v, %q; want unknown, and the state named", where, r.Verdict, r.Complete, err)
		}
	}
}

func TestModelsThatBreakTheirContractAreErrors(t *testing.T) {
	calls := uint8(0)
	for want, change := range map[string]func(m *Model[small]){
		"step up of p says that it is not enabled and changes the state": func(m *Model[small]) {
			m.Processes[0].Steps[0].Do = func(s *small, _ int) bool { s.N++; return s.N < 3 }
			m.Terminal = func(*small) bool { return true } // the trace of a deadlock would find it
		},
		"step up of p has two outcomes": func(m *Model[small]) {
			m.Processes[0].Steps[0].Do = func(s *small, _ int) bool { calls++; s.M = calls; return true }
		},
		"PC of p changes the state": func(m *Model[small]) {
			m.Processes[0].PC = func(s *small, _ int) int { s.M = 1; return 0 }
		},
		"PC of p gives two answers": func(m *Model[small]) {
			m.Processes[0].PC = func(s *small, _ int) int { calls++; return int(calls & 1) }
		},
		"Terminal changes the state": func(m *Model[small]) {
			m.Terminal = func(s *small) bool { s.M++; return true }
		},
		"Terminal gives two answers": func(m *Model[small]) {
			m.Terminal = func(*small) bool { calls++; return calls&1 == 0 }
		},
		`property "p" changes the state`: func(m *Model[small]) {
			m.Properties = []Property[small]{Invariant("p", func(s *small) bool { s.M = 9; return true })}
		},
		`property "t" changes the state`: func(m *Model[small]) {
			m.Properties = []Property[small]{Transition("t", func(a, b *small, _ Taken) bool { b.M = 9; return true })}
		},
	} {
		m := counter()
		change(&m)
		r, err := Check(context.Background(), m, Options{})
		var impure *ImpureError
		if !errors.As(err, &impure) || !strings.Contains(err.Error(), want) || r.Verdict != Unknown {
			t.Errorf("%v with error %v, want one that says %q", r.Verdict, err, want)
		}
	}
}

// The contract is verified throughout a search, not only in the first states of
// a shard: this step has two outcomes in no other state than the last of a shard
// that is sampled.
func TestContractIsSampledInLargeSearches(t *testing.T) {
	type wide struct{ N uint64 }
	const n = 100_000
	calls := uint64(0)
	two := map[uint64]bool{} // states in which the step is impure
	m := Model[wide]{
		Name: "late", Init: []wide{{}}, Terminal: func(s *wide) bool { return s.N >= n },
		Processes: []Process[wide]{{Name: "p", Count: 1, Steps: []Step[wide]{{Label: "up", Do: func(s *wide, _ int) bool {
			if s.N >= n {
				return false
			}
			impure := two[s.N]
			s.N++
			if impure {
				calls++
				s.N = n + calls
			}
			return true
		}}}}},
	}
	// The states of a chain come in order, so that the number of each in its shard is known.
	var seen [shards]int
	for i := range uint64(n) {
		s := wide{i}
		k := hasher{}.of(bytesOf(&s)) & (shards - 1)
		if seen[k] > 0 && seen[k]%256 == 0 && i > n/2 && len(two) == 0 {
			two[i] = true
		}
		seen[k]++
	}
	r, err := Check(context.Background(), m, Options{Workers: 1})
	var impure *ImpureError
	if !errors.As(err, &impure) || !strings.Contains(err.Error(), "two outcomes") || r.Verdict != Unknown {
		t.Errorf("%v with error %v after %d states, want one that says two outcomes", r.Verdict, err, r.States)
	}
}

// Of several states and transitions on one level the first decides, in the order
// in which they were found, so that a report is the same from run to run.
func TestFirstOfALevelDecides(t *testing.T) {
	type place struct{ Level, Branch uint32 }
	bad := func(s *place) bool { return s.Level == 1 && s.Branch%2 == 1 }
	m := Model[place]{
		Name: "fan", Init: []place{{}},
		Processes: []Process[place]{{Name: "p", Count: 1, Steps: []Step[place]{{Label: "fan", Choices: 4096,
			Choose: func(s *place, _, choice int) bool {
				ok := s.Level == 0 || s.Level == 1 && !bad(s) && choice == 0
				s.Level++
				s.Branch += uint32(choice)
				if !ok {
					*s = place{s.Level - 1, s.Branch - uint32(choice)}
				}
				return ok
			}}}}},
		Terminal:   func(s *place) bool { return s.Level == 2 },
		Properties: []Property[place]{Invariant("even", func(s *place) bool { return !bad(s) })},
	}
	// The first in the order of shards, and in a shard in the order of insertion.
	first := func(is func(*place) bool) uint32 {
		best, shardOf := uint32(0), shards
		for branch := range uint32(4096) {
			s := place{1, branch}
			if k := int(hasher{}.of(bytesOf(&s)) & (shards - 1)); is(&s) && k < shardOf {
				best, shardOf = branch, k
			}
		}
		return best
	}
	want := first(bad)
	for _, workers := range []int{1, 2, 8} {
		r := check(t, m, Options{Workers: workers, AfterViolation: 1 << 20})
		for _, name := range []string{"even", deadlockName} {
			steps := result(t, r, name).Trace.Steps
			if len(steps) != 1 || uint32(steps[0].Choice) != want {
				t.Errorf("%d workers, %s: %+v, want branch %d", workers, name, steps, want)
			}
		}
	}
}

func TestInitialStatesCountOnce(t *testing.T) {
	m := counter()
	m.Init = []small{{N: 1}, {N: 2}, {N: 1}}
	m.Properties = []Property[small]{Reachable("p", func(s *small) bool { return s.N == 3 })}
	r := check(t, m, Options{})
	p := result(t, r, "p")
	if r.States != 3 || r.Depth != 1 || len(p.Trace.Steps) != 1 || p.Trace.Start != 1 {
		t.Errorf("%+v, trace %+v; want 3 states, and one step from initial state 1", r, p.Trace)
	}
}

func TestCoverageShowsWhatIsNeverEnabled(t *testing.T) {
	m := counter()
	m.Processes[0].Steps = append(m.Processes[0].Steps,
		Step[small]{Label: "never", Do: func(*small, int) bool { return false }},
		Step[small]{Label: "back", Do: func(s *small, _ int) bool {
			ok := s.N == 2
			if ok {
				s.N = 0
			}
			return ok
		}})
	m.Processes = append(m.Processes, Process[small]{Name: "q", Count: 2, Steps: []Step[small]{
		{Label: "stay", Choices: 2, Choose: func(s *small, self, choice int) bool { return s.N == 3 && self <= choice }},
	}})
	r := check(t, m, Options{})
	if want := []Coverage{{"p", "up", 3}, {"p", "never", 0}, {"p", "back", 1}, {"q", "stay", 3}}; !reflect.DeepEqual(r.Coverage, want) {
		t.Errorf("coverage %v, want %v", r.Coverage, want)
	}
}

// The same counts, depths, verdicts, notes, memory and traces at any number of
// workers, on levels that take several blocks of many chunks.
func TestAnyNumberOfWorkersReportsTheSame(t *testing.T) {
	m := grid(5)
	m.Properties[0] = Invariant("low", func(s *gridState) bool { return s.N[0]+s.N[3]+s.N[4] < 14 })
	m.Properties[2] = Transition("t", func(a, b *gridState, _ Taken) bool { return b.N[2]+b.N[4] < 12 || b.N[1] < 5 })
	c := cut{block: 1 << 11, chunks: 16, chunk: 16, inline: 32}
	for _, o := range []Options{{AfterViolation: 20_000}, {MaxStates: 80_000}, {MaxMemory: 8 << 20}, {}} {
		o.Workers = 1
		one := checkCut(t, m, o, c)
		for _, workers := range []int{2, 8} {
			o.Workers = workers
			if r := checkCut(t, m, o, c); !reflect.DeepEqual(timeless(r), timeless(one)) {
				t.Errorf("%d workers report\n%+v\none\n%+v", workers, r, one)
			}
		}
		if one.Verdict != Violated || len(result(t, one, "low").Trace.Steps) != 14 || len(result(t, one, "t").Trace.Steps) != 17 {
			t.Errorf("%v: want both properties violated, after 14 and 17 steps", one.Verdict)
		}
	}
}

func TestPathsNeedACompleteSearchAndMemory(t *testing.T) {
	m := grid(4)
	r := check(t, m, Options{})
	if c := result(t, r, "ups"); c.Verdict != Holds || c.Least != 36 || c.Most != 36 || c.Unbounded {
		t.Errorf("%+v, want 36 to 36", c)
	}
	m.Properties[2] = m.Properties[2].Between(0, 35)
	if c := result(t, check(t, m, Options{}), "ups"); c.Verdict != Violated {
		t.Errorf("%+v, want violated", c)
	}
	if c := result(t, check(t, m, Options{MaxMemory: 1 << 20}), "ups"); c.Verdict != Unknown || c.Note == "" {
		t.Errorf("%+v, want unknown for memory", c)
	}
}

func TestEndlessPaths(t *testing.T) {
	m := counter()
	m.Processes[0].Steps = append(m.Processes[0].Steps, Step[small]{Label: "back", Do: func(s *small, _ int) bool {
		ok := s.N == 2
		if ok {
			s.N = 1
		}
		return ok
	}})
	m.Event = func(_, _ *small, step Taken) string { return step.Label }
	m.Properties = []Property[small]{
		Count[small]("ups", "up"), Count[small]("backs", "back").Between(0, 5),
		Orders[small]("ups in order", "up"), Orders[small]("limited"),
	}
	r := check(t, m, Options{})
	if c := result(t, r, "ups"); !c.Unbounded || c.Least != 3 || c.Verdict != Holds {
		t.Errorf("%+v, want 3 to unbounded", c)
	}
	if c := result(t, r, "backs"); !c.Unbounded || c.Least != 0 || c.Verdict != Violated {
		t.Errorf("%+v, want 0 to unbounded, violated", c)
	}
	if o := result(t, r, "ups in order"); o.Verdict != Unknown || !strings.Contains(o.Note, "for ever") {
		t.Errorf("%+v, want unknown", o)
	}
}

func TestOrdersAreListedUpToABound(t *testing.T) {
	m := grid(2)
	m.Event = func(_, _ *gridState, step Taken) string { return string(rune('a' + step.Self)) }
	m.Properties = []Property[gridState]{Orders[gridState]("orders", "up")}
	r := check(t, m, Options{MaxOrders: 48_620})
	o := result(t, r, "orders")
	if o.Verdict != Holds || len(o.Orders) != 48_620 || len(o.Orders[0]) != 18 || o.Orders[0][0] != "a" {
		t.Errorf("%v, %d orders, %s; want 18 over 9 of them", o.Verdict, len(o.Orders), o.Note)
	}
	r = check(t, m, Options{MaxOrders: 48_619})
	if o := result(t, r, "orders"); o.Verdict != Unknown || r.Verdict != Unknown || !strings.Contains(o.Note, "more than 48619") {
		t.Errorf("%v, %s; want unknown", o.Verdict, o.Note)
	}
}
