package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"urpc/checker/verdict"
	"urpc/fuzz/mutant"
	"urpc/fuzz/stress"
)

// stall is how long the processes of a mutant may do nothing: they hang then,
// which is no kill, so that a machine that is slow changes nothing.
const stall = 2 * time.Second

// pressure is what the processes do: some thousand calls, with payloads, in
// channels whose positions pass 2^16.
func pressure(m mutant.Mutant) stress.Options {
	o := stress.Options{Clients: 2, Calls: 2_000, Threads: 4, Keys: 8, Size: 200, Slots: 4, Start: 1<<16 - 500, Seed: 1}
	o.Judge.Timeout = 10 * time.Second
	if m.Layer == mutant.Runtime {
		o.Stall = stall
	}
	return o
}

// stressed lets real processes of this program call each other.
func stressed(ctx context.Context, m mutant.Mutant) (Answer, error) {
	r, err := stress.Run(ctx, pressure(m))
	a := Answer{Executions: r.Calls, Bound: fmt.Sprintf("%d calls, as they happened to interleave", r.Calls)}
	switch {
	case ctx.Err() != nil:
		return a, ctx.Err()
	case errors.Is(err, errors.ErrUnsupported):
		a.Outcome, a.Reason = Inapplicable, err.Error()
	case err != nil:
		// A process that ended by itself: by a panic, or because the mutant kept it
		// from getting ready.
		a.Outcome, a.Reason = Undecided, err.Error()
	case r.Hung && !seen(&r):
		a.Outcome, a.Reason, a.Message = Undecided, "the processes hang, which is no kill", strings.Join(r.Reasons, "; ")
	case r.Verdict == verdict.Violated:
		a.Outcome, a.Property, a.Message = Killed, property(&r), strings.Join(r.Reasons, "; ")
	case r.Verdict == verdict.Holds:
		a.Outcome = Survived
	default:
		a.Outcome, a.Reason = Undecided, strings.Join(r.Reasons, "; ")
	}
	return a, nil
}

// seen says whether a run that hangs has shown something wrong beside that.
func seen(r *stress.Result) bool {
	return r.Duplicated+r.Corrupted+r.Stray > 0 || r.History.Verdict == verdict.Violated
}

// property names what is violated. Where the processes hang, calls that did not
// end are not held against them.
func property(r *stress.Result) string {
	judged := *r
	if r.Hung {
		judged.Lost = 0
	}
	return judged.Property()
}
