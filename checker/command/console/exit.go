package console

import (
	"errors"
	"fmt"
	"strings"

	"urpc/checker/verdict"
)

// Exit codes.
const (
	ExitHolds       = 0   // holds within the stated bound, or the budget was used and nothing found
	ExitViolated    = 1   // a property is violated
	ExitUsage       = 2   // the command line, or a file or token that it names, is wrong
	ExitUnknown     = 3   // a limit ended the run before it could decide
	ExitFailed      = 4   // the tool or its environment failed
	ExitInterrupted = 130 // a signal ended the run; its report is partial
)

// UsageError says what is wrong with the command line, or with what it names.
type UsageError struct{ err error }

func (e *UsageError) Error() string { return e.err.Error() }
func (e *UsageError) Unwrap() error { return e.err }

// Usage makes a usage error of a text.
func Usage(format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...)}
}

// UsageOf makes a usage error of an error; nil stays nil.
func UsageOf(err error) error {
	if err == nil {
		return nil
	}
	return &UsageError{err}
}

// Judged sets the exit code of a verdict. budgetUsed says that a sample was
// used up as asked for, so that an unknown is no failure.
func (c *Console) Judged(v verdict.Verdict, budgetUsed bool) {
	switch {
	case v == verdict.Violated:
		c.Code = ExitViolated
	case c.Interrupted():
		c.Code = ExitInterrupted
	case v == verdict.Holds || budgetUsed:
		c.Code = ExitHolds
	default:
		c.Code = ExitUnknown
	}
}

// ExitCode tells the error, if there is one, and gives the exit code.
func (c *Console) ExitCode(err error) int {
	if err == nil {
		err = c.Out.failure()
	}
	var wrong *UsageError
	switch {
	case err == nil:
		return c.Code
	case errors.As(err, &wrong):
		c.complain(wrong)
		return ExitUsage
	case c.Interrupted():
		c.complain(fmt.Errorf("interrupted: %w", err))
		return ExitInterrupted
	default:
		c.complain(err)
		return ExitFailed
	}
}

func (c *Console) complain(err error) {
	fmt.Fprintf(c.Errors, "%s: %s\n", c.Program.Name, strings.TrimSpace(err.Error()))
}
