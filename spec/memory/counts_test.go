package memory

import (
	"context"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// counts are the exact sizes of the named configurations.
var counts = map[string]struct {
	states, transitions uint64
	depth               int
	ends                uint64
}{
	"1-1-1-1":     {938, 1788, 55, 1},
	"1-1-2-1":     {2201, 4235, 98, 1},
	"1-1-w-1":     {5461, 10575, 225, 0},
	"1-2-1-1":     {19003, 53754, 66, 1},
	"1-2-w-1":     {151663, 437270, 268, 0},
	"2-1-1-1":     {80748, 225270, 103, 6},
	"2-1-1-2":     {88298, 247394, 99, 6},
	"2-1-1-1-2":   {88198, 247172, 101, 6},
	"spurious":    {82698, 235510, 103, 0},
	"donate":      {374838, 1054219, 145, 18},
	"donate-poll": {401827, 1158633, 149, 18},
	"2-1-2-1":     {805000, 2303790, 193, 8},
	// With two callers there is one other caller: all is the first.
	"pass-all": {805000, 2303790, 193, 8},
	"2-1-2-2":  {2413132, 6896786, 193, 64},
	"2-1-w-1":  {3945932, 11462498, 420, 0},
	"2-2-1-1":  {3244730, 12055038, 117, 12},
	"3-1-1-1":  {6592139, 24035936, 151, 21},
}

// forTheCommand are configurations that take longer than a test may, with the
// number of states that the command finds.
var forTheCommand = map[string]uint64{"3-1-1-2": 20540823, "2-2-2-1": 35052282}

// Every named configuration has exactly so many states, and all properties
// hold in it, the reachable twins included.
func TestConfigurations(t *testing.T) {
	for _, c := range Family.Configurations {
		if _, large := forTheCommand[c.Name]; large {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			want, known := counts[c.Name]
			if !known {
				t.Fatal("no count is known")
			}
			r := check(t, c.Name, "", checker.Options{})
			if r.Verdict != checker.Holds || !r.Complete {
				t.Errorf("verdict %v, complete %v", r.Verdict, r.Complete)
			}
			for _, p := range r.Properties {
				if p.Verdict != checker.Holds {
					t.Errorf("%s: %v (%s)", p.Name, p.Verdict, p.Note)
				}
			}
			if r.States != want.states || r.Transitions != want.transitions || r.Depth != want.depth || r.Ends != want.ends || r.Deadlocks != 0 {
				t.Errorf("states %d, transitions %d, depth %d, ends %d, deadlocks %d; want %v and 0",
					r.States, r.Transitions, r.Depth, r.Ends, r.Deadlocks, want)
			}
		})
	}
}

// The counts, depths and traces do not depend on the number of workers.
func TestWorkers(t *testing.T) {
	for _, mutant := range []string{"", "lock-not-atomic", "lead-not-passed"} {
		one := check(t, "2-1-1-1", mutant, checker.Options{Workers: 1})
		two := check(t, "2-1-1-1", mutant, checker.Options{Workers: 2})
		if one.States != two.States || one.Transitions != two.Transitions || one.Depth != two.Depth ||
			one.Deadlocks != two.Deadlocks || one.Ends != two.Ends || one.Verdict != two.Verdict {
			t.Errorf("%q: one worker %v, two workers %v", mutant, one, two)
		}
		for i := range one.Properties {
			a, b := one.Properties[i], two.Properties[i]
			if a.Verdict != b.Verdict || length(a) != length(b) {
				t.Errorf("%q: %s: one worker %v in %d steps, two workers %v in %d", mutant, a.Name, a.Verdict, length(a), b.Verdict, length(b))
			}
		}
	}
}

// In the default configuration every step of both programs is taken.
func TestCoverage(t *testing.T) {
	for _, c := range check(t, "", "", checker.Options{}).Coverage {
		if c.Transitions == 0 {
			t.Errorf("%s never takes step %s", c.Process, c.Label)
		}
	}
}

func TestDeclaration(t *testing.T) {
	if err := Family.Validate(); err != nil {
		t.Error(err)
	}
	if Family.Configurations[0].Name != "2-1-1-1" {
		t.Error("the default is not the smallest configuration in which every buffer fills, wraps and empties")
	}
}

// check runs the checker on a configuration of the family.
func check(t *testing.T, config, mutant string, o checker.Options) checker.Report {
	t.Helper()
	model, err := Family.Build(values(t, config), mutant)
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Check(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func values(t *testing.T, config string) catalogue.Values {
	t.Helper()
	v, _, err := Family.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// result gives the answer for a property.
func result(t *testing.T, r checker.Report, name string) checker.Result {
	t.Helper()
	for _, p := range r.Properties {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("the model has no property %q", name)
	return checker.Result{}
}

// length is the length of a result's trace, -1 if it has none.
func length(r checker.Result) int {
	if r.Trace == nil {
		return -1
	}
	return len(r.Trace.Steps)
}
