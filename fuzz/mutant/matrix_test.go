package mutant

import (
	"fmt"
	"strings"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/spec/lock"
	"urpc/spec/memory"
)

// That every mutant is killed as its patch says, by its named property, is a test
// of package trial, which builds each for all checks.

// mostSurvived is how many executions of each place are looked at: more than any
// mutant but few needs.
const mostSurvived = 20_000

// The runtime as it is survives what kills its mutants.
func TestRuntimeSurvives(t *testing.T) {
	type place struct{ target, configuration string }
	preemptions := map[place]int{} // the most that a mutant needs there
	for _, m := range All() {
		p := place{m.Target, m.Configuration}
		preemptions[p] = max(preemptions[p], m.Preemptions)
	}
	for p, most := range preemptions {
		t.Run(fmt.Sprint(p.target, " ", p.configuration), func(t *testing.T) {
			t.Parallel()
			target, err := explore.Find(p.target)
			if err != nil {
				t.Fatal(err)
			}
			v, _, err := target.Parse(p.configuration)
			if err != nil {
				t.Fatal(err)
			}
			rep, err := explore.Run(t.Context(), target, v, schedule.Bounded(most), schedule.Options{MaxExecutions: mostSurvived})
			if err != nil || rep.Failure != nil || !rep.Complete && !rep.BudgetUsed {
				t.Errorf("%v within %s: %s: %+v, %v", rep.Verdict, rep.Bound, rep.Reason, rep.Failure, err)
			}
		})
	}
}

// A mutant is killed by a property that its target or the scheduler names, never
// by a panic.
func TestEveryMutantNamesAProperty(t *testing.T) {
	for _, m := range All() {
		target, err := explore.Find(m.Target)
		if err != nil {
			t.Error(err)
			continue
		}
		known := append([]string{explore.Deadlock}, target.Properties...)
		if !strings.Contains("\n"+strings.Join(known, "\n")+"\n", "\n"+m.KilledBy+"\n") {
			t.Errorf("%s is killed by %q, which is none of %q", m.Name, m.KilledBy, known)
		}
	}
}

// onlyInTheSpecification are mutants of the specification that no patch makes, and why.
var onlyInTheSpecification = map[string]string{
	"never-left": "what a thread does in the critical section is not the lock's code",
}

// A fault has one name, in the specification and in the runtime.
func TestSpecificationsMutantsAreHere(t *testing.T) {
	for _, family := range []catalogue.Family{lock.Family, memory.Family} {
		for _, m := range family.Mutants {
			_, err := Find(m.Name)
			_, excused := onlyInTheSpecification[m.Name]
			if missing := err != nil; missing != excused {
				t.Errorf("mutant %s of %s: missing here: %v, excused: %v", m.Name, family.Name, missing, excused)
			}
		}
	}
}
