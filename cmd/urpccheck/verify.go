package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// defaultBudget is how long verify takes once it is compiled, more or less.
const defaultBudget = 60 * time.Second

// verifyFlags are the flags of verify.
type verifyFlags struct {
	out    string
	json   bool
	budget *time.Duration
	seed   *uint64
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify",
		Short: "check everything within a budget: specification, real code, mutants, real processes",
		Long: `verify runs the whole chain and prints one report:

  specification  every state of each named configuration that is small enough
  mutants        each fault of the specification is caught by its named property
  code           the runtime's own code under chosen interleavings
  code mutants   faults planted in the runtime's source are found by its exploration
  processes      real processes call each other; their histories are judged by Porcupine
  kill           the same while one of them is killed

Each part has its share of the budget, says within which bound it looked, and names
what it had no time for. A part that could not run is unknown, and so is then the
whole.`,
		Example: "  urpccheck verify\n  urpccheck verify --budget 5m --json",
		Args:    console.None,
		RunE:    func(*cobra.Command, []string) error { return a.verify(&f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.out, "out", "", "`folder` for what failures leave (a fresh one under urpc-out/)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line, the verdict last")
	f.budget = console.NeededSpanFlag(flags, "budget", defaultBudget, time.Second, "how long to take, more or less")
	f.seed = console.SeedFlag(flags)
	return c
}

// row is one line of the report: one part, on one subject.
type row struct {
	Record        string          `json:"record"` // "part"
	Part          string          `json:"part"`
	Subject       string          `json:"subject"`
	Configuration string          `json:"configuration"`
	Covered       string          `json:"covered"`
	Bound         string          `json:"bound"`
	Verdict       verdict.Verdict `json:"verdict"`
	// BudgetUsed: a sample, of which nothing was found to be wrong. Its verdict is
	// unknown and stays so, but it is no failure.
	BudgetUsed bool `json:"budgetUsed,omitempty"`
	// NotCovered: the part could not run here, and Note says why.
	NotCovered bool    `json:"notCovered,omitempty"`
	Note       string  `json:"note,omitempty"`
	Seconds    float64 `json:"seconds"`
	Replay     string  `json:"replay,omitempty"`

	States     uint64 `json:"states,omitempty"`
	Executions uint64 `json:"executions,omitempty"`
	Calls      uint64 `json:"calls,omitempty"`

	// print shows what was found wrong, after the table.
	print func(io.Writer)
}

// outcome is the row's verdict as the report words it.
func (r *row) outcome() string {
	switch {
	case r.NotCovered:
		return "not covered"
	case r.Verdict == verdict.Unknown && r.BudgetUsed:
		return "nothing found"
	default:
		return r.Verdict.String()
	}
}

// verification is a run of verify.
type verification struct {
	*app
	flags   *verifyFlags
	started time.Time
	rows    []row
	failed  []error // of parts that could not be judged, through no fault of what is checked
}

// stage is a part, and the share of the budget, from the start, after which it
// ends, and names what it had no time for. Only a little that each part does first it
// does whole, however long that takes, and bounds by counts: on a slow machine it would
// else be cut short before it has seen anything, and the whole would be unknown.
type stage struct {
	name  string
	until float64
	run   func(context.Context) error
}

func (a *app) verify(f *verifyFlags) error {
	v := &verification{app: a, flags: f, started: time.Now()}
	stages := []stage{
		{"specification", 0.20, v.specification},
		{"mutants", 0.40, v.specificationMutants},
		{"code", 0.65, v.code},
		{"code mutants", 0.85, v.codeMutants},
		{"processes", 0.95, v.processes},
		{"kill", 1.00, v.kill},
	}
	for _, s := range stages {
		if a.Ctx.Err() != nil {
			v.add(row{Part: s.name, NotCovered: true, Note: "interrupted before it began"})
			continue
		}
		ctx, cancel := context.WithDeadline(a.Ctx, v.started.Add(time.Duration(s.until*float64(*f.budget))))
		err := s.run(ctx)
		cancel()
		if err != nil && a.Ctx.Err() == nil {
			v.fail(row{Part: s.name}, err)
		}
	}
	a.Progress.Clear()
	v.conclude()
	return errors.Join(v.failed...)
}

// add books a row. Rows of JSON are printed as they come.
func (v *verification) add(r row) {
	r.Record = "part"
	v.rows = append(v.rows, r)
	if v.flags.json {
		v.Out.JSON(r)
	}
}

// fail books a part that failed: the others go on, and the report is printed all
// the same.
func (v *verification) fail(r row, err error) {
	r.Verdict, r.NotCovered, r.Note = verdict.Unknown, true, "failed: "+err.Error()
	v.failed = append(v.failed, fmt.Errorf("%s: %w", strings.TrimSpace(r.Part+" "+r.Subject), err))
	v.add(r)
}

// status shows what is being done.
func (v *verification) status(format string, args ...any) {
	v.Progress.Show("%s of %s: %s", console.Seconds(time.Since(v.started)), *v.flags.budget, fmt.Sprintf(format, args...))
}

// verifyRecord is the last line of verify.
type verifyRecord struct {
	verdictRecord
	Parts      int      `json:"parts"`
	NotCovered []string `json:"notCovered"`
}

// conclude joins the rows and prints the report.
func (v *verification) conclude() {
	all, samplesOnly := verdict.Holds, true
	record := verifyRecord{verdictRecord: verdictRecord{Record: "verdict", Verb: "verify", Seed: *v.flags.seed}, Parts: len(v.rows), NotCovered: []string{}}
	var states, executions, calls uint64
	for i := range v.rows {
		r := &v.rows[i]
		states, executions, calls = states+r.States, executions+r.Executions, calls+r.Calls
		if r.NotCovered {
			record.NotCovered = append(record.NotCovered, strings.TrimSpace(r.Part+" "+r.Subject))
		}
		if r.Verdict == verdict.Unknown && r.BudgetUsed {
			record.BudgetUsed = true
			continue // a sample is no proof; that it found nothing is said in its row
		}
		all = all.And(r.Verdict)
		samplesOnly = false
		if r.Verdict == verdict.Violated {
			record.Violated = append(record.Violated, strings.TrimSpace(r.Part+" "+r.Subject))
			record.Replay = console.OrElse(record.Replay, r.Replay)
		}
	}
	if samplesOnly {
		all = verdict.Unknown
	}
	record.Verdict, record.Complete, record.Interrupted = all, all == verdict.Holds, v.Interrupted()
	record.States, record.Executions, record.Calls = new(states), new(executions), new(calls)
	record.Bound = "what each part says"
	record.Seconds = time.Since(v.started).Seconds()
	if v.flags.json {
		v.Out.JSON(record)
	} else {
		v.print(all, &record)
	}
	v.Judged(all, samplesOnly)
}

// print prints the table, then what was found wrong.
func (v *verification) print(all verdict.Verdict, record *verifyRecord) {
	t := console.Table{Head: []string{"part", "subject", "configuration", "covered", "verdict", "time"}}
	for i := range v.rows {
		r := &v.rows[i]
		t.Row(func(text string) string { return v.Out.Paint(r.paintedAs(), text) }, 4,
			r.Part, r.Subject, r.Configuration, r.Covered, r.outcome(), console.Seconds(time.Duration(r.Seconds*float64(time.Second))))
	}
	t.Write(v.Out, v.Out.Width())
	v.Out.Line("")
	v.printBounds()
	for i := range v.rows {
		if r := &v.rows[i]; r.print != nil {
			v.Out.Line("")
			v.Out.Line("%s, %s, %s:", r.Part, r.Subject, r.Configuration)
			r.print(v.Out)
			if r.Replay != "" {
				v.Out.Line("replay: %s", r.Replay)
			}
		}
	}
	v.Out.Line("")
	ending := "within the bounds above"
	switch {
	case record.Interrupted:
		ending = "interrupted: this report is partial"
	case all == verdict.Violated:
		ending = strings.Join(record.Violated, ", ")
	case len(record.NotCovered) > 0:
		ending = "not covered: " + strings.Join(record.NotCovered, ", ")
	case record.BudgetUsed:
		ending += "; what was only sampled is said there"
	}
	v.Out.Line("%s", console.Folded(fmt.Sprintf("verify: %s: %s", v.Out.Paint(all, all.String()), ending), v.Out.Width(), ""))
	v.Out.Line("%s, seed %d", console.Seconds(time.Since(v.started)), *v.flags.seed)
}

// paintedAs is the verdict in whose colour the row's outcome is shown.
func (r *row) paintedAs() verdict.Verdict {
	if r.BudgetUsed && r.Verdict == verdict.Unknown {
		return verdict.Holds
	}
	return r.Verdict
}

// printBounds says for each part within which bound it looked.
func (v *verification) printBounds() {
	v.Out.Line("bounds")
	told := map[string]bool{}
	for i := range v.rows {
		r := &v.rows[i]
		text := r.Part + ": " + r.Bound
		if r.Bound != "" && !told[text] {
			v.Out.Line("%s", console.Folded(text, v.Out.Width(), "  "))
			told[text] = true
		}
		if r.Note != "" {
			v.Out.Line("%s", console.Folded(strings.TrimSpace(r.Part+" "+r.Subject)+": "+r.Note, v.Out.Width(), "  "))
		}
	}
}
