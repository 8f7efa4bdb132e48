package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/checker.md shows of a command is what the command prints, from the first to the
// last, in one folder; what it says of tests names tests that there are; its table has the
// counts that the commands print.
func TestDocumentsShowWhatIsPrinted(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "checker.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	commands := shownCommands(t, path)
	sources := map[string]string{}
	ran, tested := 0, 0
	for _, c := range commands {
		if c.words[0] == "go" {
			tested++
			runsTests(t, sources, c.words[2:])
		}
	}
	_, program, _ := strings.Cut(string(text), "```go\n")
	program, _, found := strings.Cut(program, "```\n")
	first, err := os.ReadFile(filepath.Join("..", "..", "examples", "first", "main.go"))
	if err != nil || !found || !strings.HasSuffix(strings.ReplaceAll(string(first), "\r\n", "\n"), program) {
		t.Errorf("examples/first is not what it shows: %v", err)
	}
	ownFolder(t)
	for _, c := range commands {
		if c.words[0] != "go" {
			ran++
			runShown(t, c)
		}
	}
	rows := knownAnswers(t, string(text))
	if ran < 50 || tested < 30 || rows < 12 {
		t.Errorf("%d commands, %d of go test and %d rows were looked at", ran, tested, rows)
	}
}

// knownAnswers runs the commands of the table of counts, and demands the counts.
func knownAnswers(t *testing.T, text string) (rows int) {
	t.Helper()
	row := regexp.MustCompile("(?m)^\\|[^|]*\\|[^|]*\\| ([\\d,]+) \\| ([\\d,]+) \\| (\\d+) \\| (\\d+)[^|]*\\| `(urpccheck check [^`]*)` \\|$")
	for _, r := range row.FindAllStringSubmatch(text, -1) {
		rows++
		_, printed := printedBy(t, shellWords(t, r[5]))
		want := r[1] + " states, " + r[2] + " transitions, depth " + r[3] + ", " + r[4] + " deadlock"
		if !strings.Contains(printed, want) {
			t.Errorf("%s does not print %q", r[5], want)
		}
	}
	return rows
}
