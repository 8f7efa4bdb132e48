package checker

import (
	"fmt"
	"strings"
)

// PanicError says that a function of the model panicked. A panic is never an
// answer: the check ends with this error, and its verdict is unknown.
type PanicError struct {
	// Where names the function: "step test-and-set of client 1", `property "mutual exclusion"`.
	Where string
	// State is the state in which it was called.
	State []Field
	// Value is what it panicked with.
	Value any
	// Stack is the stack of the panic, as text.
	Stack string
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("%s panicked: %v, in state %s", e.Where, e.Value, describe(e.State))
}

// Unwrap gives the error that was panicked with, if it was one.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ImpureError says that a function of the model breaks the contract of a model:
// it depends on more than its arguments, or changes what it may only read.
// Counts and verdicts would mean nothing, so the check ends with this error.
type ImpureError struct {
	// Where names the function, as in PanicError.
	Where string
	// What says how the contract was broken.
	What string
	// State is the state in which it was called.
	State []Field
}

func (e *ImpureError) Error() string {
	return fmt.Sprintf("%s %s, in state %s", e.Where, e.What, describe(e.State))
}

// describe gives the fields of a state on one line.
func describe(fields []Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Path + "=" + f.Value
	}
	return "{" + strings.Join(parts, " ") + "}"
}
