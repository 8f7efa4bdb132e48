package shm_test

import (
	"errors"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// packagesOf gives the folders of the runtime's packages.
func packagesOf(t *testing.T) (folders []string) {
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// operationsOf gives what each function of a package does to what the threads of a space
// share beside the segments, and what each mutex guards: rows of the tables operations
// and guards. instead is other text of some files, by their paths.
func operationsOf(t *testing.T, folder string, instead map[string]string) (name string, rows map[string]string) {
	s := parse(t, folder, instead)
	s.findShared()
	s.findWords()
	rows = map[string]string{}
	for f, words := range s.words {
		if direct(words) {
			rows[s.name+"."+s.functions[f]] = strings.Join(words, " ")
		}
	}
	for mutex, fields := range s.guards {
		rows[s.name+"."+mutex] = strings.Join(fields, " ")
	}
	return s.name, rows
}

// source is one package of the runtime. Of what it imports nothing is known, and need
// not be: what is shared stands in fields and variables of its own.
type source struct {
	name      string
	files     []*ast.File
	set       *token.FileSet
	info      types.Info
	shared    map[types.Object]place
	called    map[string]bool     // how places are called in their structs
	guards    map[string][]string // of each mutex, the fields
	functions map[types.Object]string
	words     map[types.Object][]string
}

// place is a field, or a variable, that threads share.
type place struct {
	name string // after that of its struct
	kind placeKind
}

type placeKind uint8

const (
	atomical placeKind = iota + 1 // of an atomic type
	mutex
	guarded // plain: it follows a mutex in its struct, with no empty line between
)

func parse(t *testing.T, folder string, instead map[string]string) *source {
	context := build.Default
	context.GOOS, context.GOARCH = "linux", "amd64"
	p, err := context.ImportDir(folder, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := &source{
		name: p.Name, set: token.NewFileSet(), shared: map[types.Object]place{}, called: map[string]bool{}, guards: map[string][]string{},
		functions: map[types.Object]string{}, words: map[types.Object][]string{},
		info: types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}},
	}
	for _, name := range p.GoFiles {
		path := filepath.Join(folder, name)
		var text any
		if other, is := instead[path]; is {
			text = other
		}
		file, err := parser.ParseFile(s.set, path, text, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, file)
	}
	resolve := types.Config{Importer: nothing{}, Error: func(error) {}}
	resolve.Check(p.Name, s.set, s.files, &s.info) // it fails at what is imported
	return s
}

// nothing is what is known of packages that are imported.
type nothing struct{}

func (nothing) Import(string) (*types.Package, error) { return nil, errors.New("not looked at") }

// findShared finds what threads share.
func (s *source) findShared() {
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if of, ok := n.Type.(*ast.StructType); ok {
					s.findFields(n.Name.Name+".", of)
				}
			case *ast.ValueSpec:
				if kind := kindOf(n.Type); kind != 0 {
					s.share(kind, "", n.Names)
				}
			}
			return true
		})
	}
}

func (s *source) findFields(of string, fields *ast.StructType) {
	guard, last := "", 0
	for _, f := range fields.Fields.List {
		first := f.Pos()
		if f.Doc != nil {
			first = f.Doc.Pos()
		}
		if s.line(first) > last+1 {
			guard = ""
		}
		last = s.line(f.End())
		kind := kindOf(f.Type)
		if kind == 0 && guard != "" {
			kind = guarded
			for _, n := range f.Names {
				s.guards[guard] = append(s.guards[guard], n.Name)
			}
		}
		if kind != 0 {
			s.share(kind, of, f.Names)
		}
		if kind != 0 && f.Names == nil {
			panic("shm: " + of + types.ExprString(f.Type) + " is embedded: its operations have no field's name")
		}
		if kind == mutex {
			guard = of + f.Names[0].Name
			s.guards[guard] = nil
		}
	}
}

func (s *source) line(at token.Pos) int { return s.set.Position(at).Line }

func (s *source) share(kind placeKind, of string, names []*ast.Ident) {
	for _, n := range names {
		s.shared[s.info.Defs[n]] = place{of + n.Name, kind}
		s.called[n.Name] = true
	}
}

// kindOf is the kind of places of a type; 0: by its type it is none.
func kindOf(t ast.Expr) placeKind {
	if t == nil {
		return 0
	}
	switch text := types.ExprString(t); {
	case strings.Contains(text, "sync.Mutex"), strings.Contains(text, "sync.RWMutex"):
		return mutex
	case strings.Contains(text, "atomic."):
		return atomical
	default:
		return 0
	}
}

// findWords finds what each function does, by what it calls, too, until nothing is
// added.
func (s *source) findWords() {
	for before := -1; before < len(s.words); {
		before = len(s.words)
		for _, file := range s.files {
			if filepath.Base(s.set.Position(file.Pos()).Filename) == "segment_unsafe.go" {
				continue // see TestEachAccessIsOneOperation
			}
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Body == nil {
					continue
				}
				if words := s.wordsOf(f); len(words) > 0 {
					s.functions[s.info.Defs[f.Name]] = nameOf(f)
					s.words[s.info.Defs[f.Name]] = words
				}
			}
		}
	}
}

// direct says whether a function announces a step, or reaches what is shared itself
// and not only by what it calls.
func direct(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return !strings.HasSuffix(w, "()") })
}

// silent says whether a function reaches what is shared, and announces nothing.
func (s *source) silent(f types.Object) bool {
	return len(s.words[f]) > 0 && !slices.ContainsFunc(s.words[f], announces)
}

