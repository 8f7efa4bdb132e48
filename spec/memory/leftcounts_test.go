package memory

import (
	"context"
	"testing"

	"urpc/checker"
)

// callCounts are the exact sizes of the configurations in which calls may be left.
var callCounts = map[string]struct {
	states, transitions uint64
	depth               int
	ends                uint64
}{
	"1-1-2-1":       {29937, 85276, 131, 5},
	"1-1-1-1":       {4522, 11368, 68, 3},
	"1-0-1-1":       {99, 148, 35, 2},
	"1-1-3-1":       {99706, 303380, 194, 7},
	"refuse":        {29869, 85069, 131, 5},
	"two-records":   {49502, 143422, 131, 9},
	"deadline":      {9481, 25274, 72, 3},
	"deadline-2":    {62725, 186874, 139, 5},
	"clock":         {91, 119, 44, 2},
	"full":          {9679, 27429, 46, 4},
	"blocked":       {47423, 139481, 69, 10},
	"stuck":         {8018, 19081, 57, 11},
	"one-leaves":    {1244207, 4251555, 121, 29},
	"shared-record": {146843, 470874, 135, 6},
	"twice":         {5616, 10849, 119, 3},
	"donate":        {92175, 265249, 173, 11},
	"donate-shared": {424787, 1351756, 175, 16},
	"spurious":      {117, 187, 35, 2},
}

// callsForTheCommand take longer than a test may, with the number of states that the
// command finds.
var callsForTheCommand = map[string]uint64{"unsent-leaves": 2772396, "both-leave": 6840016, "three-leave": 8892008}

// Every named configuration has exactly so many states, and all properties hold in
// it, the reachable twins included.
func TestCallConfigurations(t *testing.T) {
	for _, c := range CallFamily.Configurations {
		if _, large := callsForTheCommand[c.Name]; large {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			r := checkCall(t, c.Name, "", checker.Options{})
			if r.Verdict != checker.Holds || !r.Complete {
				t.Errorf("verdict %v, complete %v", r.Verdict, r.Complete)
			}
			for _, p := range r.Properties {
				if p.Verdict != checker.Holds {
					t.Errorf("%s: %v (%s)", p.Name, p.Verdict, p.Note)
				}
			}
			want, known := callCounts[c.Name]
			if !known || r.States != want.states || r.Transitions != want.transitions || r.Depth != want.depth || r.Ends != want.ends || r.Deadlocks != 0 {
				t.Errorf("%q: {%d, %d, %d, %d},  deadlocks %d; want %v and 0", c.Name, r.States, r.Transitions, r.Depth, r.Ends, r.Deadlocks, want)
			}
		})
	}
}

// shortestOfCall is the length of the shortest counterexample to the property that
// catches each mutant.
var shortestOfCall = map[string]int{
	"abandon-not-atomic":      37,
	"cancel-not-seen-asleep":  27,
	"cancel-not-seen-blocked": 40,
	"cancel-not-seen-waiting": 26,
	"deadline-looked-at-late": 16,
	"deadline-not-checked":    41,
	"delivered-and-left":      37,
	"drain-keeps-lead":        47,
	"leave-retracts-ready":    17,
	"left-keeps-ready":        40,
	"unsent-not-passed":       55,
	"no-generation":           71,
	"no-look-before-call":     16,
	"nudge-after-look":        30,
	"record-reused-at-once":   20,
	"refuse-not-asked":        27,
	"reply-frees-twice":       41,
	"reply-keeps-record":      40,
	"reply-not-dropped":       39,
	"sleep-without-deadline":  31,
	"unsent-awaits-reply":     11,
	"unsent-keeps-record":     10,
	"execute-twice":           16,
	"leave-keeps-lead":        54,
	"leave-not-passed":        55,
	"watch-after-look":        29,
	"watch-leaked":            28,
	"deliver-to-self":         57,
}

// Every mutant is caught by the property that it names, by a counterexample of
// exactly that length which replays, and only on the mutant.
func TestCallMutants(t *testing.T) {
	for _, m := range CallFamily.Mutants {
		t.Run(m.Name, func(t *testing.T) {
			r := checkCall(t, m.Configuration, m.Name, checker.Options{})
			p := result(t, r, m.KilledBy)
			if r.Verdict != checker.Violated || p.Verdict != checker.Violated {
				t.Fatalf("survives: verdict %v, %s: %v", r.Verdict, p.Name, p.Verdict)
			}
			if want, known := shortestOfCall[m.Name]; length(p) != want || !known {
				t.Errorf("%q: %d, want %d", m.Name, length(p), want)
			}
			for _, mutant := range []string{m.Name, ""} {
				_, err := buildCall(t, m.Configuration, mutant).Replay(*p.Trace)
				if (err == nil) != (mutant != "") {
					t.Errorf("the counterexample is replayed on %q: %v", mutant, err)
				}
			}
		})
	}
}

