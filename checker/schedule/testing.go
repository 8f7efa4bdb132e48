package schedule

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"urpc/checker/verdict"
)

// TokenVariable is the environment variable with a token that Test replays
// instead of exploring, if the token is of this call. If it is of another call of Test in the
// running test, this one runs nothing; if it is of another test, this one explores.
const TokenVariable = "SCHEDULE_TOKEN"

// Test explores the program inside go test. It fails the test with a printed
// execution, and the command that replays it, if a property is violated, and
// with the reason if the search was cut short; a sample that was used up without
// a failure passes. Options.Target, if it is not set, is the test's name, and for its second
// call of Test without one "name#2", and so on: calls at once, in any order, are to set it.
// That executions may go round for ever (Report.Rounds) is logged.
//
// Assertions of the program are told to T.TB(t), or to T.Check. Told to t itself, Fatal and
// FailNow end it as a failure of property "exit", which is not made smaller, and t is told
// again when the execution is made again to be printed; Error and Errorf end the search, and
// the test fails without an execution: t keeps that it failed, and not in which one.
// With t.Skip the program skips the test.
func Test(t testing.TB, program func(*T), s Strategy, o Options) {
	t.Helper()
	if o.Target == "" {
		n := nextCall(t)
		o.Target = callOf(t.Name(), n)
		if of := callOfToken(t); of > 0 && of != n {
			t.Logf("not explored: %s is of call %d of Test in this test, and this is call %d", TokenVariable, of, n)
			return
		}
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

// calls counts the calls of Test without a target, by the names of the running tests.
var calls = struct {
	mu sync.Mutex
	of map[string]int
}{of: make(map[string]int)}

// nextCall gives the number of the next call of Test in the running test.
func nextCall(t testing.TB) int {
	name := t.Name()
	calls.mu.Lock()
	defer calls.mu.Unlock()
	calls.of[name]++
	n := calls.of[name]
	if n == 1 {
		t.Cleanup(func() { lastCall(t) })
	}
	return n
}

// lastCall forgets the calls of a test that is over. It fails one that has passed without the
// call that the token is of: nothing was replayed.
func lastCall(t testing.TB) {
	name := t.Name()
	calls.mu.Lock()
	n := calls.of[name]
	delete(calls.of, name)
	calls.mu.Unlock()
	if of := callOfToken(t); of > n && !t.Failed() && !t.Skipped() {
		t.Errorf("%s is of call %d of Test in this test, which has made %s: nothing was replayed", TokenVariable, of, plural(n, "call"))
	}
}

// callOf is the target of the n-th call of Test in a test.
func callOf(name string, n int) string {
	if n == 1 {
		return name
	}
	return name + "#" + strconv.Itoa(n)
}

// callOfToken gives the number of the call of Test in the running test of which the token
// is that is to be replayed; 0: it is of none.
func callOfToken(t testing.TB) int {
	info, err := ParseToken(Token(os.Getenv(TokenVariable)))
	if err != nil {
		return 0 // which exploreOrReplay tells, if there is one
	}
	if info.Target == t.Name() {
		return 1
	}
	number, _ := strings.CutPrefix(info.Target, t.Name()+"#")
	if n, err := strconv.Atoi(number); err == nil && callOf(t.Name(), n) == info.Target {
		return n
	}
	return 0
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
