package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"urpc/checker/command/console"
	"urpc/checker/verdict"
	"urpc/fuzz/mutant"
	"urpc/fuzz/mutant/trial"
)

// mutantRow is what the checks found of one mutant: a line of the matrix.
type mutantRow struct {
	Record string       `json:"record"` // "mutant"
	Mutant string       `json:"mutant"`
	Layer  mutant.Layer `json:"layer"`
	Killed bool         `json:"killed"`
	// By is the property that is violated first, as the checks are tried, Check the
	// one that found that, and Executions how many it took.
	By         string         `json:"by,omitempty"`
	Check      trial.Check    `json:"check,omitempty"`
	Executions uint64         `json:"executions"`
	Named      string         `json:"named,omitempty"` // the property that its patch names
	Checks     []trial.Answer `json:"checks"`
	Samples    []trial.Sample `json:"samples,omitempty"`
	// Failed says why not every check answered.
	Failed  string  `json:"failed,omitempty"`
	Seconds float64 `json:"seconds"`

	ended bool // every check has answered
}

// matrix is a run of mutants.
type matrix struct {
	*app
	flags   *mutantsFlags
	started time.Time

	mu     sync.Mutex
	rows   []*mutantRow
	done   int
	failed []error
}

// mutants lets the checks look at the mutants, several at once, and tells what they
// found.
func (a *app) mutants(names []string, f *mutantsFlags) error {
	chosen, err := f.chosenMutants(names)
	if err != nil {
		return err
	}
	m := &matrix{app: a, flags: f, started: time.Now()}
	var jobs []func() error
	for _, x := range chosen {
		row := &mutantRow{Record: "mutant", Mutant: x.Name, Layer: x.Layer, Named: x.KilledBy, Checks: []trial.Answer{}}
		m.rows = append(m.rows, row)
		jobs = append(jobs, func() error { return m.try(row) })
	}
	slices.Reverse(jobs) // refactorings take longest: they begin
	// One more than there are processors: processes under stress wait for each other.
	err = inParallel(processors()+1, jobs)
	a.Progress.Clear()
	if err != nil {
		return err
	}
	m.conclude()
	return errors.Join(m.failed...)
}

// try fills in a row. Its error is one that every row would have.
func (m *matrix) try(row *mutantRow) error {
	if m.Ctx.Err() != nil || m.hopeless() {
		return nil
	}
	m.show(row.Mutant, "being built")
	started := time.Now()
	job := trial.Job{Checks: m.flags.checks, Seeds: *m.flags.seeds, Most: *m.flags.most}
	err := trial.Try(m.Ctx, row.Mutant, job, func(a trial.Answer) {
		m.mu.Lock()
		row.book(a)
		m.mu.Unlock()
		if a.Check != "" {
			m.show(row.Mutant, fmt.Sprintf("%s: %s", a.Check, a.Outcome))
		}
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	row.Seconds = time.Since(started).Seconds()
	m.done++
	switch {
	case errors.Is(err, mutant.ErrNoToolchain), errors.Is(err, mutant.ErrNoSource):
		m.failed = []error{err}
		return err
	case err == nil:
		row.ended = true
	case errors.Is(err, context.Canceled):
		row.Failed = "interrupted"
	default:
		row.Failed = err.Error()
		m.failed = append(m.failed, err)
	}
	return nil
}

// hopeless says that no mutant can be built.
func (m *matrix) hopeless() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.failed) == 1 && (errors.Is(m.failed[0], mutant.ErrNoToolchain) || errors.Is(m.failed[0], mutant.ErrNoSource))
}

func (m *matrix) show(name, what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Progress.Show("%d of %d mutants, %s; %s: %s", m.done, len(m.rows), console.Seconds(time.Since(m.started)), name, what)
}

// book takes an answer down.
func (row *mutantRow) book(a trial.Answer) {
	if a.Check == "" {
		row.Samples = append(row.Samples, a.Samples...)
		return
	}
	row.Checks = append(row.Checks, a)
	if a.Outcome == trial.Killed && !row.Killed {
		row.Killed, row.By, row.Check, row.Executions = true, a.Property, a.Check, a.Executions
	}
}

// answer is that of a check; nil if there is none.
func (row *mutantRow) answer(c trial.Check) *trial.Answer {
	for i := range row.Checks {
		if row.Checks[i].Check == c {
			return &row.Checks[i]
		}
	}
	return nil
}

