package mutant

import (
	"fmt"
	"strings"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/lock"
	"urpc/spec/memory"
)

// That every mutant is killed as its patch says, by its named property, is a test
// of package trial, which builds each for all checks.

// The runtime as it is survives what kills its mutants, one preemption more too
// where that is cheap.
func TestRuntimeSurvives(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		key := fmt.Sprint(m.Target, " ", m.Configuration, " ", m.Preemptions)
		if seen[key] {
			continue
		}
		seen[key] = true
		target, err := explore.Find(m.Target)
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := target.Parse(m.Configuration)
		if err != nil {
			t.Fatal(err)
		}
		rep, err := explore.Run(t.Context(), target, v, schedule.Bounded(m.Preemptions), schedule.Options{})
		if err != nil || rep.Verdict != verdict.Holds {
			t.Errorf("%s: %v, %v", key, rep.Verdict, err)
		}
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
