package checker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// lockState is two processes that take a lock, count under it, and free it, and one that
// counts by itself.
type lockState struct {
	Lock, N, Other, Q uint8
	P                 [2]lockLocal
}

type lockLocal struct{ At, Seen uint8 }

const (
	try = iota
	look
	count
	leave
)

// locked is the model that the tests of declarations change. Its declarations are true.
//
//	try:   await Lock = free; Lock := held
//	look:  Seen := N
//	count: N := (Seen + 1) mod 5
//	leave: Lock := free, Other := (Other + 1) mod 3; goto try
//
//	q:     Q := (Q + 1) mod 2
func locked() Model[lockState] {
	holds := []string{"Lock"}
	do := func(next uint8, f func(s *lockState, p *lockLocal) bool) func(s *lockState, self int) bool {
		return func(s *lockState, self int) bool {
			if !f(s, &s.P[self]) {
				return false
			}
			s.P[self].At = next
			return true
		}
	}
	return Model[lockState]{
		Name: "locked", Init: []lockState{{}},
		Processes: []Process[lockState]{{
			Name: "p", Count: 2, Own: []string{"P[self]"},
			PC: func(s *lockState, self int) int { return int(s.P[self].At) },
			Steps: []Step[lockState]{
				{Label: "try", Acquires: "Lock", Do: do(look, func(s *lockState, _ *lockLocal) bool {
					if s.Lock != 0 {
						return false
					}
					s.Lock = 1
					return true
				})},
				{Label: "look", Holds: holds, Reads: []string{"N"}, Do: do(count, func(s *lockState, p *lockLocal) bool { p.Seen = s.N; return true })},
				{Label: "count", Holds: holds, Writes: []string{"N"}, Do: do(leave, func(s *lockState, p *lockLocal) bool { s.N = (p.Seen + 1) % 5; return true })},
				{Label: "leave", Holds: holds, Reads: []string{"Other"}, Writes: []string{"Lock", "Other"}, Do: do(try, func(s *lockState, _ *lockLocal) bool {
					s.Lock, s.Other = 0, (s.Other+1)%3
					return true
				})},
			},
		}, {
			Name: "q", Count: 1, Own: []string{"Q"}, Steps: []Step[lockState]{{Label: "q", Do: func(s *lockState, _ int) bool { s.Q = (s.Q + 1) % 2; return true }}},
		}},
		Properties: []Property[lockState]{
			Invariant("low", func(s *lockState) bool { return s.N < 5 }).Reads("N").BrokenBy("count").MendedBy("count"),
			Reachable("four", func(s *lockState) bool { return s.N == 4 }).Reads("N").BrokenBy("count").MendedBy("count"),
		},
	}
}

func TestTrueDeclarationsPass(t *testing.T) {
	full, reduced := check(t, locked(), Options{}), check(t, locked(), Options{PartialOrder: true})
	if full.Verdict != Holds || reduced.Verdict != Holds || full.Partly != 0 || reduced.Partly == 0 || reduced.States >= full.States {
		t.Errorf("full: %v, %d states; reduced: %v, %d states, %d partly", full.Verdict, full.States, reduced.Verdict, reduced.States, reduced.Partly)
	}
}

