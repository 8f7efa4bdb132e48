package examples

import (
	"context"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// build makes the model of a family's configuration.
func build(t *testing.T, f catalogue.Family, config, mutant string) checker.AnyModel {
	t.Helper()
	v, _, err := f.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Build(v, mutant)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFamiliesAreDeclaredWell(t *testing.T) {
	for _, f := range Families {
		if err := f.Validate(); err != nil {
			t.Error(err)
		}
		if found, err := catalogue.Find(Families, f.Name); err != nil || found.Doc != f.Doc {
			t.Errorf("finding %s gives %q, %v", f.Name, found.Doc, err)
		}
	}
}

// Each mutant is caught by the property that it names, with a trace that
// replays on the mutant and not on the model itself.
func TestMutantsAreCaught(t *testing.T) {
	for _, f := range Families {
		if len(f.Mutants) == 0 {
			t.Errorf("%s has no mutant", f.Name)
		}
		for _, mutant := range f.Mutants {
			t.Run(f.Name+"/"+mutant.Name, func(t *testing.T) {
				m := build(t, f, mutant.Configuration, mutant.Name)
				r, err := m.Check(context.Background(), checker.Options{})
				if err != nil {
					t.Fatal(err)
				}
				trace := traceOf(t, r, mutant.KilledBy)
				if _, err := m.Replay(trace); err != nil {
					t.Errorf("the counterexample does not replay on the mutant: %v", err)
				}
				if _, err := build(t, f, mutant.Configuration, "").Replay(trace); err == nil {
					t.Error("the counterexample replays on the model without the fault")
				}
			})
		}
	}
}

// traceOf is the counterexample of a property that must be violated.
func traceOf(t *testing.T, r checker.Report, property string) checker.Trace {
	t.Helper()
	if r.Verdict != checker.Violated {
		t.Fatalf("verdict %v, want violated", r.Verdict)
	}
	for _, p := range r.Properties {
		if p.Name == property {
			if p.Verdict != checker.Violated || p.Trace == nil {
				t.Fatalf("property %q: %v, want violated with a trace", property, p.Verdict)
			}
			return *p.Trace
		}
	}
	t.Fatalf("no property %q", property)
	return checker.Trace{}
}

// The numbers that the command is asked for.
func TestConfigurationsByText(t *testing.T) {
	for _, test := range []struct {
		family, config, name string
		states, transitions  uint64
		depth                int
		deadlocks            uint64
	}{
		{"ring", "clients=2,servers=1,requests=1,replies=2", "2-1-1-2", 4177, 8305, 117, 0},
		{"ring", "", "1-1-1-1", 115, 196, 52, 0},
		{"philosophers", "n=5", "5", 242, 805, 12, 1},
		{"philosophers", "n=5,last=right", "5-right", 243, 810, 13, 0},
		{"peterson", "", "2", 20, 46, 6, 0},
		{"ticket", "", "2-4", 109, 202, 24, 0},
		{"paxos", "", "3-2-2", 3921, 9442, 16, 0},
		{"buffer", "", "2", 453, 796, 32, 0},
		{"twophase", "5", "5", 8832, 58145, 16, 0},
	} {
		f, err := catalogue.Find(Families, test.family)
		if err != nil {
			t.Fatal(err)
		}
		if _, name, _ := f.Parse(test.config); name != test.name {
			t.Errorf("%s %q is named %q, want %q", test.family, test.config, name, test.name)
		}
		r, err := build(t, f, test.config, "").Check(context.Background(), checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.States != test.states || r.Transitions != test.transitions || r.Depth != test.depth || r.Deadlocks != test.deadlocks {
			t.Errorf("%s %s: %d states, %d transitions, depth %d, %d deadlocks; want %d, %d, %d, %d", test.family, test.config,
				r.States, r.Transitions, r.Depth, r.Deadlocks, test.states, test.transitions, test.depth, test.deadlocks)
		}
	}
}
