package buffer

import (
	"bytes"
	"strings"
	"testing"

	"urpc/checker"
)

func check(t *testing.T, b bounds) checker.Report {
	t.Helper()
	r, err := checker.Check(t.Context(), model(b), checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBufferIsAQueue(t *testing.T) {
	for slots := 1; slots <= maxSlots; slots++ {
		if r := check(t, bounds{slots: slots, messages: 2}); r.Verdict != checker.Holds || r.Deadlocks != 0 {
			t.Errorf("%d slots: %v, %d deadlocks", slots, r.Verdict, r.Deadlocks)
		}
	}
}

// A queue of other bounds than the buffer's is not what it implements.
func TestBufferIsNoOtherQueue(t *testing.T) {
	for _, other := range []bounds{{slots: 1, messages: 2}, {slots: 2, messages: 1}} {
		b := bounds{slots: 2, messages: 2}
		m := model(b)
		m.Properties = []checker.Property[state]{checker.Refines(isQueue, abstract(other), b.queueOf)}
		r, err := checker.Check(t.Context(), m, checker.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if p := r.Properties[1]; p.Verdict != checker.Violated {
			t.Errorf("%+v: %v", other, p.Verdict)
		}
	}
}

// What a mutant does is shown on both sides.
func TestBothSidesAreShown(t *testing.T) {
	r := check(t, bounds{slots: 2, messages: 2, mutant: tailFirst})
	var text bytes.Buffer
	if err := r.Properties[1].Trace.WriteText(&text, 0); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"refinement \"the buffer is a queue\" of buffer, after 2 steps\n",
		"the mapping makes of the last step the following, which is no step of queue:\n  Length: 0 -> 1\n",
		"  producer: put, Length: 0 -> 1  Message[0]: 0 -> 1; which gives Message[0]=1 in place of 0\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("there is no %q in\n%s", want, text.String())
		}
	}
}
