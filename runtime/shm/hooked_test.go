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

// asks are the functions of the runtime that do otherwise where they are watched, by what
// they do (View.Hooked says why what is explored is what ships). They all ask Hooked; but
// for package shm, which tells its hooks, and what passes the answer on.
var asks = map[string][]string{
	// if Hooked() { Mark(…) }
	"marks": {
		"call.Caller.drain", "call.waiter.awaitRecord", "call.waiter.leadOn", "call.waiter.send", "call.waiter.wait",
		"processor.Pool.monitor", "processor.Pool.work", "processor.Worker.Receive", "processor.Worker.send",
	},
	// if !Hooked() { runtime.Gosched() }
	"yields": {"call.waiter.yield", "processor.Worker.send"},
	// What is called Await.
	"awaits": {"channel.Port.AwaitMessage", "channel.Port.AwaitReceive", "channel.Port.AwaitSend"},
	// if polls%pollsPerLook != 0 && !Hooked() { without a look }
	"looks":  {"call.waiter.leadOn", "processor.polling.more"},
	"passes": {"channel.Port.Hooked", "shm.View.Hooked"},
	"tells": {
		"shm.Region.SetHook", "shm.Region.add", "shm.Segment.Add", "shm.Segment.CompareAndSwap", "shm.Segment.CopyIn", "shm.Segment.Store",
		"shm.Segment.TestAndSet", "shm.View.Await", "shm.View.Beside", "shm.View.CopyMore", "shm.View.CopyOut", "shm.View.Load",
		"shm.View.Mark", "shm.View.SetHook", "shm.View.before", "shm.View.bypassed", "shm.View.hookedLoad",
	},
}

// Nothing else of the runtime depends on whether it is watched.
func TestWhoAsksForTheHook(t *testing.T) {
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			where := file.Name.Name + "." + nameOf(d)
			for _, how := range asksOf(d, where) {
				if !slices.Contains(found[how], where) {
					found[how] = append(found[how], where)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for how := range found {
		if _, known := asks[how]; !known {
			t.Errorf("%s: %q", how, found[how])
		}
	}
	for _, how := range slices.Sorted(maps.Keys(asks)) {
		slices.Sort(found[how])
		if want := slices.Sorted(slices.Values(asks[how])); !slices.Equal(found[how], want) {
			t.Errorf("%s:\n%q, want\n%q", how, found[how], want)
		}
	}
}

// The check sees what it is to see.
func TestAsksAreSeen(t *testing.T) {
	const head = "package p\nfunc (p *Port) f() {"
	for _, c := range []struct{ body, want string }{
		{"if p.Hooked() { p.Mark(1, 2) }", "marks"},
		{"if p.Hooked() { p.Mark(1); p.Store(2) }", other},
		{"if p.Hooked() { p.Mark(1) } else { p.Store(2) }", other},
		{"if !p.Hooked() { runtime.Gosched() }", "yields"},
		{"if polls%pollsPerLook != 0 && !p.Hooked() { continue }", "looks"},
		{"if r == Full && p.Hooked() { p.Mark(1) }", other},
		{"watched := p.own.Hooked(); _ = watched", other},
		{"f := p.Hooked; _ = f", other},
		{"if p.hook != nil { p.skip() }", "looks past Hooked"},
		{"if h := p.hook; h == nil { p.skip() }", "looks past Hooked"},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", head+c.body+"}", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := asksOf(file.Decls[0], "p.Port.f"); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}

const other = "does otherwise under a hook"

// asksOf says, for each time that a function asks whether it is watched, for what.
func asksOf(d ast.Decl, where string) (all []string) {
	ofPackage, name, _ := strings.Cut(where, ".")
	_, name, _ = strings.Cut(name, ".")
	known := map[ast.Node]string{} // of what is asked in a condition
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if how := asksIn(n); how != "" {
				ast.Inspect(n.Cond, func(c ast.Node) bool { known[c] = how; return true })
			}
		case *ast.SelectorExpr:
			how := known[n]
			switch {
			case n.Sel.Name == "hook" && ofPackage == "shm" && name == "Hooked":
				how = "passes"
			case n.Sel.Name == "hook" && ofPackage == "shm":
				how = "tells"
			case n.Sel.Name == "hook":
				how = "looks past Hooked"
			case n.Sel.Name != "Hooked":
				return true
			case how != "":
			case name == "Hooked":
				how = "passes"
			case ofPackage == "channel" && strings.HasPrefix(name, "Await"):
				how = "awaits"
			default:
				how = other
			}
			all = append(all, how)
		}
		return true
	})
	return all
}

// asksIn says for what a condition asks that has one of three forms: "" for any other.
func asksIn(s *ast.IfStmt) string {
	if s.Else != nil || len(s.Body.List) != 1 {
		return ""
	}
	cond, does := types.ExprString(s.Cond), s.Body.List[0]
	call := ""
	if x, ok := does.(*ast.ExprStmt); ok {
		if c, ok := x.X.(*ast.CallExpr); ok {
			call = types.ExprString(c.Fun)
		}
	}
	_, goesOn := does.(*ast.BranchStmt)
	_, returns := does.(*ast.ReturnStmt)
	of, asked := strings.CutSuffix(cond, ".Hooked()")
	not, denies := strings.CutPrefix(of, "!")
	switch {
	case !asked:
	case strings.Contains(of, "pollsPerLook != 0 && !") && (goesOn || returns):
		return "looks"
	case s.Init != nil:
	case !denies && call == of+".Mark", !denies && strings.HasSuffix(call, ".port.Mark"):
		return "marks"
	case denies && !strings.ContainsAny(not, " &|") && call == "runtime.Gosched":
		return "yields"
	}
	return ""
}
