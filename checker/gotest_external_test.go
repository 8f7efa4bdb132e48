package checker_test

import (
	"testing"

	"urpc/checker"
)

// lamp is on or off, and a process that switches it.
type lamp struct{ On bool }

// The three lines that the package's documentation gives for go test.
func TestThreeLines(t *testing.T) {
	model := checker.Model[lamp]{
		Name: "lamp", Init: []lamp{{}},
		Processes: []checker.Process[lamp]{{Name: "switch", Count: 1, Steps: []checker.Step[lamp]{
			{Label: "press", Do: func(s *lamp, _ int) bool { s.On = !s.On; return true }},
		}}},
		Properties: []checker.Property[lamp]{checker.AlwaysEventually("it is lit", func(s *lamp) bool { return s.On })},
	}
	if r, err := checker.Check(t.Context(), model, checker.Options{}); err != nil || r.Verdict != checker.Holds {
		t.Errorf("%v, %v: %+v", r.Verdict, err, r.Properties)
	}
}
