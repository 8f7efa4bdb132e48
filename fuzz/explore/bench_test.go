package explore

import (
	"context"
	"testing"

	"urpc/checker/schedule"
)

// BenchmarkRun prints steps and allocations of one core: an execution allocates
// what it runs on, a step nothing but the live values of its mark.
func BenchmarkRun(b *testing.B) {
	for _, config := range []string{"1-1-1-1", "4-2-3-2"} {
		for _, s := range []struct {
			name string
			of   schedule.Strategy
		}{{"bounded", schedule.Bounded(2)}, {"random", schedule.Random(1, 1<<62)}} {
			b.Run(config+"/"+s.name, func(b *testing.B) {
				v, _, err := channelTarget.Parse(config)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				rep, err := Run(context.Background(), channelTarget, v, s.of, schedule.Options{MaxExecutions: uint64(b.N)})
				if err != nil || rep.Failure != nil {
					b.Fatal(rep, err)
				}
				b.ReportMetric(float64(rep.Steps)/b.Elapsed().Seconds(), "steps/s")
				b.ReportMetric(float64(rep.Steps)/float64(rep.Executions), "steps/execution")
			})
		}
	}
}

// BenchmarkStates prints what a search by states costs on one core: states a
// second, and how long its executions are.
func BenchmarkStates(b *testing.B) {
	for _, config := range []string{"2-1-2-2", "2-2-1-1", "3-1-1-2", "clients=2,servers=2,calls=2,slots=2"} {
		b.Run(config, func(b *testing.B) {
			v, _, err := channelTarget.Parse(config)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			rep, err := Run(context.Background(), channelTarget, v, schedule.Stateful(), schedule.Options{MaxExecutions: uint64(b.N)})
			if err != nil || rep.Failure != nil {
				b.Fatal(rep, err)
			}
			b.ReportMetric(float64(rep.States)/b.Elapsed().Seconds(), "states/s")
			b.ReportMetric(float64(rep.Steps)/b.Elapsed().Seconds(), "steps/s")
			b.ReportMetric(float64(rep.Steps)/float64(rep.Executions), "steps/execution")
		})
	}
}
