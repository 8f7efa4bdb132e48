package explore

import (
	"slices"
	"testing"

	"urpc/checker/schedule"
	"urpc/runtime/call"
	"urpc/spec/step"
)

// What the properties of target call speak of comes up: each has an execution in
// which it could have been broken. Every state of these configurations is visited.
func TestLeavingComesUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config string
		states uint64
		twins  []string
	}{
		{"1-1-2-1", 22042, []string{
			"ended before it began", "told to leave", "replied to although its context ended", "left for ever",
			"a late reply dropped", "waited for a record", "a watch called", "a watch stopped",
		}},
		{"refuse", 18510, []string{"waited for a record"}},
		{"clock", 22, []string{"ended before it began", "told to leave", "slept past its deadline once"}},
		{"full", 7237, []string{"roused", "told to leave", "left for ever"}},
		{"polls", 1711, []string{"polled until its context ended", "told to leave", "left for ever", "replied to although its context ended"}},
		{"polls-clock", 66, []string{"polled until its context ended", "told to leave"}},
	} {
		v, _, err := callTarget.Parse(c.config)
		if err != nil {
			t.Fatal(err)
		}
		came := map[string]bool{}
		rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
			x := newCalling(s, callName, v, simulated, false)
			x.start(numbered("client", v.Int("clients")), numbered("server", v.Int("servers")))
			s.AtEnd(func() { comesUp(x, came) })
		}, schedule.Stateful(), schedule.Options{})
		if err != nil || !rep.Complete || rep.Failure != nil || rep.Untold != nil || rep.Verified == 0 {
			t.Fatalf("%s: %v, %+v", c.config, err, rep)
		}
		if rep.States != c.states {
			t.Errorf("%s: %d states, want %d", c.config, rep.States, c.states)
		}
		came["a watch called"] = rep.Taken[step.Nudge.String()] > 0
		for _, twin := range c.twins {
			if !came[twin] {
				t.Errorf("%s: no call is ever: %s", c.config, twin)
			}
		}
	}
}

// comesUp notes what has come up in an execution.
func comesUp(c *calling, came map[string]bool) {
	note := func(twin string, ok bool) { came[twin] = came[twin] || ok }
	for i, x := range c.leaving.contexts {
		note("ended before it began", x.early)
		note("told to leave", x.told)
		note("replied to although its context ended", !x.told && x.err != nil && c.executed[i] == 1)
		note("slept past its deadline once", x.overslept == 1)
		note("roused", x.roused)
		note("polled until its context ended", x.unpolled)
		note("a watch stopped", x.unwatched)
	}
	n := c.caller.Counters()
	note("a late reply dropped", n.Dropped > 0)
	note("waited for a record", n.Overloads > 0)
	note("left for ever", slices.ContainsFunc(c.leaving.owed, func(owed bool) bool { return owed }))
	note("left for ever", c.caller.Private().Peek(call.State(0)) == call.Abandoned)
}

// Impossible configurations are refused: the last two in which all may wait for each other.
func TestImpossibleCalls(t *testing.T) {
	for _, config := range []string{"records=5", "leavers=2", "stayers=1", "clients=2,leavers=0,stayers=1", "servers=0,leavers=0", "poll=yes,donate=yes", "clients=4,records=4", "clients=2,calls=4,records=4"} {
		if _, _, err := callTarget.Parse(config); err == nil {
			t.Errorf("%s is accepted", config)
		}
	}
}
