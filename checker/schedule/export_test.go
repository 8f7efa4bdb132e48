package schedule

import "testing"

// alone keeps a test that sets what is common to all searches from being run beside others.
func alone(t *testing.T) {
	t.Setenv("URPC_ALONE", "") // which a parallel test must not, nor be parallel after it
}

// VerifyLittle has searches by states verify few of the states that they meet again,
// until the test ends: that is most of what a search of a few hundred states takes.
func VerifyLittle(t *testing.T) {
	alone(t)
	before := firstMet
	firstMet = 0
	t.Cleanup(func() { firstMet = before })
}

// Stopping says whether the search of the execution was interrupted: that comes from
// another goroutine, some time after its context was cancelled.
func Stopping(t *T) bool { return t.r.stopping.Load() }

// WithoutSwaps has searches by states take no steps in the other order to see whether they
// commute, until the test ends: these come to ends that the search itself may have missed.
func WithoutSwaps(t *testing.T) {
	alone(t)
	swapping = false
	t.Cleanup(func() { swapping = true })
}

// WithoutWalks has searches by states make no walks once they have found nothing, until
// the test ends: they come to ends that the search itself may have missed.
func WithoutWalks(t *testing.T) {
	alone(t)
	walking = false
	t.Cleanup(func() { walking = true })
}

// SleepsAfterBacktracking gives the threads that sleep once a search by states has gone back to
// a decision at which those of left were to be tried, the first of them was, and those of given
// were handed to another worker.
func SleepsAfterBacktracking(sleep, left, given uint64) uint64 {
	p := &fork{sleep: sleep, left: left, given: given, chosen: lowest(left)}
	s := &stateful{path: []*fork{p}}
	s.backtrack()
	return p.sleep
}

// RepeatOften gives a function that has searches by states repeat the settled steps of every
// second execution, or of as many as they do, until the test ends. Small programs have too few
// executions to repeat any of them otherwise.
func RepeatOften(t *testing.T) func(often bool) {
	alone(t)
	before := fullEvery
	t.Cleanup(func() { fullEvery = before })
	return func(often bool) {
		if fullEvery = before; often {
			fullEvery = 2
		}
	}
}
