package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"urpc/checker/catalogue"
	"urpc/checker/command/console"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
)

// Where the number of states depends on the order of the search, every form of its
// report says so.
func TestUntoldIsTold(t *testing.T) {
	r := schedule.Report{States: 41, Executions: 7, Complete: true}
	for _, untold := range [][]string{nil, {"LookSlot", "TakePlace"}} {
		r.Untold = untold
		e, row := &explored{app: &app{Console: &console.Console{Ctx: t.Context()}}, report: r}, &targetRow{}
		row.book(&r)
		for form, says := range map[string]bool{
			"the text":             strings.Contains(e.covered(), "some states count as several, how many depends on the order: LookSlot, TakePlace read and told nothing"),
			"the record":           len(e.record().Untold) == 2,
			"the row of the table": row.cells()[4] == "at most 41",
			"the row's record":     len(row.Untold) == 2,
		} {
			if says != (untold != nil) {
				t.Errorf("%s with %q: says so: %t", form, untold, says)
			}
		}
	}
}

// So it does where the search did without a lock that it was told of.
func TestDistrustedIsTold(t *testing.T) {
	e := &explored{app: &app{Console: &console.Console{Ctx: t.Context()}}, report: schedule.Report{States: 41, Distrusted: []string{"b stands there"}}}
	if !strings.Contains(e.covered(), "not relied on, a lock: b stands there") || len(e.record().Distrusted) != 1 {
		t.Errorf("%s, %+v", e.covered(), e.record())
	}
}

// A failure without a token leaves no file of that name, and is shown by the command.
func TestFailureWithoutToken(t *testing.T) {
	for token, want := range map[schedule.Token]struct {
		files  int
		replay string
	}{
		"":      {1, "explore channel --config 1-1-1-1 --strategy drive"},
		"token": {2, "replay token"},
	} {
		e := &explored{
			app: &app{Console: &console.Console{Ctx: t.Context()}}, verb: "explore", target: "channel", configuration: "1-1-1-1", out: t.TempDir(),
			report: schedule.Report{Failure: &schedule.Failure{Execution: schedule.Execution{Token: token}}},
		}
		if e.settle(); len(e.artifacts) != want.files || !strings.HasSuffix(e.replay, want.replay) {
			t.Errorf("token %q: files %q, replay %q", token, e.artifacts, e.replay)
		}
	}
}

// What was cut short says why.
func TestWhyARowWasCut(t *testing.T) {
	for want, end := range map[string]func() (context.Context, context.CancelFunc){
		"in part: no time":     func() (context.Context, context.CancelFunc) { return context.WithTimeout(t.Context(), 0) },
		"in part: interrupted": func() (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) },
	} {
		ctx, cancel := end()
		cancel()
		row := &targetRow{Executions: 7, States: 41}
		row.settle(ctx)
		if got := row.cells()[2]; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What a drive finds after a sample that has found nothing is found.
func TestOutcomeOfARow(t *testing.T) {
	for want, row := range map[string]*targetRow{
		"violated: refinement": {Verdict: verdict.Violated, BudgetUsed: true, Property: "refinement"},
		"nothing found":        {Verdict: verdict.Unknown, BudgetUsed: true},
		"error":                {Verdict: verdict.Unknown, Error: "it cannot be told"},
		"holds":                {Verdict: verdict.Holds, Complete: true},
	} {
		if got := row.outcome(); got != want {
			t.Errorf("%+v: %q, want %q", row, got, want)
		}
	}
}

// A configuration that cannot be explored does not take the table of the others away: it
// has a row that says so, and the error is told after it.
func TestErrorLeavesTheTable(t *testing.T) {
	before := explore.Targets
	defer func() { explore.Targets = before }()
	explore.Targets = append(slices.Clip(before), explore.Target{
		Name: "two", Parameters: []catalogue.Parameter{{Name: "bad", Max: 1}},
		Configurations: []catalogue.Configuration{{Name: "first", Set: map[string]int{"bad": 1}}, {Name: "second"}},
		Program: func(v catalogue.Values) func(*schedule.T) {
			return func(t *schedule.T) {
				w := t.Word("w", 0)
				if v.Int("bad") == 1 {
					t.Shared(func(*schedule.Digest) { panic("it cannot be told") })
				}
				t.Go("adds", func() { w.Add(1) })
			}
		},
	})
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"explore", "--all", "two"}, []string{"first", "error", "every state", "holds"}},
		{[]string{"explore", "--all", "two", "--json"}, []string{`"configuration":"first","verdict":"unknown","complete":false`, `"error":"`, `"configuration":"second","verdict":"holds","complete":true`}},
	} {
		var out, told string
		code := captured(t, &out, &told, func(stdout, stderr *os.File) int { return run(t.Context(), test.args, stdout, stderr) })
		if code != 4 || !strings.Contains(told, "target two, configuration first:") {
			t.Errorf("%q: exit code %d and %q", test.args, code, told)
		}
		for _, part := range test.want {
			if !strings.Contains(out, part) {
				t.Errorf("%q: no %q in\n%s", test.args, part, out)
			}
		}
	}
}

