package history_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"urpc/checker/verdict"
	"urpc/fuzz/history"
)

// The histories below are written as a table of calls of one key: client,
// operation, input, output, begin, end. An end of 0 is an unknown outcome.
type row struct {
	client        int
	operation     history.Operation
	input, output int64
	call, end     int64
}

func events(rows ...row) []history.Event {
	var all []history.Event
	for _, r := range rows {
		e := history.Event{Client: r.client, Key: 1, Operation: r.operation, Input: r.input,
			Output: r.output, Call: r.call, Return: r.end}
		if r.end == 0 {
			e.Outcome, e.Output = history.Unknown, 0
		}
		all = append(all, e)
	}
	return all
}

const (
	read = history.Read
	add  = history.Add
	swap = history.Swap
)

func TestJudge(t *testing.T) {
	tests := []struct {
		name string
		rows []row
		want verdict.Verdict
	}{
		{"nothing happened", nil, verdict.Holds},
		{"one after the other", []row{
			{0, add, 5, 0, 10, 20}, {0, swap, 7, 5, 30, 40}, {0, read, 0, 7, 50, 60},
		}, verdict.Holds},
		{"a read that overlaps a write sees the value before", []row{
			{0, add, 5, 0, 10, 20}, {1, read, 0, 0, 15, 30},
		}, verdict.Holds},
		{"a read that overlaps a write sees the value after", []row{
			{0, add, 5, 0, 10, 20}, {1, read, 0, 5, 12, 18},
		}, verdict.Holds},
		{"calls that touch in one moment overlap", []row{
			{0, add, 5, 0, 10, 20}, {1, read, 0, 0, 20, 30},
		}, verdict.Holds},
		{"two overlapping swaps in either order", []row{
			{0, swap, 1, 2, 10, 30}, {1, swap, 2, 0, 10, 30}, {0, read, 0, 1, 40, 50},
		}, verdict.Holds},
		{"a value out of the blue", []row{
			{0, read, 0, 9, 10, 20},
		}, verdict.Violated},
		{"a stale read: the value from before a write that was over", []row{
			{0, add, 5, 0, 10, 20}, {1, read, 0, 0, 30, 40},
		}, verdict.Violated},
		{"a new value, then the old one again", []row{
			{0, swap, 5, 0, 10, 100}, {1, read, 0, 5, 20, 30}, {1, read, 0, 0, 40, 50},
		}, verdict.Violated},
		{"a lost update: two additions saw the same value", []row{
			{0, add, 5, 0, 10, 30}, {1, add, 7, 0, 10, 30}, {0, read, 0, 7, 40, 50},
		}, verdict.Violated},
		{"a lost update that nobody read: both saw the same value", []row{
			{0, add, 5, 0, 10, 30}, {1, add, 7, 0, 10, 30},
		}, verdict.Violated},
		{"an addition executed twice", []row{
			{0, add, 5, 0, 10, 20}, {0, read, 0, 10, 30, 40},
		}, verdict.Violated},
		{"an addition of unknown outcome that took effect", []row{
			{0, add, 5, 0, 10, 0}, {1, read, 0, 5, 30, 40},
		}, verdict.Holds},
		{"an addition of unknown outcome that never took effect", []row{
			{0, add, 5, 0, 10, 0}, {1, read, 0, 0, 30, 40},
		}, verdict.Holds},
		{"an addition of unknown outcome that took effect late", []row{
			{0, add, 5, 0, 10, 0}, {1, read, 0, 0, 30, 40}, {1, read, 0, 5, 50, 60},
		}, verdict.Holds},
		{"an addition of unknown outcome that took effect before its call", []row{
			{1, read, 0, 5, 30, 40}, {0, add, 5, 0, 50, 0},
		}, verdict.Violated},
		{"an addition of unknown outcome that took effect twice", []row{
			{0, add, 5, 0, 10, 0}, {1, read, 0, 10, 30, 40},
		}, verdict.Violated},
		{"an addition of unknown outcome that was taken back", []row{
			{0, add, 5, 0, 10, 0}, {1, read, 0, 5, 30, 40}, {1, read, 0, 0, 50, 60},
		}, verdict.Violated},
		{"of two additions of unknown outcome one took effect", []row{
			{0, add, 5, 0, 10, 0}, {1, add, 7, 0, 10, 0}, {2, read, 0, 7, 30, 40}, {2, read, 0, 7, 50, 60},
		}, verdict.Holds},
		{"a read of unknown outcome says nothing", []row{
			{0, read, 0, 0, 10, 0}, {1, add, 5, 0, 30, 40},
		}, verdict.Holds},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := judge(t, events(test.rows...), history.Options{})
			if j.Verdict != test.want {
				t.Errorf("verdict %v, want %v", j.Verdict, test.want)
			}
			if got, want := len(j.Violations) > 0, test.want == verdict.Violated; got != want {
				t.Errorf("violations %v with verdict %v", j.Violations, j.Verdict)
			}
		})
	}
}

