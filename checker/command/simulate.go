package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"urpc/checker"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	verb                            string
	config, mutant, out, along      string
	json, keepGoing, full, coverage bool
	workers, maxSteps               *int
	walks, seed                     *uint64
	time                            *time.Duration
}

func walksFlag(flags *pflag.FlagSet, doc string) *uint64 {
	return console.NumberFlag[uint64](flags, "walks", 1000, 1, console.MostCount, doc)
}

// SimulateCommand takes random walks through a model.
func (m *Models) SimulateCommand() *cobra.Command {
	f := simulateFlags{verb: "simulate"}
	c := &cobra.Command{
		Use:   "simulate MODEL",
		Short: "take random walks through a model: for what is too large to be explored",
		Long: `simulate takes random walks: from an initial state again and again one of the
steps that are enabled, each as likely as another. It looks at invariants,
transition properties and deadlock. What it finds is violated; what it does not
find it says nothing of: the verdict never is that something holds. The exit code
is 0 if all walks were taken and nothing was found. A seed gives the same walks at
any number of workers.

With --along each walk follows a trace for a random number of its steps, and goes
on from there at random: what lies near the trace is visited often.`,
		Args: m.oneModel,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := m.Choose(m.model(args), f.config, f.mutant)
			if err != nil {
				return err
			}
			return m.simulate(&c, &f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.config, "config", "", "a `configuration`: NAME or key=value,... or NAME,key=value,...")
	flags.StringVar(&f.mutant, "mutant", "", "`NAME` of a fault to plant; see list MODEL")
	flags.StringVar(&f.out, "out", "", "`folder` for a report, and for traces in all formats (else those of a failure go to a fresh one under "+m.Program.Out+"/)")
	flags.StringVar(&f.along, "along", "", "a `trace` to walk along: its file or its token")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "take all walks also after a violation")
	flags.BoolVar(&f.full, "full", false, "show whole states, not only what changes")
	flags.BoolVar(&f.coverage, "coverage", false, "tell how often each step was taken")
	f.walks = walksFlag(flags, "how many walks")
	f.maxSteps = console.NumberFlag(flags, "max-depth", 1000, 1, 1<<31-1, "most steps of a walk")
	f.workers = console.NumberFlag(flags, "workers", 0, 0, 1024, "goroutines that walk; 0: as many as processors")
	f.time = console.SpanFlag(flags, "time", console.ShortestLimit, "end with unknown after so long; 0: no limit")
	f.seed = console.SeedFlag(flags)
	return c
}

// simulate takes walks and tells what they found.
func (m *Models) simulate(c *Chosen, f *simulateFlags) error {
	o := checker.SimulateOptions{Walks: *f.walks, MaxSteps: *f.maxSteps, Seed: *f.seed, Workers: *f.workers, MaxTime: *f.time, KeepGoing: f.keepGoing}
	if f.along != "" {
		file, err := m.traceFrom(f.along)
		if err != nil {
			return console.Usage("%s: --along %s: %w", f.verb, shortened(f.along), err)
		}
		if _, err := c.Model.Replay(file.Trace); err != nil {
			return console.Usage("%s: --along %s: not a trace of model %s, configuration %s: %w", f.verb, shortened(f.along), c.Title(), c.Configuration(), err)
		}
		o.Along = &file.Trace
	}
	if m.Progress.On {
		o.Progress = func(walks, steps uint64) {
			m.Progress.Show("%s, %s", console.Plural(walks, "walk"), console.Plural(steps, "step"))
		}
	}
	s, err := c.Model.Simulate(m.Ctx, o)
	m.Progress.Clear()
	if err != nil {
		return m.failed(c, f.verb, f.json, *f.seed, s.Report, err)
	}
	w := &walked{Models: m, chosen: c, flags: f, simulation: &s, left: m.Leave("check", c, &s.Report, f.out)}
	m.reported(f.out, f.json, func() {
		if f.json {
			w.printJSON()
		} else {
			w.printText()
		}
	})
	m.Judged(s.Verdict, w.budgetUsed())
	return nil
}

// walked is a simulation that has ended, to be told.
type walked struct {
	*Models
	chosen     *Chosen
	flags      *simulateFlags
	simulation *checker.Simulation
	left       Left
}