// reader goes through the body of a function.
type reader struct {
	*source
	in    string // the function's own name
	held  held
	taken map[*ast.Ident]bool // they are part of what was found before
	found []word
}

type word struct {
	at   token.Pos
	text string
}

// wordsOf gives what a function does, in the order of the source.
func (s *source) wordsOf(f *ast.FuncDecl) (words []string) {
	r := reader{source: s, in: f.Name.Name, held: s.holds(f.Body), taken: map[*ast.Ident]bool{}}
	ast.Inspect(f.Body, r.visit)
	slices.SortStableFunc(r.found, func(a, b word) int { return int(a.at - b.at) })
	for _, w := range r.found {
		words = append(words, w.text)
	}
	return words
}

func (r *reader) add(n ast.Node, text string) { r.found = append(r.found, word{n.Pos(), text}) }

func (r *reader) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.KeyValueExpr: // nobody else has what is being made
		if field, ok := n.Key.(*ast.Ident); ok {
			r.taken[field] = true
		}
	case *ast.CallExpr:
		r.call(n)
	case *ast.SelectorExpr:
		if of, at := r.place(n.X); at != nil && of.kind != guarded {
			r.taken[at] = true
			r.operation(of, n.Sel)
		} else if r.called[n.Sel.Name] && r.info.Uses[n.Sel] == nil {
			r.add(n.Sel, "unknown:"+n.Sel.Name)
		}
	case *ast.Ident:
		r.mention(n)
	}
	return true
}

// call finds announcements, and operations that are no methods.
func (r *reader) call(n *ast.CallExpr) {
	f, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if slices.Contains(announcements, f.Sel.Name) {
		name := strings.TrimPrefix(types.ExprString(n.Args[0]), "step.")
		r.add(f.Sel, name+":")
	}
	if of, ok := f.X.(*ast.Ident); ok && of.Name == "atomic" {
		r.add(f.Sel, "atomic."+f.Sel.Name)
	}
}

// place is the place that an expression names, and where it does.
func (r *reader) place(x ast.Expr) (place, *ast.Ident) {
	var at *ast.Ident
	switch x := x.(type) {
	case *ast.Ident:
		at = x
	case *ast.SelectorExpr:
		at = x.Sel
	}
	of, is := r.shared[r.info.Uses[at]]
	if !is {
		return of, nil
	}
	return of, at
}

// operation is that of a mutex or of an atomic.
func (r *reader) operation(of place, method *ast.Ident) {
	switch {
	case method.Pos() == r.held.lock:
		r.add(method, of.name)
	case method.Pos() == r.held.unlock:
	case of.kind == mutex:
		r.add(method, "mutex:"+of.name+"."+method.Name)
	case r.counts(of) && (method.Name == "Add" || method.Name == "Load" && slices.Contains(readers, r.in)):
	default:
		r.add(method, of.name+"."+method.Name)
	}
}

func (r *reader) counts(of place) bool { return slices.Contains(counts, r.name+"."+of.name) }

// mention is of a place without an operation, or of a function.
func (r *reader) mention(n *ast.Ident) {
	if r.taken[n] {
		return
	}
	is := r.info.Uses[n]
	switch of, shared := r.shared[is]; {
	case shared && r.counts(of), shared && of.kind == guarded && r.held.has(n):
	case shared && of.kind == guarded:
		r.add(n, "unguarded:"+of.name)
	case shared:
		r.add(n, "address:"+of.name)
	case r.silent(is):
		r.add(n, r.functions[is]+"()")
	}
}

// held is the part of a function in which it holds a mutex: to its end.
type held struct {
	lock, unlock token.Pos // the methods
	from, to     token.Pos
	later        []*ast.FuncLit // what may run when the function is over
}

// holds finds where a body locks a mutex and unlocks it at its end: by a deferred
// statement, or by its last one where it returns from nowhere else.
func (s *source) holds(body *ast.BlockStmt) held {
	var h held
	for i, statement := range body.List {
		lock := s.mutexes(statement, "Lock")
		if lock == nil || i+1 == len(body.List) {
			continue
		}
		last := body.List[len(body.List)-1]
		d, deferred := body.List[i+1].(*ast.DeferStmt)
		var unlock *ast.SelectorExpr
		switch {
		case deferred:
			unlock = s.mutexes(&ast.ExprStmt{X: d.Call}, "Unlock")
		case !returns(body):
			unlock = s.mutexes(last, "Unlock")
		}
		if unlock != nil && types.ExprString(unlock.X) == types.ExprString(lock.X) {
			h = held{lock: lock.Sel.Pos(), unlock: unlock.Sel.Pos(), from: statement.End(), to: body.End()}
			break
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncLit); ok {
			h.later = append(h.later, f)
		}
		return true
	})
	return h
}

func (h held) has(n ast.Node) bool {
	for _, f := range h.later {
		if f.Pos() <= n.Pos() && n.Pos() < f.End() {
			return false
		}
	}
	return h.from <= n.Pos() && n.Pos() < h.to
}

// mutexes is the method that a statement calls, if it is that one of a mutex.
func (s *source) mutexes(statement ast.Stmt, method string) *ast.SelectorExpr {
	e, ok := statement.(*ast.ExprStmt)
	if !ok {
		return nil
	}
	call, ok := e.X.(*ast.CallExpr)
	if !ok {
		return nil
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != method {
		return nil
	}
	of, ok := f.X.(*ast.SelectorExpr)
	if !ok || s.shared[s.info.Uses[of.Sel]].kind != mutex {
		return nil
	}
	return f
}

func returns(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		_, is := n.(*ast.ReturnStmt)
		found = found || is
		return true
	})
	return found
}
