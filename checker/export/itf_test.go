package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"urpc/checker"
)

// checkITF judges a text by the rules of ADR-015 of Apalache, read from the ADR and not
// from what writes it. It gives the trace.
func checkITF(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var trace map[string]any
	if err := d.Decode(&trace); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows the trace")
	}
	for name := range trace {
		if !slices.Contains([]string{"#meta", "params", "vars", "states", "loop"}, name) {
			return nil, fmt.Errorf("a trace has no field %q", name)
		}
	}
	meta, ok := trace["#meta"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("no #meta, which Apalache demands of what it reads")
	}
	types, ok := meta["varTypes"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("no varTypes, which Apalache demands of what it reads")
	}
	vars, ok := trace["vars"].([]any)
	if !ok || len(vars) != len(types) {
		return nil, fmt.Errorf("vars are %v, varTypes %v", trace["vars"], types)
	}
	states, ok := trace["states"].([]any)
	if !ok || len(states) == 0 {
		return nil, fmt.Errorf("no states")
	}
	for i, state := range states {
		if err := checkITFState(state, vars, types); err != nil {
			return nil, fmt.Errorf("state %d: %w", i, err)
		}
	}
	if loop, ok := trace["loop"]; ok {
		n, err := loop.(json.Number).Int64()
		if err != nil || n < 0 || int(n) >= len(states) {
			return nil, fmt.Errorf("loop is %v of %d states", loop, len(states))
		}
	}
	return trace, nil
}

func checkITFState(state any, vars []any, types map[string]any) error {
	fields, ok := state.(map[string]any)
	if !ok {
		return fmt.Errorf("is no object")
	}
	meta := 0
	if m, ok := fields["#meta"]; ok {
		if meta = 1; m != nil {
			if _, ok := m.(map[string]any); !ok {
				return fmt.Errorf("#meta is no object")
			}
		}
	}
	if len(fields) != len(vars)+meta {
		return fmt.Errorf("%d fields for %d variables", len(fields), len(vars))
	}
	for _, v := range vars {
		value, ok := fields[v.(string)]
		if !ok || strings.HasPrefix(v.(string), "#") {
			return fmt.Errorf("no variable %v", v)
		}
		is, err := itfTypeOf(value)
		if err != nil {
			return fmt.Errorf("variable %v: %w", v, err)
		}
		if is != types[v.(string)] {
			return fmt.Errorf("variable %v is %s, its type is told as %v", v, is, types[v.(string)])
		}
	}
	return nil
}

var bigint = regexp.MustCompile(`^-?[0-9]+$`)

// itfTypeOf gives the type of an expression, or says why it is none.
func itfTypeOf(value any) (string, error) {
	switch value := value.(type) {
	case bool:
		return "Bool", nil
	case string:
		return "Str", nil
	case json.Number:
		n, ok := new(big.Int).SetString(value.String(), 10)
		if !ok || n.CmpAbs(big.NewInt(1<<53-1)) > 0 {
			return "", fmt.Errorf("%v is no JSON integer", value)
		}
		return "Int", nil
	case []any:
		return itfList(value)
	case map[string]any:
		if text, ok := value["#bigint"]; ok {
			if s, ok := text.(string); !ok || len(value) != 1 || !bigint.MatchString(s) {
				return "", fmt.Errorf("%v is no big integer", value)
			}
			return "Int", nil
		}
		return itfRecord(value)
	default:
		return "", fmt.Errorf("%v is no expression", value)
	}
}

func itfList(list []any) (string, error) {
	of := ""
	for _, element := range list {
		is, err := itfTypeOf(element)
		if err != nil {
			return "", err
		}
		if of != "" && of != is {
			return "", fmt.Errorf("a list of %s and %s", of, is)
		}
		of = is
	}
	return "Seq(" + of + ")", nil
}

func itfRecord(record map[string]any) (string, error) {
	var fields []string
	for name, value := range record {
		if strings.HasPrefix(name, "#") {
			return "", fmt.Errorf("a record has no field %q", name)
		}
		is, err := itfTypeOf(value)
		if err != nil {
			return "", err
		}
		fields = append(fields, name+": "+is)
	}
	slices.Sort(fields)
	return "{ " + strings.Join(fields, ", ") + " }", nil
}

