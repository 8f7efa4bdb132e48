package schedule_test

import (
	"context"
	"errors"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// lostUpdates has two threads count in a variable: one that no step announces, or a word.
// places is the number of words that their other steps are on.
func lostUpdates(announced bool, places int, check bool) func(*schedule.T) {
	return func(t *schedule.T) {
		others := []*schedule.Word{t.Word("x", 0), t.Word("y", 0)}[:places]
		n, hidden := t.Word("n", 0), uint64(0)
		for i, name := range []string{"a", "b"} {
			x := others[i%places]
			t.Go(name, func() {
				x.Load()
				var v uint64
				if announced {
					v = n.Load()
				} else {
					v = hidden
				}
				x.Load()
				if announced {
					n.Store(v + 1)
				} else {
					hidden = v + 1
				}
				x.Load()
			})
		}
		if !announced {
			t.Shared(func(d *schedule.Digest) { d.Word(hidden) })
		}
		t.AtEnd(func() { t.Check("sum", !check || n.Peek()+hidden == 2, "%d", n.Peek()+hidden) })
	}
}

// Optimal takes steps to commute that touch no place together. Where threads share a
// variable beside, it says so, and does not hold the program for right; where what they
// share is announced, it finds the update that is lost, and no walk is strange.
func TestOptimalWalks(t *testing.T) {
	schedule.WithoutSwaps(t) // which find it, too, where the program tells of the variable
	for places := 1; places <= 2; places++ {
		for name, told := range map[string]string{"check": `fails by property "sum"`, "end": "ends where no execution of the search does"} {
			check := name == "check"
			rep, err := schedule.Explore(context.Background(), lostUpdates(false, places, check), schedule.Optimal(), schedule.Options{})
			if !errors.Is(err, schedule.ErrState) || rep.Verdict != verdict.Unknown || rep.Complete {
				t.Errorf("%d places, %s: %v, complete %v, %v", places, name, rep.Verdict, rep.Complete, err)
				continue
			}
			contains(t, err.Error(), told, "do its threads share what no step announces")
		}
		rep, err := schedule.Explore(context.Background(), lostUpdates(true, places, true), schedule.Optimal(), schedule.Options{})
		if err != nil || rep.Verdict != verdict.Violated {
			t.Errorf("%d places, announced: %v, %v", places, rep.Verdict, err)
		}
		rep, err = schedule.Explore(context.Background(), lostUpdates(true, places, false), schedule.Optimal(), schedule.Options{})
		if err != nil || rep.Verdict != verdict.Holds || !rep.Complete || rep.Walks == 0 {
			t.Errorf("%d places, announced, without the check: %v, %d walks, %v", places, rep.Verdict, rep.Walks, err)
		}
	}
}

// Who goes on after a failure is walked, too, where there is none; and a search that has
// found a failure, or was told to stop early, makes no walks.
func TestOptimalWalksAfterNothingAlone(t *testing.T) {
	for _, c := range []struct {
		options schedule.Options
		check   bool
		walks   bool
	}{
		{schedule.Options{KeepGoing: true}, false, true},
		{schedule.Options{KeepGoing: true}, true, false},
		{schedule.Options{MaxExecutions: 2}, false, false},
	} {
		rep, err := schedule.Explore(context.Background(), lostUpdates(true, 1, c.check), schedule.Optimal(), c.options)
		if err != nil || rep.Walks > 0 != c.walks {
			t.Errorf("%+v, check %v: %d walks, %v", c.options, c.check, rep.Walks, err)
		}
	}
}
