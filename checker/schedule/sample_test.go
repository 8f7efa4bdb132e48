package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"urpc/checker/schedule"
	"urpc/checker/verdict"
)

func samplers(seed, n uint64) map[string]schedule.Strategy {
	return map[string]schedule.Strategy{
		"random": schedule.Random(seed, n), "PCT": schedule.PCT(4, seed, n), "POS": schedule.POS(seed, n),
		"URW": schedule.Uniform(seed, n), "SURW": schedule.Selective(seed, n),
	}
}

// Samples reach no final state that does not exist, and nearly all of tiny programs.
func TestSamplesAgreeWithBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	reached, exist := map[string]int{}, 0
	for n := range 100 {
		p := randomToy(r)[:2]
		_, finals := p.traces()
		exist += len(finals)
		for name, s := range samplers(uint64(n), 300) {
			got := map[toyState]bool{}
			rep := explore(t, p.declared(n%2 == 0, func(s toyState) { got[s] = true }), s, schedule.Options{KeepGoing: true})
			if rep.Executions != 300 || !rep.BudgetUsed || rep.Verdict == verdict.Holds || rep.Seed != uint64(n) {
				t.Fatalf("%s: %+v", name, rep)
			}
			for f := range got {
				if !finals[f] {
					t.Fatalf("%s, program %d %v: final state %v does not exist", name, n, p, f)
				}
			}
			reached[name] += len(got)
		}
	}
	for name, n := range reached {
		if n*100 < exist*98 {
			t.Errorf("%s: %d final states of %d", name, n, exist)
		}
	}
}

// One seed gives one search.
func TestSamplesAreDeterministic(t *testing.T) {
	for name := range samplers(0, 0) {
		var told [3]string
		for i := range told {
			seed := uint64(7)
			if i == 2 {
				seed = 8
			}
			program := func(t *schedule.T) {
				x := t.Word("x", 0)
				for j := range 3 {
					t.Go(fmt.Sprint("t", j), func() { x.Swap(x.Load()*3 + uint64(j)); x.Swap(x.Load()*5 + uint64(j)) })
				}
				t.AtEnd(func() { told[i] += fmt.Sprint(x, ";") })
			}
			explore(t, program, samplers(seed, 50)[name], schedule.Options{})
		}
		if told[0] != told[1] || told[0] == told[2] {
			t.Errorf("%s: the same seed gives the same: %t; another one: %t", name, told[0] == told[1], told[0] == told[2])
		}
	}
}

// deep is a bug that needs d-1 switches at their places: a chain of threads each
// of which must see the store of the one before among many other steps.
func deep(t *schedule.T) {
	x, noise := t.Word("x", 0), t.Word("noise", 0)
	t.Go("a", func() {
		for range 3 {
			noise.Add(1)
		}
		x.CompareAndSwap(0, 1)
		for range 3 {
			noise.Add(1)
		}
		x.CompareAndSwap(2, 3)
	})
	t.Go("b", func() {
		v := x.Load()
		x.CompareAndSwap(1, 2)
		w := x.Load()
		t.Check("order", v != 0 || w != 3, "b saw 0 and then 3")
	})
}

func TestSamplesFindADeepBug(t *testing.T) {
	for name, s := range samplers(1, 20000) {
		rep := explore(t, deep, s, schedule.Options{})
		if rep.Verdict != verdict.Violated || rep.Failure.Property != "order" {
			t.Errorf("%s: %v after %d executions", name, rep.Verdict, rep.Executions)
		}
		t.Logf("%s: after %d executions", name, rep.Executions)
	}
	if rep := explore(t, deep, schedule.PCT(1, 1, 2000), schedule.Options{}); rep.Verdict == verdict.Violated {
		t.Error("PCT without changes finds what needs a switch")
	}
	if _, err := schedule.Explore(context.Background(), deep, schedule.PCT(0, 1, 1), schedule.Options{}); !errors.Is(err, schedule.ErrOptions) {
		t.Errorf("PCT of depth 0: %v", err)
	}
}