// Each lie is an error that names the step and the field, whether the search is reduced or not.
func TestLiesInDeclarations(t *testing.T) {
	step := func(m *Model[lockState], k int) *Step[lockState] { return &m.Processes[0].Steps[k] }
	also := func(m *Model[lockState], k int, f func(s *lockState, self int)) {
		do := step(m, k).Do
		step(m, k).Do = func(s *lockState, self int) bool {
			if !do(s, self) {
				return false
			}
			f(s, self)
			return true
		}
	}
	for want, change := range map[string]func(m *Model[lockState]){
		"step count of p 0 changes N, which is not in its footprint (Own of the process, Writes of the step)": func(m *Model[lockState]) {
			step(m, count).Writes = nil
		},
		"step look of p 0 reads more than its footprint: it makes P[0].Seen another value where only N is as in another state": func(m *Model[lockState]) {
			step(m, look).Reads = nil
		},
		"step leave of p 0 reads more than its footprint: it makes Other another value where only Other is as in another state": func(m *Model[lockState]) {
			step(m, leave).Reads = nil
		},
		"reads more than its footprint: it is not enabled where only Other is as in another state": func(m *Model[lockState]) {
			do := step(m, look).Do
			step(m, look).Do = func(s *lockState, self int) bool { return (s.Other == 0 || s.N == 4) && do(s, self) }
			step(m, look).Reads = []string{"N"}
			m.Terminal = func(*lockState) bool { return true }
		},
		"step count of p 0 reads more than its footprint: it panics (Other is not 1) where only Other is as in another state": func(m *Model[lockState]) {
			do := step(m, count).Do
			step(m, count).Do = func(s *lockState, self int) bool {
				if s.P[self].Seen%3 != s.Other {
					panic("Other is not 1")
				}
				return do(s, self)
			}
			also(m, count, func(s *lockState, _ int) { s.N %= 3 })
			m.Properties = nil
		},
		"PC of p 0 reads what is not in Own of the process: it gives 4, and not ": func(m *Model[lockState]) {
			pc := m.Processes[0].PC
			m.Processes[0].PC = func(s *lockState, self int) int {
				if s.Other == 2 {
					return 4
				}
				return pc(s, self)
			}
			m.Terminal = func(*lockState) bool { return true }
		},
		"property \"low\" reads more than its Reads: it is not true where only N is as in another state": func(m *Model[lockState]) {
			m.Properties[0] = Invariant("low", func(s *lockState) bool { return s.N != 4 }).Reads("Other")
		},
		"makes property \"low\" false, and is none of its BrokenBy": func(m *Model[lockState]) {
			m.Properties[0] = Invariant("low", func(s *lockState) bool { return s.N < 4 }).BrokenBy("look", "try")
		},
		"makes property \"low\" true again, and is none of its MendedBy": func(m *Model[lockState]) {
			m.Properties[0] = Invariant("low", func(s *lockState) bool { return s.N < 4 }).MendedBy()
		},
		"step count of p 0 makes property \"four\" true, and is none of its BrokenBy": func(m *Model[lockState]) {
			m.Properties[1] = m.Properties[1].BrokenBy("leave")
		},
		"acquires Lock and is enabled where it is held": func(m *Model[lockState]) {
			step(m, try).Do = func(s *lockState, self int) bool { s.Lock, s.P[self].At = 1, look; return true }
		},
		"step try of p 0 acquires Lock and leaves it 2, where 1 is held": func(m *Model[lockState]) {
			also(m, try, func(s *lockState, _ int) { s.Lock = 2 })
		},
		"step try of p 0 acquires Lock and comes to no step that holds it": func(m *Model[lockState]) {
			step(m, look).Holds = nil
		},
		"step count of p 0 holds Lock, does not free it, and comes to no step that holds it": func(m *Model[lockState]) {
			step(m, leave).Holds, step(m, leave).Writes = nil, []string{"Other"}
		},
		"step leave of p 0 frees Lock and comes to a step that holds it": func(m *Model[lockState]) {
			also(m, leave, func(s *lockState, self int) { s.P[self].At = look })
		},
		"step count of p 0 leaves the word Lock of a lock 3, where 0 is free and 1 is held": func(m *Model[lockState]) {
			step(m, count).Writes = []string{"N", "Lock"}
			also(m, count, func(s *lockState, _ int) { s.Lock = 3 })
		},
		"step jump of p 0 comes to a step that holds Lock and does not acquire it": func(m *Model[lockState]) {
			m.Init[0].P[0].At = 4
			m.Processes[0].Steps = append(m.Processes[0].Steps, Step[lockState]{Label: "jump", Do: func(s *lockState, self int) bool {
				s.P[self].At = count
				return true
			}})
		},
		"initial state 1 has Lock, the word of a lock, not 0, which is free": func(m *Model[lockState]) {
			m.Init = append(m.Init, lockState{Lock: 1})
		},
		"initial state 0 has p 1 at a step that holds Lock": func(m *Model[lockState]) { m.Init[0].P[1].At = leave },
		"step try of p 0 acquires Lock and panics where that is 1: held": func(m *Model[lockState]) {
			do := step(m, try).Do
			step(m, try).Do = func(s *lockState, self int) bool {
				if s.Lock != 0 && s.P[1-self].At == try {
					panic("held")
				}
				return do(s, self)
			}
			step(m, try).Reads = []string{"P[*]"}
		},
	} {
		for _, reduced := range []bool{false, true} {
			m := locked()
			change(&m)
			r, err := Check(context.Background(), m, Options{PartialOrder: reduced, Workers: 1})
			var untrue *DeclarationError
			told := ""
			if err != nil { // of which of the two it is told does not matter
				told = strings.NewReplacer("of p 1", "of p 0", "P[1]", "P[0]").Replace(err.Error())
			}
			if !errors.As(err, &untrue) || !strings.Contains(told, want) || len(untrue.State) != 8 || r.Verdict != Unknown || r.Complete {
				t.Errorf("reduced %v: %v, error %v, want one that says %q", reduced, r.Verdict, err, want)
			}
		}
	}
}

