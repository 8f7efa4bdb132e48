package schedule_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// The report of a search that ends with an error says which one it is, and nothing about the
// program; only one that was interrupted says so.
func TestTheReasonIsTheError(t *testing.T) {
	runs := 0
	var gate chan struct{}
	for name, c := range map[string]struct {
		err     error
		program func(*schedule.T)
		o       schedule.Options
	}{
		"no step":   {schedule.ErrUsage, func(s *schedule.T) { s.Go("a", func() {}) }, schedule.Options{}},
		"no thread": {schedule.ErrUsage, func(s *schedule.T) { s.Word("x", 0); s.Choose("which", 0) }, schedule.Options{}},
		"a counter": {schedule.ErrNondeterministic, func(s *schedule.T) {
			x := s.Word("x", 0)
			runs++
			s.Go("a", func() { x.Store(uint64(runs)); x.Load(); x.Load() })
			s.Go("b", func() { x.Load(); x.Store(uint64(runs)) })
		}, schedule.Options{}},
		"a negative bound": {schedule.ErrOptions, manyAdds, schedule.Options{MaxSteps: -1}},
		"no program":       {schedule.ErrOptions, nil, schedule.Options{}},
		"a channel": {schedule.ErrStuck, func(s *schedule.T) {
			x := s.Word("x", 0)
			s.Go("a", func() { x.Load(); <-gate })
		}, schedule.Options{StuckAfter: soon}},
	} {
		for by, s := range everyStrategy() {
			gate = make(chan struct{})
			rep, err := schedule.Explore(context.Background(), c.program, s, c.o)
			close(gate)
			if !errors.Is(err, c.err) || rep.Reason != c.err.Error() || rep.Verdict != verdict.Unknown || rep.Complete || rep.BudgetUsed {
				t.Errorf("%s, %s: %q, %+v, %v", name, by, rep.Reason, rep, err)
			}
		}
	}
	goleak.VerifyNone(t)
	if rep, err := schedule.Replay(context.Background(), manyAdds, "x", schedule.Options{}); !errors.Is(err, schedule.ErrTokenDamaged) || rep.Reason != schedule.ErrTokenDamaged.Error() {
		t.Errorf("replayed: %+v, %v", rep, err)
	}
}

func manyAdds(s *schedule.T) { manySteps(s) }
