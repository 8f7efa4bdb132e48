package checker

import (
	"flag"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"testing"
)

var (
	scaleModels = flag.Int("models", 100, "how many random models TestRandomModelsAtScale checks")
	scaleFirst  = flag.Int("model", 0, "the `NUMBER` of the first of them")
)

// TestRandomModelsAtScale takes random models through every mode in which the checker
// searches, and compares each with an oracle that shares no code with it: see scale.everyMode.
// The model of a number is always the same one.
func TestRandomModelsAtScale(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // there are many small searches
	all, lock := tally{}, sync.Mutex{}
	inParts(t, *scaleFirst, *scaleFirst+*scaleModels, func(t *testing.T, n int) error {
		shares, finished := tally{}, false
		defer func() {
			if !finished {
				t.Errorf("model %d; again: go test ./checker -run '^TestRandomModelsAtScale$' -models 1 -model %d", n, n)
			}
		}()
		if err := checkNumbered(t, n, shares); err != nil {
			return err
		}
		finished = true
		lock.Lock()
		defer lock.Unlock()
		all.add(shares)
		return nil
	})
	t.Logf("%d models, without a disagreement:\n%v", *scaleModels, all)
	if *scaleModels >= fewModels {
		all.demandTenths(t, wantedShares...)
	}
}

// inParts does something with each number from one to before another, on all processors.
func inParts(t *testing.T, from, to int, do func(t *testing.T, n int) error) {
	t.Helper()
	parts := runtime.GOMAXPROCS(0)
	t.Run("part", func(t *testing.T) {
		for part := range parts {
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				t.Parallel()
				for n := from + part; n < to; n += parts {
					if err := do(t, n); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	})
	if t.Failed() {
		t.FailNow()
	}
}

// fewModels is from how many models on each share has to be a tenth.
const fewModels = 100

// checkNumbered checks one model.
func checkNumbered(t *testing.T, n int, shares tally) error {
	switch n % 5 {
	case 0: // no symmetry and no footprints; quantities, orders, transition properties, events
		m, o := suited(n, 1500, func(seed uint64) drawn[rstate] { m := randomModel(seed); return &m })
		s := scale[rstate]{t: t, number: n, model: m.model(), oracle: o, shares: shares}
		return s.check()
	case 1: // footprints and locks
		m, o := suited(n, 500, func(seed uint64) drawn[pstate] { m := randomPartial(seed); return &m })
		s := scale[pstate]{t: t, number: n, model: m.model(), oracle: o, shares: shares, footprints: true}
		return s.check()
	case 2: // symmetry, with declarations of every kind
		m, o := suited(n, 400, func(seed uint64) drawn[alike] { m := randomSymmetricModel(seed); return &m })
		s := scale[alike]{t: t, number: n, model: m.model(), oracle: o, shares: shares, orbit: m.(*symmetricModel).orbit}
		return s.check()
	default: // both
		m, o := suited(n, 300, func(seed uint64) drawn[kin] { m := randomKin(seed); return &m })
		s := scale[kin]{t: t, number: n, model: m.model(), oracle: o, shares: shares, footprints: true, orbit: m.(*kinModel).orbit}
		return s.check()
	}
}

// drawn is a random model, for the oracle and for the checker.
type drawn[S comparable] interface {
	naive[S]
	model() Model[S]
}

// suited draws models until one is neither too small nor too large.
func suited[S comparable](n, most int, draw func(seed uint64) drawn[S]) (drawn[S], *oracle[S]) {
	for seed := uint64(n) << 16; ; seed++ {
		m := draw(seed)
		if o, ok := explore[S](m, most); ok && o.visited >= 8 {
			return m, o
		}
	}
}

// tally counts, by what is asked of a model, for how many it is so, of how many that it
// applies to.
type tally map[string]*share

type share struct{ is, of int }

func (c tally) note(what string, is bool) {
	if c[what] == nil {
		c[what] = &share{}
	}
	c[what].is += btoi(is)
	c[what].of++
}

func (c tally) add(other tally) {
	for what, s := range other {
		if c[what] == nil {
			c[what] = &share{}
		}
		c[what].is += s.is
		c[what].of += s.of
	}
}

func (c tally) String() (text string) {
	for _, what := range slices.Sorted(maps.Keys(c)) {
		text += fmt.Sprintf("%5.1f %%  %s (%d of %d)\n", 100*float64(c[what].is)/float64(c[what].of), what, c[what].is, c[what].of)
	}
	return text
}

// wantedShares are the shares that have to be a tenth: else the comparisons say little.
var wantedShares = []string{
	"all: violated", "all: not violated", "all: goal not reached", "all: deadlocked", "all: not deadlocked", "all: cyclic", "all: not cyclic",
	"all: reduced by symmetry", "all: reduced by partial order", "all: reduced by both at once",
	"symmetric: reduced by symmetry", "with footprints: reduced by partial order", "both: reduced by both at once",
	"reduced by both at once: violated", "reduced by both at once: not violated", "reduced by both at once: goal not reached",
	"reduced by both at once: deadlocked", "reduced by both at once: cyclic",
	"reduced by partial order: violated", "reduced by partial order: deadlocked", "reduced by partial order: cyclic",
	"reduced by symmetry: violated", "reduced by symmetry: deadlocked", "reduced by symmetry: cyclic",
	"interrupted: gone on from a checkpoint",
	"violated: found by walks",
	"liveness: holds", "liveness: goes round for ever", "liveness: fairness decides",
}

// demandTenths fails where a share is under a tenth.
func (c tally) demandTenths(t *testing.T, shares ...string) {
	t.Helper()
	for _, what := range shares {
		if s := c[what]; s == nil || 10*s.is < s.of {
			t.Errorf("%s: %+v, which is under a tenth", what, s)
		}
	}
}
