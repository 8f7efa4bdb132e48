package bench

import (
	"context"
	"fmt"
	"time"

	"urpc/checker"
	"urpc/checker/verdict"
	"urpc/examples/ring"
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

// searches measures how many states a second the checker finds in the ring of 3
// clients, 2 servers, 2 request and 3 reply slots, with its properties.
func searches(ctx context.Context, o Options, r *Result, step func()) error {
	values, _, err := ring.Family.Parse("clients=3,servers=2,requests=2,replies=3")
	if err != nil {
		return err
	}
	model, err := ring.Family.Build(values, "")
	if err != nil {
		return err
	}
	rates, err := ratesOf(ctx, model, o, step)
	if len(rates) == 0 {
		return err
	}
	f := Figure{Name: CheckerRate, Unit: "states/s", AtLeast: checkerBound}
	f.Low, f.Value, f.High = quartiles(rates)
	f.judge()
	r.Figures = append(r.Figures, f)
	return err
}

// ratesOf gives the states a second of each search that was done.
func ratesOf(ctx context.Context, model checker.AnyModel, o Options, step func()) ([]float64, error) {
	var rates []float64
	for range o.Searches {
		report, err := model.Check(ctx, checker.Options{Workers: o.Workers})
		switch {
		case ctx.Err() != nil:
			return rates, context.Cause(ctx)
		case err != nil:
			return nil, err
		case report.Verdict != verdict.Holds || !report.Complete:
			return nil, fmt.Errorf("the ring is %v (%s): a rate says nothing", report.Verdict, report.Reason)
		}
		rates = append(rates, float64(report.States)/report.Elapsed.Seconds())
		step()
	}
	return rates, nil
}
