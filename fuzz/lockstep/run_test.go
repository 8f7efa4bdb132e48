package lockstep

import (
	"strings"
	"testing"

	"urpc/checker/schedule"
)

// Steps of executions that verify a search by states are judged, too, and the line
// that counts them says so: the explorer's own number of steps is without them.
func TestVerificationIsTold(t *testing.T) {
	const included = ", those of verification included"
	for _, c := range []struct {
		rep  schedule.Report
		want string
	}{{schedule.Report{}, ""}, {schedule.Report{Verified: 1}, included}, {schedule.Report{Swapped: 1}, included}, {schedule.Report{Walks: 1}, included}} {
		var b strings.Builder
		if err := (Report{Report: c.rep, Matched: 3, Candidates: 2}).WriteText(&b, 0); err != nil {
			t.Fatal(err)
		}
		if want := "lock-step: 3 steps matched" + c.want + ", at most 2 candidate states\n"; b.String() != want {
			t.Errorf("it prints %q, want %q", b.String(), want)
		}
	}
}
