package explore

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/runtime/shm"
	"urpc/spec/step"
)

// counted is a configuration, and how many states it has.
type counted struct {
	target, config string
	states         uint64
}

// visitedWhole are the configurations that TestEveryState visits whole. Those of targets
// death, hostile and bind are visited whole by their tests. Of target donation two more take a
// minute of processor time each, by hand: blocked has 17,007,154 states, exit-2 has
// 16,919,677; of large, which is sampled, nobody has seen the end.
func visitedWhole() []counted {
	return []counted{
		{"lock", "default", 77},
		{"lock", "three", 549},
		{"queue", "2-1-1-1", 102},
		{"queue", "1-1-3-1", 31},
		{"queue", "1-1-3-2", 42},
		{"queue", "1-2-2-1", 258},
		{"queue", "2-1-2-2", 986},
		{"queue", "wrap", 986}, // as without the wrap
		{"queue", "filled", 42},
		{"queue", "line", 42}, // as with other sizes
		{"queue", "2-2-2-2", 15978},
		{"queue", "lengths", 4214},
		{"queue", "lengths-line", 1254},
		{"channel", "1-1-1-1", 245},
		{"channel", "1-1-2-1", 584},
		{"channel", "1-2-1-1", 7041},
		{"channel", "1-2-2-1", 20530},
		{"channel", "2-1-1-1", 22306},
		{"channel", "2-1-1-2", 30590},
		{"channel", "2-1-2-1", 192286},
		{"channel", "2-1-2-2", 656348},
		{"channel", "wrap", 656348}, // as without the wrap
		{"channel", "2-2-1-1", 996402},
		{"channel", "spurious", 46866},
		{"channel", "donate", 114535},
		{"channel", "donate-wrap", 114535}, // as without the wrap
		{"channel", "lengths", 923},
		{"channel", "lengths-2", 22306}, // as with messages of one length
		{"call", "1-1-1-1", 1487},
		{"call", "1-0-1-1", 42},
		{"call", "1-1-3-1", 186729},
		{"call", "refuse", 18510},
		{"call", "two-records", 20162},
		{"call", "wrap", 22042}, // as without the wrap
		{"call", "deadline", 3146},
		{"call", "deadline-2", 73206},
		{"call", "clock", 22},
		{"call", "full", 7237},
		{"call", "one-leaves", 669490}, // unsent-leaves, by hand, has 2,086,751; twice-freed 3,883,485
		{"call", "shared-record", 91175},
		{"call", "blocked", 43603},
		{"call", "stuck", 5068},
		{"call", "twice", 526},
		{"call", "twice-2", 13024},
		{"call", "names", 181478},
		{"call", "panics", 629},
		{"call", "panics-shared", 91175}, // as shared-record
		{"call", "donate", 67002},
		{"call", "donate-shared", 268149}, // donate-leaves, by hand, has 2,943,658
		{"call", "flood", 45},
		{"call", "flood-drain", 741},
		{"call", "polls", 1711},
		{"call", "polls-2", 35483},
		{"call", "polls-deadline", 4690},
		{"call", "polls-clock", 66},
		{"call", "spurious", 72},
		{"call", "lengths", 22042}, // as with messages of one length
		{"donation", "default", 8548},
		{"donation", "wrap", 8548}, // as without the wrap
		{"donation", "alone", 509},
		{"donation", "two-callers", 3037},
		{"donation", "two-donors", 237788},
		{"donation", "never", 3668},
		{"donation", "preempted", 5778},
		{"donation", "place", 59056},
		{"donation", "handed", 53747},
		{"donation", "exit", 10014},
		{"donation", "stop", 6391},
		{"donation", "stop-calls", 20816},
		{"donation", "stop-2", 1045588},
		{"donation", "stop-after", 209756},
	}
}

// TestEveryState explores configurations whole, by states.
func TestEveryState(t *testing.T) {
	t.Parallel()
	for _, c := range visitedWhole() {
		t.Run(c.target+" "+c.config, func(t *testing.T) {
			t.Parallel()
			if isLarge(t, c.target, c.config) {
				t.Error("it is visited whole, and marked as large")
			}
			rep := run(t, c.target, c.config, schedule.Stateful())
			commute := c.states > 100 && c.config != "flood-drain" // all that its threads do is at one place
			if rep.Verdict != verdict.Holds || !rep.Complete || rep.Verified == 0 || rep.Swapped == 0 && commute {
				t.Errorf("%v, complete %v, %d verified, %d swapped: %s", rep.Verdict, rep.Complete, rep.Verified, rep.Swapped, rep.Reason)
			}
			if rep.States != c.states || rep.Rounds != 0 {
				t.Errorf("%d states, %d executions that go round, want %d, 0", rep.States, rep.Rounds, c.states)
			}
		})
	}
}

