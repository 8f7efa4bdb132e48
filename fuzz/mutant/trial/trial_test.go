package trial

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/fuzz/history"
	"urpc/fuzz/mutant"
	"urpc/fuzz/stress"
)

func TestFindCheck(t *testing.T) {
	for _, c := range Checks() {
		if got, err := FindCheck(string(c)); err != nil || got != c {
			t.Errorf("%s: %q, %v", c, got, err)
		}
	}
	var unknown *catalogue.UnknownError
	if _, err := FindCheck("lockstep"); !errors.As(err, &unknown) || unknown.Nearest != "lock-step" {
		t.Errorf("%v", err)
	}
}

func TestPlaces(t *testing.T) {
	all := func(string) bool { return true }
	fault := mutant.Mutant{Layer: mutant.Runtime, Target: hostileTarget, Configuration: "c", Preemptions: 1}
	want := []place{{hostileTarget, "c", 1}}
	hostile := func(target string) bool { return target == hostileTarget }
	if got := placesOf(fault, all); !slices.Equal(got, want) {
		t.Errorf("of a fault: %v", got)
	}
	if got := placesOf(fault, hostile); !slices.Equal(got, want) {
		t.Errorf("of a hostile peer's fault: %v", got)
	}
	fault.Target = "queue"
	if got := placesOf(fault, hostile); len(got) != 0 {
		t.Errorf("hostile places of another fault: %v", got)
	}
	// A refactoring is explored wherever a fault is found, with as many preemptions.
	same := placesOf(mutant.Mutant{Layer: mutant.Refactorings}, all)
	for _, m := range mutant.All() {
		if !slices.ContainsFunc(same, func(p place) bool {
			return p.target == m.Target && p.configuration == m.Configuration && p.preemptions >= m.Preemptions
		}) {
			t.Errorf("a refactoring is not explored where %s is found", m.Name)
		}
	}
	// The small ones of these are visited whole.
	for _, name := range small {
		if !slices.ContainsFunc(same, func(p place) bool { return p.target+" "+p.configuration == name }) {
			t.Errorf("no fault is found in %s, which is to be visited whole", name)
		}
	}
	for i, p := range same {
		for _, q := range same[:i] {
			if p.target == q.target && p.configuration == q.configuration {
				t.Errorf("%v and %v", p, q)
			}
		}
	}
}

// A panic, a limit and an interruption are no kills.
func TestWhatIsNoKill(t *testing.T) {
	for what, c := range map[string]struct {
		report  schedule.Report
		outcome Outcome
	}{
		"a failure":    {schedule.Report{Failure: &schedule.Failure{Property: "p"}}, Killed},
		"a panic":      {schedule.Report{Failure: &schedule.Failure{Property: panicked, Message: "m"}}, Undecided},
		"complete":     {schedule.Report{Complete: true}, Survived},
		"a sample":     {schedule.Report{BudgetUsed: true}, Survived},
		"cut short":    {schedule.Report{Reason: "interrupted"}, Undecided},
		"out of steps": {schedule.Report{Reason: "an execution has more than 10000 steps"}, Undecided},
	} {
		var a Answer
		if a.judge(&c.report); a.Outcome != c.outcome || (a.Outcome == Undecided) != (a.Reason != "") {
			t.Errorf("%s: %+v", what, a)
		}
	}
	hung := stress.Result{Hung: true, Lost: 3, Verdict: verdict.Violated}
	if seen(&hung) {
		t.Error("calls that did not end in time count as something that was seen")
	}
	hung.Duplicated = 1
	if !seen(&hung) || property(&hung) != "nothing duplicated" {
		t.Errorf("of processes that hang: %q", property(&hung))
	}
	hung.Hung = false
	if property(&hung) != "nothing lost" {
		t.Errorf("of processes that end: %q", property(&hung))
	}
}

// A check that ends in time is believed, one that ends when told to as well; one
// that never ends is an error.
func TestWithin(t *testing.T) {
	survived := Answer{Outcome: Survived}
	for what, c := range map[string]struct {
		try  func(context.Context) (Answer, error)
		want error
	}{
		"at once":     {func(context.Context) (Answer, error) { return survived, nil }, nil},
		"when told":   {func(ctx context.Context) (Answer, error) { <-ctx.Done(); return survived, nil }, nil},
		"never":       {func(context.Context) (Answer, error) { <-t.Context().Done(); return survived, nil }, ErrEndless},
		"by an error": {func(context.Context) (Answer, error) { return Answer{}, context.Canceled }, context.Canceled},
	} {
		left := time.Minute
		if c.want == ErrEndless {
			left = 0
		}
		if a, err := within(t.Context(), time.Millisecond, left, c.try); !errors.Is(err, c.want) || err == nil && a.Outcome != Survived {
			t.Errorf("%s: %+v, %v", what, a, err)
		}
	}
}

// A kill is one only if its token shows it again.
func TestReplays(t *testing.T) {
	killed := Answer{Outcome: Killed, Property: "p", Message: "m", Token: "t"}
	failure := func(property, message string) *schedule.Failure {
		return &schedule.Failure{Property: property, Message: message, Execution: schedule.Execution{Token: "t"}}
	}
	for what, c := range map[string]struct {
		answer  Answer
		failure *schedule.Failure
		err     error
		want    Outcome
	}{
		"the same":         {killed, failure("p", "m"), nil, Killed},
		"none":             {killed, nil, nil, Undecided},
		"another message":  {killed, failure("p", "n"), nil, Undecided},
		"another property": {killed, failure("q", "m"), nil, Undecided},
		"refused":          {killed, nil, schedule.ErrTokenDamaged, Killed},
		"no kill":          {Answer{Outcome: Survived}, nil, schedule.ErrTokenDamaged, Survived},
	} {
		a := c.answer
		err := a.replays(func(schedule.Token) (schedule.Report, error) { return schedule.Report{Failure: c.failure}, c.err })
		if a.Outcome != c.want || errors.Is(err, schedule.ErrTokenDamaged) != (what == "refused") {
			t.Errorf("%s: %+v, %v", what, a, err)
		}
	}
}

