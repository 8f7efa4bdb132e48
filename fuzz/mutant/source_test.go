package mutant

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"urpc/checker/catalogue"
)

func TestFind(t *testing.T) {
	if m, err := Find("no-recheck"); err != nil || m.Name != "no-recheck" || m.Target != "channel" || m.Doc == "" {
		t.Errorf("%+v, %v", m, err)
	}
	var unknown *catalogue.UnknownError
	if _, err := Find("no-rechek"); !errors.As(err, &unknown) || unknown.Nearest != "no-recheck" || !slices.Equal(unknown.Known, Names()) {
		t.Errorf("an unknown mutant: %v", err)
	}
	if _, _, err := Build(t.Context(), "no-rechek"); !errors.As(err, &unknown) {
		t.Errorf("build an unknown mutant: %v", err)
	}
	if Running() != "" {
		t.Errorf("this test runs in mutant %q", Running())
	}
}

func TestFirstLines(t *testing.T) {
	const good = "announce-after-recheck" // it has all the lines that there may be
	m, err := Find(good)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"no empty line":  "Breaks: it.\n",
		"a line missing": strings.Replace(m.patch, "Target: ", "Goal: ", 1),
		"no number":      strings.Replace(m.patch, "Preemptions: ", "Preemptions: x", 1),
		"a line more":    "Because: it.\n" + m.patch,
		"two lines less": strings.Replace(m.patch, "First difference: ", "\nFirst difference: ", 1),
		"no thread":      strings.Replace(m.patch, " of server 1\n", "\n", 1),
		"no preemptions": strings.Replace(m.patch, "Lock-step preemptions: ", "Lock-step preemptions: x", 1),
	} {
		if text == m.patch {
			t.Fatalf("%s: nothing was changed", what)
		}
		if _, err := read(good, text); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}

func TestFirstLinesOfRefactorings(t *testing.T) {
	same := AllRefactorings()
	if len(same) < 5 {
		t.Errorf("%d refactorings, want at least 5", len(same))
	}
	for _, m := range same {
		if m.Layer != Refactorings || m.Doc == "" || m.Target != "" || slices.Contains(Names(), m.Name) {
			t.Errorf("%+v", m)
		}
	}
	for what, text := range map[string]string{
		"a fault's lines": All()[0].patch,
		"a line more":     "Changes: it.\nBreaks: it.\n\n",
	} {
		if _, err := readRefactoring("r", text); err == nil {
			t.Errorf("%s: is accepted", what)
		}
	}
}

// What lock-step does not find, a patch may say in one line.
func TestMissedByLockStep(t *testing.T) {
	text := strings.Replace(hunk, "Killed by: it\n", "Killed by: it\nNot in lock-step: the specification has no such word.\n", 1)
	m, err := read("m", text)
	if err != nil || m.LockStep != (LockStep{Missed: "the specification has no such word."}) {
		t.Errorf("%+v, %v", m.LockStep, err)
	}
	if m, err := read("m", hunk); err != nil || m.LockStep != (LockStep{}) {
		t.Errorf("nothing about lock-step: %+v, %v", m.LockStep, err)
	}
}

// No two patches make the same change, and none makes none.
func TestEveryPatchIsAnother(t *testing.T) {
	seen := map[string]string{}
	for _, m := range slices.Concat(All(), AllRefactorings()) {
		files, _, err := gitdiff.Parse(strings.NewReader(m.patch))
		if err != nil {
			t.Fatal(err)
		}
		var changed strings.Builder
		for _, f := range files {
			for _, h := range f.TextFragments {
				for _, l := range h.Lines {
					if l.Op != gitdiff.OpContext {
						changed.WriteString(f.NewName + l.String())
					}
				}
			}
		}
		if other, known := seen[changed.String()]; known || changed.Len() == 0 {
			t.Errorf("%s changes what %q changes", m.Name, other)
		}
		seen[changed.String()] = m.Name
	}
}

const source = `package lock

func a() { same() }

func b() { same() }

func c() { once() }
`

const hunk = `Breaks: it.
Target: lock
Configuration: default
Preemptions: 0
Killed by: it

diff --git a/a.go b/a.go
--- a/a.go
+++ b/a.go
@@ -70,1 +70,1 @@
-func c() { once() }
+func c() { twice() }
`

