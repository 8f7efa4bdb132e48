package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"urpc/checker/command/console"
	"urpc/checker/verdict"
	"urpc/fuzz/mutant"
	"urpc/fuzz/mutant/trial"
)

// rowOf is a row in which each check of answers ended so; "misnamed": killed by another
// property than its patch names.
func rowOf(name string, layer mutant.Layer, ended bool, answers map[trial.Check]trial.Outcome) *mutantRow {
	row := &mutantRow{Mutant: name, Layer: layer, Named: "named", ended: ended}
	for _, c := range trial.Checks() {
		outcome, there := answers[c]
		switch {
		case !there:
		case outcome == "misnamed":
			row.book(trial.Answer{Check: c, Outcome: trial.Killed, Property: "another", Executions: 3})
		default:
			row.book(trial.Answer{Check: c, Outcome: outcome, Property: "named", Executions: 3})
		}
	}
	return row
}

// What is wrong with a matrix is seen, and what is not known is not passed over.
func TestTotalsOfMutants(t *testing.T) {
	type outcomes = map[trial.Check]trial.Outcome
	killed := outcomes{trial.Explore: trial.Killed, trial.LockStep: trial.Killed}
	survived := outcomes{trial.Explore: trial.Survived, trial.LockStep: trial.Survived}
	fault := func(o outcomes) *mutantRow { return rowOf("fault", mutant.Runtime, true, o) }
	same := func(o outcomes) *mutantRow { return rowOf("same", mutant.Refactorings, true, o) }
	many := func(n int, more ...*mutantRow) []*mutantRow {
		return append(slices.Repeat([]*mutantRow{fault(killed)}, n), more...)
	}
	stressed := fault(outcomes{trial.Explore: trial.Survived, trial.LockStep: trial.Survived, trial.Stress: trial.Killed})
	for what, c := range map[string]struct {
		rows []*mutantRow
		want verdict.Verdict
		text string
	}{
		"all as it should be":     {many(3, same(survived)), verdict.Holds, "3 of 3 faults killed; 3 (100 %"},
		"a survivor":              {many(3, fault(survived)), verdict.Violated, "surviving: fault"},
		"no check applies":        {many(19, fault(outcomes{trial.Hostile: trial.Inapplicable})), verdict.Unknown, "19 of 20 faults killed; 19 (95 %, at least 95 demanded) by explore or lock-step alone; none of the chosen checks applies to fault"},
		"one of two applies":      {many(30, fault(outcomes{trial.Explore: trial.Survived, trial.Hostile: trial.Inapplicable})), verdict.Violated, "surviving: fault"},
		"an alarm":                {many(3, same(killed)), verdict.Violated, "alarms: same"},
		"another property":        {many(3, fault(outcomes{trial.Explore: "misnamed", trial.LockStep: trial.Killed})), verdict.Violated, "another property"},
		"hangs only":              {many(3, fault(outcomes{trial.Explore: trial.Survived, trial.LockStep: trial.Survived, trial.Stress: trial.Undecided})), verdict.Violated, "surviving"},
		"5 % by stress":           {many(19, stressed), verdict.Holds, "20 of 20 faults killed; 19 (95 %"},
		"10 % by stress":          {many(9, stressed), verdict.Violated, "9 (90 %"},
		"undecided refactoring":   {many(3, same(outcomes{trial.Explore: trial.Undecided})), verdict.Unknown, "could not decide"},
		"one left":                {many(3, rowOf("left", mutant.Runtime, false, nil)), verdict.Unknown, "answered about left"},
		"one left and a survivor": {many(3, fault(survived), rowOf("left", mutant.Runtime, false, nil)), verdict.Violated, "surviving: fault"},
		"killed before it ended":  {many(3, rowOf("left", mutant.Runtime, false, killed)), verdict.Unknown, "4 of 4 faults killed"},
	} {
		m := &matrix{app: &app{Console: &console.Console{Ctx: t.Context(), Out: console.NewOutput(os.Stdout, func() {})}}, rows: c.rows, flags: &mutantsFlags{checks: trial.Checks()}}
		got := m.sum()
		if got.Verdict != c.want || !strings.Contains(got.text(), c.text) {
			t.Errorf("%s: %v, want %v: %s", what, got.Verdict, c.want, got.text())
		}
	}
}

// A row tells the first check that killed it.
func TestRowOfMutant(t *testing.T) {
	row := rowOf("m", mutant.Runtime, true, map[trial.Check]trial.Outcome{
		trial.Explore: trial.Survived, trial.Race: trial.Killed, trial.Stress: trial.Killed, trial.Hostile: trial.Inapplicable,
	})
	if !row.Killed || row.Check != trial.Race || row.By != "named" || row.Executions != 3 {
		t.Errorf("%+v", row)
	}
	var cells []string
	for _, c := range trial.Checks() {
		cells = append(cells, cellOf(row.answer(c)))
	}
	if want := []string{"-", "", "3", "", "n/a", "3"}; !slices.Equal(cells, want) {
		t.Errorf("%q, want %q", cells, want)
	}
	if got := cellOf(&trial.Answer{Outcome: trial.Undecided}); got != "?" {
		t.Errorf("undecided is shown as %q", got)
	}
}

// A survivor, an alarm and what is left are told in words.
func TestMatrixIsPrinted(t *testing.T) {
	alarm := rowOf("same", mutant.Refactorings, true, map[trial.Check]trial.Outcome{trial.LockStep: trial.Killed})
	alarm.Checks[0].Token, alarm.Checks[0].Message = "s1.token", "step 3: differs"
	failed := rowOf("broken", mutant.Runtime, false, nil)
	failed.Failed = "patch does not apply: a.go: hunk 2"
	misnamed := rowOf("other", mutant.Runtime, true, map[trial.Check]trial.Outcome{trial.Explore: "misnamed"})
	out := temporary(t)
	m := &matrix{app: &app{Console: &console.Console{Ctx: t.Context(), Out: console.NewOutput(out, func() {})}}, rows: []*mutantRow{failed, misnamed, alarm}, flags: &mutantsFlags{
		checks: checkList{trial.Explore, trial.LockStep}, seeds: new(int), most: new(uint64(5)),
	}}
	m.conclude()
	text := contents(t, out)
	for _, want := range []string{
		"alarm about same by lock-step: step 3: differs\n", "replay --lockstep s1.token\n",
		"  broken: patch does not apply: a.go: hunk 2\n", "  other should violate \"named\"\n", "mutants: violated: 1 of 2 faults killed",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if m.Code != console.ExitViolated {
		t.Errorf("exit code %d", m.Code)
	}
}
