package checker

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func traceFile(t *testing.T) (TraceFile, string) {
	t.Helper()
	f := TraceFile{Model: "forge", Configuration: "n=3", Mutant: "none", Trace: traces(t)["not both"]}
	var out bytes.Buffer
	if err := WriteTraceFile(&out, f); err != nil {
		t.Fatal(err)
	}
	return f, out.String()
}

func TestTraceFilesAreReadAsTheyWereWritten(t *testing.T) {
	f, text := traceFile(t)
	got, err := ReadTraceFile(strings.NewReader(text))
	if err != nil || !reflect.DeepEqual(got, f) {
		t.Errorf("read %+v, %v; want %+v", got, err, f)
	}
	if _, err := Replay(forge(), got.Trace); err != nil {
		t.Error(err)
	}
}

func TestTraceFilesThatAreRefused(t *testing.T) {
	_, text := traceFile(t)
	replace := func(old, by string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("the file has no %s", old)
		}
		return strings.Replace(text, old, by, 1)
	}
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"empty":              {"", ErrForeignTrace},
		"text":               {"hello", ErrForeignTrace},
		"a list":             {"[]", ErrForeignTrace},
		"other JSON":         {"{}", ErrForeignTrace},
		"other broken JSON":  {"{", ErrForeignTrace},
		"format of another":  {replace("urpc-trace", "other"), ErrForeignTrace},
		"format not a word":  {replace(`"urpc-trace"`, "7"), ErrForeignTrace},
		"next version":       {replace(`"version": 1`, `"version": 2`), ErrTraceVersion},
		"no version":         {replace(`"version": 1,`, ""), ErrTraceVersion},
		"cut":                {text[:len(text)/2], ErrDamagedTrace},
		"twice":              {text + text, ErrDamagedTrace},
		"configuration":      {replace("n=3", "n=4"), ErrDamagedTrace},
		"a step":             {replace(`"label": "one"`, `"label": "two"`), ErrDamagedTrace},
		"a value":            {replace(`"after": "1"`, `"after": "2"`), ErrDamagedTrace},
		"the checksum":       {replace(`"checksum": "`, `"checksum": "0`), ErrDamagedTrace},
		"a field of another": {replace(`"model": `, `"colour": "red", "model": `), ErrDamagedTrace},
	} {
		if _, err := ReadTraceFile(strings.NewReader(test.text)); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
}

// Any one byte of a trace file changed is noticed, or changes nothing that the
// file says.
func FuzzReadTraceFile(f *testing.F) {
	var whole bytes.Buffer
	trace := Trace{Model: "m", Property: "p", Kind: KindInvariant, Columns: []string{"a"},
		Steps: []TraceStep{{Taken: Taken{Process: "a", Label: "l"}, Changes: []Change{{"x", "0", "1"}}}}}
	want := TraceFile{Model: "m", Configuration: "n=1", Trace: trace}
	if err := WriteTraceFile(&whole, want); err != nil {
		f.Fatal(err)
	}
	f.Add(uint(10), byte('x'))
	f.Add(uint(200), byte(' '))
	f.Add(uint(300), byte('"'))
	f.Fuzz(func(t *testing.T, at uint, by byte) {
		data := bytes.Clone(whole.Bytes())
		data[at%uint(len(data))] = by
		got, err := ReadTraceFile(bytes.NewReader(data))
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("byte %d set to %q is not noticed: %+v", at, by, got)
		}
	})
}
