package checker

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// searchCut is Check whose hashes are cut to so many bits.
func searchCut[S comparable](t *testing.T, m Model[S], o Options, bits uint) Report {
	t.Helper()
	s := newSearch(t.Context(), &m, o, time.Now())
	defer s.release()
	s.program.hash.bits = bits
	s.run()
	r, err := s.report()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// star has n states, each of which the first one leads to: none is missed but for its hash.
func star(n int) Model[starState] {
	return Model[starState]{
		Name: "star", Init: []starState{{}},
		Processes: []Process[starState]{{Name: "p", Count: 1, Steps: []Step[starState]{{
			Label: "go", Choices: n - 1,
			Choose: func(s *starState, _, choice int) bool {
				if s.At != 0 {
					return false
				}
				s.At = uint16(choice + 1)
				return true
			},
		}}}},
		Terminal: func(s *starState) bool { return s.At != 0 },
	}
}

type starState struct{ At uint16 }

// What a search by fingerprint omits, if its fingerprints are short, is what the report's
// estimate says; and an exact search with such hashes omits nothing.
func TestOmissionsFollowTheEstimate(t *testing.T) {
	for _, test := range []struct {
		bits uint
		n    int
	}{{8, 12}, {8, 20}, {12, 60}, {12, 300}, {16, 200}, {16, 400}} {
		const seeds = 150
		with, omitted, estimate := 0, 0, 0.0
		for seed := range uint64(seeds) {
			m := star(test.n)
			o := Options{Workers: 1, Store: Fingerprint, Reseed: seed + 1}
			r := searchCut(t, m, o, test.bits)
			if r.States < uint64(test.n) {
				with++
				omitted += test.n - int(r.States)
			}
			if r.Store != Fingerprint {
				t.Fatalf("store %v", r.Store)
			}
			estimate = omission(uint64(test.n), test.bits)
			if r.Omission <= 0 || r.Omission > estimate {
				t.Fatalf("%d bits, %d states: the report says %v, and of all %d %v", test.bits, r.States, r.Omission, test.n, estimate)
			}
			if o.Store = Exact; seed > 9 {
				continue
			}
			if r := searchCut(t, m, o, test.bits); r.States != uint64(test.n) || r.Omission != 0 {
				t.Fatalf("an exact search with hashes of %d bits has %d states of %d, omission %v", test.bits, r.States, test.n, r.Omission)
			}
		}
		within := func(what string, got, mean, deviation float64) {
			if math.Abs(got-mean) > 4*deviation {
				t.Errorf("%d bits, %d states: %s %.1f in %d runs, want %.1f with a deviation of %.1f", test.bits, test.n, what, got, seeds, mean, deviation)
			}
		}
		within("something is omitted", float64(with), seeds*estimate, math.Sqrt(seeds*estimate*(1-estimate))+1)
		places, n := math.Exp2(float64(test.bits)), float64(test.n)
		mean := n - places*(1-math.Pow(1-1/places, n))
		within("omitted are", float64(omitted), seeds*mean, math.Sqrt(seeds*mean)+1)
	}
}

// Of all 64 bits nothing that a test can afford is omitted: a search by fingerprint finds
// what an exact one does, but for properties of whole paths, at any number of workers.
func TestFingerprintsFindWhatStatesDo(t *testing.T) {
	const wanted = 300
	tally, models := map[string]int{}, 0
	for seed := uint64(1 << 20); models < wanted; seed++ {
		m := randomModel(seed)
		o, ok := explore(&m, 3000)
		if !ok || len(o.states) < 3 {
			continue
		}
		models++
		options := Options{Workers: 1, AfterViolation: -1, Store: Fingerprint, Reseed: seed % 3}
		one := checkCut(t, m.model(), options, fineCut)
		options.Workers = 3
		if r := checkCut(t, m.model(), options, fineCut); !reflect.DeepEqual(timeless(r), timeless(one)) {
			t.Fatalf("seed %d: three workers report\n%+v\none\n%+v", seed, r, one)
		}
		for _, r := range []Report{one, checkCut(t, m.model(), options, defaultCut)} {
			if err := compareCounts(o, r); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if err := compareTraces(o, r, tally); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if p := r.Properties[4]; p.Verdict != Unknown || !strings.Contains(p.Note, "does not keep") {
				t.Fatalf("seed %d: orders are %v (%s), want unknown without states", seed, p.Verdict, p.Note)
			}
		}
	}
	for _, key := range []string{"deadlock", "no deadlock", "good violated", "good holds", "goal reached", "goal not reached", "step violated", "step holds"} {
		if tally[key] < 10 {
			t.Errorf("only %d models for %q", tally[key], key)
		}
	}
}

// Another seed changes neither counts nor lengths.
func TestReseedChangesNoCount(t *testing.T) {
	m := grid(4)
	m.Properties = m.Properties[:2] // a count needs the states
	want := check(t, m, Options{})
	for seed := range uint64(5) {
		for _, store := range []Store{Exact, Fingerprint} {
			r := check(t, m, Options{Reseed: seed, Store: store})
			if r.States != want.States || r.Transitions != want.Transitions || r.Depth != want.Depth || r.Verdict != want.Verdict {
				t.Errorf("%v, seed %d: %+v, want %+v", store, seed, r, want)
			}
		}
	}
}

// By fingerprint the states of levels that were expanded are dropped.
func TestFingerprintsTakeLessMemory(t *testing.T) {
	type wide struct {
		N, Other uint16
		Rest     [100]uint8
	}
	m := Model[wide]{Name: "line", Init: []wide{{}}, Terminal: func(s *wide) bool { return true }, Processes: []Process[wide]{{
		Name: "p", Count: 1, Steps: []Step[wide]{{Label: "on", Choices: 50, Choose: func(s *wide, _, choice int) bool {
			if s.N == 2000 {
				return false
			}
			s.N, s.Other = s.N+1, uint16(choice)
			return true
		}}},
	}}}
	exact, prints := check(t, m, Options{Workers: 1}), check(t, m, Options{Workers: 1, Store: Fingerprint})
	if exact.States != 100_001 || prints.States != exact.States || prints.Depth != 2000 {
		t.Fatalf("%d and %d states", exact.States, prints.States)
	}
	if per := float64(prints.Memory) / float64(prints.States); per > 70 || exact.Memory < 2*prints.Memory {
		t.Errorf("%d bytes exact, %d by fingerprint, %.0f a state", exact.Memory, prints.Memory, per)
	}
}

func TestStoresThatAreNone(t *testing.T) {
	m := grid(2)
	if r, err := Check(t.Context(), m, Options{Store: 7}); err == nil || r.Verdict != Unknown || !strings.Contains(err.Error(), "Store is 7") {
		t.Errorf("%v, %v", r.Verdict, err)
	}
}