// hostile are names that would break a format which wrote them as they are.
var hostile = []string{
	`"quoted"`, "two\nlines", "semi;colon", "end", "END", "the end", "#35;", "# comment", "%% comment", "%%{init: {}}%%", `back\slash`, `trailing\`, "<b>&amp;</b>",
	"a:b", "wrap: no", "a->>b", "loop", "é漢字🙂", "\x00\x1b[31m", "\xff\xfe", "", " ", "}", "]", "{", "a--b", "Note over p0", "style x:#f;", "\r\n", "\u2028", "p0", "+", "-",
}

// lasso is a trace of two processes that goes round a cycle, with names of the reader's
// choice in every place where a model has one.
func lasso(name string) checker.Trace {
	return checker.Trace{
		Model: "m " + name, Property: name, Kind: checker.KindLiveness, Cycle: 2, Columns: []string{name, "other " + name},
		Initial: []checker.Field{{Path: "At[0]", Value: name}, {Path: "At[1]", Value: "y"}, {Path: "Big", Value: "9007199254740992"},
			{Path: "In.On", Value: "true"}, {Path: "In.N[0].X", Value: "-7"}, {Path: "In.N[1].X", Value: "0"}},
		Steps: []checker.TraceStep{
			{Taken: checker.Taken{Process: name, Label: name}, Event: name, Changes: []checker.Change{{Path: "At[0]", Before: name, After: "x" + name}}},
			{Taken: checker.Taken{Process: "other", Label: name, Choice: 2}, Column: 1, Changes: []checker.Change{{Path: "Big", Before: "9007199254740992", After: "-9007199254740991"}}},
			{Taken: checker.Taken{Process: "other", Label: "back"}, Column: 1, Changes: []checker.Change{{Path: "Big", Before: "-9007199254740991", After: "9007199254740992"}}},
		},
	}
}

func written(t *testing.T, write func(io.Writer, checker.Trace) error, trace checker.Trace) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, trace); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestITFKeepsToItsRules(t *testing.T) {
	for _, name := range hostile {
		trace, err := checkITF([]byte(written(t, ITF, lasso(name))))
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		// The third step comes back to state 1, which the loop begins with.
		if states := trace["states"].([]any); len(states) != 3 || fmt.Sprint(trace["loop"]) != "1" {
			t.Errorf("%q: %d states, loop %v", name, len(states), trace["loop"])
		}
	}
	short := lasso("x")
	short.Cycle, short.Kind = 0, checker.KindWalk
	trace, err := checkITF([]byte(written(t, ITF, short)))
	if err != nil {
		t.Fatal(err)
	}
	if _, looped := trace["loop"]; looped || len(trace["states"].([]any)) != 4 {
		t.Errorf("a trace without a cycle has %d states, and loop %v", len(trace["states"].([]any)), trace["loop"])
	}
}

// The judge of the format refuses what breaks its rules: otherwise the test above could not
// fail.
func TestITFRulesRefuse(t *testing.T) {
	good := written(t, ITF, lasso("x"))
	for _, change := range [][2]string{
		{`{ "#bigint"`, `{ "#bigint"`}, {`"#bigint": "9007199254740992"`, `"#bigint": "9e3"`}, {`"loop": 1`, `"loop": 3`}, {`"loop": 1`, `"lop": 1`},
		{`"Big": -9007199254740991`, `"Big": -9007199254740992`}, {`"Bool"`, `"Int"`}, {`"X": -7`, `"X": "-7"`}, {`"On": true`, `"#On": true`},
		{`"vars": [`, `"vars": [ "none",`}, {`"varTypes"`, `"types"`}, {`"On": true`, `"On": null`}, {`"X": 0`, `"X": 0.5`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			continue
		}
		if _, err := checkITF([]byte(bad)); err == nil {
			t.Errorf("%s for %s is let pass", change[1], change[0])
		}
	}
}

// What is written for one trace is known to the letter.
func TestGolden(t *testing.T) {
	for name, write := range map[string]func(io.Writer, checker.Trace) error{"lasso.itf.json": ITF, "lasso.dot": DOT, "lasso.mmd": Mermaid} {
		got, path := written(t, write, lasso("client")), filepath.Join("testdata", name)
		if os.Getenv("REWRITE") != "" {
			if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(string(want), "\r\n", "\n"); got != want {
			t.Errorf("%s: it is now\n%s", name, got)
		}
	}
}

// Integers are numbers as far as the format allows, and a field is one type throughout.
func TestITFValues(t *testing.T) {
	for value, want := range map[string]string{
		"9007199254740991": "9007199254740991", "9007199254740992": "map[#bigint:9007199254740992]", "-9007199254740991": "-9007199254740991",
		"-9007199254740992": "map[#bigint:-9007199254740992]", "18446744073709551615": "map[#bigint:18446744073709551615]", "0": "0", "true": "true",
		"007": "007", "-0": "-0", "+1": "+1", "": "", "1.5": "1.5",
	} {
		is := typeOf(value)
		if got := fmt.Sprint(itfValue(value, is)); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
		if number := is == itfInt; number != (value != "" && value != "true" && !slices.Contains([]string{"007", "-0", "+1", "1.5"}, value)) {
			t.Errorf("%s is taken for %s", value, is)
		}
	}
	mixed := typesOf([][]checker.Field{{{Path: "A[0]", Value: "1"}, {Path: "A[1]", Value: "none"}, {Path: "B", Value: "true"}}, {{Path: "A[0]", Value: "1"}, {Path: "B", Value: "3"}}})
	if mixed["A[]"] != itfStr || mixed["B"] != itfStr {
		t.Errorf("%v, want strings", mixed)
	}
}

// A trace of a user's own that is none makes an error, and no file that is none.
func TestTracesThatAreNone(t *testing.T) {
	for _, path := range []string{"", "A.", "A[x]", "A[", "#A", "A[1]", "A[0].B", ".A"} {
		trace := lasso("x")
		trace.Initial = []checker.Field{{Path: "A[0]", Value: "1"}, {Path: path, Value: "2"}}
		if path == "A[1]" {
			trace.Initial[1].Path = "A[2]"
		}
		var b bytes.Buffer
		if err := ITF(&b, trace); err == nil || b.Len() > 0 {
			t.Errorf("%q: error %v, %d bytes", path, err, b.Len())
		}
	}
	for _, column := range []int{-1, 2} {
		trace := lasso("x")
		trace.Steps[1].Column = column
		if err := Mermaid(io.Discard, trace); err == nil {
			t.Errorf("column %d is let pass", column)
		}
	}
}
