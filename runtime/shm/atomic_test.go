package shm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// operations are the atomic operations of each access to a word. The explorer runs
// nothing within an access, so it could not tell an operation from a load and a store.
var operations = map[string][]string{
	"Load":           {"LoadUint32"},
	"hookedLoad":     {"LoadUint32"},
	"Peek":           {"LoadUint32"},
	"Store":          {"StoreUint32"},
	"TestAndSet":     {"SwapUint32"},
	"Add":            {"AddUint32"},
	"CompareAndSwap": {"LoadUint32", "CompareAndSwapUint32"}, // the load for the hook
}

// Each access to a word is one atomic operation, by the source of the package.
func TestEachAccessIsOneOperation(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "segment_unsafe.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if of, ok := s.X.(*ast.Ident); ok && of.Name == "atomic" {
					found[f.Name.Name] = append(found[f.Name.Name], s.Sel.Name)
				}
			}
			return true
		})
	}
	if !maps.EqualFunc(found, operations, slices.Equal) {
		t.Errorf("the operations are\n%q, want\n%q", found, operations)
	}
}

// Of goroutines that go along the words of a segment, and try for each, one takes it:
// without a hook, as in production, and with one. Where they seldom run at once the test
// above is what there is.
func TestAccessesAreAtomic(t *testing.T) {
	const threads, size = 4, 1 << 22
	for what, take := range map[string]func(s *Segment, off Offset) bool{
		"TestAndSet":     func(s *Segment, off Offset) bool { return s.TestAndSet(0, off) },
		"CompareAndSwap": func(s *Segment, off Offset) bool { return s.CompareAndSwap(0, off, 0, 1) },
		"Add":            func(s *Segment, off Offset) bool { return s.Add(0, off, 1) == 1 },
	} {
		for _, hook := range []Hook{nil, unheeding{}} {
			words := Heap(0, size)
			words.SetHook(hook)
			var taken, there atomic.Uint32
			var done sync.WaitGroup
			for range threads {
				done.Go(func() {
					for there.Add(1); there.Load() < threads; {
						runtime.Gosched()
					}
					mine := uint32(0)
					for off := Offset(0); off < size; off += 4 {
						if take(words, off) {
							mine++
						}
					}
					taken.Add(mine)
				})
			}
			done.Wait()
			if n := taken.Load(); n != size/4 {
				t.Errorf("%s, hook %T: %d words are taken %d times", what, hook, size/4, n)
			}
		}
	}
}

// unheeding is a hook that lets each access to a word be made.
type unheeding struct{ Hook }

func (unheeding) Before(Access) {}
func (unheeding) Saw(uint32)    {}
