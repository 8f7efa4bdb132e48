package checker

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// split is the state of a random model some of whose steps are taken in two: first an
// instance says which (Held), then it takes it, or does not. Its variables stand in other
// places: those of Base are turned by one.
type split struct {
	Base rstate
	Held [randomProcesses]uint8
}

func turned(s rstate) rstate {
	s.V = [randomVars]uint8{s.V[1], s.V[2], s.V[3], s.V[0]}
	return s
}

func turnedBack(s rstate) rstate {
	s.V = [randomVars]uint8{s.V[3], s.V[0], s.V[1], s.V[2]}
	return s
}

func imageOf(s *split) rstate { return turnedBack(s.Base) }

// isSplit says which steps are taken in two.
func isSplit(k int) bool { return k%2 == 0 }

// takeTurned takes a step of the random model on turned variables.
func takeTurned(s *split, step *rstep, pc, choice int) bool {
	base := turnedBack(s.Base)
	if !step.apply(&base, pc, choice) {
		return false
	}
	s.Base = turned(base)
	return true
}

// splitModel refines the random model by construction.
func splitModel(m *rmodel) Model[split] {
	out := Model[split]{Name: "split"}
	for _, s := range m.Init {
		out.Init = append(out.Init, split{Base: turned(s)})
	}
	for i := range m.Processes {
		p := &m.Processes[i]
		process := Process[split]{Name: "p" + strconv.Itoa(i), Count: p.Count}
		for k := range p.Steps {
			step := &p.Steps[k]
			held := uint8(0)
			if isSplit(k) {
				held = uint8(k + 1)
				process.Steps = append(process.Steps, Step[split]{Label: "hold " + strconv.Itoa(k), Do: func(s *split, self int) bool {
					if s.Held[p.First+self] != 0 || s.Base.PC[p.First+self] != step.At {
						return false
					}
					s.Held[p.First+self] = held
					return true
				}})
			}
			process.Steps = append(process.Steps, Step[split]{Label: "take " + strconv.Itoa(k), Choices: step.Choices, Choose: func(s *split, self, choice int) bool {
				if s.Held[p.First+self] != held || !takeTurned(s, step, p.First+self, choice) {
					return false
				}
				s.Held[p.First+self] = 0
				return true
			}})
		}
		process.Steps = append(process.Steps, Step[split]{Label: "drop", Do: func(s *split, self int) bool {
			if s.Held[p.First+self] == 0 {
				return false
			}
			s.Held[p.First+self] = 0
			return true
		}})
		out.Processes = append(out.Processes, process)
	}
	return out
}

// spoilt changes one thing of a random model.
func spoilt(m rmodel, r *rand.Rand) rmodel {
	m.Init = slices.Clone(m.Init)
	m.Processes = slices.Clone(m.Processes)
	p := &m.Processes[r.IntN(len(m.Processes))]
	p.Steps = slices.Clone(p.Steps)
	s := &p.Steps[r.IntN(len(p.Steps))]
	switch r.IntN(8) {
	case 0:
		s.Add++
	case 1:
		s.Mod++
	case 2:
		s.Limit++
	case 3:
		s.Above = !s.Above
	case 4:
		s.Next++
	case 5:
		s.Set = (s.Set + 1) % randomVars
	case 6:
		s.Choices++
	case 7:
		m.Init[r.IntN(len(m.Init))].V[r.IntN(randomVars)]++
	}
	return m
}

