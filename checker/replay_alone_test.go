package checker

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// replayerFiles are the replayer, and mostReplayerLines how many lines they may have: it is
// what has to be believed of a counterexample.
var replayerFiles = []string{"replay.go"}

const mostReplayerLines = 300

// replayerUses are the files whose declarations the replayer may use: what a model and a
// trace are, how they are refused and shown, and how functions of a model are called that
// may not return. The search is in none of them.
var replayerUses = []string{"model.go", "fairness.go", "clauses.go", "refine.go", "report.go", "validate.go",
	"fields.go", "names.go", "errors.go", "apart.go", "render_refinement.go"}

func TestTheReplayerIsShort(t *testing.T) {
	lines := 0
	for _, file := range replayerFiles {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(text), "\n")
	}
	if lines > mostReplayerLines {
		t.Errorf("the replayer has %d lines, want at most %d", lines, mostReplayerLines)
	}
	others, err := filepath.Glob("replay*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range others {
		if !strings.HasSuffix(file, "_test.go") && !slices.Contains(replayerFiles, file) {
			t.Errorf("%s is not counted", file)
		}
	}
}

// only imports the packages that the replayer does; of the others nothing is known, which
// leaves what the replayer uses as it is.
type only struct {
	types.Importer
	paths []string
}

func (o only) Import(path string) (*types.Package, error) {
	if slices.Contains(o.paths, path) {
		return o.Importer.Import(path)
	}
	return types.NewPackage(path, filepath.Base(path)), nil
}

// Whatever the replayer uses of this package is declared in the files that it may use.
func TestTheReplayerStandsAlone(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	positions := token.NewFileSet()
	var all, replayer []*ast.File
	known := only{Importer: importer.ForCompiler(positions, "source", nil)}
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(positions, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
		if slices.Contains(replayerFiles, path) {
			replayer = append(replayer, f)
			for _, i := range f.Imports {
				known.paths = append(known.paths, strings.Trim(i.Path.Value, `"`))
			}
		}
	}
	uses := map[*ast.Ident]types.Object{}
	ignore := func(error) {} // about packages of which nothing is known
	self, _ := (&types.Config{Importer: known, Error: ignore}).Check("urpc/checker", positions, all, &types.Info{Uses: uses})
	allowed, used := slices.Concat(replayerFiles, replayerUses), map[string]bool{}
	for _, f := range replayer {
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || uses[id] == nil || uses[id].Pkg() != self {
				return true
			}
			file := filepath.Base(positions.Position(uses[id].Pos()).Filename)
			used[file] = true
			if !slices.Contains(allowed, file) {
				t.Errorf("%s: uses %s of %s", positions.Position(id.Pos()), id.Name, file)
			}
			return true
		})
	}
	for _, file := range allowed {
		if !used[file] {
			t.Errorf("the replayer uses nothing of %s", file)
		}
	}
}
