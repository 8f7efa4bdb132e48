package schedule_test

import (
	"os"
	"regexp"
	"testing"

	"urpc/checker/schedule"
)

// The program of the package's documentation fails as it says.
func TestProgramOfTheDocumentation(t *testing.T) {
	w := watch("TestCounter", func(s *schedule.T) {
		x := s.Word("x", 0)
		s.Go("left", func() { x.Store(x.Load() + 1) })
		s.Go("right", func() { x.Store(x.Load() + 1) })
		s.AtEnd(func() { s.Check("sum", x.Peek() == 2, "two increments made %v", x) })
	}, schedule.Optimal(), schedule.Options{})
	if !w.failed {
		t.Error("it passes")
	}
	contains(t, w.said.String(), "sum is violated", "two increments made x = 1", "SCHEDULE_TOKEN=s3.TestCounter...optimal.", "go test -run '^TestCounter$' .")
}

// The files that the documentation points at are there.
func TestFilesOfTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`[a-z_]+\.go\b`).FindAllString(string(text), -1)
	if len(named) < 20 {
		t.Errorf("it points at %d files", len(named))
	}
	for _, name := range named {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
