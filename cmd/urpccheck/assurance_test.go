package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"urpc/checker/command/console"
)

// Every command that docs/assurance.md names is one: the verb and its flags are
// known, what it names exists, and a test that it runs is there.
func TestAssuranceNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "assurance.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{}
	commands, tested := 0, 0
	for _, span := range regexp.MustCompile("`(urpccheck|go test) ([^`]*)`").FindAllStringSubmatch(string(text), -1) {
		line := strings.ReplaceAll(span[2], `\|`, "|")
		words := strings.Fields(strings.ReplaceAll(line, "'", ""))
		if span[1] == "urpccheck" {
			commands++
			known(t, words)
			continue
		}
		tested++
		runsTests(t, tests, words)
	}
	if commands < 10 || tested < 10 {
		t.Errorf("%d commands and %d tests were looked at", commands, tested)
	}
}

// known parses a command line without running it.
func known(t *testing.T, words []string) {
	t.Helper()
	c := &console.Console{Program: program, Ctx: t.Context(), Out: console.NewOutput(temporary(t), func() {}), Errors: os.Stderr, Progress: console.NewProgress(os.Stderr)}
	a := &app{Console: c, models: modelsOf(c)}
	root := a.rootCommand()
	verb, rest, err := root.Find(words)
	if err != nil || verb == root {
		t.Errorf("urpccheck %s: no such verb: %v", strings.Join(words, " "), err)
		return
	}
	if err := verb.ParseFlags(rest); err != nil {
		t.Errorf("urpccheck %s: %v", strings.Join(words, " "), err)
	}
	if err := verb.ValidateArgs(verb.Flags().Args()); err != nil {
		t.Errorf("urpccheck %s: %v", strings.Join(words, " "), err)
	}
	for _, name := range verb.Flags().Args() {
		if !slices.Contains(slices.Concat(targetNames(), a.models.Names()), name) {
			t.Errorf("urpccheck %s: %s is neither a target nor a model", strings.Join(words, " "), name)
		}
	}
}

// runsTests demands that each alternative of -run or -fuzz names a test of the
// package.
func runsTests(t *testing.T, listed map[string]string, words []string) {
	t.Helper()
	pkg := words[0]
	for i, w := range words[:len(words)-1] {
		if w != "-run" && w != "-fuzz" {
			continue
		}
		if listed[pkg] == "" {
			listed[pkg] = declared(t, pkg)
		}
		for name := range strings.SplitSeq(words[i+1], "|") {
			name, _, _ = strings.Cut(name, "/") // of a test, a part
			if !regexp.MustCompile(`func (Test|Fuzz)?\w*` + name).MatchString(listed[pkg]) {
				t.Errorf("go test %s: no test %s", pkg, name)
			}
		}
	}
}

// declared gives the source of a package's tests.
func declared(t *testing.T, pkg string) string {
	t.Helper()
	var b bytes.Buffer
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pkg), "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests: %v", pkg, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}
