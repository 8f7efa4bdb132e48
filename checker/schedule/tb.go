package schedule

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// propertyAssertion is what code fails that tells so to T.TB.
const propertyAssertion = "assertion"

// TB gives the execution as a test, for helpers and libraries of assertions that take a
// testing.TB or a part of it, such as Errorf and FailNow:
//
//	schedule.Test(t, func(s *schedule.T) {
//		t := s.TB(t)
//		...
//		s.AtEnd(func() { require.Equal(t, 2, n) })
//	}, schedule.Optimal(), schedule.Options{})
//
// Error, Errorf, Fatal, Fatalf, Fail and FailNow end the execution as a failure of property
// "assertion", which is made smaller, shown and replayed as that of a T.Check is: none of them
// returns, since what comes after the first failure says nothing. What Log, Logf and Output
// are told is shown with the execution, if it is (Execution.Log). Cleanup is T.Cleanup.
//
// All else, TempDir and Setenv for example, is of's, for all executions together; Skip skips
// the test. Without them of may be nil.
func (t *T) TB(of testing.TB) testing.TB {
	t.alive("TB")
	return &asTest{TB: of, t: t}
}

// Logged is what the program told the log (T.TB) in an execution.
type Logged struct {
	By    string // the thread's name, "set-up" or "the end"
	After int    // how many steps had been taken
	Text  string // without the end of the line
}

// asTest is an execution as a test.
type asTest struct {
	testing.TB // of the search: for what is not said here
	t          *T
}

func (a *asTest) Helper() {}

func (a *asTest) Cleanup(f func()) { a.t.Cleanup(f) }

func (a *asTest) Failed() bool {
	r := a.t.asks("Failed")
	return r.outcome == failed || r.failedAt >= 0
}

func (a *asTest) Error(args ...any) { a.fails("Error", "%v", line(args)) }

func (a *asTest) Errorf(format string, args ...any) { a.fails("Errorf", format, args...) }

func (a *asTest) Fatal(args ...any) { a.fails("Fatal", "%v", line(args)) }

func (a *asTest) Fatalf(format string, args ...any) { a.fails("Fatalf", format, args...) }

func (a *asTest) Fail() { a.fails("Fail", "by Fail") }

func (a *asTest) FailNow() { a.fails("FailNow", "by FailNow") }

func (a *asTest) fails(call, format string, args ...any) {
	a.t.fail(call, propertyAssertion, format, args)
}

func (a *asTest) Log(args ...any) { a.Logf("%v", line(args)) }

func (a *asTest) Logf(format string, args ...any) {
	if r := a.t.asks("Log"); r.recording != nil {
		r.recording.log(r, fmt.Sprintf(format, args...))
	}
}

func (a *asTest) Output() io.Writer { return output{a} }

// line is what Error, Fatal and Log are given: it is put into words when somebody looks.
type line []any

func (l line) String() string { return fmt.Sprintln([]any(l)...) }

// output is the log as a writer.
type output struct{ a *asTest }

func (o output) Write(b []byte) (int, error) {
	o.a.Logf("%s", b)
	return len(b), nil
}

// log keeps what the program says. Predicates are asked as often as the search likes, and
// what a thread says while it is unwound is after the execution.
func (c *recording) log(r *runner, text string) {
	who := "the end"
	switch {
	case r.quiet, r.running != nil && r.running.killed:
		return
	case r.running != nil:
		who = r.running.name
	case r.settingUp:
		who = "set-up"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logged = append(c.logged, Logged{By: who, After: len(c.steps), Text: strings.Trim(text, "\n")})
}
