package trial

import (
	"context"
	"slices"

	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/fuzz/mutant"
)

// Sample is how soon a strategy that samples finds a fault.
type Sample struct {
	Strategy string `json:"strategy"`
	Seeds    int    `json:"seeds"`
	Found    int    `json:"found"` // seeds with which it did, within Most executions
	Most     uint64 `json:"most"`
	// Executions to the first failure, that one included, for each seed from 1 on; 0:
	// none within Most.
	Executions []uint64 `json:"executions"`
	// Median of them, where those without a failure count as more than Most: 0 if
	// it is one of these.
	Median uint64 `json:"median"`
}

// pctDepth is the depth at which PCT looks: that of most faults of order.
const pctDepth = 3

// samplers are the strategies that sample, by name.
var samplers = []struct {
	name string
	of   func(seed, n uint64) schedule.Strategy
}{
	{"random", schedule.Random},
	{"pct", func(seed, n uint64) schedule.Strategy { return schedule.PCT(pctDepth, seed, n) }},
	{"pos", schedule.POS},
	{"urw", schedule.Uniform},
	{"surw", schedule.Selective},
}

// sample counts, for each strategy and seed, the executions to the first failure
// of the mutant's target in its configuration.
func sample(ctx context.Context, m mutant.Mutant, seeds int, most uint64) ([]Sample, error) {
	t, v, err := place{m.Target, m.Configuration, m.Preemptions}.find()
	if err != nil {
		return nil, err
	}
	explored := func(s schedule.Strategy) (schedule.Report, error) {
		return explore.Run(ctx, t, v, s, schedule.Options{MaxSteps: longest})
	}
	var all []Sample
	for _, by := range samplers {
		s := Sample{Strategy: by.name, Seeds: seeds, Most: most}
		for seed := range uint64(seeds) {
			r, err := untilFailure(ctx, by.of, seed+1, most, explored)
			if err != nil {
				return nil, err
			}
			executions := uint64(0)
			if f := r.Failure; f != nil && f.Property != panicked {
				executions = r.Executions
				s.Found++
			}
			s.Executions = append(s.Executions, executions)
		}
		s.Median = median(s.Executions)
		all = append(all, s)
	}
	return all, ctx.Err()
}

// median is the lower one of counts, of which 0 stands for more than any.
func median(counts []uint64) uint64 {
	if len(counts) == 0 {
		return 0
	}
	sorted := slices.Clone(counts)
	slices.SortFunc(sorted, func(a, b uint64) int {
		switch {
		case a == b:
			return 0
		case b == 0 || a != 0 && a < b:
			return -1
		default:
			return 1
		}
	})
	return sorted[(len(sorted)-1)/2]
}

// longest is how many steps an execution may have: many times what one of these
// configurations has that ends. A mutant may go round for ever.
const longest = 2_000

// untilFailure samples at most most executions, up to the first failure. Those
// that are longer than may be are passed over: they are no failure, and the
// sample goes on with another seed.
func untilFailure(ctx context.Context, of func(seed, n uint64) schedule.Strategy, seed, most uint64, run func(schedule.Strategy) (schedule.Report, error)) (sum schedule.Report, err error) {
	for sum.Executions < most && ctx.Err() == nil {
		r, err := run(of(seed, most-sum.Executions))
		if err != nil {
			return sum, err
		}
		passed := sum.Executions
		sum = r
		sum.Executions += passed
		if r.Failure != nil || r.BudgetUsed {
			return sum, nil
		}
		sum.Executions = max(sum.Executions, passed+1) // the one that was cut
		seed += seedsApart
	}
	sum.BudgetUsed = sum.Executions >= most
	return sum, nil
}

// seedsApart keeps the seeds with which samples go on away from those of others.
const seedsApart = 1_000_003