// What is written and not read may be left as it is; only another value needs a reason.
func TestWhatIsWrittenMayBeLeft(t *testing.T) {
	m := locked()
	m.Processes[0].Steps[count].Do = func(s *lockState, self int) bool {
		if s.P[self].Seen != 2 {
			s.N = (s.P[self].Seen + 1) % 5
		}
		s.P[self].At = leave
		return true
	}
	m.Properties = m.Properties[:1]
	if r := check(t, m, Options{PartialOrder: true}); r.Verdict != Holds {
		t.Errorf("%+v", r)
	}
}

func TestDeclarationsThatAreRefused(t *testing.T) {
	always := func(*lockState) bool { return true }
	for want, change := range map[string]func(m *Model[lockState]){
		`process p: Own: path "P[slf]": "slf" is not a number`:                                        func(m *Model[lockState]) { m.Processes[0].Own = []string{"P[slf]"} },
		`process p: step look: Reads: path "M": the state has no field "M"`:                           func(m *Model[lockState]) { m.Processes[0].Steps[look].Reads = []string{"M"} },
		`process p: step look: Writes: path "M": the state has no`:                                    func(m *Model[lockState]) { m.Processes[0].Steps[look].Writes = []string{"M"} },
		`step try has a footprint, and Own is empty, though PC reads something`:                       func(m *Model[lockState]) { m.Processes[0].Own = nil },
		`step try: acquires or holds a lock, and the process has no PC`:                               func(m *Model[lockState]) { m.Processes[0].PC = nil },
		`step try: acquires "P[*].At", which is 2 words: a step acquires one lock`:                    func(m *Model[lockState]) { m.Processes[0].Steps[try].Acquires = "P[*].At" },
		`step try: Acquires: path "P" is of kind array: the word of a lock is a number or a bool`:     func(m *Model[lockState]) { m.Processes[0].Steps[try].Acquires = "P" },
		`step look: Holds: path "Lok": the state has no field`:                                        func(m *Model[lockState]) { m.Processes[0].Steps[look].Holds = []string{"Lok"} },
		`step look of p 0: holds N, which no step acquires`:                                           func(m *Model[lockState]) { m.Processes[0].Steps[look].Holds = []string{"N"} },
		`step try: acquires Lock and holds it`:                                                        func(m *Model[lockState]) { m.Processes[0].Steps[try].Holds = []string{"Lock"} },
		`step leave of p 0: may write Lock, the word of a lock that it neither acquires nor holds`:    func(m *Model[lockState]) { m.Processes[0].Steps[leave].Holds = nil },
		`step look of p 0: may write P[1].At, which is Own of another process that takes locks`:       func(m *Model[lockState]) { m.Processes[0].Steps[look].Writes = []string{"P[self+1].At"} },
		`step other of r: may write Lock, the word of a lock that it neither acquires nor holds`:      func(m *Model[lockState]) { m.Processes = append(m.Processes, undeclared()) },
		`property "low": Reads: path "P[self]": "self" means nothing`:                                 func(m *Model[lockState]) { m.Properties[0] = m.Properties[0].Reads("P[self]") },
		`property "low": names step "lok", which no process has`:                                      func(m *Model[lockState]) { m.Properties[0] = m.Properties[0].BrokenBy("lok") },
		`property "four": names step "lok", which no process has`:                                     func(m *Model[lockState]) { m.Properties[1] = m.Properties[1].MendedBy("try", "lok") },
		`property "e": has Reads, BrokenBy or MendedBy, which only an invariant and a reachable have`: func(m *Model[lockState]) { m.Properties[0] = Eventually("e", always).MendedBy() },
	} {
		m := locked()
		change(&m)
		_, err := Check(context.Background(), m, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
		if _, err := Replay(m, Trace{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("replay: error %v, want one that says %q", err, want)
		}
	}
	type many struct{ L, P [65]uint8 }
	m := Model[many]{Name: "many", Init: []many{{}}, Processes: []Process[many]{{Name: "p", Count: 65, Own: []string{"P[self]"},
		PC: func(s *many, self int) int { return int(s.P[self]) }, Steps: []Step[many]{{Label: "a", Acquires: "L[self]", Do: func(*many, int) bool { return false }}}}}}
	if _, err := Check(context.Background(), m, Options{}); err == nil || !strings.Contains(err.Error(), "the model has more than 64 locks") {
		t.Errorf("error %v, want that there are too many locks", err)
	}
}

// undeclared is a process without a footprint.
func undeclared() Process[lockState] {
	return Process[lockState]{Name: "r", Count: 1, Steps: []Step[lockState]{{Label: "other", Do: func(*lockState, int) bool { return false }}}}
}

// A sample grows with the search, and is of all of it.
func TestSamplesAreThinnedOut(t *testing.T) {
	var s samples[int]
	const n = 100_000
	for i := range n {
		s.offer(i)
	}
	if len(s.states) < mostSamples/2 || len(s.states) > mostSamples {
		t.Fatalf("%d samples, want %d to %d", len(s.states), mostSamples/2, mostSamples)
	}
	gap := s.states[1] - s.states[0]
	for i := 1; i < len(s.states); i++ {
		if s.states[i]-s.states[i-1] != gap {
			t.Fatalf("sample %d is %d after %d, want steps of %d", i, s.states[i], s.states[i-1], gap)
		}
	}
	if last := s.states[len(s.states)-1]; last < n-2*gap {
		t.Errorf("the last sample is %d of %d", last, n)
	}
}

// A search that is cut short before what is declared was verified is not complete.
func TestInterruptBeforeDeclarationsAreVerified(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	m := locked()
	s := newSearch(ctx, &m, Options{PartialOrder: true}, time.Now())
	defer s.release()
	s.explore()
	if !s.complete || len(s.samples.states) == 0 {
		t.Fatalf("complete %v, %d samples", s.complete, len(s.samples.states))
	}
	cancel()
	s.cancelled.Store(true)
	s.conclude()
	if r, err := s.report(); err != nil || r.Complete || r.Verdict != Unknown || !strings.Contains(r.Reason, "interrupted before what the model declares") {
		t.Errorf("%+v, %v; want interrupted, and unknown", r, err)
	}
}
