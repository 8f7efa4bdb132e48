package console

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// Numbers are written for readers: a mistake here would be on every page.
func TestNumbersForReaders(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 59048: "59,048", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := Grouped(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int]string{1: "1 property", 2: "2 properties"} {
		if got := Plural(n, "property"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// A size is read back as it was written.
func TestSizes(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "65536": 1 << 16, "64KiB": 64 << 10, "3M": 3 << 20, "2GiB": 2 << 30, "1TB": 1 << 40} {
		var s Size
		if err := s.Set(text); err != nil || uint64(s) != want {
			t.Errorf("%s: %d, %v, want %d", text, s, err, want)
		}
		again := s
		if err := again.Set(s.String()); err != nil || again != s {
			t.Errorf("%s is written %s, and that is read as %d, %v", text, &s, again, err)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1.5GiB", "2XB", "99999999999GiB", "65TiB", "63KiB", "1", "1 2"} {
		var s Size
		if err := s.Set(text); err == nil {
			t.Errorf("%q is taken for %d", text, s)
		}
	}
}

// A table keeps to its width and loses no letter that is not a space.
func TestTableFolds(t *testing.T) {
	tab := Table{Head: []string{"part", "covered"}}
	tab.Row(nil, -1, "specification", "one two three four five six seven eight nine ten")
	for _, width := range []int{30, 40, 200} {
		var b bytes.Buffer
		tab.Write(&b, width)
		for _, line := range strings.Split(b.String(), "\n") {
			if len(line) > width {
				t.Errorf("width %d: %q has %d letters", width, line, len(line))
			}
		}
		if got := len(strings.Fields(b.String())); got != 13 {
			t.Errorf("width %d: %d words, want 13:\n%s", width, got, &b)
		}
	}
}

// Whatever a shell could take apart is quoted.
func TestQuoted(t *testing.T) {
	for arg, want := range map[string]string{
		"n=5,last=right": "n=5,last=right", "a b": "'a b'", "": "''", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "urpc-out/x.json": "urpc-out/x.json",
	} {
		if got := quoted(arg); got != want {
			t.Errorf("%s: %s, want %s", arg, got, want)
		}
	}
}

// The names of artifacts are fit for every file system.
func TestFileNames(t *testing.T) {
	if got := FileName("no sender/receiver: ?"); got != "no-sender-receiver" {
		t.Error(got)
	}
	if got := FileName(strings.Repeat("x", 500)); len(got) > 80 {
		t.Error(fmt.Sprint(len(got), " letters"))
	}
}