// Lock-step looks somewhere for every fault.
func TestTiedAt(t *testing.T) {
	for want, m := range map[place]mutant.Mutant{
		{"channel", "1-1-2-1", 2}: {Target: "channel", Configuration: "1-1-1-1", LockStep: mutant.LockStep{Configuration: "1-1-2-1", Preemptions: 2}},
		{"channel", "1-1-1-1", 3}: {Target: "channel", Configuration: "1-1-1-1", Preemptions: 3},
		{"channel", "1-1-1-1", 2}: {Target: "lock", Configuration: "default", Preemptions: 3},
	} {
		if configuration, preemptions := tiedAt(m); configuration != want.configuration || preemptions != want.preemptions {
			t.Errorf("%+v: %s, %d, want %v", m, configuration, preemptions, want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		counts []uint64
		want   uint64
	}{
		{nil, 0}, {[]uint64{7}, 7}, {[]uint64{9, 1, 5}, 5}, {[]uint64{4, 3, 2, 1}, 2},
		{[]uint64{0, 3, 9}, 9}, {[]uint64{0, 0, 9}, 0}, {[]uint64{0, 0, 1, 2}, 2}, {[]uint64{0}, 0},
	} {
		if got := median(c.counts); got != c.want {
			t.Errorf("%v: %d, want %d", c.counts, got, c.want)
		}
	}
}

// Executions that are longer than may be are passed over, and counted.
func TestUntilFailure(t *testing.T) {
	type outcome struct {
		executions   uint64
		failed, used bool
	}
	for what, c := range map[string]struct {
		outcomes   []outcome
		executions uint64
		failed     bool
	}{
		"at once":        {[]outcome{{3, true, false}}, 3, true},
		"never":          {[]outcome{{10, false, true}}, 10, false},
		"after a cut":    {[]outcome{{4, false, false}, {2, true, false}}, 6, true},
		"cut at once":    {[]outcome{{0, false, false}, {2, true, false}}, 3, true},
		"cut every time": {slices.Repeat([]outcome{{0, false, false}}, 10), 10, false},
	} {
		runs := 0
		r, err := untilFailure(t.Context(), schedule.Random, 1, 10, func(schedule.Strategy) (schedule.Report, error) {
			o := c.outcomes[runs]
			runs++
			r := schedule.Report{Executions: o.executions, BudgetUsed: o.used}
			if o.failed {
				r.Failure = &schedule.Failure{Property: "p"}
			}
			return r, nil
		})
		if err != nil || r.Executions != c.executions || (r.Failure != nil) != c.failed || r.BudgetUsed == c.failed || runs != len(c.outcomes) {
			t.Errorf("%s: %+v after %d runs, %v", what, r, runs, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := untilFailure(ctx, schedule.Random, 1, 10, nil); err != nil || r.BudgetUsed {
		t.Errorf("interrupted: %+v, %v", r, err)
	}
}

// The histories that are judged have every call, and calls that overlap:
// otherwise they would say little.
func TestHistoriesAreWorthJudging(t *testing.T) {
	var failed error
	overlapping, histories := 0, 0
	all, err := channelValues([]string{"2-1-2-1", "2-1-2-1"})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d configurations, %v", len(all), err)
	}
	seen := &watchedRecorder{recorder: recorder{ctx: t.Context(), failed: &failed, clients: 2, calls: 2}, ended: func(events []history.Event) {
		j, err := history.Judge(t.Context(), events, history.Options{Workers: 1})
		if err != nil || j.Verdict != verdict.Holds || len(events) != 4 || j.Unknowns != 0 {
			t.Errorf("%+v, %v", j, err)
		}
		histories++
		if j.Overlapping > 0 {
			overlapping++
		}
	}}
	r, err := explore.RunWatched(t.Context(), all[0], explore.Watch{Alone: true, Observer: seen}, schedule.Random(1, 200), schedule.Options{})
	// An execution that is run again, to see that it does the same, is
	// judged again.
	if err != nil || failed != nil || !r.BudgetUsed || r.Executions != 200 || histories < 200 || overlapping < 100 {
		t.Errorf("%d of %d histories overlap: %+v, %v, %v", overlapping, histories, r, err, failed)
	}
}

// watchedRecorder shows each history that was recorded.
type watchedRecorder struct {
	recorder
	ended func([]history.Event)
}

func (w *watchedRecorder) End() {
	w.recorder.End()
	w.ended(w.events)
}

func TestLines(t *testing.T) {
	var got []Answer
	l := &lines{tell: func(a Answer) { got = append(got, a) }}
	for _, part := range []string{`{"check":"ra`, "ce\"}\n{\"check\":\"stress\",\"outcome\":\"survived\"}\n", "panic: "} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if len(got) != 2 || got[0].Check != Race || got[1].Outcome != Survived || l.err != nil {
		t.Errorf("%+v, %v", got, l.err)
	}
	if l.Write([]byte("of its own\n")); l.err == nil || len(got) != 2 {
		t.Errorf("what is no answer is taken for one: %+v", got)
	}
}
