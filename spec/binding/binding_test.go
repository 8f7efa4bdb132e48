package binding

import (
	"context"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// counts are the exact sizes of the named configurations.
var counts = map[string]struct {
	states, transitions uint64
	depth               int
	ends                uint64
}{
	"default":      {439, 1110, 60, 1},
	"stop":         {6636, 21513, 62, 3},
	"stop-slot":    {42632, 174036, 66, 5},
	"callers":      {2732, 9708, 63, 1},
	"closers":      {3338, 11151, 65, 1},
	"close-call":   {5370, 18794, 67, 1},
	"closers-stop": {25738, 101583, 67, 3},
	"client-dies":  {2311, 4318, 61, 75},
	"server-dies":  {1390, 3091, 61, 45},
	"inherited":    {1142, 2515, 61, 42},
	"refusals":     {535, 1270, 60, 4},
	"all":          {155788, 420961, 70, 4260},
}

// Every named configuration has exactly so many states, and all properties hold in
// it, the reachable twins included.
func TestConfigurations(t *testing.T) {
	for _, c := range Family.Configurations {
		r := check(t, c.Name, "")
		if r.Verdict != checker.Holds || !r.Complete {
			t.Errorf("%s: verdict %v, complete %v", c.Name, r.Verdict, r.Complete)
		}
		for _, p := range r.Properties {
			if p.Verdict != checker.Holds {
				t.Errorf("%s: %s: %v (%s)", c.Name, p.Name, p.Verdict, p.Note)
			}
		}
		want := counts[c.Name]
		if r.States != want.states || r.Transitions != want.transitions || r.Depth != want.depth || r.Ends != want.ends || r.Deadlocks != 0 {
			t.Errorf("%q: {%d, %d, %d, %d}, deadlocks %d; want %v and 0", c.Name, r.States, r.Transitions, r.Depth, r.Ends, r.Deadlocks, want)
		}
	}
}

// shortest is the length of the shortest counterexample to the property that
// catches each mutant.
var shortest = map[string]int{
	"hold-after-close": 38, "held-after-close": 45, "unmapped-under-holder": 32, "unmapped-twice": 47, "descriptor-kept": 43,
	"closed-twice": 15, "notice-ignored": 28, "departure-ignored": 47, "unreserve-forgotten": 50, "close-does-not-wait": 29,
	"region-kept-on-failure": 17, "not-hung-up": 52,
}

// Every mutant is caught by the property that it names, by a counterexample of
// exactly that length which replays.
func TestMutants(t *testing.T) {
	for _, m := range Family.Mutants {
		r := check(t, m.Configuration, m.Name)
		for _, p := range r.Properties {
			if p.Name != m.KilledBy {
				continue
			}
			if p.Verdict != checker.Violated || len(p.Trace.Steps) != shortest[m.Name] {
				t.Errorf("%s: %s: %v, %v; want a counterexample of %d steps", m.Name, p.Name, p.Verdict, p.Trace, shortest[m.Name])
				continue
			}
			model, err := Family.Build(values(t, m.Configuration), m.Name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := model.Replay(*p.Trace); err != nil {
				t.Error("replay:", err)
			}
		}
	}
}

// Every property that can be violated is violated by some mutant that names it.
func TestEveryPropertyIsCaught(t *testing.T) {
	caught := map[string]bool{}
	for _, m := range Family.Mutants {
		caught[m.KilledBy] = true
	}
	for _, p := range check(t, "", "").Properties {
		if p.Kind != checker.KindReachable && !caught[p.Name] {
			t.Errorf("no mutant is caught by %q", p.Name)
		}
	}
}

// Every row is the place of a step, and each step is taken in some configuration.
func TestEveryStepIsTaken(t *testing.T) {
	taken := map[string]bool{}
	for _, config := range []string{"default", "stop", "closers", "client-dies", "refusals"} {
		for _, c := range check(t, config, "").Coverage {
			if c.Transitions > 0 {
				taken[c.Label] = true
			}
		}
	}
	for at := ended + 1; at < lastRow; at++ {
		if r := program[at]; r.name == step.None || r.do == nil || !taken[r.name.String()] {
			t.Errorf("row %d, %v, is never taken", at, r.name)
		}
	}
}

func values(t *testing.T, config string) catalogue.Values {
	t.Helper()
	v, _, err := Family.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func check(t *testing.T, config, mutant string) checker.Report {
	t.Helper()
	model, err := Family.Build(values(t, config), mutant)
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Check(context.Background(), checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
