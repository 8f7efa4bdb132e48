package command

import (
	"errors"
	"strings"
	"testing"

	"urpc/checker"
)

func exampleTrace() checker.TraceFile {
	return checker.TraceFile{Model: "ring", Configuration: "clients=2", Mutant: "m", Trace: checker.Trace{
		Model: "ring", Property: "mutual exclusion", Kind: checker.KindInvariant,
		Steps: []checker.TraceStep{{Taken: checker.Taken{Process: "client", Self: 1, Label: "c0", Choice: 2}}, {Taken: checker.Taken{Process: "server", Label: "s0"}}},
	}}
}

// A token says what the trace says.
func TestTokenIsReadBack(t *testing.T) {
	want := exampleTrace()
	token := Token(want)
	if !IsToken(token) {
		t.Fatalf("%s is not told from other tokens", token)
	}
	got, err := parseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	if Token(got) != token || got.Mutant != want.Mutant || got.Trace.Property != want.Trace.Property || len(got.Trace.Steps) != 2 ||
		got.Trace.Steps[0].Taken != want.Trace.Steps[0].Taken {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// No damaged token is taken for another trace: each letter counts.
func TestTokenDamage(t *testing.T) {
	token := Token(exampleTrace())
	for i := range len(token) {
		for _, damaged := range []string{token[:i], token[:i] + "~" + token[i+1:], token[:i] + token[i+1:]} {
			_, err := parseToken(damaged)
			if !errors.Is(err, errTokenDamaged) && !errors.Is(err, errTokenVersion) {
				t.Errorf("%s: %v", damaged, err)
			}
		}
	}
	if _, err := parseToken("t2" + strings.TrimPrefix(token, "t1")); !errors.Is(err, errTokenVersion) {
		t.Errorf("a token of another version: %v", err)
	}
}

// A trace that does not fit on a command line has no token.
func TestLongTraceHasNoToken(t *testing.T) {
	f := exampleTrace()
	for i := range 3000 {
		f.Trace.Steps = append(f.Trace.Steps, checker.TraceStep{Taken: checker.Taken{Process: "client", Self: i % 7, Label: "c0", Choice: i}})
	}
	if token := Token(f); token != "" {
		t.Errorf("a token of %d letters", len(token))
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(Token(exampleTrace()))
	f.Add("t1.AA.00000000")
	f.Fuzz(func(t *testing.T, text string) {
		// A checksum that fits lets the fuzzer reach what is behind it.
		for _, token := range []string{text, "t1." + text + "." + tokenSum("t1."+text)} {
			file, err := parseToken(token)
			if err != nil {
				continue
			}
			if again := Token(file); again != "" {
				if _, err := parseToken(again); err != nil {
					t.Fatalf("%s is read, and not as it is written, %s: %v", token, again, err)
				}
			}
		}
	})
}
