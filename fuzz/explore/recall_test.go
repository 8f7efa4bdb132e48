package explore

import (
	"context"
	"maps"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// Of targets whose steps may be recalled, the search that recalls is the one that runs
// them all: the same states, executions and steps, by the same names.
func TestRecallingIsRunning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target  Target
		configs []string
	}{
		{channelTarget, []string{"1-2-1-1", "spurious"}},
		{callTarget, []string{"two-records", "deadline", "twice"}},
		{deathTarget, []string{"server-2", "server-other", "client-2", "client-other"}},
		{donationTarget, []string{"alone", "default", "two-donors", "preempted", "handed", "blocked", "exit-2", "stop-2", "stop-after"}},
		{hostileTarget, []string{"client-notice", "client-2-1", "client-donates-differs", "pool-donates", "server-other"}},
	} {
		for _, name := range c.configs {
			t.Run(c.target.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				v, _, err := c.target.Parse(name)
				if err != nil {
					t.Fatal(err)
				}
				search := func(o schedule.Options) schedule.Report {
					o.MaxExecutions = 3000
					rep, err := Run(context.Background(), c.target, v, schedule.Stateful(), o)
					if err != nil {
						t.Fatal(err)
					}
					return rep
				}
				run, rep := search(schedule.Options{RunAll: true}), search(schedule.Options{})
				if run.Recalled != 0 || rep.Recalled < rep.Executions/3 {
					t.Errorf("%d executions are recalled where none is to be, %d of %d where all may", run.Recalled, rep.Recalled, rep.Executions)
				}
				if rep.Verdict == verdict.Violated || rep.States != run.States || rep.Executions != run.Executions || rep.Hits != run.Hits ||
					rep.Steps != run.Steps || !maps.Equal(rep.Taken, run.Taken) || !maps.Equal(rep.Marks, run.Marks) {
					t.Errorf("a search that recalls:\n%+v\nof one that runs:\n%+v", rep, run)
				}
			})
		}
	}
}
