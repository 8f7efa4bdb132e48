package explore

import (
	"errors"
	"slices"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

// run explores a configuration and gives the report, which must not be violated.
func run(t *testing.T, target, config string, s schedule.Strategy) schedule.Report {
	t.Helper()
	found, err := Find(target)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := found.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Run(t.Context(), found, v, s, schedule.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Failure != nil {
		t.Fatalf("%s %s: %s: %s\n%s", target, config, rep.Failure.Property, rep.Failure.Message, rep.Failure.Token)
	}
	if rep.Untold != nil {
		t.Errorf("%s %s: %q read and told nothing: the number of states depends on the order", target, config, rep.Untold)
	}
	return rep
}

func TestEveryExecutionWithinABound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target, config string
		bound          int
		executions     uint64
		depth          int
	}{
		{"lock", "default", -1, 318, 22},
		{"lock", "three", 2, 1428, 28},
		{"queue", "2-1-1-1", 2, 3720, 51},
		{"queue", "1-1-3-1", 2, 1219, 76},
		{"queue", "1-1-3-2", 2, 1090, 62},
		{"queue", "1-2-2-1", 2, 57924, 67},
		{"queue", "2-1-2-2", 2, 20462, 91},
		{"queue", "wrap", 2, 20462, 91}, // as without the wrap
		{"channel", "1-1-1-1", 2, 1370, 74},
		{"channel", "1-1-1-1", 3, 20609, 74},
		{"channel", "1-1-2-1", 2, 3767, 143},
		{"channel", "1-2-1-1", 2, 72596, 98},
		{"channel", "2-1-1-1", 1, 4468, 167}, // these two are visited whole, too (TestEveryState)
		{"channel", "2-1-1-2", 1, 2208, 149},
		{"channel", "2-1-2-2", 1, 18018, 293},
		{"channel", "wrap", 1, 18018, 293}, // as without the wrap
		{"channel", "spurious", 1, 23806, 183},
		{"channel", "donate", 1, 5084, 185},
		{"donation", "default", 1, 2993, 227},
		{"donation", "alone", 1, 684, 223},
		{"donation", "two-callers", 0, 108, 231},
		{"donation", "two-donors", 0, 202, 228},
		{"donation", "preempted", 0, 932, 238},
		{"donation", "place", 1, 1505, 126},
		{"donation", "handed", 1, 10381, 162},
		{"donation", "blocked", 0, 341, 200},
		{"donation", "idle", 0, 383, 203},
		{"donation", "exit-2", 1, 12007, 223},
		{"donation", "stop", 1, 2504, 115},
		{"donation", "stop-2", 0, 301, 125},
		{"donation", "stop-after", 0, 217, 159},
	} {
		t.Run(c.target+" "+c.config, func(t *testing.T) {
			t.Parallel()
			rep := run(t, c.target, c.config, schedule.Bounded(c.bound))
			if rep.Verdict != verdict.Holds || !rep.Complete {
				t.Errorf("%v, complete %v: %s", rep.Verdict, rep.Complete, rep.Reason)
			}
			if rep.Executions != c.executions || rep.Depth != c.depth {
				t.Errorf("bound %d: %d executions of at most %d steps, want %d of %d",
					c.bound, rep.Executions, rep.Depth, c.executions, c.depth)
			}
		})
	}
}

// What is not visited whole is sampled.
func TestSampleOfLargerConfigurations(t *testing.T) {
	t.Parallel()
	whole := map[string]map[string]uint64{"death": deathWhole, "hostile": hostileWhole, "bind": bindWhole}
	for _, target := range Targets {
		for _, c := range target.Configurations {
			_, is := whole[target.Name][c.Name]
			if is || slices.ContainsFunc(visitedWhole(), func(w counted) bool { return w.target == target.Name && w.config == c.Name }) {
				continue
			}
			t.Run(target.Name+" "+c.Name, func(t *testing.T) {
				t.Parallel()
				const executions = 2000
				rep := run(t, target.Name, c.Name, sample(target, 1991, executions))
				if !rep.BudgetUsed || rep.Executions != executions || rep.Bad != 0 {
					t.Errorf("%+v", rep)
				}
			})
		}
	}
}

func TestDeclarations(t *testing.T) {
	for _, target := range Targets {
		f := target.family()
		f.Build = func(catalogue.Values, string) (checker.AnyModel, error) { return nil, nil }
		if err := f.Validate(); err != nil {
			t.Error(err)
		}
		for _, c := range target.Configurations {
			v, name, err := target.Parse(c.Name)
			if err != nil || name != c.Name {
				t.Errorf("%s %s: parsed as %q: %v", target.Name, c.Name, name, err)
			}
			if got := target.configuration(v); got != c.Name {
				t.Errorf("%s %s: tokens name it %q", target.Name, c.Name, got)
			}
		}
	}
}

func TestUnknownNamesAndImpossibleValues(t *testing.T) {
	var unknown *catalogue.UnknownError
	if _, err := Find("chanel"); !errors.As(err, &unknown) || unknown.Nearest != "channel" || len(unknown.Known) != len(Targets) {
		t.Errorf("an unknown target: %v", err)
	}
	for config, want := range map[string]string{
		"2-1-1":             `unknown configuration "2-1-1" of channel`,
		"clients=9":         `configuration "clients=9": parameter clients: 9 is out of range; want 1 to 8`,
		"slots=3":           `configuration "slots=3": parameter slots: "3" is none of its values`,
		"clients=5,slots=1": `configuration "clients=5,slots=1": 5 clients with 1 slots: want at most 4`,
	} {
		_, _, err := channelTarget.Parse(config)
		if err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("%s: %v\nwant %s", config, err, want)
		}
	}
}
