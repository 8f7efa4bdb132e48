package explore

import (
	"testing"

	"urpc/checker/schedule"
	"urpc/runtime/shm"
)

// Who touches a segment that is under the schedule, and not by a step, fails by name;
// not who has a view of it without a hook, and not where somebody else judges.
func TestBypassIsSeen(t *testing.T) {
	for what, c := range map[string]struct {
		read  func(s *shm.Segment)
		alone bool
		fails bool
	}{
		"Peek":                    {read: func(s *shm.Segment) { s.Peek(0) }, fails: true},
		"PeekBytes":               {read: func(s *shm.Segment) { s.PeekBytes(0, make([]byte, 8)) }, fails: true},
		"Address":                 {read: func(s *shm.Segment) { s.Address(0) }, fails: true},
		"Peek, without a hook":    {read: func(s *shm.Segment) { s.Unhooked().Peek(0) }},
		"Load":                    {read: func(s *shm.Segment) { s.Load(0, 0) }},
		"CompareAndSwap":          {read: func(s *shm.Segment) { s.CompareAndSwap(0, 0, 0, 1) }},
		"Peek, judged by another": {read: func(s *shm.Segment) { s.Peek(0) }, alone: true},
	} {
		rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
			m := NewMachine(s, 0)
			m.alone = c.alone
			words := shm.Heap(0, shm.Line)
			NewRegion(m, 0).Hook(words)
			s.Go("thread", func() { words.Load(0, 0); c.read(words) })
		}, schedule.Bounded(0), schedule.Options{})
		if err != nil {
			t.Fatal(err)
		}
		failed := rep.Failure != nil && rep.Failure.Property == NoBypass
		if failed != c.fails || failed != (rep.Failure != nil) {
			t.Errorf("%s: %+v, want a failure: %v", what, rep.Failure, c.fails)
		}
	}
}
