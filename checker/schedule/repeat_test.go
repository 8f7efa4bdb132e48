package schedule_test

import (
	"context"
	"errors"
	"testing"

	"urpc/checker/schedule"
)

// A program that is not a function of its schedule is found out although most
// settled steps are only repeated: by the steps themselves, or where only what they
// read differs by one of the executions that look at all of it.
func TestRepeatedStepsAreChecked(t *testing.T) {
	for name, change := range map[string]struct {
		initial, step uint64
		text          string
	}{
		"other values": {initial: 1, text: "other values"},
		"other steps":  {step: 1, text: "is now"},
	} {
		executions := uint64(0)
		_, err := schedule.Explore(context.Background(), func(s *schedule.T) {
			executions++
			late := uint64(0)
			if executions > 3000 {
				late = 1
			}
			x, y := s.Word("x", late*change.initial), s.Word("y", 0)
			for _, name := range []string{"a", "b", "c"} {
				s.Go(name, func() {
					for range 4 {
						if late*change.step == 0 {
							x.Load()
						} else {
							y.Load()
						}
						y.Add(1)
					}
				})
			}
			s.Go("d", func() { x.Store(7) })
		}, schedule.Stateful(), schedule.Options{Plain: true})
		if !errors.Is(err, schedule.ErrNondeterministic) {
			t.Errorf("%s: %v after %d executions", name, err, executions)
			continue
		}
		contains(t, err.Error(), change.text)
	}
}
