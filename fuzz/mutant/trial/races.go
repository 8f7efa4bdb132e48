package trial

import (
	"context"
	"fmt"

	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/fuzz/mutant"
)

// racing is how many executions of each configuration are looked at: two accesses
// that nothing orders are found in most executions that have both, within the first
// hundred of some configuration.
const racing = 200

// races looks for data races, and for nothing else, in sampled executions of
// target channel.
func races(ctx context.Context, m mutant.Mutant) (a Answer, err error) {
	if noneOf(m) {
		return nothingRun(m), nil
	}
	return sampled(ctx, channelConfigurations(m, "2-1-2-1", "1-2-2-1"), racing, func(catalogue.Values) explore.Watch { return explore.Watch{Alone: true} },
		schedule.Options{DataRaces: true, MaxSteps: longest})
}

// sampled samples configurations of target channel, each a number of executions,
// up to the first failure.
func sampled(ctx context.Context, configurations []string, most uint64, watch func(catalogue.Values) explore.Watch, o schedule.Options) (a Answer, err error) {
	all, err := channelValues(configurations)
	if err != nil {
		return a, err
	}
	for _, v := range all {
		w := watch(v)
		r, err := untilFailure(ctx, schedule.Random, 1, most, func(s schedule.Strategy) (schedule.Report, error) {
			return explore.RunWatched(ctx, v, w, s, o)
		})
		if err != nil {
			return a, err
		}
		if a.judge(&r); a.Outcome != Survived {
			break
		}
	}
	a.Bound = fmt.Sprintf("%d sampled executions of each of %d configurations of target %s", most, len(all), explore.Channel().Name)
	return a, nil
}
