package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"urpc/checker/command"
	"urpc/checker/command/console"
	"urpc/examples"
)

// shownCommand is a command that a document shows, and what it prints there.
type shownCommand struct {
	line  string // without the prompt
	words []string
	shown []string // lines; one that is "..." stands for any number of them
	at    int      // its line in the document
	code  int      // its exit code
}

// exitCode is how a document states the exit code of the command before, if it is not 0.
var exitCode = regexp.MustCompile(`^Exit code (\d+)\b`)

// shownCommands are the commands of a document: what begins with "$ " in blocks of which the
// first line does.
func shownCommands(t *testing.T, path string) (all []shownCommand) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inside, commands, before := false, false, ""
	for i, line := range strings.Split(string(text), "\n") {
		command, prompted := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside, commands = !inside, false
		case inside && prompted && (commands || strings.HasPrefix(before, "```")):
			commands = true
			all = append(all, shownCommand{line: command, words: shellWords(t, command), at: i + 1})
		case inside && commands:
			last := &all[len(all)-1]
			last.shown = append(last.shown, line)
		case !inside && exitCode.MatchString(line):
			all[len(all)-1].code, _ = strconv.Atoi(exitCode.FindStringSubmatch(line)[1])
		}
		before = line
	}
	if inside || len(all) == 0 {
		t.Fatalf("%s shows no command, or a block of it has no end", path)
	}
	return all
}

// shellWords takes a command line apart: single quotes keep words together.
func shellWords(t *testing.T, line string) (words []string) {
	t.Helper()
	for _, w := range regexp.MustCompile(`(?:'[^']*'|[^\s'])+`).FindAllString(line, -1) {
		words = append(words, strings.ReplaceAll(w, "'", ""))
	}
	if strings.Count(line, "'")%2 != 0 || strings.ContainsAny(line, "\"\\|;&>") && words[0] != "go" {
		t.Fatalf("%q is more than a command and its arguments", line)
	}
	return words
}

// differs is what differs from run to run.
var differs = regexp.MustCompile(`\b[\d.,]+ (ns|µs|ms|s|m|h|B|KiB|MiB|GiB)\b|\bseed \d+|"(seed|memory|seconds|rate)":[^,}]*`)

// alike are the lines of a text without what differs from run to run or from system to system,
// and without empty ones at its end.
func alike(lines []string) (all []string) {
	for _, line := range lines {
		line = strings.ReplaceAll(line, `\`, "/") // in names of files
		all = append(all, strings.TrimRight(differs.ReplaceAllStringFunc(line, func(what string) string {
			if strings.HasPrefix(what, "seed ") || what[0] == '"' {
				return strings.TrimRight(what, "0123456789.+-e")
			}
			return "so much"
		}), " "))
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// compareShown says where what is shown is not what is printed: "" if it is.
func compareShown(shown, printed []string) string {
	shown, printed = alike(shown), alike(printed)
	at, anywhere := 0, false // where the next lines are, or whether lines may be left out before
	for len(shown) > 0 {
		part := shown
		end := slices.Index(shown, "...")
		if end >= 0 {
			part, shown = shown[:end], shown[end+1:]
		} else {
			shown = nil
		}
		from := at
		if anywhere && end < 0 && len(part) > 0 { // the last lines are the last ones
			from = max(at, len(printed)-len(part))
		}
		for ; !begins(printed[from:], part); from++ {
			if !anywhere || from == len(printed) {
				return fmt.Sprintf("is not, or not there, in what is printed:\n%s", strings.Join(part, "\n"))
			}
		}
		at, anywhere = from+len(part), end >= 0
	}
	if !anywhere && at < len(printed) {
		return fmt.Sprintf("is not all that is printed, after which comes:\n%s", strings.Join(printed[at:], "\n"))
	}
	return ""
}

func begins(lines, part []string) bool {
	return len(lines) >= len(part) && slices.Equal(lines[:len(part)], part)
}

// runShown runs a command of a document, in the current folder, and demands what is shown.
func runShown(t *testing.T, c shownCommand) {
	t.Helper()
	code, printed := printedBy(t, c.words)
	if code != c.code {
		t.Errorf("line %d: %s: exit code %d, want %d", c.at, c.line, code, c.code)
	}
	if wrong := compareShown(c.shown, strings.Split(printed, "\n")); wrong != "" {
		t.Errorf("line %d: what is shown of %q %s", c.at, c.line, wrong)
	}
}

// printedBy runs a command in the current folder: one of the commands of this module, or what
// shows the files that one has left.
func printedBy(t *testing.T, words []string) (code int, printed string) {
	t.Helper()
	out := temporary(t)
	switch words[0] {
	case "urpccheck":
		code = run(t.Context(), words[1:], out, out)
	case "first": // examples/first
		first := console.Program{Name: "first", Source: ".", CalledAs: "FIRST_CALLED_AS", Out: "first-out"}
		t.Setenv(first.CalledAs, first.Name)
		code = console.Run(context.Background(), first, words[1:], out, out, func(c *console.Console, args []string) error {
			return command.Execute(c, args, examples.Families)
		})
	case "cat":
		text, err := os.ReadFile(words[1])
		if err != nil {
			t.Fatal(err)
		}
		return 0, string(text)
	case "ls":
		entries, err := os.ReadDir(words[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			printed += e.Name() + "\n"
		}
		return 0, printed
	default:
		t.Fatalf("%q is not run here", words)
	}
	return code, contents(t, out)
}

// ownFolder makes a folder for commands that are run in this process, as if by name, and goes
// there.
func ownFolder(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv(calledAs, "urpccheck")
	t.Setenv("COLUMNS", "")
}

// Where what is shown is not what is printed it is found.
func TestShownIsCompared(t *testing.T) {
	printed := []string{"a", "b", "c", "d", "took 3.1 ms, 4 KiB, seed 7", ""}
	for _, test := range []struct {
		shown string
		alike bool
	}{
		{"a\nb\nc\nd\ntook 12 s, 1,024 MiB, seed 8", true},
		{"a\n...", true},
		{"...\nb\nc\n...", true},
		{"...\ntook 1 s, 1 B, seed 1", true},
		{"a\n...\nc\n...\ntook 1 s, 1 B, seed 1", true},
		{"...\na\n...\nd\ntook 1 s, 1 B, seed 1\n...", true},
		{"a", false},
		{"b\n...", false},
		{"...\nd", false},
		{"...\nb\nd\n...", false},
		{"...\nc\n...\nb\n...", false},
		{"a\nb\nc\nd\ntook 1 lap, 1 B, seed 1", false},
		{"a\nb\nc\nd\ntook 1 s, 1 B, seed 1\ne", false},
		{"", false},
		{"a\nb\nc\nd\ntook 1 s, 1 B, seed 1\n\n", true},
	} {
		if wrong := compareShown(strings.Split(test.shown, "\n"), printed); (wrong == "") != test.alike {
			t.Errorf("%q: alike %v, want %v: %s", test.shown, wrong == "", test.alike, wrong)
		}
	}
}
