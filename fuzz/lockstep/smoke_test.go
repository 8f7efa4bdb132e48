package lockstep

import (
	"os"
	"testing"
	"time"

	"urpc/checker/schedule"
	"urpc/fuzz/explore"
)

func TestSmoke(t *testing.T) {
	for _, c := range []string{"1-1-1-1", "1-1-2-1", "1-2-1-1", "2-1-1-1", "spurious", "donate", "wrap", "2-2-2-1", "3-1-1-2", "4-2-3-2"} {
		v, _, err := explore.Channel().Parse(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []schedule.Strategy{schedule.Random(1, 20000), schedule.Bounded(1)} {
			start := time.Now()
			rep, err := Run(t.Context(), v, s, Options{Schedule: schedule.Options{MaxExecutions: 20000}})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(c, rep.Executions, rep.Steps, rep.Bound, float64(rep.Matched)/time.Since(start).Seconds(), rep.Stutters, rep.Candidates)
			if rep.Failure != nil {
				rep.Failure.WriteText(os.Stdout, 100)
				t.Fatal(rep.Failure.Property, rep.Failure.Message)
			}
		}
	}
}

func TestSmokeDrive(t *testing.T) {
	for _, c := range []string{"1-1-1-1", "1-1-2-1", "1-2-1-1", "2-1-1-1"} {
		v, _, err := explore.Channel().Parse(c)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		g, err := NewGraph(t.Context(), v, 1<<22)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(g.States(), g.Transitions(), time.Since(start))
		start = time.Now()
		rep, err := Drive(t.Context(), v, g, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(c, rep.Executions, rep.Steps, time.Since(start))
		rep.WriteText(os.Stdout, 10)
		if rep.Failure != nil {
			rep.Failure.WriteText(os.Stdout, 100)
			t.Fatal(rep.Failure.Property, rep.Failure.Message)
		}
	}
}
