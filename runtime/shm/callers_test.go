package shm_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// passes are the ways past the hook, the announcements of what is kept beside the
// segments, and what stands behind these: names, after that of a package or of a field
// where they are common. With each are the functions of the runtime that use it: for
// what watches a run, for what is done under a hook alone, for the kernel, or as the
// accessor that announces.
var passes = map[string][]string{
	"Unhooked": {
		"call.Caller.Private", "call.Caller.LookRecord", "call.Caller.mayFind", "processor.Pool.Private",
		"channel.Port.AwaitMessage", "channel.Port.AwaitSend", "channel.Port.Queued",
	},
	"Peek": {
		"call.Caller.LookRecord", "call.Caller.mayFind", "channel.Port.AwaitMessage", "channel.Port.AwaitSend", "channel.Port.Queued",
		"kernel.blockAndWake", "processor.Pool.Look",
	},
	"PeekBytes": nil,
	"Address":   {"kernel.linux.Sleep", "kernel.linux.Wake"},
	"Beside": {
		"call.Caller.lookName", "call.Caller.nameCall", "call.freeList.put", "call.freeList.take",
		"call.poison.look", "call.poison.lookSending", "call.poison.set", "call.poison.stopSending", "call.poison.unblock", "kernel.Nudge.Seen",
		"shm.View.Beside",
	},
	"call.generation": {"call.Caller.Counters", "call.Caller.LookRecord", "call.Caller.Record", "call.Caller.name", "call.Caller.nameCall", "call.New"},
	"call.name":       {"call.Caller.lookName", "call.waiter.send"}, // who sends has the record
	"call.why":        {"call.Caller.PoisonedBy", "call.poison.look"},
	"call.empty":      {"call.Caller.mayFind"},
	"poison.err":      nil,
	"poison.stopped":  {"call.waiter.block"},
	"free.records":    {"call.Caller.Free", "call.Caller.LookFree"},
}

// What runs reaches shared memory by steps: who else can is on the list.
func TestWhoGoesPastTheHook(t *testing.T) {
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ofPackage := file.Name.Name
		for _, d := range file.Decls {
			where := ofPackage + "." + nameOf(d)
			ast.Inspect(d, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					for _, pass := range []string{s.Sel.Name, ofPackage + "." + s.Sel.Name, ofField(s)} {
						if _, is := passes[pass]; is && !slices.Contains(found[pass], where) {
							found[pass] = append(found[pass], where)
						}
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pass := range slices.Sorted(maps.Keys(passes)) {
		slices.Sort(found[pass])
		if want := slices.Sorted(slices.Values(passes[pass])); !slices.Equal(found[pass], want) {
			t.Errorf("%s is used by\n%q, want\n%q", pass, found[pass], want)
		}
	}
}

// nameOf is the name of a function, after that of its receiver's type; of any other
// declaration it is "".
func nameOf(d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		return ""
	}
	if f.Recv == nil {
		return f.Name.Name
	}
	of := strings.Trim(types.ExprString(f.Recv.List[0].Type), "*")
	of, _, _ = strings.Cut(of, "[") // without the type's parameters
	return of + "." + f.Name.Name
}

// ofField is the selected name after that of the field which it is selected of.
func ofField(s *ast.SelectorExpr) string {
	if of, ok := s.X.(*ast.SelectorExpr); ok {
		return of.Sel.Name + "." + s.Sel.Name
	}
	return ""
}
