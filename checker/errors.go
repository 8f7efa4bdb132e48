package checker

import (
	"errors"
	"fmt"
	"strings"
)

// ErrGoexit is the Value of a PanicError when the function did not panic but ended
// its goroutine, as t.FailNow, t.Fatal and t.Skip do.
var ErrGoexit = errors.New("runtime.Goexit was called")

// ErrNoInductiveCheck: an inductive check cannot be made as it is asked for: the model
// declares no domain, or has no such invariant.
var ErrNoInductiveCheck = errors.New("no inductive check")

// PanicError says that a function of the model panicked or ended its goroutine
// (ErrGoexit). That is never an answer: the check ends with this error, and its
// verdict is unknown.
type PanicError struct {
	// Where names the function: "step test-and-set of client 1", `property "mutual exclusion"`,
	// "Options.Progress".
	Where string
	// State is the state in which it was called; nil where there is none.
	State []Field
	// Value is what it panicked with, or ErrGoexit.
	Value any
	// Stack is the stack of the panic, as text.
	Stack string
}

func (e *PanicError) Error() string {
	what := fmt.Sprintf("%s panicked: %v", e.Where, e.Value)
	if e.Value == ErrGoexit {
		what = e.Where + " ended its goroutine (runtime.Goexit)"
	}
	if e.State == nil {
		return what
	}
	return what + ", in state " + describe(e.State)
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

// SymmetryError says that a model is not symmetric as it declares (Model.Symmetry): once
// members have new names, one of its functions does something else. States that differ in
// names would be taken for alike and are not, so the check ends with this error.
type SymmetryError struct {
	// Where names the function, as in PanicError, or an initial state.
	Where string
	// What says who was exchanged, and what is otherwise then.
	What string
	// Field is the first field that differs: of what the function makes, or, where it
	// gives an answer, of the two states; "" if none does.
	Field string
	// State is the state before members were given new names.
	State []Field
}

func (e *SymmetryError) Error() string {
	return fmt.Sprintf("not symmetric as declared: %s %s, in state %s", e.Where, e.What, describe(e.State))
}

// DeclarationError says that what a model declares of a step or a property is not so: that
// it reads or writes more than its footprint, or breaks the discipline of a lock (Step.Reads,
// Step.Acquires), or that a property is broken or mended by another step (Property.BrokenBy).
// A reduced search could miss something then, so the check ends with this error, whether the
// search was reduced or not.
//
// Footprints and properties are verified in a sample of the states that were visited, at the
// end of a search that was not interrupted. Writes are seen by comparing bytes; reads by
// replacing what is not read, one field at a time and all at once, by what it is in other
// states, which must make no difference. A lie that shows in no sampled state is not found.
// With Options.PartialOrder writes and locks are verified in every state that is visited.
type DeclarationError struct {
	// Where names the function, as in PanicError.
	Where string
	// What says what is not as declared, and names the field.
	What string
	// State is the state in which it shows.
	State []Field
}

func (e *DeclarationError) Error() string {
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
