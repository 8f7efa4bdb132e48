package history

import (
	"fmt"
	"math"

	"github.com/anishathalye/porcupine"
)

// model is one register as Porcupine takes it; stop, which may be nil, ends the
// search early, and its answer then means nothing. Inputs and outputs are *Event.
func model(initial int64, stop func() bool) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return initial },
		Step: func(state, input, _ any) (bool, any) {
			if stop != nil && stop() {
				return false, state
			}
			e, value := input.(*Event), state.(int64)
			if e.Outcome == Done && e.Output != value {
				return false, state
			}
			return true, e.Operation.apply(value, e.Input)
		},
		Hash:              func(state any) uint64 { return uint64(state.(int64)) * 0x9e3779b97f4a7c15 },
		DescribeOperation: func(input, _ any) string { return input.(*Event).describe() },
		DescribeState:     func(state any) string { return fmt.Sprint(state) },
	}
}

// operationsOf gives events to Porcupine.
//
// An event of unknown outcome returns at the end of time and fits any output. If
// it took effect, it did so between its call and then. If it never did, it can be
// given the last place of all, where nothing sees its effect. So the history with
// it linearizes exactly if the history with one of the two does.
func operationsOf(events []*Event) []porcupine.Operation {
	all := make([]porcupine.Operation, len(events))
	for i, e := range events {
		all[i] = porcupine.Operation{ClientId: e.Client, Input: e, Output: e, Call: e.Call, Return: end(e)}
	}
	return all
}

// end is when an event is over for certain.
func end(e *Event) int64 {
	if e.Outcome == Unknown {
		return math.MaxInt64
	}
	return e.Return
}
