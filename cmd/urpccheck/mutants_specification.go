package main

import (
	"slices"
	"time"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/command/console"
	"urpc/checker/verdict"
)

// specificationMutantRow is what the exploration of the specification with a fault
// planted found.
type specificationMutantRow struct {
	Record        string `json:"record"` // "mutant"
	Mutant        string `json:"mutant"`
	Layer         string `json:"layer"`
	Model         string `json:"model"`
	Configuration string `json:"configuration"`
	Killed        bool   `json:"killed"`
	By            string `json:"by,omitempty"` // the property that its declaration names
	States        uint64 `json:"states"`
	Complete      bool   `json:"complete"`
	Failed        string `json:"failed,omitempty"`

	namedBy string
}

// specificationMatrix explores the specification with each of its own faults
// planted, in the configuration that shows it.
func (a *app) specificationMatrix(names []string, f *mutantsFlags) error {
	started := time.Now()
	var known []string
	for _, family := range families() {
		for _, m := range family.Mutants {
			known = append(known, m.Name)
		}
	}
	if err := knownNames(names, "the specification", known); err != nil {
		return err
	}
	var rows []specificationMutantRow
	for _, family := range families() {
		for _, m := range family.Mutants {
			if len(names) > 0 && !slices.Contains(names, m.Name) {
				continue
			}
			row, err := a.specificationMutant(family, m)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
	}
	a.Progress.Clear()
	a.tellSpecification(rows, f, started)
	return nil
}

func (a *app) specificationMutant(family catalogue.Family, m catalogue.Mutant) (specificationMutantRow, error) {
	row := specificationMutantRow{Record: "mutant", Mutant: m.Name, Layer: layerSpecification, Model: family.Name,
		Configuration: m.Configuration, namedBy: m.KilledBy}
	if a.Ctx.Err() != nil {
		row.Failed = "interrupted"
		return row, nil
	}
	a.Progress.Show("%s with mutant %s", family.Name, m.Name)
	c, err := a.models.Choose(family.Name, m.Configuration, m.Name)
	if err != nil {
		return row, err
	}
	report, err := c.Model.Check(a.Ctx, checker.Options{MaxStates: largestConfiguration})
	if err != nil {
		return row, err
	}
	row.States, row.Complete = report.States, report.Complete
	if row.Killed = slices.Contains(violatedOf(&report), m.KilledBy); row.Killed {
		row.By = m.KilledBy
	} else if a.Ctx.Err() != nil {
		row.Failed = "interrupted"
	}
	return row, nil
}

// tellSpecification prints the rows and the totals, and sets the exit code.
func (a *app) tellSpecification(rows []specificationMutantRow, f *mutantsFlags, started time.Time) {
	t := totals{Survivors: []string{}, Unseen: []string{}, Misnamed: []string{}, Alarms: []string{}, Left: []string{}}
	t.Record, t.Verb, t.Verdict, t.Complete = "verdict", "mutants", verdict.Holds, true
	t.Bound = "each fault in a configuration that shows it"
	page := console.Table{Head: []string{"fault", "model", "configuration", "states", "killed by"}}
	for _, row := range rows {
		t.Mutants++
		v, by := verdict.Holds, row.By
		switch {
		case row.Killed:
			t.Killed++
		case !row.Complete:
			t.Left = append(t.Left, row.Mutant)
			v, by = verdict.Unknown, console.OrElse(row.Failed, "not decided")
		default:
			t.Survivors = append(t.Survivors, row.Mutant)
			v, by = verdict.Violated, "nothing; it should be: "+row.namedBy
		}
		if f.json {
			a.Out.JSON(row)
			continue
		}
		page.Row(func(s string) string { return a.Out.Paint(v, s) }, 0, row.Mutant, row.Model, row.Configuration, console.Grouped(row.States), by)
	}
	if len(t.Left) > 0 {
		t.Verdict, t.Complete, t.Reason = verdict.Unknown, false, "not decided about "+shownNames(t.Left)
		t.Interrupted = a.Interrupted()
	}
	if len(t.Survivors) > 0 {
		t.Verdict = verdict.Violated
	}
	t.Seconds = time.Since(started).Seconds()
	if f.json {
		a.Out.JSON(t)
	} else {
		page.Write(a.Out, a.Out.Width())
		a.Out.Line("")
		a.Out.Line("%s", console.Folded("mutants: "+a.Out.Paint(t.Verdict, t.Verdict.String())+": "+t.text(), a.Out.Width(), ""))
		a.Out.Line("%s", console.Seconds(timeOf(t.Seconds)))
	}
	a.Judged(t.Verdict, false)
}

// timeOf is a number of seconds as a time.
func timeOf(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
