package schedule_test

import (
	"fmt"
	"math"
	"testing"

	"urpc/checker/schedule"
)

// lengths is a program of threads with so many steps each, on one word; told gets
// each interleaving.
func lengths(ns []int, told func(string)) func(*schedule.T) {
	return func(t *schedule.T) {
		x := t.Word("x", 0)
		var order []byte
		for i, n := range ns {
			t.Go(fmt.Sprint("t", i), func() {
				for range n {
					x.Add(1)
					order = append(order, byte('a'+i))
				}
			})
		}
		t.AtEnd(func() { told(string(order)) })
	}
}

// families is a program whose first thread declares another between its steps.
func families(told func(string)) func(*schedule.T) {
	return func(t *schedule.T) {
		x := t.Word("x", 0)
		var order []byte
		steps := func(name byte, n int) {
			for range n {
				x.Add(1)
				order = append(order, name)
			}
		}
		t.Go("a", func() {
			steps('a', 2)
			t.Go("c", func() { steps('c', 3) })
			steps('a', 1)
		})
		t.Go("b", func() { steps('b', 2) })
		t.AtEnd(func() { told(string(order)) })
	}
}

// chiSquare is how far the counts are from being equal, in standard deviations of
// the statistic: it has as many degrees of freedom as there are counts, less one.
func chiSquare(times map[string]int, kinds int) float64 {
	total := 0
	for _, n := range times {
		total += n
	}
	want := float64(total) / float64(kinds)
	x := float64(kinds-len(times)) * want
	for _, n := range times {
		x += (float64(n) - want) * (float64(n) - want) / want
	}
	free := float64(kinds - 1)
	return (x - free) / math.Sqrt(2*free)
}

func multinomial(ns []int) int {
	count, total := 1, 0
	for _, n := range ns {
		for j := 1; j <= n; j++ {
			total++
			count = count * total / j
		}
	}
	return count
}

// Every interleaving is about equally likely under Uniform, and far from it under
// Random. The seeds are fixed: these are no chances of the test.
func TestUniformIsUniform(t *testing.T) {
	const perInterleaving = 300
	programs := map[string]func(func(string)) func(*schedule.T){"a thread that declares one": families}
	kinds := map[string]int{}
	explore(t, families(func(o string) { kinds[o]++ }), schedule.Bounded(-1), schedule.Options{})
	sizes := map[string]int{"a thread that declares one": len(kinds)}
	for _, ns := range [][]int{{2, 4}, {3, 3}, {1, 6}, {2, 2, 2}, {1, 2, 3}} {
		name := fmt.Sprint(ns)
		programs[name] = func(told func(string)) func(*schedule.T) { return lengths(ns, told) }
		sizes[name] = multinomial(ns)
	}
	for name, program := range programs {
		n := sizes[name]
		away := func(s schedule.Strategy) float64 {
			times := map[string]int{}
			explore(t, program(func(o string) { times[o]++ }), s, schedule.Options{})
			return chiSquare(times, n)
		}
		executions := uint64(n * perInterleaving)
		even, uneven := away(schedule.Uniform(1, executions)), away(schedule.Random(1, executions))
		t.Logf("%s: %d interleavings: %.1f standard deviations away, at random %.1f", name, n, even, uneven)
		if even > 4 {
			t.Errorf("%s: Uniform is %.1f standard deviations from uniform", name, even)
		}
		if uneven < 20 {
			t.Errorf("%s: Random is only %.1f standard deviations from uniform", name, uneven)
		}
	}
}

// Of the steps on the place of interest every interleaving is about equally
// likely under Selective, whatever else the threads do.
func TestSelectiveIsUniformOnWhatItSelects(t *testing.T) {
	told := func(program func(func(string)) func(*schedule.T), s schedule.Strategy) map[string]int {
		times := map[string]int{}
		explore(t, program(func(o string) { times[o]++ }), s, schedule.Options{})
		return times
	}
	// Steps on words of its own, more of one thread than of the others.
	diluted := func(told func(string)) func(*schedule.T) {
		return func(t *schedule.T) {
			x := t.Word("x", 0)
			var order []byte
			for i, n := range []int{0, 3, 9} {
				own := t.Word(fmt.Sprint("own", i), 0)
				t.Go(fmt.Sprint("t", i), func() {
					for range 2 {
						for range n {
							own.Add(1)
						}
						x.Add(1)
						order = append(order, byte('a'+i))
					}
				})
			}
			t.AtEnd(func() { told(string(order)) })
		}
	}
	n := multinomial([]int{2, 2, 2})
	executions := uint64(300 * n)
	if away := chiSquare(told(diluted, schedule.Selective(2, executions)), n); away > 4 {
		t.Errorf("Selective is %.1f standard deviations from uniform", away)
	}
	if away := chiSquare(told(diluted, schedule.Uniform(2, executions)), n); away < 20 {
		t.Errorf("Uniform is only %.1f standard deviations from uniform on one place", away)
	}
}

// late is a bug that shows when a thread of few steps begins after a thread of
// many has nearly ended.
func late(t *schedule.T) {
	x, y := t.Word("x", 0), t.Word("y", 0)
	t.Go("long", func() {
		for range 30 {
			x.Add(1)
		}
	})
	t.Go("short", func() {
		n := x.Load()
		y.Store(n)
		t.Check("soon", n < 25, "x was %d", n)
	})
}

// What Random does not find in thousands of executions Uniform finds in a few.
func TestUniformFindsSoonerWhatRandomFindsLate(t *testing.T) {
	const executions = 1000
	for seed := range uint64(20) {
		if rep := explore(t, late, schedule.Random(seed, executions), schedule.Options{}); rep.Failure != nil {
			t.Errorf("seed %d: Random finds it after %d executions", seed, rep.Executions)
		}
		for _, s := range []schedule.Strategy{schedule.Uniform(seed, executions), schedule.Selective(seed, executions)} {
			if rep := explore(t, late, s, schedule.Options{}); rep.Failure == nil {
				t.Errorf("seed %d: %v does not find it", seed, s)
			}
		}
	}
}
