package schedule_test

import (
	"testing"
	"testing/synctest"
	"time"

	"urpc/checker/schedule"
)

// Progress comes about once a second, of a clock that the program moves.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []schedule.Progress
		explore(t, func(s *schedule.T) {
			time.Sleep(10 * time.Millisecond)
			increments(2, 8, false)(s)
		}, schedule.Bounded(3), schedule.Options{Progress: func(p schedule.Progress) { told = append(told, p) }})
		if len(told) == 0 {
			t.Fatal("no progress in several seconds")
		}
		for i, p := range told {
			if p.Executions == 0 || p.Steps != 16*p.Executions || p.Rate <= 0 || p.Rate > 100 {
				t.Errorf("%+v", p)
			}
			if i > 0 && p.Executions < told[i-1].Executions {
				t.Errorf("executions go from %d to %d", told[i-1].Executions, p.Executions)
			}
		}
		contains(t, told[len(told)-1].Bound, "at most 3 preemptions")
	})
}
