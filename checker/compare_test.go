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
