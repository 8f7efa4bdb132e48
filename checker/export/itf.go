package export

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"urpc/checker"
)

// ITF writes a trace in the Informal Trace Format (Apalache, ADR-015): by convention its
// file ends in ".itf.json". A variable is a field of the state: a struct is a record, an
// array a list. Values are integers or Booleans where all of a field are, else strings: an
// integer is a JSON number if its absolute value is below 2^53, else {"#bigint": "..."}.
// Who takes which step is in the #meta of the state that it leads to. The types of the
// variables are in the trace's #meta, as Apalache demands of what it reads. The cycle of a
// lasso is what loop says: its first state, which follows the last one of the trace.
func ITF(w io.Writer, t checker.Trace) error {
	states := t.States()
	types := typesOf(states)
	var trace itfTrace
	trace.Meta = map[string]any{
		"format": "ITF", "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
		"source": t.Model, "description": about(&t), "kind": t.Kind,
	}
	if t.Property != "" {
		trace.Meta["property"] = t.Property
	}
	if t.Cycle > 0 {
		trace.Loop = new(len(t.Steps) - t.Cycle)
		states = states[:len(states)-1] // which is the one that the loop begins with
		trace.Meta["loop-step"] = stepMeta(&t, len(t.Steps)-1)
	}
	for i, fields := range states {
		state, err := itfState(fields, types)
		if err != nil {
			return fmt.Errorf("writing a trace as ITF: %w", err)
		}
		meta := map[string]any{"index": i}
		if i > 0 {
			maps.Copy(meta, stepMeta(&t, i-1))
		}
		if i == 0 {
			trace.Vars = slices.Sorted(maps.Keys(state))
			trace.Meta["varTypes"] = varTypes(state, types)
		}
		state["#meta"] = meta
		trace.States = append(trace.States, state)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(trace); err != nil {
		return fmt.Errorf("writing a trace as ITF: %w", err)
	}
	return nil
}

// itfTrace is a trace object of the format.
type itfTrace struct {
	Meta   map[string]any   `json:"#meta"`
	Vars   []string         `json:"vars"`
	States []map[string]any `json:"states"`
	Loop   *int             `json:"loop,omitempty"`
}

// stepMeta tells of a step.
func stepMeta(t *checker.Trace, i int) map[string]any {
	s := &t.Steps[i]
	meta := map[string]any{"process": column(t, s), "step": s.Label}
	if s.Event != "" {
		meta["event"] = s.Event
	}
	if s.Choice != 0 {
		meta["choice"] = s.Choice
	}
	return meta
}

// itfType is the type of a scalar, as Apalache names it (ADR-002).
type itfType string

const (
	itfInt  itfType = "Int"
	itfBool itfType = "Bool"
	itfStr  itfType = "Str"
)

// indices are what the elements of one array differ in.
var indices = regexp.MustCompile(`\[[0-9]+\]`)

// typesOf gives the types of scalars, by path without indices: all elements of an array
// have one type, and so has a field in all states.
func typesOf(states [][]checker.Field) map[string]itfType {
	types := map[string]itfType{}
	for _, fields := range states {
		for _, f := range fields {
			path := indices.ReplaceAllString(f.Path, "[]")
			is := typeOf(f.Value)
			if known, ok := types[path]; ok && known != is {
				is = itfStr
			}
			types[path] = is
		}
	}
	return types
}

var integer = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

func typeOf(value string) itfType {
	switch {
	case value == "true" || value == "false":
		return itfBool
	case integer.MatchString(value):
		return itfInt
	default:
		return itfStr
	}
}

// mostExact is the largest integer that the format allows as a JSON number.
var mostExact = big.NewInt(1<<53 - 1)

// itfValue gives a scalar as an expression of the format.
func itfValue(value string, is itfType) any {
	switch is {
	case itfBool:
		return value == "true"
	case itfInt:
		n, _ := new(big.Int).SetString(value, 10)
		if n.CmpAbs(mostExact) > 0 {
			return map[string]string{"#bigint": value}
		}
		return json.Number(value)
	default:
		return value
	}
}

// itfState gives a state as its variables: the tree that the paths of its fields are of.
func itfState(fields []checker.Field, types map[string]itfType) (map[string]any, error) {
	root := map[string]any{}
	for _, f := range fields {
		value := itfValue(f.Value, types[indices.ReplaceAllString(f.Path, "[]")])
		steps, err := stepsOf(f.Path)
		if err != nil {
			return nil, err
		}
		if _, err := plant(root, steps, value); err != nil {
			return nil, fmt.Errorf("field %q: %w", f.Path, err)
		}
	}
	return root, nil
}

// stepsOf cuts a path into names and, in brackets, indices: "Client[2].At" into "Client",
// "[2]", "At".
func stepsOf(path string) ([]string, error) {
	var steps []string
	for _, part := range strings.Split(path, ".") {
		name, rest, _ := strings.Cut(part, "[")
		if name == "" || strings.HasPrefix(name, "#") {
			return nil, fmt.Errorf("field %q: its path has a part without a name", path)
		}
		steps = append(steps, name)
		for rest != "" {
			index, after, ok := strings.Cut(rest, "]")
			if _, err := strconv.Atoi(index); err != nil || !ok {
				return nil, fmt.Errorf("field %q: %q is no index", path, index)
			}
			steps = append(steps, "["+index+"]")
			rest = strings.TrimPrefix(after, "[")
		}
	}
	return steps, nil
}

// plant puts a value at the end of a path in a tree, and gives the tree. The elements of an
// array come in order.
func plant(tree any, steps []string, value any) (any, error) {
	if len(steps) == 0 {
		if tree != nil {
			return nil, fmt.Errorf("there are two values for it")
		}
		return value, nil
	}
	if index, isIndex := strings.CutPrefix(steps[0], "["); isIndex {
		list, ok := tree.([]any)
		at, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || tree != nil && !ok || at < 0 || at > len(list) {
			return nil, fmt.Errorf("element %s does not follow what is before it", steps[0])
		}
		if at == len(list) {
			list = append(list, nil)
		}
		list[at], err = plant(list[at], steps[1:], value)
		return list, err
	}
	record, ok := tree.(map[string]any)
	if tree == nil {
		record, ok = map[string]any{}, true
	}
	if !ok {
		return nil, fmt.Errorf("%s is not a part of what is before it", steps[0])
	}
	under, err := plant(record[steps[0]], steps[1:], value)
	record[steps[0]] = under
	return record, err
}

// varTypes gives the types of the variables of a state in the words of Apalache (ADR-002).
func varTypes(state map[string]any, types map[string]itfType) map[string]string {
	out := map[string]string{}
	for name, value := range state {
		out[name] = typeText(value, name, types)
	}
	return out
}

func typeText(value any, path string, types map[string]itfType) string {
	if is, ok := types[path]; ok {
		return string(is)
	}
	switch value := value.(type) {
	case []any:
		return "Seq(" + typeText(value[0], path+"[]", types) + ")"
	case map[string]any:
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			fields = append(fields, name+": "+typeText(value[name], path+"."+name, types))
		}
		return "{ " + strings.Join(fields, ", ") + " }"
	default:
		panic(fmt.Sprintf("export: field %s has no type", path))
	}
}
