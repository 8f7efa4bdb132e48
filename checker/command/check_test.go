package command

import (
	"encoding/json"
	"os"
	"testing"

	"urpc/checker"
	"urpc/checker/command/console"
)

// A model that panics leaves its stack with the other complaints: what --json
// prints stays one object a line.
func TestPanicOfAModelIsNoOutput(t *testing.T) {
	out, complaints := temporary(t), temporary(t)
	m := &Models{Console: &console.Console{Ctx: t.Context(), Out: console.NewOutput(out, func() {}), Errors: complaints, Progress: console.NewProgress(complaints)}}
	err := m.failed(&Chosen{}, "check", true, 1, checker.Report{}, &checker.PanicError{Stack: "the stack"})
	if code := m.ExitCode(err); code != console.ExitFailed {
		t.Errorf("exit code %d", code)
	}
	if text := contents(t, out); !json.Valid([]byte(text)) {
		t.Errorf("not one object: %s", text)
	}
	if text := contents(t, complaints); len(text) < 9 || text[:9] != "the stack" {
		t.Errorf("complaints: %s", text)
	}
}

func temporary(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func contents(t *testing.T, f *os.File) string {
	t.Helper()
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
