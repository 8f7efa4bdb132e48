package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// arrow says what the packages of a folder may import of this module, and of
// libraries that are kept to one place.
type arrow struct {
	folder string
	may    []string
}

// arrows are those of docs/ARCHITECTURE.md, the more special folder first.
var arrows = []arrow{
	{"urpc/checker/verdict", nil},
	{"urpc/checker/export", []string{"urpc/checker"}},
	{"urpc/checker/command", []string{"urpc/checker", "golang.org/x/term", "github.com/spf13"}},
	{"urpc/checker/catalogue", []string{"urpc/checker"}},
	{"urpc/checker/schedule", []string{"urpc/checker/verdict"}},
	{"urpc/checker", []string{"urpc/checker/verdict", "github.com/zeebo"}},
	{"urpc/spec/step", nil},
	{"urpc/spec", []string{"urpc/spec", "urpc/checker"}},
	{"urpc/examples", []string{"urpc/examples", "urpc/checker"}},
	{"urpc/runtime", []string{"urpc/runtime", "urpc/spec/step", "golang.org/x/sys"}},
	{"urpc/fuzz", []string{"urpc/fuzz", "urpc/runtime", "urpc/spec", "urpc/checker", "golang.org/x/sys",
		"github.com/zeebo", "github.com/anishathalye/porcupine", "github.com/bluekeyes/go-gitdiff", "pgregory.net/rapid"}},
	{"urpc/bench", []string{"urpc/examples", "urpc/fuzz/child", "urpc/runtime", "urpc/checker", "golang.org/x/sys"}},
	{"urpc/cmd", []string{"urpc", "golang.org/x", "github.com/spf13"}},
}

// allowed says whether a package may import another one.
func allowed(from, to string) bool {
	outside := strings.Contains(strings.SplitN(to, "/", 2)[0], ".")
	if !outside && !within(to, "urpc") {
		return true // the standard library
	}
	for _, a := range arrows {
		if !within(from, a.folder) {
			continue
		}
		for _, folder := range a.may {
			if within(to, folder) {
				return true
			}
		}
		return false
	}
	return false
}

// within says whether a package is in a folder.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// The arrows point one way: the checker knows no URPC, the runtime knows no
// checker.
func TestArrows(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "urpc/...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		packages++
		for _, to := range p.Imports {
			if !allowed(p.ImportPath, to) {
				t.Errorf("%s must not import %s", p.ImportPath, to)
			}
		}
	}
	if packages < 20 {
		t.Errorf("only %d packages were looked at", packages)
	}
}

// What must not be is refused: otherwise the test above could not fail.
func TestArrowsRefuse(t *testing.T) {
	for from, to := range map[string]string{
		"urpc/checker":          "urpc/spec",
		"urpc/checker/command":  "urpc/spec",
		"urpc/checker/graph":    "github.com/spf13/cobra",
		"urpc/checker/schedule": "urpc/checker",
		"urpc/runtime/channel":  "urpc/checker/schedule",
		"urpc/runtime":          "urpc/spec/memory",
		"urpc/spec/memory":      "urpc/runtime/channel",
		"urpc/fuzz/explore":     "github.com/spf13/cobra",
		"urpc/elsewhere":        "urpc/checker",
	} {
		if allowed(from, to) {
			t.Errorf("%s may import %s", from, to)
		}
	}
}
