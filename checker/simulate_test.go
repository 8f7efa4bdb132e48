package checker

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func simulate(t *testing.T, m Model[small], o SimulateOptions) Simulation {
	t.Helper()
	s, err := Simulate(t.Context(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// endless is a model without an end, whose walks go to and fro: N is 0 to 9, and M counts
// the steps down, up to 200.
func endless() Model[small] {
	return Model[small]{
		Name: "endless", Init: []small{{N: 5}, {N: 4}},
		Processes: []Process[small]{{Name: "p", Count: 2, Steps: []Step[small]{
			{Label: "up", Do: func(s *small, self int) bool {
				if s.N == 9 || self == 1 {
					return false
				}
				s.N++
				return true
			}},
			{Label: "down", Do: func(s *small, self int) bool {
				if s.N == 0 || s.M == 200 {
					return false
				}
				s.N, s.M = s.N-1, s.M+1
				return true
			}},
		}}},
	}
}

// The same seed gives the same outcome at any number of workers, and another seed another
// one.
func TestSimulationDependsOnTheSeedAlone(t *testing.T) {
	m := endless()
	m.Properties = []Property[small]{
		Invariant("below nine", func(s *small) bool { return s.N < 9 || s.M < 30 }),
		Reachable("twenty down", func(s *small) bool { return s.M == 20 }),
		Transition("no step to seven from ten on", func(a, b *small, _ Taken) bool { return b.N != 7 || a.M < 10 }),
	}
	var first Simulation
	for i, workers := range []int{1, 2, 3, 8, 100} {
		got := simulate(t, m, SimulateOptions{Walks: 300, MaxSteps: 120, Seed: 7, Workers: workers, KeepGoing: true})
		got.Elapsed, got.Workers = 0, 0
		if i == 0 {
			first = got
		} else if !reflect.DeepEqual(got, first) {
			t.Errorf("%d workers: %+v, want %+v", workers, got, first)
		}
	}
	if first.Walks != 300 || first.Verdict != Violated || first.Depth != 120 || first.Complete {
		t.Errorf("%+v", first)
	}
	other := simulate(t, m, SimulateOptions{Walks: 300, MaxSteps: 120, Seed: 8, Workers: 2, KeepGoing: true})
	if other.States == first.States && other.Transitions == first.Transitions && reflect.DeepEqual(other.Coverage, first.Coverage) {
		t.Error("another seed takes the same walks")
	}
}

// What a walk finds is the property that is violated, with a trace that replays; what it
// does not find is unknown, and the verdict never is that it holds.
func TestSimulationFindsWhatIsThere(t *testing.T) {
	m := endless()
	m.Properties = []Property[small]{
		Invariant("always", func(*small) bool { return true }),
		Invariant("below nine", func(s *small) bool { return s.N < 9 }),
		Reachable("nine", func(s *small) bool { return s.N == 9 }),
		Reachable("ten", func(s *small) bool { return s.N == 10 }),
		Transition("not down to two", func(_, b *small, step Taken) bool { return step.Label == "up" || b.N != 2 }),
		Eventually("never told", func(s *small) bool { return s.N == 0 }),
		Count[small]("ups", "up"),
	}
	s := simulate(t, m, SimulateOptions{Walks: 500, MaxSteps: 200, KeepGoing: true, Seed: 1})
	want := map[string]Verdict{"deadlock": Unknown, "always": Unknown, "below nine": Violated, "nine": Holds, "ten": Unknown,
		"not down to two": Violated, "never told": Unknown, "ups": Unknown}
	for _, r := range s.Properties {
		if r.Verdict != want[r.Name] {
			t.Errorf("%s: %v, want %v", r.Name, r.Verdict, want[r.Name])
		}
		if decided := r.Verdict != Unknown; decided != (r.Trace != nil) {
			t.Errorf("%s: %v, and its trace is %v", r.Name, r.Verdict, r.Trace)
		}
		if r.Trace == nil {
			continue
		}
		if again, err := Replay(m, *r.Trace); err != nil || !reflect.DeepEqual(again, *r.Trace) {
			t.Errorf("%s: replay: %v", r.Name, err)
		}
	}
	if s.Verdict != Violated {
		t.Errorf("%v", s.Verdict)
	}
	m.Properties = m.Properties[:1]
	if s := simulate(t, m, SimulateOptions{Walks: 10, MaxSteps: 20}); s.Verdict != Unknown || s.Complete || s.Reason == "" {
		t.Errorf("%v, complete %v, reason %q; want unknown", s.Verdict, s.Complete, s.Reason)
	}
}

// A walk ends in a deadlock, which is one, and in an intended end, which is none.
func TestSimulationTellsDeadlocksFromEnds(t *testing.T) {
	m := counter()
	s := simulate(t, m, SimulateOptions{Walks: 20})
	if s.Deadlocks != 0 || s.Ends != 20 || s.Properties[0].Verdict != Unknown {
		t.Errorf("%d deadlocks, %d ends, %v", s.Deadlocks, s.Ends, s.Properties[0].Verdict)
	}
	m.Terminal = nil
	s = simulate(t, m, SimulateOptions{Walks: 20})
	if s.Deadlocks != 20 || s.Ends != 0 || s.Properties[0].Verdict != Violated || s.Properties[0].Trace == nil {
		t.Errorf("%d deadlocks, %d ends, %v", s.Deadlocks, s.Ends, s.Properties[0].Verdict)
	}
}

// Every step that is enabled is taken about as often as another: a die is fair.
func TestStepsAreEquallyLikely(t *testing.T) {
	m := Model[small]{Name: "die", Init: []small{{}},
		Processes: []Process[small]{{Name: "die", Count: 1, Steps: []Step[small]{
			{Label: "throw", Choices: 5, Choose: func(s *small, _, choice int) bool { s.N = uint8(choice); return true }},
			{Label: "pass", Do: func(s *small, _ int) bool { s.N = 5; return true }},
		}}}}
	s := simulate(t, m, SimulateOptions{Walks: 10, MaxSteps: 6000, Seed: 3})
	if c := s.Coverage; s.States != 6 || c[0].Transitions+c[1].Transitions != 60000 || c[1].Transitions < 9500 || c[1].Transitions > 10500 {
		t.Errorf("%d states, %+v; want 6, and 10,000 of 60,000 passes", s.States, c)
	}
}

// Small numbers of states are counted, and large ones estimated.
func TestSampleCounts(t *testing.T) {
	var s, even, odd sample
	for i := range 50_000 {
		state := small{N: uint8(i), M: uint8(i >> 8)}
		h := hasher{}.of(bytesOf(&state))
		s.add(h)
		s.add(h)
		if i&1 == 0 {
			even.add(h)
		} else {
			odd.add(h)
		}
	}
	if s.count() != 50_000 || s.level != 0 {
		t.Errorf("%d, want 50000", s.count())
	}
	defer func(most int) { mostSampled = most }(mostSampled)
	mostSampled = 1 << 10
	var cut sample
	for h := range s.kept {
		cut.add(h)
	}
	if n := cut.count(); cut.level == 0 || len(cut.kept) > mostSampled || n < 42_000 || n > 58_000 {
		t.Errorf("%d of %d kept, want about 50000", n, len(cut.kept))
	}
	for h := range even.kept {
		odd.add(h)
	}
	if odd.merge(&sample{}); odd.count() != cut.count() {
		t.Errorf("in another order %d, want %d", odd.count(), cut.count())
	}
}

// Walks along a trace begin near it: a place that walks from the start do not come to in so
// few steps is found, and what the trace itself shows is not found again.
func TestSimulateAlong(t *testing.T) {
	m := endless()
	m.Init = m.Init[:1]
	m.Properties = []Property[small]{
		Reachable("far", func(s *small) bool { return s.M == 150 }),
		Reachable("a little farther", func(s *small) bool { return s.M == 155 }),
	}
	report := check(t, m, Options{})
	along := result(t, report, "far").Trace
	far := SimulateOptions{Walks: 200, MaxSteps: 60, Seed: 5}
	if r := result(t, simulate(t, m, far).Report, "far"); r.Verdict != Unknown {
		t.Fatalf("found from the start: %v", r.Verdict)
	}
	far.Along = along
	s := simulate(t, m, far)
	r := result(t, s.Report, "a little farther")
	if r.Verdict != Holds || len(r.Trace.Steps) < len(along.Steps) {
		t.Errorf("not found along the trace: %v", r.Verdict)
	}
	m.Properties = append(m.Properties, Reachable("begins", func(s *small) bool { return s.N == 5 && s.M == 0 }))
	if r := result(t, simulate(t, m, SimulateOptions{Walks: 64, MaxSteps: 1}).Report, "begins"); r.Verdict != Holds {
		t.Errorf("the initial state is not looked at: %v", r.Verdict)
	}
	if r := result(t, simulate(t, m, SimulateOptions{Walks: 600, MaxSteps: 1, Along: along}).Report, "begins"); r.Verdict != Unknown {
		t.Errorf("what the trace itself shows is found again: %v", r.Verdict)
	}
	forged := *along
	forged.Start = 7
	if _, err := Simulate(t.Context(), m, SimulateOptions{Along: &forged}); err == nil || !strings.Contains(err.Error(), "the trace to walk along") {
		t.Errorf("error %v", err)
	}
	if _, err := Simulate(t.Context(), m, SimulateOptions{Along: along, Passing: 1}); err == nil || !strings.Contains(err.Error(), "Passing") {
		t.Errorf("error %v", err)
	}
}

// Passing walks violate nothing and replay; one that is forged is refused.
func TestPassingWalks(t *testing.T) {
	m := endless()
	m.Properties = []Property[small]{
		Invariant("below nine", func(s *small) bool { return s.N < 9 }),
		Transition("not down to one", func(_, b *small, step Taken) bool { return step.Label == "up" || b.N != 1 }),
	}
	s := simulate(t, m, SimulateOptions{Walks: 64, MaxSteps: 6, Passing: 3, Seed: 4})
	if len(s.Passing) != 3 {
		t.Fatalf("%d passing walks", len(s.Passing))
	}
	for _, trace := range s.Passing {
		if again, err := Replay(m, clone(t, trace)); err != nil || !reflect.DeepEqual(again, trace) || trace.Kind != KindWalk || len(trace.Steps) != 6 {
			t.Errorf("%v: %+v", err, trace)
		}
	}
	for name, want := range map[string]string{"below nine": `the walk violates "below nine"`, "not down to one": `the walk violates "not down to one"`} {
		violated := *result(t, check(t, m, Options{}), name).Trace
		violated.Property, violated.Kind = "", KindWalk
		if _, err := Replay(m, violated); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A model that breaks its contract, panics, or ends its goroutine makes an error.
func TestSimulationOfWrongModels(t *testing.T) {
	var calls atomic.Uint32
	for want, change := range map[string]func(m *Model[small]){
		"has two outcomes": func(m *Model[small]) {
			m.Processes[0].Steps[0].Do = func(s *small, _ int) bool { s.M = uint8(calls.Add(1)); return true }
		},
		"says that it is not enabled and changes": func(m *Model[small]) {
			m.Processes[0].Steps[0].Do = func(s *small, _ int) bool { s.M = 7; return false }
		},
		"step up of p 0 panicked: boom": func(m *Model[small]) {
			m.Processes[0].Steps[0].Do = func(*small, int) bool { panic("boom") }
		},
		`property "sees" panicked: boom`: func(m *Model[small]) {
			m.Properties = []Property[small]{Invariant("sees", func(*small) bool { panic("boom") })}
		},
		`property "writes" changes the state`: func(m *Model[small]) {
			m.Properties = []Property[small]{Invariant("writes", func(s *small) bool { s.M++; return true })}
		},
		`property "steps" changes the state`: func(m *Model[small]) {
			m.Properties = []Property[small]{Transition("steps", func(a, _ *small, _ Taken) bool { a.M++; return true })}
		},
		"ended its goroutine": func(m *Model[small]) {
			m.Processes[0].Steps[1].Do = func(*small, int) bool { t.SkipNow(); return true }
		},
		"has no process": func(m *Model[small]) { m.Processes = nil },
	} {
		m := endless()
		change(&m)
		s, err := Simulate(t.Context(), m, SimulateOptions{Walks: 3, Workers: 2})
		if err == nil || !strings.Contains(err.Error(), want) || s.Verdict != Unknown || s.Reason == "" {
			t.Errorf("error %v, verdict %v, reason %q; want %q", err, s.Verdict, s.Reason, want)
		}
	}
}

// A simulation that is cut short says so.
func TestSimulationIsCutShort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := Simulate(ctx, endless(), SimulateOptions{})
	if err != nil || s.Walks != 0 || s.Reason != "interrupted" || s.Verdict != Unknown {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = Simulate(t.Context(), endless(), SimulateOptions{Walks: 1 << 60, MaxSteps: 100, MaxTime: 20 * time.Millisecond})
	if err != nil || s.Walks == 0 && s.Transitions > 0 || !strings.Contains(s.Reason, "time limit of 20ms") {
		t.Errorf("%+v, %v", s, err)
	}
	m := endless()
	for _, progress := range []func(uint64, uint64){func(uint64, uint64) { panic("boom") }, func(uint64, uint64) { t.SkipNow() }} {
		_, err = Simulate(t.Context(), m, SimulateOptions{Walks: 1 << 60, MaxSteps: 100, MaxTime: time.Minute, Progress: progress})
		var panicked *PanicError
		if !errors.As(err, &panicked) || panicked.Where != "SimulateOptions.Progress" {
			t.Errorf("error %v", err)
		}
	}
}

// Where everything is small enough to be seen whole, walks see what the search sees.
func TestSimulationAgreesWithTheSearch(t *testing.T) {
	for seed := range uint64(60) {
		random := randomModel(seed)
		m := random.model()
		report, err := Check(t.Context(), m, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := Simulate(t.Context(), m, SimulateOptions{Walks: 200, MaxSteps: 50, Seed: seed, KeepGoing: true})
		if err != nil {
			t.Fatal(err)
		}
		if s.States > report.States {
			t.Errorf("seed %d: %d states, the search has %d", seed, s.States, report.States)
		}
		for i, r := range s.Properties {
			if known := report.Properties[i]; r.Verdict != Unknown && r.Verdict != known.Verdict {
				t.Errorf("seed %d: %s is %v, the search says %v", seed, r.Name, r.Verdict, known.Verdict)
			} else if r.Trace != nil && known.Trace != nil && len(r.Trace.Steps) < len(known.Trace.Steps) {
				t.Errorf("seed %d: %s after %d steps, the search says %d", seed, r.Name, len(r.Trace.Steps), len(known.Trace.Steps))
			}
		}
	}
}

// The graph that is drawn is the whole one, if it fits, and the trace is marked in it.
func TestGraph(t *testing.T) {
	m := forge()
	report := check(t, m, Options{})
	trace := result(t, report, "not both").Trace
	g, err := Graph(t.Context(), m, 1000, trace)
	if err != nil {
		t.Fatal(err)
	}
	var initial, deadlocks, onTrace, steps int
	for _, s := range g.States {
		initial, deadlocks, onTrace = initial+oneIf(s.Initial), deadlocks+oneIf(s.Deadlock), onTrace+oneIf(s.OnTrace)
	}
	for _, e := range g.Edges {
		steps += oneIf(e.OnTrace)
	}
	if !g.Complete || uint64(len(g.States)) != report.States || uint64(len(g.Edges)) != report.Transitions || initial != 2 ||
		uint64(deadlocks) != report.Deadlocks || onTrace != len(trace.Steps)+1 || steps != len(trace.Steps) {
		t.Errorf("%d states, %d edges, %d initial, %d deadlocks, %d and %d of the trace", len(g.States), len(g.Edges), initial, deadlocks, onTrace, steps)
	}
	cut, err := Graph(t.Context(), m, 3, trace)
	if err != nil || cut.Complete || cut.Reason != "the limit of 3 states was met" || len(cut.States) != onTrace+1 {
		t.Errorf("%+v, %v", cut, err)
	}
	m.Processes[0].Steps[0].Do = func(*small, int) bool { panic("boom") }
	if _, err := Graph(t.Context(), m, 3, nil); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("error %v", err)
	}
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// The states of a trace are those that the model goes through.
func TestStatesOfATrace(t *testing.T) {
	trace := traces(t)["not both"]
	states := trace.States()
	if len(states) != len(trace.Steps)+1 {
		t.Fatalf("%d states", len(states))
	}
	last := map[string]string{}
	for _, f := range states[len(states)-1] {
		last[f.Path] = f.Value
	}
	if fmt.Sprint(last) != "map[M:6 N:2]" {
		t.Errorf("the last state is %v", last)
	}
}

// Walks judge refinements: transitions, and initial states.
func TestSimulationJudgesRefinements(t *testing.T) {
	m := counting(
		Refines("sums", summing(8), added),
		Refines("smaller sums", summing(3), added),
		Refines("from another state", Model[sum]{Name: "from", Init: []sum{{N: 1}}, Processes: summing(8).Processes}, added),
	)
	s, err := Simulate(t.Context(), m, SimulateOptions{Walks: 200, KeepGoing: true, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Properties[1]; r.Verdict != Unknown || r.Note != "no walk violated it" {
		t.Errorf("%+v, want unknown", r)
	}
	if r := s.Properties[2]; r.Verdict != Violated || r.Trace == nil || r.Trace.Abstract == nil || len(r.Trace.Steps) != 4 {
		t.Errorf("%+v, want a trace of the fourth step", r)
	}
	if r := s.Properties[3]; r.Verdict != Violated || r.Trace == nil || len(r.Trace.Steps) != 0 {
		t.Errorf("%+v, want the initial state", r)
	}
}

// No walk, and no drawing, goes on from a state outside the constraint.
func TestWalksEndAtTheConstraint(t *testing.T) {
	m := withinSum(3, Invariant("sum is at most 3", func(s *counters) bool { return s.A+s.B <= 3 }),
		Reachable("sum is 5", func(s *counters) bool { return s.A+s.B == 5 }))
	s, err := Simulate(t.Context(), m, SimulateOptions{Walks: 100, KeepGoing: true})
	if err != nil {
		t.Fatal(err)
	}
	if s.Depth != 4 || s.Transitions != 400 || s.Deadlocks+s.Ends != 0 {
		t.Errorf("walks of up to %d steps, %d in all, %d ends: want 4, 400 and none", s.Depth, s.Transitions, s.Deadlocks+s.Ends)
	}
	if s.Properties[1].Verdict != Violated || s.Properties[2].Verdict != Unknown {
		t.Errorf("%+v", s.Properties)
	}
	g, err := Graph(t.Context(), m, 0, nil)
	want := check(t, m, Options{AfterViolation: -1})
	if err != nil || g.Complete || g.Reason == "" || uint64(len(g.States)) != want.States || uint64(len(g.Cut)) != want.Pruned {
		t.Errorf("%d states, %d of them cut, %q, %v; want %d, %d", len(g.States), len(g.Cut), g.Reason, err, want.States, want.Pruned)
	}
}
