package lockstep

import (
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/step"
)

func values(t testing.TB, config string) catalogue.Values {
	t.Helper()
	return valuesOf(t, explore.Channel(), config)
}

func valuesOf(t testing.TB, target explore.Target, config string) catalogue.Values {
	t.Helper()
	v, _, err := target.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func graphOf(t testing.TB, target explore.Target, config string) *Graph {
	t.Helper()
	g, err := NewGraphOf(t.Context(), target, valuesOf(t, target, config), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// run runs a configuration in lock-step; it must refine the specification.
func run(t *testing.T, config string, s schedule.Strategy, o Options) Report {
	t.Helper()
	rep, err := Run(t.Context(), values(t, config), s, o)
	if err != nil {
		t.Fatal(err)
	}
	if f := rep.Failure; f != nil {
		t.Fatalf("%s: %s: %s\n%s", config, f.Property, f.Message, f.Token)
	}
	return rep
}

// The runtime refines the specification in every execution within a bound, and
// the watch changes nothing: the executions are those of the explorer.
func TestRefinesWithinABound(t *testing.T) {
	for _, c := range []struct {
		config            string
		bound, candidates int
	}{
		{"1-1-1-1", 3, 2},
		{"1-1-2-1", 2, 2},
		{"1-2-1-1", 2, 2},
		{"2-1-1-1", 1, 2},
		{"2-1-1-2", 1, 2},
		{"spurious", 1, 2},
		{"donate", 1, 2},
	} {
		rep := run(t, c.config, schedule.Bounded(c.bound), Options{})
		if rep.Verdict != verdict.Holds || !rep.Complete || rep.Candidates != c.candidates {
			t.Errorf("%s, bound %d: %v, complete %v, %d candidates, want %d", c.config, c.bound, rep.Verdict, rep.Complete, rep.Candidates, c.candidates)
		}
		plain, err := explore.Run(t.Context(), explore.Channel(), values(t, c.config), schedule.Bounded(c.bound), schedule.Options{})
		if err != nil || plain.Executions != rep.Executions || plain.Steps != rep.Steps || plain.Depth != rep.Depth {
			t.Errorf("%s, bound %d: %d executions of %d steps, without lock-step %d of %d (%v)",
				c.config, c.bound, rep.Executions, rep.Steps, plain.Executions, plain.Steps, err)
		}
		if steps := rep.Steps - rep.Taken["wake for nothing"]; rep.Matched < steps {
			t.Errorf("%s, bound %d: %d of %d steps were judged", c.config, c.bound, rep.Matched, steps)
		}
	}
}

// It does in samples of every named configuration.
func TestRefinesInSamples(t *testing.T) {
	for _, c := range explore.Channel().Configurations {
		rep := run(t, c.Name, schedule.Random(1991, 1000), Options{})
		if !rep.BudgetUsed || rep.Executions != 1000 || rep.Bad != 0 {
			t.Errorf("%s: %+v", c.Name, rep.Report)
		}
		servers := values(t, c.Name).Int("servers")
		if rep.Candidates < 2 || rep.Candidates > 1<<servers {
			t.Errorf("%s: %d candidates for %d processors, each of which may execute", c.Name, rep.Candidates, servers)
		}
	}
}

// What a state of the specification cannot hold is refused.
func TestTooLarge(t *testing.T) {
	for _, config := range []string{"clients=6,slots=4", "servers=3", "slots=4", "calls=256"} {
		if _, err := Run(t.Context(), values(t, config), schedule.Random(1, 1), Options{}); err == nil {
			t.Errorf("%s is not refused", config)
		}
	}
}

// Looking steps up in the graph, and taking them, come to the same.
func TestGraphChangesNothing(t *testing.T) {
	const config = "1-2-1-1"
	g := graph(t, config)
	s := schedule.Random(7, 2000)
	taken, looked := run(t, config, s, Options{}), run(t, config, s, Options{Graph: g})
	if taken.Matched != looked.Matched || taken.Candidates != looked.Candidates || taken.Steps != looked.Steps {
		t.Errorf("taken: %d steps, %d candidates; looked up: %d, %d", taken.Matched, taken.Candidates, looked.Matched, looked.Candidates)
	}
}

// Every declared stutter occurs, and has a reason.
func TestStuttersOccur(t *testing.T) {
	occurred := map[Stutter]uint64{}
	for _, config := range []string{"2-2-1-1", "donate"} {
		for s, n := range run(t, config, schedule.Random(1, 2000), Options{}).Stutters {
			occurred[s] += n
		}
	}
	bound, err := RunBinding(t.Context(), valuesOf(t, explore.Bind(), "default"), schedule.Random(1, 100), Options{})
	if err != nil {
		t.Fatal(err)
	}
	occurred[InCall] = bound.Stutters[InCall]
	locked, err := RunTarget(t.Context(), explore.Lock(), valuesOf(t, explore.Lock(), "default"), schedule.Random(1, 100), Options{})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := RunTarget(t.Context(), explore.Donation(), valuesOf(t, explore.Donation(), "never"), schedule.Random(1, 100), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Stutter{BusyLock, AwaitLock, Inside} {
		occurred[s] = locked.Stutters[s]
	}
	for _, s := range []Stutter{OfPool, Polling, InVain} {
		occurred[s] = pool.Stutters[s]
	}
	stopped, err := RunTarget(t.Context(), explore.Donation(), valuesOf(t, explore.Donation(), "stop"), schedule.Random(1, 100), Options{})
	if err != nil {
		t.Fatal(err)
	}
	occurred[Unnudged] = stopped.Stutters[Unnudged]
	for _, s := range Stutters() {
		if occurred[s] == 0 || s.Reason() == "" {
			t.Errorf("%v occurred %d times, because %q", s, occurred[s], s.Reason())
		}
	}
}

func BenchmarkRun(b *testing.B) {
	for _, config := range []string{"1-1-1-1", "2-1-1-1", "4-2-3-2"} {
		for _, s := range []struct {
			name string
			of   schedule.Strategy
		}{{"bounded", schedule.Bounded(2)}, {"random", schedule.Random(1, 1<<62)}} {
			b.Run(config+"/"+s.name, func(b *testing.B) {
				b.ReportAllocs()
				rep, err := Run(b.Context(), values(b, config), s.of, Options{Schedule: schedule.Options{MaxExecutions: uint64(b.N)}})
				if err != nil || rep.Failure != nil {
					b.Fatal(rep, err)
				}
				b.ReportMetric(float64(rep.Matched)/b.Elapsed().Seconds(), "steps/s")
			})
		}
	}
}

// A thread that has read a position without the lock may be held while the queue
// goes on by laps: the specification's positions, which are few, must not come
// round to it. They once did.
func TestLapsWhileAThreadIsHeld(t *testing.T) {
	for _, c := range []struct {
		config string
		held   int // thread
		at     step.Name
	}{
		{"clients=1,servers=2,calls=12,slots=1", 2, step.RecheckSlot},
		{"clients=1,servers=2,calls=20,slots=2", 2, step.RecheckSlot},
		{"clients=2,servers=1,calls=12,slots=1", 1, step.AwaitRoom},
		{"clients=3,servers=1,calls=20,slots=2", 2, step.AwaitRoom},
	} {
		v := values(t, c.config)
		r, err := newRefinement(explore.Channel(), v, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.gated = true
		late := 0
		gate := func(thread int) bool {
			if thread != c.held || r.threads[thread].at != c.at {
				return true
			}
			for i := range r.config.Clients {
				if i != c.held && r.threads[i].at != step.None {
					return false
				}
			}
			late++
			return true
		}
		rep, err := explore.RunWatched(t.Context(), v, explore.Watch{Observer: r, Gate: gate, Alone: true}, schedule.Random(1, 100), schedule.Options{})
		if err != nil || rep.Failure != nil {
			t.Fatalf("%s: %v, %+v", c.config, err, rep.Failure)
		}
		if late == 0 {
			t.Errorf("%s: no thread was held at %v until the others had made all their calls", c.config, c.at)
		}
	}
}
