// Package lock is the specification of the test-and-set lock by itself. It
// promises nothing to users.
package lock

import (
	"fmt"

	"urpc/checker"
	"urpc/checker/catalogue"
	"urpc/spec/step"
)

// "… with a test-and-set lock at each end of each queue. Locks are tried: free,
// take it; else go on to something else and poll again later."
//
//	ncs:     skip
//	testSet: await test-and-set(lock) = free
//	cs:      lock := free; goto ncs
//
// Each label is one atomic step. What a process does between its tries is not
// told: a try that fails changes nothing, and is no step here.

// MaxProcesses is the most processes of a configuration.
const MaxProcesses = 8

// State is a state of the lock.
type State struct {
	Held bool
	At   [MaxProcesses]step.Name
}

// The names of the properties.
const (
	MutualExclusion = "one process at a time in the critical section"
	Held            = "the lock is held exactly while a process is in the critical section"
	Busy            = "a process tries while another is in the critical section"
)

// Model gives the lock for so many processes.
func Model(processes int) checker.Model[State] { return model(processes, steps) }

// row is one row of the program.
type row struct {
	name step.Name
	do   func(s *State, self int) bool
}

var steps = []row{{step.NCS, ncs}, {step.TestSet, testSet}, {step.CS, cs}}

func ncs(s *State, self int) bool {
	s.At[self] = step.TestSet
	return true
}

func testSet(s *State, self int) bool {
	if s.Held {
		return false
	}
	s.Held = true
	s.At[self] = step.CS
	return true
}

func cs(s *State, self int) bool {
	s.Held = false
	s.At[self] = step.NCS
	return true
}

// notAtomic is the program in which the test and the set are two steps.
var notAtomic = []row{{step.NCS, ncsToTest}, {step.Test, test}, {step.Set, set}, {step.CS, cs}}

func ncsToTest(s *State, self int) bool {
	s.At[self] = step.Test
	return true
}

func test(s *State, self int) bool {
	if s.Held {
		return false
	}
	s.At[self] = step.Set
	return true
}

func set(s *State, self int) bool {
	s.Held = true
	s.At[self] = step.CS
	return true
}

// notTaken is the program that enters the critical section without the lock.
var notTaken = []row{{step.NCS, ncs}, {step.TestSet, testKeep}, {step.CS, cs}}

func testKeep(s *State, self int) bool {
	if s.Held {
		return false
	}
	s.At[self] = step.CS
	return true
}

// neverLeft is the program that stays in the critical section.
var neverLeft = []row{{step.NCS, ncs}, {step.TestSet, testSet}, {step.CS, stay}}

func stay(*State, int) bool { return false }

// notFreed is the program that leaves the critical section and keeps the lock.
var notFreed = []row{{step.NCS, ncs}, {step.TestSet, testSet}, {step.CS, csKeep}}

func csKeep(s *State, self int) bool {
	s.At[self] = step.NCS
	return true
}

func model(processes int, program []row) checker.Model[State] {
	if processes > MaxProcesses {
		panic("lock: more processes than a state can hold")
	}
	var start State
	for p := range processes {
		start.At[p] = step.NCS
	}
	in := func(s *State, such func(step.Name) bool) int {
		n := 0
		for p := range processes {
			if such(s.At[p]) {
				n++
			}
		}
		return n
	}
	inside := func(s *State) int { return in(s, func(at step.Name) bool { return at == step.CS }) }
	trying := func(s *State) int {
		return in(s, func(at step.Name) bool { return at == step.TestSet || at == step.Test })
	}
	m := checker.Model[State]{
		Name:      "lock",
		Init:      []State{start},
		Processes: []checker.Process[State]{{Name: "process", Count: processes}},
		Properties: []checker.Property[State]{
			checker.Invariant(MutualExclusion, func(s *State) bool { return inside(s) <= 1 }),
			checker.Invariant(Held, func(s *State) bool { return s.Held == (inside(s) > 0) }),
		},
	}
	if processes > 1 {
		m.Properties = append(m.Properties,
			checker.Reachable(Busy, func(s *State) bool { return inside(s) > 0 && trying(s) > 0 }))
	}
	p := &m.Processes[0]
	var index [256]int16
	for i := range index {
		index[i] = -1
	}
	for i, r := range program {
		index[r.name] = int16(i)
		p.Steps = append(p.Steps, checker.Step[State]{Label: r.name.String(), Do: r.do})
	}
	p.PC = func(s *State, self int) int { return int(index[s.At[self]]) }
	return m
}

// Family is the lock as a family.
var Family = catalogue.Family{
	Name: "lock",
	Doc:  "the test-and-set lock by itself",
	Parameters: []catalogue.Parameter{
		{Name: "n", Doc: "processes", Default: 3, Min: 1, Max: MaxProcesses},
	},
	Configurations: []catalogue.Configuration{
		{Name: "default", Doc: "three processes"},
		{Name: "one", Doc: "one process", Set: map[string]int{"n": 1}},
		{Name: "eight", Doc: "eight processes", Set: map[string]int{"n": MaxProcesses}},
	},
	Mutants: []catalogue.Mutant{
		{Name: "lock-not-atomic", Doc: "the test-and-set is a test, and a set as a second step", Configuration: "default", KilledBy: MutualExclusion},
		{Name: "not-taken", Doc: "who finds the lock free enters the critical section and does not take it", Configuration: "default", KilledBy: Held},
		{Name: "not-freed", Doc: "who leaves the critical section keeps the lock", Configuration: "default", KilledBy: Held},
		{Name: "never-left", Doc: "who is in the critical section stays there", Configuration: "default", KilledBy: "deadlock"},
	},
	Build: build,
}

func build(v catalogue.Values, mutant string) (checker.AnyModel, error) {
	program, ok := map[string][]row{
		"": steps, "lock-not-atomic": notAtomic, "not-taken": notTaken, "not-freed": notFreed, "never-left": neverLeft,
	}[mutant]
	if !ok {
		return nil, fmt.Errorf("no mutant is named %q", mutant)
	}
	return checker.Any(model(v.Int("n"), program)), nil
}
