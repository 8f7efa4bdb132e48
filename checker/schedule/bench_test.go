package schedule_test

import (
	"context"
	"fmt"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// BenchmarkSearch prints executions and steps a second of one core.
func BenchmarkSearch(b *testing.B) {
	for _, c := range []struct {
		name    string
		program func(*schedule.T)
	}{
		{"faa(3,4)", increments(3, 4, false)},
		{"faa(2,50)", increments(2, 50, false)},
		{"lock", lockIncrements(3, 10)},
	} {
		for _, s := range []struct {
			name string
			of   schedule.Strategy
		}{{"bounded", schedule.Bounded(-1)}, {"bound 2", schedule.Bounded(2)}, {"random", schedule.Random(1, 1<<62)}, {"optimal", schedule.Optimal()}} {
			b.Run(fmt.Sprint(c.name, "/", s.name), func(b *testing.B) {
				b.ReportAllocs()
				rep, err := schedule.Explore(context.Background(), c.program, s.of, schedule.Options{MaxExecutions: uint64(b.N)})
				if err != nil || rep.Verdict == verdict.Violated {
					b.Fatal(rep, err)
				}
				b.ReportMetric(float64(rep.Executions)/b.Elapsed().Seconds(), "executions/s")
				b.ReportMetric(float64(rep.Steps)/b.Elapsed().Seconds(), "steps/s")
			})
		}
	}
}

func lockIncrements(k, n int) func(*schedule.T) {
	return func(t *schedule.T) {
		m := &words{t: t}
		for i := range k {
			t.Go(fmt.Sprint("t", i), func() {
				for range n {
					m.lock("lock", 0)
					m.store("store", 1, m.load("load", 1)+1)
					m.unlock("unlock", 0)
				}
			})
		}
		t.AtEnd(func() { t.Check("sum", m.w[1] == uint64(k*n), "the sum is %d", m.w[1]) })
	}
}

func TestLockedIncrements(t *testing.T) {
	rep := explore(t, lockIncrements(2, 2), schedule.Bounded(-1), schedule.Options{})
	if rep.Verdict != verdict.Holds || rep.Depth != 16 {
		t.Errorf("%+v", rep)
	}
}

// BenchmarkStates prints states a second of the stateful search on one core.
func BenchmarkStates(b *testing.B) {
	var states uint64
	for b.Loop() {
		rep, err := schedule.Explore(context.Background(), ring(3, 2, whole, false, false), schedule.Stateful(), schedule.Options{})
		if err != nil || rep.Verdict != verdict.Holds {
			b.Fatal(rep.Verdict, err)
		}
		states += rep.States
	}
	b.ReportMetric(float64(states)/b.Elapsed().Seconds(), "states/s")
}
