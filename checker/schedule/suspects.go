package schedule

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// uncontrolled are the functions, by import path, whose results are no functions of
// a schedule; "" stands for all of a package.
var uncontrolled = map[string]map[string]string{
	"time": {
		"Now": "the time", "Since": "the time", "Until": "the time", "After": "the time", "Tick": "the time",
		"NewTimer": "the time", "NewTicker": "the time", "AfterFunc": "the time",
	},
	"math/rand":    {"": "random numbers"},
	"math/rand/v2": {"": "random numbers"},
	"crypto/rand":  {"": "random numbers"},
	"hash/maphash": {"": "a hash with a random seed"},
	"maps":         {"All": "the order of a map", "Keys": "the order of a map", "Values": "the order of a map"},
	"runtime":      {"NumGoroutine": "other goroutines"},
}

// suspects names what is not under control in the functions of the source at these
// places (file:line), each with its place. It looks at the text alone: it knows a
// map where the function makes or declares it, and does not follow calls. Where the
// source is not at hand it finds nothing.
func suspects(places []string) []string {
	const most = 4
	var found []string
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		colon := strings.LastIndexByte(place, ':')
		if colon < 0 {
			continue
		}
		line, err := strconv.Atoi(place[colon+1:])
		if err != nil {
			continue
		}
		for _, s := range suspectsIn(place[:colon], line) {
			if !slices.Contains(found, s) && len(found) < most {
				found = append(found, s)
			}
		}
	}
	return found
}

// suspectsIn looks at the innermost function around a line in which there is
// something to be found.
func suspectsIn(file string, line int) []string {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	i := inspector{files: files, imports: importsOf(f), maps: mapsOf(f)}
	var around []ast.Node // functions, the outermost first
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil || line < files.Position(n.Pos()).Line || files.Position(n.End()).Line < line {
			return n == f
		}
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			around = append(around, n)
		}
		return true
	})
	for _, n := range slices.Backward(around) {
		if ast.Inspect(n, i.visit); len(i.found) > 0 {
			break
		}
	}
	return i.found
}

// inspector gathers suspects.
type inspector struct {
	files   *token.FileSet
	imports map[string]string // import path by name
	maps    map[string]bool   // names of variables that are maps somewhere in the file
	found   []string
}

func (i *inspector) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.RangeStmt:
		if i.isMap(n.X) {
			i.add(n, "the order of a map")
		}
	case *ast.GoStmt:
		i.add(n, "another goroutine")
	case *ast.SelectStmt:
		if len(n.Body.List) > 1 {
			i.add(n, "a select")
		}
	case *ast.CallExpr:
		i.call(n)
	}
	return true
}

// call looks at a call of a function of another package.
func (i *inspector) call(n *ast.CallExpr) {
	s, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	switch s.Sel.Name {
	case "MapKeys", "MapRange":
		i.add(n, "the order of a map")
		return
	}
	x, ok := s.X.(*ast.Ident)
	if !ok {
		return
	}
	functions := uncontrolled[i.imports[x.Name]]
	if what := functions[s.Sel.Name] + functions[""]; what != "" {
		i.add(n, what)
	}
}

func (i *inspector) add(n ast.Node, what string) {
	p := i.files.Position(n.Pos())
	i.found = append(i.found, fmt.Sprintf("%s (%s:%d)", what, filepath.Base(p.Filename), p.Line))
}

func (i *inspector) isMap(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return i.maps[x.Name]
	case *ast.SelectorExpr:
		return i.maps[x.Sel.Name]
	}
	return makesMap(x)
}

func importsOf(f *ast.File) map[string]string {
	imports := make(map[string]string)
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := strings.TrimSuffix(path, "/v2")
		name = name[strings.LastIndexByte(name, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = path
	}
	return imports
}

// mapsOf gives the names that the file declares as maps.
func mapsOf(f *ast.File) map[string]bool {
	names := make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for k, left := range n.Lhs {
				if x, ok := left.(*ast.Ident); ok && k < len(n.Rhs) && makesMap(n.Rhs[k]) {
					names[x.Name] = true
				}
			}
		case *ast.ValueSpec:
			for k, x := range n.Names {
				if isMapType(n.Type) || k < len(n.Values) && makesMap(n.Values[k]) {
					names[x.Name] = true
				}
			}
		case *ast.Field:
			for _, x := range n.Names {
				names[x.Name] = names[x.Name] || isMapType(n.Type)
			}
		}
		return true
	})
	return names
}

// makesMap says whether an expression is a literal or a make of a map.
func makesMap(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.CompositeLit:
		return isMapType(x.Type)
	case *ast.CallExpr:
		name, ok := x.Fun.(*ast.Ident)
		return ok && name.Name == "make" && len(x.Args) > 0 && isMapType(x.Args[0])
	}
	return false
}

func isMapType(x ast.Expr) bool {
	_, is := x.(*ast.MapType)
	return is
}