// budgetUsed says that all walks were taken that were asked for.
func (w *walked) budgetUsed() bool { return w.simulation.Walks == *w.flags.walks }

func (w *walked) bound() string {
	return fmt.Sprintf("%s of at most %s", console.Plural(*w.flags.walks, "random walk"), console.Plural(*w.flags.maxSteps, "step"))
}

func (w *walked) printText() {
	s, width := w.simulation, w.Out.Width()
	outcome := s.Verdict.String()
	if s.Verdict == verdict.Unknown && w.budgetUsed() {
		outcome = "nothing found; a sample proves nothing"
	}
	w.Out.Line("%s, random walks: %s", w.chosen.Title(), w.Out.Paint(s.Verdict, outcome))
	w.Out.Line("%s", console.Folded("configuration "+w.chosen.Configuration(), width, "  "))
	states := console.Plural(s.States, "different state")
	if s.Estimated {
		states = "about " + states
	}
	covered := fmt.Sprintf("%s, %s, the longest of %s; %s seen; %s, %s", console.Plural(s.Walks, "walk"), console.Plural(s.Transitions, "step"),
		console.Plural(s.Depth, "step"), states, console.Plural(s.Deadlocks, "deadlock"), console.Plural(s.Ends, "intended end"))
	if !w.budgetUsed() && s.Verdict != verdict.Violated {
		covered += "; not all walks: " + s.Reason
	}
	if w.flags.along != "" {
		covered += "; along a trace"
	}
	w.Out.Line("%s", console.Folded(covered, width, "  "))
	w.Out.Line("%s", console.Folded(fmt.Sprintf("%s on %s, seed %d", console.Seconds(s.Elapsed), console.Plural(s.Workers, "worker"), s.Seed), width, "  "))
	w.Out.Line("")
	for i := range s.Properties {
		w.printProperty(&s.Properties[i])
	}
	if never := w.neverTaken(); len(never) > 0 {
		w.Out.Line("%s", console.Folded("taken by no walk: "+strings.Join(never, ", "), width, "  "))
	}
	if w.flags.coverage {
		w.printCoverage(s.Coverage)
	}
	if len(w.left.Violated) > 0 {
		w.Out.Line("")
		w.printSteps(w.left.Violated[0].Trace, w.flags.full)
		w.Out.Line("")
		w.Out.Line("replay: %s", w.left.Replay)
	}
}

// neverTaken names the steps that no walk took: what they do was not looked at.
func (w *walked) neverTaken() []string {
	var never []string
	for _, c := range w.simulation.Coverage {
		if c.Transitions == 0 {
			never = append(never, c.Process+" "+c.Label)
		}
	}
	return never
}

func (w *walked) printJSON() {
	s := w.simulation
	if w.flags.coverage {
		w.jsonCoverage(s.Coverage)
	}
	for i := range s.Properties {
		w.Out.JSON(propertyOf(&s.Properties[i]))
	}
	record := VerdictRecord{
		Record: "verdict", Verb: w.flags.verb, Model: w.chosen.Family.Name, Configuration: w.chosen.Name,
		Values: w.chosen.Values.String(), Mutant: w.chosen.Mutant, Verdict: s.Verdict, Interrupted: w.Interrupted() && !w.budgetUsed(),
		Bound: w.bound(), Reason: s.Reason, Seed: s.Seed, States: new(s.States), Depth: new(s.Depth), Deadlocks: new(s.Deadlocks), Ends: new(s.Ends),
		BudgetUsed: w.budgetUsed(), Walks: new(s.Walks), Steps: new(s.Transitions), Estimated: s.Estimated,
		Token: w.left.Token, Artifacts: w.left.Artifacts, Replay: w.left.Replay, Workers: s.Workers, Seconds: s.Elapsed.Seconds(),
	}
	for i, p := range w.left.Violated {
		record.Violated = append(record.Violated, p.Name)
		if i == 0 {
			record.Property, record.Message, record.TraceLength = p.Name, p.Note, new(len(p.Trace.Steps))
		}
	}
	w.Out.JSON(record)
}
