package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"urpc/checker/command/console"
)

// What the README shows of a command is what the command prints: "..." stands for
// lines left out, and for nothing else.
func TestReadmeShowsWhatIsPrinted(t *testing.T) {
	const prompt = "$ urpccheck "
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```\n"+prompt)
	block, _, whole := strings.Cut(block, "```\n")
	command, shown, lines := strings.Cut(block, "\n")
	if !found || !whole || !lines {
		t.Fatal("the README shows no command")
	}
	printed := printedBy(t, strings.Fields(command))
	for part := range strings.SplitSeq(shown, "...\n") {
		_, after, found := strings.Cut(printed, part)
		if !found {
			t.Fatalf("this is not, or not there, in what %q prints:\n%s", command, part)
		}
		printed = after
	}
}

// printedBy runs a command line in a folder of its own.
func printedBy(t *testing.T, args []string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv(calledAs, "urpccheck")
	t.Setenv("COLUMNS", "")
	out := temporary(t)
	if code := run(t.Context(), args, out, os.Stderr); code != console.ExitViolated {
		t.Fatalf("exit code %d", code)
	}
	return filepath.ToSlash(contents(t, out))
}
