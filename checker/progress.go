package checker

import (
	"runtime/debug"
	"time"
)

// progressMark is when progress was last told, and at how many states.
type progressMark struct {
	at     time.Time
	states uint64
}

// tell calls Options.Progress when it is time, from the goroutine of the search.
func (s *search[S]) tell(frontier uint64) {
	if s.options.Progress == nil {
		return
	}
	now := time.Now()
	since := now.Sub(s.seen.at)
	if since < s.options.ProgressEvery {
		return
	}
	finished := false
	defer func() {
		if !finished {
			e := &PanicError{Where: "Options.Progress", Value: recover(), Stack: string(debug.Stack())}
			if e.Value == nil {
				e.Value = ErrGoexit
			}
			s.failed = e
		}
	}()
	states := s.states()
	s.options.Progress(Progress{
		States: states, Transitions: s.transitions, Depth: s.deepest(), Frontier: frontier,
		Memory: s.held(), Elapsed: now.Sub(s.started),
		Rate: float64(states-s.seen.states) / since.Seconds(),
	})
	s.seen = progressMark{at: now, states: states}
	finished = true
}
