package bench

import (
	"context"
	"fmt"
	"time"
)

// Run measures. When ctx ends early it gives what there is, and its cause. On
// other systems than Linux what is between processes cannot be measured: then the
// error wraps errors.ErrUnsupported unless only the checker was asked for.
func Run(ctx context.Context, o Options) (Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Result{}, err
	}
	started := time.Now()
	var r Result
	done := 0
	of := o.rounds()
	step := func() {
		done++
		if o.Progress != nil {
			o.Progress(Progress{Done: done, Of: of})
		}
	}
	if o.Only != Checker {
		err = processes(ctx, o, &r, step)
	}
	if err == nil && o.Only != Processes {
		err = searches(ctx, o, &r, step)
	}
	r.Elapsed = time.Since(started)
	if err != nil {
		return r, fmt.Errorf("bench: %w", err)
	}
	r.conclude()
	return r, nil
}

func (o *Options) rounds() (sum int) {
	if o.Only != Checker {
		sum += o.Rounds
	}
	if o.Only != Processes {
		sum += o.Searches
	}
	return sum
}
