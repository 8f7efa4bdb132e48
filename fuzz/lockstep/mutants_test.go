package lockstep

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/fuzz/mutant"
	"urpc/spec/step"
)

const program = "urpc/fuzz/lockstep/internal/driver"

// driven is what the driver prints.
type driven struct {
	Mutant, Verdict          string
	Property, Message, Token string
	Step, Thread             string
	Executions, States       uint64
}

// Every mutant of the runtime is found by lock-step alone, in the configuration
// that its patch names, by the step that its patch names; or its patch says why
// it is not.
func TestMutants(t *testing.T) {
	for _, m := range mutant.All() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			if m.LockStep.Configuration == "" && m.LockStep.Missed == "" {
				t.Fatal("its patch does not say where lock-step finds it, nor why it does not")
			}
			binary, cleanup, err := mutant.BuildProgram(t.Context(), m.Name, program)
			if err != nil {
				t.Fatal(err)
			}
			defer cleanup()
			if m.LockStep.Missed != "" {
				missed(t, binary, m)
			} else {
				found(t, binary, m)
			}
		})
	}
}

// missed demands of a mutant that lock-step does not find it.
func missed(t *testing.T, binary string, m mutant.Mutant) {
	configuration := explore.Channel().Configurations[0].Name
	if m.Target == explore.Channel().Name {
		configuration = m.Configuration
	}
	if got := drivenBy(t, binary, configuration, "bounded", "1"); got.Verdict == "violated" {
		t.Errorf("is found in %s, and its patch says that it is not (%s): %s", configuration, m.LockStep.Missed, got.Message)
	}
}

// found demands of a mutant that lock-step finds it as its patch says.
func found(t *testing.T, binary string, m mutant.Mutant) {
	want := m.LockStep
	if _, err := step.Parse(want.Step); err != nil {
		t.Fatal(err)
	}
	got := drivenBy(t, binary, want.Configuration, "bounded", strconv.Itoa(want.Preemptions))
	if got.Mutant != m.Name {
		t.Fatalf("the driver is mutant %q", got.Mutant)
	}
	if got.Verdict != "violated" || got.Property != Property || got.Step != want.Step || got.Thread != want.Thread {
		t.Errorf("%s: %s by %q, %s of %s, want %s of %s: %s", got.Verdict, got.Property, got.Message, got.Step, got.Thread, want.Step, want.Thread, got.Token)
	}
	if !strings.Contains(got.Message, "\n  the specification ") {
		t.Errorf("the message does not show both sides: %s", got.Message)
	}
	t.Logf("execution %d: %s", got.Executions, got.Message)
	if again := drivenBy(t, binary, "replay", got.Token); again.Message != got.Message || again.Token != got.Token {
		t.Errorf("the replay: %+v", again)
	}
}

// drivenBy runs the driver and gives what it prints.
func drivenBy(t *testing.T, binary string, args ...string) (d driven) {
	t.Helper()
	var stderr bytes.Buffer
	run := exec.CommandContext(t.Context(), binary, args...)
	run.Stderr = &stderr
	out, err := run.Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		t.Fatalf("%v: %s", err, &stderr)
	}
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatalf("%v: %s%s", err, out, &stderr)
	}
	return d
}

// What changes no behaviour takes the specification's steps: it visits what the
// runtime visits, transition by transition, and misses none of the specification.
func TestRefactorings(t *testing.T) {
	runtime := whole(t, "1-1-2-1")
	for _, m := range mutant.AllRefactorings() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			binary, cleanup, err := mutant.BuildProgram(t.Context(), m.Name, program)
			if err != nil {
				t.Fatal(err)
			}
			defer cleanup()
			for _, config := range []string{"1-1-1-1", "2-1-1-1", "1-2-1-1"} {
				if got := drivenBy(t, binary, config, "bounded", "1"); got.Verdict != "holds" || got.Mutant != m.Name {
					t.Errorf("%s: %+v", config, got)
				}
			}
			got := drivenBy(t, binary, "1-1-2-1", "states", "0")
			if got.Verdict != "holds" || got.States != runtime.States || got.Executions != runtime.Executions {
				t.Errorf("%+v, of the runtime %d states in %d executions", got, runtime.States, runtime.Executions)
			}
		})
	}
}

// whole visits every transition of a configuration of the runtime as it is.
func whole(t *testing.T, config string) Report {
	t.Helper()
	if explore.Planted != "" {
		t.Fatalf("this program is mutant %s", explore.Planted)
	}
	return run(t, config, schedule.Stateful(), Options{Schedule: schedule.Options{Plain: true}})
}
