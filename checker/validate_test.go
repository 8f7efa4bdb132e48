package checker

import (
	"context"
	"math"
	"math/bits"
	"strings"
	"testing"
)

type small struct{ N, M uint8 }

// counter counts N up to 3: the smallest model with something to see.
func counter() Model[small] {
	return Model[small]{
		Name: "counter",
		Init: []small{{}},
		Processes: []Process[small]{{Name: "p", Count: 1, Steps: []Step[small]{
			{Label: "up", Do: func(s *small, _ int) bool {
				if s.N == 3 {
					return false
				}
				s.N++
				return true
			}},
		}}},
		Terminal: func(s *small) bool { return s.N == 3 },
	}
}

// Counts whose product is a multiple of 2^64 are too many, not none.
func TestStepInstancesDoNotOverflow(t *testing.T) {
	choose := func(*small, int, int) bool { return false }
	const half = math.MaxInt/2 + 1
	const large = 1 << (bits.UintSize / 8 * 5) // whose square is beyond an int
	for _, test := range []struct{ count, choices, steps int }{
		{4, half, 1}, {large, large, 1}, {half, 4, 1}, {1, half, 4}, {1 << 13, 1 << 13, 1}, {1, noTransition, 1},
	} {
		m := counter()
		m.Processes[0].Count, m.Processes[0].Steps = test.count, nil
		for k := range test.steps {
			m.Processes[0].Steps = append(m.Processes[0].Steps, Step[small]{Label: string(rune('a' + k)), Choose: choose, Choices: test.choices})
		}
		if err := validate(&m); err == nil || !strings.Contains(err.Error(), "step instances") {
			t.Errorf("%+v: error %v, want that there are too many step instances", test, err)
		}
	}
	m := counter()
	m.Processes[0].Steps = []Step[small]{{Label: "a", Choose: choose, Choices: noTransition - 1}}
	if err := validate(&m); err != nil {
		t.Errorf("as many as can be numbered: %v", err)
	}
}

func TestModelsThatAreRefused(t *testing.T) {
	always := func(*small) bool { return true }
	choose := func(*small, int, int) bool { return false }
	do := func(*small, int) bool { return false }
	step := func(m *Model[small]) *Step[small] { return &m.Processes[0].Steps[0] }
	for want, change := range map[string]func(m *Model[small]){
		"no name":                        func(m *Model[small]) { m.Name = "" },
		"no initial state":               func(m *Model[small]) { m.Init = nil },
		"no process":                     func(m *Model[small]) { m.Processes = nil },
		"process 0: has no name":         func(m *Model[small]) { m.Processes[0].Name = "" },
		"there are two of this name":     func(m *Model[small]) { m.Processes = append(m.Processes, m.Processes[0]) },
		"Count is 0":                     func(m *Model[small]) { m.Processes[0].Count = 0 },
		"has no steps":                   func(m *Model[small]) { m.Processes[0].Steps = nil },
		"has no label":                   func(m *Model[small]) { step(m).Label = "" },
		"there are two of this label":    func(m *Model[small]) { m.Processes[0].Steps = append(m.Processes[0].Steps, *step(m)) },
		"neither Do nor Choose":          func(m *Model[small]) { step(m).Do = nil },
		"both Do and Choose":             func(m *Model[small]) { step(m).Choose = choose },
		"Choices is 0":                   func(m *Model[small]) { *step(m) = Step[small]{Label: "l", Choose: choose} },
		"Choices is 2 beside Do":         func(m *Model[small]) { *step(m) = Step[small]{Label: "l", Do: do, Choices: 2} },
		"67108862 step instances":        func(m *Model[small]) { m.Processes[0].Count = 1 << 27 },
		"has 2 names in Instances for 1": func(m *Model[small]) { m.Processes[0].Instances = []string{"a", "b"} },
		"property 0: has no name":        func(m *Model[small]) { m.Properties = []Property[small]{{}} },
		`property "x": there are two`: func(m *Model[small]) {
			m.Properties = []Property[small]{Invariant("x", always), Reachable("x", always)}
		},
		"the name is taken":                                 func(m *Model[small]) { m.Properties = []Property[small]{Invariant("deadlock", always)} },
		`property "x": has no predicate`:                    func(m *Model[small]) { m.Properties = []Property[small]{Invariant[small]("x", nil)} },
		`"y": has no predicate`:                             func(m *Model[small]) { m.Properties = []Property[small]{Transition[small]("y", nil)} },
		"counts no steps":                                   func(m *Model[small]) { m.Properties = []Property[small]{Count[small]("x")} },
		`step "down", which no process`:                     func(m *Model[small]) { m.Properties = []Property[small]{Count[small]("x", "down")} },
		"Between(3, 2) is empty":                            func(m *Model[small]) { m.Properties = []Property[small]{Count[small]("x", "up").Between(3, 2)} },
		"Between(-1, -1) is empty":                          func(m *Model[small]) { m.Properties = []Property[small]{Count[small]("x", "up").Between(-1, -1)} },
		"Between(-1, 3) is empty":                           func(m *Model[small]) { m.Properties = []Property[small]{Count[small]("x", "up").Between(-1, 3)} },
		"only a count has":                                  func(m *Model[small]) { m.Properties = []Property[small]{Invariant("x", always).Between(1, 2)} },
		`"l": has no predicate`:                             func(m *Model[small]) { m.Properties = []Property[small]{LeadsTo("l", nil, always)} },
		`"e": has no predicate`:                             func(m *Model[small]) { m.Properties = []Property[small]{Eventually[small]("e", nil)} },
		"only a liveness property has":                      func(m *Model[small]) { m.Properties = []Property[small]{Invariant("x", always).Under()} },
		`weak fairness of walker: there is no such process`: func(m *Model[small]) { m.Fairness = []Fairness{Weak("walker")} },
		`has no step "down"`: func(m *Model[small]) {
			m.Properties = []Property[small]{Eventually("x", always).Under(Strong(m.Processes[0].Name, "up", "down"))}
		},
		"has no Event": func(m *Model[small]) { m.Properties = []Property[small]{Orders[small]("x", "up")} },
	} {
		m := counter()
		change(&m)
		if _, err := Check(context.Background(), m, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
		if _, err := Replay(m, Trace{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("replay: error %v, want one that says %q", err, want)
		}
	}
}
