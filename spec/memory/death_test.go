package memory

import (
	"context"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
)

// Every named configuration in which the server dies has exactly so many states, and
// all properties hold in it, the reachable twins included.
func TestDeathConfigurations(t *testing.T) {
	holdsIn(t, DeathFamily, map[string]whole{
		"server":       {4331, 8950, 59},
		"server-calls": {10454, 21612, 111},
		"servers=2":    {28979, 96693, 72},
		"server-2":     {1336163, 3869206, 119},
		"server-wait":  {227225, 652885, 128},
		"server-stops": {268085, 768466, 131},
		"client":       {3953, 8397, 71},
		"client-2":     {92535, 283629, 84},
	})
}

func TestDeathMutants(t *testing.T) {
	// The other properties are the channel's, or those of calls that are left.
	caughtIn(t, DeathFamily, map[string]int{
		"death-ignored": 32, "poison-after-nudge": 33, "poison-not-looked-at": 32, "end-not-seen-waiting": 35, "waiter-sends-on": 52, "memory-kept": 9, "memory-goes-first": 7,
		"lock-of-the-dead-freed": 3, "poisoned-alive": 4, "stopped-alive": 2, "client-death-ignored": 16,
	}, EndsOnce, StaysHeld, Reclaimed, NotStopped, Unsent, "deadlock")
}

func TestDeathDeclaration(t *testing.T) {
	if err := DeathFamily.Validate(); err != nil {
		t.Error(err)
	}
	good := Config{Clients: 2, Servers: 1, Calls: 1, Slots: 1, Replies: 1, Leave: Leave{Records: 2, Death: true}}
	if err := good.Leave.fits(good); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(c *Config){
		"records": func(c *Config) { c.Leave.Records = 3 },
		"leavers": func(c *Config) { c.Leave.Leavers = 1 },
		"nobody":  func(c *Config) { c.Servers = 0 },
		"twice":   func(c *Config) { c.Leave.Twice = 1 },
		"stops":   func(c *Config) { c.Leave.InOrder, c.Leave.ClientDies, c.Stops = true, true, true },
	} {
		c := good
		if change(&c); c.Leave.fits(c) == nil {
			t.Errorf("%s: %+v is accepted", what, c)
		}
	}
}

func checkIn(t *testing.T, f catalogue.Family, config, mutant string) checker.Report {
	t.Helper()
	r, err := buildIn(t, f, config, mutant).Check(context.Background(), checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func buildIn(t *testing.T, f catalogue.Family, config, mutant string) checker.AnyModel {
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

// whole is what all states of a configuration come to.
type whole struct {
	states, transitions uint64
	depth               int
}

// holdsIn checks configurations of a family: each has exactly so many states, and all
// properties hold in it, the reachable twins included.
func holdsIn(t *testing.T, f catalogue.Family, all map[string]whole) {
	t.Helper()
	for config, want := range all {
		r := checkIn(t, f, config, "")
		if r.Verdict != checker.Holds || !r.Complete || r.Deadlocks != 0 {
			t.Errorf("%s: verdict %v, complete %v", config, r.Verdict, r.Complete)
		}
		for _, p := range r.Properties {
			if p.Verdict != checker.Holds {
				t.Errorf("%s: %s: %v (%s)", config, p.Name, p.Verdict, p.Note)
			}
		}
		if got := (whole{r.States, r.Transitions, r.Depth}); got != want {
			t.Errorf("%s: %v, want %v", config, got, want)
		}
	}
}

// caughtIn checks the mutants of a family: each is caught by the property that it names, by
// a counterexample of exactly that length which replays, and only on the mutant. These
// properties are to be among those that catch one.
func caughtIn(t *testing.T, f catalogue.Family, shortest map[string]int, properties ...string) {
	t.Helper()
	caught := map[string]bool{}
	for _, m := range f.Mutants {
		r := checkIn(t, f, m.Configuration, m.Name)
		p := result(t, r, m.KilledBy)
		if r.Verdict != checker.Violated || p.Verdict != checker.Violated || length(p) != shortest[m.Name] {
			t.Errorf("%s: verdict %v, %s: %v in %d steps, want %d", m.Name, r.Verdict, p.Name, p.Verdict, length(p), shortest[m.Name])
			continue
		}
		caught[m.KilledBy] = true
		for _, mutant := range []string{m.Name, ""} {
			if _, err := buildIn(t, f, m.Configuration, mutant).Replay(*p.Trace); (err == nil) != (mutant != "") {
				t.Errorf("%s: the counterexample is replayed on %q: %v", m.Name, mutant, err)
			}
		}
	}
	for _, name := range properties {
		if !caught[name] {
			t.Errorf("no mutant is caught by %q", name)
		}
	}
}
