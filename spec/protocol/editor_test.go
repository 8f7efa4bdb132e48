package protocol

import (
	"slices"
	"strings"
	"testing"

	"urpc/checker"
	"urpc/spec/step"
)

// The table of section 5 of the notes, with what the checker finds beyond it:
// the set of all numbers of donations, and the number of orders.
func TestEditorTable(t *testing.T) {
	for _, c := range []struct {
		config    string
		donations []int
		orders    int
	}{
		{"default", []int{1, 2, 3, 4}, 5},
		{"w-keeps", []int{2, 4}, 5},
		{"three", []int{0}, 5},
		{"linked", []int{2, 4}, 5},
		{"any", []int{1, 2, 3, 4, 5}, 11},
		{"one", []int{4, 5, 6}, 3},
		{"one-any", []int{4, 5, 6}, 6},
		{"default,donate=seen", []int{1, 2, 3, 4, 5, 6, 7, 8}, 7},
	} {
		r := check(t, Editor, c.config, "", 2)
		if orders := result(t, r, Orders).Orders; len(orders) != c.orders {
			t.Errorf("%s: %d orders, want %d", c.config, len(orders), c.orders)
		}
		if r.Deadlocks != 0 {
			t.Errorf("%s: %d deadlocks", c.config, r.Deadlocks)
		}
		model := editorOf(t, c.config)
		if got := donationCounts(t, model); !slices.Equal(got, c.donations) {
			t.Errorf("%s: donations %v, want %v", c.config, got, c.donations)
		}
		d := result(t, r, Donations)
		if d.Least != slices.Min(c.donations) || d.Most != slices.Max(c.donations) {
			t.Errorf("%s: least %d and most %d donations, want %v", c.config, d.Least, d.Most, c.donations)
		}
	}
}

// The five orders under FIFO are the same wherever the processors start, as
// long as W has one; "F executes T2 before T1".
func TestEditorOrders(t *testing.T) {
	want := []string{
		"T1>W T2>F FxT2 WxT1 T1>F FxT1",
		"T1>W T2>F WxT1 FxT2 T1>F FxT1",
		"T1>W T2>F WxT1 T1>F FxT2 FxT1",
		"T1>W WxT1 T2>F FxT2 T1>F FxT1",
		"T1>W WxT1 T2>F T1>F FxT2 FxT1",
	}
	for _, config := range []string{"default", "w-keeps", "three"} {
		var got []string
		for _, order := range result(t, check(t, Editor, config, "", 1), Orders).Orders {
			got = append(got, strings.Join(order, " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: orders %q, want %q", config, got, want)
		}
	}
}

// "Always: T1>W before WxT1 before T1>F before FxT1, and T2>F before FxT2."
func TestEditorAlways(t *testing.T) {
	for _, c := range Editor.Configurations {
		for _, order := range result(t, check(t, Editor, c.Name, "", 1), Orders).Orders {
			for _, chain := range [][]string{{"T1>W", "WxT1", "T1>F", "FxT1"}, {"T2>F", "FxT2"}} {
				at := -1
				for _, event := range chain {
					i := slices.Index(order, event)
					if i <= at {
						t.Errorf("%s: %v: %s does not come where it must", c.Name, order, event)
					}
					at = i
				}
			}
		}
	}
}

// The order that the notes tell, with the processor that goes to F and back.
func TestEditorStory(t *testing.T) {
	model := editorOf(t, "w-keeps")
	s := model.Init[0]
	for _, event := range strings.Fields("T1 T1>W W<T1 T2 WxT1 W>T1 T2>F T1<W T1 T1>F P1:E->F F<T2 FxT2 F>T2 F<T1 FxT1 F>T1 P1:F->E T2<F T1<F T2 T2 T1 T1") {
		if !takeEvent(model, &s, event) {
			t.Fatalf("%s is not possible in %+v", event, s)
		}
	}
	if !model.Terminal(&s) {
		t.Errorf("the story does not end: %+v", s)
	}
}

func takeEvent(model checker.Model[State], s *State, event string) bool {
	for _, next := range successors(model, s) {
		if next.event == event {
			*s = next.state
			return true
		}
	}
	return false
}

// Check and donate in two steps lets two processors go to one space (H2).
func TestEditorSeen(t *testing.T) {
	r := check(t, Editor, "default,donate=seen", "", 2)
	if p := result(t, r, OnlyUnderpowered); p.Verdict != checker.Violated || len(p.Trace.Steps) != 11 {
		t.Errorf("%v in %v, want violated in 11 steps", p.Verdict, p.Trace)
	}
}

// A configuration without any processor is refused.
func TestNoProcessor(t *testing.T) {
	v, _, err := Editor.Parse("e=0,w=0,f=0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Editor.Build(v, ""); err == nil {
		t.Error("a model without processors is built")
	}
}

func editorOf(t *testing.T, config string) checker.Model[State] {
	t.Helper()
	v, _, err := Editor.Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	model, err := editorModel(v, "")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// successor is one transition.
type successor struct {
	state State
	taken checker.Taken
	event string
}

// successors tries every step, independently of the checker.
func successors(model checker.Model[State], s *State) []successor {
	var all []successor
	p := model.Processes[0]
	for self := range p.Count {
		for _, st := range p.Steps {
			for choice := range max(1, st.Choices) {
				next := *s
				if st.Do != nil && st.Do(&next, self) || st.Choose != nil && st.Choose(&next, self, choice) {
					taken := checker.Taken{Process: p.Name, Self: self, Label: st.Label, Choice: choice}
					all = append(all, successor{next, taken, model.Event(s, &next, taken)})
				}
			}
		}
	}
	return all
}

// donationCounts gives every number of donations that some whole path has, by
// walking the graph: a set of counts, one bit each, for every state.
func donationCounts(t *testing.T, model checker.Model[State]) []int {
	t.Helper()
	known, open := map[State]uint64{}, map[State]bool{}
	var from func(s State) uint64
	from = func(s State) uint64 {
		if set, ok := known[s]; ok {
			return set
		}
		if open[s] {
			t.Fatal("the model has a cycle")
		}
		open[s] = true
		next := successors(model, &s)
		var set uint64
		if len(next) == 0 {
			set = 1
		}
		for _, n := range next {
			rest := from(n.state)
			if n.taken.Label == step.Donate.String() {
				rest <<= 1
			}
			set |= rest
		}
		known[s] = set
		return set
	}
	var counts []int
	for set, n := from(model.Init[0]), 0; set != 0; set, n = set>>1, n+1 {
		if set&1 != 0 {
			counts = append(counts, n)
		}
	}
	return counts
}
