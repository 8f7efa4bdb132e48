package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"urpc/fuzz/history"
)

func TestFileRoundTrip(t *testing.T) {
	for _, all := range [][]history.Event{nil, generate(3, 3, 4, 500)} {
		var file bytes.Buffer
		if err := history.Write(&file, "stress, seed 3", all); err != nil {
			t.Fatal(err)
		}
		got, comment, err := history.Load(&file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if all[i].Operation == read {
				all[i].Input = 0 // a read has none
			}
		}
		if comment != "stress, seed 3" || !slices.Equal(got, all) {
			t.Errorf("read back %d of %d events, comment %q", len(got), len(all), comment)
		}
	}
}

const (
	goodHeader = `{"format":"urpc history","version":1,"events":1,"comment":""}`
	goodLine   = `{"client":0,"key":1,"operation":"add","input":5,"call":10,"return":20,"output":0}`
)

func TestDamagedFilesAreRefusedWithTheLine(t *testing.T) {
	if _, _, err := history.Load(strings.NewReader(goodHeader + "\n" + goodLine + "\n")); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, file, want string }{
		{"empty", "", "line 1"},
		{"something else", "hello\n", "line 1"},
		{"another format", `{"format":"urpc trace","version":1}`, "line 1"},
		{"no event", goodHeader, "line 2"},
		{"cut in an event", goodHeader + "\n" + goodLine[:30], "line 2"},
		{"too many events", goodHeader + "\n" + goodLine + "\n" + goodLine, "line 4"},
		{"an empty line", goodHeader + "\n\n" + goodLine, "line 2"},
		{"an unknown field", goodHeader + "\n" + strings.Replace(goodLine, "client", "clown", 1), "line 2"},
		{"an unknown operation", goodHeader + "\n" + strings.Replace(goodLine, "add", "sub", 1), "line 2"},
		{"no call", goodHeader + "\n" + strings.Replace(goodLine, `"call":10,`, "", 1), "line 2"},
		{"no return", goodHeader + "\n" + strings.Replace(goodLine, `"return":20,`, "", 1), "line 2"},
		{"a return before the call", goodHeader + "\n" + strings.Replace(goodLine, "20", "9", 1), "line 2"},
		{"an unknown outcome that is known", goodHeader + "\n" + strings.Replace(goodLine, "}", `,"outcome":"unknown"}`, 1), "line 2"},
		{"another outcome", goodHeader + "\n" + strings.Replace(goodLine, "}", `,"outcome":"maybe"}`, 1), "line 2"},
		{"two values", goodHeader + "\n" + goodLine + "{}", "line 2"},
		{"a number that is none", goodHeader + "\n" + strings.Replace(goodLine, "20", `"20"`, 1), "line 2"},
		{"a number too large", goodHeader + "\n" + strings.Replace(goodLine, "20", strings.Repeat("9", 30), 1), "line 2"},
		{"an endless line", goodHeader + "\n" + strings.Repeat("x", 10_000), "line 2"},
		{"a negative client", goodHeader + "\n" + strings.Replace(goodLine, `"client":0`, `"client":-1`, 1), "line 2"},
	}
	for _, test := range tests {
		_, _, err := history.Load(strings.NewReader(test.file))
		if !errors.Is(err, history.ErrDamaged) || !strings.HasPrefix(fmt.Sprint(err), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	_, _, err := history.Load(strings.NewReader(strings.Replace(goodHeader, `"version":1`, `"version":2`, 1)))
	if !errors.Is(err, history.ErrVersion) {
		t.Errorf("another version: %v", err)
	}
}

// FuzzLoad: whatever the bytes, Load gives events that are well formed, or an
// error that tells the line.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(goodHeader + "\n" + goodLine + "\n"))
	f.Add([]byte(goodHeader))
	f.Fuzz(func(t *testing.T, file []byte) {
		all, _, err := history.Load(bytes.NewReader(file))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") || all != nil {
				t.Fatalf("%v, %d events", err, len(all))
			}
			return
		}
		for i := range all {
			if err := all[i].Validate(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
