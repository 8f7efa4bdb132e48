package ring

import (
	"strings"
	"testing"

	"urpc/checker"
)

// What a reduced search visits, with the properties, and for deadlock alone: of the 2,391,344
// states of 3/2/2/3, with symmetry, one in 30 and one in 35. The counts agree
// with nothing but themselves; that they do not depend on the number of workers is tested,
// and the verdicts are known.
func TestReducedCounts(t *testing.T) {
	for _, test := range []struct {
		b          bounds
		properties bool
		symmetry   bool
		states     uint64
	}{
		{bounds{clients: 2, servers: 1, requests: 1, replies: 2}, true, false, 2189},
		{bounds{clients: 2, servers: 1, requests: 1, replies: 2}, false, false, 1921},
		{bounds{clients: 3, servers: 1, requests: 1, replies: 2}, true, false, 13_128},
		{bounds{clients: 3, servers: 2, requests: 2, replies: 3}, true, true, 79_480},
		{bounds{clients: 3, servers: 2, requests: 2, replies: 3}, false, true, 66_588},
	} {
		for _, workers := range []int{1, 3} {
			m := model(test.b)
			if !test.properties {
				m.Properties = nil
			}
			r, err := checker.Check(t.Context(), m, checker.Options{PartialOrder: true, Symmetry: test.symmetry, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if r.States != test.states || r.Verdict != checker.Holds || r.Deadlocks != 0 || r.Partly == 0 {
				t.Errorf("%+v, properties %v, symmetry %v, %d workers: %v, %d states, %d partly, want holds, %d",
					test.b, test.properties, test.symmetry, workers, r.Verdict, r.States, r.Partly, test.states)
			}
		}
	}
}

// The mutants are caught by a reduced search as well.
func TestReducedSearchesCatchTheMutants(t *testing.T) {
	for _, mutant := range Family.Mutants {
		values, _, err := Family.Parse(mutant.Configuration)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Family.Build(values, mutant.Name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Check(t.Context(), checker.Options{PartialOrder: true})
		if err != nil {
			t.Errorf("%s: %v", mutant.Name, err)
			continue
		}
		caught := false
		for _, p := range r.Properties {
			caught = caught || p.Name == mutant.KilledBy && p.Verdict == checker.Violated && len(p.Trace.Steps) > 0
		}
		if !caught {
			t.Errorf("%s: %+v; want %q violated", mutant.Name, r.Properties, mutant.KilledBy)
		}
	}
}

// Said to be a lock, a word that is taken without looking is found to be none.
func TestALockThatIsNoneIsNoLock(t *testing.T) {
	m := model(bounds{clients: 1, servers: 1, requests: 1, replies: 1, mutant: lockNotAtomic})
	for k, f := range clientFootprint {
		s := &m.Processes[0].Steps[k]
		s.Reads, s.Writes, s.Acquires, s.Holds = f.reads, f.writes, f.acquires, f.holds
	}
	for k, f := range serverFootprint {
		s := &m.Processes[1].Steps[k]
		s.Reads, s.Writes, s.Acquires, s.Holds = f.reads, f.writes, f.acquires, f.holds
	}
	_, err := checker.Check(t.Context(), m, checker.Options{PartialOrder: true})
	if err == nil || !strings.Contains(err.Error(), "step c0 of client acquires Requests.Lock and is enabled where it is held") {
		t.Errorf("error %v, want that the lock is none", err)
	}
}
