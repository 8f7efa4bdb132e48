package mutant

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// A mutant that is linked of packages that were compiled without it is the mutant
// that is compiled whole: both take the same steps to the same failure. What imports a
// package of which other packages see the change is compiled again, and nothing else.
func TestLinkedIsCompiled(t *testing.T) {
	source, err := root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, again := range map[string][]string{
		"no-recheck": {"urpc/runtime/channel"},
		"not-freed":  {"urpc/runtime/lock"}, // in a function that is inlined elsewhere
		"no-wake": { // whether an argument escapes is seen, too
			"urpc/runtime/channel", "urpc/runtime/call", "urpc/runtime/processor", "urpc/runtime/machine", "urpc/runtime",
			"urpc/fuzz/explore", "urpc/fuzz/mutant/internal/driver",
		},
	} {
		m, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		explored := func(build func(binary string) error) string {
			binary := filepath.Join(t.TempDir(), "mutant.exe")
			if err := build(binary); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var stdout, stderr bytes.Buffer
			code, err := execute(t.Context(), binary, []string{"explore", m.Target, m.Configuration, "1"}, &stdout, &stderr)
			if err != nil || code != 1 || !strings.Contains(stdout.String(), `"Mutant":"`+name+`"`) {
				t.Errorf("%s: exit %d, %v: %s%s", name, code, err, &stdout, &stderr)
			}
			return stdout.String()
		}
		linked := explored(func(binary string) error {
			got, err := m.link(t.Context(), t.TempDir(), source, driver, binary)
			if !slices.Equal(got, again) {
				t.Errorf("%s: compiled %v, want %v", name, got, again)
			}
			return err
		})
		whole := explored(func(binary string) error { return m.compile(t.Context(), t.TempDir(), source, driver, binary) })
		if linked != whole {
			t.Errorf("%s, linked:   %s\ncompiled: %s", name, linked, whole)
		}
	}
}

// What the compiler alone does not do is left to the go command: here a package with
// assembly.
func TestCompiledWhole(t *testing.T) {
	source, err := root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Find("nudge-of-one-bit")
	if err != nil {
		t.Fatal(err)
	}
	dir, binary := t.TempDir(), filepath.Join(t.TempDir(), "mutant.exe")
	if _, err := m.link(t.Context(), dir, source, driver, binary); !errors.Is(err, errWhole) {
		t.Errorf("link: %v, want %v", err, errWhole)
	}
	if _, err := m.buildIn(t.Context(), dir, source, driver); err != nil {
		t.Errorf("build: %v", err)
	}
	if _, err := exportData(filepath.Join(source, "go.mod")); err == nil {
		t.Error("a file that is no archive has export data")
	}
}

// Of the packages that change by a patch, or may see its change, one alone must be left
// to the go command, which takes several times as long: that with assembly.
func TestCompiledFast(t *testing.T) {
	source, err := root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{driver, "urpc/fuzz/mutant/internal/subject"} {
		p, err := partsOf(t.Context(), source, program)
		if err != nil {
			t.Fatal(err)
		}
		var changes, whole []string
		for _, one := range p.packages {
			if !strings.HasPrefix(one.ImportPath, module+"/runtime/") && !slices.ContainsFunc(one.Imports, func(name string) bool { return slices.Contains(changes, name) }) {
				continue
			}
			changes = append(changes, one.ImportPath)
			if err := one.alone(); err != nil {
				whole = append(whole, one.ImportPath)
			}
		}
		if len(changes) < 8 || !slices.Equal(whole, []string{module + "/runtime/kernel"}) {
			t.Errorf("of %v these must be compiled whole: %v", changes, whole)
		}
	}
}

// A patch leaves the lines after it where they were.
func TestAlign(t *testing.T) {
	const source = "package p\n\nfunc f() {\n\ta()\n\tb()\n\tc()\n}\n"
	for what, c := range map[string]struct{ hunk, want string }{
		"as many": {"@@ -5,1 +5,1 @@\n-\tb()\n+\td()\n", "package p\n\nfunc f() {\n\ta()\n\td()\n\tc()\n}\n"},
		"fewer":   {"@@ -4,3 +4,1 @@\n-\ta()\n-\tb()\n \tc()\n", "package p\n\nfunc f() {\n\n\n\tc()\n}\n"},
		"more":    {"@@ -5,1 +5,3 @@\n-\tb()\n+\tif d() { // which it may\n+\t\treturn\n+\t}\n", "package p\n\nfunc f() {\n\ta()\n if d() { return ; } ;\n\tc()\n}\n"},
		"between": {"@@ -4,2 +4,4 @@\n \ta()\n+\td(1,\n+\t\t\"x\")\n \tb()\n", "package p\n\nfunc f() {\n a(); d ( 1 , \"x\" ) ;\n\tb()\n\tc()\n}\n"},
		"twice":   {"@@ -4,3 +4,3 @@\n-\ta()\n \tb()\n+\td()\n \tc()\n", "package p\n\nfunc f() {\n\n b(); d ( ) ;\n\tc()\n}\n"},
		"first":   {"@@ -6,1 +6,2 @@\n+\td()\n \tc()\n", "package p\n\nfunc f() {\n\ta()\n\tb()\n\td()\n\tc()\n}\n"}, // not aligned
	} {
		files, _, err := gitdiff.Parse(strings.NewReader("diff --git a/a.go b/a.go\n--- a/a.go\n+++ b/a.go\n" + c.hunk))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got, err := change([]byte(source), files[0], align); err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s", what, err, got)
		}
	}
}
