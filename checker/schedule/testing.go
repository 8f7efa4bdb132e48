package schedule

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"urpc/checker/verdict"
)

// TokenVariable is the environment variable with a token that Test replays
// instead of exploring, if the token's target is the running test.
const TokenVariable = "SCHEDULE_TOKEN"

// Test explores the program inside go test. It fails the test with a printed
// execution, and the command that replays it, if a property is violated, and
// with the reason if the search was cut short; a sample that was used up without
// a failure passes. Options.Target is the test's name if it is not set. That executions may go
// round for ever (Report.Rounds) is logged.
//
// Assertions of the program are told to T.TB(t), or to T.Check. Told to t itself, Fatal and
// FailNow end it as a failure of property "exit", which is not made smaller, and t is told
// again when the execution is made again to be printed; Error and Errorf end the search, and
// the test fails without an execution: t keeps that it failed, and not in which one.
// With t.Skip the program skips the test.
func Test(t testing.TB, program func(*T), s Strategy, o Options) {
	t.Helper()
	if o.Target == "" {
		o.Target = t.Name()
	}
	failed := t.Failed()
	if !failed {
		o.told = t.Failed
	}
	report, err := exploreOrReplay(t, program, s, o)
	if stuck := report.Stuck; stuck != nil {
		var b strings.Builder
		if err := stuck.WriteText(&b, 0); err != nil {
			t.Fatalf("print the execution: %v", err)
		}
		t.Fatalf("%v\n\n%s\nreplay: %s", err, b.String(), replayCommand(t.Name(), stuck.Token))
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	switch {
	case t.Skipped():
		t.SkipNow()
	case report.Verdict != verdict.Violated && !failed && t.Failed():
		t.Fatalf("the program has told the test itself that it failed, as by Errorf, and that ends the search (%s): in which one is not known. Tell it to the execution, and that is shown: t := s.TB(t) in the program, where s is the *schedule.T, or s.Check",
			plural(report.Executions, "execution"))
	case report.Verdict == verdict.Violated:
		var b strings.Builder
		if err := report.Failure.WriteText(&b, 0); err != nil {
			t.Fatalf("print the failure: %v", err)
		}
		if report.Differs != "" {
			fmt.Fprintf(&b, "\n%s\n", report.Differs)
		}
		t.Fatalf("%s is violated\n\n%s\nreplay: %s", report.Failure.Property, b.String(), replayCommand(t.Name(), report.Failure.Token))
	case report.Verdict == verdict.Unknown && !report.BudgetUsed:
		t.Fatalf("unknown within %s: %s (%s)", report.Bound, report.Reason, plural(report.Executions, "execution"))
	default:
		states := ""
		if report.States > 0 {
			states = plural(report.States, "state") + ", "
		}
		t.Logf("%v within %s: %s%s, %s", report.Verdict, report.Bound, states, plural(report.Executions, "execution"), plural(report.Steps, "step"))
		if report.Rounds > 0 && !report.EndReachable {
			t.Logf("executions may go round for ever (%s), and whether that can be left was not checked: see Options.EndReachable", report.Round)
		}
		if compared := report.Differs + report.Agrees; compared != "" {
			t.Logf("%s", compared)
		}
	}
}

// listen ends the search where the program has told the test, in an execution that does not
// fail for that, that it failed.
func (r *runner) listen() {
	was := r.wasTold
	r.wasTold = was || r.told()
	if r.wasTold && !was && r.outcome != failed {
		r.stopping.Store(true)
	}
}

func exploreOrReplay(t testing.TB, program func(*T), s Strategy, o Options) (Report, error) {
	token := Token(os.Getenv(TokenVariable))
	if token == "" {
		return Explore(t.Context(), program, s, o)
	}
	info, err := ParseToken(token)
	if err != nil {
		return Report{}, err
	}
	if info.Target != o.Target {
		return Explore(t.Context(), program, s, o)
	}
	return Replay(t.Context(), program, token, o)
}

// replayCommand gives the command for the test of that name, subtests included.
func replayCommand(name string, token Token) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	run := strings.ReplaceAll(strings.Join(parts, "/"), "'", `'\''`) // within the shell's quotes
	return TokenVariable + "=" + string(token) + " go test -run '" + run + "' ."
}