// Every execution ends: without reduction, and by one worker, which would come round
// wherever there is a cycle, none comes back to a state of its own.
func TestEveryExecutionEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target  Target
		configs []string
	}{
		{lockTarget, []string{"default", "three"}}, {queueTarget, []string{"2-1-2-2", "2-2-2-2"}},
		{channelTarget, []string{"1-2-1-1", "2-1-1-1", "spurious"}},
		{callTarget, []string{"1-1-2-1", "deadline", "blocked", "full"}},
		{donationTarget, []string{"default", "alone", "two-callers", "never", "preempted", "stop", "exit"}},
		{deathTarget, []string{"server", "client"}}, {bindTarget, []string{"default", "client-dies", "listen"}},
	} {
		for _, config := range c.configs {
			v, _, err := c.target.Parse(config)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := Run(t.Context(), c.target, v, schedule.Stateful(), schedule.Options{Plain: true, Workers: 1})
			if err != nil || !rep.Complete || rep.Rounds != 0 || rep.States < 50 {
				t.Errorf("%s %s: %v, complete %v, %d states, %d executions go round: %s (%v)",
					c.target.Name, config, rep.Verdict, rep.Complete, rep.States, rep.Rounds, rep.Round, err)
			}
		}
	}
}

// ends explores a configuration of target channel or call and gives the states in which
// its executions end, as digests of all words and of what the target counts; but for
// doorbells, of which no state tells how often they rang, and what threads that have ended
// saw of a nudge.
func ends(t *testing.T, target Target, config string, s schedule.Strategy, plant func(m *Machine)) (map[schedule.Digest]bool, schedule.Report, error) {
	t.Helper()
	v, _, err := target.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	clients, servers := numbered("client", v.Int("clients")), numbered("server", v.Int("servers"))
	ended := map[schedule.Digest]bool{}
	rep, err := schedule.Explore(t.Context(), func(s *schedule.T) {
		c := newCalling(s, target.Name, v, simulated, false)
		if plant != nil {
			plant(c.machine)
		}
		c.start(clients, servers)
		s.AtEnd(func() {
			var d schedule.Digest
			for i, view := range []*shm.View{c.region.segments[0], c.region.segments[1], c.caller.Private()} {
				bytes := make([]byte, view.Size())
				view.PeekBytes(0, bytes)
				if i < 2 {
					clear(bytes[size(v).Words().Doorbell:][:4])
				}
				d.Bytes(bytes)
			}
			c.threads.state(&d)
			c.machine.sleepers(&d, everyRegion)
			d.Word(uint64(c.machine.clock))
			c.caller.Look(d.Word)
			ended[d] = true
		})
	}, s, schedule.Options{})
	return ended, rep, err
}

// The search by states ends in all states in which executions end.
func TestStatesReachEveryEnd(t *testing.T) {
	for _, c := range []struct {
		target Target
		config string
		least  int // ends
	}{
		{channelTarget, "1-1-1-1", 1}, {channelTarget, "1-1-2-1", 1}, {callTarget, "1-0-1-1", 2}, {callTarget, "clock", 2},
	} {
		want, all, err := ends(t, c.target, c.config, schedule.Optimal(), nil)
		if err != nil || !all.Complete || all.Redundant != 0 {
			t.Fatalf("%+v, %v", all, err)
		}
		got, rep, err := ends(t, c.target, c.config, schedule.Stateful(), nil)
		if err != nil || !rep.Complete {
			t.Fatalf("%+v, %v", rep, err)
		}
		t.Logf("%s %s: %d ends of %d executions, %d states in %d", c.target.Name, c.config, len(want), all.Executions, rep.States, rep.Executions)
		if !maps.Equal(got, want) || len(want) < c.least {
			t.Errorf("%s %s: %d ends by states, %d of all executions, want %d", c.target.Name, c.config, len(got), len(want), c.least)
		}
	}
}

