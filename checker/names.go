package checker

import (
	"fmt"
	"strconv"
)

// How traces, reports and errors call the parts of a model.

const deadlockName = "deadlock"

// columns names the instances of all processes in the order of a trace.
func columns[S comparable](m *Model[S]) []string {
	var names []string
	for p, self := range m.instances {
		names = append(names, instanceName(p, self))
	}
	return names
}

// instanceName shows an instance: its process's name, with its number when
// there are several.
func instanceName[S comparable](p *Process[S], self int) string {
	if p.Instances != nil {
		return p.Instances[self]
	}
	if p.Count == 1 {
		return p.Name
	}
	return p.Name + " " + strconv.Itoa(self)
}

func whereStep[S comparable](p *Process[S], s *Step[S], self, choice int) string {
	if s.Choose != nil {
		return fmt.Sprintf("step %s (choice %d) of %s", s.Label, choice, instanceName(p, self))
	}
	return fmt.Sprintf("step %s of %s", s.Label, instanceName(p, self))
}

func whereProperty[S comparable](p *Property[S]) string {
	return fmt.Sprintf("property %q", p.name)
}
