package checker

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"
)

// mostOracleLines bounds what has to be read to trust the oracle.
const mostOracleLines = 200

// The oracles are small, and name nothing that is declared outside of them.
func TestOracleSharesNoCode(t *testing.T) {
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range []string{"oracle_test.go", "oracle_fair_test.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > mostOracleLines {
			t.Errorf("%s has %d lines, want %d or fewer", name, n, mostOracleLines)
		}
		file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range file.Imports {
			if path := imported.Path.Value; path != `"maps"` && path != `"slices"` {
				t.Errorf("the oracle imports %s", path)
			}
		}
		parsed = append(parsed, file)
	}
	c := types.Config{Importer: noPackages{}, Error: func(err error) {
		if strings.Contains(err.Error(), "undefined") {
			t.Errorf("the oracle uses what is not its own: %v", err)
		}
	}}
	c.Check("oracle", files, parsed, nil) //nolint:errcheck // Error was told
}

// noPackages imports nothing: what packages have is not looked at.
type noPackages struct{}

func (noPackages) Import(string) (*types.Package, error) { return nil, errors.New("not looked at") }
