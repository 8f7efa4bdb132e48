package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"urpc/bench"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// benchFlags are the flags of bench.
type benchFlags struct {
	json                             bool
	only                             *string
	rounds, calls, searches, workers *int
}

// The parts of bench.
const (
	everything    = "everything"
	onlyProcesses = "processes"
	onlyChecker   = "checker"
)

var benchParts = map[string]bench.Part{everything: bench.Everything, onlyProcesses: bench.Processes, onlyChecker: bench.Checker}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench",
		Short: "measure calls between processes against what the machine can do, and the checker's rate",
		Long: `bench measures a call between two processes against a raw exchange of two cache
lines, a socket and a pipe, in rounds of one run that take turns, and the states
that the checker visits in a second. The exit code is 1 if a figure misses its
bound. It wants two processors that nobody else uses.`,
		Example: "  urpccheck bench\n  urpccheck bench --only checker --json",
		Args:    console.None,
		RunE:    func(*cobra.Command, []string) error { return a.bench(&f) },
	}
	flags := c.Flags()
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	f.only = console.WordFlag(flags, "only", everything, []string{everything, onlyProcesses, onlyChecker}, "what to measure")
	f.rounds = console.NumberFlag(flags, "rounds", 31, 1, 100_000, "rounds of each measure between processes")
	f.calls = console.NumberFlag(flags, "calls", 10_000, 50, 100_000_000, "round trips in a round of the fast measures")
	f.searches = console.NumberFlag(flags, "searches", 3, 1, 1000, "searches of the checker")
	f.workers = console.NumberFlag(flags, "workers", 2, 1, 1024, "goroutines of the checker")
	return c
}

// measureRecord is the time of one thing.
type measureRecord struct {
	Record string  `json:"record"` // "measure"
	Name   string  `json:"name"`
	What   string  `json:"what"`
	Median float64 `json:"medianNanoseconds"` // of a round trip
	Low    float64 `json:"lowNanoseconds"`    // the quartiles
	High   float64 `json:"highNanoseconds"`
	Rounds int     `json:"rounds"`
}

// figureRecord is a number that something is claimed about.
type figureRecord struct {
	Record  string  `json:"record"` // "figure"
	Name    string  `json:"name"`
	Unit    string  `json:"unit"`
	Value   float64 `json:"value"`
	Low     float64 `json:"low"` // the quartiles
	High    float64 `json:"high"`
	AtMost  float64 `json:"atMost,omitempty"`
	AtLeast float64 `json:"atLeast,omitempty"`
	Within  bool    `json:"within"`
}

// bench measures and tells what came of it, also of a run that was cut short.
func (a *app) bench(f *benchFlags) error {
	o := bench.Options{Rounds: *f.rounds, Calls: *f.calls, Searches: *f.searches, Workers: *f.workers, Only: benchParts[*f.only]}
	if a.Progress.On {
		o.Progress = func(p bench.Progress) { a.Progress.Show("%d of %d rounds and searches", p.Done, p.Of) }
	}
	result, err := bench.Run(a.Ctx, o)
	a.Progress.Clear()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("%w; urpccheck bench --only checker can run here", err)
	case err != nil && !a.Interrupted():
		return err
	}
	if f.json {
		a.printBenchJSON(&result)
	} else {
		if err := result.WriteText(a.Out); err != nil {
			return err
		}
		a.Out.Line("")
		a.Out.Line("bench: %s, in %s; no random choices, seed 0", a.Out.Paint(result.Verdict, benchOutcome(&result)), console.Seconds(result.Elapsed))
	}
	a.Judged(result.Verdict, false)
	return nil
}

func benchOutcome(r *bench.Result) string {
	switch r.Verdict {
	case verdict.Holds:
		return "every figure is within its bound"
	case verdict.Violated:
		return "a figure misses its bound"
	default:
		return "cut short"
	}
}

func (a *app) printBenchJSON(r *bench.Result) {
	for _, m := range r.Measures {
		a.Out.JSON(measureRecord{"measure", m.Name, m.What, m.Median, m.Low, m.High, m.Rounds})
	}
	record := verdictRecord{Record: "verdict", Verb: "bench", Verdict: r.Verdict, Complete: r.Verdict != verdict.Unknown,
		Interrupted: a.Interrupted(), Bound: "this machine, this run", Seconds: r.Elapsed.Seconds()}
	for _, f := range r.Figures {
		a.Out.JSON(figureRecord{"figure", f.Name, f.Unit, f.Value, f.Low, f.High, f.AtMost, f.AtLeast, f.Within})
		if !f.Within && r.Verdict == verdict.Violated {
			record.Violated = append(record.Violated, f.Name)
			record.Property = console.OrElse(record.Property, f.Name)
		}
	}
	a.Out.JSON(record)
}
