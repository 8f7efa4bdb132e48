package lockstep

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"urpc/fuzz/explore"
	"urpc/fuzz/mutant"
	"urpc/spec/step"
)

// killed tells of each mutant of the runtime in which configuration of the
// channel lock-step alone finds it, among the executions with so many
// preemptions ("0", "1", "2"), and which is the first step that differs.
var killed = map[string]struct {
	config, preemptions string
	first               step.Name
	thread              string
}{
	"announce-after-recheck":  {"1-1-1-1", "0", step.LookDoorbell, "server 1"},
	"blocked-flag":            {"3-1-1-1", "0", step.AnnounceBlock, "client 3"},
	"deliver-to-self":         {"2-1-1-1", "1", step.LoadCall, "client 2"},
	"deliver-without-ready":   {"2-1-1-1", "1", step.Deliver, "client 2"},
	"doorbell-after-recheck":  {"1-1-1-1", "0", step.UnlockReceive, "server 1"},
	"doorbell-wraps":          {"1-1-2-1", "0", step.Ring, "client 1"},
	"double-unlock":           {"2-1-1-1", "0", step.UnlockSend, "client 2"},
	"early-unlock":            {"1-1-1-1", "0", step.Publish, "client 1"},
	"empty-keeps-lock":        {"1-1-1-1", "0", step.LookSlot, "server 1"},
	"execute-twice":           {"1-1-1-1", "0", step.UnlockReceive, "server 1"},
	"full-keeps-lock":         {"2-1-1-1", "0", step.StoreRoom, "client 2"},
	"full-off-by-one":         {"1-1-2-1", "0", step.LoadRoom, "client 1"},
	"head-before-copy":        {"1-1-1-1", "0", step.LookSlot, "server 1"},
	"head-of-16-bits":         {"1-1-2-1,start=2^16-1", "0", step.StoreHead, "server 1"},
	"lead-not-freed":          {"2-1-1-1", "0", step.CheckReply, "client 1"},
	"lead-not-passed":         {"1-1-1-1", "0", step.Resign, "client 1"},
	"lead-not-tested":         {"2-1-1-1", "0", step.Lead, "client 2"},
	"lock-not-atomic":         {"1-1-1-1", "0", step.TestSetReceive, "server 1"},
	"no-lead-again":           {"2-1-1-1", "0", step.AnnounceBlock, "client 2"},
	"no-look":                 {"1-1-1-1", "0", step.LookSlot, "server 1"},
	"no-recheck":              {"1-1-1-1", "0", step.Announce, "server 1"},
	"no-retract":              {"1-1-1-1", "0", step.Asleep, "server 1"},
	"no-retract-block":        {"2-1-1-1", "0", step.Block, "client 2"},
	"no-ring":                 {"1-1-1-1", "0", step.LookParked, "client 1"},
	"no-wake":                 {"1-1-1-1", "0", step.Ring, "client 1"},
	"no-wake-of-caller":       {"1-1-1-1", "0", step.UnlockSend, "server 1"},
	"not-executed":            {"1-1-1-1", "0", step.UnlockReceive, "server 1"},
	"not-freed":               {"1-1-1-1", "0", step.UnlockReceive, "server 1"},
	"not-taken":               {"1-1-1-1", "0", step.TestSetReceive, "server 1"},
	"one-flag-for-two":        {"1-2-1-1", "0", step.Announce, "server 1"},
	"pass-before-resign":      {"1-1-1-1", "0", step.CheckReply, "client 1"},
	"payload-not-copied":      {"1-1-1-1", "0", step.UnlockReceive, "server 1"},
	"publish-before-write":    {"1-1-1-1", "0", step.LoadRoom, "client 1"},
	"receive-lock-not-atomic": {"1-1-1-1", "0", step.TestSetReceive, "server 1"},
	"replies-full-off-by-one": {"2-1-1-1", "0", step.StoreRoom, "server 1"},
	"retract-before-sleep":    {"1-1-1-1", "0", step.RecheckSlot, "server 1"},
	"ring-after-wake":         {"1-1-1-1", "0", step.LookParked, "client 1"},
	"sequence-of-16-bits":     {"1-1-1-1,start=2^16-1", "0", step.Publish, "client 1"},
	"sleep-on-replies":        {"1-1-1-1", "0", step.Announce, "client 1"},
	"stale-room":              {"1-1-2-1", "0", step.LookHead, "client 1"},
	"tail-of-16-bits":         {"1-1-2-1,start=2^16-1", "0", step.StoreTail, "client 1"},
	"wake-before-publish":     {"1-1-1-1", "0", step.OpenCall, "client 1"},
	"wrong-slot":              {"2-1-1-2", "0", step.CopySlot, "server 1"},
}

// survives are the mutants that lock-step does not find, and why.
var survives = map[string]string{}

const program = "urpc/fuzz/lockstep/internal/driver"

// driven is what the driver prints.
type driven struct {
	Mutant, Verdict          string
	Property, Message, Token string
	Step, Thread             string
	Executions               uint64
}

func TestMutants(t *testing.T) {
	for _, m := range mutant.All() {
		want, dies := killed[m.Name]
		if _, lives := survives[m.Name]; lives == dies {
			t.Errorf("mutant %s is in both tables, or in none", m.Name)
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			binary, cleanup, err := mutant.BuildProgram(t.Context(), m.Name, program)
			if err != nil {
				t.Fatal(err)
			}
			defer cleanup()
			if !dies {
				want.config, want.preemptions = m.Configuration, "1"
			}
			got := drivenBy(t, binary, want.config, "bounded", want.preemptions)
			if got.Mutant != m.Name {
				t.Fatalf("the driver is mutant %q", got.Mutant)
			}
			if !dies {
				if got.Verdict == "violated" {
					t.Errorf("is killed: %s", got.Message)
				}
				return
			}
			if got.Verdict != "violated" || got.Property != Property || got.Step != want.first.String() || got.Thread != want.thread {
				t.Errorf("%s: %s by %q, %s of %s, want %v of %s: %s", got.Verdict, got.Property, got.Message, got.Step, got.Thread, want.first, want.thread, got.Token)
			}
			if !strings.Contains(got.Message, "\n  the specification ") {
				t.Errorf("the message does not show both sides: %s", got.Message)
			}
			t.Logf("execution %d: %s", got.Executions, got.Message)
			if again := drivenBy(t, binary, "replay", got.Token); again.Message != got.Message || again.Token != got.Token {
				t.Errorf("the replay: %+v", again)
			}
		})
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

// The tables name mutants that there are, and this program is none of them.
func TestTablesOfMutants(t *testing.T) {
	known := map[string]bool{}
	for _, name := range mutant.Names() {
		known[name] = true
	}
	for name := range killed {
		if !known[name] {
			t.Errorf("there is no mutant %s", name)
		}
	}
	for name, why := range survives {
		if !known[name] || why == "" {
			t.Errorf("mutant %s, because %q", name, why)
		}
	}
	if explore.Planted != "" {
		t.Errorf("this program is mutant %s", explore.Planted)
	}
}
