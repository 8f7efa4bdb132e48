package lockstep

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/checker/schedule"
	"urpc/checker/verdict"
	"urpc/fuzz/explore"
	"urpc/runtime/shm"
	"urpc/spec/memory"
)

func queueValues(t *testing.T, config string) catalogue.Values {
	t.Helper()
	v, _, err := explore.Queue().Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func queueGraph(t *testing.T, config string) *Graph {
	t.Helper()
	g, err := NewGraphOf(t.Context(), explore.Queue(), queueValues(t, config), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Every transition of the code of target queue is one of the specification, and every
// transition of the specification one of the code, searched by states and driven.
func TestEveryTransitionOfQueues(t *testing.T) {
	for _, c := range []struct {
		config              string
		states, transitions int // of the specification
		code                uint64
	}{
		{"2-1-1-1", 399, 722, 517},
		{"1-1-3-1", 346, 631, 346},
		{"1-1-3-2", 467, 858, 467},
		{"1-2-2-1", 830, 1902, 1302},
		{"2-1-2-2", 5037, 10400, 7113},
		{"wrap", 5037, 10400, 7113},
		{"2-2-2-2", 20582, 53524, 57588},
	} {
		g := queueGraph(t, c.config)
		rep, err := RunTarget(t.Context(), explore.Queue(), queueValues(t, c.config), schedule.Stateful(), Options{Graph: g, Schedule: schedule.Options{Plain: true}})
		if err != nil || rep.Verdict != verdict.Holds || !rep.Complete || rep.Verified == 0 || rep.Candidates != 1 {
			t.Errorf("%s: %v, complete %v, %d verified, %d candidates: %s: %v %+v", c.config, rep.Verdict, rep.Complete, rep.Verified, rep.Candidates, rep.Reason, err, rep.Failure)
			continue
		}
		if rep.Report.States != c.code || g.States() != c.states || g.Transitions() != c.transitions {
			t.Errorf("%s: %d states of the code, %d and %d of the specification; want %d, %d and %d",
				c.config, rep.Report.States, g.States(), g.Transitions(), c.code, c.states, c.transitions)
		}
		driven, err := Drive(t.Context(), queueValues(t, c.config), g, 0)
		if err != nil || driven.Failure != nil || !driven.Complete || len(driven.Refused) != 0 {
			t.Errorf("%s, driven: %v, %+v, refused %v", c.config, err, driven.Failure, driven.Refused)
			continue
		}
		for how, r := range map[string]Report{"searched": rep, "driven": driven} {
			if s, all := r.Coverage.States(), r.Coverage.Transitions(); s.Taken != s.All || all.Taken != all.All {
				t.Errorf("%s, %s: states %v, transitions %v; left out %v", c.config, how, s, all, r.Coverage.ByLabel())
			}
		}
	}
}

// The graph is the one that the checker explores.
func TestGraphOfQueuesIsTheCheckers(t *testing.T) {
	g := queueGraph(t, "2-2-2-2")
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
		v, s := queueValues(t, c.Name), schedule.Random(1991, 300)
		rep, err := RunTarget(t.Context(), explore.Queue(), v, s, Options{})
		if errors.Is(err, ErrTooLarge) {
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
	if !slices.Equal(left, []string{"3-2-3-4"}) { // four slots
		t.Errorf("not run in lock-step: %v", left)
	}
	if _, err := RunTarget(t.Context(), explore.Queue(), queueValues(t, "messages=16"), schedule.Random(1, 1), Options{}); !errors.Is(err, ErrTooLarge) {
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
		if f := meddledIn(t, explore.Queue(), queueValues(t, "1-1-3-1"), m); f == nil || !strings.Contains(f.Message, "receiver 1 receives ") {
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
			f := meddledIn(t, explore.Queue(), queueValues(t, "2-1-2-2"), &meddler{
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
		v := queueValues(t, "1-1-3-2")
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
