package mutant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/spec/lock"
	"urpc/spec/memory"
)

// outcome is what the driver prints.
type outcome struct {
	Mutant, Verdict, Reason  string
	Property, Message, Token string
	Executions               uint64
}

// drive runs a built driver.
func drive(t *testing.T, binary string, args ...string) (outcome, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code, err := execute(t.Context(), binary, args, &stdout, &stderr)
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var o outcome
	if err := json.Unmarshal(stdout.Bytes(), &o); err != nil {
		t.Fatalf("%v: exit %d, %s%s", err, code, &stdout, &stderr)
	}
	return o, code
}

// Every mutant is killed by its named property, within its bound, and the token
// of the failure replays.
func TestEveryMutantIsKilled(t *testing.T) {
	for _, m := range All() {
		t.Run(m.Name, func(t *testing.T) {
			binary, cleanup, err := m.build(t.Context(), driver)
			if err != nil {
				t.Fatal(err)
			}
			defer cleanup()
			killed, code := drive(t, binary, "explore", m.Target, m.Configuration, strconv.Itoa(m.Preemptions))
			if killed.Mutant != m.Name || killed.Verdict != verdict.Violated.String() || code != 1 {
				t.Fatalf("exit %d, %+v", code, killed)
			}
			if killed.Property != m.KilledBy {
				t.Errorf("killed by %q, want %q: %s", killed.Property, m.KilledBy, killed.Message)
			}
			t.Logf("execution %d: %s", killed.Executions, killed.Message)
			again, code := drive(t, binary, "replay", killed.Token)
			if again.Property != killed.Property || again.Token != killed.Token || again.Message != killed.Message || code != 1 {
				t.Errorf("the replay: exit %d, %+v", code, again)
			}
			if info, err := schedule.ParseToken(schedule.Token(killed.Token)); err != nil || info.Mutant != m.Name {
				t.Errorf("the token is of mutant %q: %v", info.Mutant, err)
			}
		})
	}
}

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
