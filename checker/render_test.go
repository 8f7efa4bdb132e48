package checker

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func text(t *testing.T, trace Trace, width int) string {
	t.Helper()
	var b strings.Builder
	if err := trace.WriteText(&b, width); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// trace42 is a trace with what the layout has to deal with.
func trace42() Trace {
	return Trace{
		Model: "toy", Property: "safe", Kind: KindInvariant,
		Initial: []Field{{"lock", "0"}, {"never", "7"}, {"client[0].at", "idle"}, {"client[1].at", "idle"}},
		Columns: []string{"client 0", "client 1", "server"},
		Steps: []TraceStep{
			{Taken: Taken{Process: "client", Self: 1, Label: "take", Choice: 1}, Column: 1, Event: "T1",
				Changes: []Change{{"lock", "0", "1"}, {"client[1].at", "idle", "critical"}}},
			{Taken: Taken{Process: "client", Label: "look", Choice: 2}, Column: 0, Changes: []Change{}},
		},
	}
}

func TestTraceInColumns(t *testing.T) {
	want := `invariant "safe" of toy, after 2 steps
initially: lock=0  client[1].at=idle
   client 0                   client 1                   server
1                             take [T1]
                                lock: 0 -> 1
                                client[1].at=critical
2  look (choice 2)
`
	if got := text(t, trace42(), 84); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A program counter is told only where no later step of the instance tells it.
func TestTraceLeavesOutAdvancesOfTheProgramCounter(t *testing.T) {
	trace := Trace{Model: "toy", Property: "safe", Kind: KindInvariant, Columns: []string{"a", "b"},
		Initial: []Field{{"a.at", "take"}, {"b.at", "take"}, {"lock", "0"}},
		Steps: []TraceStep{
			{Taken: Taken{Label: "take"}, Changes: []Change{{"a.at", "take", "free"}, {"lock", "0", "1"}}},
			{Taken: Taken{Label: "take"}, Column: 1, Changes: []Change{{"b.at", "take", "free"}}},
			{Taken: Taken{Label: "free"}, Changes: []Change{{"a.at", "free", "end"}}},
		}}
	want := `invariant "safe" of toy, after 3 steps
initially: a.at=take  b.at=take  lock=0
   a                               b
1  take
     lock: 0 -> 1
2                                  take
                                     b.at: take -> free
3  free
     a.at: free -> end
`
	if got := text(t, trace, 65); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTraceLeavesOutIdleColumnsWhereItIsNarrow(t *testing.T) {
	want := `invariant "safe" of toy, after 2 steps
initially: lock=0  client[1].at=idle
   client 0           client 1
1                     take [T1]
                        lock: 0 -> 1
                        client[1].at=cr
                          itical
2  look (choice 2)
`
	if got := text(t, trace42(), 40); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTraceAsAListWhereThereIsNoRoom(t *testing.T) {
	trace := trace42()
	trace.Columns = []string{"a", "b", "c", "d", "e"}
	for i := range 5 {
		trace.Steps = append(trace.Steps, TraceStep{Taken: Taken{Label: "l"}, Column: i, Changes: []Change{{"lock", "0", "1"}}})
	}
	got := text(t, trace, 60)
	if !strings.Contains(got, "7  e: l\n     lock: 0 -> 1\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestTraceKeepsWithinItsWidth(t *testing.T) {
	trace := trace42()
	trace.Initial[0].Value = strings.Repeat("long ", 40)
	trace.Steps[0].Changes[0].After = strings.Repeat("x", 90)
	trace.Steps[0].Event = strings.Repeat("é ", 40)
	for width := 40; width < 130; width++ {
		for _, line := range strings.Split(text(t, trace, width), "\n") {
			if utf8.RuneCountInString(line) > width {
				t.Errorf("width %d: a line of %d: %q", width, utf8.RuneCountInString(line), line)
			}
		}
	}
}

func TestTraceDoesNotCommandTheTerminal(t *testing.T) {
	trace := trace42()
	trace.Steps[0].Label = "\x1b[2J"
	trace.Columns[0] = "a\nb"
	if got := text(t, trace, 0); strings.Contains(got, "\x1b") || strings.Contains(got, "a\nb") {
		t.Errorf("got %q", got)
	}
}
