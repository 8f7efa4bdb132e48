package lockstep

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"urpc/checker"
	"urpc/checker/schedule"
	"urpc/fuzz/explore"
	"urpc/runtime/shm"
	"urpc/spec/memory"
)

// The graph is the one that the checker explores.
func TestGraphOfQueuesIsTheCheckers(t *testing.T) {
	g := graphOf(t, explore.Queue(), "2-2-2-2")
	rep, err := checker.Check(t.Context(), memory.Model(g.config), checker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if uint64(g.States()) != rep.States || uint64(g.Transitions()) != rep.Transitions {
		t.Errorf("%d states and %d transitions, the checker has %d and %d", g.States(), g.Transitions(), rep.States, rep.Transitions)
	}
}

// Samples of every configuration that a state of the specification can hold refine
// it, and with the watch the executions are those of the explorer.
func TestQueuesRefineInSamples(t *testing.T) {
	var left []string
	for _, c := range explore.Queue().Configurations {
		v, s := valuesOf(t, explore.Queue(), c.Name), schedule.Random(1991, 300)
		rep, err := RunTarget(t.Context(), explore.Queue(), v, s, Options{})
		if errors.Is(err, ErrNotTied) {
			left = append(left, c.Name)
			continue
		}
		if err != nil || rep.Failure != nil || rep.Matched < rep.Steps {
			t.Errorf("%s: %v, %+v, %d of %d steps were judged", c.Name, err, rep.Failure, rep.Matched, rep.Steps)
		}
		plain, err := explore.Run(t.Context(), explore.Queue(), v, s, schedule.Options{})
		if err != nil || plain.Executions != rep.Executions || plain.Steps != rep.Steps || plain.Depth != rep.Depth {
			t.Errorf("%s: %d executions of %d steps, without lock-step %d of %d (%v)", c.Name, rep.Executions, rep.Steps, plain.Executions, plain.Steps, err)
		}
	}
	if !slices.Equal(left, []string{"3-2-3-4", "filled", "line", "lengths-line"}) { // four slots
		t.Errorf("not run in lock-step: %v", left)
	}
	if _, err := RunTarget(t.Context(), explore.Queue(), valuesOf(t, explore.Queue(), "messages=16"), schedule.Random(1, 1), Options{}); !errors.Is(err, ErrNotTied) {
		t.Errorf("16 messages of each sender: %v", err)
	}
}

// What was received is compared: another message than that of the slot is found, and
// one that is not told of.
func TestReceivedMessagesAreSeen(t *testing.T) {
	for what, reply := range map[string]func([]byte) []byte{
		"another's": func([]byte) []byte { return queuePayload(explore.Content(1, 0)) },
		"torn":      func(p []byte) []byte { p[15] ^= 1; return p },
		"none":      func([]byte) []byte { return nil },
	} {
		m := &meddler{reply: reply}
		if f := meddledIn(t, explore.Queue(), valuesOf(t, explore.Queue(), "1-1-3-1"), m); f == nil || !strings.Contains(f.Message, "receiver 1 receives ") {
			t.Errorf("%s: %+v", what, f)
		}
	}
}

func queuePayload(number uint64) []byte {
	p := make([]byte, explore.PayloadSize)
	for i := range 8 {
		p[i], p[8+i] = byte(number>>(8*i)), ^byte(number>>(8*i))
	}
	return p
}

// A wrong word is found, by the name of what it stands for; so is a wrong mapping.
func TestWordsOfQueuesAreSeen(t *testing.T) {
	for off, field := range map[shm.Offset]string{
		offSendLock: "SendLock", offTail: "Tail", offRoom: "Room", offSlots + slotSequence: "Slot[0].Sequence", offSlots + slotHeader: "", offSlots + slotPayload: "",
	} {
		for _, bit := range []uint{0, 16, 31} {
			f := meddledIn(t, explore.Queue(), valuesOf(t, explore.Queue(), "2-1-2-2"), &meddler{
				when: func(m *meddler, _ int) bool { return m.judged == 30 },
				do:   func(m *meddler, _ int) { flip(m, int(callSegment), off, 1<<bit) },
			})
			odd := fmt.Sprintf("nothing that the word 0:%d stands for", off)
			if f == nil || !strings.HasPrefix(f.Message, "step 31: ") || !strings.Contains(f.Message, field) && !strings.Contains(f.Message, odd) {
				t.Errorf("bit %d of word %d: %v", bit, off, f)
			}
		}
	}
	for what, wrong := range map[string]func(r *Refinement){
		"positions start one earlier": func(r *Refinement) { r.start-- },
		"one message more of each":    func(r *Refinement) { r.config.Calls++; r.sides = memory.Processes(r.config) },
	} {
		v := valuesOf(t, explore.Queue(), "1-1-3-2")
		r, err := newRefinement(explore.Queue(), v, nil)
		if err != nil {
			t.Fatal(err)
		}
		wrong(r)
		rep, err := explore.RunWatchedTarget(t.Context(), explore.Queue(), v, explore.Watch{Observer: r, Alone: true}, schedule.Random(3, 50), schedule.Options{})
		if err != nil || rep.Failure == nil || rep.Failure.Property != Property {
			t.Errorf("%s, and nothing is found: %v, %+v", what, err, rep.Failure)
		}
	}
}
