package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// fewFaults are planted by each go test: one that a small test catches.
const fewFaults = "split-loses-a-word"

var planted = flag.String("faults", fewFaults, "which faults to plant: all, or `NAME,NAME`")

// leastFaults is how many there are at least.
const leastFaults = 40

// fault is one patch.
type fault struct {
	name, breaks string
	tests        []string
	changed      map[string]string // files as the patch makes them, by path from the root
}

// root is the folder of the module, from this one.
const root = "../.."

func read(path string) (fault, error) {
	f := fault{name: strings.TrimSuffix(filepath.Base(path), ".patch"), changed: map[string]string{}}
	text, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	head, diff, _ := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n\n")
	lines := strings.Split(head, "\n")
	var tests string
	if len(lines) == 2 {
		f.breaks, _ = strings.CutPrefix(lines[0], "Breaks: ")
		tests, _ = strings.CutPrefix(lines[1], "Killed by: ")
	}
	if f.breaks == "" || f.breaks == lines[0] || tests == "" || tests == lines[1] {
		return f, fmt.Errorf("begins with %q; want the two lines Breaks: … and Killed by: …", head)
	}
	f.tests = strings.Split(tests, ", ")
	files, _, err := gitdiff.Parse(strings.NewReader(diff))
	if err != nil || len(files) == 0 {
		return f, fmt.Errorf("%d files are changed, %v; want a unified diff after an empty line", len(files), err)
	}
	for _, file := range files {
		if f.changed[file.NewName], err = change(file); err != nil {
			return f, err
		}
	}
	return f, nil
}

// change gives a file as the patch makes it.
func change(file *gitdiff.File) (string, error) {
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file.OldName)))
	if err != nil {
		return "", err
	}
	text := strings.ReplaceAll(string(source), "\r\n", "\n")
	for _, hunk := range file.TextFragments {
		var before, after strings.Builder
		for _, l := range hunk.Lines {
			if l.Old() {
				before.WriteString(l.Line)
			}
			if l.New() {
				after.WriteString(l.Line)
			}
		}
		if n := strings.Count(text, before.String()); n != 1 {
			return "", fmt.Errorf("%s: the old lines of hunk %s stand in %d places, want one:\n%s", file.OldName, hunk.Header(), n, before.String())
		}
		text = strings.Replace(text, before.String(), after.String(), 1)
	}
	return text, nil
}

// all reads every fault.
func all(t *testing.T) []fault {
	t.Helper()
	paths, err := filepath.Glob("*.patch")
	if err != nil || len(paths) < leastFaults {
		t.Fatalf("there are %d patches, want %d or more; %v", len(paths), leastFaults, err)
	}
	var faults []fault
	for _, path := range paths {
		f, err := read(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		faults = append(faults, f)
	}
	return faults
}

// Each patch still applies to what it breaks, gives what can be parsed, and names tests
// that there are.
func TestFaultsApply(t *testing.T) {
	known := testsOfChecker(t)
	for _, f := range all(t) {
		for path, text := range f.changed {
			if _, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution); err != nil {
				t.Errorf("%s: %v", f.name, err)
			}
		}
		for _, test := range f.tests {
			if !slices.Contains(known, test) {
				t.Errorf("%s: package checker has no test %q", f.name, test)
			}
		}
	}
}

func testsOfChecker(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(root + "/checker/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			names = append(names, string(match[1]))
		}
	}
	return names
}

// Each fault that is planted is caught by each test that it names.
func TestFaultsAreCaught(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no Go toolchain to compile a fault with")
	}
	wanted := strings.Split(*planted, ",")
	found := 0
	for _, f := range all(t) {
		if *planted != "all" && !slices.Contains(wanted, f.name) {
			continue
		}
		found++
		t.Run(f.name, func(t *testing.T) { f.plant(t) })
	}
	if *planted != "all" && found != len(wanted) {
		t.Errorf("%d of the faults %q are there", found, wanted)
	}
}

// plant compiles the tests of the checker with a fault and runs those that catch it.
func (f *fault) plant(t *testing.T) {
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	dir := t.TempDir()
	for path, text := range f.changed {
		original, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		replaced := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		if err := os.WriteFile(replaced, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[original] = replaced
	}
	for _, left := range f.leftOut(t) {
		overlay.Replace[left] = "" // which stands for no file
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	file, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "checker.test.exe")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "test", "-c", "-vet=off", "-gcflags=-l", "-ldflags=-s -w", "-overlay", file, "-o", binary, "urpc/checker")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("does not compile: %v\n%s", err, out)
	}
	for _, test := range f.tests {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		run := exec.CommandContext(ctx, binary, "-test.run", "^"+test+"$")
		run.Dir = filepath.Join(root, "checker")
		out, err := run.CombinedOutput()
		cancel()
		if err == nil {
			t.Errorf("%s: %s does not catch it", f.breaks, test)
		} else if !bytes.Contains(out, []byte("FAIL")) && !bytes.Contains(out, []byte("panic")) && ctx.Err() == nil {
			t.Errorf("%s: %s ends with %v, which is no failure of a test:\n%s", f.breaks, test, err, out)
		}
	}
}

// leftOut lists the test files that the fault's tests do not need, by absolute path: most of
// the time goes into compiling them. A file is needed if it declares a name that a needed
// one has.
func (f *fault) leftOut(t *testing.T) (paths []string) {
	t.Helper()
	files, err := filepath.Glob(root + "/checker/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	declares, has := map[string][]string{}, map[string][]string{} // by path
	for _, path := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			declares[path] = append(declares[path], namesOf(d)...)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				has[path] = append(has[path], id.Name)
			}
			return true
		})
	}
	needed, wanted := map[string]bool{}, f.tests
	for len(wanted) > 0 {
		var next []string
		for _, path := range files {
			if !needed[path] && slices.ContainsFunc(declares[path], func(name string) bool { return slices.Contains(wanted, name) }) {
				needed[path] = true
				next = append(next, has[path]...)
			}
		}
		wanted = next
	}
	for _, path := range files {
		absolute, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		if !needed[path] {
			paths = append(paths, absolute)
		}
	}
	return paths
}

// namesOf lists what is declared for the whole package.
func namesOf(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return append(names, d.Name.Name)
		}
		ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool { // whoever has the type may need its methods
			if id, ok := n.(*ast.Ident); ok {
				names = append(names, id.Name)
			}
			return len(names) == 0
		})
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}
