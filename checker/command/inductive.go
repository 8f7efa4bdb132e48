package command

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"urpc/checker"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// inductiveFlags are the flags of inductive.
type inductiveFlags struct {
	config, mutant, out       string
	json, keepGoing, coverage bool
	invariants, lemmas        []string
	workers                   *int
	maxStates                 *uint64
	time                      *time.Duration
}

// InductiveCommand asks whether invariants of a model are inductive.
func (m *Models) InductiveCommand() *cobra.Command {
	var f inductiveFlags
	c := &cobra.Command{
		Use:   "inductive MODEL",
		Short: "ask whether invariants are inductive, over all states of the domain that a model declares",
		Long: `inductive goes through all states of the domain that the model declares, reachable
or not. The invariants have to be true in each initial state; and each step from a
state in which all of them are true has to lead to one in which they are. A step
that does not is a counterexample to induction: if its state cannot be reached, the
invariants may be true all the same, and are not strong enough to show it.`,
		Args: m.oneModel,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := m.Choose(m.model(args), f.config, f.mutant)
			if err != nil {
				return err
			}
			return m.inductive(&c, &f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.config, "config", "", "a `configuration`: NAME or key=value,... or NAME,key=value,...")
	flags.StringVar(&f.mutant, "mutant", "", "`NAME` of a fault to plant; see list MODEL")
	flags.StringArrayVar(&f.invariants, "invariant", nil, "`NAME` of an invariant, which may be given several times; without it all of the model")
	flags.StringArrayVar(&f.lemmas, "lemma", nil, "`NAME` of an invariant that is known to hold, and assumed before each step; may be given several times")
	flags.StringVar(&f.out, "out", "", "`folder` for a report, and for traces in all formats (else those of a failure go to a fresh one under "+m.Program.Out+"/)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "look at every state also after a counterexample, and count them")
	flags.BoolVar(&f.coverage, "coverage", false, "tell how often each step was taken")
	f.workers = console.NumberFlag(flags, "workers", 0, 0, 1024, "goroutines that look at states; 0: as many as processors")
	f.maxStates = console.NumberFlag[uint64](flags, "max-states", 0, 0, console.MostCount, "end with unknown, and look at none, if the domain has more states; 0: 2^32, or 2^24 where they come one by one")
	f.time = console.SpanFlag(flags, "time", console.ShortestLimit, "end with unknown after so long; 0: no limit")
	return c
}

// inductive makes an inductive check and tells what it found.
func (m *Models) inductive(c *Chosen, f *inductiveFlags) error {
	o := checker.InductiveOptions{Invariants: f.invariants, Lemmas: f.lemmas, Workers: *f.workers, MaxStates: *f.maxStates, MaxTime: *f.time, KeepGoing: f.keepGoing}
	if m.Progress.On {
		o.Progress = func(states, all uint64) {
			m.Progress.Show("%s of %s", console.Grouped(states), console.Plural(all, "state"))
		}
	}
	r, err := c.Model.Inductive(m.Ctx, o)
	m.Progress.Clear()
	switch {
	case errors.Is(err, checker.ErrNoInductiveCheck):
		return console.UsageOf(err)
	case err != nil:
		return m.failed(c, "inductive", f.json, 0, r.Report, err)
	}
	v := &induced{Models: m, chosen: c, flags: f, report: &r, left: m.Leave("inductive", c, &r.Report, f.out)}
	m.reported(f.out, f.json, func() {
		if f.json {
			v.printJSON()
		} else {
			v.printText()
		}
	})
	m.Judged(r.Verdict, false)
	return nil
}

// induced is an inductive check that has ended, to be told.
type induced struct {
	*Models
	chosen *Chosen
	flags  *inductiveFlags
	report *checker.InductiveReport
	left   Left
}

func (v *induced) printText() {
	r, width := v.report, v.Out.Width()
	v.Out.Line("%s, induction: %s", v.chosen.Title(), v.Out.Paint(r.Verdict, r.Verdict.String()))
	v.Out.Line("%s", console.Folded("configuration "+v.chosen.Configuration(), width, "  "))
	v.Out.Line("%s", console.Folded(v.covered(), width, "  "))
	if len(r.Lemmas) > 0 {
		v.Out.Line("%s", console.Folded("assumed: "+strings.Join(r.Lemmas, ", "), width, "  "))
	}
	v.Out.Line("%s", console.Folded(fmt.Sprintf("%s on %s", console.Seconds(r.Elapsed), console.Plural(r.Workers, "worker")), width, "  "))
	v.Out.Line("")
	for i := range r.Properties {
		v.printProperty(&r.Properties[i])
	}
	for _, text := range r.Vacuous {
		v.Out.Line("%s", console.Folded("vacuous: "+text, width, "  "))
	}
	if v.flags.coverage {
		v.printCoverage(r.Coverage)
	}
	switch {
	case len(v.left.Violated) > 0:
		v.Out.Line("")
		v.printSteps(v.left.Violated[0].Trace, false)
		v.Out.Line("")
		v.Out.Line("replay: %s", v.left.Replay)
	case r.Left != nil:
		v.Out.Line("")
		v.printSteps(r.Left, false)
	}
}

// covered says what was looked at, and why that is not all.
func (v *induced) covered() string {
	r := v.report
	text := fmt.Sprintf("%s looked at, the invariants hold in %s; %s taken from there", console.Plural(r.States, "state"),
		console.Grouped(r.Holding), console.Plural(r.Transitions, "step"))
	if r.Broken > 1 {
		text += fmt.Sprintf(", %s of them to where they do not", console.Grouped(r.Broken))
	}
	if r.Leaving > 0 {
		text += fmt.Sprintf(", %s of them out of the domain", console.Grouped(r.Leaving))
	}
	if r.Complete {
		return text + ": " + r.Bound
	}
	return text + ": not complete: " + r.Reason
}

// inductiveRecord is what the record of the verdict has besides.
type inductiveRecord struct {
	Invariants []string `json:"invariants"`
	Lemmas     []string `json:"lemmas,omitempty"`
	Domain     uint64   `json:"domain,omitempty"` // states of it
	Holding    uint64   `json:"holding"`          // of the states: where invariants and lemmas hold
	Broken     uint64   `json:"broken"`           // transitions to where an invariant does not
	Leaving    uint64   `json:"leaving"`          // transitions that leave the domain
	Vacuous    []string `json:"vacuous,omitempty"`
}

func (v *induced) printJSON() {
	r := v.report
	if v.flags.coverage {
		v.jsonCoverage(r.Coverage)
	}
	for i := range r.Properties {
		v.Out.JSON(propertyOf(&r.Properties[i]))
	}
	record := VerdictRecord{
		Record: "verdict", Verb: "inductive", Model: v.chosen.Family.Name, Configuration: v.chosen.Name, Values: v.chosen.Values.String(),
		Mutant: v.chosen.Mutant, Verdict: r.Verdict, Complete: r.Complete, Interrupted: v.Interrupted() && r.Verdict == verdict.Unknown,
		Bound: r.Bound, Reason: r.Reason, States: new(r.States), Transitions: new(r.Transitions),
		Token: v.left.Token, Artifacts: v.left.Artifacts, Replay: v.left.Replay, Workers: r.Workers, Seconds: r.Elapsed.Seconds(),
	}
	for i, p := range v.left.Violated {
		record.Violated = append(record.Violated, p.Name)
		if i == 0 {
			record.Property, record.Message, record.TraceLength = p.Name, p.Note, new(len(p.Trace.Steps))
		}
	}
	v.Out.JSON(joined{record, inductiveRecord{r.Invariants, r.Lemmas, r.Domain, r.Holding, r.Broken, r.Leaving, r.Vacuous}})
}
