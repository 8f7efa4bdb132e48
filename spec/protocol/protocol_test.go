package protocol

import (
	"context"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// size is the exact size of a configuration, and its donations.
type size struct {
	states, transitions uint64
	depth               int
	ends                uint64
	least, most         int
}

var sizes = map[string]map[string]size{
	"editor": {
		"default": {173, 266, 24, 3, 1, 4},
		"w-keeps": {83, 117, 24, 1, 2, 4},
		"three":   {78, 124, 22, 1, 0, 0},
		"any":     {327, 522, 27, 4, 1, 5},
		"linked":  {128, 192, 24, 2, 2, 4},
		"one":     {69, 75, 26, 1, 4, 6},
		"one-any": {75, 85, 26, 1, 4, 6},
		"eager":   {11, 10, 10, 1, 6, 6},
		"hybrid":  {28, 27, 16, 3, 5, 6},
	},
	"protocol": {
		"default":  {21, 21, 18, 1, 2, 2},
		"batch":    {59, 64, 46, 1, 4, 4},
		"both":     {70, 106, 28, 1, 0, 0},
		"two-idle": {258, 400, 29, 2, 1, 1},
		"eager":    {13, 12, 12, 1, 8, 8},
		"hybrid":   {25, 24, 24, 1, 8, 8},
		"any":      {72, 80, 32, 1, 4, 4},
		"compute":  {216, 384, 22, 0, 0, 1},
		"large":    {120445, 347931, 92, 1, 0, 0},
	},
}

// Every named configuration has exactly so many states and donations, at any
// number of workers, and all properties hold in it.
func TestConfigurations(t *testing.T) {
	for _, f := range []catalogue.Family{Editor, Family} {
		for _, c := range f.Configurations {
			t.Run(f.Name+"/"+c.Name, func(t *testing.T) {
				want, known := sizes[f.Name][c.Name]
				if !known {
					t.Fatal("no size is known")
				}
				for workers := 1; workers <= 2; workers++ {
					r := check(t, f, c.Name, "", workers)
					holds(t, r)
					d := result(t, r, Donations)
					got := size{r.States, r.Transitions, r.Depth, r.Ends, d.Least, d.Most}
					if got != want || r.Deadlocks != 0 || d.Unbounded {
						t.Errorf("%d workers: %v, deadlocks %d, unbounded %v; want %v, 0, false", workers, got, r.Deadlocks, d.Unbounded, want)
					}
				}
			})
		}
	}
}

func TestDeclarations(t *testing.T) {
	for _, f := range []catalogue.Family{Editor, Family} {
		if err := f.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// shortest is the length of the shortest counterexample to the property that
// catches each mutant.
var shortest = map[string]map[string]int{
	"editor": {
		"donate-though-ready": 5, "donate-to-powered": 5, "double-donation": 11, "donate-copies": 5, "execute-twice": 5,
		"reply-lost": 5, "reply-twice": 5, "sender-runs-on": 2, "caller-ready-at-send": 5, "forced-switch": 3,
		"donate-to-idle": 1, "not-executed": 6, "caller-not-ready": 6, "short-queue": 10, "no-donation": 10,
	},
	"protocol": {
		"donate-though-ready": 3, "donate-to-powered": 6, "double-donation": 8, "donate-copies": 5, "execute-twice": 8,
		"reply-lost": 8, "reply-twice": 8, "sender-runs-on": 2, "caller-ready-at-send": 5, "forced-switch": 3,
		"donate-to-idle": 19, "not-executed": 13, "caller-not-ready": 13, "short-queue": 4, "no-donation": 4, "server-hoards": 11,
	},
}

// Every mutant is caught by the property that it names, by a counterexample of
// exactly that length which replays.
func TestMutants(t *testing.T) {
	for _, f := range []catalogue.Family{Editor, Family} {
		caught := map[string]bool{}
		for _, m := range f.Mutants {
			t.Run(f.Name+"/"+m.Name, func(t *testing.T) {
				caught[m.KilledBy] = true
				r := check(t, f, m.Configuration, m.Name, 2)
				p := result(t, r, m.KilledBy)
				if r.Verdict != checker.Violated || p.Verdict != checker.Violated {
					t.Fatalf("survives: verdict %v, %s: %v", r.Verdict, p.Name, p.Verdict)
				}
				if want := shortest[f.Name][m.Name]; len(p.Trace.Steps) != want {
					t.Errorf("counterexample of %d steps, want %d", len(p.Trace.Steps), want)
				}
				if _, err := modelOf(t, f, m.Configuration, m.Name).Replay(*p.Trace); err != nil {
					t.Error("replay:", err)
				}
			})
		}
		for _, p := range check(t, f, "", "", 1).Properties {
			switch p.Kind {
			case checker.KindInvariant, checker.KindTransition, checker.KindDeadlock:
				if !caught[p.Name] {
					t.Errorf("%s: no mutant is caught by %q", f.Name, p.Name)
				}
			}
		}
	}
}

// A queue that is not enough is noticed.
func TestOverflow(t *testing.T) {
	var s State
	for range MaxThreads {
		s.put(&s.Space[0].Ready, 1)
	}
	if s.Overflow {
		t.Error("a queue with a place for every thread overflows")
	}
	if s.put(&s.Space[0].Ready, 1); !s.Overflow {
		t.Error("a queue takes more than it has places")
	}
}

func check(t *testing.T, f catalogue.Family, config, mutant string, workers int) checker.Report {
	t.Helper()
	r, err := modelOf(t, f, config, mutant).Check(context.Background(), checker.Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func modelOf(t *testing.T, f catalogue.Family, config, mutant string) checker.AnyModel {
	t.Helper()
	v, _, err := f.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	model, err := f.Build(v, mutant)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// holds demands that every property holds, the reachable twins included.
func holds(t *testing.T, r checker.Report) {
	t.Helper()
	if r.Verdict != checker.Holds || !r.Complete {
		t.Errorf("verdict %v, complete %v", r.Verdict, r.Complete)
	}
	for _, p := range r.Properties {
		if p.Verdict != checker.Holds {
			t.Errorf("%s: %v (%s)", p.Name, p.Verdict, p.Note)
		}
	}
}

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
