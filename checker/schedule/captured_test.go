package schedule_test

import (
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// capturing is a program in which a child keeps what its parent has read, and the parent
// forgets it. Only one value that was read leads to a failure, after enough else that
// few of the states which meet are verified.
func capturing(noises int) func(*schedule.T) {
	return func(t *schedule.T) {
		x, out, res := t.Word("x", 0), t.Word("out", 7), t.Word("res", 9)
		fin, done, noise := t.Word("fin", 0), t.Word("done", 0), t.Word("noise", 0)
		is := func(want uint64) func(uint64) bool { return func(v uint64) bool { return v == want } }
		t.Go("parent", func() {
			a := x.Load()
			t.Go("child", func() {
				if out.CompareAndSwap(7, 8) {
					res.Store(a)
				}
				fin.Store(1)
			})
			t.Mark("the parent needs the value no more")
			fin.Await(is(1))
			t.Mark("the child has ended")
			done.Store(1)
		})
		t.Go("writer", func() { x.Store(1); x.Store(2) })
		t.Go("switch", func() { out.Swap(0) })
		for range 2 {
			t.Go("noise", func() {
				done.Await(is(1))
				for i := range noises {
					t.Mark("noise", uint64(i))
					noise.Add(1)
				}
			})
		}
		t.AtEnd(func() { t.Check("res is never 2", res.Peek() != 2, "res is 2") })
	}
}

// A child begins with what its parent knows.
func TestChildrenKeepWhatTheyAreGiven(t *testing.T) {
	for _, recall := range []bool{false, true} {
		for _, noises := range []int{1, 40} {
			program := capturing(noises)
			rep := explore(t, func(s *schedule.T) {
				if recall {
					s.Recall()
				}
				program(s)
			}, schedule.Stateful(), schedule.Options{})
			if rep.Verdict != verdict.Violated {
				t.Errorf("recall %t, %d: %v, %d states", recall, noises, rep.Verdict, rep.States)
			}
		}
	}
}

// Executions that are too long are so for a search that recalls, too.
func TestRecallingEndsAtMaxSteps(t *testing.T) {
	program := func(t *schedule.T) {
		x, y := t.Word("x", 0), t.Word("y", 0)
		t.Recall()
		for i := range uint64(3) {
			t.Go("turner", func() {
				for {
					t.Mark("loop")
					v := x.Load()
					x.Store((v + 1) % 3)
					y.Store(v + i)
				}
			})
		}
	}
	for _, most := range []int{5, 30} {
		o := schedule.Options{KeepGoing: true, MaxSteps: most}
		rep := explore(t, program, schedule.Stateful(), o)
		o.RunAll = true
		run := explore(t, program, schedule.Stateful(), o)
		if run.Verdict != rep.Verdict || run.Reason != rep.Reason || run.States != rep.States || run.Executions != rep.Executions {
			t.Errorf("at most %d steps: recalled %v, %d states, %d executions, %s; run %v, %d states, %d executions, %s", most,
				rep.Verdict, rep.States, rep.Executions, rep.Reason, run.Verdict, run.States, run.Executions, run.Reason)
		}
	}
}

// What was known under other answers in the set-up takes no memory.
func TestRecallingGivesMemoryBack(t *testing.T) {
	program := func(t *schedule.T) {
		first := uint64(t.Choose("first", 60))
		x, y := t.Word("x", first), t.Word("y", 0)
		t.Recall()
		for range 2 {
			t.Go("adder", func() { y.Store(x.Add(1)) })
		}
	}
	o := schedule.Options{}
	all := explore(t, program, schedule.Stateful(), o)
	o.MaxMemory = 200_000
	rep := explore(t, program, schedule.Stateful(), o)
	if rep.Verdict != verdict.Holds || rep.States != all.States {
		t.Errorf("%v, %d states of %d: %s", rep.Verdict, rep.States, all.States, rep.Reason)
	}
}
