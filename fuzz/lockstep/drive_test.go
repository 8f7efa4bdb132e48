package lockstep

import (
	"context"
	"strings"
	"testing"

	"urpc/checker"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/memory"
	"urpc/spec/step"
)

func graph(t *testing.T, config string) *Graph {
	t.Helper()
	return graphOf(t, explore.Channel(), config)
}

// The graph is the one that the checker explores.
func TestGraphIsTheCheckers(t *testing.T) {
	for _, config := range []string{"1-1-1-1", "1-1-2-1", "1-2-1-1", "2-1-1-2", "spurious"} {
		g := graph(t, config)
		rep, err := checker.Check(t.Context(), memory.Model(g.config), checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if uint64(g.States()) != rep.States || uint64(g.Transitions()) != rep.Transitions {
			t.Errorf("%s: %d states and %d transitions, the checker has %d and %d", config, g.States(), g.Transitions(), rep.States, rep.Transitions)
		}
	}
}

// The code takes every transition of the specification.
func TestDriveTakesEverything(t *testing.T) {
	for _, config := range []string{"1-1-1-1", "1-1-2-1", "1-2-1-1", "2-1-1-1", "1-1-2-1,start=2^32-1", "1-1-1-1,donate=yes", "1-1-1-1,spurious=1"} {
		rep, err := Drive(t.Context(), values(t, config), graph(t, config), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if rep.Failure != nil {
			t.Fatalf("%s: %s: %s", config, rep.Failure.Property, rep.Failure.Message)
		}
		states, transitions := rep.Coverage.States(), rep.Coverage.Transitions()
		t.Logf("%s: states %v, transitions %v, in %d executions", config, states, transitions, rep.Executions)
		if rep.Verdict != verdict.Holds || !rep.Complete || len(rep.Refused) != 0 || states.Taken != states.All || transitions.Taken != transitions.All {
			t.Errorf("%s: %v, complete %v, refused %v, left out %v", config, rep.Verdict, rep.Complete, rep.Refused, rep.Coverage.ByLabel())
		}
		if rep.Candidates != 1 {
			t.Errorf("%s: %d candidates, and the procedure is a step", config, rep.Candidates)
		}
	}
}

// A drive that may not take as many executions as it needs, or as many steps in one, is unknown.
func TestDriveWithinBounds(t *testing.T) {
	for _, c := range []struct {
		most       uint64
		longest    int
		executions uint64
		reason     string
	}{
		{most: 70, executions: 70, reason: "ended after 70 executions"},
		{longest: 20, reason: "longer than 20 steps"},
	} {
		rep, err := Drive(t.Context(), values(t, "1-1-1-1"), graph(t, "1-1-1-1"), c.most, c.longest)
		if err != nil || rep.Verdict != verdict.Unknown || rep.Complete || rep.Executions != c.executions || !strings.Contains(rep.Reason, c.reason) {
			t.Errorf("%+v: %v, %v after %d executions: %s", c, err, rep.Verdict, rep.Executions, rep.Reason)
		}
	}
}

// What the specification allows and the code refuses is told. Here the
// specification has a kernel that wakes for nothing, and the code's has not: every
// such wake is refused, and what only they lead to is left out.
func TestDriveTellsWhatIsRefused(t *testing.T) {
	r, err := newRefinement(explore.Channel(), values(t, "1-1-1-1"), graph(t, "1-1-1-1,spurious=1"))
	if err != nil {
		t.Fatal(err)
	}
	rep, err := drive(t.Context(), values(t, "1-1-1-1"), r, 0, 0)
	if err != nil || rep.Failure != nil {
		t.Fatal(rep, err)
	}
	if len(rep.Refused) == 0 || !rep.Complete {
		t.Errorf("complete %v, refused %v", rep.Complete, rep.Refused)
	}
	for _, f := range rep.Refused {
		if f.Label != step.Asleep || f.Why != "it waits at Asleep" {
			t.Errorf("refused: %v", f)
		}
	}
	c := rep.Coverage
	if left := len(c.Left()); left == 0 || left != c.Transitions().All-c.Transitions().Taken || c.ByLabel()[step.Asleep] < len(rep.Refused) {
		t.Errorf("left out %d of %v: %v", left, c.Transitions(), c.ByLabel())
	}
	var text strings.Builder
	if err := rep.WriteText(&text, 1); err != nil || !strings.Contains(text.String(), "\n  left out 1: Asleep of ") ||
		!strings.Contains(text.String(), "\nrefused: Asleep of ") {
		t.Errorf("%v, %s", err, &text)
	}
}

// A search that few executions make leaves something out, and says what.
func TestCoverageOfASample(t *testing.T) {
	rep := run(t, "1-1-1-1", schedule.Random(1, 100), Options{Graph: graph(t, "1-1-1-1")})
	c := rep.Coverage
	if n := c.Transitions(); n.Taken == 0 || n.Taken >= n.All || n.All != 1788 {
		t.Errorf("transitions %v", n)
	}
	for _, l := range c.Left() {
		if to := c.graph.next(l.State, l.Thread); to == nowhereTo || c.graph.label(l.State, l.Thread) != l.Label {
			t.Fatalf("%+v is no transition", l)
		}
	}
	if got := (Share{999, 1000}).String(); got != "999 of 1000 (99.9 %)" {
		t.Error(got)
	}
}

// Every execution within two preemptions: how much of the specification it takes.
func TestCoverageWithinABound(t *testing.T) {
	rep := run(t, "1-1-1-1", schedule.Bounded(2), Options{Graph: graph(t, "1-1-1-1")})
	if states, transitions := rep.Coverage.States(), rep.Coverage.Transitions(); states != (Share{920, 938}) || transitions != (Share{1555, 1788}) {
		t.Errorf("states %v, transitions %v", states, transitions)
	}
}

// A failure ends the drive: the same turns are taken again when it is shown.
func TestDriveFails(t *testing.T) {
	r, err := newRefinement(explore.Channel(), values(t, "1-1-1-1"), graph(t, "1-1-1-1"))
	if err != nil {
		t.Fatal(err)
	}
	r.images[len(r.images)-1]++ // one message counts for two
	rep, err := drive(t.Context(), values(t, "1-1-1-1"), r, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Failure == nil || rep.Failure.Property != Property || len(rep.Failure.Steps) == 0 || rep.Failure.Token != "" || rep.Verdict != verdict.Violated {
		t.Errorf("%v: %+v", rep.Verdict, rep.Failure)
	}
}

// Where no search finds the failure of a drive, that is the one that is told.
func TestDrivenFailureStands(t *testing.T) {
	driven := &schedule.Failure{Property: Property}
	got, err := withToken(t.Context(), values(t, "1-1-1-1"), graph(t, "1-1-1-1"), driven)
	if err != nil || got != driven {
		t.Errorf("%+v, %v", got, err)
	}
}

// A graph that is too large, or not asked for any more, is an error.
func TestGraphLimits(t *testing.T) {
	if _, err := NewGraph(t.Context(), values(t, "1-1-1-1"), 937); err == nil {
		t.Error("a graph of 938 states fits in 937")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewGraph(ctx, values(t, "1-1-1-1"), 1000); err == nil {
		t.Error("a cancelled search gives a graph")
	}
}
