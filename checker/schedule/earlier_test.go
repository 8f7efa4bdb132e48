package schedule_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// leaking are programs that do something else late: once they have been run 300 times, say.
var leaking = map[string]func(s *schedule.T, late uint64){
	"another step late": func(s *schedule.T, late uint64) {
		x, _ := leakedTo(s)
		s.Go("a", func() {
			x.Add(1)
			if late > 0 {
				x.Load()
			}
		})
	},
	"another value late": func(s *schedule.T, late uint64) {
		x, _ := leakedTo(s)
		s.Go("a", func() { x.Store(late) })
	},
	"another end late": func(s *schedule.T, late uint64) {
		x, y := leakedTo(s)
		s.Go("a", func() { x.Add(1) })
		s.Go("b", func() { y.Add(1) })
		if late > 0 {
			s.Daemon("c", func() {})
		}
		s.AtEnd(func() { s.Choose("which", 1+int(late)) })
	},
}

// leakedTo gives the program threads with some thousand interleavings.
func leakedTo(s *schedule.T) (x, y *schedule.Word) {
	x, y = s.Word("x", 0), s.Word("y", 0)
	for _, name := range []string{"d", "e"} {
		s.Go(name, func() {
			for range 2 {
				x.Add(1)
				y.Add(3)
			}
		})
	}
	return x, y
}

// What one execution leaves to the next is noticed at the end of a search that has found
// nothing, if it first shows long after it began.
func TestSlowLeaksAreNoticed(t *testing.T) {
	searches := everyStrategy()
	for name := range searches {
		if searches[name].Samples() {
			delete(searches, name)
		}
	}
	searches["random"] = schedule.Random(1, 3000)
	searches["uniform"] = schedule.Uniform(1, 3000)
	searches["pct"] = schedule.PCT(3, 1, 3000)
	searches["pos"] = schedule.POS(1, 3000)
	for name, program := range leaking {
		for by, s := range searches {
			for _, most := range []uint64{0, 600} {
				n, after := uint64(0), uint64(300)
				if s.ByStates() {
					after = 100
				}
				rep, err := schedule.Explore(context.Background(), func(s *schedule.T) {
					n++
					program(s, min(n/after, 1))
				}, s, schedule.Options{MaxExecutions: most})
				if !errors.Is(err, schedule.ErrNondeterministic) || rep.Verdict != verdict.Unknown || rep.Complete || rep.BudgetUsed {
					t.Errorf("%s, %s, %d: after %d runs %v, %v", name, by, most, n, rep, err)
				}
			}
		}
	}
}

// So it is where several workers search.
func TestSlowLeaksAreNoticedByWorkers(t *testing.T) {
	for name, program := range leaking {
		var n atomic.Uint64
		_, err := schedule.Explore(context.Background(), func(s *schedule.T) { program(s, min(n.Add(1)/100, 1)) }, schedule.Stateful(), schedule.Options{Workers: 3})
		if !errors.Is(err, schedule.ErrNondeterministic) && !errors.Is(err, schedule.ErrState) {
			t.Errorf("%s: after %d runs %v", name, n.Load(), err)
		}
	}
}

// A program without such state costs two executions more, whatever the search, and what
// the search says stays as it is.
func TestTwoAreRunAgainAtTheEnd(t *testing.T) {
	for _, steered := range []bool{false, true} {
		n := 0
		rep := explore(t, func(s *schedule.T) { n++; manySteps(s) }, schedule.Random(1, 10), schedule.Options{Steered: steered})
		want := 10 + 32 + 3*4 + 2 // the first one is run again 32 times, and the second, fourth and eighth 4 times
		if steered {
			want = 10
		}
		if n != want || rep.Executions != 10 || !rep.BudgetUsed {
			t.Errorf("steered %t: %d runs, not %d; %+v", steered, n, want, rep)
		}
	}
}