func TestPatchAppliesWhereItsLinesStand(t *testing.T) {
	for _, c := range []struct{ name, patch, want, failure string }{
		{name: "elsewhere", patch: hunk, want: strings.Replace(source, "once", "twice", 1)},
		{name: "nowhere", patch: strings.Replace(hunk, "{ once() }", "{ never() }", 1),
			failure: "patch does not apply: a.go: hunk 1 (@@ -70,1 +70,1 @@): its lines are not in the file"},
		{name: "twice", patch: strings.NewReplacer("-func c() { once() }", "-", "+func c() { twice() }", "+//").Replace(hunk),
			failure: "patch does not apply: a.go: hunk 1 (@@ -70,1 +70,1 @@): its lines stand at line 2 and at line 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := read("m", c.patch)
			if err != nil {
				t.Fatal(err)
			}
			files, err := m.apply(dir, nil)
			if c.failure != "" {
				if !errors.Is(err, ErrPatch) || !strings.HasSuffix(err.Error(), c.failure) {
					t.Errorf("%v\nwant %s", err, c.failure)
				}
				return
			}
			if err != nil || string(files["a.go"]) != c.want {
				t.Errorf("%v\n%s", err, files["a.go"])
			}
		})
	}
}

func TestEveryPatchApplies(t *testing.T) {
	dir, err := root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range slices.Concat(All(), AllRefactorings()) {
		if _, err := m.apply(dir, nil); err != nil {
			t.Error(err)
		}
	}
}

func TestPatchThatDoesNotCompileIsAnError(t *testing.T) {
	m, err := Find("no-wake")
	if err != nil {
		t.Fatal(err)
	}
	m.patch = strings.Replace(m.patch, "-	k.Wake(p.own, offDoorbell)", "-	k.Wake(p.own, offDoorbell)\n+	k.Wake(nobody)", 1)
	m.patch = strings.Replace(m.patch, ",6 @@", ",7 @@", 1)
	if _, _, err := m.build(t.Context(), driver); err == nil || !strings.Contains(err.Error(), "undefined: nobody") {
		t.Errorf("a patch that does not compile: %v", err)
	}
}

func TestWithoutToolchain(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, _, err := Build(t.Context(), "no-wake"); !errors.Is(err, ErrNoToolchain) {
		t.Errorf("without a go command: %v", err)
	}
}

func TestWithoutSource(t *testing.T) {
	was := compiledFrom
	t.Cleanup(func() { compiledFrom = was })
	t.Chdir(t.TempDir())
	if _, err := root(t.Context()); err != nil {
		t.Errorf("where the program was compiled is forgotten: %v", err)
	}
	compiledFrom = "urpc/fuzz/mutant/source.go" // as with -trimpath
	if _, _, err := Build(t.Context(), "no-wake"); !errors.Is(err, ErrNoSource) {
		t.Errorf("outside of every module: %v", err)
	}
}

func TestFromAnotherModule(t *testing.T) {
	here, err := root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	was := compiledFrom
	t.Cleanup(func() { compiledFrom = was })
	compiledFrom = ""
	dir := t.TempDir()
	gomod := "module other\n\ngo 1.26\n\nrequire urpc v0.0.0\n\nreplace urpc => " + here + "\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(gomod), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if got, err := root(t.Context()); err != nil || got != here {
		t.Errorf("from a module that replaces: %q, %v, want %q", got, err, here)
	}
}

func TestMutantPassesOnWhatItsProgramDoes(t *testing.T) {
	m, err := Find("execute-twice")
	if err != nil {
		t.Fatal(err)
	}
	binary, cleanup, err := m.build(t.Context(), driver)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code, err := execute(t.Context(), binary, []string{"explore", "chanel", "default", "0"}, &stdout, &stderr)
	if err != nil || code != 4 || stdout.Len() > 0 || !strings.Contains(stderr.String(), `did you mean "channel"?`) {
		t.Errorf("exit %d, %v: %s%s", code, err, &stdout, &stderr)
	}
	cleanup()
	if _, err := os.Stat(binary); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the program is left behind: %v", err)
	}
	if _, err := execute(t.Context(), binary, nil, &stdout, &stderr); err == nil {
		t.Error("a program that is not there runs")
	}
	if runtime.GOOS == "windows" != strings.HasSuffix(binary, ".exe") {
		t.Errorf("the program is called %s", binary)
	}
}
