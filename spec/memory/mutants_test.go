package memory

import (
	"context"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// shortest is the length of the shortest counterexample to the property that
// catches each mutant.
var shortest = map[string]int{
	"lock-not-atomic":         6,
	"receive-lock-not-atomic": 4,
	"no-recheck":              16,
	"full-off-by-one":         13,
	"replies-full-off-by-one": 42,
	"no-look":                 4,
	"not-executed":            36,
	"publish-before-write":    9,
	"announce-after-recheck":  18,
	"doorbell-after-recheck":  20,
	"wake-before-publish":     18,
	"no-wake":                 19,
	"no-ring":                 19,
	"doorbell-wraps":          31,
	"double-donation":         51,
	"donate-though-ready":     12,
	"delivered-not-ready":     33,
	"return-before-doorbell":  113,
	"never-returned":          109,
	"no-retract":              15,
	"stale-room":              53,
	"early-unlock":            16,
	"head-before-copy":        20,
	"lead-not-passed":         79,
	"no-lead-again":           79,
	"no-retract-block":        50,
	"deliver-without-ready":   90,
	"lead-not-tested":         29,
	"deliver-to-self":         46,
	"execute-twice":           14,
	"sleep-on-replies":        34,
}

// Every mutant is caught by the property that it names, by a counterexample of
// exactly that length which replays.
func TestMutants(t *testing.T) {
	for _, m := range Family.Mutants {
		t.Run(m.Name, func(t *testing.T) {
			r := check(t, m.Configuration, m.Name, checker.Options{})
			p := result(t, r, m.KilledBy)
			if r.Verdict != checker.Violated || p.Verdict != checker.Violated {
				t.Fatalf("survives: verdict %v, %s: %v", r.Verdict, p.Name, p.Verdict)
			}
			if want, known := shortest[m.Name]; length(p) != want || !known {
				t.Errorf("counterexample of %d steps, want %d", length(p), want)
			}
			model, err := Family.Build(values(t, m.Configuration), m.Name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := model.Replay(*p.Trace); err != nil {
				t.Error("replay:", err)
			}
			clean, err := Family.Build(values(t, m.Configuration), "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := clean.Replay(*p.Trace); err == nil {
				t.Error("the counterexample replays on the clean model")
			}
		})
	}
}

// Every property that can be violated is violated by some mutant that names it.
func TestEveryPropertyIsCaught(t *testing.T) {
	caught := map[string]bool{}
	for _, m := range Family.Mutants {
		caught[m.KilledBy] = true
	}
	for _, p := range check(t, "1-1-1-1", "", checker.Options{}).Properties {
		switch p.Kind {
		case checker.KindInvariant, checker.KindTransition, checker.KindDeadlock:
			if !caught[p.Name] {
				t.Errorf("no mutant is caught by %q", p.Name)
			}
		}
	}
}

// Some changes that look like faults are none. They are here so that nobody
// takes them for mutants that the checker misses.
var harmless = []mutant{
	{
		// Reading the doorbell after the announcement is still before the
		// recheck: what the recheck does not see rings later.
		Mutant: catalogue.Mutant{Name: "doorbell-after-announce"},
		steps: map[step.Name]func(v view) bool{
			step.UnlockReceive: func(v view) bool { return v.unlockReceive() && v.instead(step.LookDoorbell, step.Announce) },
			step.Announce:      func(v view) bool { return v.announce() && v.to(step.LookDoorbell) },
			step.LookDoorbell:  func(v view) bool { return v.lookDoorbell() && v.to(step.RecheckHead) },
		},
	},
	{
		// Waking one sleeper is enough among honest processors: the woken one
		// receives until it finds nothing. (A hostile one could swallow the wake.)
		Mutant: catalogue.Mutant{Name: "wake-one"},
		steps: map[step.Name]func(v view) bool{
			step.Wake: func(v view) bool {
				woken := false
				v.peers(func(_ int, t *Thread) {
					if t.At == step.Asleep && !woken {
						t.At, t.Rung, woken = step.Retract, 0, true
					}
				})
				return v.afterSend()
			},
		},
	},
}

func TestHarmless(t *testing.T) {
	for _, change := range harmless {
		t.Run(change.Name, func(t *testing.T) {
			r, err := checker.Check(context.Background(), change.model(Config{Clients: 1, Servers: 2, Calls: 0, Slots: 1, Replies: 1}), checker.Options{AfterViolation: -1})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range r.Properties {
				// The count of the announced is told by where they stand, which
				// the first change changes.
				if p.Verdict != checker.Holds && p.Name != ParkedCounts {
					t.Errorf("%s: %v", p.Name, p.Verdict)
				}
			}
		})
	}
}
