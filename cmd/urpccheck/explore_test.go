package main

import (
	"strings"
	"testing"

	"urpc/checker/schedule"
)

// Where the number of states depends on the order of the search, every form of its
// report says so.
func TestUntoldIsTold(t *testing.T) {
	r := schedule.Report{States: 41, Executions: 7, Complete: true}
	for _, untold := range [][]string{nil, {"LookSlot", "TakePlace"}} {
		r.Untold = untold
		e, row := &explored{app: &app{ctx: t.Context()}, report: r}, &targetRow{}
		row.book(&r)
		for form, says := range map[string]bool{
			"the text":             strings.Contains(e.covered(), "some states count as several, how many depends on the order: LookSlot, TakePlace read and told nothing"),
			"the record":           len(e.record().Untold) == 2,
			"the row of the table": row.cells()[4] == "at most 41",
			"the row's record":     len(row.Untold) == 2,
		} {
			if says != (untold != nil) {
				t.Errorf("%s with %q: says so: %t", form, untold, says)
			}
		}
	}
}

// So it does where the search did without a lock that it was told of.
func TestDistrustedIsTold(t *testing.T) {
	e := &explored{app: &app{ctx: t.Context()}, report: schedule.Report{States: 41, Distrusted: []string{"b stands there"}}}
	if !strings.Contains(e.covered(), "not relied on, a lock: b stands there") || len(e.record().Distrusted) != 1 {
		t.Errorf("%s, %+v", e.covered(), e.record())
	}
}
