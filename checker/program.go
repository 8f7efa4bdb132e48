package checker

// program is a model laid out for the search: one entry per process instance
// and one number per step instance, so that an edge of the state graph fits in
// one word.
type program[S comparable] struct {
	model       *Model[S]
	instances   []instance[S]
	transitions []transition // by transition number
	steps       int          // entries of coverage: the steps of all processes
	fan         int          // most transitions that one state can have
	hash        hasher
}

// instance is one process instance and its table of steps.
type instance[S comparable] struct {
	pc      func(s *S, self int) int
	self    int
	process int
	steps   []compiled[S]
}

// compiled is one step of one instance.
type compiled[S comparable] struct {
	do       func(s *S, self int) bool
	choose   func(s *S, self, choice int) bool
	choices  int
	first    uint32 // transition number of choice 0; the others follow
	coverage int
}

// transition is what a transition number stands for.
type transition struct {
	instance, process, step, choice int
	self                            int
}

func compile[S comparable](m *Model[S]) *program[S] {
	p := &program[S]{model: m}
	for i := range m.Processes {
		for self := range m.Processes[i].Count {
			p.instances = append(p.instances, p.compileInstance(i, self))
		}
		p.steps += len(m.Processes[i].Steps)
	}
	return p
}

func (p *program[S]) compileInstance(process, self int) instance[S] {
	source := &p.model.Processes[process]
	in := instance[S]{pc: source.PC, self: self, process: process}
	widest, all := 0, 0
	for k := range source.Steps {
		step := &source.Steps[k]
		choices := max(1, step.Choices)
		in.steps = append(in.steps, compiled[S]{
			do: step.Do, choose: step.Choose, choices: choices,
			first: uint32(len(p.transitions)), coverage: p.steps + k,
		})
		for choice := range choices {
			p.transitions = append(p.transitions, transition{
				instance: len(p.instances), process: process, step: k, choice: choice, self: self,
			})
		}
		widest, all = max(widest, choices), all+choices
	}
	if source.PC != nil {
		all = widest
	}
	p.fan += all
	return in
}

// taken gives a transition number in the words of a trace.
func (p *program[S]) taken(number uint32) Taken {
	t := p.transitions[number]
	process := &p.model.Processes[t.process]
	return Taken{Process: process.Name, Self: t.self, Label: process.Steps[t.step].Label, Choice: t.choice}
}

// coverageOf is the entry of coverage that a transition number counts in.
func (p *program[S]) coverageOf(number uint32) int {
	t := &p.transitions[number]
	return p.instances[t.instance].steps[t.step].coverage
}
