package checker

import "runtime/debug"

// A function of the model may return, panic, or end its goroutine
// (runtime.Goexit, which t.FailNow calls). Whoever calls one sets finished last,
// and, where it is not set, makes an error of what happened instead; and it calls
// in a goroutine of ours, so that the caller's goes on and gets the error.

// apart runs do in a goroutine of its own and waits for its end, however it ends.
func apart(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

// answered runs do apart, and makes an error of what a function of the model does instead
// of returning; at says then which one was called, and in which state.
func answered[S comparable](do func() error, at func() (where string, s S)) (err error) {
	apart(func() {
		finished := false
		defer func() {
			if !finished {
				where, s := at()
				err = recovered(recover(), where, s)
			}
		}()
		err = do()
		finished = true
	})
	return err
}

// recovered makes an error of what a function of the model did, at where, in
// state s, instead of returning. value is the result of recover: nil for the end
// of the goroutine. It is called on the stack of the panic.
func recovered[S comparable](value any, where string, s S) error {
	var fields []Field
	apart(func() { fields = fieldsOf(s) }) // a String method may end its goroutine as well
	switch value := value.(type) {
	case nil:
		return &PanicError{Where: where, State: fields, Value: ErrGoexit, Stack: string(debug.Stack())}
	case impure:
		return &ImpureError{Where: where, What: value.what, State: fields}
	case asymmetry:
		return &SymmetryError{Where: where, What: value.what, Field: value.field, State: fields}
	case untrue:
		return &DeclarationError{Where: where, What: value.what, State: fields}
	default:
		return &PanicError{Where: where, State: fields, Value: value, Stack: string(debug.Stack())}
	}
}

// impure is what a broken contract of the model panics with on the way to its
// ImpureError; the recovery adds where and in which state.
type impure struct{ what string }

// demandPure panics so unless ok.
func demandPure(ok bool, otherwise string) {
	if !ok {
		panic(impure{otherwise})
	}
}
