package checker

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// forge is a model whose traces have many ways to be wrong: two processes, one
// with a counter, a choice, an event and each kind of property.
func forge() Model[small] {
	return Model[small]{
		Name: "forge",
		Init: []small{{}, {M: 5}},
		Processes: []Process[small]{
			{Name: "walker", Count: 1, PC: func(s *small, _ int) int { return int(s.N) }, Steps: []Step[small]{
				{Label: "one", Do: func(s *small, _ int) bool { s.N = 1; return true }},
				{Label: "two", Do: func(s *small, _ int) bool { s.N = 2; return true }},
			}},
			{Name: "chooser", Count: 2, Steps: []Step[small]{
				{Label: "add", Choices: 3, Choose: func(s *small, self, choice int) bool {
					if int(s.M)+self+choice > 6 {
						return false
					}
					s.M += uint8(self + choice)
					return self+choice > 0 || s.N == 0
				}},
			}},
		},
		Event: func(_, after *small, step Taken) string {
			if step.Label == "add" && after.M == 6 {
				return "full"
			}
			return ""
		},
		Properties: []Property[small]{
			Invariant("not both", func(s *small) bool { return s.N < 2 || s.M < 6 }),
			Reachable("full", func(s *small) bool { return s.M == 6 }),
			Transition("small steps", func(a, b *small, _ Taken) bool { return b.M-a.M < 3 }),
			Count[small]("adds", "add"),
		},
	}
}

func traces(t *testing.T) map[string]Trace {
	t.Helper()
	all := map[string]Trace{}
	for _, p := range check(t, forge(), Options{}).Properties {
		if p.Trace != nil {
			all[p.Name] = *p.Trace
		}
	}
	if len(all) != 4 {
		t.Fatalf("%d traces, want deadlock, not both, full and small steps", len(all))
	}
	return all
}