// killedBy says whether one of these checks killed it.
func (row *mutantRow) killedBy(checks ...trial.Check) bool {
	for _, c := range checks {
		if a := row.answer(c); a != nil && a.Outcome == trial.Killed {
			return true
		}
	}
	return false
}

// unseen says whether every check has answered, and none applies.
func (row *mutantRow) unseen() bool {
	applies := func(a trial.Answer) bool { return a.Outcome != trial.Inapplicable }
	return row.ended && !slices.ContainsFunc(row.Checks, applies)
}

// leastShare is the share of mutants that explore or lock-step must kill alone, in
// percent.
const leastShare = 95

// totals is the last line of mutants.
type totals struct {
	verdictRecord
	Mutants int `json:"mutants"`
	Killed  int `json:"killed"`
	// Survivors are the mutants that nothing killed.
	Survivors []string `json:"survivors"`
	// Unseen are those to which none of the chosen checks applies.
	Unseen []string `json:"unseen"`
	// Alone is how many explore or lock-step killed; left out unless both looked.
	Alone *int `json:"byExploreOrLockStep,omitempty"`
	// Misnamed are those that explore killed by another property than their patch
	// names.
	Misnamed     []string `json:"misnamed"`
	Refactorings int      `json:"refactorings"`
	// Alarms are the refactorings that a check took for faults.
	Alarms []string `json:"alarms"`
	// Left are those that not every check has answered about.
	Left []string `json:"left"`
}

// sum adds the rows up.
func (m *matrix) sum() totals {
	t := totals{Survivors: []string{}, Unseen: []string{}, Misnamed: []string{}, Alarms: []string{}, Left: []string{}}
	both := slices.Contains(m.flags.checks, trial.Explore) && slices.Contains(m.flags.checks, trial.LockStep)
	alone := 0
	for _, row := range m.rows {
		if !row.ended {
			t.Left = append(t.Left, row.Mutant)
		}
		if row.Layer == mutant.Refactorings {
			t.Refactorings++
			if row.Killed {
				t.Alarms = append(t.Alarms, row.Mutant)
			}
			continue
		}
		t.Mutants++
		switch {
		case row.Killed:
			t.Killed++
		case row.unseen():
			t.Unseen = append(t.Unseen, row.Mutant)
		case row.ended:
			t.Survivors = append(t.Survivors, row.Mutant)
		}
		if row.killedBy(trial.Explore, trial.LockStep) {
			alone++
		}
		if a := row.answer(trial.Explore); a != nil && a.Outcome == trial.Killed && a.Property != row.Named {
			t.Misnamed = append(t.Misnamed, row.Mutant)
		}
	}
	if both && t.Mutants > 0 {
		t.Alone = &alone
	}
	m.judgeTotals(&t)
	return t
}

// judgeTotals gives the verdict. What has been found wrong stays so, whatever is
// left.
func (m *matrix) judgeTotals(t *totals) {
	t.Record, t.Verb, t.Seconds = "verdict", "mutants", time.Since(m.started).Seconds()
	t.Bound = "what each check says of what it looked at"
	t.Verdict, t.Complete = verdict.Holds, len(t.Left) == 0
	t.Interrupted = m.Interrupted() && !t.Complete
	if len(t.Unseen) > 0 {
		t.Verdict, t.Reason = verdict.Unknown, "none of the chosen checks applies to "+shownNames(t.Unseen)
	}
	if !t.Complete {
		t.Verdict, t.Reason = verdict.Unknown, "not every check has answered about "+shownNames(t.Left)
	}
	if m.undecidedRefactoring() {
		t.Verdict, t.Reason = verdict.Unknown, "a check could not decide about a refactoring"
	}
	fewAlone := t.Alone != nil && t.Complete && 100**t.Alone < leastShare*t.Mutants
	if len(t.Survivors)+len(t.Misnamed)+len(t.Alarms) > 0 || fewAlone {
		t.Verdict = verdict.Violated
	}
}

// mostNames is how many names the totals show.
const mostNames = 5

func shownNames(names []string) string {
	if len(names) > mostNames {
		return fmt.Sprintf("%s and %s", strings.Join(names[:mostNames], ", "), console.Plural(len(names)-mostNames, "other"))
	}
	return strings.Join(names, ", ")
}

// undecidedRefactoring says whether a check did not come to an end with a
// refactoring: no alarm was raised, and none was ruled out.
func (m *matrix) undecidedRefactoring() bool {
	for _, row := range m.rows {
		for _, a := range row.Checks {
			if row.Layer == mutant.Refactorings && a.Outcome == trial.Undecided {
				return true
			}
		}
	}
	return false
}
