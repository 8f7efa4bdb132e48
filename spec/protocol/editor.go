package protocol

import (
	"urpc/checker"
	"urpc/checker/catalogue"
)

// "Editor E has threads T1 and T2; window manager W; file cache F. T1 calls W,
// then F. T2 calls F. Two processors: P1 in E, P2 in W, F has none."
//
//	T1: call W; call F; exit
//	T2: call F; exit

// The spaces of the editor example.
const (
	editor = iota
	windows
	files
)

// EditorConfig is the editor example with so many processors in E, W and F.
func EditorConfig(e, w, f int) Config {
	c := Config{
		Name:   "editor",
		Spaces: "EWF",
		Orders: true,
		Threads: []Program{
			{Space: editor, Do: []Instruction{{Kind: Call, Server: windows}, {Kind: Call, Server: files}}},
			{Space: editor, Do: []Instruction{{Kind: Call, Server: files}}},
		},
	}
	for space, n := range []int{e, w, f} {
		for range n {
			c.Processors = append(c.Processors, space)
		}
	}
	return c
}

// Editor is the editor example as a family.
var Editor = catalogue.Family{
	Name: "editor",
	Doc:  "the editor example of the notes: T1 calls W, then F; T2 calls F; by default P1 starts in E, P2 in W, none in F",
	Parameters: []catalogue.Parameter{
		{Name: "e", Doc: "processors that start in the editor", Default: 1, Min: 0, Max: 2},
		{Name: "w", Doc: "processors that start in the window manager", Default: 1, Min: 0, Max: 1},
		{Name: "f", Doc: "processors that start in the file cache", Default: 0, Min: 0, Max: 1},
		{Name: "keeps", Doc: "the space that never gives a processor away", Default: 0, Min: 0, Max: 3, Words: []string{"none", "editor", "windows", "files"}},
		readyListParameter, donateParameter, donorsParameter, policyParameter,
	},
	Configurations: []catalogue.Configuration{
		{Name: "default", Doc: "P1 in E, P2 in W; FIFO; any idle processor may donate"},
		{Name: "w-keeps", Doc: "W keeps its processor", Set: map[string]int{"keeps": 1 + windows}},
		{Name: "three", Doc: "three processors, one each", Set: map[string]int{"f": 1}},
		{Name: "any", Doc: "any ready thread may be dispatched", Set: map[string]int{"readyList": int(Any)}},
		{Name: "linked", Doc: "only processors of spaces that share a channel may donate", Set: map[string]int{"donors": int(Linked)}},
		{Name: "one", Doc: "one processor, in E", Set: map[string]int{"w": 0}},
		{Name: "one-any", Doc: "one processor, in E; any ready thread may be dispatched", Set: map[string]int{"w": 0, "readyList": int(Any)}},
		{Name: "eager", Doc: "every call carries the processor along", Set: map[string]int{"policy": int(eagerPolicy)}},
		{Name: "hybrid", Doc: "only T1's calls carry the processor along", Set: map[string]int{"policy": int(hybridPolicy)}},
	},
	Mutants: mutantsOf("default", "default", "one"),
	Build:   buildEditor,
}

func buildEditor(v catalogue.Values, mutant string) (checker.AnyModel, error) {
	model, err := editorModel(v, mutant)
	if err != nil {
		return nil, err
	}
	return checker.Any(model), nil
}

func editorModel(v catalogue.Values, mutant string) (checker.Model[State], error) {
	return build(EditorConfig(v.Int("e"), v.Int("w"), v.Int("f")), v, mutant)
}