// Every property that can be violated is violated by some mutant that names it: of
// those that the channel has, too, one of the channel's will do.
func TestEveryPropertyOfCallsIsCaught(t *testing.T) {
	caught := map[string]bool{}
	for _, m := range CallFamily.Mutants {
		caught[m.KilledBy] = true
	}
	for _, m := range Family.Mutants {
		switch m.KilledBy {
		case OwnResult, ExactlyOnce: // stated anew for calls that are left
		default:
			caught[m.KilledBy] = true
		}
	}
	for _, p := range checkCall(t, "1-1-1-1", "", checker.Options{}).Properties {
		if p.Kind != checker.KindReachable && !caught[p.Name] {
			t.Errorf("no mutant is caught by %q", p.Name)
		}
	}
}

// In the configurations together every step of all programs is taken, and every twin
// of a property is reached in one that has it.
func TestCallCoverage(t *testing.T) {
	taken, all, twins := map[string]uint64{}, map[string]bool{}, map[string]bool{}
	for _, config := range []string{"1-1-2-1", "refuse", "deadline-2", "clock", "full", "shared-record", "two-records", "twice"} {
		r := checkCall(t, config, "", checker.Options{})
		for _, c := range r.Coverage {
			all[c.Process+" "+c.Label] = true
			taken[c.Process+" "+c.Label] += c.Transitions
		}
		for _, p := range r.Properties {
			twins[p.Name] = twins[p.Name] || p.Kind == checker.KindReachable
		}
	}
	for name := range all {
		if taken[name] == 0 {
			t.Errorf("%s is never taken", name)
		}
	}
	for _, name := range []string{
		SomeLeft, SomeLateReply, SomeReuse, SomeUnsent, SomeNotBegun, SomeReplyWins, SomeAwaitRecord, SomeRefused, SomeLeaverLeads,
		SomeNudge, SomeNudged, SomeStopped, SomeLateNudge, SomeOverslept, SomeTwice,
	} {
		if !twins[name] {
			t.Errorf("no configuration demands that %q be reached", name)
		}
	}
}

// What a state cannot hold, or what was not specified, is refused.
func TestCallsThatDoNotFit(t *testing.T) {
	good := Config{Clients: 2, Servers: 1, Calls: 2, Slots: 1, Replies: 1, Leave: Leave{Records: 2, Leavers: 1}}
	if err := good.Leave.fits(good); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(c *Config){
		"callers":                           func(c *Config) { c.Clients = MaxCallers + 1 },
		"records":                           func(c *Config) { c.Leave.Records = MaxRecords + 1 },
		"leavers":                           func(c *Config) { c.Leave.Leavers = 3 },
		"for ever":                          func(c *Config) { c.Calls = 0 },
		"calls":                             func(c *Config) { c.Calls = 8 },
		"nobody":                            func(c *Config) { c.Servers, c.Leave.Leavers = 0, 0 },
		"donation to a server that repeats": func(c *Config) { c.Donation, c.Leave.Twice = true, 1 },
		"donation to a server that dies":    func(c *Config) { c.Donation, c.Leave.Death, c.Leave.Leavers = true, true, 0 },
		"pass":                              func(c *Config) { c.Pass = PassAll },
		"doorbells":                         func(c *Config) { c.Doorbell = 2 },
	} {
		c := good
		if change(&c); c.Leave.fits(c) == nil {
			t.Errorf("%s: %+v is accepted", what, c)
		}
	}
}

func TestCallDeclaration(t *testing.T) {
	if err := CallFamily.Validate(); err != nil {
		t.Error(err)
	}
}

func checkCall(t *testing.T, config, mutant string, o checker.Options) checker.Report {
	t.Helper()
	r, err := buildCall(t, config, mutant).Check(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func buildCall(t *testing.T, config, mutant string) checker.AnyModel {
	t.Helper()
	v, _, err := CallFamily.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	model, err := CallFamily.Build(v, mutant)
	if err != nil {
		t.Fatal(err)
	}
	return model
}
