package main

import (
	"errors"
	"fmt"
	"strings"

	"urpc/checker/verdict"
)

// Exit codes.
const (
	exitHolds       = 0   // holds within the stated bound, or the budget was used and nothing found
	exitViolated    = 1   // a property is violated
	exitUsage       = 2   // the command line, or a file or token that it names, is wrong
	exitUnknown     = 3   // a limit ended the run before it could decide
	exitFailed      = 4   // the tool or its environment failed
	exitInterrupted = 130 // a signal ended the run; its report is partial
)

// usageError says what is wrong with the command line, or with what it names.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// usageOf makes a usage error of an error; nil stays nil.
func usageOf(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// judged sets the exit code of a verdict. budgetUsed says that a sample was
// used up as asked for, so that an unknown is no failure.
func (a *app) judged(v verdict.Verdict, budgetUsed bool) {
	switch {
	case v == verdict.Violated:
		a.code = exitViolated
	case a.interrupted():
		a.code = exitInterrupted
	case v == verdict.Holds || budgetUsed:
		a.code = exitHolds
	default:
		a.code = exitUnknown
	}
}

// exitCode tells the error, if there is one, and gives the exit code.
func (a *app) exitCode(err error) int {
	if err == nil {
		err = a.out.failure()
	}
	var wrong *usageError
	switch {
	case err == nil:
		return a.code
	case errors.As(err, &wrong):
		a.complain(wrong)
		return exitUsage
	case a.interrupted():
		a.complain(fmt.Errorf("interrupted: %w", err))
		return exitInterrupted
	default:
		a.complain(err)
		return exitFailed
	}
}

func (a *app) complain(err error) {
	fmt.Fprintf(a.errors, "urpccheck: %s\n", strings.TrimSpace(err.Error()))
}
