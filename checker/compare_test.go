package checker

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func TestCompareAgrees(t *testing.T) {
	c, err := Compare(context.Background(), locked(), Options{PartialOrder: true})
	if err != nil || len(c.Differences)+len(c.NotCompared) > 0 || c.Full.Partly != 0 || c.Reduced.Partly == 0 || c.Reduced.States >= c.Full.States {
		t.Errorf("%+v, %v; want no difference, and one of them reduced", c, err)
	}
	if _, err := Compare(context.Background(), locked(), Options{}); err == nil || !strings.Contains(err.Error(), "no reduction is asked for") {
		t.Errorf("error %v, want that there is nothing to compare", err)
	}
	m := locked()
	m.Processes[0].Steps[look].Reads = nil
	if _, err := Compare(context.Background(), m, Options{PartialOrder: true}); err == nil {
		t.Error("a lie is no error")
	}
	if c, err := Compare(context.Background(), locked(), Options{PartialOrder: true, MaxStates: 3}); err != nil || len(c.Differences) > 0 || len(c.NotCompared) != 4 {
		t.Errorf("%q, %q, %v; want that nothing was compared", c.Differences, c.NotCompared, err)
	}
}

func TestCompareTellsDifferences(t *testing.T) {
	report := func(v Verdict, deadlocks, ends uint64) Report {
		return Report{Complete: true, Deadlocks: deadlocks, Ends: ends, Properties: []Result{{Name: "p", Kind: KindInvariant, Verdict: v}}}
	}
	c := Comparison{Full: report(Violated, 2, 3), Reduced: report(Holds, 1, 4)}
	c.compare()
	want := []string{`invariant "p" is violated, and reduced holds`, "there are 2 deadlocks, and reduced 1", "there are 3 ends, and reduced 4"}
	if !slices.Equal(c.Differences, want) || c.NotCompared != nil {
		t.Errorf("%q, %q; want %q", c.Differences, c.NotCompared, want)
	}
}

// hidden is a model of which one declaration is false in a single state: step a, declared
// to touch nothing but A, breaks the property where X is lie and B is set. Where a is
// taken before all else, as it may be by what is declared, nobody comes there.
type hidden struct{ X, A, B, Bad uint16 }

func hiding(lie uint16) Model[hidden] {
	const most = 20_000
	return Model[hidden]{
		Name: "hiding", Init: []hidden{{}},
		Processes: []Process[hidden]{
			{Name: "a", Count: 1, Own: []string{"A"}, Steps: []Step[hidden]{{Label: "a", Do: func(s *hidden, _ int) bool {
				if s.A == 1 {
					return false
				}
				s.A = 1
				if s.X == lie && s.B == 1 {
					s.Bad = 1
				}
				return true
			}}}},
			{Name: "b", Count: 1, Own: []string{"B"}, Steps: []Step[hidden]{{Label: "b", Do: func(s *hidden, _ int) bool {
				enabled := s.B == 0
				s.B = 1
				return enabled
			}}}},
			{Name: "x", Count: 1, Own: []string{"X"}, Steps: []Step[hidden]{{Label: "x", Do: func(s *hidden, _ int) bool {
				if s.X == most {
					return false
				}
				s.X++
				return true
			}}}},
		},
		Terminal:   func(s *hidden) bool { return s.X == most },
		Properties: []Property[hidden]{Invariant("good", func(s *hidden) bool { return s.Bad == 0 }).Reads("Bad")},
	}
}

// What is declared is verified in samples. A lie that shows in one state of tens of thousands
// may be in none of them, and then a reduced search may miss what it hides: a search without
// reductions beside it does not.
func TestCompareFindsWhatSamplesMiss(t *testing.T) {
	found := 0
	for lie := uint16(9_000); lie < 9_004; lie++ {
		reduced, err := Check(t.Context(), hiding(lie), Options{PartialOrder: true})
		if err != nil { // the state was among the samples
			continue
		}
		if reduced.Verdict != Holds || !reduced.Complete || reduced.Partly == 0 {
			t.Errorf("lie at %d: %+v; want that the reduction hides it", lie, reduced)
		}
		c, err := Compare(t.Context(), hiding(lie), Options{PartialOrder: true})
		if err != nil { // among those of the search without reductions
			continue
		}
		if want := `invariant "good" is violated, and reduced holds`; len(c.Differences) == 0 || c.Differences[0] != want {
			t.Errorf("lie at %d: %q, want %q first", lie, c.Differences, want)
		}
		found++
	}
	if found < 2 {
		t.Errorf("%d of 4 lies were in no sample: want half", found)
	}
}
