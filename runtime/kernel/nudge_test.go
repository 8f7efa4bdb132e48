package kernel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// A Nudge changes the word, and only then wakes: else who is woken finds the word as it
// was, falls asleep again and misses the change. No test can come between the two, so that
// their order is read in the source.
func TestNudgeChangesThenWakes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "linux_unsafe.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "Nudge" || f.Recv == nil {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				switch called := c.Fun.(type) {
				case *ast.SelectorExpr:
					calls = append(calls, called.Sel.Name)
				case *ast.Ident:
					calls = append(calls, called.Name)
				}
			}
			return true
		})
	}
	if want := []string{"Change", "wake", "Pointer"}; !slices.Equal(calls, want) {
		t.Errorf("Nudge calls %q, want %q", calls, want)
	}
}
