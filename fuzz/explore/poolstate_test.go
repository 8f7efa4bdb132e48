package explore

import (
	"errors"
	"slices"
	"testing"

	"urpc/checker/schedule"
)

// leftOut explores a configuration of target donation by states, with something left
// out of the declared state.
func leftOut(t *testing.T, config string, without func([]placed) []placed) (schedule.Report, error) {
	t.Helper()
	v, _, err := donationTarget.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	program := donationProgramWith(v, func(d *donating) {
		d.without = func(all []placed) []placed { return without(slices.Clone(all)) }
	})
	return schedule.Explore(t.Context(), program, schedule.Stateful(), schedule.Options{})
}

// named is the number of the part of that name.
func named(t *testing.T, all []placed, name string) int {
	t.Helper()
	i := slices.IndexFunc(all, func(p placed) bool { return p.name == name })
	if i < 0 {
		t.Fatalf("no part of the state is %s", name)
	}
	return i
}

// Each place of a part of a pool's state at which a step changes it, or goes on as it
// says, is found by the search itself when it is left out.
func TestEveryPlaceOfAPoolsStateIsNeeded(t *testing.T) {
	t.Parallel()
	found := map[string][]string{ // by part: a configuration for each of its places; "": see below
		"who polls":                          {"", "alone", "handed", "stop-after"},
		"the call that the monitor has read": {"handed"},
		"who executes what":                  {"handed"},
		"how many are donated":               {"alone"},
		"how many calls were executed":       {"exit", "stop-after", "alone"},
		"that the pool has ended":            {"stop-after"},
		"how long the pool has been polled":  {"alone", "processors=2,workers=2,calls=1,handlers=exit,stop=any", "alone", "stop-after", "stop-after"},
		"free processors":                    {"alone"},
	}
	// A worker that receives is looked at, whether it has the polling place: of a pool
	// that keeps to that no search can tell.
	for name, configs := range found {
		for n, config := range configs {
			if config == "" {
				continue
			}
			rep, err := leftOut(t, config, func(all []placed) []placed {
				p := &all[named(t, all, name)]
				if len(p.on) != len(configs) {
					t.Fatalf("%s has %d places, want %d", name, len(p.on), len(configs))
				}
				p.on = slices.Delete(slices.Clone(p.on), n, n+1)
				return all
			})
			if !errors.Is(err, schedule.ErrState) {
				t.Errorf("%s, without place %d: %s has %d states, %v", name, n+1, config, rep.States, err)
			}
		}
	}
}

// Each part of it is needed, or implied: then there are as many states without it.
func TestEveryPartOfAPoolsStateIsNeededOrImplied(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"how long the pool has been polled": "alone",
		"free processors":                   "alone",
		"who waits for a processor":         "alone",
	} {
		rep, err := leftOut(t, config, func(all []placed) []placed {
			i := named(t, all, name)
			return slices.Delete(all, i, i+1)
		})
		if !errors.Is(err, schedule.ErrState) {
			t.Errorf("without %s: %d states, %v", name, rep.States, err)
		}
	}
	// These are implied, each of them and all together: where only one of them is left out there
	// are no more states than where none is, and no fewer than where all are.
	implied := []string{
		"who polls", "the call that the monitor has read", "who executes what", "how many are donated", "how many calls were executed", "that the pool has ended",
	}
	for config, states := range map[string]uint64{"alone": 509, "exit": 10014, "handed": 53747} {
		rep, err := leftOut(t, config, func(all []placed) []placed {
			for _, name := range implied {
				i := named(t, all, name)
				all = slices.Delete(all, i, i+1)
			}
			return all
		})
		if err != nil || rep.States != states || !rep.Complete {
			t.Errorf("without %q: %s has %d states, want %d, %v", implied, config, rep.States, states, err)
		}
	}
}
