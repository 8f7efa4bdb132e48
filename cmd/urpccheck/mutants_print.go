package main

import (
	"fmt"
	"slices"
	"strings"

	"urpc/checker/command/console"
	"urpc/checker/verdict"
	"urpc/fuzz/mutant"
	"urpc/fuzz/mutant/trial"
)

// conclude tells the rows and the totals, and sets the exit code.
func (m *matrix) conclude() {
	t := m.sum()
	if m.flags.json {
		for _, row := range m.rows {
			m.Out.JSON(row)
		}
		m.Out.JSON(t)
	} else {
		m.print(&t)
	}
	m.Judged(t.Verdict, false)
}

func (m *matrix) print(t *totals) {
	for _, layer := range []struct {
		of   mutant.Layer
		head string
	}{{mutant.Runtime, "fault"}, {mutant.Refactorings, "refactoring"}} {
		m.printLayer(layer.of, layer.head)
	}
	m.printSamples()
	m.Out.Line("a number: executions to the first failure (of stress: calls); -: nothing found; ?: not decided")
	m.printNotes()
	m.printProperties()
	m.Out.Line("")
	m.Out.Line("%s", console.Folded("mutants: "+m.Out.Paint(t.Verdict, t.Verdict.String())+": "+t.text(), m.Out.Width(), ""))
	m.Out.Line("%s", console.Seconds(timeOf(t.Seconds)))
}

// printLayer prints the matrix of a layer: a row for each mutant, a column for
// each check.
func (m *matrix) printLayer(layer mutant.Layer, head string) {
	page := console.Table{Head: []string{head}}
	for _, c := range m.flags.checks {
		page.Head = append(page.Head, string(c))
	}
	for _, row := range m.rows {
		if row.Layer != layer {
			continue
		}
		cells := []string{row.Mutant}
		for _, c := range m.flags.checks {
			cells = append(cells, cellOf(row.answer(c)))
		}
		page.Row(func(s string) string { return m.Out.Paint(row.verdict(), s) }, 0, cells...)
	}
	if page.Rows() > 0 {
		page.Write(m.Out, m.Out.Width())
		m.Out.Line("")
	}
}

// verdict is the one in whose colour the row's name is shown: green is as it
// should be.
func (row *mutantRow) verdict() verdict.Verdict {
	switch {
	case row.Killed == (row.Layer == mutant.Runtime) && (row.ended || row.Killed):
		return verdict.Holds
	case !row.ended, row.Layer == mutant.Runtime && row.unseen():
		return verdict.Unknown
	default:
		return verdict.Violated
	}
}

// cellOf is an answer in the matrix.
func cellOf(a *trial.Answer) string {
	if a == nil {
		return ""
	}
	switch a.Outcome {
	case trial.Killed:
		return console.Grouped(a.Executions)
	case trial.Survived:
		return "-"
	case trial.Inapplicable:
		return "n/a"
	default:
		return "?"
	}
}

// printSamples prints how soon each strategy finds each fault.
func (m *matrix) printSamples() {
	if *m.flags.seeds == 0 {
		return
	}
	page := console.Table{Head: []string{fmt.Sprintf("median of %s", console.Plural(*m.flags.seeds, "seed"))}}
	for _, row := range m.rows {
		if len(row.Samples) == 0 {
			continue
		}
		cells := []string{row.Mutant}
		for _, s := range row.Samples {
			if page.Rows() == 0 {
				page.Head = append(page.Head, s.Strategy)
			}
			cells = append(cells, sampleCell(s))
		}
		page.Row(nil, -1, cells...)
	}
	if page.Rows() > 0 {
		page.Write(m.Out, m.Out.Width())
		m.Out.Line("executions to the first failure, and with how many seeds there was one within %s", console.Grouped(*m.flags.most))
		m.Out.Line("")
	}
}

func sampleCell(s trial.Sample) string {
	median := "> " + console.Grouped(s.Most)
	if s.Median > 0 {
		median = console.Grouped(s.Median)
	}
	return fmt.Sprintf("%s (%d of %d)", median, s.Found, s.Seeds)
}

// group is a line about several mutants.
type group struct {
	text string
	of   []*mutantRow
}

func groupInto(groups []group, text string, row *mutantRow) []group {
	for i := range groups {
		if groups[i].text == text {
			groups[i].of = append(groups[i].of, row)
			return groups
		}
	}
	return append(groups, group{text, []*mutantRow{row}})
}

