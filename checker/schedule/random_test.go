package schedule_test

import (
	"reflect"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// trail is the sequence of threads that a random search runs.
func trail(t *testing.T, seed uint64) (trail []int) {
	explore(t, func(s *schedule.T) {
		for _, name := range []string{"a", "b", "c"} {
			s.Go(name, func() {
				for range 5 {
					s.Step(step("s"))
					trail = append(trail, s.Self(), s.Choose("c", 3))
				}
			})
		}
	}, schedule.Random(seed, 20), schedule.Options{})
	return trail
}

func TestRandomIsDeterminedByItsSeed(t *testing.T) {
	if !reflect.DeepEqual(trail(t, 1), trail(t, 1)) {
		t.Error("one seed, two searches")
	}
	if reflect.DeepEqual(trail(t, 1), trail(t, 2)) {
		t.Error("two seeds, one search")
	}
}

func TestRandomNeverHolds(t *testing.T) {
	rep := explore(t, critical(false), schedule.Random(5, 100), schedule.Options{})
	if rep.Verdict != verdict.Unknown || rep.Complete || !rep.BudgetUsed || rep.Seed != 5 {
		t.Errorf("%+v", rep)
	}
	if want := "sampled: 100 random executions found nothing"; rep.Reason != want {
		t.Errorf("reason %q, want %q", rep.Reason, want)
	}
}

// A failure that a random walk stumbles on is brought to the fewest preemptions
// and steps.
func TestRandomFailureIsMinimised(t *testing.T) {
	for seed := range uint64(20) {
		rep := explore(t, increments(4, 5, true), schedule.Random(seed, 1000), schedule.Options{})
		if rep.Failure == nil || rep.Failure.Property != "sum" || rep.Failure.Preemptions != 1 {
			t.Fatalf("seed %d: %+v", seed, rep.Failure)
		}
		again := explore(t, critical(true), schedule.Random(seed, 1000), schedule.Options{})
		if f := again.Failure; f == nil || f.Preemptions != 2 || len(f.Steps) != 4 {
			t.Fatalf("seed %d: %+v", seed, f)
		}
	}
}

// Where executions are too long for bounded rounds, leaving steps out of the
// failure that was found must do.
func TestLongFailureIsMinimised(t *testing.T) {
	program := func(s *schedule.T) {
		m := &words{t: s}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			s.Go(name, func() {
				for range 100 {
					m.add("work", 1, 1)
				}
				v := m.load("load", 0)
				for range 100 {
					m.add("work", 1, 1)
				}
				m.store("store", 0, v+1)
			})
		}
		s.AtEnd(func() { s.Check("sum", m.w[0] > 2, "the sum is %d", m.w[0]) })
	}
	for seed := range uint64(5) {
		f := explore(t, program, schedule.Random(seed, 1000), schedule.Options{}).Failure
		if f == nil || f.Preemptions > 6 {
			t.Fatalf("seed %d: %+v", seed, f)
		}
		t.Logf("seed %d: %d preemptions, %d steps, token %s", seed, f.Preemptions, len(f.Steps), f.Token)
	}
}

// A smaller failure of another shape is found by bounded rounds: leaving steps out
// of an alternation does not lead to it.
func TestMinimisedToAnotherShape(t *testing.T) {
	program := func(s *schedule.T) {
		log := ""
		for _, name := range []string{"a", "b"} {
			s.Go(name, func() {
				for range 4 {
					s.Step(step(name))
					log += name
				}
			})
		}
		s.AtEnd(func() { s.Check("order", log != "abababab" && log != "bbbbaaaa", "%s", log) })
	}
	for seed := range uint64(10) {
		f := explore(t, program, schedule.Random(seed, 10_000), schedule.Options{}).Failure
		if f == nil || f.Message != "bbbbaaaa" || f.Preemptions != 0 {
			t.Errorf("seed %d: %+v", seed, f)
		}
	}
}
