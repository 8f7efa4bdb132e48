// Package bench measures what this project claims to be fast at: a call between
// two processes against what the machine can do at best, and the checker's rate.
// It promises nothing to users of urpc.
//
// Everything between processes is measured in one run, between the same two
// processes, each bound to a processor of its own, in rounds that take turns: what
// else the machine does meets all alike. A figure is the median of the rounds,
// with the quartiles beside it; what counts is the ratios.
package bench

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"urpc/checker/verdict"
)

// Options say what to measure. The zero value is right for most.
type Options struct {
	Rounds int // of each measure between processes; 0 stands for 31
	// Calls are the round trips in a round of the fast measures, and a fiftieth of
	// them in one of those that go through the kernel; 0 stands for 10,000.
	Calls    int
	Searches int // of the checker; 0 stands for 3
	Workers  int // of the checker; 0 stands for 2
	// Only is what to measure; 0 stands for everything.
	Only Part
	// Progress, if set, is told what was just measured.
	Progress func(Progress)
}

// Part is a part of what can be measured.
type Part uint8

// The parts.
const (
	Everything Part = iota
	Processes
	Checker
)

// Progress is a look at a run.
type Progress struct {
	Done, Of int // rounds and searches
}

// Names of the measures.
const (
	RawPingPong = "raw ping-pong"
	NullCall    = "null call"
	StructCall  = "call, 64-byte struct"
	SocketEcho  = "Unix socket ping-pong"
	PipeEcho    = "pipe ping-pong"
	CheckerRate = "checker, ring 3/2/2/3"
	NullOverRaw = "null call / raw ping-pong"
	StructOver  = "call, 64-byte struct / null call"
	SocketOver  = "Unix socket / null call"
	PipeOver    = "pipe / null call"
	nullBound   = 4.0
)

// Result is what was measured.
type Result struct {
	// Verdict is Holds if every figure with a bound is within it, Violated if not,
	// Unknown if the run was cut short.
	Verdict  verdict.Verdict
	Measures []Measure
	Figures  []Figure
	CPUs     []int // of the two processes
	Elapsed  time.Duration
	Notes    []string // what was not measured, and why
}

// Measure is the time of one thing, round by round.
type Measure struct {
	Name string
	What string // in a few words
	// Median and the quartiles, in nanoseconds a round trip.
	Median, Low, High float64
	Rounds            int
}

// Figure is a number that something is claimed about.
type Figure struct {
	Name string
	Unit string // "times", "states/s"
	// Value is the ratio of two medians, or a median; Low and High are the
	// quartiles of the rounds (of a ratio: of the rounds' own ratios).
	Value, Low, High float64
	// AtMost and AtLeast are the bounds, 0 where there is none.
	AtMost, AtLeast float64
	Within          bool // the bounds, which is so where there are none
}

func (o Options) withDefaults() (Options, error) {
	o.Rounds = orDefault(o.Rounds, 31)
	o.Calls = orDefault(o.Calls, 10_000)
	o.Searches = orDefault(o.Searches, 3)
	o.Workers = orDefault(o.Workers, 2)
	if o.Rounds < 1 || o.Calls < slower || o.Searches < 1 || o.Workers < 1 || o.Only > Checker {
		return o, fmt.Errorf("bench: %d rounds of %d calls, %d searches of %d workers, part %d: want at least one of each, and %d calls",
			o.Rounds, o.Calls, o.Searches, o.Workers, o.Only, slower)
	}
	return o, nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// slower is by how much fewer round trips are made through the kernel.
const slower = 50

// quartiles gives the median and the quartiles of some samples.
func quartiles(samples []float64) (low, median, high float64) {
	s := slices.Sorted(slices.Values(samples))
	n := len(s)
	median = s[n/2]
	if n%2 == 0 {
		median = (s[n/2-1] + s[n/2]) / 2
	}
	return s[n/4], median, s[(3*n-1)/4]
}

func measureOf(name, what string, samples []float64) Measure {
	m := Measure{Name: name, What: what, Rounds: len(samples)}
	m.Low, m.Median, m.High = quartiles(samples)
	return m
}

// figureOf is the median of some samples; atLeast is its bound, if not 0.
func figureOf(name, unit string, samples []float64, atLeast float64) Figure {
	f := Figure{Name: name, Unit: unit, AtLeast: atLeast}
	f.Low, f.Value, f.High = quartiles(samples)
	f.judge()
	return f
}

// ratioOf is the ratio of the medians of two measures whose rounds took turns.
func ratioOf(name string, over, under []float64, atMost float64) Figure {
	f := Figure{Name: name, Unit: "times", AtMost: atMost}
	each := make([]float64, len(over))
	for i := range over {
		each[i] = over[i] / under[i]
	}
	_, a, _ := quartiles(over)
	_, b, _ := quartiles(under)
	f.Low, _, f.High = quartiles(each)
	f.Value = a / b
	f.judge()
	return f
}

func (f *Figure) judge() {
	f.Within = (f.AtMost == 0 || f.Value <= f.AtMost) && (f.AtLeast == 0 || f.Value >= f.AtLeast)
}

// conclude gives the verdict.
func (r *Result) conclude() {
	r.Verdict = verdict.Holds
	for _, f := range r.Figures {
		if !f.Within {
			r.Verdict = verdict.Violated
		}
	}
}

// WriteText writes the result as a table.
func (r *Result) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(r.Measures) > 0 {
		fmt.Fprintf(t, "measured\tmedian\tquartiles\twhat\n")
	}
	for _, m := range r.Measures {
		fmt.Fprintf(t, "%s\t%s\t%s to %s\t%s\n", m.Name, duration(m.Median), duration(m.Low), duration(m.High), m.What)
	}
	if len(r.Measures) > 0 && len(r.Figures) > 0 {
		fmt.Fprintln(t)
	}
	if len(r.Figures) > 0 {
		fmt.Fprintf(t, "figure\tvalue\tquartiles\tbound\n")
	}
	for _, f := range r.Figures {
		fmt.Fprintf(t, "%s\t%s\t%s to %s\t%s\n", f.Name, f.number(f.Value), f.number(f.Low), f.number(f.High), f.bound())
	}
	for _, note := range r.Notes {
		fmt.Fprintf(t, "%s\n", note)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

func duration(ns float64) string {
	switch d := time.Duration(ns); {
	case d < 10*time.Microsecond:
		return fmt.Sprintf("%.0f ns", ns)
	default:
		return fmt.Sprintf("%.1f µs", ns/1000)
	}
}

func (f *Figure) number(v float64) string {
	if v >= 100_000 {
		return fmt.Sprintf("%.2f M %s", v/1e6, f.Unit)
	}
	return fmt.Sprintf("%.2f %s", v, f.Unit)
}

func (f *Figure) bound() string {
	verdict := "ok"
	if !f.Within {
		verdict = "MISSED"
	}
	switch {
	case f.AtMost > 0:
		return fmt.Sprintf("at most %s: %s", f.number(f.AtMost), verdict)
	case f.AtLeast > 0:
		return fmt.Sprintf("at least %s: %s", f.number(f.AtLeast), verdict)
	default:
		return ""
	}
}