// clone copies a trace through its JSON, as a file would.
func clone(t *testing.T, trace Trace) Trace {
	t.Helper()
	data, err := json.Marshal(trace)
	if err != nil {
		t.Fatal(err)
	}
	var out Trace
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTracesReplay(t *testing.T) {
	for name, trace := range traces(t) {
		again, err := Replay(forge(), clone(t, trace))
		if err != nil || !reflect.DeepEqual(again, trace) {
			t.Errorf("%s: replay gives %+v, %v; want %+v", name, again, err, trace)
		}
		bare := Trace{Model: trace.Model, Property: trace.Property, Kind: trace.Kind, Start: trace.Start}
		for _, s := range trace.Steps {
			bare.Steps = append(bare.Steps, TraceStep{Taken: s.Taken})
		}
		if again, err := Replay(forge(), bare); err != nil || len(trace.Steps) > 0 && !reflect.DeepEqual(again, trace) {
			t.Errorf("%s: replay of the bare steps gives %+v, %v; want %+v", name, again, err, trace)
		}
	}
}

func TestForgedTracesAreRefused(t *testing.T) {
	for _, forged := range []struct {
		want   string
		change func(tr *Trace)
	}{
		{`the trace is of model "other"`, func(tr *Trace) { tr.Model = "other" }},
		{`the model has no invariant "none"`, func(tr *Trace) { tr.Property = "none" }},
		{`the model has no reachable "not both"`, func(tr *Trace) { tr.Kind = KindReachable }},
		{`the model has no invariant "deadlock"`, func(tr *Trace) { tr.Property = "deadlock" }},
		{`the model has no deadlock "not both"`, func(tr *Trace) { tr.Kind = KindDeadlock }},
		{`the model has no walk "not both"`, func(tr *Trace) { tr.Kind = KindWalk }},
		{"which one path cannot show", func(tr *Trace) { tr.Property, tr.Kind = "adds", KindCount }},
		{"does not go round a cycle of 1", func(tr *Trace) { tr.Cycle = 1 }},
		{"does not go round a cycle of -1", func(tr *Trace) { tr.Cycle = -1 }},
		{"start is 2", func(tr *Trace) { tr.Start = 2 }},
		{"start is -1", func(tr *Trace) { tr.Start = -1 }},
		{"initial state is", func(tr *Trace) { tr.Start = 1 - tr.Start }},
		{"columns is", func(tr *Trace) { tr.Columns[0] = "runner" }},
		{"no such step", func(tr *Trace) { tr.Steps[1].Process = "runner" }},
		{"no such step", func(tr *Trace) { tr.Steps[1].Label = "three" }},
		{"no such step (instance 2, choice", func(tr *Trace) { tr.Steps[at(tr, "add")].Self = 2 }},
		{"no such step (instance -1, choice", func(tr *Trace) { tr.Steps[at(tr, "add")].Self = -1 }},
		{"choice 3) is enabled in state {", func(tr *Trace) { tr.Steps[at(tr, "add")].Choice = 3 }},
		{"choice -1) is enabled in state {", func(tr *Trace) { tr.Steps[at(tr, "add")].Choice = -1 }},
		{"choice 1) is enabled in state {", func(tr *Trace) { tr.Steps[at(tr, "one")].Choice = 1 }},
		{"step 1 (two of walker): no such step", func(tr *Trace) { tr.Steps = slices.Insert(tr.Steps, 0, tr.Steps[at(tr, "two")]) }},
		{"changes is", func(tr *Trace) { tr.Steps[0].Changes[0].After = "9" }},
		{"event is (), and the trace says (never)", func(tr *Trace) { tr.Steps[0].Event = "never" }},
		{"clause is (), and the trace says (one)", func(tr *Trace) { tr.Clause = "one" }},
		{"abstract model is", func(tr *Trace) { tr.Abstract = &Abstract{} }},
		{`invariant "not both" is true`, func(tr *Trace) { tr.Steps = tr.Steps[:len(tr.Steps)-1] }},
		{"step 1", func(tr *Trace) { tr.Steps[0].Choice = (tr.Steps[0].Choice + 1) % 3 }},
		{`reachable "full" is false`, func(tr *Trace) { tr.Property, tr.Kind, tr.Steps = "full", KindReachable, nil }},
		{"the state is not stuck", func(tr *Trace) { tr.Property, tr.Kind, tr.Steps = "deadlock", KindDeadlock, nil }},
		{`transition "small steps" is true at the end`, func(tr *Trace) { tr.Property, tr.Kind, tr.Steps = "small steps", KindTransition, nil }},
		{`transition "small steps" is true at the end`, func(tr *Trace) { tr.Property, tr.Kind, tr.Steps = "small steps", KindTransition, tr.Steps[:1] }},
	} {
		trace := clone(t, traces(t)["not both"])
		forged.change(&trace)
		if _, err := Replay(forge(), trace); err == nil || !strings.Contains(err.Error(), forged.want) {
			t.Errorf("error %v, want one that says %q", err, forged.want)
		}
	}
}

func at(tr *Trace, label string) int {
	return slices.IndexFunc(tr.Steps, func(s TraceStep) bool { return s.Label == label })
}

// Each step of each trace is dropped, altered and exchanged with the next one:
// all of that is noticed, since the changes say what each step did.
func TestDroppedAndSwappedStepsAreRefused(t *testing.T) {
	for name, trace := range traces(t) {
		for i := range trace.Steps {
			dropped := clone(t, trace)
			dropped.Steps = slices.Delete(dropped.Steps, i, i+1)
			if _, err := Replay(forge(), dropped); err == nil {
				t.Errorf("%s: replays without step %d", name, i+1)
			}
			altered := clone(t, trace)
			altered.Steps[i].Changes = append(altered.Steps[i].Changes, Change{"M", "0", "1"})
			if _, err := Replay(forge(), altered); err == nil {
				t.Errorf("%s: replays with step %d altered", name, i+1)
			}
			if i == 0 || reflect.DeepEqual(trace.Steps[i], trace.Steps[i-1]) || independent(trace.Steps[i], trace.Steps[i-1]) {
				continue
			}
			swapped := clone(t, trace)
			swapped.Steps[i], swapped.Steps[i-1] = swapped.Steps[i-1], swapped.Steps[i]
			if _, err := Replay(forge(), swapped); err == nil {
				t.Errorf("%s: replays with steps %d and %d exchanged", name, i, i+1)
			}
		}
	}
}

// independent: steps that change different fields may come in either order.
func independent(a, b TraceStep) bool {
	for _, x := range a.Changes {
		for _, y := range b.Changes {
			if x.Path == y.Path {
				return false
			}
		}
	}
	return true
}

func TestAnIntendedEndIsNoDeadlock(t *testing.T) {
	m := counter()
	m.Terminal = nil
	trace := *result(t, check(t, m, Options{}), "deadlock").Trace
	if _, err := Replay(counter(), trace); err == nil || !strings.Contains(err.Error(), "an intended end") {
		t.Errorf("error %v, want that the state is an intended end", err)
	}
}

func TestReplayOfAModelThatPanics(t *testing.T) {
	trace := traces(t)["not both"]
	m := forge()
	m.Processes[0].Steps[0].Do = func(*small, int) bool { panic("boom") }
	var p *PanicError
	if _, err := Replay(m, trace); !errors.As(err, &p) || p.Where != "step one of walker" {
		t.Errorf("error %v, want a panic of step one of walker", err)
	}
}

func TestReplayOfAModelThatBreaksItsContract(t *testing.T) {
	calls := uint8(0)
	for want, change := range map[string]func(p *Process[small]){
		"two outcomes": func(p *Process[small]) {
			p.Steps[0].Do = func(s *small, _ int) bool { calls++; s.N, s.M = 1, s.M+calls; return true }
		},
		"says that it is not enabled and changes the state": func(p *Process[small]) {
			p.Steps[0].Do = func(s *small, _ int) bool { s.N = 1; return false }
		},
		"PC of walker changes the state": func(p *Process[small]) {
			p.PC = func(s *small, _ int) int { n := s.N; s.M++; return int(n) }
		},
	} {
		m := forge()
		change(&m.Processes[0])
		if _, err := Replay(m, traces(t)["not both"]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// The trace that is handed in is the caller's: only the copy is filled in.
func TestReplayLeavesItsArgumentAlone(t *testing.T) {
	trace := traces(t)["not both"]
	var bare []TraceStep
	for _, s := range trace.Steps {
		bare = append(bare, TraceStep{Taken: s.Taken})
	}
	kept := slices.Clone(bare)
	if _, err := Replay(forge(), Trace{Model: trace.Model, Property: trace.Property, Kind: trace.Kind, Start: trace.Start, Steps: bare}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(bare, kept) {
		t.Errorf("the steps have become %+v", bare)
	}
}

// A step stands in the column of who takes it, behind those of all instances of
// the families before its own.
func TestColumnsOfFamiliesOfSeveral(t *testing.T) {
	m := counter()
	up := m.Processes[0].Steps
	m.Processes = []Process[small]{{Name: "idle", Count: 3, Steps: []Step[small]{{Label: "no", Do: func(*small, int) bool { return false }}}},
		{Name: "p", Count: 2, Steps: []Step[small]{{Label: "up", Do: func(s *small, self int) bool { return self == 1 && up[0].Do(s, self) }}}}}
	m.Properties = []Property[small]{Reachable("one", func(s *small) bool { return s.N == 1 })}
	steps := result(t, check(t, m, Options{}), "one").Trace.Steps
	if len(steps) != 1 || steps[0].Column != 4 || steps[0].Self != 1 {
		t.Errorf("steps %+v, want one in column 4", steps)
	}
}