func judge(t *testing.T, all []history.Event, o history.Options) history.Judgement {
	t.Helper()
	j, err := history.Judge(t.Context(), all, o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// generate runs calls of some clients against real registers in a simulated
// order, so that the history linearizes by construction: at every moment each
// client is idle, has called, has executed, or returns.
func generate(seed uint64, clients, keys, calls int) []history.Event {
	r := rand.New(rand.NewPCG(seed, 1))
	registers := make([]int64, keys)
	type client struct {
		phase int
		event history.Event
	}
	all := make([]client, clients)
	var done []history.Event
	for now := int64(1); len(done) < calls; now++ {
		i := r.IntN(clients)
		c := &all[i]
		switch c.phase {
		case 0:
			c.event = history.Event{Client: i, Key: r.IntN(keys), Operation: history.Operation(1 + r.IntN(3)),
				Input: now, Call: now}
		case 1:
			e := &c.event
			e.Output = registers[e.Key]
			switch e.Operation {
			case add:
				registers[e.Key] += e.Input
			case swap:
				registers[e.Key] = e.Input
			}
		case 2:
			c.event.Return = now
			done = append(done, c.event)
		}
		c.phase = (c.phase + 1) % 3
	}
	for _, c := range all {
		if c.phase != 0 { // called, executed or not, and never returned
			c.event.Outcome, c.event.Output = history.Unknown, 0
			done = append(done, c.event)
		}
	}
	return done
}

func TestGeneratedHistoriesLinearizeAndBrokenOnesDoNot(t *testing.T) {
	broken := 0
	for seed := range uint64(40) {
		all := generate(seed, 3, 2, 2000)
		if j := judge(t, all, history.Options{}); j.Verdict != verdict.Holds {
			t.Fatalf("seed %d: %v: %v", seed, j.Verdict, j.Violations)
		} else if j.Segments <= j.Keys && seed == 0 {
			t.Errorf("nothing was cut: %+v", j)
		} else if j.Overlapping == 0 {
			t.Errorf("seed %d: no calls overlap", seed)
		}
		// Values are unambiguous, so a wrong output is a violation wherever it is.
		victim := int(seed) * len(all) / 40
		if all[victim].Outcome == history.Unknown {
			continue
		}
		broken++
		all[victim].Output += 1 << 40
		j := judge(t, all, history.Options{})
		if j.Verdict != verdict.Violated || len(j.Violations) == 0 || j.Violations[0].Key != all[victim].Key {
			t.Errorf("seed %d: a wrong output of event %d went unnoticed: %v", seed, victim, j.Verdict)
		}
	}
	if broken < 20 {
		t.Errorf("only %d histories were broken", broken)
	}
}

// Judging a history in parts gives the same verdict as judging it whole.
func TestCutsChangeNoVerdict(t *testing.T) {
	for seed := range uint64(300) {
		all := generate(seed, 2, 1, 20)
		r := rand.New(rand.NewPCG(seed, 2))
		if seed%2 == 0 {
			all[r.IntN(len(all))].Output = int64(r.IntN(20))
		}
		whole, cut := judge(t, all, history.Options{}), history.JudgeWithCuts(t, all, 1)
		if whole.Verdict != cut.Verdict {
			t.Fatalf("seed %d: whole %v, in %d parts %v", seed, whole.Verdict, cut.Segments, cut.Verdict)
		}
	}
}

func TestWhatIsNotDecidedIsUnknown(t *testing.T) {
	all := generate(1, 3, 1, 2000)
	if j := judge(t, all, history.Options{Longest: 10}); j.Verdict != verdict.Unknown || !strings.Contains(j.Note, "use more keys") {
		t.Errorf("parts that are too long: %v %q", j.Verdict, j.Note)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if j, err := history.Judge(ctx, all, history.Options{}); err != nil || j.Verdict != verdict.Unknown {
		t.Errorf("interrupted: %v, %v", j.Verdict, err)
	}
}

// Twenty-four additions of unknown outcome and a read that no subset of them
// explains: Porcupine tries the subsets, and runs out of time.
func TestTimeOutIsUnknownNotHolds(t *testing.T) {
	var rows []row
	for i := range int64(24) {
		rows = append(rows, row{int(i), add, 2 << i, 0, 10, 0})
	}
	rows = append(rows, row{30, read, 0, 1, 30, 40})
	j := judge(t, events(rows...), history.Options{Timeout: 20 * time.Millisecond})
	if j.Verdict != verdict.Unknown || j.Undecided != 1 {
		t.Errorf("%v, %d undecided, %q", j.Verdict, j.Undecided, j.Note)
	}
}

func TestImpossibleEventsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*history.Event){
		"returned before":     func(e *history.Event) { e.Return = e.Call - 1 },
		"unknown operation":   func(e *history.Event) { e.Operation = 9 },
		"unknown outcome":     func(e *history.Event) { e.Outcome = 2 },
		"cannot be negative":  func(e *history.Event) { e.Key = -1 },
		"unknown operation 0": func(e *history.Event) { e.Operation = 0 },
	} {
		all := generate(1, 1, 1, 3)
		change(&all[1])
		if _, err := history.Judge(t.Context(), all, history.Options{}); err == nil || !strings.Contains(err.Error(), "event 1: ") {
			t.Errorf("%s: %v", name, err)
		}
		if err := history.Write(&bytes.Buffer{}, "", all); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestPictureOfAViolation(t *testing.T) {
	all := events(row{0, add, 5, 0, 10, 20}, row{1, read, 0, 0, 30, 40}, row{2, swap, 77, 0, 35, 0})
	j := judge(t, all, history.Options{})
	var page bytes.Buffer
	if err := history.WritePicture(&page, j.Violations[0]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<html", "add(key 1, 5) = 0", "read(key 1) = 0", "swap(key 1, 77) = ?"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