// What holds says of rounds what was checked and what was not.
func TestRoundsAreTold(t *testing.T) {
	for want, r := range map[string]schedule.Report{
		"whether that can be left was not checked (flag --end-reachable)": {Rounds: 2, Round: "the first"},
		"; no livelock: an end can be reached from every state":           {Rounds: 2, EndReachable: true},
		"; livelock: from 3 states no end can be reached":                 {Rounds: 2, Livelocked: 3},
	} {
		r.States = 41
		e := &explored{app: &app{Console: &console.Console{Ctx: t.Context()}}, report: r}
		record := e.record()
		if text := e.covered(); !strings.Contains(text, want) || strings.Contains(text, "not checked") != (!r.EndReachable && r.Livelocked == 0) {
			t.Errorf("%+v: %s", r, text)
		}
		if record.Rounds != 2 || record.EndReachable != r.EndReachable || record.Livelocked != r.Livelocked {
			t.Errorf("%+v: %+v", r, record)
		}
	}
}

// What the text of an execution shows, its JSON has too: what the steps made of the values
// that they read, and what the program logged.
func TestShownAsJSON(t *testing.T) {
	before := explore.Targets
	defer func() { explore.Targets = before }()
	explore.Targets = append(slices.Clip(before), explore.Target{
		Name: "tries", Configurations: []catalogue.Configuration{{Name: "once"}},
		Program: func(catalogue.Values) func(*schedule.T) {
			return func(t *schedule.T) {
				w := t.Word("w", 0)
				t.Go("left", func() {
					w.CompareAndSwap(0, 2)
					t.TB(nil).Log("tried")
					w.CompareAndSwap(0, 3)
				})
			}
		},
	})
	command := func(args ...string) (out string) {
		var told string
		if code := captured(t, &out, &told, func(stdout, stderr *os.File) int { return run(t.Context(), args, stdout, stderr) }); code != 0 {
			t.Fatalf("%q: exit code %d, %s", args, code, told)
		}
		return out
	}
	var judged struct{ Passing string }
	if err := json.Unmarshal([]byte(command("explore", "tries", "--passing", "--json")), &judged); err != nil {
		t.Fatal(err)
	}
	text := command("show", judged.Passing)
	for _, part := range []string{"cas w = 0 to 2", "cas w = 2 unchanged", "left, after 1 step: tried"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	var x failureRecord
	if err := json.Unmarshal([]byte(command("show", judged.Passing, "--json")), &x); err != nil {
		t.Fatal(err)
	}
	if len(x.Steps) != 2 || x.Steps[0].Effect != "to 2" || x.Steps[1].Effect != "unchanged" {
		t.Errorf("steps %+v", x.Steps)
	}
	if want := []logRecord{{By: "left", After: 1, Text: "tried"}}; !slices.Equal(x.Log, want) {
		t.Errorf("log %+v, want %+v", x.Log, want)
	}
}

// The steps of an execution that is stuck are told, as text or as one object.
func TestStuckIsShown(t *testing.T) {
	gate := make(chan struct{})
	defer close(gate)
	report, err := schedule.Explore(t.Context(), func(t *schedule.T) {
		w := t.Word("w", 0)
		t.Go("left", func() { w.Add(1); <-gate; w.Add(1) })
	}, schedule.Stateful(), schedule.Options{StuckAfter: 20 * time.Millisecond})
	if !errors.Is(err, schedule.ErrStuck) {
		t.Fatal(err)
	}
	told := func(asJSON bool) (out string) {
		var errors string
		captured(t, &out, &errors, func(stdout, _ *os.File) int {
			a := &app{Console: &console.Console{Out: console.NewOutput(stdout, func() {})}}
			a.tellStuck(nil, asJSON)
			a.tellStuck(report.Stuck, asJSON)
			return 0
		})
		return out
	}
	if text := told(false); !strings.Contains(text, "add w = 1 explore_test.go:") || !strings.Contains(text, "stuck, after 1 step") {
		t.Errorf("told %s", text)
	}
	var x failureRecord
	if err := json.Unmarshal([]byte(told(true)), &x); err != nil || !x.Stuck || len(x.Steps) != 1 || x.Steps[0].Value != "1" {
		t.Errorf("told %+v, %v", x, err)
	}
}

// captured runs f with files for what it prints.
func captured(t *testing.T, out, told *string, f func(stdout, stderr *os.File) int) int {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		files[i] = file
	}
	code := f(files[0], files[1])
	for i, text := range []*string{out, told} {
		bytes, err := os.ReadFile(files[i].Name())
		if err != nil {
			t.Fatal(err)
		}
		*text = string(bytes)
		files[i].Close()
	}
	return code
}