// printGroups prints groups; one of all mutants, or of all faults, without names.
func (m *matrix) printGroups(groups []group) {
	faults := countFaults(m.rows)
	for _, g := range groups {
		var names []string
		for _, row := range g.of {
			names = append(names, row.Mutant)
		}
		text := strings.Join(names, ", ")
		switch n := len(g.of); {
		case n > 1 && n == len(m.rows):
			text = fmt.Sprintf("all %d", n)
		case n > 1 && n == faults && countFaults(g.of) == faults:
			text = fmt.Sprintf("all %d faults", n)
		}
		m.Out.Line("%s", console.Folded(g.text+": "+text, m.Out.Width(), "  "))
	}
}

func countFaults(rows []*mutantRow) int {
	n := 0
	for _, row := range rows {
		if row.Layer == mutant.Runtime {
			n++
		}
	}
	return n
}

// printNotes says why a check did not apply or decide, and what failed.
func (m *matrix) printNotes() {
	var groups []group
	for _, row := range m.rows {
		for _, a := range row.Checks {
			if a.Outcome == trial.Inapplicable || a.Outcome == trial.Undecided {
				groups = groupInto(groups, fmt.Sprintf("%s: %s: %s", cellOf(&a), a.Check, a.Reason), row)
			}
		}
	}
	m.printGroups(groups)
	for _, row := range m.rows {
		if row.Failed != "" {
			m.Out.Line("%s", console.Folded(row.Mutant+": "+row.Failed, m.Out.Width(), "  "))
		}
	}
}

// printProperties says which property killed which mutant.
func (m *matrix) printProperties() {
	var groups []group
	for _, c := range m.flags.checks {
		for _, row := range m.rows {
			if a := row.answer(c); a != nil && a.Outcome == trial.Killed {
				groups = groupInto(groups, fmt.Sprintf("%s: %s", c, a.Property), row)
			}
		}
	}
	if len(groups) > 0 {
		m.Out.Line("")
		m.Out.Line("violated properties")
		m.printGroups(groups)
	}
	for _, row := range m.rows {
		if a := row.answer(trial.Explore); row.Layer == mutant.Runtime && a != nil && a.Outcome == trial.Killed && a.Property != row.Named {
			m.Out.Line("%s", console.Folded(fmt.Sprintf("%s should violate %q", row.Mutant, row.Named), m.Out.Width(), "  "))
		}
		for _, a := range row.Checks {
			if row.Layer == mutant.Refactorings && a.Outcome == trial.Killed {
				m.Out.Line("%s", console.Folded(fmt.Sprintf("alarm about %s by %s: %s", row.Mutant, a.Check, a.Message), m.Out.Width(), "  "))
				if a.Token != "" {
					m.Out.Line("replay: %s", program.CommandLine(replayArgs(a)...))
				}
			}
		}
	}
}

// replayArgs is the command line that replays an answer's failure.
func replayArgs(a trial.Answer) []string {
	if a.Check == trial.LockStep {
		return []string{"replay", "--lockstep", a.Token}
	}
	return []string{"replay", a.Token}
}

// text is the totals in words.
func (t *totals) text() string {
	var parts []string
	if t.Mutants > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s killed", t.Killed, console.Plural(t.Mutants, "fault")))
	}
	if t.Alone != nil {
		parts = append(parts, fmt.Sprintf("%d (%.0f %%, at least %d demanded) by explore or lock-step alone", *t.Alone, 100*float64(*t.Alone)/float64(t.Mutants), leastShare))
	}
	if len(t.Survivors) > 0 {
		parts = append(parts, "surviving: "+strings.Join(t.Survivors, ", "))
	}
	if len(t.Misnamed) > 0 {
		parts = append(parts, "killed by another property than their patch names: "+strings.Join(t.Misnamed, ", "))
	}
	if t.Refactorings > 0 {
		alarms := "no alarm"
		if len(t.Alarms) > 0 {
			alarms = "alarms: " + strings.Join(t.Alarms, ", ")
		}
		parts = append(parts, console.Plural(t.Refactorings, "refactoring")+", "+alarms)
	}
	if t.Reason != "" {
		parts = append(parts, t.Reason)
	}
	if t.Interrupted {
		parts = append(parts, "interrupted")
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "; ")
}