// statesOf counts the states of a configuration in which something is planted.
func statesOf(t *testing.T, target Target, config string, plant func(m *Machine)) (uint64, error) {
	t.Helper()
	_, rep, err := ends(t, target, config, schedule.Stateful(), plant)
	if err == nil && !rep.Complete {
		t.Fatalf("%s: %s", config, rep.Reason)
	}
	return rep.States, err
}

// The live values of all marks are implied by what else the state holds: there are
// as many states without them, and so without any one of them. Were one not, either its
// omission would be refused or this test would fail.
func TestLiveValuesAreImplied(t *testing.T) {
	t.Parallel()
	for config, states := range map[string]uint64{"1-1-2-1": 584, "1-2-1-1": 7041} {
		got, err := statesOf(t, channelTarget, config, func(m *Machine) {
			m.omits = func(at step.Name, live []uint64) []uint64 {
				switch at {
				case step.TestSetSend, step.CheckReply, step.TestSetReceive:
					return nil
				}
				return live
			}
		})
		if err != nil || got != states {
			t.Errorf("%s: without them: %d states, want %d, %v", config, got, states, err)
		}
	}
}

// What a processor that is about to sleep has read is implied by nothing: a
// search that takes its states for one without it is refused.
func TestForgettingIsRefused(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(m *Machine){
		"the head that was read again":  func(m *Machine) { m.amnesia = step.RecheckSlot },
		"the doorbell that was read":    func(m *Machine) { m.unrung = true },
		"that a sleeper has been woken": func(m *Machine) { m.unwoken = true },
	} {
		if _, err := statesOf(t, channelTarget, "1-2-2-1", plant); !errors.Is(err, schedule.ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Two workers visit the states that one visits, of every target: the program may
// run several times at once.
func TestTargetsMayRunAtOnce(t *testing.T) {
	all := []counted{
		{"lock", "default", 77}, {"queue", "2-1-2-2", 986}, {"channel", "1-2-1-1", 7041}, {"call", "1-1-1-1", 1487},
		{"death", "server", 4238}, {"donation", "alone", 509}, {"bind", "default", 2267},
		{"hostile", "client", 56015},
	}
	for _, target := range Targets {
		t.Run(target.Name, func(t *testing.T) {
			i := slices.IndexFunc(all, func(c counted) bool { return c.target == target.Name })
			if i < 0 {
				t.Fatal("no configuration to visit")
			}
			c := all[i]
			v, _, err := target.Parse(c.config)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := Run(t.Context(), target, v, schedule.Stateful(), schedule.Options{Workers: 2})
			if err != nil || rep.Failure != nil || rep.Untold != nil || !rep.Complete || rep.States != c.states {
				t.Errorf("%+v, %v, want %d states", rep, err, c.states)
			}
		})
	}
}

// So is what a thread that may leave its call has seen of the nudge before it sleeps.
func TestForgettingTheNudgeIsRefused(t *testing.T) {
	if n, err := statesOf(t, callTarget, "blocked", func(m *Machine) { m.unnudged = true }); !errors.Is(err, schedule.ErrState) {
		t.Errorf("%d states, %v", n, err)
	}
}

// Whether it leaves, and whose record it has, is implied.
func TestWhoLeavesIsImplied(t *testing.T) {
	t.Parallel()
	for which, what := range []string{"the record of its call", "that it leaves"} {
		if n, err := statesOf(t, callTarget, "full", func(m *Machine) { keeps(m, which) }); n != 7237 || err != nil {
			t.Errorf("with nothing but %s: %d states, want 7237, %v", what, n, err)
		}
	}
}

// keeps lets threads keep only one part of the live value.
func keeps(m *Machine, which int) {
	all, part := m.live, [...]uint64{^uint64(leavesBits), leavesBits}[which]
	m.live = func(thread int) []uint64 {
		v := slices.Clone(all(thread))
		for i := range v {
			v[i] &= part
		}
		return v
	}
}

// leavesBits are those of a live value that say how a thread leaves its call.
const leavesBits = 0xe

// isLarge says whether a named configuration is marked as large.
func isLarge(t *testing.T, target, config string) bool {
	t.Helper()
	found, err := Find(target)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(found.Configurations, func(c catalogue.Configuration) bool { return c.Name == config })
	return i >= 0 && found.Configurations[i].Large
}
