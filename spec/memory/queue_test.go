package memory

import (
	"context"
	"testing"

	"urpc/checker"
)

func checkQueue(t *testing.T, config, mutant string) (checker.AnyModel, checker.Report) {
	t.Helper()
	v, _, err := QueueFamily.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	model, err := QueueFamily.Build(v, mutant)
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Check(context.Background(), checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return model, r
}

// queueCounts are the exact sizes of the configurations of a queue by itself.
var queueCounts = map[string]struct {
	states, transitions uint64
	depth               int
	ends                uint64
}{
	"2-1-1-1": {399, 722, 32, 2},
	"1-1-3-1": {346, 631, 47, 1},
	"1-1-3-2": {467, 858, 45, 2},
	"1-2-2-1": {830, 1902, 36, 1},
	"2-1-2-2": {5037, 10400, 60, 8},
	"2-2-2-2": {20582, 53524, 64, 8},
	"2-2-w-2": {507516, 1604580, 230, 0},
	"3-2-2-3": {735832, 2172076, 90, 72},
}

// Every named configuration has exactly so many states, all properties hold in it, and
// in all together every step is taken.
func TestQueueConfigurations(t *testing.T) {
	taken := map[string]uint64{}
	for _, c := range QueueFamily.Configurations {
		_, r := checkQueue(t, c.Name, "")
		if r.Verdict != checker.Holds || !r.Complete || len(r.Properties) < 7 {
			t.Errorf("%s: verdict %v, complete %v, %d properties", c.Name, r.Verdict, r.Complete, len(r.Properties))
		}
		for _, p := range r.Properties {
			if p.Verdict != checker.Holds {
				t.Errorf("%s: %s: %v (%s)", c.Name, p.Name, p.Verdict, p.Note)
			}
		}
		want, known := queueCounts[c.Name]
		if !known || r.States != want.states || r.Transitions != want.transitions || r.Depth != want.depth || r.Ends != want.ends || r.Deadlocks != 0 {
			t.Errorf("%q: {%d, %d, %d, %d}, deadlocks %d; want %v and 0", c.Name, r.States, r.Transitions, r.Depth, r.Ends, r.Deadlocks, want)
		}
		for _, c := range r.Coverage {
			taken[c.Process+" "+c.Label] += c.Transitions
		}
	}
	for name, n := range taken {
		if n == 0 {
			t.Errorf("%s is never taken", name)
		}
	}
}

// shortestOfQueue is the length of the shortest counterexample to the property that
// catches each mutant.
var shortestOfQueue = map[string]int{
	"lock-not-atomic": 4, "receive-lock-not-atomic": 4, "full-off-by-one": 11, "no-look": 4, "publish-before-write": 8,
	"stale-room": 21, "head-before-copy": 18, "awaits-next": 24, "awaits-change": 17,
}

// Every mutant is caught by the property that it names, by a counterexample of
// exactly that length which replays, and only on the mutant; and every property is
// caught by some mutant.
func TestQueueMutants(t *testing.T) {
	caught := map[string]bool{}
	for _, m := range QueueFamily.Mutants {
		caught[m.KilledBy] = true
		t.Run(m.Name, func(t *testing.T) {
			model, r := checkQueue(t, m.Configuration, m.Name)
			p := result(t, r, m.KilledBy)
			if r.Verdict != checker.Violated || p.Verdict != checker.Violated {
				t.Fatalf("survives: verdict %v, %s: %v", r.Verdict, p.Name, p.Verdict)
			}
			if want, known := shortestOfQueue[m.Name]; length(p) != want || !known {
				t.Errorf("%q: %d, want %d", m.Name, length(p), want)
			}
			if _, err := model.Replay(*p.Trace); err != nil {
				t.Error("replay:", err)
			}
			clean, _ := checkQueue(t, m.Configuration, "")
			if _, err := clean.Replay(*p.Trace); err == nil {
				t.Error("the counterexample replays on the clean model")
			}
		})
	}
	_, r := checkQueue(t, "2-1-1-1", "")
	for _, p := range r.Properties {
		if p.Kind != checker.KindReachable && !caught[p.Name] {
			t.Errorf("no mutant is caught by %q", p.Name)
		}
	}
}
