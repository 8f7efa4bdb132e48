package schedule_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// Of an execution that is too long it is told whether it goes round, as far as the program
// tells its state.
func TestWhatIsTooLong(t *testing.T) {
	// A thread polls a word that another one sets at last.
	polling := func(mark bool) func(*schedule.T) {
		return func(t *schedule.T) {
			x := t.Word("x", 0)
			t.Go("poller", func() {
				for x.Load() == 0 {
					if mark {
						t.Mark("again")
					}
				}
			})
			t.Go("setter", func() {
				x.Add(0)
				x.Store(1)
			})
		}
	}
	asks := func(t *schedule.T) {
		for {
			t.Choose("again", 2)
		}
	}
	const (
		questions = ": a loop of questions that some answers never end? It must be bounded; if so many are wanted, more steps are allowed by MaxSteps"

		loop   = ": a loop without an await (Word.Await, T.Await, T.AwaitStep)"
		longer = ": no state comes twice: the program is longer than that, or counts for ever: more steps are allowed by MaxSteps"
		either = ": a loop without an await? Or the program is longer than that, or counts for ever: more steps are allowed by MaxSteps"
	)
	for _, c := range []struct {
		name    string
		program func(*schedule.T)
		by      []schedule.Strategy
		told    []string
		end     string
	}{
		{
			name: "a loop that polls", program: polling(true),
			by: []schedule.Strategy{schedule.Bounded(-1), schedule.Optimal()},
			told: []string{"longer than 40 steps (poller took 40)", `thread "poller" ran last, its last steps are load x, load x, load x, load x: `,
				"the state after step 2 is that after step 1"},
			end: loop,
		},
		{
			name: "a loop on a word that a thread has to itself",
			program: func(t *schedule.T) {
				x := t.Word("x", 0)
				t.Go("turner", func() {
					for {
						t.Mark("again")
						x.Store(1)
						x.Store(0)
					}
				})
			},
			by:   []schedule.Strategy{schedule.Stateful()},
			told: []string{"(turner took 40)", "the state after step 2 is that after step 0"},
			end:  loop,
		},
		{
			name: "a loop without a mark", program: polling(false),
			by:   []schedule.Strategy{schedule.Bounded(-1), schedule.Stateful()},
			told: []string{either},
			end:  `. No state comes twice, but thread "poller" goes on without a mark, and then none does: T.Mark at the head of its loop tells the two apart`,
		},
		{
			name: "a queue of many messages", program: queueOf(1000, false),
			by:   []schedule.Strategy{schedule.Stateful(), schedule.Bounded(0)},
			told: []string{"longer than 40 steps (producer took 2", "consumer took 1"},
			end:  longer,
		},
		{
			name: "a program that does not tell its state",
			program: func(t *schedule.T) {
				t.Go("a", func() {
					for {
						t.Step(step("turn"))
					}
				})
			},
			by:  []schedule.Strategy{schedule.Bounded(-1), schedule.Random(1, 10)},
			end: either,
		},
		{
			name: "questions at the end",
			program: func(t *schedule.T) {
				x := t.Word("x", 0)
				t.Go("a", func() { t.Mark("once"); x.Store(1); x.Store(2) })
				t.AtEnd(func() { asks(t) })
			},
			by: slices.Collect(maps.Values(everyStrategy())),
			told: []string{"longer than 40 steps (a took 2, 38 answers in the set-up or at the end): a function of AtEnd ran last, its last steps are again, again, again, again: ",
				"its last 38 steps are answers of T.Choose in a row"},
			end: questions,
		},
		{
			name: "questions at the end of one without steps",
			program: func(t *schedule.T) {
				t.Go("a", func() {})
				t.AtEnd(func() { asks(t) })
			},
			by: slices.Collect(maps.Values(everyStrategy())), told: []string{"a function of AtEnd ran last", "its last 40 steps are answers"}, end: questions,
		},
		{
			name: "questions of a thread", program: func(t *schedule.T) {
				x := t.Word("x", 0)
				t.Go("a", func() { x.Store(1); asks(t) })
				t.Go("b", func() { x.Load() })
			},
			by: []schedule.Strategy{schedule.Bounded(0), schedule.Optimal(), schedule.Stateful()}, told: []string{`: thread "a" ran last, its last steps are`, "steps are answers of T.Choose in a row"}, end: questions,
		},
		{
			name: "questions of a thread before its first step", program: func(t *schedule.T) { t.Go("a", func() { asks(t) }) },
			by: slices.Collect(maps.Values(everyStrategy())), told: []string{`(a took 40): thread "a" ran last, its last steps are again,`}, end: questions,
		},
		{
			name: "questions of the set-up", program: asks,
			by: slices.Collect(maps.Values(everyStrategy())), told: []string{"the set-up ran last, its last steps are again,"}, end: questions,
		},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			for _, s := range c.by {
				rep := explore(t, c.program, s, schedule.Options{MaxSteps: 40})
				if rep.Verdict != verdict.Unknown || rep.TooLong != 1 || !strings.HasSuffix(rep.Reason, c.end) {
					t.Errorf("%s: %v, %d too long, %s", s.Name(), rep.Verdict, rep.TooLong, rep.Reason)
				}
				contains(t, rep.Reason, c.told...)
			}
		})
	}
	// More steps are allowed, and are enough.
	if rep := explore(t, queueOf(1000, false), schedule.Stateful(), schedule.Options{MaxSteps: 20_000}); rep.Verdict != verdict.Holds || rep.TooLong != 0 {
		t.Errorf("%v, %d too long, %s", rep.Verdict, rep.TooLong, rep.Reason)
	}
}

// A search that passes over what is too long ends all the same when it is to.
func TestTooLongCounts(t *testing.T) {
	program := func(t *schedule.T) {
		x := t.Word("x", 0)
		t.Go("asks", func() {
			x.Load()
			for {
				t.Choose("again", 2)
			}
		})
	}
	for _, s := range []schedule.Strategy{schedule.Bounded(-1), schedule.Optimal(), schedule.Stateful()} {
		for workers := 1; workers <= 2; workers++ {
			rep := explore(t, program, s, schedule.Options{MaxSteps: 40, MaxExecutions: 20, KeepGoing: true, Workers: workers})
			if rep.Verdict != verdict.Unknown || rep.Executions != 0 || rep.TooLong != 20 {
				t.Errorf("%s: %v, %d executions, %d too long", s.Name(), rep.Verdict, rep.Executions, rep.TooLong)
			}
		}
	}
	rep := explore(t, func(t *schedule.T) {
		for {
			t.Choose("again", 2)
		}
	}, schedule.Bounded(0), schedule.Options{MaxSteps: 40})
	contains(t, rep.Reason, "longer than 40 steps (40 answers in the set-up or at the end): the set-up ran last")
}