// refinesNaively gives the steps of the shortest counterexample to that low, split, refines
// high, by the data of both alone; -1: there is none. It is false where low has too many states.
func refinesNaively(low, high *rmodel, most int) (shortest int, ok bool) {
	depth := map[split]int{}
	var queue []split
	visit := func(s split, d int) {
		if _, seen := depth[s]; !seen {
			depth[s] = d
			queue = append(queue, s)
		}
	}
	for _, s := range low.Init {
		if !slices.Contains(high.Init, s) {
			return 0, true
		}
		visit(split{Base: turned(s)}, 0)
	}
	for i := 0; i < len(queue); i++ {
		s := queue[i]
		if len(queue) > most {
			return 0, false
		}
		for _, p := range low.Processes {
			for self := range p.Count {
				at := p.First + self
				for k := range p.Steps {
					step := &p.Steps[k]
					holds := s
					if holds.Held[at] = uint8(k + 1); isSplit(k) && s.Held[at] == 0 && s.Base.PC[at] == step.At {
						visit(holds, depth[s]+1)
					}
					if want := uint8(k + 1); isSplit(k) && s.Held[at] != want || !isSplit(k) && s.Held[at] != 0 {
						continue
					}
					for choice := range step.Choices {
						next := s
						if !takeTurned(&next, step, at, choice) {
							continue
						}
						if next.Held[at] = 0; !hasStep(high, imageOf(&s), imageOf(&next)) {
							return depth[s] + 1, true
						}
						visit(next, depth[s]+1)
					}
				}
				dropped := s
				dropped.Held[at] = 0
				visit(dropped, depth[s]+1)
			}
		}
	}
	return -1, true
}

// hasStep says whether a random model has a step between two states, or they are equal.
func hasStep(m *rmodel, from, to rstate) bool {
	if from == to {
		return true
	}
	for _, p := range m.Processes {
		for self := range p.Count {
			for k := range p.Steps {
				for choice := range p.Steps[k].Choices {
					next := from
					if p.Steps[k].apply(&next, p.First+self, choice) && next == to {
						return true
					}
				}
			}
		}
	}
	return false
}

// A random model whose steps are split and whose variables have other places refines
// itself; whether it does that with one thing changed is judged as a naive search judges
// it, with a counterexample as short, however few abstract states are kept.
func TestRandomRefinements(t *testing.T) {
	const wanted = 400
	was := mostCached
	defer func() { mostCached = was }()
	tally := map[string]int{}
	for seed := uint64(0); tally["models"] < wanted; seed++ {
		high := randomModel(seed)
		low := spoilt(high, rand.New(rand.NewPCG(seed, 3)))
		want, ok := refinesNaively(&low, &high, 1000)
		if !ok {
			continue
		}
		tally["models"]++
		mostCached = []uint64{1, 2, was}[seed%3]
		property := Refines("refines", high.model(), imageOf)
		m := splitModel(&low)
		m.Properties = []Property[split]{property}
		r := checkCut(t, m, Options{Workers: 2, AfterViolation: -1}, []cut{fineCut, defaultCut}[seed%2])
		got := -1
		if trace := r.Properties[1].Trace; trace != nil {
			got = len(trace.Steps)
			shorter := *trace
			if shorter.Abstract = nil; got > 0 {
				shorter.Steps = shorter.Steps[:got-1]
				if _, err := Replay(m, shorter); err == nil {
					t.Fatalf("seed %d: the trace without its last step replays", seed)
				}
			}
		}
		if got != want || (r.Properties[1].Verdict == Holds) != (want < 0) {
			t.Fatalf("seed %d: %v, %d steps; the naive search has %d", seed, r.Properties[1].Verdict, got, want)
		}
		tally[[]string{"holds", "begins elsewhere", "breaks"}[min(want, 1)+1]]++
		if seed%4 > 0 {
			continue
		}
		m = splitModel(&high)
		m.Properties = []Property[split]{property}
		if r := checkCut(t, m, Options{MaxStates: 5000, AfterViolation: -1}, defaultCut); r.Properties[1].Verdict == Violated {
			t.Fatalf("seed %d: the model does not refine itself", seed)
		} else if r.Complete {
			tally["refines itself"]++
		}
	}
	t.Log(tally)
	for key, least := range map[string]int{"holds": wanted / 10, "breaks": wanted / 10, "begins elsewhere": wanted / 20, "refines itself": wanted / 10} {
		if tally[key] < least {
			t.Errorf("only %d models for %q", tally[key], key)
		}
	}
}
